//! Mean, within-subject SD and within-subject coefficient of variation.

use super::draw::{Draw, Statistic};

/// How the wCV is taken; the position is the code of the setting `wcv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wcv {
    None,
    /// Root of the mean of the subjects' squared coefficients of variation; terms: sum of squares over squared mean.
    RootMeanSquare,
    /// wSD over the mean of the subjects' means; terms are not read.
    WsdOverMean,
    /// sqrt(exp(s^2) - 1), s the wSD of logarithms; terms: sums of squares of logarithms.
    Logs,
}

impl Wcv {
    pub const ALL: [Self; 4] = [Self::None, Self::RootMeanSquare, Self::WsdOverMean, Self::Logs];
}

/// Twins: within-subject-sd.ts, within-subject-cv.ts, whose subjects come as rows of sums.
pub struct Repeatability {
    wcv: Wcv,
    df: Vec<f64>,
    squares: Vec<f64>,
    means: Vec<f64>,
    terms: Vec<f64>,
}

impl Repeatability {
    pub fn new(wcv: Wcv, data: &[f64]) -> Self {
        let column = |k: usize| data.iter().skip(k).step_by(4).copied().collect();
        Self { wcv, df: column(0), squares: column(1), means: column(2), terms: column(3) }
    }
}

impl Statistic for Repeatability {
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]) {
        let df = draw.sum(|row| self.df[row]);
        let squares = draw.sum(|row| self.squares[row]);
        // Repeats that all agree tell nothing of their spread.
        let wsd = if squares > 0.0 { (squares / df).sqrt() } else { f64::NAN };
        let mean = draw.mean(&self.means);
        values[0] = mean;
        values[1] = wsd;
        let ratio = || draw.sum(|row| self.terms[row]) / df;
        match self.wcv {
            Wcv::None => {}
            Wcv::RootMeanSquare => values[2] = ratio().sqrt(),
            Wcv::WsdOverMean => values[2] = wsd / mean,
            Wcv::Logs => values[2] = libm::expm1(ratio()).sqrt(),
        }
    }
}
