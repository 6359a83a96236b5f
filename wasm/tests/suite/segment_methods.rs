use measurand_core::segment::gaussian_mixture::{self, Settings};
use measurand_core::segment::robust_threshold::{centre_and_spread, median};
use measurand_core::segment::{segment, Method};
use measurand_core::simulate::random::Stream;
use serde_json::json;

const SHAPE: [u32; 3] = [24, 20, 12];
const VOXELS: usize = 24 * 20 * 12;

/// Normal intensities with mean 100 and SD 5, and a block of 3 x 3 x 3 voxels at 140 around (6, 6, 4).
fn image(seed: u64) -> Vec<f32> {
    let stream = Stream::new(seed, 0);
    (0..VOXELS)
        .map(|v| {
            let at = [v % 24, v / 24 % 20, v / (24 * 20)];
            let inside = at.iter().zip([6, 6, 4]).all(|(at, middle)| at.abs_diff(middle) <= 1);
            let mean = if inside { 140.0 } else { 100.0 };
            (mean + 5.0 * stream.normal(v as u64)) as f32
        })
        .collect()
}

fn run(request: serde_json::Value, image: &[f32], mask: &[u8]) -> Vec<u8> {
    segment(&Method::parse(&request.to_string()).unwrap(), image, mask, &SHAPE).unwrap()
}

#[test]
fn medians_of_odd_and_even_numbers() {
    assert_eq!(median(&mut [3.0]), 3.0);
    assert_eq!(median(&mut [4.0, 1.0]), 2.5);
    assert_eq!(median(&mut [5.0, 1.0, 3.0]), 3.0);
    assert_eq!(median(&mut [5.0, 1.0, 2.0, 9.0]), 3.5);
    let (centre, spread) = centre_and_spread(&mut [1.0, 2.0, 3.0, 4.0, 100.0]);
    assert_eq!(centre, 3.0);
    crate::assert_close(spread, 1.482_602_218_505_602, 1e-12);
}

#[test]
fn the_spread_is_the_standard_deviation_of_normal_numbers() {
    let stream = Stream::new(8, 1);
    let mut values: Vec<f32> = (0..100_000).map(|i| (7.0 + 2.0 * stream.normal(i)) as f32).collect();
    let (centre, spread) = centre_and_spread(&mut values);
    assert!((centre - 7.0).abs() < 0.03 && (spread - 2.0).abs() < 0.03, "{centre} {spread}");
}

#[test]
fn both_methods_find_the_block_and_little_else() {
    for name in Method::NAMES {
        let found = run(json!({"method": name}), &image(1), &[1; VOXELS]);
        let hits = (0..27).filter(|i| found[5 + i % 3 + 24 * (5 + i / 3 % 3 + 20 * (3 + i / 9))] == 1).count();
        let all = found.iter().filter(|voxel| **voxel == 1).count();
        assert!(hits >= 26 && all <= hits + 3, "{name}: {hits} of 27, {all} in all");
    }
}

#[test]
fn a_threshold_counted_by_hand() {
    // Median 3, MAD 1: above 3 + 2 x 1.4826 lie 7, 9 and 8; 7 and 9 touch.
    let image = [1.0, 7.0, 9.0, 2.0, 3.0, 4.0, 3.0, 8.0, 3.0];
    let found = |minimum_size: usize| {
        let request = json!({"method": "robust-threshold", "k": 2, "minimum_size": minimum_size}).to_string();
        segment(&Method::parse(&request).unwrap(), &image, &[1; 9], &[9, 1, 1]).unwrap()
    };
    assert_eq!(found(1), [0, 1, 1, 0, 0, 0, 0, 1, 0]);
    assert_eq!(found(2), [0, 1, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(found(3), [0; 9]);
}

#[test]
fn em_recovers_a_known_mixture() {
    // 95 % N(100, 5^2), 5 % N(130, 4^2), without neighbours: a row of voxels in no order.
    let stream = Stream::new(12, 0);
    let n = 100_000u32;
    let image: Vec<f32> = (0..u64::from(n))
        .map(|i| {
            let lesion = stream.uniform(i) < 0.05;
            let normal = stream.normal(u64::from(n) + i);
            (if lesion { 130.0 + 4.0 * normal } else { 100.0 + 5.0 * normal }) as f32
        })
        .collect();
    let inside: Vec<u32> = (0..n).collect();
    let settings =
        Settings { smoothing: 0.0, dark: 8.0, tolerance: 1e-7, maximum_iterations: 500, ..Settings::default() };
    let found = gaussian_mixture::fit(&settings, &image, &inside, [n as usize, 1, 1]).unwrap();
    assert!(found.converged);
    assert!((found.lesion.weight - 0.05).abs() < 0.003, "{:?}", found.lesion);
    assert!((found.lesion.mean - 130.0).abs() < 0.5, "{:?}", found.lesion);
    assert!((found.lesion.variance.sqrt() - 4.0).abs() < 0.4, "{:?}", found.lesion);
    // The median of the mixture lies at the 0.5 / 0.95 quantile of the brain: 0.066 SD above its mean.
    assert!(
        (found.brain.mean - 100.33).abs() < 0.1 && (found.brain.variance.sqrt() - 5.2).abs() < 0.2,
        "{:?}",
        found.brain
    );
    let share = found.posterior.iter().map(|p| f64::from(*p)).sum::<f64>() / f64::from(n);
    assert!((share - found.lesion.weight).abs() < 1e-6);
}

#[test]
fn neighbours_decide_a_doubtful_voxel() {
    // 121 lies between the classes: alone it is noise, in the middle of a lesion it is lesion.
    let mut alone = image(2);
    let (hole, lonely) = (6 + 24 * (6 + 20 * 4), 18 + 24 * (14 + 20 * 8));
    alone[hole] = 121.0;
    alone[lonely] = 121.0;
    let found = run(json!({"method": "gaussian-mixture", "smoothing": 0.6, "minimum_size": 1}), &alone, &[1; VOXELS]);
    assert_eq!((found[hole], found[lonely]), (1, 0));
}

#[test]
fn nothing_outside_the_mask_counts_or_is_found() {
    let inner: Vec<u8> = (0..VOXELS).map(|v| u8::from(v / (24 * 20) < 8)).collect();
    for name in Method::NAMES {
        let mut one = image(3);
        let found = run(json!({"method": name}), &one, &inner);
        one.iter_mut().zip(&inner).filter(|(_, inside)| **inside == 0).for_each(|(value, _)| *value = f32::NAN);
        assert_eq!(run(json!({"method": name}), &one, &inner), found);
        assert!(found.iter().zip(&inner).all(|(found, inside)| *found <= *inside));
        assert!(found.contains(&1));
    }
}

#[test]
fn segmentations_know_no_left_and_right_and_no_scale() {
    let original = image(4);
    for name in Method::NAMES {
        let request = json!({"method": name, "minimum_size": 2});
        let found = run(request.clone(), &original, &[1; VOXELS]);
        for axis in 0..3 {
            let turn = |v: usize| {
                let mut at = [v % 24, v / 24 % 20, v / (24 * 20)];
                at[axis] = [24, 20, 12][axis] - 1 - at[axis];
                at[0] + 24 * (at[1] + 20 * at[2])
            };
            let mirrored: Vec<f32> = (0..VOXELS).map(|v| original[turn(v)]).collect();
            let expected: Vec<u8> = (0..VOXELS).map(|v| found[turn(v)]).collect();
            assert_eq!(run(request.clone(), &mirrored, &[1; VOXELS]), expected, "{name} axis {axis}");
        }
        let doubled: Vec<f32> = original.iter().map(|value| 2.0 * value).collect();
        assert_eq!(run(request, &doubled, &[1; VOXELS]), found, "{name}");
    }
}

#[test]
fn a_constant_brain_has_no_lesion() {
    for name in Method::NAMES {
        assert_eq!(run(json!({"method": name}), &[5.0; VOXELS], &[1; VOXELS]), [0; VOXELS]);
    }
}

#[test]
fn bad_requests_are_refused_by_name() {
    let refused = |text: &str| Method::parse(text).unwrap_err().fault();
    assert_eq!(refused("{").code, "invalid-request");
    assert_eq!(refused("[]").code, "invalid-request");
    assert_eq!(refused("{}").field, "method");
    assert_eq!(refused(r#"{"method": "magic"}"#).field, "method");
    // Settings of the other method.
    assert_eq!(refused(r#"{"method": "robust-threshold", "smoothing": 0.5}"#).code, "invalid-request");
    assert_eq!(refused(r#"{"method": "gaussian-mixture", "k": 3}"#).code, "invalid-request");
    assert_eq!(refused(r#"{"method": "gaussian-mixture", "smoothing": 2}"#).field, "smoothing");
    assert_eq!(refused(r#"{"method": "gaussian-mixture", "maximum_iterations": 0}"#).field, "maximum_iterations");
    assert_eq!(refused(r#"{"method": "robust-threshold", "connectivity": 7}"#).code, "invalid-request");

    let method = Method::parse(r#"{"method": "robust-threshold"}"#).unwrap();
    let field =
        |image: &[f32], mask: &[u8], shape: &[u32]| segment(&method, image, mask, shape).unwrap_err().fault().field;
    assert_eq!(field(&[0.0; 7], &[1; 8], &[2, 2, 2]), "image");
    assert_eq!(field(&[0.0; 8], &[1; 9], &[2, 2, 2]), "mask");
    assert_eq!(field(&[0.0; 8], &[0; 8], &[2, 2, 2]), "mask");
    assert_eq!(field(&[0.0; 8], &[1; 8], &[8]), "shape");
    let mut holed = [0.0; 8];
    holed[3] = f32::NAN;
    assert_eq!(field(&holed, &[1; 8], &[2, 2, 2]), "image[3]");
}
