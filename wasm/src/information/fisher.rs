//! Fisher information: what one sample says of its signal, and what many say of the parameters.

use crate::algebra::{lower as triangle, place, Spectrum};
use crate::simulate::noise::Kind;

/// Fisher information that a sample holds on its signal, times sigma^2, for a signal of `snr` = S / sigma.
///
/// Gaussian: 1. Magnitudes of n channels (Rician: n = 1): the variance of the score m R_n(m snr) - snr with m the
/// magnitude over sigma and R_n = I_n / I_(n-1), by Simpson's rule over the noncentral chi density; between 0 without
/// signal and 1 far above the noise. Karlsen OT, Verhagen R, Bovee WM. Parameter estimation from Rician-distributed data
/// sets using a maximum likelihood estimator: application to T1 and perfusion measurements. Magn Reson Med
/// 1999;41:614-623.
pub fn of_signal(kind: Kind, snr: f64) -> f64 {
    const INTERVALS: usize = 400;
    const REACH: f64 = 10.0;
    let channels = match kind {
        Kind::None | Kind::Gaussian => return 1.0,
        Kind::Rician => 1,
        Kind::NoncentralChi { coils } => coils,
    };
    let snr = snr.abs();
    let n = f64::from(channels);
    let centre = (snr * snr + 2.0 * n).sqrt();
    let (from, to) = ((centre - REACH).max(0.0), centre + REACH);
    let step = (to - from) / INTERVALS as f64;
    // Score, and ln of the density up to a constant.
    let at = |m: f64| {
        let (ratio, log) = bessel(channels, m * snr);
        (m * ratio - snr, (2.0 * n - 1.0) * libm::log(m) + log - 0.5 * (m - snr) * (m - snr))
    };
    let highest = at(centre).1;
    let weight = |i: usize| match i {
        0 | INTERVALS => 1.0,
        i if i % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let [total, variance] = (0..=INTERVALS).fold([0.0; 2], |[total, variance], i| {
        let (score, log) = at(from + step * i as f64);
        let density = weight(i) * libm::exp(log - highest);
        [total + density, variance + density * score * score]
    });
    variance / total
}

/// I_n(x) / I_(n-1)(x), and ln of e^-x I_(n-1)(x) (2 / x)^(n-1), of the modified Bessel functions, x >= 0.
///
/// Ratio: the continued fraction x / (2n + x^2 / (2(n+1) + ...)) (Gautschi and Slavik, Math Comp 1978;32:865-875), or the
/// asymptotic series (Abramowitz and Stegun 9.7.1) where that has converged; smaller orders by their recurrence.
fn bessel(n: u32, x: f64) -> (f64, f64) {
    let order = f64::from(n);
    if x == 0.0 {
        return (0.0, -libm::lgamma(order));
    }
    if x > 30.0 + 2.0 * order * order {
        let (above, below) = (asymptotic(order, x), asymptotic(order - 1.0, x));
        let scaled = libm::log(below / (core::f64::consts::TAU * x).sqrt());
        return (above / below, scaled + (order - 1.0) * libm::log(2.0 / x));
    }
    // From a tail near its limit (Amos, Math Comp 1974;28:239-251); its error shrinks by exp(-k^2 / x) in k steps.
    let last = n + 20 + (7.0 * x.sqrt()) as u32;
    let from = f64::from(last);
    let tail = x / (from + ((from + 1.0) * (from + 1.0) + x * x).sqrt());
    let first = (n..=last).rev().fold(tail, |tail, k| x / (2.0 * f64::from(k) + x * tail));
    // e^-x I_0, then up to n - 1: I_k / I_(k-1) = 1 / (2k/x + I_(k+1)/I_k).
    let (mut ratio, mut log) = (first, libm::log(zero_order(x)));
    for k in (1..n).rev() {
        ratio = 1.0 / (2.0 * f64::from(k) / x + ratio);
        log += libm::log(ratio * 2.0 / x);
    }
    (first, log)
}

/// The asymptotic series of e^-x sqrt(2 pi x) I_v(x).
fn asymptotic(order: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..=30 {
        let odd = f64::from(2 * k - 1);
        let next = -term * (4.0 * order * order - odd * odd) / (8.0 * f64::from(k) * x);
        if next.abs() >= term.abs() || next.abs() < 1e-17 * sum {
            break;
        }
        term = next;
        sum += term;
    }
    sum
}

/// e^-x I_0(x): the power series, or the asymptotic one beyond 30.
fn zero_order(x: f64) -> f64 {
    if x > 30.0 {
        return asymptotic(0.0, x) / (core::f64::consts::TAU * x).sqrt();
    }
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..80 {
        term *= 0.25 * x * x / f64::from(k * k);
        sum += term;
    }
    sum * libm::exp(-x)
}

/// The inverse of an information matrix, and the parameters that it leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Inverse {
    /// p x p; infinite variances and covariances of 0 for parameters that are not identifiable.
    pub covariance: Vec<f64>,
    pub identifiable: Vec<bool>,
    /// Largest over smallest eigenvalue of the matrix scaled to unit diagonal; infinite where it is singular.
    pub condition: f64,
}

/// An eigenvalue below this share of the largest is 0: the Jacobian's own rounding reaches no further.
const SINGULAR: f64 = 1e-12;
/// A parameter is open where this much of its axis lies in the null space.
const OPEN: f64 = 1e-8;

/// Inverts an information matrix (lower triangle, row after row). A parameter is identifiable when its axis is
/// orthogonal to the null space of the matrix scaled to unit diagonal: then its variance is that of the pseudo-inverse.
pub fn invert(lower: &[f64], p: usize) -> Inverse {
    let diagonal = |j: usize| lower[place(j, j)];
    let scale: Vec<f64> = (0..p).map(|j| if diagonal(j) > 0.0 { diagonal(j).sqrt() } else { 1.0 }).collect();
    let scaled = triangle(p, |j, k| lower[place(j, k)] / (scale[j] * scale[k]));
    let spectrum = Spectrum::new(&scaled, p);
    let largest = spectrum.values.iter().fold(0.0f64, |largest, value| largest.max(*value));
    let smallest = spectrum.values.iter().fold(f64::INFINITY, |smallest, value| smallest.min(*value));
    let null = SINGULAR * largest;
    let identifiable: Vec<bool> = (0..p).map(|j| spectrum.share(j, null) <= OPEN).collect();
    let covariance = |j: usize, k: usize| match (identifiable[j] && identifiable[k], j == k) {
        (false, true) => f64::INFINITY,
        (false, false) => 0.0,
        (true, _) => spectrum.inverse(j, k, null) / (scale[j] * scale[k]),
    };
    let condition = if smallest > null { largest / smallest } else { f64::INFINITY };
    Inverse { covariance: (0..p * p).map(|i| covariance(i / p, i % p)).collect(), identifiable, condition }
}
