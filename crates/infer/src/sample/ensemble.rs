//! The affine-invariant ensemble of walkers (Goodman & Weare 2010), by the stretch move of emcee.

use rand::RngExt;
use switchback_core::{ChainRng, DensityError, LogDensity, Space, Transition};

use super::chain::{Chain, Phase};
use super::metropolis::accept_prob;
use super::start::{check_continuous, check_density};
use crate::InferError;

/// The longest stretch, and one over the shortest: Goodman & Weare's `a`.
const STRETCH: f64 = 2.0;
/// Share of a coordinate's spread over the walkers that must not follow from the other coordinates.
const LEAST_SPREAD: f64 = 1e-6;

/// Walkers that move together: each along the line through itself and another one.
///
/// The two halves of the walkers move in turn, each past walkers of the other half, so that all proposals of a half are
/// evaluated as one batch (Foreman-Mackey, Hogg, Lang & Goodman 2013, algorithm 3). Nothing is tuned, and a linear map
/// of the coordinates changes nothing.
pub struct Ensemble<'a> {
    target: &'a dyn LogDensity,
    rng: ChainRng,
    /// Row-major, `walkers x dim`.
    positions: Vec<f64>,
    logp: Vec<f64>,
    accept_probs: Vec<f64>,
    /// What one half is offered: `walkers / 2 x dim`, their log densities, and how far each was stretched.
    offered: Vec<f64>,
    offered_logp: Vec<f64>,
    stretches: Vec<f64>,
}

impl<'a> Ensemble<'a> {
    /// The ensemble on `target` from the unconstrained `positions` (row-major, `walkers x dim`).
    ///
    /// # Errors
    /// When the space has whole numbers; when the walkers are not even in number, or fewer than `2 dim`; when a walker
    /// has no density; when they lie in a plane, which they would never leave; or when the density fails.
    pub fn new(
        target: &'a dyn LogDensity,
        positions: &[f64],
        rng: ChainRng,
    ) -> Result<Self, InferError> {
        check_continuous(target.space(), "ensemble")?;
        let dim = target.space().dim();
        let walkers = positions.len() / dim.max(1);
        DensityError::check_shape(dim, positions.len(), walkers)?;
        if walkers < 2 * dim || walkers < 2 || !walkers.is_multiple_of(2) {
            return Err(InferError::Setting {
                setting: "num-walkers",
                value: walkers.to_string(),
                rule: "it must be even and at least twice the number of parameters",
            });
        }
        let mut logp = vec![f64::NAN; walkers];
        target.logp(positions, &mut logp)?;
        for logp in &logp {
            check_density(*logp)?;
        }
        check_spread(target.space(), positions)?;
        Ok(Self {
            target,
            rng,
            positions: positions.to_vec(),
            logp,
            accept_probs: vec![f64::NAN; walkers],
            offered: vec![0.0; positions.len() / 2],
            offered_logp: vec![0.0; walkers / 2],
            stretches: vec![0.0; walkers / 2],
        })
    }

    /// Moves the walkers of one half (`0` or `1`) past those of the other.
    fn move_half(&mut self, half: usize) -> Result<(), InferError> {
        let dim = self.target.space().dim();
        let n = self.logp.len() / 2;
        let (first, second) = self.positions.split_at_mut(n * dim);
        let (movers, others) = if half == 0 {
            (first, second)
        } else {
            (second, first)
        };
        let offers = self.offered.chunks_exact_mut(dim);
        for ((mover, offer), stretch) in movers
            .chunks_exact(dim)
            .zip(offers)
            .zip(&mut self.stretches)
        {
            let other = self.rng.random_range(0..n) * dim;
            *stretch = stretch_of(self.rng.random());
            for ((offer, from), past) in offer.iter_mut().zip(mover).zip(&others[other..]) {
                *offer = past + *stretch * (from - past);
            }
        }
        self.target.logp(&self.offered, &mut self.offered_logp)?;
        let walkers = half * n..(half + 1) * n;
        let logp = self.logp[walkers.clone()].iter_mut();
        let accept_probs = self.accept_probs[walkers].iter_mut();
        let movers = movers.chunks_exact_mut(dim).zip(logp).zip(accept_probs);
        let offers = self.offered.chunks_exact(dim).zip(&self.offered_logp);
        for (((mover, here), prob), ((offer, there), stretch)) in
            movers.zip(offers.zip(&self.stretches))
        {
            // A line holds the more of a ball's volume the farther out: that is the Hastings term.
            let hastings = (dim as f64 - 1.0) * stretch.ln();
            *prob = accept_prob(*here, *there + hastings);
            if self.rng.random::<f64>() < *prob {
                mover.copy_from_slice(offer);
                *here = *there;
            }
        }
        Ok(())
    }
}

/// A stretch of density `1 / sqrt(z)` on `1 / a ..= a`, from `uniform` on 0..1.
fn stretch_of(uniform: f64) -> f64 {
    ((STRETCH - 1.0) * uniform + 1.0).powi(2) / STRETCH
}

/// `Ok` when the walkers at `positions` span the space.
///
/// # Errors
/// [`InferError::FlatEnsemble`] for the first coordinate that is the same in all walkers, or nearly follows from those
/// before it.
fn check_spread(space: &Space, positions: &[f64]) -> Result<(), InferError> {
    let dim = space.dim();
    let walkers = positions.len() / dim.max(1);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // Orthogonal directions in the space of the walkers, one a coordinate so far (Gram and Schmidt).
    let mut directions: Vec<Vec<f64>> = Vec::with_capacity(dim);
    for (index, parameter) in space.parameters().iter().enumerate() {
        let column = || positions.iter().skip(index).step_by(dim);
        let mean = column().sum::<f64>() / walkers as f64;
        let mut left: Vec<f64> = column().map(|u| u - mean).collect();
        let spread = dot(&left, &left).sqrt();
        for direction in &directions {
            let along = dot(&left, direction);
            for (left, direction) in left.iter_mut().zip(direction) {
                *left -= along * direction;
            }
        }
        let rest = dot(&left, &left).sqrt();
        // Equal numbers may differ from their mean by a rounding error.
        let is_spread = spread > 1e-12 * mean.abs() && rest > LEAST_SPREAD * spread;
        if !is_spread {
            return Err(InferError::FlatEnsemble {
                parameter: parameter.name.clone(),
            });
        }
        directions.push(left.iter().map(|left| left / rest).collect());
    }
    Ok(())
}

impl Chain for Ensemble<'_> {
    fn stat_names(&self) -> &'static [&'static str] {
        &["lp", "acceptance_rate"]
    }

    fn n_walkers(&self) -> usize {
        self.logp.len()
    }

    fn step(&mut self, _: Phase) -> Result<Transition, InferError> {
        self.move_half(0)?;
        self.move_half(1)?;
        let walkers = self.n_walkers();
        Ok(Transition {
            accept_prob: self.accept_probs.iter().sum::<f64>() / walkers as f64,
            n_evaluations: walkers as u64,
            diverged: false,
        })
    }

    fn position(&self, walker: usize) -> &[f64] {
        let dim = self.target.space().dim();
        &self.positions[walker * dim..(walker + 1) * dim]
    }

    fn write_stats(&self, walker: usize, stats: &mut Vec<f64>) {
        stats.extend([self.logp[walker], self.accept_probs[walker]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};
    use switchback_core::{Parameter, Support, stream};

    /// Logarithms of two gamma variables, seen at `position = slope u + shift`.
    struct Mapped {
        space: Space,
        slope: [[f64; 2]; 2],
        shift: [f64; 2],
    }

    impl Mapped {
        fn new(slope: [[f64; 2]; 2], shift: [f64; 2]) -> Self {
            let parameters = ["x", "y"].map(|name| Parameter::new(name, Support::Real));
            Self {
                space: Space::new(parameters.to_vec()),
                slope,
                shift,
            }
        }

        fn forth(&self, u: [f64; 2]) -> [f64; 2] {
            [0, 1].map(|i| self.slope[i][0] * u[0] + self.slope[i][1] * u[1] + self.shift[i])
        }

        fn back(&self, position: &[f64]) -> [f64; 2] {
            let [[a, b], [c, d]] = self.slope;
            let (x, y) = (position[0] - self.shift[0], position[1] - self.shift[1]);
            let determinant = a * d - b * c;
            [(d * x - b * y) / determinant, (a * y - c * x) / determinant]
        }
    }

    impl LogDensity for Mapped {
        fn space(&self) -> &Space {
            &self.space
        }

        fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
            for (position, logp) in positions.chunks_exact(2).zip(logp) {
                let [u, v] = self.back(position);
                *logp = 3.0 * u - u.exp() + v - v.exp();
            }
            Ok(())
        }
    }

    fn plain() -> Mapped {
        Mapped::new([[1.0, 0.0], [0.0, 1.0]], [0.0; 2])
    }

    fn starts(walkers: usize) -> Vec<[f64; 2]> {
        let mut rng = stream(1, 0);
        let mut noise = || StandardNormal.sample(&mut rng);
        (0..walkers).map(|_| [noise(), noise()]).collect()
    }

    #[test]
    fn stretches_have_the_distribution_function_of_goodman_and_weare() {
        // The integral of 1 / sqrt(z) from 1/2 to z, over that to 2: sqrt(2 z) - 1.
        for z in [0.5, 0.8, 1.0, 1.5, 2.0_f64] {
            assert!(
                (stretch_of((2.0 * z).sqrt() - 1.0) - z).abs() < 1e-15,
                "{z}"
            );
        }
    }

    /// Rounding errors grow: over the 100 steps the greatest was 2.5e-11, over 300 it was 1e-9.
    #[test]
    fn a_linear_map_of_the_coordinates_maps_the_draws() {
        let (target, mapped) = (
            plain(),
            Mapped::new([[100.0, 30.0], [-0.2, 0.01]], [7.0, -3.0]),
        );
        let starts = starts(10);
        let there: Vec<f64> = starts.iter().flat_map(|u| mapped.forth(*u)).collect();
        let mut here = Ensemble::new(&target, &starts.concat(), stream(4, 0)).expect("a start");
        let mut there = Ensemble::new(&mapped, &there, stream(4, 0)).expect("a start");
        let mut moved = 0.0;
        for _ in 0..100 {
            moved += here.step(Phase::Sampling).expect("a density").accept_prob;
            there.step(Phase::Sampling).expect("a density");
            for walker in 0..10 {
                let back = mapped.back(there.position(walker));
                for (u, back) in here.position(walker).iter().zip(back) {
                    assert!((u - back).abs() < 1e-9, "{u} {back}");
                }
            }
        }
        assert!(moved > 50.0, "{moved}");
    }

    #[test]
    fn starts_from_which_the_walkers_cannot_cover_the_space_are_refused() {
        let target = plain();
        let refused = |walkers: Vec<[f64; 2]>| {
            let error = Ensemble::new(&target, &walkers.concat(), stream(0, 0)).err();
            error.expect("it was refused")
        };
        let with = |change: fn(&mut [f64; 2])| {
            let mut walkers = starts(8);
            walkers.iter_mut().for_each(change);
            refused(walkers)
        };
        for few in [0, 2, 5] {
            assert!(matches!(
                refused(starts(few)),
                InferError::Setting {
                    setting: "num-walkers",
                    ..
                }
            ));
        }
        let is_flat = |error: InferError, name: &str| matches!(error, InferError::FlatEnsemble { parameter } if parameter == name);
        assert!(is_flat(with(|walker| walker[0] = 0.1), "x"));
        assert!(is_flat(with(|walker| walker[1] = 0.1), "y"));
        assert!(is_flat(
            with(|walker| walker[1] = 0.3 - 2.0 * walker[0]),
            "y"
        ));
        let mut nowhere = starts(8);
        nowhere[3][0] = 1e9;
        assert!(matches!(refused(nowhere), InferError::StartDensity { .. }));
        assert!(matches!(
            Ensemble::new(&target, &[0.0; 9], stream(0, 0)),
            Err(InferError::Density(DensityError::Shape { .. }))
        ));
    }

    #[test]
    fn a_start_far_from_the_origin_is_as_good_as_any() {
        let far = Mapped::new([[1e-3, 0.0], [0.0, 1.0]], [1e6, 0.0]);
        let starts: Vec<f64> = starts(8).iter().flat_map(|u| far.forth(*u)).collect();
        assert!(Ensemble::new(&far, &starts, stream(0, 0)).is_ok());
    }

    #[test]
    fn whole_numbers_are_refused() {
        let mut target = plain();
        let whole = Support::Integers { low: 0, high: 9 };
        target.space = Space::new(vec![
            Parameter::new("mu", Support::Real),
            Parameter::new("s", whole),
        ]);
        let refused = Ensemble::new(&target, &starts(8).concat(), stream(0, 0));
        assert!(matches!(
            refused,
            Err(InferError::WholeNumber { sampler: "ensemble", parameter }) if parameter == "s"
        ));
    }
}
