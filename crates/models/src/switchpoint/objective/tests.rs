//! The objectives of every model against the samplers' own densities, closed forms and central differences.

use switchback_core::{Gradient, LogDensity};

use super::*;
use crate::testing::{deck, gapped, relative, series, uniform};
use crate::{
    Likelihood, MarginalSwitch, Prior, RatePrior, RegimePriors, SigmoidSwitch, SwitchPriors,
    SwitchSettings,
};

const JACOBIAN: Estimate = Estimate::Posterior {
    with_jacobian: true,
};
const PLAIN: Estimate = Estimate::Posterior {
    with_jacobian: false,
};

fn every_model() -> Vec<SwitchModel> {
    let counts = series(&[4.0, 6.0, 3.0, 5.0, 4.0, 1.0, 0.0, 2.0, 1.0, 0.0, 1.0, 3.0]);
    let rate = RatePrior::new(Prior::gamma(2.0, 0.5).expect("valid")).expect("valid");
    let mut models = Vec::new();
    for likelihood in Likelihood::ALL {
        for regimes in ["0,1", "0,1,0", "0,1,2"] {
            for switch_prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
                let (series, priors) = match likelihood {
                    Likelihood::Poisson => (counts.clone(), RegimePriors::Poisson(rate)),
                    _ => (gapped(30, 1), RegimePriors::Normal(SwitchPriors::deck())),
                };
                let settings = SwitchSettings {
                    likelihood,
                    regimes: regimes.parse().expect("it is offered"),
                    priors,
                    switch_prior,
                };
                models.push(SwitchModel::new(&series, settings).expect("it can be modelled"));
            }
        }
    }
    models
}

fn sigmoid(model: &SwitchModel, estimate: Estimate) -> Objective {
    Objective::sigmoid(model.clone(), estimate, Parameterization::Log).expect("it is offered")
}

/// The sigmoid form's likelihood by raw and by logarithmic sigmas, and its posterior without and with the Jacobian.
fn sigmoids(model: &SwitchModel) -> [Objective; 4] {
    let raw = Objective::sigmoid(model.clone(), Estimate::Likelihood, Parameterization::Raw);
    [
        raw.expect("a likelihood has raw sigmas"),
        sigmoid(model, Estimate::Likelihood),
        sigmoid(model, PLAIN),
        sigmoid(model, JACOBIAN),
    ]
}

fn at(target: &dyn Gradient, position: &[f64]) -> (f64, Vec<f64>) {
    let (mut value, mut grad) = ([0.0], vec![0.0; position.len()]);
    target
        .logp_grad(position, &mut value, &mut grad)
        .expect("the shapes fit");
    let mut alone = [0.0];
    target.logp(position, &mut alone).expect("the shapes fit");
    assert!(relative(value[0], alone[0]) < 1e-14, "{value:?} {alone:?}");
    (value[0], grad)
}

#[test]
fn with_prior_and_jacobian_it_is_the_density_that_samplers_draw_from() {
    for model in every_model() {
        let mut draw = uniform(7);
        for _ in 0..20 {
            let samplers = SigmoidSwitch::posterior(model.clone());
            let position: Vec<f64> = (0..samplers.space().dim())
                .map(|_| draw(-1.5, 1.5))
                .collect();
            let (ours, our_grad) = at(&sigmoid(&model, JACOBIAN), &position);
            let (theirs, their_grad) = at(&samplers, &position);
            assert!(relative(ours, theirs) < 1e-12, "{}", model.describe());
            for (a, b) in our_grad.iter().zip(&their_grad) {
                assert!(relative(*a, *b) < 1e-9, "{}: {a} {b}", model.describe());
            }
            let position = &position[..model.n_parameters()];
            let marginal = Objective::marginal(model.clone(), JACOBIAN);
            let (ours, our_grad) = at(&marginal, position);
            let (theirs, their_grad) = at(&MarginalSwitch::new(model.clone()), position);
            assert!(relative(ours, theirs) < 1e-12, "{}", model.describe());
            for (a, b) in our_grad.iter().zip(&their_grad) {
                assert!(relative(*a, *b) < 1e-11, "{}: {a} {b}", model.describe());
            }
        }
    }
}

#[test]
fn without_the_jacobian_it_is_smaller_by_just_that() {
    for model in every_model() {
        for (plain, full) in [
            (sigmoid(&model, PLAIN), sigmoid(&model, JACOBIAN)),
            (
                Objective::marginal(model.clone(), PLAIN),
                Objective::marginal(model.clone(), JACOBIAN),
            ),
        ] {
            let position: Vec<f64> = (0..plain.space().dim())
                .map(|i| 0.3 - 0.2 * i as f64)
                .collect();
            let jacobian = full.space().log_jacobian(&position);
            let difference = at(&full, &position).0 - at(&plain, &position).0;
            assert!(
                (difference - jacobian).abs() < 1e-11,
                "{}",
                model.describe()
            );
        }
    }
}

/// Positions side by side, among them one outside, one that is no number and one that nobody asks for.
#[test]
fn slopes_are_the_gradient_to_the_last_bit_whatever_is_beside_them() {
    let mut draw = uniform(41);
    for model in every_model() {
        let marginal = Objective::marginal(model.clone(), JACOBIAN);
        for target in sigmoids(&model).into_iter().chain([marginal]) {
            let dim = target.space().dim();
            let mut positions: Vec<[f64; 5]> = (0..dim)
                .map(|_| std::array::from_fn(|_| draw(0.5, 1.5)))
                .collect();
            positions[0][1] = f64::NAN;
            positions[dim - 1][3] = -1e300;
            let mut grads = vec![[0.0; 5]; dim];
            let asked = [true, true, false, true, true];
            let found = target.slopes(asked, &positions, &mut grads);
            let found = found.expect("the shapes fit");
            for w in (0..5).filter(|w| asked[*w]) {
                let of = |all: &[[f64; 5]]| all.iter().map(|all| all[w]).collect::<Vec<_>>();
                let mut grad = vec![0.0; dim];
                let value = target.logp_grad_at(&of(&positions), &mut grad);
                let is_finite = value.is_finite() && grad.iter().all(|slope| slope.is_finite());
                assert_eq!(found[w], is_finite, "{}", model.describe());
                assert!(!is_finite || of(&grads) == grad, "{}", model.describe());
            }
            assert_eq!(
                [found[0], found[1], found[2], found[4]],
                [true, false, false, true]
            );
            assert!(target.slopes([true], &[[0.0]], &mut [[0.0]]).is_err());
        }
    }
}

/// Worst difference of the gradient from central differences, relative to the gradient's size.
fn by_differences(target: &Objective, position: &[f64]) -> f64 {
    let (_, grad) = at(target, position);
    let size = grad.iter().fold(1.0_f64, |size, g| size.max(g.abs()));
    let value_at = |index: usize, moved: f64| {
        let mut position = position.to_vec();
        position[index] += moved;
        at(target, &position).0
    };
    let h = 1e-3;
    (0..position.len())
        .map(|index| {
            // Richardson's extrapolation: the error is of fourth order.
            let slope = |h: f64| (value_at(index, h) - value_at(index, -h)) / (2.0 * h);
            let difference = (4.0 * slope(0.5 * h) - slope(h)) / 3.0;
            (grad[index] - difference).abs() / size
        })
        .fold(0.0, f64::max)
}

#[test]
fn gradients_are_those_of_central_differences_in_every_coordinate() {
    let odd = |i: usize| Coordinate {
        center: 0.1 * i as f64,
        // Only of a mean: raw sigmas of opposite signs would cross 0 next to a switch.
        scale: if i == 0 { -0.8 } else { 0.6 },
    };
    for model in every_model() {
        let coordinates: Vec<_> = (0..model.n_parameters() + model.n_switches())
            .map(odd)
            .collect();
        let mut targets = vec![
            Objective::marginal(model.clone(), Estimate::Likelihood),
            Objective::marginal(model.clone(), PLAIN),
        ];
        for estimate in [Estimate::Likelihood, PLAIN, JACOBIAN] {
            targets.push(sigmoid(&model, estimate));
            let steep = sigmoid(&model, estimate).with_steepness(0.3);
            targets.push(steep.expect("it is positive"));
        }
        let raw = Objective::sigmoid(model.clone(), Estimate::Likelihood, Parameterization::Raw);
        targets.push(raw.expect("a likelihood has raw sigmas"));
        for target in targets {
            let coordinates = &coordinates[..target.space().dim()];
            let moved = target.clone().with_coordinates(coordinates).expect("valid");
            let mut draw = uniform(31);
            for _ in 0..5 {
                let position: Vec<f64> = coordinates.iter().map(|_| draw(0.5, 1.5)).collect();
                for target in [&target, &moved] {
                    let error = by_differences(target, &position);
                    assert!(error < 1e-7, "{}: {error:e}", model.describe());
                }
            }
        }
    }
}

#[test]
fn units_of_the_coordinates_do_not_count() {
    let odd = Coordinate {
        center: 2.0,
        scale: 0.25,
    };
    let values = [-0.8, 4.6, 0.9, 1.8, 46.0];
    let model =
        SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it can be modelled");
    let log_likelihood = SigmoidSwitch::posterior(model.clone()).log_likelihood_of(&values);
    for target in sigmoids(&model) {
        let position = target.space().unconstrain(&values).expect("inside");
        let (value, _) = at(&target, &position);
        if target.estimate() == Estimate::Likelihood {
            assert!(relative(value, log_likelihood) < 1e-13);
        }
        let moved = target.with_coordinates(&[odd; 5]).expect("valid");
        let position = moved.space().unconstrain(&values).expect("inside");
        assert!(relative(at(&moved, &position).0, value) < 1e-13);
        let mut likelihood = [0.0];
        Posterior::log_likelihood(&moved, &position, &mut likelihood).expect("the shapes fit");
        assert!(relative(likelihood[0], log_likelihood) < 1e-13);
        assert_eq!(moved.switches_of(&values), [46]);
    }
}

#[test]
fn a_tau_is_free_in_a_likelihood_alone() {
    let model =
        SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it can be modelled");
    let outside = [0.0, 1.0, 1.0, 2.0, -30.0];
    let space = |estimate| sigmoid(&model, estimate).space().clone();
    assert!(space(Estimate::Likelihood).unconstrain(&outside).is_ok());
    assert!(space(PLAIN).unconstrain(&outside).is_err());
}

#[test]
fn the_marginal_form_knows_where_its_switch_is() {
    let model =
        SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it can be modelled");
    let marginal = Objective::marginal(model, Estimate::Likelihood);
    assert_eq!(marginal.switches_of(&[-0.8, 4.6, 1.1, 1.8]), [45]);
    assert_eq!(marginal.steepness(), None);
}

#[test]
fn no_finite_position_makes_a_nan() {
    let corners = [
        -1e308, -1e150, -800.0, -45.0, 0.0, 1e-320, 1e-150, 0.5, 45.0, 800.0, 1e150, 1e308,
    ];
    for model in every_model() {
        let raw = Objective::sigmoid(model.clone(), Estimate::Likelihood, Parameterization::Raw);
        for target in [
            raw.expect("a likelihood has raw sigmas"),
            sigmoid(&model, Estimate::Likelihood),
            sigmoid(&model, PLAIN),
            sigmoid(&model, JACOBIAN),
            Objective::marginal(model.clone(), PLAIN),
        ] {
            let mut draw = uniform(41);
            for _ in 0..500 {
                let position: Vec<f64> = (0..target.space().dim())
                    .map(|_| corners[draw(0.0, 12.0) as usize])
                    .collect();
                let (value, grad) = at(&target, &position);
                assert!(!value.is_nan() && value < f64::INFINITY, "{position:?}");
                if value == f64::NEG_INFINITY {
                    assert!(grad.iter().all(|slope| *slope == 0.0), "{position:?}");
                }
            }
        }
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let model =
        SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it can be modelled");
    let raw = Objective::sigmoid(model.clone(), PLAIN, Parameterization::Raw);
    assert!(matches!(raw, Err(ModelError::RawPosterior)));
    let target = sigmoid(&model, Estimate::Likelihood);
    let mut coordinates = [Coordinate::IDENTITY; 5];
    let few = target.clone().with_coordinates(&coordinates[..4]);
    assert!(matches!(few, Err(ModelError::Coordinates { .. })));
    coordinates[3].scale = 0.0;
    let flat = target.clone().with_coordinates(&coordinates);
    assert!(flat.is_err_and(|error| error.to_string().contains("sigma2")));
    assert!(matches!(
        target.with_steepness(-1.0),
        Err(ModelError::Steepness { .. })
    ));
    let marginal = Objective::marginal(model, PLAIN).with_steepness(2.0);
    assert!(matches!(marginal, Err(ModelError::NoSteepness)));
}
