//! Which sampler on which form of a model: the one place where they meet.

use std::fmt;

use switchback_core::{ChainRng, Gradient, Posterior, Series};
use switchback_models::{Exact, HardSwitch, MarginalSwitch, Paths, SigmoidSwitch, SwitchModel};

use super::chain::Chain;
use super::chains::{Chains, ChainsSettings};
use super::compound::CompoundChain;
use super::ensemble::Ensemble;
use super::independent::IndependentChain;
use super::initial::Starts;
use super::metropolis::MetropolisSettings;
use super::nuts::{NutsChain, NutsSettings};
use crate::InferError;

/// The form of a model that is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Whole-numbered switches.
    Hard,
    /// Switches relaxed to sigmoids.
    Sigmoid,
    /// Switches summed out, and drawn given the parameters.
    Marginal,
}

impl Form {
    /// The word used on the command line and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Sigmoid => "sigmoid",
            Self::Marginal => "marginal",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A form of a model, ready to be sampled.
pub struct Target {
    model: SwitchModel,
    density: Density,
}

enum Density {
    Hard(HardSwitch, Paths),
    Sigmoid(SigmoidSwitch),
    Marginal(MarginalSwitch),
}

impl Target {
    /// The `form` of `model`; `steepness` is the sigmoid's.
    ///
    /// # Errors
    /// When the steepness is not finite and positive.
    pub fn new(model: SwitchModel, form: Form, steepness: f64) -> Result<Self, InferError> {
        let density = match form {
            Form::Hard => Density::Hard(HardSwitch::new(model.clone()), Paths::new(model.clone())),
            Form::Sigmoid => {
                let sigmoid = SigmoidSwitch::posterior(model.clone());
                Density::Sigmoid(sigmoid.with_steepness(steepness)?)
            }
            Form::Marginal => Density::Marginal(MarginalSwitch::new(model.clone())),
        };
        Ok(Self { model, density })
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        &self.model
    }

    /// Its form.
    pub fn form(&self) -> Form {
        match self.density {
            Density::Hard(..) => Form::Hard,
            Density::Sigmoid(_) => Form::Sigmoid,
            Density::Marginal(_) => Form::Marginal,
        }
    }

    /// The density.
    pub fn posterior(&self) -> &dyn Posterior {
        match &self.density {
            Density::Hard(hard, _) => hard,
            Density::Sigmoid(sigmoid) => sigmoid,
            Density::Marginal(marginal) => marginal,
        }
    }

    fn gradient(&self) -> Option<&dyn Gradient> {
        match &self.density {
            Density::Hard(..) => None,
            Density::Sigmoid(sigmoid) => Some(sigmoid),
            Density::Marginal(marginal) => Some(marginal),
        }
    }

    /// Names of the parameters and switches of a draw.
    pub fn names(&self) -> Vec<String> {
        let letter = match self.form() {
            Form::Hard | Form::Marginal => "s",
            Form::Sigmoid => "tau",
        };
        let mut names = self
            .model
            .likelihood()
            .parameter_names(self.model.n_regimes());
        names.extend(self.model.switch_names(letter));
        names
    }
}

/// A sampler with its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampler {
    /// Random-walk Metropolis, on any form.
    Metropolis(MetropolisSettings),
    /// Gibbs sampling with all switches drawn at once, on the hard form.
    Compound,
    /// The No-U-Turn Sampler, on forms with a gradient.
    Nuts(NutsSettings),
    /// The affine-invariant ensemble, on continuous forms.
    Ensemble {
        /// Walkers of an ensemble.
        num_walkers: usize,
    },
    /// Independent draws by the referee, on the hard form.
    Exact,
}

impl Sampler {
    /// The word used on the command line and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metropolis(MetropolisSettings::Tuned) => "metropolis",
            Self::Metropolis(MetropolisSettings::Plain { .. }) => "metropolis-untuned",
            Self::Compound => "compound",
            Self::Nuts(_) => "nuts",
            Self::Ensemble { .. } => "ensemble",
            Self::Exact => "exact-draws",
        }
    }

    /// The forms that it can sample, the usual one first.
    pub fn forms(self) -> &'static [Form] {
        match self {
            Self::Metropolis(_) => &[Form::Hard, Form::Marginal, Form::Sigmoid],
            Self::Compound | Self::Exact => &[Form::Hard],
            Self::Nuts(_) | Self::Ensemble { .. } => &[Form::Marginal, Form::Sigmoid],
        }
    }

    /// `Ok` when it can sample `form`.
    ///
    /// # Errors
    /// [`InferError::Pair`] otherwise.
    pub fn check(self, form: Form) -> Result<(), InferError> {
        if self.forms().contains(&form) {
            Ok(())
        } else {
            Err(self.refuse(form))
        }
    }

    fn refuse(self, form: Form) -> InferError {
        let forms: Vec<&str> = self.forms().iter().map(|form| form.as_str()).collect();
        InferError::Pair {
            // Its draws have a name of their own beside the referee's row.
            sampler: match self {
                Self::Exact => "exact",
                other => other.as_str(),
            },
            form: form.as_str(),
            forms: forms.join(" or "),
        }
    }

    /// Chains of this sampler on `target`, a form of a model of `series`; each starts where `starts` say.
    ///
    /// # Errors
    /// When it cannot sample that form, the referee's draws are asked for without the referee, a setting makes no
    /// sense, or a chain finds no start.
    pub fn chains<'a>(
        self,
        method: &str,
        target: &'a Target,
        context: Context<'a>,
        settings: ChainsSettings,
    ) -> Result<Chains<'a>, InferError> {
        self.check(target.form())?;
        Chains::new(method, target.posterior(), settings, |chain, rng| {
            self.chain(target, context, settings, chain, rng)
        })
    }

    fn chain<'a>(
        self,
        target: &'a Target,
        context: Context<'a>,
        settings: ChainsSettings,
        number: usize,
        mut rng: ChainRng,
    ) -> Result<Box<dyn Chain + 'a>, InferError> {
        let posterior = target.posterior();
        let start = |rng: &mut ChainRng| context.starts.position(posterior, number, rng);
        Ok(match (self, &target.density) {
            (Self::Metropolis(metropolis), _) => {
                let position = start(&mut rng)?;
                metropolis.chain(posterior, context.series, &position, rng)?
            }
            (Self::Compound, Density::Hard(hard, paths)) => {
                let position = start(&mut rng)?;
                Box::new(CompoundChain::new(hard, paths, position, rng))
            }
            (Self::Exact, Density::Hard(hard, _)) => {
                let exact = context.exact.ok_or(InferError::NoReferee)?;
                Box::new(IndependentChain::new(hard, exact, rng)?)
            }
            (Self::Nuts(nuts), _) => {
                let gradient = target
                    .gradient()
                    .ok_or_else(|| self.refuse(target.form()))?;
                let nuts = NutsSettings {
                    num_warmup: settings.num_warmup as u64,
                    ..nuts
                };
                Box::new(NutsChain::new(gradient, nuts, &start(&mut rng)?, rng)?)
            }
            (Self::Ensemble { num_walkers }, _) => {
                let mut positions = Vec::new();
                for _ in 0..num_walkers {
                    positions.extend(start(&mut rng)?);
                }
                Box::new(Ensemble::new(posterior, &positions, rng)?)
            }
            (Self::Compound | Self::Exact, _) => return Err(self.refuse(target.form())),
        })
    }
}

/// What a sampler may need beside its target.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The series.
    pub series: &'a Series,
    /// Where chains start.
    pub starts: &'a Starts<'a>,
    /// The referee, for its own draws.
    pub exact: Option<&'a Exact>,
}
