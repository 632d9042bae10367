//! `switchback sbc`: are the ranks of true values among a sampler's draws uniform?

use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use switchback::core::{ChainRng, Draws, Event, Flow, Series, Sink};
use switchback::infer::{
    Advance, Calibrated, Calibration, CalibrationSettings, ChainsSettings, Context, Form,
    InferError, Process, Ranks, Sampler, Simulated, Starts, Target, calibrate,
};
use switchback::models::{Exact, SwitchSettings};
use switchback::record::{EventFile, Manifest, MethodInfo, Platform, RunFolder, Status};

use super::args::{SamplerName, SbcArguments};
use super::describe::{run_name, run_path};
use super::failure::Failure;
use super::listen::Interrupt;
use super::start::Start;
use super::{DO_NOT_TRUST, DONE, model, sampling, settings, terminal};

/// Calibrates and prints the ranks.
pub fn run(arguments: &SbcArguments) -> Result<u8, Failure> {
    let created_at = Timestamp::now();
    let (start, rest) = Start::read(std::slice::from_ref(&arguments.init));
    if let [word, ..] = &rest[..] {
        return Err(Failure::usage(InitError { word: word.clone() }));
    }
    let words = settings::words(None, &arguments.model.prior, &[])?;
    let form = sampling::form(&arguments.sampler);
    let calibrated = Simulator {
        settings: model::chosen_without_data(&arguments.model, &words.prior)?,
        sampler: sampling::sampler(&arguments.sampler, form)?,
        form,
        steepness: arguments.sampler.steepness,
        start,
        chain: Chain::of(arguments),
        seed: arguments.seed,
    };
    let settings = CalibrationSettings {
        simulations: arguments.n,
        n: arguments.length,
        draws: arguments.ranks,
        bins: arguments.bins,
        shift: arguments.shift,
        seed: arguments.seed,
    }
    .validate()?;
    calibrated.check(settings)?;
    let mut interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let folder = RunFolder::create(arguments.run_dir.clone().unwrap_or_else(|| {
        run_path(
            &format!("sbc-{}-{form}", calibrated.sampler.as_str()),
            created_at,
        )
    }))?;
    let is_quiet = arguments.output.quiet || arguments.output.json;
    let bar = if is_quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(settings.simulations as u64)
    };
    let calibration = calibrate(&calibrated, settings, &mut |done| {
        bar.set_position(done as u64);
        let event = Event::Progress {
            method: "sbc",
            step: done as u64,
        };
        interrupt.record(&event).unwrap_or(Flow::Stop)
    })?;
    bar.finish_and_clear();
    let json = as_json(&calibrated, settings, &calibration);
    folder.write_json("sbc.json", &json)?;
    write_events(&folder, settings, &calibration)?;
    let name = run_name(&folder);
    let run = folder.finish(&manifest(
        name,
        arguments,
        &calibrated,
        &calibration,
        created_at,
    ))?;
    if arguments.output.json {
        terminal::print_json(&json)?;
    } else {
        let mut text = text(&calibrated, settings, &calibration);
        text += &format!(
            "\nrun: {}\ntensorboard --logdir {}\n",
            run.display(),
            run.display()
        );
        terminal::print(&text)?;
    }
    let is_good = calibration.not_uniform().is_none() && !calibration.is_interrupted;
    Ok(if is_good { DONE } else { DO_NOT_TRUST })
}

/// A start that names values.
#[derive(Debug, thiserror::Error)]
#[error("--init {word:?}: every simulation has values of its own; write prior or referee")]
struct InitError {
    word: String,
}

/// How long the chain of each simulation is.
#[derive(Debug, Clone, Copy)]
struct Chain {
    num_warmup: usize,
    thin: usize,
}

impl Chain {
    fn of(arguments: &SbcArguments) -> Self {
        let (num_warmup, thin) = match arguments.sampler.sampler {
            SamplerName::Metropolis | SamplerName::Ensemble => (1_000, 30),
            SamplerName::Nuts => (500, 3),
            SamplerName::Compound => (200, 5),
            SamplerName::Exact => (0, 1),
        };
        Self {
            num_warmup: arguments.num_warmup.unwrap_or(num_warmup),
            thin: arguments.thin.unwrap_or(thin),
        }
    }
}

/// Simulates series of a model and samples them.
struct Simulator {
    settings: SwitchSettings,
    sampler: Sampler,
    form: Form,
    steepness: f64,
    start: Start,
    chain: Chain,
    seed: u64,
}

impl Simulator {
    /// `Ok` when a first simulation can be sampled: bad settings are told before the run.
    fn check(&self, settings: CalibrationSettings) -> Result<(), Failure> {
        if self.chain.thin == 0 {
            return Err(Failure::usage(settings::SettingError::Zero("--thin")));
        }
        let mut rng = switchback::core::stream(self.seed, 0);
        let (_, values) = self.simulate(settings, &mut rng);
        let values: Vec<_> = values.into_iter().map(Some).collect();
        let series = Series::new("simulation", &values).map_err(InferError::from)?;
        let model = switchback::models::SwitchModel::new(&series, self.settings.clone())?;
        self.sample(
            &Simulated {
                model,
                series,
                number: 0,
            },
            4,
        )?;
        Ok(())
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
        let needs_exact = self.start == Start::Referee || self.sampler == Sampler::Exact;
        let exact = needs_exact.then(|| Exact::of(model)).transpose()?;
        let draw = |rng: &mut ChainRng| match (self.start, &exact) {
            (Start::Referee, Some(exact)) => exact.draw(rng),
            _ => model.settings().draw_prior(model.n(), rng),
        };
        let starts = Starts::new(model, &draw);
        let settings = ChainsSettings {
            num_chains: 1,
            num_warmup: self.chain.num_warmup,
            num_samples: draws * self.chain.thin,
            log_every: usize::MAX,
            seed: self.seed,
            // Far from the streams that simulate.
            first_stream: (1 << 40) + simulated.number,
            save_warmup: false,
            save_pointwise: false,
        };
        let context = Context {
            series: &simulated.series,
            starts: &starts,
            exact: exact.as_ref(),
        };
        let sampler = sampling::for_model(self.sampler, self.form, model);
        let mut chains = sampler.chains("sbc", &target, context, settings)?;
        while !matches!(chains.advance()?, Advance::Done(_)) {}
        thinned(chains.draws(), self.chain.thin)
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

fn as_json(
    calibrated: &Simulator,
    settings: CalibrationSettings,
    calibration: &Calibration,
) -> Value {
    let quantities: Map<String, Value> = calibration
        .quantities
        .iter()
        .map(|ranks| {
            let value = json!({
                "counts": ranks.counts,
                "chi_square": ranks.chi_square,
                "p_value": ranks.p_value,
                "ranks": ranks.ranks,
            });
            (ranks.name.clone(), value)
        })
        .collect();
    json!({
        "sampler": calibrated.sampler.as_str(),
        "form": calibrated.form.as_str(),
        "likelihood": calibrated.settings.likelihood.as_str(),
        "regimes": calibrated.settings.regimes.to_string(),
        "prior": calibrated.settings.priors.to_string(),
        "simulations": calibration.simulations,
        "length": settings.n,
        "ranks": settings.draws,
        "bins": settings.bins,
        "shift": settings.shift,
        "is_uniform": calibration.not_uniform().is_none(),
        "quantities": quantities,
    })
}

/// The ranks as histograms, one a quantity.
fn write_events(
    folder: &RunFolder,
    settings: CalibrationSettings,
    calibration: &Calibration,
) -> Result<(), Failure> {
    let mut file = EventFile::create(&folder.method_dir("sbc")?)?;
    for ranks in &calibration.quantities {
        let a_bin = settings.draws.div_ceil(settings.bins) as f64;
        let edges = (1..=settings.bins).map(|bin| bin as f64 * a_bin);
        let bins: Vec<(f64, usize)> = edges.zip(ranks.counts.iter().copied()).collect();
        file.histogram(&format!("sbc/rank/{}", ranks.name), 0, 0.0, &bins)?;
        file.scalars(
            0,
            &[(&format!("sbc/p_value/{}", ranks.name), ranks.p_value)],
        )?;
    }
    Ok(file.close()?)
}

fn text(
    calibrated: &Simulator,
    settings: CalibrationSettings,
    calibration: &Calibration,
) -> String {
    let mut text = format!(
        "{} on the {} form; {} regimes {}, prior {}, switches {}; {} series of {}{}\n\n",
        calibrated.sampler.as_str(),
        calibrated.form,
        calibrated.settings.likelihood,
        calibrated.settings.regimes,
        calibrated.settings.priors,
        calibrated.settings.switch_prior,
        calibration.simulations,
        settings.n,
        match settings.shift {
            0 => String::new(),
            shift => format!(", the switches {shift} late"),
        }
    );
    let rows: Vec<Vec<String>> = calibration
        .quantities
        .iter()
        .map(|ranks| {
            vec![
                ranks.name.clone(),
                format!("{:.1}", ranks.chi_square),
                format!("{:.4}", ranks.p_value),
                bars(ranks),
            ]
        })
        .collect();
    text += &terminal::table(&["", "chi2", "p", "ranks, from low to high"], &rows);
    text += "\n";
    text += &match calibration.not_uniform() {
        Some(ranks) => format!(
            "The ranks of {} are not uniform: sampler, model or warm-up is wrong.\n",
            ranks.name
        ),
        None => "The ranks are uniform: the draws are those of the posterior.\n".to_owned(),
    };
    if calibration.is_interrupted {
        text += "The run was interrupted; what there is was kept.\n";
    }
    text
}

/// The bins as a line of bars; the middle height is what is expected.
fn bars(ranks: &Ranks) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let expected = ranks.ranks.len() as f64 / ranks.counts.len() as f64;
    ranks
        .counts
        .iter()
        .map(|count| {
            let height = (*count as f64 / expected * 3.5).round() as usize;
            HEIGHTS[height.min(HEIGHTS.len() - 1)]
        })
        .collect()
}

fn manifest(
    name: String,
    arguments: &SbcArguments,
    calibrated: &Simulator,
    calibration: &Calibration,
    created_at: Timestamp,
) -> Manifest {
    let mut settings = Map::new();
    for (key, value) in [
        ("simulations", arguments.n),
        ("length", arguments.length),
        ("ranks", arguments.ranks),
        ("bins", arguments.bins),
        ("shift", arguments.shift),
        ("thin", calibrated.chain.thin),
        ("num_warmup", calibrated.chain.num_warmup),
    ] {
        settings.insert(key.to_owned(), json!(value));
    }
    let finished_at = Timestamp::now();
    Manifest {
        format: Manifest::FORMAT,
        name,
        // A path need not be UTF-8.
        command: std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        created_at,
        finished_at,
        status: if calibration.is_interrupted {
            Status::Interrupted
        } else {
            Status::Complete
        },
        switchback: env!("CARGO_PKG_VERSION").to_owned(),
        series: None,
        settings,
        seed: arguments.seed,
        prior: json!(calibrated.settings.priors.to_string()),
        methods: vec![MethodInfo {
            method: "sbc".to_owned(),
            engine: calibrated.sampler.as_str().to_owned(),
            device: "cpu".to_owned(),
            stop: None,
            steps: calibration.simulations as u64,
            seconds: finished_at.duration_since(created_at).as_secs_f64(),
        }],
        platform: Platform::current(),
    }
}
