//! Lesions as what is far brighter than the brain, by a robust z-score.

use super::components::{remove_small, Connectivity};
use super::Shape;
use crate::error::CoreError;
use crate::simulate::check;
use serde::Deserialize;

/// 1 / Phi^-1(3/4): scales the median absolute deviation to a normal distribution's standard deviation.
pub const MAD_TO_SD: f64 = 1.482_602_218_505_602;

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Lesion voxels lie more than this many robust standard deviations above the median.
    pub k: f64,
    /// Components of fewer voxels are dropped.
    pub minimum_size: usize,
    pub connectivity: Connectivity,
}

impl Default for Settings {
    fn default() -> Self {
        Self { k: 3.0, minimum_size: 3, connectivity: Connectivity::Corners }
    }
}

impl Settings {
    /// # Errors
    /// A `k` that is not finite.
    pub fn check(&self) -> Result<(), CoreError> {
        check("k", self.k, f64::MIN, f64::MAX, "a finite number of standard deviations")
    }
}

/// Voxels inside the mask above median + k * 1.4826 MAD of the intensities there, without components of fewer than
/// `minimum_size` voxels. Median of an even number: the mean of the two in the middle.
///
/// Robust z-score: Iglewicz B, Hoaglin DC. How to detect and handle outliers. ASQC 1993.
pub fn segment(settings: &Settings, image: &[f32], inside: &[u32], shape: Shape) -> Result<Vec<u8>, CoreError> {
    let mut values: Vec<f32> = inside.iter().map(|&v| image[v as usize]).collect();
    let (centre, spread) = centre_and_spread(&mut values);
    let threshold = centre + settings.k * spread;
    let mut out = vec![0u8; image.len()];
    for &v in inside {
        out[v as usize] = u8::from(f64::from(image[v as usize]) > threshold);
    }
    remove_small(&mut out, shape, settings.connectivity, settings.minimum_size);
    Ok(out)
}

/// Median and 1.4826 MAD of at least one value; overwrites them.
pub fn centre_and_spread(values: &mut [f32]) -> (f64, f64) {
    let centre = median(values);
    for value in values.iter_mut() {
        *value = (f64::from(*value) - centre).abs() as f32;
    }
    (centre, MAD_TO_SD * median(values))
}

/// Median of at least one value; reorders them.
pub fn median(values: &mut [f32]) -> f64 {
    let half = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    if odd {
        return f64::from(upper);
    }
    let lower = below.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (f64::from(lower) + f64::from(upper)) / 2.0
}
