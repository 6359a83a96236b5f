//! Sorting of numbers: one compiled sort for the whole core, and not one for each place that needs it.

/// From the smallest to the largest.
pub fn ascending(values: &mut [f64]) {
    values.sort_unstable_by(f64::total_cmp);
}

/// Each different value once, from the smallest to the largest.
pub fn distinct(mut values: Vec<f64>) -> Vec<f64> {
    ascending(&mut values);
    values.dedup();
    values
}

/// The places of the values from the smallest to the largest; equal ones in their order.
pub fn order(values: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]).then(i.cmp(&j)));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ordered_and_ties_keep_theirs() {
        let values = [2.0, -1.0, 2.0, 0.5, -1.0];
        assert_eq!(order(&values), [1, 4, 3, 0, 2]);
        assert_eq!(distinct(values.to_vec()), [-1.0, 0.5, 2.0]);
    }
}
