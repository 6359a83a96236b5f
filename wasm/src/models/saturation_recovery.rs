//! Saturation recovery, Markley, Horsley and Klein 1971.

use super::grid::{amplitude, Grid};
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Column, Design, Protocol, Settings};

/// S = S0 |1 - efficiency exp(-TS / T1)|.
pub struct SaturationRecovery;

const T1_LOWER: f64 = 0.001;
const T1_UPPER: f64 = 10.0;

static DESCRIPTION: Description = Description {
    id: "saturation-recovery",
    name: "Saturation recovery",
    description:
        "Recovery after a saturation whose efficiency is known: 1 unless a request fixes it elsewhere, maps it \
                  or sets it free (three parameters).",
    parameters: &[
        Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal at long TS"),
        Parameter::new("T1", "s", T1_LOWER, T1_UPPER, "longitudinal relaxation time"),
        Parameter {
            name: "efficiency",
            unit: "",
            lower: 0.0,
            upper: 2.0,
            held: Some(1.0),
            description: "share of the longitudinal magnetisation that the saturation removes: 1 - cos of its angle",
        },
    ],
    equation: r"S(TS) = S_0 \left| 1 - \varepsilon \, e^{-TS/T_1} \right|",
    citation: "Markley JL, Horsley WJ, Klein MP. Spin-lattice relaxation measurements in slowly relaxing complex \
               spectra. J Chem Phys 1971;55:3604-3605",
    doi: None,
    protocol: &[Column {
        name: "TS",
        unit: "s",
        required: true,
        description: "time from the saturation to the excitation of each sample",
    }],
    settings: &[],
    magnitude: true,
    estimators: &["nlls"],
    minimum_samples: 3,
};

impl Model for SaturationRecovery {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        DESCRIPTION.check_settings(settings)?;
        let design = protocol.design(DESCRIPTION.id, DESCRIPTION.protocol)?;
        Ok(GRID.with_shapes(design, |at, t1| 1.0 - libm::exp(-at[0] / t1)))
    }
}

const GRID: Grid = Grid { lower: T1_LOWER, upper: T1_UPPER, points: 32, columns: 1 };

impl Equation for SaturationRecovery {
    const PARAMETERS: usize = 3;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let ratio = L::splat(at[0]) / p[1];
        let decay = (-ratio).exp();
        let recovered = L::splat(1.0) - p[2] * decay;
        let sign = L::select(recovered.lt(L::splat(0.0)), L::splat(-1.0), L::splat(1.0));
        let signed = sign * p[0];
        gradient[0] = sign * recovered;
        gradient[1] = -(signed * p[2] * decay * ratio / p[1]);
        gradient[2] = -(signed * decay);
        signed * recovered
    }

    /// The best of a grid of T1 for a full saturation, with S0 in closed form for what is held of its efficiency.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        p[1] = GRID.nearest_shape(design, samples);
        (p[0], p[2]) = (L::splat(1.0), L::select(p[2].finite(), p[2], L::splat(1.0)));
        p[0] = amplitude(self, design, samples, p);
        true
    }
}
