//! What the examples of switches share: the talk's series, samplers with their files, and answers beside the exact ones.

#![allow(dead_code, reason = "every example uses a part of it")]

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;
use switchback::core::{Event, Flow, Series, Sink, SinkResult};
use switchback::diagnostics::{Summary, summary};
use switchback::infer::{ChainsSettings, Context, Sampler, StartDraw, Starts, Target, drive};
use switchback::models::{Exact, SwitchModel};
use switchback::record::{DrawsFile, DrawsInfo, TensorBoardSink};

use crate::common::{Checked, Report};

const DECK: &str = include_str!("../../data/deck.csv");

/// The series that comes with the program: 45 draws of Normal(-1, 1), then 45 of Normal(5, 2).
pub fn deck_series() -> anyhow::Result<Series> {
    let mut values = Vec::new();
    for row in csv::Reader::from_reader(DECK.as_bytes()).records() {
        let row = row?;
        values.push(Some(
            row.get(1).context("the series has two columns")?.parse()?,
        ));
    }
    Ok(Series::new("deck", &values)?)
}

/// Draws of a sampler, and what is to be thought of them.
pub struct Sampled {
    /// The sampler.
    pub sampler: String,
    /// Each quantity of a draw with its chains.
    pub draws: Vec<(String, Vec<Vec<f64>>)>,
    /// The summary of each.
    pub summaries: Vec<Summary>,
    /// Seconds by the clock.
    pub seconds: f64,
}

/// Runs chains of `sampler` on `target`, each from its own `start`, and keeps draws and curves in the run folder. Draws of
/// the warm-up come first where the `settings` save them.
pub fn sample(
    sampler: Sampler,
    target: &Target,
    series: &Series,
    start: &StartDraw<'_>,
    settings: ChainsSettings,
    report: &Report,
) -> anyhow::Result<Sampled> {
    sample_as(
        sampler.as_str(),
        sampler,
        target,
        series,
        start,
        settings,
        report,
    )
}

/// [`sample`] under another name than the sampler's.
pub fn sample_as(
    method: &str,
    sampler: Sampler,
    target: &Target,
    series: &Series,
    start: &StartDraw<'_>,
    settings: ChainsSettings,
    report: &Report,
) -> anyhow::Result<Sampled> {
    let settings = settings.validate()?;
    let starts = Starts::new(target.model(), start);
    let context = Context {
        series,
        starts: &starts,
        exact: None,
    };
    let mut chains = sampler.chains(method, target, context, settings)?;
    let info = DrawsInfo {
        sampler: method,
        series: Some(series),
        num_warmup: settings.num_warmup as u64,
        num_samples: settings.num_samples as u64,
        save_warmup: settings.save_warmup,
        created_at: Timestamp::now(),
    };
    let folder = report.folder();
    let path = folder.method_dir("draws")?.join(format!("{method}.zarr"));
    let mut files = Files {
        draws: DrawsFile::create(path, chains.schema(), &info)?,
        tensorboard: TensorBoardSink::new(folder.path()),
        rows: vec![Vec::new(); settings.num_chains],
    };
    let began = Timestamp::now();
    drive(&mut chains, &mut files)?;
    let seconds = Timestamp::now().duration_since(began).as_secs_f64();
    let Files {
        draws,
        tensorboard,
        rows,
    } = files;
    draws.finish()?;
    tensorboard.close()?;
    let quantities = &chains.schema().quantities;
    let draws = target.names().into_iter().filter_map(|name| {
        let column = quantities.iter().position(|known| known.name == name)?;
        let of_chain = |rows: &Vec<f64>| {
            rows.iter()
                .skip(column)
                .step_by(quantities.len())
                .copied()
                .collect()
        };
        Some((name, rows.iter().map(of_chain).collect()))
    });
    Sampled::new(method.to_owned(), draws.collect(), seconds)
}

impl Sampled {
    fn new(
        sampler: String,
        draws: Vec<(String, Vec<Vec<f64>>)>,
        seconds: f64,
    ) -> anyhow::Result<Self> {
        let summarised = draws.iter().map(|(name, chains)| {
            let chains: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
            summary(name, &chains)
        });
        Ok(Self {
            sampler,
            summaries: summarised.collect::<Result<_, _>>()?,
            draws,
            seconds,
        })
    }

    /// The same chains without the first `n` draws of each.
    pub fn without_the_first(&self, n: usize) -> anyhow::Result<Self> {
        let rest = self.draws.iter().map(|(name, chains)| {
            let chains = chains.iter();
            let rest = chains.map(|chain| chain.get(n..).unwrap_or_default().to_vec());
            (name.clone(), rest.collect())
        });
        Self::new(self.sampler.clone(), rest.collect(), self.seconds)
    }

    /// The chains of `name`; none where there is no such quantity.
    pub fn chains(&self, name: &str) -> &[Vec<f64>] {
        let found = self.draws.iter().find(|(known, _)| known == name);
        found.map_or(&[], |(_, chains)| chains)
    }

    /// Each posterior mean beside the exact one.
    pub fn checks(&self, exact: &Exact) -> BTreeMap<String, Checked> {
        let checked = self.summaries.iter().filter_map(|summary| {
            let truth = exact.moments_of(&summary.name)?;
            let checked = Checked {
                estimate: summary.mean,
                mcse: summary.mcse_mean,
                truth: truth.mean,
            };
            Some((summary.name.clone(), checked))
        });
        checked.collect()
    }

    /// Each posterior standard deviation beside the exact one.
    pub fn sd_checks(&self, exact: &Exact) -> BTreeMap<String, Checked> {
        let checked = self.summaries.iter().filter_map(|summary| {
            let truth = exact.moments_of(&summary.name)?;
            let checked = Checked {
                estimate: summary.sd,
                mcse: summary.mcse_sd,
                truth: truth.sd,
            };
            Some((summary.name.clone(), checked))
        });
        checked.collect()
    }

    /// The least effective sample size of a quantity.
    pub fn least_ess(&self) -> f64 {
        let of_each = self.summaries.iter().map(|found| found.ess_bulk);
        of_each.fold(f64::INFINITY, f64::min)
    }

    /// The greatest `r_hat` of a quantity.
    pub fn greatest_r_hat(&self) -> f64 {
        let of_each = self.summaries.iter().map(|found| found.r_hat);
        of_each.fold(0.0, f64::max)
    }

    /// A table of every quantity: its mean and standard deviation, their exact values and how sure they are.
    pub fn tell(&self, exact: &Exact, report: &mut Report) {
        let rows: Vec<Vec<String>> = self
            .summaries
            .iter()
            .map(|summary| {
                let truth = exact.moments_of(&summary.name);
                let known = |value: Option<f64>| {
                    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
                };
                vec![
                    summary.name.clone(),
                    format!("{:.3}", summary.mean),
                    known(truth.map(|truth| truth.mean)),
                    format!("{:.4}", summary.mcse_mean),
                    format!("{:.3}", summary.sd),
                    known(truth.map(|truth| truth.sd)),
                    format!("{:.0}", summary.ess_bulk),
                    format!("{:.3}", summary.r_hat),
                ]
            })
            .collect();
        let header = [
            "", "mean", "exact", "mcse", "sd", "exact", "ess_bulk", "r_hat",
        ];
        report.table(&header, &rows);
    }
}

/// The mean of each observation in every draw: what lies below and above all but `outside` of them at either end.
pub fn mean_band(sampled: &Sampled, model: &SwitchModel, outside: f64) -> (Vec<f64>, Vec<f64>) {
    let regimes = model.regimes().of_stretch();
    let mut means: Vec<Vec<f64>> = Vec::new();
    for regime in 0..model.n_regimes() {
        means.push(sampled.chains(&format!("mu{}", regime + 1)).concat());
    }
    let switches: Vec<Vec<f64>> = model
        .switch_names("s")
        .iter()
        .map(|name| sampled.chains(name).concat())
        .collect();
    let n_draws = means.first().map_or(0, Vec::len);
    let at = |t: usize| {
        let mut values: Vec<f64> = (0..n_draws)
            .map(|draw| {
                let stretch = switches.iter().filter(|s| s[draw] <= t as f64).count();
                means[regimes[stretch]][draw]
            })
            .collect();
        values.sort_by(f64::total_cmp);
        let last = n_draws.saturating_sub(1) as f64;
        let quantile = |p: f64| values.get((p * last).round() as usize).copied();
        (
            quantile(outside).unwrap_or(f64::NAN),
            quantile(1.0 - outside).unwrap_or(f64::NAN),
        )
    };
    (0..model.n()).map(at).unzip()
}

/// The steps at which a run was looked at, and its curve under each tag.
pub type CurvesOfRun = (Vec<f64>, BTreeMap<String, Vec<f64>>);

/// The curves of climbs, and their event files.
pub struct Curves {
    /// The event files.
    pub tensorboard: TensorBoardSink,
    /// The curves of each method.
    pub of_method: BTreeMap<String, CurvesOfRun>,
}

impl Sink for Curves {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        if let Event::Point {
            method,
            step,
            scalars,
        } = event
        {
            let (steps, curves) = self.of_method.entry((*method).to_owned()).or_default();
            steps.push(*step as f64);
            for (tag, value) in *scalars {
                curves.entry((*tag).to_owned()).or_default().push(*value);
            }
        }
        self.tensorboard.record(event)
    }
}

/// Draws and curves on the disk, and draws in memory.
struct Files {
    draws: DrawsFile,
    tensorboard: TensorBoardSink,
    /// Of each chain, row-major `draws x quantities`.
    rows: Vec<Vec<f64>>,
}

impl Sink for Files {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        if let Event::Draws { rows, .. } = event {
            self.rows[rows.chain].extend(rows.values);
        }
        self.draws.record(event)?;
        self.tensorboard.record(event)
    }
}

/// Listens to nothing.
pub struct Nobody;

impl Sink for Nobody {
    fn record(&mut self, _: &Event<'_>) -> SinkResult {
        Ok(Flow::Continue)
    }
}
