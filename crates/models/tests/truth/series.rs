//! Series, models and positions that precision is measured at.

use switchback_core::Series;
use switchback_models::{
    Estimate, Likelihood, Objective, Parameterization, RegimePriors, SwitchModel, SwitchPrior,
    SwitchSettings,
};

use super::dense::dense;

/// A series with a switch at every border of equal parts, and what models it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub likelihood: Likelihood,
    pub regimes: &'static str,
    pub n: usize,
    /// How far from 0 the data lie, in their standard deviations.
    pub offset: f64,
    /// How far the levels lie from one another, in the same unit.
    pub step: f64,
}

/// The model of a case with its data.
pub struct Modelled {
    pub objective: Objective,
    pub x: Vec<f64>,
    levels: Vec<f64>,
    sd: f64,
}

/// Greatest errors of value and gradient.
#[derive(Debug, Clone, Copy, Default)]
pub struct Worst {
    pub value: f64,
    pub gradient: f64,
}

impl Worst {
    pub fn is_within(self, bound: f64) -> bool {
        self.value < bound && self.gradient < bound
    }

    pub fn with(self, other: Self) -> Self {
        Self {
            value: self.value.max(other.value),
            gradient: self.gradient.max(other.gradient),
        }
    }
}

/// A number of standard deviation 1 and mean 0 by the index of a row.
fn noise(index: usize) -> f64 {
    let mut bits = (index as u64)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for shift in [30, 27, 31] {
        bits = (bits ^ (bits >> shift)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    ((bits >> 11) as f64 / (1_u64 << 53) as f64 - 0.5) * 12.0_f64.sqrt()
}

impl Case {
    pub fn modelled(&self) -> Modelled {
        let is_poisson = self.likelihood == Likelihood::Poisson;
        let regimes: switchback_models::Regimes = self.regimes.parse().expect("it is offered");
        // Poisson counts of mean m have a standard deviation of sqrt m.
        let sd = if is_poisson {
            self.offset.max(2.0)
        } else {
            1.5
        };
        let middle = self.offset.max(if is_poisson { 2.0 } else { 0.0 }) * sd;
        let level = |r: usize| middle + [0.0, 1.0, 0.35, 1.4, -0.2, 0.8][r % 6] * self.step * sd;
        let n_stretches = regimes.of_stretch().len();
        let x: Vec<f64> = (0..self.n)
            .map(|row| {
                let stretch = row * n_stretches / self.n;
                let x = level(regimes.of_stretch()[stretch]) + sd * noise(row);
                match row % 11 {
                    3 => f64::NAN,
                    _ if is_poisson => x.round().max(0.0),
                    _ => x,
                }
            })
            .collect();
        let optional: Vec<Option<f64>> = x.iter().map(|x| (!x.is_nan()).then_some(*x)).collect();
        let series = Series::new("y", &optional).expect("it is a series");
        let settings = SwitchSettings {
            likelihood: self.likelihood,
            priors: RegimePriors::scaled_to(self.likelihood, &series).expect("it varies"),
            switch_prior: SwitchPrior::Uniform,
            regimes: regimes.clone(),
        };
        let model = SwitchModel::new(&series, settings).expect("it can be modelled");
        let objective = Objective::sigmoid(model, Estimate::Likelihood, Parameterization::Raw);
        Modelled {
            objective: objective.expect("a likelihood has raw sigmas"),
            x,
            levels: (0..regimes.n_regimes()).map(level).collect(),
            sd,
        }
    }

    /// Places of the switches: apart, close, all but the same, next to and beyond the ends.
    pub fn places(&self) -> Vec<Vec<f64>> {
        let n = self.n as f64;
        let n_switches = self.regimes.split(',').count() - 1;
        let run =
            |first: f64, step: f64| (0..n_switches).map(|k| first + step * k as f64).collect();
        let part = n / (n_switches + 1) as f64;
        vec![
            run(part + 0.31, part),
            run(0.37 * n + 0.25, 1.7),
            run(0.61 * n - 0.1, 2.0_f64.powi(-9)),
            run((0.61 * n).floor() + 0.1, 2.0_f64.powi(-24)),
            run((0.61 * n / 8.0).floor() * 8.0 + 3.0, 2.0_f64.powi(-40)),
            run(0.4, 1.1),
            run(n - 3.3, 2.9),
            run(-40.0, n / 3.0),
            run(-1e9, 1.0),
            run(n + 30.0, 1e12),
        ]
    }
}

impl Modelled {
    /// Near the law of the series, and regimes unlike each other and the data.
    fn parameters(&self) -> [Vec<f64>; 2] {
        let n_levels = self.levels.len();
        let model = self.objective.model();
        let n_scales = model.n_parameters() - n_levels;
        let of = |shift: f64, scales: [f64; 3]| {
            let levels = self.levels.iter().enumerate();
            let levels = levels.map(|(r, level)| level + shift * self.sd * (1.0 - 0.4 * r as f64));
            let scales = (0..n_scales).map(|r| scales[r % 3] * self.sd);
            match model.likelihood() {
                Likelihood::Poisson => levels.map(|rate| rate.max(0.01)).collect(),
                _ => levels.chain(scales).collect(),
            }
        };
        [of(0.03, [1.02, 0.97, 1.1]), of(3.0, [0.04, 2.5, 0.6])]
    }

    /// Natural values: the series' own law with its switches at `taus`.
    pub fn values(&self, taus: &[f64]) -> Vec<f64> {
        let [parameters, _] = self.parameters();
        [&parameters, taus].concat()
    }

    /// Greatest errors at all of `places` and parameters.
    pub fn worst(&mut self, steepness: f64, places: &[Vec<f64>]) -> Worst {
        self.objective.steepen(steepness).expect("it is positive");
        let mut worst = Worst::default();
        for parameters in self.parameters() {
            for taus in places {
                let values = [&parameters[..], taus].concat();
                worst = worst.with(self.error_at(&values, &values));
            }
        }
        worst
    }

    /// Errors of what is found at `values`, if the truth is that at `true_values`.
    pub fn error_at(&self, values: &[f64], true_values: &[f64]) -> Worst {
        let (objective, mut gradient) = (&self.objective, vec![0.0; values.len()]);
        let value = objective.likelihood_gradient(values, &mut gradient);
        let steepness = objective.steepness().expect("it is a sigmoid");
        let truth = dense(&self.x, objective.model(), steepness, true_values);
        Worst {
            value: truth.error_of_value(value),
            gradient: truth.error_of_gradient(&gradient),
        }
    }
}
