//! IVIM with a stated prior: the mode of the posterior (Neil and Bretthorst, Magn Reson Med 1993;29:642-647, for the
//! Bayesian treatment of these decays).
//!
//! The noise is normal with a variance that is unknown and integrated out under 1/sigma: n/2 ln(residual) takes the place
//! of residual/(2 sigma^2). The prior is normal in ln Dstar and in ln D, in which the mode is sought, and flat in S0 and
//! f. Standard deviations come from the curvature there, with the noise variance on n - 4 degrees of freedom.

use super::{per_voxel, Bounds, Fit, Job, Status, VoxelFit};
use crate::lane::{Doubles, Lane};
use crate::models::{AnySignal, IvimGrid, Precision, Signal};
use crate::protocol::Design;

pub const MAXIMUM_ITERATIONS: u32 = 200;

/// Mean and standard deviation of ln Dstar and of ln D: medians of 0.03 and 0.0013 mm2/s, 95 % between 0.0093 and 0.097
/// and between 0.00049 and 0.0035. They span what is published for organs of the trunk and the brain.
const DSTAR: Prior = Prior { mean: -3.506_557_897_319_982, sd: 0.6 };
const D: Prior = Prior { mean: -6.645_391_014_514_646, sd: 0.5 };

/// A normal prior.
struct Prior {
    mean: f64,
    sd: f64,
}

impl Prior {
    fn distance(&self, x: f64) -> f64 {
        (x - self.mean) / self.sd
    }
}

/// A step that changes the objective by less is rounding; so is a gradient this small beside its own curvature.
const TOLERANCE: f64 = 1e-10;
/// What a step in f or a logarithm is compared with where they are near 0; S0 has no scale but its own.
const SMALLEST: [f64; 4] = [0.0, 1e-3, 1.0, 1.0];
const FIRST_DAMPING: f64 = 1e-3;
const LARGEST_DAMPING: f64 = 1e12;

/// Fits S0, f, Dstar and D.
pub fn fit<T: Precision>(job: &Job<T>, signal: &'static dyn AnySignal) -> Fit<T> {
    let grid = IvimGrid::new(job.design);
    let mut solver = Solver::new(signal, job.design, &job.bounds);
    per_voxel(job, |y, _| {
        let samples: Vec<Doubles> = y.iter().map(|&y| Doubles::splat(y)).collect();
        let mut best: Option<Mode> = None;
        for start in grid.starts(&samples) {
            let mode = solver.climb(y, start.map(|value| value.lane(0)));
            if best.as_ref().is_none_or(|best| mode.objective < best.objective) {
                best = Some(mode);
            }
        }
        match best {
            Some(mode) => solver.finish(y, mode),
            None => VoxelFit::without_numbers(Status::FailedMaxIterations, 0),
        }
    })
}

/// Where one climb ended: S0, f, ln Dstar, ln D.
struct Mode {
    x: [f64; 4],
    objective: f64,
    converged: bool,
    iterations: u32,
}

struct Solver<'a> {
    signal: &'a dyn Signal<Doubles>,
    design: &'a Design,
    bounds: &'a [Bounds],
    /// In S0, f, ln Dstar and ln D.
    lower: [f64; 4],
    upper: [f64; 4],
    predicted: Vec<Doubles>,
    jacobian: Vec<Doubles>,
}

/// The model at one point: residual sum of squares, J'r and J'J in S0, f, ln Dstar and ln D.
struct Point {
    residual: f64,
    gradient: [f64; 4],
    normal: [[f64; 4]; 4],
}

impl<'a> Solver<'a> {
    fn new(signal: &'a dyn AnySignal, design: &'a Design, bounds: &'a [Bounds]) -> Self {
        let end = |j: usize, value: f64| if j < 2 { value } else { libm::log(value.max(0.0)) };
        Self {
            signal,
            design,
            bounds,
            lower: core::array::from_fn(|j| end(j, bounds[j].lower)),
            upper: core::array::from_fn(|j| end(j, bounds[j].upper)),
            predicted: vec![Doubles::splat(0.0); design.rows()],
            jacobian: vec![Doubles::splat(0.0); 4 * design.rows()],
        }
    }

    fn at(&mut self, y: &[f64], x: &[f64; 4]) -> Point {
        let rates = [libm::exp(x[2]), libm::exp(x[3])];
        let p = [x[0], x[1], rates[0], rates[1]].map(Doubles::splat);
        self.signal.evaluate(self.design, &p, &mut self.predicted, &mut self.jacobian);
        let mut point = Point { residual: 0.0, gradient: [0.0; 4], normal: [[0.0; 4]; 4] };
        for ((y, predicted), row) in y.iter().zip(&self.predicted).zip(self.jacobian.chunks_exact(4)) {
            let r = y - predicted.lane(0);
            let row = [row[0].lane(0), row[1].lane(0), rates[0] * row[2].lane(0), rates[1] * row[3].lane(0)];
            point.residual += r * r;
            for j in 0..4 {
                point.gradient[j] += row[j] * r;
                for k in 0..4 {
                    point.normal[j][k] += row[j] * row[k];
                }
            }
        }
        point
    }

    /// Twice the negative logarithm of the posterior; a residual that is rounding counts as that rounding.
    fn objective(y: &[f64], x: &[f64; 4], residual: f64) -> f64 {
        let floor = rounding(y);
        let (z_dstar, z_d) = (DSTAR.distance(x[2]), D.distance(x[3]));
        y.len() as f64 * libm::log(residual.max(floor)) + z_dstar * z_dstar + z_d * z_d
    }

    /// Levenberg-Marquardt with the noise variance at each point's own residual, within the bounds.
    fn climb(&mut self, y: &[f64], start: [f64; 4]) -> Mode {
        let mut x = [start[0], start[1], libm::log(start[2]), libm::log(start[3])];
        for ((x, lower), upper) in x.iter_mut().zip(&self.lower).zip(&self.upper) {
            *x = x.max(*lower).min(*upper);
        }
        let mut point = self.at(y, &x);
        let mut objective = Self::objective(y, &x, point.residual);
        let mut damping = FIRST_DAMPING;
        for iteration in 1..=MAXIMUM_ITERATIONS {
            let (gradient, normal) = posterior(y, &x, &point);
            let held = self.held(&x, &gradient);
            let length = TOLERANCE * point.residual.sqrt();
            let flat = (0..4).all(|j| held[j] || gradient[j].abs() <= length * normal[j][j].sqrt());
            if flat || point.residual <= rounding(y) {
                return Mode { x, objective, converged: true, iterations: iteration };
            }
            let (mut step, mut damped) = (None, normal);
            for (j, row) in damped.iter_mut().enumerate() {
                row[j] *= 1.0 + damping;
            }
            // A free parameter on its bound that the others push outward is held as well, and the rest solved again.
            let mut held = held;
            for _ in 0..4 {
                step = solve(&damped, &gradient, &held);
                let Some(step) = step else { break };
                let pushed =
                    |j: usize| (x[j] <= self.lower[j] && step[j] < 0.0) || (x[j] >= self.upper[j] && step[j] > 0.0);
                let mut more = false;
                for (j, held) in held.iter_mut().enumerate() {
                    if !*held && pushed(j) {
                        (*held, more) = (true, true);
                    }
                }
                if !more {
                    break;
                }
            }
            let Some(step) = step else {
                damping *= 10.0;
                if damping > LARGEST_DAMPING {
                    return Mode { x, objective, converged: false, iterations: iteration };
                }
                continue;
            };
            let trial: [f64; 4] = core::array::from_fn(|j| {
                if held[j] {
                    x[j]
                } else {
                    (x[j] + step[j]).max(self.lower[j]).min(self.upper[j])
                }
            });
            let trial_point = self.at(y, &trial);
            let trial_objective = Self::objective(y, &trial, trial_point.residual);
            let change = objective - trial_objective;
            let small = (0..4).all(|j| (trial[j] - x[j]).abs() <= TOLERANCE * x[j].abs().max(SMALLEST[j]));
            if change >= 0.0 {
                (x, point, objective) = (trial, trial_point, trial_objective);
                damping = (damping * 0.1).max(1e-12);
                if small {
                    return Mode { x, objective, converged: true, iterations: iteration };
                }
            } else {
                if small || damping > LARGEST_DAMPING {
                    // Rounding alone keeps the objective from falling further.
                    return Mode { x, objective, converged: small, iterations: iteration };
                }
                damping *= 10.0;
            }
        }
        Mode { x, objective, converged: false, iterations: MAXIMUM_ITERATIONS }
    }

    /// The parameters on a bound that the descent direction would leave through it.
    fn held(&self, x: &[f64; 4], gradient: &[f64; 4]) -> [bool; 4] {
        core::array::from_fn(|j| {
            (x[j] <= self.lower[j] && gradient[j] <= 0.0) || (x[j] >= self.upper[j] && gradient[j] >= 0.0)
        })
    }

    fn finish(&mut self, y: &[f64], mode: Mode) -> VoxelFit {
        let Mode { x, converged, iterations, .. } = mode;
        if !converged || !x[0].is_finite() {
            return VoxelFit::without_numbers(Status::FailedMaxIterations, iterations);
        }
        let point = self.at(y, &x);
        let (gradient, _) = posterior(y, &x, &point);
        let held = self.held(&x, &gradient);
        let n = y.len();
        // On its bound a rate is the bound, not the exponential of its logarithm.
        let rate = |j: usize| match x[j] {
            end if end == self.lower[j] => self.bounds[j].lower,
            end if end == self.upper[j] => self.bounds[j].upper,
            inside => libm::exp(inside),
        };
        let rates = [rate(2), rate(3)];
        let mut deviations = [f64::INFINITY; 4];
        if n > 4 {
            let variance = (point.residual / (n - 4) as f64).max(f64::MIN_POSITIVE);
            let mut normal = point.normal;
            normal[2][2] += variance / (DSTAR.sd * DSTAR.sd);
            normal[3][3] += variance / (D.sd * D.sd);
            for j in (0..4).filter(|&j| !held[j]) {
                let mut unit = [0.0; 4];
                unit[j] = 1.0;
                let Some(column) = solve(&normal, &unit, &held) else {
                    return VoxelFit::without_numbers(Status::NotIdentifiable, iterations);
                };
                deviations[j] = (variance * column[j]).sqrt() * if j < 2 { 1.0 } else { rates[j - 2] };
            }
        }
        VoxelFit {
            status: if held.contains(&true) { Status::AtBound } else { Status::Converged },
            parameters: vec![x[0], x[1], rates[0], rates[1]],
            standard_deviations: deviations.to_vec(),
            residual: point.residual,
            iterations,
        }
    }
}

/// The residual of an exact fit: the rounding of n samples.
fn rounding(y: &[f64]) -> f64 {
    let square: f64 = y.iter().map(|y| y * y).sum();
    (square * y.len() as f64 * (4.0 * f64::EPSILON) * (4.0 * f64::EPSILON)).max(f64::MIN_POSITIVE)
}

/// Descent direction and curvature of the negative log posterior, times the noise variance.
fn posterior(y: &[f64], x: &[f64; 4], point: &Point) -> ([f64; 4], [[f64; 4]; 4]) {
    let variance = point.residual.max(rounding(y)) / y.len() as f64;
    let (mut gradient, mut normal) = (point.gradient, point.normal);
    for (j, prior) in [(2, &DSTAR), (3, &D)] {
        gradient[j] -= variance * prior.distance(x[j]) / prior.sd;
        normal[j][j] += variance / (prior.sd * prior.sd);
    }
    (gradient, normal)
}

/// Solves a symmetric system for the parameters that are not held, by Cholesky; nothing where it is not positive
/// definite.
fn solve(normal: &[[f64; 4]; 4], right: &[f64; 4], held: &[bool; 4]) -> Option<[f64; 4]> {
    let scale: [f64; 4] = core::array::from_fn(|j| if held[j] { 1.0 } else { normal[j][j].sqrt() });
    if scale.iter().any(|&scale| !(scale > 0.0 && scale.is_finite())) {
        return None;
    }
    let mut factor = [[0.0; 4]; 4];
    for j in 0..4 {
        for k in 0..=j {
            let mut value = match (held[j] || held[k], j == k) {
                (true, true) => 1.0,
                (true, false) => 0.0,
                _ => normal[j][k] / (scale[j] * scale[k]),
            };
            for (own, other) in factor[j][..k].iter().zip(&factor[k][..k]) {
                value -= own * other;
            }
            if j == k {
                if value <= f64::EPSILON {
                    return None;
                }
                factor[j][j] = value.sqrt();
            } else {
                factor[j][k] = value / factor[k][k];
            }
        }
    }
    let mut x = [0.0; 4];
    for j in 0..4 {
        let mut value = if held[j] { 0.0 } else { right[j] / scale[j] };
        for k in 0..j {
            value -= factor[j][k] * x[k];
        }
        x[j] = value / factor[j][j];
    }
    for j in (0..4).rev() {
        let mut value = x[j];
        for k in j + 1..4 {
            value -= factor[k][j] * x[k];
        }
        x[j] = value / factor[j][j];
    }
    Some(core::array::from_fn(|j| if held[j] { 0.0 } else { x[j] / scale[j] }))
}
