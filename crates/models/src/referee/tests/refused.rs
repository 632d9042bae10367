//! What has no exact answer says so.

use super::*;

fn refused(model: &SwitchModel) -> ModelError {
    Exact::of(model).expect_err("it is refused")
}

#[test]
fn too_many_stretches_are_refused_with_the_most_rows() {
    let long: Vec<f64> = (0..6000).map(|i| f64::from(i * i % 23)).collect();
    let long = series(&long);
    for (likelihood, regimes, most_rows) in [
        (Likelihood::Normal, "0,1,2", 5791),
        (Likelihood::Normal, "0,1,0", 4095),
        (Likelihood::Poisson, "0,1,2,3", 5791),
        (
            Likelihood::NormalSharedSd,
            "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
            4095,
        ),
    ] {
        let model = model(&long, likelihood, regimes, SwitchPrior::Uniform);
        let error = refused(&model);
        let ModelError::TooManyStretches {
            most_rows: said,
            rows,
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((rows, said), (6000, most_rows), "{}", model.describe());
        assert!(error.to_string().contains("sample instead"), "{error}");
    }
    let one = model(&long, Likelihood::Poisson, "0,1", SwitchPrior::Uniform);
    assert!(Exact::of(&one).is_ok());
}

#[test]
fn a_series_that_leaves_few_places_has_an_answer() {
    let values = [3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 1.0];
    // With every row a regime of its own but two, these two must be the last.
    let model = model(
        &series(&values),
        Likelihood::Normal,
        "0,1,2,3,4,5,6",
        SwitchPrior::Uniform,
    );
    let exact = Exact::of(&model).expect("it has a posterior");
    assert!(exact.excluded_prior > 0.5 && exact.excluded.is_empty());
    assert!(exact.may_have_constant_regime());
    assert!((exact.switch_posterior[5].iter().sum::<f64>() - 1.0).abs() < 1e-14);
}

#[test]
fn runs_of_equal_values_are_told() {
    let told = |values: &[f64], regimes: &str| {
        let model = model(
            &series(values),
            Likelihood::Normal,
            regimes,
            SwitchPrior::Sequential,
        );
        Exact::of(&model)
            .expect("it has a posterior")
            .may_have_constant_regime()
    };
    let middle = [1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 1.5, 0.5];
    assert!(told(&middle, "0,1,0") && told(&middle, "0,1,2"));
    assert!(!told(&middle, "0,1"), "one switch cannot cut it out");
    assert!(!told(&middle[1..7], "0,1,0"));
    let ends = [3.0, 3.0, 3.0, 1.0, 2.5, 3.0, 3.0, 3.0];
    assert!(told(&ends, "0,1,0") && !told(&ends, "0,1,2"));
}

#[test]
fn priors_out_of_reach_are_refused() {
    let with = |shape: f64, rate: f64| {
        let prior = RatePrior::new(Prior::gamma(shape, rate).expect("valid")).expect("valid");
        let settings = SwitchSettings {
            likelihood: Likelihood::Poisson,
            regimes: Regimes::one_switch(),
            priors: RegimePriors::Poisson(prior),
            switch_prior: SwitchPrior::Uniform,
        };
        Exact::of(&SwitchModel::new(&counts(20), settings).expect("they are counts"))
    };
    for (shape, rate) in [(1.0, 1e-200), (1e300, 1.0), (1.0, 1e200)] {
        let error = with(shape, rate).expect_err("it is out of reach");
        assert!(
            matches!(
                error,
                ModelError::PriorReach {
                    parameter: "rate",
                    ..
                }
            ),
            "{error}"
        );
    }
    let conflict = with(1e30, 1.0).expect_err("the prior is sure of a rate of 1e30");
    assert!(
        matches!(conflict, ModelError::PriorConflict { .. }),
        "{conflict}"
    );
    assert!(with(1e-3, 1e-3).is_ok() && with(1e6, 1e-3).is_ok());
}
