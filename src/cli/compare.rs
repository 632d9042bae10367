//! `switchback compare`: every method that fits on one model of one series, and when to pick which.

use jiff::Timestamp;
use switchback::infer::{Context, Reference, Starts};
use switchback::models::SwitchModel;
use switchback::record::{Comparison, SeriesInfo};
use switchback::tensor::switch_graph;

use super::args::CompareArguments;
use super::compared::Verdicts;
use super::comparing::{Chosen, INIT_FORM, PlainStart};
use super::contest::Contest;
use super::describe;
use super::exhibits::Known;
use super::failure::Failure;
use super::lineup::{Lineup, Referee, starts_of_chains};
use super::listen::Interrupt;
use super::run::{Ending, Run, name_of};
use super::{model, rows, settings};

/// Runs the comparison and prints it.
pub fn run(arguments: &CompareArguments) -> Result<u8, Failure> {
    let created_at = Timestamp::now();
    let file = arguments.series.file.as_deref();
    let words = settings::words(file, &arguments.model.prior, &arguments.init, INIT_FORM)?;
    let chosen = Chosen::read(arguments);
    let settings::Chosen { series, path } =
        settings::series(&arguments.series, words.file.as_deref())?;
    let model = SwitchModel::new(
        &series,
        model::chosen(&arguments.model, &words.prior, &series)?,
    )?;
    let start = PlainStart::read(&words.init, &chosen, &model, &series)?;
    let referee = Referee::ask(&model);
    let lineup = Lineup::of(arguments, &chosen, &start, &model, &series, &referee)?;
    let peaks = lineup.reference.as_ref().map(Reference::peaks);
    let draw = starts_of_chains(&model, referee.exact.as_ref(), peaks);
    let starts = Starts::new(&model, &*draw);
    let context = Context {
        series: &series,
        starts: &starts,
        exact: None,
    };
    // Chains first: what cannot start leaves nothing behind.
    let chains = lineup.chains(context)?;
    let interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let run_dir = arguments.run_dir.clone();
    let name = name_of("compare", &series);
    let mut run = Run::begin(&name, created_at, run_dir, &arguments.output)?;
    let mut listeners = run.listeners(interrupt, &model)?;
    let relaxed = lineup.climbs.iter();
    for placed in relaxed.filter(|placed| !placed.plan.climbed.is_marginal) {
        let graph = switch_graph(&model, placed.plan.n_starts);
        listeners.add_graph(&placed.method, graph);
    }
    let mut contest = Contest {
        lineup: &lineup,
        run: &run,
        outcomes: Vec::new(),
        methods: Vec::new(),
        ends: Vec::new(),
        is_interrupted: false,
    };
    contest.play(chains, &start, &mut listeners)?;
    listeners.close()?;
    let Contest {
        outcomes,
        methods,
        ends,
        is_interrupted,
        ..
    } = contest;
    let verdicts = Verdicts::new(
        &series,
        &model,
        &outcomes,
        &lineup.left_out,
        lineup.known()?,
    );
    let comparison = Comparison {
        series: series.name().to_owned(),
        model: model.describe(),
        rows: outcomes.iter().map(|outcome| outcome.row.clone()).collect(),
        exact: match &referee.exact {
            Some(exact) => Some(rows::exact_beside(&series, exact)?),
            None => None,
        },
    };
    let mut text = rows::opening(&series, &model);
    if let Some(exact) = &referee.exact {
        text += &rows::headline(&series, exact)?;
        text += "\n";
    }
    if outcomes.iter().any(|outcome| outcome.is_optimizer()) {
        text += "Gradient methods seek the top of the posterior over unconstrained positions (with the Jacobian).\n\n";
    }
    text += &verdicts.text();
    let json = run.write_found(&comparison, Some(("compare", verdicts.as_json())))?;
    let mut exhibits = Known {
        series: &series,
        model: &model,
        exact: referee.exact.as_ref(),
        peaks,
        ends,
    }
    .exhibits()?;
    exhibits.found.extend(verdicts.remarks());
    let is_trusted = outcomes.iter().all(|outcome| outcome.is_trusted);
    run.end(Ending {
        series: Some(SeriesInfo::of(&series, path.as_deref())),
        settings: lineup.settings(&start),
        seed: arguments.seed,
        prior: describe::priors(&model),
        methods,
        is_interrupted,
        is_trusted,
        exhibits: Some(exhibits),
        json,
        text,
    })
}
