//! The statistics that can be resampled, by id and settings. Each equals its twin in `src/domain/statistics`.

use super::draw::Statistic;
use super::{agreement, area, lines, passing_bablok, repeatability, variance_components};
use crate::error::CoreError;
use std::collections::BTreeMap;

/// Which statistic, with its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Rows [degrees of freedom, sum of squares, mean, term of the wCV] of each subject.
    Repeatability { wcv: repeatability::Wcv },
    /// Rows [x, y]; the limits are mean -+ multiplier SD of x - y.
    LimitsOfAgreement { multiplier: f64 },
    /// Rows [x, y].
    Ols,
    /// Rows [x, y]; error_ratio = var(x error) / var(y error).
    Deming { error_ratio: f64 },
    /// Rows [x, y], all above 0; `mcr`: stopped as R's mcr does.
    WeightedDeming { error_ratio: f64, mcr: bool },
    /// Rows [x, y]; `mcr`: the variant of R's mcr, else that of 1983.
    PassingBablok { mcr: bool },
    /// Rows of sums over each level of the outermost of so many nested factors.
    VarianceComponents { factors: usize },
    /// Rows [marker, outcome 0 or 1]; `lower`: low markers speak for the outcome.
    Auc { lower: bool },
    /// Rows [x, y]; `unbiased`: moments on n - 1, else on n.
    Ccc { unbiased: bool },
    /// Rows of one subject's measurements; model 1, 2 or 3, of a single measurement or of their mean.
    Icc { model: u8, mean: bool },
}

impl Kind {
    pub const IDS: [&'static str; 10] = [
        "repeatability",
        "limits-of-agreement",
        "ols",
        "deming",
        "weighted-deming",
        "passing-bablok",
        "variance-components",
        "auc",
        "ccc",
        "icc",
    ];

    /// # Errors
    /// No such statistic, a setting that it needs and that is missing or out of range, a setting that it does not know.
    pub fn parse(id: &str, settings: &BTreeMap<String, f64>) -> Result<Self, CoreError> {
        let mut given = Settings(settings.clone());
        let kind = match id {
            "repeatability" => Self::Repeatability { wcv: given.choice("wcv", repeatability::Wcv::ALL)? },
            "limits-of-agreement" => Self::LimitsOfAgreement { multiplier: given.positive("multiplier")? },
            "ols" => Self::Ols,
            "deming" => Self::Deming { error_ratio: given.positive("errorRatio")? },
            "weighted-deming" => {
                Self::WeightedDeming { error_ratio: given.positive("errorRatio")?, mcr: given.flag("mcr")? }
            }
            "passing-bablok" => Self::PassingBablok { mcr: given.flag("mcr")? },
            "variance-components" => {
                Self::VarianceComponents { factors: given.whole("factors", 1, variance_components::MOST_FACTORS)? }
            }
            "auc" => Self::Auc { lower: given.flag("lower")? },
            "ccc" => Self::Ccc { unbiased: given.flag("unbiased")? },
            "icc" => Self::Icc { model: given.whole("model", 1, 3)? as u8, mean: given.flag("mean")? },
            _ => {
                let expected = format!("one of {}", Self::IDS.join(", "));
                return Err(CoreError::Choice { field: "statistic".into(), found: id.into(), expected });
            }
        };
        given.done(id)?;
        Ok(kind)
    }

    pub fn id(&self) -> &'static str {
        let at = match self {
            Self::Repeatability { .. } => 0,
            Self::LimitsOfAgreement { .. } => 1,
            Self::Ols => 2,
            Self::Deming { .. } => 3,
            Self::WeightedDeming { .. } => 4,
            Self::PassingBablok { .. } => 5,
            Self::VarianceComponents { .. } => 6,
            Self::Auc { .. } => 7,
            Self::Ccc { .. } => 8,
            Self::Icc { .. } => 9,
        };
        Self::IDS[at]
    }

    /// Names of the components, in order.
    pub fn names(&self) -> Vec<String> {
        let names: &[&str] = match self {
            Self::Repeatability { wcv: repeatability::Wcv::None } => &["mean", "wSD"],
            Self::Repeatability { .. } => &["mean", "wSD", "wCV"],
            Self::LimitsOfAgreement { .. } => &["lower limit", "upper limit"],
            Self::Ols | Self::Deming { .. } | Self::WeightedDeming { .. } | Self::PassingBablok { .. } => {
                &["slope", "intercept"]
            }
            Self::VarianceComponents { factors } => {
                let components = (0..*factors).map(|factor| format!("component {factor}"));
                return components.chain(["error".into(), "total".into()]).collect();
            }
            Self::Auc { .. } => &["AUC"],
            Self::Ccc { .. } => &["CCC", "Pearson r (precision)", "Cb (accuracy)"],
            Self::Icc { .. } => &["ICC"],
        };
        names.iter().map(|&name| name.into()).collect()
    }

    /// # Errors
    /// A row of another width than the statistic's.
    pub fn check_width(&self, found: usize) -> Result<(), CoreError> {
        let (right, expected) = match self {
            Self::Icc { .. } => (found >= 2, "2 or more, one for each measurement of a subject".into()),
            _ => {
                let width = match self {
                    Self::Repeatability { .. } => 4,
                    Self::VarianceComponents { factors } => variance_components::width(*factors),
                    _ => 2,
                };
                (found == width, format!("{width}, the width of a row of {}", self.id()))
            }
        };
        if right {
            return Ok(());
        }
        Err(CoreError::OutOfRange { field: "width".into(), found: found as f64, expected })
    }

    /// The statistic of these rows, `data[row * width + column]`.
    ///
    /// # Errors
    /// Values that the statistic cannot take.
    pub fn prepare(&self, data: &[f64], width: usize) -> Result<Box<dyn Statistic>, CoreError> {
        let column = |k: usize| -> Vec<f64> { data.iter().skip(k).step_by(width).copied().collect() };
        let columns = || (column(0), column(1));
        Ok(match *self {
            Self::Repeatability { wcv } => Box::new(repeatability::Repeatability::new(wcv, data)),
            Self::LimitsOfAgreement { multiplier } => {
                let differences = data.chunks_exact(2).map(|pair| pair[0] - pair[1]).collect();
                Box::new(agreement::Limits { multiplier, differences })
            }
            Self::Ols => Box::new(lines::Ols(columns().into())),
            Self::Deming { error_ratio } => Box::new(lines::Deming { error_ratio, pairs: columns().into() }),
            Self::WeightedDeming { error_ratio, mcr } => {
                Box::new(lines::WeightedDeming::new(error_ratio, mcr, columns().into())?)
            }
            Self::PassingBablok { mcr } => Box::new(passing_bablok::PassingBablok::new(mcr, columns().into())?),
            Self::VarianceComponents { factors } => {
                Box::new(variance_components::VarianceComponents::new(factors, data))
            }
            Self::Auc { lower } => Box::new(area::Area::new(lower, &column(0), &column(1))?),
            Self::Ccc { unbiased } => Box::new(agreement::Concordance { unbiased, pairs: columns().into() }),
            Self::Icc { model, mean } => Box::new(agreement::Intraclass::new(model, mean, data, width)),
        })
    }
}

/// Settings as given; what is left over at the end is unknown.
struct Settings(BTreeMap<String, f64>);

impl Settings {
    fn take(&mut self, name: &str, expected: &str, right: impl Fn(f64) -> bool) -> Result<f64, CoreError> {
        let (field, expected) = (format!("settings.{name}"), expected.into());
        match self.0.remove(name) {
            Some(found) if right(found) => Ok(found),
            Some(found) => Err(CoreError::OutOfRange { field, found, expected }),
            None => Err(CoreError::Choice { field, found: "missing".into(), expected }),
        }
    }

    fn positive(&mut self, name: &str) -> Result<f64, CoreError> {
        self.take(name, "a finite number > 0", |value| value > 0.0 && value.is_finite())
    }

    fn whole(&mut self, name: &str, least: usize, most: usize) -> Result<usize, CoreError> {
        let right = |value: f64| value.fract() == 0.0 && (least as f64..=most as f64).contains(&value);
        self.take(name, &format!("a whole number from {least} to {most}"), right).map(|value| value as usize)
    }

    fn choice<T: Copy, const N: usize>(&mut self, name: &str, all: [T; N]) -> Result<T, CoreError> {
        self.whole(name, 0, N - 1).map(|at| all[at])
    }

    /// 0 or 1; 0 when it is not given.
    fn flag(&mut self, name: &str) -> Result<bool, CoreError> {
        self.0.entry(name.into()).or_insert(0.0);
        self.choice(name, [false, true])
    }

    fn done(self, id: &str) -> Result<(), CoreError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, found)) => Err(CoreError::OutOfRange {
                field: format!("settings.{name}"),
                found,
                expected: format!("a setting that {id} knows"),
            }),
        }
    }
}
