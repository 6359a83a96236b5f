use measurand_core::simulate::noise::{add, add_from, Kind, Noise, NoiseRequest};
use measurand_core::simulate::random::{philox, Draws, Stream};
use proptest::prelude::*;

const N: usize = 200_000;

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0))
}

/// Largest distance between the empirical distribution of a sample and a distribution function.
fn kolmogorov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let at = |(i, value): (usize, &f64)| {
        let expected = cdf(*value);
        (expected - i as f64 / n).abs().max(((i + 1) as f64 / n - expected).abs())
    };
    values.iter().enumerate().map(at).fold(0.0, f64::max)
}

/// Modified Bessel function of order 0 times exp(-x), by its integral: (1/pi) int_0^pi exp(x (cos t - 1)) dt.
fn scaled_bessel_0(x: f64) -> f64 {
    let steps = 2000;
    let sum: f64 = (0..steps)
        .map(|i| (i as f64 + 0.5) * std::f64::consts::PI / steps as f64)
        .map(|t| (x * (t.cos() - 1.0)).exp())
        .sum();
    sum / steps as f64
}

fn scaled_bessel_1(x: f64) -> f64 {
    let steps = 2000;
    let sum: f64 = (0..steps)
        .map(|i| (i as f64 + 0.5) * std::f64::consts::PI / steps as f64)
        .map(|t| (x * (t.cos() - 1.0)).exp() * t.cos())
        .sum();
    sum / steps as f64
}

/// Known answers of the reference implementation (Random123, kat_vectors).
#[test]
fn philox_gives_the_known_answers() {
    assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let counter = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    assert_eq!(philox(counter, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
}

#[test]
fn uniform_numbers_are_uniform_and_never_zero() {
    let stream = Stream::new(7, 3);
    let values: Vec<f64> = (0..N as u64).map(|i| stream.uniform(i)).collect();
    assert!(values.iter().all(|value| *value > 0.0 && *value <= 1.0));
    // 1.63 / sqrt(n): the 1 % point of the Kolmogorov distribution; the seed is fixed, so this never flickers.
    assert!(kolmogorov(values, |x| x) < 1.63 / (N as f64).sqrt());
}

#[test]
fn gaussian_noise_is_normal() {
    let mut values = vec![10.0; N];
    add(&mut values, Kind::Gaussian, 2.0, 11).unwrap();
    let cdf = |x: f64| 0.5 * libm::erfc(-(x - 10.0) / 2.0 / std::f64::consts::SQRT_2);
    assert!(kolmogorov(values, cdf) < 1.63 / (N as f64).sqrt());
}

#[test]
fn rician_noise_without_signal_is_rayleigh() {
    let sigma = 3.0;
    let mut values = vec![0.0; N];
    add(&mut values, Kind::Rician, sigma, 5).unwrap();
    let (mean, variance) = mean_and_variance(&values);
    let expected = sigma * (std::f64::consts::PI / 2.0).sqrt();
    let spread = sigma * (2.0 - std::f64::consts::PI / 2.0).sqrt();
    assert!((mean - expected).abs() < 4.0 * spread / (N as f64).sqrt(), "{mean} {expected}");
    assert!((variance / (spread * spread) - 1.0).abs() < 0.02, "{variance}");
    let cdf = |x: f64| -libm::expm1(-x * x / (2.0 * sigma * sigma));
    assert!(kolmogorov(values, cdf) < 1.63 / (N as f64).sqrt());
}

/// E M = sigma sqrt(pi/2) e^-x [(1 + 2x) I0(x) + 2x I1(x)] with x = S^2 / (4 sigma^2); E M^2 = S^2 + 2 sigma^2 (Rice 1944).
#[test]
fn rician_moments_are_those_of_the_closed_form() {
    let sigma = 1.5;
    for (seed, ratio) in [0.5, 1.0, 2.0, 3.0, 10.0].into_iter().enumerate() {
        let signal = ratio * sigma;
        let mut values = vec![signal; N];
        add(&mut values, Kind::Rician, sigma, seed as u64).unwrap();
        let (mean, variance) = mean_and_variance(&values);
        let x = signal * signal / (4.0 * sigma * sigma);
        let expected = sigma
            * (std::f64::consts::PI / 2.0).sqrt()
            * ((1.0 + 2.0 * x) * scaled_bessel_0(x) + 2.0 * x * scaled_bessel_1(x));
        assert!((mean - expected).abs() < 4.0 * sigma / (N as f64).sqrt(), "ratio {ratio}: {mean} {expected}");
        let square = values.iter().map(|value| value * value).sum::<f64>() / N as f64;
        let expected_square = signal * signal + 2.0 * sigma * sigma;
        assert!((square / expected_square - 1.0).abs() < 0.01, "ratio {ratio}: {square} {expected_square}");
        assert!((variance - (expected_square - expected * expected)).abs() < 0.03 * sigma * sigma);
    }
}

/// Moments of the noncentral chi distribution: E[M^2] = S^2 + 2 n sigma^2, and without signal
/// E[M] = sigma sqrt(2) Gamma(n + 1/2) / Gamma(n) (Constantinides et al. 1997).
#[test]
fn noncentral_chi_moments_are_those_of_the_closed_form() {
    let sigma = 1.5;
    for (seed, (coils, signal)) in [(2, 0.0), (4, 0.0), (4, 3.0), (8, 20.0), (32, 0.0)].into_iter().enumerate() {
        let mut values = vec![signal; N];
        add(&mut values, Kind::NoncentralChi { coils }, sigma, 100 + seed as u64).unwrap();
        let n = f64::from(coils);
        let (mean, variance) = mean_and_variance(&values);
        let square = mean * mean + variance;
        let expected = signal * signal + 2.0 * n * sigma * sigma;
        let spread = (4.0 * n * sigma.powi(4) + 4.0 * signal * signal * sigma * sigma) / N as f64;
        assert!((square - expected).abs() < 4.0 * spread.sqrt(), "{coils} coils, {signal}: {square} {expected}");
        if signal == 0.0 {
            let expected = sigma * 2.0f64.sqrt() * libm::exp(libm::lgamma(n + 0.5) - libm::lgamma(n));
            assert!((mean - expected).abs() < 4.0 * (variance / N as f64).sqrt(), "{coils}: {mean} {expected}");
        }
    }
}

#[test]
fn one_coil_is_rician_bit_for_bit() {
    let signal: Vec<f64> = (0..500).map(|i| 0.02 * f64::from(i)).collect();
    let (mut rician, mut chi) = (signal.clone(), signal);
    add(&mut rician, Kind::Rician, 2.0, 7).unwrap();
    add(&mut chi, Kind::NoncentralChi { coils: 1 }, 2.0, 7).unwrap();
    assert_eq!(rician, chi);
}

#[test]
fn streams_and_seeds_are_uncorrelated() {
    let base: Vec<f64> = (0..N as u64).map(|i| Stream::new(1, 1).normal(i)).collect();
    for other in [Stream::new(1, 2), Stream::new(2, 1), Stream::new(1, 1 << 40), Stream::new(1 << 40, 1)] {
        let product = base.iter().enumerate().map(|(i, a)| a * other.normal(i as u64)).sum::<f64>() / N as f64;
        assert!(product.abs() < 4.0 / (N as f64).sqrt(), "{product}");
    }
    let neighbours = base.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / N as f64;
    assert!(neighbours.abs() < 4.0 / (N as f64).sqrt());
}

#[test]
fn factors_have_mean_one_and_the_stated_variation() {
    let mut draws = Draws::new(3, 9);
    for cv in [0.02, 0.2, 0.5] {
        let values: Vec<f64> = (0..N).map(|_| draws.factor(cv)).collect();
        let (mean, variance) = mean_and_variance(&values);
        assert!((mean - 1.0).abs() < 4.0 * cv / (N as f64).sqrt(), "{mean}");
        assert!((variance.sqrt() / cv - 1.0).abs() < 0.02, "{variance}");
    }
    assert_eq!(Draws::new(3, 9).factor(0.0), 1.0);
}

#[test]
fn directions_are_unit_vectors_without_preference() {
    let mut draws = Draws::new(4, 4);
    let mut sum = [0.0; 3];
    for _ in 0..20_000 {
        let direction = draws.direction();
        let length: f64 = direction.iter().map(|component| component * component).sum();
        assert!((length - 1.0).abs() < 1e-12);
        sum.iter_mut().zip(direction).for_each(|(sum, component)| *sum += component);
    }
    assert!(sum.iter().all(|sum| (sum / 20_000.0).abs() < 0.017), "{sum:?}");
}

#[test]
fn no_noise_changes_nothing() {
    let values = [0.0, 1.5, -2.0, 1e300];
    for (kind, sigma) in [(Kind::None, 5.0), (Kind::Gaussian, 0.0)] {
        let mut noisy = values;
        add(&mut noisy, kind, sigma, 1).unwrap();
        assert_eq!(noisy, values);
    }
    let mut magnitude = [3.0, -4.0];
    add(&mut magnitude, Kind::Rician, 0.0, 1).unwrap();
    assert_eq!(magnitude, [3.0, 4.0]);
}

#[test]
fn bad_noise_is_refused_by_name() {
    let noise = |kind: &str, sigma: f64, coils: Option<u32>| {
        NoiseRequest { kind: kind.into(), sigma, seed: 1, coils }.noise().unwrap_err().fault()
    };
    assert_eq!(noise("poisson", 1.0, None).field, "noise.kind");
    for sigma in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(noise("rician", sigma, None).field, "noise.sigma");
        assert_eq!(noise("noncentral-chi", sigma, Some(4)).field, "noise.sigma");
    }
    for coils in [None, Some(0), Some(100_000)] {
        assert_eq!(noise("noncentral-chi", 1.0, coils).field, "noise.coils");
    }
    assert_eq!(noise("rician", 1.0, Some(4)).field, "noise.coils");
    assert_eq!(noise("poisson", 1.0, Some(4)).field, "noise.kind");
}

proptest! {
    #![proptest_config(crate::seeded(64))]

    #[test]
    fn chunks_get_the_noise_of_the_whole(length in 1usize..300, cut in 0usize..300, seed: u64, stream: u64, rician: bool) {
        let kind = if rician { Kind::Rician } else { Kind::Gaussian };
        let noise = Noise::new(kind, 2.0, seed).unwrap();
        let signal: Vec<f64> = (0..length).map(|i| i as f64).collect();
        let mut whole = signal.clone();
        add_from(&mut whole, &noise, stream, 5);
        let cut = cut.min(length);
        let (mut first, mut second) = (signal[..cut].to_vec(), signal[cut..].to_vec());
        add_from(&mut second, &noise, stream, 5 + cut as u64);
        add_from(&mut first, &noise, stream, 5);
        first.extend(second);
        prop_assert_eq!(first, whole);
    }
}
