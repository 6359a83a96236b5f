//! Measurand's core: whatever is done per voxel or many times. Arrays in, arrays out; no clock, no global state, no
//! allocation that outlives a call but what the caller holds.
//!
//! This is the one file that knows WebAssembly: it checks nothing itself, calls the modules and maps their errors.

pub mod algebra;
pub mod error;
pub mod fit;
pub mod information;
pub mod lane;
pub mod models;
pub mod predict;
pub mod protocol;
pub mod registry;
pub mod resample;
pub mod segment;
pub mod simulate;
pub mod sort;

use error::CoreError;
use fit::Fit;
use js_sys::{Float32Array, Float64Array};
use segment::overlap::overlap;
use segment::Method;
use simulate::cohort::Cohort;
use simulate::flair::Phantom;
use simulate::flair_point;
use wasm_bindgen::prelude::*;

/// An error as JavaScript sees it: an Error whose message is JSON {code, field, value, expected}.
fn refuse(error: CoreError) -> JsError {
    let fault = error.fault();
    JsError::new(&serde_json::to_string(&fault).unwrap_or(fault.expected))
}

/// The registry as JSON: statuses and models with parameters, units, bounds (null: unbounded), equation (TeX),
/// citation, protocol columns and estimators.
#[wasm_bindgen]
pub fn models() -> String {
    registry::document().to_string()
}

/// Fits many voxels in single precision: `samples[s * voxels + v]`. The log-linear estimators compute in single
/// precision (about six digits); nlls computes in double and rounds its results.
///
/// Request: JSON {model, estimator, protocol: {column: [...]}, bounds?: {parameter: [lower, upper]}}.
#[wasm_bindgen]
pub fn fit_f32(request: &str, samples: &[f32], voxels: usize) -> Result<FitOutput, JsError> {
    let request = fit::Request::parse(request).map_err(refuse)?;
    fit::fit(&request, samples, voxels).map(|fit| FitOutput(Precision::Single(fit))).map_err(refuse)
}

/// Fits many voxels in double precision; otherwise as `fit_f32`.
#[wasm_bindgen]
pub fn fit_f64(request: &str, samples: &[f64], voxels: usize) -> Result<FitOutput, JsError> {
    let request = fit::Request::parse(request).map_err(refuse)?;
    fit::fit(&request, samples, voxels).map(|fit| FitOutput(Precision::Double(fit))).map_err(refuse)
}

enum Precision {
    Single(Fit<f32>),
    Double(Fit<f64>),
}

/// Results of one fit. Each `take_` hands its array over and leaves an empty one behind.
#[wasm_bindgen]
pub struct FitOutput(Precision);

macro_rules! take {
    ($output:expr, $field:ident) => {
        match &mut $output.0 {
            Precision::Single(fit) => Float32Array::from(std::mem::take(&mut fit.$field).as_slice()).into(),
            Precision::Double(fit) => Float64Array::from(std::mem::take(&mut fit.$field).as_slice()).into(),
        }
    };
}

#[wasm_bindgen]
impl FitOutput {
    /// `[p * voxels + v]`, parameters in the registry's order; NaN where the status says that there is no estimate.
    #[wasm_bindgen(unchecked_return_type = "Float64Array | Float32Array")]
    pub fn take_parameters(&mut self) -> JsValue {
        take!(self, parameters)
    }

    /// Standard deviations, laid out as the parameters; infinite where the data give none (n = p, or on a bound).
    #[wasm_bindgen(unchecked_return_type = "Float64Array | Float32Array")]
    pub fn take_standard_deviations(&mut self) -> JsValue {
        take!(self, standard_deviations)
    }

    /// The sum of squares that the estimator minimises, one for each voxel.
    #[wasm_bindgen(unchecked_return_type = "Float64Array | Float32Array")]
    pub fn take_residual(&mut self) -> JsValue {
        take!(self, residual)
    }

    /// Largest cosine between residual and a free column of the Jacobian, one for each voxel.
    #[wasm_bindgen(unchecked_return_type = "Float64Array | Float32Array")]
    pub fn take_gradient(&mut self) -> JsValue {
        take!(self, gradient)
    }

    /// Condition number of J'J scaled to unit diagonal; 0 for closed forms.
    #[wasm_bindgen(unchecked_return_type = "Float64Array | Float32Array")]
    pub fn take_condition(&mut self) -> JsValue {
        take!(self, condition)
    }

    /// Correlations `[pair * voxels + v]`, pairs (1, 0), (2, 0), (2, 1), ...; empty when they were not asked for.
    #[wasm_bindgen(unchecked_return_type = "Float64Array | Float32Array")]
    pub fn take_correlation(&mut self) -> JsValue {
        take!(self, correlation)
    }

    /// Parameters on their bounds: bit j on the lower one, bit 16 + j on the upper one.
    pub fn take_active(&mut self) -> Vec<u32> {
        match &mut self.0 {
            Precision::Single(fit) => std::mem::take(&mut fit.active),
            Precision::Double(fit) => std::mem::take(&mut fit.active),
        }
    }

    /// Status codes, one for each voxel.
    pub fn take_status(&mut self) -> Vec<u8> {
        match &mut self.0 {
            Precision::Single(fit) => std::mem::take(&mut fit.status),
            Precision::Double(fit) => std::mem::take(&mut fit.status),
        }
    }

    /// Iterations, one number for each voxel.
    pub fn take_iterations(&mut self) -> Vec<u32> {
        match &mut self.0 {
            Precision::Single(fit) => std::mem::take(&mut fit.iterations),
            Precision::Double(fit) => std::mem::take(&mut fit.iterations),
        }
    }
}

/// Signals of a model, `[s * voxels + v]`, for `parameters[p * voxels + v]`, with or without noise.
///
/// Request: JSON {model, protocol, noise?: {kind: "none" | "gaussian" | "rician" |
/// "noncentral-chi", sigma, seed, coils?}}.
#[wasm_bindgen]
pub fn simulate(request: &str, parameters: &[f64], voxels: usize) -> Result<Vec<f64>, JsError> {
    let request = predict::Request::parse(request).map_err(refuse)?;
    predict::signals(&request, parameters, voxels).map_err(refuse)
}

/// Cramér-Rao bounds as JSON. Request: JSON {situation: {model, settings?, parameters, fix?, noise: {kind: "gaussian" |
/// "rician" | "noncentral-chi", sigma, coils?}}, protocol}.
#[wasm_bindgen]
pub fn cramer_rao(request: &str) -> Result<String, JsError> {
    let bounds = simulate::parse("request", request).and_then(|request| information::cramer_rao::cramer_rao(&request));
    bounds.map(|bounds| serde_json::json!(bounds).to_string()).map_err(refuse)
}

/// A protocol with smaller Cramér-Rao bounds as JSON. Request: JSON {situation, protocol, candidates?: {column: [...]},
/// acquisitions?, minimise: {parameter: weight}}.
#[wasm_bindgen]
pub fn optimise_protocol(request: &str) -> Result<String, JsError> {
    let optimised = simulate::parse("request", request).and_then(|request| information::optimise::optimise(&request));
    optimised.map(|optimised| serde_json::json!(optimised).to_string()).map_err(refuse)
}

/// The profile-likelihood interval of one parameter from one voxel's samples, as JSON. Request: JSON {fit: as for
/// fit_f64, parameter, level?, sigma?}.
#[wasm_bindgen]
pub fn profile_interval(request: &str, samples: &[f64]) -> Result<String, JsError> {
    let interval =
        simulate::parse("request", request).and_then(|request| information::profile::profile(&request, samples));
    interval.map(|interval| serde_json::json!(interval).to_string()).map_err(refuse)
}

/// A brain with lesions, and FLAIR images of it.
#[wasm_bindgen]
pub struct FlairPhantom(Phantom);

/// Builds a phantom. Request: JSON {seed?, shape?, voxel_size?, lesions?, ...}, each with a default.
#[wasm_bindgen]
pub fn flair_phantom(spec: &str) -> Result<FlairPhantom, JsError> {
    simulate::parse("spec", spec).and_then(Phantom::new).map(FlairPhantom).map_err(refuse)
}

#[wasm_bindgen]
impl FlairPhantom {
    /// Sizes along x, y and z.
    pub fn shape(&self) -> Vec<u32> {
        self.0.shape().to_vec()
    }

    /// JSON: the specification, tissues with relaxation times and volumes, number of lesions, signal equation.
    pub fn describe(&self) -> String {
        self.0.describe().to_string()
    }

    /// Tissue of each voxel, 0 outside the brain.
    pub fn tissues(&self) -> Vec<u8> {
        self.0.tissues().to_vec()
    }

    /// 1 where a voxel is lesion.
    pub fn lesions(&self) -> Vec<u8> {
        self.0.lesions().to_vec()
    }

    /// The magnitude image. Request: JSON {TE, TI, TR (s), noise: {kind, sigma, seed}}.
    pub fn image(&self, request: &str) -> Result<Vec<f32>, JsError> {
        let at: flair_point::At = simulate::parse("request", request).map_err(refuse)?;
        at.noise.noise().and_then(|noise| self.0.image(&at.sequence(), &noise)).map_err(refuse)
    }

    /// Image, segmentations and scores as `flair_point` gives them, for the phantom that is there already.
    pub fn point(&self, request: &str) -> Result<String, JsError> {
        let at: flair_point::At = simulate::parse("request", request).map_err(refuse)?;
        flair_point::score(&self.0, &at).map(|value| value.to_string()).map_err(refuse)
    }
}

/// Simulates, segments and scores one pair of times. Request: JSON {phantom, TE, TI, TR (s), noise, methods?}.
#[wasm_bindgen]
pub fn flair_point(request: &str) -> Result<String, JsError> {
    flair_point::point(request).map(|value| value.to_string()).map_err(refuse)
}

/// Lesions inside a mask: 1 where one is found. Request: JSON {method, ...settings}.
#[wasm_bindgen]
pub fn segment(request: &str, image: &[f32], mask: &[u8], shape: &[u32]) -> Result<Vec<u8>, JsError> {
    Method::parse(request).and_then(|method| segment::segment(&method, image, mask, shape)).map_err(refuse)
}

/// Lesion-wise and voxel-wise agreement of two volumes as JSON.
#[wasm_bindgen]
pub fn lesion_overlap(truth: &[u8], predicted: &[u8], shape: &[u32], connectivity: u32) -> Result<String, JsError> {
    overlap(truth, predicted, shape, connectivity).map(|scores| serde_json::json!(scores).to_string()).map_err(refuse)
}

/// BCa bootstrap intervals of a statistic of rows, `data[row * width + column]`, rows drawn with replacement. JSON
/// {names, values, intervals: [{lower, upper, level, biasCorrection, acceleration, extreme}], resamples, seed,
/// degenerate}.
///
/// Request: JSON {statistic, width, settings?, resamples, seed, level?}.
#[wasm_bindgen]
pub fn resample(request: &str, data: &[f64]) -> Result<String, JsError> {
    let request = resample::Request::parse(request).map_err(refuse)?;
    resample::resample(&request, data).map(|found| serde_json::json!(found).to_string()).map_err(refuse)
}

/// A part of the same work: the statistic's components in so many units from the first one given, NaN where it has no
/// value. Unit 0 has all n rows, units 1 to n leave one row out, and the resamples follow.
#[wasm_bindgen]
pub fn resample_units(request: &str, data: &[f64], first: u32, count: u32) -> Result<Vec<f64>, JsError> {
    let request = resample::Request::parse(request).map_err(refuse)?;
    let first = u64::from(first);
    resample::values(&request, data, first..first + u64::from(count)).map_err(refuse)
}

/// What `resample` gives, from the values of all units in order.
#[wasm_bindgen]
pub fn resample_intervals(request: &str, values: &[f64]) -> Result<String, JsError> {
    let request = resample::Request::parse(request).map_err(refuse)?;
    resample::intervals(&request, values).map(|found| serde_json::json!(found).to_string()).map_err(refuse)
}

/// A simulated test-retest cohort.
#[wasm_bindgen]
pub struct SimulatedCohort(Cohort);

/// Checks the specification of a cohort (JSON) and readies it to be drawn.
#[wasm_bindgen]
pub fn simulate_cohort(spec: &str) -> Result<SimulatedCohort, JsError> {
    simulate::parse("spec", spec).and_then(Cohort::new).map(SimulatedCohort).map_err(refuse)
}

#[wasm_bindgen]
impl SimulatedCohort {
    /// Standard deviation of the noise of each channel.
    pub fn sigma(&self) -> f64 {
        self.0.sigma()
    }

    /// Tissue of each voxel of a scan; subjects and sessions count from 0.
    pub fn labels(&self, subject: u32, session: u32) -> Result<Vec<u8>, JsError> {
        self.0.labels(subject, session).map_err(refuse)
    }

    /// Noisy images of a scan at one of the echo times, `[i * voxels + v]` along the list of b.
    pub fn samples(&self, subject: u32, session: u32, te: usize) -> Result<Vec<f64>, JsError> {
        self.0.samples(subject, session, te).map_err(refuse)
    }

    /// JSON: parameters and noise-free metrics of each subject, session and tissue, and their repeatability.
    pub fn truth(&self) -> Result<String, JsError> {
        self.0.truth().map(|value| value.to_string()).map_err(refuse)
    }

    /// JSON: repeatability of the noise-free metrics in the population, from so many subjects.
    pub fn population(&self, subjects: u32) -> Result<String, JsError> {
        self.0.population(subjects).map(|value| value.to_string()).map_err(refuse)
    }
}
