//! One normal regime, given which observations are its own.

use super::*;
use crate::referee::normal::Regime;
use crate::testing::{deck, ln_normal, series};

/// Log evidence and moments of one regime by the midpoint rule over a grid of `mu` and `ln sigma`.
pub(super) struct Grid {
    pub log_evidence: f64,
    mu: Moments,
    sigma: Moments,
}

/// `points` on a side over nine standard deviations of `mu`'s prior on both sides and `ln sigma` from 9 below to
/// 2.5 above the scale of its prior: no formula is shared with the referee but the densities'.
pub(super) fn grid(values: &[f64], priors: &SwitchPriors, points: usize) -> Grid {
    let (prior_mu, prior_sigma) = (priors.mu(), priors.sigma());
    let (low, high) = (priors.sigma_sd.ln() - 9.0, priors.sigma_sd.ln() + 2.5);
    let (left, right) = (
        priors.mu_mean - 9.0 * priors.mu_sd,
        priors.mu_mean + 9.0 * priors.mu_sd,
    );
    let at = |index: usize, low: f64, high: f64| {
        low + (high - low) * (index as f64 + 0.5) / points as f64
    };
    let cell = (high - low) * (right - left) / (points * points) as f64;
    let mut sums = [0.0; 5];
    for row in 0..points {
        let u = at(row, low, high);
        let sigma = u.exp();
        for column in 0..points {
            let mu = at(column, left, right);
            let ln = values.iter().map(|x| ln_normal(*x, mu, sigma)).sum::<f64>()
                + prior_mu.ln_pdf(mu)
                + prior_sigma.ln_pdf(sigma)
                + u;
            let weight = ln.exp();
            for (sum, power) in sums
                .iter_mut()
                .zip([1.0, mu, mu * mu, sigma, sigma * sigma])
            {
                *sum += weight * power;
            }
        }
    }
    let moments = |first: f64, second: f64| Moments {
        mean: first / sums[0],
        sd: (second / sums[0] - (first / sums[0]).powi(2)).sqrt(),
    };
    Grid {
        log_evidence: (sums[0] * cell).ln(),
        mu: moments(sums[1], sums[2]),
        sigma: moments(sums[3], sums[4]),
    }
}

fn regime(values: &[f64], priors: &SwitchPriors) -> Regime {
    let data = PrefixSums::new(&series(values));
    let mut regime = Regime::of(&data.about_own_mean(0..values.len()), data.centre(), priors);
    regime.mu.mean += data.centre();
    regime
}

#[test]
fn a_regime_is_what_a_grid_over_both_parameters_gives() {
    let cases: [(&[f64], &str, &str); 6] = [
        (&[0.3, 1.9], "mu=normal(0, 2)", "sigma=half-normal(2)"),
        (&[0.3, 1.9, -0.4], "mu=normal(0, 2)", "sigma=half-normal(2)"),
        (&[9.0, 11.5, 8.0], "mu=normal(0, 2)", "sigma=half-normal(2)"),
        // Data and prior in conflict: one mode where mu gives way, another where sigma does.
        (
            &[7.0, 7.3, 6.9, 7.1, 7.2],
            "mu=normal(0, 1)",
            "sigma=half-normal(3)",
        ),
        (
            &[6.0, 6.3, 5.8],
            "mu=normal(0, 0.7)",
            "sigma=half-normal(5)",
        ),
        (
            &[1.0, 2.0, 4.0, 3.0, 2.5, 2.5, 0.0],
            "mu=normal(-1, 4)",
            "sigma=half-normal(0.3)",
        ),
    ];
    for (values, mu, sigma) in cases {
        let priors =
            SwitchPriors::parse(SwitchPriors::deck(), &[mu, sigma]).expect("the priors are valid");
        agree(values, &priors, 1000);
    }
}

/// Two near observations, and a prior of `mu` far narrower than that of `sigma`: the integrand has a peak and
/// a plateau of many units of `ln sigma`, and what is left of `mu`'s variance there must not be rounded away.
#[test]
fn a_narrow_prior_of_mu_beside_a_wide_one_of_sigma_keeps_its_digits() {
    let priors = SwitchPriors::parse(
        SwitchPriors::deck(),
        &["mu=normal(0, 0.01)", "sigma=half-normal(0.2)"],
    )
    .expect("the priors are valid");
    agree(&[0.02, 0.024], &priors, 3000);
    agree(&[0.001, 0.04], &priors, 1000);
}

fn agree(values: &[f64], priors: &SwitchPriors, points: usize) {
    let (fast, slow) = (regime(values, priors), grid(values, priors, points));
    let what = format!("{values:?} {priors}");
    let unit = slow.sigma.mean;
    close(fast.log_evidence, slow.log_evidence, 1e-9, &what);
    close(fast.mu.mean / unit, slow.mu.mean / unit, 1e-8, &what);
    close(fast.mu.sd / unit, slow.mu.sd / unit, 1e-8, &what);
    close(fast.sigma.mean / unit, slow.sigma.mean / unit, 1e-8, &what);
    close(fast.sigma.sd / unit, slow.sigma.sd / unit, 1e-8, &what);
}

/// Density of one observation, `mu` and `sigma` integrated out: `normal(x; m0, sqrt(s0^2 + sigma^2))` averaged
/// over `sigma` by the midpoint rule on `sigma` itself.
pub(super) fn one_observation(x: f64, priors: &SwitchPriors) -> f64 {
    let points = 200_000;
    let width = 12.0 * priors.sigma_sd / f64::from(points);
    (0..points)
        .map(|index| {
            let sigma = (f64::from(index) + 0.5) * width;
            let sd = (priors.mu_sd.powi(2) + sigma * sigma).sqrt();
            (ln_normal(x, priors.mu_mean, sd) + priors.sigma().ln_pdf(sigma)).exp() * width
        })
        .sum::<f64>()
        .ln()
}

#[test]
fn a_regime_of_one_observation_is_finite_and_right() {
    let priors = SwitchPriors::deck();
    for x in [0.0, -3.0, 11.0] {
        let data = PrefixSums::new(&series(&[x, x + 1.0]));
        let fast = Regime::of(&data.about_own_mean(0..1), data.centre(), &priors);
        close(
            fast.log_evidence,
            one_observation(x, &priors),
            1e-9,
            &format!("x = {x}"),
        );
    }
}

#[test]
fn nothing_observed_before_the_switch_leaves_the_prior() {
    let priors = SwitchPriors::deck();
    let regime = Regime::of(
        &PrefixSums::new(&deck()).about_own_mean(0..0),
        0.25,
        &priors,
    );
    assert_eq!(regime.log_evidence, 0.0);
    assert_eq!(
        regime.mu,
        Moments {
            mean: -0.25,
            sd: 2.0
        }
    );
    close(
        regime.sigma.mean,
        2.0 * 0.797_884_560_802_865_4,
        1e-15,
        "mean",
    );
    close(regime.sigma.sd, 2.0 * 0.602_810_274_989_087_2, 1e-15, "sd");
}
