//! Bounded nonlinear least squares: Levenberg-Marquardt (Marquardt 1963, doi 10.1137/0111030) with the damping of
//! Nielsen (Damping parameter in Marquardt's method, Technical University of Denmark 1999, IMM-REP-1999-05) and an
//! active set, a lane per voxel, for any model that states its signal and Jacobian.
//!
//! Bounds. A parameter on a bound whose descent direction points outward is active: it is held there and leaves the
//! linear system. A step of the others that would cross a bound ends on the first one it meets, keeping its direction,
//! so that the sum of squares still falls along it; the gradient decides in the next step whether that parameter stays.
//! Nothing is clipped and no variable is transformed, so a minimum on a bound is reached exactly and left again if
//! needed.

use super::{Bounds, Fit, Job, Samples, Status};
use crate::lane::{Doubles, Lane, Real};
use crate::models::{AnySignal, Precision, Signal};
use crate::protocol::Design;

/// Steps tried before a voxel is given up.
pub const MAXIMUM_ITERATIONS: u32 = 200;

/// Converged: the residual's cosine with every column of the Jacobian is below this.
const GRADIENT_TOLERANCE: f64 = 1e-9;
/// Converged: a step changes every parameter by less than this, relatively.
const STEP_TOLERANCE: f64 = 1e-12;
/// J'J scaled to unit diagonal has a pivot below this: 1 - R2 of one column on the others, at which half of the digits
/// of its inverse are gone.
const PIVOT_TOLERANCE: f64 = 1e-10;
/// The sum of squares is flat to its rounding when a step promises less than this share of it.
const FLAT: f64 = 1e-14;
const FIRST_DAMPING: f64 = 1e-4;
const LARGEST_DAMPING: f64 = 1e16;
const SMALLEST_DAMPING: f64 = 1e-12;

type L = Doubles;

fn splat(value: f64) -> L {
    L::splat(value)
}

/// Everything one block of voxels needs, for a model of P parameters.
struct Solver<'a, const P: usize> {
    model: &'a dyn Signal<Doubles>,
    design: &'a Design,
    lower: [L; P],
    upper: [L; P],
    y: Vec<L>,
    x: [L; P],
    trial: [L; P],
    step: [L; P],
    signal: Vec<L>,
    trial_signal: Vec<L>,
    /// A row for each sample.
    jacobian: Vec<L>,
    trial_jacobian: Vec<L>,
    gradient: [L; P],
    normal: [[L; P]; P],
    /// Length of each column of the Jacobian, 1 where it vanishes, and its reciprocal.
    scale: [L; P],
    unscale: [L; P],
    factor: [[L; P]; P],
    /// Masks of the parameters held on a bound.
    active: [L; P],
    sd: [L; P],
}

/// How one block ended.
struct Outcome {
    residual: L,
    converged: L,
    at_bound: L,
    identifiable: L,
    iterations: [u32; L::WIDTH],
}

/// Fits a job's samples with the signal of its model.
///
/// The linear algebra is compiled for each number of parameters that a fitted model has: its loops unrolled are faster,
/// and a number that no model needs is not shipped.
pub fn fit<T: Precision>(job: &Job<T>, signal: &'static dyn AnySignal) -> Fit<T> {
    let run = match signal.parameters() {
        2 => run::<T, 2>,
        3 => run::<T, 3>,
        4 => run::<T, 4>,
        5 => run::<T, 5>,
        7 => run::<T, 7>,
        other => unreachable!("no solver is compiled for {other} parameters: add a line here"),
    };
    run(signal, job.design, &job.bounds, job.samples, &job.rows)
}

fn run<T: Real, const P: usize>(
    model: &dyn AnySignal,
    design: &Design,
    bounds: &[Bounds],
    samples: Samples<T>,
    rows: &[usize],
) -> Fit<T> {
    let voxels = samples.voxels;
    let mut out = Fit::empty(P, voxels);
    let mut solver = Solver::<P>::new(model, design, bounds);
    let width = L::WIDTH;
    let mut start = 0;
    while start < voxels {
        let count = width.min(voxels - start);
        for (y, &row) in solver.y.iter_mut().zip(rows) {
            let values = samples.sample(row);
            *y = L::gather(|i| values[start + i.min(count - 1)]);
        }
        let first = solver.y[0];
        let (mut finite, mut constant) = (first.finite(), first.eq(first));
        for &y in &solver.y[1..] {
            finite = finite.and(y.finite());
            constant = constant.and(y.eq(first));
        }
        // A lane that cannot be fitted is given harmless samples; the other lane does not notice.
        let usable = finite.and(constant.not());
        for (i, y) in solver.y.iter_mut().enumerate() {
            *y = L::select(usable, *y, splat(if i == 0 { 1.0 } else { 0.5 }));
        }
        let outcome = solver.solve(usable);
        for i in 0..count {
            let v = start + i;
            let status = if !finite.is_set(i) {
                Status::FailedNonFinite
            } else if constant.is_set(i) {
                Status::FailedNoSignal
            } else if !outcome.converged.is_set(i) {
                Status::FailedMaxIterations
            } else if !outcome.identifiable.is_set(i) {
                Status::NotIdentifiable
            } else if outcome.at_bound.is_set(i) {
                Status::AtBound
            } else {
                Status::Converged
            };
            out.status[v] = status as u8;
            out.iterations[v] = if usable.is_set(i) { outcome.iterations[i] } else { 0 };
            if status.has_estimate() {
                for j in 0..P {
                    out.parameters[j * voxels + v] = T::from_f64(solver.x[j].lane(i));
                    out.standard_deviations[j * voxels + v] = T::from_f64(solver.sd[j].lane(i));
                }
                out.residual[v] = T::from_f64(outcome.residual.lane(i));
            }
        }
        start += width;
    }
    out
}

impl<'a, const P: usize> Solver<'a, P> {
    fn new(model: &'a dyn Signal<Doubles>, design: &'a Design, bounds: &[Bounds]) -> Self {
        let n = design.rows();
        let zero = splat(0.0);
        Self {
            model,
            design,
            lower: std::array::from_fn(|j| splat(bounds[j].lower)),
            upper: std::array::from_fn(|j| splat(bounds[j].upper)),
            y: vec![zero; n],
            x: [zero; P],
            trial: [zero; P],
            step: [zero; P],
            signal: vec![zero; n],
            trial_signal: vec![zero; n],
            jacobian: vec![zero; n * P],
            trial_jacobian: vec![zero; n * P],
            gradient: [zero; P],
            normal: [[zero; P]; P],
            scale: [zero; P],
            unscale: [zero; P],
            factor: [[zero; P]; P],
            active: [zero; P],
            sd: [zero; P],
        }
    }

    fn solve(&mut self, usable: L) -> Outcome {
        let (zero, one) = (splat(0.0), splat(1.0));
        let everywhere = zero.eq(zero);
        self.start();
        self.model.evaluate(self.design, &self.x, &mut self.signal, &mut self.jacobian);
        let mut residual = sum_of_squares(&self.y, &self.signal);
        let total = self.y.iter().fold(zero, |sum, &y| sum + y * y);
        // A residual that is nothing but the rounding of n samples: the fit is exact.
        let exact = total * splat(self.y.len() as f64 * (4.0 * f64::EPSILON) * (4.0 * f64::EPSILON));
        let mut damping = splat(FIRST_DAMPING);
        let mut growth = splat(2.0);
        let mut last_promise = splat(f64::INFINITY);
        let mut open = usable;
        let mut converged = usable.not();
        let mut iterations = [0; L::WIDTH];

        self.linearise();
        for iteration in 1..=MAXIMUM_ITERATIONS {
            for (i, count) in iterations.iter_mut().enumerate() {
                if open.is_set(i) {
                    *count = iteration;
                }
            }
            let stationary = self.stationary(residual).or(residual.le(exact));
            converged = converged.or(open.and(stationary));
            open = open.and(stationary.not());
            if !open.any() {
                break;
            }
            let solvable = open.and(self.compute_step(damping));
            let mut small = everywhere;
            for j in 0..P {
                // A step that ends on a bound ends exactly there.
                self.trial[j] = (self.x[j] + self.step[j]).larger(self.lower[j]).smaller(self.upper[j]);
                let size = (self.trial[j] - self.x[j]).abs();
                small = small.and(size.le(self.x[j].abs() * splat(STEP_TOLERANCE)));
            }
            let promise = self.promise();
            self.model.evaluate(self.design, &self.trial, &mut self.trial_signal, &mut self.trial_jacobian);
            let trial_residual = sum_of_squares(&self.y, &self.trial_signal);
            // Near the minimum the sum of squares is flat to its rounding and can no longer judge a step: there the
            // steps are taken as long as each promises far less than the last.
            let flat = promise.le(residual * splat(FLAT));
            let level = trial_residual.le(residual * splat(1.0 + 100.0 * FLAT));
            let shrinking = promise.lt(last_promise * splat(0.25));
            let better = solvable.and(trial_residual.le(residual).or(flat.and(level)));
            let done = solvable.and(flat.and(shrinking.and(level).not())).or(better.and(small));
            last_promise = L::select(solvable.and(flat), promise, last_promise);
            converged = converged.or(done);

            // Nielsen's damping: a step that kept its promise lowers it, one that barely gained raises it, so that a
            // fit whose Gauss-Newton steps overshoot settles on the damping that it needs.
            let kept = (residual - trial_residual) / L::select(zero.lt(promise), promise, one);
            let excess = (kept + kept - one).larger(-one).smaller(one);
            let factor = (one - excess * excess * excess).larger(splat(0.1));
            let lowered = (damping * L::select(flat, splat(0.1), factor)).larger(splat(SMALLEST_DAMPING));
            let raised = damping * growth;
            damping = L::select(better, lowered, L::select(open, raised, damping));
            growth = L::select(better, splat(2.0), growth + growth);

            if better.any() {
                for j in 0..P {
                    self.x[j] = L::select(better, self.trial[j], self.x[j]);
                }
                for (value, &trial) in self.signal.iter_mut().zip(&self.trial_signal) {
                    *value = L::select(better, trial, *value);
                }
                for (value, &trial) in self.jacobian.iter_mut().zip(&self.trial_jacobian) {
                    *value = L::select(better, trial, *value);
                }
                residual = L::select(better, trial_residual, residual);
                self.linearise();
            }
            let hopeless = splat(LARGEST_DAMPING).lt(damping);
            open = open.and(done.or(hopeless).not());
            if !open.any() {
                break;
            }
        }
        self.activate(everywhere);
        let identifiable = self.standard_deviations(residual);
        let at_bound = self.active.iter().fold(L::none(), |any, &active| any.or(active));
        Outcome { residual, converged, at_bound, identifiable, iterations }
    }

    /// By how much the linearised model says that the step lowers the sum of squares: 2 s'J'r - s'J'J s.
    fn promise(&self) -> L {
        let mut promise = splat(0.0);
        for j in 0..P {
            let mut bend = splat(0.5) * self.normal[j][j] * self.step[j];
            for k in 0..j {
                bend = bend + self.normal[j][k] * self.step[k];
            }
            promise = promise + self.step[j] * (self.gradient[j] - bend);
        }
        promise + promise
    }

    /// The model's guess, inside the bounds.
    fn start(&mut self) {
        self.model.guess(self.design, &self.y, &mut self.x);
        for j in 0..P {
            self.x[j] = self.x[j].larger(self.lower[j]).smaller(self.upper[j]);
        }
    }

    /// J'r (the descent direction) and J'J at the current parameters.
    fn linearise(&mut self) {
        let mut gradient = [splat(0.0); P];
        let mut normal = [[splat(0.0); P]; P];
        let residuals = self.y.iter().zip(&self.signal).map(|(&y, &s)| y - s);
        for (row, r) in self.jacobian.chunks_exact(P).zip(residuals) {
            for j in 0..P {
                gradient[j] = gradient[j] + row[j] * r;
                for k in 0..=j {
                    normal[j][k] = normal[j][k] + row[j] * row[k];
                }
            }
        }
        (self.gradient, self.normal) = (gradient, normal);
        let (zero, one) = (splat(0.0), splat(1.0));
        for j in 0..P {
            let square = self.normal[j][j];
            self.scale[j] = L::select(zero.lt(square), square, one).sqrt();
            self.unscale[j] = one / self.scale[j];
        }
    }

    /// Masks the parameters that lie on a bound and would leave through it, in the given lanes.
    fn activate(&mut self, lanes: L) {
        let zero = splat(0.0);
        for j in 0..P {
            let low = self.x[j].le(self.lower[j]).and(self.gradient[j].le(zero));
            let high = self.upper[j].le(self.x[j]).and(zero.le(self.gradient[j]));
            self.active[j] = lanes.and(low.or(high));
        }
    }

    /// Mask of the lanes in which no free parameter's column points along the residual any more.
    fn stationary(&mut self, residual: L) -> L {
        let everywhere = splat(0.0).eq(splat(0.0));
        self.activate(everywhere);
        let length = residual.sqrt() * splat(GRADIENT_TOLERANCE);
        (0..P).fold(everywhere, |stationary, j| {
            let column = (self.normal[j][j]).sqrt();
            let flat = self.gradient[j].abs().le(column * length);
            stationary.and(flat.or(self.active[j]))
        })
    }

    /// The damped step of the free parameters, shortened to end on the first bound it meets. Returns the lanes in which
    /// the system could be solved.
    fn compute_step(&mut self, damping: L) -> L {
        let (zero, one) = (splat(0.0), splat(1.0));
        let mut solvable = one;
        // A free parameter on its bound may still be pushed outward by the others: it is held too, and the rest solved
        // again. Each round holds at least one more.
        for _ in 0..=P {
            solvable = self.solve_damped(damping);
            let mut blocked_any = L::none();
            for j in 0..P {
                let low = self.x[j].le(self.lower[j]).and(self.step[j].lt(zero));
                let high = self.upper[j].le(self.x[j]).and(zero.lt(self.step[j]));
                let blocked = low.or(high);
                self.active[j] = self.active[j].or(blocked);
                blocked_any = blocked_any.or(blocked);
            }
            if !blocked_any.any() {
                break;
            }
        }
        let mut fraction = one;
        for j in 0..P {
            let room = L::select(self.step[j].lt(zero), self.lower[j], self.upper[j]) - self.x[j];
            let crosses = room.abs().lt(self.step[j].abs());
            let moving = L::select(self.step[j].eq(zero), one, self.step[j]);
            fraction = fraction.smaller(L::select(crosses, room / moving, one));
        }
        for j in 0..P {
            let room = L::select(self.step[j].lt(zero), self.lower[j], self.upper[j]) - self.x[j];
            let scaled = self.step[j] * fraction;
            // The blocking parameter lands on its bound, not a rounding error beside it.
            let lands = room.abs().le(scaled.abs() * splat(1.0 + 4.0 * f64::EPSILON)).and(fraction.lt(one));
            self.step[j] = L::select(lands, room, scaled);
        }
        solvable
    }

    /// (J'J + damping diag(J'J)) step = J'r over the free parameters, by Cholesky on the system scaled to unit
    /// diagonal.
    fn solve_damped(&mut self, damping: L) -> L {
        let (zero, one) = (splat(0.0), splat(1.0));
        let positive = self.factorise(one + damping, 0.0);
        for j in 0..P {
            let mut value = L::select(self.active[j], zero, self.gradient[j] * self.unscale[j]);
            for k in 0..j {
                value = value - self.factor[j][k] * self.step[k];
            }
            self.step[j] = value * self.factor[j][j];
        }
        for j in (0..P).rev() {
            let mut value = self.step[j];
            for k in j + 1..P {
                value = value - self.factor[k][j] * self.step[k];
            }
            self.step[j] = value * self.factor[j][j];
        }
        let mut finite = positive;
        for j in 0..P {
            self.step[j] = L::select(self.active[j], zero, self.step[j] * self.unscale[j]);
            finite = finite.and(self.step[j].finite());
        }
        for j in 0..P {
            self.step[j] = L::select(finite, self.step[j], zero);
        }
        finite
    }

    /// Lower Cholesky factor of J'J scaled to unit diagonal, with `diagonal` in its place and each pivot's reciprocal
    /// on the factor's own diagonal; active parameters are decoupled. Returns the lanes whose pivots all exceed
    /// `tolerance`.
    fn factorise(&mut self, diagonal: L, tolerance: f64) -> L {
        let (zero, one) = (splat(0.0), splat(1.0));
        let mut positive = zero.eq(zero);
        for j in 0..P {
            for k in 0..=j {
                let held = self.active[j].or(self.active[k]);
                let mut value = if j == k {
                    L::select(held, one, diagonal)
                } else {
                    L::select(held, zero, self.normal[j][k] * (self.unscale[j] * self.unscale[k]))
                };
                for m in 0..k {
                    value = value - self.factor[j][m] * self.factor[k][m];
                }
                if j == k {
                    let good = splat(tolerance).lt(value);
                    positive = positive.and(good);
                    self.factor[j][j] = one / L::select(good, value, one).sqrt();
                } else {
                    self.factor[j][k] = value * self.factor[k][k];
                }
            }
        }
        positive
    }

    /// Standard deviations from the residual variance and (J'J)^-1 of the free parameters, and the lanes in which that
    /// inverse exists.
    fn standard_deviations(&mut self, residual: L) -> L {
        let (zero, one, infinity) = (splat(0.0), splat(1.0), splat(f64::INFINITY));
        let mut identifiable = self.factorise(one, PIVOT_TOLERANCE);
        for j in 0..P {
            identifiable = identifiable.and(zero.lt(self.normal[j][j]).or(self.active[j]));
        }
        let n = self.y.len();
        let variance = if n > P { residual / splat((n - P) as f64) } else { infinity };
        for j in 0..P {
            // Column j of the inverse of the factor: its squared length is the diagonal of the inverse of J'J.
            let mut column = [zero; P];
            let mut diagonal = zero;
            for i in j..P {
                let mut value = if i == j { one } else { zero };
                for (&factor, &below) in self.factor[i][j..i].iter().zip(&column[j..i]) {
                    value = value - factor * below;
                }
                column[i] = value * self.factor[i][i];
                diagonal = diagonal + column[i] * column[i];
            }
            let deviation = (variance * diagonal).sqrt() * self.unscale[j];
            self.sd[j] = L::select(self.active[j], infinity, deviation);
        }
        identifiable
    }
}

fn sum_of_squares(y: &[L], signal: &[L]) -> L {
    y.iter().zip(signal).fold(splat(0.0), |sum, (&y, &s)| {
        let r = y - s;
        sum + r * r
    })
}
