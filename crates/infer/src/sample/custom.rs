//! Samplers on a model of one's own.

use switchback_core::{ChainRng, Support, stream};
use switchback_models::custom::CustomModel;

use super::chains::{Chains, ChainsSettings};
use super::ensemble::Ensemble;
use super::metropolis::{Metropolis, MetropolisSettings};
use super::nuts::{NutsChain, NutsSettings};
use super::tuning::{NoTuning, ScaleTuning};
use super::{chain::Chain, chain::KernelChain, sampler::Sampler};
use crate::InferError;

/// Draws from the priors by which the scale of a first proposal is told.
const SCALE_DRAWS: usize = 200;
/// Metropolis first proposes steps of this share of them.
const SHARE: f64 = 0.1;

impl Sampler {
    /// Chains of this sampler on a model of one's own, each from a start of its own: a draw from the priors.
    ///
    /// Walkers of an ensemble are at least twice the parameters in number.
    ///
    /// # Errors
    /// When the sampler is made for switchpoint models alone or needs a gradient that the model has not, a setting makes no sense,
    /// or a chain finds no start.
    pub fn custom_chains<'a>(
        self,
        method: &str,
        model: &'a dyn CustomModel,
        settings: ChainsSettings,
    ) -> Result<Chains<'a>, InferError> {
        // Told before a start is looked for.
        if matches!(self, Self::Compound | Self::Exact) {
            let sampler = self.as_str();
            return Err(InferError::SwitchSampler { sampler });
        }
        let scales = first_scales(model, settings.seed);
        Chains::new(method, model, settings, |_, rng| {
            self.custom_chain(model, settings, &scales, rng)
        })
    }

    fn custom_chain<'a>(
        self,
        model: &'a dyn CustomModel,
        settings: ChainsSettings,
        scales: &[f64],
        mut rng: ChainRng,
    ) -> Result<Box<dyn Chain + 'a>, InferError> {
        let start = |rng: &mut ChainRng| model.declared().find_start(model, rng);
        Ok(match self {
            Self::Metropolis(MetropolisSettings::Tuned) => {
                let kernel = Metropolis::new(model.space(), scales.to_vec());
                let position = start(&mut rng)?;
                let tuning = ScaleTuning::default();
                Box::new(KernelChain::new(model, kernel, tuning, &position, rng)?)
            }
            Self::Metropolis(plain @ MetropolisSettings::Plain { scale }) => {
                plain.validate()?;
                let kernel = Metropolis::joint(model.space(), scale);
                let position = start(&mut rng)?;
                Box::new(KernelChain::new(model, kernel, NoTuning, &position, rng)?)
            }
            Self::Nuts(nuts) => {
                let gradient = model.gradient().ok_or_else(|| InferError::NoGradient {
                    method: self.as_str(),
                    model: model.declared().model().to_owned(),
                })?;
                let nuts = NutsSettings {
                    num_warmup: settings.num_warmup as u64,
                    ..nuts
                };
                Box::new(NutsChain::new(gradient, nuts, &start(&mut rng)?, rng)?)
            }
            Self::Ensemble { num_walkers } => {
                let walkers = num_walkers.max(2 * model.space().dim());
                let mut positions = Vec::new();
                for _ in 0..walkers {
                    positions.extend(start(&mut rng)?);
                }
                Box::new(Ensemble::new(model, &positions, rng)?)
            }
            Self::Compound | Self::Exact => {
                let sampler = self.as_str();
                return Err(InferError::SwitchSampler { sampler });
            }
        })
    }
}

/// A share of each coordinate's standard deviation under the priors, of a whole number's range.
fn first_scales(model: &dyn CustomModel, seed: u64) -> Vec<f64> {
    let (declared, mut rng) = (model.declared(), stream(seed, u64::MAX));
    let draws: Vec<Vec<f64>> = (0..SCALE_DRAWS)
        .map(|_| declared.draw_start(&mut rng))
        .collect();
    let parameters = declared.space().parameters().iter().enumerate();
    let sd = |index: usize| {
        let column = draws
            .iter()
            .map(|draw| draw[index])
            .filter(|u| u.is_finite());
        let column: Vec<f64> = column.collect();
        let n = column.len() as f64;
        let mean = column.iter().sum::<f64>() / n;
        (column.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n).sqrt()
    };
    parameters
        .map(|(index, parameter)| match parameter.support {
            Support::Integers { low, high } => SHARE * (high - low) as f64,
            // What starts at a value has no spread.
            _ => Some(SHARE * sd(index))
                .filter(|scale| *scale > 0.0)
                .unwrap_or(SHARE),
        })
        .collect()
}
