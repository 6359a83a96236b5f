use crate::{assert_close, seeded};
use measurand_core::resample::bca::interval;
use measurand_core::resample::draw::Draw;
use measurand_core::resample::statistics::Kind;
use measurand_core::resample::{draw, intervals, resample, values, Request, Resampled};
use measurand_core::simulate::random::Stream;
use proptest::prelude::*;
use serde_json::{json, Value};
use std::collections::BTreeMap;

/// Peak flow of two meters, l/min. Bland JM, Altman DG. Lancet 1986;327:307-310.
const WRIGHT: [f64; 17] = [
    494.0, 395.0, 516.0, 434.0, 476.0, 557.0, 413.0, 442.0, 650.0, 433.0, 417.0, 656.0, 267.0, 478.0, 178.0, 423.0,
    427.0,
];
const MINI: [f64; 17] = [
    512.0, 430.0, 520.0, 428.0, 500.0, 600.0, 364.0, 380.0, 658.0, 445.0, 432.0, 626.0, 260.0, 477.0, 259.0, 350.0,
    451.0,
];

fn peak_flow() -> Vec<f64> {
    WRIGHT.iter().zip(MINI).flat_map(|(&x, y)| [x, y]).collect()
}

fn request(statistic: &str, width: usize, settings: Value) -> Value {
    json!({"statistic": statistic, "width": width, "settings": settings, "resamples": 2000, "seed": 4})
}

fn parse(value: &Value) -> Request {
    Request::parse(&value.to_string()).unwrap()
}

fn limits() -> Value {
    request("limits-of-agreement", 2, json!({"multiplier": 1.959963984540054}))
}

fn kind(id: &str, settings: Value) -> Kind {
    let settings: BTreeMap<String, f64> = serde_json::from_value(settings).unwrap();
    Kind::parse(id, &settings).unwrap()
}

/// The statistic of rows as they stand.
fn statistic(kind: Kind, data: &[f64], width: usize) -> Vec<f64> {
    weighted(kind, data, width, &vec![1.0; data.len() / width])
}

fn weighted(kind: Kind, data: &[f64], width: usize, weights: &[f64]) -> Vec<f64> {
    let mut found = vec![0.0; kind.names().len()];
    let total = weights.iter().sum();
    kind.prepare(data, width).unwrap().evaluate(&Draw { weights, total }, &mut found);
    found
}

/// Every statistic, with a way to make a row of it from three numbers in (0, 1).
fn every() -> Vec<(Kind, usize, fn([f64; 3]) -> Vec<f64>)> {
    let pair = |[a, b, _]: [f64; 3]| vec![1.0 + 9.0 * a, 1.5 + 9.0 * a + b];
    vec![
        (kind("repeatability", json!({"wcv": 0})), 4, |[a, b, c]| vec![(1.0 + 3.0 * c).floor(), a, 5.0 + b, 0.0]),
        (kind("repeatability", json!({"wcv": 1})), 4, |[a, b, c]| vec![(1.0 + 3.0 * c).floor(), a, 5.0 + b, a * b]),
        (kind("repeatability", json!({"wcv": 2})), 4, |[a, b, c]| vec![(1.0 + 3.0 * c).floor(), a, 5.0 + b, 0.0]),
        (kind("repeatability", json!({"wcv": 3})), 4, |[a, b, c]| vec![(1.0 + 3.0 * c).floor(), a, 5.0 + b, a * b]),
        (kind("limits-of-agreement", json!({"multiplier": 1.96})), 2, pair),
        (kind("ols", json!({})), 2, pair),
        (kind("deming", json!({"errorRatio": 0.5})), 2, pair),
        (kind("weighted-deming", json!({"errorRatio": 2.0})), 2, pair),
        (kind("weighted-deming", json!({"errorRatio": 1.0, "mcr": 1})), 2, pair),
        (kind("passing-bablok", json!({"mcr": 0})), 2, pair),
        (kind("passing-bablok", json!({"mcr": 1})), 2, pair),
        // A site of two days with two values each.
        (kind("variance-components", json!({"factors": 2})), 8, |[a, b, c]| {
            let days = [[a, b], [c, a * b - c]];
            let sums = days.map(|[first, second]| first + second);
            let squares = days.iter().flatten().map(|value| value * value).sum();
            let between = sums.iter().map(|sum| sum * sum / 2.0).sum();
            vec![4.0, sums[0] + sums[1], squares, between, 2.0, 16.0, 8.0, 2.0]
        }),
        (kind("auc", json!({"lower": 0})), 2, |[a, b, c]| {
            vec![(8.0 * (a + 0.5 * c)).floor(), f64::from(u8::from(a > b))]
        }),
        (kind("auc", json!({"lower": 1})), 2, |[a, b, c]| {
            vec![(8.0 * (b + 0.5 * c)).floor(), f64::from(u8::from(a > b))]
        }),
        (kind("ccc", json!({"unbiased": 0})), 2, pair),
        (kind("ccc", json!({"unbiased": 1})), 2, pair),
        (kind("icc", json!({"model": 1})), 3, |[a, b, c]| vec![4.0 * a, 4.0 * a + b, 4.0 * a + c]),
        (kind("icc", json!({"model": 2})), 3, |[a, b, c]| vec![4.0 * a, 4.0 * a + b, 4.0 * a + c]),
        (kind("icc", json!({"model": 3, "mean": 1})), 3, |[a, b, c]| vec![4.0 * a, 4.0 * a + b, 4.0 * a + c]),
    ]
}

fn rows(make: fn([f64; 3]) -> Vec<f64>, count: usize, seed: u64) -> Vec<f64> {
    let stream = Stream::new(seed, 0);
    let uniform = |i: usize| stream.uniform(i as u64);
    (0..count).flat_map(|i| make([uniform(3 * i), uniform(3 * i + 1), uniform(3 * i + 2)])).collect()
}

/// Limits and reference of Bland and Altman 1986 with z, ICC of Shrout and Fleiss 1979, area by counting.
#[test]
fn published_values() {
    let found = resample(&parse(&limits()), &peak_flow()).unwrap();
    assert_eq!(found.names, ["lower limit", "upper limit"]);
    assert_eq!(format!("{:.6} {:.6}", found.values[0], found.values[1]), "-78.095905 73.860611");
    let raters = [9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7].map(f64::from);
    let icc = |model: u8, mean: u8| statistic(kind("icc", json!({"model": model, "mean": mean})), &raters, 4)[0];
    let printed: Vec<String> =
        [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 1)].map(|(m, k)| format!("{:.6}", icc(m, k))).into();
    assert_eq!(printed, ["0.165742", "0.289764", "0.714841", "0.442797", "0.620051", "0.909316"]);
    let ccc = statistic(kind("ccc", json!({})), &peak_flow(), 2);
    assert_eq!(format!("{:.6} {:.6}", ccc[0], ccc[2]), "0.942742 0.999431");
    assert_eq!(format!("{:.6}", statistic(kind("ccc", json!({"unbiased": 1})), &peak_flow(), 2)[0]), "0.942752");
}

/// A balanced design by the mean squares of the textbook: 3 sites of 2 days of 2 values.
#[test]
fn variance_components_of_a_balanced_design() {
    let design = [[[5.0, 6.0], [8.0, 7.5]], [[3.0, 2.0], [4.5, 4.0]], [[9.0, 7.0], [6.0, 8.5]]];
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let grand = mean(design.as_flattened().as_flattened());
    let (mut sites, mut days, mut errors) = (0.0, 0.0, 0.0);
    let mut data = Vec::new();
    for site in &design {
        let centre = mean(site.as_flattened());
        sites += 4.0 * (centre - grand).powi(2) / 2.0;
        for day in site {
            days += 2.0 * (mean(day) - centre).powi(2) / 3.0;
            errors += day.iter().map(|value| (value - mean(day)).powi(2)).sum::<f64>() / 6.0;
        }
        let values: Vec<f64> = site.as_flattened().iter().map(|value| value - grand).collect();
        let between = values.chunks_exact(2).map(|day| (day[0] + day[1]).powi(2) / 2.0).sum();
        let squares = values.iter().map(|value| value * value).sum();
        data.extend([4.0, values.iter().sum(), squares, between, 2.0, 16.0, 8.0, 2.0]);
    }
    let found = statistic(kind("variance-components", json!({"factors": 2})), &data, 8);
    let (site, day) = ((sites - days) / 4.0, (days - errors) / 2.0);
    for (found, expected) in found.iter().zip([site, day, errors, site + day + errors]) {
        assert_close(*found, expected, 1e-12);
    }
}

/// The spatial test data of Efron B, Tibshirani RJ. An Introduction to the Bootstrap, 1993, table 14.1 (A), whose
/// variance with divisor n is 171.5; section 14.3 prints a = .061, and 90 % ends of (115.8, 259.6) from 2000 resamples.
#[test]
fn bca_of_a_variance_is_that_of_the_textbook() {
    let a = [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41]
        .map(f64::from);
    let variance = |weights: &[f64]| {
        let total: f64 = weights.iter().sum();
        let mean = weights.iter().zip(a).map(|(w, x)| w * x).sum::<f64>() / total;
        weights.iter().zip(a).map(|(w, x)| w * (x - mean) * (x - mean)).sum::<f64>() / total
    };
    let without = |row: usize| variance(&std::array::from_fn::<f64, 26, _>(|i| f64::from(u8::from(i != row))));
    let jackknife: Vec<f64> = (0..26).map(without).collect();
    let mut weights = [1.0; 26];
    let value = variance(&weights);
    assert_eq!(format!("{value:.1}"), "171.5");
    let mut drawn: Vec<f64> = (0..100_000)
        .map(|resample| {
            draw(1, resample, &mut weights);
            variance(&weights)
        })
        .collect();
    let found = interval("variance", value, &mut drawn, &jackknife, 0.9).unwrap();
    assert_eq!(format!("{:.3}", found.acceleration), "0.061");
    // The printed ends carry the scatter of 2000 resamples: an SD of about 1.5 below and 4 above.
    assert!((found.lower - 115.8).abs() < 4.0 && (found.upper - 259.6).abs() < 9.0, "{found:?}");
    assert!((found.bias_correction - 0.146).abs() < 0.07, "{found:?}");
}

#[test]
fn resamples_draw_n_rows_each_with_the_same_chance() {
    let (n, resamples) = (7_usize, 60_000_u64);
    let mut weights = vec![0.0; n];
    let (mut sums, mut squares) = (vec![0.0; n], vec![0.0; n]);
    for resample in 0..resamples {
        draw(3, resample, &mut weights);
        assert_eq!(weights.iter().sum::<f64>(), n as f64);
        for (row, weight) in weights.iter().enumerate() {
            sums[row] += weight;
            squares[row] += weight * weight;
        }
    }
    for (sum, square) in sums.iter().zip(&squares) {
        // Binomial(7, 1/7): mean 1, variance 6/7; four standard errors.
        let (mean, variance) = (sum / resamples as f64, square / resamples as f64 - 1.0);
        assert!((mean - 1.0).abs() < 4.0 * (0.857 / resamples as f64).sqrt(), "{mean}");
        assert!((variance - 6.0 / 7.0).abs() < 0.025, "{variance}");
    }
    let mut other = weights.clone();
    draw(4, resamples - 1, &mut other);
    assert_ne!(weights, other, "another seed, another draw");
}

/// A row drawn three times counts as three rows: the statistic of weights is that of rows written out.
#[test]
fn weights_are_copies_of_rows() {
    for (kind, width, make) in every() {
        for seed in 0..20 {
            let data = rows(make, 15, seed);
            let mut weights = vec![0.0; 15];
            draw(seed, 1, &mut weights);
            let written: Vec<f64> = data
                .chunks_exact(width)
                .zip(&weights)
                .flat_map(|(row, &weight)| std::iter::repeat_n(row, weight as usize).flatten().copied())
                .collect();
            let (found, expected) = (weighted(kind, &data, width, &weights), statistic(kind, &written, width));
            for (found, expected) in found.iter().zip(&expected) {
                assert_close(*found, *expected, 1e-9);
            }
        }
    }
}

/// The walk along sorted slopes against all slopes of the rows written out, sorted anew.
#[test]
fn the_weighted_median_slope_is_the_median_of_all_slopes() {
    let stream = Stream::new(5, 0);
    for sample in 0..200_u64 {
        // Small whole numbers: ties, equal points, vertical pairs and slopes of -1 all come up.
        let value = |i: u64| (6.0 * stream.uniform(1000 * sample + i)).ceil();
        let points: Vec<[f64; 2]> = (0..9).map(|i| [value(2 * i) + i as f64, value(2 * i + 1) + i as f64]).collect();
        let data: Vec<f64> = points.iter().flatten().copied().collect();
        let mut weights = vec![0.0; 9];
        draw(6, sample, &mut weights);
        let drawn: Vec<[f64; 2]> =
            points.iter().zip(&weights).flat_map(|(&point, &w)| std::iter::repeat_n(point, w as usize)).collect();
        let mut slopes = Vec::new();
        let mut below = 0;
        for (i, a) in drawn.iter().enumerate() {
            for b in &drawn[i + 1..] {
                let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
                let slope = if dx == 0.0 { f64::INFINITY } else { dy / dx };
                if (dx, dy) == (0.0, 0.0) || slope == -1.0 {
                    continue;
                }
                below += usize::from(slope < -1.0);
                slopes.push(slope);
            }
        }
        slopes.sort_by(f64::total_cmp);
        let (count, odd) = (slopes.len(), slopes.len() % 2);
        let found = weighted(kind("passing-bablok", json!({})), &data, 2, &weights)[0];
        match slopes.get(count / 2 + below) {
            Some(&high) if high.is_finite() => {
                let low = if odd == 1 { high } else { slopes[count / 2 + below - 1] };
                assert_close(found, 0.5 * (low + high), 1e-14);
            }
            _ => assert!(found.is_nan()),
        }
    }
}

#[test]
fn units_cut_anyhow_are_the_same_bits() {
    for (kind, width, make) in every() {
        let data = rows(make, 30, 1);
        let request = Request { kind, width, resamples: 300, seed: 9, level: 0.9 };
        let whole = values(&request, &data, 0..331).unwrap();
        let parts: Vec<f64> = [0..1, 1..7, 7..200, 200..331]
            .into_iter()
            .flat_map(|units| values(&request, &data, units).unwrap())
            .collect();
        assert!(whole.iter().zip(&parts).all(|(a, b)| a.to_bits() == b.to_bits()), "{kind:?}");
        assert_eq!(intervals(&request, &parts).unwrap(), resample(&request, &data).unwrap());
    }
}

#[test]
fn every_statistic_has_an_interval_around_it() {
    for (kind, width, make) in every() {
        let data = rows(make, 40, 2);
        let request = Request { kind, width, resamples: 999, seed: 1, level: 0.95 };
        let Resampled { names, values, intervals, degenerate, .. } = resample(&request, &data).unwrap();
        assert_eq!((names.len(), values.len(), degenerate), (intervals.len(), intervals.len(), 0), "{kind:?}");
        for (value, found) in values.iter().zip(&intervals) {
            assert!(found.lower < *value && *value < found.upper, "{kind:?}: {value}, {found:?}");
        }
    }
}

/// Two-sided 95 % BCa intervals of the upper limit cover .89 at n = 20: the standard error of 1500 repeats is .008.
#[test]
fn coverage_of_the_upper_limit_is_what_is_told_of_it() {
    let n = 20;
    let covered = (0..1500_u64)
        .filter(|&repeat| {
            let stream = Stream::new(11, repeat);
            let data: Vec<f64> = (0..n).flat_map(|i| [stream.normal(i), 0.0]).collect();
            let request = json!({"statistic": "limits-of-agreement", "width": 2, "settings": {"multiplier": 1.96},
                "resamples": 1000, "seed": repeat});
            let upper = resample(&parse(&request), &data).unwrap().intervals[1];
            upper.lower <= 1.96 && 1.96 <= upper.upper
        })
        .count();
    let share = covered as f64 / 1500.0;
    assert!((share - 0.89).abs() < 0.025, "{share}");
}

#[test]
fn resamples_without_a_value_are_counted_and_too_many_refused() {
    // One positive of ten: (9/10)^10 = 35 % of the resamples have none.
    let rare: Vec<f64> = (0..10).flat_map(|i| [f64::from(i), f64::from(u8::from(i == 4))]).collect();
    let auc = parse(&request("auc", 2, json!({})));
    let fault = resample(&auc, &rare).unwrap_err().fault();
    // Without the one positive there is no area at all, which is told first.
    assert_eq!((fault.code, fault.field.as_str()), ("no-interval", "auc without row 5"));
    let two: Vec<f64> = (0..10).flat_map(|i| [f64::from(i * i % 7), f64::from(u8::from(i % 5 == 4))]).collect();
    let fault = resample(&auc, &two).unwrap_err().fault();
    assert_eq!((fault.code, fault.field.as_str()), ("no-interval", "resamples in which auc has no value"));
    let count: f64 = fault.value.as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    // (8/10)^10 = 10.7 % of 2000, four standard errors.
    assert!((count - 214.7).abs() < 56.0, "{count}");
    let six: Vec<f64> = (0..12).flat_map(|i| [f64::from(i * i % 7), f64::from(u8::from(i % 2 == 0))]).collect();
    let found = resample(&parse(&request("auc", 2, json!({}))), &six).unwrap();
    let units = values(&auc, &six, 13..2013).unwrap();
    assert_eq!(found.degenerate, units.iter().filter(|value| value.is_nan()).count() as u64);
}

#[test]
fn an_inner_factor_without_degrees_of_freedom_has_no_value() {
    // Outer levels of one inner level each but the first, which has two; without it no inner comparison is left.
    let pair = |a: f64, b: f64| vec![2.0, a + b, a * a + b * b, (a + b) * (a + b) / 2.0, 1.0, 4.0, 4.0, 2.0];
    let first = [[1.0, 3.0], [2.0, 7.0]];
    let (sum, squares) = (13.0, 1.0 + 9.0 + 4.0 + 49.0);
    let between = first.iter().map(|[a, b]| (a + b) * (a + b) / 2.0_f64).sum();
    let data = [vec![4.0, sum, squares, between, 2.0, 16.0, 8.0, 2.0], pair(3.0, 4.0), pair(0.0, 1.0)].concat();
    let kind = kind("variance-components", json!({"factors": 2}));
    assert!(weighted(kind, &data, 8, &[1.0, 1.0, 1.0]).iter().all(|value| value.is_finite()));
    assert!(weighted(kind, &data, 8, &[0.0, 2.0, 1.0])[1].is_nan());
    let request = parse(&request("variance-components", 8, json!({"factors": 2})));
    let fault = resample(&request, &data).unwrap_err().fault();
    assert_eq!(fault.field, "variance-components without row 1");
}

#[test]
fn bad_requests_name_their_field() {
    let cases = [
        (json!({"statistic": "median"}), "statistic"),
        (json!({"settings": {}}), "settings.multiplier"),
        (json!({"settings": {"multiplier": -1}}), "settings.multiplier"),
        (json!({"settings": {"multiplier": 2, "mcr": 1}}), "settings.mcr"),
        (json!({"width": 3}), "width"),
        (json!({"resamples": 199}), "resamples"),
        (json!({"resamples": 10_000_001}), "resamples"),
        (json!({"level": 95}), "level"),
        (json!({"seed": -1}), "request"),
        (json!({"rows": 3}), "request"),
    ];
    for (change, field) in cases {
        let mut request = limits();
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(Request::parse(&request.to_string()).unwrap_err().fault().field, field, "{change}");
    }
    let kinds = [("icc", json!({"model": 4}), "settings.model"), ("auc", json!({"lower": 0.5}), "settings.lower")];
    for (id, settings, field) in kinds {
        let found = Request::parse(&request(id, 2, settings).to_string()).unwrap_err();
        assert_eq!(found.fault().field, field);
    }
}

#[test]
fn bad_data_name_their_field() {
    let field = |request: &Value, data: &[f64]| resample(&parse(request), data).unwrap_err().fault().field;
    let deming = request("weighted-deming", 2, json!({"errorRatio": 1}));
    assert_eq!(field(&limits(), &[1.0; 7]), "data");
    assert_eq!(field(&limits(), &[1.0; 4]), "rows of data");
    assert_eq!(field(&limits(), &[1.0, 2.0, 3.0, f64::NAN, 2.0, 3.0]), "data[3]");
    assert_eq!(field(&limits(), &[2.0; 8]), "limits-of-agreement");
    assert_eq!(field(&deming, &[1.0, 2.0, 3.0, 0.0, 2.0, 3.0]), "y of row 2");
    assert_eq!(field(&request("auc", 2, json!({})), &[1.0, 2.0, 3.0, 0.0, 2.0, 1.0]), "outcome of row 1");
    let many = request("passing-bablok", 2, json!({}));
    assert_eq!(field(&many, &vec![1.0; 10_002]), "rows of data");
    let request = parse(&limits());
    assert_eq!(values(&request, &peak_flow(), 0..2019).unwrap_err().fault().field, "last unit");
    assert_eq!(intervals(&request, &[0.0; 100]).unwrap_err().fault().field, "values");
}

proptest! {
    #![proptest_config(seeded(40))]

    /// Intervals of limits move and stretch with the data, and turn over with the methods.
    #[test]
    fn limits_shift_scale_and_swap(shift in -50.0..50.0_f64, power in -3..4_i32, seed in 0..1000_u64) {
        let stream = Stream::new(seed, 7);
        let data: Vec<f64> = (0..24).map(|i| stream.normal(i)).collect();
        let scale = 2.0_f64.powi(power);
        let request = parse(&json!({"statistic": "limits-of-agreement", "width": 2, "settings": {"multiplier": 2},
            "resamples": 400, "seed": seed}));
        let plain = resample(&request, &data).unwrap().intervals;
        let moved: Vec<f64> = data.chunks_exact(2).flat_map(|p| [scale * p[0] + shift, scale * p[1]]).collect();
        let swapped: Vec<f64> = data.chunks_exact(2).flat_map(|p| [p[1], p[0]]).collect();
        for (a, b) in plain.iter().zip(resample(&request, &moved).unwrap().intervals) {
            prop_assert!((b.lower - (scale * a.lower + shift)).abs() < 1e-11 * (1.0 + scale + shift.abs()));
            prop_assert!((b.upper - (scale * a.upper + shift)).abs() < 1e-11 * (1.0 + scale + shift.abs()));
        }
        let turned = resample(&request, &swapped).unwrap().intervals;
        for (a, b) in plain.iter().zip(turned.iter().rev()) {
            prop_assert!((a.lower + b.upper).abs() < 1e-11 && (a.upper + b.lower).abs() < 1e-11);
        }
    }

    /// The order of the rows does not touch the value, nor the acceleration.
    #[test]
    fn permuted_rows_have_the_same_value(turn in 1..20_usize, seed in 0..50_u64) {
        for (kind, width, make) in every() {
            let data = rows(make, 20, seed);
            let mut turned = data.clone();
            turned.rotate_left(turn * width);
            for (a, b) in statistic(kind, &data, width).iter().zip(statistic(kind, &turned, width)) {
                prop_assert!(crate::close(b, *a, 1e-9), "{kind:?}: {a}, {b}");
            }
        }
    }
}
