//! FLAIR images of an analytic brain with white-matter lesions.
//!
//! Brain, ventricles and deep grey matter are ellipsoids, cortex and sulci waves on their surfaces; a voxel's share of each
//! tissue follows from its distance to the boundaries. Only what depends on TE, TI, TR and noise is computed for an image.

use super::check;
use super::noise::{Kind, Noise};
use super::random::Draws;
use crate::error::CoreError;
use crate::models::{longitudinal, FLAIR_EQUATION};
use crate::segment::components::{label, Connectivity};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

/// A tissue's relaxation at 3 T.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tissue {
    pub name: &'static str,
    /// s
    #[serde(rename = "T1")]
    pub t1: f64,
    /// s
    #[serde(rename = "T2")]
    pub t2: f64,
    /// Relative to water.
    #[serde(rename = "PD")]
    pub pd: f64,
    pub source: &'static str,
}

pub const CSF: usize = 0;
pub const GREY: usize = 1;
pub const WHITE: usize = 2;
pub const LESION: usize = 3;

/// Tissues in the order of their labels, which count from 1.
pub const TISSUES: [Tissue; 4] = [
    Tissue {
        name: "cerebrospinal fluid",
        t1: 4.31,
        t2: 1.89,
        pd: 1.0,
        source:
            "Quantification of T1 and T2 of subarachnoid CSF: implications for water exchange between CSF and brain \
                 tissues. Magn Reson Med (PMC10696635), at 3 T in the subarachnoid space",
    },
    Tissue {
        name: "grey matter",
        t1: 1.331,
        t2: 0.110,
        pd: 0.82,
        source:
            "Wansapura JP, Holland SK, Dunn RS, Ball WS. NMR relaxation times in the human brain at 3.0 tesla. J Magn \
                 Reson Imaging 1999;9:531-538; PD: Whittall KP et al. Magn Reson Med 1997;37:34-43, rounded",
    },
    Tissue { name: "white matter", t1: 0.832, t2: 0.0796, pd: 0.70, source: "as grey matter" },
    Tissue {
        name: "lesion",
        t1: 1.45,
        t2: 0.165,
        pd: 0.82,
        source:
            "chosen: longer T1 and T2 than grey matter and more water than white matter, as in demyelinated lesions",
    },
];

/// Everything that determines a phantom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    pub seed: u64,
    pub shape: [u32; 3],
    /// mm
    pub voxel_size: [f64; 3],
    /// Number of lesions. A larger number adds lesions and leaves the others where they are.
    pub lesions: u32,
    /// Mean volume of a lesion, ml; log-normal with a coefficient of variation of 1, and four voxels at least.
    pub lesion_volume: f64,
    /// Coefficient of variation between lesions of how far T1 and T2 are from white matter's.
    pub severity_cv: f64,
    /// Standard deviation of the smooth relative variation of T1 and T2 within tissues.
    pub texture: f64,
    /// Standard deviation of the smooth relative variation of the receiver's sensitivity.
    pub inhomogeneity: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            seed: 1,
            shape: [96, 96, 28],
            voxel_size: [2.0, 2.0, 4.0],
            lesions: 60,
            lesion_volume: 0.2,
            severity_cv: 0.25,
            texture: 0.05,
            inhomogeneity: 0.05,
        }
    }
}

/// Settings of a FLAIR image, s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    #[serde(rename = "TE")]
    pub te: f64,
    #[serde(rename = "TI")]
    pub ti: f64,
    #[serde(rename = "TR")]
    pub tr: f64,
}

impl Sequence {
    /// # Errors
    /// A time that is not finite, TE not above 0, or TI not between 0 and TR - TE.
    pub fn check(&self) -> Result<(), CoreError> {
        check("TR", self.tr, f64::MIN_POSITIVE, 1e3, "a repetition time in s, above 0")?;
        check("TE", self.te, 0.0, self.tr, "an echo time in s, from 0 to TR")?;
        check("TI", self.ti, 0.0, self.tr - self.te, "an inversion time in s, from 0 to TR - TE")
    }

    /// PD (1 - 2 exp(-TI/T1) + exp(-TR/T1)) exp(-TE/T2), signed: perfect inversion, TE much shorter than TR.
    pub fn signal(&self, t1: f64, t2: f64, pd: f64) -> f64 {
        let polarised = longitudinal(1.0, libm::exp(-self.ti / t1), libm::exp(-self.tr / t1));
        pd * polarised * libm::exp(-self.te / t2)
    }
}

/// The inversion time (s) at which a tissue gives no signal: T1 ln(2 / (1 + exp(-TR/T1))).
pub fn null_time(t1: f64, tr: f64) -> f64 {
    t1 * libm::log(2.0 / (1.0 + libm::exp(-tr / t1)))
}

/// A phantom; voxels inside the brain in memory order.
#[derive(Debug, Clone, PartialEq)]
pub struct Phantom {
    spec: Spec,
    tissues: Vec<u8>,
    lesions: Vec<u8>,
    count: usize,
    inside: Vec<Voxel>,
}

/// What a voxel is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Voxel {
    place: u32,
    /// Share of each tissue; what is missing to 1 is empty.
    shares: [f32; 4],
    /// Relative change of T1 and T2: of the normal tissues, and of the lesion.
    texture: f32,
    severity: f32,
    sensitivity: f32,
}

struct Lesion {
    centre: [f64; 3],
    radii: [f64; 3],
    axes: [[f64; 3]; 3],
    severity: f64,
    reach: f64,
}

/// What a stream of random numbers is for.
#[derive(Clone, Copy)]
enum Purpose {
    Noise = 1,
    Anatomy = 2,
    Cortex = 3,
    Sulci = 4,
    Ventricles = 5,
    Texture = 6,
    Sensitivity = 7,
    Lesion = 8,
}

fn stream(purpose: Purpose, index: u32) -> u64 {
    (purpose as u64) << 56 | u64::from(index)
}

/// A smooth random field of mean 0 and standard deviation about 1: plane waves in random directions.
struct Waves(Vec<([f64; 3], f64)>);

impl Waves {
    /// Wavelengths in mm, uniform between two.
    fn new(seed: u64, purpose: Purpose, count: usize, shortest: f64, longest: f64) -> Self {
        let mut draws = Draws::new(seed, stream(purpose, 0));
        Self(
            (0..count)
                .map(|_| {
                    let number = core::f64::consts::TAU / draws.between(shortest, longest);
                    let direction = draws.direction().map(|component| component * number);
                    (direction, draws.between(0.0, core::f64::consts::TAU))
                })
                .collect(),
        )
    }

    fn at(&self, [x, y, z]: [f64; 3]) -> f64 {
        let sum: f64 = self.0.iter().map(|([kx, ky, kz], phase)| sine(kx * x + ky * y + kz * z + phase)).sum();
        sum * (2.0 / self.0.len() as f64).sqrt()
    }
}

/// A sine good to 1e-3 and several times faster than an exact one; the phantom's shape is arbitrary anyway.
fn sine(angle: f64) -> f64 {
    // Adding and subtracting this rounds to the nearest integer.
    const ROUNDER: f64 = 1.5 * (1u64 << 52) as f64;
    let turns = angle * (1.0 / core::f64::consts::TAU);
    let t = turns - ((turns + ROUNDER) - ROUNDER);
    let parabola = 8.0 * t - 16.0 * t * t.abs();
    0.225 * (parabola * parabola.abs() - parabola) + parabola
}

/// Distance in mm below the surface of an axis-parallel ellipsoid (negative outside), to first order.
fn depth(at: [f64; 3], radii: [f64; 3]) -> f64 {
    let [x, y, z] = [at[0] / radii[0], at[1] / radii[1], at[2] / radii[2]];
    let radius = (x * x + y * y + z * z).sqrt();
    let slope = [x / radii[0], y / radii[1], z / radii[2]];
    let slope = (slope[0] * slope[0] + slope[1] * slope[1] + slope[2] * slope[2]).sqrt();
    if slope == 0.0 {
        return radii[0].min(radii[1]).min(radii[2]);
    }
    (1.0 - radius) * radius / slope
}

/// Share of a voxel that lies inside, by the distance of its centre to a boundary in units of its width.
fn share(depth: f64, width: f64) -> f64 {
    (0.5 + depth / width).clamp(0.0, 1.0)
}

/// mm: fluid around the brain, thickness of the cortex, and of sulci their depth, width and, for a wave of theirs, the
/// distance from its zero in which it rises by 1.
const SUBARACHNOID: f64 = 1.5;
const CORTEX: f64 = 2.6;
const SULCUS_DEPTH: f64 = 17.0;
const SULCUS_WIDTH: f64 = 1.4;
const SULCUS_SPACING: f64 = 5.0;

/// The brain without its lesions, as functions of the position (mm from the centre; right, anterior, superior).
struct Anatomy {
    brain: [f64; 3],
    ventricle: [f64; 3],
    sulci: Waves,
    cortex: Waves,
    walls: Waves,
    width: f64,
}

/// Shares of the normal tissues, and the depths that lesions are placed by.
struct Place {
    csf: f64,
    grey: f64,
    white: f64,
    white_depth: f64,
    ventricle_depth: f64,
}

impl Anatomy {
    fn new(spec: &Spec) -> Self {
        let mut draws = Draws::new(spec.seed, stream(Purpose::Anatomy, 0));
        let mut scaled = |radii: [f64; 3], cv: f64| radii.map(|radius| radius * draws.factor(cv));
        let [x, y, z] = spec.voxel_size;
        Self {
            brain: scaled([67.0, 82.0, 51.0], 0.02),
            ventricle: scaled([8.0, 30.0, 11.0], 0.08),
            sulci: Waves::new(spec.seed, Purpose::Sulci, 6, 28.0, 36.0),
            cortex: Waves::new(spec.seed, Purpose::Cortex, 6, 20.0, 40.0),
            walls: Waves::new(spec.seed, Purpose::Ventricles, 6, 18.0, 40.0),
            width: libm::cbrt(x * y * z),
        }
    }

    fn at(&self, at: [f64; 3]) -> Option<Place> {
        let depth_of_brain = depth(at, self.brain);
        if depth_of_brain < -self.width {
            return None;
        }
        let [x, y, z] = at;
        // Sulci are sheets where a wave passes through zero, so far below the surface; cortex lines whatever fluid touches.
        // Below them all, the waves (which cost the most here) change nothing.
        let below = depth_of_brain - SULCUS_DEPTH;
        let (pial, white) = if below > 2.0 * CORTEX + self.width {
            (below, below - CORTEX)
        } else {
            let sheet = SULCUS_SPACING * self.sulci.at(at).abs() - SULCUS_WIDTH / 2.0;
            let pial = (depth_of_brain - SUBARACHNOID).min(sheet.max(below));
            (pial, pial - CORTEX * (1.0 + 0.15 * self.cortex.at(at)).max(0.5))
        };
        let side = x.abs();
        let lateral = depth([side - 13.0, y - 2.0 + 0.2 * z, z - 4.0], self.ventricle);
        let third = depth([x, y + 2.0, z + 10.0], [3.0, 13.0, 10.0]);
        let thalamus = depth([side - 14.0, y + 10.0, z + 8.0], [8.0, 13.0, 8.0]);
        let striatum = depth([side - 24.0, y - 8.0, z + 4.0], [6.0, 17.0, 10.0]);
        let nuclei = thalamus.max(striatum);
        let wall = if lateral.max(nuclei) > -(4.0 + self.width) { 1.2 * self.walls.at(at) } else { 0.0 };
        let ventricle = (lateral + wall).max(third);
        let nuclei = nuclei + 0.5 * wall;

        let fluid = share(ventricle, self.width);
        let inner = 1.0 - fluid;
        let all = share(depth_of_brain, self.width);
        let tissue = share(pial, self.width).min(all);
        let inside_cortex = share(white, self.width).min(tissue);
        let deep = share(nuclei, self.width).min(inside_cortex);
        Some(Place {
            csf: (all - tissue) * inner + all * fluid,
            grey: (tissue - inside_cortex + deep) * inner,
            white: (inside_cortex - deep) * inner,
            white_depth: white.min(-ventricle).min(-nuclei),
            ventricle_depth: ventricle,
        })
    }
}

impl Phantom {
    /// # Errors
    /// A size or spread out of range, more lesions than the white matter has room for.
    pub fn new(spec: Spec) -> Result<Self, CoreError> {
        for axis in 0..3 {
            check(&format!("shape[{axis}]"), f64::from(spec.shape[axis]), 1.0, 512.0, "1 to 512 voxels")?;
            check(&format!("voxel_size[{axis}]"), spec.voxel_size[axis], 0.25, 20.0, "0.25 to 20 mm")?;
        }
        check("lesions", f64::from(spec.lesions), 0.0, 1000.0, "0 to 1000 lesions")?;
        check("lesion_volume", spec.lesion_volume, 0.01, 20.0, "0.01 to 20 ml")?;
        check("severity_cv", spec.severity_cv, 0.0, 1.0, "0 to 1")?;
        check("texture", spec.texture, 0.0, 0.25, "0 to 0.25")?;
        check("inhomogeneity", spec.inhomogeneity, 0.0, 0.25, "0 to 0.25")?;

        let anatomy = Anatomy::new(&spec);
        let texture = Waves::new(spec.seed, Purpose::Texture, 6, 12.0, 40.0);
        let sensitivity = Waves::new(spec.seed, Purpose::Sensitivity, 3, 150.0, 300.0);
        let [nx, ny, nz] = spec.shape;
        let mut tissues = vec![0u8; nx as usize * ny as usize * nz as usize];
        let mut inside = Vec::new();
        let mut index = vec![u32::MAX; tissues.len()];
        let mut place = 0usize;
        for k in 0..nz {
            for j in 0..ny {
                for i in 0..nx {
                    let at = position(&spec, [i, j, k]);
                    if let Some(own) = anatomy.at(at).filter(|own| own.csf + own.grey + own.white >= 0.5) {
                        index[place] = inside.len() as u32;
                        inside.push(Voxel {
                            place: place as u32,
                            shares: [own.csf as f32, own.grey as f32, own.white as f32, 0.0],
                            texture: (spec.texture * texture.at(at)).clamp(-TABLE, TABLE) as f32,
                            severity: 0.0,
                            sensitivity: (1.0 + spec.inhomogeneity * sensitivity.at(at)) as f32,
                        });
                    }
                    place += 1;
                }
            }
        }
        for lesion in place_lesions(&spec, &anatomy)? {
            draw_lesion(&spec, &lesion, anatomy.width, &index, &mut inside);
        }
        let mut lesions = vec![0u8; tissues.len()];
        for voxel in &inside {
            let [csf, grey, white, lesion] = voxel.shares;
            let place = voxel.place as usize;
            lesions[place] = u8::from(lesion >= 0.5);
            // At a tie the later tissue.
            let mut own = CSF;
            for (tissue, part) in [(GREY, grey), (WHITE, white)] {
                if part >= [csf, grey, white][own] {
                    own = tissue;
                }
            }
            tissues[place] = if lesion >= 0.5 { LESION as u8 + 1 } else { own as u8 + 1 };
        }
        let count = label(&lesions, [nx as usize, ny as usize, nz as usize], Connectivity::Corners).sizes.len();
        Ok(Self { spec, tissues, lesions, count, inside })
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    pub fn shape(&self) -> [u32; 3] {
        self.spec.shape
    }

    /// 0 outside the brain, else 1 + index of the tissue: lesion from a share of half on, else the largest of the others.
    pub fn tissues(&self) -> &[u8] {
        &self.tissues
    }

    /// 1 where at least half of a voxel is lesion.
    pub fn lesions(&self) -> &[u8] {
        &self.lesions
    }

    /// What the phantom holds: the specification, tissues and their volumes (ml), lesions as 26-connected components.
    pub fn describe(&self) -> Value {
        let volume = self.spec.voxel_size.iter().product::<f64>() / 1000.0;
        let tissues: Vec<Value> = TISSUES
            .iter()
            .enumerate()
            .map(|(i, tissue)| {
                let share: f64 = self.inside.iter().map(|voxel| f64::from(voxel.shares[i])).sum();
                let mut value = json!(tissue);
                value["label"] = json!(i + 1);
                value["volume"] = json!(share * volume);
                value
            })
            .collect();
        let lesion_voxels = self.lesions.iter().filter(|&&voxel| voxel != 0).count();
        json!({
            "spec": self.spec,
            "tissues": tissues,
            "lesions": self.count,
            "lesion_voxels": lesion_voxels,
            "brain_voxels": self.inside.len(),
            "equation": FLAIR_EQUATION,
        })
    }

    /// The magnitude image; noise everywhere, also outside the brain.
    ///
    /// # Errors
    /// Times out of range.
    pub fn image(&self, sequence: &Sequence, noise: &Noise) -> Result<Vec<f32>, CoreError> {
        let mut out = vec![0f32; self.tissues.len()];
        self.draw(sequence, noise, &mut out)?;
        for (place, (value, &tissue)) in out.iter_mut().zip(&self.tissues).enumerate() {
            if tissue == 0 {
                *value = magnitude(noise, place as u64, 0.0);
            }
        }
        Ok(out)
    }

    /// The image inside the brain only, 0 outside; the same numbers as [`Phantom::image`] has there.
    ///
    /// # Errors
    /// Times out of range.
    pub fn brain(&self, sequence: &Sequence, noise: &Noise) -> Result<Vec<f32>, CoreError> {
        let mut out = vec![0f32; self.tissues.len()];
        self.draw(sequence, noise, &mut out)?;
        Ok(out)
    }

    fn draw(&self, sequence: &Sequence, noise: &Noise, out: &mut [f32]) -> Result<(), CoreError> {
        sequence.check()?;
        let tables: Vec<Table> = TISSUES.iter().map(|tissue| Table::new(sequence, tissue)).collect();
        for voxel in &self.inside {
            let [csf, grey, white, lesion] = voxel.shares.map(f64::from);
            let texture = f64::from(voxel.texture);
            // Fluid has no texture.
            let mut signal = csf * tables[CSF].at(0.0);
            if grey > 0.0 {
                signal += grey * tables[GREY].at(texture);
            }
            if white > 0.0 {
                signal += white * tables[WHITE].at(texture);
            }
            if lesion > 0.0 {
                signal += lesion * tables[LESION].at(f64::from(voxel.severity));
            }
            signal *= f64::from(voxel.sensitivity);
            out[voxel.place as usize] = magnitude(noise, u64::from(voxel.place), signal);
        }
        Ok(())
    }
}

fn magnitude(noise: &Noise, place: u64, signal: f64) -> f32 {
    let value = noise.at(stream(Purpose::Noise, 0), place, signal);
    (if noise.kind == Kind::Gaussian { value } else { value.abs() }) as f32
}

/// Largest relative change of T1 and T2 that signals are tabulated for.
const TABLE: f64 = 0.6;

/// A tissue's signal by the relative change of its T1 and T2, linear between entries (error below 1e-5 of M0).
struct Table([f64; Table::ENTRIES + 1]);

impl Table {
    const ENTRIES: usize = 240;

    fn new(sequence: &Sequence, tissue: &Tissue) -> Self {
        Self(core::array::from_fn(|i| {
            let change = 1.0 + TABLE * (2.0 * i as f64 / Self::ENTRIES as f64 - 1.0);
            sequence.signal(tissue.t1 * change, tissue.t2 * change, tissue.pd)
        }))
    }

    #[inline(always)]
    fn at(&self, change: f64) -> f64 {
        let x = (change / TABLE + 1.0) * (Self::ENTRIES as f64 / 2.0);
        let i = (x as usize).min(Self::ENTRIES - 1);
        self.0[i] + (x - i as f64) * (self.0[i + 1] - self.0[i])
    }
}

/// Centre of a voxel, mm from the centre of the grid.
fn position(spec: &Spec, index: [u32; 3]) -> [f64; 3] {
    core::array::from_fn(|axis| {
        (f64::from(index[axis]) - (f64::from(spec.shape[axis]) - 1.0) / 2.0) * spec.voxel_size[axis]
    })
}

/// Draws lesions into white matter, more of them near the ventricles, so far from each other that their voxels do not touch.
fn place_lesions(spec: &Spec, anatomy: &Anatomy) -> Result<Vec<Lesion>, CoreError> {
    const TRIALS: u32 = 20_000;
    // How fast lesions become rarer with the distance from the ventricles, mm, and how many there are far from them.
    const NEAR: f64 = 12.0;
    const ANYWHERE: f64 = 0.15;
    // Voxels: a lesion of fewer might not fill half of any.
    const SMALLEST: f64 = 4.0;
    let gap = 2.0 * spec.voxel_size.iter().fold(0.0, |widest: f64, &size| widest.max(size));
    // The grid's half sizes: no lesion lies outside what is imaged.
    let half: [f64; 3] = core::array::from_fn(|axis| {
        (f64::from(spec.shape[axis]) * spec.voxel_size[axis] / 2.0).min(anatomy.brain[axis])
    });
    let smallest = SMALLEST * spec.voxel_size.iter().product::<f64>();
    let mut lesions: Vec<Lesion> = Vec::new();
    for number in 0..spec.lesions {
        let mut draws = Draws::new(spec.seed, stream(Purpose::Lesion, number));
        let volume = (1000.0 * spec.lesion_volume * draws.factor(1.0)).max(smallest);
        let severity = draws.factor(spec.severity_cv);
        let stretch = [1.0, draws.between(1.0, 1.6), draws.between(1.0, 2.0)];
        let axes = frame(draws.direction(), draws.direction());
        let unit = libm::cbrt(volume / (4.0 / 3.0 * core::f64::consts::PI * stretch[1] * stretch[2]));
        let radii = stretch.map(|ratio| unit * ratio);
        let reach = radii.iter().fold(0.0, |longest: f64, &radius| longest.max(radius));
        let mut placed = None;
        for _ in 0..TRIALS {
            let drawn = half.map(|half| draws.between(-half, half));
            // The middle of a voxel: half of at least this one becomes lesion.
            let centre = core::array::from_fn(|axis| {
                let middle = (f64::from(spec.shape[axis]) - 1.0) / 2.0;
                ((drawn[axis] / spec.voxel_size[axis] + middle).round() - middle) * spec.voxel_size[axis]
            });
            let wanted = draws.between(0.0, 1.0);
            let Some(own) = anatomy.at(centre) else { continue };
            // At least the smallest radius inside white matter: cut at its edge, but never lost.
            let likely = ANYWHERE + libm::exp(own.ventricle_depth / NEAR);
            if own.white_depth < 0.8 * radii[0] || wanted > likely {
                continue;
            }
            let free = lesions.iter().all(|other| {
                let square: f64 = (0..3).map(|axis| centre[axis] - other.centre[axis]).map(|d| d * d).sum();
                square.sqrt() > reach + other.reach + gap
            });
            if free {
                placed = Some(centre);
                break;
            }
        }
        let Some(centre) = placed else {
            return Err(CoreError::OutOfRange {
                field: "lesions".into(),
                found: f64::from(spec.lesions),
                expected: format!("at most {number}: there is no room for more of this volume"),
            });
        };
        // T1 and T2 of a lesion: at severity 1 as tabulated, at 0 about white matter's.
        let change = (0.45 * (severity - 1.0)).clamp(-TABLE, TABLE);
        lesions.push(Lesion { centre, radii, axes, severity: change, reach });
    }
    Ok(lesions)
}

/// Three perpendicular unit vectors, from two random directions.
fn frame(first: [f64; 3], other: [f64; 3]) -> [[f64; 3]; 3] {
    let cross =
        |a: [f64; 3], b: [f64; 3]| [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let third = cross(first, other);
    let length = (third[0] * third[0] + third[1] * third[1] + third[2] * third[2]).sqrt();
    // Two equal directions have no common perpendicular; any will do.
    let third = if length > 1e-9 { third.map(|component| component / length) } else { cross(first, [0.6, 0.0, 0.8]) };
    [first, cross(third, first), third]
}

/// Replaces white matter by the lesion, in proportion to its share of each voxel.
fn draw_lesion(spec: &Spec, lesion: &Lesion, width: f64, index: &[u32], inside: &mut [Voxel]) {
    let range: [(u32, u32); 3] = core::array::from_fn(|axis| {
        let middle = lesion.centre[axis] / spec.voxel_size[axis] + (f64::from(spec.shape[axis]) - 1.0) / 2.0;
        let away = (lesion.reach + width) / spec.voxel_size[axis];
        let last = f64::from(spec.shape[axis] - 1);
        ((middle - away).floor().clamp(0.0, last) as u32, (middle + away).ceil().clamp(0.0, last) as u32)
    });
    for k in range[2].0..=range[2].1 {
        for j in range[1].0..=range[1].1 {
            for i in range[0].0..=range[0].1 {
                let place = i + spec.shape[0] * (j + spec.shape[1] * k);
                let Some(voxel) = inside.get_mut(index[place as usize] as usize) else { continue };
                let at = position(spec, [i, j, k]);
                let away: [f64; 3] = core::array::from_fn(|axis| at[axis] - lesion.centre[axis]);
                let along = lesion.axes.map(|axis| axis[0] * away[0] + axis[1] * away[1] + axis[2] * away[2]);
                let part = share(depth(along, lesion.radii), width) as f32 * voxel.shares[WHITE];
                if part > 0.0 {
                    voxel.shares[WHITE] -= part;
                    voxel.shares[LESION] += part;
                    voxel.severity = lesion.severity as f32;
                }
            }
        }
    }
}
