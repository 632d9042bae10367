//! Targets whose Gaussian is known in closed form, and targets that have none.

mod posteriors;

use std::f64::consts::PI;

use switchback_core::{
    Coordinate, DensityError, Gradient, LogDensity, Parameter, Space, Support, stream,
};

use super::{Laplace, LaplaceError};

/// A log density and its gradient (written into the second argument) at a position.
type Density = Box<dyn Fn(&[f64], &mut [f64]) -> f64 + Send + Sync>;

struct Target {
    space: Space,
    density: Density,
}

impl Target {
    fn new(
        parameters: Vec<Parameter>,
        density: impl Fn(&[f64], &mut [f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            space: Space::new(parameters),
            density: Box::new(density),
        }
    }

    /// Of real parameters `x0, x1, ..`.
    fn real(
        dim: usize,
        density: impl Fn(&[f64], &mut [f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let parameter = |index| Parameter::new(format!("x{index}"), Support::Real);
        Self::new((0..dim).map(parameter).collect(), density)
    }

    fn at(&self, position: &[f64]) -> Result<Laplace, LaplaceError> {
        Laplace::at(self, position)
    }
}

impl LogDensity for Target {
    fn space(&self) -> &Space {
        &self.space
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        self.logp_grad(positions, logp, &mut vec![0.0; positions.len()])
    }
}

impl Gradient for Target {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        let dim = self.space.dim();
        DensityError::check_shape(dim, positions.len(), logp.len())?;
        let rows = positions.chunks(dim).zip(grad.chunks_mut(dim));
        for ((position, grad), logp) in rows.zip(logp) {
            *logp = (self.density)(position, grad);
        }
        Ok(())
    }
}

const CENTER: [f64; 3] = [1.5, -2000.0, 3e-5];
/// A covariance of standard deviations `2, 500, 1e-5` and its correlations.
const SD: [f64; 3] = [2.0, 500.0, 1e-5];
const CORRELATION: [[f64; 3]; 3] = [[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]];

fn det(m: [[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

/// The inverse of [`CORRELATION`] by cofactors.
fn inverse_correlation(i: usize, j: usize) -> f64 {
    let m = CORRELATION;
    let [a, b] = [(i + 1) % 3, (i + 2) % 3];
    let [c, d] = [(j + 1) % 3, (j + 2) % 3];
    (m[a][c] * m[b][d] - m[a][d] * m[b][c]) / det(m)
}

/// A normalised Gaussian in coordinates of very unlike size.
fn gaussian() -> Target {
    Target::real(3, |x, grad| {
        let z: Vec<f64> = (0..3).map(|i| (x[i] - CENTER[i]) / SD[i]).collect();
        let mut sum_sq = 0.0;
        for i in 0..3 {
            let pull: f64 = (0..3).map(|j| inverse_correlation(i, j) * z[j]).sum();
            sum_sq += z[i] * pull;
            grad[i] = -pull / SD[i];
        }
        let ln_det: f64 = det(CORRELATION).ln() + SD.iter().map(|sd| 2.0 * sd.ln()).sum::<f64>();
        -0.5 * (sum_sq + ln_det + 3.0 * (2.0 * PI).ln())
    })
}

#[test]
fn a_gaussian_is_its_own_approximation() {
    let target = gaussian();
    let laplace = target.at(&CENTER).expect("it has a top");
    for i in 0..3 {
        // The largest error seen of all these numbers is 5e-16.
        let sd = laplace.standard_errors()[i];
        assert!((sd / SD[i] - 1.0).abs() < 1e-14, "{i}: {sd}");
        for j in 0..3 {
            let unit = SD[i] * SD[j];
            let hessian = laplace.hessian()[3 * i + j] * unit;
            assert!(
                (hessian + inverse_correlation(i, j)).abs() < 1e-14,
                "{i} {j}: {hessian}"
            );
            let covariance = laplace.covariance()[3 * i + j] / unit;
            assert!(
                (covariance - CORRELATION[i][j]).abs() < 1e-14,
                "{i} {j}: {covariance}"
            );
        }
    }
    assert!(
        laplace.log_evidence().abs() < 1e-13,
        "{}",
        laplace.log_evidence()
    );
    assert!(laplace.gap_nats() < 1e-20 && laplace.hessian_error() < 1e-14);
    let draws = laplace.draws(1000, &mut stream(1, 0));
    let weights = laplace
        .weights(&target, &draws)
        .expect("it can be evaluated");
    assert_eq!(weights.pareto_k, f64::NEG_INFINITY);
    assert!(
        weights
            .log_weights
            .iter()
            .all(|w| (w + 1000_f64.ln()).abs() < 1e-6)
    );
}

#[test]
fn the_draws_are_those_of_the_gaussian() {
    // Over seeds 0..200 the worst of these nine numbers was 3.2 standard errors off.
    let (target, n) = (gaussian(), 20_000);
    let laplace = target.at(&CENTER).expect("it has a top");
    let draws = laplace.draws(n, &mut stream(11, 0));
    let z: Vec<Vec<f64>> = (0..3)
        .map(|i| {
            draws
                .values_of(i)
                .map(|x| (x - CENTER[i]) / SD[i])
                .collect()
        })
        .collect();
    for i in 0..3 {
        let mean = z[i].iter().sum::<f64>() / n as f64;
        assert!(mean.abs() < 5.0 / (n as f64).sqrt(), "{i}: {mean}");
        for j in 0..=i {
            let product = z[i].iter().zip(&z[j]).map(|(a, b)| a * b).sum::<f64>() / n as f64;
            let rho = CORRELATION[i][j];
            let allowed = 5.0 * ((1.0 + rho * rho) / n as f64).sqrt();
            assert!((product - rho).abs() < allowed, "{i} {j}: {product}");
        }
    }
    let mut logp = vec![0.0; n];
    target
        .logp(&draws.positions, &mut logp)
        .expect("it can be evaluated");
    for (found, exact) in draws.log_density.iter().zip(&logp) {
        assert!((found - exact).abs() < 1e-12, "{found} {exact}");
    }
}

#[test]
fn a_seed_gives_the_same_draws_again() {
    let laplace = gaussian().at(&CENTER).expect("it has a top");
    let draws = |seed, number| laplace.draws(50, &mut stream(seed, number));
    assert_eq!(draws(3, 0), draws(3, 0));
    assert_ne!(draws(3, 0), draws(3, 1));
    assert_ne!(draws(3, 0), draws(4, 0));
    assert_eq!(
        gaussian().at(&CENTER).expect("it has a top").hessian(),
        laplace.hessian()
    );
}

/// Standard normals in coordinates of parameters of three supports, two of which are scaled.
fn transformed() -> Target {
    let scaled = Coordinate {
        center: 0.7,
        scale: -2.5,
    };
    let interval = Support::Interval {
        low: 2.0,
        high: 12.0,
    };
    let parameters = vec![
        Parameter::new("mu", Support::Real).with_coordinate(scaled),
        Parameter::new("sigma", Support::Positive),
        Parameter::new("tau", interval).with_coordinate(scaled),
    ];
    Target::new(parameters, |x, grad| {
        (0..3).for_each(|i| grad[i] = -x[i]);
        -0.5 * x.iter().map(|x| x * x).sum::<f64>()
    })
}

#[test]
fn standard_errors_and_intervals_respect_supports_and_coordinates() {
    let laplace = transformed().at(&[0.0; 3]).expect("it has a top");
    let p = 1.0 / (1.0 + (-0.7_f64).exp());
    let by_hand = [2.5, 1.0, 2.5 * 10.0 * p * (1.0 - p)];
    for (found, exact) in laplace.standard_errors().iter().zip(by_hand) {
        assert!((found / exact - 1.0).abs() < 1e-11, "{found} {exact}");
    }
    // The 94.5 % quantile of a standard normal.
    let reach: f64 = 1.598_193_139_922_821;
    let place = |v: f64| 2.0 + 10.0 / (1.0 + (-v).exp());
    let by_hand = [
        [0.7 - 2.5 * reach, 0.7 + 2.5 * reach],
        [(-reach).exp(), reach.exp()],
        [place(0.7 - 2.5 * reach), place(0.7 + 2.5 * reach)],
    ];
    let none = laplace.draws(0, &mut stream(0, 0));
    let intervals = laplace
        .intervals(0.89, &none)
        .expect("no value depends on another");
    for (found, exact) in intervals.iter().flatten().zip(by_hand.iter().flatten()) {
        assert!((found / exact - 1.0).abs() < 1e-10, "{found} {exact}");
    }
    assert!(matches!(
        laplace.summary(&transformed(), 0, &mut stream(0, 0)),
        Ok(summary) if summary.pareto_k.is_nan() && summary.rows[1].name == "sigma"
    ));
}

#[test]
fn a_position_beside_the_top_has_its_gap() {
    let target = gaussian();
    let beside = [CENTER[0] + 0.1 * SD[0], CENTER[1], CENTER[2]];
    let gap = target
        .at(&beside)
        .expect("a Gaussian bends alike everywhere")
        .gap_nats();
    let exact = 0.5 * 0.01 * inverse_correlation(0, 0);
    assert!((gap / exact - 1.0).abs() < 1e-9, "{gap} {exact}");
}

#[test]
fn saddles_ridges_and_flat_directions_have_no_gaussian() {
    let saddle = Target::real(2, |x, grad| {
        (grad[0], grad[1]) = (-2.0 * x[0], 6.0 * x[1]);
        3.0 * x[1] * x[1] - x[0] * x[0]
    });
    let flat = Target::real(2, |x, grad| {
        (grad[0], grad[1]) = (0.0, -2.0 * x[1]);
        -x[1] * x[1]
    });
    // Only the sum of both is known, and arithmetic does not say so to the last digit.
    let ridge = Target::real(2, |x, grad| {
        let sum = 0.1 * x[0] + 0.3 * x[1] - 0.7;
        (grad[0], grad[1]) = (-0.2 * sum, -0.6 * sum);
        -sum * sum
    });
    let quartic = Target::real(2, |x, grad| {
        (grad[0], grad[1]) = (-2.0 * x[0], -4.0 * x[1].powi(3));
        -x[0] * x[0] - x[1].powi(4)
    });
    let hole = Target::real(1, |x, grad| {
        grad[0] = x[0];
        0.5 * x[0] * x[0]
    });
    let cases: [(&str, Target, &[f64], &str, f64); 5] = [
        ("saddle", saddle, &[0.0, 0.0], "x1", -1.0),
        ("flat", flat, &[4.0, 0.0], "x0", 0.0),
        ("ridge", ridge, &[1.0, 2.0], "", 0.0),
        ("quartic", quartic, &[0.0, 0.0], "x1", 0.0),
        ("hole", hole, &[0.0], "x0", -1.0),
    ];
    for (case, target, position, name, curvature) in cases {
        match target.at(position) {
            Err(LaplaceError::NotPositiveDefinite {
                parameter,
                eigenvalue,
            }) => {
                assert!(name.is_empty() || parameter == name, "{case}: {parameter}");
                assert!(
                    (eigenvalue - curvature).abs() < 1e-9,
                    "{case}: {eigenvalue}"
                );
            }
            other => panic!("{case}: {other:?}"),
        }
    }
}

#[test]
fn a_narrow_but_definite_ridge_has_one() {
    // Correlation 1 - 1e-6: the smallest eigenvalue is 1e-6, far above the differences' error.
    let rho: f64 = 1.0 - 1e-6;
    let target = Target::real(2, move |x, grad| {
        let unit = 1.0 / (1.0 - rho * rho);
        grad[0] = -unit * (x[0] - rho * x[1]);
        grad[1] = -unit * (x[1] - rho * x[0]);
        0.5 * (x[0] * grad[0] + x[1] * grad[1])
    });
    let laplace = target.at(&[0.0, 0.0]).expect("it has a top");
    for sd in laplace.standard_errors() {
        // Seen: 6e-12, rounding times the condition number.
        assert!((sd - 1.0).abs() < 1e-10, "{sd}");
    }
}

#[test]
fn a_gradient_of_another_density_is_found_out() {
    let target = Target::real(2, |x, grad| {
        (grad[0], grad[1]) = (-x[0] + 0.2 * x[1], -x[1]);
        -0.5 * (x[0] * x[0] + x[1] * x[1])
    });
    let found = target.at(&[0.0, 0.0]);
    assert!(
        matches!(found, Err(LaplaceError::NotPositiveDefinite { .. })),
        "{found:?}"
    );
}

#[test]
fn what_is_no_number_is_said_to_be_none() {
    let broken = Target::real(2, |_, grad| {
        grad.fill(0.0);
        f64::NAN
    });
    assert!(matches!(
        broken.at(&[0.0, 0.0]),
        Err(LaplaceError::Position { logp }) if logp.is_nan()
    ));
    // A number at one point only.
    let lone = Target::real(2, |x, grad| {
        (grad[0], grad[1]) = (-x[0], -x[1]);
        if x[1] == 0.0 {
            -0.5 * x[0] * x[0]
        } else {
            f64::NAN
        }
    });
    assert!(matches!(
        lone.at(&[0.0, 0.0]),
        Err(LaplaceError::NotANumber { parameter }) if parameter == "x1"
    ));
    let outside = Target::real(1, |_, grad| {
        grad.fill(0.0);
        f64::NEG_INFINITY
    });
    assert!(matches!(
        outside.at(&[0.0]),
        Err(LaplaceError::Position { .. })
    ));
    assert!(matches!(
        gaussian().at(&[0.0]),
        Err(LaplaceError::Dimension { given: 1, dim: 3 })
    ));
}

#[test]
fn draws_outside_the_support_weigh_nothing_and_no_number_spoils_the_shape() {
    // A half normal beyond -1, whose border the differences must not step over.
    let cut = Target::real(1, |x, grad| {
        grad[0] = -x[0];
        if x[0] > -1.0 {
            -0.5 * x[0] * x[0]
        } else {
            f64::NEG_INFINITY
        }
    });
    let laplace = cut.at(&[0.0]).expect("it has a top");
    let draws = laplace.draws(500, &mut stream(5, 0));
    let weights = laplace.weights(&cut, &draws).expect("it can be evaluated");
    for (x, weight) in draws.positions.iter().zip(&weights.log_weights) {
        assert_eq!(*x <= -1.0, *weight == f64::NEG_INFINITY, "{x}: {weight}");
    }
    let broken = Target::real(1, |x, grad| {
        grad[0] = -x[0];
        if x[0] > -1.0 {
            -0.5 * x[0] * x[0]
        } else {
            f64::NAN
        }
    });
    assert!(laplace.pareto_k(&broken, &draws).is_ok_and(f64::is_nan));
    assert!(matches!(
        laplace.weights(&gaussian(), &draws),
        Err(LaplaceError::Density(_))
    ));
}

/// Logarithms of `dim` gamma variables of this shape; the top of each is at `ln shape`.
fn log_gamma(shape: f64, dim: usize) -> Target {
    Target::real(dim, move |u, grad| {
        for (slope, u) in grad.iter_mut().zip(u) {
            *slope = shape - u.exp();
        }
        u.iter().map(|u| shape * u - u.exp()).sum()
    })
}

/// Neal's funnel with `v ~ Normal(0, 3)` and five `x ~ Normal(0, exp(v / 2))`; its top is at `v = -22.5, x = 0`.
fn funnel() -> Target {
    Target::real(6, |position, grad| {
        let (v, x) = (position[0], &position[1..]);
        let precision = (-v).exp();
        let sum_sq: f64 = x.iter().map(|x| x * x).sum();
        grad[0] = -v / 9.0 - 2.5 + 0.5 * sum_sq * precision;
        for (slope, x) in grad[1..].iter_mut().zip(x) {
            *slope = -x * precision;
        }
        -v * v / 18.0 - 2.5 * v - 0.5 * sum_sq * precision
    })
}

/// The Pareto shape of 4000 draws of the Gaussian at `top`.
fn shape_of(target: &Target, top: &[f64], seed: u64) -> f64 {
    let laplace = target.at(top).expect("it has a top");
    let draws = laplace.draws(4000, &mut stream(seed, 0));
    let shape = laplace.pareto_k(target, &draws);
    shape.expect("it can be evaluated")
}

#[test]
fn the_shape_tells_skewed_targets_from_tame_ones() {
    // Over seeds 0..200 the shapes were 0.07 to 0.58, 0.82 to 1.59 and 0.75 to 1.50.
    let tame = shape_of(&log_gamma(100.0, 1), &[100_f64.ln()], 7);
    let skewed = shape_of(&log_gamma(0.05, 8), &[0.05_f64.ln(); 8], 7);
    let funnelled = shape_of(&funnel(), &[-22.5, 0.0, 0.0, 0.0, 0.0, 0.0], 7);
    assert!(
        tame < 0.7 && skewed > 0.7 && funnelled > 0.7,
        "{tame} {skewed} {funnelled}"
    );
}
