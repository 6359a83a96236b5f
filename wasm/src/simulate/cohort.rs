//! A test-retest cohort of diffusion-relaxation images whose parameters are known for each subject, session and tissue.

use super::noise::{Kind, Noise};
use super::random::Draws;
use super::{check, noise};
use crate::error::CoreError;
use crate::fit;
use crate::models::{self, Model};
use crate::predict;
use crate::protocol::{Protocol, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::collections::BTreeMap;

/// The signal model, and the model whose metrics the truth states (log-linear, unweighted).
pub const MODEL: &str = "t2-ivim-kurtosis";
pub const METRICS: &str = "clinical-adc";
const ESTIMATOR: &str = "ols";

/// Everything that determines a cohort; times in s, b in s/mm2, lengths in mm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub seed: u64,
    pub subjects: u32,
    pub sessions: u32,
    /// Voxels along x (towards the right), y (anterior) and z (superior).
    pub shape: [u32; 3],
    pub voxel_size: [f64; 3],
    pub protocol: Crossed,
    pub noise: NoiseLevel,
    pub tissues: Vec<Tissue>,
    /// What fills the body between the tissues; drawn but not labelled, and not part of the truth.
    pub remainder: Tissue,
    pub geometry: Geometry,
}

/// Every b at every TE.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crossed {
    pub b: Vec<f64>,
    #[serde(rename = "TE")]
    pub te: Vec<f64>,
}

/// Noise with sigma = (noise-free signal of `tissue` at `b` and `TE`, mean parameters) / `snr` in every scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseLevel {
    pub kind: String,
    pub snr: f64,
    pub tissue: String,
    pub b: f64,
    #[serde(rename = "TE")]
    pub te: f64,
}

/// A tissue: a parameter of subject i in session j is mean * B_i * W_ij with independent log-normal factors of mean 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tissue {
    pub name: String,
    /// Mean of each parameter of the signal model.
    pub mean: BTreeMap<String, f64>,
    /// Coefficient of variation of B by parameter; 0 where absent.
    #[serde(default)]
    pub between: BTreeMap<String, f64>,
    /// Coefficient of variation of W by parameter; 0 where absent.
    #[serde(default)]
    pub within: BTreeMap<String, f64>,
    /// Where the ellipsoids of the tissue lie; empty for the remainder. Later tissues overwrite earlier ones.
    #[serde(default)]
    pub parts: Vec<Ellipsoid>,
    /// Where the means come from.
    pub source: String,
}

/// Axis-parallel, in mm from the centre of the grid; a voxel belongs to it when its centre does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ellipsoid {
    pub centre: [f64; 3],
    pub radii: [f64; 3],
    /// A concentric part that is cut out, as a fraction of the radii.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hollow: Option<f64>,
}

/// Anatomy and position. A voxel is wholly one tissue, so labels are exact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// Radii (mm) along x and y of the body, an elliptic cylinder along z.
    pub body: [f64; 2],
    /// Coefficient of variation between subjects of the whole body's size.
    pub size_cv: f64,
    /// Coefficient of variation between subjects of each radius of each ellipsoid.
    pub radius_cv: f64,
    /// Standard deviation between subjects of each ellipsoid's position along each axis, mm.
    pub position_sd: f64,
    /// Standard deviation between sessions of the whole body's position along each axis, mm.
    pub shift_sd: f64,
}

/// What a stream of random numbers is for; part of its address.
#[derive(Clone, Copy)]
enum Purpose {
    Noise = 1,
    Anatomy = 2,
    Position = 3,
    Between = 4,
    Within = 5,
    PopulationBetween = 6,
    PopulationWithin = 7,
}

fn stream(purpose: Purpose, tissue: usize, subject: u32, session: u32) -> u64 {
    (purpose as u64) << 56 | (tissue as u64) << 48 | u64::from(subject) << 16 | u64::from(session)
}

/// Parameters of a tissue in the model's order.
#[derive(Debug, Clone, PartialEq)]
struct Checked {
    mean: Vec<f64>,
    between: Vec<f64>,
    within: Vec<f64>,
}

impl Checked {
    /// Parameters of one session: a subject's factors and the session's.
    fn parameters(&self, between: &mut Draws, within: &mut Draws) -> Vec<f64> {
        (0..self.mean.len())
            .map(|j| self.mean[j] * between.factor(self.between[j]) * within.factor(self.within[j]))
            .collect()
    }
}

/// A cohort ready to be drawn. Every scan depends on the specification and its own numbers only.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    spec: Spec,
    tissues: Vec<Checked>,
    remainder: Checked,
    noise: Noise,
}

/// Repeatability of one metric in one tissue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeatability {
    pub mean: f64,
    /// sqrt(mean(d^2 / 2)), d the difference of a subject's two sessions.
    pub within_sd: f64,
    /// within_sd / mean
    pub wcv: f64,
    /// sqrt(mean((d / m)^2 / 2)), m the mean of a subject's two sessions.
    pub wcv_rms: f64,
    /// sqrt(variance of the subjects' means - within_sd^2 / 2) / mean; 0 where that variance is the smaller one.
    pub between_cv: f64,
}

impl Cohort {
    /// Checks a specification.
    ///
    /// # Errors
    /// A count of 0, a size or spread out of range, an unknown or missing parameter, an unknown reference tissue.
    pub fn new(spec: Spec) -> Result<Self, CoreError> {
        check("subjects", f64::from(spec.subjects), 1.0, 1e6, "1 to 1000000 subjects")?;
        check("sessions", f64::from(spec.sessions), 1.0, 65_535.0, "1 to 65535 sessions")?;
        for axis in 0..3 {
            check(&format!("shape[{axis}]"), f64::from(spec.shape[axis]), 1.0, 1024.0, "1 to 1024 voxels")?;
            check(&format!("voxel_size[{axis}]"), spec.voxel_size[axis], 1e-3, 1e3, "0.001 to 1000 mm")?;
        }
        check("tissues", spec.tissues.len() as f64, 1.0, 255.0, "1 to 255 tissues, as many as labels of one byte")?;
        let geometry = &spec.geometry;
        for (field, value) in [
            ("size_cv", geometry.size_cv),
            ("radius_cv", geometry.radius_cv),
            ("position_sd", geometry.position_sd),
            ("shift_sd", geometry.shift_sd),
        ] {
            check(&format!("geometry.{field}"), value, 0.0, 1e3, "0 or more")?;
        }
        for axis in 0..2 {
            check(&format!("geometry.body[{axis}]"), geometry.body[axis], 1e-3, 1e4, "a radius in mm")?;
        }
        for (i, tissue) in spec.tissues.iter().enumerate() {
            if spec.tissues[..i].iter().any(|other| other.name == tissue.name) {
                return Err(CoreError::Choice {
                    field: format!("tissues[{i}].name"),
                    found: tissue.name.clone(),
                    expected: "each name once".into(),
                });
            }
            for (k, part) in tissue.parts.iter().enumerate() {
                let field = format!("tissues.{}.parts[{k}]", tissue.name);
                for axis in 0..3 {
                    check(&format!("{field}.centre[{axis}]"), part.centre[axis], -1e4, 1e4, "mm from the centre")?;
                    check(&format!("{field}.radii[{axis}]"), part.radii[axis], 1e-3, 1e4, "a radius in mm")?;
                }
                check(&format!("{field}.hollow"), part.hollow.unwrap_or(0.0), 0.0, 1.0, "0 to 1")?;
            }
        }
        let tissues = spec.tissues.iter().map(checked).collect::<Result<Vec<_>, _>>()?;
        let remainder = checked(&spec.remainder)?;
        check("noise.snr", spec.noise.snr, f64::MIN_POSITIVE, f64::MAX, "a ratio above 0")?;
        let reference = spec.tissues.iter().position(|tissue| tissue.name == spec.noise.tissue).ok_or_else(|| {
            let known: Vec<&str> = spec.tissues.iter().map(|tissue| tissue.name.as_str()).collect();
            CoreError::Choice {
                field: "noise.tissue".into(),
                found: spec.noise.tissue.clone(),
                expected: format!("one of {}", known.join(", ")),
            }
        })?;
        let at = Protocol::new(&[("b", &[spec.noise.b]), ("TE", &[spec.noise.te])]);
        let sigma = signals(&at, &tissues[reference].mean, 1)?[0] / spec.noise.snr;
        let noise = Noise::new(Kind::parse(&spec.noise.kind)?, sigma, spec.seed)?;
        let cohort = Self { spec, tissues, remainder, noise };
        // The protocol has to serve the metrics as well: say so now, not at the first scan.
        let mean = cohort.tissues[0].mean.clone();
        cohort.metrics(&mean, 1)?;
        Ok(cohort)
    }

    /// The specification.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Standard deviation of the noise of each channel, in the unit of the signal.
    pub fn sigma(&self) -> f64 {
        self.noise.sigma
    }

    fn voxels(&self) -> usize {
        self.spec.shape.iter().map(|&size| size as usize).product()
    }

    /// Tissue of each voxel: 0 outside and in the remainder, else 1 + its place in the list. Subjects and sessions count
    /// from 0.
    ///
    /// # Errors
    /// No such subject or session.
    pub fn labels(&self, subject: u32, session: u32) -> Result<Vec<u8>, CoreError> {
        let remainder = self.spec.tissues.len() as u8 + 1;
        let places = self.places(subject, session)?;
        Ok(places.into_iter().map(|place| if place == remainder { 0 } else { place }).collect())
    }

    /// As labels, the remainder one above the last tissue.
    fn places(&self, subject: u32, session: u32) -> Result<Vec<u8>, CoreError> {
        self.check_scan(subject, session)?;
        let (spec, geometry) = (&self.spec, &self.spec.geometry);
        let mut anatomy = Draws::new(spec.seed, stream(Purpose::Anatomy, 0, subject, 0));
        let size = anatomy.factor(geometry.size_cv);
        let parts: Vec<(u8, Ellipsoid)> = (1..)
            .zip(&spec.tissues)
            .flat_map(|(label, tissue)| tissue.parts.iter().map(move |part| (label, part)))
            .map(|(label, part)| {
                let radii = part.radii.map(|radius| size * radius * anatomy.factor(geometry.radius_cv));
                let centre = part.centre.map(|at| size * at + geometry.position_sd * anatomy.normal());
                (label, Ellipsoid { centre, radii, hollow: part.hollow })
            })
            .collect();
        let body = geometry.body.map(|radius| size * radius);
        let mut position = Draws::new(spec.seed, stream(Purpose::Position, 0, subject, session));
        let shift = [0; 3].map(|_| geometry.shift_sd * position.normal());

        let [nx, ny, nz] = spec.shape;
        let at = |axis: usize, i: u32| {
            (f64::from(i) - (f64::from(spec.shape[axis]) - 1.0) / 2.0) * spec.voxel_size[axis] - shift[axis]
        };
        let mut labels = Vec::with_capacity(self.voxels());
        for z in (0..nz).map(|i| at(2, i)) {
            for y in (0..ny).map(|i| at(1, i)) {
                for x in (0..nx).map(|i| at(0, i)) {
                    let inside = x * x / (body[0] * body[0]) + y * y / (body[1] * body[1]) <= 1.0;
                    let mut label = if inside { spec.tissues.len() as u8 + 1 } else { 0 };
                    for (own, part) in &parts {
                        let square: f64 = [x, y, z]
                            .iter()
                            .enumerate()
                            .map(|(axis, at)| (at - part.centre[axis]) / part.radii[axis])
                            .map(|ratio| ratio * ratio)
                            .sum();
                        let hollow = part.hollow.unwrap_or(0.0);
                        if inside && square <= 1.0 && square >= hollow * hollow {
                            label = *own;
                        }
                    }
                    labels.push(label);
                }
            }
        }
        Ok(labels)
    }

    /// True parameters of a tissue in one session, in the model's order.
    fn parameters(&self, tissue: usize, subject: u32, session: u32) -> Vec<f64> {
        let checked = self.tissues.get(tissue).unwrap_or(&self.remainder);
        checked.parameters(
            &mut Draws::new(self.spec.seed, stream(Purpose::Between, tissue, subject, 0)),
            &mut Draws::new(self.spec.seed, stream(Purpose::Within, tissue, subject, session)),
        )
    }

    /// Noisy images of one scan at one TE: `[i * voxels + v]`, i along the list of b.
    ///
    /// # Errors
    /// No such subject, session or TE.
    pub fn samples(&self, subject: u32, session: u32, te: usize) -> Result<Vec<f64>, CoreError> {
        let places = self.places(subject, session)?;
        let Crossed { b, te: times } = &self.spec.protocol;
        let Some(&time) = times.get(te) else {
            return Err(CoreError::OutOfRange {
                field: "te".into(),
                found: te as f64,
                expected: format!("an index below {}", times.len()),
            });
        };
        let protocol = Protocol::new(&[("b", b), ("TE", &vec![time; b.len()])]);
        // Signals of each place: outside, tissues, remainder.
        let mut rows = vec![vec![0.0; b.len()]];
        for tissue in 0..=self.tissues.len() {
            rows.push(signals(&protocol, &self.parameters(tissue, subject, session), 1)?);
        }
        let voxels = self.voxels();
        let (rows, places) = (&rows, &places);
        let mut out: Vec<f64> =
            (0..b.len()).flat_map(|i| places.iter().map(move |&place| rows[usize::from(place)][i])).collect();
        let first = (te * b.len() * voxels) as u64;
        noise::add_from(&mut out, &self.noise, stream(Purpose::Noise, 0, subject, session), first);
        Ok(out)
    }

    /// Metrics that the noise-free signals of `voxels` parameter sets give, `[p * voxels + v]`.
    fn metrics(&self, parameters: &[f64], voxels: usize) -> Result<Vec<f64>, CoreError> {
        let te = self.spec.protocol.te.iter().copied().fold(f64::INFINITY, f64::min);
        let b = &self.spec.protocol.b;
        let times = vec![te; b.len()];
        let protocol = Protocol::new(&[("b", b), ("TE", &times)]);
        let samples = signals(&protocol, parameters, voxels)?;
        let request =
            fit::Request { model: METRICS.into(), estimator: ESTIMATOR.into(), protocol, ..fit::Request::default() };
        Ok(fit::fit(&request, &samples, voxels)?.parameters)
    }

    /// Everything that is true: units, parameters and metrics of each subject, session and tissue, the spreads that were put
    /// in, and repeatability of the metrics in the drawn subjects (two sessions or more: the first two).
    ///
    /// # Errors
    /// None once the specification is checked.
    pub fn truth(&self) -> Result<Value, CoreError> {
        let (model, metrics) = descriptions()?;
        let (subjects, sessions) = (self.spec.subjects, self.spec.sessions);
        let mut rows = Vec::new();
        let mut drawn = Vec::new();
        for (tissue, stated) in self.spec.tissues.iter().enumerate() {
            let mut values = vec![Vec::new(); metrics.parameters.len()];
            for subject in 0..subjects {
                for session in 0..sessions {
                    let parameters = self.parameters(tissue, subject, session);
                    let found = self.metrics(&parameters, 1)?;
                    for (values, &value) in values.iter_mut().zip(&found) {
                        values.push(value);
                    }
                    rows.push(json!({
                        "subject": subject,
                        "session": session,
                        "tissue": stated.name,
                        "parameters": named(model.parameters, &parameters),
                        "metrics": named(metrics.parameters, &found),
                    }));
                }
            }
            if sessions >= 2 {
                drawn.extend(rows_of(&stated.name, metrics.parameters, |j| {
                    let per = sessions as usize;
                    let pairs: Vec<[f64; 2]> = values[j].chunks(per).map(|own| [own[0], own[1]]).collect();
                    repeatability(&pairs)
                }));
            }
        }
        let spreads: Vec<Value> = self
            .spec
            .tissues
            .iter()
            .zip(&self.tissues)
            .flat_map(|(stated, checked)| {
                model.parameters.iter().enumerate().map(move |(j, parameter)| {
                    json!({
                        "tissue": stated.name,
                        "parameter": parameter.name,
                        "unit": parameter.unit,
                        "mean": checked.mean[j],
                        "between_cv": checked.between[j],
                        "within_cv": checked.within[j],
                    })
                })
            })
            .collect();
        Ok(json!({
            "model": MODEL,
            "metrics": METRICS,
            "estimator": ESTIMATOR,
            "sigma": self.sigma(),
            "rows": rows,
            "spreads": spreads,
            "drawn": drawn,
        }))
    }

    /// Repeatability of the noise-free metrics in the population, from a draw of that many subjects with two sessions each.
    ///
    /// # Errors
    /// Fewer than 2 or more than 10 million subjects.
    pub fn population(&self, subjects: u32) -> Result<Value, CoreError> {
        check("subjects", f64::from(subjects), 2.0, 1e7, "2 to 10000000 subjects")?;
        let (_, metrics) = descriptions()?;
        let mut rows = Vec::new();
        for (tissue, checked) in self.tissues.iter().enumerate() {
            let mut values = vec![Vec::with_capacity(subjects as usize); metrics.parameters.len()];
            for first in (0..subjects).step_by(BLOCK) {
                let count = BLOCK.min((subjects - first) as usize);
                let voxels = 2 * count;
                let mut parameters = vec![0.0; checked.mean.len() * voxels];
                for v in 0..voxels {
                    let (subject, session) = (first + v as u32 / 2, v as u32 % 2);
                    let own = checked.parameters(
                        &mut Draws::new(self.spec.seed, stream(Purpose::PopulationBetween, tissue, subject, 0)),
                        &mut Draws::new(self.spec.seed, stream(Purpose::PopulationWithin, tissue, subject, session)),
                    );
                    for (j, value) in own.into_iter().enumerate() {
                        parameters[j * voxels + v] = value;
                    }
                }
                let found = self.metrics(&parameters, voxels)?;
                for (values, own) in values.iter_mut().zip(found.chunks(voxels)) {
                    values.extend(own.chunks(2).map(|pair| [pair[0], pair[1]]));
                }
            }
            rows.extend(rows_of(&self.spec.tissues[tissue].name, metrics.parameters, |j| repeatability(&values[j])));
        }
        Ok(json!({"subjects": subjects, "sessions": 2, "rows": rows}))
    }

    fn check_scan(&self, subject: u32, session: u32) -> Result<(), CoreError> {
        for (field, found, count) in
            [("subject", subject, self.spec.subjects), ("session", session, self.spec.sessions)]
        {
            if found >= count {
                return Err(CoreError::OutOfRange {
                    field: field.into(),
                    found: f64::from(found),
                    expected: format!("an index below {count}"),
                });
            }
        }
        Ok(())
    }
}

/// Subjects of a population that are fitted at once.
const BLOCK: usize = 1024;

fn descriptions() -> Result<(&'static models::Description, &'static models::Description), CoreError> {
    Ok((models::find(MODEL)?.description(), models::find(METRICS)?.description()))
}

fn signals(protocol: &Protocol, parameters: &[f64], voxels: usize) -> Result<Vec<f64>, CoreError> {
    let request =
        predict::Request { model: MODEL.into(), protocol: protocol.clone(), settings: Settings::new(), noise: None };
    predict::signals(&request, parameters, voxels)
}

fn named(parameters: &[models::Parameter], values: &[f64]) -> Value {
    parameters.iter().zip(values).map(|(parameter, &value)| (parameter.name, json!(value))).collect()
}

fn rows_of(tissue: &str, metrics: &[models::Parameter], of: impl Fn(usize) -> Repeatability) -> Vec<Value> {
    let row = |(j, metric): (usize, &models::Parameter)| {
        let Repeatability { mean, within_sd, wcv, wcv_rms, between_cv } = of(j);
        json!({
            "tissue": tissue,
            "metric": metric.name,
            "unit": metric.unit,
            "mean": mean,
            "within_sd": within_sd,
            "wcv": wcv,
            "wcv_rms": wcv_rms,
            "between_cv": between_cv,
        })
    };
    metrics.iter().enumerate().map(row).collect()
}

/// Repeatability of pairs of values, one pair a subject.
pub fn repeatability(pairs: &[[f64; 2]]) -> Repeatability {
    let n = pairs.len() as f64;
    let average = |of: &dyn Fn(&[f64; 2]) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let mean = average(&|[first, second]| (first + second) / 2.0);
    let within = average(&|[first, second]| (first - second) * (first - second) / 2.0);
    let relative = average(&|[first, second]| {
        let ratio = 2.0 * (first - second) / (first + second);
        ratio * ratio / 2.0
    });
    let spread: f64 = average(&|[first, second]| {
        let away = (first + second) / 2.0 - mean;
        away * away
    });
    let between = if n > 1.0 { (spread * n / (n - 1.0) - within / 2.0).max(0.0) } else { 0.0 };
    Repeatability {
        mean,
        within_sd: within.sqrt(),
        wcv: within.sqrt() / mean,
        wcv_rms: relative.sqrt(),
        between_cv: between.sqrt() / mean,
    }
}

/// A tissue's numbers in the model's order.
fn checked(tissue: &Tissue) -> Result<Checked, CoreError> {
    let model: &dyn Model = models::find(MODEL)?;
    let parameters = model.description().parameters;
    let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    for (list, values) in [("mean", &tissue.mean), ("between", &tissue.between), ("within", &tissue.within)] {
        if let Some(found) = values.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(CoreError::Choice {
                field: format!("{}.{list}", tissue.name),
                found: found.clone(),
                expected: format!("one of {}", known.join(", ")),
            });
        }
    }
    let mut out = Checked { mean: Vec::new(), between: Vec::new(), within: Vec::new() };
    for parameter in parameters {
        let field = |list: &str| format!("{}.{list}.{}", tissue.name, parameter.name);
        let Some(&mean) = tissue.mean.get(parameter.name) else {
            return Err(CoreError::InvalidRequest { field: field("mean"), detail: "missing".into() });
        };
        let (lower, upper) = (parameter.lower.max(f64::MIN), parameter.upper.min(f64::MAX));
        check(&field("mean"), mean, lower, upper, &format!("a value from {lower} to {upper}, the model's bounds"))?;
        out.mean.push(mean);
        for (list, values, target) in
            [("between", &tissue.between, &mut out.between), ("within", &tissue.within, &mut out.within)]
        {
            let cv = values.get(parameter.name).copied().unwrap_or(0.0);
            check(&field(list), cv, 0.0, 0.5, "a coefficient of variation from 0 to 0.5")?;
            target.push(cv);
        }
    }
    Ok(out)
}
