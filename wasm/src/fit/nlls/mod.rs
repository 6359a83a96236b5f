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
//! condition) is computed in double precision.

mod certify;
mod likelihood;
mod solver;

use super::{Fit, Job, NoiseModel, Role, Status};
use crate::lane::{Doubles, Lane};
use crate::models::{AnySignal, Precision, MAXIMUM_PARAMETERS};
use certify::{certify, Certificate};
use likelihood::Objective;
use solver::{End, Entry, Solver};

/// Steps tried before a voxel is given up.
pub const MAXIMUM_ITERATIONS: u32 = 200;

/// Voxels whose samples and starts are laid out at once; a multiple of any number of lanes.
const CHUNK: usize = 512;

/// Fits a job's samples with the signal of its model.
///
/// The linear algebra is compiled for each number of parameters that a fitted model has: its loops unrolled are faster,
/// and a number that no model needs is not shipped.
pub fn fit<T: Precision>(job: &Job<T>, signal: &dyn AnySignal) -> Fit<T> {
    match signal.parameters() {
        2 => fit_with::<T, 2>(job, signal),
        3 => fit_with::<T, 3>(job, signal),
        4 => fit_with::<T, 4>(job, signal),
        5 => fit_with::<T, 5>(job, signal),
        6 => fit_with::<T, 6>(job, signal),
        7 => fit_with::<T, 7>(job, signal),
        other => unreachable!("no solver is compiled for {other} parameters: add a line here"),
    }
}

/// As [`fit`], for a signal of P parameters.
pub fn fit_with<T: Precision, const P: usize>(job: &Job<T>, signal: &dyn AnySignal) -> Fit<T> {
    let voxels = job.samples.voxels;
    let mut out = Fit::empty(P, voxels);
    if job.correlation {
        out.correlation = vec![T::NAN; P * (P - 1) / 2 * voxels];
    }
    let task = Task::<T, P>::new(job);
    let mut objective = Objective::new(<f64 as Precision>::signal(signal), P, job.design, job.noise, true);
    let iterated = Objective::new(T::signal(signal), P, job.design, job.noise, false);
    let mut solver = Solver::new(iterated, job.rows.len(), task.held);
    let proposed = solver.objective().starts();
    let starts = job.starts.map_or(if job.start.iter().any(Option::is_some) { 1 } else { proposed }, |n| n as usize);
    for first in (0..voxels).step_by(CHUNK) {
        let count = CHUNK.min(voxels - first);
        let chunk = task.load(first, count);
        let laid = task.starts(&chunk, solver.objective(), starts);
        let mut best: Vec<Option<(usize, End<P>)>> = vec![None; count];
        let mut iterations = vec![0; count];
        let blocks = count.div_ceil(T::Lanes::WIDTH);
        let usable = (0..count).filter(|&slot| chunk.status[slot].is_none());
        let entries = usable.flat_map(|slot| (0..starts).map(move |k| (slot, k))).map(|(slot, k)| {
            let (block, place) = (slot / T::Lanes::WIDTH, slot % T::Lanes::WIDTH);
            let n = job.rows.len();
            let samples = &chunk.y[block * n..(block + 1) * n];
            ((slot, k), task.entry(&chunk, slot, samples, &laid[k * blocks + block], place))
        });
        solver.run(entries, |(slot, k), end| {
            iterations[slot] += end.iterations;
            // The least residual, whatever the order in which the starts come in.
            let better = |(other, best): &(usize, End<P>)| {
                let number = |residual: f64| if residual.is_nan() { f64::INFINITY } else { residual };
                let order = number(end.residual).total_cmp(&number(best.residual));
                order.then(k.cmp(other)).is_lt()
            };
            if best[slot].as_ref().is_none_or(better) {
                best[slot] = Some((k, end));
            }
        });
        let mut ended = Vec::with_capacity(count);
        for (slot, best) in best.into_iter().enumerate() {
            out.iterations[first + slot] = iterations[slot];
            match (best, chunk.status[slot]) {
                (_, Some(status)) => out.status[first + slot] = status as u8,
                (Some((_, end)), None) if !end.residual.is_finite() => {
                    out.status[first + slot] = Status::FailedNonFinite as u8;
                }
                (Some((_, end)), None) if !end.converged => {
                    out.status[first + slot] = Status::FailedMaxIterations as u8;
                }
                (Some((_, end)), None) => ended.push((slot, end)),
                (None, None) => unreachable!("every usable voxel was fitted"),
            }
        }
        for pair in ended.chunks(Doubles::WIDTH) {
            task.report(&chunk, pair, &mut objective, &mut out);
        }
    }
    out
}

/// The power of two at or below a positive number.
fn power_of_two(value: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    f64::from_bits(value.max(f64::MIN_POSITIVE).to_bits() & EXPONENT)
}

/// A start where a model proposes none.
fn middle(lower: f64, upper: f64, amplitude: bool, scale: f64) -> f64 {
    match (lower.is_finite(), upper.is_finite()) {
        _ if amplitude => 1.0,
        (true, true) if lower > 0.0 => (lower * upper).sqrt() / scale,
        (true, true) => 0.5 * (lower + upper) / scale,
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
struct Task<'a, T, const P: usize> {
    job: &'a Job<'a, T>,
    held: [bool; P],
    /// Parameters in the samples' unit, with which the signal scales.
    amplitude: [bool; P],
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
    /// Why a voxel cannot be fitted at all.
    status: Vec<Option<Status>>,
}

impl<'a, T: Precision, const P: usize> Task<'a, T, P> {
    fn new(job: &'a Job<'a, T>) -> Self {
        let held: [bool; P] = std::array::from_fn(|j| !matches!(job.roles[j], Role::Free));
        let parameters = job.model.description().parameters;
        let estimated = held.iter().filter(|held| !*held).count();
        Self {
            job,
            held,
            amplitude: std::array::from_fn(|j| parameters[j].unit == "signal"),
            sigma: match job.noise {
                NoiseModel::Gaussian => 0.0,
                NoiseModel::OffsetGaussian { sigma } | NoiseModel::Rician { sigma } => sigma,
            },
            freedom: job.rows.len().saturating_sub(estimated),
        }
    }

    fn load(&self, first: usize, count: usize) -> Chunk<T::Lanes> {
        let (job, width) = (self.job, T::Lanes::WIDTH);
        let n = job.rows.len();
        let mut peak = vec![0.0f64; count];
        let mut status = vec![None; count];
        let mut constant = vec![true; count];
        let head = &job.samples.sample(job.rows[0])[first..first + count];
        for &row in &job.rows {
            let values = &job.samples.sample(row)[first..first + count];
            for (v, value) in values.iter().enumerate() {
                let value = value.to_f64();
                // NaN stays NaN.
                peak[v] = if value.abs() <= peak[v] { peak[v] } else { value.abs() + 0.0 * peak[v] };
                constant[v] &= value == head[v].to_f64();
            }
        }
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
        let mut y = Vec::with_capacity(count.div_ceil(width) * n);
        for block in (0..count).step_by(width) {
            for (s, &row) in job.rows.iter().enumerate() {
                let values = &job.samples.sample(row)[first..first + count];
                y.push(T::Lanes::gather(|i| {
                    let v = block + i;
                    // Harmless samples where there is nothing to fit.
                    let usable = v < count && status[v].is_none();
                    if usable {
                        values[v].to_f64() / scale[v]
                    } else {
                        f64::from(u8::from(s == 0))
                    }
                }));
            }
        }
        Chunk { first, count, y, scale, status }
    }

    /// Scale of parameter `j` in a voxel.
    fn scale(&self, chunk: &Chunk<T::Lanes>, slot: usize, j: usize) -> f64 {
        if self.amplitude[j] {
            chunk.scale[slot]
        } else {
            1.0
        }
    }

    /// `[start * blocks + block]`: where each fit begins, inside the bounds; held parameters at their values.
    fn starts(&self, chunk: &Chunk<T::Lanes>, objective: &Objective<T::Lanes>, starts: usize) -> Vec<[T::Lanes; P]> {
        let (job, width, n) = (self.job, T::Lanes::WIDTH, self.job.rows.len());
        let blocks = chunk.count.div_ceil(width);
        let mut laid = Vec::with_capacity(starts * blocks);
        for k in 0..starts {
            for block in 0..blocks {
                let y = &chunk.y[block * n..(block + 1) * n];
                // In the lanes beyond the last voxel, that of the last one.
                let slot = |i: usize| (block * width + i).min(chunk.count - 1);
                let lanes = |value: &dyn Fn(usize) -> f64| T::Lanes::gather(|i| value(slot(i)));
                let bound = |j: usize, bound: f64| lanes(&|slot| bound / self.scale(chunk, slot, j));
                let bounds: [_; P] =
                    std::array::from_fn(|j| (bound(j, job.bounds[j].lower), bound(j, job.bounds[j].upper)));
                let first = (k > 0).then(|| laid[block]);
                let mut x = first.unwrap_or([T::Lanes::splat(f64::NAN); P]);
                let proposed = k < objective.starts() && objective.start(k, y, &mut x);
                for j in 0..P {
                    let (lower, upper) = (job.bounds[j].lower, job.bounds[j].upper);
                    let plain = lanes(&|slot| middle(lower, upper, self.amplitude[j], self.scale(chunk, slot, j)));
                    let guess = first.map_or(plain, |first| first[j]);
                    if let (false, true) = (proposed, k > 0) {
                        x[j] = scattered(k, j, bounds[j], guess);
                    }
                    x[j] = T::Lanes::select(x[j].finite(), x[j], guess);
                    if let (Some(value), 0) = (job.start[j], k) {
                        x[j] = lanes(&|slot| value / self.scale(chunk, slot, j));
                    }
                    x[j] = x[j].larger(bounds[j].0).smaller(bounds[j].1);
                    if self.held[j] {
                        let held = |slot| job.roles[j].held(chunk.first + slot).unwrap_or_default();
                        x[j] = lanes(&|slot| held(slot) / self.scale(chunk, slot, j));
                    }
                }
                laid.push(x);
            }
        }
        laid
    }

    fn entry<'c>(
        &self,
        chunk: &Chunk<T::Lanes>,
        slot: usize,
        samples: &'c [T::Lanes],
        start: &'c [T::Lanes; P],
        place: usize,
    ) -> Entry<'c, T::Lanes, P> {
        // A held parameter may lie anywhere: no bound holds it.
        let bound = |j: usize, bound: f64, none: f64| match self.held[j] {
            true => none,
            false => bound / self.scale(chunk, slot, j),
        };
        Entry {
            samples,
            start,
            place,
            lower: std::array::from_fn(|j| bound(j, self.job.bounds[j].lower, f64::NEG_INFINITY)),
            upper: std::array::from_fn(|j| bound(j, self.job.bounds[j].upper, f64::INFINITY)),
            sigma: self.sigma / chunk.scale[slot],
        }
    }

    /// Certifies as many ended fits as there are lanes and writes them down.
    fn report(
        &self,
        chunk: &Chunk<T::Lanes>,
        ended: &[(usize, End<P>)],
        objective: &mut Objective<Doubles>,
        out: &mut Fit<T>,
    ) {
        let (width, n, voxels) = (T::Lanes::WIDTH, self.job.rows.len(), self.job.samples.voxels);
        let of = |i: usize| &ended[i.min(ended.len() - 1)];
        let sample = |slot: usize, s: usize| chunk.y[slot / width * n + s].lane(slot % width);
        let y: Vec<Doubles> = (0..n).map(|s| Doubles::gather(|i| sample(of(i).0, s))).collect();
        let sigma = Doubles::gather(|i| self.sigma / chunk.scale[of(i).0]);
        let ends = std::array::from_fn(|i| &of(i).1);
        let variance = matches!(self.job.noise, NoiseModel::Rician { .. }).then_some(sigma * sigma);
        let certificates = certify(objective, self.held, &y, ends, sigma, self.freedom, variance);
        for ((slot, _), certificate) in ended.iter().zip(certificates) {
            self.write(chunk, *slot, &certificate, voxels, out);
        }
    }

    fn write(
        &self,
        chunk: &Chunk<T::Lanes>,
        slot: usize,
        certificate: &Certificate<P>,
        voxels: usize,
        out: &mut Fit<T>,
    ) {
        let v = chunk.first + slot;
        let values: [f64; P] = std::array::from_fn(|j| {
            let bounds = self.job.bounds[j];
            match self.job.roles[j].held(v) {
                Some(value) => value,
                None if certificate.low >> j & 1 == 1 => bounds.lower,
                None if certificate.high >> j & 1 == 1 => bounds.upper,
                None => (certificate.x[j] * self.scale(chunk, slot, j)).clamp(bounds.lower, bounds.upper),
            }
        });
        if values.iter().any(|&value| !T::from_f64(value).to_f64().is_finite()) {
            out.status[v] = Status::FailedNonFinite as u8;
            return;
        }
        out.status[v] = match () {
            () if certificate.undetermined != 0 => Status::NotIdentifiable,
            () if certificate.low | certificate.high != 0 => Status::AtBound,
            () => Status::Converged,
        } as u8;
        for j in 0..P {
            let deviation = certificate.deviation[j] * self.scale(chunk, slot, j);
            let value = if certificate.undetermined >> j & 1 == 1 { f64::NAN } else { values[j] };
            out.parameters[j * voxels + v] = T::from_f64(value);
            out.standard_deviations[j * voxels + v] = T::from_f64(deviation);
        }
        let scale = chunk.scale[slot];
        out.residual[v] = T::from_f64(certificate.residual * scale * scale);
        out.gradient[v] = T::from_f64(certificate.gradient);
        out.condition[v] = T::from_f64(certificate.condition);
        out.active[v] = certificate.low | certificate.high << 16;
        if self.job.correlation {
            for j in 1..P {
                for k in 0..j {
                    let pair = j * (j - 1) / 2 + k;
                    out.correlation[pair * voxels + v] = T::from_f64(certificate.correlation[j][k]);
                }
            }
        }
    }
}
