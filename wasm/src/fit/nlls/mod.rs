//! Bounded nonlinear least squares: Levenberg-Marquardt (Marquardt 1963, doi 10.1137/0111030) with the damping of
//! Nielsen (Damping parameter in Marquardt's method, Technical University of Denmark 1999, IMM-REP-1999-05) and an
//! active set, a lane per voxel, for any model that states its signal and Jacobian.
//!
//! Bounds. A parameter on a bound whose descent direction points outward is active: it is held there and leaves the
//! linear system. A step of the others that would cross a bound ends on the first one it meets, keeping its direction,
//! so that the sum of squares still falls along it; the gradient decides in the next step whether that parameter stays.
//! Nothing is clipped and no variable is transformed, so a minimum on a bound is reached exactly and left again if
//! needed.
//!
//! The iteration computes in the samples' precision; the samples of a voxel are divided by a power of two near the
//! largest of them, which changes no digit. What is said of its end (standard deviations, residual, gradient,
//! condition) is computed in double precision; an end of single precision that is no minimum by that is none, and the
//! voxel is fitted again in double precision.

#[macro_use]
mod unrolled;

mod again;
mod certify;
mod likelihood;
mod shared;
mod solver;

use super::{Bounds, Fit, Job, NoiseModel, Role, Status};
use crate::lane::{Doubles, Lane};
use crate::models::{AnySignal, Precision, MAXIMUM_PARAMETERS};
use certify::{Certificate, Certifier};
use likelihood::Objective;
pub use solver::Pace;
use solver::{rounding, run, End, Entry, Lanes, Limits, Solver};

/// Steps tried before a voxel is given up.
pub const MAXIMUM_ITERATIONS: u32 = 200;

/// An end of single precision is a minimum where, in double precision, one more step promises to lower the residual by
/// less than this share of it.
const SETTLED: f64 = 1e-4;

/// Voxels whose samples and starts are laid out at once; a multiple of any number of lanes.
const CHUNK: usize = 1024;

/// Fits a job's samples with the signal of its model.
///
/// The iteration is compiled for each number of parameters that a fitted model has; a number that no model needs is not
/// shipped.
pub fn fit<T: Precision>(job: &Job<T>, signal: &dyn AnySignal) -> Fit<T> {
    if job.roles.iter().any(|role| matches!(role, Role::Shared)) {
        return shared::fit(job, signal);
    }
    let fit = match signal.parameters() {
        2 => fit_with::<T, 2>,
        3 => fit_with::<T, 3>,
        4 => fit_with::<T, 4>,
        5 => fit_with::<T, 5>,
        6 => fit_with::<T, 6>,
        7 => fit_with::<T, 7>,
        other => unreachable!("no solver is compiled for {other} parameters: add a line here"),
    };
    let mut out = fit(job, signal, Pace::QUICK);
    if single::<T>() {
        again::fit(job, signal, &mut out);
    }
    out
}

/// Whether the iteration computes in less than double precision.
fn single<T: Precision>() -> bool {
    T::Lanes::EPSILON > f64::EPSILON
}

/// As [`fit`], for a signal of P parameters and at a stated pace.
pub fn fit_with<T: Precision, const P: usize>(job: &Job<T>, signal: &dyn AnySignal, pace: Pace) -> Fit<T> {
    let mut iterated = Objective::new(T::signal(signal), P, job.design, job.noise, false);
    let task = Task::new(job, P, &mut iterated);
    let mut lanes = Solver::<T::Lanes, P>::new(iterated, pace, job.rows.len(), &task.held, &task.limits);
    let objective = Objective::new(<f64 as Precision>::signal(signal), P, job.design, job.noise, true);
    let known = matches!(job.noise, NoiseModel::Rician { .. });
    let mut certifier = Certifier::new::<P>(objective, task.held.clone(), task.freedom, known, job.correlation);
    task.run(&mut lanes, &mut certifier)
}

/// The power of two at or below a positive number.
fn power_of_two(value: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    f64::from_bits(value.max(f64::MIN_POSITIVE).to_bits() & EXPONENT)
}

/// A start where a model proposes none, of a parameter that is no amplitude.
fn middle(&Bounds { lower, upper }: &Bounds) -> f64 {
    match (lower.is_finite(), upper.is_finite()) {
        (true, true) if lower > 0.0 => (lower * upper).sqrt(),
        (true, true) => 0.5 * (lower + upper),
        _ => 1.0,
    }
}

/// Start `k` of parameter `j` beyond those that the model proposes: a Halton sequence (Halton, Numer Math 1960;2:84-90)
/// over the bounds, logarithmic where they are positive; about the guess where they are infinite.
fn scattered<L: Lane>(k: usize, j: usize, (lower, upper): (L, L), guess: L) -> L {
    const PRIMES: [usize; MAXIMUM_PARAMETERS] = [2, 3, 5, 7, 11, 13, 17, 19, 23];
    let (mut at, mut index, mut digit) = (0.0, k, 1.0);
    while index > 0 {
        digit /= PRIMES[j] as f64;
        at += digit * (index % PRIMES[j]) as f64;
        index /= PRIMES[j];
    }
    let at = L::splat(at);
    let boxed = lower.finite().and(upper.finite());
    let positive = boxed.and(lower.gt(L::splat(0.0)));
    let one = L::splat(1.0);
    let (low, high) = (L::select(positive, lower, one), L::select(positive, upper, one));
    let logarithmic = (low.ln() + at * (high.ln() - low.ln())).exp();
    let around = guess * (L::splat(0.25) + L::splat(1.5) * at);
    L::select(positive, logarithmic, L::select(boxed, lower + at * (upper - lower), around))
}

/// What holds for all voxels of a job.
struct Task<'a, T> {
    job: &'a Job<'a, T>,
    /// Number of parameters.
    p: usize,
    held: Vec<bool>,
    /// Whether the problem is solved in coordinates that are not the parameters.
    own: bool,
    /// Of those coordinates. A held parameter may lie anywhere: nothing limits it.
    limits: Vec<Limits>,
    /// Parameters in the samples' unit, with which the signal scales.
    amplitude: Vec<bool>,
    /// Where a parameter starts for which the model proposes nothing, in the samples' scale.
    middle: Vec<f64>,
    /// Sigma of the noise where it is known, else 0.
    sigma: f64,
    /// Samples less estimated parameters.
    freedom: usize,
}

/// Voxels laid out in lanes: samples, and what stands beside them.
struct Chunk<L> {
    first: usize,
    count: usize,
    /// Block after block, a block's samples together, divided by each voxel's scale.
    y: Vec<L>,
    /// A power of two.
    scale: Vec<f64>,
    /// Largest magnitude of the samples, in that scale.
    peak: Vec<f64>,
    /// Why a voxel cannot be fitted at all.
    status: Vec<Option<Status>>,
}

impl<'a, T: Precision> Task<'a, T> {
    fn new(job: &'a Job<'a, T>, p: usize, objective: &mut Objective<T::Lanes>) -> Self {
        let held: Vec<bool> = job.roles.iter().map(|role| !matches!(role, Role::Free)).collect();
        let mut lower: Vec<f64> = job.bounds.iter().map(|bounds| bounds.lower).collect();
        let mut upper: Vec<f64> = job.bounds.iter().map(|bounds| bounds.upper).collect();
        let own = objective.transform(&mut lower, &mut upper, &held);
        let estimated = held.iter().filter(|held| !*held).count();
        let amplitude: Vec<bool> = job.model.description().parameters.iter().map(|one| one.unit == "signal").collect();
        let start = |(&amplitude, bounds): (&bool, &Bounds)| if amplitude { 1.0 } else { middle(bounds) };
        let limits = |j: usize| match held[j] {
            true => Limits { lower: f64::NEG_INFINITY, upper: f64::INFINITY, scaled: false },
            false => Limits { lower: lower[j], upper: upper[j], scaled: amplitude[j] && !own },
        };
        Self {
            job,
            p,
            own,
            limits: (0..p).map(limits).collect(),
            middle: amplitude.iter().zip(&job.bounds).map(start).collect(),
            held,
            amplitude,
            sigma: match job.noise {
                NoiseModel::Gaussian => 0.0,
                NoiseModel::OffsetGaussian { sigma } | NoiseModel::Rician { sigma } => sigma,
            },
            freedom: job.rows.len().saturating_sub(estimated),
        }
    }

    fn run<'s>(&self, lanes: &mut dyn Lanes<'s, T::Lanes>, certifier: &mut Certifier) -> Fit<T> {
        let (job, voxels) = (self.job, self.job.samples.voxels);
        let mut out = Fit::empty(self.p, voxels);
        if job.correlation {
            out.correlation = vec![T::NAN; self.p * (self.p - 1) / 2 * voxels];
        }
        for first in (0..voxels).step_by(CHUNK) {
            let chunk = self.load(first, CHUNK.min(voxels - first));
            let mut ended = Vec::with_capacity(chunk.count);
            for (slot, best) in self.ends(&chunk, lanes, &mut out).into_iter().enumerate() {
                match (best, chunk.status[slot]) {
                    (_, Some(status)) => out.status[first + slot] = status as u8,
                    (Some(end), None) if !end.residual.is_finite() => {
                        out.status[first + slot] = Status::FailedNonFinite as u8;
                    }
                    (Some(end), None) if !end.converged => {
                        out.status[first + slot] = Status::FailedMaxIterations as u8;
                    }
                    (Some(end), None) => ended.push((slot, end)),
                    (None, None) => unreachable!("every usable voxel was fitted"),
                }
            }
            for pair in ended.chunks(Doubles::WIDTH) {
                self.report(&chunk, pair, certifier, &mut out);
            }
        }
        out
    }

    /// The best end of each voxel of a chunk, from as many starts as it deserves.
    fn ends<'s>(
        &self,
        chunk: &Chunk<T::Lanes>,
        lanes: &mut dyn Lanes<'s, T::Lanes>,
        out: &mut Fit<T>,
    ) -> Vec<Option<End>> {
        let (job, proposed) = (self.job, lanes.objective().starts());
        let stated = job.start.iter().any(Option::is_some).then_some(1);
        let starts = job.starts.map(|starts| starts as usize).or(stated);
        let mut best: Vec<Option<End>> = vec![None; chunk.count];
        let mut left: Vec<usize> = (0..chunk.count).filter(|&slot| chunk.status[slot].is_none()).collect();
        let mut first_starts = Vec::new();
        let mut wanted = vec![starts.unwrap_or(1); chunk.count];
        for k in 0..starts.unwrap_or(proposed) {
            left.retain(|&slot| k < wanted[slot]);
            if left.is_empty() {
                break;
            }
            let laid = self.starts(chunk, lanes.objective(), k, &first_starts);
            let mut entered = laid.clone();
            self.enter(lanes.objective(), &mut entered);
            // Where starts were asked for, each goes to its end.
            let goals: Vec<f64> = best
                .iter()
                .map(|best| best.as_ref().filter(|_| starts.is_none()).map_or(f64::INFINITY, |end| end.residual))
                .collect();
            let entries = left.iter().map(|&slot| (slot, self.entry(chunk, slot, &entered, goals[slot])));
            run(lanes, entries, |slot, end| {
                out.iterations[chunk.first + slot] += end.iterations;
                // The least residual; a fit without one is worse than any other.
                let least =
                    best[slot].as_ref().is_none_or(|best| end.residual < best.residual || best.residual.is_nan());
                if least && !end.no_better {
                    best[slot] = Some(end);
                }
            });
            if k == 0 {
                first_starts = laid;
                if starts.is_none() && proposed > 1 {
                    for &slot in &left {
                        if let Some(end) = &best[slot] {
                            wanted[slot] += self.further(chunk, slot, end, lanes.objective());
                        }
                    }
                }
            }
        }
        best
    }

    fn load(&self, first: usize, count: usize) -> Chunk<T::Lanes> {
        let (job, width) = (self.job, T::Lanes::WIDTH);
        let n = job.rows.len();
        let planes: Vec<&[T]> = job.rows.iter().map(|&row| &job.samples.sample(row)[first..first + count]).collect();
        let mut peak = vec![0.0f64; count];
        let mut constant = vec![true; count];
        for values in &planes {
            for ((value, first), (peak, constant)) in
                values.iter().zip(planes[0]).zip(peak.iter_mut().zip(&mut constant))
            {
                let value = value.to_f64();
                // NaN stays NaN.
                *peak = if value.abs() <= *peak { *peak } else { value.abs() + 0.0 * *peak };
                *constant &= value == first.to_f64();
            }
        }
        let mut status = vec![None; count];
        for v in 0..count {
            let held = job.roles.iter().filter_map(|role| role.held(first + v)).all(f64::is_finite);
            if !peak[v].is_finite() || !held {
                status[v] = Some(Status::FailedNonFinite);
            } else if constant[v] {
                status[v] = Some(Status::FailedNoSignal);
            }
        }
        let scales = self.amplitude.contains(&true);
        let scale: Vec<f64> = peak.iter().map(|&peak| if scales { power_of_two(peak) } else { 1.0 }).collect();
        peak.iter_mut().zip(&scale).for_each(|(peak, scale)| *peak /= scale);
        let mut y = Vec::with_capacity(count.div_ceil(width) * n);
        for block in (0..count).step_by(width) {
            let usable = |i: usize| block + i < count && status[block + i].is_none();
            if (0..width).all(usable) {
                let scale = T::Lanes::gather(|i| scale[block + i]);
                y.extend(planes.iter().map(|values| T::Lanes::gather(|i| values[block + i]) / scale));
                continue;
            }
            // Harmless samples where there is nothing to fit.
            y.extend(planes.iter().enumerate().map(|(s, values)| {
                T::Lanes::gather(|i| match usable(i) {
                    true => values[block + i].to_f64() / scale[block + i],
                    false => f64::from(u8::from(s == 0)),
                })
            }));
        }
        Chunk { first, count, y, scale, peak, status }
    }

    /// Scale of parameter `j` in a voxel.
    fn scale(&self, chunk: &Chunk<T::Lanes>, slot: usize, j: usize) -> f64 {
        if self.amplitude[j] {
            chunk.scale[slot]
        } else {
            1.0
        }
    }

    /// Start `k`, block after block, inside the bounds; held parameters at their values. `first` holds start 0 for k > 0.
    fn starts(
        &self,
        chunk: &Chunk<T::Lanes>,
        objective: &Objective<T::Lanes>,
        k: usize,
        first: &[T::Lanes],
    ) -> Vec<T::Lanes> {
        let (job, width, n) = (self.job, T::Lanes::WIDTH, self.job.rows.len());
        let blocks = chunk.count.div_ceil(width);
        let mut starts = vec![T::Lanes::splat(f64::NAN); blocks * self.p];
        for (block, x) in starts.chunks_exact_mut(self.p).enumerate() {
            let y = &chunk.y[block * n..(block + 1) * n];
            // In the lanes beyond the last voxel, that of the last one.
            let slot = |i: usize| (block * width + i).min(chunk.count - 1);
            let scale = T::Lanes::gather(|i| chunk.scale[slot(i)]);
            let scaled = |j: usize, value: f64| {
                let value = T::Lanes::splat(value);
                if self.amplitude[j] {
                    value / scale
                } else {
                    value
                }
            };
            let held = |j: usize| {
                let value = |slot: usize| job.roles[j].held(chunk.first + slot).unwrap_or_default();
                T::Lanes::gather(|i| value(slot(i)) / self.scale(chunk, slot(i), j))
            };
            let first = first.get(block * self.p..(block + 1) * self.p);
            match first {
                Some(first) => x.copy_from_slice(first),
                // The model's guess may rest on what is held.
                None => (0..self.p).filter(|&j| self.held[j]).for_each(|j| x[j] = held(j)),
            }
            let proposed = k < objective.starts() && objective.start(k, y, x);
            for j in 0..self.p {
                if self.held[j] {
                    x[j] = held(j);
                    continue;
                }
                let bounds = (scaled(j, job.bounds[j].lower), scaled(j, job.bounds[j].upper));
                let guess = first.map_or(T::Lanes::splat(self.middle[j]), |first| first[j]);
                if let (false, Some(_)) = (proposed, first) {
                    x[j] = scattered(k, j, bounds, guess);
                }
                x[j] = T::Lanes::select(x[j].finite(), x[j], guess);
                if let (Some(value), None) = (job.start[j], first) {
                    x[j] = scaled(j, value);
                }
                x[j] = x[j].larger(bounds.0).smaller(bounds.1);
            }
        }
        starts
    }

    /// Takes starts to the coordinates of the problem.
    fn enter(&self, objective: &Objective<T::Lanes>, starts: &mut [T::Lanes]) {
        if !self.own {
            return;
        }
        for x in starts.chunks_exact_mut(self.p) {
            objective.enter(x);
            for j in (0..self.p).filter(|&j| !self.held[j]) {
                let Limits { lower, upper, .. } = self.limits[j];
                x[j] = x[j].larger(T::Lanes::splat(lower)).smaller(T::Lanes::splat(upper));
            }
        }
    }

    /// A parameter's bounds in a voxel's scale.
    fn bounds(&self, chunk: &Chunk<T::Lanes>, slot: usize, j: usize) -> (f64, f64) {
        let Bounds { lower, upper } = self.job.bounds[j];
        if !self.amplitude[j] {
            return (lower, upper);
        }
        let scale = chunk.scale[slot];
        (lower / scale, upper / scale)
    }

    /// Puts an end on the bounds that it has reached to rounding; the bits of those.
    fn settle(&self, chunk: &Chunk<T::Lanes>, slot: usize, x: &mut [f64]) -> [u32; 2] {
        let mut bits = [0; 2];
        for j in (0..self.p).filter(|&j| !self.held[j]) {
            let (lower, upper) = self.bounds(chunk, slot, j);
            let near = |bound: f64| 4.0 * T::Lanes::EPSILON * bound.abs();
            if x[j] <= lower + near(lower) {
                x[j] = lower;
                bits[0] |= 1 << j;
            } else if x[j] >= upper - near(upper) {
                x[j] = upper;
                bits[1] |= 1 << j;
            }
        }
        bits
    }

    /// How many starts after the first a voxel deserves.
    fn further(&self, chunk: &Chunk<T::Lanes>, slot: usize, end: &End, objective: &Objective<T::Lanes>) -> usize {
        let noise = (end.residual / self.freedom.max(1) as f64).sqrt();
        let mut x = end.x;
        self.settle(chunk, slot, &mut x);
        objective.further(&x[..self.p], chunk.peak[slot] / noise)
    }

    fn entry<'c>(
        &self,
        chunk: &'c Chunk<T::Lanes>,
        slot: usize,
        starts: &'c [T::Lanes],
        best: f64,
    ) -> Entry<'c, T::Lanes> {
        let (width, n) = (T::Lanes::WIDTH, self.job.rows.len());
        let block = slot / width;
        Entry {
            samples: &chunk.y[block * n..(block + 1) * n],
            start: &starts[block * self.p..(block + 1) * self.p],
            place: slot % width,
            scale: chunk.scale[slot],
            sigma: self.sigma / chunk.scale[slot],
            best,
        }
    }

    /// Certifies as many ended fits as there are lanes and writes them down.
    fn report(&self, chunk: &Chunk<T::Lanes>, ended: &[(usize, End)], certifier: &mut Certifier, out: &mut Fit<T>) {
        let (width, n, voxels) = (T::Lanes::WIDTH, self.job.rows.len(), self.job.samples.voxels);
        let of = |i: usize| &ended[i.min(ended.len() - 1)];
        let sample = |slot: usize, s: usize| chunk.y[slot / width * n + s].lane(slot % width);
        let y: Vec<Doubles> = (0..n).map(|s| Doubles::gather(|i| sample(of(i).0, s))).collect();
        let sigma = Doubles::gather(|i| self.sigma / chunk.scale[of(i).0]);
        let mut ends: [[f64; MAXIMUM_PARAMETERS]; Doubles::WIDTH] = std::array::from_fn(|i| of(i).1.x);
        let bits: [[u32; 2]; Doubles::WIDTH] = std::array::from_fn(|i| self.settle(chunk, of(i).0, &mut ends[i]));
        let certificates = certifier.certify(&y, &ends, &bits, sigma);
        for (i, ((slot, _), certificate)) in ended.iter().zip(&certificates).enumerate() {
            let unsettled = || {
                let total: f64 = y.iter().map(|y| y.lane(i) * y.lane(i)).sum();
                certificate.promise > (SETTLED * certificate.residual).max(rounding::<T::Lanes>(n) * total)
            };
            if single::<T>() && unsettled() {
                out.status[chunk.first + slot] = Status::FailedMaxIterations as u8;
                continue;
            }
            self.write(chunk, *slot, certificate, voxels, out);
        }
    }

    fn write(&self, chunk: &Chunk<T::Lanes>, slot: usize, certificate: &Certificate, voxels: usize, out: &mut Fit<T>) {
        let v = chunk.first + slot;
        let mut values = [0.0; MAXIMUM_PARAMETERS];
        for (j, value) in values[..self.p].iter_mut().enumerate() {
            let bounds = self.job.bounds[j];
            *value = match self.job.roles[j].held(v) {
                Some(value) => value,
                None if certificate.low >> j & 1 == 1 => bounds.lower,
                None if certificate.high >> j & 1 == 1 => bounds.upper,
                None => (certificate.x[j] * self.scale(chunk, slot, j)).clamp(bounds.lower, bounds.upper),
            };
        }
        if values.iter().any(|&value| !T::from_f64(value).to_f64().is_finite()) {
            out.status[v] = Status::FailedNonFinite as u8;
            return;
        }
        out.status[v] = match () {
            () if certificate.undetermined != 0 => Status::NotIdentifiable,
            () if certificate.low | certificate.high != 0 => Status::AtBound,
            () => Status::Converged,
        } as u8;
        for (j, &value) in values[..self.p].iter().enumerate() {
            let deviation = certificate.deviation[j] * self.scale(chunk, slot, j);
            let value = if certificate.undetermined >> j & 1 == 1 { f64::NAN } else { value };
            out.parameters[j * voxels + v] = T::from_f64(value);
            out.standard_deviations[j * voxels + v] = T::from_f64(deviation);
        }
        let scale = chunk.scale[slot];
        out.residual[v] = T::from_f64(certificate.residual * scale * scale);
        out.gradient[v] = T::from_f64(certificate.gradient);
        out.condition[v] = T::from_f64(certificate.condition);
        out.active[v] = certificate.low | certificate.high << 16;
        for (pair, &correlation) in certificate.correlation.iter().enumerate() {
            out.correlation[pair * voxels + v] = T::from_f64(correlation);
        }
    }
}
