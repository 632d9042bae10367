use super::*;
use switchback_core::{LogDensity, Parameter, Space, Support, stream};

/// Normal variables, but level within `plateau` of 0 and impossible below `cliff`; counts its evaluations.
struct Landscape {
    space: Space,
    plateau: f64,
    cliff: f64,
    evaluations: AtomicU64,
}

impl Landscape {
    fn new(plateau: f64, cliff: f64) -> Self {
        let parameters = ["x", "y"].map(|name| Parameter::new(name, Support::Real));
        Self {
            space: Space::new(parameters.to_vec()),
            plateau,
            cliff,
            evaluations: AtomicU64::new(0),
        }
    }

    fn chain(&self, settings: NutsSettings, seed: u64) -> NutsChain<'_> {
        NutsChain::new(self, settings, &[1.5, 2.0], stream(seed, 0)).expect("it has a density")
    }
}

impl LogDensity for Landscape {
    fn space(&self) -> &Space {
        &self.space
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        self.logp_grad(positions, logp, &mut vec![0.0; positions.len()])
    }
}

impl Gradient for Landscape {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        DensityError::check_shape(2, positions.len(), logp.len())?;
        self.evaluations.fetch_add(1, Ordering::Relaxed);
        logp[0] = 0.0;
        for (x, slope) in positions.iter().zip(grad) {
            let beyond = x.signum() * (x.abs() - self.plateau).max(0.0);
            *slope = -beyond;
            logp[0] -= 0.5 * beyond * beyond;
            if *x < self.cliff {
                logp[0] = f64::NEG_INFINITY;
            }
        }
        Ok(())
    }
}

fn short() -> NutsSettings {
    NutsSettings {
        num_warmup: 100,
        ..NutsSettings::default()
    }
}

fn warmed_up(landscape: &Landscape, settings: NutsSettings) -> NutsChain<'_> {
    let mut chain = landscape.chain(settings, 1);
    for _ in 0..settings.num_warmup {
        chain.step(Phase::Warmup).expect("it has a density");
    }
    chain.finish_warmup();
    chain
}

/// The statistic `name` of each of `n` draws.
fn statistic(chain: &mut NutsChain, name: &str, n: usize) -> Vec<f64> {
    let names = chain.stat_names();
    let index = names.iter().position(|known| *known == name).expect(name);
    let draw = |_| {
        let mut stats = Vec::new();
        chain.step(Phase::Sampling).expect("it has a density");
        chain.write_stats(0, &mut stats);
        stats[index]
    };
    (0..n).map(draw).collect()
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |settings: NutsSettings| match settings.validate() {
        Err(InferError::Setting { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    for target_accept in [0.0, 1.0, -0.5, f64::NAN] {
        let settings = NutsSettings {
            target_accept,
            ..short()
        };
        assert_eq!(refused(settings), "target-accept");
    }
    for max_depth in [0, 21] {
        assert_eq!(
            refused(NutsSettings {
                max_depth,
                ..short()
            }),
            "max-depth"
        );
    }
    let num_warmup = u64::MAX;
    assert_eq!(
        refused(NutsSettings {
            num_warmup,
            ..short()
        }),
        "num-warmup"
    );
    assert_eq!(
        NutsSettings::default().validate().ok(),
        Some(NutsSettings::default())
    );
}

#[test]
fn the_warm_up_is_as_long_as_it_was_planned() {
    let landscape = Landscape::new(0.0, f64::NEG_INFINITY);
    let settings = NutsSettings {
        num_warmup: 3,
        ..short()
    };
    let mut chain = landscape.chain(settings, 1);
    for done in 0..3 {
        let early = chain.step(Phase::Sampling);
        assert!(
            matches!(early, Err(InferError::NumWarmup { expected: 3, taken }) if taken == done)
        );
        chain.step(Phase::Warmup).expect("it is planned");
    }
    let late = chain.step(Phase::Warmup);
    assert!(matches!(
        late,
        Err(InferError::NumWarmup {
            expected: 3,
            taken: 4
        })
    ));
    chain.step(Phase::Sampling).expect("it is warm");
    let mut cold = landscape.chain(
        NutsSettings {
            num_warmup: 0,
            ..short()
        },
        1,
    );
    cold.step(Phase::Sampling).expect("it needs no warm-up");
}

#[test]
fn every_evaluation_of_the_gradient_is_told() {
    for mass_matrix in [MassMatrix::Diagonal, MassMatrix::LowRank] {
        let landscape = Landscape::new(0.0, f64::NEG_INFINITY);
        let mut chain = landscape.chain(
            NutsSettings {
                mass_matrix,
                ..short()
            },
            1,
        );
        let mut told = 0;
        for step in 0..200 {
            let phase = if step < 100 {
                Phase::Warmup
            } else {
                Phase::Sampling
            };
            told += chain.step(phase).expect("it has a density").n_evaluations;
            assert_eq!(told, landscape.evaluations.load(Ordering::Relaxed));
        }
        assert!(told > 200, "{told}");
    }
}

#[test]
fn a_trajectory_over_the_edge_diverges_and_the_chain_goes_on() {
    let landscape = Landscape::new(0.0, 0.0);
    let mut chain = warmed_up(&landscape, short());
    let diverging: f64 = statistic(&mut chain, "diverging", 500).iter().sum();
    assert!((1.0..500.0).contains(&diverging), "{diverging}");
    let told = (0..500).filter(|_| {
        let transition = chain.step(Phase::Sampling).expect("it has a density");
        assert!(chain.position(0).iter().all(|x| *x >= 0.0));
        transition.diverged
    });
    assert!(told.count() > 0);
    let open = Landscape::new(0.0, f64::NEG_INFINITY);
    let diverging = statistic(&mut warmed_up(&open, short()), "diverging", 500);
    assert!(diverging.iter().all(|diverging| *diverging == 0.0));
}

/// nuts-rs alone gives up there: it looks for a step size where the gradient is 0.
#[test]
fn a_gradient_of_0_on_the_way_is_no_obstacle() {
    let landscape = Landscape::new(1.4, f64::NEG_INFINITY);
    for seed in 0..20 {
        let mut chain = landscape.chain(short(), seed);
        for _ in 0..100 {
            chain.step(Phase::Warmup).expect("it has a density");
        }
    }
}

#[test]
fn a_start_that_says_nothing_is_refused() {
    let landscape = Landscape::new(1.0, -1.0);
    let refused = |position: &[f64]| {
        let chain = NutsChain::new(&landscape, short(), position, stream(0, 0));
        chain.err().expect("it was refused")
    };
    assert!(matches!(
        refused(&[2.0, 0.5]),
        InferError::StartGradient { parameter, slope: 0.0 } if parameter == "y"
    ));
    assert!(matches!(
        refused(&[-2.0, 2.0]),
        InferError::StartDensity {
            logp: f64::NEG_INFINITY
        }
    ));
    assert!(matches!(
        refused(&[2.0]),
        InferError::Density(DensityError::Shape { .. })
    ));
    let mut whole = Landscape::new(0.0, -1.0);
    let support = Support::Integers { low: 0, high: 9 };
    whole.space = Space::new(vec![
        Parameter::new("s", support),
        Parameter::new("y", Support::Real),
    ]);
    assert!(matches!(
        NutsChain::new(&whole, short(), &[2.0, 2.0], stream(0, 0)),
        Err(InferError::WholeNumber {
            sampler: "nuts",
            ..
        })
    ));
}

#[test]
fn the_step_size_stays_after_the_warm_up_and_trees_are_no_deeper_than_asked() {
    let landscape = Landscape::new(0.0, f64::NEG_INFINITY);
    for max_depth in [1, 3] {
        let settings = NutsSettings {
            max_depth,
            ..short()
        };
        let mut chain = warmed_up(&landscape, settings);
        let sizes = statistic(&mut chain, "step_size", 50);
        assert!(
            sizes[0] > 0.1 && sizes.iter().all(|size| *size == sizes[0]),
            "{sizes:?}"
        );
        for (name, most) in [("tree_depth", max_depth), ("n_steps", (1 << max_depth) - 1)] {
            let values = statistic(&mut chain, name, 200);
            assert!(
                values
                    .iter()
                    .all(|value| (1.0..=most as f64).contains(value)),
                "{name}"
            );
        }
    }
}

/// Coordinates of standard deviations 1 and 10: the mass matrix follows within a factor of 3 after 300 steps.
#[test]
fn the_inverse_mass_matrix_is_that_of_the_target() {
    struct Wide(Space);
    impl LogDensity for Wide {
        fn space(&self) -> &Space {
            &self.0
        }
        fn logp(&self, at: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
            logp[0] = -0.5 * (at[0] * at[0] + at[1] * at[1] / 100.0);
            Ok(())
        }
    }
    impl Gradient for Wide {
        fn logp_grad(
            &self,
            at: &[f64],
            logp: &mut [f64],
            grad: &mut [f64],
        ) -> Result<(), DensityError> {
            grad.copy_from_slice(&[-at[0], -at[1] / 100.0]);
            self.logp(at, logp)
        }
    }
    let names = ["narrow", "wide"].map(|name| Parameter::new(name, Support::Real));
    let target = Wide(Space::new(names.to_vec()));
    for mass_matrix in [MassMatrix::Diagonal, MassMatrix::LowRank] {
        let settings = NutsSettings {
            num_warmup: 300,
            mass_matrix,
            ..NutsSettings::default()
        };
        let mut chain =
            NutsChain::new(&target, settings, &[0.5, 3.0], stream(1, 0)).expect("it can start");
        for _ in 0..300 {
            chain.step(Phase::Warmup).expect("it goes on");
        }
        let adapted = chain.adapted().expect("NUTS adapts");
        assert!(adapted.step_size > 0.0);
        for (variance, truth) in adapted.inverse_mass.iter().zip([1.0, 100.0]) {
            assert!(
                (1.0 / 3.0..3.0).contains(&(variance / truth)),
                "{adapted:?}"
            );
        }
    }
}

/// Kinetic energy is half a chi-squared variable of two degrees of freedom, so its mean is 1. Over 200 seeds that of
/// 4000 draws was off by 0.011 in the median, and by 0.049 at most.
#[test]
fn energy_less_potential_is_kinetic() {
    let landscape = Landscape::new(0.0, f64::NEG_INFINITY);
    let mut chain = warmed_up(&landscape, short());
    let n = 4000;
    let kinetic = (0..n).map(|_| {
        let energy = statistic(&mut chain, "energy", 1)[0];
        energy + landscape_logp(&landscape, chain.position(0))
    });
    let mean = kinetic.sum::<f64>() / f64::from(n);
    assert!((mean - 1.0).abs() < 0.1, "{mean}");
}

fn landscape_logp(landscape: &Landscape, position: &[f64]) -> f64 {
    let mut logp = [0.0];
    landscape
        .logp(position, &mut logp)
        .expect("it has a density");
    logp[0]
}
