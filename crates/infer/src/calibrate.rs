//! Simulation-based calibration: does a sampler draw from the posterior that its model has?
//!
//! Parameters are drawn from the prior and a series from the likelihood; among draws of the posterior given that series
//! the true value has a rank that is uniform, whatever the model, if and only if sampler and model are right (Talts,
//! Betancourt, Simpson, Vehtari and Gelman 2018; the log-likelihood as one more quantity: Modrak et al. 2023).

use rand::RngExt;
use rayon::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use switchback_core::{Draws, Flow, Series, stream};
use switchback_models::{SwitchModel, SwitchSettings};

use crate::InferError;

/// Probability that a right sampler is called wrong, over all quantities together.
const LEVEL: f64 = 0.005;
/// Simulations between two words to the listener.
const BATCH: usize = 32;

/// How much is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalibrationSettings {
    /// Series simulated.
    pub simulations: usize,
    /// Length of each.
    pub n: usize,
    /// Draws that the truth is ranked among; ranks are `0..=draws`.
    pub draws: usize,
    /// Bins of the ranks, a divisor of `draws + 1`.
    pub bins: usize,
    /// Observations by which the simulated switches come later than they are said to: 0, or a control that must fail.
    pub shift: usize,
    /// Seed of everything.
    pub seed: u64,
}

impl CalibrationSettings {
    /// The settings, if they make sense.
    ///
    /// # Errors
    /// When there is too little to test, or the bins do not part the ranks evenly.
    pub fn validate(self) -> Result<Self, InferError> {
        let refuse = |setting, value: usize, rule| {
            let value = value.to_string();
            Err(InferError::Setting {
                setting,
                value,
                rule,
            })
        };
        if self.bins < 2 || !(self.draws + 1).is_multiple_of(self.bins) {
            return refuse(
                "bins",
                self.bins,
                "it must be a divisor of --ranks + 1, and 2 or more",
            );
        }
        // Five a bin are the rule of thumb for the chi-square approximation.
        if self.simulations < 5 * self.bins {
            let rule = "the test needs 5 simulations a bin at least";
            return refuse("n", self.simulations, rule);
        }
        if self.n < 4 {
            return refuse(
                "length",
                self.n,
                "a simulated series needs at least 4 observations",
            );
        }
        Ok(self)
    }
}

/// A series that was simulated, and from what.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// The model of the series.
    pub model: SwitchModel,
    /// The series.
    pub series: Series,
    /// Its number, a random stream of its own.
    pub number: u64,
}

impl Simulated {
    /// Simulation `number` with the observations `values`, modelled by `settings`.
    ///
    /// # Errors
    /// When they are no series, or cannot be modelled.
    pub fn new(settings: &SwitchSettings, values: &[f64], number: u64) -> Result<Self, InferError> {
        let values: Vec<_> = values.iter().copied().map(Some).collect();
        let series = Series::new(format!("simulation {number}"), &values)?;
        Ok(Self {
            model: SwitchModel::new(&series, settings.clone())?,
            series,
            number,
        })
    }
}

/// What is calibrated: how series are simulated and how they are sampled.
pub trait Calibrated: Sync {
    /// Draws values from the prior: one a quantity, without the log-likelihood, and a series of `n` from them, its
    /// switches `shift` observations late.
    fn simulate(
        &self,
        settings: CalibrationSettings,
        rng: &mut switchback_core::ChainRng,
    ) -> (Vec<f64>, Vec<f64>);

    /// Log-likelihood at the true `values`.
    ///
    /// # Errors
    /// When it cannot be had.
    fn log_likelihood(&self, simulated: &Simulated, values: &[f64]) -> Result<f64, InferError>;

    /// At least `draws` draws of the posterior given a series, of every quantity and the log-likelihood, named
    /// `likelihood`.
    ///
    /// # Errors
    /// When the sampler fails.
    fn sample(&self, simulated: &Simulated, draws: usize) -> Result<Draws, InferError>;

    /// What is modelled.
    fn settings(&self) -> &SwitchSettings;

    /// Names of the quantities, in the order of the simulated values.
    fn names(&self) -> Vec<String>;
}

/// Ranks of one quantity over all simulations, and what they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// Name of the quantity.
    pub name: String,
    /// The rank of the truth in each simulation, `0..=draws`.
    pub ranks: Vec<usize>,
    /// How many fell into each bin.
    pub counts: Vec<usize>,
    /// Pearson's statistic of the bins.
    pub chi_square: f64,
    /// Probability of so much or more if the ranks are uniform.
    pub p_value: f64,
}

/// The outcome of a calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// One a quantity, the log-likelihood last.
    pub quantities: Vec<Ranks>,
    /// Simulations that were finished.
    pub simulations: usize,
    /// Whether the listener ended it early.
    pub is_interrupted: bool,
}

impl Calibration {
    /// The quantities whose ranks are too far from uniform for chance: a p-value below 0.005 over the number of
    /// quantities.
    pub fn not_uniform(&self) -> Vec<&Ranks> {
        let level = LEVEL / self.quantities.len().max(1) as f64;
        self.quantities
            .iter()
            .filter(|ranks| ranks.p_value < level)
            .collect()
    }
}

/// Calibrates: simulates, samples and ranks, in parallel, and tells `listen` after each batch how many are done.
///
/// The answer does not depend on the number of threads.
///
/// # Errors
/// When the settings make no sense, or a sampler fails.
pub fn calibrate(
    what: &dyn Calibrated,
    settings: CalibrationSettings,
    listen: &mut dyn FnMut(usize) -> Flow,
) -> Result<Calibration, InferError> {
    let settings = settings.validate()?;
    let mut names = what.names();
    names.push("likelihood".to_owned());
    let mut ranks: Vec<Vec<usize>> = Vec::with_capacity(settings.simulations);
    let mut flow = listen(0);
    while ranks.len() < settings.simulations && flow == Flow::Continue {
        let first = ranks.len();
        let last = (first + BATCH).min(settings.simulations);
        let batch = (first..last)
            .into_par_iter()
            .map(|number| rank_one(what, settings, &names, number as u64))
            .collect::<Result<Vec<_>, InferError>>()?;
        ranks.extend(batch);
        flow = listen(ranks.len());
    }
    let quantities = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let of_quantity = ranks.iter().map(|ranks| ranks[index]).collect();
            Ranks::of(name, of_quantity, settings)
        })
        .collect();
    Ok(Calibration {
        quantities,
        simulations: ranks.len(),
        is_interrupted: ranks.len() < settings.simulations,
    })
}

/// The rank of each quantity in simulation `number`.
fn rank_one(
    what: &dyn Calibrated,
    settings: CalibrationSettings,
    names: &[String],
    number: u64,
) -> Result<Vec<usize>, InferError> {
    let mut rng = stream(settings.seed, number);
    let (mut truth, values) = what.simulate(settings, &mut rng);
    let simulated = Simulated::new(what.settings(), &values, number)?;
    truth.push(what.log_likelihood(&simulated, &truth)?);
    let draws = what.sample(&simulated, settings.draws)?;
    Ok(names
        .iter()
        .zip(truth)
        .map(|(name, truth)| {
            let chains = draws.chains(name).unwrap_or_default();
            let all = chains.into_iter().flatten().take(settings.draws);
            let (mut below, mut same) = (0, 0);
            for draw in all {
                below += usize::from(*draw < truth);
                same += usize::from(*draw == truth);
            }
            // Whole numbers tie: the truth is as likely to stand before as after any of its equals.
            below + rng.random_range(0..=same)
        })
        .collect())
}

impl Ranks {
    fn of(name: String, ranks: Vec<usize>, settings: CalibrationSettings) -> Self {
        let a_bin = (settings.draws + 1) / settings.bins;
        let mut counts = vec![0; settings.bins];
        for rank in &ranks {
            counts[(rank / a_bin).min(settings.bins - 1)] += 1;
        }
        let expected = ranks.len() as f64 / settings.bins as f64;
        let chi_square: f64 = counts
            .iter()
            .map(|count| (*count as f64 - expected).powi(2) / expected)
            .sum();
        let p_value = ChiSquared::new((settings.bins - 1) as f64)
            .map_or(f64::NAN, |distribution| distribution.sf(chi_square));
        Self {
            name,
            ranks,
            counts,
            chi_square,
            p_value,
        }
    }
}
