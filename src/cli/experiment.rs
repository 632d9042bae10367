//! `switchback experiment`: the talk's gradient experiment, its Metropolis baseline and the referee, side by side.

use std::time::Instant;

use jiff::Timestamp;
use switchback::core::{ChainRng, LogDensity, Optimizer, Series, Stop};
use switchback::diagnostics::MIN_DRAWS;
use switchback::infer::{
    Best, ChainsSettings, Climb, Context, Far, Form, InferError, Logged, Method,
    MetropolisSettings, Plan, Sampler, Starts, Target, Verdict, best_known, dispersed, drive,
    judge,
};
use switchback::models::{Exact, Parameterization, Profile, SigmoidSwitch, SwitchModel};
use switchback::record::{
    Comparison, DrawsFile, DrawsInfo, Manifest, MethodInfo, Platform, Row, RunFolder, SeriesInfo,
    Status, StoredDraws, TensorBoardSink,
};
use switchback::tensor::{OpenDevice, TensorClimb, switch_graph};

use super::args::ExperimentArguments;
use super::describe::{self, default_run, run_name, settings_as_json};
use super::failure::Failure;
use super::listen::{Interrupt, Listeners, Progress};
use super::rows::{self, Cost, Drawn, Sampled};
use super::settings::{self, Chosen, ExperimentSettings, OptimizerChoice};
use super::{DO_NOT_TRUST, DONE, model, summary, terminal};

/// Runs the experiment and prints the comparison.
pub fn run(arguments: &ExperimentArguments) -> Result<u8, Failure> {
    let created_at = Timestamp::now();
    let file = arguments.series.file.as_deref();
    let words = settings::words(
        file,
        &arguments.prior.prior,
        &arguments.init,
        "a start as in tau=40",
    )?;
    let settings = ExperimentSettings::validate(arguments, &words.init)?;
    let Chosen { series, path } = settings::series(&arguments.series, words.file.as_deref())?;
    let model = SwitchModel::new(&series, model::one_normal_switch(&words.prior, &series)?)?;
    let referee = Referee::ask(&series, &model)?;
    let device = OpenDevice::open(settings.device)?;
    let interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let folder = RunFolder::create(
        arguments
            .run_dir
            .clone()
            .unwrap_or_else(|| default_run("switchpoint", &series, created_at)),
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
        draws: Vec::new(),
        interrupt,
    };
    let outcome = Experiment {
        series: &series,
        model: &model,
        folder: &folder,
        created_at,
        settings: &settings,
        device: &device,
        referee: &referee,
    }
    .run(&mut listeners)?;
    drop(listeners.progress);
    listeners.tensorboard.close()?;

    let comparison = Comparison {
        series: series.name().to_owned(),
        model: model.describe(),
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
        series: Some(SeriesInfo::of(&series, path.as_deref())),
        settings: settings_as_json(&settings, arguments, |method| {
            plan(&series, &settings, method)
        }),
        seed: arguments.seed,
        prior: describe::priors(&model),
        methods: outcome.methods,
        platform: Platform::current(),
    })?;

    if arguments.output.json {
        terminal::print_json(&comparison)?;
    } else {
        let mut text = rows::opening(&series, &model);
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
    fn ask(series: &Series, model: &SwitchModel) -> Result<Self, Failure> {
        let started = Instant::now();
        let profile = Profile::of(series)?;
        let exact = Exact::of(model)?;
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
    model: &'a SwitchModel,
    folder: &'a RunFolder,
    created_at: Timestamp,
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
        let Referee {
            profile,
            exact,
            cost,
            ..
        } = self.referee;
        let best = Some(profile.best().log_likelihood);
        outcome
            .rows
            .push(rows::exact(self.series, exact, best, *cost));
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
        let Referee { profile, best, .. } = self.referee;
        let samplers = [
            ("metropolis", Form::Sigmoid, best.log_likelihood),
            ("metropolis-hard", Form::Hard, profile.best().log_likelihood),
        ];
        for (number, (method, form, best)) in samplers.into_iter().enumerate() {
            if outcome.is_interrupted {
                break;
            }
            let chains = ChainsSettings {
                first_stream: (number * self.settings.chains.num_chains) as u64,
                ..self.settings.chains
            };
            let target = Target::new(self.model.clone(), form, 1.0)?;
            let sampled = Sampled {
                target: &target,
                best: Some(best),
            };
            self.sample(method, &sampled, chains, listeners, outcome)?;
        }
        Ok(())
    }

    fn sample(
        &self,
        method: &str,
        sampled: &Sampled<'_>,
        settings: ChainsSettings,
        listeners: &mut Listeners,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let profile = &self.referee.profile;
        let draw = |rng: &mut ChainRng| dispersed(profile, rng);
        let starts = Starts::new(self.model, &draw);
        let context = Context {
            series: self.series,
            starts: &starts,
            exact: None,
        };
        let started = Instant::now();
        let sampler = Sampler::Metropolis(MetropolisSettings::Tuned);
        let mut chains = sampler.chains(method, sampled.target, context, settings)?;
        let path = self
            .folder
            .method_dir("draws")?
            .join(format!("{method}.zarr"));
        let info = DrawsInfo {
            sampler: method,
            series: Some(self.series),
            num_warmup: settings.num_warmup as u64,
            num_samples: settings.num_samples as u64,
            save_warmup: settings.save_warmup,
            created_at: self.created_at,
        };
        listeners.draws = vec![DrawsFile::create(&path, chains.schema(), &info)?];
        let stop = drive(&mut chains, listeners)?;
        for file in listeners.draws.drain(..) {
            file.finish()?;
        }
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
            steps: chains.n_drawn() as u64,
            seconds: cost.seconds,
        });
        // An interrupted warm-up has nothing to summarise.
        if chains.draws().n_draws() >= MIN_DRAWS {
            let names = sampled.target.names();
            let diagnosis = summary::judge(&chains, &names, || StoredDraws::open(&path))?;
            let far = Far::from_exact(&diagnosis, &self.referee.exact);
            let far = far.filter(|_| diagnosis.is_trusted());
            outcome.is_trusted &= diagnosis.is_trusted() && far.is_none();
            let switch_posterior = summary::switch_posterior(sampled.target, &chains);
            let drawn = Drawn {
                diagnosis: &diagnosis,
                far: far.as_ref(),
                switch: summary::most_probable(&switch_posterior),
                stop,
                cost,
            };
            outcome
                .rows
                .push(rows::sampler(self.series, method, sampled, &drawn));
        }
        Ok(())
    }
}
