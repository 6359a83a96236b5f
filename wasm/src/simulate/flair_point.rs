//! One point of a study of FLAIR settings: image, both segmentations and their scores.

use super::flair::{Phantom, Sequence, Spec};
use super::noise::NoiseRequest;
use super::parse;
use crate::error::CoreError;
use crate::segment::overlap::overlap;
use crate::segment::{segment, Method};
use serde::Deserialize;
use serde_json::{json, Map, Value};

/// What may change while a phantom stays; times in s. (The times of a [`Sequence`] stand here themselves: serde refuses
/// unknown fields only where nothing is flattened.)
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct At {
    #[serde(rename = "TE")]
    pub te: f64,
    #[serde(rename = "TI")]
    pub ti: f64,
    #[serde(rename = "TR")]
    pub tr: f64,
    pub noise: NoiseRequest,
    /// Requests as [`Method::parse`] reads them; every method with its defaults where absent.
    #[serde(default)]
    pub methods: Option<Vec<Value>>,
    /// By which lesions are told apart for the scores.
    #[serde(default = "corners")]
    pub connectivity: u32,
}

impl At {
    pub fn sequence(&self) -> Sequence {
        Sequence { te: self.te, ti: self.ti, tr: self.tr }
    }
}

fn corners() -> u32 {
    26
}

/// JSON: the settings, and for each method its name and scores (see [`overlap`]). The request is one of [`At`] and the
/// phantom's [`Spec`] under `phantom` (its defaults where absent).
///
/// # Errors
/// A request of another shape, or anything that phantom, sequence, noise or segmenters refuse.
pub fn point(text: &str) -> Result<Value, CoreError> {
    let invalid =
        |error: serde_json::Error| CoreError::InvalidRequest { field: "request".into(), detail: error.to_string() };
    let mut request: Map<String, Value> = parse("request", text)?;
    let spec = match request.remove("phantom") {
        Some(spec) => serde_json::from_value(spec).map_err(invalid)?,
        None => Spec::default(),
    };
    let at: At = serde_json::from_value(Value::Object(request)).map_err(invalid)?;
    score(&Phantom::new(spec)?, &at)
}

/// As [`point`], for a phantom that is there already.
///
/// # Errors
/// As [`point`].
pub fn score(phantom: &Phantom, at: &At) -> Result<Value, CoreError> {
    let methods = match &at.methods {
        Some(methods) => methods.clone(),
        None => Method::NAMES.iter().map(|name| json!({"method": name})).collect(),
    };
    let image = phantom.brain(&at.sequence(), &at.noise.noise()?)?;
    let mut results = Vec::new();
    for request in methods {
        let name = request["method"].clone();
        let found = segment(&Method::from_value(request)?, &image, phantom.tissues(), &phantom.shape())?;
        let mut scores = json!(overlap(phantom.lesions(), &found, &phantom.shape(), at.connectivity)?);
        scores["method"] = name;
        results.push(scores);
    }
    Ok(json!({"TE": at.te, "TI": at.ti, "TR": at.tr, "results": results}))
}
