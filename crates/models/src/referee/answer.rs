//! The exact answer by each of the two ways that there are: regimes whose parameters are their own, and regimes that
//! share a standard deviation.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::{ModelError, SwitchModel, SwitchPriors};

use super::chain::{Chain, Links, Posterior};
use super::lattice::{Lattice, Node};
use super::law::Law;
use super::moments::{Mixture, Moments};
use super::most_probable::{greatest, greatest_of_mixture};
use super::part::{Part, Parts};
use super::placing::Placing;
use super::sampler::Sampler;
use super::shared::{OverSigma, Shared};

/// Nodes of a lattice that weigh less than this, against the greatest, add nothing to a probability.
const NEGLIGIBLE: f64 = 1e-20;
/// Nodes whose posteriors are held at once.
const AT_ONCE: usize = 16;
/// Numbers of them that are held at once, if there are more than [`AT_ONCE`] or one node has.
const NUMBERS_AT_ONCE: usize = 1 << 23;
/// How far below the greatest weight, in nats, one is nothing beside it: the exponential of -745.2 is 0, and the rest is
/// for rounding.
const NOTHING: f64 = 800.0;

/// What [`super::Exact`] is made of.
#[derive(Debug)]
pub(super) struct Answer {
    pub log_evidence: f64,
    /// In the order of [`crate::Likelihood::parameter_names`].
    pub parameters: Vec<Moments>,
    pub switch_posterior: Vec<Vec<f64>>,
    pub most_probable: Vec<usize>,
    /// Prior probability of all places that are not admitted.
    pub excluded_prior: f64,
    pub n_evaluations: u64,
    pub sampler: Sampler,
}

/// The log evidence of every part of `model` under `law`, and the evaluations that it took.
///
/// Of one switch a place whose probability is 0 in a float may have something else that says so.
pub(super) fn weights<const N: usize>(model: &SwitchModel, law: &impl Law<N>) -> (Parts<f64>, u64) {
    match model.n_switches() {
        1 => weights_of_one_switch(model, law),
        _ => all_weights(model, law),
    }
}

fn all_weights<const N: usize>(model: &SwitchModel, law: &impl Law<N>) -> (Parts<f64>, u64) {
    let n_evaluations = AtomicU64::new(0);
    let parts = Parts::of(model, |part| {
        let (ln, evaluations) = law.log_evidence(part);
        n_evaluations.fetch_add(evaluations, Ordering::Relaxed);
        ln
    });
    (parts, n_evaluations.into_inner())
}

/// [`all_weights`] of one switch, without the places whose probability is 0 in a float: their weights stay what they cannot
/// exceed, which is enough to tell, and the answer is the same to the bit. A long series has few places that count.
fn weights_of_one_switch<const N: usize>(
    model: &SwitchModel,
    law: &impl Law<N>,
) -> (Parts<f64>, u64) {
    let n = model.n();
    let ends = |s| [Part::Within(0, s), Part::Within(s, n)];
    let mut parts = Parts::of(model, |part| law.ln_bound(part));
    let places = parts.first.par_iter().zip(&parts.last).enumerate();
    let highest = places
        .map(|(s, (first, last))| (s, first + last))
        .filter(|(_, bound)| bound.is_finite())
        .reduce(
            || (0, f64::NEG_INFINITY),
            |a, b| match b.1 > a.1 || (b.1 == a.1 && b.0 < a.0) {
                true => b,
                false => a,
            },
        )
        .0;
    let known: f64 = ends(highest)
        .map(|part| law.log_evidence(part).0)
        .iter()
        .sum();
    let n_evaluations = AtomicU64::new(0);
    let places = parts.first.par_iter_mut().zip(&mut parts.last).enumerate();
    places.for_each(|(s, (first, last))| {
        if *first + *last < known - NOTHING {
            return;
        }
        let [of_first, of_last] = ends(s).map(|part| law.log_evidence(part));
        (*first, *last) = (of_first.0, of_last.0);
        n_evaluations.fetch_add(of_first.1 + of_last.1, Ordering::Relaxed);
    });
    (parts, n_evaluations.into_inner())
}

/// The log evidence of `n_switches` placed by `placing`, checked to have digits.
pub(super) fn checked(model: &SwitchModel, ln: f64) -> Result<f64, ModelError> {
    // Weights are compared by differences of logarithms, which must be right to well below a nat.
    if ln.abs() <= 1e11 {
        return Ok(ln);
    }
    Err(ModelError::PriorConflict {
        series: model.series_name().to_owned(),
        priors: model.priors().to_string(),
        log_evidence: ln,
    })
}

/// The answer for regimes of `law`.
pub(super) fn of_own<const N: usize>(
    model: &SwitchModel,
    placing: &Placing,
    law: &impl Law<N>,
) -> Result<Answer, ModelError> {
    let (weights, n_evaluations) = weights(model, law);
    let chain = Chain::of(placing, &weights);
    let log_evidence = checked(model, chain.ln_total)? + law.ln_base();
    let Posterior { switches, regimes } =
        chain.posterior(placing, &weights, weights.is_reversion(), |part| {
            law.moments(part)
        });
    let offsets = law.offsets();
    let parameters = (0..N)
        .flat_map(|own| regimes.iter().map(move |regime| (own, regime)))
        .map(|(own, regime)| regime[own].moments().moved(offsets[own]));
    Ok(Answer {
        log_evidence,
        parameters: parameters.collect(),
        most_probable: match &switches[..] {
            [only] => vec![most_probable(only)],
            _ => greatest(placing, &weights).0,
        },
        switch_posterior: switches,
        excluded_prior: excluded_prior(placing, &weights),
        n_evaluations,
        sampler: Sampler::Own { weights, chain },
    })
}

/// The answer for regimes that share a `sigma`.
pub(super) fn of_shared(
    model: &SwitchModel,
    placing: &Placing,
    priors: &SwitchPriors,
) -> Result<Answer, ModelError> {
    let shared = Shared::of(model, priors);
    let over_sigma = OverSigma {
        shared: &shared,
        placing,
    };
    let lattice = Lattice::of(&over_sigma);
    let log_evidence = checked(model, lattice.ln_integral)?;
    let mut total = AllNodes::new(model);
    let heavy: Vec<(f64, &Node<Chain>)> = lattice
        .nodes
        .iter()
        .map(|node| ((node.ln - lattice.peak).exp(), node))
        .filter(|(weight, _)| *weight > NEGLIGIBLE)
        .collect();
    let numbers = model.n() * model.n_switches();
    for some in heavy.chunks((NUMBERS_AT_ONCE / numbers).clamp(1, AT_ONCE)) {
        let posteriors: Vec<Posterior<1>> = some
            .par_iter()
            .map(|(_, node)| {
                let links = shared.at(node.u);
                let mu = |part| [links.mu(part)];
                node.found
                    .posterior(placing, &links, model.regimes().is_reversion(), mu)
            })
            .collect();
        for ((weight, node), posterior) in some.iter().zip(&posteriors) {
            total.add(*weight, node.u.exp(), posterior);
        }
    }
    let (parameters, switch_posterior) = total.finish(model.data().centre());
    let most_probable = match &switch_posterior[..] {
        [only] => vec![most_probable(only)],
        _ => {
            let nodes: Vec<_> = heavy
                .iter()
                .map(|(_, node)| (shared.ln_prior(node.u), shared.at(node.u)))
                .collect();
            greatest_of_mixture(placing, &nodes)
        }
    };
    let n_evaluations = lattice.n_evaluations;
    Ok(Answer {
        log_evidence,
        parameters,
        switch_posterior,
        most_probable,
        excluded_prior: 0.0,
        n_evaluations,
        sampler: Sampler::Shared { shared, lattice },
    })
}

/// The posteriors given each `sigma` together.
struct AllNodes {
    weight: f64,
    mu: Vec<Mixture>,
    sigma: Mixture,
    switches: Vec<Vec<f64>>,
}

impl AllNodes {
    fn new(model: &SwitchModel) -> Self {
        Self {
            weight: 0.0,
            mu: vec![Mixture::default(); model.n_regimes()],
            sigma: Mixture::default(),
            switches: vec![vec![0.0; model.n()]; model.n_switches()],
        }
    }

    fn add(&mut self, weight: f64, sigma: f64, posterior: &Posterior<1>) {
        self.weight += weight;
        self.sigma.add_value(weight, sigma);
        for (mu, [given]) in self.mu.iter_mut().zip(&posterior.regimes) {
            mu.join(&given.times(weight));
        }
        for (switch, given) in self.switches.iter_mut().zip(&posterior.switches) {
            for (p, given) in switch.iter_mut().zip(given) {
                *p += weight * given;
            }
        }
    }

    fn finish(self, centre: f64) -> (Vec<Moments>, Vec<Vec<f64>>) {
        let Self {
            weight,
            mu,
            sigma,
            mut switches,
        } = self;
        for p in switches.iter_mut().flatten() {
            *p /= weight;
        }
        let mu = mu.into_iter().map(|mu| mu.moments().moved(centre));
        (mu.chain([sigma.moments()]).collect(), switches)
    }
}

/// The place of the greatest probability; the least of several.
fn most_probable(p: &[f64]) -> usize {
    let mut best = 0;
    for (s, p_s) in p.iter().enumerate() {
        if *p_s > p[best] {
            best = s;
        }
    }
    best
}

/// Prior probability of all places that `weights` do not admit; exactly 0 where these are none. Some are admitted
/// always: a regime that holds a change of value and all observations but one each for the others.
fn excluded_prior(placing: &Placing, weights: &Parts<f64>) -> f64 {
    let ends = weights.first.iter().chain(&weights.last);
    let inner = weights.within.iter().chain(&weights.outside).flatten();
    if !ends.chain(inner).any(|ln| *ln == f64::NEG_INFINITY) {
        return 0.0;
    }
    let admitted = Chain::of(placing, &Admitted(weights)).ln_total.exp();
    (1.0 - admitted).max(0.0)
}

/// 1 for what is admitted, 0 for what is not.
struct Admitted<'a>(&'a Parts<f64>);

impl Links for Admitted<'_> {
    fn before(&self, s: usize) -> f64 {
        indicator(self.0.before(s))
    }

    fn add_between(&self, from: usize, j: usize, terms: &mut [f64]) {
        for table in [&self.0.within, &self.0.outside] {
            if let Some(column) = table.get(j) {
                for (term, ln) in terms.iter_mut().zip(&column[from..]) {
                    *term += indicator(*ln);
                }
            }
        }
    }

    fn after(&self, s: usize) -> f64 {
        indicator(self.0.after(s))
    }
}

/// The logarithm of 1 or of 0.
fn indicator(ln: f64) -> f64 {
    if ln == f64::NEG_INFINITY { ln } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::law::Normals;
    use crate::testing::{gapped, series, stepped, uniform};

    /// A switch far from the middle, equal values at the start and a long series; the answer is that of all quadratures.
    #[test]
    fn places_of_no_probability_need_no_quadrature() {
        let mut draw = uniform(3);
        let mut rows: Vec<f64> = (0..3000).map(|_| draw(-1.0, 1.0)).collect();
        rows[..6].fill(0.25);
        for row in &mut rows[400..] {
            *row = 3.0 + 2.0 * *row;
        }
        for (series, share) in [
            (stepped(4000, 1), 0.6),
            (gapped(3000, 2), 1.0),
            (series(&rows), 1.0),
            (gapped(60, 3), 1.01),
        ] {
            let priors = SwitchPriors::scaled_to(&series).expect("it varies");
            let model = SwitchModel::one_normal_switch(&series, priors).expect("it varies");
            let (placing, law) = (
                Placing::of(&model),
                Normals {
                    model: &model,
                    priors: &priors,
                },
            );
            let [some, all] = [
                weights_of_one_switch(&model, &law),
                all_weights(&model, &law),
            ];
            assert!(
                (some.1 as f64) < share * all.1 as f64,
                "{} {}",
                some.1,
                all.1
            );
            let answer = |weights: &Parts<f64>| {
                let chain = Chain::of(&placing, weights);
                let posterior = chain.posterior(&placing, weights, false, |part| law.moments(part));
                let p: Vec<u64> = posterior.switches[0].iter().map(|p| p.to_bits()).collect();
                let regimes: Vec<Moments> = posterior
                    .regimes
                    .iter()
                    .flatten()
                    .map(Mixture::moments)
                    .collect();
                let excluded = excluded_prior(&placing, weights);
                (chain.ln_total.to_bits(), p, regimes, excluded.to_bits())
            };
            assert_eq!(answer(&some.0), answer(&all.0));
        }
    }
}
