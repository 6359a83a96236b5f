//! T2 from two echo times.

use super::multi_echo::{decayed, CARR_PURCELL, CARR_PURCELL_DOI, S0, T2_TIME, TE};
use super::{AnySignal, Description, Equation, Model};
use crate::lane::Lane;

/// T2 = (TE2 - TE1) / ln(S1 / S2).
pub struct TwoPointT2;

static DESCRIPTION: Description = Description {
    id: "two-point-t2",
    name: "T2 from two echo times",
    description: "The decay through two samples. Two samples leave no residual: there is no standard deviation.",
    parameters: &[S0, T2_TIME],
    equation: concat!(
        r"\begin{aligned} S(TE) &= S_0 \, e^{-TE/T_2} \\ ",
        r"T_2 &= \frac{TE_2 - TE_1}{\ln(S_1 / S_2)} \end{aligned}"
    ),
    citation: CARR_PURCELL,
    doi: CARR_PURCELL_DOI,
    protocol: &[TE],
    settings: &[],
    magnitude: true,
    estimators: &["closed-form"],
    minimum_samples: 2,
};

impl Model for TwoPointT2 {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }
}

impl Equation for TwoPointT2 {
    const PARAMETERS: usize = 2;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        decayed(at, p, gradient)
    }
}
