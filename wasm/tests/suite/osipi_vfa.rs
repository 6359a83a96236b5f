//! Variable flip angle T1 against the reference data of the OSIPI perfusion code collection, whose tolerance is
//! |dR1| <= 0.05 /s + 5 %: a digital reference object of QIBA and brain voxels of a volunteer.

use crate::request;
use measurand_core::fit::fit;
use serde_json::json;
use std::path::Path;

/// Angles (degrees), TR (s), signals and the reference R1 (1/s).
struct Voxel {
    label: String,
    angles: Vec<f64>,
    tr: Vec<f64>,
    signals: Vec<f64>,
    r1: f64,
}

impl Voxel {
    /// A line of the tables: label, then lists separated by blanks, R1 in 1/(unit).
    fn read(line: &str, r1_unit: f64) -> Self {
        let cells: Vec<&str> = line.split(',').collect();
        let list = |cell: &str| cell.split_whitespace().map(|value| value.parse().unwrap()).collect::<Vec<f64>>();
        let r1 = cells[4].trim().parse::<f64>().unwrap() * r1_unit;
        Self { label: cells[0].into(), angles: list(cells[1]), tr: list(cells[2]), signals: list(cells[3]), r1 }
    }

    fn check(&self) {
        for estimator in ["nlls", "iwls", "ols"] {
            let protocol = json!({"FA": self.angles, "TR": self.tr});
            let value = json!({"model": "variable-flip-angle", "estimator": estimator, "protocol": protocol});
            let found = fit(&request(&value), &self.signals, 1).unwrap();
            assert_eq!(found.status, [0], "{} {estimator}", self.label);
            let r1 = 1.0 / found.parameters[1];
            let allowed = 0.05 + 0.05 * self.r1;
            assert!((r1 - self.r1).abs() <= allowed, "{} {estimator}: {r1} /s, reference {}", self.label, self.r1);
        }
    }
}

/// R1 in the table of the digital reference object is per ms, that of the brain per s.
const TABLES: [(&str, f64, usize); 2] = [("t1_vfa_quiba.csv", 1000.0, 45), ("t1_vfa_brain.csv", 1.0, 76)];

#[test]
fn every_estimator_agrees_with_the_whole_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/osipi");
    for (name, unit, expected) in TABLES {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            eprintln!("skipped: {} is not there", folder.join(name).display());
            continue;
        };
        let voxels: Vec<Voxel> =
            text.lines().skip(1).filter(|line| !line.is_empty()).map(|line| Voxel::read(line, unit)).collect();
        assert_eq!(voxels.len(), expected);
        voxels.iter().for_each(Voxel::check);
    }
}

/// Five voxels of each table.
#[test]
fn every_estimator_agrees_with_a_part_of_the_reference() {
    let object = [
        ("294 257 195 130 80 54", 0.0003536),
        ("169 161 137 87 57 39", 0.0005),
        ("481 753 840 761 576 413", 0.0028284),
        ("1014 1843 2400 2818 2605 2110", 0.008),
        ("2604 5124 7467 11410 15162 16762", 0.045255),
    ];
    for (signals, r1) in object {
        let tr = ["0.005"; 6].join(" ");
        Voxel::read(&format!("QIBA {signals},3 6 9 15 24 35,{tr},{signals},{r1}"), 1000.0).check();
    }
    let brain = [
        ("367 605 458", 0.91428),
        ("351 599 465", 0.98741),
        ("473 592 354", 0.45891),
        ("458 618 358", 0.49933),
        ("403 326 167", 0.17461),
    ];
    for (signals, r1) in brain {
        let tr = ["0.0054"; 3].join(" ");
        Voxel::read(&format!("brain {signals},2 5 12,{tr},{signals},{r1}"), 1.0).check();
    }
}
