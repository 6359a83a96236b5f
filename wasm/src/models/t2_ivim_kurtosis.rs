//! Vascular and tissue compartments with their own T2, the tissue with diffusional kurtosis.

use super::mono_exponential::B;
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::lane::Lane;
use crate::protocol::Column;

/// S = S0 [f exp(-b Dv - TE/T2v) + (1 - f) exp(-b Dt + K (b Dt)^2 / 6 - TE/T2t)].
///
/// The kurtosis term is a series in b cut after its square: it holds while b Dt K is small, and past b = 3 / (Dt K) the
/// equation rises again.
pub struct T2IvimKurtosis;

static DESCRIPTION: Description = Description {
    id: "t2-ivim-kurtosis",
    name: "T2-IVIM with kurtosis",
    description: "Blood and tissue, each with its diffusion and T2; tissue diffusion with kurtosis. Prediction only.",
    parameters: &[
        Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal at b = 0 and TE = 0"),
        Parameter::new("f", "", 0.0, 1.0, "vascular fraction of that signal"),
        Parameter::new("Dv", "mm2/s", 0.003, 0.5, "pseudo-diffusion coefficient of the vascular compartment"),
        Parameter::new("T2v", "s", 0.001, 1.0, "T2 of the vascular compartment"),
        Parameter::new("Dt", "mm2/s", 0.0, 0.005, "diffusion coefficient of tissue"),
        Parameter::new("K", "", 0.0, 3.0, "diffusional kurtosis of tissue"),
        Parameter::new("T2t", "s", 0.001, 1.0, "T2 of tissue"),
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
    estimators: &[],
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
}
