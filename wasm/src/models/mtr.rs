//! Magnetization transfer ratio.

use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Column, Design, Protocol, Settings};

/// S = S0 (1 - MT MTR / 100): MTR = 100 (1 - S_MT / S0).
pub struct Mtr;

pub(super) const MT: Column = Column {
    name: "MT",
    unit: "",
    required: true,
    description: "1 for a sample with the saturation pulse, 0 for one without",
};

static DESCRIPTION: Description = Description {
    id: "mtr",
    name: "Magnetization transfer ratio",
    description:
        "By how much, in percent, an off-resonance saturation pulse lowers the signal; all other settings are \
                  the same with and without it.",
    parameters: &[
        Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal without the saturation pulse"),
        Parameter::new("MTR", "%", f64::NEG_INFINITY, 100.0, "magnetization transfer ratio, in percent"),
    ],
    equation: r"S = S_0 \left( 1 - MT \cdot \mathrm{MTR} / 100 \right)",
    citation:
        "Wolff SD, Balaban RS. Magnetization transfer contrast (MTC) and tissue water proton relaxation in vivo. \
               Magn Reson Med 1989;10:135-144",
    doi: Some("10.1002/mrm.1910100113"),
    protocol: &[MT],
    settings: &[],
    magnitude: true,
    estimators: &["closed-form", "nlls"],
    minimum_samples: 2,
};

impl Model for Mtr {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        DESCRIPTION.check_settings(settings)?;
        check_switch(protocol.design(DESCRIPTION.id, DESCRIPTION.protocol)?)
    }
}

/// # Errors
/// A value of MT, the design's first column, that is neither 0 nor 1.
pub(super) fn check_switch(design: Design) -> Result<Design, CoreError> {
    let values = (0..design.rows()).map(|i| design.row(i)[0]);
    match values.enumerate().find(|(_, value)| *value != 0.0 && *value != 1.0) {
        Some((i, found)) => {
            let expected = "0 (without saturation pulse) or 1 (with it)".into();
            Err(CoreError::OutOfRange { field: format!("protocol.MT[{i}]"), found, expected })
        }
        None => Ok(design),
    }
}

impl Equation for Mtr {
    const PARAMETERS: usize = 2;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let share = L::splat(at[0] / 100.0);
        let relative = L::splat(1.0) - share * p[1];
        gradient[0] = relative;
        gradient[1] = -(share * p[0]);
        p[0] * relative
    }

    /// The means with and without the pulse.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let zero = L::splat(0.0);
        let (mut sums, mut counts) = ([zero; 2], [0.0f64; 2]);
        for (i, &sample) in samples.iter().enumerate() {
            let with = usize::from(design.row(i)[0] == 1.0);
            sums[with] = sums[with] + sample;
            counts[with] += 1.0;
        }
        let [without, with] = [0, 1].map(|k| sums[k] * L::splat(1.0 / counts[k].max(1.0)));
        let usable = without.gt(zero);
        p[0] = without;
        p[1] = L::select(usable, L::splat(100.0) * (without - with) / L::select(usable, without, L::splat(1.0)), zero);
        true
    }
}
