//! Data with a known truth: noise, a test-retest cohort, a brain with lesions. No clock and no seed but the caller's.

pub mod cohort;
pub mod flair;
pub mod flair_point;
pub mod noise;
pub mod random;

use crate::error::CoreError;
use serde::de::DeserializeOwned;

/// Reads JSON of a request's shape.
///
/// # Errors
/// The text is not JSON, or not of this shape.
pub fn parse<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, CoreError> {
    serde_json::from_str(text)
        .map_err(|error| CoreError::InvalidRequest { field: field.into(), detail: error.to_string() })
}

/// A number within limits.
pub(crate) fn check(field: &str, value: f64, lower: f64, upper: f64, expected: &str) -> Result<(), CoreError> {
    if value.is_finite() && (lower..=upper).contains(&value) {
        return Ok(());
    }
    Err(CoreError::OutOfRange { field: field.into(), found: value, expected: expected.into() })
}
