//! The iteration: Levenberg-Marquardt with an active set, a lane for each voxel, lanes refilled as they finish.

// Rows and columns of small matrices are best named by their numbers.
#![allow(clippy::needless_range_loop)]

use super::likelihood::Objective;
use crate::lane::Lane;
use crate::models::MAXIMUM_PARAMETERS;

/// How cautiously a fit goes about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// First damping, as a share of the diagonal of J'J.
    pub damping: f64,
    /// What remains, from one step to the next, of the largest diagonal met so far; damping multiplies the larger of that
    /// and the present one. Above 0 it keeps a parameter that the signal ceases to show from running away (Moré, Lecture
    /// Notes in Mathematics 1978;630:105-116, where it is 1).
    pub memory: f64,
    /// Converged: a step without damping promises to lower the residual by less than this share of it. The estimates are
    /// then within about the root of it of their standard deviations from the minimum, and nearer after that step.
    pub tolerance: f64,
    pub iterations: u32,
}

impl Pace {
    /// From a model's guess.
    pub const QUICK: Self =
        Self { damping: 1e-3, memory: 0.0, tolerance: 1e-12, iterations: super::MAXIMUM_ITERATIONS };
    /// From starts that may lie anywhere.
    pub const CAREFUL: Self = Self { damping: 100.0, memory: 0.5, tolerance: 1e-14, iterations: 10_000 };
}

/// A fit that stalls, or that runs out of iterations, has still converged where that share is below this: the relative
/// offset of Bates and Watts (Technometrics 1981;23:179-183) below about 0.001, or 0.03 in single precision.
fn stalled<L: Lane>() -> f64 {
    (1e4 * L::EPSILON).max(1e-6)
}

/// A residual of n samples below this share of their sum of squares is nothing but their rounding: the fit is exact.
pub(super) fn rounding<L: Lane>(samples: usize) -> f64 {
    samples as f64 * (4.0 * L::EPSILON) * (4.0 * L::EPSILON)
}

/// The largest share of a parameter by which a step may change it that no evaluation follows.
const LONGEST_UNSEEN: f64 = 0.1;

/// A further start is given up once a step without damping this many times over would bring it to no less than the best
/// residual so far less this share.
const NO_BETTER: f64 = 5e-4;
const OUTLOOK: f64 = 2.0;
const LARGEST_DAMPING: f64 = 1e16;
const SMALLEST_DAMPING: f64 = 1e-30;

/// What a parameter stays between, in the coordinates of the problem.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub lower: f64,
    pub upper: f64,
    /// Whether a voxel's scale divides them.
    pub scaled: bool,
}

/// One fit to run: what enters a lane, in the samples' scale of that voxel.
pub(super) struct Entry<'c, L> {
    /// The block of lanes and the place in it where the voxel's samples and start lie.
    pub samples: &'c [L],
    pub start: &'c [L],
    pub place: usize,
    /// By what the samples were divided.
    pub scale: f64,
    pub sigma: f64,
    /// Best residual of the voxel's earlier starts; infinite for the first.
    pub best: f64,
}

/// How one fit ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// Zero beyond the model's parameters.
    pub x: [f64; MAXIMUM_PARAMETERS],
    pub residual: f64,
    pub converged: bool,
    /// Given up: an earlier start did as well.
    pub no_better: bool,
    pub iterations: u32,
}

/// Lanes that fit, whatever the number of parameters.
pub(super) trait Lanes<'a, L: Lane> {
    fn objective(&self) -> &Objective<'a, L>;
    /// Puts a fit into a lane.
    fn load(&mut self, lane: usize, entry: &Entry<L>);
    /// Evaluates every lane's trial, takes it or not, and sets up the next. Returns the lanes that are through, and those
    /// of them that converged or were given up.
    fn advance(&mut self) -> (L, L, L);
    fn end(&self, lane: usize, converged: L, no_better: L) -> End;
}

/// Runs every entry; `finish` gets the key of each with its end, in the order in which they end. No lane feels what the
/// others hold.
pub(super) fn run<'a, 'c, L: Lane, K: Copy>(
    lanes: &mut dyn Lanes<'a, L>,
    mut entries: impl Iterator<Item = (K, Entry<'c, L>)>,
    mut finish: impl FnMut(K, End),
) {
    let mut keys: Vec<Option<K>> = vec![None; L::WIDTH];
    let mut refill = |lanes: &mut dyn Lanes<'a, L>, lane: usize| {
        entries.next().map(|(key, entry)| {
            lanes.load(lane, &entry);
            key
        })
    };
    for (lane, key) in keys.iter_mut().enumerate() {
        *key = refill(lanes, lane);
    }
    while keys.iter().any(Option::is_some) {
        let (done, converged, no_better) = lanes.advance();
        if !done.any() {
            continue;
        }
        for (lane, key) in keys.iter_mut().enumerate().filter(|(lane, _)| done.is_set(*lane)) {
            if let Some(finished) = *key {
                finish(finished, lanes.end(lane, converged, no_better));
                *key = refill(lanes, lane);
            }
        }
    }
}

/// The iteration of P parameters: their number is a constant, so that the loops of the linear algebra are unrolled.
pub(super) struct Solver<'a, L: Lane, const P: usize> {
    objective: Objective<'a, L>,
    pace: Pace,
    held: [L; P],
    limits: [Limits; P],
    y: Vec<L>,
    sigma: L,
    total: L,
    /// Residual below which a fit must promise to come.
    best: L,
    lower: [L; P],
    upper: [L; P],
    /// In boxes, as J'r and the lower triangle of J'J: a step that every lane takes moves pointers.
    x: Box<[L; P]>,
    trial: Box<[L; P]>,
    step: [L; P],
    gradient: Box<[L; P]>,
    trial_gradient: Box<[L; P]>,
    normal: Box<[[L; P]; P]>,
    trial_normal: Box<[[L; P]; P]>,
    /// What damping multiplies.
    scale: [L; P],
    /// Masks of the parameters that stay where they are: held, or on a bound and pushed outward.
    active: [L; P],
    residual: L,
    damping: L,
    growth: L,
    promise: L,
    /// 1 in a lane whose trial is its start.
    fresh: L,
    /// Iterations so far.
    count: L,
}

impl<'a, L: Lane, const P: usize> Solver<'a, L, P> {
    pub(super) fn new(
        objective: Objective<'a, L>,
        pace: Pace,
        samples: usize,
        held: &[bool],
        limits: &[Limits],
    ) -> Self {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let limits: [Limits; P] = std::array::from_fn(|j| limits[j]);
        Self {
            objective,
            pace,
            held: std::array::from_fn(|j| if held[j] { zero.eq(zero) } else { L::none() }),
            limits,
            // Lanes that are empty compute on harmless numbers.
            y: vec![one; samples],
            sigma: one,
            total: one,
            best: L::splat(f64::INFINITY),
            lower: limits.map(|limits| L::splat(limits.lower)),
            upper: limits.map(|limits| L::splat(limits.upper)),
            x: Box::new([one; P]),
            trial: Box::new([one; P]),
            step: [zero; P],
            gradient: Box::new([zero; P]),
            trial_gradient: Box::new([zero; P]),
            normal: Box::new([[zero; P]; P]),
            trial_normal: Box::new([[zero; P]; P]),
            scale: [zero; P],
            active: [L::none(); P],
            residual: one,
            damping: one,
            growth: one,
            promise: one,
            fresh: zero,
            count: zero,
        }
    }

    /// Masks the parameters that lie on a bound and would leave through it, besides those that are held.
    #[inline(always)]
    fn activate(&mut self) {
        let zero = L::splat(0.0);
        for j in 0..P {
            let low = self.x[j].le(self.lower[j]).and(self.gradient[j].le(zero));
            let high = self.upper[j].le(self.x[j]).and(zero.le(self.gradient[j]));
            self.active[j] = self.held[j].or(low).or(high);
        }
    }

    /// The damped step of the free parameters, shortened to end on the first bound it meets, and by how much the
    /// linearised model says that it lowers the sum of squares.
    #[inline(always)]
    fn damped_step(&mut self) {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        // A free parameter on its bound may still be pushed outward by the others: it is held too, and the rest solved
        // again. Each round holds at least one more.
        for _ in 0..=P {
            let system = System {
                normal: &self.normal,
                gradient: &self.gradient,
                active: &self.active,
                scale: &self.scale,
                damping: self.damping,
            };
            system.solve(&mut self.step);
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
        let mut room = [zero; P];
        for j in 0..P {
            room[j] = L::select(self.step[j].lt(zero), self.lower[j], self.upper[j]) - self.x[j];
            let crosses = room[j].abs().lt(self.step[j].abs());
            if crosses.any() {
                let moving = L::select(crosses, self.step[j], one);
                fraction = fraction.smaller(L::select(crosses, room[j] / moving, one));
            }
        }
        // 2 s'J'r - s'J'J s, where J'J s = J'r - damping scale s before the step is shortened.
        let (mut along, mut damped) = (zero, zero);
        for j in 0..P {
            along = along + self.step[j] * self.gradient[j];
            damped = damped + self.step[j] * self.step[j] * self.scale[j];
        }
        self.promise = fraction * (along + along - fraction * (along - self.damping * damped));
        if fraction.lt(one).any() {
            for j in 0..P {
                let scaled = self.step[j] * fraction;
                // The blocking parameter lands on its bound, not a rounding error beside it.
                let lands = room[j].abs().le(scaled.abs() * L::splat(1.0 + 4.0 * L::EPSILON)).and(fraction.lt(one));
                self.step[j] = L::select(lands, room[j], scaled);
            }
        }
    }
}

impl<'a, L: Lane, const P: usize> Lanes<'a, L> for Solver<'a, L, P> {
    fn objective(&self) -> &Objective<'a, L> {
        &self.objective
    }

    fn load(&mut self, lane: usize, entry: &Entry<L>) {
        let mut total = 0.0;
        for (y, sample) in self.y.iter_mut().zip(entry.samples) {
            let value = sample.lane(entry.place);
            total += value * value;
            y.set_lane(lane, value);
        }
        self.total.set_lane(lane, total);
        self.sigma.set_lane(lane, entry.sigma);
        self.best.set_lane(lane, entry.best * (1.0 - NO_BETTER));
        for j in 0..P {
            self.trial[j].set_lane(lane, entry.start[j].lane(entry.place));
            let Limits { lower, upper, scaled } = self.limits[j];
            if scaled {
                self.lower[j].set_lane(lane, lower / entry.scale);
                self.upper[j].set_lane(lane, upper / entry.scale);
            }
        }
        self.fresh.set_lane(lane, 1.0);
        self.count.set_lane(lane, 0.0);
    }

    fn advance(&mut self) -> (L, L, L) {
        let (zero, one, two) = (L::splat(0.0), L::splat(1.0), L::splat(2.0));
        let (gradient, normal) = (&mut self.trial_gradient[..], self.trial_normal.as_flattened_mut());
        let residual = self.objective.linearise(&self.y, &mut self.trial[..], self.sigma, gradient, normal);
        let fresh = self.fresh.gt(zero);
        let better = residual.finite().and(fresh.or(residual.le(self.residual)));

        // Nielsen's damping: a step that kept its promise lowers it, one that barely gained raises it, so that a fit
        // whose Gauss-Newton steps overshoot settles on the damping that it needs.
        let kept = (self.residual - residual) / L::select(self.promise.gt(zero), self.promise, one);
        let excess = (kept + kept - one).larger(-one).smaller(one);
        let factor = (one - excess * excess * excess).larger(L::splat(0.1));
        let lowered = (self.damping * factor).larger(L::splat(SMALLEST_DAMPING));
        let damping = L::select(better, lowered, self.damping * self.growth);
        self.damping = L::select(fresh, L::splat(self.pace.damping), damping);
        self.growth = L::select(better.or(fresh), two, self.growth + self.growth);

        // A start where the residual overflows is kept, with nothing to go by: the fit fails.
        let taken = better.or(fresh);
        self.residual = L::select(taken, residual, self.residual);
        if !taken.not().any() {
            std::mem::swap(&mut self.x, &mut self.trial);
            std::mem::swap(&mut self.gradient, &mut self.trial_gradient);
            std::mem::swap(&mut self.normal, &mut self.trial_normal);
        } else if taken.any() {
            for j in 0..P {
                self.x[j] = L::select(taken, self.trial[j], self.x[j]);
                self.gradient[j] = L::select(taken, self.trial_gradient[j], self.gradient[j]);
                for k in 0..=j {
                    self.normal[j][k] = L::select(taken, self.trial_normal[j][k], self.normal[j][k]);
                }
            }
        }
        for j in 0..P {
            self.scale[j] = L::select(
                fresh,
                self.normal[j][j],
                (self.scale[j] * L::select(better, L::splat(self.pace.memory), one)).larger(self.normal[j][j]),
            );
        }
        self.fresh = zero;
        self.count = self.count + one;

        self.activate();
        self.damped_step();
        // What rounding leaves of a residual, and what is worth no further step.
        let least = L::splat(0.05 * L::EPSILON) * (self.residual * self.total).sqrt();
        let enough = least.larger(self.residual * L::splat(self.pace.tolerance.max(8.0 * L::EPSILON)));
        let exact = self.residual.le(self.total * L::splat(rounding::<L>(self.y.len())));
        let over =
            self.damping.gt(L::splat(LARGEST_DAMPING)).or(self.count.ge(L::splat(f64::from(self.pace.iterations))));
        let over = over.or(self.residual.finite().not());
        let mut converged = exact;
        let candidate = self.promise.le(enough).or(over);
        let weak = self.best.le(self.residual - self.promise * L::splat(OUTLOOK));
        let mut no_better = L::none();
        if candidate.or(weak).any() {
            // What a step without damping would promise: (J'r)' (J'J)^-1 (J'r) over the free parameters.
            let system = System {
                normal: &self.normal,
                gradient: &self.gradient,
                active: &self.active,
                scale: &self.scale,
                damping: zero,
            };
            let mut step = [zero; P];
            system.solve(&mut step);
            let promise = (0..P).fold(zero, |sum, j| sum + step[j] * self.gradient[j]);
            let bar = L::select(over, enough.larger(self.residual * L::splat(stalled::<L>())), enough);
            let settled = candidate.and(promise.le(bar));
            // That step is taken unseen: it is far smaller than the standard deviations. Where these are beyond all measure
            // it may still be a long one, of which the linearised model knows nothing.
            let mut unseen = settled.and(exact.not());
            for j in 0..P {
                unseen = unseen.and(step[j].abs().le(self.x[j].abs() * L::splat(LONGEST_UNSEEN)));
            }
            for j in 0..P {
                let x = (self.x[j] + step[j]).larger(self.lower[j]).smaller(self.upper[j]);
                self.x[j] = L::select(unseen, x, self.x[j]);
            }
            converged = converged.or(settled);
            no_better = weak.and(self.best.le(self.residual - promise * L::splat(OUTLOOK)));
        }
        for j in 0..P {
            // A step that ends on a bound ends exactly there.
            self.trial[j] = (self.x[j] + self.step[j]).larger(self.lower[j]).smaller(self.upper[j]);
        }
        (converged.or(over).or(no_better), converged, no_better)
    }

    fn end(&self, lane: usize, converged: L, no_better: L) -> End {
        let mut at = *self.x;
        self.objective.leave(&mut at);
        let mut x = [0.0; MAXIMUM_PARAMETERS];
        for (x, at) in x.iter_mut().zip(at) {
            *x = at.lane(lane);
        }
        End {
            x,
            residual: self.residual.lane(lane),
            converged: converged.is_set(lane),
            no_better: no_better.is_set(lane),
            iterations: self.count.lane(lane) as u32,
        }
    }
}

/// Solves J'J s = J'r, with damping times the scale added to the diagonal of J'J, by the square-root-free Cholesky
/// factors. A parameter that is active, or that the columns before it determine to rounding, does not move.
struct System<'s, L, const P: usize> {
    normal: &'s [[L; P]; P],
    gradient: &'s [L; P],
    active: &'s [L; P],
    scale: &'s [L; P],
    damping: L,
}

impl<L: Lane, const P: usize> System<'_, L, P> {
    /// Writes the step. (A result that is returned would be copied to where it belongs.)
    #[inline(always)]
    fn solve(&self, step: &mut [L; P]) {
        // Many unrolled loops are long, and stand where they are used only while they are short.
        if P <= 3 {
            self.eliminate(step);
        } else {
            self.eliminate_apart(step);
        }
    }

    #[inline(never)]
    fn eliminate_apart(&self, step: &mut [L; P]) {
        self.eliminate(step);
    }

    #[inline(always)]
    fn eliminate(&self, step: &mut [L; P]) {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let rounding = L::splat(16.0 * L::EPSILON);
        // The factors in the lower triangle, their products with the pivots in the upper one, and reciprocal pivots on the
        // diagonal. With every loop unrolled it is never written to memory, let alone cleared.
        let mut factor = [[zero; P]; P];
        let mut reduced = [zero; P];
        unrolled!(j < P, {
            let whole = self.normal[j][j] + self.scale[j] * self.damping;
            let mut pivot = whole;
            let mut value = self.gradient[j];
            for k in 0..j {
                let mut product = self.normal[j][k];
                for m in 0..k {
                    product = product - factor[m][j] * factor[k][m];
                }
                factor[k][j] = product;
                factor[j][k] = product * factor[k][k];
                pivot = pivot - product * factor[j][k];
                value = value - factor[j][k] * reduced[k];
            }
            // The reciprocal does not wait to hear whether it is one.
            let good = pivot.gt(whole * rounding);
            factor[j][j] = (one / pivot).masked(good.and(self.active[j].not()));
            reduced[j] = value;
        });
        for j in (0..P).rev() {
            let mut value = reduced[j] * factor[j][j];
            for k in j + 1..P {
                value = value - factor[k][j] * step[k];
            }
            step[j] = value;
        }
    }
}
