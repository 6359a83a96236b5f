//! Magnetization transfer saturation, Helms et al. 2008.

use super::mtr::{check_switch, MT};
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Column, Design, Protocol, Settings};

/// The rational approximation of the spoiled gradient echo for small angles and short TR, with the share of the
/// longitudinal magnetization that one saturation pulse removes:
/// S = A a R1 TR / (a^2/2 + MT MTsat/100 + R1 TR), a the excitation angle in radians.
pub struct MtSat;

pub(crate) const DEGREE: f64 = core::f64::consts::PI / 180.0;

static DESCRIPTION: Description = Description {
    id: "mtsat",
    name: "Magnetization transfer saturation",
    description:
        "Share of the longitudinal magnetization, in percent, that a saturation pulse removes in one TR, from \
                  spoiled gradient echoes weighted by proton density, T1 and MT. It holds for small angles and R1 TR \
                  far below 1. B1 scales the excitation angle; how MTsat itself grows with the saturation pulse's own \
                  B1 (about its square) is left as it is.",
    parameters: &[
        Parameter::new(
            "A",
            "signal",
            0.0,
            f64::INFINITY,
            "signal of the whole longitudinal magnetization, flipped by 90 degrees",
        ),
        Parameter::new("R1", "1/s", 0.01, 100.0, "longitudinal relaxation rate"),
        Parameter::new("MTsat", "%", -0.5, 100.0, "saturation by one pulse, in percent; below 0 only by noise"),
        Parameter {
            held: Some(1.0),
            ..Parameter::new("B1", "", 0.1, 3.0, "actual over nominal excitation angle, measured apart")
        },
    ],
    equation: concat!(
        r"S = A \, \frac{\alpha \, R_1 TR}{\alpha^2/2 + MT \cdot \mathrm{MTsat}/100 + R_1 TR}, \quad ",
        r"\alpha = B_1 \cdot FA \cdot \pi / 180^\circ"
    ),
    citation:
        "Helms G, Dathe H, Kallenberg K, Dechent P. High-resolution maps of magnetization transfer with inherent \
               correction for RF inhomogeneity and T1 relaxation obtained from 3D FLASH MRI. Magn Reson Med \
               2008;60:1396-1407; erratum 2010;64:1856",
    doi: Some("10.1002/mrm.21732"),
    protocol: &[
        MT,
        Column { name: "FA", unit: "degree", required: true, description: "nominal excitation angle of each sample" },
        Column { name: "TR", unit: "s", required: true, description: "repetition time of each sample" },
    ],
    settings: &[],
    magnitude: true,
    estimators: &["closed-form", "nlls"],
    minimum_samples: 3,
};

impl Model for MtSat {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        DESCRIPTION.check_settings(settings)?;
        let design = check_switch(protocol.design(DESCRIPTION.id, DESCRIPTION.protocol)?)?;
        for i in 0..design.rows() {
            for (name, found) in [("FA", design.row(i)[1]), ("TR", design.row(i)[2])] {
                if found == 0.0 {
                    let field = format!("protocol.{name}[{i}]");
                    return Err(CoreError::OutOfRange { field, found, expected: "above 0".into() });
                }
            }
        }
        Ok(design)
    }
}

impl Equation for MtSat {
    const PARAMETERS: usize = 4;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let &[a, r1, mtsat, b1] = p else { unreachable!("four parameters") };
        let (nominal, share) = (L::splat(at[1] * DEGREE), L::splat(at[0] / 100.0));
        let angle = b1 * nominal;
        let recovery = r1 * L::splat(at[2]);
        let square = angle * angle;
        let inverse = L::splat(1.0) / (L::splat(0.5) * square + share * mtsat + recovery);
        let relative = angle * recovery * inverse;
        let signal = a * relative;
        gradient[0] = relative;
        gradient[1] = a * angle * L::splat(at[2]) * inverse * (L::splat(1.0) - recovery * inverse);
        gradient[2] = -(signal * share * inverse);
        gradient[3] = a * recovery * nominal * inverse * (L::splat(1.0) - square * inverse);
        signal
    }

    /// Without the pulse S/a = A - S a / (2 R1 TR), a line, at the angles that B1, 1 where it is not held, makes of the nominal ones; with it, MTsat from the mean of what
    /// each sample says.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let b1 = L::select(p[3].finite().and(p[3].gt(zero)), p[3], one);
        let point = |i: usize| {
            let [_, angle, tr] = [0, 1, 2].map(|c| design.row(i)[c]);
            let angle = b1 * L::splat(angle * DEGREE);
            (samples[i] * angle / L::splat(tr), samples[i] / angle)
        };
        let rows = |with: f64| (0..samples.len()).filter(move |&i| design.row(i)[0] == with);
        let count = L::splat(rows(0.0).count().max(1) as f64);
        let (mut mean_x, mut mean_y) = (zero, zero);
        for (x, y) in rows(0.0).map(point) {
            (mean_x, mean_y) = (mean_x + x / count, mean_y + y / count);
        }
        let (mut sxx, mut sxy) = (zero, zero);
        for (x, y) in rows(0.0).map(point) {
            sxx = sxx + (x - mean_x) * (x - mean_x);
            sxy = sxy + (x - mean_x) * (y - mean_y);
        }
        let falling = sxy.lt(zero);
        let half_t1 = L::select(falling, -(sxy / L::select(falling, sxx, one)), L::splat(0.5));
        let r1 = L::splat(0.5) / half_t1;
        let a = mean_y + half_t1 * mean_x;
        let (mut sum, mut used) = (zero, 0.0f64);
        for i in rows(1.0) {
            let (angle, tr) = (b1 * L::splat(design.row(i)[1] * DEGREE), design.row(i)[2]);
            let positive = samples[i].gt(zero);
            let ratio = a * angle / L::select(positive, samples[i], one);
            let saturation = (ratio - one) * r1 * L::splat(tr) - L::splat(0.5) * angle * angle;
            sum = sum + L::select(positive, saturation, zero);
            used += 1.0;
        }
        (p[0], p[1], p[2], p[3]) = (a, r1, L::splat(100.0 / used.max(1.0)) * sum, b1);
        true
    }
}
