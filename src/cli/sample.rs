//! `switchback sample`: draws from the posterior of a switchpoint model, judged and kept.

use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use switchback::core::{ChainRng, Series, Stop};
use switchback::infer::{
    Chains, ChainsSettings, Context, Diagnosis, Far, Form, Sampler, Starts, Target,
};
use switchback::models::{Exact, SwitchModel};
use switchback::record::{
    CmdStanInfo, Comparison, DrawsFile, MethodInfo, SeriesInfo, StoredDraws, draws_in,
};

use super::args::{DrawsFormat, LogLikelihoodGroup, SampleArguments, SamplerName};
use super::describe;
use super::drawing::{Drawing, Drew};
use super::exhibits::Known;
use super::failure::Failure;
use super::listen::{Interrupt, Listeners};
use super::rows::{self, Cost};
use super::run::{Ending, Run, name_of};
use super::settings::{self, Chosen};
use super::start::{self, Start};
use super::{model, places, sampling};
use switchback::summary::{self, KnownMoments};

/// Most numbers of the log-likelihood of observations that are kept unless asked for.
const MOST_POINTWISE: usize = 2_000_000;
/// What `--init` takes.
const INIT_FORM: &str = "referee, prior, a value as in mu1=0";

/// Samples and prints the summary.
pub fn run(arguments: &SampleArguments) -> Result<u8, Failure> {
    let created_at = Timestamp::now();
    let (start, init) = Start::read(&arguments.init);
    let file = arguments.series.file.as_deref();
    let words = settings::words(file, &arguments.model.prior, &init, INIT_FORM)?;
    let form = sampling::form(&arguments.sampler);
    let sampler = sampling::sampler(&arguments.sampler, form)?;
    let chains = chain_settings(arguments)?;
    let Chosen { series, path } = settings::series(&arguments.series, words.file.as_deref())?;
    let model = SwitchModel::new(
        &series,
        model::chosen(&arguments.model, &words.prior, &series)?,
    )?;
    let plan = Plan {
        arguments,
        series: &series,
        path: path.as_deref(),
        sampler: sampling::for_shape(sampler, form, model.settings()),
        chains: with_pointwise(chains, arguments.log_likelihood, series.len()),
        target: Target::new(model.clone(), form, arguments.sampler.steepness)?,
        referee: Referee::ask(&model),
    };
    let draw = start.draws(&model, plan.referee.answer())?;
    let mut starts = Starts::new(&model, &*draw);
    for (name, value) in start::fixed(&words.init, form)? {
        starts = starts.with_fixed(&name, value)?;
    }
    let interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let method = plan.sampler.as_str();
    let context = Context {
        series: &series,
        starts: &starts,
        exact: plan.referee.exact.as_ref(),
    };
    // Chains first: what cannot start leaves nothing behind.
    let chains = plan
        .sampler
        .chains(method, &plan.target, context, plan.chains)?;
    let run_dir = arguments.run_dir.clone();
    let name = name_of("sample", &series);
    let mut run = Run::begin(&name, created_at, run_dir, &arguments.output)?;
    let listeners = run.listeners(interrupt, &model)?;
    let drawn = plan.draw(chains, &run, listeners)?;
    let summary = summary::as_json(&drawn.diagnosis);
    let json = run.write_found(&plan.comparison(&drawn)?, Some(("summary", summary)))?;
    let exhibits = Known {
        series: &series,
        model: &model,
        exact: plan.referee.exact.as_ref(),
        peaks: None,
        ends: Vec::new(),
    }
    .exhibits()?;
    let is_trusted = drawn.is_trusted();
    run.end(Ending {
        series: Some(SeriesInfo::of(&series, plan.path)),
        settings: plan.settings(),
        seed: plan.chains.seed,
        prior: describe::priors(&model),
        methods: vec![drawn.info.clone()],
        is_interrupted: drawn.stop == Stop::Interrupted,
        is_trusted,
        exhibits: Some(exhibits),
        json,
        text: plan.text(&drawn)?,
    })
}

/// Everything that is known before the first draw.
struct Plan<'a> {
    arguments: &'a SampleArguments,
    series: &'a Series,
    /// Its file.
    path: Option<&'a Path>,
    sampler: Sampler,
    chains: ChainsSettings,
    target: Target,
    referee: Referee,
}

/// The exact answer, or why there is none.
struct Referee {
    exact: Option<Exact>,
    why_not: Option<String>,
    cost: Cost,
}

impl Referee {
    /// The answer, or why there is none.
    fn answer(&self) -> Result<&Exact, &str> {
        let why_not = self.why_not.as_deref().unwrap_or_default();
        self.exact.as_ref().ok_or(why_not)
    }

    fn ask(model: &SwitchModel) -> Self {
        let started = Instant::now();
        let (exact, why_not) = match Exact::of(model) {
            Ok(exact) => (Some(exact), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self {
            cost: Cost {
                seconds: started.elapsed().as_secs_f64(),
                evaluations: exact.as_ref().map_or(0, |exact| exact.n_evaluations),
            },
            exact,
            why_not,
        }
    }
}

/// What came of it.
struct Drawn {
    diagnosis: Diagnosis,
    far: Option<Far>,
    /// `p(s | D)` of each switch, by averaging over the draws.
    switch_posterior: Vec<Vec<f64>>,
    stop: Stop,
    cost: Cost,
    /// Its part of the manifest.
    info: MethodInfo,
    accept_rate: f64,
}

impl Drawn {
    fn is_trusted(&self) -> bool {
        self.stop == Stop::Completed && self.diagnosis.is_trusted() && self.far.is_none()
    }
}

impl Plan<'_> {
    fn draw(
        &self,
        mut chains: Chains<'_>,
        run: &Run<'_>,
        mut listeners: Listeners,
    ) -> Result<Drawn, Failure> {
        let drawing = Drawing {
            run,
            series: self.series,
            method: self.sampler.as_str(),
            sampler: self.sampler,
            target: &self.target,
            settings: self.chains,
        };
        let file = self.draws_file(&drawing, &chains)?;
        let Drew { stop, cost, info } = drawing.draw(&mut chains, file, &mut listeners)?;
        listeners.close()?;
        let diagnosis = summary::judge(&chains, &self.target.names(), || {
            let written = draws_in(run.folder().path())?;
            StoredDraws::open_all(written.first().map_or(&[][..], Vec::as_slice))
        })?;
        let exact = self.referee.exact.as_ref();
        let far = exact.and_then(|exact| Far::from_exact(&diagnosis, exact));
        Ok(Drawn {
            far: far.filter(|_| diagnosis.is_trusted()),
            diagnosis,
            switch_posterior: places::switch_posterior(&self.target, &chains),
            stop,
            cost,
            info,
            accept_rate: chains.accept_rate(),
        })
    }

    fn draws_file(&self, drawing: &Drawing<'_>, chains: &Chains<'_>) -> Result<DrawsFile, Failure> {
        Ok(match self.arguments.format {
            DrawsFormat::Zarr => drawing.zarr(chains)?.1,
            DrawsFormat::Cmdstan => {
                let sampler = &self.arguments.sampler;
                let cmdstan = CmdStanInfo {
                    data: self.path,
                    seed: self.chains.seed,
                    max_depth: u32::try_from(sampler.max_depth).unwrap_or(u32::MAX),
                    delta: sampler.target_accept,
                    ..CmdStanInfo::default()
                };
                let draws = drawing.run.folder().method_dir("draws")?;
                let (schema, info) = (chains.schema(), drawing.info());
                DrawsFile::create_cmdstan(draws, drawing.method, schema, &info, &cmdstan)?
            }
        })
    }

    fn comparison(&self, drawn: &Drawn) -> Result<Comparison, Failure> {
        let model = self.target.model();
        let sampled = rows::Sampled {
            target: &self.target,
            best: None,
        };
        let mut rows = vec![rows::sampler(
            self.series,
            self.sampler.as_str(),
            &sampled,
            &rows::Drawn {
                diagnosis: &drawn.diagnosis,
                far: drawn.far.as_ref(),
                switch: places::most_probable(&drawn.switch_posterior),
                stop: drawn.stop,
                cost: drawn.cost,
            },
        )];
        let mut beside = None;
        if let Some(exact) = &self.referee.exact {
            rows.push(rows::exact(self.series, exact, None, self.referee.cost));
            beside = Some(rows::exact_beside(self.series, exact)?);
        }
        Ok(Comparison {
            series: self.series.name().to_owned(),
            model: model.describe(),
            rows,
            exact: beside,
        })
    }

    fn text(&self, drawn: &Drawn) -> Result<String, Failure> {
        let Diagnosis {
            n_chains, n_draws, ..
        } = drawn.diagnosis;
        let mut text = rows::opening(self.series, self.target.model());
        let form = self.target.form();
        text += &format!(
            "{} on the {form} form: {n_chains} chains, {n_draws} draws each after {} of warm-up, {:.2} s, seed {}; \
             acceptance {}\n\n",
            self.sampler.as_str(),
            self.chains.num_warmup,
            drawn.cost.seconds,
            self.chains.seed,
            if n_draws > 0 {
                format!("{:.2}", drawn.accept_rate)
            } else {
                "-".to_owned()
            },
        );
        if !drawn.diagnosis.quantities.is_empty() {
            let exact = self.referee.exact.as_ref();
            let of = |name: &str| {
                let moments = exact?.moments_of(name)?;
                Some([moments.mean, moments.sd])
            };
            let known: Option<&KnownMoments<'_>> = exact.is_some().then_some(&of as _);
            let model = self.target.model();
            text += &summary::table(&drawn.diagnosis, known);
            text += &places::switches(self.series, model, &drawn.switch_posterior, exact);
        }
        text += "\n";
        for line in drawn.diagnosis.advice() {
            text += &format!("{line}\n");
        }
        text += &match (&drawn.far, &self.referee.exact, &self.referee.why_not) {
            (Some(far), ..) => format!("{far}\n"),
            (None, Some(_), _) if !drawn.diagnosis.is_trusted() => String::new(),
            (None, Some(_), _) if form == Form::Sigmoid => {
                "The switch is where the exact posterior of the hard form has it.\n".to_owned()
            }
            (None, Some(_), _) => {
                "They agree with the exact posterior: every mean within 5 Monte Carlo standard errors.\n".to_owned()
            }
            (None, None, Some(why)) => format!("Not compared with the exact posterior: {why}.\n"),
            (None, None, None) => String::new(),
        };
        Ok(text)
    }

    fn settings(&self) -> Map<String, Value> {
        let model = self.target.model();
        let settings = json!({
            "likelihood": model.likelihood().as_str(),
            "regimes": model.regimes().to_string(),
            "switch_prior": model.switch_prior().as_str(),
            "sampler": self.sampler.as_str(),
            "form": self.target.form().as_str(),
            "steepness": self.arguments.sampler.steepness,
            "target_accept": self.arguments.sampler.target_accept,
            "max_depth": self.arguments.sampler.max_depth,
            "init": self.arguments.init,
            "num_samples": self.chains.num_samples,
            "num_warmup": self.chains.num_warmup,
            "num_chains": self.chains.num_chains,
            "log_every": self.chains.log_every,
        });
        match settings {
            Value::Object(settings) => settings,
            _ => Map::new(),
        }
    }
}

fn chain_settings(arguments: &SampleArguments) -> Result<ChainsSettings, Failure> {
    let (num_samples, num_warmup) = match arguments.sampler.sampler {
        SamplerName::Metropolis => (10_000, 2_000),
        SamplerName::Compound => (1_000, 100),
        SamplerName::Exact => (1_000, 0),
        SamplerName::Ensemble => (10_000, 1_000),
        SamplerName::Nuts => (1_000, 1_000),
    };
    Ok(ChainsSettings {
        num_chains: arguments.num_chains,
        num_warmup: arguments.num_warmup.unwrap_or(num_warmup),
        num_samples: arguments.num_samples.unwrap_or(num_samples),
        log_every: usize::try_from(arguments.log_every).unwrap_or(usize::MAX),
        seed: arguments.seed,
        first_stream: 0,
        save_warmup: true,
        save_pointwise: false,
    }
    .validate()?)
}

fn with_pointwise(chains: ChainsSettings, group: LogLikelihoodGroup, n: usize) -> ChainsSettings {
    let size = chains
        .num_chains
        .saturating_mul(chains.num_samples)
        .saturating_mul(n);
    ChainsSettings {
        save_pointwise: match group {
            LogLikelihoodGroup::Auto => size <= MOST_POINTWISE,
            LogLikelihoodGroup::Yes => true,
            LogLikelihoodGroup::No => false,
        },
        ..chains
    }
}

/// A draw of where a chain starts.
pub type Draw<'a> = Box<dyn Fn(&mut ChainRng) -> Vec<f64> + Sync + 'a>;
