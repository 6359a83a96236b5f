//! Protocols with smaller Cramér-Rao bounds, by exchange: one acquisition after the other is replaced by the candidate that
//! lowers the criterion most, until no replacement lowers it. Fedorov VV. Theory of Optimal Experiments. Academic Press
//! 1972; in passes over the acquisitions as Cook RD, Nachtsheim CJ. Technometrics 1980;22:315-324 have it. It finds an
//! optimum that no single exchange improves, from the protocol that it is given; nothing in it is random.

use super::cramer_rao::{bounds, sum, Bounds};
use super::fisher::invert;
use super::{index, Checked, Situation};
use crate::algebra::{lower as triangle, place, Cholesky};
use crate::error::CoreError;
use crate::protocol::{Protocol, IMAGINARY};
use crate::sort::distinct;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to improve, as it comes from JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub situation: Situation,
    /// Where the search starts.
    pub protocol: BTreeMap<String, Vec<f64>>,
    /// Values that each column may take; a column that is left out keeps the values of the protocol.
    #[serde(default)]
    pub candidates: BTreeMap<String, Vec<f64>>,
    /// Number of acquisitions; absent: as many as the protocol has. A complex sample is one acquisition.
    #[serde(default)]
    pub acquisitions: Option<usize>,
    /// Weight of each parameter whose bound matters: the sum of weight * (bound / value)^2 is minimised.
    pub minimise: BTreeMap<String, f64>,
}

/// A replacement that was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exchange {
    /// Nothing where an acquisition was added.
    pub removed: Option<BTreeMap<String, f64>>,
    /// Nothing where an acquisition was dropped.
    pub added: Option<BTreeMap<String, f64>>,
    /// The criterion's root afterwards; null while a parameter that matters is not identifiable.
    pub criterion: f64,
}

/// A protocol and what it was improved from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Optimised {
    /// Acquisitions in the order of their columns.
    pub protocol: BTreeMap<String, Vec<f64>>,
    /// How often each different acquisition occurs.
    pub allocation: Vec<Allocation>,
    pub before: Bounds,
    pub after: Bounds,
    /// The root of the criterion before and after: a weighted relative standard deviation.
    pub criterion: [f64; 2],
    pub exchanges: Vec<Exchange>,
}

/// An acquisition and how often it is made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Allocation {
    pub at: BTreeMap<String, f64>,
    pub count: usize,
}

/// The most acquisitions that are tried for each place.
pub const MAXIMUM_CANDIDATES: usize = 20_000;
/// An exchange counts when it lowers the criterion by more than this share: less is rounding.
const WORTHWHILE: f64 = 1e-9;
const MAXIMUM_PASSES: usize = 200;

/// # Errors
/// As [`Situation`] and the model's protocol have them; a candidate column that the protocol lacks, no candidate, too
/// many; a parameter to minimise that is unknown, held or 0; a weight that is not above 0; no acquisition.
pub fn optimise(request: &Request) -> Result<Optimised, CoreError> {
    let checked = request.situation.check()?;
    let description = checked.description();
    let weights = weights(request, &checked)?;
    // The model's own check of the protocol as it was given.
    let given: Vec<(&str, &[f64])> =
        request.protocol.iter().map(|(name, values)| (name.as_str(), values.as_slice())).collect();
    let given = Protocol::new(&given);
    let before = sum(&checked.information(&given)?);
    let complex = description.protocol.iter().any(|column| column.name == IMAGINARY.name);
    let columns: Vec<&str> =
        request.protocol.keys().map(String::as_str).filter(|name| *name != IMAGINARY.name).collect();
    for name in request.candidates.keys() {
        if !columns.contains(&name.as_str()) {
            return Err(CoreError::Choice {
                field: format!("candidates.{name}"),
                found: name.clone(),
                expected: format!("one of {}", columns.join(", ")),
            });
        }
    }
    let start = acquisitions(request, &columns, complex);
    let wanted = request.acquisitions.unwrap_or(start.len());
    let field = || "acquisitions".to_string();
    if wanted == 0 {
        return Err(CoreError::OutOfRange { field: field(), found: 0.0, expected: "1 or more".into() });
    }

    // The user's own acquisitions come first; each candidate's information is computed once.
    let mut settings = start.clone();
    settings.extend(product(request, &columns, &start)?);
    let information = of_acquisitions(&checked, &columns, &settings, complex)?;
    let criterion = |total: &[f64]| value(total, &weights);
    let add = |total: &[f64], part: usize, sign: f64| -> Vec<f64> {
        total.iter().zip(&information[part]).map(|(total, part)| total + sign * part).collect()
    };
    let named = |at: usize| columns.iter().map(|name| name.to_string()).zip(settings[at].iter().copied()).collect();
    let mut chosen: Vec<usize> = (0..start.len()).collect();
    let total_of = |chosen: &[usize]| sum(&chosen.iter().map(|&at| information[at].clone()).collect::<Vec<_>>());
    let mut exchanges = Vec::new();
    let best = |without: &[f64]| {
        let each = (0..settings.len()).map(|at| (criterion(&add(without, at, 1.0)), at));
        each.min_by(|a, b| a.0.total_cmp(&b.0)).expect("the protocol's own acquisitions are among them")
    };
    while chosen.len() > wanted {
        let total = total_of(&chosen);
        let each = (0..chosen.len()).map(|i| (criterion(&add(&total, chosen[i], -1.0)), i));
        let (reached, i) = each.min_by(|a, b| a.0.total_cmp(&b.0)).expect("more than one");
        let removed = Some(named(chosen.remove(i)));
        exchanges.push(Exchange { removed, added: None, criterion: reported(reached) });
    }
    while chosen.len() < wanted {
        let (reached, at) = best(&total_of(&chosen));
        chosen.push(at);
        exchanges.push(Exchange { removed: None, added: Some(named(at)), criterion: reported(reached) });
    }
    let mut current = criterion(&total_of(&chosen));
    for _ in 0..MAXIMUM_PASSES {
        let mut improved = false;
        for i in 0..chosen.len() {
            let others: Vec<usize> = (0..chosen.len()).filter(|&k| k != i).map(|k| chosen[k]).collect();
            let mut without = total_of(&others);
            without.resize(information[0].len(), 0.0);
            let (reached, at) = best(&without);
            if reached < current * (1.0 - WORTHWHILE) {
                let (removed, added) = (Some(named(chosen[i])), Some(named(at)));
                exchanges.push(Exchange { removed, added, criterion: reported(reached) });
                (current, chosen[i], improved) = (reached, at, true);
            }
        }
        if !improved {
            break;
        }
    }
    let after = total_of(&chosen);
    let mut rows: Vec<Vec<f64>> = chosen.iter().map(|&at| settings[at].clone()).collect();
    rows.sort_by(|a, b| order(a, b));
    Ok(Optimised {
        protocol: laid_out(&columns, &rows, complex),
        allocation: allocation(&columns, &rows),
        criterion: [reported(criterion(&before)), reported(criterion(&after))],
        before: bounds(&checked, &before),
        after: bounds(&checked, &after),
        exchanges,
    })
}

fn order(a: &[f64], b: &[f64]) -> core::cmp::Ordering {
    a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(core::cmp::Ordering::Equal)
}

/// Weight of each free parameter over its value squared.
fn weights(request: &Request, checked: &Checked) -> Result<Vec<f64>, CoreError> {
    let description = checked.description();
    let mut weights = vec![0.0; checked.free.len()];
    for (name, &weight) in &request.minimise {
        let place = index("minimise", name, description)?;
        let field = || format!("minimise.{name}");
        let Some(j) = checked.free.iter().position(|&free| free == place) else {
            let expected = "a parameter that is estimated".into();
            return Err(CoreError::Choice { field: field(), found: name.clone(), expected });
        };
        if !(weight.is_finite() && weight > 0.0) {
            return Err(CoreError::OutOfRange { field: field(), found: weight, expected: "a weight above 0".into() });
        }
        let value = checked.values[place];
        if value == 0.0 {
            let (field, expected) = (format!("parameters.{name}"), "not 0: its bound is taken relative to it".into());
            return Err(CoreError::OutOfRange { field, found: value, expected });
        }
        weights[j] = weight / (value * value);
    }
    if request.minimise.is_empty() {
        return Err(CoreError::Choice {
            field: "minimise".into(),
            found: "none".into(),
            expected: "at least one parameter with its weight".into(),
        });
    }
    Ok(weights)
}

/// Above every criterion of an identifiable parameter.
const UNIDENTIFIABLE: f64 = 1e200;

/// The weighted sum of relative variances. Where a parameter that matters is open, far above all others, and the less so
/// the nearer it is to being determined, so that exchanges can find their way out.
fn value(total: &[f64], weights: &[f64]) -> f64 {
    let p = weights.len();
    if let Some(variances) = variances(total, p) {
        return weights.iter().zip(variances).filter(|(weight, _)| **weight > 0.0).map(|(w, v)| w * v).sum();
    }
    let inverse = invert(total, p);
    if (0..p).all(|j| weights[j] == 0.0 || inverse.identifiable[j]) {
        return (0..p).filter(|&j| weights[j] > 0.0).map(|j| weights[j] * inverse.covariance[j * p + j]).sum();
    }
    let mut ridged = total.to_vec();
    for j in 0..p {
        // Relative to the parameter's own information, or the least that any number can be.
        ridged[place(j, j)] = ridged[place(j, j)] * (1.0 + 1e-8) + f64::MIN_POSITIVE.sqrt();
    }
    let inverse = invert(&ridged, p);
    let sum: f64 = (0..p).map(|j| weights[j] * inverse.covariance[j * p + j]).filter(|term| term.is_finite()).sum();
    UNIDENTIFIABLE * (1.0 + (0..p).filter(|&j| !inverse.identifiable[j]).count() as f64 + sum / (1.0 + sum))
}

/// The diagonal of the inverse, by Cholesky on the matrix scaled to unit diagonal: what most candidates need, many times
/// faster than [`invert`]. Nothing where a pivot comes near 0.
fn variances(lower: &[f64], p: usize) -> Option<Vec<f64>> {
    const PIVOT: f64 = 1e-9;
    let scale: Vec<f64> = (0..p).map(|j| lower[place(j, j)].sqrt()).collect();
    let factor = Cholesky::new(triangle(p, |j, k| lower[place(j, k)] / (scale[j] * scale[k])), p, PIVOT)?;
    Some((0..p).map(|j| factor.inverse(j) / (scale[j] * scale[j])).collect())
}

fn reported(criterion: f64) -> f64 {
    if criterion < UNIDENTIFIABLE {
        criterion.sqrt()
    } else {
        f64::INFINITY
    }
}

/// The protocol's acquisitions, columns in order; of a complex sample the real part stands for both.
fn acquisitions(request: &Request, columns: &[&str], complex: bool) -> Vec<Vec<f64>> {
    let rows = request.protocol.values().next().map_or(0, Vec::len);
    let real = |i: &usize| !complex || request.protocol.get(IMAGINARY.name).is_none_or(|part| part[*i] == 0.0);
    (0..rows).filter(real).map(|i| columns.iter().map(|name| request.protocol[*name][i]).collect()).collect()
}

/// Every combination of the columns' candidates.
fn product(request: &Request, columns: &[&str], start: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, CoreError> {
    let mut rows: Vec<Vec<f64>> = vec![Vec::new()];
    for (c, name) in columns.iter().enumerate() {
        let values = distinct(match request.candidates.get(*name) {
            Some(values) if values.is_empty() => {
                let (field, found) = (format!("candidates.{name}"), "none".into());
                return Err(CoreError::Choice { field, found, expected: "at least one value".into() });
            }
            Some(values) => values.clone(),
            None => start.iter().map(|row| row[c]).collect(),
        });
        if rows.len() * values.len() > MAXIMUM_CANDIDATES {
            return Err(CoreError::Length {
                field: "candidates".into(),
                found: rows.len() * values.len(),
                expected: format!("at most {MAXIMUM_CANDIDATES} combinations of the columns"),
            });
        }
        rows =
            rows.iter().flat_map(|row| values.iter().map(move |&value| [row.as_slice(), &[value]].concat())).collect();
    }
    Ok(rows)
}

/// Columns of a protocol from its acquisitions; complex ones twice, all real parts first.
fn laid_out(columns: &[&str], rows: &[Vec<f64>], complex: bool) -> BTreeMap<String, Vec<f64>> {
    let parts = if complex { 2 } else { 1 };
    let column = |c: usize| (0..parts).flat_map(|_| rows.iter().map(move |row| row[c])).collect();
    let mut out: BTreeMap<String, Vec<f64>> =
        columns.iter().enumerate().map(|(c, name)| (name.to_string(), column(c))).collect();
    if complex {
        let part = (0..parts).flat_map(|part| rows.iter().map(move |_| part as f64));
        out.insert(IMAGINARY.name.into(), part.collect());
    }
    out
}

/// Information of each acquisition, the parts of a complex one together.
fn of_acquisitions(
    checked: &Checked,
    columns: &[&str],
    rows: &[Vec<f64>],
    complex: bool,
) -> Result<Vec<Vec<f64>>, CoreError> {
    let laid = laid_out(columns, rows, complex);
    let laid: Vec<(&str, &[f64])> = laid.iter().map(|(name, values)| (name.as_str(), values.as_slice())).collect();
    let each = checked.information(&Protocol::new(&laid))?;
    Ok((0..rows.len()).map(|i| sum(&each[i..].iter().step_by(rows.len()).cloned().collect::<Vec<_>>())).collect())
}

fn allocation(columns: &[&str], rows: &[Vec<f64>]) -> Vec<Allocation> {
    let chunks = rows.chunk_by(|a, b| a == b);
    let named = |row: &[f64]| columns.iter().map(|name| name.to_string()).zip(row.iter().copied()).collect();
    chunks.map(|chunk| Allocation { at: named(&chunk[0]), count: chunk.len() }).collect()
}
