//! Signals of a model for many parameter sets.

use crate::error::CoreError;
use crate::fit::check_length;
use crate::lane::{Doubles, Lane};
use crate::models;
use crate::protocol::{Protocol, Settings};
use crate::simulate::noise::{self, NoiseRequest};
use serde::Deserialize;

/// What to simulate, as it comes from JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub model: String,
    pub protocol: Protocol,
    #[serde(default)]
    pub settings: Settings,
    #[serde(default)]
    pub noise: Option<NoiseRequest>,
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// The text is not JSON of this shape.
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        serde_json::from_str(text)
            .map_err(|error| CoreError::InvalidRequest { field: "request".into(), detail: error.to_string() })
    }
}

/// Signals, samples x voxels, for `parameters[p * voxels + v]`, with the noise that the request asks for. The noise of
/// a value depends on the seed and its index in the result.
///
/// # Errors
/// Unknown model, a model without a signal equation, a bad protocol, parameters of another length or not finite, bad
/// noise.
pub fn signals(request: &Request, parameters: &[f64], voxels: usize) -> Result<Vec<f64>, CoreError> {
    let model = models::find(&request.model)?;
    let description = model.description();
    let signal = model.signal().ok_or(CoreError::NoPrediction { model: description.id })?;
    let design = model.design(&request.protocol, &request.settings)?;
    let (n, p) = (design.rows(), signal.parameters());
    check_length("parameters", parameters.len(), p, voxels)?;
    if let Some(i) = parameters.iter().position(|value| !value.is_finite()) {
        let found = parameters[i].to_string();
        return Err(CoreError::NotFinite { field: format!("parameters[{i}]"), found });
    }
    let total = n.checked_mul(voxels).ok_or_else(|| CoreError::Length {
        field: "voxels".into(),
        found: voxels,
        expected: format!("few enough for {n} samples each to fit in memory"),
    })?;
    let noise = request.noise.as_ref().map(NoiseRequest::noise).transpose()?;
    let mut out = vec![0.0; total];
    let mut x = vec![Doubles::splat(0.0); p];
    let mut rows = vec![Doubles::splat(0.0); n];
    let mut jacobian = vec![Doubles::splat(0.0); n * p];
    let mut start = 0;
    while start < voxels {
        let count = Doubles::WIDTH.min(voxels - start);
        for (j, x) in x.iter_mut().enumerate() {
            *x = Doubles::gather(|i| parameters[j * voxels + start + i.min(count - 1)]);
        }
        signal.evaluate(&design, &x, &mut rows, &mut jacobian);
        for (s, row) in rows.iter().enumerate() {
            for i in 0..count {
                out[s * voxels + start + i] = row.lane(i);
            }
        }
        start += Doubles::WIDTH;
    }
    if let Some(noise) = noise {
        noise::add_from(&mut out, &noise, 0, 0);
    }
    Ok(out)
}
