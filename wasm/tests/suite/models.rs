use crate::assert_close;
use measurand_core::models;
use measurand_core::protocol::{Design, Protocol};

/// A protocol of the named columns.
fn design(id: &str, columns: &[(&str, &[f64])]) -> Design {
    let description = models::find(id).unwrap().description();
    Protocol::new(columns).design(description.id, description.protocol).unwrap()
}

#[test]
fn mono_exponential_is_its_equation() {
    let model = models::find("mono-exponential").unwrap();
    let b = [0.0, 50.0, 900.0, 3000.0];
    let design = design("mono-exponential", &[("b", &b)]);
    let found = model.signal().unwrap().predict(&design, &[812.5, 1.37e-3]);
    for (b, found) in b.iter().zip(found) {
        assert_close(found, 812.5 * libm::exp(-b * 1.37e-3), 3e-16);
    }
}

#[test]
fn t2_ivim_kurtosis_is_its_equation() {
    let model = models::find("t2-ivim-kurtosis").unwrap();
    let (b, te) = ([0.0, 10.0, 100.0, 900.0, 1600.0], [0.093, 0.12, 0.105, 0.093, 0.12]);
    let design = design("t2-ivim-kurtosis", &[("b", &b), ("TE", &te)]);
    let (s0, f, dv, t2v, dt, k, t2t) = (1200.0, 0.07, 0.02, 0.15, 1.1e-3, 0.9, 0.08);
    let found = model.signal().unwrap().predict(&design, &[s0, f, dv, t2v, dt, k, t2t]);
    for ((b, te), found) in b.iter().zip(te).zip(found) {
        let vascular = f * libm::exp(-b * dv - te / t2v);
        let tissue = (1.0 - f) * libm::exp(-b * dt + k * libm::pow(b * dt, 2.0) / 6.0 - te / t2t);
        assert_close(found, s0 * (vascular + tissue), 1e-14);
    }
}
