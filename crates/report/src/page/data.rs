//! The series with what was fitted to it, and where its switches are.

use maud::html;
use switchback_record::{Exhibits, Row, ShownSwitch};

use super::Section;
use super::picture::Gallery;
use super::record::RunRecord;
use crate::text::number;
use crate::{Figure, Fit, FittedBand, FittedSteps, ReportError, fit};

/// Standard deviations to either side that hold 94 % of a normal distribution.
const MOST: f64 = 1.881;
/// Methods whose fit is drawn: the exact one and this many others, or they hide each other.
const MOST_FITS: usize = 3;

pub(super) fn section(
    runs: &[RunRecord],
    gallery: &Gallery,
) -> Result<Option<Section>, ReportError> {
    let shown = runs
        .iter()
        .filter_map(|run| Some((run, run.exhibits.as_ref()?)));
    let shown: Vec<(&RunRecord, &Exhibits)> = shown.collect();
    if shown.is_empty() {
        return Ok(None);
    }
    let mut figures = Vec::new();
    for (run, exhibits) in shown {
        let figure = figure(run, exhibits);
        let series = &exhibits.series;
        let thinned = if series.rows.len() < series.n {
            format!(
                " Of {} rows the least and the greatest of every stretch are drawn, {} in all.",
                series.n,
                series.rows.len()
            )
        } else {
            String::new()
        };
        let caption = format!(
            "{}, the means that methods fitted to it, and the posterior probability that a new regime begins at each row.{thinned}",
            run.called(&series.name)
        );
        figures.push(gallery.picture(&figure, &caption)?);
    }
    Ok(Some(Section {
        anchor: "data",
        heading: "The data, and where they switch",
        content: html! { @for figure in &figures { (figure) } },
    }))
}

pub(super) fn figure(run: &RunRecord, exhibits: &Exhibits) -> Figure {
    let series = &exhibits.series;
    let times: Vec<f64> = series.rows.iter().map(|row| *row as f64).collect();
    let fits: Vec<Shown> = chosen(&run.comparison.rows)
        .into_iter()
        .filter_map(|row| {
            let fitted = Fitted::of(row, exhibits)?;
            let means = fitted.at_rows(&series.rows, 0.0);
            let is_exact = row.method == "exact";
            let band = is_exact.then(|| [-MOST, MOST].map(|by| fitted.at_rows(&series.rows, by)));
            Some((row.method.clone(), means, band))
        })
        .collect();
    let steps: Vec<FittedSteps<'_>> = fits
        .iter()
        .map(|(name, means, _)| FittedSteps { name, means })
        .collect();
    let bands: Vec<FittedBand<'_>> = fits
        .iter()
        .filter_map(|(_, _, band)| {
            let [lower, upper] = band.as_ref()?;
            Some(FittedBand {
                name: "94 % interval of the mean",
                lower,
                upper,
            })
        })
        .collect();
    let posterior = posterior(exhibits);
    let time = series.time.as_deref().unwrap_or("row, counted from 0");
    fit(&Fit {
        title: &series.name,
        times: &times,
        labels: &series.labels,
        values: &series.values,
        time_label: time,
        value_label: &series.name,
        steps: &steps,
        bands: &bands,
        switches: &[],
        posterior: &posterior,
    })
}

/// Name, means at the rows that are shown, and the ends of their interval.
type Shown = (String, Vec<f64>, Option<[Vec<f64>; 2]>);

/// The exact answer and the likeliest others.
fn chosen(rows: &[Row]) -> Vec<&Row> {
    let mut chosen: Vec<&Row> = rows.iter().filter(|row| row.method == "exact").collect();
    let mut others: Vec<&Row> = rows.iter().filter(|row| row.method != "exact").collect();
    let height = |row: &Row| row.log_likelihood.unwrap_or(f64::NEG_INFINITY);
    others.sort_by(|a, b| height(b).total_cmp(&height(a)));
    chosen.extend(others.into_iter().take(MOST_FITS));
    chosen
}

/// The probability that a new regime begins, at each row that is shown; what falls between goes to the row before.
fn posterior(exhibits: &Exhibits) -> Vec<f64> {
    let rows = &exhibits.series.rows;
    let has_any = exhibits
        .switches
        .iter()
        .any(|of| !of.probabilities.is_empty());
    if !has_any || rows.is_empty() {
        return Vec::new();
    }
    let mut posterior = vec![0.0; rows.len()];
    for ShownSwitch {
        places,
        probabilities,
        ..
    } in &exhibits.switches
    {
        for (place, probability) in places.iter().zip(probabilities) {
            let at = rows.partition_point(|row| row < place).min(rows.len() - 1);
            posterior[at] += probability;
        }
    }
    posterior
}

/// The mean that a row of the comparison gives each stretch, and where the stretches begin.
struct Fitted {
    /// Mean and standard error of each stretch.
    means: Vec<(f64, f64)>,
    begins: Vec<f64>,
}

impl Fitted {
    fn of(row: &Row, exhibits: &Exhibits) -> Option<Self> {
        let n_switches = exhibits.regimes.len().checked_sub(1)?;
        let begins = (0..n_switches).map(|k| {
            let number = if n_switches == 1 {
                String::new()
            } else {
                (k + 1).to_string()
            };
            let s = row.estimate.get(&format!("s{number}"));
            let tau = row.estimate.get(&format!("tau{number}"));
            // A relaxed switch at tau owns the row after s = tau - 0.5.
            s.or_else(|| tau.map(|tau| tau - 0.5)).map(f64::round)
        });
        let begins: Vec<f64> = begins.collect::<Option<_>>()?;
        let means = exhibits.regimes.iter().map(|regime| {
            let names = ["mu", "rate"].map(|name| format!("{name}{}", regime + 1));
            let found = names
                .iter()
                .find_map(|name| Some((name, row.estimate.get(name)?)));
            found.map(|(name, mean)| (mean, row.sd.get(name).unwrap_or(0.0)))
        });
        Some(Self {
            means: means.collect::<Option<_>>()?,
            begins,
        })
    }

    /// The mean at each of `rows`, moved by so many standard errors.
    fn at_rows(&self, rows: &[usize], by: f64) -> Vec<f64> {
        let at = |row: &usize| {
            let stretch = self
                .begins
                .iter()
                .filter(|begin| **begin <= *row as f64)
                .count();
            self.means
                .get(stretch)
                .map_or(f64::NAN, |(mean, sd)| mean + by * sd)
        };
        rows.iter().map(at).collect()
    }
}

/// A number as it stands in a table of the page.
pub(super) fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), number)
}
