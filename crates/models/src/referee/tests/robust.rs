//! What must not matter: units, offsets, threads, and how far priors are from the data.

use super::*;
use crate::testing::{gapped, stepped, transformed};

fn with_priors(
    series: &Series,
    likelihood: Likelihood,
    regimes: &str,
    mu: &str,
    sigma: &str,
) -> Result<Exact, ModelError> {
    let parts = [
        format!("mu=normal({mu})"),
        format!("sigma=half-normal({sigma})"),
    ];
    let base = RegimePriors::Normal(SwitchPriors::deck());
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse().expect("it is offered"),
        priors: RegimePriors::parse(base, &parts).expect("they are valid"),
        switch_prior: SwitchPrior::Sequential,
    };
    Exact::of(&SwitchModel::new(series, settings)?)
}

const NORMAL: [Likelihood; 2] = [Likelihood::Normal, Likelihood::NormalSharedSd];

#[test]
fn units_and_offsets_change_nothing_else() {
    let near = transformed(&gapped(30, 2), |x| (x * 1024.0).round() / 1024.0);
    for likelihood in NORMAL {
        for regimes in ["0,1", "0,1,0", "0,1,2"] {
            let at = |offset: f64, scale: f64| {
                let far = transformed(&near, |x| offset + scale * x);
                let (mu, sd) = (
                    format!("{offset}, {}", 2.0 * scale),
                    format!("{}", 2.0 * scale),
                );
                with_priors(&far, likelihood, regimes, &mu, &sd).expect("it has a posterior")
            };
            let base = at(0.0, 1.0);
            let n_observed = near.n_observed() as f64;
            for (offset, scale) in [(0.0, 1e-6), (0.0, 1e9), (1e6, 1.0), (1e9, 1e3)] {
                let moved = at(offset, scale);
                // What the offset leaves of the data's own digits bounds what can come back.
                let digits = 1e-11 + 1e-13 * offset / scale;
                let what = format!("{likelihood} {regimes}: offset {offset}, scale {scale}");
                let back = moved.log_evidence + n_observed * scale.ln();
                close(back, base.log_evidence, digits, &what);
                let pairs = moved.moments().iter().zip(base.moments());
                for ((name, moved), (_, base)) in pairs {
                    let (shift, unit) = match &name[..1] {
                        "m" => (offset, scale),
                        _ if name.starts_with("sigma") => (0.0, scale),
                        _ => (0.0, 1.0),
                    };
                    close((moved.mean - shift) / unit, base.mean, digits, &what);
                    close(moved.sd / unit, base.sd, digits, &what);
                }
                assert_eq!(moved.most_probable(), base.most_probable(), "{what}");
            }
        }
    }
}

#[test]
fn priors_far_from_the_data_give_numbers_or_say_so() {
    let series = gapped(24, 5);
    for likelihood in NORMAL {
        for regimes in ["0,1", "0,1,0", "0,1,2"] {
            for mu in ["0, 2", "1e6, 1", "0, 1e-3", "0, 1e130"] {
                for sigma in ["1e-6", "1e-3", "1", "1e6", "1e130"] {
                    let what = format!("{likelihood} {regimes} mu {mu} sigma {sigma}");
                    match with_priors(&series, likelihood, regimes, mu, sigma) {
                        Ok(exact) => {
                            for (name, moments) in exact.moments() {
                                let is_number = moments.mean.is_finite() && moments.sd >= 0.0;
                                assert!(is_number, "{what}: {name} {moments:?}");
                            }
                            let total: f64 = exact.switch_posterior[0].iter().sum();
                            assert!((total - 1.0).abs() < 1e-11, "{what}: {total}");
                        }
                        Err(error) => {
                            assert!(matches!(error, ModelError::PriorConflict { .. }), "{error}");
                            assert!(sigma.starts_with("1e-"), "{what}: {error}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_answer_and_its_draws_do_not_depend_on_the_number_of_threads() {
    for likelihood in Likelihood::ALL {
        let series = match likelihood {
            Likelihood::Poisson => counts(60),
            _ => gapped(60, 7),
        };
        for regimes in ["0,1", "0,1,0", "0,1,2,3"] {
            let model = model(&series, likelihood, regimes, SwitchPrior::Uniform);
            let with = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let exact = pool.expect("threads").install(|| Exact::of(&model));
                exact.expect("it has a posterior")
            };
            let (one, three) = (with(1), with(3));
            assert_eq!(one.moments(), three.moments());
            assert_eq!(one.switch_posterior, three.switch_posterior);
            assert_eq!(one.log_evidence, three.log_evidence);
            assert_eq!(one.n_evaluations, three.n_evaluations);
            let draw = |exact: &Exact| exact.draw(&mut switchback_core::stream(3, 0));
            assert_eq!(draw(&one), draw(&three));
        }
    }
}

/// One switch is the same to both priors, and to the recursion over free switches.
#[test]
fn one_free_switch_is_one_switch() {
    let series = stepped(50, 3);
    for likelihood in NORMAL {
        let of = |prior| Exact::of(&model(&series, likelihood, "0,1", prior)).expect("it has one");
        let (sequential, uniform) = (of(SwitchPrior::Sequential), of(SwitchPrior::Uniform));
        close(
            sequential.log_evidence,
            uniform.log_evidence,
            1e-13,
            "evidence",
        );
        for (a, b) in sequential.moments().iter().zip(uniform.moments()) {
            close(a.1.mean, b.1.mean, 1e-12, &a.0);
            close(a.1.sd, b.1.sd, 1e-12, &a.0);
        }
    }
}

/// The recursion against the plain sum over one switch, a regime at a time.
#[test]
fn the_recursion_is_the_plain_sum_over_one_switch() {
    use crate::referee::normal::Regime;
    let (series, priors) = (gapped(80, 3), SwitchPriors::deck());
    let data = PrefixSums::new(&series);
    let regime = |rows| Regime::of(&data.about_own_mean(rows), data.centre(), &priors);
    let each: Vec<(f64, f64)> = (0..80)
        .filter(|&s| data.admits(s))
        .map(|s| {
            let (before, after) = (regime(0..s), regime(s..80));
            (before.log_evidence + after.log_evidence, after.sigma.mean)
        })
        .collect();
    let peak = each
        .iter()
        .map(|(ln, _)| *ln)
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = each.iter().map(|(ln, _)| (ln - peak).exp()).sum();
    let sigma: f64 = each
        .iter()
        .map(|(ln, sigma)| (ln - peak).exp() * sigma)
        .sum();
    let exact = exact(&series, priors);
    close(
        exact.log_evidence,
        peak + total.ln() - 80.0_f64.ln(),
        1e-13,
        "evidence",
    );
    close(of(&exact, "sigma2").mean, sigma / total, 1e-12, "sigma2");
}

/// The least that regimes which share their sigma can be made of.
#[test]
fn three_observations_of_one_sd_are_enough() {
    let exact = Exact::of(&model(
        &series(&[0.2, -0.5, 3.0]),
        Likelihood::NormalSharedSd,
        "0,1",
        SwitchPrior::Uniform,
    ));
    let exact = exact.expect("it has a posterior");
    let total: f64 = exact.switch_posterior[0].iter().sum();
    assert!((total - 1.0).abs() < 1e-14 && of(&exact, "sigma").sd > 0.0);
}
