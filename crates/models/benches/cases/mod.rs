//! Models of series of any length, and positions near their optimum.

#![allow(dead_code, clippy::unwrap_used)]

use switchback_core::{LogDensity, Series};
use switchback_models::{
    Estimate, Law, Likelihood, Objective, Parameterization, RegimePriors, SwitchModel, SwitchPrior,
    SwitchSettings, simulate,
};

pub const ONE_SWITCH: &str = "0,1";
pub const LENGTHS: [usize; 5] = [90, 1_000, 10_000, 100_000, 1_000_000];
pub const JACOBIAN: Estimate = Estimate::Posterior {
    with_jacobian: true,
};

/// A model of a series of some length.
pub struct Case {
    pub likelihood: Likelihood,
    pub regimes: &'static str,
    pub estimate: Estimate,
    pub n: usize,
}

impl Case {
    pub fn new(
        likelihood: Likelihood,
        regimes: &'static str,
        estimate: Estimate,
        n: usize,
    ) -> Self {
        Self {
            likelihood,
            regimes,
            estimate,
            n,
        }
    }

    /// The talk's model: its series of 90, or a longer one.
    pub fn talks(n: usize) -> Self {
        Self::new(Likelihood::Normal, ONE_SWITCH, Estimate::Likelihood, n)
    }

    pub fn objective(&self) -> Objective {
        let series = self.series();
        let settings = SwitchSettings {
            likelihood: self.likelihood,
            regimes: self.regimes.parse().unwrap(),
            priors: RegimePriors::scaled_to(self.likelihood, &series).unwrap(),
            switch_prior: SwitchPrior::Sequential,
        };
        let model = SwitchModel::new(&series, settings).unwrap();
        let parameterization = match self.estimate {
            Estimate::Likelihood => Parameterization::Raw,
            Estimate::Posterior { .. } => Parameterization::Log,
        };
        Objective::sigmoid(model, self.estimate, parameterization).unwrap()
    }

    /// The talk's series, or a series whose level goes from 2 to 9 and back, with switches at equal distances.
    pub fn series(&self) -> Series {
        if self.n == 90 && self.regimes == ONE_SWITCH && self.likelihood != Likelihood::Poisson {
            return deck();
        }
        let n_switches = self.regimes.split(',').count() - 1;
        let at = (1..=n_switches).map(|k| k * self.n / (n_switches + 1));
        let means = (0..=n_switches).map(|stretch| if stretch % 2 == 0 { 2.0 } else { 9.0 });
        let law = Law::new(
            self.n,
            at.collect(),
            means.collect(),
            vec![1.5; n_switches + 1],
        );
        let values = simulate(&law.unwrap(), 1).into_iter();
        let values: Vec<_> = match self.likelihood {
            Likelihood::Poisson => values.map(|x| Some(x.round().abs())).collect(),
            _ => values.map(Some).collect(),
        };
        Series::new("y", &values).unwrap()
    }

    /// Near the law of the series, its `tau` three rows from the switches.
    pub fn near(&self, objective: &Objective) -> Vec<f64> {
        let n_switches = objective.model().n_switches();
        let mut k = 0;
        let parameters = objective.space().parameters();
        let values: Vec<f64> = parameters
            .iter()
            .map(|parameter| match parameter.name.as_str() {
                name if name.starts_with("tau") => {
                    k += 1;
                    (k * self.n / (n_switches + 1)) as f64 + 3.3
                }
                name if name.starts_with("sigma") => 1.7,
                name if name.ends_with(['1', '3', '5']) => 2.2,
                _ => 8.7,
            })
            .collect();
        objective.space().unconstrain(&values).unwrap()
    }
}

/// The talk's series.
fn deck() -> Series {
    let rows = include_str!("../../../../data/deck.csv").lines().skip(1);
    let values: Vec<_> = rows
        .map(|row| row.split(',').nth(1).and_then(|value| value.parse().ok()))
        .collect();
    Series::new("deck", &values).unwrap()
}
