//! The warm-up of Metropolis: each coordinate's scale follows its own acceptance rate, then is frozen.

use switchback_core::{Kernel, Transition, Warmup};

use super::metropolis::{Metropolis, MetropolisState};

/// Acceptance rate of an efficient random walk in one dimension (Gelman, Roberts & Gilks 1996).
const TARGET_ACCEPT: f64 = 0.44;
/// How fast the corrections shrink; above 1/2, so that the scales settle (Robbins & Monro 1951).
const DECAY: f64 = 0.6;

/// Tunes nothing: the kernel stays as it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoTuning;

impl<K: Kernel> Warmup<K> for NoTuning {
    fn update(&mut self, _: &mut K, _: &K::State, _: &Transition) {}

    fn finish(&mut self, _: &mut K) {}
}

/// Tunes the logarithm of each scale by stochastic approximation (Andrieu & Thoms 2008, section 4.2).
#[derive(Debug, Clone, Default)]
pub struct ScaleTuning {
    steps: u32,
}

impl Warmup<Metropolis> for ScaleTuning {
    fn update(&mut self, kernel: &mut Metropolis, state: &MetropolisState, _: &Transition) {
        self.steps += 1;
        let gain = f64::from(self.steps).powf(-DECAY);
        for (scale, accept_prob) in kernel.scales.iter_mut().zip(&state.accept_probs) {
            *scale *= (gain * (accept_prob - TARGET_ACCEPT)).exp();
        }
    }

    fn finish(&mut self, _: &mut Metropolis) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::{DensityError, LogDensity, Parameter, Space, Support, stream};

    /// Two independent normal variables, one a thousand times as wide as the other.
    struct Wide(Space);

    impl LogDensity for Wide {
        fn space(&self) -> &Space {
            &self.0
        }

        fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
            logp[0] = -0.5 * (positions[0].powi(2) + (positions[1] / 1000.0).powi(2));
            Ok(())
        }
    }

    #[test]
    fn scales_become_those_of_the_target() {
        let names = ["narrow", "wide"].map(|name| Parameter::new(name, Support::Real));
        let target = Wide(Space::new(names.to_vec()));
        let mut kernel = Metropolis::new(target.space(), vec![1.0, 1.0]);
        let mut tuning = ScaleTuning::default();
        let mut rng = stream(5, 0);
        let mut state = kernel.init(&target, &[0.0, 0.0]).expect("it has a density");
        for _ in 0..2000 {
            let transition = kernel
                .step(&target, &mut state, &mut rng)
                .expect("it has a density");
            tuning.update(&mut kernel, &state, &transition);
        }
        // A normal step of scale 2.4 standard deviations is taken 44 % of the time.
        for (scale, width) in kernel.scales.iter().zip([1.0, 1000.0]) {
            assert!((1.6..3.6).contains(&(scale / width)), "{:?}", kernel.scales);
        }
    }
}
