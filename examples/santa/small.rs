//! The slide's four gifts in three bags: by NUTS and by Gibbs, against the closed form.

use serde::Serialize;
use switchback::infer::BlockChain;
use switchback::models::deck::{LinearGaussian, WeighedSum};
use switchback::report::{Axis, Colour, Figure, Mark, Panel, Quantity, traces};

use super::Options;
use super::chains::{CHAINS, Sampled, nuts, sample, settings};
use super::common::{Checked, Report, grouped};

/// The true weights.
const WEIGHTS: [f64; 4] = [2.0, 4.0, 5.0, 6.0];
const NAMES: [&str; 4] = ["w1", "w2", "w3", "w4"];
/// Which gifts are in which bag.
const BAGS: [&[usize]; 3] = [&[0, 1], &[0, 1, 2], &[2, 3]];
/// Mean and standard deviation of every prior.
const PRIOR: (f64, f64) = (5.0, 2.0);
/// Standard deviation of the scales.
const SCALES: f64 = 0.01;

/// What is said of `w1 + w2`.
#[derive(Debug, Serialize)]
struct SumRow {
    /// Standard deviation by the matrix, and by hand.
    sd: f64,
    sd_by_hand: f64,
    prior_sd: f64,
    drawn: Vec<(&'static str, Checked)>,
}

pub fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let system = system()?;
    let seed = report.seed();
    let settings = |number| settings(options.num_samples, seed, number);
    let gibbs = |name, number, blocks: &'static [&'static [usize]]| {
        sample(name, &system, settings(number), |start, rng| {
            Ok(Box::new(BlockChain::new(&system, blocks, start, rng)?))
        })
    };
    let sampled = [
        nuts(&system, settings(1))?,
        gibbs("gibbs by pairs", 2, &[&[0, 1], &[2, 3]])?,
        gibbs("gibbs one by one", 3, &[&[0], &[1], &[2], &[3]])?,
    ];
    let sum = sum_row(&system, &sampled[..2])?;
    report.keep("small", &sampled)?;
    report.keep("small_sum", &sum)?;
    report.figure("small_traces", &trace_plot(&sampled[0]))?;
    report.figure("small_ridge", &ridge(&system, &sampled))?;
    tell(&system, &sampled, &sum, options, report);
    Ok(())
}

fn system() -> anyhow::Result<LinearGaussian> {
    let sums = BAGS.map(|terms| WeighedSum {
        terms: terms.to_vec(),
        observed: terms.iter().map(|i| WEIGHTS[*i]).sum(),
    });
    Ok(LinearGaussian::new(
        &NAMES,
        &[PRIOR; 4],
        sums.to_vec(),
        SCALES,
    )?)
}

/// `w1 + w2` is known from its prior, from the first bag, and from the second less `w3`, of which the third bag and `w4`'s
/// prior know something: precisions add up.
fn sd_by_hand() -> f64 {
    let (prior, scales) = (PRIOR.1.powi(2), SCALES.powi(2));
    let third = (prior.recip() + (prior + scales).recip()).recip();
    ((2.0 * prior).recip() + scales.recip() + (scales + third).recip())
        .sqrt()
        .recip()
}

/// The draws of `w1 + w2`, one vector a chain.
fn sums(sampled: &Sampled) -> Vec<Vec<f64>> {
    let [first, second] = ["w1", "w2"].map(|name| sampled.draws.chains(name).unwrap_or_default());
    first
        .iter()
        .zip(second)
        .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect())
        .collect()
}

fn sum_row(system: &LinearGaussian, sampled: &[Sampled]) -> anyhow::Result<SumRow> {
    let sd = system.sd_of(&[1.0, 1.0, 0.0, 0.0]);
    let drawn = sampled
        .iter()
        .map(|sampled| {
            let sums = sums(sampled);
            let chains: Vec<&[f64]> = sums.iter().map(Vec::as_slice).collect();
            Ok((sampled.sampler, Checked::sd(&chains, sd)?))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(SumRow {
        sd,
        sd_by_hand: sd_by_hand(),
        prior_sd: PRIOR.1 * 2.0_f64.sqrt(),
        drawn,
    })
}

fn trace_plot(sampled: &Sampled) -> Figure {
    let chains = NAMES.map(|name| -> Vec<Vec<f64>> {
        let chains = sampled.draws.chains(name).unwrap_or_default();
        chains.into_iter().map(<[f64]>::to_vec).collect()
    });
    let quantities: Vec<Quantity<'_>> = NAMES
        .iter()
        .zip(&chains)
        .map(|(name, chains)| Quantity::real(name, chains))
        .collect();
    let mut figure = traces(&quantities);
    figure.title = "Four gifts by NUTS: w1 and w2 are known only together".to_owned();
    figure
}

fn ridge(system: &LinearGaussian, sampled: &[Sampled]) -> Figure {
    let mut figure = Figure::new(
        "The ridge of w1 + w2 = 6: drawn as pairs, and one weight at a time",
        "Draws of w1 and w2 by Gibbs sampling in pairs and one by one, on the ridge where their sum is 6.",
    );
    figure.columns = 2;
    for sampled in &sampled[1..] {
        let [x, y] = ["w1", "w2"].map(|name| sampled.draws.chains(name).unwrap_or_default());
        let ess = sampled.weights[0].ess;
        let title = format!("{}: {ess:.0} effective draws of w1", sampled.sampler);
        let mut panel = Panel::new(
            title,
            Axis::new("w1 (pounds)").range(-4.0, 10.0),
            Axis::new("w2 (pounds)").range(-4.0, 10.0),
        );
        panel.equal_aspect = true;
        for (number, (x, y)) in x.iter().zip(y).enumerate() {
            panel = panel.with(Mark::Points {
                name: format!("chain {number}"),
                colour: Colour::Series(number),
                points: x.iter().copied().zip(y.iter().copied()).collect(),
                radius: 2.0,
            });
        }
        let known = |name: &str, colour, values: &[f64]| Mark::Points {
            name: name.to_owned(),
            colour,
            points: vec![(values[0], values[1])],
            radius: 6.0,
        };
        figure.panels.push(
            panel
                .with(known("posterior mean", Colour::Ink, system.mean()))
                .with(known("true weights", Colour::Truth, &WEIGHTS)),
        );
    }
    figure
}

fn tell(
    system: &LinearGaussian,
    sampled: &[Sampled],
    sum: &SumRow,
    options: &Options,
    report: &mut Report,
) {
    report.heading("Four gifts in three bags");
    report.say(format!(
        "s1 = w1 + w2, s2 = w1 + w2 + w3, s3 = w3 + w4, each weighed to 0.01; true weights 2, 4, 5, 6; priors normal(5, 2). \
         The posterior is normal in closed form. {CHAINS} chains of {} draws:",
        grouped(options.num_samples as f64, 0)
    ));
    let mut cells = Vec::new();
    for sampled in sampled {
        for weight in &sampled.weights {
            let pair = |c: &Checked| {
                [
                    format!("{:.4}", c.estimate),
                    format!("{:.4}", c.truth),
                    format!("{:+.1}", c.z()),
                ]
            };
            let name = format!("{} {}", sampled.sampler, weight.name);
            let ess = format!("{:.0}", weight.ess);
            let cell = [name]
                .into_iter()
                .chain(pair(&weight.mean))
                .chain(pair(&weight.sd));
            cells.push(cell.chain([ess]).collect());
        }
    }
    report.table(
        &[
            "",
            "mean",
            "exact",
            "errors off",
            "sd",
            "exact",
            "errors off",
            "ess",
        ],
        &cells,
    );
    let drawn: Vec<String> = sum
        .drawn
        .iter()
        .map(|(sampler, c)| format!("{sampler} says {:.5} ± {:.5}", c.estimate, c.mcse))
        .collect();
    let by_one = &sampled[2];
    report.say(format!(
        "w3 and w4 are known to about {:.3} pounds, w1 and w2 each to {:.2} only, and their sum to {:.5} (by hand {:.5}; {}; \
         the prior's is {:.2}). That is a ridge {:.0} times as long as wide. Gibbs steps along the axes stay on it by steps \
         of its width: {} draws are worth {:.0}, and their standard errors, which cannot see what was never visited, are not \
         to be believed. Drawn as pairs, or along the trajectories of NUTS, the ridge is no obstacle.",
        system.sds()[2],
        system.sds()[0],
        sum.sd,
        sum.sd_by_hand,
        drawn.join(", "),
        sum.prior_sd,
        system.sd_of(&[1.0, -1.0, 0.0, 0.0]) / sum.sd,
        grouped((CHAINS * options.num_samples) as f64, 0),
        by_one.weights[0].ess.min(by_one.weights[1].ess),
    ));
}
