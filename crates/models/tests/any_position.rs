//! Protects: any numbers at all have a defined density and gradient, and ordinary ones have the right ones.
//!
//! A value is finite or `-inf`, with a gradient of 0 there; `NaN` is for positions that hold one, and for these alone.

#![allow(clippy::unwrap_used)]

mod cases;

use cases::{Case, cases, numbers, ordinary, settings};
use proptest::prelude::*;
use switchback_core::RowGradient;
use switchback_models::{Estimate, MarginalSwitch, Objective, Parameterization, SigmoidSwitch};

fn replaced(mut values: Vec<f64>, ends: &[(usize, f64)]) -> Vec<f64> {
    let n = values.len();
    for (index, end) in ends {
        values[index % n] = *end;
    }
    values
}

/// Whether `value` with its gradient is one of what there may be; `may_hide_nan`: or `-inf` where the position holds a `NaN`.
fn check(
    value: f64,
    gradient: &[f64],
    position: &[f64],
    may_hide_nan: bool,
) -> Result<(), TestCaseError> {
    let holds_nan = position.iter().any(|x| x.is_nan());
    let is_hidden = may_hide_nan && holds_nan && value == f64::NEG_INFINITY;
    prop_assert!(
        value.is_nan() == holds_nan || is_hidden,
        "{} at {:?}",
        value,
        position
    );
    prop_assert!(value != f64::INFINITY, "at {:?}", position);
    if value == f64::NEG_INFINITY {
        let is_zero = gradient.iter().all(|slope| *slope == 0.0);
        prop_assert!(is_zero, "{:?} at {:?}", gradient, position);
    }
    Ok(())
}

/// 100,000 others a test have passed.
const CASES: u32 = 1_500;

proptest! {
    #![proptest_config(settings(CASES))]

    #[test]
    fn any_values_have_a_defined_likelihood(case in cases(), (numbers, ends) in numbers()) {
        let form = case.sigmoid(case.regimes).unwrap();
        let values = replaced(ordinary(&case, form.model(), &numbers), &ends);
        let (value, gradient) = form.gradient_of(&values);
        check(value, &gradient, &values, false)?;
        let alone = form.log_likelihood_of(&values);
        prop_assert!(
            alone == value || (alone.is_nan() && value.is_nan()) || close(alone, value, value.abs(), 1e-12),
            "{} and {} at {:?}", alone, value, values
        );
    }

    #[test]
    fn any_position_has_a_defined_density(case in cases(), (numbers, ends) in numbers()) {
        let model = case.model().unwrap();
        let map = Estimate::Posterior { with_jacobian: true };
        let forms: Vec<Box<dyn RowGradient>> = vec![
            Box::new(SigmoidSwitch::posterior(model.clone()).with_steepness(case.steepness).unwrap()),
            Box::new(MarginalSwitch::new(model.clone())),
            Box::new(Objective::marginal(model.clone(), map)),
            Box::new(Objective::sigmoid(model.clone(), map, Parameterization::Log).unwrap()),
            Box::new(Objective::sigmoid(model, Estimate::Likelihood, Parameterization::Raw).unwrap()),
        ];
        let is_marginal = [false, true, true, false, false];
        for (number, form) in forms.iter().enumerate() {
            let dim = form.domain().dim();
            let ordinary = numbers.iter().take(dim).map(|u| 8.0 * u - 4.0).collect();
            let position = replaced(ordinary, &ends);
            let mut gradient = vec![f64::NAN; dim];
            let value = form.logp_grad_at(&position, &mut gradient);
            check(value, &gradient, &position, is_marginal[number])?;
            check(form.logp_at(&position), &gradient, &position, is_marginal[number])?;
        }
    }

    #[test]
    fn ordinary_values_have_the_likelihood_of_the_formula(case in cases(), (numbers, _) in numbers()) {
        let form = case.sigmoid(case.regimes).unwrap();
        let values = ordinary(&case, form.model(), &numbers);
        let (value, gradient) = form.gradient_of(&values);
        let [dense, absolute] = case.dense(&values);
        // The formula as it is written rounds a mean of levels, which at an offset of 1000 costs three digits and twice
        // as many in a square.
        prop_assert!(close(value, dense, absolute, 1e-9), "{} and {} at {:?}", value, dense, values);
        prop_assert!(gradient.iter().all(|slope| slope.is_finite()));
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood(case in cases(), (numbers, _) in numbers()) {
        let form = case.sigmoid(case.regimes).unwrap();
        let values = ordinary(&case, form.model(), &numbers);
        let (value, gradient) = form.gradient_of(&values);
        let spread = values[form.model().n_parameters() - 1].abs();
        for index in 0..values.len() {
            let is_tau = index >= form.model().n_parameters();
            let unit = if is_tau { 1.0 / case.steepness } else { spread };
            let step = 1e-4 * unit;
            let at = |by: f64| {
                let mut moved = values.clone();
                moved[index] += by * step;
                form.log_likelihood_of(&moved)
            };
            let near = (at(1.0) - at(-1.0)) / (2.0 * step);
            let far = (at(2.0) - at(-2.0)) / (4.0 * step);
            if !(near.is_finite() && far.is_finite()) {
                // Switches changed places.
                continue;
            }
            // Richardson's error is below the one that it removes; the rest is rounding of the values.
            let slope = near + (near - far) / 3.0;
            let slack = (near - far).abs() + 1e-11 * value.abs().max(1.0) / step;
            prop_assert!(
                (slope - gradient[index]).abs() <= slack + 1e-7 * gradient[index].abs(),
                "{} and {} by {} at {:?}", slope, gradient[index], index, values
            );
        }
    }

    /// A second switch far behind the last row leaves one, and goes the way of several.
    #[test]
    fn one_switch_is_two_of_which_one_is_far(case in cases(), (numbers, ends) in numbers()) {
        let (Some(one), Some(two)) = (case.sigmoid("0,1"), case.sigmoid("0,1,2")) else {
            return Ok(());
        };
        let one_case = Case { regimes: "0,1", ..case.clone() };
        let ends: Vec<_> = ends.into_iter().filter(|(_, end)| end.abs() <= 1e200).collect();
        let values = replaced(ordinary(&one_case, one.model(), &numbers), &ends);
        let (parameters, tau) = values.split_at(values.len() - 1);
        let far = case.rows.len() as f64 + 1e5;
        prop_assume!(tau[0].abs() < far);
        let mut more = Vec::new();
        // A third regime like the second.
        for pair in parameters.chunks(2) {
            more.extend(pair);
            more.extend(pair.get(1));
        }
        more.extend([tau[0], far]);
        let (value, gradient) = one.gradient_of(&values);
        let (other, slopes) = two.gradient_of(&more);
        prop_assert_eq!(value == f64::NEG_INFINITY, other == f64::NEG_INFINITY, "{} {}", value, other);
        if value.is_finite() {
            let [_, absolute] = one_case.dense(&values);
            let scale = if absolute.is_finite() { absolute } else { value.abs() };
            prop_assert!(close(value, other, scale, 1e-11), "{} and {} at {:?}", value, other, values);
            // Slopes may lie beyond a float where the value does not.
            let (last, same) = (gradient[gradient.len() - 1], slopes[slopes.len() - 2]);
            prop_assert_eq!(last.is_finite(), same.is_finite());
            if !last.is_finite() {
                return Ok(());
            }
            prop_assert!(close(last, same, last.abs().max(scale * case.steepness), 1e-9), "{} {} at {:?} {}", last, same, values, value);
        }
    }
}

fn close(a: f64, b: f64, scale: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * scale.max(1.0)
}
