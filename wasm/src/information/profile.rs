//! Profile-likelihood intervals: all values of one parameter that the samples do not speak against when the others are
//! fitted anew for each. They hold where the likelihood is no parabola and a standard deviation says little: near a
//! bound, at low signal, for parameters that are hardly determined. Venzon DJ, Moolgavkar SH. A method for computing
//! profile-likelihood-based confidence intervals. Appl Stat 1988;37:87-94.

use crate::error::CoreError;
use crate::fit::{self, Estimator, Fit, NoiseModel, Status};
use crate::models;
use crate::sort::distinct;
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// What to profile, as it comes from JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// As for a fit, with the estimator nlls and without maps.
    pub fit: fit::Request,
    pub parameter: String,
    #[serde(default = "usual_level")]
    pub level: f64,
    /// The standard deviation of Gaussian noise where it is known.
    #[serde(default)]
    pub sigma: Option<f64>,
}

fn usual_level() -> f64 {
    0.95
}

/// One end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct End {
    /// Null where the interval has no end on this side.
    pub value: Option<f64>,
    /// "crossing": the deviance reaches its limit there. "bound": it does not before the parameter's bound, which is the
    /// value. "open": it does not however far one goes.
    pub kind: &'static str,
}

/// The deviance along the parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    pub values: Vec<f64>,
    pub deviance: Vec<f64>,
}

/// A profile-likelihood interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interval {
    pub parameter: String,
    pub unit: &'static str,
    /// The estimate, its standard deviation from the curvature (null: none) and the status of its fit.
    pub value: f64,
    pub sd: f64,
    pub status: &'static str,
    pub level: f64,
    pub lower: End,
    pub upper: End,
    /// The deviance at the ends of the interval, and the distribution whose quantile that is.
    pub threshold: f64,
    pub distribution: String,
    pub curve: Curve,
}

/// Values between the last one inside and the first one outside that are tried at once.
const SECTIONS: usize = 48;
/// Rounds of [`SECTIONS`]: 49^3 places.
const ROUNDS: usize = 3;
/// Doublings of the distance from the estimate before an end counts as open, and how many are tried at once.
const DOUBLINGS: u32 = 40;
const STRIDE: u32 = 8;
/// Better minima that are gone to.
const REFITS: usize = 4;
/// A minimum is better when its deviance lies this far below.
const BETTER: f64 = 1e-4;
/// Values along the bounds among which the best is taken where the fit determines none.
const SCANNED: usize = 65;
/// Points of the curve.
const POINTS: usize = 41;

/// The profile-likelihood interval of one parameter from the samples of one voxel.
///
/// Deviance: (residual - least residual) / sigma^2 with chi2 of 1 degree of freedom as its limit where sigma is known
/// (Rician, offset-Gaussian, or `sigma` stated); with Gaussian noise of unknown variance
/// (rss - least rss) / (least rss / (n - p)) with F(1, n - p), which is exact for a linear model (Bates and Watts,
/// Nonlinear Regression Analysis and Its Applications, Wiley 1988, chapter 6).
///
/// # Errors
/// As [`fit::fit`] has them; another estimator than nlls, maps, an unknown or held parameter or the only one, a level
/// outside (0, 1), no residual degrees of freedom with unknown sigma, samples that cannot be fitted.
pub fn profile(request: &Request, samples: &[f64]) -> Result<Interval, CoreError> {
    Profile::new(request, samples)?.interval()
}

struct Profile<'a> {
    request: &'a Request,
    samples: &'a [f64],
    /// The profiled parameter's place.
    at: usize,
    lower: f64,
    upper: f64,
    /// All parameters at the minimum, and the residual there.
    best: Vec<f64>,
    sd: f64,
    status: &'static str,
    residual: f64,
    /// n - p where the variance is unknown.
    freedom: Option<usize>,
    sigma: Option<f64>,
    threshold: f64,
    /// The least residual met on the way, and where.
    least: Cell<(f64, f64)>,
}

fn refused(field: &str, found: impl ToString, expected: &str) -> CoreError {
    CoreError::Choice { field: field.into(), found: found.to_string(), expected: expected.into() }
}

impl<'a> Profile<'a> {
    fn new(request: &'a Request, samples: &'a [f64]) -> Result<Self, CoreError> {
        let model = models::find(&request.fit.model)?;
        let parameters = model.description().parameters;
        if request.fit.estimator != Estimator::Nlls.describe().id {
            return Err(refused("fit.estimator", &request.fit.estimator, "nlls, which maximises the likelihood"));
        }
        if let Some(name) = request.fit.maps.first() {
            return Err(refused("fit.maps", name, "no maps: fix the parameter at its value in this voxel"));
        }
        if !(request.level > 0.0 && request.level < 1.0) {
            let (field, expected) = ("level".into(), "a probability between 0 and 1".into());
            return Err(CoreError::OutOfRange { field, found: request.level, expected });
        }
        let names = || parameters.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
        let Some(at) = parameters.iter().position(|parameter| parameter.name == request.parameter) else {
            return Err(refused("parameter", &request.parameter, &format!("one of {}", names())));
        };
        let held = |j: usize| parameters[j].held.is_some() || request.fit.fix.contains_key(parameters[j].name);
        let free = (0..parameters.len()).filter(|&j| !held(j)).count();
        if held(at) {
            return Err(refused("parameter", &request.parameter, "a parameter that is estimated"));
        }
        if free < 2 {
            return Err(refused(
                "parameter",
                &request.parameter,
                "a parameter beside at least one other that is estimated",
            ));
        }
        let sigma = match (request.fit.noise, request.sigma) {
            (NoiseModel::Gaussian, sigma) => sigma,
            (NoiseModel::OffsetGaussian { sigma } | NoiseModel::Rician { sigma }, None) => Some(sigma),
            (_, Some(sigma)) => return Err(refused("sigma", sigma, "nothing: the noise states its own sigma")),
        };
        if let Some(found) = sigma.filter(|sigma| !(sigma.is_finite() && *sigma > 0.0)) {
            let (field, expected) = ("sigma".into(), "a standard deviation above 0".into());
            return Err(CoreError::OutOfRange { field, found, expected });
        }
        let freedom = if sigma.is_some() { None } else { Some(samples.len().saturating_sub(free)) };
        if freedom == Some(0) {
            let field = "samples".into();
            return Err(CoreError::TooFewSamples { field, found: samples.len(), minimum: free + 1 });
        }
        let [lower, upper] = request
            .fit
            .bounds
            .get(&request.parameter)
            .map_or([parameters[at].lower, parameters[at].upper], |[lower, upper]| {
                [lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY)]
            });
        let mut profile = Self {
            request,
            samples,
            at,
            lower,
            upper,
            best: Vec::new(),
            sd: f64::NAN,
            status: "",
            residual: f64::NAN,
            freedom,
            sigma,
            threshold: squared_quantile(request.level, freedom),
            least: Cell::new((f64::INFINITY, f64::NAN)),
        };
        let fit = fit::fit(&request.fit, samples, 1)?;
        profile.settle(&fit)?;
        if profile.best[at].is_nan() {
            profile.scan()?;
        }
        Ok(profile)
    }

    /// Takes a fit as the one with the least residual.
    fn settle(&mut self, fit: &Fit<f64>) -> Result<(), CoreError> {
        let status =
            Status::ALL.into_iter().find(|status| *status as u8 == fit.status[0]).expect("a status").describe();
        if fit.residual[0].is_nan() {
            let expected = format!("samples that can be fitted: {}", status.meaning);
            return Err(CoreError::Choice { field: "samples".into(), found: status.name.into(), expected });
        }
        self.best.clone_from(&fit.parameters);
        (self.sd, self.status, self.residual) = (fit.standard_deviations[self.at], status.name, fit.residual[0]);
        Ok(())
    }

    /// The best value of a parameter that the fit itself could not determine, along its bounds.
    fn scan(&mut self) -> Result<(), CoreError> {
        if !(self.lower.is_finite() && self.upper.is_finite()) {
            return Err(refused("samples", self.status, "samples that determine a parameter without finite bounds"));
        }
        let value = |i: usize| self.lower + (self.upper - self.lower) * i as f64 / (SCANNED - 1) as f64;
        let values: Vec<f64> = (0..SCANNED).map(value).collect();
        self.residuals(&values)?;
        let (least, value) = self.least.get();
        if value.is_nan() {
            return Err(refused("samples", self.status, "samples that can be fitted"));
        }
        self.best[self.at] = value;
        self.residual = self.residual.min(least);
        Ok(())
    }

    fn variance(&self) -> f64 {
        match (self.sigma, self.freedom) {
            (Some(sigma), _) => sigma * sigma,
            (None, freedom) => self.residual / freedom.expect("sigma or freedom") as f64,
        }
    }

    /// Least residuals with the parameter held at each of the values.
    fn residuals(&self, values: &[f64]) -> Result<Vec<f64>, CoreError> {
        let voxels = values.len();
        let mut data: Vec<f64> = self.samples.iter().flat_map(|&sample| vec![sample; voxels]).collect();
        data.extend(values);
        let names = models::find(&self.request.fit.model)?.description().parameters;
        let mut request = self.request.fit.clone();
        request.maps = vec![self.request.parameter.clone()];
        request.bounds.remove(&self.request.parameter);
        request.start.remove(&self.request.parameter);
        let cold = fit::fit(&request, &data, voxels)?;
        // From the estimate too: the model's own start knows nothing of the held value.
        for (parameter, &value) in names.iter().zip(&self.best) {
            if parameter.held.is_none() && parameter.name != self.request.parameter && value.is_finite() {
                request.start.entry(parameter.name.into()).or_insert(value);
            }
        }
        for name in self.request.fit.fix.keys() {
            request.start.remove(name);
        }
        let warm = fit::fit(&request, &data, voxels)?;
        // A voxel that failed has no residual; f64::min takes the other one.
        let residuals: Vec<f64> =
            cold.residual.iter().zip(&warm.residual).map(|(cold, warm)| cold.min(*warm)).collect();
        for (&residual, &value) in residuals.iter().zip(values) {
            if residual < self.least.get().0 {
                self.least.set((residual, value));
            }
        }
        Ok(residuals)
    }

    fn deviances(&self, values: &[f64]) -> Result<Vec<f64>, CoreError> {
        let residuals = self.residuals(values)?;
        // An exact fit has no variance: any departure is infinitely unlikely.
        let deviance = |residual: f64| match residual - self.residual {
            difference if difference <= 0.0 => 0.0,
            difference => difference / self.variance(),
        };
        Ok(residuals.into_iter().map(deviance).collect())
    }

    /// Both ends of the interval, searched side by side.
    fn search(&self) -> Result<[End; 2], CoreError> {
        let beyond = |deviance: f64| deviance.is_nan() || deviance > self.threshold;
        let mut sides = [self.side(-1.0, self.lower), self.side(1.0, self.upper)];
        while sides.iter().any(Side::widening) {
            let values = sides.each_ref().map(|side| side.outward());
            let deviances = self.deviances(&values.concat())?;
            let (low, high) = deviances.split_at(values[0].len());
            for ((side, values), deviances) in sides.iter_mut().zip(&values).zip([low, high]) {
                side.widen(values, deviances, beyond);
            }
        }
        for _ in 0..ROUNDS {
            let values = sides.each_ref().map(|side| side.between());
            let deviances = self.deviances(&values.concat())?;
            let (low, high) = deviances.split_at(values[0].len());
            for ((side, values), deviances) in sides.iter_mut().zip(&values).zip([low, high]) {
                side.narrow(values, deviances, beyond);
            }
        }
        Ok(sides.map(Side::end))
    }

    fn side(&self, direction: f64, bound: f64) -> Side {
        let estimate = self.best[self.at];
        let scale = if self.sd.is_finite() && self.sd > 0.0 { self.sd } else { 0.1 * estimate.abs().max(1e-6) };
        Side { direction, bound, estimate, scale, doublings: 0, near: estimate, far: None }
    }

    /// Both ends. Where a held value leads to a better minimum than the fit itself had found, that one is the estimate.
    fn ends(&mut self) -> Result<[End; 2], CoreError> {
        for _ in 0..REFITS {
            let ends = self.search()?;
            let (least, value) = self.least.get();
            if self.residual - least <= BETTER * self.variance() {
                return Ok(ends);
            }
            let mut request = self.request.fit.clone();
            request.start.insert(self.request.parameter.clone(), value);
            let fit = fit::fit(&request, self.samples, 1)?;
            if fit.residual[0].is_nan() || fit.residual[0] >= self.residual {
                return Ok(ends);
            }
            self.settle(&fit)?;
        }
        self.search()
    }

    fn interval(mut self) -> Result<Interval, CoreError> {
        let [lower, upper] = self.ends()?;
        let estimate = self.best[self.at];
        // A little beyond the interval, so that the curve shows how it is left.
        let reach = |end: &End, direction: f64, bound: f64| {
            let fallback = if self.sd.is_finite() && self.sd > 0.0 { 4.0 * self.sd } else { estimate.abs() };
            let to = end.value.map_or(estimate + direction * fallback, |value| value + 0.3 * (value - estimate));
            if direction < 0.0 {
                to.max(bound)
            } else {
                to.min(bound)
            }
        };
        let (from, to) = (reach(&lower, -1.0, self.lower), reach(&upper, 1.0, self.upper));
        let mut values: Vec<f64> = (0..POINTS).map(|i| from + (to - from) * i as f64 / (POINTS - 1) as f64).collect();
        values.push(estimate);
        let values = distinct(values);
        let deviance = self.deviances(&values)?;
        let unit = models::find(&self.request.fit.model)?.description().parameters[self.at].unit;
        let distribution = match self.freedom {
            None => "chi2(1)".into(),
            Some(freedom) => format!("F(1, {freedom})"),
        };
        Ok(Interval {
            parameter: self.request.parameter.clone(),
            unit,
            value: estimate,
            sd: self.sd,
            status: self.status,
            level: self.request.level,
            lower,
            upper,
            threshold: self.threshold,
            distribution,
            curve: Curve { values, deviance },
        })
    }
}

/// One end of the interval while it is searched for.
struct Side {
    direction: f64,
    bound: f64,
    estimate: f64,
    /// The first distances tried are fractions of this.
    scale: f64,
    doublings: u32,
    /// The furthest value known to lie inside, and the nearest known to lie outside.
    near: f64,
    far: Option<f64>,
}

impl Side {
    fn widening(&self) -> bool {
        self.far.is_none() && self.near != self.bound && self.doublings < DOUBLINGS
    }

    /// The next values on the way out, up to the bound.
    fn outward(&self) -> Vec<f64> {
        if !self.widening() {
            return Vec::new();
        }
        let within = |value: f64| if self.direction < 0.0 { value.max(self.bound) } else { value.min(self.bound) };
        let at = |k: u32| within(self.estimate + self.direction * 0.25 * self.scale * (1u64 << k) as f64);
        let mut values: Vec<f64> = (self.doublings..self.doublings + STRIDE).map(at).collect();
        values.dedup();
        values
    }

    fn widen(&mut self, values: &[f64], deviances: &[f64], beyond: impl Fn(f64) -> bool) {
        self.doublings += STRIDE;
        self.narrow(values, deviances, beyond);
    }

    /// Values that part what is still open.
    fn between(&self) -> Vec<f64> {
        let Some(far) = self.far else { return Vec::new() };
        let width = (far - self.near) / (SECTIONS + 1) as f64;
        (1..=SECTIONS).map(|i| self.near + width * i as f64).collect()
    }

    fn narrow(&mut self, values: &[f64], deviances: &[f64], beyond: impl Fn(f64) -> bool) {
        for (&value, &deviance) in values.iter().zip(deviances) {
            if beyond(deviance) {
                self.far = Some(value);
                return;
            }
            self.near = value;
        }
    }

    fn end(self) -> End {
        match self.far {
            Some(far) => End { value: Some(0.5 * (self.near + far)), kind: "crossing" },
            None if self.near == self.bound => End { value: Some(self.bound), kind: "bound" },
            None => End { value: None, kind: "open" },
        }
    }
}

/// The quantile of F(1, freedom), or of chi2(1) without a number of degrees of freedom: the square of the two-sided
/// quantile of t or of the normal distribution, by bisection on the tail.
pub fn squared_quantile(level: f64, freedom: Option<usize>) -> f64 {
    let tail = |t: f64| match freedom {
        None => libm::erfc(t / core::f64::consts::SQRT_2),
        Some(freedom) => student_tails(t, freedom as f64),
    };
    let (mut low, mut high) = (0.0, 1.0);
    while tail(high) > 1.0 - level && high < 1e150 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if tail(middle) > 1.0 - level {
            low = middle;
        } else {
            high = middle;
        }
    }
    high * high
}

/// Probability beyond -t and t of Student's distribution: the regularised incomplete beta function at
/// v / (v + t^2), by its continued fraction (Abramowitz and Stegun 26.7.1 and 26.5.8).
fn student_tails(t: f64, v: f64) -> f64 {
    if t == 0.0 {
        return 1.0;
    }
    let x = v / (v + t * t);
    let (a, b) = (0.5 * v, 0.5);
    // I_x(a, b) converges fast below the mean, 1 - I_(1-x)(b, a) above it.
    if x < (a + 1.0) / (a + b + 2.0) {
        incomplete_beta(x, a, b)
    } else {
        1.0 - incomplete_beta(t * t / (v + t * t), b, a)
    }
}

fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    let log = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    // From its far end: enough terms for any x that this is called with.
    let tail = (1..400).rev().fold(1.0, |tail, i| {
        let m = f64::from(i / 2);
        let (am, i) = (a + 2.0 * m, i % 2);
        let term =
            if i == 0 { m * (b - m) * x / ((am - 1.0) * am) } else { -(a + m) * (a + b + m) * x / (am * (am + 1.0)) };
        1.0 + term / tail
    });
    libm::exp(log) / (a * tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // Two-sided 95 and 99 % points of t, and of the normal distribution (Abramowitz and Stegun, tables 26.10, 26.1).
        for (level, freedom, t) in [
            (0.95, Some(1), 12.706),
            (0.95, Some(4), 2.776),
            (0.99, Some(10), 3.169),
            (0.95, Some(120), 1.980),
            (0.95, None, 1.959_964),
            (0.99, None, 2.575_829),
        ] {
            let found = squared_quantile(level, freedom).sqrt();
            assert!((found - t).abs() < 1e-3, "{level} {freedom:?}: {found}");
        }
    }
}
