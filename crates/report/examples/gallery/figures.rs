//! Figures of made-up data: what the gallery shows and the tests look at.

use std::f64::consts::{PI, TAU};

use switchback_report as report;
use switchback_report::{Axis, Figure, Quantity};

/// A generator of numbers for pictures (Marsaglia's xorshift64), and for nothing else.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }
}

/// One of each figure, with the name of its files.
pub fn figures() -> Vec<(&'static str, Figure)> {
    let mut all = of_draws();
    all.extend(of_series());
    all.extend(of_methods());
    all.extend(of_pi());
    all
}

/// Chains of an AR(1) process about `mean`.
fn chains(
    noise: &mut Noise,
    count: usize,
    draws: usize,
    mean: f64,
    sd: f64,
    memory: f64,
) -> Vec<Vec<f64>> {
    let fresh = (1.0 - memory * memory).sqrt();
    let mut chain = |_| {
        let mut at = noise.normal();
        let draw = |_| {
            at = memory * at + fresh * noise.normal();
            mean + sd * at
        };
        (0..draws).map(draw).collect()
    };
    (0..count).map(&mut chain).collect()
}

fn of_draws() -> Vec<(&'static str, Figure)> {
    let mut noise = Noise(20_240_517);
    let mu1 = chains(&mut noise, 4, 1_000, 0.21, 0.16, 0.2);
    let sigma = chains(&mut noise, 4, 1_000, 0.0, 0.12, 0.5);
    let sigma: Vec<Vec<f64>> = sigma
        .iter()
        .map(|chain| chain.iter().map(|z| 1.1 * z.exp()).collect())
        .collect();
    let mut s = chains(&mut noise, 4, 1_000, 45.2, 1.3, 0.8);
    s.iter_mut().flatten().for_each(|draw| *draw = draw.round());
    // One chain is stuck on another hill for a while.
    s[3][600..].iter_mut().for_each(|draw| *draw += 9.0);
    let quantities = [
        Quantity::real("mu1", &mu1),
        Quantity::real("sigma1", &sigma),
        Quantity::whole("s", &s),
    ];
    let mut long = chains(&mut noise, 1, 1_000_000, 3.0, 1.0, 0.9999);
    long[0][654_321] = 12.0;
    let scaled: Vec<Vec<f64>> = mu1
        .iter()
        .zip(&sigma)
        .map(|(mu, sigma)| mu.iter().zip(sigma).map(|(mu, sigma)| mu * sigma).collect())
        .collect();
    let walk = (
        chains(&mut noise, 1, 1_000, 0.2, 0.2, 0.95),
        chains(&mut noise, 1, 1_000, 1.1, 0.15, 0.95),
    );
    let pair = report::Pair {
        x: Quantity::real("mu1", &walk.0),
        y: Quantity::real("sigma1", &walk.1),
        path: 60,
        points: true,
        contours: true,
    };
    let cloud = report::Pair {
        x: quantities[0],
        y: Quantity::real("mu1 x sigma1", &scaled),
        path: 0,
        points: true,
        contours: false,
    };
    vec![
        ("traces", report::traces(&quantities)),
        (
            "traces-long",
            report::traces(&[Quantity::real("tau", &long)]),
        ),
        ("ranks", report::ranks(&quantities)),
        ("autocorrelation", report::autocorrelation(&quantities, 60)),
        ("pair-path", report::pair(&pair)),
        ("pair-cloud", report::pair(&cloud)),
    ]
}

fn gauss(x: f64) -> f64 {
    (-0.5 * x * x).exp() / TAU.sqrt()
}

fn of_series() -> Vec<(&'static str, Figure)> {
    let mut noise = Noise(7);
    let values: Vec<f64> = (0..8_000).map(|_| 45.9 + 0.8 * noise.normal()).collect();
    let curve: Vec<(f64, f64)> = (0..=200)
        .map(|step| 42.0 + 8.0 * f64::from(step) / 200.0)
        .map(|x| (x, gauss((x - 45.9) / 0.8) / 0.8))
        .collect();
    let histogram = report::Histogram {
        title: "Where Laplace puts tau",
        label: "tau (observations)",
        values: &values,
        bins: None,
        curve: Some(("exact posterior", &curve)),
        rules: &[("optimum of Adam", 45.92), ("truth", 45.5)],
    };
    let probabilities: Vec<(i64, f64)> = (0..90)
        .map(|s| {
            (
                s,
                gauss((s as f64 - 45.3) / 1.7) / 1.7 + if s == 52 { 0.03 } else { 0.0 },
            )
        })
        .collect();
    let posterior = report::IntegerPosterior {
        title: "When did the series switch?",
        label: "switchpoint s (0-based index of the first observation of the new regime)",
        probabilities: &probabilities,
        mass: 0.94,
        truth: Some(45),
    };
    vec![
        ("histogram", report::histogram(&histogram)),
        ("integer-posterior", report::integer_posterior(&posterior)),
        ("fit", disasters(&mut noise)),
    ]
}

fn disasters(noise: &mut Noise) -> Figure {
    let n = 111;
    let times: Vec<f64> = (0..n).map(f64::from).map(|index| 1851.0 + index).collect();
    let labels: Vec<String> = times.iter().map(|year| format!("{year:.0}")).collect();
    let mean = |row: usize| if row < 40 { 3.1 } else { 0.92 };
    let values: Vec<f64> = (0..n as usize)
        .map(|row| {
            if row == 32 || row == 85 {
                f64::NAN
            } else {
                (mean(row) + 1.1 * noise.normal()).round().max(0.0)
            }
        })
        .collect();
    let adam: Vec<f64> = (0..n as usize).map(mean).collect();
    let momentum: Vec<f64> = (0..n as usize)
        .map(|row| if row < 48 { 2.7 } else { 0.85 })
        .collect();
    let share: Vec<f64> = (0..n as usize)
        .map(|row| 1.0 / (1.0 + (row as f64 - 40.0).exp()))
        .collect();
    let centre: Vec<f64> = share
        .iter()
        .map(|share| 3.1 * share + 0.92 * (1.0 - share))
        .collect();
    let lower: Vec<f64> = centre.iter().map(|centre| centre * 0.84).collect();
    let upper: Vec<f64> = centre.iter().map(|centre| centre * 1.17).collect();
    let posterior: Vec<f64> = (0..n as usize)
        .map(|row| gauss((row as f64 - 40.2) / 1.6) / 1.6)
        .collect();
    report::fit(&report::Fit {
        title: "Coal-mining disasters: fewer from about 1891 on",
        times: &times,
        labels: &labels,
        values: &values,
        time_label: "year",
        value_label: "disasters a year",
        steps: &[
            report::FittedSteps {
                name: "Adam",
                means: &adam,
            },
            report::FittedSteps {
                name: "momentum",
                means: &momentum,
            },
        ],
        bands: &[report::FittedBand {
            name: "94 % interval of the posterior mean",
            lower: &lower,
            upper: &upper,
        }],
        switches: &[],
        posterior: &posterior,
    })
}

fn of_methods() -> Vec<(&'static str, Figure)> {
    let mut noise = Noise(99);
    let steps: Vec<f64> = (0..=350).map(|point| 100.0 * f64::from(point)).collect();
    let mut climb = |speed: f64, count: usize, floor: f64| -> Vec<Vec<f64>> {
        let mut one = |_| {
            let speed = speed * (0.5 * noise.normal()).exp();
            let floor = floor * (2.0 * noise.normal()).exp();
            steps
                .iter()
                .map(|step| 40.0 * (-step * speed).exp() + floor)
                .collect()
        };
        (0..count).map(&mut one).collect()
    };
    let (adam, momentum, lbfgs) = (
        climb(2e-4, 30, 1e-7),
        climb(2e-3, 30, 1e-9),
        climb(8e-3, 1, 1e-12),
    );
    let climbs = report::Climbs {
        title: "Distance to the best optimum",
        label: "gap (nats)",
        log: true,
        climbs: &[
            report::Climb {
                name: "Adam",
                steps: &steps,
                starts: &adam,
            },
            report::Climb {
                name: "momentum",
                steps: &steps,
                starts: &momentum,
            },
            report::Climb {
                name: "L-BFGS",
                steps: &steps,
                starts: &lbfgs,
            },
        ],
    };
    let places: Vec<f64> = (2..88).map(f64::from).collect();
    let height = |s: f64| {
        -159.6 - 14.0 * (1.0 - (-0.5 * ((s - 45.9) / 4.0_f64).powi(2)).exp())
            + 9.0 * (-0.5 * ((s - 14.0) / 3.0_f64).powi(2)).exp()
            + 0.7 * (s * 1.7).sin()
    };
    let heights: Vec<f64> = places.iter().map(|&s| height(s)).collect();
    let profile = report::Profile {
        title: "The mountain and the hill beside it",
        label: "switchpoint s (index)",
        value_label: "log-likelihood (nats)",
        places: &places,
        heights: &heights,
        ends: &[
            report::ProfileEnd {
                name: "Adam from 15",
                place: 14.0,
                height: height(14.0),
                global: false,
            },
            report::ProfileEnd {
                name: "momentum from 15",
                place: 14.0,
                height: height(14.0),
                global: false,
            },
            report::ProfileEnd {
                name: "Adam, best of 90",
                place: 46.0,
                height: height(46.0),
                global: true,
            },
            report::ProfileEnd {
                name: "L-BFGS",
                place: 46.0,
                height: height(46.0),
                global: true,
            },
            report::ProfileEnd {
                name: "momentum from 80",
                place: 79.0,
                height: height(79.0),
                global: false,
            },
        ],
    };
    vec![
        ("climbs", report::climbs(&climbs)),
        ("profile", report::profile(&profile)),
        ("forest", methods()),
    ]
}

fn methods() -> Figure {
    let methods = [
        "exact",
        "NUTS",
        "Gibbs",
        "Metropolis",
        "Laplace",
        "Adam",
        "momentum",
    ];
    let rows = |mean: f64, sd: f64| -> Vec<report::ForestRow<'static>> {
        let none = (f64::NAN, f64::NAN);
        let row = |(index, method): (usize, &&'static str)| {
            let mean = mean + sd * 0.1 * (1.3 * index as f64).sin();
            let interval = |width: f64| {
                if index < 5 {
                    (mean - width * sd, mean + width * sd)
                } else {
                    none
                }
            };
            report::ForestRow {
                method,
                estimate: mean,
                half: interval(0.674),
                most: interval(1.88),
            }
        };
        methods.iter().enumerate().map(row).collect()
    };
    let all = [
        rows(0.21, 0.16),
        rows(1.74, 0.19),
        rows(1.1, 0.11),
        rows(1.2, 0.14),
        rows(45.9, 1.4),
    ];
    let parameters = [
        report::ForestParameter {
            name: "mu1",
            rows: &all[0],
            truth: Some(0.0),
        },
        report::ForestParameter {
            name: "mu2",
            rows: &all[1],
            truth: Some(2.0),
        },
        report::ForestParameter {
            name: "sigma1",
            rows: &all[2],
            truth: Some(1.0),
        },
        report::ForestParameter {
            name: "sigma2",
            rows: &all[3],
            truth: Some(1.2),
        },
        report::ForestParameter {
            name: "tau (observations)",
            rows: &all[4],
            truth: Some(45.5),
        },
    ];
    report::forest(&report::Forest {
        title: "What each method answers",
        parameters: &parameters,
    })
}

fn of_pi() -> Vec<(&'static str, Figure)> {
    let mut noise = Noise(314);
    let mut within = 0_u32;
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let mut errors = Vec::new();
    let mut next = 10.0;
    for throw in 1..=1_000_000_u32 {
        let (x, y) = (2.0 * noise.uniform() - 1.0, 2.0 * noise.uniform() - 1.0);
        let hit = x.hypot(y) <= 1.0;
        within += u32::from(hit);
        if throw <= 2_000 {
            if hit {
                inside.push((x, y))
            } else {
                outside.push((x, y))
            }
        }
        if f64::from(throw) >= next {
            errors.push((
                f64::from(throw),
                (4.0 * f64::from(within) / f64::from(throw) - PI).abs(),
            ));
            next *= 1.25;
        }
    }
    let scatter = report::Scatter {
        title: "Pi by throwing darts: 2000 throws",
        x: Axis::new("x").range(-1.0, 1.0),
        y: Axis::new("y").range(-1.0, 1.0),
        groups: &[
            report::Series {
                name: "within the circle",
                points: &inside,
            },
            report::Series {
                name: "outside",
                points: &outside,
            },
        ],
        equal_aspect: true,
        circle: Some(("circle of radius 1", (0.0, 0.0), 1.0)),
    };
    let lines = report::Lines {
        title: "The error falls as one over the square root of n",
        x: Axis::new("number of darts n").log(),
        y: Axis::new("absolute error of pi").log(),
        series: &[report::Series {
            name: "one run",
            points: &errors,
        }],
        slope: Some(report::ExpectedSlope {
            name: "standard error, 1.64 / sqrt(n)",
            through: (1.0, 1.64),
            slope: -0.5,
        }),
    };
    vec![
        ("darts", report::scatter(&scatter)),
        ("pi-error", report::lines(&lines)),
    ]
}
