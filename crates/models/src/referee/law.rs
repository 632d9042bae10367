//! Regimes whose parameters are their own: what a regime says, given what it owns, does not depend on the others.

use rand_distr::{Distribution, Gamma};
use switchback_core::ChainRng;

use crate::{SwitchModel, SwitchPriors};

use super::moments::Moments;
use super::normal::Regime;
use super::part::Part;
use super::poisson::Rates;

/// One regime with `N` parameters of its own.
pub(super) trait Law<const N: usize>: Sync {
    /// Log evidence in nats of a regime that owns `part`, `-inf` where it is not admitted, and the evaluations that
    /// it took.
    fn log_evidence(&self, part: Part) -> (f64, u64);

    /// What [`Self::log_evidence`] cannot exceed, where that is cheaper to say: `-inf` where, and only where, `part` is not
    /// admitted. Of one switch alone.
    fn ln_bound(&self, part: Part) -> f64;

    /// Posterior moments of its parameters, each less its [`Self::offsets`].
    fn moments(&self, part: Part) -> [Moments; N];

    /// A draw of its parameters, likewise.
    fn draw(&self, part: Part, rng: &mut ChainRng) -> [f64; N];

    /// What the parameters are about.
    fn offsets(&self) -> [f64; N];

    /// What every log evidence of all observations is relative to.
    fn ln_base(&self) -> f64;
}

/// Normal regimes: `mu` and `sigma`.
#[derive(Debug)]
pub(super) struct Normals<'a> {
    pub model: &'a SwitchModel,
    pub priors: &'a SwitchPriors,
}

impl Normals<'_> {
    fn regime(&self, part: Part) -> Regime {
        let (stretch, centre) = (part.stretch(self.model), self.model.data().centre());
        Regime::of(&stretch, centre, self.priors)
    }
}

impl Law<2> for Normals<'_> {
    fn log_evidence(&self, part: Part) -> (f64, u64) {
        if !part.is_proper(self.model) {
            return (f64::NEG_INFINITY, 0);
        }
        let regime = self.regime(part);
        (regime.log_evidence, regime.n_evaluations)
    }

    /// The maximum of the likelihood: the evidence is its mean under the prior.
    fn ln_bound(&self, part: Part) -> f64 {
        if !part.is_proper(self.model) {
            return f64::NEG_INFINITY;
        }
        let stretch = part.stretch(self.model);
        match stretch.count {
            0 => 0.0,
            1 => f64::INFINITY,
            _ => stretch.log_likelihood(stretch.mean, stretch.sd()),
        }
    }

    fn moments(&self, part: Part) -> [Moments; 2] {
        let regime = self.regime(part);
        [regime.mu, regime.sigma]
    }

    fn draw(&self, part: Part, rng: &mut ChainRng) -> [f64; 2] {
        let (stretch, centre) = (part.stretch(self.model), self.model.data().centre());
        Regime::draw(&stretch, centre, self.priors, rng)
    }

    fn offsets(&self) -> [f64; 2] {
        [self.model.data().centre(), 0.0]
    }

    fn ln_base(&self) -> f64 {
        0.0
    }
}

impl Law<1> for Rates<'_> {
    fn log_evidence(&self, part: Part) -> (f64, u64) {
        (Rates::log_evidence(self, part), 1)
    }

    /// Closed as it is, the evidence itself costs no more.
    fn ln_bound(&self, _: Part) -> f64 {
        f64::INFINITY
    }

    fn moments(&self, part: Part) -> [Moments; 1] {
        [Rates::moments(self, part)]
    }

    fn draw(&self, part: Part, rng: &mut ChainRng) -> [f64; 1] {
        let (shape, rate) = self.posterior(part);
        let standard = Gamma::new(shape, 1.0).map_or(f64::NAN, |gamma| gamma.sample(rng));
        [standard / rate]
    }

    fn offsets(&self) -> [f64; 1] {
        [0.0]
    }

    fn ln_base(&self) -> f64 {
        Rates::ln_base(self)
    }
}
