//! Small symmetric matrices: what factors, inverses and eigenvectors must give back.

use crate::seeded;
use measurand_core::algebra::{lower, place, Cholesky, Spectrum};
use proptest::prelude::*;

/// A column for each of n rows: their products are a positive semidefinite matrix of that rank or less.
fn columns(rank: usize) -> impl Strategy<Value = (usize, Vec<Vec<f64>>)> {
    let column = |n: usize| prop::collection::vec(-1.0..1.0, n);
    (rank.max(1)..=9usize).prop_flat_map(move |n| (Just(n), prop::collection::vec(column(n), 1..=n.min(rank))))
}

/// Scaled to unit diagonal, with some of the identity added.
fn products(n: usize, columns: &[Vec<f64>], identity: f64) -> Vec<f64> {
    let plain = |j: usize, k: usize| -> f64 { columns.iter().map(|column| column[j] * column[k]).sum() };
    lower(n, |j, k| plain(j, k) / (plain(j, j) * plain(k, k)).sqrt() + if j == k { identity } else { 0.0 })
}

fn times(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    (0..x.len()).map(|j| (0..x.len()).map(|k| matrix[place(j, k)] * x[k]).sum()).collect()
}

fn unit(n: usize, j: usize) -> Vec<f64> {
    (0..n).map(|k| f64::from(u8::from(j == k))).collect()
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn cholesky_solves_and_inverts((n, columns) in columns(9)) {
        let matrix = products(n, &columns, 0.01);
        let factor = Cholesky::new(matrix.clone(), n, 1e-12).unwrap();
        for j in 0..n {
            let solution = factor.solve(&unit(n, j));
            for (found, expected) in times(&matrix, &solution).iter().zip(unit(n, j)) {
                prop_assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            }
            prop_assert!((factor.inverse(j) - solution[j]).abs() < 1e-12 * solution[j]);
        }
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_give_the_matrix_back((n, columns) in columns(9)) {
        let matrix = products(n, &columns, 0.0);
        let spectrum = Spectrum::new(&matrix, n);
        for j in 0..n {
            for k in 0..=j {
                let product: f64 = spectrum.row(j).iter().zip(spectrum.row(k)).map(|(a, b)| a * b).sum();
                prop_assert!((product - unit(n, j)[k]).abs() < 1e-13, "{product}");
                let terms = spectrum.row(j).iter().zip(spectrum.row(k)).zip(&spectrum.values);
                let again: f64 = terms.map(|((a, b), value)| a * b * value).sum();
                prop_assert!((again - matrix[place(j, k)]).abs() < 1e-13 * n as f64, "{again}");
            }
        }
    }

    /// The conditions of Moore and Penrose that symmetry leaves: A X A = A, X A X = X, and A X symmetric, which is 1 less
    /// the projection on the null space.
    #[test]
    fn the_inverse_off_the_null_space_is_the_pseudo_inverse((n, columns) in columns(3)) {
        let matrix = products(n, &columns, 0.0);
        let spectrum = Spectrum::new(&matrix, n);
        let null = 1e-6;
        prop_assume!(spectrum.values.iter().all(|value| *value > 1e-3 || *value < 1e-12));
        let inverse = lower(n, |j, k| spectrum.inverse(j, k, null));
        for j in 0..n {
            let column = times(&matrix, &unit(n, j));
            let back = times(&matrix, &times(&inverse, &column));
            prop_assert!(back.iter().zip(&column).all(|(a, b)| (a - b).abs() < 1e-11), "{back:?} {column:?}");
            let seen = times(&matrix, &times(&inverse, &unit(n, j)))[j];
            prop_assert!((1.0 - spectrum.share(j, null) - seen).abs() < 1e-10, "{seen}");
        }
    }
}

#[test]
fn what_is_not_positive_definite_has_no_factor() {
    assert!(Cholesky::new(vec![1.0, 1.0, 1.0], 2, 1e-12).is_none());
    assert!(Cholesky::new(vec![1.0, 2.0, 1.0], 2, 1e-12).is_none());
    assert!(Cholesky::new(vec![1.0, f64::NAN, 1.0], 2, 1e-12).is_none());
    assert!(Cholesky::new(vec![0.0], 1, 1e-12).is_none());
    assert!(Cholesky::new(vec![1.0, 0.9999, 1.0], 2, 1e-3).is_none());
    assert_eq!(Cholesky::new(Vec::new(), 0, 1e-12).unwrap().solve(&[]), Vec::<f64>::new());
}

#[test]
fn the_null_space_of_two_equal_columns_is_their_difference() {
    // The third column is apart.
    let spectrum = Spectrum::new(&[1.0, 1.0, 1.0, 0.0, 0.0, 1.0], 3);
    for (j, share) in [0.5, 0.5, 0.0].into_iter().enumerate() {
        assert!((spectrum.share(j, 1e-10) - share).abs() < 1e-15);
    }
    // Together they have the weight of two: each gets half of it.
    assert!((spectrum.inverse(0, 0, 1e-10) - 0.25).abs() < 1e-15);
}
