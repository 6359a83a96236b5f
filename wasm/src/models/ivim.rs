//! Intravoxel incoherent motion, Le Bihan et al. 1988.

use super::mono_exponential::B;
use super::{AnySignal, Description, Equation, Model, Parameter, Problem, Sampled};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Design, Protocol, Setting, SettingValue, Settings};

/// S = S0 [f exp(-b Dstar) + (1 - f) exp(-b D)], the convention of OSIPI: the perfusion compartment decays with Dstar
/// alone, not with D + Dstar.
pub struct Ivim;

impl Ivim {
    /// Where the segmented fit's tissue segment begins unless a setting says otherwise (s/mm2).
    pub const THRESHOLD: f64 = 200.0;
    /// Columns of a design: b, then the threshold.
    pub(crate) const COLUMN_B: usize = 0;
    pub(crate) const COLUMN_THRESHOLD: usize = 1;
}

static DESCRIPTION: Description = Description {
    id: "ivim",
    name: "Intravoxel incoherent motion (bi-exponential)",
    description: "Perfusion and tissue, each with one exponential decay. At the signal-to-noise ratio of a clinical scan \
                  least squares determines Dstar poorly; two other estimators trade some bias for far less scatter. \
                  Segmented: D and S0 (1 - f) from b at or above the threshold (setting, 200 s/mm2 unless stated), then, \
                  these held, Dstar by a search within its bounds and f in closed form for each Dstar. Prior: the \
                  posterior's mode with ln Dstar normal about ln 0.03 mm2/s with a standard deviation of 0.6, ln D about \
                  ln 0.0013 mm2/s with 0.5, S0 and f flat.",
    parameters: &[
        Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal without diffusion weighting"),
        Parameter::new("f", "", 0.0, 1.0, "perfusion fraction of that signal"),
        Parameter::new("Dstar", "mm2/s", 0.005, 0.2, "pseudo-diffusion coefficient of the perfusion compartment"),
        Parameter::new("D", "mm2/s", 0.0, 0.005, "diffusion coefficient of tissue"),
    ],
    equation: r"S(b) = S_0 \left[ f \, e^{-b D^*} + (1 - f) \, e^{-b D} \right]",
    citation: "Le Bihan D, Breton E, Lallemand D, Aubin ML, Vignaud J, Laval-Jeantet M. Separation of diffusion and \
               perfusion in intravoxel incoherent motion MR imaging. Radiology 1988;168:497-505",
    doi: Some("10.1148/radiology.168.2.3393671"),
    protocol: &[B],
    settings: &[Setting {
        name: "threshold",
        unit: "s/mm2",
        required: false,
        description: "smallest b of the segmented fit's tissue segment; 200 where it is not stated",
        choices: &[],
    }],
    magnitude: true,
    estimators: &["nlls", "segmented", "prior"],
    minimum_samples: 4,
};

impl Model for Ivim {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        DESCRIPTION.check_settings(settings)?;
        let design = protocol.design(DESCRIPTION.id, DESCRIPTION.protocol)?;
        let threshold = match settings.get("threshold") {
            Some(SettingValue::Number(threshold)) => *threshold,
            _ => Self::THRESHOLD,
        };
        let more = vec![vec![threshold]; design.rows()];
        Ok(design.extended(&more))
    }
}

impl Equation for Ivim {
    const PARAMETERS: usize = 4;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let &[s0, f, fast, slow] = p else { unreachable!("four parameters") };
        let b = L::splat(at[0]);
        let tissue_share = L::splat(1.0) - f;
        let perfusion = (-(b * fast)).exp();
        let tissue = (-(b * slow)).exp();
        let relative = f * perfusion + tissue_share * tissue;
        gradient[0] = relative;
        gradient[1] = s0 * (perfusion - tissue);
        gradient[2] = -(b * s0 * f * perfusion);
        gradient[3] = -(b * s0 * tissue_share * tissue);
        s0 * relative
    }

    fn problem<'a, L: Lane>(&'a self, design: &'a Design) -> Box<dyn Problem<L> + 'a> {
        Box::new(FromGrid { sampled: Sampled { equation: self, design }, grid: IvimGrid::new(design) })
    }
}

/// The problem of the equation, started where a grid shows its minima.
struct FromGrid<'a> {
    sampled: Sampled<'a, Ivim>,
    grid: IvimGrid,
}

impl<L: Lane> Problem<L> for FromGrid<'_> {
    fn starts(&self) -> usize {
        STARTS
    }

    fn start(&self, k: usize, samples: &[L], p: &mut [L]) -> bool {
        p[..4].copy_from_slice(&self.grid.starts(samples)[k]);
        true
    }

    fn linearise(&mut self, samples: &[L], p: &mut [L], gradient: &mut [L], normal: &mut [L]) -> L {
        self.sampled.linearise(samples, p, gradient, normal)
    }
}

/// Every pair of a few decay rates with its best amplitudes: the sum of squares on this grid, which costs no exponential
/// per voxel, shows where its minima over Dstar lie.
pub(crate) struct IvimGrid {
    b: Vec<f64>,
    fast_rates: [f64; FAST],
    slow_rates: [f64; SLOW],
    /// exp(-b rate) of each sample, for the rates of perfusion and of tissue.
    fast: Vec<Vec<f64>>,
    slow: Vec<Vec<f64>>,
    /// Sums of squares of the decays.
    fast_square: [f64; FAST],
    slow_square: [f64; SLOW],
    /// Sums of products of each pair, and the reciprocal determinant of its normal equations, 0 where they are as good as
    /// singular.
    product: [[f64; SLOW]; FAST],
    inverse: [[f64; SLOW]; FAST],
}

const FAST: usize = 12;
const SLOW: usize = 20;

/// Perfusion rates, evenly spaced in their logarithm (mm2/s).
fn fast_rates() -> [f64; FAST] {
    const ENDS: (f64, f64) = (0.0053, 0.19);
    let step = libm::log(ENDS.1 / ENDS.0) / (FAST - 1) as f64;
    core::array::from_fn(|i| ENDS.0 * libm::exp(i as f64 * step))
}

/// Tissue rates, closer to each other where they are small, with spacings that change smoothly (mm2/s).
fn slow_rates() -> [f64; SLOW] {
    core::array::from_fn(|j| {
        let x = (j as f64 + 0.5) / SLOW as f64;
        0.005 * x * x.sqrt()
    })
}

/// Minima that are looked for on the grid.
const MINIMA: usize = 3;
/// Those and the customary start.
pub(crate) const STARTS: usize = MINIMA + 1;

impl IvimGrid {
    pub(crate) fn new(design: &Design) -> Self {
        let b: Vec<f64> = (0..design.rows()).map(|i| design.row(i)[Ivim::COLUMN_B]).collect();
        let decays = |rates: &[f64]| -> Vec<Vec<f64>> {
            rates.iter().map(|rate| b.iter().map(|b| libm::exp(-b * rate)).collect()).collect()
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (fast_rates, slow_rates) = (fast_rates(), slow_rates());
        let (fast, slow) = (decays(&fast_rates), decays(&slow_rates));
        let fast_square = core::array::from_fn(|i| dot(&fast[i], &fast[i]));
        let slow_square = core::array::from_fn(|j| dot(&slow[j], &slow[j]));
        let mut product = [[0.0; SLOW]; FAST];
        let mut inverse = product;
        for i in 0..FAST {
            for j in 0..SLOW {
                product[i][j] = dot(&fast[i], &slow[j]);
                let squares: f64 = fast_square[i] * slow_square[j];
                let determinant = squares - product[i][j] * product[i][j];
                inverse[i][j] = if determinant > 1e-9 * squares { 1.0 / determinant } else { 0.0 };
            }
        }
        Self { b, fast_rates, slow_rates, fast, slow, fast_square, slow_square, product, inverse }
    }

    /// Parameters near the least minimum over Dstar, near the next-best other ones (the best again where there are fewer),
    /// and the customary f = 0.1, Dstar = 0.01, D = 0.001 mm2/s with S0 the largest sample at the smallest b. f is kept off
    /// its ends, where Dstar or D would have no effect.
    pub(crate) fn starts<L: Lane>(&self, samples: &[L]) -> [[L; 4]; STARTS] {
        let zero = L::splat(0.0);
        let along = |decay: &Vec<f64>| {
            decay.iter().zip(samples).fold(zero, |sum, (&decay, &sample)| sum + L::splat(decay) * sample)
        };
        let slow: [L; SLOW] = core::array::from_fn(|j| along(&self.slow[j]));
        let profile: [(L, L); FAST] = core::array::from_fn(|i| self.best_at(i, along(&self.fast[i]), &slow));
        let mut best = [L::splat(f64::NEG_INFINITY); MINIMA];
        let mut rates = [[L::splat(self.fast_rates[0]), profile[0].1]; MINIMA];
        for (i, &(gain, d)) in profile.iter().enumerate() {
            let (i_below, i_above) = (i.saturating_sub(1), (i + 1).min(FAST - 1));
            let (below, above) = (profile[i_below], profile[i_above]);
            let mut peak = gain.lt(above.0).not();
            if i > 0 {
                peak = peak.and(below.0.lt(gain));
            }
            // Between the points, by the parabola through the peak and its neighbours.
            let shift = if i > 0 && i + 1 < FAST { vertex(below.0, gain, above.0).0 } else { zero };
            let left = shift.lt(zero);
            let between = |low: L, middle: L, high: L| middle + shift * L::select(left, middle - low, high - middle);
            let [low, middle, high] =
                [self.fast_rates[i_below], self.fast_rates[i], self.fast_rates[i_above]].map(L::splat);
            let mut own = [between(low, middle, high), between(below.1, d, above.1)];
            // Insertion into the ranks.
            let mut gain = gain;
            for (best, kept) in best.iter_mut().zip(&mut rates) {
                let better = peak.and(best.lt(gain));
                (*best, gain) = (L::select(better, gain, *best), L::select(better, *best, gain));
                for (kept, value) in kept.iter_mut().zip(&mut own) {
                    (*kept, *value) = (L::select(better, *value, *kept), L::select(better, *kept, *value));
                }
            }
        }
        let least = rates[0];
        for (rates, gain) in rates.iter_mut().zip(best).skip(1) {
            let empty = gain.le(L::splat(f64::NEG_INFINITY));
            for (rate, least) in rates.iter_mut().zip(least) {
                *rate = L::select(empty, least, *rate);
            }
        }
        let [first, second, third] = rates.map(|[fast, slow]| self.settled(samples, fast, slow));
        let smallest = self.b.iter().fold(f64::INFINITY, |smallest, &b| smallest.min(b));
        let at_smallest = self.b.iter().zip(samples).filter(|(b, _)| **b == smallest);
        let s0 = at_smallest.fold(zero, |largest, (_, &sample)| largest.larger(sample));
        [first, second, third, [s0, L::splat(0.1), L::splat(0.01), L::splat(0.001)]]
    }

    /// S0, f and D that go best with a perfusion rate: from a rate of tissue near the best one, by a Gauss-Newton step of
    /// it and the amplitudes together. A shallow minimum is lost from a start that lies above its rim.
    fn settled<L: Lane>(&self, samples: &[L], fast: L, slow: L) -> [L; 4] {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let mut d = slow;
        let mut best = [zero; 2];
        for pass in 0..2 {
            // Decays u of perfusion and v of tissue, w = b v.
            let (mut uu, mut uv, mut vv, mut uy, mut vy) = (zero, zero, zero, zero, zero);
            let (mut uw, mut vw, mut ww, mut wy) = (zero, zero, zero, zero);
            for (&b, &y) in self.b.iter().zip(samples) {
                let b = L::splat(b);
                let (u, v) = ((-(b * fast)).exp(), (-(b * d)).exp());
                let w = b * v;
                (uu, uv, vv) = (uu + u * u, uv + u * v, vv + v * v);
                (uw, vw, ww) = (uw + u * w, vw + v * w, ww + w * w);
                (uy, vy, wy) = (uy + u * y, vy + v * y, wy + w * y);
            }
            let determinant = uu * vv - uv * uv;
            let regular = determinant.gt(L::splat(1e-9) * uu * vv);
            let inverse = L::select(regular, one / L::select(regular, determinant, one), zero);
            best = amplitudes([uy, vy], [uu, vv], uv, inverse).1;
            let [perfusion, tissue] = best;
            if pass == 0 {
                // What of w neither decay explains: with an amplitude at 0, that decay explains nothing.
                let both = regular.and(perfusion.gt(zero));
                let explained = L::select(
                    both,
                    (vv * uw * uw - (uv + uv) * uw * vw + uu * vw * vw) * inverse,
                    vw * vw / L::select(vv.gt(zero), vv, one),
                );
                let own = (ww - explained) * tissue;
                let movable = own.gt(zero).and(tissue.gt(zero));
                let step = (perfusion * uw + tissue * vw - wy) / L::select(movable, own, one);
                let farthest = L::splat(0.3) * d + L::splat(5e-5);
                let step = step.smaller(farthest).larger(-farthest);
                d = L::select(movable, d + step, d).larger(L::splat(self.slow_rates[0]));
            }
        }
        let [perfusion, tissue] = best;
        let s0 = perfusion + tissue;
        let share = perfusion / L::select(zero.lt(s0), s0, one);
        [s0, share.larger(L::splat(0.002)).smaller(L::splat(0.998)), fast, d]
    }

    /// What the best D and amplitudes, neither below 0, take off the sum of squares at the perfusion rate of index `i`,
    /// and that D. `fast` and `slow` are the sums of products of the samples with the decays.
    #[inline(always)]
    fn best_at<L: Lane>(&self, i: usize, fast: L, slow: &[L; SLOW]) -> (L, L) {
        let gain: [L; SLOW] = core::array::from_fn(|j| {
            let squares = [L::splat(self.fast_square[i]), L::splat(self.slow_square[j])];
            let (product, inverse) = (L::splat(self.product[i][j]), L::splat(self.inverse[i][j]));
            amplitudes([fast, slow[j]], squares, product, inverse).0
        });
        let (mut best, mut d) = (L::splat(f64::NEG_INFINITY), L::splat(self.slow_rates[0]));
        for j in 0..SLOW {
            let (below, above) = (j.saturating_sub(1), (j + 1).min(SLOW - 1));
            let inside = below < j && j < above;
            let (shift, rise) =
                if inside { vertex(gain[below], gain[j], gain[above]) } else { (L::splat(0.0), L::splat(0.0)) };
            let top = gain[j] + rise;
            let better = best.lt(top);
            let [low, high] =
                [self.slow_rates[j] - self.slow_rates[below], self.slow_rates[above] - self.slow_rates[j]]
                    .map(L::splat);
            let own = L::splat(self.slow_rates[j]) + shift * L::select(shift.lt(L::splat(0.0)), low, high);
            best = L::select(better, top, best);
            d = L::select(better, own, d);
        }
        (best, d)
    }
}

/// Amplitudes of two decays, neither below 0, that take most off the sum of squares, and what they take off: from the
/// decays' sums of products with the samples, their sums of squares, that of their product, and the reciprocal
/// determinant (0 where it vanishes).
#[inline(always)]
fn amplitudes<L: Lane>([u, v]: [L; 2], [uu, vv]: [L; 2], uv: L, inverse: L) -> (L, [L; 2]) {
    let zero = L::splat(0.0);
    let both = [(vv * u - uv * v) * inverse, (uu * v - uv * u) * inverse];
    let inside = zero.lt(both[0]).and(zero.lt(both[1]));
    let alone = [(u / uu).larger(zero), (v / vv).larger(zero)];
    let gains = [alone[0] * u, alone[1] * v];
    let first = gains[1].lt(gains[0]);
    let gain = L::select(inside, both[0] * u + both[1] * v, gains[0].larger(gains[1]));
    let single = [L::select(first, alone[0], zero), L::select(first, zero, alone[1])];
    (gain, [0, 1].map(|k| L::select(inside, both[k], single[k])))
}

/// The vertex of the parabola through three equally spaced heights, the middle one no lower than the others: its distance
/// from the middle in spacings and its height above it; 0 and 0 for anything else.
#[inline(always)]
fn vertex<L: Lane>(left: L, middle: L, right: L) -> (L, L) {
    let zero = L::splat(0.0);
    let bend = middle + middle - left - right;
    let peak = zero.lt(bend).and(left.le(middle)).and(right.le(middle));
    let shift = L::splat(0.5) * (right - left) / L::select(peak, bend, L::splat(1.0));
    let shift = L::select(peak, shift, zero);
    (shift, L::splat(0.25) * (right - left) * shift)
}
