//! Noise of magnitude and real images.

use super::random::Stream;
use crate::error::CoreError;
use serde::{Deserialize, Serialize};

/// What noise does to a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    None,
    /// Adds N(0, sigma^2): a real-valued image.
    Gaussian,
    /// Magnitude of the signal with N(0, sigma^2) added to its real and to its imaginary part: one-coil magnitude images.
    /// Gudbjartsson H, Patz S. The Rician distribution of noisy MRI data. Magn Reson Med 1995;34:910-914.
    Rician,
    /// Root of the sum of squares of `coils` channels, each with such noise in both parts; the signal is that of all channels
    /// together. With one coil the same as Rician, bit for bit. Constantinides CD, Atalar E, McVeigh ER. Signal-to-noise
    /// measurements in magnitude images from NMR phased arrays. Magn Reson Med 1997;38:852-857.
    NoncentralChi {
        coils: u32,
    },
}

/// The most channels that noise is drawn for.
const MAXIMUM_COILS: u32 = 256;

impl Kind {
    /// A kind that its name says all about.
    ///
    /// # Errors
    /// No such kind.
    pub fn parse(name: &str) -> Result<Self, CoreError> {
        match name {
            "none" => Ok(Self::None),
            "gaussian" => Ok(Self::Gaussian),
            "rician" => Ok(Self::Rician),
            _ => Err(CoreError::Choice {
                field: "noise.kind".into(),
                found: name.into(),
                expected: "one of none, gaussian, rician; where coils are stated also noncentral-chi".into(),
            }),
        }
    }
}

/// Further channels draw at indices this many bits up, beyond any value's own.
const COIL_SHIFT: u32 = 48;

/// Noise as a request states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseRequest {
    pub kind: String,
    /// Standard deviation of each channel, in the unit of the signal.
    #[serde(default)]
    pub sigma: f64,
    #[serde(default)]
    pub seed: u64,
    /// Number of channels; for noncentral-chi only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coils: Option<u32>,
}

impl NoiseRequest {
    /// # Errors
    /// An unknown kind; a sigma that is negative or not finite; coils that are missing, out of range or out of place.
    pub fn noise(&self) -> Result<Noise, CoreError> {
        let coils = |expected: String| {
            let (field, found) = ("noise.coils".into(), self.coils.map_or("missing".into(), |coils| coils.to_string()));
            CoreError::Choice { field, found, expected }
        };
        let kind = match (self.kind.as_str(), self.coils) {
            ("noncentral-chi", Some(coils @ 1..=MAXIMUM_COILS)) => Kind::NoncentralChi { coils },
            ("noncentral-chi", _) => return Err(coils(format!("1 to {MAXIMUM_COILS} channels"))),
            (name, None) => Kind::parse(name)?,
            (name, Some(_)) => {
                Kind::parse(name)?;
                return Err(coils(format!("no number of channels for {name}")));
            }
        };
        Noise::new(kind, self.sigma, self.seed)
    }
}

/// Checked noise. The noise of the value at an index depends on seed, stream and index alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    pub kind: Kind,
    pub sigma: f64,
    pub seed: u64,
}

impl Noise {
    /// # Errors
    /// A sigma that is negative or not finite.
    pub fn new(kind: Kind, sigma: f64, seed: u64) -> Result<Self, CoreError> {
        if !(sigma.is_finite() && sigma >= 0.0) {
            let (field, expected) = ("noise.sigma".into(), "a standard deviation, 0 or more".into());
            return Err(CoreError::OutOfRange { field, found: sigma, expected });
        }
        Ok(Self { kind, sigma, seed })
    }

    /// The noisy value of a signal at an index of a stream.
    #[inline(always)]
    pub fn at(&self, stream: u64, index: u64, signal: f64) -> f64 {
        match self.kind {
            Kind::None => signal,
            Kind::Gaussian => signal + self.sigma * Stream::new(self.seed, stream).normal(index),
            Kind::Rician => {
                let (radius, angle) = Stream::new(self.seed, stream).polar(index);
                let radius = self.sigma * radius;
                // |S + r e^(i a)|^2; the sum may fall below 0 by rounding.
                let square = signal * signal + 2.0 * signal * radius * libm::cos(angle) + radius * radius;
                square.max(0.0).sqrt()
            }
            Kind::NoncentralChi { coils } => {
                let one = Self { kind: Kind::Rician, ..*self }.at(stream, index, signal);
                // The noise is the same in every direction: let the first channel carry the whole signal. The square of
                // another's noise is exponential.
                let other = |coil: u64| libm::log(Stream::new(self.seed, stream).uniform(index + (coil << COIL_SHIFT)));
                let square: f64 = (1..u64::from(coils)).map(other).sum();
                (one * one - 2.0 * self.sigma * self.sigma * square).sqrt()
            }
        }
    }
}

/// Adds noise to values that start at index `first` of a stream, in place.
pub fn add_from(values: &mut [f64], noise: &Noise, stream: u64, first: u64) {
    for (index, value) in (first..).zip(values) {
        *value = noise.at(stream, index, *value);
    }
}

/// Adds noise to values, in place. A part of them gets the same noise only through [`add_from`].
///
/// # Errors
/// A sigma that is negative or not finite.
pub fn add(values: &mut [f64], kind: Kind, sigma: f64, seed: u64) -> Result<(), CoreError> {
    add_from(values, &Noise::new(kind, sigma, seed)?, 0, 0);
    Ok(())
}
