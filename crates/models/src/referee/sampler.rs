//! Independent draws of the exact posterior: the switches from their chain, then each regime given what it owns.

use switchback_core::ChainRng;

use rand_distr::{Distribution, StandardNormal};

use crate::{RegimePriors, SwitchModel};

use super::chain::{Chain, draw_index};
use super::ladder::Ladder;
use super::lattice::Lattice;
use super::law::{Law, Normals};
use super::part::{Part, Parts};
use super::placing::Placing;
use super::poisson::Rates;
use super::shared::{Shared, Summary};

/// The sums that draws go back through.
#[derive(Debug, Clone)]
pub(super) enum Sampler {
    /// Of regimes whose parameters are their own.
    Own { weights: Parts<f64>, chain: Chain },
    /// Of regimes that share a `sigma`: a chain for each of its nodes.
    Shared {
        shared: Shared,
        lattice: Lattice<Chain>,
    },
}

impl Sampler {
    /// The regimes' parameters, then the switches.
    pub fn draw(&self, model: &SwitchModel, placing: &Placing, rng: &mut ChainRng) -> Vec<f64> {
        let (mut values, switches) = match (self, model.priors()) {
            (Self::Own { weights, chain }, RegimePriors::Normal(priors)) => {
                let switches = chain.draw(placing, weights, rng);
                (
                    draw_own(model, &Normals { model, priors }, &switches, rng),
                    switches,
                )
            }
            (Self::Own { weights, chain }, RegimePriors::Poisson(prior)) => {
                let switches = chain.draw(placing, weights, rng);
                (
                    draw_own(model, &Rates::of(model, *prior), &switches, rng),
                    switches,
                )
            }
            (Self::Shared { shared, lattice }, _) => {
                draw_shared(model, placing, shared, lattice, rng)
            }
        };
        values.extend(switches.into_iter().map(|s| s as f64));
        values
    }
}

fn draw_own<const N: usize>(
    model: &SwitchModel,
    law: &impl Law<N>,
    switches: &[usize],
    rng: &mut ChainRng,
) -> Vec<f64> {
    let n_regimes = model.n_regimes();
    let offsets = law.offsets();
    let mut values = vec![0.0; N * n_regimes];
    for (r, part) in Part::of_regimes(model, switches).into_iter().enumerate() {
        for (own, value) in law.draw(part, rng).into_iter().enumerate() {
            values[own * n_regimes + r] = offsets[own] + value;
        }
    }
    values
}

/// A node of `sigma` and the switches under it are a draw of the switches; `sigma` is then drawn anew, given them.
fn draw_shared(
    model: &SwitchModel,
    placing: &Placing,
    shared: &Shared,
    lattice: &Lattice<Chain>,
    rng: &mut ChainRng,
) -> (Vec<f64>, Vec<usize>) {
    let mut terms: Vec<f64> = lattice.nodes.iter().map(|node| node.ln).collect();
    let node = &lattice.nodes[draw_index(&mut terms, rng)];
    let switches = node.found.draw(placing, &shared.at(node.u), rng);
    let parts: Vec<Summary> = Part::of_regimes(model, &switches)
        .into_iter()
        .map(|part| shared.summary(part))
        .collect();
    let u =
        ladder(lattice, |u| shared.ln_given(&parts, u)).draw(rng, |u| shared.ln_given(&parts, u));
    let v = (2.0 * u).exp();
    let mut values: Vec<f64> = parts
        .iter()
        .map(|part| {
            let mu = shared.mu_given(*part, v);
            let standard: f64 = StandardNormal.sample(rng);
            model.data().centre() + mu.mean + mu.sd * standard
        })
        .collect();
    values.push(u.exp());
    (values, switches)
}

/// The density whose logarithm is `ln_density` at every place of `lattice` from its first node to its last.
fn ladder<T>(lattice: &Lattice<T>, ln_density: impl Fn(f64) -> f64) -> Ladder {
    let (first, last) = (&lattice.nodes[0], &lattice.nodes[lattice.nodes.len() - 1]);
    let (low, step) = (first.u, lattice.step);
    let rungs = ((last.u - low) / step).round().max(1.0) as usize;
    let lns: Vec<f64> = (0..=rungs)
        .map(|rung| ln_density(low + step * rung as f64))
        .collect();
    let peak = lns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ladder {
        low,
        step,
        weights: lns.into_iter().map(|ln| (ln - peak).exp()).collect(),
    }
}
