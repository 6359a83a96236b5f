//! Inversion recovery, Barral et al. 2010, of magnitudes (with polarity restored) and of complex samples.

use super::exponential_search::{extend, search, search_polarity, Channel};
use super::grid::Grid;
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Column, Design, Protocol, Settings};
use crate::sort::order;

/// S = |a + b exp(-TI / T1)|.
///
/// The magnitude is the same with a and b negated: a >= 0 tells the two apart.
pub struct InversionRecovery;

/// S = a + b exp(-TI / T1) with complex a and b; real and imaginary parts are samples of their own.
pub struct InversionRecoveryComplex;

const T1: Parameter = Parameter::new("T1", "s", T1_LOWER, T1_UPPER, "longitudinal relaxation time");
const T1_LOWER: f64 = 0.001;
const T1_UPPER: f64 = 10.0;

const TI: Column = Column { name: "TI", unit: "s", required: true, description: "inversion time of each sample" };

const BARRAL: &str =
    "Barral JK, Gudmundson E, Stikov N, Etezadi-Amoli M, Stoica P, Nishimura DG. A robust methodology for \
                      in vivo T1 mapping. Magn Reson Med 2010;64:1057-1067";
const BARRAL_DOI: Option<&str> = Some("10.1002/mrm.22497");

static MAGNITUDE: Description = Description {
    id: "inversion-recovery",
    name: "Inversion recovery, magnitude",
    description:
        "Three parameters, so that neither a perfect inversion nor a long repetition time is assumed; the sign \
                  that the magnitude lost is restored by the least squares over every way to negate the samples up to \
                  some TI.",
    parameters: &[
        Parameter::new("a", "signal", 0.0, f64::INFINITY, "signal at long TI"),
        Parameter::new("b", "signal", f64::NEG_INFINITY, f64::INFINITY, "signal at TI = 0 minus a; -2a at best"),
        T1,
    ],
    equation: r"S(TI) = \left| a + b \, e^{-TI/T_1} \right|",
    citation: BARRAL,
    doi: BARRAL_DOI,
    protocol: &[TI],
    settings: &[],
    magnitude: true,
    estimators: &["nlls", "reduced-dimension"],
    minimum_samples: 3,
};

static COMPLEX: Description = Description {
    id: "inversion-recovery-complex",
    name: "Inversion recovery, complex",
    description:
        "Complex a and b, so that the phase is free and neither a perfect inversion nor a long repetition time \
                  is assumed.",
    parameters: &[
        Parameter::new("a_re", "signal", f64::NEG_INFINITY, f64::INFINITY, "real part of the signal at long TI"),
        Parameter::new("a_im", "signal", f64::NEG_INFINITY, f64::INFINITY, "imaginary part of the signal at long TI"),
        Parameter::new("b_re", "signal", f64::NEG_INFINITY, f64::INFINITY, "real part of the signal at TI = 0 minus a"),
        Parameter::new(
            "b_im",
            "signal",
            f64::NEG_INFINITY,
            f64::INFINITY,
            "imaginary part of the signal at TI = 0 minus a",
        ),
        T1,
    ],
    equation: r"S(TI) = a + b \, e^{-TI/T_1}, \quad a, b \in \mathbb{C}",
    citation: BARRAL,
    doi: BARRAL_DOI,
    protocol: &[
        TI,
        Column {
            name: "imaginary",
            unit: "",
            required: true,
            description: "0 for the real part of a sample, 1 for its imaginary part",
        },
    ],
    settings: &[],
    magnitude: false,
    estimators: &["nlls", "reduced-dimension"],
    minimum_samples: 5,
};

const POINTS: usize = 48;

impl InversionRecovery {
    pub const T1: usize = 2;
    const GRID: Grid = Grid { lower: T1_LOWER, upper: T1_UPPER, points: POINTS, columns: 1 };

    /// The rows in the order of TI.
    pub fn rows(design: &Design) -> Vec<usize> {
        let times: Vec<f64> = (0..design.rows()).map(|i| design.row(i)[0]).collect();
        order(&times)
    }

    /// The samples in the order of TI.
    pub fn channel<L: Lane>(design: &Design, samples: &[L]) -> Channel<L> {
        Channel::new(design, Self::rows(design), samples)
    }
}

impl InversionRecoveryComplex {
    pub const T1: usize = 4;
    const GRID: Grid = Grid { lower: T1_LOWER, upper: T1_UPPER, points: POINTS, columns: 2 };

    /// The rows of the real and of the imaginary parts.
    pub fn rows(design: &Design) -> [Vec<usize>; 2] {
        [0.0, 1.0].map(|part| (0..design.rows()).filter(|&i| design.row(i)[1] == part).collect())
    }

    /// The real parts and the imaginary parts.
    pub fn channels<L: Lane>(design: &Design, samples: &[L]) -> [Channel<L>; 2] {
        Self::rows(design).map(|rows| Channel::new(design, rows, samples))
    }
}

impl Model for InversionRecovery {
    fn description(&self) -> &'static Description {
        &MAGNITUDE
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        MAGNITUDE.check_settings(settings)?;
        let design = protocol.design(MAGNITUDE.id, MAGNITUDE.protocol)?;
        let rows = Self::rows(&design);
        Ok(extend(&Self::GRID, design, &[rows]))
    }
}

impl Model for InversionRecoveryComplex {
    fn description(&self) -> &'static Description {
        &COMPLEX
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        COMPLEX.check_settings(settings)?;
        let design = protocol.design(COMPLEX.id, COMPLEX.protocol)?;
        for i in 0..design.rows() {
            let found = design.row(i)[1];
            if found != 0.0 && found != 1.0 {
                let field = format!("protocol.imaginary[{i}]");
                return Err(CoreError::OutOfRange { field, found, expected: "0 (real) or 1 (imaginary)".into() });
            }
        }
        let rows = Self::rows(&design);
        Ok(extend(&Self::GRID, design, &rows))
    }
}

impl Equation for InversionRecovery {
    const PARAMETERS: usize = 3;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let ratio = L::splat(at[0]) / p[2];
        let decay = (-ratio).exp();
        let signal = p[0] + p[1] * decay;
        let sign = L::select(signal.lt(L::splat(0.0)), L::splat(-1.0), L::splat(1.0));
        gradient[0] = sign;
        gradient[1] = sign * decay;
        gradient[2] = sign * p[1] * decay * ratio / p[2];
        sign * signal
    }

    /// The search over T1, so that the fit starts beside the least of all minima.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let mut channel = Self::channel(design, samples);
        let (u, negated) = search_polarity(&Self::GRID, design, &mut channel);
        for (k, sample) in channel.samples.iter_mut().enumerate() {
            *sample = L::select(L::splat(k as f64).lt(negated), -*sample, *sample);
        }
        let line = channel.line(u);
        let flipped = line.a.lt(L::splat(0.0));
        p[0] = L::select(flipped, -line.a, line.a);
        p[1] = L::select(flipped, -line.b, line.b);
        p[2] = u.exp();
        true
    }
}

impl Equation for InversionRecoveryComplex {
    const PARAMETERS: usize = 5;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let imaginary = at[1] != 0.0;
        let (a, b) = if imaginary { (p[1], p[3]) } else { (p[0], p[2]) };
        let ratio = L::splat(at[0]) / p[4];
        let decay = (-ratio).exp();
        gradient[0] = if imaginary { zero } else { one };
        gradient[1] = if imaginary { one } else { zero };
        gradient[2] = if imaginary { zero } else { decay };
        gradient[3] = if imaginary { decay } else { zero };
        gradient[4] = b * decay * ratio / p[4];
        a + b * decay
    }

    /// The search over T1.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let mut channels = Self::channels(design, samples);
        let u = search(&Self::GRID, design, &mut channels);
        for (part, channel) in channels.iter_mut().enumerate() {
            let line = channel.line(u);
            (p[part], p[2 + part]) = (line.a, line.b);
        }
        p[4] = u.exp();
        true
    }
}
