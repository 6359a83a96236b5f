//! y = a + b exp(-t / T): for a given T the best a and b follow in closed form, so that the least squares of all three
//! is a search over T alone (variable projection: Golub GH, Pereyra V. SIAM J Numer Anal 1973;10:413-432, doi
//! 10.1137/0710036).

use super::grid::Grid;
use crate::lane::Lane;
use crate::protocol::Design;

/// The design with the exponentials of the grid behind each row's own values: for each T, less their mean over the rows
/// of a channel and divided by what is then their length.
pub fn extend(grid: &Grid, design: Design, channels: &[Vec<usize>]) -> Design {
    let mut table = vec![vec![0.0; grid.points]; design.rows()];
    for rows in channels {
        for (point, u) in grid.points() {
            let rate = libm::exp(-u);
            let x: Vec<f64> = rows.iter().map(|&i| libm::exp(-design.row(i)[0] * rate)).collect();
            let mean = x.iter().sum::<f64>() / x.len().max(1) as f64;
            let length = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>().sqrt();
            for (&i, x) in rows.iter().zip(&x) {
                table[i][point] = if length > 0.0 { (x - mean) / length } else { 0.0 };
            }
        }
    }
    design.extended(&table)
}

/// Samples that share one a and b, with their times. There may be none: then a and b are 0.
pub struct Channel<L> {
    /// Rows in the design.
    rows: Vec<usize>,
    times: Vec<f64>,
    /// In the order of `rows`; their signs are the caller's to choose.
    pub samples: Vec<L>,
    /// exp(-t / T) and its derivative by ln T, of the line last drawn.
    basis: Vec<(L, L)>,
}

/// The straight line y = a + b x with x = exp(-t / T), and how its sum of squares changes with u = ln T.
#[derive(Debug, Clone, Copy)]
pub struct Line<L> {
    pub a: L,
    pub b: L,
    pub residual: L,
    /// Half of what the sum of squares falls by along u.
    pub descent: L,
    /// Squared length of the prediction's derivative by u, and of the part that a and b cannot mimic.
    pub length: L,
    pub own_length: L,
    /// What a and b change by along u.
    pub slope_a: L,
    pub slope_b: L,
    /// Variances of a and b at this T, over that of a sample.
    pub variance_a: L,
    pub variance_b: L,
}

impl<L: Lane> Channel<L> {
    pub fn new(design: &Design, rows: Vec<usize>, samples: &[L]) -> Self {
        let times = rows.iter().map(|&i| design.row(i)[0]).collect();
        let samples = rows.iter().map(|&i| samples[i]).collect();
        let basis = vec![(L::splat(0.0), L::splat(0.0)); rows.len()];
        Self { rows, times, samples, basis }
    }

    /// Negates all samples.
    fn negate(&mut self) {
        for sample in &mut self.samples {
            *sample = -*sample;
        }
    }

    /// Sum of the samples times the exponentials that [`extend`] laid down for a point of the grid: its square is what
    /// the sum of squares falls by.
    fn product(&self, grid: &Grid, design: &Design, point: usize) -> L {
        let x = |i: usize| L::splat(design.row(i)[grid.columns + point]);
        self.rows.iter().zip(&self.samples).fold(L::splat(0.0), |sum, (&i, &y)| sum + x(i) * y)
    }

    /// The least-squares line for a given ln T.
    pub fn line(&mut self, u: L) -> Line<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let rate = (-u).exp();
        let share = L::splat(1.0 / self.times.len().max(1) as f64);
        let (mut mean_x, mut mean_y, mut mean_g) = (zero, zero, zero);
        for ((&t, &y), basis) in self.times.iter().zip(&self.samples).zip(&mut self.basis) {
            let exponent = L::splat(t) * rate;
            let x = (-exponent).exp();
            // x vanishes long before the exponent overflows.
            let g = L::select(exponent.lt(L::splat(1e4)), x * exponent, zero);
            *basis = (x, g);
            (mean_x, mean_y, mean_g) = (mean_x + x, mean_y + y, mean_g + g);
        }
        (mean_x, mean_y, mean_g) = (mean_x * share, mean_y * share, mean_g * share);
        let (mut sxx, mut sxy, mut sxg) = (zero, zero, zero);
        for (&(x, g), &y) in self.basis.iter().zip(&self.samples) {
            let dx = x - mean_x;
            sxx = sxx + dx * dx;
            sxy = sxy + dx * (y - mean_y);
            sxg = sxg + dx * (g - mean_g);
        }
        let inverse = one / L::select(zero.lt(sxx), sxx, one);
        let (b, mimic) = (sxy * inverse, sxg * inverse);
        let (mut residual, mut descent, mut length, mut own_length) = (zero, zero, zero, zero);
        for (&(x, g), &y) in self.basis.iter().zip(&self.samples) {
            let r = (y - mean_y) - b * (x - mean_x);
            let own = b * ((g - mean_g) - mimic * (x - mean_x));
            residual = residual + r * r;
            descent = descent + r * own;
            length = length + b * b * g * g;
            own_length = own_length + own * own;
        }
        Line {
            a: mean_y - b * mean_x,
            b,
            residual,
            descent,
            length,
            own_length,
            slope_a: -(b * (mean_g - mimic * mean_x)),
            slope_b: -(b * mimic),
            variance_a: share + mean_x * mean_x * inverse,
            variance_b: inverse,
        }
    }
}

/// Gauss-Newton steps after the grid.
const STEPS: usize = 3;
/// A candidate is followed when this many times the fall that its first step promises could make it the best.
const HOPE: f64 = 4.0;

/// ln T within the grid's range of the least squares over all channels: the best point of the grid, then Gauss-Newton
/// steps that stay beside it. `design` is one that [`extend`] made.
pub fn search<L: Lane>(grid: &Grid, design: &Design, channels: &mut [Channel<L>]) -> L {
    let mut best = Best::new();
    for (point, u) in grid.points() {
        let explained = channels.iter().fold(L::splat(0.0), |sum, channel| {
            let product = channel.product(grid, design, point);
            sum + product * product
        });
        best.keep(u, -explained);
    }
    let mut refined = Best::new();
    refine(grid, channels, best.u, L::none().not(), &mut refined);
    refined.u
}

/// The same for magnitudes of one channel, |a + b exp(-t / T)|, whose samples are in the order of t: the prediction
/// changes sign once at most, so that the least squares is that of one of the ways to negate the first k samples, k = 0
/// to n - 1 (all negative is all positive with a and b negated). Returns ln T and k.
///
/// No way gives less than the least squares of the magnitudes, since the true signs bring each sample nearest to its
/// prediction, and the best one gives just that.
pub fn search_polarity<L: Lane>(grid: &Grid, design: &Design, channel: &mut Channel<L>) -> (L, L) {
    let two = L::splat(2.0);
    let n = channel.samples.len();
    let mut candidates = vec![Best::new(); n];
    for (point, u) in grid.points() {
        let mut product = channel.product(grid, design, point);
        for (k, candidate) in candidates.iter_mut().enumerate() {
            candidate.keep(u, -(product * product));
            let x = design.row(channel.rows[k])[grid.columns + point];
            product = product - two * channel.samples[k] * L::splat(x);
        }
    }
    // The lines at the best points of the grid tell which candidates a few steps could make the best.
    let mut least = L::splat(f64::INFINITY);
    let mut floors = Vec::with_capacity(n);
    for (k, candidate) in candidates.iter().enumerate() {
        let line = channel.line(candidate.u);
        least = least.smaller(line.residual);
        let movable = L::splat(0.0).lt(line.own_length);
        let length = L::select(movable, line.own_length, L::splat(f64::INFINITY));
        floors.push(line.residual - L::splat(HOPE) * line.descent * line.descent / length);
        channel.samples[k] = -channel.samples[k];
    }
    channel.negate();
    let mut best = Best::new();
    let mut negated = L::splat(0.0);
    for (k, candidate) in candidates.iter().enumerate() {
        let hopeful = floors[k].le(least);
        if hopeful.any() {
            let better = refine(grid, core::slice::from_mut(channel), candidate.u, hopeful, &mut best);
            negated = L::select(better, L::splat(k as f64), negated);
        }
        channel.samples[k] = -channel.samples[k];
    }
    channel.negate();
    (best.u, negated)
}

/// The least that was seen, and where.
#[derive(Clone, Copy)]
struct Best<L> {
    u: L,
    value: L,
}

impl<L: Lane> Best<L> {
    fn new() -> Self {
        Self { u: L::splat(0.0), value: L::splat(f64::INFINITY) }
    }

    fn keep(&mut self, u: f64, value: L) {
        let better = value.lt(self.value);
        self.u = L::select(better, L::splat(u), self.u);
        self.value = L::select(better, value, self.value);
    }
}

/// Gauss-Newton steps from `u` that stay within a grid step of it, keeping the best of what they visit in the given
/// lanes; returns the lanes in which `best` was beaten.
fn refine<L: Lane>(grid: &Grid, channels: &mut [Channel<L>], u: L, lanes: L, best: &mut Best<L>) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let (lower, upper) = grid.range();
    let low = (u - L::splat(grid.step())).larger(L::splat(lower));
    let high = (u + L::splat(grid.step())).smaller(L::splat(upper));
    let (mut at, mut beaten) = (u, L::none());
    for _ in 0..=STEPS {
        let (mut residual, mut descent, mut length) = (zero, zero, zero);
        for channel in channels.iter_mut() {
            let line = channel.line(at);
            residual = residual + line.residual;
            descent = descent + line.descent;
            length = length + line.own_length;
        }
        let better = lanes.and(residual.lt(best.value));
        best.u = L::select(better, at, best.u);
        best.value = L::select(better, residual, best.value);
        beaten = beaten.or(better);
        let movable = zero.lt(length);
        let step = L::select(movable, descent / L::select(movable, length, one), zero);
        at = (at + step).larger(low).smaller(high);
    }
    beaten
}
