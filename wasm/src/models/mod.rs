//! Signal models. One file each: name, parameters, units, bounds, equation, citation, prediction and Jacobian.
//! A model knows nothing of estimators but their names.

mod clinical_adc;
mod mono_exponential;
mod t2_ivim_kurtosis;

pub use clinical_adc::ClinicalAdc;
pub use mono_exponential::MonoExponential;
pub use t2_ivim_kurtosis::T2IvimKurtosis;

use crate::error::CoreError;
use crate::lane::{Doubles, Lane};
use crate::protocol::{Column, Design};
use serde::Serialize;

/// The registry: one line for each model.
pub static MODELS: &[&dyn Model] = &[&MonoExponential, &ClinicalAdc, &T2IvimKurtosis];

/// The model of that id.
///
/// # Errors
/// There is none.
pub fn find(id: &str) -> Result<&'static dyn Model, CoreError> {
    MODELS.iter().copied().find(|model| model.description().id == id).ok_or_else(|| CoreError::UnknownModel {
        found: id.into(),
        known: MODELS.iter().map(|model| model.description().id).collect(),
    })
}

/// A parameter: what it is called, its unit and the bounds a bounded fit keeps by default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parameter {
    pub name: &'static str,
    /// Empty for a pure number; "signal" for the unit of the samples.
    pub unit: &'static str,
    /// Infinite (JSON: null) where unbounded.
    pub lower: f64,
    /// Infinite (JSON: null) where unbounded.
    pub upper: f64,
    pub description: &'static str,
}

/// What a model says of itself; other parts ask and repeat none of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Description {
    pub id: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub parameters: &'static [Parameter],
    /// TeX, without delimiters.
    pub equation: &'static str,
    pub citation: &'static str,
    /// Nothing where the source's identifier is not known for certain.
    pub doi: Option<&'static str>,
    pub protocol: &'static [Column],
    /// Ids of the estimators that fit it; empty for a model that only predicts.
    #[serde(skip)]
    pub estimators: &'static [&'static str],
    pub minimum_samples: usize,
}

/// A registered model.
pub trait Model: Sync {
    fn description(&self) -> &'static Description;

    /// The signal equation; nothing for metrics that are computed from fits of another model.
    fn signal(&self) -> Option<&dyn Signal> {
        None
    }
}

/// A signal equation, written once for any lanes.
pub trait Equation: Sync {
    const PARAMETERS: usize;

    /// The signal of one sample with settings `at` (protocol columns in the model's order) for parameters `p`;
    /// `gradient[j]` becomes its derivative by parameter j.
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L;

    /// A first guess for an iterative fit, from samples in the design's order; false where the model states none.
    fn guess<L: Lane>(&self, _design: &Design, _samples: &[L], _p: &mut [L]) -> bool {
        false
    }
}

/// A signal equation behind a pointer, all samples of two voxels at once.
pub trait Signal: Sync {
    /// Number of parameters.
    fn parameters(&self) -> usize;

    /// `signal[i]` and `jacobian[i * parameters + j]` (derivative of sample i by parameter j) at parameters `p`.
    fn evaluate(&self, design: &Design, p: &[Doubles], signal: &mut [Doubles], jacobian: &mut [Doubles]);

    /// See [`Equation::guess`].
    fn guess(&self, design: &Design, samples: &[Doubles], p: &mut [Doubles]) -> bool;

    /// Signal of each sample for one parameter set.
    fn predict(&self, design: &Design, p: &[f64]) -> Vec<f64> {
        self.at(design, p).0
    }

    /// Derivatives, samples x parameters, for one parameter set.
    fn jacobian(&self, design: &Design, p: &[f64]) -> Vec<f64> {
        self.at(design, p).1
    }

    /// Prediction and Jacobian for one parameter set.
    fn at(&self, design: &Design, p: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let p: Vec<Doubles> = p.iter().map(|&value| Doubles::splat(value)).collect();
        let mut signal = vec![Doubles::splat(0.0); design.rows()];
        let mut jacobian = vec![Doubles::splat(0.0); design.rows() * p.len()];
        self.evaluate(design, &p, &mut signal, &mut jacobian);
        let first = |values: Vec<Doubles>| values.iter().map(|value| value.lane(0)).collect();
        (first(signal), first(jacobian))
    }
}

impl<E: Equation> Signal for E {
    fn parameters(&self) -> usize {
        E::PARAMETERS
    }

    #[inline]
    fn evaluate(&self, design: &Design, p: &[Doubles], signal: &mut [Doubles], jacobian: &mut [Doubles]) {
        let gradients = jacobian.chunks_exact_mut(E::PARAMETERS);
        for ((i, signal), gradient) in (0..design.rows()).zip(signal).zip(gradients) {
            *signal = self.sample(design.row(i), &p[..E::PARAMETERS], gradient);
        }
    }

    fn guess(&self, design: &Design, samples: &[Doubles], p: &mut [Doubles]) -> bool {
        Equation::guess(self, design, samples, p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_describes_itself_fully_and_once() {
        for model in MODELS {
            let description = model.description();
            assert_eq!(MODELS.iter().filter(|other| other.description().id == description.id).count(), 1);
            assert!(!description.name.is_empty() && !description.equation.is_empty());
            assert!(!description.citation.is_empty() && description.doi.is_none_or(|doi| doi.starts_with("10.")));
            assert!(!description.protocol.is_empty());
            for parameter in description.parameters {
                assert!(parameter.lower < parameter.upper, "{} {}", description.id, parameter.name);
                assert!(!parameter.description.is_empty());
            }
            if let Some(signal) = model.signal() {
                assert_eq!(signal.parameters(), description.parameters.len());
            }
        }
    }

    #[test]
    fn an_unknown_model_is_refused_by_name() {
        let error = find("bi-exponential").err().unwrap();
        assert_eq!(error.fault().code, "unknown-model");
        assert!(error.fault().expected.contains("mono-exponential"));
    }
}
