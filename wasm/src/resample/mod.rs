//! Bootstrap of a study's statistics: rows (subjects) drawn with replacement, BCa intervals of every component.
//!
//! The work falls into units: unit 0 is the statistic of all n rows, units 1 to n leave out one row each (the
//! jackknife), and the resamples follow. A unit's values depend on request, data and its number alone, so that neither
//! the way the work is cut nor its order changes any of them.

mod agreement;
mod area;
pub mod bca;
pub mod draw;
mod lines;
mod passing_bablok;
mod repeatability;
pub mod statistics;
mod variance_components;

use crate::error::CoreError;
use crate::simulate::random::Stream;
use bca::Bca;
use draw::Draw;
use serde::{Deserialize, Serialize};
use statistics::Kind;
use std::collections::BTreeMap;
use std::ops::Range;

/// Fewest rows: with two, each jackknife value rests on one row.
pub const MINIMUM_ROWS: usize = 3;
/// Fewest and most resamples.
pub const RESAMPLES: Range<u32> = 200..10_000_001;
/// Largest share of resamples without a value, in percent, that an interval may have left out.
pub const DEGENERATE_PERCENT: u64 = 1;

/// A request as the boundary takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    statistic: String,
    width: usize,
    #[serde(default)]
    settings: BTreeMap<String, f64>,
    resamples: u32,
    seed: u64,
    #[serde(default = "default_level")]
    level: f64,
}

fn default_level() -> f64 {
    0.95
}

/// What to resample, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub kind: Kind,
    /// Values in a row.
    pub width: usize,
    pub resamples: u32,
    pub seed: u64,
    /// Two-sided level of the intervals.
    pub level: f64,
}

impl Request {
    /// Reads JSON {statistic, width, settings?, resamples, seed, level?}.
    ///
    /// # Errors
    /// Not JSON of this shape, an unknown statistic, settings that it lacks or does not know, a width that is not its
    /// own, fewer than 200 resamples or more than ten million, a level outside (0, 1).
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        let Text { statistic, width, settings, resamples, seed, level } = crate::simulate::parse("request", text)?;
        let kind = Kind::parse(&statistic, &settings)?;
        kind.check_width(width)?;
        let out_of_range = |field: &str, found: f64, expected: String| {
            Err(CoreError::OutOfRange { field: field.into(), found, expected })
        };
        if !RESAMPLES.contains(&resamples) {
            let expected = format!("a whole number from {} to {}", RESAMPLES.start, RESAMPLES.end - 1);
            return out_of_range("resamples", f64::from(resamples), expected);
        }
        if !(level > 0.0 && level < 1.0) {
            return out_of_range("level", level, "a number inside (0, 1)".into());
        }
        Ok(Self { kind, width, resamples, seed, level })
    }

    /// Number of rows of the data.
    ///
    /// # Errors
    /// A length that is no multiple of the width, too few rows, a value that is not finite.
    fn rows(&self, data: &[f64]) -> Result<usize, CoreError> {
        if !data.len().is_multiple_of(self.width) {
            let expected = format!("a multiple of {}, the width of a row", self.width);
            return Err(CoreError::Length { field: "data".into(), found: data.len(), expected });
        }
        let rows = data.len() / self.width;
        if rows < MINIMUM_ROWS {
            let expected = format!("at least {MINIMUM_ROWS} rows");
            return Err(CoreError::Length { field: "rows of data".into(), found: rows, expected });
        }
        match data.iter().position(|value| !value.is_finite()) {
            Some(i) => Err(CoreError::NotFinite { field: format!("data[{i}]"), found: data[i].to_string() }),
            None => Ok(rows),
        }
    }

    /// Number of units for so many rows.
    fn units(&self, rows: usize) -> u64 {
        1 + rows as u64 + u64::from(self.resamples)
    }
}

/// BCa intervals of every component of a statistic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resampled {
    pub names: Vec<String>,
    /// Of all rows.
    pub values: Vec<f64>,
    pub intervals: Vec<Bca>,
    pub resamples: u32,
    pub seed: u64,
    /// Resamples in which the statistic has no value; they are left out.
    pub degenerate: u64,
}

/// How often a resample draws each row: n draws, each row with probability 1/n.
pub fn draw(seed: u64, resample: u64, weights: &mut [f64]) {
    weights.fill(0.0);
    let stream = Stream::new(seed, resample);
    let rows = weights.len();
    // Uniform in [0, 1) on 53 bits times n: rounding never reaches n, and is fairer than any sample can tell.
    let scale = rows as f64 / (1u64 << 53) as f64;
    let row = |word: u64| ((word >> 11) as f64 * scale) as usize;
    for pair in 0..rows / 2 {
        let (first, second) = stream.words(pair as u64);
        weights[row(first)] += 1.0;
        weights[row(second)] += 1.0;
    }
    if rows % 2 == 1 {
        weights[row(stream.words(rows as u64 / 2).0)] += 1.0;
    }
}

/// The statistic in a range of units, `[unit * components + component]`; NaN in every component where it has no value.
///
/// # Errors
/// Data of another shape than the statistic's, a value that is not finite or that the statistic cannot take, a unit
/// beyond the last.
pub fn values(request: &Request, data: &[f64], units: Range<u64>) -> Result<Vec<f64>, CoreError> {
    let rows = request.rows(data)?;
    if units.start > units.end || units.end > request.units(rows) {
        return Err(CoreError::OutOfRange {
            field: "last unit".into(),
            found: units.end as f64,
            expected: format!("from the first one, {}, to {}", units.start, request.units(rows)),
        });
    }
    let mut statistic = request.kind.prepare(data, request.width)?;
    let components = request.kind.names().len();
    let mut found = vec![f64::NAN; components * (units.end - units.start) as usize];
    let mut weights = vec![1.0; rows];
    for (unit, values) in units.zip(found.chunks_exact_mut(components)) {
        let mut total = rows as f64;
        match unit.checked_sub(1 + rows as u64) {
            Some(resample) => draw(request.seed, resample, &mut weights),
            None => {
                weights.fill(1.0);
                if unit > 0 {
                    weights[unit as usize - 1] = 0.0;
                    total -= 1.0;
                }
            }
        }
        statistic.evaluate(&Draw { weights: &weights, total }, values);
        if values.iter().any(|value| !value.is_finite()) {
            values.fill(f64::NAN);
        }
    }
    Ok(found)
}

/// BCa intervals from the values of all units, as [`values`] gives them.
///
/// # Errors
/// Another number of values than the units have; a statistic without a value in all rows, in all but one, or in more
/// than 1 % of the resamples; resamples, or jackknife values, that are all the same.
pub fn intervals(request: &Request, values: &[f64]) -> Result<Resampled, CoreError> {
    let names = request.kind.names();
    let components = names.len();
    let least = request.units(MINIMUM_ROWS) as usize;
    if !values.len().is_multiple_of(components) || values.len() / components < least {
        let expected = format!("{components} for each unit, of which there are at least {least}");
        return Err(CoreError::Length { field: "values".into(), found: values.len(), expected });
    }
    let units: Vec<&[f64]> = values.chunks_exact(components).collect();
    let rows = units.len() - 1 - request.resamples as usize;
    let (sample, rest) = (units[0], &units[1..]);
    let (without, resamples) = rest.split_at(rows);
    let statistic = request.kind.id();
    let refuse = |field: String, found: String, expected: &str| {
        Err(CoreError::NoInterval { field, found, expected: expected.into() })
    };
    if sample[0].is_nan() {
        return refuse(statistic.into(), "undefined".into(), "rows in which the statistic has a value");
    }
    if let Some(row) = without.iter().position(|values| values[0].is_nan()) {
        let expected = "a statistic that has a value whichever row is left out";
        return refuse(format!("{statistic} without row {}", row + 1), "undefined".into(), expected);
    }
    let defined: Vec<&[f64]> = resamples.iter().copied().filter(|values| !values[0].is_nan()).collect();
    let degenerate = (resamples.len() - defined.len()) as u64;
    if 100 * degenerate > DEGENERATE_PERCENT * u64::from(request.resamples) {
        return refuse(
            format!("resamples in which {statistic} has no value"),
            format!("{degenerate} of {}", request.resamples),
            &format!("at most {DEGENERATE_PERCENT} %: too few rows, or too many alike, for a bootstrap"),
        );
    }
    let intervals = (0..components).map(|component| {
        let mut drawn: Vec<f64> = defined.iter().map(|values| values[component]).collect();
        let jackknife: Vec<f64> = without.iter().map(|values| values[component]).collect();
        bca::interval(&names[component], sample[component], &mut drawn, &jackknife, request.level)
    });
    Ok(Resampled {
        intervals: intervals.collect::<Result<_, _>>()?,
        values: sample.to_vec(),
        names,
        resamples: request.resamples,
        seed: request.seed,
        degenerate,
    })
}

/// All units and their intervals in one call.
///
/// # Errors
/// As [`values`] and [`intervals`].
pub fn resample(request: &Request, data: &[f64]) -> Result<Resampled, CoreError> {
    let rows = request.rows(data)?;
    intervals(request, &values(request, data, 0..request.units(rows))?)
}
