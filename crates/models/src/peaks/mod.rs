//! The hard likelihood of every placing of the switches with everything else at its best: its greatest values, from
//! which the smooth forms of a model are climbed.
//!
//! - [`placed`]: the best fit of one placing, and which placings have one.
//! - [`score`]: the same in constant time, as a sum over neighbouring switches.
//! - [`places`]: the places that are tried; [`tables`]: the best placing with one switch held at each of them.
//! - [`climb`]: one switch after the other to its best place, where not all were tried.

mod climb;
mod placed;
mod places;
mod score;
mod tables;

use std::collections::BTreeSet;

use rayon::prelude::*;

pub use placed::{Placed, is_degenerate};
use tables::highest_maxima;
pub(crate) use tables::local_maxima;

use crate::{Likelihood, ModelError, SwitchModel};
use climb::Climb;
use places::{MAX_LINKS, Places};
use score::Score;
use tables::Tables;

/// Places of one switch that a thread looks at.
const PLACES_A_THREAD: usize = 4096;
/// Peaks that are kept.
const MAX_PEAKS: usize = 512;

/// The local maxima of the hard likelihood over all placings of the switches, and its profile for every switch.
///
/// For one switch between normal regimes the same as [`crate::Profile`]. One switch takes time proportional to the
/// number of rows, several take the number of neighbouring pairs of switches times the square of it, up to about 6,000
/// rows for two switches. Of longer series with more changes of value than that, only some places are tried, evenly
/// chosen; from the peaks among these every switch then climbs over all rows, as long as it gets better.
#[derive(Debug, Clone, PartialEq)]
pub struct HardPeaks {
    /// Never empty.
    peaks: Vec<Placed>,
    profiles: Vec<Vec<f64>>,
    is_exhaustive: bool,
}

impl HardPeaks {
    /// The peaks of `model`.
    ///
    /// # Errors
    /// When no placing, or none of those tried, is admissible: see [`Placed::of`].
    pub fn of(model: &SwitchModel) -> Result<Self, ModelError> {
        match model.n_switches() {
            1 => Self::of_one_switch(model),
            _ => Self::within(model, MAX_LINKS),
        }
    }

    /// [`Self::of`] for one switch, in 8 bytes a row: the tables would take ten times that.
    fn of_one_switch(model: &SwitchModel) -> Result<Self, ModelError> {
        let score = Score::of(model);
        // A place that missing rows make equal to another has the same sums, and so the same score to the bit.
        let mut profile: Vec<f64> = (0..model.n())
            .into_par_iter()
            .with_min_len(PLACES_A_THREAD)
            .map(|s| score.of_one(s))
            .collect();
        let peaks = highest_maxima(&profile, MAX_PEAKS);
        let peaks = fits(model, peaks.into_iter().map(|s| vec![s]));
        if peaks.is_empty() {
            return Err(none_admissible(model));
        }
        profile
            .par_iter_mut()
            .with_min_len(PLACES_A_THREAD)
            .for_each(|value| *value = score.log_likelihood(*value));
        Ok(Self {
            peaks,
            profiles: vec![profile],
            is_exhaustive: true,
        })
    }

    /// [`Self::of`], with at most `max_links` pairs of places tried.
    fn within(model: &SwitchModel, max_links: usize) -> Result<Self, ModelError> {
        let score = Score::of(model);
        let places = Places::of(model, max_links);
        let tried = places.tried();
        let tables = Tables::of(&score, &tried, model.n_switches());
        let mut peaks = tables.peaks(MAX_PEAKS);
        if places.stride > 1 {
            let climb = Climb {
                score: &score,
                places: &places.dense,
            };
            peaks = climbed(&climb, peaks, places.stride);
        }
        let peaks = fitted(model, &places.dense, &peaks);
        let Some(best) = peaks.first() else {
            return Err(none_admissible(model));
        };
        let profiles = (0..model.n_switches())
            .map(|k| {
                let scores = score_of_all(&score, &places.all, &tables, best, k);
                let values = scores.into_iter().map(|s| score.log_likelihood(s));
                of_rows(model.n(), &places.all, values)
            })
            .collect();
        Ok(Self {
            profiles,
            is_exhaustive: places.stride == 1,
            peaks,
        })
    }

    /// The placing of greatest log-likelihood; of several the one whose switches come first.
    pub fn best(&self) -> &Placed {
        &self.peaks[0]
    }

    /// Placings that no move of one switch to a neighbouring place improves, the highest first and [`Self::best`] at
    /// the head, 512 at most: every switch in turn at every local maximum of its [`Self::profile`], with the others
    /// where they are best. Of places that missing rows make equal it is the least.
    ///
    /// Where nothing switches, the highest peaks of normal regimes with sigmas of their own have a regime of two or three
    /// observations that happen to be close: the likelihood has such maxima, and they are here with the others.
    pub fn peaks(&self) -> &[Placed] {
        &self.peaks
    }

    /// Whether [`Self::best`] is the best of all placings. Otherwise the series was too long to try them all.
    pub fn is_exhaustive(&self) -> bool {
        self.is_exhaustive
    }

    /// The greatest log-likelihood with switch `k` (from 0) at each row and the other switches wherever they are best
    /// (a max-marginal); `-inf` where no placing is admissible.
    ///
    /// For several switches in a long series it is a lower bound at the places that were not tried, with the other
    /// switches where [`Self::best`] has them.
    ///
    /// # Panics
    /// When there is no switch `k`.
    pub fn profile(&self, k: usize) -> &[f64] {
        &self.profiles[k]
    }
}

fn none_admissible(model: &SwitchModel) -> ModelError {
    ModelError::NoAdmissiblePlacing {
        series: model.series_name().to_owned(),
        switches: model.n_switches(),
        needs: needs(model.likelihood()),
    }
}

/// What the fit of a regime asks for.
fn needs(likelihood: Likelihood) -> &'static str {
    match likelihood {
        Likelihood::Normal => "two distinct values",
        Likelihood::NormalSharedSd => "an observation",
        Likelihood::Poisson => "a count above 0",
    }
}

/// `peaks` of one place in `stride`, as placings of all places that no place within a stride of one of their switches
/// improves; the highest of them first, after a climb from there as far as it gets.
fn climbed(climb: &Climb, peaks: Vec<Vec<usize>>, stride: usize) -> Vec<Vec<usize>> {
    let near: BTreeSet<Vec<usize>> = peaks
        .into_par_iter()
        .map(|peak| {
            climb.up(
                peak.into_iter().map(|index| index * stride).collect(),
                stride,
            )
        })
        .collect();
    let highest = near
        .iter()
        .max_by(|a, b| climb.of_placing(a).total_cmp(&climb.of_placing(b)));
    let best = highest.map(|highest| climb.up(highest.clone(), usize::MAX));
    let others = near
        .iter()
        .filter(|placing| Some(*placing) != best.as_ref());
    best.iter().chain(others).cloned().collect()
}

/// The fits of `placings`, which are indices of `places`, the highest first.
fn fitted(model: &SwitchModel, places: &[usize], placings: &[Vec<usize>]) -> Vec<Placed> {
    let switches = |placing: &Vec<usize>| placing.iter().map(|&index| places[index]).collect();
    fits(model, placings.iter().map(switches))
}

/// The fits of `placings`, the highest first.
fn fits(model: &SwitchModel, placings: impl Iterator<Item = Vec<usize>>) -> Vec<Placed> {
    let mut fits: Vec<Placed> = placings
        .filter_map(|switches| Placed::of(model, &switches))
        .collect();
    fits.sort_by(|a, b| {
        let by_value = b.log_likelihood.total_cmp(&a.log_likelihood);
        by_value.then_with(|| a.switches.cmp(&b.switches))
    });
    fits
}

/// The greatest score that is known with switch `k` at each of `all` places: that of `tables`, or with the other
/// switches as `best` has them.
fn score_of_all(
    score: &Score,
    all: &[usize],
    tables: &Tables,
    best: &Placed,
    k: usize,
) -> Vec<f64> {
    let index_of = |place: usize| all.partition_point(|&s| s < place);
    let of_tried = tables.of_switch(k);
    if of_tried.len() == all.len() {
        return of_tried;
    }
    let mut scores = vec![f64::NEG_INFINITY; all.len()];
    let climb = Climb { score, places: all };
    let placing: Vec<usize> = best.switches.iter().map(|&s| index_of(s)).collect();
    let (free, of_free) = climb.given_the_others(&placing, k);
    scores[free].copy_from_slice(&of_free);
    for (&place, tried) in tables.places().iter().zip(of_tried) {
        let known = &mut scores[index_of(place)];
        *known = known.max(tried);
    }
    scores
}

/// The `values` of `places` for each of `n` rows: those from one place up to the next are all the same place.
fn of_rows(n: usize, places: &[usize], values: impl Iterator<Item = f64>) -> Vec<f64> {
    let ends = places.iter().skip(1).copied().chain([n]);
    let mut rows = Vec::with_capacity(n);
    for (end, value) in ends.zip(values) {
        rows.resize(end, value);
    }
    rows
}

#[cfg(test)]
mod tests;
