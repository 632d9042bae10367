//! What chains hand over, and what they add up.

use super::*;
use crate::drive;
use crate::sample::chain::KernelChain;
use crate::sample::metropolis::Metropolis;
use crate::sample::tuning::ScaleTuning;
use switchback_core::{DensityError, Event, LogDensity, Parameter, Sink, Space, Transition};

/// A standard normal variable.
struct Normal(Space);

impl LogDensity for Normal {
    fn space(&self) -> &Space {
        &self.0
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        logp[0] = -0.5 * positions[0] * positions[0];
        Ok(())
    }
}

impl Posterior for Normal {
    fn log_likelihood(&self, at: &[f64], value: &mut [f64]) -> Result<(), DensityError> {
        self.logp(at, value)
    }
}

/// Rows of the warm-up and of the draws that were heard, a chain each.
#[derive(Default)]
struct Rows(Vec<(usize, bool, Vec<f64>)>);

impl Sink for Rows {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        if let Event::Draws { rows, .. } = event {
            self.0
                .push((rows.chain, rows.is_warmup, rows.values.to_vec()));
        }
        Ok(Flow::Continue)
    }
}

fn settings() -> ChainsSettings {
    ChainsSettings {
        num_chains: 2,
        num_warmup: 1_100,
        num_samples: 2_350,
        log_every: 100,
        seed: 1,
        first_stream: 0,
        save_warmup: true,
        save_pointwise: false,
    }
}

fn chains<'a>(target: &'a Normal, settings: ChainsSettings) -> Chains<'a> {
    Chains::new("it", target, settings, |_, rng| {
        let kernel = Metropolis::new(target.space(), vec![1.0]);
        let tuning = ScaleTuning::default();
        let chain = KernelChain::new(target, kernel, tuning, &[0.0], rng)?;
        Ok(Box::new(chain) as Box<dyn Chain>)
    })
    .expect("the settings make sense")
}

#[test]
fn every_draw_is_handed_over_once() {
    let target = Normal(Space::new(vec![Parameter::new("x", Support::Real)]));
    let mut chains = chains(&target, settings());
    let mut heard = Rows::default();
    drive(&mut chains, &mut heard).expect("nothing fails");
    for chain in 0..2 {
        let of = |is_warmup: bool| -> Vec<f64> {
            let rows = heard.0.iter();
            rows.filter(|(number, warmup, _)| *number == chain && *warmup == is_warmup)
                .flat_map(|(.., values)| values.iter().step_by(2).copied())
                .collect()
        };
        assert_eq!(of(true).len(), 1_100);
        let kept = chains.draws().chains("x").expect("it was drawn");
        assert_eq!(of(false), kept[chain]);
        assert_eq!(kept[chain].len(), 2_350);
    }
}

#[test]
fn what_is_not_asked_for_is_not_handed_over() {
    let target = Normal(Space::new(vec![Parameter::new("x", Support::Real)]));
    let settings = ChainsSettings {
        save_warmup: false,
        ..settings()
    };
    let mut heard = Rows::default();
    drive(&mut chains(&target, settings), &mut heard).expect("nothing fails");
    assert!(heard.0.iter().all(|(_, is_warmup, _)| !is_warmup));
}

#[test]
fn what_steps_tell_is_added_up() {
    struct Steps(u64);
    impl Chain for Steps {
        fn stat_names(&self) -> &'static [&'static str] {
            &["diverging"]
        }
        fn step(&mut self, phase: Phase) -> Result<Transition, InferError> {
            self.0 += 1;
            Ok(Transition {
                accept_prob: 0.25,
                n_evaluations: 3,
                diverged: phase == Phase::Warmup || self.0.is_multiple_of(10),
            })
        }
        fn position(&self, _walker: usize) -> &[f64] {
            &[0.5]
        }
        fn write_stats(&self, _walker: usize, stats: &mut Vec<f64>) {
            stats.push(0.0);
        }
    }
    let target = Normal(Space::new(vec![Parameter::new("x", Support::Real)]));
    let settings = ChainsSettings {
        num_warmup: 10,
        num_samples: 100,
        ..settings()
    };
    let make = |_, _| Ok(Box::new(Steps(0)) as Box<dyn Chain>);
    let mut chains = Chains::new("it", &target, settings, make).expect("it makes sense");
    drive(&mut chains, &mut Rows::default()).expect("nothing fails");
    assert_eq!(chains.accept_rate(), 0.25);
    assert_eq!(chains.n_evaluations(), 2 * 110 * 3);
    assert_eq!(chains.n_diverged(), 20);
}
