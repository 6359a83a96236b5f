//! Cramér-Rao bounds: the smallest standard deviation that an unbiased estimator can have. Cramér H. Mathematical Methods
//! of Statistics. Princeton University Press 1946; Rao CR. Bull Calcutta Math Soc 1945;37:81-91.

use super::fisher::{invert, Inverse};
use super::{Checked, Situation};
use crate::algebra::place;
use crate::error::CoreError;
use crate::protocol::Protocol;
use serde::{Deserialize, Serialize};

/// What to bound, as it comes from JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub situation: Situation,
    pub protocol: Protocol,
}

/// The bound of one parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    pub name: &'static str,
    pub unit: &'static str,
    pub value: f64,
    /// Standard deviation; JSON null (infinite) where the samples do not determine the parameter.
    pub sd: f64,
    /// sd / |value|; infinite at a value of 0.
    pub relative: f64,
    pub identifiable: bool,
}

/// Bounds of the parameters that are estimated, in the model's order. Sigma counts as known; an unknown one changes
/// nothing with Gaussian noise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bounds {
    pub parameters: Vec<Bound>,
    /// Full matrix, row after row; 0 with a parameter that is not identifiable.
    pub correlation: Vec<Vec<f64>>,
    /// Full matrix in the parameters' units.
    pub information: Vec<Vec<f64>>,
    pub not_identifiable: Vec<&'static str>,
    /// Condition number of the information matrix scaled to unit diagonal; null where it is singular.
    pub condition: f64,
}

/// # Errors
/// As [`Situation`] and the model's protocol have them.
pub fn cramer_rao(request: &Request) -> Result<Bounds, CoreError> {
    let checked = request.situation.check()?;
    let total = sum(&checked.information(&request.protocol)?);
    Ok(bounds(&checked, &total))
}

/// The sum of lower triangles.
pub(crate) fn sum(parts: &[Vec<f64>]) -> Vec<f64> {
    let mut total = vec![0.0; parts.first().map_or(0, Vec::len)];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    total
}

/// The bounds that an information matrix (lower triangle) gives.
pub(crate) fn bounds(checked: &Checked, information: &[f64]) -> Bounds {
    let p = checked.free.len();
    let Inverse { covariance, identifiable, condition } = invert(information, p);
    let sd: Vec<f64> = (0..p).map(|j| covariance[j * p + j].sqrt()).collect();
    let parameters: Vec<Bound> = checked
        .free
        .iter()
        .enumerate()
        .map(|(j, &place)| {
            let (parameter, value) = (&checked.description().parameters[place], checked.values[place]);
            let relative = sd[j] / value.abs();
            Bound {
                name: parameter.name,
                unit: parameter.unit,
                value,
                sd: sd[j],
                relative,
                identifiable: identifiable[j],
            }
        })
        .collect();
    let correlation = |j: usize, k: usize| match (identifiable[j] && identifiable[k], j == k) {
        (_, true) => 1.0,
        (true, _) => covariance[j * p + k] / (sd[j] * sd[k]),
        (false, _) => 0.0,
    };
    let entry = |j: usize, k: usize| information[place(j, k)];
    let matrix = |at: &dyn Fn(usize, usize) -> f64| (0..p).map(|j| (0..p).map(|k| at(j, k)).collect()).collect();
    Bounds {
        not_identifiable: parameters.iter().filter(|bound| !bound.identifiable).map(|bound| bound.name).collect(),
        correlation: matrix(&correlation),
        information: matrix(&entry),
        parameters,
        condition,
    }
}
