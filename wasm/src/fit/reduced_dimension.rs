//! Inversion recovery by a search over T1 alone (RD-NLS; with polarity restored RD-NLS-PR), Barral et al. 2010, doi
//! 10.1002/mrm.22497: for each T1 the other parameters have a closed form. Their grid of T1 is only where the search
//! starts; it ends where the derivative of the sum of squares by T1 vanishes.

use super::{per_voxel, Bounds, Fit, Job, Status, VoxelFit};
use crate::error::CoreError;
use crate::lane::{Doubles, Lane};
use crate::models::exponential_search::{extend, search, search_polarity, Channel, Line};
use crate::models::grid::Grid;
use crate::models::{InversionRecovery, InversionRecoveryComplex, Precision};
use crate::protocol::Design;

/// Evaluations after the search before a voxel is given up.
pub const MAXIMUM_ITERATIONS: u32 = 200;

/// Largest distance of two T1 of the grid, in ln T1.
const GRID_STEP: f64 = 0.2;
/// ln T1 is settled when a step moves it by less than this.
const TOLERANCE: f64 = 1e-14;
/// 1 - R2 of the derivative by T1 on those by a and b below which T1 is not determined, as in nlls.
const OWN_TOLERANCE: f64 = 1e-10;

/// a, b and T1 of magnitudes; a voxel with a negative sample, which is none, fails.
///
/// # Errors
/// Bounds on a or b; bounds of T1 that are not above 0 or not finite.
pub fn magnitude<T: Precision>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    let (grid, design) = table(job, InversionRecovery::T1, &[InversionRecovery::rows(job.design)])?;
    let fit = per_voxel(job, |y, _| {
        if y.iter().any(|&y| y < 0.0) {
            return VoxelFit::without_numbers(Status::FailedNonPositive, 0);
        }
        let mut channel = InversionRecovery::channel(&design, &splat(y));
        let (u, negated) = search_polarity(&grid, &design, &mut channel);
        for sample in channel.samples.iter_mut().take(negated.lane(0) as usize) {
            *sample = -*sample;
        }
        let mut fit = settle(core::slice::from_mut(&mut channel), &grid, u.lane(0), y.len());
        if fit.parameters[0] < 0.0 {
            fit.parameters[0] = -fit.parameters[0];
            fit.parameters[1] = -fit.parameters[1];
        }
        fit
    });
    Ok(with_active_bounds(job, fit, InversionRecovery::T1))
}

/// a, b (real and imaginary parts) and T1 of complex samples.
///
/// # Errors
/// As [`magnitude`]; a protocol without a real or without an imaginary part.
pub fn complex<T: Precision>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    let rows = InversionRecoveryComplex::rows(job.design);
    let (grid, design) = table(job, InversionRecoveryComplex::T1, &rows)?;
    for (rows, part) in rows.iter().zip(["real", "imaginary"]) {
        let found = rows.len();
        if found < 2 {
            return Err(CoreError::Length {
                field: "protocol.imaginary".into(),
                found,
                expected: format!("at least 2 samples of the {part} part"),
            });
        }
    }
    let fit = per_voxel(job, |y, _| {
        let mut channels = InversionRecoveryComplex::channels(&design, &splat(y));
        let u = search(&grid, &design, &mut channels);
        let mut fit = settle(&mut channels, &grid, u.lane(0), y.len());
        // From a and b of each part to both a, then both b.
        fit.parameters.swap(1, 2);
        fit.standard_deviations.swap(1, 2);
        fit
    });
    Ok(with_active_bounds(job, fit, InversionRecoveryComplex::T1))
}

fn splat(y: &[f64]) -> Vec<Doubles> {
    y.iter().map(|&y| Doubles::splat(y)).collect()
}

/// A grid over the bounds of T1 with its exponentials; the linear parameters have no bounds.
fn table<T: Precision>(job: &Job<T>, t1: usize, channels: &[Vec<usize>]) -> Result<(Grid, Design), CoreError> {
    let parameters = job.model.description().parameters;
    for (j, (bounds, parameter)) in job.bounds.iter().zip(parameters).enumerate() {
        if j != t1 && *bounds != Bounds::from(parameter) {
            return Err(CoreError::UnknownBound { found: parameter.name.into(), known: vec![parameters[t1].name] });
        }
    }
    let Bounds { lower, upper } = job.bounds[t1];
    for found in [lower, upper] {
        if !(found > 0.0 && found.is_finite()) {
            let field = format!("bounds.{}", parameters[t1].name);
            return Err(CoreError::OutOfRange { field, found, expected: "two times above 0 s".into() });
        }
    }
    let points = (libm::log(upper / lower) / GRID_STEP).ceil() as usize + 2;
    let grid = Grid { lower, upper, points, columns: job.design.row(0).len() };
    Ok((grid, extend(&grid, job.design.clone(), channels)))
}

/// Sets T1 to the bound on which it lies, exactly, and marks it.
fn with_active_bounds<T: Precision>(job: &Job<T>, mut fit: Fit<T>, t1: usize) -> Fit<T> {
    let bounds = job.bounds[t1];
    let middle = (bounds.lower * bounds.upper).sqrt();
    for v in 0..fit.voxels {
        if fit.status[v] == Status::AtBound as u8 {
            let low = fit.parameters[t1 * fit.voxels + v].to_f64() < middle;
            fit.active[v] = 1 << if low { t1 } else { 16 + t1 };
            fit.parameters[t1 * fit.voxels + v] = T::from_f64(if low { bounds.lower } else { bounds.upper });
        }
    }
    fit
}

/// The lines of all channels at one ln T1.
struct Point {
    u: f64,
    lines: Vec<Line<Doubles>>,
}

impl Point {
    fn new(channels: &mut [Channel<Doubles>], u: f64) -> Self {
        Self { u, lines: channels.iter_mut().map(|channel| channel.line(Doubles::splat(u))).collect() }
    }

    fn sum(&self, part: impl Fn(&Line<Doubles>) -> Doubles) -> f64 {
        self.lines.iter().map(|line| part(line).lane(0)).sum()
    }

    /// Half of what the sum of squares falls by along ln T1.
    fn descent(&self) -> f64 {
        self.sum(|line| line.descent)
    }

    /// Numbers of a voxel with n samples; parameters are a and b of each channel, then T1.
    fn voxel_fit(&self, status: Status, n: usize, iterations: u32) -> VoxelFit {
        let (residual, length) = (self.sum(|line| line.residual), self.sum(|line| line.own_length));
        let count = 2 * self.lines.len() + 1;
        let variance = if n > count { residual / (n - count) as f64 } else { f64::INFINITY };
        // On its bound T1 counts as known.
        let (relative, t1_sd) = match status {
            Status::AtBound => (0.0, f64::INFINITY),
            _ => (1.0 / length, (variance / length).sqrt() * libm::exp(self.u)),
        };
        let sd =
            |own: Doubles, slope: Doubles| (variance * (own.lane(0) + slope.lane(0) * slope.lane(0) * relative)).sqrt();
        let mut parameters = Vec::with_capacity(count);
        let mut standard_deviations = Vec::with_capacity(count);
        for line in &self.lines {
            parameters.extend([line.a.lane(0), line.b.lane(0)]);
            standard_deviations.extend([sd(line.variance_a, line.slope_a), sd(line.variance_b, line.slope_b)]);
        }
        parameters.push(libm::exp(self.u));
        standard_deviations.push(t1_sd);
        VoxelFit { status, parameters, standard_deviations, residual, iterations }
    }
}

/// From `u` downhill to where the derivative by ln T1 changes its sign, which the Illinois variant of the regula falsi
/// finds (Dowell M, Jarratt P. BIT 1971;11:168-174), for voxels of n samples.
fn settle(channels: &mut [Channel<Doubles>], grid: &Grid, u: f64, n: usize) -> VoxelFit {
    let range = grid.range();
    let mut iterations = 0;
    let mut at = |u: f64| {
        iterations += 1;
        Point::new(channels, u)
    };
    let mut near = at(u);
    let length = near.sum(|line| line.own_length);
    // Twice the Gauss-Newton step is mostly enough to leave the minimum behind.
    let guess = if length > 0.0 { (2.0 * near.descent() / length).abs() } else { grid.step() };
    let mut reach = guess.clamp(1e-12, grid.step());
    let mut status = Status::Converged;
    let mut far = None;
    while far.is_none() && near.descent() != 0.0 {
        let rising = near.descent() > 0.0;
        let end = if rising { range.1 } else { range.0 };
        if near.u == end {
            status = Status::AtBound;
            break;
        }
        let next = at(if rising { (near.u + reach).min(end) } else { (near.u - reach).max(end) });
        if (next.descent() > 0.0) == rising {
            near = next;
        } else {
            far = Some(next);
        }
        reach = (2.0 * reach).min(grid.step());
    }
    let best = match far {
        None => near,
        Some(far) => {
            let (mut a, mut b) = ((near.u, near.descent()), (far.u, far.descent()));
            let mut best = far;
            status = Status::FailedMaxIterations;
            for _ in 0..MAXIMUM_ITERATIONS {
                let point = at(b.0 - b.1 * ((b.0 - a.0) / (b.1 - a.1)));
                let (moved, descent) = ((point.u - best.u).abs(), point.descent());
                best = point;
                if descent == 0.0 || moved <= TOLERANCE * (1.0 + best.u.abs()) {
                    status = Status::Converged;
                    break;
                }
                a = if (descent > 0.0) == (b.1 > 0.0) { (a.0, 0.5 * a.1) } else { b };
                b = (best.u, descent);
            }
            best
        }
    };
    if status == Status::Converged && best.sum(|line| line.own_length) <= OWN_TOLERANCE * best.sum(|line| line.length) {
        status = Status::NotIdentifiable;
    }
    best.voxel_fit(status, n, iterations)
}
