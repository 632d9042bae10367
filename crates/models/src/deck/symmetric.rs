//! Small symmetric matrices: Cholesky's factor and Jacobi's eigenvalues.

/// Sweeps after which Jacobi's rotations have long converged.
const MOST_SWEEPS: usize = 60;

/// A symmetric matrix, both halves stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Symmetric {
    n: usize,
    entries: Vec<f64>,
}

impl Symmetric {
    pub(super) fn zero(n: usize) -> Self {
        let entries = vec![0.0; n * n];
        Self { n, entries }
    }

    pub(super) fn at(&self, i: usize, j: usize) -> f64 {
        self.entries[i * self.n + j]
    }

    /// Adds to one entry; whoever adds to a half adds to the other one too.
    pub(super) fn add(&mut self, i: usize, j: usize, value: f64) {
        self.entries[i * self.n + j] += value;
    }

    /// Rows and columns `members`.
    pub(super) fn part(&self, members: &[usize]) -> Self {
        let rows = members.iter();
        let entries = rows
            .flat_map(|i| members.iter().map(|j| self.at(*i, *j)))
            .collect();
        Self {
            n: members.len(),
            entries,
        }
    }

    /// Eigenvalues and their vectors of length 1, by Jacobi's rotations (Golub and Van Loan, *Matrix Computations*,
    /// section 8.5).
    pub(super) fn eigen(mut self) -> Vec<(f64, Vec<f64>)> {
        let n = self.n;
        let mut vectors = Self::zero(n);
        (0..n).for_each(|i| vectors.add(i, i, 1.0));
        for _ in 0..MOST_SWEEPS {
            let mut has_turned = false;
            for p in 0..n {
                for q in p + 1..n {
                    has_turned |= self.rotate(p, q, &mut vectors);
                }
            }
            if !has_turned {
                break;
            }
        }
        (0..n)
            .map(|k| (self.at(k, k), (0..n).map(|i| vectors.at(i, k)).collect()))
            .collect()
    }

    /// Turns the plane of `p` and `q` so that their entry becomes 0, unless it is nothing beside the diagonal.
    fn rotate(&mut self, p: usize, q: usize, vectors: &mut Self) -> bool {
        let (n, off) = (self.n, self.at(p, q));
        if off.abs() <= f64::EPSILON * (self.at(p, p) * self.at(q, q)).abs().sqrt() * 1e-2 {
            return false;
        }
        let theta = (self.at(q, q) - self.at(p, p)) / (2.0 * off);
        let tan = theta.signum() / (theta.abs() + theta.hypot(1.0));
        let cos = tan.hypot(1.0).recip();
        let sin = tan * cos;
        let turn = |entries: &mut [f64], a: usize, b: usize| {
            let (x, y) = (entries[a], entries[b]);
            entries[a] = cos * x - sin * y;
            entries[b] = sin * x + cos * y;
        };
        for k in 0..n {
            turn(&mut self.entries, k * n + p, k * n + q);
            turn(&mut vectors.entries, k * n + p, k * n + q);
        }
        for k in 0..n {
            turn(&mut self.entries, p * n + k, q * n + k);
        }
        self.entries[p * n + q] = 0.0;
        self.entries[q * n + p] = 0.0;
        true
    }
}

/// The lower triangle `L` with `L L'` a positive definite matrix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cholesky(Symmetric);

impl Cholesky {
    /// The factor of `matrix`; `None` where it is not positive definite.
    pub(super) fn new(matrix: &Symmetric) -> Option<Self> {
        let n = matrix.n;
        let mut lower = Symmetric::zero(n);
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| lower.at(i, k) * lower.at(j, k)).sum();
                let left = matrix.at(i, j) - dot;
                if i != j {
                    lower.add(i, j, left / lower.at(j, j));
                } else if left > 0.0 && left.is_finite() {
                    lower.add(i, i, left.sqrt());
                } else {
                    return None;
                }
            }
        }
        Some(Self(lower))
    }

    /// The solution `x` of `L L' x = b`.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        for i in 0..x.len() {
            let dot: f64 = (0..i).map(|k| self.0.at(i, k) * x[k]).sum();
            x[i] = (x[i] - dot) / self.0.at(i, i);
        }
        self.solve_transposed(&x)
    }

    /// The solution `x` of `L' x = b`.
    pub(super) fn solve_transposed(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        for i in (0..x.len()).rev() {
            let dot: f64 = (i + 1..x.len()).map(|k| self.0.at(k, i) * x[k]).sum();
            x[i] = (x[i] - dot) / self.0.at(i, i);
        }
        x
    }

    /// The inverse of `L L'`.
    pub(super) fn inverse(&self) -> Symmetric {
        let n = self.0.n;
        let mut inverse = Symmetric::zero(n);
        for j in 0..n {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            for (i, value) in self.solve(&unit).into_iter().enumerate() {
                inverse.add(i, j, value);
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> Symmetric {
        // B B' and a diagonal, for a B without any structure.
        let rows = [[1.0, 0.3, -2.0], [0.7, 1.1, 0.2], [-0.4, 5.0, 0.9]];
        let mut matrix = Symmetric::zero(3);
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate() {
                matrix.add(i, j, a.iter().zip(b).map(|(a, b)| a * b).sum());
            }
            matrix.add(i, i, 0.1);
        }
        matrix
    }

    #[test]
    fn a_matrix_times_its_inverse_is_the_identity() {
        let matrix = matrix();
        let inverse = Cholesky::new(&matrix).expect("positive definite").inverse();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| matrix.at(i, k) * inverse.at(k, j)).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
        let mut indefinite = matrix.clone();
        indefinite.add(0, 0, -100.0);
        assert_eq!(Cholesky::new(&indefinite), None);
    }

    #[test]
    fn eigenvectors_are_only_stretched() {
        let matrix = matrix();
        for (value, vector) in matrix.clone().eigen() {
            let length: f64 = vector.iter().map(|x| x * x).sum();
            assert!((length - 1.0).abs() < 1e-13);
            for i in 0..3 {
                let image: f64 = (0..3).map(|k| matrix.at(i, k) * vector[k]).sum();
                assert!((image - value * vector[i]).abs() < 1e-12 * value.abs().max(1.0));
            }
        }
        assert_eq!(matrix.part(&[2, 0]).at(0, 1), matrix.at(2, 0));
    }
}
