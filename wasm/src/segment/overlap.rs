//! How well a segmentation finds lesions, counted by lesions and by voxels.

use super::components::{label, Connectivity};
use super::{check_shape, check_volume};
use crate::error::CoreError;
use serde::Serialize;

/// Scores of a segmentation. A ratio without a denominator is null, never 0 or 1 by convention.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overlap {
    /// Lesions of the truth.
    pub lesions: usize,
    /// Of those, the ones with at least one voxel in the prediction.
    pub detected: usize,
    pub missed: usize,
    /// Components of the prediction.
    pub predicted: usize,
    /// Of those, the ones without any voxel of the truth.
    pub false_positives: usize,
    /// detected / lesions
    pub sensitivity: Option<f64>,
    /// 2 detected / (2 detected + false_positives + missed)
    pub f1: Option<f64>,
    /// 2 |A and B| / (|A| + |B|), voxels
    pub dice: Option<f64>,
    pub truth_voxels: usize,
    pub predicted_voxels: usize,
    pub common_voxels: usize,
}

/// Lesion-wise F1 and voxel-wise Dice coefficient of two volumes, where not 0 means lesion.
///
/// Variant: a lesion is a connected component of the truth; it is detected (TP) when at least one of its voxels is
/// predicted, else missed (FN); a predicted component without a voxel of the truth is a false positive (FP), and one that
/// overlaps several lesions detects all of them. F1 = 2 TP / (2 TP + FP + FN). Commowick et al. (Objective evaluation of
/// multiple sclerosis lesion segmentation using a data management and processing infrastructure. Sci Rep 2018;8:13650,
/// doi:10.1038/s41598-018-31911-7) score by lesions too, but ask for shares of overlap and combine lesion sensitivity
/// with the positive predictive value over predicted components; here one voxel is enough.
///
/// # Errors
/// Volumes of another length than the shape's; a connectivity other than 6, 18 or 26.
pub fn overlap(truth: &[u8], predicted: &[u8], shape: &[u32], connectivity: u32) -> Result<Overlap, CoreError> {
    let connectivity = Connectivity::new(connectivity)?;
    let (sizes, voxels) = check_shape(shape)?;
    check_volume("truth", truth.len(), voxels)?;
    check_volume("predicted", predicted.len(), voxels)?;
    let lesions = label(truth, sizes, connectivity);
    let found = label(predicted, sizes, connectivity);
    let mut hit = vec![false; lesions.sizes.len()];
    let mut right = vec![false; found.sizes.len()];
    let mut common = 0;
    for (&lesion, &component) in lesions.labels.iter().zip(&found.labels) {
        if lesion != 0 && component != 0 {
            hit[lesion as usize - 1] = true;
            right[component as usize - 1] = true;
            common += 1;
        }
    }
    let detected = hit.iter().filter(|hit| **hit).count();
    let missed = hit.len() - detected;
    let false_positives = right.iter().filter(|right| !**right).count();
    let truth_voxels = lesions.sizes.iter().sum();
    let predicted_voxels = found.sizes.iter().sum();
    let ratio = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    Ok(Overlap {
        lesions: hit.len(),
        detected,
        missed,
        predicted: right.len(),
        false_positives,
        sensitivity: ratio(detected, hit.len()),
        f1: ratio(2 * detected, 2 * detected + false_positives + missed),
        dice: ratio(2 * common, truth_voxels + predicted_voxels),
        truth_voxels,
        predicted_voxels,
        common_voxels: common,
    })
}
