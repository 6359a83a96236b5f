//! Estimation. One file for each estimator; what they share (the request, the result of many voxels) is here.

pub mod clinical_adc;
pub mod ivim_prior;
pub mod kurtosis_log_linear;
pub mod log_linear;
pub mod mt;
pub mod nlls;
pub mod reduced_dimension;
pub mod relaxation_log_linear;
pub mod segmented_ivim;
mod status;
pub mod variable_flip_angle;

pub use status::{Status, StatusDescription};

use crate::error::CoreError;
use crate::lane::Real;
use crate::models::{self, AnySignal, Model, Parameter, Precision};
use crate::protocol::{Design, Protocol, Settings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How parameters are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    Ols,
    Wls,
    Iwls,
    Segmented,
    Prior,
    ReducedDimension,
    ClosedForm,
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
    pub const ALL: [Self; 8] = [
        Self::Ols,
        Self::Wls,
        Self::Iwls,
        Self::Segmented,
        Self::Prior,
        Self::ReducedDimension,
        Self::ClosedForm,
        Self::Nlls,
    ];

    /// Id, name, method and source.
    pub fn describe(self) -> EstimatorDescription {
        match self {
            Self::Ols => EstimatorDescription {
                id: "ols",
                name: "Log-linear, unweighted",
                description: "Ordinary least squares of ln S, in which the model is linear. Every sample must be \
                              positive. The residual is the sum of squared residuals of ln S. Standard deviations: \
                              residual variance on n - p degrees of freedom, by the delta method for parameters that \
                              are functions of the coefficients.",
                residual_unit: "",
                bounds: false,
                maximum_iterations: 1,
                citation: None,
                doi: None,
            },
            Self::Wls => EstimatorDescription {
                id: "wls",
                name: "Log-linear, weighted",
                description: "Least squares of ln S weighted by the squared samples, once. Every sample must be \
                              positive. The residual is the weighted sum of squares, an approximation to that of the \
                              signal itself.",
                residual_unit: "signal^2",
                bounds: false,
                maximum_iterations: 1,
                citation: Some("Salvador R et al. Hum Brain Mapp 2005;24:144-155"),
                doi: Some("10.1002/hbm.20076"),
            },
            Self::Iwls => EstimatorDescription {
                id: "iwls",
                name: "Log-linear, iteratively reweighted",
                description: "Least squares of ln S weighted by the squared predicted signal, repeated until the \
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
            Self::Segmented => EstimatorDescription {
                id: "segmented",
                name: "Segmented",
                description: "Tissue diffusion from the samples at high b alone, where the perfusion signal has \
                              decayed; then the remaining parameters from all samples. More precise and more biased \
                              than the fit of all parameters at once. The residual is that of all samples. Standard \
                              deviations carry the noise of each step into the next and know nothing of the bias.",
                residual_unit: "signal^2",
                bounds: true,
                maximum_iterations: nlls::MAXIMUM_ITERATIONS,
                citation: Some("Cho GY et al. Magn Reson Med 2015;74:1077-1085"),
                doi: None,
            },
            Self::Prior => EstimatorDescription {
                id: "prior",
                name: "Maximum a posteriori with a stated prior",
                description: "The mode of the posterior under a prior that the model states, with noise of unknown \
                              variance: it minimises n ln(residual) plus the squared distances from the prior's means \
                              in its standard deviations. Less variable than least squares where the data say little, \
                              and drawn towards the prior there. Standard deviations: curvature of the log posterior.",
                residual_unit: "signal^2",
                bounds: true,
                maximum_iterations: ivim_prior::MAXIMUM_ITERATIONS,
                citation: Some("Neil JJ, Bretthorst GL. Magn Reson Med 1993;29:642-647"),
                doi: None,
            },
            Self::ReducedDimension => EstimatorDescription {
                id: "reduced-dimension",
                name: "Nonlinear least squares by a search over one parameter",
                description: "A search over the one nonlinear parameter; for each of its values the others enter \
                              linearly and have a closed form. It finds the least of all minima. Standard deviations: \
                              residual variance on n - p degrees of freedom times the inverse of J'J.",
                residual_unit: "signal^2",
                bounds: true,
                maximum_iterations: reduced_dimension::MAXIMUM_ITERATIONS,
                citation: Some("Barral JK et al. Magn Reson Med 2010;64:1057-1067"),
                doi: Some("10.1002/mrm.22497"),
            },
            Self::ClosedForm => EstimatorDescription {
                id: "closed-form",
                name: "Closed form",
                description: "The model's equations solved for its parameters: with as many different settings as \
                              parameters, repeated samples averaged, this is the least-squares solution. Standard \
                              deviations: residual variance on n - p degrees of freedom, by the delta method.",
                residual_unit: "signal^2",
                bounds: false,
                maximum_iterations: 1,
                citation: None,
                doi: None,
            },
            Self::Nlls => EstimatorDescription {
                id: "nlls",
                name: "Nonlinear least squares, bounded",
                description: "Levenberg-Marquardt with Marquardt's scaling, analytic Jacobian and an active set of \
                              bounds. It iterates in the samples' precision and certifies in double precision, in which \
                              it repeats what single precision cannot settle. Samples may be zero or negative. Standard \
                              deviations: residual variance on n - p degrees of freedom times the inverse of J'J of \
                              the parameters off their bounds. With Rician noise it \
                              maximises the likelihood: the residual is sigma^2 times -2 ln L less a function of the \
                              samples alone, and the standard deviations are those of the Fisher information.",
                residual_unit: "signal^2",
                bounds: true,
                maximum_iterations: nlls::MAXIMUM_ITERATIONS,
                citation: Some("Marquardt DW. J Soc Indust Appl Math 1963;11:431-441"),
                doi: Some("10.1137/0111030"),
            },
        }
    }

    /// The same for one model, where a shared name stands for another linear form than ln S.
    pub fn describe_for(self, model: &str) -> EstimatorDescription {
        match (model, self) {
            ("variable-flip-angle", Self::Ols | Self::Iwls) => variable_flip_angle::describe(self),
            _ => self.describe(),
        }
    }

    /// The estimator of that id among those a model offers.
    ///
    /// # Errors
    /// The model does not offer it.
    pub fn find(id: &str, model: &dyn Model) -> Result<Self, CoreError> {
        let description = model.description();
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub model: String,
    pub estimator: String,
    pub protocol: Protocol,
    #[serde(default)]
    pub settings: Settings,
    /// By parameter: `[lower, upper]`, null where unbounded; others keep the model's.
    #[serde(default)]
    pub bounds: BTreeMap<String, [Option<f64>; 2]>,
    /// Parameters that are not estimated, with their values.
    #[serde(default)]
    pub fix: BTreeMap<String, f64>,
    /// Parameters that are not estimated and differ from voxel to voxel: their values stand as further rows after the
    /// samples, in this order.
    #[serde(default)]
    pub maps: Vec<String>,
    /// Parameters that the model holds and that are to be estimated.
    #[serde(default)]
    pub free: Vec<String>,
    /// Parameters estimated with one value for all voxels.
    #[serde(default)]
    pub shared: Vec<String>,
    /// Where the iteration starts; parameters that are not named start at the model's guess.
    #[serde(default)]
    pub start: BTreeMap<String, f64>,
    /// Starts tried for each voxel, the best minimum kept; absent: as many as the model holds necessary.
    #[serde(default)]
    pub starts: Option<u32>,
    #[serde(default)]
    pub noise: NoiseModel,
    /// Whether correlations of the estimates are wanted.
    #[serde(default)]
    pub correlation: bool,
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

/// The distribution of the samples, whose likelihood the nonlinear fit maximises. Sigma is the standard deviation of
/// each channel, in the samples' unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum NoiseModel {
    /// Normal errors of one unknown variance: least squares.
    #[default]
    Gaussian,
    /// Normal errors about sqrt(signal^2 + sigma^2), the noise floor of magnitudes.
    OffsetGaussian { sigma: f64 },
    /// Magnitudes of one channel.
    Rician { sigma: f64 },
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

/// What becomes of a parameter in a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role<'a, T> {
    Free,
    /// The same value everywhere.
    Fixed(f64),
    /// A value for each voxel.
    Mapped(&'a [T]),
    /// Estimated, one value for all voxels.
    Shared,
}

impl<T: Real> Role<'_, T> {
    /// The value at which the parameter is held in a voxel; nothing where it is estimated.
    #[inline(always)]
    pub fn held(&self, voxel: usize) -> Option<f64> {
        match self {
            Self::Free | Self::Shared => None,
            Self::Fixed(value) => Some(*value),
            Self::Mapped(values) => Some(values[voxel].to_f64()),
        }
    }
}

/// A checked request with its samples: what an estimator works on.
#[derive(Clone)]
pub struct Job<'a, T> {
    pub model: &'static dyn Model,
    pub estimator: Estimator,
    pub design: &'a Design,
    pub samples: Samples<'a, T>,
    /// Rows of the samples that `design` describes, in its order.
    pub rows: Vec<usize>,
    /// One for each parameter.
    pub bounds: Vec<Bounds>,
    pub roles: Vec<Role<'a, T>>,
    pub start: Vec<Option<f64>>,
    pub starts: Option<u32>,
    pub noise: NoiseModel,
    pub correlation: bool,
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
    pub fn sample(&self, s: usize) -> &'a [T] {
        &self.data[s * self.voxels..(s + 1) * self.voxels]
    }
}

/// Results of many voxels; `parameters` and `standard_deviations` are `[p * voxels + v]`.
///
/// A voxel whose fit failed has NaN throughout and a status that says why. Of a voxel that is not identifiable, the
/// parameters that the samples determine have their values and the others NaN (closed forms: all NaN). A standard
/// deviation is infinite where the data give none: no residual degrees of freedom (n = p), or a parameter on its bound;
/// it is 0 for a parameter that was held.
///
/// The residual is what the estimator minimises: a sum of squares, or, for Rician noise, sum (m - S)^2 - 2 sigma^2
/// ln(e^-z I0(z)) with z = m S / sigma^2, which is sigma^2 times -2 ln L less a function of the samples m alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit<T> {
    pub voxels: usize,
    pub parameters: Vec<T>,
    pub standard_deviations: Vec<T>,
    pub residual: Vec<T>,
    pub status: Vec<u8>,
    pub iterations: Vec<u32>,
    /// Largest cosine between the residual and a free parameter's column of the Jacobian; 0 for closed forms.
    pub gradient: Vec<T>,
    /// Bit j: parameter j lies on its lower bound; bit 16 + j: on its upper one.
    pub active: Vec<u32>,
    /// Condition number, in the 1-norm, of J'J of the free parameters off their bounds, scaled to unit diagonal; 0
    /// for closed forms.
    pub condition: Vec<T>,
    /// Correlations of the estimates where they were asked for: pair (j, k), k < j, at `[(j (j - 1) / 2 + k) * voxels +
    /// v]`; 0 with a parameter that is held or on a bound.
    pub correlation: Vec<T>,
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
            gradient: vec![T::from_f64(0.0); voxels],
            active: vec![0; voxels],
            condition: vec![T::from_f64(0.0); voxels],
            correlation: Vec::new(),
        }
    }
}

/// What a closed form or a search makes of one voxel.
#[derive(Debug, Clone, PartialEq)]
pub struct VoxelFit {
    pub status: Status,
    pub parameters: Vec<f64>,
    pub standard_deviations: Vec<f64>,
    pub residual: f64,
    pub iterations: u32,
}

impl VoxelFit {
    /// A voxel without an estimate.
    pub fn without_numbers(status: Status, iterations: u32) -> Self {
        let (parameters, standard_deviations) = (Vec::new(), Vec::new());
        Self { status, parameters, standard_deviations, residual: f64::NAN, iterations }
    }
}

/// Fits voxel after voxel with an estimator written for one: it gets the samples and the held value of each parameter.
/// A voxel with a sample that is not finite, or whose samples are all the same, never reaches it.
pub fn per_voxel<T: Real>(job: &Job<T>, mut estimate: impl FnMut(&[f64], &[Option<f64>]) -> VoxelFit) -> Fit<T> {
    each_voxel(job, |_, y, held| {
        if y.iter().all(|&value| value == y[0]) {
            return VoxelFit::without_numbers(Status::FailedNoSignal, 0);
        }
        let fit = estimate(y, held);
        match fit.status {
            Status::NotIdentifiable => VoxelFit::without_numbers(fit.status, fit.iterations),
            _ => fit,
        }
    })
}

/// As [`per_voxel`], for estimators that know what to make of constant samples and that give, where the status is not
/// identifiable, what is determined and NaN for the rest. They also get the voxel's index.
pub fn each_voxel<T: Real>(
    job: &Job<T>,
    mut estimate: impl FnMut(usize, &[f64], &[Option<f64>]) -> VoxelFit,
) -> Fit<T> {
    let (voxels, count) = (job.samples.voxels, job.bounds.len());
    let mut out = Fit::empty(count, voxels);
    let mut y = vec![0.0; job.rows.len()];
    let mut held = vec![None; count];
    for v in 0..voxels {
        for (y, &row) in y.iter_mut().zip(&job.rows) {
            *y = job.samples.sample(row)[v].to_f64();
        }
        for (held, role) in held.iter_mut().zip(&job.roles) {
            *held = role.held(v);
        }
        if y.iter().chain(held.iter().flatten()).any(|value| !value.is_finite()) {
            out.status[v] = Status::FailedNonFinite as u8;
            continue;
        }
        let fit = estimate(v, &y, &held);
        out.status[v] = fit.status as u8;
        out.iterations[v] = fit.iterations;
        let numbers = fit.status.has_estimate() || fit.status == Status::NotIdentifiable;
        if numbers && !fit.parameters.is_empty() {
            for (j, (role, bounds)) in job.roles.iter().zip(&job.bounds).enumerate() {
                let value = fit.parameters[j];
                out.parameters[j * voxels + v] = T::from_f64(value);
                out.standard_deviations[j * voxels + v] = T::from_f64(fit.standard_deviations[j]);
                let free = matches!(role, Role::Free);
                out.active[v] |= u32::from(free && value == bounds.lower) << j;
                out.active[v] |= u32::from(free && value == bounds.upper) << (16 + j);
            }
            out.residual[v] = T::from_f64(fit.residual);
        }
    }
    out
}

/// Fits `request` to (samples + maps) x voxels.
///
/// # Errors
/// Every way in which a request, a protocol or the array's length can be wrong; see [`CoreError`].
pub fn fit<T: Precision>(request: &Request, data: &[T], voxels: usize) -> Result<Fit<T>, CoreError> {
    let model = models::find(&request.model)?;
    let estimator = Estimator::find(&request.estimator, model)?;
    let description = model.description();
    let design = model.design(&request.protocol, &request.settings)?;
    check_length("samples", data.len(), design.rows() + request.maps.len(), voxels)?;
    let samples = Samples { data, voxels };
    let job = Job {
        model,
        estimator,
        design: &design,
        samples,
        rows: (0..design.rows()).collect(),
        bounds: bounds(request, estimator, description.parameters)?,
        roles: roles(request, estimator, samples, design.rows(), description.parameters)?,
        start: start(request, description.parameters)?,
        starts: request.starts,
        noise: noise(request, estimator, description.magnitude)?,
        correlation: request.correlation,
    };
    check_starts(&job, description.parameters)?;
    check_iteration(request, estimator)?;
    dispatch(&job)
}

/// The estimator of a model: closed forms and searches by name, everything else by the general solver.
fn dispatch<T: Precision>(job: &Job<T>) -> Result<Fit<T>, CoreError> {
    let description = job.model.description();
    if description.id == "clinical-adc" {
        return clinical_adc::fit(job);
    }
    check_samples(job)?;
    match (description.id, job.estimator) {
        ("mono-exponential", Estimator::Ols | Estimator::Wls | Estimator::Iwls) => Ok(log_linear::of_job(job)),
        ("inversion-recovery", Estimator::ReducedDimension) => reduced_dimension::magnitude(job),
        ("inversion-recovery-complex", Estimator::ReducedDimension) => reduced_dimension::complex(job),
        ("variable-flip-angle", Estimator::Ols | Estimator::Iwls) => variable_flip_angle::fit(job),
        ("t2" | "t2star", Estimator::Ols | Estimator::Wls | Estimator::Iwls) => Ok(relaxation_log_linear::fit(job)),
        ("two-point-t2", Estimator::ClosedForm) => relaxation_log_linear::two_point(job),
        ("kurtosis", Estimator::Ols | Estimator::Wls | Estimator::Iwls) => Ok(kurtosis_log_linear::fit(job)),
        ("ivim", Estimator::Segmented) => segmented_ivim::fit(job),
        ("ivim", Estimator::Prior) => Ok(ivim_prior::fit(job, signal_of(job.model)?)),
        ("mtr", Estimator::ClosedForm) => Ok(mt::mtr(job)),
        ("mtsat", Estimator::ClosedForm) => mt::mtsat(job),
        (_, Estimator::Nlls) => Ok(nlls::fit(job, signal_of(job.model)?)),
        (id, estimator) => unreachable!("{id} offers {estimator:?} and nothing here fits it"),
    }
}

/// # Errors
/// The model predicts no signal.
pub fn signal_of(model: &'static dyn Model) -> Result<&'static dyn AnySignal, CoreError> {
    model.signal().ok_or(CoreError::NoPrediction { model: model.description().id })
}

/// Length of a sample-major array.
pub(crate) fn check_length(field: &str, found: usize, rows: usize, voxels: usize) -> Result<(), CoreError> {
    if rows.checked_mul(voxels) == Some(found) {
        return Ok(());
    }
    let expected = format!("{rows} x {voxels} values (rows x voxels)");
    Err(CoreError::Length { field: field.into(), found, expected })
}

/// Enough samples for the free parameters, and settings that differ.
fn check_samples<T: Real>(job: &Job<T>) -> Result<(), CoreError> {
    let (design, description) = (job.design, job.model.description());
    let first = description.protocol[0].name;
    let field = || format!("protocol.{first}");
    let free = job.roles.iter().filter(|role| matches!(role, Role::Free | Role::Shared)).count();
    let minimum = description.minimum_samples.saturating_sub(job.roles.len() - free).max(free);
    if design.rows() < minimum {
        return Err(CoreError::TooFewSamples { field: field(), found: design.rows(), minimum });
    }
    if design.rows() > 1 && (1..design.rows()).all(|i| design.row(i) == design.row(0)) {
        let value = design.row(0)[0];
        return Err(match first {
            "b" => CoreError::OneUniqueB { field: field(), value },
            _ => CoreError::OutOfRange {
                field: field(),
                found: value,
                expected: "at least two different settings".into(),
            },
        });
    }
    Ok(())
}

fn parameter(field: &str, name: &str, parameters: &[Parameter]) -> Result<usize, CoreError> {
    parameters.iter().position(|parameter| parameter.name == name).ok_or_else(|| CoreError::Choice {
        field: format!("{field}.{name}"),
        found: name.into(),
        expected: format!("one of {}", parameters.iter().map(|p| p.name).collect::<Vec<_>>().join(", ")),
    })
}

fn finite(field: &str, name: &str, value: f64) -> Result<f64, CoreError> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(CoreError::NotFinite { field: format!("{field}.{name}"), found: value.to_string() })
}

/// Which parameters are held, and at what.
fn roles<'a, T: Real>(
    request: &Request,
    estimator: Estimator,
    samples: Samples<'a, T>,
    rows: usize,
    parameters: &[Parameter],
) -> Result<Vec<Role<'a, T>>, CoreError> {
    let mut roles: Vec<Role<T>> = parameters.iter().map(|p| p.held.map_or(Role::Free, Role::Fixed)).collect();
    let general = estimator == Estimator::Nlls && request.model != "clinical-adc";
    // A closed form can only take what the model itself holds; the nonlinear fit can hold anything.
    let index = |field: &str, name: &str| {
        let j = parameter(field, name, parameters)?;
        if parameters[j].held.is_some() || general {
            return Ok(j);
        }
        let expected = format!("a parameter that is not estimated; {} can hold no other", estimator.describe().id);
        Err(CoreError::Choice { field: format!("{field}.{name}"), found: name.into(), expected })
    };
    for (name, &value) in &request.fix {
        roles[index("fix", name)?] = Role::Fixed(finite("fix", name, value)?);
    }
    for (k, name) in request.maps.iter().enumerate() {
        roles[index("maps", name)?] = Role::Mapped(samples.sample(rows + k));
    }
    for (field, names, role) in [("free", &request.free, Role::Free), ("shared", &request.shared, Role::Shared)] {
        for name in names {
            let j = parameter(field, name, parameters)?;
            let expected = match () {
                () if !general => format!("nothing: only nlls sets parameters free or shares them ({})", request.model),
                () if request.fix.contains_key(name) || request.maps.contains(name) => {
                    "a parameter that is neither fixed nor mapped".into()
                }
                () => {
                    roles[j] = role;
                    continue;
                }
            };
            return Err(CoreError::Choice { field: format!("{field}.{name}"), found: name.clone(), expected });
        }
    }
    if !parameters.is_empty() && !roles.iter().any(|role| matches!(role, Role::Free | Role::Shared)) {
        let (field, found) = ("fix".into(), "every parameter".into());
        return Err(CoreError::Choice { field, found, expected: "at least one parameter left to estimate".into() });
    }
    Ok(roles)
}

fn start(request: &Request, parameters: &[Parameter]) -> Result<Vec<Option<f64>>, CoreError> {
    let mut start = vec![None; parameters.len()];
    for (name, &value) in &request.start {
        start[parameter("start", name, parameters)?] = Some(finite("start", name, value)?);
    }
    Ok(start)
}

/// A stated start lies inside the bounds.
fn check_starts<T: Real>(job: &Job<T>, parameters: &[Parameter]) -> Result<(), CoreError> {
    if job.starts == Some(0) {
        let (field, expected) = ("starts".into(), "1 or more".into());
        return Err(CoreError::OutOfRange { field, found: 0.0, expected });
    }
    for ((start, bounds), parameter) in job.start.iter().zip(&job.bounds).zip(parameters) {
        if let Some(found) = start.filter(|start| *start < bounds.lower || *start > bounds.upper) {
            let expected = format!("inside the bounds [{}, {}]", bounds.lower, bounds.upper);
            return Err(CoreError::OutOfRange { field: format!("start.{}", parameter.name), found, expected });
        }
    }
    Ok(())
}

/// What only the iteration understands: a closed form or a search of its own would ignore it. Shared parameters leave no
/// correlations voxel by voxel, and rest on sums of squares.
fn check_iteration(request: &Request, estimator: Estimator) -> Result<(), CoreError> {
    let general = estimator == Estimator::Nlls && request.model != "clinical-adc";
    let (shared, gaussian) = (!request.shared.is_empty(), request.noise == NoiseModel::Gaussian);
    let asked = [
        ("start", general || request.start.is_empty(), "nothing: only nlls of one signal equation has a start"),
        ("starts", general || request.starts.is_none(), "nothing: only nlls of one signal equation has starts"),
        ("correlation", general || !request.correlation, "false: only nlls of one signal equation gives correlations"),
        ("correlation", !(shared && request.correlation), "false with shared parameters"),
        ("noise.kind", !shared || gaussian, "gaussian with shared parameters"),
    ];
    match asked.into_iter().find(|(_, fits, _)| !fits) {
        Some((field, _, expected)) => {
            let (field, found) = (field.into(), format!("given to {}", estimator.describe().id));
            Err(CoreError::Choice { field, found, expected: expected.into() })
        }
        None => Ok(()),
    }
}

/// The noise model, which only the nonlinear fit of magnitudes can keep to.
fn noise(request: &Request, estimator: Estimator, magnitude: bool) -> Result<NoiseModel, CoreError> {
    let (kind, sigma) = match request.noise {
        NoiseModel::Gaussian => return Ok(NoiseModel::Gaussian),
        NoiseModel::OffsetGaussian { sigma } => ("offset-gaussian", sigma),
        NoiseModel::Rician { sigma } => ("rician", sigma),
    };
    if !(sigma.is_finite() && sigma > 0.0) {
        let (field, expected) = ("noise.sigma".into(), "a standard deviation above 0".into());
        return Err(CoreError::OutOfRange { field, found: sigma, expected });
    }
    if estimator != Estimator::Nlls || !magnitude {
        let expected =
            if magnitude { "gaussian: only nlls knows other noise" } else { "gaussian: these are no magnitudes" };
        return Err(CoreError::Choice { field: "noise.kind".into(), found: kind.into(), expected: expected.into() });
    }
    Ok(request.noise)
}

/// The model's bounds, replaced by those of the request.
fn bounds(request: &Request, estimator: Estimator, parameters: &[Parameter]) -> Result<Vec<Bounds>, CoreError> {
    let mut bounds: Vec<Bounds> = parameters.iter().map(Bounds::from).collect();
    if request.bounds.is_empty() {
        return Ok(bounds);
    }
    if !estimator.describe().bounds {
        let found = request.bounds.keys().cloned().collect();
        return Err(CoreError::BoundsUnsupported { estimator: estimator.describe().id, found });
    }
    let boundable = |parameter: &Parameter| request.model != "clinical-adc" || parameter.unit == "mm2/s";
    for (name, [lower, upper]) in &request.bounds {
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
