//! What samples can tell: Fisher information, Cramér-Rao bounds, better protocols, profile likelihoods.

pub mod cramer_rao;
pub mod fisher;
pub mod optimise;
pub mod profile;

use crate::error::CoreError;
use crate::fit::signal_of;
use crate::models::{self, AnySignal, Description, Model};
use crate::protocol::{Protocol, Settings};
use crate::simulate::noise::{Kind, Noise, NoiseRequest};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A model at stated parameters in stated noise, as it comes from JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    pub model: String,
    #[serde(default)]
    pub settings: Settings,
    /// The value of each parameter; those that the model holds may be left out.
    pub parameters: BTreeMap<String, f64>,
    /// Parameters that are known, beside those that the model holds.
    #[serde(default)]
    pub fix: Vec<String>,
    pub noise: NoiseRequest,
}

/// A checked situation.
pub(crate) struct Checked {
    pub model: &'static dyn Model,
    pub signal: &'static dyn AnySignal,
    pub settings: Settings,
    /// All parameters in the model's order.
    pub values: Vec<f64>,
    /// The places of those that are estimated.
    pub free: Vec<usize>,
    pub noise: Noise,
}

impl Situation {
    /// # Errors
    /// An unknown model or one without a signal equation; a parameter that is unknown, missing or not finite; nothing
    /// left to estimate; noise that is absent or that the model's samples cannot have.
    pub(crate) fn check(&self) -> Result<Checked, CoreError> {
        let model = models::find(&self.model)?;
        let signal = signal_of(model)?;
        let description = model.description();
        for name in self.parameters.keys() {
            index("parameters", name, description)?;
        }
        let mut values = Vec::with_capacity(description.parameters.len());
        for parameter in description.parameters {
            let field = || format!("parameters.{}", parameter.name);
            let value = self.parameters.get(parameter.name).copied().or(parameter.held);
            let value = value.ok_or_else(|| CoreError::Choice {
                field: field(),
                found: "missing".into(),
                expected: "the value at which the information is wanted".into(),
            })?;
            if !value.is_finite() {
                return Err(CoreError::NotFinite { field: field(), found: value.to_string() });
            }
            values.push(value);
        }
        let mut free: Vec<usize> = (0..values.len()).filter(|&j| description.parameters[j].held.is_none()).collect();
        for name in &self.fix {
            let j = index("fix", name, description)?;
            free.retain(|&other| other != j);
        }
        if free.is_empty() {
            return Err(CoreError::Choice {
                field: "fix".into(),
                found: "every parameter".into(),
                expected: "at least one parameter left to estimate".into(),
            });
        }
        let noise = self.noise.noise()?;
        let expected = if description.magnitude {
            "gaussian, rician or noncentral-chi"
        } else {
            "gaussian: these are no magnitudes"
        };
        if noise.kind == Kind::None || (noise.kind != Kind::Gaussian && !description.magnitude) {
            return Err(CoreError::Choice {
                field: "noise.kind".into(),
                found: self.noise.kind.clone(),
                expected: expected.into(),
            });
        }
        if noise.sigma == 0.0 {
            let expected = "a standard deviation above 0".into();
            return Err(CoreError::OutOfRange { field: "noise.sigma".into(), found: 0.0, expected });
        }
        Ok(Checked { model, signal, settings: self.settings.clone(), values, free, noise })
    }
}

impl Checked {
    pub fn description(&self) -> &'static Description {
        self.model.description()
    }

    /// Fisher information of each sample of a protocol on the free parameters: lower triangles, row after row.
    ///
    /// # Errors
    /// The model refuses the protocol.
    pub fn information(&self, protocol: &Protocol) -> Result<Vec<Vec<f64>>, CoreError> {
        let design = self.model.design(protocol, &self.settings)?;
        let (signal, jacobian) = self.signal.at(&design, &self.values);
        let p = self.values.len();
        let sigma = self.noise.sigma;
        let of_sample = |(&signal, row): (&f64, &[f64])| {
            let weight = fisher::of_signal(self.noise.kind, signal / sigma);
            let scaled: Vec<f64> = self.free.iter().map(|&j| row[j] / sigma).collect();
            let entry = |j: usize, k: usize| weight * scaled[j] * scaled[k];
            (0..scaled.len()).flat_map(|j| (0..=j).map(move |k| (j, k))).map(|(j, k)| entry(j, k)).collect()
        };
        Ok(signal.iter().zip(jacobian.chunks_exact(p)).map(of_sample).collect())
    }
}

/// The place of a parameter.
fn index(field: &str, name: &str, description: &Description) -> Result<usize, CoreError> {
    let parameters = description.parameters;
    parameters.iter().position(|parameter| parameter.name == name).ok_or_else(|| CoreError::Choice {
        field: format!("{field}.{name}"),
        found: name.into(),
        expected: format!("one of {}", parameters.iter().map(|p| p.name).collect::<Vec<_>>().join(", ")),
    })
}
