//! Segmented IVIM in two steps: D and S0 (1 - f) from the samples at high b, where the perfusion signal has decayed; then,
//! with these held, Dstar and f from all samples, Dstar by a search within its bounds and f in closed form for each Dstar
//! (Cho et al., Magn Reson Med 2015;74:1077-1085, compare such fits).
//!
//! What perfusion leaves above the threshold is counted as tissue. Standard deviations: each step is linearised in the
//! samples, and the noise of the first carried on into the second; the noise variance is the residual of all samples over
//! what noise of unit variance leaves of it. They say nothing of that bias.

use super::{dispatch, each_voxel, Bounds, Estimator, Fit, Job, Role, Status, VoxelFit};
use crate::error::CoreError;
use crate::models::{Ivim, MonoExponential, Precision};

/// Points of the search over Dstar before its refinement, and its range where a bound is open (mm2/s).
const POINTS: usize = 48;
const SEARCHED: (f64, f64) = (1e-4, 10.0);
/// Newton steps or halvings of the refinement.
const REFINEMENTS: u32 = 80;

/// Fits S0, f, Dstar and D.
///
/// # Errors
/// Fewer than two different b-values at or above the threshold.
pub fn fit<T: Precision>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    let n = job.design.rows();
    let b: Vec<f64> = (0..n).map(|i| job.design.row(i)[Ivim::COLUMN_B]).collect();
    let threshold = job.design.row(0)[Ivim::COLUMN_THRESHOLD];
    let high: Vec<usize> = (0..n).filter(|&i| b[i] >= threshold).collect();
    if !high.iter().any(|&i| b[i] != b[high[0]]) {
        return Err(CoreError::OutOfRange {
            field: "settings.threshold".into(),
            found: threshold,
            expected: "at most the second-largest b-value: a decay takes two".into(),
        });
    }
    let segment = dispatch(&Job {
        model: &MonoExponential,
        estimator: Estimator::Nlls,
        design: &job.design.select(&high),
        rows: high.iter().map(|&i| job.rows[i]).collect(),
        bounds: vec![Bounds { lower: 0.0, upper: f64::INFINITY }, job.bounds[3]],
        roles: vec![Role::Free; 2],
        start: vec![None; 2],
        correlation: false,
        ..job.clone()
    })?;
    let [s0_bounds, f_bounds, dstar_bounds, d_bounds] = [0, 1, 2, 3].map(|j| job.bounds[j]);
    let search = Search::new(b, dstar_bounds);
    let voxels = job.samples.voxels;
    Ok(each_voxel(job, |v, y, _| {
        let iterations = segment.iterations[v];
        if segment.status[v] > Status::AtBound as u8 {
            return VoxelFit::without_numbers(Status::ALL[segment.status[v] as usize], iterations);
        }
        let (amplitude, d) = (segment.parameters[v].to_f64(), segment.parameters[voxels + v].to_f64());
        let tissue = Tissue { amplitude, d, d_free: d != d_bounds.lower && d != d_bounds.upper };
        // The bounds of f and S0, as those of the perfusion amplitude.
        let of_f = |f: f64| if f < 1.0 { amplitude * f / (1.0 - f) } else { f64::INFINITY };
        let lower = of_f(f_bounds.lower).max(s0_bounds.lower - amplitude).max(0.0);
        let upper = of_f(f_bounds.upper).min(s0_bounds.upper - amplitude).max(lower);
        voxel(&search, y, &high, &tissue, Bounds { lower, upper }, [s0_bounds, f_bounds], iterations)
    }))
}

/// The fit of the tissue segment.
struct Tissue {
    /// S0 (1 - f)
    amplitude: f64,
    d: f64,
    /// Off its bounds.
    d_free: bool,
}

/// The second step and the standard deviations.
fn voxel(
    search: &Search,
    y: &[f64],
    high: &[usize],
    tissue: &Tissue,
    amplitudes: Bounds,
    [s0_bounds, f_bounds]: [Bounds; 2],
    iterations: u32,
) -> VoxelFit {
    let (b, n) = (&search.b, y.len());
    let slow: Vec<f64> = b.iter().map(|b| libm::exp(-b * tissue.d)).collect();
    let rest: Vec<f64> = y.iter().zip(&slow).map(|(y, e)| y - tissue.amplitude * e).collect();
    let (dstar, dstar_free) = search.least(&rest, amplitudes);
    let fast: Vec<f64> = b.iter().map(|b| libm::exp(-b * dstar)).collect();
    let amplitude = best_amplitude(&rest, &fast, amplitudes);
    let amplitude_free = amplitude > amplitudes.lower && amplitude < amplitudes.upper;
    let residual: f64 = rest.iter().zip(&fast).map(|(rest, e)| (rest - amplitude * e).powi(2)).sum();
    let s0 = tissue.amplitude + amplitude;
    if s0 <= 0.0 {
        return VoxelFit::without_numbers(Status::NotIdentifiable, iterations);
    }

    // How the estimates follow the samples, to first order: tissue from the high b-values, then perfusion from what it
    // leaves. Columns: derivatives of the signal by the tissue's amplitude and D, the perfusion's amplitude and Dstar.
    let columns: [Vec<f64>; 4] = [
        slow.clone(),
        (0..n).map(|i| -b[i] * tissue.amplitude * slow[i]).collect(),
        fast.clone(),
        (0..n).map(|i| -b[i] * amplitude * fast[i]).collect(),
    ];
    let everywhere: Vec<usize> = (0..n).collect();
    let [by_tissue, by_d] = pair(&columns[0], &columns[1], [true, tissue.d_free], high, n);
    let perfusion_free = [amplitude_free, dstar_free && amplitude > 0.0];
    let [mut by_amplitude, mut by_dstar] = pair(&columns[2], &columns[3], perfusion_free, &everywhere, n);
    for by in [&mut by_amplitude, &mut by_dstar] {
        let along = |column: &[f64]| by.iter().zip(column).map(|(by, column)| by * column).sum::<f64>();
        let (of_tissue, of_d) = (along(&columns[0]), along(&columns[1]));
        for (i, by) in by.iter_mut().enumerate() {
            *by -= of_tissue * by_tissue[i] + of_d * by_d[i];
        }
    }
    // Noise moves the residuals by I - J M, M the four rows above: what their squares sum to on average.
    let rows = [&by_tissue, &by_d, &by_amplitude, &by_dstar];
    let left = |i: usize, k: usize| {
        let moved: f64 = (0..4).map(|j| columns[j][i] * rows[j][k]).sum();
        f64::from(u8::from(i == k)) - moved
    };
    let freedom: f64 = (0..n).map(|i| (0..n).map(|k| left(i, k).powi(2)).sum::<f64>()).sum();
    let variance = if n > 4 { residual / freedom } else { f64::INFINITY };
    let deviation = |by: &dyn Fn(usize) -> f64, free: bool| {
        if free {
            variance.sqrt() * (0..n).map(|i| by(i) * by(i)).sum::<f64>().sqrt()
        } else {
            f64::INFINITY
        }
    };
    let f = amplitude / s0;
    let by_s0 = |i: usize| by_tissue[i] + by_amplitude[i];
    let by_f = |i: usize| (tissue.amplitude * by_amplitude[i] - amplitude * by_tissue[i]) / (s0 * s0);
    // The amplitude's bound is one of S0 or of f: the nearer one, which is met but for rounding.
    let on = |value: f64, bounds: Bounds| {
        let near = |bound: f64| bound.is_finite() && (value - bound).abs() <= 1e-12 * value.abs().max(bound.abs());
        [bounds.lower, bounds.upper].into_iter().find(|&bound| !amplitude_free && near(bound))
    };
    let (s0_bound, f_bound) = (on(s0, s0_bounds), on(f, f_bounds));
    let determined = amplitude > 0.0;
    let status = match determined {
        false => Status::NotIdentifiable,
        true if amplitude_free && dstar_free && tissue.d_free => Status::Converged,
        true => Status::AtBound,
    };
    let nan_unless = |value: f64| if determined { value } else { f64::NAN };
    VoxelFit {
        status,
        parameters: vec![s0_bound.unwrap_or(s0), f_bound.unwrap_or(f), nan_unless(dstar), tissue.d],
        standard_deviations: vec![
            deviation(&by_s0, s0_bound.is_none()),
            deviation(&by_f, f_bound.is_none()),
            nan_unless(deviation(&|i| by_dstar[i], dstar_free)),
            deviation(&|i| by_d[i], tissue.d_free),
        ],
        residual,
        iterations: iterations + 1,
    }
}

/// How the least-squares coefficients of two columns follow each of the n samples when those of `rows` are fitted; 0 for
/// one that is not free.
fn pair(first: &[f64], second: &[f64], free: [bool; 2], rows: &[usize], n: usize) -> [Vec<f64>; 2] {
    let sum = |a: &[f64], b: &[f64]| rows.iter().map(|&i| a[i] * b[i]).sum::<f64>();
    let (aa, ab, bb) = (sum(first, first), sum(first, second), sum(second, second));
    let inverse = match free {
        [true, true] => [[bb, -ab], [-ab, aa]].map(|row| row.map(|value| value / (aa * bb - ab * ab))),
        [true, false] => [[1.0 / aa, 0.0], [0.0; 2]],
        [false, true] => [[0.0; 2], [0.0, 1.0 / bb]],
        [false, false] => [[0.0; 2]; 2],
    };
    inverse.map(|[of_first, of_second]| {
        let mut by = vec![0.0; n];
        rows.iter().for_each(|&i| by[i] = of_first * first[i] + of_second * second[i]);
        by
    })
}

/// The amplitude within its bounds with which a decay is nearest to samples.
fn best_amplitude(y: &[f64], decay: &[f64], bounds: Bounds) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for (y, e) in y.iter().zip(decay) {
        product += y * e;
        square += e * e;
    }
    // Without any signal left of the decay, no amplitude is better than another.
    if square > 0.0 { product / square } else { 0.0 }.max(bounds.lower).min(bounds.upper)
}

/// The search over Dstar: a grid within its bounds, whose decays are the same for all voxels, then its best point refined.
struct Search {
    b: Vec<f64>,
    bounds: Bounds,
    rates: Vec<f64>,
    decays: Vec<Vec<f64>>,
}

impl Search {
    fn new(b: Vec<f64>, bounds: Bounds) -> Self {
        let (low, high) = (bounds.lower.max(SEARCHED.0), bounds.upper.min(SEARCHED.1));
        let step = libm::log(high / low) / (POINTS - 1) as f64;
        let mut rates: Vec<f64> = (0..POINTS).map(|k| low * libm::exp(k as f64 * step)).collect();
        (rates[0], rates[POINTS - 1]) = (low, high);
        let decays = rates.iter().map(|rate| b.iter().map(|b| libm::exp(-b * rate)).collect()).collect();
        Self { b, bounds, rates, decays }
    }

    /// The rate whose decay, with its best amplitude, is nearest to the samples, and whether it lies off the bounds.
    fn least(&self, y: &[f64], amplitudes: Bounds) -> (f64, bool) {
        let sum = |decay: &Vec<f64>| {
            let amplitude = best_amplitude(y, decay, amplitudes);
            y.iter().zip(decay).map(|(y, e)| (y - amplitude * e).powi(2)).sum::<f64>()
        };
        let sums: Vec<f64> = self.decays.iter().map(sum).collect();
        let best = (1..POINTS).fold(0, |best, k| if sums[k] < sums[best] { k } else { best });
        let (mut low, mut high) = (self.rates[best.saturating_sub(1)], self.rates[(best + 1).min(POINTS - 1)]);
        let mut rate = self.rates[best];
        for _ in 0..REFINEMENTS {
            let (slope, bend) = self.slope(y, rate, amplitudes);
            if best == 0 && rate == low && slope >= 0.0 || best == POINTS - 1 && rate == high && slope <= 0.0 {
                break;
            }
            // Without an amplitude there is no slope: the minimum lies where the grid has it.
            if slope < 0.0 || (slope == 0.0 && rate < self.rates[best]) {
                low = rate;
            } else {
                high = rate;
            }
            let newton = rate - slope / bend;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            let moved = (next - rate).abs();
            rate = next;
            if moved <= 1e-14 * rate {
                break;
            }
        }
        (rate, rate != self.bounds.lower && rate != self.bounds.upper)
    }

    /// Half the derivative of the sum of squares by the rate, the amplitude following it, and about that of the
    /// derivative.
    fn slope(&self, y: &[f64], rate: f64, amplitudes: Bounds) -> (f64, f64) {
        let decay: Vec<f64> = self.b.iter().map(|b| libm::exp(-b * rate)).collect();
        let amplitude = best_amplitude(y, &decay, amplitudes);
        let (mut slope, mut square, mut product, mut own) = (0.0, 0.0, 0.0, 0.0);
        for ((b, y), e) in self.b.iter().zip(y).zip(&decay) {
            let by_rate = amplitude * b * e;
            slope += by_rate * (y - amplitude * e);
            square += by_rate * by_rate;
            product += by_rate * e;
            own += e * e;
        }
        (slope, square - product * product / own)
    }
}
