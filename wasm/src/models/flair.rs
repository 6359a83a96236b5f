//! Inversion recovery of long TE and TI that nulls fluid (FLAIR), Hajnal et al. 1992, with a spoiled readout and with a
//! turbo-spin-echo train.

use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Column, Design, Protocol, Settings};
use core::ops::{Add, Sub};

/// S = M0 |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2): ideal inversion and excitation, nothing transverse left over, TE
/// much shorter than TR.
pub struct Flair;

/// S = M0 |1 - 2 exp(-TI/T1) + exp(-(TR - TE_last)/T1)| exp(-TE/T2): the train of refocusing pulses holds the
/// longitudinal magnetization at 0, so that recovery starts at its last echo.
pub struct FlairTse;

/// TeX of the spoiled form.
pub(crate) const EQUATION: &str = r"S = \left| M_0 \left( 1 - 2 e^{-TI/T_1} + e^{-TR/T_1} \right) e^{-TE/T_2} \right|";

/// The longitudinal magnetization at excitation, relative to equilibrium, from exp(-TI/T1) and exp(-recovery/T1), the
/// recovery being that from the end of a readout to the end of the next.
#[inline(always)]
pub(crate) fn longitudinal<V: Copy + Add<Output = V> + Sub<Output = V>>(one: V, inverted: V, recovered: V) -> V {
    one - (inverted + inverted) + recovered
}

const PARAMETERS: &[Parameter] = &[
    Parameter::new("M0", "signal", 0.0, f64::INFINITY, "signal at full recovery and TE = 0"),
    Parameter::new("T1", "s", 0.001, 10.0, "longitudinal relaxation time"),
    Parameter::new("T2", "s", 0.001, 10.0, "transverse relaxation time"),
];

const TE: Column =
    Column { name: "TE", unit: "s", required: true, description: "(effective) echo time of each sample" };
const TI: Column = Column { name: "TI", unit: "s", required: true, description: "inversion time of each sample" };
const TR: Column = Column {
    name: "TR",
    unit: "s",
    required: true,
    description: "repetition time of each sample, from inversion to inversion",
};

static SPOILED: Description = Description {
    id: "flair",
    name: "FLAIR, spoiled readout",
    description:
        "Inversion recovery with a readout that leaves nothing behind. Samples that differ in TE alone give T2, \
                  in TI or TR alone T1: fix the other. Magnitudes at two TI, one on each side of the null, may be \
                  explained by two values of T1: bounds choose.",
    parameters: PARAMETERS,
    equation: EQUATION,
    citation:
        "Hajnal JV et al. Use of fluid attenuated inversion recovery (FLAIR) pulse sequences in MRI of the brain. \
               J Comput Assist Tomogr 1992;16:841-844",
    doi: None,
    protocol: &[TE, TI, TR],
    settings: &[],
    magnitude: true,
    estimators: &["nlls"],
    minimum_samples: 3,
};

static TURBO: Description = Description {
    id: "flair-tse",
    name: "FLAIR, turbo spin echo",
    description: "Inversion recovery with a train of refocused echoes, after whose last one recovery starts from 0. \
                  Samples that differ in TE alone give T2, in TI or TR alone T1: fix the other. Magnitudes at two TI, one \
                  on each side of the null, may be explained by two values of T1: bounds choose.",
    parameters: PARAMETERS,
    equation: concat!(
        r"S = \left| M_0 \left( 1 - 2 e^{-TI/T_1} + e^{-(TR - TE_\mathrm{last})/T_1} \right) ",
        r"e^{-TE/T_2} \right|"
    ),
    citation: "Rydberg JN, Riederer SJ, Rydberg CH, Jack CR. Contrast optimization of fluid-attenuated inversion \
               recovery (FLAIR) imaging. Magn Reson Med 1995;34:868-877",
    doi: None,
    protocol: &[
        TE,
        TI,
        TR,
        Column {
            name: "TE_last",
            unit: "s",
            required: true,
            description: "time from excitation to the last echo of the train",
        },
    ],
    settings: &[],
    magnitude: true,
    estimators: &["nlls"],
    minimum_samples: 3,
};

impl Model for Flair {
    fn description(&self) -> &'static Description {
        &SPOILED
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        design(&SPOILED, protocol, settings, 0)
    }
}

impl Model for FlairTse {
    fn description(&self) -> &'static Description {
        &TURBO
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        design(&TURBO, protocol, settings, 3)
    }
}

/// The checked protocol; the readout ends `end` columns behind TE after the excitation.
///
/// # Errors
/// As [`Model::design`]; a readout that outlasts TR, an echo behind the last one.
fn design(
    description: &'static Description,
    protocol: &Protocol,
    settings: &Settings,
    end: usize,
) -> Result<Design, CoreError> {
    description.check_settings(settings)?;
    let design = protocol.design(description.id, description.protocol)?;
    for i in 0..design.rows() {
        let [te, ti, tr, last] = [0, 1, 2, end].map(|column| design.row(i)[column]);
        let name = description.protocol[end].name;
        let refuse = |name: &str, found: f64, expected: String| {
            Err(CoreError::OutOfRange { field: format!("protocol.{name}[{i}]"), found, expected })
        };
        if te > last {
            return refuse("TE", te, format!("at most {name}, {last} s"));
        }
        if ti + last > tr {
            return refuse("TI", ti, format!("an inversion time in s, from 0 to TR - {name}"));
        }
    }
    Ok(design)
}

impl Equation for Flair {
    const PARAMETERS: usize = 3;
    const STARTS: usize = 1 + BESIDE.len();

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        sample(at[0], at[1], at[2], p, gradient)
    }

    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        guess(|i| [design.row(i)[0], design.row(i)[1], design.row(i)[2]], samples, p)
    }

    fn further_guess<L: Lane>(&self, k: usize, _design: &Design, _samples: &[L], p: &mut [L]) -> bool {
        p[1] = p[1] * L::splat(BESIDE[k - 1]);
        true
    }
}

impl Equation for FlairTse {
    const PARAMETERS: usize = 3;
    const STARTS: usize = 1 + BESIDE.len();

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        sample(at[0], at[1], at[2] - at[3], p, gradient)
    }

    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        guess(|i| [design.row(i)[0], design.row(i)[1], design.row(i)[2] - design.row(i)[3]], samples, p)
    }

    fn further_guess<L: Lane>(&self, k: usize, _design: &Design, _samples: &[L], p: &mut [L]) -> bool {
        p[1] = p[1] * L::splat(BESIDE[k - 1]);
        true
    }
}

/// T1 of further starts over that of the first: the neighbours on its grid, and nearer. Where a sample lies near its null, the
/// magnitude has a fold that the iteration does not cross, and the best place of the grid may be on the wrong side.
const BESIDE: [f64; 4] = [1.05, 1.0 / 1.05, 1.195, 1.0 / 1.195];

/// Magnitude of the signal, `recovery` s after the end of the last readout at the end of this one.
#[inline(always)]
fn sample<L: Lane>(te: f64, ti: f64, recovery: f64, p: &[L], gradient: &mut [L]) -> L {
    let &[m0, t1, t2] = p else { unreachable!("three parameters") };
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let rate = one / t1;
    let (te, ti, recovery) = (L::splat(te), L::splat(ti), L::splat(recovery));
    let inverted = (-(ti * rate)).exp();
    let recovered = (-(recovery * rate)).exp();
    let polarised = longitudinal(one, inverted, recovered);
    let decay = (-(te / t2)).exp();
    let sign = L::select(polarised.lt(zero), -one, one);
    let relative = sign * polarised * decay;
    let signal = m0 * relative;
    gradient[0] = relative;
    gradient[1] = sign * m0 * decay * (recovery * recovered - (inverted + inverted) * ti) * (rate * rate);
    gradient[2] = signal * te / (t2 * t2);
    signal
}

/// T1 and T2 from a grid, M0 in closed form for each pair.
fn guess<L: Lane>(times: impl Fn(usize) -> [f64; 3], samples: &[L], p: &mut [L]) -> bool {
    const T1: (f64, f64, usize) = (0.1, 6.0, 24);
    const T2: (f64, f64, usize) = (0.01, 2.0, 12);
    let grid = |(low, high, count): (f64, f64, usize)| {
        let step = libm::log(high / low) / (count - 1) as f64;
        (0..count).map(move |k| low * libm::exp(k as f64 * step))
    };
    let zero = L::splat(0.0);
    let mut best = L::splat(f64::NEG_INFINITY);
    let decays: Vec<(f64, Vec<f64>)> =
        grid(T2).map(|t2| (t2, (0..samples.len()).map(|i| libm::exp(-times(i)[0] / t2)).collect())).collect();
    for t1 in grid(T1) {
        let polarised: Vec<f64> = (0..samples.len())
            .map(|i| longitudinal(1.0, libm::exp(-times(i)[1] / t1), libm::exp(-times(i)[2] / t1)).abs())
            .collect();
        for (t2, decay) in &decays {
            let (mut product, mut square) = (zero, 0.0);
            for ((&y, polarised), decay) in samples.iter().zip(&polarised).zip(decay) {
                let shape = polarised * decay;
                product = product + y * L::splat(shape);
                square += shape * shape;
            }
            // What the best M0 takes off the sum of squares.
            let gain = product * product * L::splat(1.0 / square.max(f64::MIN_POSITIVE));
            let better = best.lt(gain).and(product.gt(zero));
            best = L::select(better, gain, best);
            p[0] = L::select(better, product * L::splat(1.0 / square.max(f64::MIN_POSITIVE)), p[0]);
            p[1] = L::select(better, L::splat(t1), p[1]);
            p[2] = L::select(better, L::splat(*t2), p[2]);
        }
    }
    // No signal above 0 anywhere: any start is as good.
    let found = best.gt(L::splat(f64::NEG_INFINITY));
    p[0] = L::select(found, p[0], zero);
    p[1] = L::select(found, p[1], L::splat(1.0));
    p[2] = L::select(found, p[2], L::splat(0.1));
    true
}
