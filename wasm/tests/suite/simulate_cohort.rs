use measurand_core::models;
use measurand_core::protocol::Protocol;
use measurand_core::simulate::cohort::{repeatability, Cohort, Spec};
use serde_json::{json, Value};

/// Two tissues in a small body; the second has no blood and no kurtosis, so that its metrics have closed forms.
fn spec() -> Value {
    json!({
        "seed": 3, "subjects": 4, "sessions": 2, "shape": [10, 8, 3], "voxel_size": [10, 10, 10],
        "protocol": {"b": [0, 50, 100, 400, 900, 1200], "TE": [0.06, 0.09]},
        "noise": {"kind": "rician", "snr": 20, "tissue": "a", "b": 0, "TE": 0.06},
        "tissues": [
            {
                "name": "a",
                "mean": {"S0": 1000, "f": 0.1, "Dv": 0.02, "T2v": 0.1, "Dt": 0.001, "K": 0.6, "T2t": 0.07},
                "between": {"Dt": 0.1, "f": 0.2}, "within": {"Dt": 0.05, "S0": 0.03},
                "parts": [{"centre": [-20, 0, 0], "radii": [20, 20, 30]}], "source": "chosen"
            },
            {
                "name": "b",
                "mean": {"S0": 800, "f": 0, "Dv": 0.02, "T2v": 0.1, "Dt": 0.002, "K": 0, "T2t": 0.05},
                "between": {"Dt": 0.2}, "within": {"Dt": 0.04, "S0": 0.1},
                "parts": [{"centre": [20, 0, 0], "radii": [20, 20, 30], "hollow": 0.5}], "source": "chosen"
            }
        ],
        "remainder": {
            "name": "rest", "source": "chosen",
            "mean": {"S0": 100, "f": 0, "Dv": 0.02, "T2v": 0.1, "Dt": 0.001, "K": 0, "T2t": 0.05}
        },
        "geometry": {"body": [48, 38], "size_cv": 0, "radius_cv": 0, "position_sd": 0, "shift_sd": 0}
    })
}

fn build(value: &Value) -> Cohort {
    Cohort::new(serde_json::from_value::<Spec>(value.clone()).unwrap()).unwrap()
}

fn row<'a>(rows: &'a Value, tissue: &str, metric: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row["tissue"] == tissue && row["metric"] == metric).unwrap()
}

#[test]
fn labels_are_those_of_the_ellipsoids_counted_by_hand() {
    let labels = build(&spec()).labels(0, 0).unwrap();
    // Centres at x = -45 ... 45, y = -35 ... 35, z = -10, 0, 10. Row y = 5 of the middle slice: a from -35 to -5 inside
    // (15/20)^2 + (5/20)^2 < 1; b as well, but not where the squares sum below 0.25: its hole holds x = 15 and 25.
    let row: Vec<u8> = (0..10).map(|x| labels[x + 10 * (4 + 8)]).collect();
    assert_eq!(row, [0, 1, 1, 1, 1, 2, 0, 0, 2, 0]);
    // Row y = 15: (5/20)^2 + (15/20)^2 = 0.625 inside, (15/20)^2 twice = 1.125 outside.
    let row: Vec<u8> = (0..10).map(|x| labels[x + 10 * (5 + 8)]).collect();
    assert_eq!(row, [0, 0, 1, 1, 0, 0, 2, 2, 0, 0]);
}

#[test]
fn samples_without_noise_are_the_models_at_the_true_parameters() {
    let mut value = spec();
    value["noise"]["kind"] = json!("none");
    let cohort = build(&value);
    let truth = cohort.truth().unwrap();
    let labels = cohort.labels(2, 1).unwrap();
    let model = models::find("t2-ivim-kurtosis").unwrap();
    for (te, time) in [(0, 0.06), (1, 0.09)] {
        let samples = cohort.samples(2, 1, te).unwrap();
        let b = [0.0, 50.0, 100.0, 400.0, 900.0, 1200.0];
        let design = Protocol::new(&[("b", &b), ("TE", &[time; 6])])
            .design(model.description().id, model.description().protocol)
            .unwrap();
        for (label, tissue) in [(1, "a"), (2, "b")] {
            let own = truth["rows"].as_array().unwrap().iter();
            let own =
                own.clone().find(|row| row["subject"] == 2 && row["session"] == 1 && row["tissue"] == tissue).unwrap();
            let names = model.description().parameters.iter();
            let parameters: Vec<f64> = names.map(|p| own["parameters"][p.name].as_f64().unwrap()).collect();
            let expected = model.signal().unwrap().predict(&design, &parameters);
            for v in (0..labels.len()).filter(|&v| labels[v] == label) {
                for (i, expected) in expected.iter().enumerate() {
                    crate::assert_close(samples[i * labels.len() + v], *expected, 1e-14);
                }
            }
        }
        // Corners lie outside the body: nothing there.
        assert_eq!(samples[0], 0.0);
    }
}

#[test]
fn the_noise_is_the_stated_one() {
    let cohort = build(&spec());
    let (f, te) = (0.1, 0.06);
    let signal = 1000.0 * (f * libm::exp(-te / 0.1) + (1.0 - f) * libm::exp(-te / 0.07));
    crate::assert_close(cohort.sigma(), signal / 20.0, 1e-12);
    // Outside the body, Rayleigh: E M^2 = 2 sigma^2.
    let mut squares = Vec::new();
    for (subject, session) in (0..4).flat_map(|subject| [(subject, 0), (subject, 1)]) {
        for te in 0..2 {
            let samples = cohort.samples(subject, session, te).unwrap();
            squares.extend(
                samples.chunks(240).flat_map(|volume| [0, 9, 70, 79, 80, 159, 160, 239].map(|v| volume[v] * volume[v])),
            );
        }
    }
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    let expected = 2.0 * cohort.sigma() * cohort.sigma();
    assert!((mean / expected - 1.0).abs() < 4.0 / (squares.len() as f64).sqrt(), "{mean} {expected}");
}

#[test]
fn scans_repeat_and_differ() {
    let (cohort, again) = (build(&spec()), build(&spec()));
    let first = cohort.samples(1, 0, 1).unwrap();
    // Whatever was drawn before.
    again.samples(3, 1, 0).unwrap();
    assert_eq!(again.samples(1, 0, 1).unwrap(), first);
    assert_ne!(cohort.samples(1, 1, 1).unwrap(), first);
    assert_ne!(cohort.samples(0, 0, 1).unwrap(), first);
    // More people leave those that were there as they are.
    let mut value = spec();
    value["subjects"] = json!(9);
    assert_eq!(build(&value).samples(1, 0, 1).unwrap(), first);
    value["seed"] = json!(4);
    assert_ne!(build(&value).samples(1, 0, 1).unwrap(), first);
}

#[test]
fn anatomy_changes_between_subjects_and_position_between_sessions() {
    let mut value = spec();
    value["geometry"] = json!({"body": [48, 38], "size_cv": 0.1, "radius_cv": 0.1, "position_sd": 4, "shift_sd": 0});
    let cohort = build(&value);
    assert_ne!(cohort.labels(0, 0).unwrap(), cohort.labels(1, 0).unwrap());
    assert_eq!(cohort.labels(0, 0).unwrap(), cohort.labels(0, 1).unwrap());
    value["geometry"]["shift_sd"] = json!(15);
    let shifted = build(&value);
    assert_ne!(shifted.labels(0, 0).unwrap(), shifted.labels(0, 1).unwrap());
}

#[test]
fn repeatability_of_pairs_counted_by_hand() {
    // d = 2, -4, 0; means 10, 20, 30; mean of d^2 / 2 is 10/3; (d / m)^2 / 2 is 0.02, 0.02, 0.
    let found = repeatability(&[[11.0, 9.0], [18.0, 22.0], [30.0, 30.0]]);
    crate::assert_close(found.mean, 20.0, 1e-15);
    crate::assert_close(found.within_sd, (10.0f64 / 3.0).sqrt(), 1e-15);
    crate::assert_close(found.wcv, (10.0f64 / 3.0).sqrt() / 20.0, 1e-15);
    crate::assert_close(found.wcv_rms, (0.04f64 / 3.0).sqrt(), 1e-14);
    crate::assert_close(found.between_cv, (100.0f64 - 5.0 / 3.0).sqrt() / 20.0, 1e-14);
}

/// Tissue b decays mono-exponentially, so its three ADCs are Dt, and wCV and mean of Dt have closed forms: within_sd =
/// mean cw sqrt(1 + cb^2), wCV (rms) close to cw, between_cv = cb.
#[test]
fn the_population_has_the_variation_that_was_put_in() {
    let cohort = build(&spec());
    let n = 20_000;
    let population = cohort.population(n).unwrap();
    for metric in ["ADC", "ADC_fast", "ADC_slow"] {
        let found = row(&population["rows"], "b", metric);
        let number = |name: &str| found[name].as_f64().unwrap();
        let error = 1.0 / f64::from(2 * n).sqrt();
        assert!((number("mean") / 0.002 - 1.0).abs() < 4.0 * 0.2 / f64::from(n).sqrt());
        assert!((number("wcv") / (0.04 * (1.0f64 + 0.2 * 0.2).sqrt()) - 1.0).abs() < 6.0 * error, "{found}");
        assert!((number("wcv_rms") / 0.04 - 1.0).abs() < 4.0 * error, "{found}");
        assert!((number("between_cv") / 0.2 - 1.0).abs() < 6.0 * error, "{found}");
    }
    let f = row(&population["rows"], "b", "F");
    assert!(f["mean"].as_f64().unwrap().abs() < 1e-12);
    // S0 at TE = 0.06 s: within-subject spread as put in, none between subjects.
    let s0 = row(&population["rows"], "b", "S0");
    assert!((s0["wcv"].as_f64().unwrap() / 0.1 - 1.0).abs() < 0.03);
    assert!(s0["between_cv"].as_f64().unwrap() < 0.02);
}

#[test]
fn the_truth_lists_every_scan_and_spread() {
    let truth = build(&spec()).truth().unwrap();
    let rows = truth["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4 * 2 * 2);
    for row in rows.iter().filter(|row| row["tissue"] == "b") {
        crate::assert_close(row["metrics"]["ADC"].as_f64().unwrap(), row["parameters"]["Dt"].as_f64().unwrap(), 1e-9);
    }
    let spreads = truth["spreads"].as_array().unwrap();
    assert_eq!(spreads.len(), 2 * 7);
    let own = spreads.iter().find(|row| row["tissue"] == "a" && row["parameter"] == "Dt").unwrap();
    assert_eq!((&own["mean"], &own["between_cv"], &own["within_cv"]), (&json!(0.001), &json!(0.1), &json!(0.05)));
    // The drawn subjects' repeatability, from the rows themselves.
    let adc: Vec<f64> =
        rows.iter().filter(|row| row["tissue"] == "a").map(|row| row["metrics"]["ADC"].as_f64().unwrap()).collect();
    let pairs: Vec<[f64; 2]> = adc.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
    assert_eq!(row(&truth["drawn"], "a", "ADC")["wcv"].as_f64().unwrap(), repeatability(&pairs).wcv);
}

#[test]
fn bad_specifications_are_refused_by_name() {
    let refused = |path: &str, wrong: Value| {
        let mut value = spec();
        *value.pointer_mut(path).unwrap() = wrong;
        let spec: Spec = serde_json::from_value(value).unwrap();
        Cohort::new(spec).unwrap_err().fault().field
    };
    assert_eq!(refused("/subjects", json!(0)), "subjects");
    assert_eq!(refused("/sessions", json!(70_000)), "sessions");
    assert_eq!(refused("/shape/1", json!(0)), "shape[1]");
    assert_eq!(refused("/voxel_size/2", json!(-1)), "voxel_size[2]");
    assert_eq!(refused("/noise/tissue", json!("c")), "noise.tissue");
    assert_eq!(refused("/noise/snr", json!(0)), "noise.snr");
    assert_eq!(refused("/noise/kind", json!("pink")), "noise.kind");
    assert_eq!(refused("/tissues/1/name", json!("a")), "tissues[1].name");
    assert_eq!(refused("/tissues/0/mean", json!({"S0": 1})), "a.mean.f");
    assert_eq!(refused("/tissues/0/mean/f", json!(1.5)), "a.mean.f");
    assert_eq!(refused("/tissues/0/within", json!({"ADC": 0.1})), "a.within");
    assert_eq!(refused("/tissues/0/between/f", json!(2)), "a.between.f");
    assert_eq!(refused("/tissues/0/parts/0/radii/0", json!(0)), "tissues.a.parts[0].radii[0]");
    assert_eq!(refused("/geometry/size_cv", json!(-0.1)), "geometry.size_cv");
    assert_eq!(refused("/protocol/b", json!([0, 50, 100, 400])), "protocol.b");
    let cohort = build(&spec());
    assert_eq!(cohort.labels(4, 0).unwrap_err().fault().field, "subject");
    assert_eq!(cohort.samples(0, 2, 0).unwrap_err().fault().field, "session");
    assert_eq!(cohort.samples(0, 0, 2).unwrap_err().fault().field, "te");
    assert_eq!(cohort.population(1).unwrap_err().fault().field, "subjects");
}
