//! How the starts of a climb are spread: quantiles over them, whatever their number.

use std::sync::Arc;

use switchback_diagnostics::{MIN_DRAWS, quantiles};

use super::Standing;

/// Probabilities of the quantiles, and how their tags end.
const QUANTILES: [(f64, &str); 5] = [
    (0.05, "q05"),
    (0.25, "q25"),
    (0.5, "median"),
    (0.75, "q75"),
    (0.95, "q95"),
];

/// Tags of the quantiles, made once: those of each parameter, then those of the objective.
pub(super) struct Spread(Vec<[Arc<str>; QUANTILES.len()]>);

impl Spread {
    /// For starts of the parameters `names`; none for starts too few to have quantiles.
    pub(super) fn of(names: &[Arc<str>], n_starts: usize) -> Option<Self> {
        let names = names.iter().map(|name| &**name).chain(["objective"]);
        let tags = |name: &str| QUANTILES.map(|(_, end)| format!("starts/{name}/{end}").into());
        (n_starts >= MIN_DRAWS).then(|| Self(names.map(tags).collect()))
    }

    /// Adds the quantiles over those of `standing` that are finite.
    pub(super) fn extend(&self, standing: &[Standing], scalars: &mut Vec<(Arc<str>, f64)>) {
        let finite: Vec<&Standing> = standing
            .iter()
            .filter(|at| at.objective.is_finite())
            .collect();
        let probabilities = QUANTILES.map(|(probability, _)| probability);
        for (index, tags) in self.0.iter().enumerate() {
            let of = |at: &&Standing| at.values.get(index).copied().unwrap_or(at.objective);
            let values: Vec<f64> = finite.iter().map(of).collect();
            // Fewer than have quantiles leave a gap in the curves.
            if let Ok(quantiles) = quantiles(&[&values], &probabilities) {
                scalars.extend(tags.iter().cloned().zip(quantiles));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantiles_are_of_the_finite_starts() {
        let names: Vec<Arc<str>> = vec!["tau".into()];
        assert!(Spread::of(&names, MIN_DRAWS - 1).is_none());
        let spread = Spread::of(&names, 6).expect("there are enough");
        let standing: Vec<Standing> = [0.0, 1.0, 2.0, 3.0, 4.0, f64::NAN]
            .map(|at| Standing {
                values: vec![10.0 * at],
                objective: at,
                grad_norm: 0.0,
            })
            .into();
        let mut scalars = Vec::new();
        spread.extend(&standing, &mut scalars);
        let value = |tag: &str| {
            scalars
                .iter()
                .find(|(name, _)| &**name == tag)
                .map(|(_, v)| *v)
        };
        assert_eq!(value("starts/tau/median"), Some(20.0));
        assert_eq!(value("starts/tau/q75"), Some(30.0));
        assert_eq!(value("starts/objective/q25"), Some(1.0));
        assert_eq!(scalars.len(), 10);
        let mut scalars = Vec::new();
        spread.extend(&standing[4..], &mut scalars);
        assert!(scalars.is_empty());
    }
}
