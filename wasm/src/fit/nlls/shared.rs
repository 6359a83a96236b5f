//! Parameters with one value for all voxels, such as the T2 of blood: the value that leaves the least residual of all
//! voxels together, each with its own best values of the others.
//!
//! That residual is minimised over the shared values alone, by Levenberg-Marquardt steps. Its gradient is that of the
//! voxels' residuals at their minima, and its curvature what the other parameters leave of J'J (their Schur complement),
//! as in variable projection (Golub and Pereyra, SIAM J Numer Anal 1973;10:413-432; Kaufman, BIT 1975;15:49-57).

use crate::algebra::{lower, Cholesky};
use crate::fit::{Fit, Job, Role, Status};
use crate::models::{AnySignal, Precision};

const MAXIMUM_STEPS: u32 = 60;
/// Converged: a step without damping moves the shared values by less than this share of their standard deviations.
const TOLERANCE: f64 = 1e-5;
const FIRST_DAMPING: f64 = 1e-3;
const LARGEST_DAMPING: f64 = 1e12;
/// Columns that leave less than this share of another's square count as dependent.
const SINGULAR: f64 = 1e-12;

/// Fits a job in which some parameters are shared. Their standard deviations come from the residual of all voxels
/// together; those of the other parameters include the uncertainty of the shared ones.
pub(super) fn fit<T: Precision>(job: &Job<T>, signal: &dyn AnySignal) -> Fit<T> {
    let shared: Vec<usize> = (0..job.roles.len()).filter(|&j| matches!(job.roles[j], Role::Shared)).collect();
    let voxels = job.samples.voxels;
    let own = super::fit(&Job { roles: roles(job, |_| Role::Free), ..job.clone() }, signal);
    let first: Option<Vec<f64>> = shared
        .iter()
        .map(|&j| job.start[j].or_else(|| median(&own.parameters[j * voxels..(j + 1) * voxels])))
        .collect();
    // Nothing can be estimated at all: every voxel says so itself.
    let Some(first) = first else { return own };

    let mut best = Profile::at(job, signal, &shared, first, None);
    best.spent(&own);
    let used = best.used();
    let mut damping = FIRST_DAMPING;
    for _ in 0..MAXIMUM_STEPS {
        let Some(step) = best.step(damping) else {
            damping *= 10.0;
            continue;
        };
        let next: Vec<f64> = (shared.iter().zip(&best.values).zip(&step))
            .map(|((&j, value), step)| (value + step).clamp(job.bounds[j].lower, job.bounds[j].upper))
            .collect();
        if best.is_minimum() || next == best.values || damping > LARGEST_DAMPING {
            break;
        }
        let mut trial = Profile::at(job, signal, &shared, next, Some(&used));
        trial.spent(&best.fit);
        if trial.residual <= best.residual {
            damping *= 0.1;
            best = trial;
        } else {
            damping *= 10.0;
            best.fit.iterations = trial.fit.iterations;
        }
    }
    best.finish(job)
}

/// A job's roles with others for the shared parameters.
fn roles<'a, T: Copy>(job: &Job<'a, T>, mut other: impl FnMut(usize) -> Role<'a, T>) -> Vec<Role<'a, T>> {
    let role = |(j, role): (usize, &Role<'a, T>)| if matches!(role, Role::Shared) { other(j) } else { *role };
    job.roles.iter().enumerate().map(role).collect()
}

/// The middle of the values that are numbers.
fn median<T: Precision>(values: &[T]) -> Option<f64> {
    let mut values: Vec<f64> = values.iter().map(|value| value.to_f64()).filter(|value| value.is_finite()).collect();
    crate::sort::ascending(&mut values);
    values.get(values.len() / 2).copied()
}

/// All voxels' fits at given shared values, and how their residual together changes with those.
struct Profile<T> {
    shared: Vec<usize>,
    values: Vec<f64>,
    fit: Fit<T>,
    residual: f64,
    /// Samples less estimated parameters, over all voxels.
    freedom: f64,
    /// J'r and what the voxels' own parameters leave of J'J, for the shared ones.
    gradient: Vec<f64>,
    normal: Vec<Vec<f64>>,
    /// Shared values on a bound that they would leave.
    active: Vec<bool>,
    /// By voxel and own parameter: derivatives of its estimate by the shared values.
    follow: Vec<Vec<Vec<f64>>>,
}

impl<T: Precision> Profile<T> {
    /// `used`: the voxels whose residuals are summed; nothing: those that have one. Where one of them loses its estimate
    /// the residual is infinite.
    fn at(job: &Job<T>, signal: &dyn AnySignal, shared: &[usize], values: Vec<f64>, used: Option<&[bool]>) -> Self {
        let (voxels, p, m) = (job.samples.voxels, job.roles.len(), shared.len());
        let value = |j: usize| Role::Fixed(values[shared.iter().position(|&at| at == j).expect("a shared parameter")]);
        let fit = super::fit(&Job { roles: roles(job, value), ..job.clone() }, signal);
        let (mut residual, mut freedom) = (0.0, -(m as f64));
        let mut gradient = vec![0.0; m];
        let mut normal = vec![vec![0.0; m]; m];
        let mut follow = vec![Vec::new(); voxels];
        for v in 0..voxels {
            let left = fit.residual[v].to_f64();
            if !left.is_finite() {
                residual += if used.is_some_and(|used| used[v]) { f64::INFINITY } else { 0.0 };
                continue;
            }
            let at: Vec<f64> = (0..p).map(|j| fit.parameters[j * voxels + v].to_f64()).collect();
            let free: Vec<usize> = (0..p)
                .filter(|&j| matches!(job.roles[j], Role::Free) && at[j].is_finite())
                .filter(|&j| (fit.active[v] >> j | fit.active[v] >> (16 + j)) & 1 == 0)
                .collect();
            residual += left;
            freedom += job.rows.len() as f64 - free.len() as f64;
            // Where a voxel leaves a parameter open it says nothing of the shared ones either.
            if at.iter().any(|value| !value.is_finite()) {
                continue;
            }
            let (predicted, jacobian) = signal.at(job.design, &at);
            let rest: Vec<f64> = job
                .rows
                .iter()
                .zip(&predicted)
                .map(|(&row, predicted)| job.samples.sample(row)[v].to_f64() - predicted)
                .collect();
            let column = |j: usize| (0..rest.len()).map(move |i| i * p + j);
            let product =
                |j: usize, k: usize| -> f64 { column(j).zip(column(k)).map(|(a, b)| jacobian[a] * jacobian[b]).sum() };
            let lengths: Vec<f64> = free.iter().map(|&j| product(j, j).sqrt()).collect();
            let scaled = lower(free.len(), |a, b| product(free[a], free[b]) / (lengths[a] * lengths[b]));
            let cross: Vec<Vec<f64>> = (shared.iter())
                .map(|&s| free.iter().zip(&lengths).map(|(&j, length)| product(j, s) / length).collect())
                .collect();
            let Some(factor) = Cholesky::new(scaled, free.len(), SINGULAR) else { continue };
            let solved: Vec<Vec<f64>> = cross.iter().map(|cross| factor.solve(cross)).collect();
            for (a, &s) in shared.iter().enumerate() {
                gradient[a] += column(s).zip(&rest).map(|(i, r)| jacobian[i] * r).sum::<f64>();
                for (b, &other) in shared.iter().enumerate() {
                    let own: f64 = cross[a].iter().zip(&solved[b]).map(|(x, y)| x * y).sum();
                    normal[a][b] += product(s, other) - own;
                }
            }
            let mut by_parameter = vec![vec![0.0; m]; p];
            for (place, &j) in free.iter().enumerate() {
                for (s, solved) in solved.iter().enumerate() {
                    by_parameter[j][s] = -solved[place] / lengths[place];
                }
            }
            follow[v] = by_parameter;
        }
        let outward = |(a, &j): (usize, &usize)| {
            let bounds = job.bounds[j];
            (values[a] <= bounds.lower && gradient[a] <= 0.0) || (values[a] >= bounds.upper && gradient[a] >= 0.0)
        };
        let active = shared.iter().enumerate().map(outward).collect();
        Self { shared: shared.to_vec(), values, fit, residual, freedom, gradient, normal, active, follow }
    }

    fn used(&self) -> Vec<bool> {
        self.fit.residual.iter().map(|residual| residual.to_f64().is_finite()).collect()
    }

    /// Adds the iterations of an earlier fit.
    fn spent(&mut self, earlier: &Fit<T>) {
        self.fit.iterations.iter_mut().zip(&earlier.iterations).for_each(|(count, earlier)| *count += earlier);
    }

    /// Inverse of the curvature over the values that are free to move, with its diagonal raised; zero elsewhere. Nothing
    /// where the voxels do not tell those values apart.
    fn inverse(&self, damping: f64) -> Option<Vec<Vec<f64>>> {
        let m = self.values.len();
        let free: Vec<usize> = (0..m).filter(|&a| self.seen(a)).collect();
        let raised = |a: usize, b: usize| self.normal[a][b] * if a == b { 1.0 + damping } else { 1.0 };
        let matrix = lower(free.len(), |a, b| raised(free[a], free[b]));
        let factor = Cholesky::new(matrix, free.len(), SINGULAR)?;
        let mut inverse = vec![vec![0.0; m]; m];
        for (a, &row) in free.iter().enumerate() {
            let unit: Vec<f64> = (0..free.len()).map(|b| f64::from(u8::from(a == b))).collect();
            for (&column, value) in free.iter().zip(factor.solve(&unit)) {
                inverse[row][column] = value;
            }
        }
        Some(inverse)
    }

    /// Whether a shared value is off its bounds and any voxel shows it.
    fn seen(&self, a: usize) -> bool {
        !self.active[a] && self.normal[a][a] > 0.0
    }

    fn step(&self, damping: f64) -> Option<Vec<f64>> {
        let along = |row: &Vec<f64>| row.iter().zip(&self.gradient).map(|(x, g)| x * g).sum();
        Some(self.inverse(damping)?.iter().map(along).collect())
    }

    fn variance(&self) -> f64 {
        if self.freedom > 0.0 {
            self.residual / self.freedom
        } else {
            f64::INFINITY
        }
    }

    /// Whether a step without damping is worth nothing: its promise, relative to the noise variance, is the square of its
    /// length in standard deviations.
    fn is_minimum(&self) -> bool {
        let Some(step) = self.step(0.0) else { return false };
        let promise: f64 = step.iter().zip(&self.gradient).map(|(s, g)| s * g).sum();
        promise <= TOLERANCE * TOLERANCE * self.residual / self.freedom.max(1.0)
    }

    fn finish(mut self, job: &Job<T>) -> Fit<T> {
        let voxels = job.samples.voxels;
        let (inverse, variance) = (self.inverse(0.0), self.variance());
        for v in (0..voxels).filter(|&v| self.fit.residual[v].to_f64().is_finite()) {
            for (a, &j) in self.shared.iter().enumerate() {
                // What no voxel sees has no standard deviation.
                let deviation = match &inverse {
                    Some(inverse) if self.seen(a) => (variance * inverse[a][a]).sqrt(),
                    _ => f64::INFINITY,
                };
                self.fit.standard_deviations[j * voxels + v] = T::from_f64(deviation);
                let bounds = job.bounds[j];
                self.fit.active[v] |= u32::from(self.values[a] == bounds.lower) << j;
                self.fit.active[v] |= u32::from(self.values[a] == bounds.upper) << (16 + j);
                if self.active[a] && self.fit.status[v] == Status::Converged as u8 {
                    self.fit.status[v] = Status::AtBound as u8;
                }
            }
            for (j, follow) in self.follow[v].iter().enumerate().filter(|(j, _)| !self.shared.contains(j)) {
                let along = |row: &Vec<f64>| row.iter().zip(follow).map(|(x, f)| x * f).sum::<f64>();
                let added = match &inverse {
                    Some(inverse) => inverse.iter().zip(follow).map(|(row, f)| f * along(row)).sum::<f64>() * variance,
                    None if follow.iter().all(|&f| f == 0.0) => 0.0,
                    None => f64::INFINITY,
                };
                let deviation = self.fit.standard_deviations[j * voxels + v].to_f64();
                if added > 0.0 {
                    let total = (deviation * deviation + added).sqrt();
                    self.fit.standard_deviations[j * voxels + v] = T::from_f64(total);
                }
            }
        }
        self.fit
    }
}
