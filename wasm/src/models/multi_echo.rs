//! Mono-exponential decay with the echo time, of spin echoes (T2) and of gradient echoes (T2*), with and without a
//! constant offset.

use super::exponential_search::{extend, search, Channel};
use super::grid::Grid;
use super::{AnySignal, Description, Equation, Model, MonoExponential, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Column, Design, Protocol, Settings};

/// S = S0 exp(-TE / T).
pub struct Decay(&'static Description);

/// S = S0 exp(-TE / T) + C.
pub struct OffsetDecay(&'static Description);

pub static T2: Decay = Decay(&T2_DESCRIPTION);
pub static T2_STAR: Decay = Decay(&T2_STAR_DESCRIPTION);
pub static T2_OFFSET: OffsetDecay = OffsetDecay(&T2_OFFSET_DESCRIPTION);
pub static T2_STAR_OFFSET: OffsetDecay = OffsetDecay(&T2_STAR_OFFSET_DESCRIPTION);

pub(super) const TE: Column = Column { name: "TE", unit: "s", required: true, description: "echo time of each sample" };

pub(super) const S0: Parameter = Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal at TE = 0");
pub(super) const T2_TIME: Parameter =
    Parameter::new("T2", "s", TIME_LOWER, TIME_UPPER, "transverse relaxation time of spin echoes");
const T2_STAR_TIME: Parameter =
    Parameter::new("T2star", "s", TIME_LOWER, TIME_UPPER, "effective transverse relaxation time of gradient echoes");
const OFFSET: Parameter = Parameter::new(
    "C",
    "signal",
    f64::NEG_INFINITY,
    f64::INFINITY,
    "constant offset: a noise floor, or a component that hardly decays",
);
/// The shortest is that of gradient echoes in iron, the longest beyond that of pure water.
const TIME_LOWER: f64 = 0.0002;
const TIME_UPPER: f64 = 10.0;

pub(super) const CARR_PURCELL: &str =
    "Carr HY, Purcell EM. Effects of diffusion on free precession in nuclear magnetic resonance experiments. Phys Rev \
     1954;94:630-638; Meiboom S, Gill D. Modified spin-echo method for measuring nuclear relaxation times. Rev Sci \
     Instrum 1958;29:688-691";
pub(super) const CARR_PURCELL_DOI: Option<&str> = Some("10.1103/PhysRev.94.630");
const CHAVHAN: &str =
    "Chavhan GB, Babyn PS, Thomas B, Shroff MM, Haacke EM. Principles, techniques, and applications of \
                       T2*-based MR imaging and its special applications. Radiographics 2009;29:1433-1449";
const CHAVHAN_DOI: Option<&str> = Some("10.1148/rg.295095034");

const fn decay(
    id: &'static str,
    name: &'static str,
    parameters: &'static [Parameter],
    equation: &'static str,
    (citation, doi): (&'static str, Option<&'static str>),
) -> Description {
    Description {
        id,
        name,
        description: "One compartment that decays to zero. The log-linear estimators fit ln S on TE.",
        parameters,
        equation,
        citation,
        doi,
        protocol: &[TE],
        settings: &[],
        magnitude: true,
        estimators: &["nlls", "ols", "wls", "iwls"],
        minimum_samples: 2,
    }
}

const fn offset_decay(
    id: &'static str,
    name: &'static str,
    parameters: &'static [Parameter],
    equation: &'static str,
    (citation, doi): (&'static str, Option<&'static str>),
) -> Description {
    Description {
        description: "One compartment that decays to a constant, which may be of either sign.",
        estimators: &["nlls"],
        minimum_samples: 3,
        ..decay(id, name, parameters, equation, (citation, doi))
    }
}

static T2_DESCRIPTION: Description =
    decay("t2", "T2 of spin echoes", &[S0, T2_TIME], r"S(TE) = S_0 \, e^{-TE/T_2}", (CARR_PURCELL, CARR_PURCELL_DOI));

static T2_OFFSET_DESCRIPTION: Description = offset_decay(
    "t2-offset",
    "T2 of spin echoes, with offset",
    &[S0, T2_TIME, OFFSET],
    r"S(TE) = S_0 \, e^{-TE/T_2} + C",
    (CARR_PURCELL, CARR_PURCELL_DOI),
);

static T2_STAR_DESCRIPTION: Description = decay(
    "t2star",
    "T2* of gradient echoes",
    &[S0, T2_STAR_TIME],
    r"S(TE) = S_0 \, e^{-TE/T_2^*}",
    (CHAVHAN, CHAVHAN_DOI),
);

static T2_STAR_OFFSET_DESCRIPTION: Description = offset_decay(
    "t2star-offset",
    "T2* of gradient echoes, with offset",
    &[S0, T2_STAR_TIME, OFFSET],
    r"S(TE) = S_0 \, e^{-TE/T_2^*} + C",
    (CHAVHAN, CHAVHAN_DOI),
);

impl Model for Decay {
    fn description(&self) -> &'static Description {
        self.0
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }
}

impl Equation for Decay {
    const PARAMETERS: usize = 2;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        decayed(at, p, gradient)
    }

    /// That of the mono-exponential decay in 1 / T.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        MonoExponential.guess(design, samples, p);
        let decays = p[1].gt(L::splat(0.0));
        let time = L::splat(1.0) / L::select(decays, p[1], L::splat(1.0));
        p[1] = L::select(decays, time, L::splat(TIME_UPPER));
        true
    }
}

impl Model for OffsetDecay {
    fn description(&self) -> &'static Description {
        self.0
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        self.0.check_settings(settings)?;
        let design = protocol.design(self.0.id, self.0.protocol)?;
        let rows = (0..design.rows()).collect();
        Ok(extend(&GRID, design, &[rows]))
    }
}

const GRID: Grid = Grid { lower: TIME_LOWER, upper: TIME_UPPER, points: 48, columns: 1 };

impl Equation for OffsetDecay {
    const PARAMETERS: usize = 3;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        gradient[2] = L::splat(1.0);
        decayed(at, p, gradient) + p[2]
    }

    /// The search over T, with S0 and C in closed form.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let mut channel = [Channel::new(design, (0..design.rows()).collect(), samples)];
        let u = search(&GRID, design, &mut channel);
        let line = channel[0].line(u);
        (p[0], p[1], p[2]) = (line.b, u.exp(), line.a);
        true
    }
}

#[inline(always)]
pub(super) fn decayed<L: Lane>(at: &[f64], p: &[L], gradient: &mut [L]) -> L {
    let ratio = L::splat(at[0]) / p[1];
    let decay = (-ratio).exp();
    let signal = p[0] * decay;
    gradient[0] = decay;
    gradient[1] = signal * ratio / p[1];
    signal
}
