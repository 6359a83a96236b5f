//! A sample of rows that are counted instead of copied (a row drawn three times weighs 3), and what a statistic of it is.

/// How often each row is in a sample.
pub struct Draw<'a> {
    /// Whole numbers, one for each row.
    pub weights: &'a [f64],
    /// Their sum.
    pub total: f64,
}

impl Draw<'_> {
    /// Sum over the sample of a row's quantity.
    #[inline(always)]
    pub fn sum(&self, quantity: impl Fn(usize) -> f64) -> f64 {
        self.weights.iter().enumerate().map(|(row, weight)| weight * quantity(row)).sum()
    }

    /// Mean over the sample.
    #[inline(always)]
    pub fn mean(&self, values: &[f64]) -> f64 {
        self.sum(|row| values[row]) / self.total
    }

    /// Rows that are in the sample, with their weights.
    pub fn rows(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.weights.iter().copied().enumerate().filter(|(_, weight)| *weight > 0.0)
    }

    /// Whether the sample's values are not all the same.
    pub fn varies(&self, values: &[f64]) -> bool {
        let mut rows = self.rows();
        let Some((first, _)) = rows.next() else { return false };
        rows.any(|(row, _)| values[row] != values[first])
    }
}

/// A statistic of rows that are at hand.
pub trait Statistic {
    /// Every component, for a sample; any that is not finite says that the sample has no value.
    fn evaluate(&mut self, draw: &Draw, values: &mut [f64]);
}

/// Two columns of measurements of the same subjects.
pub struct Pairs {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
}

impl From<(Vec<f64>, Vec<f64>)> for Pairs {
    fn from((x, y): (Vec<f64>, Vec<f64>)) -> Self {
        Self { x, y }
    }
}

/// Means, and sums of squares and products about them.
pub struct Moments {
    pub mx: f64,
    pub my: f64,
    pub sxx: f64,
    pub sxy: f64,
    pub syy: f64,
}

impl Pairs {
    /// Moments of a sample, by two passes.
    pub fn moments(&self, draw: &Draw) -> Moments {
        let (x, y) = (self.x.as_slice(), self.y.as_slice());
        let (mut sx, mut sy) = (0.0, 0.0);
        for ((w, x), y) in draw.weights.iter().zip(x).zip(y) {
            sx += w * x;
            sy += w * y;
        }
        let (mx, my) = (sx / draw.total, sy / draw.total);
        let (mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0);
        for ((w, x), y) in draw.weights.iter().zip(x).zip(y) {
            let (u, v) = (x - mx, y - my);
            sxx += w * u * u;
            sxy += w * u * v;
            syy += w * v * v;
        }
        Moments { mx, my, sxx, sxy, syy }
    }
}
