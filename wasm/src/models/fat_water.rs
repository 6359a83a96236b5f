//! Fat fraction and R2* from magnitudes of a multi-echo gradient echo, with the several peaks of fat.

use super::multi_echo::TE;
use super::{AnySignal, Description, Equation, Model, Parameter};
use crate::error::CoreError;
use crate::lane::Lane;
use crate::protocol::{Design, Protocol, Setting, SettingValue, Settings};

/// S = S0 |1 - PDFF + PDFF c(TE)| exp(-R2* TE), c(TE) = sum of a_p exp(2 pi i gamma B0 delta_p TE).
pub struct FatWater;

/// Gyromagnetic ratio of the proton in water over 2 pi, Hz/T (CODATA 2018).
const GAMMA: f64 = 42.577_478_518e6;
/// Chemical shift of water at body temperature, ppm.
const WATER: f64 = 4.7;

/// A spectrum of fat: chemical shift (ppm) and relative area of each peak.
struct Spectrum {
    name: &'static str,
    peaks: &'static [(f64, f64)],
}

/// Published spectra, the default first. Areas are scaled to a sum of 1.
const SPECTRA: [Spectrum; 3] = [
    // Liver: Hamilton G et al. NMR Biomed 2011;24:784-790, doi 10.1002/nbm.1622.
    Spectrum {
        name: "hamilton-2011",
        peaks: &[(5.3, 0.047), (4.2, 0.039), (2.75, 0.006), (2.1, 0.12), (1.3, 0.7), (0.9, 0.088)],
    },
    // Bone marrow: Ren J et al. J Lipid Res 2008;49:2055-2062, in the nine peaks of the literature on water-fat imaging.
    Spectrum {
        name: "ren-2008",
        peaks: &[
            (0.9, 0.0899),
            (1.3, 0.5834),
            (1.6, 0.0599),
            (2.02, 0.0849),
            (2.24, 0.0599),
            (2.75, 0.015),
            (4.2, 0.04),
            (5.19, 0.01),
            (5.29, 0.0569),
        ],
    },
    Spectrum { name: "single-peak", peaks: &[(1.3, 1.0)] },
];

pub(super) const SETTINGS: &[Setting] = &[
    Setting { name: "field_strength", unit: "T", required: true, description: "static magnetic field", choices: &[] },
    Setting {
        name: "spectrum",
        unit: "",
        required: false,
        description:
            "spectrum of fat: hamilton-2011 (liver, six peaks; the default), ren-2008 (bone marrow, nine peaks) \
                      or single-peak (methylene alone)",
        choices: &[SPECTRA[0].name, SPECTRA[1].name, SPECTRA[2].name],
    },
];

pub(super) const S0: Parameter =
    Parameter::new("S0", "signal", 0.0, f64::INFINITY, "signal of water and fat together at TE = 0");
pub(super) const PDFF: Parameter = Parameter::new(
    "PDFF",
    "",
    0.0,
    1.0,
    "fat's fraction of that signal: proton-density fat fraction if T1 has no part",
);
pub(super) const R2STAR: Parameter =
    Parameter::new("R2star", "1/s", 0.0, 2000.0, "transverse relaxation rate, common to water and fat");

static DESCRIPTION: Description = Description {
    id: "fat-water",
    name: "Fat fraction and R2*, magnitude",
    description: "Water and a fixed spectrum of fat with one R2*, from echo magnitudes. Which of the two dominates shows \
                  only in the smaller peaks of fat, so each fit starts below and twice above PDFF = 0.5 and keeps the best \
                  minimum; with spectrum single-peak both explain the samples equally, and the fit starts below.",
    parameters: &[S0, PDFF, R2STAR],
    equation: concat!(
        r"S(TE) = S_0 \left| 1 - \mathrm{PDFF} + \mathrm{PDFF} \, c(TE) \right| e^{-R_2^* TE}, \quad ",
        r"c(TE) = \sum_p a_p \, e^{2 \pi i \, \gamma B_0 (\delta_p - \delta_w) TE}"
    ),
    citation: "Bydder M et al. Relaxation effects in the quantification of fat using gradient echo imaging. Magn Reson \
               Imaging 2008;26:347-359; several starts: Triay Bagur A et al. Magnitude-intrinsic water-fat ambiguity can be \
               resolved with multipeak fat modeling and a multipoint search method. Magn Reson Med 2019;82:460-475 (doi \
               10.1002/mrm.27728); spectra: Hamilton G et al. NMR Biomed 2011;24:784-790 (doi 10.1002/nbm.1622), Ren J et \
               al. J Lipid Res 2008;49:2055-2062",
    doi: Some("10.1002/mrm.27728"),
    protocol: &[TE],
    settings: SETTINGS,
    magnitude: true,
    estimators: &["nlls"],
    minimum_samples: 3,
};

/// Signal of fat over that of water at an echo time, without relaxation: real and imaginary part. A positive frequency
/// turns counterclockwise; fat's main peaks turn clockwise.
pub(super) fn phasor(settings: &Settings, te: f64) -> [f64; 2] {
    let field = match settings.get("field_strength") {
        Some(SettingValue::Number(value)) => *value,
        _ => unreachable!("checked to be a number"),
    };
    let spectrum = match settings.get("spectrum") {
        Some(SettingValue::Name(name)) => SPECTRA.iter().find(|spectrum| spectrum.name == name),
        _ => SPECTRA.first(),
    };
    let peaks = spectrum.expect("checked to be one of the spectra").peaks;
    let area: f64 = peaks.iter().map(|(_, area)| area).sum();
    peaks.iter().fold([0.0; 2], |[real, imaginary], (shift, amplitude)| {
        let angle = core::f64::consts::TAU * GAMMA * field * 1e-6 * (shift - WATER) * te;
        let weight = amplitude / area;
        [real + weight * libm::cos(angle), imaginary + weight * libm::sin(angle)]
    })
}

impl Model for FatWater {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn signal(&self) -> Option<&dyn AnySignal> {
        Some(self)
    }

    /// Rows: TE, then real and imaginary part of c(TE).
    fn design(&self, protocol: &Protocol, settings: &Settings) -> Result<Design, CoreError> {
        DESCRIPTION.check_settings(settings)?;
        let design = protocol.design(DESCRIPTION.id, DESCRIPTION.protocol)?;
        let phasors: Vec<_> = (0..design.rows()).map(|i| phasor(settings, design.row(i)[0]).to_vec()).collect();
        Ok(design.extended(&phasors))
    }
}

/// 1 - F + F c, a row's mixture of water and fat: real and imaginary part, and how they change with F.
#[inline(always)]
pub(super) fn mixture<L: Lane>(c: [f64; 2], fraction: L) -> ([L; 2], [L; 2]) {
    let change = [L::splat(c[0] - 1.0), L::splat(c[1])];
    ([L::splat(1.0) + fraction * change[0], fraction * change[1]], change)
}

impl Equation for FatWater {
    const PARAMETERS: usize = 3;

    #[inline(always)]
    fn sample<L: Lane>(&self, at: &[f64], p: &[L], gradient: &mut [L]) -> L {
        let &[s0, fraction, rate] = p else { unreachable!("three parameters") };
        let te = L::splat(at[0]);
        let ([u, v], [du, dv]) = mixture([at[1], at[2]], fraction);
        let size = (u * u + v * v).sqrt();
        let decay = (-(rate * te)).exp();
        let signal = s0 * size * decay;
        // A magnitude has no derivative where it vanishes, which a single peak does at PDFF = 0.5.
        let some = L::splat(0.0).lt(size);
        let slope = L::select(some, (u * du + v * dv) / L::select(some, size, L::splat(1.0)), L::splat(0.0));
        gradient[0] = size * decay;
        gradient[1] = s0 * slope * decay;
        gradient[2] = -(te * signal);
        signal
    }

    const STARTS: usize = 3;

    fn guess<L: Lane>(&self, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        Self::search(design, samples, 0..=GRID / 2, p);
        true
    }

    fn further_guess<L: Lane>(&self, k: usize, design: &Design, samples: &[L], p: &mut [L]) -> bool {
        // One peak: PDFF and 1 - PDFF give the same magnitudes.
        let single = |i: usize| (design.row(i)[1].powi(2) + design.row(i)[2].powi(2) - 1.0).abs() < 1e-12;
        if (0..design.rows()).all(single) {
            return false;
        }
        // Where fat's peaks sum to less than one, an echo in opposed phase nearly vanishes at a PDFF of about 0.6: the sum
        // of squares has a minimum on each side of it.
        let fractions = if k == 1 { GRID / 2 + 1..=VANISHING } else { VANISHING + 1..=GRID };
        Self::search(design, samples, fractions, p);
        true
    }
}

/// Fractions from which the search for a start chooses.
const GRID: usize = 20;
/// Place on the grid of the PDFF at which an echo in opposed phase vanishes.
const VANISHING: usize = 12;

impl FatWater {
    /// The best point with PDFF in `fractions` (in 1/[`GRID`]): S0 and R2* from a log-linear fit, weighted by the squared
    /// samples, for each PDFF.
    #[inline(always)]
    fn search<L: Lane>(design: &Design, samples: &[L], fractions: core::ops::RangeInclusive<usize>, p: &mut [L]) {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let largest = samples.iter().fold(zero, |largest, &s| largest.larger(s));
        let scale = L::select(zero.lt(largest), largest, one);
        let mut best = L::splat(f64::INFINITY);
        (p[0], p[1], p[2]) = (scale, L::splat(0.1), zero);
        for k in fractions {
            let fraction = L::splat(k as f64 / GRID as f64);
            let size = |i: usize| {
                let row = design.row(i);
                let ([u, v], _) = mixture([row[1], row[2]], fraction);
                (u * u + v * v).sqrt().larger(L::splat(1e-3))
            };
            let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (zero, zero, zero, zero, zero);
            for (i, &sample) in samples.iter().enumerate() {
                let relative = sample / scale;
                let positive = zero.lt(relative);
                let weight = L::select(positive, relative * relative, zero);
                let x = L::splat(design.row(i)[0]);
                let y = (L::select(positive, relative, one) / size(i)).ln();
                w = w + weight;
                wx = wx + weight * x;
                wy = wy + weight * y;
                wxx = wxx + weight * x * x;
                wxy = wxy + weight * x * y;
            }
            let determinant = w * wxx - wx * wx;
            let solvable = zero.lt(determinant);
            let rate = (wx * wy - w * wxy) / L::select(solvable, determinant, one);
            let rate = L::select(solvable.and(zero.lt(rate)), rate, zero);
            let (mut square, mut product) = (zero, zero);
            for (i, &sample) in samples.iter().enumerate() {
                let shape = size(i) * (-(rate * L::splat(design.row(i)[0]))).exp();
                square = square + shape * shape;
                product = product + shape * (sample / scale);
            }
            let s0 = product / L::select(zero.lt(square), square, one);
            // The samples' own sum of squares is the same for every candidate.
            let misfit = -(s0 * product);
            let better = misfit.lt(best);
            best = L::select(better, misfit, best);
            p[0] = L::select(better, s0 * scale, p[0]);
            p[1] = L::select(better, fraction, p[1]);
            p[2] = L::select(better, rate, p[2]);
        }
    }
}
