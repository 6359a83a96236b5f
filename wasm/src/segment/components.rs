//! Connected components by union-find, one pass over the voxels.

use super::Shape;
use crate::error::CoreError;
use serde::Deserialize;

/// Which of a voxel's 26 neighbours touch it: by faces (6), also edges (18), also corners (26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "u32")]
pub enum Connectivity {
    Faces,
    Edges,
    #[default]
    Corners,
}

impl Connectivity {
    /// # Errors
    /// Not 6, 18 or 26.
    pub fn new(neighbours: u32) -> Result<Self, CoreError> {
        match neighbours {
            6 => Ok(Self::Faces),
            18 => Ok(Self::Edges),
            26 => Ok(Self::Corners),
            _ => Err(CoreError::Choice {
                field: "connectivity".into(),
                found: neighbours.to_string(),
                expected: "one of 6, 18, 26".into(),
            }),
        }
    }

    /// Number of neighbours.
    pub fn neighbours(self) -> u32 {
        match self {
            Self::Faces => 6,
            Self::Edges => 18,
            Self::Corners => 26,
        }
    }

    /// Steps to the neighbours that lie before a voxel in memory: half of all.
    fn earlier(self) -> Vec<[i64; 3]> {
        let most = match self {
            Self::Faces => 1,
            Self::Edges => 2,
            Self::Corners => 3,
        };
        let mut steps = Vec::new();
        for dz in -1..=0i64 {
            for dy in -1..=1i64 {
                for dx in -1..=1i64 {
                    let away = dx.abs() + dy.abs() + dz.abs();
                    if (dz, dy, dx) < (0, 0, 0) && away <= most {
                        steps.push([dx, dy, dz]);
                    }
                }
            }
        }
        steps
    }
}

impl TryFrom<u32> for Connectivity {
    type Error = String;

    fn try_from(neighbours: u32) -> Result<Self, Self::Error> {
        Self::new(neighbours).map_err(|_| format!("connectivity {neighbours} is none of 6, 18, 26"))
    }
}

/// A labelled volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// 0 outside, else 1, 2, ... in the order of each component's first voxel.
    pub labels: Vec<u32>,
    /// Voxels of component `label - 1`.
    pub sizes: Vec<usize>,
}

/// Components of the voxels that are not 0.
pub fn label(volume: &[u8], shape: Shape, connectivity: Connectivity) -> Components {
    let [nx, ny, nz] = shape.map(|size| size as i64);
    let steps = connectivity.earlier();
    let mut labels = vec![0u32; volume.len()];
    // parent[i] <= i, so the root of a set is its first label.
    let mut parent = vec![0u32];
    let mut v = 0;
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                if volume[v] != 0 {
                    let mut own = 0;
                    for &[dx, dy, dz] in &steps {
                        let (x, y, z) = (x + dx, y + dy, z + dz);
                        if x < 0 || x >= nx || y < 0 || y >= ny || z < 0 {
                            continue;
                        }
                        let other = labels[(x + nx * (y + ny * z)) as usize];
                        if other != 0 {
                            own = if own == 0 { root(&mut parent, other) } else { unite(&mut parent, own, other) };
                        }
                    }
                    if own == 0 {
                        own = parent.len() as u32;
                        parent.push(own);
                    }
                    labels[v] = own;
                }
                v += 1;
            }
        }
    }
    let mut name = vec![0u32; parent.len()];
    let mut sizes = Vec::new();
    for label in labels.iter_mut().filter(|label| **label != 0) {
        let root = root(&mut parent, *label) as usize;
        if name[root] == 0 {
            sizes.push(0);
            name[root] = sizes.len() as u32;
        }
        *label = name[root];
        sizes[name[root] as usize - 1] += 1;
    }
    Components { labels, sizes }
}

/// Sets the voxels of components with fewer than `minimum` voxels to 0.
pub fn remove_small(volume: &mut [u8], shape: Shape, connectivity: Connectivity, minimum: usize) {
    if minimum <= 1 {
        return;
    }
    let components = label(volume, shape, connectivity);
    for (voxel, label) in volume.iter_mut().zip(components.labels) {
        if label != 0 && components.sizes[label as usize - 1] < minimum {
            *voxel = 0;
        }
    }
}

fn root(parent: &mut [u32], mut label: u32) -> u32 {
    while parent[label as usize] != label {
        let grandparent = parent[parent[label as usize] as usize];
        parent[label as usize] = grandparent;
        label = grandparent;
    }
    label
}

fn unite(parent: &mut [u32], a: u32, b: u32) -> u32 {
    let (a, b) = (root(parent, a), root(parent, b));
    let (first, second) = (a.min(b), a.max(b));
    parent[second as usize] = first;
    first
}
