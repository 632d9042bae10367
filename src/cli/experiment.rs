//! `switchback experiment`: the talk's gradient experiment, its Metropolis baseline and the referee, side by side.

use std::time::Instant;

use jiff::Timestamp;
use switchback::core::{ChainRng, Series, Stop};
use switchback::diagnostics::MIN_DRAWS;
use switchback::infer::{
    ChainsSettings, Context, Far, Form, MetropolisSettings, Reference, Sampler, Starts, Target,
    Verdict, dispersed,
};
use switchback::models::{Estimate, Exact, Profile, SwitchModel};
use switchback::record::{Comparison, MethodInfo, Row, SeriesInfo, ShownEnd, StoredDraws};
use switchback::tensor::{OpenDevice, switch_graph};

use super::answer::{Answer, Search};
use super::args::ExperimentArguments;
use super::climbing::Engine;
use super::describe::{self, settings_as_json};
use super::drawing::{Drawing, Drew};
use super::exhibits::{self, Known};
use super::failure::Failure;
use super::listen::{Interrupt, Listeners};
use super::optimize;
use super::optimizing::{PlacedClimb, What};
use super::rows::{self, Cost, Drawn, Sampled};
use super::run::{Ending, Run, name_of};
use super::settings::{self, Chosen, ExperimentSettings};
use super::{model, places};
use switchback::summary;

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
    let engine = Engine::Tensor(OpenDevice::open(settings.device)?);
    let climbs = settings.climbs(&model, &series)?;
    let interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let run_dir = arguments.run_dir.clone();
    let name = name_of("switchpoint", &series);
    let mut run = Run::begin(&name, created_at, run_dir, &arguments.output)?;
    let mut listeners = run.listeners(interrupt, &model)?;
    for placed in &climbs {
        listeners.add_graph(&placed.method, switch_graph(&model, 1));
    }
    let outcome = Experiment {
        series: &series,
        model: &model,
        run: &run,
        settings: &settings,
        climbs: &climbs,
        engine: &engine,
        referee: &referee,
    }
    .run(&mut listeners)?;
    listeners.close()?;

    let comparison = Comparison {
        series: series.name().to_owned(),
        model: model.describe(),
        rows: outcome.rows,
        exact: Some(rows::exact_beside(&series, &referee.exact)?),
    };
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
    let json = run.write_found(&comparison, None)?;
    let exhibits = Known {
        series: &series,
        model: &model,
        exact: Some(&referee.exact),
        peaks: Some(referee.reference.peaks()),
        ends: outcome.ends,
    }
    .exhibits()?;
    let is_trusted = outcome.is_trusted;
    run.end(Ending {
        series: Some(SeriesInfo::of(&series, path.as_deref())),
        settings: settings_as_json(&settings, &climbs),
        seed: arguments.seed,
        prior: describe::priors(&model),
        methods: outcome.methods,
        is_interrupted: outcome.is_interrupted,
        is_trusted,
        exhibits: Some(exhibits),
        json,
        text,
    })
}

/// The exact answers that everything else is held against.
struct Referee {
    profile: Profile,
    exact: Exact,
    reference: Reference,
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
        let likelihood = What {
            estimate: Estimate::Likelihood,
            is_marginal: false,
        };
        Ok(Self {
            profile,
            exact,
            reference: optimize::reference(likelihood, 1.0, model, series)?,
            cost,
        })
    }
}

/// What is to be run, on what.
struct Experiment<'a> {
    series: &'a Series,
    model: &'a SwitchModel,
    run: &'a Run<'a>,
    settings: &'a ExperimentSettings,
    climbs: &'a [PlacedClimb],
    engine: &'a Engine,
    referee: &'a Referee,
}

/// What came of it.
struct Outcome {
    rows: Vec<Row>,
    methods: Vec<MethodInfo>,
    ends: Vec<ShownEnd>,
    is_trusted: bool,
    is_interrupted: bool,
}

impl Experiment<'_> {
    fn run(&self, listeners: &mut Listeners) -> Result<Outcome, Failure> {
        let mut outcome = Outcome {
            rows: Vec::new(),
            methods: Vec::new(),
            ends: Vec::new(),
            is_trusted: !self.referee.exact.may_have_constant_regime(),
            is_interrupted: false,
        };
        self.climb_all(listeners, &mut outcome)?;
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

    /// Climbs on tensors, as the talk does, and then by the same settings on the gradient by hand.
    fn climb_all(&self, listeners: &mut Listeners, outcome: &mut Outcome) -> Result<(), Failure> {
        self.climb_on(self.engine, self.climbs, listeners, outcome)?;
        if outcome.is_interrupted {
            return Ok(());
        }
        let again: Vec<PlacedClimb> = self
            .climbs
            .iter()
            .map(|placed| PlacedClimb {
                method: format!("{}-fused", placed.method),
                ..placed.clone()
            })
            .collect();
        self.climb_on(&Engine::Fused, &again, listeners, outcome)
    }

    fn climb_on(
        &self,
        engine: &Engine,
        climbs: &[PlacedClimb],
        listeners: &mut Listeners,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let exact = &self.referee.exact;
        let mut search = Search {
            series: self.series,
            model: self.model,
            engine,
            reference: self.referee.reference.clone(),
            laplace_draws: 0,
        };
        let answers = search.climb(climbs, listeners)?;
        outcome.ends.extend(exhibits::ends(&answers));
        for answer in &answers {
            let is_global = answer.best().judgement.verdict == Verdict::Global;
            let mut row = search.row(answer);
            if exact.log_evidence < exact.log_evidence_no_switch && !is_global {
                row.advice = Some(
                    "No switch is more probable than one: the optima here are hills in noise."
                        .to_owned(),
                );
            }
            outcome.rows.push(row);
            outcome.methods.push(search.method_info(answer));
        }
        outcome.is_trusted &= answers.iter().all(Answer::is_trusted);
        outcome.is_interrupted = answers
            .iter()
            .any(|answer| answer.ended.stop == Stop::Interrupted);
        Ok(())
    }

    fn sample_all(&self, listeners: &mut Listeners, outcome: &mut Outcome) -> Result<(), Failure> {
        let Referee {
            profile, reference, ..
        } = self.referee;
        let best = reference.best().log_likelihood;
        let samplers = [
            ("metropolis", Form::Sigmoid, best),
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
        let sampler = Sampler::Metropolis(MetropolisSettings::Tuned);
        let mut chains = sampler.chains(method, sampled.target, context, settings)?;
        let drawing = Drawing {
            run: self.run,
            series: self.series,
            method,
            sampler,
            target: sampled.target,
            settings,
        };
        let (path, file) = drawing.zarr(&chains)?;
        let Drew { stop, cost, info } = drawing.draw(&mut chains, file, listeners)?;
        outcome.is_interrupted = stop == Stop::Interrupted;
        outcome.methods.push(info);
        // An interrupted warm-up has nothing to summarise.
        if chains.draws().n_draws() >= MIN_DRAWS {
            let names = sampled.target.names();
            let diagnosis = summary::judge(&chains, &names, || StoredDraws::open(&path))?;
            let far = Far::from_exact(&diagnosis, &self.referee.exact);
            let far = far.filter(|_| diagnosis.is_trusted());
            outcome.is_trusted &= diagnosis.is_trusted() && far.is_none();
            let switch_posterior = places::switch_posterior(sampled.target, &chains);
            let drawn = Drawn {
                diagnosis: &diagnosis,
                far: far.as_ref(),
                switch: places::most_probable(&switch_posterior),
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
