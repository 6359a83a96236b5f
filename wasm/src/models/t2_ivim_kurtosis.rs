//! Vascular and tissue compartments with their own T2, the tissue with diffusional kurtosis.

use super::mono_exponential::B;
use super::{AnySignal, Description, Equation, Model, Parameter, Problem, Sampled};
use crate::lane::Lane;
use crate::protocol::{Column, Design};
use crate::sort::distinct;

/// S = S0 [f exp(-b Dv - TE/T2v) + (1 - f) exp(-b Dt + K (b Dt)^2 / 6 - TE/T2t)].
///
/// The kurtosis term is a series in b cut after its square: it holds while b Dt K is small, and past b = 3 / (Dt K) the
/// equation rises again.
pub struct T2IvimKurtosis;

static DESCRIPTION: Description = Description {
    id: "t2-ivim-kurtosis",
    name: "T2-IVIM with kurtosis",
    description: "Blood and tissue, each with its diffusion and T2; tissue diffusion with kurtosis.",
    parameters: &[
        Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal at b = 0 and TE = 0"),
        Parameter::new("f", "", 0.0, 1.0, "vascular fraction of that signal"),
        Parameter::new("Dv", "mm2/s", 0.003, 0.5, "pseudo-diffusion coefficient of the vascular compartment"),
        Parameter::new("T2v", "s", 0.01, 1.0, "T2 of the vascular compartment"),
        Parameter::new("Dt", "mm2/s", 0.0, 0.005, "diffusion coefficient of tissue"),
        Parameter::new("K", "", 0.0, 3.0, "diffusional kurtosis of tissue"),
        Parameter::new("T2t", "s", 0.01, 1.0, "T2 of tissue"),
    ],
    equation: concat!(
        r"S(b, TE) = S_0 \left[ f \, e^{-b D_v - TE/T_{2v}} ",
        r"+ (1 - f) \, e^{-b D_t + K (b D_t)^2 / 6 - TE/T_{2t}} \right]"
    ),
    citation: "Le Bihan D, Breton E, Lallemand D, Aubin ML, Vignaud J, Laval-Jeantet M. Separation of diffusion and \
               perfusion in intravoxel incoherent motion MR imaging. Radiology 1988;168:497-505; T2 of the \
               compartments: Jerome NP et al. Phys Med Biol 2016;61:N667-N680; kurtosis: Jensen JH et al. Magn Reson \
               Med 2005;53:1432-1440",
    doi: Some("10.1148/radiology.168.2.3393671"),
    protocol: &[B, Column { name: "TE", unit: "s", required: true, description: "echo time of each sample" }],
    settings: &[],
    magnitude: true,
    estimators: &["nlls"],
    minimum_samples: 7,
};

impl Model for T2IvimKurtosis {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }
}

impl Equation for T2IvimKurtosis {
    const PARAMETERS: usize = 7;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let (b, te) = (L::splat(at[0]), L::splat(at[1]));
        let &[s0, f, dv, t2v, dt, k, t2t] = p else { unreachable!("seven parameters") };
        let one = L::splat(1.0);
        let attenuation = b * dt;
        let square = attenuation * attenuation / L::splat(6.0);
        let vascular = (-(b * dv) - te / t2v).exp();
        let tissue = (k * square - attenuation - te / t2t).exp();
        let relative = f * vascular + (one - f) * tissue;
        let vascular_signal = s0 * f * vascular;
        let tissue_signal = s0 * (one - f) * tissue;
        gradient[0] = relative;
        gradient[1] = s0 * (vascular - tissue);
        gradient[2] = -(b * vascular_signal);
        gradient[3] = vascular_signal * te / (t2v * t2v);
        gradient[4] = tissue_signal * b * (k * attenuation / L::splat(3.0) - one);
        gradient[5] = tissue_signal * square;
        gradient[6] = tissue_signal * te / (t2t * t2t);
        s0 * relative
    }

    fn problem<'a, L: Lane>(&'a self, design: &'a Design) -> Box<dyn Problem<L> + 'a> {
        let start = Start::new(design);
        match Grid::new(design, start.clone()) {
            Some(grid) => Box::new(grid),
            None => Box::new(Scattered { sampled: Sampled { equation: self, design }, start }),
        }
    }
}

/// Samples that fill no grid.
struct Scattered<'a> {
    sampled: Sampled<'a, T2IvimKurtosis>,
    start: Start,
}

impl<L: Lane> Problem<L> for Scattered<'_> {
    fn starts(&self) -> usize {
        Start::COUNT
    }

    fn start(&self, k: usize, samples: &[L], p: &mut [L]) -> bool {
        self.start.propose(k, samples, p);
        true
    }

    fn further(&self, end: &[f64], snr: f64) -> usize {
        self.start.further(end, snr)
    }

    fn linearise(&mut self, samples: &[L], p: &mut [L], gradient: &mut [L], normal: &mut [L]) -> L {
        self.sampled.linearise(samples, p, gradient, normal)
    }
}

/// The closed-form start. Tissue: log-linear least squares of the samples at high b, where the vascular signal has
/// decayed, weighted for a typical decay. Vascular compartment: one decay, with the amplitudes of both solved for.
///
/// Further starts differ from it in what decides between the minima that noise leaves: the two diffusion coefficients,
/// the T2 of blood and the kurtosis. They and their order were chosen by simulation, each for the minima that those before
/// it miss (tests/suite/t2_ivim_kurtosis.rs states how well they do).
#[derive(Clone)]
struct Start {
    /// Largest b and TE, in which the rest is measured.
    b_unit: f64,
    te_unit: f64,
    b: Vec<f64>,
    te: Vec<f64>,
    mean_te: f64,
    /// Rows of the samples in the log-linear fit, and its pseudo-inverse: coefficient by coefficient (ln S at b = 0 and
    /// TE = 0, Dt, K Dt^2 / 6, 1 / T2t).
    tissue: Vec<usize>,
    inverse: [Vec<f64>; 4],
    /// Vascular signal of unit amplitude.
    vascular: Vec<f64>,
}

impl Start {
    /// Above this b (s/mm2) the vascular signal is taken to have decayed.
    const TISSUE_B: f64 = 200.0;
    /// Decay by which samples are weighted in the log-linear fit: typical values of tissue.
    const TYPICAL: [f64; 2] = [0.001, 1.0 / 0.08];
    /// Dv and T2v.
    const VASCULAR: [f64; 2] = [0.015, 0.03];
    /// Dv, T2v and, where they are not those of the first start, Dt and K.
    const FURTHER: [(f64, f64, Option<[f64; 2]>); 7] = [
        (0.03, 0.15, Some([0.002, 0.8])),
        (0.004, 0.012, Some([0.002, 0.8])),
        (0.005, 0.07, Some([3e-5, 0.5])),
        (0.05, 0.05, Some([0.003, 1.5])),
        (0.1, 0.02, None),
        (0.01, 0.05, Some([0.001, 1.5])),
        (0.015, 0.05, Some([0.0001, 0.1])),
    ];
    const COUNT: usize = 1 + Self::FURTHER.len();

    /// How many further starts find the least minimum nearly always, by where the first fit ended. Other minima lie where
    /// the two compartments are hard to tell apart (blood that diffuses slowly, little blood, much kurtosis), and the more
    /// of them the stronger the noise.
    fn further(&self, end: &[f64], snr: f64) -> usize {
        let &[_, f, dv, t2v, _, k, t2t] = end else { unreachable!("seven parameters") };
        let blood = f * libm::exp(-self.mean_te / t2v);
        let tissue = (1.0 - f) * libm::exp(-self.mean_te / t2t);
        let alike =
            |dv_below: f64, share_below: f64| dv < dv_below || blood < share_below * (blood + tissue) || k > 2.9;
        match () {
            () if snr >= 60.0 => usize::from(alike(0.0155, 0.115)),
            () if snr >= 30.0 => 3 * usize::from(alike(0.0155, 0.115)),
            () if alike(0.0185, 0.17) => Self::FURTHER.len(),
            () => usize::from(snr < 20.0) + usize::from(snr < 15.0),
        }
    }

    fn new(design: &Design) -> Self {
        let column = |j: usize| (0..design.rows()).map(move |i| design.row(i)[j]);
        let largest = |j: usize| {
            let largest = column(j).fold(0.0, f64::max);
            if largest > 0.0 {
                largest
            } else {
                1.0
            }
        };
        let (b_unit, te_unit) = (largest(0), largest(1));
        let b: Vec<f64> = column(0).map(|b| b / b_unit).collect();
        let te: Vec<f64> = column(1).map(|te| te / te_unit).collect();
        let mean_te = column(1).sum::<f64>() / design.rows() as f64;
        let high = |&i: &usize| design.row(i)[0] > Self::TISSUE_B;
        let mut tissue: Vec<usize> = (0..design.rows()).filter(high).collect();
        if tissue.len() < 4 {
            tissue = (0..design.rows()).collect();
        }
        let rows: Vec<[f64; 4]> = tissue.iter().map(|&i| [1.0, -b[i], b[i] * b[i], -te[i]]).collect();
        let weight = |&i: &usize| {
            let &[b, te] = design.row(i) else { unreachable!("two columns") };
            libm::exp(-2.0 * (b * Self::TYPICAL[0] + te * Self::TYPICAL[1]))
        };
        let weights: Vec<f64> = tissue.iter().map(weight).collect();
        let inverse = pseudo_inverse(&rows, &weights);
        let [dv, t2v] = Self::VASCULAR;
        let vascular = (0..design.rows()).map(|i| libm::exp(-design.row(i)[0] * dv - design.row(i)[1] / t2v)).collect();
        Self { b_unit, te_unit, b, te, mean_te, tissue, inverse, vascular }
    }

    fn propose<L: Lane>(&self, k: usize, samples: &[L], p: &mut [L]) {
        if k > 0 {
            let (dv, t2v, tissue) = Self::FURTHER[k - 1];
            (p[2], p[3]) = (L::splat(dv), L::splat(t2v));
            if let Some([dt, k]) = tissue {
                (p[4], p[5]) = (L::splat(dt), L::splat(k));
            }
            return;
        }
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let largest = samples.iter().fold(zero, |largest, &s| largest.larger(s));
        let floor = L::select(largest.gt(zero), largest, one) * L::splat(1e-3);
        let mut coefficients = [zero; 4];
        for (at, &i) in self.tissue.iter().enumerate() {
            let log = samples[i].larger(floor).ln();
            for (coefficient, inverse) in coefficients.iter_mut().zip(&self.inverse) {
                *coefficient = *coefficient + L::splat(inverse[at]) * log;
            }
        }
        let within = |x: L, low: f64, high: f64| x.larger(L::splat(low)).smaller(L::splat(high));
        let dt = within(coefficients[1], 1e-4 * self.b_unit, 0.0045 * self.b_unit);
        let k = within(L::splat(6.0) * coefficients[2] / (dt * dt), 0.05, 2.5);
        let rate = within(coefficients[3], self.te_unit / 0.5, self.te_unit / 0.01);
        let tissue: Vec<L> = (0..samples.len())
            .map(|i| {
                let x = dt * L::splat(self.b[i]);
                (k * x * x * L::splat(1.0 / 6.0) - x - rate * L::splat(self.te[i])).exp()
            })
            .collect();
        let (mut tt, mut vt, mut vv, mut ty, mut vy) = (zero, zero, zero, zero, zero);
        for ((&v, &t), &y) in self.vascular.iter().zip(&tissue).zip(samples) {
            let v = L::splat(v);
            tt = tt + t * t;
            vt = vt + v * t;
            vv = vv + v * v;
            ty = ty + t * y;
            vy = vy + v * y;
        }
        let determinant = tt * vv - vt * vt;
        let distinct = determinant.gt(tt * vv * L::splat(1e-6));
        let a = (tt * vy - vt * ty) / L::select(distinct, determinant, one);
        let a = L::select(distinct, a, zero).larger(zero);
        let t = ((ty - a * vt) / tt).larger(zero);
        let s0 = a + t;
        let s0 = L::select(s0.gt(zero), s0, one);
        p[0] = s0;
        p[1] = within(a / s0, 0.02, 0.9);
        p[2] = L::splat(Self::VASCULAR[0]);
        p[3] = L::splat(Self::VASCULAR[1]);
        p[4] = dt * L::splat(1.0 / self.b_unit);
        p[5] = k;
        p[6] = L::splat(self.te_unit) / rate;
    }
}

/// (X'WX)^-1 X'W row by row; a column that those before it determine gets zeros.
fn pseudo_inverse(rows: &[[f64; 4]], weights: &[f64]) -> [Vec<f64>; 4] {
    let mut normal = [[0.0; 4]; 4];
    for (row, weight) in rows.iter().zip(weights) {
        for j in 0..4 {
            for k in 0..4 {
                normal[j][k] += weight * row[j] * row[k];
            }
        }
    }
    let scale: [f64; 4] = std::array::from_fn(|j| normal[j][j]);
    let mut right: [Vec<f64>; 4] =
        std::array::from_fn(|j| rows.iter().zip(weights).map(|(row, weight)| weight * row[j]).collect());
    // Gauss-Jordan on the positive definite system.
    for j in 0..4 {
        if normal[j][j] <= 1e-9 * scale[j] {
            right[j].fill(0.0);
            for k in 0..4 {
                normal[j][k] = 0.0;
                normal[k][j] = 0.0;
            }
            continue;
        }
        let pivot = 1.0 / normal[j][j];
        normal[j] = normal[j].map(|value| value * pivot);
        right[j].iter_mut().for_each(|value| *value *= pivot);
        for k in (0..4).filter(|&k| k != j) {
            let factor = normal[k][j];
            for m in 0..4 {
                normal[k][m] -= factor * normal[j][m];
            }
            let (from, to) = if j < k {
                let (head, tail) = right.split_at_mut(k);
                (&head[j], &mut tail[0])
            } else {
                let (head, tail) = right.split_at_mut(j);
                (&tail[0], &mut head[k])
            };
            to.iter_mut().zip(from).for_each(|(to, from)| *to -= factor * from);
        }
    }
    right
}

/// Samples that fill a grid of b and TE, each pair once. The signal is a sum of two products of a function of b and one
/// of TE, and so are the columns of its Jacobian: J'J comes from sums over b times sums over TE, and of exponentials
/// there are two for each b and each TE, not for each sample.
///
/// Its own coordinates are the amplitudes of both compartments at the mean TE, in which the signal is linear, and rates
/// instead of T2: A, B, Dv, 1/T2v, Dt, K, 1/T2t. Their amplitudes are always the best ones that are not negative, as in
/// variable projection (Golub and Pereyra, SIAM J Numer Anal 1973;10:413-432).
struct Grid<L> {
    start: Start,
    /// Whether it works in its own coordinates.
    own: bool,
    /// TE (s) at which the amplitudes hold: the mean, or 0 for the model's parameters.
    center: f64,
    /// Distinct TE in units of the largest.
    te: Vec<f64>,
    /// The sample of each pair, b by b, where they do not come in that order; and room for them.
    order: Option<Vec<usize>>,
    ordered: Vec<L>,
    by_te: Vec<AtTe<L>>,
    by_b: Vec<AtB<L>>,
    /// How many of those are at b = 0, where nothing decays.
    unweighted: usize,
    /// Pair by pair, in that order.
    at: Vec<At<L>>,
}

/// What belongs to one TE: that, from the center and in units of the largest, and the decays of blood and tissue.
#[derive(Clone, Copy)]
struct AtTe<L> {
    te: L,
    u: L,
    w: L,
}

/// What belongs to one b: that, in units of the largest, and the decays of blood and tissue.
#[derive(Clone, Copy)]
struct AtB<L> {
    b: L,
    v: L,
    t: L,
}

/// What belongs to one sample: its b and TE, the decays of blood and tissue, and the residual.
#[derive(Clone, Copy)]
struct At<L> {
    b: L,
    te: L,
    blood: L,
    flesh: L,
    r: L,
}

/// Sums over the samples of products of the columns v u, b v u, TE v u, t w, b t w, b^2 t w, TE t w, where v and u are the
/// decays of the vascular compartment with b and TE, t and w those of tissue; TE counts from the center.
struct Sums<L> {
    /// Sums over TE of u u, u w and w w with powers of TE.
    uu: [L; 3],
    uw: [L; 3],
    ww: [L; 3],
    /// Sums over b of v v, v t and t t with powers of b.
    vv: [L; 3],
    vt: [L; 4],
    tt: [L; 5],
    /// The columns with the residuals.
    along: [L; 7],
    residual: L,
}

impl<L: Lane> Grid<L> {
    fn new(design: &Design, start: Start) -> Option<Self> {
        let (b, te) = (distinct(start.b.clone()), distinct(start.te.clone()));
        if b.len() * te.len() != design.rows() {
            return None;
        }
        let cell = |b: f64, te: f64| (0..design.rows()).find(|&i| start.b[i] == b && start.te[i] == te);
        let pairs = b.iter().flat_map(|&b| te.iter().map(move |&te| (b, te)));
        let order = pairs.map(|(b, te)| cell(b, te)).collect::<Option<Vec<_>>>()?;
        let order = order.iter().enumerate().any(|(place, &i)| place != i).then_some(order);
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let by_te: Vec<_> = te.iter().map(|&te| AtTe { te: L::splat(te), u: one, w: one }).collect();
        let by_b: Vec<_> = b.iter().map(|&b| AtB { b: L::splat(b), v: one, t: one }).collect();
        let cells = by_b.iter().flat_map(|&AtB { b, .. }| by_te.iter().map(move |&AtTe { te, .. }| (b, te)));
        let at = cells.map(|(b, te)| At { b, te, blood: zero, flesh: zero, r: zero }).collect();
        let unweighted = b.iter().take_while(|&&b| b == 0.0).count();
        let ordered = if order.is_some() { vec![zero; design.rows()] } else { Vec::new() };
        Some(Self { start, own: false, center: 0.0, te, order, ordered, by_te, by_b, unweighted, at })
    }

    // The loops below keep few sums each, which fit in registers, and walk one list each where they can.

    /// Decays that do not depend on the amplitudes, and their sums. Blood decays as exp(fast b + rate_v TE), tissue as
    /// exp(slow b + bend b^2 + rate_t TE).
    #[inline(always)]
    fn decays(&mut self, fast: L, rate_v: L, slow: L, bend: L, rate_t: L) -> Sums<L> {
        let zero = L::splat(0.0);
        for at in &mut self.by_te {
            (at.u, at.w) = ((at.te * rate_v).exp_within(), (at.te * rate_t).exp_within());
        }
        for at in &mut self.by_b[self.unweighted..] {
            let b = at.b;
            (at.v, at.t) = ((b * fast).exp_within(), (b * (b * bend + slow)).exp_within());
        }
        let (mut uu, mut uw, mut ww) = ([zero; 3], [zero; 3], [zero; 3]);
        for &AtTe { te, u, w } in &self.by_te {
            let (u1, w1) = (u * te, w * te);
            uu = [uu[0] + u * u, uu[1] + u * u1, uu[2] + u1 * u1];
            uw = [uw[0] + u * w, uw[1] + u * w1, uw[2] + u1 * w1];
            ww = [ww[0] + w * w, ww[1] + w * w1, ww[2] + w1 * w1];
        }
        let (mut vv, mut vt, mut tt) = ([zero; 3], [zero; 4], [zero; 5]);
        for &AtB { b, v, t } in &self.by_b {
            let (v1, t1) = (v * b, t * b);
            vv = [vv[0] + v * v, vv[1] + v * v1, vv[2] + v1 * v1];
            vt = [vt[0] + v * t, vt[1] + v * t1, vt[2] + v1 * t1, vt[3] + v1 * (t1 * b)];
        }
        for &AtB { b, t, .. } in &self.by_b {
            let t1 = t * b;
            let t2 = t1 * b;
            tt = [tt[0] + t * t, tt[1] + t * t1, tt[2] + t1 * t1, tt[3] + t1 * t2, tt[4] + t2 * t2];
        }
        Sums { uu, uw, ww, vv, vt, tt, along: [zero; 7], residual: zero }
    }

    /// The decays of each sample; their products with the samples.
    #[inline(always)]
    fn products(&mut self, samples: &[L]) -> [L; 2] {
        let (mut hv, mut ht) = (L::splat(0.0), L::splat(0.0));
        let (mut ats, mut samples) = (self.at.iter_mut(), samples.iter());
        for &AtB { v, t, .. } in &self.by_b {
            for &AtTe { u, w, .. } in &self.by_te {
                let (Some(at), Some(&y)) = (ats.next(), samples.next()) else { unreachable!("one for each pair") };
                (at.blood, at.flesh) = (v * u, t * w);
                hv = hv + at.blood * y;
                ht = ht + at.flesh * y;
            }
        }
        [hv, ht]
    }

    /// The amplitudes, not negative, that leave the least residual; the given ones where the two decays are the same.
    #[inline(always)]
    fn amplitudes(sums: &Sums<L>, [hv, ht]: [L; 2], given: [L; 2]) -> [L; 2] {
        let zero = L::splat(0.0);
        let (gv, gx, gt) = (sums.vv[0] * sums.uu[0], sums.vt[0] * sums.uw[0], sums.tt[0] * sums.ww[0]);
        let determinant = gv * gt - gx * gx;
        let distinct = determinant.gt(gv * gt * L::splat(64.0 * L::EPSILON));
        let reciprocal = L::splat(1.0) / determinant;
        let a = (gt * hv - gx * ht) * reciprocal;
        let b = (gv * ht - gx * hv) * reciprocal;
        let (no_a, no_b) = (a.le(zero), b.le(zero));
        let mut a_alone = a;
        let mut b_alone = b;
        if no_a.or(no_b).any() {
            a_alone = L::select(no_b, (hv / gv).larger(zero), a);
            b_alone = L::select(no_a, (ht / gt).larger(zero), b);
        }
        // Where both would be negative, both are alone and their larger effect decides: such samples are noise.
        let a = L::select(no_a, zero, a_alone);
        let b = L::select(no_b, zero, b_alone);
        [L::select(distinct, a, given[0]), L::select(distinct, b, given[1])]
    }

    /// Residuals sample by sample, and their products with the columns.
    #[inline(always)]
    fn residuals(&mut self, sums: &mut Sums<L>, samples: &[L], [blood, flesh]: [L; 2]) {
        let mut samples = samples.iter();
        for at in &mut self.at {
            let Some(&y) = samples.next() else { unreachable!("one for each pair") };
            at.r = y - (blood * at.blood + flesh * at.flesh);
            sums.residual = sums.residual + at.r * at.r;
        }
        let along = &mut sums.along;
        for &At { b, te, blood, flesh, r } in &self.at {
            let (vr, tr) = (r * blood, r * flesh);
            let tr1 = tr * b;
            along[0] = along[0] + vr;
            along[1] = along[1] + vr * b;
            along[2] = along[2] + vr * te;
            along[3] = along[3] + tr;
            along[4] = along[4] + tr1;
            along[5] = along[5] + tr1 * b;
            along[6] = along[6] + tr * te;
        }
    }

    fn linearise_ordered(&mut self, samples: &[L], p: &mut [L], gradient: &mut [L], normal: &mut [L]) -> L {
        if self.own {
            self.linearise_own(samples, p, gradient, normal)
        } else {
            self.linearise_parameters(samples, p, gradient, normal)
        }
    }

    fn linearise_own(&mut self, samples: &[L], q: &mut [L], gradient: &mut [L], normal: &mut [L]) -> L {
        let &mut [a, b, dv, r2v, dt, k, r2t] = q else { unreachable!("seven coordinates") };
        let (b_unit, te_unit) = (L::splat(self.start.b_unit), L::splat(self.start.te_unit));
        let slow = dt * b_unit;
        let bend = slow * slow * L::splat(1.0 / 6.0);
        let mut sums = self.decays(-(dv * b_unit), -(r2v * te_unit), -slow, k * bend, -(r2t * te_unit));
        let [a, b] = Self::amplitudes(&sums, self.products(samples), [a, b]);
        (q[0], q[1]) = (a, b);
        self.residuals(&mut sums, samples, [a, b]);
        let Sums { uu, uw, ww, vv, vt, tt, along, residual } = sums;

        // The columns: c0, c3, by_dv c1, by_r2v c2, curve c5 - line c4, by_k c5, by_r2t c6.
        let by_dv = -(a * b_unit);
        let by_r2v = -(a * te_unit);
        let line = b * b_unit;
        let curve = line * slow * k * L::splat(1.0 / 3.0);
        let by_k = b * bend;
        let by_r2t = -(b * te_unit);
        gradient[0] = along[0];
        gradient[1] = along[3];
        gradient[2] = by_dv * along[1];
        gradient[3] = by_r2v * along[2];
        gradient[4] = curve * along[5] - line * along[4];
        gradient[5] = by_k * along[5];
        gradient[6] = by_r2t * along[6];
        let normal = &mut normal[..49];
        normal[0] = vv[0] * uu[0];
        normal[7] = vt[0] * uw[0];
        normal[8] = tt[0] * ww[0];
        normal[14] = by_dv * vv[1] * uu[0];
        normal[15] = by_dv * vt[1] * uw[0];
        normal[16] = by_dv * by_dv * vv[2] * uu[0];
        normal[21] = by_r2v * vv[0] * uu[1];
        normal[22] = by_r2v * vt[0] * uw[1];
        normal[23] = by_r2v * by_dv * vv[1] * uu[1];
        normal[24] = by_r2v * by_r2v * vv[0] * uu[2];
        let cross = curve * vt[2] - line * vt[1];
        normal[28] = cross * uw[0];
        normal[29] = (curve * tt[2] - line * tt[1]) * ww[0];
        normal[30] = by_dv * (curve * vt[3] - line * vt[2]) * uw[0];
        normal[31] = by_r2v * cross * uw[1];
        let dt_c5 = curve * tt[4] - line * tt[3];
        normal[32] = (curve * dt_c5 - line * (curve * tt[3] - line * tt[2])) * ww[0];
        normal[35] = by_k * vt[2] * uw[0];
        normal[36] = by_k * tt[2] * ww[0];
        normal[37] = by_k * by_dv * vt[3] * uw[0];
        normal[38] = by_k * by_r2v * vt[2] * uw[1];
        normal[39] = by_k * dt_c5 * ww[0];
        normal[40] = by_k * by_k * tt[4] * ww[0];
        normal[42] = by_r2t * vt[0] * uw[1];
        normal[43] = by_r2t * tt[0] * ww[1];
        normal[44] = by_r2t * by_dv * vt[1] * uw[1];
        normal[45] = by_r2t * by_r2v * vt[0] * uw[2];
        normal[46] = by_r2t * (curve * tt[2] - line * tt[1]) * ww[1];
        normal[47] = by_r2t * by_k * tt[2] * ww[1];
        normal[48] = by_r2t * by_r2t * tt[0] * ww[2];
        residual
    }

    fn linearise_parameters(&mut self, samples: &[L], p: &[L], gradient: &mut [L], normal: &mut [L]) -> L {
        let one = L::splat(1.0);
        let &[s0, f, dv, t2v, dt, k, t2t] = p else { unreachable!("seven parameters") };
        let (b_unit, te_unit) = (L::splat(self.start.b_unit), L::splat(self.start.te_unit));
        let g = one - f;
        let (blood, flesh) = (s0 * f, s0 * g);
        let slow = dt * b_unit;
        let (r2v, r2t) = (one / t2v, one / t2t);
        let (rate_v, rate_t) = (te_unit * r2v, te_unit * r2t);
        let bend = k * slow * slow * L::splat(1.0 / 6.0);
        let mut sums = self.decays(-(dv * b_unit), -rate_v, -slow, bend, -rate_t);
        self.products(samples);
        self.residuals(&mut sums, samples, [blood, flesh]);
        let Sums { uu, uw, ww, vv, vt, tt, along, residual } = sums;

        // The columns: S0: f c0 + g c3; f: S0 (c0 - c3); Dv: by_dv c1; T2v: by_t2v c2; Dt: curve c5 - line c4;
        // K: by_k c5; T2t: by_t2t c6.
        let by_dv = -(blood * b_unit);
        let by_t2v = blood * rate_v * r2v;
        let line = flesh * b_unit;
        let curve = line * slow * k * L::splat(1.0 / 3.0);
        let by_k = flesh * slow * slow * L::splat(1.0 / 6.0);
        let by_t2t = flesh * rate_t * r2t;
        gradient[0] = f * along[0] + g * along[3];
        gradient[1] = s0 * (along[0] - along[3]);
        gradient[2] = by_dv * along[1];
        gradient[3] = by_t2v * along[2];
        gradient[4] = curve * along[5] - line * along[4];
        gradient[5] = by_k * along[5];
        gradient[6] = by_t2t * along[6];
        let normal = &mut normal[..49];
        // Products of a column with c0 and with c3 give those with S0 and f.
        let amplitudes = |scale: L, c0: L, c3: L| (scale * (f * c0 + g * c3), scale * s0 * (c0 - c3));
        let (c00, c03, c33) = (vv[0] * uu[0], vt[0] * uw[0], tt[0] * ww[0]);
        let (along_0, along_3) = (f * c00 + g * c03, f * c03 + g * c33);
        normal[0] = f * along_0 + g * along_3;
        normal[7] = s0 * (along_0 - along_3);
        normal[8] = s0 * s0 * ((c00 - c03) - (c03 - c33));
        (normal[14], normal[15]) = amplitudes(by_dv, vv[1] * uu[0], vt[1] * uw[0]);
        normal[16] = by_dv * by_dv * vv[2] * uu[0];
        (normal[21], normal[22]) = amplitudes(by_t2v, vv[0] * uu[1], vt[0] * uw[1]);
        normal[23] = by_t2v * by_dv * vv[1] * uu[1];
        normal[24] = by_t2v * by_t2v * vv[0] * uu[2];
        let (cross, own) = (curve * vt[2] - line * vt[1], curve * tt[2] - line * tt[1]);
        (normal[28], normal[29]) = amplitudes(one, cross * uw[0], own * ww[0]);
        normal[30] = by_dv * (curve * vt[3] - line * vt[2]) * uw[0];
        normal[31] = by_t2v * cross * uw[1];
        let dt_c5 = curve * tt[4] - line * tt[3];
        normal[32] = (curve * dt_c5 - line * (curve * tt[3] - line * tt[2])) * ww[0];
        (normal[35], normal[36]) = amplitudes(by_k, vt[2] * uw[0], tt[2] * ww[0]);
        normal[37] = by_k * by_dv * vt[3] * uw[0];
        normal[38] = by_k * by_t2v * vt[2] * uw[1];
        normal[39] = by_k * dt_c5 * ww[0];
        normal[40] = by_k * by_k * tt[4] * ww[0];
        (normal[42], normal[43]) = amplitudes(by_t2t, vt[0] * uw[1], tt[0] * ww[1]);
        normal[44] = by_t2t * by_dv * vt[1] * uw[1];
        normal[45] = by_t2t * by_t2v * vt[0] * uw[2];
        normal[46] = by_t2t * own * ww[1];
        normal[47] = by_t2t * by_k * tt[2] * ww[1];
        normal[48] = by_t2t * by_t2t * tt[0] * ww[2];
        residual
    }

    /// Decays of both compartments to the mean TE.
    fn to_center(&self, r2v: L, r2t: L) -> [L; 2] {
        let center = L::splat(self.center);
        [r2v, r2t].map(|rate| (rate * center).exp())
    }
}

impl<L: Lane> Problem<L> for Grid<L> {
    fn starts(&self) -> usize {
        Start::COUNT
    }

    fn start(&self, k: usize, samples: &[L], p: &mut [L]) -> bool {
        self.start.propose(k, samples, p);
        true
    }

    fn further(&self, end: &[f64], snr: f64) -> usize {
        self.start.further(end, snr)
    }

    fn linearise(&mut self, samples: &[L], p: &mut [L], gradient: &mut [L], normal: &mut [L]) -> L {
        let Some(order) = &self.order else { return self.linearise_ordered(samples, p, gradient, normal) };
        let mut ordered = std::mem::take(&mut self.ordered);
        ordered.iter_mut().zip(order).for_each(|(sample, &i)| *sample = samples[i]);
        let residual = self.linearise_ordered(&ordered, p, gradient, normal);
        self.ordered = ordered;
        residual
    }

    /// Needs amplitudes that are free, and bounded by zero alone.
    fn transform(&mut self, lower: &mut [f64], upper: &mut [f64], held: &[bool]) -> bool {
        let plain = lower[..2] == [0.0, 0.0] && upper[..2] == [f64::INFINITY, 1.0] && !held[0] && !held[1];
        self.own = plain && lower[3] >= 0.0 && lower[6] >= 0.0;
        if self.own {
            self.center = self.start.mean_te;
            for (at, te) in self.by_te.iter_mut().zip(&self.te) {
                at.te = L::splat(te - self.center / self.start.te_unit);
            }
            for (at, AtTe { te, .. }) in self.at.iter_mut().zip(self.by_te.iter().cycle()) {
                at.te = *te;
            }
            upper[1] = f64::INFINITY;
            for j in [3, 6] {
                (lower[j], upper[j]) = (1.0 / upper[j], 1.0 / lower[j]);
            }
        }
        self.own
    }

    fn enter(&self, p: &mut [L]) {
        if !self.own {
            return;
        }
        let one = L::splat(1.0);
        let (r2v, r2t) = (one / p[3], one / p[6]);
        let [v, t] = self.to_center(r2v, r2t);
        (p[0], p[1]) = (p[0] * p[1] / v, p[0] * (one - p[1]) / t);
        (p[3], p[6]) = (r2v, r2t);
    }

    fn leave(&self, p: &mut [L]) {
        if !self.own {
            return;
        }
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let [v, t] = self.to_center(p[3], p[6]);
        let (a, b) = (p[0] * v, p[1] * t);
        let s0 = a + b;
        p[0] = s0;
        p[1] = L::select(s0.gt(zero), a / L::select(s0.gt(zero), s0, one), zero);
        (p[3], p[6]) = (one / p[3], one / p[6]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::Doubles;
    use crate::protocol::{Protocol, Settings};

    /// The shortened sums against those over the samples, at parameters of every kind.
    #[test]
    fn sums_over_the_grid_are_those_over_its_samples() {
        let b: Vec<f64> = [1200.0, 0.0, 50.0, 400.0].iter().flat_map(|&b| [b; 3]).collect();
        let te: Vec<f64> = (0..12).map(|i| [0.12, 0.09, 0.1][i % 3]).collect();
        let protocol = Protocol::new(&[("b", &b), ("TE", &te)]);
        let design = T2IvimKurtosis.design(&protocol, &Settings::new()).unwrap();
        let samples: Vec<Doubles> = (0..12).map(|i| Doubles::splat(1.0 / f64::from(i + 1))).collect();
        for p in [
            [1.0, 0.1, 0.02, 0.1, 0.001, 0.8, 0.08],
            [2.0, 0.0, 0.3, 0.01, 0.004, 2.5, 0.3],
            [0.5, 1.0, 0.004, 0.9, 0.0, 0.0, 0.02],
        ] {
            let p = p.map(Doubles::splat);
            let mut short = Grid::new(&design, Start::new(&design)).unwrap();
            let mut long = Sampled { equation: &T2IvimKurtosis, design: &design };
            let zero = Doubles::splat(0.0);
            let (mut gradients, mut normals) = ([[zero; 7]; 2], [[zero; 49]; 2]);
            let residual = short.linearise(&samples, &mut p.clone(), &mut gradients[0], &mut normals[0]).lane(0);
            let expected = long.linearise(&samples, &mut p.clone(), &mut gradients[1], &mut normals[1]).lane(0);
            assert!((residual / expected - 1.0).abs() < 1e-13);
            let size = |j: usize| normals[1][8 * j].lane(0).sqrt();
            for j in 0..7 {
                let difference = (gradients[0][j].lane(0) - gradients[1][j].lane(0)).abs();
                assert!(difference <= 1e-13 * size(j) * expected.sqrt(), "gradient {j}");
                for k in 0..=j {
                    let difference = (normals[0][7 * j + k].lane(0) - normals[1][7 * j + k].lane(0)).abs();
                    assert!(difference <= 1e-13 * size(j) * size(k), "{j} {k}");
                }
            }
        }
    }
}
