//! A climb on tensors takes the steps that its rule says, start by start: against plain loops over the objective, and with
//! a start beside it that overflows.

mod common;

use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use common::{at, deck, distance, flex, gapped, on_processors, priors};
use switchback_core::{Ascent, Coordinate, Halt, Optimizer, Ramp, Rule, Shape, Stop};
use switchback_models::{
    Estimate, Likelihood, Objective, Parameterization, SwitchModel, SwitchPrior, SwitchPriors,
    SwitchSettings,
};
use switchback_tensor::{Expression, NotOnTensors, TensorClimb};

/// The talk's switch by the logarithms of its sigmas.
fn one_switch() -> Objective {
    let model =
        SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it can be modelled");
    Objective::sigmoid(model, Estimate::Likelihood, Parameterization::Log).expect("it is offered")
}

/// The posterior of two switches with reversion, in other coordinates.
fn two_switches() -> Objective {
    let settings = SwitchSettings {
        likelihood: Likelihood::Normal,
        regimes: "0,1,0".parse().expect("it is offered"),
        priors: priors(Likelihood::Normal),
        switch_prior: SwitchPrior::Sequential,
    };
    let model = SwitchModel::new(&gapped(), settings).expect("it can be modelled");
    let estimate = Estimate::Posterior {
        with_jacobian: true,
    };
    let odd = Coordinate {
        center: 0.2,
        scale: 0.5,
    };
    Objective::sigmoid(model, estimate, Parameterization::Log)
        .and_then(|objective| objective.with_coordinates(&[odd; 6]))
        .expect("it is offered")
}

const ONE: [f64; 5] = [0.0, 0.5, 0.7, 0.9, 15.0];
const OTHER: [f64; 5] = [-1.0, 4.0, 0.1, 1.0, 60.0];
const TWO: [f64; 6] = [-1.0, 3.0, 0.1, 0.4, -0.5, 0.6];

const RULES: [Rule; 4] = [
    Rule::Adam {
        beta_1: 0.8,
        beta_2: 0.99,
        epsilon: 1e-6,
    },
    // Every digit of the momentum fits into single precision, in which burn keeps it.
    Rule::Momentum { momentum: 0.625 },
    Rule::Sgd,
    Rule::RMS_PROP,
];

/// The path of one start by plain floats: `steps` steps of `ascent` from `start`.
fn walked(objective: &Objective, ascent: &Ascent, start: &[f64], steps: u64) -> Vec<f64> {
    let mut position = start.to_vec();
    let (mut first, mut second) = (vec![0.0; start.len()], vec![0.0; start.len()]);
    for step in 0..steps {
        let steepness = ascent.steepness.at(step);
        let objective = objective
            .clone()
            .with_steepness(steepness)
            .expect("positive");
        let (_, mut grad) = at(&objective, &position);
        let norm = grad.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        if let Some(clip) = ascent.clip
            && norm > clip
        {
            grad.iter_mut().for_each(|slope| *slope *= clip / norm);
        }
        let rate = ascent.learning_rate.at(step);
        for (i, g) in grad.into_iter().enumerate() {
            position[i] += rate
                * match ascent.rule {
                    Rule::Adam {
                        beta_1,
                        beta_2,
                        epsilon,
                    } => {
                        first[i] = beta_1 * first[i] + (1.0 - beta_1) * g;
                        second[i] = beta_2 * second[i] + (1.0 - beta_2) * g * g;
                        let mean = first[i] / (1.0 - beta_1.powi(step as i32 + 1));
                        let square = second[i] / (1.0 - beta_2.powi(step as i32 + 1));
                        mean / (square.sqrt() + epsilon)
                    }
                    Rule::Momentum { momentum } => {
                        first[i] = momentum * first[i] + g;
                        first[i]
                    }
                    Rule::Sgd => g,
                    Rule::RmsProp { decay, epsilon } => {
                        second[i] = decay * second[i] + (1.0 - decay) * g * g;
                        g / (second[i].sqrt() + epsilon)
                    }
                };
        }
    }
    position
}

/// The greatest distance of a batch of `starts` from where plain floats take each, after `steps` steps.
fn departure(objective: &Objective, ascent: &Ascent, starts: &[f64], steps: u64) -> f64 {
    let dim = starts.len() / 2;
    let mut worst: f64 = 0.0;
    for (device, expression) in on_processors() {
        let mut climb =
            TensorClimb::with_expression(objective, &device, ascent, starts, expression)
                .expect("it is a sigmoid");
        climb.advance(steps as usize).expect("it works");
        let snapshot = climb.snapshot().expect("it works");
        assert_eq!(snapshot.step, steps);
        assert_eq!(climb.n_evaluations(), 2 * (steps + 1));
        for (found, start) in snapshot.positions.chunks(dim).zip(starts.chunks(dim)) {
            let truth = walked(objective, ascent, start, steps);
            assert!(truth.iter().zip(start).any(|(a, b)| a != b), "it moves");
            for (found, truth) in found.iter().zip(&truth) {
                worst = worst.max(distance(*found, *truth, 1.0));
            }
        }
        let (values, slopes) = at(objective, &snapshot.positions);
        for (row, slopes) in slopes.chunks(dim).enumerate() {
            let norm = slopes.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
            assert!(distance(snapshot.logp[row], values[row], 1.0) < 1e-11);
            assert!(distance(snapshot.grad_norms[row], norm, 1.0) < 1e-9);
        }
    }
    worst
}

/// Steps of the comparison. Near an optimum RMSprop, whose steps do not grow shorter, makes noise of rounding: at a constant
/// rate the plain loop itself moves by 1e-5 within 60 steps (one switch) and by 4e-5 within 150 (two) when its start moves by
/// 4e-16, and the tensors leave it by at most twice as much. Up to the 40th step every distance is below 3e-15.
const STEPS: u64 = 30;

fn both(ascent: impl Fn(Rule) -> Ascent) {
    for rule in RULES {
        let ascent = ascent(rule);
        for (objective, starts) in [
            (one_switch(), [ONE, OTHER].concat()),
            (two_switches(), [TWO.map(|u| 0.7 * u), TWO].concat()),
        ] {
            let error = departure(&objective, &ascent, &starts, STEPS);
            assert!(error <= 1e-14, "{ascent:?}: {error:e}");
        }
    }
}

#[test]
fn every_rule_takes_the_steps_of_a_plain_loop() {
    both(|rule| Ascent {
        learning_rate: Ramp::constant(if rule.is_scale_free() { 0.02 } else { 1e-3 }),
        ..Ascent::new(rule)
    });
}

#[test]
fn clipping_ramps_and_annealing_are_those_of_a_plain_loop() {
    both(|rule| {
        let rate = if rule.is_scale_free() { 0.05 } else { 5e-3 };
        Ascent {
            learning_rate: Ramp {
                from: rate,
                to: 0.1 * rate,
                shape: Shape::Cosine,
                steps: 24,
            },
            clip: Some(3.0),
            steepness: Ramp {
                from: 0.1,
                to: 1.0,
                shape: Shape::Geometric,
                steps: 20,
            },
            ..Ascent::new(rule)
        }
    });
}

#[test]
fn the_clip_of_the_plain_loop_holds_somewhere() {
    let ascent = Ascent {
        clip: Some(3.0),
        ..Ascent::new(Rule::Sgd)
    };
    let clipped = walked(&one_switch(), &ascent, &ONE, 10);
    let free = walked(&one_switch(), &Ascent::new(Rule::Sgd), &ONE, 10);
    assert!(clipped.iter().zip(&free).any(|(a, b)| (a - b).abs() > 1e-3));
}

/// Starts beside which others must not suffer: one that is lost at once, and one that a few steps carry away.
fn lost() -> [[f64; 5]; 2] {
    [[1e200, 0.0, 0.0, 0.0, 40.0], [0.0, 0.0, -30.0, -30.0, 40.0]]
}

#[test]
fn a_start_that_overflows_ends_alone() {
    for expression in Expression::ALL {
        overflows_alone(expression);
    }
}

fn overflows_alone(expression: Expression) {
    let objective = one_switch();
    let ascents = RULES.map(|rule| Ascent {
        clip: (rule == Rule::Sgd).then_some(1e9),
        learning_rate: Ramp::constant(if rule == Rule::Sgd {
            1e-3
        } else {
            rule.usual_rate()
        }),
        ..Ascent::new(rule)
    });
    for ascent in ascents {
        let [at_once, later] = lost();
        let mixed = [ONE, at_once, OTHER, later].concat();
        let climb = |starts: &[f64]| {
            TensorClimb::with_expression(&objective, &flex(), &ascent, starts, expression)
                .expect("it is a sigmoid")
        };
        let (mut mixed, mut healthy) = (climb(&mixed), climb(&[ONE, OTHER].concat()));
        let mut last_finite = (0, later.to_vec());
        for step in (0..60).step_by(20) {
            let (found, truth) = (
                mixed.snapshot().expect("it works"),
                healthy.snapshot().expect("it works"),
            );
            for (row, alone) in [(0, 0), (2, 1)] {
                let bits = |positions: &[f64], row: usize| {
                    positions[5 * row..][..5]
                        .iter()
                        .map(|u| u.to_bits())
                        .collect::<Vec<_>>()
                };
                assert_eq!(
                    bits(&found.positions, row),
                    bits(&truth.positions, alone),
                    "{ascent:?}, step {step}"
                );
                assert_eq!(found.logp[row].to_bits(), truth.logp[alone].to_bits());
                assert_eq!(found.grad_norms[row], truth.grad_norms[alone]);
                assert_eq!(mixed.halts()[row], None);
            }
            assert!(found.logp[1].is_nan() && found.grad_norms[1].is_nan());
            let halted = |step, position: &[f64]| {
                Some(Halt {
                    stop: Stop::NonFinite,
                    step,
                    position: position.to_vec(),
                })
            };
            assert_eq!(mixed.halts()[1], halted(0, &at_once));
            assert_eq!(found.positions[5..10], at_once);
            if found.logp[3].is_finite() {
                last_finite = (step, found.positions[15..].to_vec());
                assert_eq!(mixed.halts()[3], None);
            } else {
                assert!(found.grad_norms[3].is_nan());
                assert_eq!(mixed.halts()[3], halted(last_finite.0, &last_finite.1));
                assert_eq!(found.positions[15..], last_finite.1);
            }
            mixed.advance(20).expect("it works");
            healthy.advance(20).expect("it works");
        }
        let is_lost = mixed.halts()[3].is_some();
        let keeps_its_size = ascent.rule.is_scale_free();
        assert!(is_lost != keeps_its_size, "{ascent:?}: {is_lost}");
    }
}

#[test]
fn values_are_those_of_the_final_steepness() {
    let ascent = Ascent {
        steepness: Ramp {
            from: 0.05,
            to: 2.0,
            shape: Shape::Linear,
            steps: 1_000,
        },
        ..Ascent::new(Rule::ADAM)
    };
    let steep = one_switch().with_steepness(2.0).expect("positive");
    for (objective, (device, expression)) in [&one_switch(), &steep]
        .into_iter()
        .flat_map(|objective| on_processors().into_iter().map(move |on| (objective, on)))
    {
        let mut climb = TensorClimb::with_expression(objective, &device, &ascent, &ONE, expression)
            .expect("a sigmoid");
        climb.advance(10).expect("it works");
        let snapshot = climb.snapshot().expect("it works");
        let (values, _) = at(&steep, &snapshot.positions);
        assert!(distance(snapshot.logp[0], values[0], 1.0) < 1e-12);
        for (found, truth) in snapshot
            .positions
            .iter()
            .zip(walked(&steep, &ascent, &ONE, 10))
        {
            assert!(distance(*found, truth, 1.0) < 1e-14);
        }
    }
}

#[test]
fn ramps_are_burns_schedules() {
    let (from, to, steps): (f64, f64, u64) = (0.08, 0.002, 50);
    let gamma = (to / from).powf(1.0 / steps as f64);
    let schedules = [
        (
            Shape::Linear,
            LinearLrSchedulerConfig::new(from, to, steps as usize).init(),
        ),
        (
            Shape::Cosine,
            CosineAnnealingLrSchedulerConfig::new(from, steps as usize)
                .with_min_lr(to)
                .init(),
        ),
        (
            Shape::Geometric,
            ExponentialLrSchedulerConfig::new(from, gamma).init(),
        ),
    ];
    for (shape, schedule) in schedules {
        let mut schedule = schedule.expect("it is in range");
        let ramp = Ramp {
            from,
            to,
            shape,
            steps,
        };
        for step in 0..=steps {
            let rate = schedule.step().base();
            let error = (ramp.at(step) / rate - 1.0).abs();
            assert!(error < 1e-13, "{shape:?}, step {step}: {error:e}");
        }
    }
}

#[test]
fn the_marginal_form_is_refused_as_a_plain_expression() {
    let marginal = Objective::marginal(one_switch().model().clone(), Estimate::Likelihood);
    let ascent = Ascent::new(Rule::ADAM);
    let refused = TensorClimb::with_expression(&marginal, &flex(), &ascent, &[], Expression::Plain);
    assert_eq!(refused.err(), Some(NotOnTensors::Marginal));
}
