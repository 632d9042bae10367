//! Which starts are still finite, and where those that are not were last.

use switchback_core::{Halt, Snapshot, Stop};

/// Keeps, of every start, where it was last seen finite.
pub(crate) struct Watch {
    dim: usize,
    /// The last step at which each was seen finite; 0 before that.
    steps: Vec<u64>,
    /// Where each was then, row-major `starts x dim`.
    positions: Vec<f64>,
    halts: Vec<Option<Halt>>,
}

impl Watch {
    /// The starts, row-major `starts x dim`, all whole.
    pub fn new(starts: &[f64], dim: usize) -> Self {
        let n_starts = starts.len().checked_div(dim).unwrap_or(0);
        Self {
            dim,
            steps: vec![0; n_starts],
            positions: starts[..n_starts * dim].to_vec(),
            halts: vec![None; n_starts],
        }
    }

    /// Which starts have halted, and where.
    pub fn halts(&self) -> &[Option<Halt>] {
        &self.halts
    }

    /// Takes note of what was read back at `step`: `values` and `slopes` at `positions`. A start that is not finite
    /// halts, and stands from now on where it last was.
    pub fn see(
        &mut self,
        step: u64,
        positions: &[f64],
        mut values: Vec<f64>,
        slopes: &[f64],
    ) -> Snapshot {
        let mut grad_norms = vec![f64::NAN; values.len()];
        let rows = positions.chunks_exact(self.dim);
        for (index, (position, slopes)) in rows.zip(slopes.chunks_exact(self.dim)).enumerate() {
            let own = &mut self.positions[index * self.dim..][..self.dim];
            let is_finite =
                values[index].is_finite() && slopes.iter().all(|slope| slope.is_finite());
            if is_finite && self.halts[index].is_none() {
                own.copy_from_slice(position);
                self.steps[index] = step;
                grad_norms[index] = norm(slopes);
                continue;
            }
            values[index] = f64::NAN;
            self.halts[index].get_or_insert_with(|| Halt {
                stop: Stop::NonFinite,
                step: self.steps[index],
                position: own.to_vec(),
            });
        }
        Snapshot {
            step,
            positions: self.positions.clone(),
            logp: values,
            grad_norms,
        }
    }
}

/// Euclidean norm, in units of the greatest slope so that no square overflows.
fn norm(slopes: &[f64]) -> f64 {
    let greatest = slopes
        .iter()
        .fold(0.0, |most: f64, slope| most.max(slope.abs()));
    if greatest == 0.0 {
        return 0.0;
    }
    let squares: f64 = slopes
        .iter()
        .map(|slope| (slope / greatest) * (slope / greatest))
        .sum();
    greatest * squares.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_is_not_finite_stands_where_it_last_was() {
        let mut watch = Watch::new(&[1.0, 2.0, 3.0], 1);
        let first = watch.see(
            0,
            &[1.0, 2.0, 3.0],
            vec![-1.0, f64::NAN, -3.0],
            &[0.5, 0.0, -2.0],
        );
        assert_eq!(first.positions, [1.0, 2.0, 3.0]);
        assert_eq!((first.grad_norms[0], first.grad_norms[2]), (0.5, 2.0));
        let second = watch.see(
            10,
            &[1.5, 2.0, f64::NAN],
            vec![-0.5, -2.0, -1.0],
            &[0.1, 0.0, f64::INFINITY],
        );
        assert_eq!(second.positions, [1.5, 2.0, 3.0]);
        assert_eq!(second.logp[0], -0.5);
        assert!(second.logp[1..].iter().all(|value| value.is_nan()));
        let halts = watch.halts();
        assert_eq!(halts[0], None);
        let halt = |position| {
            Some(Halt {
                stop: Stop::NonFinite,
                step: 0,
                position: vec![position],
            })
        };
        // The second was never seen finite, and a finite value later does not bring it back.
        assert_eq!((&halts[1], &halts[2]), (&halt(2.0), &halt(3.0)));
    }

    #[test]
    fn a_norm_does_not_overflow() {
        assert!((norm(&[3e300, -4e300]) / 5e300 - 1.0).abs() < 1e-15);
        assert_eq!(norm(&[0.0, 0.0]), 0.0);
    }
}
