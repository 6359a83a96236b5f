//! NIST StRD, nonlinear regression (https://www.itl.nist.gov/div898/strd/, public domain): all 27 problems from both
//! starts.
//!
//! In doubles the estimates reach at least six certified digits and their standard deviations four, but for Lanczos1, whose
//! residuals are 1e-13 of its samples: rounding those to doubles leaves less than three digits of the residuals, and of
//! whatever is made of them. In double-double, from all decimals of the files, both reach ten digits in every problem:
//! there the equations, the sums over the samples and the iteration are the project's own, and the last steps and the
//! standard deviations this file's, for the certificate computes in doubles.

use crate::double_double::{DoubleDouble, PI};
use measurand_core::fit::{nlls, Bounds, Estimator, Fit, Job, NoiseModel, Role, Samples, Status};
use measurand_core::lane::{Doubles, Lane, Real};
use measurand_core::models::{AnySignal, Description, Equation, Model, Parameter, Precision, Signal};
use measurand_core::protocol::{Column, Design, Protocol, Settings};
use std::marker::PhantomData;
use std::path::PathBuf;

fn s<L: Lane>(value: f64) -> L {
    L::splat(value)
}

fn power<L: Lane>(base: L, exponent: L) -> L {
    (base.ln() * exponent).exp()
}

fn pi<L: Lane>() -> L {
    s::<L>(PI.high) + s(PI.low)
}

/// By a step from that of the nearest double: tan(a - b) = (tan a - tan b) / (1 + tan a tan b).
fn arctangent<L: Lane>(x: L) -> L {
    let near = L::gather(|i| libm::atan(x.lane(i)));
    let (sine, cosine) = near.sin_cos();
    near + (x * cosine - sine) / (cosine + x * sine)
}

/// Places in a design's row: index, low word of the sample, then both words of each predictor.
const SAMPLE: usize = 1;
const PREDICTORS: usize = 2;

/// Predictor `k` of a design's row.
fn predictor<L: Lane>(at: &[f64], k: usize) -> L {
    s::<L>(at[PREDICTORS + 2 * k]) + s(at[PREDICTORS + 2 * k + 1])
}

/// An equation that is a constant.
trait Constant: Equation + Copy + std::fmt::Debug + Send + 'static {
    const IT: &'static Self;
}

/// An equation of P parameters. The low word of a sample is taken from the signal, which leaves the same residual.
macro_rules! equation {
    ($name:ident, $count:literal, |$at:ident, $b:ident, $g:ident| $body:expr) => {
        #[derive(Debug, Clone, Copy)]
        struct $name;
        impl Equation for $name {
            const PARAMETERS: usize = $count;
            fn sample<L: Lane>(&self, $at: &[f64], $b: &[L], $g: &mut [L]) -> L {
                let value: L = $body;
                value - s($at[SAMPLE])
            }
        }
        impl Constant for $name {
            const IT: &'static Self = &$name;
        }
    };
}

equation!(Misra1a, 2, |at, b, g| {
    let (x, one) = (predictor::<L>(at, 0), s::<L>(1.0));
    let e = (-(b[1] * x)).exp();
    g[0] = one - e;
    g[1] = b[0] * x * e;
    b[0] * (one - e)
});
equation!(Misra1b, 2, |at, b, g| {
    let (x, one) = (predictor::<L>(at, 0), s::<L>(1.0));
    let d = one + b[1] * x * s(0.5);
    g[0] = one - one / (d * d);
    g[1] = b[0] * x / (d * d * d);
    b[0] * g[0]
});
equation!(Misra1c, 2, |at, b, g| {
    let (x, one) = (predictor::<L>(at, 0), s::<L>(1.0));
    let d = one + s::<L>(2.0) * b[1] * x;
    let root = d.sqrt();
    g[0] = one - one / root;
    g[1] = b[0] * x / (d * root);
    b[0] * g[0]
});
equation!(Misra1d, 2, |at, b, g| {
    let (x, one) = (predictor::<L>(at, 0), s::<L>(1.0));
    let d = one + b[1] * x;
    g[0] = b[1] * x / d;
    g[1] = b[0] * x / (d * d);
    b[0] * g[0]
});
equation!(Chwirut, 3, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let d = b[1] + b[2] * x;
    let value = (-(b[0] * x)).exp() / d;
    g[0] = -(x * value);
    g[1] = -(value / d);
    g[2] = x * g[1];
    value
});
equation!(Lanczos, 6, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let mut value = s::<L>(0.0);
    for k in [0, 2, 4] {
        g[k] = (-(b[k + 1] * x)).exp();
        g[k + 1] = -(b[k] * x * g[k]);
        value = value + b[k] * g[k];
    }
    value
});
equation!(Gauss, 8, |at, b, g| {
    let x = predictor::<L>(at, 0);
    g[0] = (-(b[1] * x)).exp();
    g[1] = -(b[0] * x * g[0]);
    let mut value = b[0] * g[0];
    for k in [2, 5] {
        let z = (x - b[k + 1]) / b[k + 2];
        g[k] = (-(z * z)).exp();
        let slope = s::<L>(2.0) * b[k] * g[k] * z / b[k + 2];
        g[k + 1] = slope;
        g[k + 2] = slope * z;
        value = value + b[k] * g[k];
    }
    value
});
equation!(DanWood, 2, |at, b, g| {
    let x = predictor::<L>(at, 0);
    g[0] = power(x, b[1]);
    g[1] = b[0] * g[0] * x.ln();
    b[0] * g[0]
});
equation!(Kirby2, 5, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let d = s::<L>(1.0) + x * (b[3] + x * b[4]);
    let value = (b[0] + x * (b[1] + x * b[2])) / d;
    g[0] = s::<L>(1.0) / d;
    g[1] = x / d;
    g[2] = x * x / d;
    g[3] = -(x * value / d);
    g[4] = x * g[3];
    value
});
equation!(Cubic, 7, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let d = s::<L>(1.0) + x * (b[4] + x * (b[5] + x * b[6]));
    let value = (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / d;
    let mut term = s::<L>(1.0) / d;
    for k in 0..4 {
        g[k] = term;
        term = term * x;
        if k < 3 {
            g[4 + k] = -(value * term);
        }
    }
    value
});
equation!(Nelson, 3, |at, b, g| {
    let (x1, x2) = (predictor::<L>(at, 0), predictor::<L>(at, 1));
    let e = (-(b[2] * x2)).exp();
    g[0] = s(1.0);
    g[1] = -(x1 * e);
    g[2] = b[1] * x1 * x2 * e;
    b[0] + b[1] * g[1]
});
equation!(Mgh17, 5, |at, b, g| {
    let x = predictor::<L>(at, 0);
    g[0] = s(1.0);
    g[1] = (-(x * b[3])).exp();
    g[2] = (-(x * b[4])).exp();
    g[3] = -(b[1] * x * g[1]);
    g[4] = -(b[2] * x * g[2]);
    b[0] + b[1] * g[1] + b[2] * g[2]
});
equation!(Roszman1, 4, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let d = x - b[3];
    let q = b[2] / d;
    let pi = pi::<L>();
    let slope = -(s::<L>(1.0) / (pi * (s::<L>(1.0) + q * q)));
    g[0] = s(1.0);
    g[1] = -x;
    g[2] = slope / d;
    g[3] = slope * q / d;
    b[0] - b[1] * x - arctangent(q) / pi
});
equation!(Enso, 9, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let (year_sine, year_cosine) = (pi::<L>() * x / s(6.0)).sin_cos();
    g[0] = s(1.0);
    g[1] = year_cosine;
    g[2] = year_sine;
    let mut value = b[0] + b[1] * g[1] + b[2] * g[2];
    for k in [3, 6] {
        let phase = s::<L>(2.0) * pi() * x / b[k];
        let (sine, cosine) = phase.sin_cos();
        g[k] = (b[k + 1] * sine - b[k + 2] * cosine) * phase / b[k];
        g[k + 1] = cosine;
        g[k + 2] = sine;
        value = value + b[k + 1] * cosine + b[k + 2] * sine;
    }
    value
});
equation!(Mgh09, 4, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let d = x * x + x * b[2] + b[3];
    g[0] = (x * x + x * b[1]) / d;
    g[1] = b[0] * x / d;
    let value = b[0] * g[0];
    g[2] = -(value * x / d);
    g[3] = -(value / d);
    value
});
equation!(Rat42, 3, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let e = (b[1] - b[2] * x).exp();
    let d = s::<L>(1.0) + e;
    g[0] = s::<L>(1.0) / d;
    g[1] = -(b[0] * e / (d * d));
    g[2] = -(x * g[1]);
    b[0] / d
});
equation!(Rat43, 4, |at, b, g| {
    let x = predictor::<L>(at, 0);
    let e = (b[1] - b[2] * x).exp();
    let d = s::<L>(1.0) + e;
    let inverse = s::<L>(1.0) / b[3];
    g[0] = power(d, -inverse);
    let value = b[0] * g[0];
    g[1] = -(value * inverse * e / d);
    g[2] = -(x * g[1]);
    g[3] = value * d.ln() * inverse * inverse;
    value
});
equation!(Mgh10, 3, |at, b, g| {
    let d = predictor::<L>(at, 0) + b[2];
    g[0] = (b[1] / d).exp();
    let value = b[0] * g[0];
    g[1] = value / d;
    g[2] = -(value * b[1] / (d * d));
    value
});
equation!(Eckerle4, 3, |at, b, g| {
    let z = (predictor::<L>(at, 0) - b[2]) / b[1];
    let e = (s::<L>(-0.5) * z * z).exp();
    g[0] = e / b[1];
    let value = b[0] * g[0];
    g[1] = value * (z * z - s(1.0)) / b[1];
    g[2] = value * z / b[1];
    value
});
equation!(Bennett5, 3, |at, b, g| {
    let d = b[1] + predictor(at, 0);
    let exponent = -(s::<L>(1.0) / b[2]);
    g[0] = power(d, exponent);
    let value = b[0] * g[0];
    g[1] = value * exponent / d;
    g[2] = value * d.ln() * exponent * exponent;
    value
});

/// A problem as its file states it, samples with all their decimals.
struct Stated {
    starts: [Vec<f64>; 2],
    parameters: Vec<f64>,
    deviations: Vec<f64>,
    residual: f64,
    y: Vec<DoubleDouble>,
    predictors: Vec<Vec<DoubleDouble>>,
}

fn read(text: &str, name: &str) -> Stated {
    let numbers =
        |line: &str| -> Vec<DoubleDouble> { line.split_whitespace().map_while(DoubleDouble::parse).collect() };
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('b')?.split_once('='))
        .filter(|(index, _)| index.trim().parse::<usize>().is_ok())
        .map(|(_, values)| numbers(values).iter().map(|value| value.high).collect::<Vec<f64>>())
        .filter(|values| values.len() == 4)
        .collect();
    let column = |j: usize| -> Vec<f64> { rows.iter().map(|row| row[j]).collect() };
    let residual = text.lines().find_map(|line| line.trim().strip_prefix("Residual Sum of Squares:")).unwrap();
    let first = text
        .lines()
        .position(|line| line.starts_with("Data:") && line.contains('y') && !line.contains("Response"))
        .unwrap()
        + 1;
    let data: Vec<Vec<DoubleDouble>> = text.lines().skip(first).map(numbers).filter(|row| row.len() > 1).collect();
    let response = |row: &Vec<DoubleDouble>| if name == "Nelson" { row[0].ln() } else { row[0] };
    Stated {
        starts: [column(0), column(1)],
        parameters: column(2),
        deviations: column(3),
        residual: residual.trim().parse().unwrap(),
        y: data.iter().map(response).collect(),
        predictors: data.iter().map(|row| row[1..].to_vec()).collect(),
    }
}

impl Stated {
    /// The same with samples and predictors rounded to doubles.
    fn rounded(&self) -> Self {
        let row = |row: &Vec<DoubleDouble>| row.iter().map(|value| value.rounded()).collect();
        Self {
            starts: self.starts.clone(),
            parameters: self.parameters.clone(),
            deviations: self.deviations.clone(),
            residual: self.residual,
            y: row(&self.y),
            predictors: self.predictors.iter().map(row).collect(),
        }
    }

    fn freedom(&self) -> f64 {
        (self.y.len() - self.parameters.len()) as f64
    }

    /// Digits that standard deviations can have when samples and signal are rounded to doubles: each residual is then
    /// uncertain by some units in the last place of its sample, and the root of the sum of their squares, to which the
    /// deviations are proportional, by no more than the root of the sum of the squares of those.
    fn attainable(&self) -> f64 {
        let rounding = norm(self.y.iter().map(|y| UNITS * f64::EPSILON * y.high));
        -libm::log10(rounding / self.residual.sqrt())
    }
}

/// Half a unit each for the sample, a predictor, the rate times it, an exponential, its amplitude and their sum, taken as
/// independent, are 1.2.
const UNITS: f64 = 2.0;

struct Leaked(&'static Description);

impl Model for Leaked {
    fn description(&self) -> &'static Description {
        self.0
    }
}

static INDEX: [Column; 1] = [Column { name: "index", unit: "", required: true, description: "position" }];

fn model(parameters: usize) -> &'static dyn Model {
    let parameter = Parameter::new("b", "", f64::NEG_INFINITY, f64::INFINITY, "coefficient");
    let description = Description {
        id: "nist",
        name: "NIST",
        description: "",
        parameters: Box::leak(vec![parameter; parameters].into_boxed_slice()),
        equation: "",
        citation: "",
        doi: None,
        protocol: &INDEX,
        settings: &[],
        magnitude: false,
        estimators: &["nlls"],
        minimum_samples: parameters,
    };
    Box::leak(Box::new(Leaked(Box::leak(Box::new(description)))))
}

/// Digits on which two numbers agree.
fn digits(found: f64, certified: f64) -> f64 {
    -libm::log10(((found - certified) / certified).abs().max(1e-16))
}

/// The smallest number of digits on which lists of numbers agree.
fn least(found: &[f64], certified: &[f64]) -> f64 {
    assert_eq!(found.len(), certified.len());
    found.iter().zip(certified).map(|(&found, &certified)| digits(found, certified)).fold(99.0, f64::min)
}

/// A double that is fitted in double-double, with the signal of one equation.
#[derive(Debug, Clone, Copy)]
struct Long<E>(f64, PhantomData<E>);

impl<E: Constant> Real for Long<E> {
    type Lanes = DoubleDouble;
    const NAN: Self = Self(f64::NAN, PhantomData);
    fn to_f64(self) -> f64 {
        self.0
    }
    fn from_f64(value: f64) -> Self {
        Self(value, PhantomData)
    }
}

impl<E: Constant> Precision for Long<E> {
    fn signal(_: &dyn AnySignal) -> &dyn Signal<DoubleDouble> {
        E::IT
    }
}

/// What a fit found.
struct Found {
    status: u8,
    iterations: u32,
    parameters: Vec<f64>,
    deviations: Vec<f64>,
    residual: f64,
}

impl Found {
    /// Digits in parameters, standard deviations and residual.
    fn digits(&self, stated: &Stated) -> [f64; 3] {
        [
            least(&self.parameters, &stated.parameters),
            least(&self.deviations, &stated.deviations),
            digits(self.residual, stated.residual),
        ]
    }
}

fn design(stated: &Stated) -> Design {
    let index: Vec<f64> = (0..stated.y.len()).map(|i| i as f64).collect();
    let protocol = Protocol::new(&[("index", &index)]);
    let words = |value: &DoubleDouble| [value.high, value.low];
    let rows = stated.y.iter().zip(&stated.predictors);
    let rows: Vec<Vec<f64>> =
        rows.map(|(y, predictors)| [y.low].into_iter().chain(predictors.iter().flat_map(words)).collect()).collect();
    model(stated.parameters.len()).design(&protocol, &Settings::new()).unwrap().extended(&rows)
}

/// The project's fit in any precision.
fn solve<T: Precision, E: Constant, const P: usize>(stated: &Stated, start: &[f64]) -> Fit<T> {
    let n = stated.y.len();
    let data: Vec<T> = stated.y.iter().map(|y| T::from_f64(y.high)).collect();
    let job = Job {
        model: model(P),
        estimator: Estimator::Nlls,
        design: &design(stated),
        samples: Samples { data: &data, voxels: 1 },
        rows: (0..n).collect(),
        bounds: vec![Bounds { lower: f64::NEG_INFINITY, upper: f64::INFINITY }; P],
        roles: vec![Role::Free; P],
        start: start.iter().map(|&value| Some(value)).collect(),
        starts: None,
        noise: NoiseModel::Gaussian,
        correlation: false,
    };
    nlls::fit_with::<T, P>(&job, E::IT, nlls::Pace::CAREFUL)
}

/// In doubles: what a study gets, of samples rounded to doubles.
fn in_doubles<E: Constant, const P: usize>(stated: &Stated, start: &[f64]) -> Found {
    let fit = solve::<f64, E, P>(&stated.rounded(), start);
    Found {
        status: fit.status[0],
        iterations: fit.iterations[0],
        parameters: fit.parameters,
        deviations: fit.standard_deviations,
        residual: fit.residual[0],
    }
}

/// In double-double: the project's iteration, whose end is stored in doubles; from there Gauss-Newton steps on the
/// project's sums until they are worth 1e-14 standard deviations, and standard deviations by the textbook's formula.
fn in_double_double<E: Constant, const P: usize>(stated: &Stated, start: &[f64]) -> Found {
    let fit = solve::<Long<E>, E, P>(stated, start);
    let design = design(stated);
    let mut problem = Equation::problem::<DoubleDouble>(E::IT, &design);
    let y: Vec<DoubleDouble> = stated.y.iter().map(|y| y.rounded()).collect();
    let zero = DoubleDouble::splat(0.0);
    let mut x: Vec<DoubleDouble> = fit.parameters.iter().map(|value| s(value.0)).collect();
    let (mut gradient, mut normal) = (vec![zero; P], vec![zero; P * P]);
    for _ in 0..1000 {
        let residual = problem.linearise(&y, &mut x, &mut gradient, &mut normal);
        let covariance = inverse(&normal, P);
        let variance = residual / s(stated.freedom());
        let deviations: Vec<DoubleDouble> = (0..P).map(|j| (variance * covariance[j * P + j]).sqrt()).collect();
        let mut largest = 0.0f64;
        for j in 0..P {
            let step = (0..P).fold(zero, |sum, k| sum + covariance[j * P + k] * gradient[k]);
            x[j] = x[j] + step;
            largest = largest.max((step / deviations[j]).high.abs());
        }
        if largest < 1e-14 {
            return Found {
                status: fit.status[0],
                iterations: fit.iterations[0],
                parameters: x.iter().map(|x| x.high).collect(),
                deviations: deviations.iter().map(|deviation| deviation.high).collect(),
                residual: residual.high,
            };
        }
    }
    panic!("Gauss-Newton steps do not settle")
}

/// The inverse of a positive definite matrix given by its lower triangle, by Gauss and Jordan after scaling to unit
/// diagonal.
fn inverse(matrix: &[DoubleDouble], p: usize) -> Vec<DoubleDouble> {
    let (zero, one) = (DoubleDouble::splat(0.0), DoubleDouble::splat(1.0));
    let scale: Vec<DoubleDouble> = (0..p).map(|j| one / matrix[j * p + j].sqrt()).collect();
    let entry = |j: usize, k: usize| matrix[j.max(k) * p + j.min(k)] * scale[j] * scale[k];
    let mut left: Vec<Vec<DoubleDouble>> = (0..p).map(|j| (0..p).map(|k| entry(j, k)).collect()).collect();
    let unit = |j: usize, k: usize| if j == k { one } else { zero };
    let mut right: Vec<Vec<DoubleDouble>> = (0..p).map(|j| (0..p).map(|k| unit(j, k)).collect()).collect();
    for j in 0..p {
        let pivot = left[j][j];
        assert!(pivot.high > 1e-20, "singular");
        for side in [&mut left, &mut right] {
            side[j].iter_mut().for_each(|value| *value = *value / pivot);
        }
        for i in (0..p).filter(|&i| i != j) {
            let factor = left[i][j];
            for side in [&mut left, &mut right] {
                let row = side[j].clone();
                side[i].iter_mut().zip(row).for_each(|(value, above)| *value = *value - factor * above);
            }
        }
    }
    (0..p * p).map(|i| right[i / p][i % p] * scale[i / p] * scale[i % p]).collect()
}

type Solve = fn(&Stated, &[f64]) -> Found;

const fn both<E: Constant, const P: usize>() -> [Solve; 2] {
    [in_doubles::<E, P>, in_double_double::<E, P>]
}

const PROBLEMS: [(&str, [Solve; 2]); 27] = [
    ("Misra1a", both::<Misra1a, 2>()),
    ("Misra1b", both::<Misra1b, 2>()),
    ("Misra1c", both::<Misra1c, 2>()),
    ("Misra1d", both::<Misra1d, 2>()),
    ("Chwirut1", both::<Chwirut, 3>()),
    ("Chwirut2", both::<Chwirut, 3>()),
    ("Lanczos1", both::<Lanczos, 6>()),
    ("Lanczos2", both::<Lanczos, 6>()),
    ("Lanczos3", both::<Lanczos, 6>()),
    ("Gauss1", both::<Gauss, 8>()),
    ("Gauss2", both::<Gauss, 8>()),
    ("Gauss3", both::<Gauss, 8>()),
    ("DanWood", both::<DanWood, 2>()),
    ("Kirby2", both::<Kirby2, 5>()),
    ("Hahn1", both::<Cubic, 7>()),
    ("Nelson", both::<Nelson, 3>()),
    ("MGH17", both::<Mgh17, 5>()),
    ("Roszman1", both::<Roszman1, 4>()),
    ("ENSO", both::<Enso, 9>()),
    ("MGH09", both::<Mgh09, 4>()),
    ("Thurber", both::<Cubic, 7>()),
    ("BoxBOD", both::<Misra1a, 2>()),
    ("Rat42", both::<Rat42, 3>()),
    ("Rat43", both::<Rat43, 4>()),
    ("MGH10", both::<Mgh10, 3>()),
    ("Eckerle4", both::<Eckerle4, 3>()),
    ("Bennett5", both::<Bennett5, 3>()),
];

/// Problems with their ways of solution; none where the files, which lie beside the repository as in the TypeScript
/// tests, are not here.
fn problems() -> Vec<(&'static str, Stated, [Solve; 2])> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference/nist-strd"));
    if !folder.is_dir() {
        eprintln!("skipped: {} is not here", folder.display());
        return Vec::new();
    }
    let read = |(name, solve): (&'static str, [Solve; 2])| {
        let stated = read(&std::fs::read_to_string(folder.join(format!("{name}.dat"))).unwrap(), name);
        assert!(stated.y.len() > stated.parameters.len() && !stated.parameters.is_empty(), "{name}");
        (name, stated, solve)
    };
    PROBLEMS.into_iter().map(read).collect()
}

/// Solves every problem from both starts in one of the two ways, and demands digits in parameters and in standard
/// deviations.
fn demand(way: usize, enough: impl Fn(&Stated) -> [f64; 2]) {
    let mut failed = Vec::new();
    for (name, stated, solve) in problems() {
        let wanted = enough(&stated);
        for (k, start) in stated.starts.iter().enumerate() {
            let found = solve[way](&stated, start);
            let [parameters, deviations, residual] = found.digits(&stated);
            println!(
                "{name} {k}: {parameters:.1} {deviations:.1} {residual:.1} digits, {} iterations",
                found.iterations
            );
            if found.status != Status::Converged as u8 || parameters < wanted[0] || deviations < wanted[1] {
                let status = found.status;
                failed.push(format!("{name} from start {}: status {status}, {parameters:.1} {deviations:.1}", k + 1));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn in_doubles_every_problem_reaches_its_certified_values_from_both_starts() {
    demand(0, |stated| [6.0, stated.attainable().min(4.0)]);
}

#[test]
fn in_double_double_every_problem_reaches_them_to_ten_digits() {
    demand(1, |_| [10.0, 10.0]);
}

/// Where doubles leave less than four digits of the standard deviations, it is the rounding of what they are computed
/// from: in double-double from rounded samples they come out wrong as well, and the residuals of the fit in doubles are
/// those of double-double at the same parameters within the units in the last place that `attainable` grants them.
#[test]
fn digits_that_doubles_lack_are_lost_in_rounding_samples_and_signal() {
    for (name, stated, solve) in problems().into_iter().filter(|(_, stated, _)| stated.attainable() < 4.0) {
        assert_eq!(name, "Lanczos1");
        let rounded = stated.rounded();
        let [parameters, deviations, residual] = solve[1](&rounded, &stated.starts[0]).digits(&stated);
        println!("rounded samples: {parameters:.1} {deviations:.1} {residual:.1} digits of {:.1}", stated.attainable());
        assert!(parameters > 10.0 && (stated.attainable()..4.0).contains(&deviations), "{parameters} {deviations}");

        for start in &stated.starts {
            let found = solve[0](&stated, start);
            let short = residuals::<Doubles>(&Lanczos, &rounded, &found.parameters);
            let long = residuals::<DoubleDouble>(&Lanczos, &stated, &found.parameters);
            let rounding = norm(short.iter().zip(&long).map(|(short, long)| short - long));
            let units = rounding / norm(stated.y.iter().map(|y| f64::EPSILON * y.high));
            let kept = digits(found.residual.sqrt(), stated.residual.sqrt());
            println!("residuals: {units:.2} units in the last place, {kept:.1} digits of their norm");
            assert!(units < UNITS && kept >= stated.attainable(), "{units} {kept}");
        }
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// Residuals in a lane's precision.
fn residuals<L: Lane>(equation: &Lanczos, stated: &Stated, at: &[f64]) -> Vec<f64> {
    let (design, at) = (design(stated), at.iter().map(|&value| s(value)).collect::<Vec<L>>());
    let rest = |(i, y): (usize, &DoubleDouble)| {
        let mut gradient = vec![s::<L>(0.0); at.len()];
        (s::<L>(y.high) - equation.sample(design.row(i), &at, &mut gradient)).lane(0)
    };
    stated.y.iter().enumerate().map(rest).collect()
}
