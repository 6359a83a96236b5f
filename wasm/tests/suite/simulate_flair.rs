use measurand_core::segment::components::{label, Connectivity};
use measurand_core::simulate::flair::{null_time, Phantom, Sequence, Spec, CSF, LESION, TISSUES};
use measurand_core::simulate::flair_point;
use measurand_core::simulate::noise::{Kind, Noise};
use serde_json::json;

const SEQUENCE: Sequence = Sequence { te: 0.117, ti: 2.55, tr: 9.0 };

fn silent() -> Noise {
    Noise::new(Kind::None, 0.0, 0).unwrap()
}

/// Coarse and without texture: fast, and each tissue has one signal.
fn plain() -> Spec {
    Spec {
        shape: [48, 48, 28],
        voxel_size: [4.0, 4.0, 4.0],
        lesions: 20,
        texture: 0.0,
        inhomogeneity: 0.0,
        severity_cv: 0.0,
        ..Spec::default()
    }
}

#[test]
fn fluid_is_dark_at_its_null_time_and_only_there() {
    let csf = TISSUES[CSF];
    let ti = null_time(csf.t1, 9.0);
    assert!((2.4..2.6).contains(&ti), "{ti}");
    let at = |ti: f64| Sequence { ti, ..SEQUENCE }.signal(csf.t1, csf.t2, csf.pd);
    assert!(at(ti).abs() < 1e-15);
    assert!(at(ti - 0.1) < -0.01 && at(ti + 0.1) > 0.01);

    let phantom = Phantom::new(plain()).unwrap();
    let image = phantom.image(&Sequence { ti, ..SEQUENCE }, &silent()).unwrap();
    // The ventricle's middle is pure fluid.
    let middle = 20 + 48 * (24 + 48 * 15);
    assert_eq!(phantom.tissues()[middle], 1);
    assert!(image[middle].abs() < 1e-6, "{}", image[middle]);
    let later = phantom.image(&Sequence { ti: 2.9, ..SEQUENCE }, &silent()).unwrap();
    assert!((f64::from(later[middle]) - at(2.9)).abs() < 1e-6);
    let earlier = phantom.image(&Sequence { ti: 2.2, ..SEQUENCE }, &silent()).unwrap();
    assert!((f64::from(earlier[middle]) + at(2.2)).abs() < 1e-6, "magnitude of a negative signal");
}

#[test]
fn every_pure_voxel_has_its_tissues_signal() {
    let phantom = Phantom::new(plain()).unwrap();
    let image = phantom.image(&SEQUENCE, &silent()).unwrap();
    for (i, tissue) in TISSUES.iter().enumerate() {
        let expected = SEQUENCE.signal(tissue.t1, tissue.t2, tissue.pd).abs();
        let own = image.iter().zip(phantom.tissues()).filter(|(_, label)| usize::from(**label) == i + 1);
        let pure = own.filter(|(value, _)| (f64::from(**value) - expected).abs() < 2e-6).count();
        assert!(pure >= 2, "{}: {pure} voxels at {expected}", tissue.name);
    }
    let [low, high] = [CSF, LESION].map(|i| SEQUENCE.signal(TISSUES[i].t1, TISSUES[i].t2, TISSUES[i].pd) as f32);
    let mixed = image.iter().zip(phantom.tissues()).filter(|(_, label)| **label != 0);
    // No mixture is brighter than a lesion or, but for what surrounds the brain, darker than fluid.
    assert!(mixed.clone().all(|(value, _)| *value <= high * 1.000_01 && *value >= 0.4 * low));
}

#[test]
fn a_phantom_repeats_and_lesions_only_add() {
    let phantom = Phantom::new(plain()).unwrap();
    assert_eq!(Phantom::new(plain()).unwrap(), phantom);
    assert_ne!(Phantom::new(Spec { seed: 2, ..plain() }).unwrap().tissues(), phantom.tissues());
    let more = Phantom::new(Spec { lesions: 30, ..plain() }).unwrap();
    assert!(phantom.lesions().iter().zip(more.lesions()).all(|(few, many)| few <= many));
    let none = Phantom::new(Spec { lesions: 0, ..plain() }).unwrap();
    assert!(none.lesions().iter().all(|voxel| *voxel == 0));
}

#[test]
fn there_are_as_many_lesions_as_asked_for() {
    for (seed, lesions) in [(1, 60), (2, 60), (3, 100), (4, 10)] {
        let phantom = Phantom::new(Spec { seed, lesions, ..Spec::default() }).unwrap();
        let shape = phantom.shape().map(|size| size as usize);
        let components = label(phantom.lesions(), shape, Connectivity::Corners);
        assert_eq!(components.sizes.len(), lesions as usize, "seed {seed}");
        let description = phantom.describe();
        assert_eq!(description["lesions"], json!(lesions));
        assert_eq!(description["lesion_voxels"], json!(components.sizes.iter().sum::<usize>()));
        // Every lesion lies in what would be brain.
        assert!(phantom
            .lesions()
            .iter()
            .zip(phantom.tissues())
            .all(|(lesion, tissue)| (*lesion == 1) == (*tissue == 4)));
    }
}

#[test]
fn tissue_volumes_are_those_of_a_brain() {
    let description = Phantom::new(Spec::default()).unwrap().describe();
    let volume = |i: usize| description["tissues"][i]["volume"].as_f64().unwrap();
    assert!((100.0..250.0).contains(&volume(0)), "fluid {} ml", volume(0));
    assert!((300.0..800.0).contains(&volume(1)), "grey {} ml", volume(1));
    assert!((400.0..800.0).contains(&volume(2)), "white {} ml", volume(2));
    // 60 lesions of 0.2 ml on average.
    assert!((6.0..20.0).contains(&volume(3)), "lesions {} ml", volume(3));
}

#[test]
fn image_and_brain_are_one_image() {
    let phantom = Phantom::new(plain()).unwrap();
    let noise = Noise::new(Kind::Rician, 0.02, 5).unwrap();
    let (image, brain) = (phantom.image(&SEQUENCE, &noise).unwrap(), phantom.brain(&SEQUENCE, &noise).unwrap());
    for ((all, inside), tissue) in image.iter().zip(&brain).zip(phantom.tissues()) {
        assert_eq!(*inside, if *tissue == 0 { 0.0 } else { *all });
    }
    let outside: Vec<f64> = image
        .iter()
        .zip(phantom.tissues())
        .filter(|(_, tissue)| **tissue == 0)
        .map(|(value, _)| f64::from(*value))
        .collect();
    let mean = outside.iter().sum::<f64>() / outside.len() as f64;
    assert!((mean / (0.02 * (std::f64::consts::PI / 2.0).sqrt()) - 1.0).abs() < 0.01, "{mean}");
}

#[test]
fn a_point_scores_both_methods_and_repeats() {
    let request = json!({
        "phantom": plain(), "TE": 0.117, "TI": 2.55, "TR": 9,
        "noise": {"kind": "rician", "sigma": 0.01, "seed": 4}
    });
    let found = flair_point::point(&request.to_string()).unwrap();
    assert_eq!(found, flair_point::point(&request.to_string()).unwrap());
    let names: Vec<&str> =
        found["results"].as_array().unwrap().iter().map(|result| result["method"].as_str().unwrap()).collect();
    assert_eq!(names, ["robust-threshold", "gaussian-mixture"]);
    for result in found["results"].as_array().unwrap() {
        let count = |name: &str| result[name].as_u64().unwrap();
        assert_eq!(count("detected") + count("missed"), 20);
        assert!(result["f1"].as_f64().unwrap() > 0.3, "{result}");
    }
    // Noise hides lesions.
    let mut loud = request.clone();
    loud["noise"]["sigma"] = json!(0.2);
    let loud = flair_point::point(&loud.to_string()).unwrap();
    assert!(loud["results"][0]["detected"].as_u64().unwrap() < found["results"][0]["detected"].as_u64().unwrap());
}

#[test]
fn bad_requests_are_refused_by_name() {
    let spec = |change: serde_json::Value| {
        let mut value = json!(plain());
        value.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Phantom::new(serde_json::from_value(value).unwrap()).unwrap_err().fault().field
    };
    assert_eq!(spec(json!({"shape": [48, 0, 28]})), "shape[1]");
    assert_eq!(spec(json!({"voxel_size": [4, 4, 0.1]})), "voxel_size[2]");
    assert_eq!(spec(json!({"texture": 1})), "texture");
    assert_eq!(spec(json!({"lesion_volume": 0})), "lesion_volume");
    // More than there is room for.
    assert_eq!(spec(json!({"lesions": 1000, "lesion_volume": 20})), "lesions");

    let point = |change: serde_json::Value| {
        let mut value = json!({"phantom": plain(), "TE": 0.1, "TI": 2.5, "TR": 9, "noise": {"kind": "none"}});
        value.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        flair_point::point(&value.to_string()).unwrap_err().fault()
    };
    assert_eq!(point(json!({"TE": -1})).field, "TE");
    assert_eq!(point(json!({"TI": 9})).field, "TI");
    assert_eq!(point(json!({"TR": 0})).field, "TR");
    assert_eq!(point(json!({"noise": {"kind": "none", "sigma": -1}})).field, "noise.sigma");
    assert_eq!(point(json!({"methods": [{"method": "none"}]})).field, "method");
    assert_eq!(point(json!({"connectivity": 5})).field, "connectivity");
    assert_eq!(point(json!({"typo": 5})).code, "invalid-request");
    assert_eq!(point(json!({"phantom": {"typo": 1}})).code, "invalid-request");
}
