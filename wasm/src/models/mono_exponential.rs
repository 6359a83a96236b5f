//! Mono-exponential diffusion decay, Stejskal and Tanner 1965.

use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::lane::Lane;
use crate::protocol::{Column, Design};

/// S = S0 exp(-b ADC).
pub struct MonoExponential;

pub(super) const B: Column =
    Column { name: "b", unit: "s/mm2", required: true, description: "diffusion weighting of each sample" };

static DESCRIPTION: Description = Description {
    id: "mono-exponential",
    name: "Mono-exponential diffusion decay",
    description: "One apparent diffusion coefficient for the whole voxel.",
    parameters: &[
        Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal without diffusion weighting"),
        Parameter::new("ADC", "mm2/s", 0.0, 0.1, "apparent diffusion coefficient"),
    ],
    equation: r"S(b) = S_0 \, e^{-b \, \mathrm{ADC}}",
    citation: "Stejskal EO, Tanner JE. Spin diffusion measurements: spin echoes in the presence of a time-dependent \
               field gradient. J Chem Phys 1965;42:288-292",
    doi: Some("10.1063/1.1695690"),
    protocol: &[B],
    settings: &[],
    magnitude: true,
    estimators: &["ols", "wls", "iwls", "nlls"],
    minimum_samples: 2,
};

impl Model for MonoExponential {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }
}

impl Equation for MonoExponential {
    const PARAMETERS: usize = 2;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let b = L::splat(at[0]);
        let decay = (-(b * p[1])).exp();
        let signal = p[0] * decay;
        gradient[0] = decay;
        gradient[1] = -(b * signal);
        signal
    }

    /// Log-linear fit weighted by the squared samples, which leaves out samples that are not positive.
    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        let zero = L::splat(0.0);
        let largest = samples.iter().fold(zero, |largest, &s| largest.larger(s));
        let scale = L::select(largest.gt(zero), largest, L::splat(1.0));
        let (mut w, mut wx, mut wy) = (zero, zero, zero);
        let point = |i: usize| {
            let relative = samples[i] / scale;
            let positive = relative.gt(zero);
            let y = L::select(positive, relative, L::splat(1.0)).ln();
            (L::splat(design.row(i)[0]), y, L::select(positive, relative * relative, zero))
        };
        for i in 0..samples.len() {
            let (x, y, weight) = point(i);
            w = w + weight;
            wx = wx + weight * x;
            wy = wy + weight * y;
        }
        let usable = w.gt(zero);
        let w = L::select(usable, w, L::splat(1.0));
        let (mean_x, mean_y) = (wx / w, wy / w);
        let (mut sxx, mut sxy, mut range) = (zero, zero, zero);
        for i in 0..samples.len() {
            let (x, y, weight) = point(i);
            let dx = x - mean_x;
            sxx = sxx + weight * dx * dx;
            sxy = sxy + weight * dx * (y - mean_y);
            range = range.larger(x);
        }
        // With weight at one b only, no slope can be guessed: any decay within the range of b is as good a start.
        let sloped = usable.and(sxx.gt(L::splat(1e-12) * w * range * range));
        let fallback = L::splat(1.0) / L::select(range.gt(zero), range, L::splat(1.0));
        let adc = L::select(sloped, -(sxy / L::select(sloped, sxx, L::splat(1.0))), fallback);
        let s0 = (mean_y + adc * mean_x).exp() * scale;
        p[0] = L::select(usable.and(s0.finite()), s0, scale);
        p[1] = adc;
        true
    }
}
