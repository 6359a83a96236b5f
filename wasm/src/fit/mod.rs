//! Estimation. One file for each estimator; what they share (the request, the result of many voxels) is here.

pub mod clinical_adc;
pub mod log_linear;
pub mod nlls;
mod status;

pub use status::{Status, StatusDescription};

use crate::error::CoreError;
use crate::lane::Real;
use crate::models::{self, Model, Parameter};
use crate::protocol::{Design, Protocol};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How parameters are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    Ols,
    Iwls,
    Nlls,
}

/// What an estimator is called, and what its residual is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EstimatorDescription {
    pub id: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// Unit of the residual sum of squares.
    pub residual_unit: &'static str,
    pub bounds: bool,
    pub maximum_iterations: u32,
    pub citation: Option<&'static str>,
    pub doi: Option<&'static str>,
}

impl Estimator {
    pub const ALL: [Self; 3] = [Self::Ols, Self::Iwls, Self::Nlls];

    /// Id, name, method and source.
    pub fn describe(self) -> EstimatorDescription {
        match self {
            Self::Ols => EstimatorDescription {
                id: "ols",
                name: "Log-linear, unweighted",
                description:
                    "Ordinary least squares of ln S on b. Every sample must be positive. The residual is the sum of \
                              squared residuals of ln S. Standard deviations: residual variance on n - p degrees of \
                              freedom, S0 by the delta method.",
                residual_unit: "",
                bounds: false,
                maximum_iterations: 1,
                citation: None,
                doi: None,
            },
            Self::Iwls => EstimatorDescription {
                id: "iwls",
                name: "Log-linear, iteratively reweighted",
                description:
                    "Least squares of ln S on b, weighted by the squared predicted signal, repeated until the \
                              prediction settles. Every sample must be positive. The residual is the weighted sum of \
                              squares, an approximation to that of the signal itself.",
                residual_unit: "signal^2",
                bounds: false,
                maximum_iterations: log_linear::MAXIMUM_ITERATIONS,
                citation: Some(
                    "Salvador R et al. Hum Brain Mapp 2005;24:144-155 (doi 10.1002/hbm.20076); Veraart J et al. \
                     NeuroImage 2013;81:335-346",
                ),
                doi: Some("10.1016/j.neuroimage.2013.05.028"),
            },
            Self::Nlls => EstimatorDescription {
                id: "nlls",
                name: "Nonlinear least squares, bounded",
                description:
                    "Levenberg-Marquardt with Marquardt's scaling, analytic Jacobian and an active set of bounds, \
                              computed in double precision whatever the samples' precision. Samples may be zero or \
                              negative. Standard deviations: residual variance on n - p degrees of freedom times the \
                              inverse of J'J of the parameters off their bounds.",
                residual_unit: "signal^2",
                bounds: true,
                maximum_iterations: nlls::MAXIMUM_ITERATIONS,
                citation: Some("Marquardt DW. J Soc Indust Appl Math 1963;11:431-441"),
                doi: Some("10.1137/0111030"),
            },
        }
    }

    /// The estimator of that id among those a model offers.
    ///
    /// # Errors
    /// The model has no estimator at all, or not this one.
    pub fn find(id: &str, model: &dyn Model) -> Result<Self, CoreError> {
        let description = model.description();
        if description.estimators.is_empty() {
            return Err(CoreError::NoEstimator { model: description.id, found: id.into() });
        }
        Self::ALL
            .into_iter()
            .find(|estimator| estimator.describe().id == id && description.estimators.contains(&id))
            .ok_or_else(|| CoreError::UnknownEstimator {
                model: description.id,
                found: id.into(),
                known: description.estimators.to_vec(),
            })
    }
}

/// What to fit, as it comes from JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub model: String,
    pub estimator: String,
    pub protocol: Protocol,
    /// By parameter: `[lower, upper]`, null where unbounded; others keep the model's.
    #[serde(default)]
    pub bounds: Option<BTreeMap<String, [Option<f64>; 2]>>,
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// The text is not JSON of this shape.
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        serde_json::from_str(text)
            .map_err(|error| CoreError::InvalidRequest { field: "request".into(), detail: error.to_string() })
    }
}

/// Bounds of one parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub lower: f64,
    pub upper: f64,
}

impl From<&Parameter> for Bounds {
    fn from(parameter: &Parameter) -> Self {
        Self { lower: parameter.lower, upper: parameter.upper }
    }
}

/// Many voxels' samples, sample-major: `data[s * voxels + v]`.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a, T> {
    pub data: &'a [T],
    pub voxels: usize,
}

impl<'a, T: Real> Samples<'a, T> {
    /// All voxels' values of sample `s`.
    #[inline(always)]
    fn sample(&self, s: usize) -> &'a [T] {
        &self.data[s * self.voxels..(s + 1) * self.voxels]
    }
}

/// Results of many voxels; `parameters` and `standard_deviations` are `[p * voxels + v]`.
///
/// A voxel without an estimate has NaN throughout and a status that says why. A standard deviation is infinite where
/// the data give none: no residual degrees of freedom (n = p), or a parameter on its bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit<T> {
    pub voxels: usize,
    pub parameters: Vec<T>,
    pub standard_deviations: Vec<T>,
    pub residual: Vec<T>,
    pub status: Vec<u8>,
    pub iterations: Vec<u32>,
}

impl<T: Real> Fit<T> {
    fn empty(parameters: usize, voxels: usize) -> Self {
        Self {
            voxels,
            parameters: vec![T::NAN; parameters * voxels],
            standard_deviations: vec![T::NAN; parameters * voxels],
            residual: vec![T::NAN; voxels],
            status: vec![0; voxels],
            iterations: vec![0; voxels],
        }
    }
}

/// Fits `request` to samples x voxels.
///
/// # Errors
/// Every way in which a request, a protocol or the array's length can be wrong; see [`CoreError`].
pub fn fit<T: Real>(request: &Request, data: &[T], voxels: usize) -> Result<Fit<T>, CoreError> {
    let model = models::find(&request.model)?;
    let estimator = Estimator::find(&request.estimator, model)?;
    let description = model.description();
    let design = request.protocol.design(description.id, description.protocol)?;
    check_length("samples", data.len(), design.rows(), voxels)?;
    let bounds = bounds(request, estimator, description.parameters)?;
    let samples = Samples { data, voxels };
    if description.id == "clinical-adc" {
        return clinical_adc::fit(&design, estimator, &bounds, samples);
    }
    check_samples(&design, description.minimum_samples)?;
    let rows: Vec<usize> = (0..design.rows()).collect();
    mono_exponential(&design, estimator, &bounds, samples, &rows, model)
}

/// Fits a model that is linear in b after the logarithm, S = S0 exp(-b D), to the samples named by `rows`, which
/// `design` describes in that order.
fn mono_exponential<T: Real>(
    design: &Design,
    estimator: Estimator,
    bounds: &[Bounds],
    samples: Samples<T>,
    rows: &[usize],
    model: &dyn Model,
) -> Result<Fit<T>, CoreError> {
    match estimator {
        Estimator::Ols | Estimator::Iwls => {
            let b = design.column(0).unwrap_or_default();
            Ok(log_linear::fit(&b, samples, rows, estimator == Estimator::Iwls))
        }
        Estimator::Nlls => {
            let signal = model.signal().ok_or(CoreError::NoPrediction { model: model.description().id })?;
            Ok(nlls::fit(signal, design, bounds, samples, rows))
        }
    }
}

/// Length of a sample-major array.
pub(crate) fn check_length(field: &str, found: usize, rows: usize, voxels: usize) -> Result<(), CoreError> {
    if rows.checked_mul(voxels) == Some(found) {
        return Ok(());
    }
    let expected = format!("{rows} x {voxels} values (rows x voxels)");
    Err(CoreError::Length { field: field.into(), found, expected })
}

/// Enough samples, and b-values that differ.
fn check_samples(design: &Design, minimum: usize) -> Result<(), CoreError> {
    let field = || "protocol.b".to_string();
    if design.rows() < minimum {
        return Err(CoreError::TooFewSamples { field: field(), found: design.rows(), minimum });
    }
    let first = design.row(0)[0];
    if (1..design.rows()).all(|i| design.row(i)[0] == first) {
        return Err(CoreError::OneUniqueB { field: field(), value: first });
    }
    Ok(())
}

/// The model's bounds, replaced by those of the request.
fn bounds(request: &Request, estimator: Estimator, parameters: &[Parameter]) -> Result<Vec<Bounds>, CoreError> {
    let mut bounds: Vec<Bounds> = parameters.iter().map(Bounds::from).collect();
    let Some(requested) = request.bounds.as_ref().filter(|requested| !requested.is_empty()) else {
        return Ok(bounds);
    };
    if estimator != Estimator::Nlls {
        let found = requested.keys().cloned().collect();
        return Err(CoreError::BoundsUnsupported { estimator: estimator.describe().id, found });
    }
    let boundable = |parameter: &Parameter| request.model != "clinical-adc" || parameter.unit == "mm2/s";
    for (name, [lower, upper]) in requested {
        let Some(j) = parameters.iter().position(|parameter| parameter.name == name && boundable(parameter)) else {
            let known = parameters.iter().filter(|&p| boundable(p)).map(|parameter| parameter.name).collect();
            return Err(CoreError::UnknownBound { found: name.clone(), known });
        };
        let (lower, upper) = (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY));
        if lower >= upper {
            return Err(CoreError::BoundsCrossed { parameter: name.clone(), lower, upper });
        }
        bounds[j] = Bounds { lower, upper };
    }
    Ok(bounds)
}
