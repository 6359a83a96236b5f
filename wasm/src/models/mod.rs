//! Signal models. One file each: name, parameters, units, bounds, equation, citation, prediction and Jacobian.
//! A model knows nothing of estimators but their names.

mod clinical_adc;
pub(crate) mod exponential_search;
mod fat_water;
mod fat_water_complex;
mod flair;
pub(crate) mod grid;
mod inversion_recovery;
mod ivim;
mod kurtosis;
mod mono_exponential;
mod mtr;
mod mtsat;
mod multi_echo;
mod saturation_recovery;
mod t2_ivim_kurtosis;
mod two_point_t2;
mod variable_flip_angle;

pub use clinical_adc::ClinicalAdc;
pub use fat_water::FatWater;
pub use fat_water_complex::FatWaterComplex;
pub(crate) use flair::{longitudinal, EQUATION as FLAIR_EQUATION};
pub use flair::{Flair, FlairTse};
pub use inversion_recovery::{InversionRecovery, InversionRecoveryComplex};
pub use ivim::Ivim;
pub(crate) use ivim::IvimGrid;
pub use kurtosis::Kurtosis;
pub(crate) use kurtosis::{LogQuadratic, LogQuadraticFit};
pub use mono_exponential::MonoExponential;
pub use mtr::Mtr;
pub use mtsat::MtSat;
pub(crate) use mtsat::DEGREE;
pub use saturation_recovery::SaturationRecovery;
pub use t2_ivim_kurtosis::T2IvimKurtosis;
pub use two_point_t2::TwoPointT2;
pub use variable_flip_angle::VariableFlipAngle;

use crate::error::CoreError;
use crate::lane::{Doubles, Lane, Real, Singles};
use crate::protocol::{Column, Design, Protocol, Setting, SettingValue, Settings};
use serde::Serialize;

/// The registry: one line for each model.
pub static MODELS: &[&dyn Model] = &[
    &MonoExponential,
    &ClinicalAdc,
    &Ivim,
    &Kurtosis,
    &T2IvimKurtosis,
    &InversionRecovery,
    &InversionRecoveryComplex,
    &SaturationRecovery,
    &VariableFlipAngle,
    &multi_echo::T2,
    &multi_echo::T2_OFFSET,
    &multi_echo::T2_STAR,
    &multi_echo::T2_STAR_OFFSET,
    &TwoPointT2,
    &FatWater,
    &FatWaterComplex,
    &Mtr,
    &MtSat,
    &Flair,
    &FlairTse,
];

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
    /// Held at this value unless a request fixes it elsewhere or maps it: a quantity that is measured apart, such as B1.
    pub held: Option<f64>,
    pub description: &'static str,
}

impl Parameter {
    /// A parameter that is estimated.
    pub const fn new(
        name: &'static str,
        unit: &'static str,
        lower: f64,
        upper: f64,
        description: &'static str,
    ) -> Self {
        Self { name, unit, lower, upper, held: None, description }
    }
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
    pub settings: &'static [Setting],
    /// Whether its samples are magnitudes, which noise makes Rician; else they are real or complex parts.
    pub magnitude: bool,
    /// Ids of the estimators that fit it, the default first; empty for a model that only predicts.
    #[serde(skip)]
    pub estimators: &'static [&'static str],
    pub minimum_samples: usize,
}

/// A registered model.
pub trait Model: Sync {
    fn description(&self) -> &'static Description;

    /// The signal equation; nothing for metrics that are computed from fits of another model.
    fn signal(&self) -> Option<&dyn AnySignal> {
        None
    }

    /// The checked protocol, with whatever the model computes once from settings behind its own columns.
    ///
    /// # Errors
    /// As [`Protocol::design`]; a setting that the model does not know or that is missing or out of place.
    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        let description = self.description();
        description.check_settings(settings)?;
        protocol.design(description.id, description.protocol)
    }
}

impl Description {
    /// # Errors
    /// A setting that the model does not know, that is missing, or that is a name where a number belongs.
    pub fn check_settings(&self, settings: &Settings) -> Result<(), CoreError> {
        let names = || self.settings.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ");
        for (name, value) in settings {
            let field = format!("settings.{name}");
            let Some(setting) = self.settings.iter().find(|setting| setting.name == name) else {
                let expected =
                    if self.settings.is_empty() { "no settings".into() } else { format!("one of {}", names()) };
                return Err(CoreError::Choice {
                    field,
                    found: name.clone(),
                    expected: format!("{expected} ({})", self.id),
                });
            };
            match value {
                SettingValue::Number(found) if setting.choices.is_empty() => {
                    if !(found.is_finite() && *found > 0.0) {
                        let expected = format!("a number above 0 ({})", setting.unit);
                        return Err(CoreError::OutOfRange { field, found: *found, expected });
                    }
                }
                SettingValue::Name(found) if setting.choices.contains(&found.as_str()) => {}
                other => {
                    let found = match other {
                        SettingValue::Number(value) => value.to_string(),
                        SettingValue::Name(name) => name.clone(),
                    };
                    let expected = if setting.choices.is_empty() {
                        format!("a number ({})", setting.unit)
                    } else {
                        format!("one of {}", setting.choices.join(", "))
                    };
                    return Err(CoreError::Choice { field, found, expected });
                }
            }
        }
        match self.settings.iter().find(|setting| setting.required && !settings.contains_key(setting.name)) {
            Some(setting) => Err(CoreError::Choice {
                field: format!("settings.{}", setting.name),
                found: "missing".into(),
                expected: setting.description.into(),
            }),
            None => Ok(()),
        }
    }
}

/// A signal equation, written once for any lanes.
pub trait Equation: Sync {
    const PARAMETERS: usize;

    /// The signal of one sample with settings `at` (protocol columns in the model's order) for parameters `p`;
    /// `gradient[j]` becomes its derivative by parameter j.
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L;

    /// How many starts an iterative fit needs to find the least minimum: the guess and the further ones.
    const STARTS: usize = 1;

    /// A first guess for an iterative fit, from samples in the design's order; false where the model states none.
    fn guess<L: Lane>(&self, _design: &Design, _samples: &[L], _p: &mut [L]) -> bool {
        false
    }

    /// Start `k`, from 1 to STARTS - 1; on entry `p` holds the first guess. False where there is none.
    fn further_guess<L: Lane>(&self, _k: usize, _design: &Design, _samples: &[L], _p: &mut [L]) -> bool {
        false
    }

    /// Its least-squares problem on a design. A model whose sums over the samples have a shorter form than sample by
    /// sample states it here.
    fn problem<'a, L: Lane>(&'a self, design: &'a Design) -> Box<dyn Problem<L> + 'a>
    where
        Self: Sized,
    {
        Box::new(Sampled { equation: self, design })
    }
}

/// A signal equation on one design, with whatever is computed once for all voxels: what an iterative fit asks for.
pub trait Problem<L: Lane> {
    /// Number of starts.
    fn starts(&self) -> usize;

    /// Start `k` for the samples, in the model's parameters; for k > 0, `p` holds start 0 on entry. False where the model
    /// proposes none.
    fn start(&self, k: usize, samples: &[L], p: &mut [L]) -> bool;

    /// How many starts after the first are worth trying in a voxel, by the parameters at which its first fit ended
    /// (amplitudes relative to the largest sample) and by the ratio of that sample to the noise.
    fn further(&self, _end: &[f64], _snr: f64) -> usize {
        self.starts() - 1
    }

    /// The residual sum of squares at `p`, with J'r in `gradient` (r = samples - signal) and the lower triangle of J'J
    /// in `normal` (square, row after row; what is above the diagonal is left alone). In coordinates of its own it may
    /// move those in which the signal is linear to where the residual is least.
    fn linearise(&mut self, samples: &[L], p: &mut [L], gradient: &mut [L], normal: &mut [L]) -> L;

    /// From here on `linearise` works in coordinates in which the problem is nearer to linear; the bounds become those
    /// of the coordinates. False where it has none for these bounds and held parameters.
    fn transform(&mut self, _lower: &mut [f64], _upper: &mut [f64], _held: &[bool]) -> bool {
        false
    }

    /// The coordinates of parameters, in place.
    fn enter(&self, _p: &mut [L]) {}

    /// The parameters at coordinates, in place.
    fn leave(&self, _p: &mut [L]) {}
}

/// The most parameters that a signal equation may have.
pub const MAXIMUM_PARAMETERS: usize = 9;

/// The problem of any equation, summed sample by sample.
pub struct Sampled<'a, E> {
    pub equation: &'a E,
    pub design: &'a Design,
}

impl<L: Lane, E: Equation> Problem<L> for Sampled<'_, E> {
    fn starts(&self) -> usize {
        E::STARTS
    }

    fn start(&self, k: usize, samples: &[L], p: &mut [L]) -> bool {
        match k {
            0 => self.equation.guess(self.design, samples, p),
            _ => self.equation.further_guess(k, self.design, samples, p),
        }
    }

    fn linearise(&mut self, samples: &[L], p: &mut [L], gradient: &mut [L], normal: &mut [L]) -> L {
        let zero = L::splat(0.0);
        let mut residual = zero;
        let mut sums = [zero; MAXIMUM_PARAMETERS];
        let mut products = [[zero; MAXIMUM_PARAMETERS]; MAXIMUM_PARAMETERS];
        let mut row = [zero; MAXIMUM_PARAMETERS];
        let p = &p[..E::PARAMETERS];
        for (i, &sample) in samples.iter().enumerate() {
            let r = sample - self.equation.sample(self.design.row(i), p, &mut row[..E::PARAMETERS]);
            residual = residual + r * r;
            for j in 0..E::PARAMETERS {
                sums[j] = sums[j] + row[j] * r;
                for k in 0..=j {
                    products[j][k] = products[j][k] + row[j] * row[k];
                }
            }
        }
        gradient[..E::PARAMETERS].copy_from_slice(&sums[..E::PARAMETERS]);
        for j in 0..E::PARAMETERS {
            normal[j * E::PARAMETERS..][..=j].copy_from_slice(&products[j][..=j]);
        }
        residual
    }
}

/// A signal equation behind a pointer, all samples of the voxels in the lanes at once.
pub trait Signal<L: Lane>: Sync {
    /// `signal[i]` and `jacobian[i * parameters + j]` (derivative of sample i by parameter j) at parameters `p`.
    fn evaluate(&self, design: &Design, p: &[L], signal: &mut [L], jacobian: &mut [L]);

    /// See [`Equation::problem`].
    fn problem<'a>(&'a self, design: &'a Design) -> Box<dyn Problem<L> + 'a>;
}

/// A signal equation in both precisions.
pub trait AnySignal: Signal<Doubles> + Signal<Singles> {
    /// Number of parameters.
    fn parameters(&self) -> usize;

    /// Signal of each sample for one parameter set.
    fn predict(&self, design: &Design, p: &[f64]) -> Vec<f64> {
        self.at(design, p).0
    }

    /// Derivatives, samples x parameters, for one parameter set.
    fn jacobian(&self, design: &Design, p: &[f64]) -> Vec<f64> {
        self.at(design, p).1
    }

    /// Prediction and Jacobian for one parameter set.
    fn at(&self, design: &Design, p: &[f64]) -> (Vec<f64>, Vec<f64>);
}

impl<L: Lane, E: Equation> Signal<L> for E {
    #[inline]
    fn evaluate(&self, design: &Design, p: &[L], signal: &mut [L], jacobian: &mut [L]) {
        let gradients = jacobian.chunks_exact_mut(E::PARAMETERS);
        for ((i, signal), gradient) in (0..design.rows()).zip(signal).zip(gradients) {
            *signal = self.sample(design.row(i), &p[..E::PARAMETERS], gradient);
        }
    }

    fn problem<'a>(&'a self, design: &'a Design) -> Box<dyn Problem<L> + 'a> {
        Equation::problem(self, design)
    }
}

impl<E: Equation> AnySignal for E {
    fn parameters(&self) -> usize {
        E::PARAMETERS
    }

    fn at(&self, design: &Design, p: &[f64]) -> (Vec<f64>, Vec<f64>) {
        evaluate_one(self, design, p)
    }
}

/// Behind a pointer, so that there is one of it and not one for each equation.
fn evaluate_one(signal: &dyn Signal<Doubles>, design: &Design, p: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let p: Vec<Doubles> = p.iter().map(|&value| Doubles::splat(value)).collect();
    let mut values = vec![Doubles::splat(0.0); design.rows()];
    let mut jacobian = vec![Doubles::splat(0.0); design.rows() * p.len()];
    signal.evaluate(design, &p, &mut values, &mut jacobian);
    let first = |values: Vec<Doubles>| values.iter().map(|value| value.lane(0)).collect();
    (first(values), first(jacobian))
}

/// A precision, and a signal equation in it.
pub trait Precision: Real {
    fn signal(signal: &dyn AnySignal) -> &dyn Signal<Self::Lanes>;
}

impl Precision for f64 {
    fn signal(signal: &dyn AnySignal) -> &dyn Signal<Doubles> {
        signal
    }
}

impl Precision for f32 {
    fn signal(signal: &dyn AnySignal) -> &dyn Signal<Singles> {
        signal
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
