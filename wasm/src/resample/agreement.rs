//! Limits of agreement, concordance correlation, intraclass correlation.

use super::draw::{Draw, Moments, Pairs, Statistic};

/// Limits of agreement of single pairs. Twin: bias-and-limits.ts.
pub struct Limits {
    pub multiplier: f64,
    pub differences: Vec<f64>,
}

impl Statistic for Limits {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        let d = &self.differences;
        if !draw.varies(d) {
            return values.fill(f64::NAN);
        }
        let bias = draw.mean(d);
        let squares = draw.sum(|row| (d[row] - bias) * (d[row] - bias));
        let half = self.multiplier * (squares / (draw.total - 1.0)).sqrt();
        values.copy_from_slice(&[bias - half, bias + half]);
    }
}

/// Lin's concordance correlation with its two parts. Twin: lin-ccc.ts.
pub struct Concordance {
    pub unbiased: bool,
    pub pairs: Pairs,
}

impl Statistic for Concordance {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        if !(draw.varies(&self.pairs.x) && draw.varies(&self.pairs.y)) {
            return values.fill(f64::NAN);
        }
        let Moments { mx, my, sxx, sxy, syy } = self.pairs.moments(draw);
        let divisor = if self.unbiased { draw.total - 1.0 } else { draw.total };
        let shift = mx - my;
        let ccc = 2.0 * (sxy / divisor) / (sxx / divisor + syy / divisor + shift * shift);
        let pearson = sxy / (sxx * syy).sqrt();
        values.copy_from_slice(&[ccc, pearson, ccc / pearson]);
    }
}

/// Intraclass correlation of Shrout and Fleiss, every subject measured k times. Twin: icc.ts.
pub struct Intraclass {
    model: u8,
    /// Whether it is that of the mean of the k measurements.
    mean: bool,
    k: usize,
    /// `[subject * k + measurement]`, centred on the mean of all.
    data: Vec<f64>,
    means: Vec<f64>,
    /// Sum of squares within each subject.
    within: Vec<f64>,
}

impl Intraclass {
    pub fn new(model: u8, mean: bool, data: &[f64], k: usize) -> Self {
        let centre = data.iter().sum::<f64>() / data.len() as f64;
        let data: Vec<f64> = data.iter().map(|value| value - centre).collect();
        let means: Vec<f64> = data.chunks_exact(k).map(|row| row.iter().sum::<f64>() / k as f64).collect();
        let squares = |(row, mean): (&[f64], &f64)| row.iter().map(|value| (value - mean) * (value - mean)).sum();
        let within = data.chunks_exact(k).zip(&means).map(squares).collect();
        Self { model, mean, k, data, means, within }
    }
}

impl Statistic for Intraclass {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        let (n, k) = (draw.total, self.k as f64);
        let grand = draw.mean(&self.means);
        let rows = k * draw.sum(|row| (self.means[row] - grand) * (self.means[row] - grand)) / (n - 1.0);
        let single = if self.model == 1 {
            let within = draw.sum(|row| self.within[row]) / (n * (k - 1.0));
            if within > 0.0 {
                (rows - within) / (rows + (k - 1.0) * within)
            } else {
                f64::NAN
            }
        } else {
            let offsets: Vec<f64> =
                (0..self.k).map(|j| draw.sum(|row| self.data[row * self.k + j]) / n - grand).collect();
            let columns = n * offsets.iter().map(|offset| offset * offset).sum::<f64>() / (k - 1.0);
            let residual = |row: usize, j: usize| self.data[row * self.k + j] - self.means[row] - offsets[j];
            let squares = draw.sum(|row| (0..self.k).map(|j| residual(row, j) * residual(row, j)).sum());
            let error = squares / ((n - 1.0) * (k - 1.0));
            let offset = if self.model == 2 { k * (columns - error) / n } else { 0.0 };
            if error > 0.0 {
                (rows - error) / (rows + (k - 1.0) * error + offset)
            } else {
                f64::NAN
            }
        };
        values[0] = if self.mean { k * single / (1.0 + (k - 1.0) * single) } else { single };
    }
}
