//! Under which tags a sampler's values are logged, so that all methods' curves overlay.

use std::sync::Arc;

use switchback_core::{DrawSchema, Quantity, switch_number, tau_of};

/// Quantiles over the draws of all chains, and how their tags end.
pub(super) const QUANTILES: [(f64, &str); 3] = [(0.05, "q05"), (0.5, "median"), (0.95, "q95")];

/// Tags of the logged values, made once.
pub(super) struct Tags {
    pub(super) quantities: Vec<QuantityTags>,
    pub(super) accept_rate: Arc<str>,
    /// For samplers that can diverge.
    pub(super) divergences: Option<Arc<str>>,
}

/// Tags of one quantity.
pub(super) struct QuantityTags {
    pub(super) value: Arc<str>,
    pub(super) r_hat: Arc<str>,
    pub(super) ess: Arc<str>,
    /// In the order of [`QUANTILES`].
    pub(super) quantiles: [Arc<str>; QUANTILES.len()],
    is_switch: bool,
}

impl Tags {
    pub(super) fn of(schema: &DrawSchema) -> Self {
        let can_diverge = schema.stats.contains(&"diverging");
        Self {
            quantities: schema.quantities.iter().map(QuantityTags::of).collect(),
            accept_rate: "mcmc/accept_rate".into(),
            divergences: can_diverge.then(|| "mcmc/divergences".into()),
        }
    }
}

impl QuantityTags {
    fn of(quantity: &Quantity) -> Self {
        let number = switch_number(&quantity.name, "s").filter(|_| quantity.is_whole);
        let name = match number {
            Some(number) => format!("tau{number}"),
            None => quantity.name.clone(),
        };
        Self {
            value: name.as_str().into(),
            r_hat: format!("mcmc/r_hat/{name}").into(),
            ess: format!("mcmc/ess/{name}").into(),
            quantiles: QUANTILES.map(|(_, end)| format!("chains/{name}/{end}").into()),
            is_switch: number.is_some(),
        }
    }

    /// A switchpoint is logged as the `tau` that stands for it.
    pub(super) fn logged(&self, value: f64) -> f64 {
        if self.is_switch {
            // A quantile may lie between two of them.
            tau_of(value as usize) + value.fract()
        } else {
            value
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_logged_as_taus() {
        let tags = |name: &str, is_whole| {
            QuantityTags::of(&Quantity {
                name: name.to_owned(),
                is_whole,
            })
        };
        assert_eq!(&*tags("s", true).value, "tau");
        assert_eq!(&*tags("s2", true).r_hat, "mcmc/r_hat/tau2");
        assert_eq!(&*tags("s2", true).quantiles[1], "chains/tau2/median");
        assert_eq!(tags("s2", true).logged(7.0), 7.5);
        assert_eq!(&*tags("sigma", false).value, "sigma");
        assert_eq!(tags("s2", true).logged(7.25), 7.75);
        assert_eq!(tags("sigma", false).logged(7.0), 7.0);
    }
}
