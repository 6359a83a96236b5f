//! Area under the empirical ROC curve.

use super::draw::{Draw, Statistic};
use crate::error::CoreError;
use crate::sort::order;

/// Share of pairs of a positive and a negative subject that the marker puts in the right order, ties counted half.
/// Twin: areaUnderCurve in roc.ts.
pub struct Area {
    /// Rows in ascending order of what speaks for the outcome, with the outcome and whether the next row is no tie.
    order: Vec<(usize, bool, bool)>,
}

impl Area {
    /// # Errors
    /// An outcome that is neither 0 nor 1.
    pub fn new(lower: bool, markers: &[f64], outcomes: &[f64]) -> Result<Self, CoreError> {
        if let Some((row, &found)) = outcomes.iter().enumerate().find(|(_, value)| ![0.0, 1.0].contains(*value)) {
            let (field, expected) = (format!("outcome of row {}", row + 1), "0 or 1".into());
            return Err(CoreError::OutOfRange { field, found, expected });
        }
        let mut rows = order(markers);
        if lower {
            rows.reverse();
        }
        let ends = |k: usize| rows.get(k + 1).is_none_or(|&next| markers[next] != markers[rows[k]]);
        let order = rows.iter().enumerate().map(|(k, &row)| (row, outcomes[row] == 1.0, ends(k))).collect();
        Ok(Self { order })
    }
}

impl Statistic for Area {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        let (mut positives, mut negatives, mut doubled) = (0.0, 0.0, 0.0);
        // Of the present value of the marker.
        let (mut tied_positives, mut tied_negatives) = (0.0, 0.0);
        for &(row, positive, ends) in &self.order {
            *(if positive { &mut tied_positives } else { &mut tied_negatives }) += draw.weights[row];
            if ends {
                doubled += tied_positives * (2.0 * negatives + tied_negatives);
                positives += tied_positives;
                negatives += tied_negatives;
                (tied_positives, tied_negatives) = (0.0, 0.0);
            }
        }
        values[0] = doubled / (2.0 * positives * negatives);
    }
}
