//! Small symmetric matrices in double precision, one at a time. A matrix of n rows is given by its lower triangle, row
//! after row: entry (j, k) stands at [`place`]. (What is solved for many voxels at once stands with its lanes.)

/// Where entry (j, k) or (k, j) stands in a lower triangle.
#[inline(always)]
pub fn place(j: usize, k: usize) -> usize {
    let (row, column) = if j < k { (k, j) } else { (j, k) };
    row * (row + 1) / 2 + column
}

/// The lower triangle of a matrix of n rows.
pub fn lower(n: usize, entry: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut triangle = Vec::with_capacity(place(n, 0));
    for j in 0..n {
        triangle.extend((0..=j).map(|k| entry(j, k)));
    }
    triangle
}

/// The Cholesky factor of a positive definite matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    n: usize,
    factor: Vec<f64>,
}

impl Cholesky {
    /// Takes the lower triangle of the matrix. Nothing where a row and those before it leave no more than this share of a
    /// diagonal entry: the matrix is then not positive definite, or singular to that share.
    pub fn new(lower: Vec<f64>, n: usize, tolerance: f64) -> Option<Self> {
        let mut factor = lower;
        for j in 0..n {
            let (above, own) = factor.split_at_mut(place(j, 0));
            for k in 0..j {
                let other = &above[place(k, 0)..];
                let inner: f64 = own[..k].iter().zip(other).map(|(a, b)| a * b).sum();
                own[k] = (own[k] - inner) / other[k];
            }
            let square: f64 = own[..j].iter().map(|a| a * a).sum();
            let pivot = own[j] - square;
            let definite = pivot > tolerance * own[j];
            if !definite {
                return None;
            }
            own[j] = pivot.sqrt();
        }
        Some(Self { n, factor })
    }

    /// The solution for a right-hand side.
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        self.forward(&mut x, 0);
        for j in (0..self.n).rev() {
            let inner: f64 = (j + 1..self.n).map(|k| self.factor[place(k, j)] * x[k]).sum();
            x[j] = (x[j] - inner) / self.factor[place(j, j)];
        }
        x
    }

    /// Diagonal entry `j` of the inverse.
    pub fn inverse(&self, j: usize) -> f64 {
        let mut column = vec![0.0; self.n];
        column[j] = 1.0;
        self.forward(&mut column, j);
        column[j..].iter().map(|value| value * value).sum()
    }

    /// Solves with the factor alone for a right-hand side that is 0 before row `from`.
    fn forward(&self, x: &mut [f64], from: usize) {
        for j in from..self.n {
            let inner: f64 = (from..j).map(|k| self.factor[place(j, k)] * x[k]).sum();
            x[j] = (x[j] - inner) / self.factor[place(j, j)];
        }
    }
}

/// Eigenvalues and orthonormal eigenvectors of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    pub values: Vec<f64>,
    /// Row after row; eigenvector k is column k.
    vectors: Vec<f64>,
}

impl Spectrum {
    const SWEEPS: usize = 60;

    /// Of the lower triangle of a matrix with entries of about 1, by Jacobi's rotations (Golub and Van Loan, Matrix
    /// Computations, section 8.5).
    pub fn new(lower: &[f64], n: usize) -> Self {
        let mut matrix: Vec<f64> = (0..n * n).map(|i| lower[place(i / n, i % n)]).collect();
        let mut vectors: Vec<f64> = (0..n * n).map(|i| f64::from(u8::from(i / n == i % n))).collect();
        for _ in 0..Self::SWEEPS {
            let mut largest = 0.0f64;
            for r in 0..n {
                for q in r + 1..n {
                    let across = matrix[r * n + q];
                    largest = largest.max(across.abs());
                    if across == 0.0 {
                        continue;
                    }
                    let tau = (matrix[q * n + q] - matrix[r * n + r]) / (2.0 * across);
                    let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
                    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                    let rotation = (cosine, tangent * cosine);
                    for i in 0..n {
                        rotate(&mut matrix, i * n + r, i * n + q, rotation);
                    }
                    for i in 0..n {
                        rotate(&mut matrix, r * n + i, q * n + i, rotation);
                        rotate(&mut vectors, i * n + r, i * n + q, rotation);
                    }
                }
            }
            if largest < f64::EPSILON * f64::EPSILON {
                break;
            }
        }
        Self { values: (0..n).map(|k| matrix[k * n + k]).collect(), vectors }
    }

    /// The share of axis `j` in the directions whose eigenvalues are at most `null`: 0 where it is orthogonal to them, 1
    /// where it is one of them.
    pub fn share(&self, j: usize, null: f64) -> f64 {
        self.row(j)
            .iter()
            .zip(&self.values)
            .filter(|(_, &value)| value <= null)
            .map(|(vector, _)| vector * vector)
            .sum()
    }

    /// Entry (j, k) of the inverse on the directions whose eigenvalues are above `null`.
    pub fn inverse(&self, j: usize, k: usize, null: f64) -> f64 {
        let terms = self.row(j).iter().zip(self.row(k)).zip(&self.values).filter(|(_, &value)| value > null);
        terms.map(|((a, b), value)| a * b / value).sum()
    }

    /// Component `j` of each eigenvector.
    pub fn row(&self, j: usize) -> &[f64] {
        let n = self.values.len();
        &self.vectors[j * n..(j + 1) * n]
    }
}

#[inline(always)]
fn rotate(matrix: &mut [f64], a: usize, b: usize, (cosine, sine): (f64, f64)) {
    (matrix[a], matrix[b]) = (cosine * matrix[a] - sine * matrix[b], sine * matrix[a] + cosine * matrix[b]);
}
