//! One acquisition and one tissue for each registered model: what the tests of every model through the registry run on.

use measurand_core::models::{find, MODELS};
use measurand_core::protocol::{Design, Protocol, Settings};
use serde_json::{json, Value};

/// A protocol that identifies a model's parameters, and what they may be.
pub struct Example {
    /// JSON as a request states it.
    pub protocol: Value,
    /// JSON as a request states it; null where the model has none.
    pub settings: Value,
    /// Usual parameters, well inside the bounds.
    pub typical: &'static [f64],
    /// Parameters are drawn between these two in property tests; equal where a parameter is held.
    pub low: &'static [f64],
    pub high: &'static [f64],
    /// SNR from which intervals of some parameter are certified: its bound below a tenth of its value while fits hardly
    /// ever end on a bound. Infinite where they do at any usual SNR.
    pub certified_from: f64,
}

impl Example {
    /// The protocol as the model lays it out.
    pub fn design(&self, id: &str) -> Design {
        let settings: Settings = match &self.settings {
            Value::Null => Settings::default(),
            settings => serde_json::from_value(settings.clone()).unwrap(),
        };
        let protocol: Protocol = serde_json::from_value(self.protocol.clone()).unwrap();
        find(id).unwrap().design(&protocol, &settings).unwrap()
    }

    /// A fit request of the model with one of its estimators.
    pub fn request(&self, id: &str, estimator: &str) -> Value {
        let settings = if self.settings.is_null() { json!({}) } else { self.settings.clone() };
        json!({"model": id, "estimator": estimator, "protocol": self.protocol, "settings": settings})
    }
}

/// Every combination of the b-values (outer) and echo times (inner).
fn grid(b: &[f64], te: &[f64]) -> Value {
    let pairs: Vec<(f64, f64)> = b.iter().flat_map(|&b| te.iter().map(move |&te| (b, te))).collect();
    json!({
        "b": pairs.iter().map(|pair| pair.0).collect::<Vec<_>>(),
        "TE": pairs.iter().map(|pair| pair.1).collect::<Vec<_>>(),
    })
}

/// Echo times (s) of a gradient echo at 3 T, fat nearly in phase with water at every other one.
const ECHOES: [f64; 8] = [1.15e-3, 2.3e-3, 3.45e-3, 4.6e-3, 5.75e-3, 6.9e-3, 8.05e-3, 9.2e-3];

/// Real, then imaginary parts at each value of a column.
fn complex(column: &str, values: &[f64]) -> Value {
    let part = |part: f64| vec![part; values.len()];
    let (both, imaginary) = ([values, values].concat(), [part(0.0), part(1.0)].concat());
    json!({column: both, "imaginary": imaginary})
}

/// The example of a registered model.
pub fn example(id: &str) -> Example {
    match id {
        "mono-exponential" => Example {
            protocol: json!({"b": [0, 100, 300, 500, 700, 1000]}),
            settings: Value::Null,
            typical: &[812.0, 1.1e-3],
            low: &[100.0, 3e-4],
            high: &[2000.0, 3e-3],
            certified_from: 20.0,
        },
        // Computed from fits; its parameters are those of a decay with one ADC.
        "clinical-adc" => Example {
            protocol: json!({"b": [0, 50, 100, 400, 900]}),
            settings: Value::Null,
            typical: &[1.1e-3, 1.1e-3, 1.1e-3, 0.0, 812.0],
            low: &[1e-3, 1e-3, 1e-3, 0.0, 100.0],
            high: &[1e-3, 1e-3, 1e-3, 0.0, 2000.0],
            certified_from: 20.0,
        },
        // The threshold leaves no perfusion signal above it: the segmented fit is then exact.
        "ivim" => Example {
            protocol: json!({"b": [0, 0, 10, 20, 30, 50, 80, 120, 200, 300, 450, 600, 800, 1000]}),
            settings: json!({"threshold": 450}),
            typical: &[812.0, 0.2, 0.05, 1.1e-3],
            low: &[100.0, 0.1, 0.04, 7e-4],
            high: &[2000.0, 0.4, 0.1, 2e-3],
            certified_from: 50.0,
        },
        "kurtosis" => Example {
            protocol: json!({"b": [0, 0, 300, 700, 1000, 1500, 2000]}),
            settings: Value::Null,
            typical: &[812.0, 1.1e-3, 0.9],
            low: &[100.0, 6e-4, 0.2],
            high: &[2000.0, 1.6e-3, 1.1],
            certified_from: 50.0,
        },
        "mtr" => Example {
            protocol: json!({"MT": [0, 1, 0, 1, 0]}),
            settings: Value::Null,
            typical: &[812.0, 42.0],
            low: &[100.0, 1.0],
            high: &[2000.0, 60.0],
            certified_from: 20.0,
        },
        "mtsat" => Example {
            protocol: json!({
                "MT": [0, 0, 1, 0, 0, 1],
                "FA": [6, 20, 6, 6, 20, 6],
                "TR": [0.025, 0.018, 0.025, 0.025, 0.018, 0.025],
            }),
            settings: Value::Null,
            typical: &[10000.0, 0.9, 1.6, 1.0],
            low: &[5000.0, 0.4, 0.2, 1.0],
            high: &[20000.0, 1.5, 2.5, 1.0],
            certified_from: 20.0,
        },
        "flair" => Example {
            protocol: json!({
                "TE": [0.09, 0.14, 0.2, 0.09, 0.14, 0.09, 0.09],
                "TI": [2.5, 2.5, 2.5, 2.0, 2.0, 1.6, 3.0],
                "TR": [9, 9, 9, 9, 9, 9, 9],
            }),
            settings: Value::Null,
            typical: &[1000.0, 1.3, 0.11],
            low: &[500.0, 0.7, 0.07],
            high: &[2000.0, 1.8, 0.2],
            certified_from: 20.0,
        },
        "flair-tse" => Example {
            protocol: json!({
                "TE": [0.09, 0.14, 0.2, 0.09, 0.14, 0.09, 0.09],
                "TI": [2.5, 2.5, 2.5, 2.0, 2.0, 1.6, 3.0],
                "TR": [9, 9, 9, 9, 9, 9, 9],
                "TE_last": [0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3],
            }),
            settings: Value::Null,
            typical: &[1000.0, 1.3, 0.11],
            low: &[500.0, 0.7, 0.07],
            high: &[2000.0, 1.8, 0.2],
            certified_from: 20.0,
        },
        "t2-ivim-kurtosis" => Example {
            protocol: grid(&[0.0, 50.0, 100.0, 400.0, 900.0, 1200.0, 1600.0], &[0.093, 0.105, 0.12]),
            settings: Value::Null,
            typical: &[1200.0, 0.12, 0.02, 0.15, 1.1e-3, 0.9, 0.08],
            low: &[500.0, 0.08, 0.012, 0.1, 7e-4, 0.5, 0.05],
            high: &[2000.0, 0.3, 0.04, 0.25, 1.5e-3, 1.2, 0.09],
            // Blood's T2 ends on a bound in many voxels.
            certified_from: f64::INFINITY,
        },
        "inversion-recovery" => Example {
            protocol: json!({"TI": [0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.2, 3.0, 5.0]}),
            settings: Value::Null,
            typical: &[1000.0, -1900.0, 0.9],
            low: &[800.0, -2300.0, 0.3],
            high: &[1200.0, -1500.0, 2.0],
            certified_from: 20.0,
        },
        "inversion-recovery-complex" => Example {
            protocol: json!({
                "TI": [0.05, 0.15, 0.4, 0.8, 1.3, 2.0, 3.0, 5.0, 0.05, 0.15, 0.4, 0.8, 1.3, 2.0, 3.0, 5.0],
                "imaginary": [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
            }),
            settings: Value::Null,
            typical: &[700.0, 600.0, -1300.0, -1150.0, 0.9],
            low: &[400.0, 300.0, -1800.0, -1500.0, 0.3],
            high: &[900.0, 900.0, -900.0, -700.0, 2.0],
            certified_from: 20.0,
        },
        "saturation-recovery" => Example {
            protocol: json!({"TS": [0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.2, 3.0, 5.0]}),
            settings: Value::Null,
            typical: &[1000.0, 1.2, 1.0],
            low: &[500.0, 0.3, 1.0],
            high: &[2000.0, 2.0, 1.0],
            certified_from: 20.0,
        },
        "variable-flip-angle" => Example {
            protocol: json!({"FA": [2, 3, 5, 8, 12, 17, 25], "TR": [0.015, 0.015, 0.015, 0.015, 0.015, 0.015, 0.015]}),
            settings: Value::Null,
            typical: &[10000.0, 1.0, 1.0],
            low: &[5000.0, 0.3, 1.0],
            high: &[20000.0, 2.0, 1.0],
            certified_from: 20.0,
        },
        "t2" => Example {
            protocol: json!({"TE": [0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.16, 0.2]}),
            settings: Value::Null,
            typical: &[1000.0, 0.08],
            low: &[500.0, 0.03],
            high: &[2000.0, 0.2],
            certified_from: 20.0,
        },
        "t2-offset" => Example {
            protocol: json!({"TE": [0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.16, 0.2, 0.26, 0.32]}),
            settings: Value::Null,
            typical: &[1000.0, 0.08, 50.0],
            low: &[500.0, 0.04, 20.0],
            high: &[2000.0, 0.12, 80.0],
            certified_from: 20.0,
        },
        "t2star" => Example {
            protocol: json!({"TE": [0.002, 0.004, 0.006, 0.009, 0.012, 0.016, 0.02, 0.025, 0.03, 0.04]}),
            settings: Value::Null,
            typical: &[1000.0, 0.025],
            low: &[500.0, 0.01],
            high: &[2000.0, 0.05],
            certified_from: 20.0,
        },
        "t2star-offset" => Example {
            protocol: json!({"TE": [0.002, 0.004, 0.006, 0.009, 0.012, 0.016, 0.02, 0.025, 0.03, 0.04, 0.06, 0.08]}),
            settings: Value::Null,
            typical: &[1000.0, 0.02, 50.0],
            low: &[500.0, 0.01, 20.0],
            high: &[2000.0, 0.03, 80.0],
            certified_from: 20.0,
        },
        "two-point-t2" => Example {
            protocol: json!({"TE": [0.02, 0.1]}),
            settings: Value::Null,
            typical: &[1000.0, 0.08],
            low: &[500.0, 0.03],
            high: &[2000.0, 0.2],
            certified_from: 20.0,
        },
        "fat-water" => Example {
            protocol: json!({"TE": ECHOES}),
            settings: json!({"field_strength": 3, "spectrum": "hamilton-2011"}),
            typical: &[1000.0, 0.2, 45.0],
            low: &[200.0, 0.05, 20.0],
            high: &[2000.0, 0.95, 150.0],
            certified_from: 20.0,
        },
        "fat-water-complex" => Example {
            protocol: complex("TE", &ECHOES),
            settings: json!({"field_strength": 3}),
            typical: &[1000.0, 0.2, 45.0, 0.6, 40.0],
            low: &[200.0, 0.05, 20.0, -3.0, -200.0],
            high: &[2000.0, 0.95, 150.0, 3.0, 200.0],
            certified_from: 20.0,
        },
        other => panic!("{other} has no example: add one here"),
    }
}

#[test]
fn every_registered_model_has_an_example_that_fits_it() {
    for model in MODELS {
        let description = model.description();
        let example = example(description.id);
        let p = description.parameters.len();
        assert_eq!([example.typical.len(), example.low.len(), example.high.len()], [p; 3], "{}", description.id);
        for (j, parameter) in description.parameters.iter().enumerate() {
            let (low, typical, high) = (example.low[j], example.typical[j], example.high[j]);
            let name = format!("{} {}", description.id, parameter.name);
            assert!(parameter.lower <= low && low <= high && high <= parameter.upper, "{name}: range");
            assert!(parameter.lower < typical && typical < parameter.upper, "{name}: typical");
            assert!(parameter.held.is_none_or(|held| low == held && high == held && typical == held), "{name}: held");
        }
        assert!(example.design(description.id).rows() >= description.minimum_samples, "{}", description.id);
    }
}
