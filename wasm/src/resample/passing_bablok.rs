//! Passing-Bablok regression.

use super::draw::{Draw, Pairs, Statistic};
use crate::error::CoreError;

/// Most rows: all their pairs are held, in 12 bytes each.
const MOST_ROWS: usize = 5000;

/// Slopes that the walk passes at a time.
const STRIDE: usize = 16;

/// The number above -1 whose angle rounds to that of -1, which is what mcr compares.
const ABOVE_MINUS_ONE: f64 = -1.0 + f64::EPSILON / 2.0;

/// Shifted median of all slopes between two points. Twin: passing-bablok.ts.
///
/// The slopes are sorted once. A pair of rows is in a sample as often as the product of their weights says, so each
/// sample takes one walk along the slopes up to its median, and sorts nothing but its residuals.
pub struct PassingBablok {
    mcr: bool,
    pairs: Pairs,
    /// Ascending.
    slopes: Vec<f64>,
    /// The two rows of each slope.
    rows: Vec<[u16; 2]>,
    /// Numbers of slopes below -1, and equal to it.
    below: usize,
    minus_ones: usize,
    /// Pairs of equal points, and in 1983 pairs with a slope of -1.
    left_out: Vec<[u16; 2]>,
    /// Residuals of the present sample with their weights.
    residuals: Vec<(f64, f64)>,
}

impl PassingBablok {
    /// # Errors
    /// Too many rows.
    pub fn new(mcr: bool, pairs: Pairs) -> Result<Self, CoreError> {
        let n = pairs.x.len();
        if n > MOST_ROWS {
            let expected = format!("at most {MOST_ROWS} rows for passing-bablok, which holds all their pairs");
            return Err(CoreError::Length { field: "rows of data".into(), found: n, expected });
        }
        let (mut found, mut left_out) = (Vec::with_capacity(n * (n - 1) / 2), Vec::new());
        for i in 0..n {
            for j in i + 1..n {
                let rows = [i as u16, j as u16];
                let dx = difference(pairs.x[j], pairs.x[i]);
                let dy = difference(pairs.y[j], pairs.y[i]);
                let slope = if dx == 0.0 { f64::INFINITY } else { dy / dx };
                let minus_one = !mcr && (slope + 1.0).abs() < 1e-12;
                if dx == 0.0 && dy == 0.0 || minus_one {
                    left_out.push(rows);
                } else {
                    found.push((slope, rows));
                }
            }
        }
        found.sort_unstable_by(|a: &(f64, [u16; 2]), b| a.0.total_cmp(&b.0));
        let (slopes, rows): (Vec<f64>, Vec<[u16; 2]>) = found.into_iter().unzip();
        let below = slopes.partition_point(|&slope| slope < -1.0);
        let last = if mcr { ABOVE_MINUS_ONE } else { -1.0 };
        let minus_ones = slopes.partition_point(|&slope| slope <= last) - below;
        Ok(Self { mcr, pairs, slopes, rows, below, minus_ones, left_out, residuals: Vec::new() })
    }

    fn slope(&self, draw: &Draw) -> Option<f64> {
        let weights = draw.weights;
        let times = |rows: &[[u16; 2]]| -> f64 {
            rows.iter().map(|&[i, j]| weights[usize::from(i)] * weights[usize::from(j)]).sum()
        };
        let (low, rest) = self.rows.split_at(self.below);
        let (below, minus_ones) = (times(low), times(&rest[..self.minus_ones]));
        // Whole numbers throughout, exact in a double. Copies of a row are equal points.
        let same = draw.sum(|row| weights[row]);
        let count = (draw.total * draw.total - same) / 2.0 - times(&self.left_out);
        let doubled = count + 2.0 * below + minus_ones;
        let even = doubled % 2.0 == 0.0;
        let place = ((doubled + 1.0) / 2.0).floor();
        if place < 1.0 || place + f64::from(u8::from(even)) > count {
            return None;
        }
        // Where the walk stands: the next slope, and how many of the sample it has passed.
        let (mut at, mut passed) = (self.below + self.minus_ones, below + minus_ones);
        if passed >= place {
            (at, passed) = (0, 0.0);
        }
        let mut slope_at = |place: f64| {
            // In strides as long as none reaches the place: whole numbers add up to the same in any order.
            for stride in self.rows[at..].chunks_exact(STRIDE) {
                let next = passed + times(stride);
                if next >= place {
                    break;
                }
                (at, passed) = (at + STRIDE, next);
            }
            while passed < place {
                passed += times(&self.rows[at..=at]);
                at += 1;
            }
            self.slopes[at - 1]
        };
        let first = slope_at(place);
        if !even {
            return Some(first);
        }
        let second = slope_at(place + 1.0);
        Some(if self.mcr { mean_angle(first, second) } else { 0.5 * (first + second) })
    }

    /// Median of y - slope x.
    fn intercept(&mut self, draw: &Draw, slope: f64) -> f64 {
        let Pairs { x, y } = &self.pairs;
        self.residuals.clear();
        self.residuals.extend(draw.rows().map(|(row, times)| (difference(y[row], slope * x[row]), times)));
        self.residuals.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let rank = (draw.total - 1.0) / 2.0;
        let at = |place: f64| {
            let mut passed = 0.0;
            let reached = |&&(_, times): &&(f64, f64)| {
                passed += times;
                passed > place
            };
            self.residuals.iter().find(reached).map_or(f64::NAN, |residual| residual.0)
        };
        let (low, high) = (at(rank.floor()), at(rank.ceil()));
        low + (rank - rank.floor()) * (high - low)
    }
}

impl Statistic for PassingBablok {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        values.fill(f64::NAN);
        if !(draw.varies(&self.pairs.x) && draw.varies(&self.pairs.y)) {
            return;
        }
        if let Some(slope) = self.slope(draw).filter(|slope| slope.is_finite()) {
            values.copy_from_slice(&[slope, self.intercept(draw, slope)]);
        }
    }
}

/// a - b, 0 where they differ by rounding only.
fn difference(a: f64, b: f64) -> f64 {
    let d = a - b;
    if d.abs() < 1e-12 * (a.abs() + b.abs()) / 2.0 {
        0.0
    } else {
        d
    }
}

/// Slope whose angle is midway between those of two slopes: from the sum of their unit vectors.
fn mean_angle(a: f64, b: f64) -> f64 {
    let unit = |slope: f64| {
        if slope == f64::INFINITY {
            return (0.0, 1.0);
        }
        let length = (1.0 + slope * slope).sqrt();
        (1.0 / length, slope / length)
    };
    let ((ax, ay), (bx, by)) = (unit(a), unit(b));
    (ay + by) / (ax + bx)
}
