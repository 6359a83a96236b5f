use measurand_core::segment::components::{label, remove_small, Connectivity};
use proptest::prelude::*;

const ALL: [Connectivity; 3] = [Connectivity::Faces, Connectivity::Edges, Connectivity::Corners];

/// Labels by flood fill, the slow and obvious way.
fn flood(volume: &[u8], [nx, ny, nz]: [usize; 3], neighbours: u32) -> Vec<u32> {
    let most = match neighbours {
        6 => 1,
        18 => 2,
        _ => 3,
    };
    let mut labels = vec![0; volume.len()];
    let mut next = 0;
    for start in 0..volume.len() {
        if volume[start] == 0 || labels[start] != 0 {
            continue;
        }
        next += 1;
        let mut open = vec![start];
        labels[start] = next;
        while let Some(v) = open.pop() {
            let [x, y, z] = [v % nx, v / nx % ny, v / (nx * ny)].map(|at| at as i64);
            for w in 0..volume.len() {
                let [p, q, r] = [w % nx, w / nx % ny, w / (nx * ny)].map(|at| at as i64);
                let away = [(x - p).abs(), (y - q).abs(), (z - r).abs()];
                if away.iter().all(|d| *d <= 1) && away.iter().sum::<i64>() <= most && volume[w] != 0 && labels[w] == 0
                {
                    labels[w] = next;
                    open.push(w);
                }
            }
        }
    }
    assert_eq!(volume.len(), nx * ny * nz);
    labels
}

#[test]
fn two_voxels_touch_by_face_edge_or_corner() {
    let counts = |second: usize| {
        let mut volume = [0; 27];
        volume[13] = 1;
        volume[second] = 1;
        ALL.map(|connectivity| label(&volume, [3, 3, 3], connectivity).sizes.len())
    };
    assert_eq!(counts(12), [1, 1, 1]);
    assert_eq!(counts(9), [2, 1, 1]);
    assert_eq!(counts(0), [2, 2, 1]);
    assert_eq!(counts(26), [2, 2, 1]);
    // The last voxel of a row and the first of the next are neighbours in memory only.
    let mut volume = [0; 9];
    volume[2] = 1;
    volume[3] = 1;
    assert_eq!(label(&volume, [3, 3, 1], Connectivity::Corners).sizes, [1, 1]);
}

#[test]
fn branches_that_meet_late_are_one_component() {
    // A comb: four teeth, joined in the last row only.
    let volume = [1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1];
    let components = label(&volume, [7, 3, 1], Connectivity::Faces);
    assert_eq!(components.sizes, [15]);
    assert_eq!(components.labels, volume.map(u32::from));
}

#[test]
fn small_components_go_and_large_ones_stay() {
    let mut volume = [1, 1, 1, 0, 1, 0, 1, 1, 0];
    remove_small(&mut volume, [9, 1, 1], Connectivity::Faces, 2);
    assert_eq!(volume, [1, 1, 1, 0, 0, 0, 1, 1, 0]);
    remove_small(&mut volume, [9, 1, 1], Connectivity::Faces, 3);
    assert_eq!(volume, [1, 1, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_connectivity_is_6_18_or_26() {
    for connectivity in ALL {
        assert_eq!(Connectivity::new(connectivity.neighbours()).unwrap(), connectivity);
    }
    assert_eq!(Connectivity::new(8).unwrap_err().fault().field, "connectivity");
}

proptest! {
    #![proptest_config(crate::seeded(200))]

    #[test]
    fn labels_are_those_of_a_flood_fill(
        shape in [1usize..7, 1usize..7, 1usize..5],
        density in 1u32..10,
        seed in any::<u32>(),
    ) {
        let voxels = shape.iter().product();
        let volume: Vec<u8> = (0..voxels)
            .map(|i| u8::from((crate::jitter(i + seed as usize) + 1.0) * 5.0 < f64::from(density)))
            .collect();
        for connectivity in ALL {
            let found = label(&volume, shape, connectivity);
            let expected = flood(&volume, shape, connectivity.neighbours());
            for (i, size) in found.sizes.iter().enumerate() {
                prop_assert_eq!(*size, expected.iter().filter(|&&own| own as usize == i + 1).count());
            }
            prop_assert_eq!(found.labels, expected);
        }
    }
}
