//! On every device the tensors give the values and gradients, and the optimisers the paths, of the reference tables:
//! the talk's objective and TensorFlow's update rules, computed apart from this program in double precision.

mod common;

use common::{at, deck, distance, graphics, on_processors};
use switchback_core::{Ascent, Optimizer, Rule};
use switchback_models::{Estimate, Objective, Parameterization, SwitchModel, SwitchPriors};
use switchback_tensor::{Expression, OpenDevice, TensorClimb, TensorDensity};

const GRADIENTS: &str = include_str!("../../../tests/data/deck_gradients_f64.csv");
const ADAM: &str = include_str!("../../../tests/data/deck_adam_f64.csv");
const MOMENTUM: &str = include_str!("../../../tests/data/deck_momentum_f64.csv");
const START: [f64; 5] = [0.0, 0.0, 2.0, 2.0, 15.0];

fn table(text: &str) -> Vec<Vec<f64>> {
    let number = |cell: &str| cell.parse().expect("the table holds numbers");
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(number).collect())
        .collect()
}

/// The deck's objective in its own coordinates: every value as it is.
fn raw() -> Objective {
    let model =
        SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it can be modelled");
    Objective::sigmoid(model, Estimate::Likelihood, Parameterization::Raw)
        .expect("a likelihood has raw sigmas")
}

/// A device, and how it computes the loss.
type On = (OpenDevice, Expression);

fn climb((device, expression): &On, rule: Rule, starts: &[f64]) -> TensorClimb {
    TensorClimb::with_expression(&raw(), device, &Ascent::new(rule), starts, *expression)
        .expect("it is a sigmoid")
}

/// The worst relative distance of value and gradient over the table.
fn worst_gradient((device, expression): &On, floor: f64) -> f64 {
    let density =
        TensorDensity::with_expression(&raw(), device, *expression).expect("it is a sigmoid");
    let rows = table(GRADIENTS);
    assert_eq!(rows.len(), 64);
    let positions: Vec<f64> = rows.iter().flat_map(|row| row[..5].to_vec()).collect();
    let (logp, grad) = at(&density, &positions);
    let mut worst: f64 = 0.0;
    for ((row, value), slopes) in rows.iter().zip(&logp).zip(grad.chunks_exact(5)) {
        worst = worst.max(distance(*value, row[5], floor));
        for (slope, truth) in slopes.iter().zip(&row[6..]) {
            worst = worst.max(distance(*slope, *truth, floor));
        }
    }
    worst
}

/// The worst distances from the table's rows, row by row: of all six columns, and of tau and the likelihood alone.
fn path_distances(on: &On, rule: Rule, rows: &[Vec<f64>], floor: f64) -> Vec<(f64, f64)> {
    let mut climb = climb(on, rule, &START);
    let mut step = 0;
    let mut distances = Vec::new();
    for row in rows {
        climb
            .advance(row[0] as usize - step)
            .expect("the device works");
        step = row[0] as usize;
        let snapshot = climb.snapshot().expect("the device works");
        let found = snapshot.positions.iter().chain(&snapshot.logp);
        let columns: Vec<f64> = found
            .zip(&row[1..])
            .map(|(found, truth)| distance(*found, *truth, floor))
            .collect();
        let all = columns.iter().copied().fold(0.0, f64::max);
        distances.push((all, columns[4].max(columns[5])));
    }
    distances
}

#[test]
fn values_and_gradients_are_those_of_the_table() {
    for on in on_processors() {
        let worst = worst_gradient(&on, 1e-3);
        assert!(worst <= 1e-9, "{on:?}: {worst:e}");
    }
}

/// From here on Adam's means and sigmas jitter about their optimum by an amount that rounding decides: the table's
/// own rule in NumPy leaves the table by up to 4.8e-4 (mu1, step 20,300), and moves by 5.7e-4 when its start moves by
/// 4e-15, while tau and the likelihood stay within 3e-9. Before that step NumPy's distance is below 1e-12.
const JITTER_FROM: f64 = 13_400.0;

#[test]
fn every_row_of_both_paths_is_that_of_the_table() {
    for on in on_processors() {
        let rows = table(MOMENTUM);
        assert_eq!(rows.len(), 351);
        for (all, _) in path_distances(&on, Rule::MOMENTUM, &rows, 1e-6) {
            assert!(all <= 1e-6, "{on:?}, momentum: {all:e}");
        }
        let rows = table(ADAM);
        assert_eq!(rows.len(), 351);
        let distances = path_distances(&on, Rule::ADAM, &rows, 1e-6);
        for (row, (all, calm)) in rows.iter().zip(distances) {
            let (step, name) = (row[0], &on);
            assert!(
                calm <= 1e-6,
                "{name:?}, adam, step {step}: tau or likelihood {calm:e}"
            );
            let limit = if step < JITTER_FROM { 1e-6 } else { 1e-3 };
            assert!(all <= limit, "{name:?}, adam, step {step}: {all:e}");
        }
    }
}

#[test]
fn a_graphics_device_keeps_to_the_tables_in_single_precision() {
    let Some(device) = graphics() else { return };
    for on in Expression::ALL.map(|expression| (device.clone(), expression)) {
        let worst = worst_gradient(&on, 1.0);
        assert!(worst <= 1e-3, "gradients: {worst:e}");
        for (rule, text) in [(Rule::ADAM, ADAM), (Rule::MOMENTUM, MOMENTUM)] {
            let rows = table(text);
            for (worst, _) in path_distances(&on, rule, &rows[..4], 0.1) {
                assert!(worst <= 1e-3, "{rule:?}: {worst:e}");
            }
        }
    }
}

#[test]
fn starts_in_one_batch_walk_as_they_walk_alone() {
    let other = [-1.0, 4.0, 1.0, 3.0, 60.0];
    for on in on_processors() {
        let mut ends = Vec::new();
        for starts in [[START, other].concat(), START.to_vec(), other.to_vec()] {
            let mut climb = climb(&on, Rule::ADAM, &starts);
            climb.advance(200).expect("the device works");
            ends.push(climb.snapshot().expect("the device works"));
        }
        let alone = [ends[1].positions.clone(), ends[2].positions.clone()].concat();
        for (together, alone) in ends[0].positions.iter().zip(&alone) {
            assert!(
                distance(*together, *alone, 1e-6) <= 1e-12,
                "{together} {alone}"
            );
        }
    }
}
