//! `switchback sbc`: are the ranks of true values among a sampler's draws uniform?

use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use switchback::core::{Event, Flow, Sink};
use switchback::infer::{Calibration, CalibrationSettings, Ranks, Simulator, calibrate};
use switchback::record::{EventFile, MethodInfo, RunFolder};

use super::args::{SamplerName, SbcArguments};
use super::failure::Failure;
use super::listen::Interrupt;
use super::run::{Ending, Run};
use super::start::Start;
use super::{model, sampling, settings, terminal};

/// Calibrates and prints the ranks.
pub fn run(arguments: &SbcArguments) -> Result<u8, Failure> {
    let created_at = Timestamp::now();
    let (start, rest) = Start::read(std::slice::from_ref(&arguments.init));
    if let [word, ..] = &rest[..] {
        return Err(Failure::usage(InitError { word: word.clone() }));
    }
    let words = settings::words(None, &arguments.model.prior, &[], "")?;
    let form = sampling::form(&arguments.sampler);
    let chosen = model::chosen_without_data(&arguments.model, &words.prior)?;
    let sampler = sampling::sampler(&arguments.sampler, form)?;
    let (num_warmup, thin) = lengths(arguments);
    let calibrated = Simulator {
        sampler: sampling::for_shape(sampler, form, &chosen),
        settings: chosen,
        form,
        steepness: arguments.sampler.steepness,
        starts_at_referee: start == Start::Referee,
        num_warmup,
        thin,
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
    // Bad settings are told before the run.
    calibrated.check(settings)?;
    let mut interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let run_dir = arguments.run_dir.clone();
    let name = format!("sbc-{}-{form}", calibrated.sampler.as_str());
    let run = Run::begin(&name, created_at, run_dir, &arguments.output)?;
    let bar = if run.is_quiet() {
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
    run.folder().write_json("sbc.json", &json)?;
    write_events(run.folder(), settings, &calibration)?;
    let is_trusted = calibration.not_uniform().is_empty();
    run.end(Ending {
        series: None,
        settings: settings_as_json(arguments, &calibrated),
        seed: arguments.seed,
        prior: json!(calibrated.settings.priors.to_string()),
        methods: vec![MethodInfo {
            method: "sbc".to_owned(),
            engine: calibrated.sampler.as_str().to_owned(),
            device: "cpu".to_owned(),
            stop: None,
            steps: calibration.simulations as u64,
            seconds: Timestamp::now().duration_since(created_at).as_secs_f64(),
        }],
        is_interrupted: calibration.is_interrupted,
        is_trusted,
        exhibits: None,
        json,
        text: text(&calibrated, settings, &calibration),
    })
}

/// A start that names values.
#[derive(Debug, thiserror::Error)]
#[error("--init {word:?}: every simulation has values of its own; write prior or referee")]
struct InitError {
    word: String,
}

/// Steps of the warm-up, and steps a draw that is ranked.
fn lengths(arguments: &SbcArguments) -> (usize, usize) {
    let (num_warmup, thin) = match arguments.sampler.sampler {
        SamplerName::Metropolis | SamplerName::Ensemble => (1_000, 30),
        SamplerName::Nuts => (500, 3),
        SamplerName::Compound => (200, 5),
        SamplerName::Exact => (0, 1),
    };
    (
        arguments.num_warmup.unwrap_or(num_warmup),
        arguments.thin.unwrap_or(thin),
    )
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
        "is_uniform": calibration.not_uniform().is_empty(),
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
    let wrong: Vec<&str> = calibration
        .not_uniform()
        .iter()
        .map(|ranks| ranks.name.as_str())
        .collect();
    text += &if wrong.is_empty() {
        "The ranks are uniform: the draws are those of the posterior.\n".to_owned()
    } else {
        format!(
            "The ranks of {} are not uniform: sampler, model or warm-up is wrong.\n",
            wrong.join(", ")
        )
    };
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

fn settings_as_json(arguments: &SbcArguments, calibrated: &Simulator) -> Map<String, Value> {
    [
        ("simulations", arguments.n),
        ("length", arguments.length),
        ("ranks", arguments.ranks),
        ("bins", arguments.bins),
        ("shift", arguments.shift),
        ("thin", calibrated.thin),
        ("num_warmup", calibrated.num_warmup),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), json!(value)))
    .collect()
}
