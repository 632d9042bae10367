//! Second derivatives by extrapolated differences of an exact gradient.

use switchback_core::Gradient;

use super::LaplaceError;

/// Passes in which the scale of a coordinate is found, from a first step of this many times its size.
const SCALE_PASSES: usize = 3;
const FIRST_STEP: f64 = 1e-4;
/// Step of those passes in scales: small beside the bend of a density, large beside rounding.
const SCALE_STEP: f64 = 0.1;
/// First step of the extrapolation in scales, and how often it is halved: to a four-thousandth.
const LARGEST_STEP: f64 = 0.5;
const LEVELS: usize = 12;
/// Error in units of the scales at which halving stops.
const GOOD_ENOUGH: f64 = 1e-12;
/// Halvings after which a step that leads outside the support is given up.
const SHRINK_LIMIT: usize = 60;

/// Second derivatives of a log density at a position.
pub(super) struct Hessian {
    /// Row-major `dim x dim`, symmetric.
    pub entries: Vec<f64>,
    /// Length of each coordinate over which its slope changes by about 1 nat a length: `1 / sqrt |curvature|`.
    pub scales: Vec<f64>,
    /// Estimated error of the worst entry, in units of the scales.
    pub error: f64,
}

impl Hessian {
    /// The Hessian of `target` at the unconstrained `position` (`dim`).
    ///
    /// One column a coordinate: central differences of the gradient at steps of a half, a quarter, .. of the
    /// coordinate's scale, extrapolated to a step of 0 (Richardson; Ridders 1982, "Accurate computation of F'(x)", for
    /// the choice of the best entry of the table), then the mean of the two triangles.
    pub(super) fn of(target: &dyn Gradient, position: &[f64]) -> Result<Self, LaplaceError> {
        let probe = Probe { target, position };
        probe.check()?;
        let dim = position.len();
        let scales = (0..dim)
            .map(|column| probe.scale(column))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut columns, mut error) = (Vec::with_capacity(dim * dim), 0.0_f64);
        for column in 0..dim {
            let (slopes, column_error) = probe.extrapolated(column, &scales)?;
            columns.extend(slopes);
            error = error.max(column_error);
        }
        let mut entries = columns.clone();
        for i in 0..dim {
            for j in 0..dim {
                let (here, there) = (columns[i * dim + j], columns[j * dim + i]);
                entries[i * dim + j] = 0.5 * (here + there);
                error = error.max((here - there).abs() * scales[i] * scales[j]);
            }
        }
        Ok(Self {
            entries,
            scales,
            error,
        })
    }
}

/// Where the gradient is asked for.
struct Probe<'a> {
    target: &'a dyn Gradient,
    position: &'a [f64],
}

impl Probe<'_> {
    /// The error of a position whose density or slope is no number.
    fn check(&self) -> Result<(), LaplaceError> {
        let (given, dim) = (self.position.len(), self.target.space().dim());
        if given != dim {
            return Err(LaplaceError::Dimension { given, dim });
        }
        let (mut logp, mut grad) = ([0.0], vec![0.0; dim]);
        self.target.logp_grad(self.position, &mut logp, &mut grad)?;
        if logp[0].is_finite() && grad.iter().all(|slope| slope.is_finite()) {
            Ok(())
        } else {
            Err(LaplaceError::Position { logp: logp[0] })
        }
    }

    /// Central differences of the gradient (`dim`) over `step` of coordinate `column`; `None` where an end of it has no
    /// density.
    fn differences(&self, column: usize, step: f64) -> Result<Option<Vec<f64>>, LaplaceError> {
        let dim = self.position.len();
        let mut ends = [self.position, self.position].concat();
        ends[column] += step;
        ends[dim + column] -= step;
        // The step that arithmetic took.
        let width = ends[column] - ends[dim + column];
        let (mut logp, mut grad) = ([0.0; 2], vec![0.0; 2 * dim]);
        self.target.logp_grad(&ends, &mut logp, &mut grad)?;
        let (up, down) = grad.split_at(dim);
        let slopes: Vec<f64> = up.iter().zip(down).map(|(u, d)| (u - d) / width).collect();
        let is_sound = logp.iter().chain(&slopes).all(|number| number.is_finite());
        Ok(is_sound.then_some(slopes))
    }

    /// Differences over `step` or the largest half, quarter, .. of it that has a density at both ends, and that step.
    fn near_differences(
        &self,
        column: usize,
        mut step: f64,
    ) -> Result<(f64, Vec<f64>), LaplaceError> {
        for _ in 0..SHRINK_LIMIT {
            if let Some(slopes) = self.differences(column, step)? {
                return Ok((step, slopes));
            }
            step /= 2.0;
        }
        Err(LaplaceError::NotANumber {
            parameter: self.target.space().parameters()[column].name.clone(),
        })
    }

    fn scale(&self, column: usize) -> Result<f64, LaplaceError> {
        let size = self.position[column].abs().max(1.0);
        let mut scale = FIRST_STEP * size / SCALE_STEP;
        for _ in 0..SCALE_PASSES {
            let (_, slopes) = self.near_differences(column, SCALE_STEP * scale)?;
            let curved = slopes[column].abs().sqrt().recip();
            if !curved.is_finite() {
                return Ok(size);
            }
            scale = curved;
        }
        Ok(scale)
    }

    /// Column `column` of the Hessian (`dim`) and its error in units of `scales`.
    fn extrapolated(&self, column: usize, scales: &[f64]) -> Result<(Vec<f64>, f64), LaplaceError> {
        let largest = LARGEST_STEP * scales[column];
        let (mut step, first) = self.near_differences(column, largest)?;
        let distance = |a: &[f64], b: &[f64]| {
            let entries = a.iter().zip(b).zip(scales);
            entries.fold(0.0, |far: f64, ((a, b), scale)| {
                far.max((a - b).abs() * scale * scales[column])
            })
        };
        let (mut best, mut error) = (first.clone(), f64::INFINITY);
        let mut row = vec![first];
        for _ in 1..LEVELS {
            step /= 2.0;
            let (taken, slopes) = self.near_differences(column, step)?;
            step = taken;
            let mut next = vec![slopes];
            for (order, coarser) in row.iter().enumerate() {
                let finer = &next[order];
                let entry = extrapolate(coarser, finer, order);
                let off = distance(&entry, coarser).max(distance(&entry, finer));
                if off < error {
                    error = off;
                    best.clone_from(&entry);
                }
                next.push(entry);
            }
            row = next;
            if error <= GOOD_ENOUGH {
                break;
            }
        }
        Ok((best, error))
    }
}

/// Cancels the term of `step^(2 order + 2)` between differences over a step and over half of it.
fn extrapolate(coarser: &[f64], finer: &[f64], order: usize) -> Vec<f64> {
    let gain = 4_f64.powi(order as i32 + 1) - 1.0;
    coarser
        .iter()
        .zip(finer)
        .map(|(coarser, finer)| finer + (finer - coarser) / gain)
        .collect()
}
