//! Straight lines between two methods: ordinary least squares, Deming, weighted Deming.

use super::draw::{Draw, Moments, Pairs, Statistic};
use crate::error::CoreError;

/// Ordinary least squares of y on x. Twin: ordinaryLeastSquares in deming.ts.
pub struct Ols(pub Pairs);

impl Statistic for Ols {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        if !draw.varies(&self.0.x) {
            return values.fill(f64::NAN);
        }
        let Moments { mx, my, sxx, sxy, .. } = self.0.moments(draw);
        let slope = sxy / sxx;
        values.copy_from_slice(&[slope, my - slope * mx]);
    }
}

/// Deming regression. Twin: demingLine in deming.ts.
pub struct Deming {
    pub error_ratio: f64,
    pub pairs: Pairs,
}

impl Statistic for Deming {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        values.copy_from_slice(&deming(&self.pairs, draw, self.error_ratio));
    }
}

/// Slope and intercept, NaN where a column is constant or the two do not correlate.
fn deming(pairs: &Pairs, draw: &Draw, error_ratio: f64) -> [f64; 2] {
    if !(draw.varies(&pairs.x) && draw.varies(&pairs.y)) {
        return [f64::NAN; 2];
    }
    let Moments { mx, my, sxx, sxy, syy } = pairs.moments(draw);
    let slope = deming_slope(sxx, sxy, syy, error_ratio);
    [slope, my - slope * mx]
}

/// In the form without cancellation, whichever sign the excess has.
fn deming_slope(sxx: f64, sxy: f64, syy: f64, error_ratio: f64) -> f64 {
    if sxy == 0.0 {
        return f64::NAN;
    }
    let excess = error_ratio * syy - sxx;
    let root = (excess * excess + 4.0 * error_ratio * sxy * sxy).sqrt();
    if excess > 0.0 {
        (excess + root) / (2.0 * error_ratio * sxy)
    } else {
        2.0 * sxy / (root - excess)
    }
}

/// Weighted Deming regression. Twin: weightedDemingLine in weighted-deming.ts.
pub struct WeightedDeming {
    error_ratio: f64,
    mcr: bool,
    pairs: Pairs,
    /// Rows of the present sample, each with how often it is there and its weight in the regression.
    rows: Vec<(f64, f64, f64, f64)>,
}

impl WeightedDeming {
    /// # Errors
    /// A value that is not above 0.
    pub fn new(error_ratio: f64, mcr: bool, pairs: Pairs) -> Result<Self, CoreError> {
        for (field, column) in [("x", &pairs.x), ("y", &pairs.y)] {
            if let Some((row, &found)) = column.iter().enumerate().find(|(_, value)| **value <= 0.0) {
                let (field, expected) = (format!("{field} of row {}", row + 1), "a value > 0".into());
                return Err(CoreError::OutOfRange { field, found, expected });
            }
        }
        Ok(Self { error_ratio, mcr, pairs, rows: Vec::new() })
    }

    fn line(&mut self, draw: &Draw) -> Option<[f64; 2]> {
        let ratio = self.error_ratio;
        let [mut slope, mut intercept] = deming(&self.pairs, draw, ratio);
        self.rows.clear();
        self.rows.extend(draw.rows().map(|(row, times)| (self.pairs.x[row], self.pairs.y[row], times, 0.0)));
        let largest = self.rows.iter().map(|row| row.1).fold(0.0, f64::max);
        let most = if self.mcr { 30 } else { 1000 };
        for _ in 0..most {
            let along = ratio * slope / (1.0 + ratio * slope * slope);
            let across = 1.0 / (1.0 + ratio * slope * slope);
            let (mut whole, mut sx, mut sy) = (0.0, 0.0, 0.0);
            for (x, y, times, weight) in &mut self.rows {
                let d = *y - (intercept + slope * *x);
                let size = (*x + along * d + ratio * (*y - across * d)) / (1.0 + ratio);
                *weight = *times / (size * size);
                whole += *weight;
                sx += *weight * *x;
                sy += *weight * *y;
            }
            // A projection on the origin has no weight: the iteration breaks down.
            if !whole.is_finite() {
                return None;
            }
            let (mx, my) = (sx / whole, sy / whole);
            let (mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0);
            for (x, y, _, weight) in &self.rows {
                let (u, v) = (x - mx, y - my);
                sxx += weight * u * u;
                sxy += weight * u * v;
                syy += weight * v * v;
            }
            let next = deming_slope(sxx, sxy, syy, ratio);
            let (slope_change, before) = ((next - slope).abs(), intercept);
            slope = next;
            intercept = my - slope * mx;
            let intercept_change = (intercept - before).abs();
            let done = if self.mcr {
                slope_change < 1e-6 && intercept_change < 1e-6
            } else {
                slope_change <= 1e-13 * slope.abs() && intercept_change <= 1e-13 * largest
            };
            if done {
                return Some([slope, intercept]);
            }
        }
        self.mcr.then_some([slope, intercept])
    }
}

impl Statistic for WeightedDeming {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        values.copy_from_slice(&self.line(draw).unwrap_or([f64::NAN; 2]));
    }
}
