//! The nine priors: in closed form and by drawing.

use serde::Serialize;
use switchback::core::stream;
use switchback::models::deck::{AtZero, Gift};
use switchback::report::{Axis, Bar, Colour, Figure, Mark, Panel};

use super::Options;
use super::common::{Checked, Report, grouped};

/// Stream of the first gift.
const FIRST_STREAM: u64 = 0;
/// Bins of a histogram.
const BINS: usize = 50;
/// Most of the drawn densities: those of coal have no greatest value.
const MOST_DENSITY: f64 = 1.5;

#[derive(Debug, Serialize)]
struct GiftRow {
    name: &'static str,
    mean: Checked,
    sd: Checked,
    /// Share of draws that are 0 exactly, where the law has such.
    at_zero: Checked,
    /// Mean and standard deviation of the law that is truncated at 0 instead.
    truncated: Option<[f64; 2]>,
    #[serde(skip)]
    draws: Vec<f64>,
}

pub fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let rows = Gift::ALL
        .into_iter()
        .map(|gift| row(gift, options.num_draws, report.seed()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    report.keep("gifts", &rows)?;
    report.figure("gifts", &densities(&rows))?;
    tell(&rows, options, report);
    Ok(())
}

fn row(gift: Gift, n: usize, seed: u64) -> anyhow::Result<GiftRow> {
    let law = gift.weight();
    let mut rng = stream(seed, FIRST_STREAM + gift as u64);
    let draws: Vec<f64> = (0..n).map(|_| law.draw(&mut rng)).collect();
    let zeros = draws.iter().map(|w| f64::from(u8::from(*w == 0.0)));
    let truncated = law.with(AtZero::Truncated);
    Ok(GiftRow {
        name: gift.as_str(),
        mean: Checked::mean_of(draws.iter().copied(), law.mean()),
        sd: Checked::sd(&[&draws], law.sd())?,
        at_zero: Checked::mean_of(zeros, law.at_zero()),
        truncated: truncated.map(|law| [law.mean(), law.sd()]),
        draws,
    })
}

fn densities(rows: &[GiftRow]) -> Figure {
    let mut figure = Figure::new(
        "What is known of the gifts before any bag is weighed",
        "Histograms of draws of the nine gifts' weights, with their densities.",
    );
    figure.columns = 3;
    figure.size = (1280, 1000);
    for (row, gift) in rows.iter().zip(Gift::ALL) {
        let law = gift.weight();
        let high = row
            .draws
            .iter()
            .copied()
            .fold(1.0, f64::max)
            .min(law.mean() + 5.0 * law.sd());
        let width = high / BINS as f64;
        let mut counts = vec![0.0; BINS];
        for draw in row.draws.iter().filter(|w| **w > 0.0 && **w < high) {
            counts[((draw / width) as usize).min(BINS - 1)] += 1.0;
        }
        let bars = counts.iter().enumerate().map(|(bin, count)| {
            let height = count / row.draws.len() as f64 / width;
            Bar::about((bin as f64 + 0.5) * width, width, height.min(MOST_DENSITY))
        });
        let curve = (1..1_000).map(|i| {
            let x = high * f64::from(i) / 1_000.0;
            (x, law.density(x).min(MOST_DENSITY))
        });
        let curve: Vec<(f64, f64)> = curve.collect();
        let title = match 100.0 * row.at_zero.truth {
            share if share >= 0.005 => format!("{}: {share:.2} % are 0", row.name),
            _ => row.name.to_owned(),
        };
        let greatest = counts.iter().copied().fold(0.0, f64::max) / row.draws.len() as f64 / width;
        let top = greatest.min(MOST_DENSITY) * 1.15;
        let panel = Panel::new(
            title,
            Axis::new("pounds").range(0.0, high),
            Axis::new("density").range(0.0, top),
        )
        .with(Mark::Bars {
            name: String::new(),
            colour: Colour::Series(0),
            bars: bars.collect(),
            horizontal: false,
        })
        .with(Mark::Line {
            name: String::new(),
            colour: Colour::Truth,
            points: curve.into_iter().filter(|(_, y)| *y <= top).collect(),
            dashed: false,
        });
        figure.panels.push(panel);
    }
    figure
}

fn tell(rows: &[GiftRow], options: &Options, report: &mut Report) {
    report.heading("Nine gifts");
    let n = grouped(options.num_draws as f64, 0);
    report.say(format!(
        "Weights in pounds: mean and standard deviation in closed form, and by {n} draws with their standard errors. The \
         slide has eight of Kaggle's nine gifts; the ninth are gloves."
    ));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let drawn = |c: &Checked| format!("{:.3} ± {:.3}", c.estimate, c.mcse);
            let share = match row.at_zero.truth {
                0.0 => String::new(),
                share => format!("{:.3} %", 100.0 * share),
            };
            let [mean, sd] = row.truncated.map_or([String::new(), String::new()], |law| {
                law.map(|x| format!("{x:.3}"))
            });
            vec![
                row.name.to_owned(),
                format!("{:.3}", row.mean.truth),
                drawn(&row.mean),
                format!("{:.3}", row.sd.truth),
                drawn(&row.sd),
                share,
                mean,
                sd,
            ]
        })
        .collect();
    report.table(
        &[
            "",
            "mean",
            "drawn",
            "sd",
            "drawn",
            "at 0",
            "truncated: mean",
            "sd",
        ],
        &cells,
    );
    report.say(
        "max(0, normal) is censored, not truncated: what is below 0 is put at 0 itself, so that some trains and bikes weigh \
         nothing. A truncated normal draws again; the last two columns are its moments. A density alone cannot say \"0 \
         exactly\", so a gradient sampler cannot sample the censored law as it stands.",
    );
}
