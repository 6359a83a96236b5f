//! Closed forms of magnetization transfer: MTR from two settings, MTsat from three. Repeated samples of a setting are
//! averaged, and as there are as many settings as parameters, that is the least-squares solution; its residual is the
//! spread of the repeats.

use super::{each_voxel, Fit, Job, Status, VoxelFit};
use crate::error::CoreError;
use crate::lane::Real;
use crate::models::DEGREE;
use crate::protocol::Design;

/// Samples with the same settings, by their index.
struct Group {
    rows: Vec<usize>,
}

impl Group {
    fn mean(&self, y: &[f64]) -> f64 {
        self.rows.iter().map(|&i| y[i]).sum::<f64>() / self.count()
    }

    fn count(&self) -> f64 {
        self.rows.len() as f64
    }
}

/// Groups of equal settings, those without the pulse first, each in the order of their first samples.
fn groups(design: &Design) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let of = |pulse: bool| (0..design.rows()).filter(move |&i| (design.row(i)[0] == 1.0) == pulse);
    for i in of(false).chain(of(true)) {
        match groups.iter_mut().find(|group| design.row(group.rows[0]) == design.row(i)) {
            Some(group) => group.rows.push(i),
            None => groups.push(Group { rows: vec![i] }),
        }
    }
    groups
}

/// Sum of squares about the means of the groups, and the variance from it.
fn spread(groups: &[&Group], means: &[f64], y: &[f64]) -> (f64, f64) {
    let square =
        |(group, mean): (&&Group, &f64)| group.rows.iter().map(|&i| (y[i] - mean) * (y[i] - mean)).sum::<f64>();
    let residual = groups.iter().zip(means).map(square).sum();
    let freedom = y.len() - groups.len();
    (residual, if freedom > 0 { residual / freedom as f64 } else { f64::INFINITY })
}

/// S0 and MTR = 100 (1 - S_MT/S0) from the mean samples without and with the pulse. Without a signal above 0 where there
/// is no pulse, nothing is identifiable; equal samples mean an MTR of 0.
pub fn mtr<T: Real>(job: &Job<T>) -> Fit<T> {
    // Two settings there are, which the caller has checked.
    let groups = groups(job.design);
    let groups: Vec<&Group> = groups.iter().collect();
    each_voxel(job, |_, y, _| {
        let means = [groups[0].mean(y), groups[1].mean(y)];
        if means == [0.0; 2] {
            return VoxelFit::without_numbers(Status::FailedNoSignal, 1);
        }
        let ratio = means[1] / means[0];
        if means[0] <= 0.0 || !ratio.is_finite() {
            return VoxelFit::without_numbers(Status::NotIdentifiable, 1);
        }
        let (residual, variance) = spread(&groups, &means, y);
        let squares = [variance / groups[0].count(), variance / groups[1].count()];
        VoxelFit {
            status: Status::Converged,
            parameters: vec![means[0], 100.0 * (1.0 - ratio)],
            standard_deviations: vec![
                squares[0].sqrt(),
                100.0 / means[0] * (squares[1] + ratio * ratio * squares[0]).sqrt(),
            ],
            residual,
            iterations: 1,
        }
    })
}

/// A, R1 and MTsat from two settings without the pulse (weighted by proton density and by T1) and one with it, at the
/// voxel's own B1. Not identifiable where they give no positive A and R1.
///
/// # Errors
/// Other settings than two without the pulse and one with it.
pub fn mtsat<T: Real>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    let design = job.design;
    let groups = groups(design);
    let with = groups.iter().filter(|group| design.row(group.rows[0])[0] == 1.0).count();
    if (groups.len(), with) != (3, 1) {
        return Err(CoreError::Choice {
            field: "protocol".into(),
            found: format!("{} different settings with MT = 0 and {with} with MT = 1", groups.len() - with),
            expected: "two with MT = 0 and one with MT = 1; nlls fits any that determine the parameters".into(),
        });
    }
    let groups: Vec<&Group> = groups.iter().collect();
    let settings = [0, 1, 2].map(|k| (design.row(groups[k].rows[0])[1] * DEGREE, design.row(groups[k].rows[0])[2]));
    Ok(each_voxel(job, |_, y, held| {
        let b1 = held[3].unwrap_or(1.0);
        let means = [0, 1, 2].map(|k| groups[k].mean(y));
        let angle = [0, 1, 2].map(|k| b1 * settings[k].0);
        let tr = [0, 1, 2].map(|k| settings[k].1);
        // Without the pulse S/a = A - S a / (2 R1 TR): a line through two points.
        let [x, other_x] = [0, 1].map(|k| means[k] * angle[k] / tr[k]);
        let [y_at, other_y] = [0, 1].map(|k| means[k] / angle[k]);
        let r1 = 0.5 * (other_x - x) / (y_at - other_y);
        let a = y_at + x / (2.0 * r1);
        let saturation = (a * angle[2] / means[2] - 1.0) * r1 * tr[2] - angle[2] * angle[2] / 2.0;
        let sensible = b1 > 0.0 && r1 > 0.0 && a > 0.0 && means[2] > 0.0;
        if !(sensible && r1.is_finite() && a.is_finite() && saturation.is_finite()) {
            return VoxelFit::without_numbers(Status::NotIdentifiable, 1);
        }
        let (residual, variance) = spread(&groups, &means, y);
        let squares = [0, 1, 2].map(|k| variance / groups[k].count());
        // The inverse of the three settings' Jacobian, whose first two rows do not see MTsat.
        let denominator = |k: usize, saturation: f64| angle[k] * angle[k] / 2.0 + saturation + r1 * tr[k];
        let by_a = |k: usize, d: f64| angle[k] * r1 * tr[k] / d;
        let by_r1 = |k: usize, d: f64| a * angle[k] * tr[k] * (d - r1 * tr[k]) / (d * d);
        let d = [denominator(0, 0.0), denominator(1, 0.0), denominator(2, saturation)];
        let rows = [0, 1, 2].map(|k| (by_a(k, d[k]), by_r1(k, d[k])));
        let determinant = rows[0].0 * rows[1].1 - rows[0].1 * rows[1].0;
        let of_a = [rows[1].1 / determinant, -rows[0].1 / determinant];
        let of_r1 = [-rows[1].0 / determinant, rows[0].0 / determinant];
        let by_mtsat = -means[2] / (100.0 * d[2]);
        let of_mtsat = [0, 1].map(|k| -(rows[2].0 * of_a[k] + rows[2].1 * of_r1[k]) / by_mtsat);
        let deviation = |g: [f64; 3]| {
            let terms = g.iter().zip(squares).filter(|(g, _)| **g != 0.0);
            terms.map(|(g, square)| g * g * square).sum::<f64>().sqrt()
        };
        VoxelFit {
            status: Status::Converged,
            parameters: vec![a, r1, 100.0 * saturation, b1],
            standard_deviations: vec![
                deviation([of_a[0], of_a[1], 0.0]),
                deviation([of_r1[0], of_r1[1], 0.0]),
                deviation([of_mtsat[0], of_mtsat[1], 1.0 / by_mtsat]),
                0.0,
            ],
            residual,
            iterations: 1,
        }
    }))
}
