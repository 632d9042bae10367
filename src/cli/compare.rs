//! `switchback compare`: every method that fits on one model of one series, and when to pick which.

use std::path::Path;

use jiff::Timestamp;
use switchback::infer::{Context, Reference, Starts};
use switchback::models::SwitchModel;
use switchback::record::{
    Comparison, Manifest, Platform, RunFolder, SeriesInfo, Status, TensorBoardSink,
};
use switchback::tensor::switch_graph;

use super::args::CompareArguments;
use super::compared::Verdicts;
use super::comparing::{Chosen, INIT_FORM, PlainStart};
use super::contest::Contest;
use super::describe::{self, default_run, run_name};
use super::failure::Failure;
use super::lineup::{Lineup, Referee, starts_of_chains};
use super::listen::{Interrupt, Listeners, Progress};
use super::{DO_NOT_TRUST, DONE, model, rows, settings, terminal};

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
    let folder = RunFolder::create(
        arguments
            .run_dir
            .clone()
            .unwrap_or_else(|| default_run("compare", &series, created_at)),
    )?;
    let mut listeners = listeners(arguments, &lineup, &folder, interrupt);
    let mut contest = Contest {
        lineup: &lineup,
        folder: &folder,
        created_at,
        outcomes: Vec::new(),
        methods: Vec::new(),
        is_interrupted: false,
    };
    contest.play(chains, &start, &mut listeners)?;
    drop(listeners.progress);
    listeners.tensorboard.close()?;
    let Contest {
        outcomes,
        methods,
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
    let details = verdicts.as_json();
    folder.write_json("comparison.json", &comparison)?;
    folder.write_json("compare.json", &details)?;
    let name = run_name(&folder);
    let run = folder.finish(&Manifest {
        name,
        series: Some(SeriesInfo::of(&series, path.as_deref())),
        methods,
        ..manifest(arguments, &lineup, &start, created_at, is_interrupted)
    })?;
    if arguments.output.json {
        let mut json = serde_json::to_value(&comparison).map_err(Failure::internal)?;
        json["compare"] = details;
        terminal::print_json(&json)?;
    } else {
        let mut text = rows::opening(&series, &model);
        if let Some(exact) = &referee.exact {
            text += &rows::headline(&series, exact)?;
            text += "\n";
        }
        if outcomes.iter().any(|outcome| outcome.is_optimizer()) {
            text += "Gradient methods seek the top of the posterior over unconstrained positions (with the Jacobian).\n\n";
        }
        text += &verdicts.text();
        if is_interrupted {
            text += "\nThe run was interrupted; what there is was kept.\n";
        }
        text += &ending(&run);
        terminal::print(&text)?;
    }
    let is_trusted = outcomes.iter().all(|outcome| outcome.is_trusted);
    Ok(if is_trusted && !is_interrupted {
        DONE
    } else {
        DO_NOT_TRUST
    })
}

fn ending(run: &Path) -> String {
    format!(
        "\nrun: {}\ntensorboard --logdir {}\n",
        run.display(),
        run.display()
    )
}

/// Who listens to the run.
fn listeners(
    arguments: &CompareArguments,
    lineup: &Lineup<'_>,
    folder: &RunFolder,
    interrupt: Interrupt,
) -> Listeners {
    let mut tensorboard = TensorBoardSink::new(folder.path());
    let relaxed = lineup.climbs.iter();
    for placed in relaxed.filter(|placed| !placed.plan.climbed.is_marginal) {
        let graph = switch_graph(lineup.model, placed.plan.n_starts);
        tensorboard = tensorboard.with_graph(&placed.method, graph);
    }
    Listeners {
        progress: Progress::new(arguments.output.quiet || arguments.output.json),
        tensorboard,
        draws: Vec::new(),
        interrupt,
    }
}

/// The manifest, but for what the folder, the file and the methods say.
fn manifest(
    arguments: &CompareArguments,
    lineup: &Lineup<'_>,
    start: &PlainStart,
    created_at: Timestamp,
    is_interrupted: bool,
) -> Manifest {
    Manifest {
        format: Manifest::FORMAT,
        name: String::new(),
        // A path need not be UTF-8.
        command: std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        created_at,
        finished_at: Timestamp::now(),
        status: if is_interrupted {
            Status::Interrupted
        } else {
            Status::Complete
        },
        switchback: env!("CARGO_PKG_VERSION").to_owned(),
        series: None,
        settings: lineup.settings(start),
        seed: arguments.seed,
        prior: describe::priors(lineup.model),
        methods: Vec::new(),
        platform: Platform::current(),
    }
}
