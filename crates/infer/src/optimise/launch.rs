//! Where the starts of a climb are.

use rand::RngExt;
use switchback_core::{ChainRng, LogDensity, SpaceError, tau_of};
use switchback_models::{HardPeaks, Objective, Placed, SwitchModel};

use crate::InferError;

/// Placings that are tried for a start before it takes one of the referee's kind of fit anywhere.
const TRIES: usize = 200;

/// Where starts come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Launch {
    /// The same values for all, on the natural scale: the regimes' parameters, then the `tau`.
    Given(Vec<f64>),
    /// Switches spread over the whole series, each start with the regimes that fit best there.
    Spread,
    /// Draws of the prior.
    Prior,
    /// The highest peaks of the exact hard profile, one after the other.
    Referee,
}

impl Launch {
    /// `n_starts` unconstrained positions of `objective` (row-major `starts x dim`), with the values that `fixed` names in
    /// place of theirs.
    ///
    /// # Errors
    /// When the model has no parameter of a name, a value lies outside its support, or no placing of the switches can be
    /// fitted.
    pub fn positions(
        &self,
        objective: &Objective,
        n_starts: usize,
        fixed: &[(String, f64)],
        rng: &mut ChainRng,
    ) -> Result<Vec<f64>, InferError> {
        let space = objective.space();
        let fixed = indices(objective, fixed)?;
        let peaks = match self {
            Self::Referee => Some(HardPeaks::of(objective.model())?),
            _ => None,
        };
        let mut positions = Vec::with_capacity(n_starts * space.dim());
        for start in 0..n_starts {
            let mut values = match self {
                Self::Given(values) => values.clone(),
                Self::Spread => spread(objective.model(), start, n_starts, rng)?,
                Self::Prior => drawn(objective.model(), rng),
                Self::Referee => {
                    let peaks = peaks.as_ref().map_or(&[][..], HardPeaks::peaks);
                    peaks
                        .get(start % peaks.len().max(1))
                        .map_or_else(Vec::new, with_taus)
                }
            };
            values.truncate(space.dim());
            for (index, value) in &fixed {
                values[*index] = *value;
            }
            let position = space.unconstrain(&values)?;
            positions.extend(position);
        }
        Ok(positions)
    }
}

/// The indices of the parameters that `fixed` names.
fn indices(
    objective: &Objective,
    fixed: &[(String, f64)],
) -> Result<Vec<(usize, f64)>, InferError> {
    let space = objective.space();
    let names = || space.parameters().iter().map(|p| p.name.as_str());
    fixed
        .iter()
        .map(|(name, value)| {
            let index = names().position(|known| known == name);
            let index = index.ok_or_else(|| InferError::StartName {
                name: name.clone(),
                known: names().collect::<Vec<_>>().join(", "),
            })?;
            let parameter = &space.parameters()[index];
            // A raw sigma may be negative, but no user means that.
            if name.starts_with("sigma") && *value <= 0.0 {
                return Err(InferError::Start(SpaceError::OutsideSupport {
                    name: name.clone(),
                    value: *value,
                    support: switchback_core::Support::Positive,
                }));
            }
            debug_assert!(parameter.name == *name);
            Ok((index, *value))
        })
        .collect()
}

fn with_taus(placed: &Placed) -> Vec<f64> {
    let taus = placed.switches.iter().map(|s| tau_of(*s));
    placed.parameters.iter().copied().chain(taus).collect()
}

/// The values of start number `start` of `n_starts`: one switch in the `start`-th of so many equal parts of the series,
/// several at random.
fn spread(
    model: &SwitchModel,
    start: usize,
    n_starts: usize,
    rng: &mut ChainRng,
) -> Result<Vec<f64>, InferError> {
    let (n, n_switches) = (model.n() as f64, model.n_switches());
    for attempt in 0..TRIES {
        let mut switches: Vec<usize> = if n_switches == 1 && attempt < TRIES / 2 {
            let part = (start as f64 + rng.random::<f64>()) / n_starts as f64;
            vec![(part * n) as usize]
        } else {
            (0..n_switches)
                .map(|_| (rng.random::<f64>() * n) as usize)
                .collect()
        };
        switches.sort_unstable();
        if let Some(placed) = Placed::of(model, &switches) {
            return Ok(with_taus(&placed));
        }
    }
    // Hardly a placing can be fitted: then the best of those that can.
    Ok(with_taus(HardPeaks::of(model)?.best()))
}

/// A draw of the prior, its switches in the order and as far apart as a start needs.
fn drawn(model: &SwitchModel, rng: &mut ChainRng) -> Vec<f64> {
    let mut values = model.settings().draw_prior(model.n(), rng);
    for tau in &mut values[model.n_parameters()..] {
        // Anywhere within its observation, so that equal switches do not coincide.
        *tau += rng.random::<f64>().clamp(0.01, 0.99);
    }
    values[model.n_parameters()..].sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, objective, two_levels};
    use switchback_core::stream;

    fn taus(launch: &Launch, n_starts: usize, fixed: &[(String, f64)]) -> Vec<f64> {
        let objective = objective(&model(&two_levels()));
        let positions = launch
            .positions(&objective, n_starts, fixed, &mut stream(1, 0))
            .expect("there are starts");
        positions.chunks(5).map(|row| row[4]).collect()
    }

    #[test]
    fn spread_starts_are_all_over_the_series_and_seeded() {
        let found = taus(&Launch::Spread, 8, &[]);
        assert!(
            found.is_sorted() && found[0] < 12.0 && found[7] > 68.0,
            "{found:?}"
        );
        assert_eq!(found, taus(&Launch::Spread, 8, &[]));
    }

    #[test]
    fn the_referees_starts_are_its_peaks() {
        let found = taus(&Launch::Referee, 3, &[]);
        let peaks = HardPeaks::of(&model(&two_levels())).expect("it can switch");
        let peaks = peaks.peaks().iter().map(|peak| tau_of(peak.switches[0]));
        assert_eq!(found, peaks.take(3).collect::<Vec<_>>());
    }

    #[test]
    fn a_fixed_value_is_every_starts() {
        let fixed = [("tau".to_owned(), 33.25)];
        for launch in [
            Launch::Given(vec![0.0, 0.0, 1.0, 1.0, 3.0]),
            Launch::Spread,
            Launch::Prior,
            Launch::Referee,
        ] {
            assert_eq!(taus(&launch, 2, &fixed), [33.25; 2]);
        }
        let objective = objective(&model(&two_levels()));
        for (name, value) in [("nu", 1.0), ("sigma1", -1.0)] {
            let fixed = [(name.to_owned(), value)];
            let positions = Launch::Spread.positions(&objective, 1, &fixed, &mut stream(1, 0));
            assert!(positions.is_err(), "{name}");
        }
    }
}
