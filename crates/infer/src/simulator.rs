//! Series of a switchpoint model simulated and sampled, for calibration.

use switchback_core::{ChainRng, Draws, stream};
use switchback_diagnostics::MIN_DRAWS;
use switchback_models::{Exact, SwitchSettings};

use crate::{
    Advance, Calibrated, CalibrationSettings, ChainsSettings, Context, Form, InferError, Process,
    Sampler, Simulated, Starts, Target,
};

/// Number of the first chain's random stream; streams of lower numbers simulate.
const CHAINS_STREAM: u64 = 1 << 40;

/// Simulates series of a model and samples them.
pub struct Simulator {
    /// What is modelled.
    pub settings: SwitchSettings,
    /// The sampler.
    pub sampler: Sampler,
    /// The form that it samples, and that series are simulated from: the sigmoid's are of mixed regimes around a switch.
    pub form: Form,
    /// Steepness of the sigmoid form.
    pub steepness: f64,
    /// Whether chains start at draws of the exact posterior, and not of the prior.
    pub starts_at_referee: bool,
    /// Steps of the chain before its first draw.
    pub num_warmup: usize,
    /// Steps of the chain a draw.
    pub thin: usize,
    /// Seed of the chains.
    pub seed: u64,
}

impl Simulator {
    /// `Ok` when a first simulation can be sampled.
    ///
    /// # Errors
    /// When it cannot: a setting makes no sense.
    pub fn check(&self, settings: CalibrationSettings) -> Result<(), InferError> {
        if self.thin == 0 {
            return Err(InferError::Setting {
                setting: "thin",
                value: "0".to_owned(),
                rule: "it must be at least 1",
            });
        }
        let (_, values) = self.simulate(settings, &mut stream(self.seed, 0));
        let simulated = Simulated::new(&self.settings, &values, 0)?;
        self.sample(&simulated, MIN_DRAWS).map(|_| ())
    }

    fn target(&self, simulated: &Simulated) -> Result<Target, InferError> {
        Target::new(simulated.model.clone(), self.form, self.steepness)
    }
}

impl Calibrated for Simulator {
    fn simulate(&self, settings: CalibrationSettings, rng: &mut ChainRng) -> (Vec<f64>, Vec<f64>) {
        let CalibrationSettings { n, shift, .. } = settings;
        let mut values = self.settings.draw_prior(n, rng);
        let n_parameters = values.len() - self.settings.regimes.n_switches();
        if self.form == Form::Sigmoid {
            values.truncate(n_parameters);
            values.extend(self.settings.draw_taus(n, rng));
        }
        let mut late = values.clone();
        for switch in &mut late[n_parameters..] {
            *switch += shift as f64;
        }
        let series = match self.form {
            Form::Sigmoid => self
                .settings
                .draw_sigmoid_series(&late, self.steepness, n, rng),
            Form::Hard | Form::Marginal => self.settings.draw_series(&late, n, rng),
        };
        (values, series)
    }

    fn log_likelihood(&self, simulated: &Simulated, values: &[f64]) -> Result<f64, InferError> {
        let target = self.target(simulated)?;
        let space = target.posterior().space();
        let position = space.unconstrain(&values[..space.dim()])?;
        let mut log_likelihood = [f64::NAN];
        target
            .posterior()
            .log_likelihood(&position, &mut log_likelihood)?;
        Ok(log_likelihood[0])
    }

    fn sample(&self, simulated: &Simulated, draws: usize) -> Result<Draws, InferError> {
        let target = self.target(simulated)?;
        let model = target.model();
        let needs_exact = self.starts_at_referee || self.sampler == Sampler::Exact;
        let exact = needs_exact.then(|| Exact::of(model)).transpose()?;
        let draw = |rng: &mut ChainRng| match (self.starts_at_referee, &exact) {
            (true, Some(exact)) => exact.draw(rng),
            _ => model.settings().draw_prior(model.n(), rng),
        };
        let starts = Starts::new(model, &draw);
        let settings = ChainsSettings {
            num_chains: 1,
            num_warmup: self.num_warmup,
            num_samples: draws * self.thin,
            log_every: usize::MAX,
            seed: self.seed,
            // Far from the streams that simulate.
            first_stream: CHAINS_STREAM + simulated.number,
            save_warmup: false,
            save_pointwise: false,
        };
        let context = Context {
            series: &simulated.series,
            starts: &starts,
            exact: exact.as_ref(),
        };
        let mut chains = self.sampler.chains("sbc", &target, context, settings)?;
        while !matches!(chains.advance()?, Advance::Done(_)) {}
        thinned(chains.draws(), self.thin)
    }

    fn settings(&self) -> &SwitchSettings {
        &self.settings
    }

    fn names(&self) -> Vec<String> {
        let n_regimes = self.settings.regimes.n_regimes();
        let mut names = self.settings.likelihood.parameter_names(n_regimes);
        let letter = match self.form {
            Form::Sigmoid => "tau",
            Form::Hard | Form::Marginal => "s",
        };
        match self.settings.regimes.n_switches() {
            1 => names.push(letter.to_owned()),
            several => names.extend((1..=several).map(|k| format!("{letter}{k}"))),
        }
        names
    }
}

/// Every `thin`-th draw of the first chain (of an ensemble the first walker's).
fn thinned(draws: &Draws, thin: usize) -> Result<Draws, InferError> {
    let names = draws.names().to_vec();
    let columns: Vec<Vec<f64>> = names
        .iter()
        .map(|name| {
            let chains = draws.chains(name).unwrap_or_default();
            let first = chains.first().copied().unwrap_or_default();
            first.iter().copied().skip(thin - 1).step_by(thin).collect()
        })
        .collect();
    let mut kept = Draws::new(names, 1);
    for number in 0..columns.first().map_or(0, Vec::len) {
        let row: Vec<f64> = columns.iter().map(|column| column[number]).collect();
        kept.push(0, &row)?;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Calibration, calibrate};
    use switchback_core::Flow;
    use switchback_models::{
        Likelihood, Prior, RatePrior, RegimePriors, Regimes, SwitchPrior, SwitchPriors,
    };

    fn simulator(likelihood: Likelihood, regimes: Regimes, form: Form) -> Simulator {
        let rate = RatePrior::new(Prior::gamma(2.0, 0.5).expect("valid")).expect("valid");
        let priors = match likelihood {
            Likelihood::Poisson => RegimePriors::Poisson(rate),
            _ => RegimePriors::Normal(SwitchPriors::deck()),
        };
        Simulator {
            settings: SwitchSettings {
                likelihood,
                regimes,
                priors,
                switch_prior: SwitchPrior::Sequential,
            },
            sampler: match form {
                Form::Hard => Sampler::Compound,
                _ => Sampler::Nuts(crate::NutsSettings::default()),
            },
            form,
            steepness: 1.0,
            starts_at_referee: false,
            num_warmup: if form == Form::Hard { 100 } else { 300 },
            thin: 3,
            seed: 3,
        }
    }

    fn calibrated(simulator: &Simulator, shift: usize) -> Calibration {
        let settings = CalibrationSettings {
            simulations: 200,
            n: 25,
            draws: 39,
            bins: 10,
            shift,
            seed: 5,
        };
        calibrate(simulator, settings, &mut |_| Flow::Continue).expect("it can be sampled")
    }

    #[test]
    fn right_samplers_have_uniform_ranks_and_a_late_switch_is_caught() {
        let hard = simulator(Likelihood::Normal, Regimes::one_switch(), Form::Hard);
        assert_eq!(
            calibrated(&hard, 0).not_uniform(),
            Vec::<&crate::Ranks>::new()
        );
        let late = calibrated(&hard, 1);
        let caught: Vec<&str> = late.not_uniform().iter().map(|r| r.name.as_str()).collect();
        assert!(caught.contains(&"s"), "{caught:?}");
        let sigmoid = simulator(Likelihood::Normal, Regimes::one_switch(), Form::Sigmoid);
        assert_eq!(
            calibrated(&sigmoid, 0).not_uniform(),
            Vec::<&crate::Ranks>::new()
        );
        let counts = simulator(Likelihood::Poisson, Regimes::reversion(), Form::Marginal);
        let counts = calibrated(&counts, 0);
        let names: Vec<&str> = counts.quantities.iter().map(|r| r.name.as_str()).collect();
        assert_eq!(names, ["rate1", "rate2", "s1", "s2", "likelihood"]);
        assert_eq!(counts.not_uniform(), Vec::<&crate::Ranks>::new());
    }

    #[test]
    fn a_listener_ends_it_with_what_there_is() {
        let hard = simulator(Likelihood::Normal, Regimes::one_switch(), Form::Hard);
        let settings = CalibrationSettings {
            simulations: 200,
            n: 10,
            draws: 9,
            bins: 5,
            shift: 0,
            seed: 1,
        };
        let stop_after_a_batch = &mut |done| {
            if done > 0 { Flow::Stop } else { Flow::Continue }
        };
        let ended = calibrate(&hard, settings, stop_after_a_batch).expect("it can be sampled");
        assert!(ended.is_interrupted && (1..200).contains(&ended.simulations));
        let counted: usize = ended.quantities[0].counts.iter().sum();
        assert_eq!(counted, ended.simulations);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let good = CalibrationSettings {
            simulations: 100,
            n: 10,
            draws: 9,
            bins: 5,
            shift: 0,
            seed: 1,
        };
        for wrong in [
            CalibrationSettings { bins: 3, ..good },
            CalibrationSettings { bins: 1, ..good },
            CalibrationSettings {
                simulations: 24,
                ..good
            },
            CalibrationSettings { n: 3, ..good },
        ] {
            assert!(wrong.validate().is_err(), "{wrong:?}");
        }
        let mut hard = simulator(Likelihood::Normal, Regimes::one_switch(), Form::Hard);
        assert!(hard.check(good).is_ok());
        hard.thin = 0;
        assert!(matches!(hard.check(good), Err(InferError::Setting { .. })));
        (hard.thin, hard.form) = (1, Form::Marginal);
        assert!(matches!(hard.check(good), Err(InferError::Pair { .. })));
    }
}
