//! The slide's ten gifts in six bags: which directions the data pin down, and what a best point says of the others.

use serde::Serialize;
use switchback::models::deck::{Direction, LinearGaussian, WeighedSum};
use switchback::report::{Axis, Bar, Colour, Figure, Mark, Panel};

use super::Options;
use super::chains::{CHAINS, Sampled, nuts, settings};
use super::common::{Report, grouped};

const NAMES: [&str; 10] = ["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9"];
/// The slide's six equations.
const BAGS: [(&[usize], f64); 6] = [
    (&[3, 2, 4, 9, 5, 7], 27.0),
    (&[6, 7, 3, 4, 5, 8], 40.0),
    (&[0, 9, 4, 6, 3, 1], 36.0),
    (&[2, 7, 5, 6, 0, 4], 28.0),
    (&[1, 2, 6, 5, 8, 4], 28.0),
    (&[4, 0, 8, 3, 7, 6], 47.0),
];
/// Standard deviation of every prior.
const PRIOR_SD: f64 = 2.0;
/// Means of the prior: the small system's, and two others.
const PRIOR_MEANS: [f64; 3] = [5.0, 4.0, 6.0];
/// Standard deviation of the scales.
const SCALES: f64 = 0.01;
/// Below this share of the prior's standard deviation a direction is pinned down.
const PINNED: f64 = 0.1;

/// What prior, data and samplers say of one weight.
#[derive(Debug, Serialize)]
struct WeightSeen {
    name: &'static str,
    mean: f64,
    sd: f64,
    /// Posterior over prior standard deviation.
    sd_ratio: f64,
    /// The point of greatest density under priors with means of 5, 4 and 6.
    map: [f64; 3],
}

/// One direction.
#[derive(Debug, Serialize)]
struct DirectionSeen {
    sd_ratio: f64,
    is_pinned: bool,
    shares: Vec<f64>,
}

pub fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let [system, low, high] = PRIOR_MEANS.map(system);
    let (system, low, high) = (system?, low?, high?);
    let sampled = nuts(&system, settings(options.num_samples, report.seed(), 4))?;
    let directions = system.directions();
    let weights = weights(&system, &low, &high);
    let seen: Vec<DirectionSeen> = directions.iter().map(seen).collect();
    report.keep("large", &sampled)?;
    report.keep("large_weights", &weights)?;
    report.keep("large_directions", &seen)?;
    report.figure("large_weights", &known(&weights, &sampled))?;
    report.figure("large_directions", &spectrum(&directions))?;
    tell(&weights, &seen, &sampled, options, report);
    Ok(())
}

fn system(prior_mean: f64) -> anyhow::Result<LinearGaussian> {
    let sums = BAGS.map(|(terms, observed)| WeighedSum {
        terms: terms.to_vec(),
        observed,
    });
    let priors = [(prior_mean, PRIOR_SD); 10];
    Ok(LinearGaussian::new(&NAMES, &priors, sums.to_vec(), SCALES)?)
}

fn weights(
    system: &LinearGaussian,
    low: &LinearGaussian,
    high: &LinearGaussian,
) -> Vec<WeightSeen> {
    let sds = system.sds();
    NAMES
        .iter()
        .enumerate()
        .map(|(i, name)| WeightSeen {
            name,
            mean: system.mean()[i],
            sd: sds[i],
            sd_ratio: sds[i] / PRIOR_SD,
            map: [system, low, high].map(|system| system.mean()[i]),
        })
        .collect()
}

fn seen(direction: &Direction) -> DirectionSeen {
    DirectionSeen {
        sd_ratio: direction.sd_ratio,
        is_pinned: direction.sd_ratio < PINNED,
        shares: direction.shares.clone(),
    }
}

fn known(weights: &[WeightSeen], sampled: &Sampled) -> Figure {
    let place = |row: usize| (weights.len() - row) as f64;
    let ticks = weights.iter().enumerate();
    let ticks = ticks.map(|(row, weight)| (place(row), weight.name.to_owned()));
    let rows = Axis::new("")
        .range(0.3, weights.len() as f64 + 0.7)
        .ticks(ticks.collect());
    let mut panel = Panel::new("", Axis::new("weight (pounds)"), rows);
    let interval = |name: &str, colour, at, centre: f64, sd: f64, heavy| Mark::Interval {
        name: name.to_owned(),
        colour,
        at,
        low: centre - 2.0 * sd,
        mid: centre,
        high: centre + 2.0 * sd,
        heavy,
    };
    for (row, weight) in weights.iter().enumerate() {
        let drawn = &sampled.weights[row];
        let (mean, sd) = (drawn.mean.estimate, drawn.sd.estimate);
        panel = panel
            .with(interval(
                "prior, 2 sd",
                Colour::Quiet,
                place(row) + 0.3,
                PRIOR_MEANS[0],
                PRIOR_SD,
                false,
            ))
            .with(interval(
                "posterior, exact",
                Colour::Truth,
                place(row) + 0.1,
                weight.mean,
                weight.sd,
                true,
            ))
            .with(interval(
                "posterior, NUTS",
                Colour::Series(0),
                place(row) - 0.1,
                mean,
                sd,
                true,
            ));
    }
    let best = |k: usize, name: &str, colour| Mark::Points {
        name: name.to_owned(),
        colour,
        points: (0..weights.len())
            .map(|row| (weights[row].map[k], place(row) - 0.3))
            .collect(),
        radius: 4.5,
    };
    let panel = panel
        .with(best(1, "best point, prior mean 4", Colour::Ink))
        .with(best(2, "best point, prior mean 6", Colour::Warning));
    let mut figure = Figure::new(
        "Ten gifts in six bags: the best point follows the prior",
        "Prior, exact posterior and NUTS intervals of ten weights, with the points of greatest density under two other priors.",
    )
    .with(panel);
    figure.size = (1280, 860);
    figure
}

fn spectrum(directions: &[Direction]) -> Figure {
    let bars = directions.iter().enumerate().map(|(i, direction)| Bar {
        from: 1e-4,
        ..Bar::about((i + 1) as f64, 0.7, direction.sd_ratio)
    });
    let ticks = (1..=directions.len()).map(|i| (i as f64, i.to_string()));
    let x = Axis::new("direction, the most certain first").ticks(ticks.collect());
    let y = Axis::new("posterior sd over prior sd")
        .log()
        .range(1e-4, 3.0);
    let panel = Panel::new("", x, y)
        .with(Mark::Bars {
            name: String::new(),
            colour: Colour::Series(0),
            bars: bars.collect(),
            horizontal: false,
        })
        .with(Mark::Rule {
            label: "nothing learnt".to_owned(),
            colour: Colour::Truth,
            at: 1.0,
            vertical: false,
            dashed: true,
        });
    Figure::new(
        "Six equations say nothing of four directions of ten",
        "Posterior over prior standard deviation along the ten directions of the posterior.",
    )
    .with(panel)
}

fn tell(
    weights: &[WeightSeen],
    directions: &[DirectionSeen],
    sampled: &Sampled,
    options: &Options,
    report: &mut Report,
) {
    report.heading("Ten gifts in six bags");
    let n_pinned = directions.iter().filter(|d| d.is_pinned).count();
    report.say(format!(
        "The slide's six equations, with the priors of the small system. Posterior in closed form and by {CHAINS} chains of {} \
         draws of NUTS ({} evaluations):",
        grouped(options.num_samples as f64, 0),
        grouped(sampled.evaluations as f64, 0),
    ));
    let cells: Vec<Vec<String>> = weights
        .iter()
        .zip(&sampled.weights)
        .map(|(weight, drawn)| {
            vec![
                weight.name.to_owned(),
                format!("{:.3}", weight.mean),
                format!("{:+.1}", drawn.mean.z()),
                format!("{:.3}", weight.sd),
                format!("{:+.1}", drawn.sd.z()),
                format!("{:.0} %", 100.0 * weight.sd_ratio),
                format!("{:.2}", weight.map[1]),
                format!("{:.2}", weight.map[2]),
            ]
        })
        .collect();
    report.table(
        &[
            "",
            "mean",
            "NUTS off",
            "sd",
            "NUTS off",
            "of prior sd",
            "best point, prior 4",
            "prior 6",
        ],
        &cells,
    );
    let ratios: Vec<String> = directions
        .iter()
        .map(|d| format!("{:.4}", d.sd_ratio))
        .collect();
    report.say(format!(
        "No single weight is known to better than {:.0} % of its prior. In directions it is clear: {n_pinned} of {} are pinned \
         down, the others are as wide as the prior (posterior over prior sd: {}). The best point (MAP) has one number for \
         each weight and does not say which are empty: along an open direction it is the prior's mean, and it moves when \
         that does (last two columns), while the six sums stay.",
        100.0 * weights.iter().map(|w| w.sd_ratio).fold(f64::INFINITY, f64::min),
        directions.len(),
        ratios.join(" "),
    ));
}
