//! Clinical diffusion metrics from segments of b-values, Macarro et al. 2025.
//!
//! S0 here is the measured signal at b = 0 (the mean where there are several), not an extrapolation of a fit: F
//! compares what the slow component alone would give at b = 0 with what is there.

use super::mono_exponential::B;
use super::{Description, Model, Parameter};
use crate::protocol::Column;

/// ADC, fast and slow ADC, and perfusion fraction from mono-exponential fits of segments.
pub struct ClinicalAdc;

/// A segment of b-values to which a mono-exponential decay is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// The metric that the segment's decay gives.
    pub metric: &'static str,
    /// The b-values it needs (s/mm2).
    pub b: &'static [f64],
}

impl ClinicalAdc {
    /// ADC takes every sample with b up to this one (s/mm2).
    pub const LARGEST_B: f64 = 900.0;
    /// A sample counts as one at a stated b when it lies this near (s/mm2), for scanners that report rounded values.
    pub const TOLERANCE: f64 = 0.5;
    pub const FAST: Segment = Segment { metric: "ADC_fast", b: &[0.0, 50.0, 100.0] };
    pub const SLOW: Segment = Segment { metric: "ADC_slow", b: &[100.0, 400.0, 900.0] };
    /// Protocol column of b and of TE.
    pub const COLUMN_B: usize = 0;
    pub const COLUMN_TE: usize = 1;
}

const ADC_BOUNDS: (f64, f64) = (0.0, 0.1);

static DESCRIPTION: Description = Description {
    id: "clinical-adc",
    name: "Clinical ADC metrics (segmented)",
    description: "Mono-exponential fits of segments at the shortest TE: ADC from all b <= 900 s/mm2; ADC_fast from \
                  b = 0, 50, 100; ADC_slow from b = 100, 400, 900; F = 1 - S0_slow/S0 with S0_slow the slow fit's \
                  intercept and S0 the mean measured signal at b = 0. Repeated samples at a b-value all count; b is \
                  matched to 0.5 s/mm2; other samples are ignored.",
    parameters: &[
        Parameter::new(
            "ADC",
            "mm2/s",
            ADC_BOUNDS.0,
            ADC_BOUNDS.1,
            "apparent diffusion coefficient from all b <= 900 s/mm2",
        ),
        Parameter::new(
            "ADC_fast",
            "mm2/s",
            ADC_BOUNDS.0,
            ADC_BOUNDS.1,
            "apparent diffusion coefficient from b = 0, 50, 100 s/mm2",
        ),
        Parameter::new(
            "ADC_slow",
            "mm2/s",
            ADC_BOUNDS.0,
            ADC_BOUNDS.1,
            "apparent diffusion coefficient from b = 100, 400, 900 s/mm2",
        ),
        Parameter::new(
            "F",
            "",
            f64::NEG_INFINITY,
            1.0,
            "fraction of the signal at b = 0 that the slow component does not explain",
        ),
        Parameter::new(
            "S0",
            "signal",
            f64::NEG_INFINITY,
            f64::INFINITY,
            "measured signal at b = 0, mean of the samples there",
        ),
    ],
    equation: concat!(
        r"\begin{aligned} S(b) &= S_{0,k} \, e^{-b \, \mathrm{ADC}_k}, \quad ",
        r"k \in \{\text{all}, \text{fast}, \text{slow}\} \\ ",
        r"F &= 1 - S_{0,\text{slow}} / S(0) \end{aligned}"
    ),
    citation: "Macarro et al. 2025",
    doi: None,
    protocol: &[
        B,
        Column {
            name: "TE",
            unit: "s",
            required: false,
            description: "echo time of each sample; the samples at the shortest one are used",
        },
    ],
    settings: &[],
    magnitude: true,
    estimators: &["ols", "iwls", "nlls"],
    minimum_samples: 5,
};

impl Model for ClinicalAdc {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }
}
