//! The talk's last experiment: gradient descent on a relaxed switch, Adam or momentum as a coin falls, several runs in
//! TensorBoard, and what the exact answer says of each.
//!
//! `cargo run --release --example gradient`

mod common;
#[path = "common/switching.rs"]
mod switching;

use std::collections::BTreeMap;
use std::process::ExitCode;

use common::{Report, count, number};
use rand::RngExt;
use serde::Serialize;
use serde_json::json;
use switchback::core::{Ascent, LogDensity, Ramp, Rule, Series, stream};
use switchback::infer::{
    Climb, ClimbSettings, Climbed, Judgement, Method, Reference, TALKS_START, Tolerances, Verdict,
    drive, judge,
};
use switchback::models::{Estimate, Law, Parameterization, SwitchModel, SwitchPriors, simulate};
use switchback::record::TensorBoardSink;
use switchback::tensor::{DeviceName, OpenDevice, TensorClimb, switch_graph};
use switching::{Curves, CurvesOfRun};

/// The talk's learning rate and momentum of its momentum optimiser.
const TALKS_MOMENTUM: (f64, f64) = (0.01, 0.01);

#[derive(Debug, clap::Args, Serialize)]
struct Options {
    /// Runs, each with a series of its own and a coin for its optimiser
    #[arg(long, default_value_t = 6, value_parser = count(1..=100))]
    num_runs: usize,

    /// Steps of each run
    #[arg(long, default_value_t = 35_000, value_parser = count(100..=1_000_000))]
    steps: usize,

    /// Where tau begins
    #[arg(long, default_value_t = 15.0, value_parser = number(-1e3, 1e3), allow_negative_numbers = true)]
    tau: f64,

    /// Where the tensors are: flex, ndarray or wgpu
    #[arg(long, default_value = "flex")]
    device: String,
}

fn main() -> ExitCode {
    common::run(
        "gradient",
        "One switch by gradient: several runs of Adam or momentum, in TensorBoard, judged by the exact answer",
        run,
    )
}

/// A run of the talk's script that is to come.
struct Planned {
    name: String,
    is_adam: bool,
    series: Series,
    model: SwitchModel,
}

/// What became of it.
struct Run {
    name: String,
    is_adam: bool,
    judgement: Judgement,
    values: Vec<f64>,
}

fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let device = OpenDevice::open(options.device.parse::<DeviceName>()?)?;
    let mut coin = stream(report.seed(), 0);
    let planned: Vec<Planned> = (0..options.num_runs)
        .map(|number| Planned::new(number, coin.random::<f64>() < 0.5, report.seed()))
        .collect::<anyhow::Result<_>>()?;
    let mut tensorboard = TensorBoardSink::new(report.folder().path());
    for run in &planned {
        tensorboard.add_graph(&run.name, switch_graph(&run.model, 1));
    }
    let mut curves = Curves {
        tensorboard,
        of_method: BTreeMap::new(),
    };
    let runs: Vec<Run> = planned
        .into_iter()
        .map(|planned| planned.climb(options, &device, &mut curves))
        .collect::<anyhow::Result<_>>()?;
    let Curves {
        tensorboard,
        of_method,
    } = curves;
    tensorboard.close()?;
    tell(options, &runs, report)?;
    figures::save(&runs, &of_method, report)
}

impl Planned {
    /// The run of this number, from 0, on the talk's series simulated anew.
    fn new(number: usize, is_adam: bool, seed: u64) -> anyhow::Result<Self> {
        let optimizer = if is_adam { "adam" } else { "momentum" };
        let name = format!("switchpoint-{optimizer}-{}", number + 1);
        let values = simulate(&Law::deck(), seed.wrapping_add(number as u64));
        let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
        let series = Series::new(&name, &values)?;
        Ok(Self {
            model: SwitchModel::one_normal_switch(&series, SwitchPriors::deck())?,
            name,
            is_adam,
            series,
        })
    }

    /// Climbs from the talk's start.
    fn climb(
        self,
        options: &Options,
        device: &OpenDevice,
        curves: &mut Curves,
    ) -> anyhow::Result<Run> {
        let ascent = ascent(self.is_adam);
        let climbed = Climbed {
            estimate: Estimate::Likelihood,
            is_marginal: false,
            parameterization: Parameterization::Raw,
            is_plain: true,
        };
        let method = Method::Rule(ascent.rule);
        let objective = climbed.objective(&self.model, &self.series, method)?;
        let reference = Reference::of(&objective)?;
        let [mu1, mu2, sigma1, sigma2, _] = TALKS_START;
        let start = [mu1, mu2, sigma1, sigma2, options.tau];
        let start = objective.space().unconstrain(&start)?;
        let mut optimizer = TensorClimb::new(&objective, device, &ascent, &start)?;
        let settings = ClimbSettings {
            tolerances: Tolerances::NONE,
            ..ClimbSettings::new(options.steps as u64, 100)
        };
        let mut climb = Climb::new(self.name.as_str(), &mut optimizer, 1, &reference, settings)?;
        drive(&mut climb, curves)?;
        // One start has one end.
        let end = climb.into_ends().remove(0);
        Ok(Run {
            name: self.name,
            is_adam: self.is_adam,
            judgement: judge(&end, &reference),
            values: end.values,
        })
    }
}

fn ascent(is_adam: bool) -> Ascent {
    if is_adam {
        return Ascent::new(Rule::ADAM);
    }
    let (learning_rate, momentum) = TALKS_MOMENTUM;
    Ascent {
        learning_rate: Ramp::constant(learning_rate),
        ..Ascent::new(Rule::Momentum { momentum })
    }
}

fn tell(options: &Options, runs: &[Run], report: &mut Report) -> anyhow::Result<()> {
    report.heading("Do we need sampling?");
    report.say(format!(
        "{} runs of {} steps, each on 90 fresh observations (45 of Normal(-1, 1), 45 of Normal(5, 2)), from the talk's \
         start: both means 0, both sigmas 2, tau {}. A coin chooses the optimiser: Adam with a learning rate of 0.001, or \
         momentum with 0.01.",
        runs.len(),
        options.steps,
        options.tau,
    ));
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    report.table(
        &[
            "run",
            "mu1",
            "mu2",
            "sigma1",
            "sigma2",
            "tau",
            "log-lik",
            "nats short",
            "verdict",
        ],
        &rows,
    );
    let count = |verdict: Verdict| {
        runs.iter()
            .filter(|run| run.judgement.verdict == verdict)
            .count()
    };
    report.say(format!(
        "{} of {} runs reached the best optimum there is. \"It can also get stuck in hills instead of mountains\": nothing \
         in a run itself tells that it did, the gradient is as small on a hill. The exact answer tells. Another start is \
         --tau 80.",
        count(Verdict::Global),
        runs.len(),
    ));
    let kept: Vec<_> = runs
        .iter()
        .map(|run| {
            json!({
                "run": run.name,
                "optimizer": if run.is_adam { "adam" } else { "momentum" },
                "values": run.values,
                "log_likelihood": run.judgement.log_likelihood,
                "gap_nats": run.judgement.gap_nats,
                "verdict": run.judgement.verdict.as_str(),
            })
        })
        .collect();
    report.keep("runs", &kept)
}

fn row(run: &Run) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |x| format!("{x:.2}"));
    let mut row = vec![run.name.trim_start_matches("switchpoint-").to_owned()];
    row.extend(run.values.iter().enumerate().map(|(i, value)| {
        // Only the square of a raw sigma counts.
        number(Some(if i == 2 || i == 3 {
            value.abs()
        } else {
            *value
        }))
    }));
    row.push(number(run.judgement.log_likelihood));
    row.push(number(run.judgement.gap_nats));
    row.push(run.judgement.verdict.to_string());
    row
}

mod figures {
    use switchback::report::{Axis, Colour, Figure, Mark, Panel};

    use super::*;

    /// What the talk's TensorBoard shows, in its order.
    const TAGS: [(&str, &str); 6] = [
        ("likelihood", "log-likelihood (nats)"),
        ("tau", "tau (observations)"),
        ("mu2", "mu2"),
        ("sigma1", "sigma1"),
        ("mu1", "mu1"),
        ("sigma2", "sigma2"),
    ];

    /// Draws the six curves of all runs, a colour an optimiser.
    pub fn save(
        runs: &[Run],
        curves: &BTreeMap<String, CurvesOfRun>,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let mut figure = Figure::new(
            "What TensorBoard shows of every run",
            "Log-likelihood, tau, means and standard deviations by step, for each run of Adam and of momentum.",
        );
        figure.columns = 3;
        for (tag, label) in TAGS {
            let mut panel = Panel::new("", Axis::new("step"), Axis::new(label));
            for run in runs {
                let Some((steps, of_tag)) = curves.get(&run.name) else {
                    continue;
                };
                let values = of_tag.get(tag).into_iter().flatten();
                let is_global = run.judgement.verdict == Verdict::Global;
                let (name, colour) = match (run.is_adam, is_global) {
                    (true, true) => ("Adam", Colour::Series(0)),
                    (true, false) => ("Adam, on a hill", Colour::Series(0)),
                    (false, true) => ("momentum", Colour::Series(1)),
                    (false, false) => ("momentum, on a hill", Colour::Series(1)),
                };
                panel.marks.push(Mark::Line {
                    name: name.to_owned(),
                    colour,
                    points: steps.iter().copied().zip(values.copied()).collect(),
                    dashed: !is_global,
                });
            }
            figure.panels.push(panel);
        }
        report.figure("curves", &figure)
    }
}
