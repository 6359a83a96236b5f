//! Plain lesion segmenters and what scores them. Volumes lie with x fastest: (x, y, z) at x + nx (y + ny z).

pub mod components;
pub mod gaussian_mixture;
pub mod overlap;
pub mod robust_threshold;

use crate::error::CoreError;

/// Sizes of a volume.
pub type Shape = [usize; 3];

/// Number of voxels of a shape.
///
/// # Errors
/// Not three sizes of 1 or more, or too many voxels to address.
pub fn check_shape(shape: &[u32]) -> Result<(Shape, usize), CoreError> {
    let wrong =
        |found: usize, expected: &str| CoreError::Length { field: "shape".into(), found, expected: expected.into() };
    let &[nx, ny, nz] = shape else {
        return Err(wrong(shape.len(), "three sizes"));
    };
    let sizes = [nx as usize, ny as usize, nz as usize];
    if let Some(axis) = sizes.iter().position(|&size| size == 0) {
        return Err(CoreError::OutOfRange {
            field: format!("shape[{axis}]"),
            found: 0.0,
            expected: "1 or more".into(),
        });
    }
    let voxels = u64::from(nx).saturating_mul(u64::from(ny)).saturating_mul(u64::from(nz));
    if voxels > u64::from(u32::MAX) {
        return Err(wrong(usize::MAX, "fewer than 2^32 voxels"));
    }
    Ok((sizes, voxels as usize))
}

/// Checks that an array has a value for each voxel.
pub(crate) fn check_volume(field: &str, found: usize, voxels: usize) -> Result<(), CoreError> {
    if found == voxels {
        return Ok(());
    }
    Err(CoreError::Length { field: field.into(), found, expected: format!("{voxels} values, one for each voxel") })
}

/// A segmenter with its settings, as a request states it: `{"method": "robust-threshold", "k": 3, "minimum_size": 5}`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    RobustThreshold(robust_threshold::Settings),
    GaussianMixture(gaussian_mixture::Settings),
}

impl Method {
    pub const NAMES: [&str; 2] = ["robust-threshold", "gaussian-mixture"];

    /// # Errors
    /// Not JSON, no or an unknown method, a setting of the other method, a setting out of range.
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        Self::from_value(crate::simulate::parse("request", text)?)
    }

    /// As [`Method::parse`], from parsed JSON.
    ///
    /// # Errors
    /// As [`Method::parse`].
    pub fn from_value(mut value: serde_json::Value) -> Result<Self, CoreError> {
        let invalid = |detail: String| CoreError::InvalidRequest { field: "request".into(), detail };
        let fields = value.as_object_mut().ok_or_else(|| invalid("not an object".into()))?;
        let name = match fields.remove("method") {
            Some(serde_json::Value::String(name)) => name,
            other => {
                let found = other.map_or("missing".into(), |value| value.to_string());
                return Err(unknown(found));
            }
        };
        match name.as_str() {
            "robust-threshold" => {
                let settings: robust_threshold::Settings =
                    serde_json::from_value(value).map_err(|error| invalid(format!("robust-threshold: {error}")))?;
                settings.check()?;
                Ok(Self::RobustThreshold(settings))
            }
            "gaussian-mixture" => {
                let settings: gaussian_mixture::Settings =
                    serde_json::from_value(value).map_err(|error| invalid(format!("gaussian-mixture: {error}")))?;
                settings.check()?;
                Ok(Self::GaussianMixture(settings))
            }
            _ => Err(unknown(name)),
        }
    }
}

fn unknown(found: String) -> CoreError {
    CoreError::Choice { field: "method".into(), found, expected: format!("one of {}", Method::NAMES.join(", ")) }
}

/// Segments lesions inside a mask: 1 where a lesion is, else 0.
///
/// # Errors
/// Arrays of another length than the shape's, a mask without a voxel, an intensity in the mask that is not finite.
pub fn segment(method: &Method, image: &[f32], mask: &[u8], shape: &[u32]) -> Result<Vec<u8>, CoreError> {
    let (shape, voxels) = check_shape(shape)?;
    check_volume("image", image.len(), voxels)?;
    check_volume("mask", mask.len(), voxels)?;
    let inside: Vec<u32> = (0..voxels as u32).filter(|&v| mask[v as usize] != 0).collect();
    if inside.is_empty() {
        return Err(CoreError::Length {
            field: "mask".into(),
            found: 0,
            expected: "a mask with at least one voxel".into(),
        });
    }
    if let Some(&v) = inside.iter().find(|&&v| !image[v as usize].is_finite()) {
        return Err(CoreError::NotFinite { field: format!("image[{v}]"), found: image[v as usize].to_string() });
    }
    match method {
        Method::RobustThreshold(settings) => robust_threshold::segment(settings, image, &inside, shape),
        Method::GaussianMixture(settings) => gaussian_mixture::segment(settings, image, &inside, shape),
    }
}
