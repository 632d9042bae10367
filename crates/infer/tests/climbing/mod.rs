//! One climb from its settings to the optima that it found.

use switchback_core::{Ascent, Event, Flow, Gradient, Ramp, Series, Sink, SinkResult, stream};
use switchback_infer::{
    Climb, ClimbSettings, Climbed, End, FusedClimb, Launch, LbfgsClimb, Method, Optimum, Reference,
    TALKS_START, drive, optima, steepness_stages,
};
use switchback_models::{
    Estimate, Law, Likelihood, Parameterization, Prior, RatePrior, RegimePriors, SwitchModel,
    SwitchPrior, SwitchPriors, SwitchSettings, simulate,
};

/// Nobody listens.
struct Quiet;

impl Sink for Quiet {
    fn record(&mut self, _event: &Event<'_>) -> SinkResult {
        Ok(Flow::Continue)
    }
}

/// The laws of the promise, each with the order of its regimes.
pub fn laws() -> Vec<(Law, &'static str)> {
    let law = |switches: &[usize], means: &[f64], sds: &[f64]| {
        Law::new(90, switches.to_vec(), means.to_vec(), sds.to_vec()).expect("it is a law")
    };
    vec![
        (Law::deck(), "0,1"),
        (law(&[9], &[-1.0, 5.0], &[1.0, 2.0]), "0,1"),
        (law(&[81], &[-1.0, 5.0], &[1.0, 2.0]), "0,1"),
        (law(&[45], &[0.0, 1.0], &[1.0, 1.0]), "0,1"),
        (
            law(&[30, 60], &[-1.0, 5.0, -1.0], &[1.0, 2.0, 1.0]),
            "0,1,0",
        ),
    ]
}

fn series(values: Vec<f64>) -> Series {
    let values: Vec<_> = values.into_iter().map(Some).collect();
    Series::new("y", &values).expect("a series")
}

pub fn series_of(law: &Law, seed: u64) -> Series {
    series(simulate(law, seed))
}

pub fn table(text: &str) -> Vec<Vec<f64>> {
    let number = |cell: &str| cell.parse().expect("the table holds numbers");
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(number).collect())
        .collect()
}

pub fn deck() -> Series {
    let rows = table(include_str!("../../../../data/deck.csv"));
    series(rows.iter().map(|row| row[1]).collect())
}

fn wiggle(i: usize) -> f64 {
    ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0
}

/// A low step at 25 and a high one at 60.
pub fn two_jumps() -> Series {
    let level = |i| match i {
        0..25 => 0.0,
        25..60 => 2.0,
        _ => 9.0,
    };
    series((0..90).map(|i| wiggle(i) + level(i)).collect())
}

/// Levels that all orders of regimes can make something of; whole positive numbers if `are_counts`.
pub fn three_levels(are_counts: bool) -> Series {
    let level = |i| match i {
        0..20 => 2.0,
        20..40 => 9.0,
        _ => 3.0,
    };
    let values = (0..60).map(|i| wiggle(i) + level(i));
    series(if are_counts {
        values.map(f64::round).collect()
    } else {
        values.collect()
    })
}

pub fn models(series: &Series, likelihood: &str, regimes: &str) -> SwitchModel {
    let likelihood: Likelihood = likelihood.parse().expect("it is offered");
    let priors = match likelihood {
        Likelihood::Poisson => {
            let prior = Prior::gamma(2.0, 0.5).expect("it is a prior");
            RegimePriors::Poisson(RatePrior::new(prior).expect("it fits a rate"))
        }
        _ => RegimePriors::Normal(SwitchPriors::deck()),
    };
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse().expect("it is offered"),
        priors,
        switch_prior: SwitchPrior::Sequential,
    };
    SwitchModel::new(series, settings).expect("it can be modelled")
}

/// The best regimes with one switch at `s`, however few observations they have, as fixed values of a start.
pub fn fit(series: &Series, s: usize) -> Vec<(String, f64)> {
    let of = |values: &[f64]| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let square = values.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
        (mean, square.sqrt().max(0.1))
    };
    let (before, after) = series.values().split_at(s);
    let ((mu1, sigma1), (mu2, sigma2)) = (of(before), of(after));
    let names = ["mu1", "mu2", "sigma1", "sigma2", "tau"].map(str::to_owned);
    let values = [mu1, mu2, sigma1, sigma2, s as f64 + 0.5];
    names.into_iter().zip(values).collect()
}

/// A climb with all its settings.
#[derive(Clone)]
pub struct Climbing {
    pub model: SwitchModel,
    pub series: Series,
    pub method: Method,
    pub climbed: Climbed,
    pub launch: Launch,
    pub fixed: Vec<(String, f64)>,
    pub n_starts: usize,
    pub steps: u64,
    pub steepness: Ramp,
    pub seed: u64,
    pub reference: Reference,
    /// Where every start of the last run ended.
    pub ends: Vec<End>,
}

impl Climbing {
    /// The program's defaults: the likelihood from 32 starts all over the series.
    pub fn new(model: &SwitchModel, series: &Series, method: Method) -> Self {
        let climbed = Climbed {
            estimate: Estimate::Likelihood,
            is_marginal: false,
            parameterization: Parameterization::Log,
            is_plain: false,
        };
        Self {
            reference: reference(&climbed, model, series),
            model: model.clone(),
            series: series.clone(),
            method,
            climbed,
            launch: Launch::Spread,
            fixed: Vec::new(),
            n_starts: 32,
            steps: if method == Method::Lbfgs {
                2_000
            } else {
                35_000
            },
            steepness: Ramp::constant(1.0),
            seed: 1,
            ends: Vec::new(),
        }
    }

    /// The talk's single start, in the series' own coordinates.
    pub fn talks(model: &SwitchModel, series: &Series, method: Method) -> Self {
        let plain = Self::new(model, series, method);
        Self {
            climbed: Climbed {
                parameterization: Parameterization::Raw,
                is_plain: true,
                ..plain.climbed
            },
            launch: Launch::Given(TALKS_START.to_vec()),
            n_starts: 1,
            ..plain
        }
    }

    /// Asks the referee anew, for another objective.
    pub fn reference_again(&mut self) {
        self.reference = reference(&self.climbed, &self.model, &self.series);
    }

    /// The greatest objective that `n_starts` spread starts of L-BFGS end at, corners left out.
    pub fn best_of(mut self, n_starts: usize) -> f64 {
        self.n_starts = n_starts;
        self.run();
        self.reference.best().objective
    }

    pub fn run(&mut self) -> Vec<Optimum> {
        let objective = self
            .climbed
            .objective(&self.model, &self.series, self.method)
            .expect("it can be climbed");
        let starts = self
            .launch
            .positions(
                &objective,
                self.n_starts,
                &self.fixed,
                &mut stream(self.seed, 0),
            )
            .expect("there are starts");
        let (n_starts, steps) = (self.n_starts, self.steps);
        let ends = match self.method {
            Method::Lbfgs => {
                let stages = steepness_stages(&self.steepness)
                    .into_iter()
                    .map(|steepness| {
                        let stage = match objective.steepness() {
                            Some(_) => objective.clone().with_steepness(steepness),
                            None => Ok(objective.clone()),
                        };
                        Box::new(stage.expect("it is positive")) as Box<dyn Gradient>
                    });
                let mut lbfgs =
                    LbfgsClimb::new(stages.collect(), &starts, false).expect("it cannot fail");
                let settings = ClimbSettings::new(steps, 1);
                let climb = Climb::new("lbfgs", &mut lbfgs, n_starts, &self.reference, settings);
                let mut climb = climb.expect("the settings make sense");
                drive(&mut climb, &mut Quiet).expect("it cannot fail");
                climb.into_ends()
            }
            Method::Rule(rule) => {
                let ascent = Ascent {
                    steepness: self.steepness,
                    ..Ascent::new(rule)
                };
                let mut fused =
                    FusedClimb::new(objective, &ascent, &starts).expect("the settings make sense");
                let settings = ClimbSettings::new(steps, 100);
                let climb = Climb::new(
                    rule.as_str(),
                    &mut fused,
                    n_starts,
                    &self.reference,
                    settings,
                );
                let mut climb = climb.expect("the settings make sense");
                drive(&mut climb, &mut Quiet).expect("it cannot fail");
                climb.into_ends()
            }
        };
        let optima = optima(&ends, &mut self.reference);
        self.ends = ends;
        optima
    }
}

fn reference(climbed: &Climbed, model: &SwitchModel, series: &Series) -> Reference {
    let plain = Climbed {
        parameterization: Parameterization::Log,
        is_plain: true,
        ..*climbed
    };
    let objective = plain
        .objective(model, series, Method::Lbfgs)
        .expect("it can be climbed");
    Reference::of(&objective).expect("it has an optimum")
}

/// Whether `values` have a switch after the series, a regime without two distinct observations, or a sigma below a thousandth
/// of their standard deviation; counted by hand, with the regimes of `0,1` or `0,1,0`.
pub fn is_corner(series: &Series, values: &[f64]) -> bool {
    let taus = &values[4..];
    if taus
        .iter()
        .any(|tau| (tau - 0.5).round() >= series.len() as f64)
    {
        return true;
    }
    let mut regimes: [Vec<f64>; 2] = Default::default();
    for (index, y) in series.values().iter().enumerate() {
        // The switchpoint that a tau stands for is the first observation of what comes after it.
        let before = |tau: &f64| (index as f64) < (tau - 0.5).round();
        let stretch = taus.iter().filter(|tau| !before(tau)).count();
        regimes[stretch % 2].push(*y);
    }
    regimes.iter().zip(&values[2..4]).any(|(regime, sigma)| {
        let distinct = regime.iter().any(|y| *y != regime[0]);
        let mean = regime.iter().sum::<f64>() / regime.len() as f64;
        let square = regime.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / regime.len() as f64;
        !distinct || sigma.abs() < 1e-3 * square.sqrt()
    })
}
