//! Variable flip angles: the steady state of a spoiled gradient echo, with B1 correction.

use super::grid::{amplitude, Grid};
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Column, Design, Protocol, Settings};
use core::f64::consts::PI;

/// S = M0 sin(B1 FA) (1 - E1) / (1 - E1 cos(B1 FA)), E1 = exp(-TR / T1).
pub struct VariableFlipAngle;

static DESCRIPTION: Description = Description {
    id: "variable-flip-angle",
    name: "Variable flip angle T1",
    description: "Steady state of a perfectly spoiled gradient echo. B1 multiplies the nominal flip angles: 1 unless a \
                  request fixes it elsewhere or maps it. The linear estimators fit S / sin FA = E1 S / tan FA + M0 \
                  (1 - E1) and need one TR \
                  and flip angles between 0 and 180 degrees: ols without weights (Fram et al. 1987, doi 10.1016/0730-725X(87)90021-X), \
                  iwls with the weights (sin FA / (1 - E1 cos FA))^2 that give each sample its own noise (Chang et al. \
                  2008, doi 10.1002/mrm.21669).",
    parameters: &[
        Parameter::new("M0", "signal", 0.0, f64::INFINITY, "signal of the relaxed magnetisation at 90 degrees"),
        Parameter::new("T1", "s", T1_LOWER, T1_UPPER, "longitudinal relaxation time"),
        Parameter {
            name: "B1",
            unit: "",
            lower: 0.0,
            upper: f64::INFINITY,
            held: Some(1.0),
            description: "actual over nominal flip angle",
        },
    ],
    equation: concat!(
        r"S(\alpha, TR) = M_0 \, \frac{(1 - E_1) \sin(B_1 \alpha)}{1 - E_1 \cos(B_1 \alpha)}, ",
        r"\quad E_1 = e^{-TR/T_1}"
    ),
    citation: "Gupta RK. A new look at the method of variable nutation angle for the measurement of spin-lattice \
               relaxation times using Fourier transform NMR. J Magn Reson 1977;25:231-235; Fram EK et al. Rapid \
               calculation of T1 using variable flip angle gradient refocused imaging. Magn Reson Imaging \
               1987;5:201-208; Chang LC et al. Linear least-squares method for unbiased estimation of T1 from SPGR \
               signals. Magn Reson Med 2008;60:496-501",
    doi: Some("10.1002/mrm.21669"),
    protocol: &[
        Column { name: "FA", unit: "degree", required: true, description: "nominal flip angle of each sample" },
        Column { name: "TR", unit: "s", required: true, description: "repetition time of each sample" },
    ],
    settings: &[],
    magnitude: true,
    estimators: &["nlls", "iwls", "ols"],
    minimum_samples: 3,
};

impl VariableFlipAngle {
    pub const B1: usize = 2;
    /// Protocol columns.
    pub const COLUMN_FA: usize = 0;
    pub const COLUMN_TR: usize = 1;
}

impl Model for VariableFlipAngle {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        DESCRIPTION.check_settings(settings)?;
        let design = protocol.design(DESCRIPTION.id, DESCRIPTION.protocol)?;
        let tr = |i: usize| design.row(i)[Self::COLUMN_TR];
        if let Some(i) = (0..design.rows()).find(|&i| tr(i) <= 0.0) {
            let (field, expected) = (format!("protocol.TR[{i}]"), "a repetition time above 0 s".into());
            return Err(CoreError::OutOfRange { field, found: tr(i), expected });
        }
        Ok(GRID.with_shapes(design, |at, t1| {
            let (angle, e1) = (at[0] * (PI / 180.0), libm::exp(-at[1] / t1));
            libm::sin(angle) * (1.0 - e1) / (1.0 - e1 * libm::cos(angle))
        }))
    }
}

const GRID: Grid = Grid { lower: T1_LOWER, upper: T1_UPPER, points: 32, columns: 2 };
const T1_LOWER: f64 = 0.001;
const T1_UPPER: f64 = 10.0;

impl Equation for VariableFlipAngle {
    const PARAMETERS: usize = 3;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let one = L::splat(1.0);
        let angle = L::splat(at[0] * (PI / 180.0));
        let (sine, cosine) = (p[2] * angle).sin_cos();
        let ratio = L::splat(at[1]) / p[1];
        let e1 = (-ratio).exp();
        // 1 - E1 and 1 - cos without the cancellation that short TR and small angles bring: (1 - E1) ratio / -ln E1 for
        // the rounded E1 (Kahan), and sin^2 / (1 + cos).
        let curved = e1.lt(one).and(ratio.lt(L::splat(0.5)));
        let short = L::select(curved, (e1 - one) * ratio / L::select(curved, e1.ln(), -one), ratio);
        let recovery = L::select(ratio.lt(L::splat(0.5)), short, one - e1);
        let forward = cosine.gt(L::splat(0.0));
        let tilt = L::select(forward, sine * sine / (one + L::select(forward, cosine, one)), one - cosine);
        let reciprocal = one / (recovery + e1 * tilt);
        let relative = sine * recovery * reciprocal;
        // dS/dE1 = M0 sin (cos - 1) / (1 - E1 cos)^2 and dS/dangle = M0 (1 - E1) (cos - E1) / (1 - E1 cos)^2.
        let square = p[0] * reciprocal * reciprocal;
        gradient[0] = relative;
        gradient[1] = -(square * sine * tilt * e1 * ratio / p[1]);
        gradient[2] = square * recovery * (recovery - tilt) * angle;
        p[0] * relative
    }

    /// The best of a grid of T1 at the nominal flip angles, corrected for B1 where that is held, with M0 in closed form.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let b1 = L::select(p[2].finite().and(p[2].gt(L::splat(0.0))), p[2], L::splat(1.0));
        // At small angles the signal depends on T1 and B1 by B1^2 T1 alone.
        let t1 = GRID.nearest_shape(design, samples) / (b1 * b1);
        p[1] = t1.larger(L::splat(T1_LOWER)).smaller(L::splat(T1_UPPER));
        (p[0], p[2]) = (L::splat(1.0), b1);
        p[0] = amplitude(self, design, samples, p);
        true
    }
}
