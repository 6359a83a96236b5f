//! The acquisition: named columns with one value for each sample.

use crate::error::CoreError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A column of a protocol, as a model asks for it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Column {
    pub name: &'static str,
    pub unit: &'static str,
    pub required: bool,
    pub description: &'static str,
}

/// Tells the parts of complex samples, which stand one below the other.
pub const IMAGINARY: Column = Column {
    name: "imaginary",
    unit: "",
    required: true,
    description: "0 for the real part of a sample, 1 for its imaginary part",
};

/// A number or name that holds for the whole acquisition, such as the field strength.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Setting {
    pub name: &'static str,
    /// Empty for a name.
    pub unit: &'static str,
    pub required: bool,
    pub description: &'static str,
    /// The names to choose from; empty for a number.
    pub choices: &'static [&'static str],
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    Number(f64),
    Name(String),
}

/// Settings as they come from JSON: `{"field_strength": 3, "spectrum": "hamilton-2011"}`.
pub type Settings = BTreeMap<String, SettingValue>;

/// Columns as they come from JSON: `{"b": [0, 500], "TE": [0.09, 0.09]}`. JSON turns NaN and infinity into null.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Protocol {
    columns: BTreeMap<String, Vec<Option<f64>>>,
}

impl Protocol {
    /// A protocol from name and values of each column.
    pub fn new(columns: &[(&str, &[f64])]) -> Self {
        let columns =
            columns.iter().map(|(name, values)| (name.to_string(), values.iter().copied().map(Some).collect()));
        Self { columns: columns.collect() }
    }

    /// Checks the columns against what a model asks for and lays them out, one row for each sample.
    ///
    /// # Errors
    /// An unknown or missing column, columns of unequal length, a value that is negative or not finite, no sample.
    pub fn design(&self, model: &'static str, columns: &'static [Column]) -> Result<Design, CoreError> {
        if let Some(found) = self.columns.keys().find(|name| columns.iter().all(|column| column.name != **name)) {
            let known = columns.iter().map(|column| column.name).collect();
            return Err(CoreError::UnknownColumn { model, found: found.clone(), known });
        }
        let mut rows = None;
        let mut present = Vec::new();
        for column in columns {
            let Some(values) = self.columns.get(column.name) else {
                if column.required {
                    return Err(CoreError::MissingColumn { model, column: column.name });
                }
                present.push(None);
                continue;
            };
            let expected = *rows.get_or_insert(values.len());
            if values.len() != expected {
                return Err(CoreError::ColumnLength { column: column.name.into(), found: values.len(), expected });
            }
            for (i, value) in values.iter().enumerate() {
                let field = || format!("protocol.{}[{i}]", column.name);
                match value {
                    Some(value) if value.is_finite() && *value >= 0.0 => {}
                    Some(value) if value.is_finite() => {
                        return Err(CoreError::Negative { field: field(), found: *value });
                    }
                    other => {
                        let found = other.map_or("null".into(), |value| value.to_string());
                        return Err(CoreError::NotFinite { field: field(), found });
                    }
                }
            }
            present.push(Some(values));
        }
        let rows = rows.unwrap_or(0);
        if rows == 0 {
            let field = format!("protocol.{}", columns[0].name);
            return Err(CoreError::TooFewSamples { field, found: 0, minimum: 1 });
        }
        let values = (0..rows)
            .flat_map(|i| present.iter().map(move |column| column.and_then(|values| values[i]).unwrap_or(0.0)))
            .collect();
        let present = present.iter().map(Option::is_some).collect();
        Ok(Design { rows, width: columns.len(), values, present })
    }
}

/// A checked protocol, sample by sample, columns in the model's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    rows: usize,
    width: usize,
    values: Vec<f64>,
    present: Vec<bool>,
}

impl Design {
    /// Number of samples.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The settings of sample `i`; an absent optional column reads 0.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.width..(i + 1) * self.width]
    }

    /// All values of the column at `index`, or nothing where that optional column is absent.
    pub fn column(&self, index: usize) -> Option<Vec<f64>> {
        self.present[index].then(|| (0..self.rows).map(|i| self.row(i)[index]).collect())
    }

    /// The design with further values after each row's own, such as what a model computes once from a setting.
    pub fn extended(mut self, more: &[Vec<f64>]) -> Self {
        let width = self.width + more.first().map_or(0, Vec::len);
        let rows = (0..self.rows).flat_map(|i| self.row(i).iter().chain(&more[i]).copied().collect::<Vec<_>>());
        self.values = rows.collect();
        self.present.resize(width, true);
        self.width = width;
        self
    }

    /// The same columns for some of the samples.
    pub fn select(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|&i| self.row(i).iter().copied()).collect();
        Self { rows: rows.len(), width: self.width, values, present: self.present.clone() }
    }
}
