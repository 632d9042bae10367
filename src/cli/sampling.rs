//! Arguments of a sampler become its settings.

use switchback::infer::{Form, InferError, MassMatrix, MetropolisSettings, NutsSettings, Sampler};
use switchback::models::{ModelError, SwitchSettings};

use super::args::{FormName, SamplerArguments, SamplerName};
use super::failure::Failure;

/// Walkers of an ensemble, unless said otherwise or the parameters are many.
const WALKERS: usize = 16;

/// The form that `arguments` ask for; the sampler's usual one otherwise.
pub fn form(arguments: &SamplerArguments) -> Form {
    match arguments.form {
        Some(FormName::Hard) => Form::Hard,
        Some(FormName::Sigmoid) => Form::Sigmoid,
        Some(FormName::Marginal) => Form::Marginal,
        None => match arguments.sampler {
            SamplerName::Nuts | SamplerName::Ensemble => Form::Marginal,
            SamplerName::Compound | SamplerName::Metropolis | SamplerName::Exact => Form::Hard,
        },
    }
}

/// The sampler that `arguments` ask for, for `form`.
///
/// # Errors
/// When a setting makes no sense, or it cannot sample that form.
pub fn sampler(arguments: &SamplerArguments, form: Form) -> Result<Sampler, Failure> {
    let steepness = arguments.steepness;
    if !(steepness > 0.0 && steepness.is_finite()) {
        return Err(ModelError::Steepness { steepness }.into());
    }
    if arguments.num_walkers == Some(0) {
        return Err(InferError::Setting {
            setting: "num-walkers",
            value: "0".to_owned(),
            rule: "it must be even and at least twice the number of parameters",
        }
        .into());
    }
    let sampler = match arguments.sampler {
        SamplerName::Compound => Sampler::Compound,
        SamplerName::Exact => Sampler::Exact,
        SamplerName::Metropolis if arguments.untuned => Sampler::Metropolis(
            MetropolisSettings::Plain {
                scale: arguments.step_scale,
            }
            .validate()?,
        ),
        SamplerName::Metropolis => Sampler::Metropolis(MetropolisSettings::Tuned),
        SamplerName::Nuts => Sampler::Nuts(
            NutsSettings {
                target_accept: arguments.target_accept,
                max_depth: arguments.max_depth,
                mass_matrix: MassMatrix::default(),
                ..NutsSettings::default()
            }
            .validate()?,
        ),
        SamplerName::Ensemble => Sampler::Ensemble {
            num_walkers: arguments.num_walkers.unwrap_or(0),
        },
    };
    sampler.check(form)?;
    Ok(sampler)
}

/// The same sampler with what depends on the model's shape filled in: the walkers of an ensemble that were not asked
/// for.
pub fn for_shape(sampler: Sampler, form: Form, settings: &SwitchSettings) -> Sampler {
    let regimes = &settings.regimes;
    let n_parameters = settings.likelihood.n_parameters(regimes.n_regimes());
    let dim = match form {
        Form::Marginal => n_parameters,
        Form::Hard | Form::Sigmoid => n_parameters + regimes.n_switches(),
    };
    match sampler {
        Sampler::Ensemble { num_walkers: 0 } => Sampler::Ensemble {
            num_walkers: WALKERS.max(2 * dim),
        },
        other => other,
    }
}
