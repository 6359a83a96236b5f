//! Times on which a model looks for the start of a fit.

use super::{Equation, MAXIMUM_PARAMETERS};
use crate::lane::Lane;
use crate::protocol::Design;

/// Relaxation times evenly spaced in their logarithm. What a model tabulates for them stands in its design, behind its
/// own columns.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// s
    pub lower: f64,
    /// s
    pub upper: f64,
    /// At least two.
    pub points: usize,
    /// Number of the model's own protocol columns.
    pub columns: usize,
}

impl Grid {
    /// Logarithms of the ends.
    pub fn range(&self) -> (f64, f64) {
        (libm::log(self.lower), libm::log(self.upper))
    }

    /// Distance of two points in the logarithm.
    pub fn step(&self) -> f64 {
        let (low, high) = self.range();
        (high - low) / (self.points - 1) as f64
    }

    /// Each point with the logarithm of its time.
    pub fn points(&self) -> impl Iterator<Item = (usize, f64)> {
        let (low, step) = (self.range().0, self.step());
        (0..self.points).map(move |point| (point, low + step * point as f64))
    }

    /// For signals that are an amplitude times a shape: the design with the shape for each time of the grid behind each
    /// row's own values, divided by its length over all rows.
    pub fn with_shapes(&self, design: Design, shape: impl Fn(&[f64], f64) -> f64) -> Design {
        let mut table = vec![vec![0.0; self.points]; design.rows()];
        for (point, u) in self.points() {
            let time = libm::exp(u);
            let values: Vec<f64> = (0..design.rows()).map(|i| shape(design.row(i), time)).collect();
            let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
            for (row, value) in table.iter_mut().zip(values) {
                row[point] = if length > 0.0 { value / length } else { 0.0 };
            }
        }
        design.extended(&table)
    }

    /// The time whose shape, with an amplitude above 0, is nearest to the samples.
    pub fn nearest_shape<L: Lane>(&self, design: &Design, samples: &[L]) -> L {
        let mut best = L::splat(0.0);
        let mut logarithm = L::splat(0.5 * (self.range().0 + self.range().1));
        for (point, u) in self.points() {
            let x = |i: usize| L::splat(design.row(i)[self.columns + point]);
            let product = samples.iter().enumerate().fold(L::splat(0.0), |sum, (i, &y)| sum + x(i) * y);
            let better = best.lt(product);
            best = L::select(better, product, best);
            logarithm = L::select(better, L::splat(u), logarithm);
        }
        logarithm.exp()
    }
}

/// The least-squares amplitude, 0 or more, of a signal that is its first parameter times the rest.
pub fn amplitude<L: Lane>(equation: &impl Equation, design: &Design, samples: &[L], p: &[L]) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let mut gradient = [zero; MAXIMUM_PARAMETERS];
    let (mut product, mut square) = (zero, zero);
    for (i, &y) in samples.iter().enumerate() {
        equation.sample(design.row(i), p, &mut gradient);
        product = product + gradient[0] * y;
        square = square + gradient[0] * gradient[0];
    }
    let usable = zero.lt(square);
    (product / L::select(usable, square, one)).larger(zero)
}
