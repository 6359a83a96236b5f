//! What the core refuses, and why: each error has a stable code, the field at fault, the value found and what was
//! expected.

use serde::Serialize;
use serde_json::{json, Value};
use thiserror::Error;

/// An error as the other side of the boundary reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    pub code: &'static str,
    pub field: String,
    pub value: Value,
    pub expected: String,
}

/// Bad input. Outcomes of single voxels are statuses, never errors.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CoreError {
    #[error("{field} does not parse: {detail}")]
    InvalidRequest { field: String, detail: String },
    #[error("there is no model {found:?}")]
    UnknownModel { found: String, known: Vec<&'static str> },
    #[error("{model} has no estimator {found:?}")]
    UnknownEstimator { model: &'static str, found: String, known: Vec<&'static str> },
    #[error("{model} is computed from fits and predicts no signal")]
    NoPrediction { model: &'static str },
    #[error("{model} has no protocol column {found:?}")]
    UnknownColumn { model: &'static str, found: String, known: Vec<&'static str> },
    #[error("{model} needs the protocol column {column}")]
    MissingColumn { model: &'static str, column: &'static str },
    #[error("protocol.{column} has {found} values, expected {expected}")]
    ColumnLength { column: String, found: usize, expected: usize },
    #[error("{field} is not finite")]
    NotFinite { field: String, found: String },
    #[error("{field} is negative: {found}")]
    Negative { field: String, found: f64 },
    #[error("{found} samples, at least {minimum} needed")]
    TooFewSamples { field: String, found: usize, minimum: usize },
    #[error("every b-value is {value}")]
    OneUniqueB { field: String, value: f64 },
    #[error("no sample at b = {missing}")]
    MissingB { missing: f64, found: Vec<f64>, purpose: &'static str },
    #[error("{field} has {found} values, expected {expected}")]
    Length { field: String, found: usize, expected: String },
    #[error("bounds.{parameter} is [{lower}, {upper}]")]
    BoundsCrossed { parameter: String, lower: f64, upper: f64 },
    #[error("no parameter {found:?} can be bounded")]
    UnknownBound { found: String, known: Vec<&'static str> },
    #[error("the estimator {estimator} takes no bounds")]
    BoundsUnsupported { estimator: &'static str, found: Vec<String> },
    #[error("{field} is {found}")]
    Choice { field: String, found: String, expected: String },
    #[error("{field} is {found}")]
    OutOfRange { field: String, found: f64, expected: String },
    #[error("{field}: {found}")]
    NoInterval { field: String, found: String, expected: String },
}

/// JSON has no NaN and no infinity: they are named.
fn number(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else {
        json!(value.to_string())
    }
}

fn one_of(known: &[&'static str]) -> String {
    format!("one of {}", known.join(", "))
}

impl CoreError {
    /// Code, field, value and expectation.
    pub fn fault(&self) -> Fault {
        let (code, field, value, expected): (&'static str, String, Value, String) = match self {
            Self::InvalidRequest { field, detail } => {
                ("invalid-request", field.clone(), json!(detail), "JSON of the documented shape".into())
            }
            Self::UnknownModel { found, known } => ("unknown-model", "model".into(), json!(found), one_of(known)),
            Self::UnknownEstimator { found, known, .. } => {
                ("unknown-estimator", "estimator".into(), json!(found), one_of(known))
            }
            Self::NoPrediction { model } => {
                ("no-prediction", "model".into(), json!(model), "a model with a signal equation".into())
            }
            Self::UnknownColumn { found, known, model } => (
                "unknown-protocol-column",
                format!("protocol.{found}"),
                json!(found),
                format!("{}, the protocol of {model}", one_of(known)),
            ),
            Self::MissingColumn { model, column } => (
                "missing-protocol-column",
                format!("protocol.{column}"),
                Value::Null,
                format!("one value for each sample, as {model} needs it"),
            ),
            Self::ColumnLength { column, found, expected } => (
                "protocol-length",
                format!("protocol.{column}"),
                json!(found),
                format!("{expected} values, as many as the other columns have"),
            ),
            Self::NotFinite { field, found } => ("not-finite", field.clone(), json!(found), "a finite number".into()),
            Self::Negative { field, found } => ("negative", field.clone(), number(*found), "0 or more".into()),
            Self::TooFewSamples { field, found, minimum } => {
                ("too-few-samples", field.clone(), json!(found), format!("at least {minimum} samples"))
            }
            Self::OneUniqueB { field, value } => {
                ("one-unique-b", field.clone(), number(*value), "at least two different b-values".into())
            }
            Self::MissingB { missing, found, purpose } => (
                "missing-b",
                "protocol.b".into(),
                json!(found),
                format!("a sample at b = {missing} s/mm2, which {purpose} needs"),
            ),
            Self::Length { field, found, expected } => ("length", field.clone(), json!(found), expected.clone()),
            Self::BoundsCrossed { parameter, lower, upper } => (
                "bounds-crossed",
                format!("bounds.{parameter}"),
                json!([number(*lower), number(*upper)]),
                "[lower, upper] with lower < upper, null where unbounded".into(),
            ),
            Self::UnknownBound { found, known } => {
                ("unknown-bound", format!("bounds.{found}"), json!(found), one_of(known))
            }
            Self::BoundsUnsupported { estimator, found } => (
                "bounds-unsupported",
                "bounds".into(),
                json!(found),
                format!("no bounds: {estimator} has a closed form that knows none; nlls takes them"),
            ),
            Self::Choice { field, found, expected } => ("choice", field.clone(), json!(found), expected.clone()),
            Self::OutOfRange { field, found, expected } => {
                ("out-of-range", field.clone(), number(*found), expected.clone())
            }
            Self::NoInterval { field, found, expected } => {
                ("no-interval", field.clone(), json!(found), expected.clone())
            }
        };
        Fault { code, field, value, expected }
    }
}
