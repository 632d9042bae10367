//! The posterior of one hard switch, by enumeration over where it is.

use rayon::prelude::*;
use switchback_core::Series;

use super::quadrature::{Moments, Regime};
use crate::{ModelError, PrefixSums, Prior, SwitchPriors};

/// The exact posterior of one switch between two normal regimes, to about ten digits and without sampling.
///
/// `s` is uniform on `0..=n-1`, where 0 puts everything in the second regime, and both regimes have the same
/// priors. The answer does not depend on the number of threads.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Exact {
    /// Posterior probability of each `s` in `0..=n-1`; 0 where excluded.
    pub switch_posterior: Vec<f64>,
    /// Log evidence in nats, the prior's `1/n` for each `s` included.
    pub log_evidence: f64,
    /// Log evidence of one regime for everything.
    pub log_evidence_no_switch: f64,
    /// Mean of the first regime.
    pub mu1: Moments,
    /// Mean of the second regime.
    pub mu2: Moments,
    /// Standard deviation of the first regime.
    pub sigma1: Moments,
    /// Standard deviation of the second regime.
    pub sigma2: Moments,
    /// The switch.
    pub s: Moments,
    /// Switches left out, in increasing order: the ones that [`PrefixSums::admits`] refuses. The others keep
    /// their `1/n`.
    pub excluded: Vec<usize>,
    /// Evaluations of the integrand.
    pub n_evaluations: u64,
}

/// The smallest set of switches that holds a given posterior mass.
#[derive(Debug, Clone, PartialEq)]
pub struct CredibleSet {
    /// The switches in increasing order.
    pub members: Vec<usize>,
    /// Posterior mass of the set, at least what was asked for.
    pub mass: f64,
    /// The least member.
    pub low: usize,
    /// The greatest member.
    pub high: usize,
}

/// What one admitted switch contributes.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    s: usize,
    ln_weight: f64,
    before: Regime,
    after: Regime,
}

impl Exact {
    /// The exact posterior of `series` under `priors`.
    ///
    /// # Errors
    /// When all observations are the same, their spread or a prior is beyond what a float can square, or
    /// priors and data are so far apart that rounding would decide.
    pub fn of(series: &Series, priors: SwitchPriors) -> Result<Self, ModelError> {
        let data = PrefixSums::new(series);
        data.check(series)?;
        check_reach(&priors, data.centre())?;
        let n = data.len();
        let candidates: Vec<Candidate> = (0..n)
            .into_par_iter()
            .filter(|&s| data.admits(s))
            .map(|s| candidate(&data, &priors, s))
            .collect();
        let peak = peak_of(&candidates).map_err(|log_evidence| ModelError::PriorConflict {
            series: series.name().to_owned(),
            priors: priors.to_string(),
            log_evidence,
        })?;
        let (switch_posterior, ln_total) = normalised(&candidates, peak, n);
        let mixture = |of: &dyn Fn(&Candidate) -> Moments| {
            mix(candidates
                .iter()
                .map(|candidate| (switch_posterior[candidate.s], of(candidate))))
        };
        let in_place = |moments: Moments| Moments {
            mean: data.centre() + moments.mean,
            ..moments
        };
        // A switch at 0 is always admitted: the series has a spread, and nothing lies before it.
        let no_switch = Regime::of(&data.about_own_mean(0..n), data.centre(), &priors);
        Ok(Self {
            log_evidence: ln_total - (n as f64).ln(),
            log_evidence_no_switch: no_switch.log_evidence,
            mu1: in_place(mixture(&|candidate| candidate.before.mu)),
            mu2: in_place(mixture(&|candidate| candidate.after.mu)),
            sigma1: mixture(&|candidate| candidate.before.sigma),
            sigma2: mixture(&|candidate| candidate.after.sigma),
            s: mixture(&|candidate| Moments {
                mean: candidate.s as f64,
                sd: 0.0,
            }),
            excluded: (0..n).filter(|&s| !data.admits(s)).collect(),
            n_evaluations: no_switch.n_evaluations
                + candidates.iter().map(Candidate::evaluations).sum::<u64>(),
            switch_posterior,
        })
    }

    /// The most probable switch; the least of them where several are.
    pub fn most_probable(&self) -> usize {
        let mut best = 0;
        for (s, p) in self.switch_posterior.iter().enumerate() {
            if *p > self.switch_posterior[best] {
                best = s;
            }
        }
        best
    }

    /// Whether so many equal values open or close the series that a constant regime is likelier than chance: those
    /// switches are left out, and the posterior may then be sure of one beside them.
    pub fn may_have_constant_regime(&self) -> bool {
        const LIKELIER_THAN_CHANCE: usize = 5;
        self.excluded.len() >= LIKELIER_THAN_CHANCE
    }

    /// The shortest stretch of switches with a posterior mass of at least `mass`, as its two ends and its mass; the
    /// earliest of several.
    ///
    /// # Errors
    /// When `mass` is not in `0 < mass <= 1`.
    pub fn credible_interval(&self, mass: f64) -> Result<(usize, usize, f64), ModelError> {
        if !(mass > 0.0 && mass <= 1.0) {
            return Err(ModelError::Mass { mass });
        }
        let p = &self.switch_posterior;
        let mut shortest = (0, p.len().saturating_sub(1), p.iter().sum());
        let (mut low, mut held) = (0, 0.0);
        for (high, probability) in p.iter().enumerate() {
            held += probability;
            while low < high && held - p[low] >= mass {
                held -= p[low];
                low += 1;
            }
            if held >= mass && high - low < shortest.1 - shortest.0 {
                shortest = (low, high, held);
            }
        }
        Ok(shortest)
    }

    /// The smallest set of switches with a posterior mass of at least `mass`; among equally probable ones the
    /// least come first.
    ///
    /// # Errors
    /// When `mass` is not in `0 < mass <= 1`.
    pub fn credible_set(&self, mass: f64) -> Result<CredibleSet, ModelError> {
        if !(mass > 0.0 && mass <= 1.0) {
            return Err(ModelError::Mass { mass });
        }
        let mut order: Vec<usize> = (0..self.switch_posterior.len()).collect();
        // Stable, so that equal ones stay in increasing order.
        order.sort_by(|&a, &b| self.switch_posterior[b].total_cmp(&self.switch_posterior[a]));
        let (mut members, mut held) = (Vec::new(), 0.0);
        for s in order {
            let p = self.switch_posterior[s];
            // The second condition ends a mass of 1 that rounding keeps out of reach.
            if held >= mass || p == 0.0 {
                break;
            }
            members.push(s);
            held += p;
        }
        members.sort_unstable();
        // At least one probability is positive, so there is a member.
        let (low, high) = match members[..] {
            [] => (0, 0),
            [only] => (only, only),
            [low, .., high] => (low, high),
        };
        Ok(CredibleSet {
            members,
            mass: held,
            low,
            high,
        })
    }
}

impl Candidate {
    fn evaluations(&self) -> u64 {
        self.before.n_evaluations + self.after.n_evaluations
    }
}

/// Probability of each of `n` switches, and the logarithm of the sum of the weights.
fn normalised(candidates: &[Candidate], peak: f64, n: usize) -> (Vec<f64>, f64) {
    let mut probabilities = vec![0.0; n];
    for candidate in candidates {
        probabilities[candidate.s] = (candidate.ln_weight - peak).exp();
    }
    let total: f64 = probabilities.iter().sum();
    for probability in &mut probabilities {
        *probability /= total;
    }
    (probabilities, peak + total.ln())
}

/// The largest log weight, or as an error the one that leaves no digits: weights are compared by differences
/// of logarithms, which must be right to well below a nat.
fn peak_of(candidates: &[Candidate]) -> Result<f64, f64> {
    let ln_weights = || candidates.iter().map(|candidate| candidate.ln_weight);
    let peak = ln_weights().fold(f64::NEG_INFINITY, f64::max);
    if peak.abs() > 1e11 {
        return Err(peak);
    }
    match ln_weights().find(|ln_weight| ln_weight.is_nan()) {
        Some(not_a_number) => Err(not_a_number),
        None => Ok(peak),
    }
}

/// `Ok` where the priors' numbers can be squared.
fn check_reach(priors: &SwitchPriors, centre: f64) -> Result<(), ModelError> {
    let reach = 1e-140..=1e140;
    let out_of_reach = |parameter, prior: Prior| ModelError::PriorReach {
        parameter,
        prior: prior.to_string(),
    };
    let distance = (priors.mu_mean - centre).abs();
    if !reach.contains(&priors.mu_sd) || distance >= 1e140 {
        return Err(out_of_reach("mu", priors.mu()));
    }
    if !reach.contains(&priors.sigma_sd) {
        return Err(out_of_reach("sigma", priors.sigma()));
    }
    Ok(())
}

fn candidate(data: &PrefixSums, priors: &SwitchPriors, s: usize) -> Candidate {
    let regime = |range| Regime::of(&data.about_own_mean(range), data.centre(), priors);
    let (before, after) = (regime(0..s), regime(s..data.len()));
    Candidate {
        s,
        ln_weight: before.log_evidence + after.log_evidence,
        before,
        after,
    }
}

/// Moments of a mixture, by the law of total variance about its mean.
fn mix(parts: impl Iterator<Item = (f64, Moments)> + Clone) -> Moments {
    let mean: f64 = parts.clone().map(|(p, part)| p * part.mean).sum();
    let variance: f64 = parts
        .map(|(p, part)| p * (part.sd * part.sd + (part.mean - mean).powi(2)))
        .sum();
    Moments {
        mean,
        sd: variance.sqrt(),
    }
}

#[cfg(test)]
mod tests;
