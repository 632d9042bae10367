//! Numbers of switches against each other.

use super::*;
use crate::testing::stepped;

fn settings(series: &Series, likelihood: Likelihood) -> SwitchSettings {
    SwitchSettings {
        likelihood,
        regimes: Regimes::reversion(),
        priors: RegimePriors::scaled_to(likelihood, series).expect("it has a scale"),
        switch_prior: SwitchPrior::Sequential,
    }
}

fn of_likelihood(likelihood: Likelihood) -> Series {
    match likelihood {
        Likelihood::Poisson => counts(40),
        _ => stepped(40, 2),
    }
}

#[test]
fn each_is_the_evidence_of_its_own_model() {
    for likelihood in Likelihood::ALL {
        let series = of_likelihood(likelihood);
        let rows = evidence_by_switches(&series, &settings(&series, likelihood), 4);
        let rows = rows.expect("it can be modelled");
        assert_eq!(
            rows.iter().map(|(k, _)| *k).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4]
        );
        for (switches, ln) in &rows[1..] {
            let regimes = Regimes::free(*switches)
                .expect("there are some")
                .to_string();
            let model = model(&series, likelihood, &regimes, SwitchPrior::Uniform);
            let exact = Exact::of(&model).expect("it has a posterior");
            close(*ln, exact.log_evidence, 1e-12, &model.describe());
            close(rows[0].1, exact.log_evidence_no_switch, 1e-12, "none");
        }
    }
}

#[test]
fn the_true_number_of_switches_is_the_most_probable() {
    for (likelihood, truth) in [(Likelihood::Normal, 1), (Likelihood::Poisson, 2)] {
        let series = of_likelihood(likelihood);
        let rows = evidence_by_switches(&series, &settings(&series, likelihood), 5);
        let rows = rows.expect("it can be modelled");
        let best = rows.iter().fold(
            rows[0],
            |best, row| if row.1 > best.1 { *row } else { best },
        );
        assert_eq!(best.0, truth, "{rows:?}");
    }
}

#[test]
fn there_are_no_rows_for_more_switches_than_a_series_can_hold() {
    let n_rows = |values: &[f64], likelihood| {
        let series = series(values);
        let rows = evidence_by_switches(&series, &settings(&series, likelihood), 9);
        rows.expect("it can be modelled").len()
    };
    // Three observations: up to two switches. Two changes of value: up to one with a sigma that is shared.
    assert_eq!(n_rows(&[1.0, 4.0, 2.0], Likelihood::Normal), 3);
    assert_eq!(
        n_rows(&[1.0, 1.0, 4.0, 2.0, 2.0], Likelihood::NormalSharedSd),
        2
    );
    assert_eq!(n_rows(&[1.0, 1.0, 4.0, 4.0], Likelihood::NormalSharedSd), 1);
    // Some regime can hold the change of value, and the others one row each.
    assert_eq!(
        n_rows(&[1.0, 1.0, 1.0, 4.0, 4.0, 4.0], Likelihood::Normal),
        6
    );
    let series = series(&[2.0, 2.0, 2.0]);
    let error = evidence_by_switches(
        &series,
        &settings(&of_likelihood(Likelihood::Normal), Likelihood::Normal),
        2,
    );
    assert!(matches!(error, Err(ModelError::ConstantSeries { .. })));
}
