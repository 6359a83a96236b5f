use crate::{assert_close, request};
use measurand_core::fit::{fit, Fit};
use measurand_core::models;
use measurand_core::predict;
use serde_json::{json, Value};

fn predicted(model: &str, protocol: &Value, x: &[f64]) -> Vec<f64> {
    let request = predict::Request::parse(&json!({"model": model, "protocol": protocol}).to_string()).unwrap();
    predict::signals(&request, x, 1).unwrap()
}

fn fitted(value: &Value, samples: &[f64]) -> Fit<f64> {
    fit(&request(value), samples, 1).unwrap()
}

const T1: f64 = 1.3;
const T2: f64 = 0.11;

#[test]
fn both_forms_are_their_equations() {
    let (te, ti, tr, last) = ([0.09, 0.14], [2.5, 0.4], [9.0, 4.0], [0.3, 0.25]);
    let protocol = json!({"TE": te, "TI": ti, "TR": tr});
    let found = predicted("flair", &protocol, &[1000.0, T1, T2]);
    let mut train = protocol.clone();
    train["TE_last"] = json!(last);
    let turbo = predicted("flair-tse", &train, &[1000.0, T1, T2]);
    for i in 0..2 {
        let at = |recovery: f64| {
            let polarised = 1.0 - 2.0 * libm::exp(-ti[i] / T1) + libm::exp(-recovery / T1);
            1000.0 * polarised.abs() * libm::exp(-te[i] / T2)
        };
        assert_close(found[i], at(tr[i]), 1e-14);
        assert_close(turbo[i], at(tr[i] - last[i]), 1e-14);
    }
}

/// The steady state of the turbo form followed pulse by pulse: inversion, recovery for TI, excitation and a train that
/// leaves no longitudinal magnetization, recovery until the next inversion.
#[test]
fn the_turbo_form_is_the_steady_state_of_its_pulses() {
    let (ti, tr, last) = (2.2, 7.5, 0.4);
    let mut before_inversion = 1.0;
    let mut at_excitation = 0.0;
    for _ in 0..5 {
        at_excitation = 1.0 - (1.0 + before_inversion) * libm::exp(-ti / T1);
        before_inversion = 1.0 - libm::exp(-(tr - ti - last) / T1);
    }
    let protocol = json!({"TE": [0.1], "TI": [ti], "TR": [tr], "TE_last": [last]});
    let found = predicted("flair-tse", &protocol, &[1.0, T1, T2])[0];
    assert_close(found, f64::abs(at_excitation) * libm::exp(-0.1 / T2), 1e-13);
}

#[test]
fn two_echo_times_give_t2_and_two_inversion_times_t1() {
    for (model, extra) in [("flair", json!({})), ("flair-tse", json!({"TE_last": [0.3, 0.3]}))] {
        let mut echoes = json!({"TE": [0.09, 0.16], "TI": [2.5, 2.5], "TR": [9, 9]});
        let mut inversions = json!({"TE": [0.09, 0.09], "TI": [2.0, 2.8], "TR": [9, 9]});
        for protocol in [&mut echoes, &mut inversions] {
            if let Value::Object(extra) = &extra {
                protocol.as_object_mut().unwrap().extend(extra.clone());
            }
        }
        let x = [1000.0, T1, T2];
        let value = json!({"model": model, "estimator": "nlls", "protocol": echoes, "fix": {"T1": T1}});
        let fit = fitted(&value, &predicted(model, &echoes, &x));
        assert_eq!(fit.status, [0], "{model}");
        assert_close(fit.parameters[2], T2, 1e-8);
        assert_eq!((fit.parameters[1], fit.standard_deviations[1]), (T1, 0.0));
        let value = json!({"model": model, "estimator": "nlls", "protocol": inversions, "fix": {"T2": T2}});
        let fit = fitted(&value, &predicted(model, &inversions, &x));
        assert_eq!(fit.status, [0], "{model}");
        assert_close(fit.parameters[1], T1, 1e-8);
        assert_close(fit.parameters[0], 1000.0, 1e-8);
    }
}

#[test]
fn times_that_no_sequence_has_are_refused() {
    let refused = |model: &str, protocol: Value| {
        let value = json!({"model": model, "protocol": protocol});
        let request = predict::Request::parse(&value.to_string()).unwrap();
        let fault = predict::signals(&request, &[1000.0, T1, T2], 1).unwrap_err().fault();
        (fault.code, fault.field)
    };
    let protocol = json!({"TE": [0.1, 0.1], "TI": [2.5, 8.95], "TR": [9, 9]});
    assert_eq!(refused("flair", protocol), ("out-of-range", "protocol.TI[1]".into()));
    let protocol = json!({"TE": [0.1], "TI": [8.6], "TR": [9], "TE_last": [0.5]});
    assert_eq!(refused("flair-tse", protocol), ("out-of-range", "protocol.TI[0]".into()));
    let protocol = json!({"TE": [0.6], "TI": [2.5], "TR": [9], "TE_last": [0.5]});
    assert_eq!(refused("flair-tse", protocol), ("out-of-range", "protocol.TE[0]".into()));
}

/// The images of the phantom and the model share one formula: at one voxel's tissue they agree to the last digits.
#[test]
fn the_phantoms_signal_is_the_models() {
    let sequence = measurand_core::simulate::flair::Sequence { te: 0.12, ti: 2.4, tr: 9.0 };
    let protocol = json!({"TE": [0.12], "TI": [2.4], "TR": [9]});
    let found = predicted("flair", &protocol, &[0.7, 0.832, 0.0796])[0];
    assert_close(sequence.signal(0.832, 0.0796, 0.7).abs(), found, 1e-14);
    let equation = models::find("flair").unwrap().description().equation;
    assert!(equation.contains("e^{-TR/T_1}"));
}
