//! `switchback experiment`: the talk's gradient experiment, its Metropolis baseline and the referee, side by side.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::json;
use switchback::core::{LogDensity, Optimizer, Posterior, Series, Stop};
use switchback::infer::{
    Best, Chains, ChainsSettings, Climb, InferError, Logged, Method, Metropolis, Plan, ScaleTuning,
    Verdict, best_known, dispersed, drive, judge, summarise,
};
use switchback::models::{
    Exact, HardSwitch, Parameterization, Profile, SigmoidSwitch, SwitchPriors,
};
use switchback::record::{
    Comparison, Manifest, MethodInfo, Platform, Row, RunFolder, SeriesInfo, Status, TensorBoardSink,
};
use switchback::tensor::{OpenDevice, TensorClimb, switch_graph};

use super::args::ExperimentArguments;
use super::describe::{default_run, run_name, settings_as_json};
use super::exact::HARD_MODEL;
use super::failure::Failure;
use super::listen::{Interrupt, Listeners, Progress};
use super::rows::{self, Cost, Drawn, Sampled};
use super::settings::{self, Chosen, ExperimentSettings, OptimizerChoice};
use super::{DO_NOT_TRUST, DONE, priors, terminal};

/// Runs the experiment and prints the comparison.
pub fn run(arguments: &ExperimentArguments) -> Result<u8, Failure> {
    let created_at = Timestamp::now();
    let words = settings::words(&arguments.series, &arguments.prior, &arguments.init)?;
    let settings = ExperimentSettings::validate(arguments, &words.init)?;
    let Chosen { series, path } = settings::series(&arguments.series, words.file.as_deref())?;
    let priors = priors::chosen(&words.prior, &series)?;
    let referee = Referee::ask(&series, priors)?;
    let device = OpenDevice::open(settings.device)?;
    let interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let folder = RunFolder::create(
        arguments
            .run_dir
            .clone()
            .unwrap_or_else(|| default_run(&series, created_at)),
    )?;
    let is_quiet = arguments.output.quiet || arguments.output.json;
    let mut listeners = Listeners {
        progress: Progress::new(is_quiet),
        tensorboard: settings.optimizers.iter().fold(
            TensorBoardSink::new(folder.path()),
            |sink, choice| {
                sink.with_graph(choice.method.as_str(), switch_graph(1, series.n_observed()))
            },
        ),
        interrupt,
    };
    let outcome = Experiment {
        series: &series,
        priors,
        settings: &settings,
        device: &device,
        referee: &referee,
    }
    .run(&mut listeners)?;
    drop(listeners.progress);
    listeners.tensorboard.close()?;

    let comparison = Comparison {
        series: series.name().to_owned(),
        model: HARD_MODEL.to_owned(),
        rows: outcome.rows,
        exact: Some(rows::exact_beside(&series, &referee.exact)?),
    };
    folder.write_json("comparison.json", &comparison)?;
    let name = run_name(&folder);
    let run = folder.finish(&Manifest {
        format: Manifest::FORMAT,
        name,
        // A path need not be UTF-8.
        command: std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        created_at,
        finished_at: Timestamp::now(),
        status: if outcome.is_interrupted {
            Status::Interrupted
        } else {
            Status::Complete
        },
        switchback: env!("CARGO_PKG_VERSION").to_owned(),
        series: SeriesInfo::of(&series, path.as_deref()),
        settings: settings_as_json(&settings, arguments, |method| {
            plan(&series, &settings, method)
        }),
        seed: arguments.seed,
        prior: json!({"mu": priors.mu().to_string(), "sigma": priors.sigma().to_string()}),
        methods: outcome.methods,
        platform: Platform::current(),
    })?;

    if arguments.output.json {
        terminal::print_json(&comparison)?;
    } else {
        let mut text = rows::opening(&series, &priors);
        text += &rows::headline(&series, &referee.exact)?;
        text += "\n";
        text += &rows::comparison_table(&comparison.rows);
        text += "\n";
        for row in &comparison.rows {
            if let Some(advice) = &row.advice {
                text += &format!("{}: {advice}\n", row.method);
            }
        }
        if outcome.is_interrupted {
            text += "\nThe run was interrupted; what there is was kept.\n";
        }
        text += &format!(
            "\nrun: {}\ntensorboard --logdir {}\n",
            run.display(),
            run.display()
        );
        terminal::print(&text)?;
    }
    Ok(if outcome.is_trusted && !outcome.is_interrupted {
        DONE
    } else {
        DO_NOT_TRUST
    })
}

/// Where the climb by `method` starts, and in which coordinates.
fn plan(series: &Series, settings: &ExperimentSettings, method: Method) -> Plan {
    if settings::is_deck(series) {
        Plan::deck(&settings.plan)
    } else {
        Plan::scaled(series, method, &settings.plan)
    }
}

/// The exact answers that everything else is held against.
struct Referee {
    profile: Profile,
    exact: Exact,
    best: Best,
    cost: Cost,
}

impl Referee {
    fn ask(series: &Series, priors: SwitchPriors) -> Result<Self, Failure> {
        let started = Instant::now();
        let profile = Profile::of(series)?;
        let exact = Exact::of(series, priors)?;
        let cost = Cost {
            seconds: started.elapsed().as_secs_f64(),
            evaluations: exact.n_evaluations,
        };
        let best = best_known(series, &profile)?;
        Ok(Self {
            profile,
            exact,
            best,
            cost,
        })
    }
}

/// What is to be run, on what.
struct Experiment<'a> {
    series: &'a Series,
    priors: SwitchPriors,
    settings: &'a ExperimentSettings,
    device: &'a OpenDevice,
    referee: &'a Referee,
}

/// What came of it.
struct Outcome {
    rows: Vec<Row>,
    methods: Vec<MethodInfo>,
    is_trusted: bool,
    is_interrupted: bool,
}

/// An optimiser's climb that has ended.
struct Climbed {
    method: Method,
    trajectory: Vec<Logged>,
    stop: Stop,
    cost: Cost,
}

impl Experiment<'_> {
    fn run(&self, listeners: &mut Listeners) -> Result<Outcome, Failure> {
        let mut outcome = Outcome {
            rows: Vec::new(),
            methods: Vec::new(),
            is_trusted: !self.referee.exact.may_have_constant_regime(),
            is_interrupted: false,
        };
        let mut climbs = Vec::new();
        for choice in &self.settings.optimizers {
            if !outcome.is_interrupted {
                let climbed = self.climb(choice, listeners)?;
                outcome.is_interrupted = climbed.stop == Stop::Interrupted;
                climbs.push(climbed);
            }
        }
        self.judge_all(&climbs, &mut outcome)?;
        self.sample_all(listeners, &mut outcome)?;
        let hard = HardSwitch::new(self.series, self.priors);
        let Referee {
            profile,
            exact,
            cost,
            ..
        } = self.referee;
        outcome
            .rows
            .push(rows::exact(self.series, &hard, profile, exact, *cost));
        Ok(outcome)
    }

    fn climb(
        &self,
        choice: &OptimizerChoice,
        listeners: &mut Listeners,
    ) -> Result<Climbed, Failure> {
        let plan = plan(self.series, self.settings, choice.method);
        let target =
            SigmoidSwitch::likelihood(self.series, plan.parameterization, plan.coordinates)?;
        let start = target
            .space()
            .unconstrain(&plan.start)
            .map_err(InferError::from)?;
        let mut optimizer = TensorClimb::new(
            self.series,
            target.space(),
            self.device,
            &choice.settings,
            &start,
        )
        .map_err(Failure::internal)?;
        let started = Instant::now();
        let (stop, trajectory) = {
            let mut climb = Climb::new(
                choice.method.as_str(),
                &mut optimizer,
                self.settings.steps,
                self.settings.log_every,
                self.referee.best.log_likelihood,
            )?;
            let stop = drive(&mut climb, listeners)?;
            (stop, climb.trajectory().to_vec())
        };
        Ok(Climbed {
            method: choice.method,
            trajectory,
            stop,
            cost: Cost {
                seconds: started.elapsed().as_secs_f64(),
                evaluations: optimizer.n_evaluations(),
            },
        })
    }

    /// Judges every climb against the best optimum that the referee or any of them has found.
    fn judge_all(&self, climbs: &[Climbed], outcome: &mut Outcome) -> Result<(), Failure> {
        let identity = [switchback::core::Coordinate::IDENTITY; 5];
        let target = SigmoidSwitch::likelihood(self.series, Parameterization::Raw, identity)?;
        let ends = climbs
            .iter()
            .filter_map(|climbed| climbed.trajectory.last());
        let best = ends
            .filter_map(|end| end.values.as_slice().try_into().ok())
            .fold(self.referee.best.clone(), |best, end| {
                best.or_better(&target, end)
            });
        for climbed in climbs {
            let mut judgement = judge(&target, &climbed.trajectory, climbed.stop, &best);
            if self.referee.exact.log_evidence < self.referee.exact.log_evidence_no_switch
                && judgement.verdict != Verdict::Global
            {
                judgement.advice =
                    "No switch is more probable than one: the optima here are hills in noise."
                        .to_owned();
            }
            outcome.is_trusted &= judgement.verdict == Verdict::Global;
            let device = self.device.name().as_str();
            if let Some(end) = climbed.trajectory.last() {
                outcome.rows.push(rows::optimizer(
                    self.series,
                    climbed.method.as_str(),
                    device,
                    end,
                    &judgement,
                    climbed.stop.as_str(),
                    climbed.cost,
                ));
                outcome.methods.push(MethodInfo {
                    method: climbed.method.as_str().to_owned(),
                    engine: "tensor".to_owned(),
                    device: format!("{device}: {}", self.device.detail()),
                    stop: Some(climbed.stop.to_string()),
                    steps: end.step,
                    seconds: climbed.cost.seconds,
                });
            }
        }
        Ok(())
    }

    fn sample_all(&self, listeners: &mut Listeners, outcome: &mut Outcome) -> Result<(), Failure> {
        let sigmoid = SigmoidSwitch::posterior(self.series, self.priors);
        let hard = HardSwitch::new(self.series, self.priors);
        let (best, profile) = (&self.referee.best, &self.referee.profile);
        let samplers: [(&str, &dyn Posterior, Sampled<'_>); 2] = [
            ("metropolis", &sigmoid, Sampled::Sigmoid(&sigmoid, best)),
            ("metropolis-hard", &hard, Sampled::Hard(&hard, profile)),
        ];
        for (number, (method, target, model)) in samplers.into_iter().enumerate() {
            if outcome.is_interrupted {
                break;
            }
            let chains = ChainsSettings {
                first_stream: (number * self.settings.chains.num_chains) as u64,
                ..self.settings.chains
            };
            self.sample(method, target, &model, chains, listeners, outcome)?;
        }
        Ok(())
    }

    fn sample(
        &self,
        method: &str,
        target: &dyn Posterior,
        model: &Sampled<'_>,
        settings: ChainsSettings,
        listeners: &mut Listeners,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let profile = &self.referee.profile;
        let kernel = Metropolis::for_series(target.space(), self.series);
        let started = Instant::now();
        let mut chains = Chains::new(
            method,
            target,
            settings,
            &kernel,
            ScaleTuning::default,
            |chain, rng| dispersed(target.space(), profile, chain, rng),
        )?;
        let stop = drive(&mut chains, listeners)?;
        outcome.is_interrupted = stop == Stop::Interrupted;
        let cost = Cost {
            seconds: started.elapsed().as_secs_f64(),
            evaluations: chains.n_evaluations(),
        };
        outcome.methods.push(MethodInfo {
            method: method.to_owned(),
            engine: "plain".to_owned(),
            device: "cpu".to_owned(),
            stop: Some(stop.to_string()),
            steps: chains.draws().n_draws() as u64,
            seconds: cost.seconds,
        });
        // An interrupted warm-up has nothing to summarise.
        if chains.draws().n_draws() >= switchback::diagnostics::MIN_DRAWS {
            let summary = summarise(chains.draws(), &model.parameters())?;
            let far = summary.far_from(&self.referee.exact);
            outcome.is_trusted &= summary.not_trusted.is_empty() && far.is_none();
            let drawn = Drawn {
                draws: chains.draws(),
                summary: &summary,
                far,
                stop,
                cost,
            };
            outcome
                .rows
                .push(rows::sampler(self.series, method, model, &drawn));
        }
        Ok(())
    }
}
