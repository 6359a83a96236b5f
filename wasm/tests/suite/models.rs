use crate::{assert_close, request, seeded};
use measurand_core::fit::fit;
use measurand_core::models::{self, Model, MODELS};
use measurand_core::protocol::{Design, Protocol};
use proptest::prelude::*;
use serde_json::json;

/// A protocol of every column a model has, from b-values and echo times.
fn design(model: &dyn Model, b: &[f64], te: &[f64]) -> Design {
    let description = model.description();
    let columns: Vec<(&str, &[f64])> = description
        .protocol
        .iter()
        .map(|column| match column.name {
            "b" => ("b", b),
            "TE" => ("TE", te),
            other => panic!("{other} has no test values: add them"),
        })
        .collect();
    Protocol::new(&columns).design(description.id, description.protocol).unwrap()
}

/// Parameters at a fraction of their range; an unbounded one counts to 1000.
fn parameters(model: &dyn Model, fractions: &[f64]) -> Vec<f64> {
    let range = |lower: f64, upper: f64| (lower.max(0.0), upper.min(1000.0));
    let at = |(parameter, fraction): (&models::Parameter, &f64)| {
        let (lower, upper) = range(parameter.lower, parameter.upper);
        lower + fraction * (upper - lower)
    };
    model.description().parameters.iter().zip(fractions).map(at).collect()
}

proptest! {
    #![proptest_config(seeded(200))]

    #[test]
    fn the_jacobian_agrees_with_central_differences(
        fractions in prop::collection::vec(0.05f64..0.95, 12),
        b in prop::collection::vec(0.0f64..1000.0, 6),
        te in prop::collection::vec(0.01f64..0.2, 6),
    ) {
        for model in MODELS.iter().copied() {
            let Some(signal) = model.signal() else { continue };
            let design = design(model, &b, &te);
            let x = parameters(model, &fractions);
            let (p, jacobian) = (x.len(), signal.jacobian(&design, &x));
            for j in 0..p {
                let step = 1e-5 * x[j];
                let moved = |sign: f64| {
                    let mut moved = x.clone();
                    moved[j] += sign * step;
                    (signal.predict(&design, &moved), moved[j])
                };
                let ((up, high), (down, low)) = (moved(1.0), moved(-1.0));
                let largest = up.iter().fold(0.0f64, |largest, s| largest.max(s.abs()));
                for i in 0..design.rows() {
                    let expected = (up[i] - down[i]) / (high - low);
                    let found = jacobian[i * p + j];
                    // Differences carry the signal's rounding divided by the step, and a cubic remainder.
                    let rounding = 1e-15 * largest / step;
                    prop_assert!(
                        (found - expected).abs() <= 1e-6 * expected.abs() + 1e3 * rounding + 1e-12 * largest / x[j],
                        "{} d/d{j} sample {i}: {found}, differences give {expected}", model.description().id
                    );
                }
            }
        }
    }

    #[test]
    fn the_signal_is_proportional_to_s0(fractions in prop::collection::vec(0.05f64..0.95, 12), b in 0.0f64..3000.0) {
        for model in MODELS.iter().copied() {
            let Some(signal) = model.signal() else { continue };
            let design = design(model, &[b], &[0.09]);
            let x = parameters(model, &fractions);
            let mut doubled = x.clone();
            doubled[0] *= 2.0;
            prop_assert_eq!(signal.predict(&design, &doubled)[0], 2.0 * signal.predict(&design, &x)[0]);
        }
    }
}

#[test]
fn mono_exponential_is_its_equation() {
    let model = models::find("mono-exponential").unwrap();
    let b = [0.0, 50.0, 900.0, 3000.0];
    let design = design(model, &b, &[]);
    let found = model.signal().unwrap().predict(&design, &[812.5, 1.37e-3]);
    for (b, found) in b.iter().zip(found) {
        assert_close(found, 812.5 * libm::exp(-b * 1.37e-3), 3e-16);
    }
}

#[test]
fn t2_ivim_kurtosis_is_its_equation() {
    let model = models::find("t2-ivim-kurtosis").unwrap();
    let (b, te) = ([0.0, 10.0, 100.0, 900.0, 1600.0], [0.093, 0.12, 0.105, 0.093, 0.12]);
    let design = design(model, &b, &te);
    let (s0, f, dv, t2v, dt, k, t2t) = (1200.0, 0.07, 0.02, 0.15, 1.1e-3, 0.9, 0.08);
    let found = model.signal().unwrap().predict(&design, &[s0, f, dv, t2v, dt, k, t2t]);
    for ((b, te), found) in b.iter().zip(te).zip(found) {
        let vascular = f * libm::exp(-b * dv - te / t2v);
        let tissue = (1.0 - f) * libm::exp(-b * dt + k * libm::pow(b * dt, 2.0) / 6.0 - te / t2t);
        assert_close(found, s0 * (vascular + tissue), 1e-14);
    }
}

#[test]
fn every_estimator_of_every_model_gives_noise_free_parameters_back() {
    let (b, te) = ([0.0, 50.0, 100.0, 400.0, 900.0, 1200.0], [0.09; 6]);
    let mut fitted = 0;
    for model in MODELS.iter().copied() {
        let description = model.description();
        let Some(signal) = model.signal() else { continue };
        let x = parameters(model, &[0.4, 0.015, 0.3, 0.3, 0.3, 0.3, 0.3]);
        let samples = signal.predict(&design(model, &b, &te), &x);
        for estimator in description.estimators {
            let mut protocol = json!({});
            for column in description.protocol {
                protocol[column.name] = if column.name == "b" { json!(b) } else { json!(te) };
            }
            let value = json!({"model": description.id, "estimator": estimator, "protocol": protocol});
            let found = fit(&request(&value), &samples, 1).unwrap();
            assert_eq!(found.status, [0], "{} {estimator}", description.id);
            for (found, expected) in found.parameters.iter().zip(&x) {
                assert_close(*found, *expected, 1e-9);
            }
            fitted += 1;
        }
    }
    assert!(fitted >= 3);
}
