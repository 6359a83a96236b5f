use measurand_core::segment::overlap::overlap;
use proptest::prelude::*;

#[test]
fn a_row_counted_by_hand() {
    // Lesions: A (0-1), B (4), C (7-9), D (12). Predicted: 1-2 hits A, 6-7 hits C, 9 hits C again, 14 hits nothing.
    let truth = [1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0];
    let found = [0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1];
    let scores = overlap(&truth, &found, &[15, 1, 1], 26).unwrap();
    assert_eq!((scores.lesions, scores.detected, scores.missed), (4, 2, 2));
    assert_eq!((scores.predicted, scores.false_positives), (4, 1));
    assert_eq!(scores.f1, Some(4.0 / 7.0));
    assert_eq!(scores.sensitivity, Some(0.5));
    assert_eq!((scores.truth_voxels, scores.predicted_voxels, scores.common_voxels), (7, 6, 3));
    assert_eq!(scores.dice, Some(6.0 / 13.0));
}

#[test]
fn one_component_may_detect_several_lesions() {
    let scores = overlap(&[1, 0, 1, 0, 1], &[1, 1, 1, 1, 1], &[5, 1, 1], 6).unwrap();
    assert_eq!((scores.lesions, scores.detected, scores.predicted, scores.false_positives), (3, 3, 1, 0));
    assert_eq!(scores.f1, Some(1.0));
}

#[test]
fn connectivity_decides_what_is_one_lesion() {
    let truth = [1, 0, 0, 1];
    let found = [1, 0, 0, 0];
    let f1 = |connectivity| overlap(&truth, &found, &[2, 2, 1], connectivity).unwrap().f1;
    assert_eq!(f1(6), Some(2.0 / 3.0));
    assert_eq!(f1(18), Some(1.0));
}

#[test]
fn nothing_to_find_and_nothing_found_has_no_score() {
    let scores = overlap(&[0; 8], &[0; 8], &[2, 2, 2], 26).unwrap();
    assert_eq!((scores.f1, scores.dice, scores.sensitivity), (None, None, None));
    let alarm = overlap(&[0; 8], &[1; 8], &[2, 2, 2], 26).unwrap();
    assert_eq!((alarm.f1, alarm.dice, alarm.sensitivity, alarm.false_positives), (Some(0.0), Some(0.0), None, 1));
}

#[test]
fn arrays_that_do_not_fit_are_refused_by_name() {
    let field = |truth: &[u8], found: &[u8], shape: &[u32], connectivity| {
        overlap(truth, found, shape, connectivity).unwrap_err().fault().field
    };
    assert_eq!(field(&[0; 7], &[0; 8], &[2, 2, 2], 6), "truth");
    assert_eq!(field(&[0; 8], &[0; 9], &[2, 2, 2], 6), "predicted");
    assert_eq!(field(&[0; 8], &[0; 8], &[2, 4], 6), "shape");
    assert_eq!(field(&[0; 8], &[0; 8], &[2, 0, 2], 6), "shape[1]");
    assert_eq!(field(&[0; 8], &[0; 8], &[u32::MAX; 3], 6), "shape");
    assert_eq!(field(&[0; 8], &[0; 8], &[2, 2, 2], 4), "connectivity");
}

fn volumes() -> impl Strategy<Value = (Vec<u8>, Vec<u8>, [u32; 3])> {
    [1u32..6, 1u32..6, 1u32..5].prop_flat_map(|shape| {
        let voxels = shape.iter().product::<u32>() as usize;
        let volume = || proptest::collection::vec(prop_oneof![3 => Just(0u8), 1 => Just(1u8)], voxels);
        (volume(), volume(), Just(shape))
    })
}

fn mirrored(volume: &[u8], [nx, ny, nz]: [u32; 3], axis: usize) -> Vec<u8> {
    let [nx, ny, nz] = [nx, ny, nz].map(|size| size as usize);
    (0..volume.len())
        .map(|v| {
            let mut at = [v % nx, v / nx % ny, v / (nx * ny)];
            at[axis] = [nx, ny, nz][axis] - 1 - at[axis];
            volume[at[0] + nx * (at[1] + ny * at[2])]
        })
        .collect()
}

proptest! {
    #![proptest_config(crate::seeded(200))]

    #[test]
    fn scores_know_no_left_and_right((truth, found, shape) in volumes(), axis in 0usize..3) {
        for connectivity in [6, 18, 26] {
            let scores = overlap(&truth, &found, &shape, connectivity).unwrap();
            let mirror = overlap(&mirrored(&truth, shape, axis), &mirrored(&found, shape, axis), &shape, connectivity);
            prop_assert_eq!(mirror.unwrap(), scores);
        }
    }

    #[test]
    fn counts_add_up_and_ratios_stay_in_range((truth, found, shape) in volumes()) {
        let scores = overlap(&truth, &found, &shape, 26).unwrap();
        prop_assert_eq!(scores.detected + scores.missed, scores.lesions);
        prop_assert!(scores.false_positives <= scores.predicted);
        for ratio in [scores.f1, scores.dice, scores.sensitivity].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&ratio));
        }
        let itself = overlap(&truth, &truth, &shape, 26).unwrap();
        prop_assert!(itself.f1.is_none_or(|f1| f1 == 1.0) && itself.dice.is_none_or(|dice| dice == 1.0));
        let swapped = overlap(&found, &truth, &shape, 26).unwrap();
        prop_assert_eq!(swapped.dice, scores.dice);
        prop_assert_eq!(swapped.false_positives, scores.missed);
    }
}
