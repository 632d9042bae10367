//! Whether draws can be trusted, and if not, why and what to do.

use std::fmt;

use switchback_core::DrawSource;
use switchback_diagnostics::{MIN_DRAWS, Summary, e_bfmi, summary};

use crate::InferError;

/// Greatest split r_hat of draws that can be believed (Vehtari et al. 2021, section 5).
pub const R_HAT_LIMIT: f64 = 1.01;
/// Least effective draws a chain (Vehtari et al. 2021, section 5).
pub const ESS_A_CHAIN: f64 = 100.0;
/// Least energy fraction of missing information (Betancourt 2016, section 6; the limit is Stan's).
const E_BFMI_LIMIT: f64 = 0.3;
/// Share of divergences from which the draws are not to be trusted; fewer are told of.
const DIVERGENCES_LIMIT: f64 = 1e-3;
/// Standard deviations of its own draws that a chain's mean may lie from the middle of all chains' means.
const APART: f64 = 3.0;

/// Something that draws show of themselves.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// There are too few draws to judge.
    TooFew {
        /// Draws of each chain.
        n_draws: usize,
    },
    /// The chains do not agree.
    NotAgreed {
        /// The quantities, the one of greatest r_hat first.
        names: Vec<String>,
        /// The greatest r_hat.
        r_hat: f64,
    },
    /// A chain is elsewhere than the others.
    Apart {
        /// The chain, from 0.
        chain: usize,
        /// The quantity that shows it most.
        name: String,
        /// The chain's mean.
        mean: f64,
        /// The middle of all chains' means.
        others: f64,
    },
    /// A chain stands still where others move.
    Stuck {
        /// The chain, from 0.
        chain: usize,
        /// The quantity.
        name: String,
        /// Where it stands.
        at: f64,
    },
    /// There are too few effective draws.
    FewEffective {
        /// The quantities, the one of fewest first.
        names: Vec<String>,
        /// The fewest.
        ess: f64,
        /// What is needed.
        needed: f64,
    },
    /// One chain cannot disagree with another.
    OneChain,
    /// A draw is not finite.
    NotFinite {
        /// The quantities.
        names: Vec<String>,
    },
    /// Steps diverged.
    Divergences {
        /// How many.
        n: usize,
        /// Of how many draws.
        of: usize,
    },
    /// The energy moves too little from draw to draw.
    LowEnergy {
        /// The chain of the lowest E-BFMI, from 0.
        chain: usize,
        /// That value.
        e_bfmi: f64,
    },
}

impl Finding {
    /// Whether the draws are not to be trusted because of it.
    pub fn is_serious(&self) -> bool {
        match self {
            Self::Divergences { n, of } => *n as f64 > DIVERGENCES_LIMIT * *of as f64,
            _ => true,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { n_draws } => write!(
                f,
                "{n_draws} draws a chain are too few to judge; at least {MIN_DRAWS} are needed."
            ),
            Self::NotAgreed { names, r_hat } => write!(
                f,
                "The chains have not agreed on {} yet (r_hat up to {r_hat:.2}): take more --num-warmup and \
                 --num-samples.",
                names.join(", ")
            ),
            Self::Apart {
                chain,
                name,
                mean,
                others,
            } => write!(
                f,
                "Chain {} is elsewhere than the others: its mean {name} is {mean:.4}, theirs {others:.4}; the posterior \
                 has several hills that this sampler does not move between, or the chain started off them: take \
                 --sampler compound or exact, and --init referee.",
                chain + 1
            ),
            Self::Stuck { chain, name, at } => write!(
                f,
                "Chain {} never moved in {name} from {at:.4}, where others did: take another --sampler or --init.",
                chain + 1
            ),
            Self::FewEffective { names, ess, needed } => write!(
                f,
                "Only {ess:.0} of the {needed:.0} effective draws that are needed of {}: take {:.0} times as many \
                 --num-samples.",
                names.join(", "),
                (needed / ess.max(1.0)).ceil()
            ),
            Self::OneChain => f.write_str(
                "One chain cannot tell whether it has converged: take more --num-chains.",
            ),
            Self::NotFinite { names } => write!(
                f,
                "Draws of {} are not finite: the density or the file is faulty.",
                names.join(", ")
            ),
            Self::Divergences { n, of } => write!(
                f,
                "{n} of {of} draws diverged, where the sampler could not follow the density: take a higher \
                 --target-accept.",
            ),
            Self::LowEnergy { chain, e_bfmi } => write!(
                f,
                "Chain {} has an E-BFMI of {e_bfmi:.2}, below 0.3: its energy hardly moves, and tails may be missing; \
                 take more --num-warmup, or narrower priors.",
                chain + 1
            ),
        }
    }
}

/// The summary of draws, and what they show of themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// One a quantity, in the order of the draws.
    pub quantities: Vec<Summary>,
    /// What they show, the worst first.
    pub findings: Vec<Finding>,
    /// Number of chains.
    pub n_chains: usize,
    /// Draws of each.
    pub n_draws: usize,
    /// Steps that diverged, where the sampler tells.
    pub n_diverged: Option<usize>,
    /// E-BFMI of each chain, where the sampler tells its energy.
    pub e_bfmi: Option<Vec<f64>>,
}

/// Statistics of a sampler that are judged, where it has them: one chain a vector.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SamplerStats {
    /// 1 where a step diverged, else 0.
    pub diverging: Option<Vec<Vec<f64>>>,
    /// Energy at each draw.
    pub energy: Option<Vec<Vec<f64>>>,
}

impl Diagnosis {
    /// The diagnosis of the quantities `names` of `source`, read one at a time.
    ///
    /// A quantity that never changed in any chain (a switch that the data leave no doubt of) has no r_hat, and is
    /// trusted.
    ///
    /// # Errors
    /// When there are too few draws to judge, or they cannot be read.
    pub fn of(
        source: &dyn DrawSource,
        names: &[String],
        stats: &SamplerStats,
    ) -> Result<Self, InferError> {
        let needed = ESS_A_CHAIN * source.n_chains() as f64;
        let mut seen = Seen::default();
        let mut quantities = Vec::with_capacity(names.len());
        for name in names {
            let columns = source.read(name)?;
            let chains: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let summary = summary(name, &chains)?;
            seen.look_at(&summary, &chains, needed);
            quantities.push(summary);
        }
        let n_draws = source.n_draws();
        let n_diverged = stats.diverging.as_ref().map(|chains| {
            let all = chains.iter().flatten();
            all.filter(|diverging| **diverging != 0.0).count()
        });
        let e_bfmi = match &stats.energy {
            Some(chains) if n_draws >= MIN_DRAWS => {
                let chains: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
                Some(e_bfmi(&chains)?)
            }
            _ => None,
        };
        let mut findings = seen.findings(needed, source.n_chains());
        if let Some(n) = n_diverged.filter(|n| *n > 0) {
            let of = n_draws * source.n_chains();
            findings.push(Finding::Divergences { n, of });
        }
        findings.extend(e_bfmi.as_deref().and_then(low_energy));
        Ok(Self {
            quantities,
            findings,
            n_chains: source.n_chains(),
            n_draws,
            n_diverged,
            e_bfmi,
        })
    }

    /// The diagnosis of chains that ended before there was anything to judge.
    pub fn of_too_few(n_chains: usize, n_draws: usize) -> Self {
        Self {
            quantities: Vec::new(),
            findings: vec![Finding::TooFew { n_draws }],
            n_chains,
            n_draws,
            n_diverged: None,
            e_bfmi: None,
        }
    }

    /// Whether nothing speaks against the draws.
    pub fn is_trusted(&self) -> bool {
        !self.findings.iter().any(Finding::is_serious)
    }

    /// The summary of quantity `name`.
    pub fn get(&self, name: &str) -> Option<&Summary> {
        self.quantities.iter().find(|summary| summary.name == name)
    }

    /// What to make of the draws, a sentence a finding; that they agree where there is nothing to find.
    pub fn advice(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.findings.iter().map(Finding::to_string).collect();
        if self.is_trusted() {
            let agree =
                "The chains agree: r_hat at most 1.01 and at least 100 effective draws a chain.";
            lines.insert(0, agree.to_owned());
        }
        lines
    }
}

/// What is seen of the quantities, one after the other.
#[derive(Default)]
struct Seen {
    not_finite: Vec<String>,
    not_agreed: Vec<(f64, String)>,
    few: Vec<(f64, String)>,
    /// By how many standard deviations, and the finding.
    apart: Option<(f64, Finding)>,
    stuck: Option<Finding>,
}

impl Seen {
    fn look_at(&mut self, summary: &Summary, chains: &[&[f64]], needed: f64) {
        let name = || summary.name.clone();
        if summary.mean.is_nan() {
            self.not_finite.push(name());
            return;
        }
        let stands = |chain: &&&[f64]| chain.iter().all(|draw| Some(draw) == chain.first());
        let standing: Vec<usize> = (0..chains.len()).filter(|c| stands(&&chains[*c])).collect();
        let is_constant = summary.sd == 0.0 || summary.sd.is_nan();
        if is_constant {
            return;
        }
        // What is no number has not agreed either.
        let has_agreed = summary.r_hat <= R_HAT_LIMIT;
        if chains.len() > 1 && !has_agreed {
            self.not_agreed.push((summary.r_hat, name()));
            self.look_for_the_one_apart(&summary.name, chains);
        }
        // A whole number that is nearly certain may stand still in a chain by chance; then r_hat is good.
        if let (Some(chain), true) = (standing.first(), self.stuck.is_none())
            && !has_agreed
        {
            self.stuck = Some(Finding::Stuck {
                chain: *chain,
                name: name(),
                at: chains[*chain].first().copied().unwrap_or(f64::NAN),
            });
        }
        let has_enough = summary.ess_bulk >= needed;
        if !has_enough {
            self.few.push((summary.ess_bulk, name()));
        }
    }

    fn look_for_the_one_apart(&mut self, name: &str, chains: &[&[f64]]) {
        if chains.len() < 3 {
            return;
        }
        let moments: Vec<(f64, f64)> = chains.iter().map(|chain| mean_and_sd(chain)).collect();
        let middle = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let others = middle(&mut moments.iter().map(|(mean, _)| *mean).collect());
        let sd = middle(&mut moments.iter().map(|(_, sd)| *sd).collect());
        for (chain, (mean, _)) in moments.into_iter().enumerate() {
            let distance = (mean - others).abs() / sd;
            let farthest = self.apart.as_ref().map_or(APART, |(farthest, _)| *farthest);
            if distance > farthest {
                let name = name.to_owned();
                let finding = Finding::Apart {
                    chain,
                    name,
                    mean,
                    others,
                };
                self.apart = Some((distance, finding));
            }
        }
    }

    fn findings(mut self, needed: f64, n_chains: usize) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !self.not_finite.is_empty() {
            findings.push(Finding::NotFinite {
                names: self.not_finite,
            });
        }
        findings.extend(self.apart.map(|(_, finding)| finding));
        findings.extend(self.stuck);
        // The worst first; an r_hat that is no number is worse than any.
        self.not_agreed.sort_by(|a, b| b.0.total_cmp(&a.0));
        if let Some((r_hat, _)) = self.not_agreed.first() {
            findings.push(Finding::NotAgreed {
                r_hat: *r_hat,
                names: self
                    .not_agreed
                    .iter()
                    .map(|(_, name)| name.clone())
                    .collect(),
            });
        }
        self.few.sort_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((ess, _)) = self.few.first() {
            findings.push(Finding::FewEffective {
                ess: *ess,
                needed,
                names: self.few.iter().map(|(_, name)| name.clone()).collect(),
            });
        }
        if n_chains == 1 {
            findings.push(Finding::OneChain);
        }
        findings
    }
}

fn mean_and_sd(draws: &[f64]) -> (f64, f64) {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let squares: f64 = draws.iter().map(|draw| (draw - mean).powi(2)).sum();
    (mean, (squares / n).sqrt())
}

fn low_energy(e_bfmi: &[f64]) -> Option<Finding> {
    let lowest = e_bfmi.iter().copied().enumerate();
    let (chain, e_bfmi) = lowest.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (e_bfmi < E_BFMI_LIMIT).then_some(Finding::LowEnergy { chain, e_bfmi })
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::Draws;

    /// A wiggle of mean 0 without a rhythm of its own, another in each chain.
    fn noise(i: usize, chain: usize) -> f64 {
        let mixed = (i * 7_919 + chain * 104_729).wrapping_mul(2_654_435_761) >> 7;
        (mixed % 1_000) as f64 / 500.0 - 1.0
    }

    /// Draws of `mu`, in which chain `c` does what `of(i, c)` says.
    fn draws(n_chains: usize, n: usize, of: impl Fn(usize, usize) -> f64) -> Draws {
        let mut draws = Draws::new(vec!["mu".into()], n_chains);
        for i in 0..n {
            for chain in 0..n_chains {
                draws.push(chain, &[of(i, chain)]).expect("the row fits");
            }
        }
        draws
    }

    fn diagnosed(draws: &Draws, stats: &SamplerStats) -> Diagnosis {
        Diagnosis::of(draws, &["mu".to_owned()], stats).expect("enough draws")
    }

    #[test]
    fn good_draws_have_no_finding() {
        let good = diagnosed(&draws(4, 1000, noise), &SamplerStats::default());
        assert_eq!(good.findings, []);
        assert!(good.is_trusted() && good.advice()[0].contains("agree"));
        let constant = diagnosed(&draws(4, 100, |_, _| 45.0), &SamplerStats::default());
        assert!(constant.is_trusted());
    }

    #[test]
    fn the_chain_that_is_elsewhere_is_named() {
        let apart = draws(4, 1000, |i, chain| {
            noise(i, chain) + if chain == 2 { 20.0 } else { 0.0 }
        });
        let apart = diagnosed(&apart, &SamplerStats::default());
        assert!(!apart.is_trusted());
        assert!(
            matches!(&apart.findings[0], Finding::Apart { chain: 2, .. }),
            "{apart:?}"
        );
        assert!(apart.advice()[0].starts_with("Chain 3 is elsewhere"));
        assert!(
            apart
                .findings
                .iter()
                .any(|f| matches!(f, Finding::NotAgreed { .. }))
        );
        let stuck = draws(
            4,
            1000,
            |i, chain| if chain == 1 { 0.9 } else { noise(i, chain) },
        );
        let stuck = diagnosed(&stuck, &SamplerStats::default());
        let is_named = |f: &Finding| matches!(f, Finding::Stuck { chain: 1, .. });
        assert!(stuck.findings.iter().any(is_named), "{stuck:?}");
    }

    #[test]
    fn too_few_and_single_chains_are_told() {
        let slow = draws(4, 1000, |i, chain| noise(i / 50, chain));
        let slow = diagnosed(&slow, &SamplerStats::default());
        let is_few = |f: &Finding| matches!(f, Finding::FewEffective { .. });
        assert!(slow.findings.iter().any(is_few), "{slow:?}");
        let one = diagnosed(&draws(1, 1000, noise), &SamplerStats::default());
        assert_eq!(one.findings, [Finding::OneChain]);
        let faulty = draws(
            4,
            100,
            |i, chain| if i == 50 { f64::NAN } else { noise(i, chain) },
        );
        let faulty = diagnosed(&faulty, &SamplerStats::default());
        assert!(
            matches!(faulty.findings[..], [Finding::NotFinite { .. }]),
            "{faulty:?}"
        );
        assert!(!Diagnosis::of_too_few(4, 3).is_trusted());
        let short = draws(4, 3, noise);
        assert!(Diagnosis::of(&short, &["mu".to_owned()], &SamplerStats::default()).is_err());
    }

    #[test]
    fn divergences_and_energy_are_judged() {
        let good = draws(4, 1000, noise);
        let diverging = |n: usize| SamplerStats {
            diverging: Some(vec![
                (0..1000).map(|i| f64::from(u8::from(i < n))).collect();
                4
            ]),
            energy: None,
        };
        assert!(diagnosed(&good, &diverging(1)).is_trusted());
        assert_eq!(diagnosed(&good, &diverging(1)).advice().len(), 2);
        assert!(!diagnosed(&good, &diverging(5)).is_trusted());
        // A walk whose steps are small beside its spread.
        let walk = (0..1000).map(|i| (f64::from(i) / 150.0).sin()).collect();
        let stats = SamplerStats {
            diverging: None,
            energy: Some(vec![walk; 4]),
        };
        let low = diagnosed(&good, &stats);
        assert!(
            matches!(low.findings[..], [Finding::LowEnergy { .. }]),
            "{low:?}"
        );
    }
}
