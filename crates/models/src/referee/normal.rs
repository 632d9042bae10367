//! The posterior of one normal regime with a mean and a standard deviation of its own.

use std::f64::consts::PI;

use rand_distr::{Distribution, StandardNormal};
use switchback_core::ChainRng;

use crate::SwitchPriors;
use crate::prefix::Stretch;

use super::moments::Moments;
use super::quadrature::{Integrand, Node};

/// The posterior of one regime, given which observations are its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Regime {
    /// Log evidence in nats.
    pub log_evidence: f64,
    /// `mu` about the centre of the data.
    pub mu: Moments,
    pub sigma: Moments,
    /// Evaluations of the integrand.
    pub n_evaluations: u64,
}

impl Regime {
    /// The posterior of a regime that owns `stretch`, whose mean is about `centre`.
    ///
    /// With nothing observed it is the prior. The stretch must have a spread where it holds two observations
    /// or more; without one the integral has no bound.
    pub fn of(stretch: &Stretch, centre: f64, priors: &SwitchPriors) -> Self {
        let prior_mean = priors.mu_mean - centre;
        if stretch.count == 0 {
            return Self::prior(prior_mean, priors);
        }
        let shift = stretch.mean - prior_mean;
        let integrand = Integrand::new(stretch, shift, priors);
        let integral = integrand.integrate();
        let nodes = &integral.nodes;
        let sigma = moments(nodes, |node| (node.sigma, 0.0));
        let mu = moments(nodes, |node| integrand.mu_given(node.sigma, shift));
        Self {
            log_evidence: integral.log_evidence,
            mu: Moments {
                mean: prior_mean + mu.mean,
                ..mu
            },
            sigma,
            n_evaluations: integral.n_evaluations,
        }
    }

    /// A draw of `mu` (about the centre of the data) and `sigma` of a regime that owns `stretch`.
    pub fn draw(
        stretch: &Stretch,
        centre: f64,
        priors: &SwitchPriors,
        rng: &mut ChainRng,
    ) -> [f64; 2] {
        let prior_mean = priors.mu_mean - centre;
        let normal = |rng: &mut ChainRng| -> f64 { StandardNormal.sample(rng) };
        if stretch.count == 0 {
            let sigma = priors.sigma_sd * normal(rng).abs();
            return [prior_mean + priors.mu_sd * normal(rng), sigma];
        }
        let shift = stretch.mean - prior_mean;
        let integrand = Integrand::new(stretch, shift, priors);
        let ladder = integrand.integrate().ladder();
        let sigma = ladder.draw(rng, |u| integrand.ln(u)).exp();
        let (mean, variance) = integrand.mu_given(sigma, shift);
        [prior_mean + mean + variance.sqrt() * normal(rng), sigma]
    }

    fn prior(prior_mean: f64, priors: &SwitchPriors) -> Self {
        let c = priors.sigma_sd;
        Self {
            log_evidence: 0.0,
            mu: Moments {
                mean: prior_mean,
                sd: priors.mu_sd,
            },
            sigma: Moments {
                mean: c * (2.0 / PI).sqrt(),
                sd: c * (1.0 - 2.0 / PI).sqrt(),
            },
            n_evaluations: 0,
        }
    }
}

/// Mean and standard deviation of a mixture over the nodes, whose components have the mean and variance
/// `component`, by the law of total variance.
fn moments(nodes: &[Node], component: impl Fn(&Node) -> (f64, f64)) -> Moments {
    let total: f64 = nodes.iter().map(|node| node.weight).sum();
    let average = |f: &dyn Fn(&Node) -> f64| {
        nodes.iter().map(|node| node.weight * f(node)).sum::<f64>() / total
    };
    let mean = average(&|node| component(node).0);
    let variance = average(&|node| {
        let (of_node, variance) = component(node);
        variance + (of_node - mean).powi(2)
    });
    Moments {
        mean,
        sd: variance.sqrt(),
    }
}
