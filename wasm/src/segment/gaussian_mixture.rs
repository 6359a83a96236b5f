//! Brain and lesion as two Gaussian classes whose posteriors are smoothed between neighbours.

use super::components::{remove_small, Connectivity};
use super::robust_threshold::centre_and_spread;
use super::Shape;
use crate::error::CoreError;
use crate::lane::{Lane, Singles};
use crate::simulate::check;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Share of the neighbourhood's smoothed posterior in a voxel's prior, the rest being the class's weight; 0: a plain
    /// mixture.
    pub smoothing: f64,
    /// Lesion voxels have a posterior above this.
    pub probability: f64,
    /// The lesion class starts, and its mean stays, at least this many robust standard deviations above the median.
    pub separation: f64,
    /// Voxels this many robust standard deviations below the median are fluid: neither class, and never lesion.
    pub dark: f64,
    /// EM stops when the mean absolute change of the posteriors falls below this.
    pub tolerance: f64,
    pub maximum_iterations: u32,
    /// Components of fewer voxels are dropped.
    pub minimum_size: usize,
    pub connectivity: Connectivity,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            smoothing: 0.4,
            probability: 0.5,
            separation: 4.0,
            dark: 3.0,
            tolerance: 1e-4,
            maximum_iterations: 30,
            minimum_size: 3,
            connectivity: Connectivity::Corners,
        }
    }
}

impl Settings {
    /// # Errors
    /// A setting out of its range.
    pub fn check(&self) -> Result<(), CoreError> {
        check("smoothing", self.smoothing, 0.0, 0.99, "0 to 0.99")?;
        check("probability", self.probability, 0.0, 1.0, "a probability")?;
        check("separation", self.separation, 0.0, f64::MAX, "0 or more standard deviations")?;
        check("dark", self.dark, 0.0, f64::MAX, "0 or more standard deviations")?;
        check("tolerance", self.tolerance, 0.0, 1.0, "0 to 1")?;
        check("maximum_iterations", f64::from(self.maximum_iterations), 1.0, 1000.0, "1 to 1000")
    }
}

/// One class of the mixture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// Share of the voxels.
    pub weight: f64,
    pub mean: f64,
    pub variance: f64,
}

/// A fitted mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    pub brain: Class,
    pub lesion: Class,
    /// The voxels of the two classes: those of the mask that are not fluid.
    pub voxels: Vec<u32>,
    /// Posterior of the lesion class for each of them.
    pub posterior: Vec<f32>,
    pub iterations: u32,
    pub converged: bool,
}

/// Voxels of the mask whose smoothed posterior of the lesion class lies above `probability` and that are brighter than
/// the brain's mean, without components of fewer than `minimum_size` voxels.
///
/// # Errors
/// None beyond those of [`super::segment`].
pub fn segment(settings: &Settings, image: &[f32], inside: &[u32], shape: Shape) -> Result<Vec<u8>, CoreError> {
    let mut out = vec![0u8; image.len()];
    if let Some(mixture) = fit(settings, image, inside, shape) {
        for (&v, &posterior) in mixture.voxels.iter().zip(&mixture.posterior) {
            let bright = f64::from(image[v as usize]) > mixture.brain.mean;
            out[v as usize] = u8::from(bright && f64::from(posterior) > settings.probability);
        }
    }
    remove_small(&mut out, shape, settings.connectivity, settings.minimum_size);
    Ok(out)
}

/// EM for two Gaussian classes. The brain's mean and standard deviation are the median and 1.4826 MAD of the voxels that
/// are not fluid and stay there: were they free, the classes would part into white and grey matter, which are many more
/// voxels. EM finds weight, mean and variance of the lesion class, its mean `separation` deviations above the brain's at
/// least, its variance the brain's at most. A voxel's prior follows its neighbourhood: (1 - s) times the weight of the
/// class plus s times the posteriors of the step before, smoothed over 3 x 3 x 3 voxels of the mask with 1-2-1 weights
/// along each axis. Nothing when half of the intensities are equal or the lesion class dies out: there are no two classes.
///
/// A prior from smoothed posteriors: Nguyen TM, Wu QMJ. Fast and robust spatially constrained Gaussian mixture model for
/// image segmentation. IEEE Trans Circuits Syst Video Technol 2013;23:621-635; this is the plainest form of it. Brain from
/// robust statistics, lesions as what it does not explain: Van Leemput K, Maes F, Vandermeulen D, Colchester A, Suetens P.
/// Automated segmentation of multiple sclerosis lesions by model outlier detection. IEEE Trans Med Imaging 2001;20:677-688.
pub fn fit(settings: &Settings, image: &[f32], inside: &[u32], shape: Shape) -> Option<Mixture> {
    let mut sorted: Vec<f32> = inside.iter().map(|&v| image[v as usize]).collect();
    let (centre, spread) = centre_and_spread(&mut sorted);
    let darkest = centre - settings.dark * spread;
    let voxels: Vec<u32> = inside.iter().copied().filter(|&v| f64::from(image[v as usize]) >= darkest).collect();
    let mut values: Vec<f32> = voxels.iter().map(|&v| image[v as usize]).collect();
    // Without fluid the brain is narrower.
    let (mean, spread) = centre_and_spread(&mut values.clone());
    if spread == 0.0 {
        return None;
    }
    // In units of the brain's distribution, single precision is ample.
    values.iter_mut().for_each(|value| *value = ((f64::from(*value) - mean) / spread) as f32);
    let n = values.len();
    let padded = n.next_multiple_of(Singles::WIDTH);
    values.resize(padded, 0.0);
    let mut posterior = vec![START as f32; padded];
    let mut local = vec![START as f32; padded];
    let mut lesion = Class { weight: START, mean: settings.separation, variance: 1.0 };
    let mut smoother = (settings.smoothing > 0.0).then(|| Smoother::new(inside, &voxels, shape));
    let mut end = None;
    for iteration in 1..=settings.maximum_iterations {
        match &mut smoother {
            Some(smoother) => smoother.smooth(&posterior[..n], &mut local[..n]),
            None => local.fill(lesion.weight as f32),
        }
        let change = posteriors(&lesion, settings.smoothing, &values, &local, &mut posterior, n);
        lesion = moments(&values[..n], &posterior[..n], settings.separation)?;
        let converged = change <= settings.tolerance * n as f64;
        end = Some((iteration, converged));
        if converged {
            break;
        }
    }
    posterior.truncate(n);
    let brain = Class { weight: 1.0 - lesion.weight, mean, variance: spread * spread };
    let lesion = Class { mean: mean + spread * lesion.mean, variance: spread * spread * lesion.variance, ..lesion };
    end.map(|(iterations, converged)| Mixture { brain, lesion, voxels, posterior, iterations, converged })
}

/// Posteriors of the lesion class, the brain being standard normal; the sum of what they changed over the first `n`.
fn posteriors(lesion: &Class, share: f64, values: &[f32], local: &[f32], posterior: &mut [f32], n: usize) -> f64 {
    let splat = Singles::splat;
    let (one, half, narrow) = (splat(1.0), splat(0.5), splat(0.5 / lesion.variance));
    let (mean, scale) = (splat(lesion.mean), splat((1.0 / lesion.variance).sqrt()));
    let (weight, share) = (splat(lesion.weight), splat(share));
    let mut change = 0.0;
    let chunks = values.chunks_exact(Singles::WIDTH).zip(local.chunks_exact(Singles::WIDTH));
    for (c, ((values, local), own)) in chunks.zip(posterior.chunks_exact_mut(Singles::WIDTH)).enumerate() {
        let value = Singles::gather(|i| values[i]);
        let local = Singles::gather(|i| local[i]);
        let away = value - mean;
        // Beyond 60 either way the posterior is 0 or 1 in single precision, and nothing overflows.
        let exponent = (half * value * value - narrow * away * away).larger(splat(-60.0)).smaller(splat(60.0));
        let prior = weight + share * (local - weight);
        let odds = prior * scale * exponent.exp();
        let next = odds / (odds + (one - prior));
        for (i, own) in own.iter_mut().enumerate() {
            let next = next.lane(i) as f32;
            if c * Singles::WIDTH + i < n {
                change += f64::from((next - *own).abs());
            }
            *own = next;
        }
    }
    change
}

/// Weighted mean over a voxel's 26 neighbours and itself, as far as they lie in the mask.
struct Smoother {
    places: Vec<u32>,
    /// 1 / the sum of the weights inside the mask.
    scale: Vec<f32>,
    row: usize,
    slice: usize,
    volume: Vec<f32>,
    buffer: Vec<f32>,
    second: Vec<f32>,
}

impl Smoother {
    fn new(inside: &[u32], voxels: &[u32], [nx, ny, nz]: Shape) -> Self {
        // A rim of zeros gives every voxel its neighbours.
        let (row, slice) = (nx + 2, (nx + 2) * (ny + 2));
        let place = |&v: &u32| {
            let v = v as usize;
            ((v % nx + 1) + row * (v / nx % ny + 1) + slice * (v / (nx * ny) + 1)) as u32
        };
        let size = slice * (nz + 2);
        let mut smoother = Self {
            places: inside.iter().map(place).collect(),
            scale: Vec::new(),
            row,
            slice,
            volume: vec![0.0; size],
            buffer: vec![0.0; size],
            second: vec![0.0; size],
        };
        let mut weights = vec![0.0; inside.len()];
        smoother.smooth(&vec![1.0; inside.len()], &mut weights);
        let total: Vec<(u32, f32)> = smoother.places.iter().copied().zip(weights).collect();
        smoother.places.iter().for_each(|&place| smoother.volume[place as usize] = 0.0);
        smoother.places = voxels.iter().map(place).collect();
        // Both lists ascend.
        let mut all = total.into_iter();
        smoother.scale = smoother
            .places
            .iter()
            .map(|&own| all.find(|&(place, _)| place == own).map_or(0.0, |(_, total)| 1.0 / total))
            .collect();
        smoother
    }

    fn smooth(&mut self, posterior: &[f32], out: &mut [f32]) {
        for (&place, &p) in self.places.iter().zip(posterior) {
            self.volume[place as usize] = p;
        }
        let size = self.volume.len();
        let pass = |from: &[f32], to: &mut [f32], step: usize| {
            for i in step..size - step {
                to[i] = 2.0 * from[i] + (from[i - step] + from[i + step]);
            }
        };
        // The rim holds what the passes before spilled into it, and no voxel is nearer to the end than a rim's width.
        pass(&self.volume, &mut self.buffer, 1);
        pass(&self.buffer, &mut self.second, self.row);
        pass(&self.second, &mut self.buffer, self.slice);
        let scale = |i: usize| self.scale.get(i).copied().unwrap_or(1.0);
        for (i, (out, &place)) in out.iter_mut().zip(&self.places).enumerate() {
            *out = self.buffer[place as usize] * scale(i);
        }
    }
}

/// Weight of the lesion class before the first step.
const START: f64 = 0.01;

/// Weight, mean and variance of the lesion class from the posteriors, in units of the brain's distribution. The mean is at
/// least `lowest`, the variance at most 1, and not so small that a single intensity becomes infinitely likely. Nothing when
/// the class has died out or taken everything.
fn moments(values: &[f32], posterior: &[f32], lowest: f64) -> Option<Class> {
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for (&value, &p) in values.iter().zip(posterior) {
        let (value, p) = (f64::from(value), f64::from(p));
        total += p;
        first += p * value;
        second += p * value * value;
    }
    let weight = total / values.len() as f64;
    if weight <= 0.0 || weight >= 1.0 {
        return None;
    }
    let own = first / total;
    let mean = own.max(lowest);
    let variance = second / total - 2.0 * mean * own + mean * mean;
    Some(Class { weight, mean, variance: variance.clamp(1e-4, 1.0) })
}
