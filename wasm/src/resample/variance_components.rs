//! Variance components of a nested design.

use super::draw::{Draw, Statistic};

/// Most factors of a design.
pub const MOST_FACTORS: usize = 16;

/// Length of a row for so many factors.
pub fn width(factors: usize) -> usize {
    3 + 2 * (factors - 1) + factors + factors * (factors - 1) / 2
}

/// Nested analysis of variance from sums over each level of the outer factor; a level drawn twice counts as two levels.
/// Twin: variance-components.ts; the layout of rows: `bootstrapRows` in reproducibility-method.ts.
pub struct VarianceComponents {
    factors: usize,
    /// Rows as they come, each with the square of its sum over its number of values at the end.
    data: Vec<f64>,
    /// Sums of the present sample, column by column.
    sums: Vec<f64>,
}

impl VarianceComponents {
    pub fn new(factors: usize, data: &[f64]) -> Self {
        let width = width(factors);
        let with_square = |row: &[f64]| row.iter().copied().chain([row[1] * row[1] / row[0]]).collect::<Vec<f64>>();
        let data = data.chunks_exact(width).flat_map(with_square).collect();
        Self { factors, data, sums: vec![0.0; width + 1] }
    }
}

impl Statistic for VarianceComponents {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        let last = self.factors;
        self.sums.fill(0.0);
        for (row, times) in self.data.chunks_exact(self.sums.len()).zip(draw.weights) {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                *sum += times * value;
            }
        }
        let sums = &self.sums;
        let n = sums[0];
        // Uncorrected sums of squares and numbers of levels, from the grand mean down to the single values.
        let squares = |line: usize| match line {
            0 => sums[1] * sums[1] / n,
            1 => sums[sums.len() - 1],
            _ if line == last + 1 => sums[2],
            _ => sums[3 + 2 * (line - 2)],
        };
        let levels = |line: usize| match line {
            0 => 1.0,
            1 => draw.total,
            _ if line == last + 1 => n,
            _ => sums[4 + 2 * (line - 2)],
        };
        let own = 3 + 2 * (last - 1);
        // Pairs j < m lie j outermost.
        let pair = |j: usize, m: usize| sums[own + last + j * last - j * (j + 1) / 2 + m - j - 1];
        // Multiple of component m in the uncorrected sum of squares of factor j - 1; j = 0 is the grand mean.
        let multiple = |j: usize, m: usize| match j {
            0 => sums[own + m] / n,
            _ if j == m + 1 => n,
            _ => pair(j - 1, m),
        };
        let mean_square = |line: usize| {
            let df = levels(line + 1) - levels(line);
            // An inner factor without degrees of freedom in this sample leaves its component undefined.
            (if df > 0.0 { (squares(line + 1) - squares(line)) / df } else { f64::NAN }, df)
        };
        let error = mean_square(last).0;
        let mut total = error;
        for j in (0..last).rev() {
            let (mut rest, df) = mean_square(j);
            rest -= error;
            for (m, inner) in values[..last].iter().enumerate().skip(j + 1) {
                rest -= (multiple(j + 1, m) - multiple(j, m)) / df * inner;
            }
            values[j] = rest * df / (multiple(j + 1, j) - multiple(j, j));
            total += values[j];
        }
        values[last] = error;
        values[last + 1] = total;
    }
}
