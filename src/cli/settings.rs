//! Arguments of an experiment become validated settings before any work is done.

use std::path::{Path, PathBuf};

use switchback::core::{Ascent, Ramp, Rule, Series};
use switchback::infer::{
    ChainsSettings, ClimbSettings, Climbed, Launch, Method, TALKS_START, Tolerances, plain_start,
};
use switchback::models::{Estimate, Parameterization, SwitchModel};
use switchback::tensor::DeviceName;

use super::args::{ExperimentArguments, OptimizerName, ParameterizationName, SeriesArguments};
use super::failure::Failure;
use super::optimizing::{ClimbPlan, PlacedClimb};
use crate::input::{CsvOptions, bundled, read_csv};

/// Parameters of the sigmoid switch, in order.
pub const PARAMETERS: [&str; 5] = ["mu1", "mu2", "sigma1", "sigma2", "tau"];

/// A setting that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// A number of steps that is 0.
    #[error("{0} is 0: it must be at least 1")]
    Zero(&'static str),
    /// A start that cannot be read.
    #[error(
        "--init {word:?} is no start; write NAME=VALUE with one of mu1, mu2, sigma1, sigma2, tau, as in tau=40"
    )]
    Init {
        /// The word.
        word: String,
    },
    /// A start value that no fit can begin at.
    #[error("--init {word:?} is no start; sigma must be positive")]
    InitSigma {
        /// The word.
        word: String,
    },
    /// A word that is neither what its option takes nor a file.
    #[error("{option} {word:?} is neither {form}, nor a file")]
    Stray {
        /// The option.
        option: &'static str,
        /// The word.
        word: String,
        /// What the option takes.
        form: &'static str,
    },
    /// Two files.
    #[error("there are two files, {first:?} and {second:?}; give one")]
    TwoFiles {
        /// The first.
        first: PathBuf,
        /// The second.
        second: String,
    },
}

/// The series that was asked for, and where it came from.
pub struct Chosen {
    /// The series.
    pub series: Series,
    /// Its file; `None` is the talk's own.
    pub path: Option<PathBuf>,
}

/// Reads the series that the arguments name.
///
/// # Errors
/// When there is none, or it is not a series.
pub fn series(arguments: &SeriesArguments, file: Option<&Path>) -> Result<Chosen, Failure> {
    let options = CsvOptions {
        time: arguments.time.clone(),
        value: arguments.value.clone(),
    };
    let series = match file {
        Some(path) => read_csv(path, &options)?,
        None => bundled(&options)?,
    };
    Ok(Chosen {
        series,
        path: file.map(Path::to_owned),
    })
}

/// Whether `series` holds the numbers of the talk's own, whatever file they come from.
pub fn is_deck(series: &Series) -> bool {
    bundled(&CsvOptions::default()).is_ok_and(|deck| deck.values() == series.values())
}

/// The words of options that take several, and the file that may have followed them.
pub struct Words {
    /// Of `--prior`.
    pub prior: Vec<String>,
    /// Of `--init`.
    pub init: Vec<String>,
    /// The file.
    pub file: Option<PathBuf>,
}

/// Tells densities and starts from a file name that follows them, as in `--prior deck FILE`: a density or a start
/// holds `=` or is a name of a prior, a file is neither. `init_form` is what `--init` takes.
///
/// # Errors
/// When there are two files.
pub fn words(
    file: Option<&Path>,
    prior: &[String],
    init: &[String],
    init_form: &'static str,
) -> Result<Words, Failure> {
    let mut words = Words {
        prior: Vec::new(),
        init: Vec::new(),
        file: file.map(Path::to_owned),
    };
    let mut strays = Vec::new();
    for word in prior.iter().flat_map(|word| split_outside_brackets(word)) {
        if word.contains('=') || word == "deck" || word == "data" || word.contains('(') {
            words.prior.push(word);
        } else {
            strays.push((
                "--prior",
                "deck, data or a density as in mu=normal(0,2)",
                word,
            ));
        }
    }
    for word in init.iter().flat_map(|word| word.split_whitespace()) {
        if word.contains('=') {
            words.init.push(word.to_owned());
        } else {
            strays.push(("--init", init_form, word.to_owned()));
        }
    }
    for (option, form, stray) in strays {
        let path = Path::new(&stray);
        let is_file = stray == "-" || path.extension().is_some() || path.exists();
        if !is_file {
            return Err(Failure::usage(SettingError::Stray {
                option,
                word: stray,
                form,
            }));
        }
        if let Some(first) = words.file {
            return Err(Failure::usage(SettingError::TwoFiles {
                first,
                second: stray,
            }));
        }
        words.file = Some(stray.into());
    }
    Ok(words)
}

/// `mu=normal(0, 2) sigma=half-normal(2)` as two words.
fn split_outside_brackets(text: &str) -> Vec<String> {
    let mut depth = 0_i32;
    text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c.is_whitespace() && depth <= 0
    })
    .filter(|word| !word.is_empty())
    .map(str::to_owned)
    .collect()
}

/// Validated settings of an experiment.
pub struct ExperimentSettings {
    /// Optimisers, each once, in the order asked for.
    pub optimizers: Vec<(OptimizerName, Ascent)>,
    /// Steps of each.
    pub steps: u64,
    /// Steps or draws between logged points.
    pub log_every: u64,
    /// How sigma is held; the series' own way where it was not said.
    pub parameterization: Option<Parameterization>,
    /// Start values by name.
    pub init: Vec<(String, f64)>,
    /// Device of the optimisers.
    pub device: DeviceName,
    /// Of each sampler; the first stream is the sampler's own.
    pub chains: ChainsSettings,
}

impl ExperimentSettings {
    /// The settings that `arguments` and the starts among its `words` ask for.
    ///
    /// # Errors
    /// When a setting makes no sense.
    pub fn validate(arguments: &ExperimentArguments, init: &[String]) -> Result<Self, Failure> {
        for (setting, value) in [
            ("--steps", arguments.steps),
            ("--log-every", arguments.log_every),
        ] {
            if value == 0 {
                return Err(Failure::usage(SettingError::Zero(setting)));
            }
        }
        let mut optimizers: Vec<(OptimizerName, Ascent)> = Vec::new();
        for name in &arguments.optimizer {
            if optimizers.iter().all(|(chosen, _)| chosen != name) {
                optimizers.push((*name, ascent(*name, arguments).validate()?));
            }
        }
        Ok(Self {
            optimizers,
            steps: arguments.steps,
            log_every: arguments.log_every,
            parameterization: arguments.parameterization.map(|name| match name {
                ParameterizationName::Raw => Parameterization::Raw,
                ParameterizationName::Log => Parameterization::Log,
            }),
            init: starts(init)?,
            device: arguments.device.parse()?,
            chains: ChainsSettings {
                num_chains: arguments.num_chains,
                num_warmup: arguments.num_warmup,
                num_samples: arguments.num_samples,
                log_every: usize::try_from(arguments.log_every).unwrap_or(usize::MAX),
                seed: arguments.seed,
                first_stream: 0,
                save_warmup: true,
                save_pointwise: false,
            }
            .validate()?,
        })
    }

    /// The climb of each optimiser, under its name: on the talk's series the talk's own, all its steps taken.
    ///
    /// # Errors
    /// When a start does not fit.
    pub fn climbs(
        &self,
        model: &SwitchModel,
        series: &Series,
    ) -> Result<Vec<PlacedClimb>, Failure> {
        let is_deck = is_deck(series);
        let usual = if is_deck {
            Parameterization::Raw
        } else {
            Parameterization::Log
        };
        let start = if is_deck {
            TALKS_START.to_vec()
        } else {
            plain_start(model, series)
        };
        let plan = |name: OptimizerName, ascent: Ascent| ClimbPlan {
            method: match name {
                OptimizerName::Lbfgs => Method::Lbfgs,
                _ => Method::Rule(ascent.rule),
            },
            ascent,
            climbed: Climbed {
                estimate: Estimate::Likelihood,
                is_marginal: false,
                parameterization: self.parameterization.unwrap_or(usual),
                is_plain: is_deck,
            },
            launch: Launch::Given(start.clone()),
            fixed: self.init.clone(),
            n_starts: 1,
            settings: ClimbSettings {
                tolerances: Tolerances::NONE,
                ..ClimbSettings::new(self.steps, self.log_every)
            },
            seed: self.chains.seed,
        };
        let plans = self.optimizers.iter();
        plans
            .map(|(name, ascent)| plan(*name, *ascent).place(&name.to_string(), model, series))
            .collect()
    }
}

fn ascent(name: OptimizerName, arguments: &ExperimentArguments) -> Ascent {
    let usual = Ascent::new(match name {
        OptimizerName::Adam => Rule::ADAM,
        OptimizerName::Momentum => Rule::Momentum {
            momentum: arguments.momentum,
        },
        OptimizerName::Rmsprop => Rule::RMS_PROP,
        // L-BFGS has no learning rate.
        OptimizerName::Sgd | OptimizerName::Lbfgs => Rule::Sgd,
    });
    Ascent {
        learning_rate: arguments
            .learning_rate
            .map_or(usual.learning_rate, Ramp::constant),
        ..usual
    }
}

fn starts(words: &[String]) -> Result<Vec<(String, f64)>, Failure> {
    words
        .iter()
        .map(|word| {
            let unreadable = || Failure::usage(SettingError::Init { word: word.clone() });
            let (name, value) = word.split_once('=').ok_or_else(unreadable)?;
            let value: f64 = value.trim().parse().map_err(|_| unreadable())?;
            let name = PARAMETERS.into_iter().find(|known| *known == name.trim());
            let name = name.filter(|_| value.is_finite()).ok_or_else(unreadable)?;
            if name.starts_with("sigma") && value <= 0.0 {
                return Err(Failure::usage(SettingError::InitSigma {
                    word: word.clone(),
                }));
            }
            Ok((name.to_owned(), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_within_brackets_do_not_part_a_density() {
        assert_eq!(
            split_outside_brackets("mu=normal(0, 2)  sigma=half-normal(2)"),
            ["mu=normal(0, 2)", "sigma=half-normal(2)"]
        );
    }

    #[test]
    fn a_file_after_the_words_of_an_option_is_the_file() {
        let prior = ["deck".into(), "Cargo.toml".into()];
        let words = words(None, &prior, &["tau=3".into()], "a start").expect("one file");
        assert_eq!(words.file, Some("Cargo.toml".into()));
        assert_eq!(
            (words.prior, words.init),
            (vec!["deck".into()], vec!["tau=3".into()])
        );
    }

    #[test]
    fn starts_are_read_by_name() {
        let start = starts(&["tau=40".into(), "sigma2=0.5".into()]).expect("two starts");
        assert_eq!(
            start,
            [("tau".to_owned(), 40.0), ("sigma2".to_owned(), 0.5)]
        );
        for wrong in ["tau", "tau=x", "nu=3", "sigma1=0", "tau=inf"] {
            assert!(starts(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
