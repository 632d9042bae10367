//! Every sampler draws from targets whose moments are known, repeats itself, and ends cleanly where the density fails.
//! A new sampler adds a row to `samplers`.

mod known;

use std::sync::atomic::{AtomicU64, Ordering};

use known::{Target, targets};
use rand::RngExt;
use switchback_core::{ChainRng, DensityError, Gradient, LogDensity, Space, Transition, stream};
use switchback_diagnostics::{
    ess_mean, ess_quantile, ess_sd, mcse_mean, mcse_quantile, mcse_sd, quantile,
};
use switchback_infer::{
    Chain, Ensemble, InferError, KernelChain, MassMatrix, Metropolis, NoTuning, NutsChain,
    NutsSettings, Phase, ScaleTuning,
};

/// Effective draws that an estimate must rest on before it is compared.
const LEAST_ESS: f64 = 400.0;
/// Monte Carlo standard errors that it may lie from the truth.
const MOST_ERRORS: f64 = 5.0;

type Built<'a> = Result<Box<dyn Chain + 'a>, InferError>;

/// One sampler: how long it runs here, and how a chain of it is made from the starts of its walkers.
struct Sampler {
    name: &'static str,
    chains: u64,
    walkers: usize,
    warmup: u64,
    draws: usize,
    build: for<'a> fn(&'a dyn Gradient, &[f64], ChainRng) -> Built<'a>,
}

fn samplers() -> Vec<Sampler> {
    vec![
        Sampler {
            name: "metropolis",
            chains: 4,
            walkers: 1,
            warmup: 1000,
            draws: 10_000,
            build: |target, start, rng| {
                let kernel = Metropolis::new(target.space(), vec![1.0; target.space().dim()]);
                let tuning = ScaleTuning::default();
                Ok(Box::new(KernelChain::new(
                    target, kernel, tuning, start, rng,
                )?))
            },
        },
        Sampler {
            name: "metropolis, plain",
            chains: 4,
            walkers: 1,
            warmup: 500,
            draws: 20_000,
            build: |target, start, rng| {
                let kernel = Metropolis::joint(target.space(), 1.0);
                Ok(Box::new(KernelChain::new(
                    target, kernel, NoTuning, start, rng,
                )?))
            },
        },
        Sampler {
            name: "nuts",
            chains: 4,
            walkers: 1,
            warmup: 500,
            draws: 5_000,
            build: |target, start, rng| nuts(MassMatrix::Diagonal, target, start, rng),
        },
        Sampler {
            name: "nuts, low rank",
            chains: 4,
            walkers: 1,
            warmup: 500,
            draws: 5_000,
            build: |target, start, rng| nuts(MassMatrix::LowRank, target, start, rng),
        },
        Sampler {
            name: "ensemble",
            chains: 2,
            walkers: 20,
            warmup: 500,
            draws: 2_000,
            build: |target, starts, rng| Ok(Box::new(Ensemble::new(target, starts, rng)?)),
        },
    ]
}

fn nuts<'a>(
    mass_matrix: MassMatrix,
    target: &'a dyn Gradient,
    start: &[f64],
    rng: ChainRng,
) -> Built<'a> {
    let settings = NutsSettings {
        num_warmup: 500,
        mass_matrix,
        ..NutsSettings::default()
    };
    Ok(Box::new(NutsChain::new(target, settings, start, rng)?))
}

impl Sampler {
    /// Chain number `number` of `seed`, from starts of its own.
    fn chain<'a>(&self, target: &'a Target, seed: u64, number: u64) -> Built<'a> {
        let mut rng = stream(seed, number);
        let starts: Vec<f64> = (0..self.walkers)
            .flat_map(|_| target.start(&mut rng))
            .collect();
        (self.build)(&target.density, &starts, rng)
    }

    /// Natural values, `[parameter][chain or walker][draw]`.
    fn draw(&self, target: &Target, seed: u64) -> Result<Vec<Vec<Vec<f64>>>, InferError> {
        let space = target.density.space();
        let mut draws = vec![Vec::new(); space.dim()];
        for number in 0..self.chains {
            let mut chain = self.chain(target, seed, number)?;
            for _ in 0..self.warmup {
                chain.step(Phase::Warmup)?;
            }
            chain.finish_warmup();
            let first = draws[0].len();
            for columns in &mut draws {
                columns.resize(first + chain.n_walkers(), Vec::with_capacity(self.draws));
            }
            for _ in 0..self.draws {
                chain.step(Phase::Sampling)?;
                for walker in 0..chain.n_walkers() {
                    let values = space.constrain(chain.position(walker));
                    for (columns, value) in draws.iter_mut().zip(values) {
                        columns[first + walker].push(value);
                    }
                }
            }
        }
        Ok(draws)
    }

    /// Whether the draws of `seed` have the moments and quantiles of `target`, and else why not.
    fn check(&self, target: &Target, seed: u64) -> Result<(), String> {
        let worst = self.worst_distance(target, seed)?;
        if worst <= MOST_ERRORS {
            Ok(())
        } else {
            Err(format!("{worst:.2} Monte Carlo standard errors"))
        }
    }

    /// The greatest distance of a mean, a standard deviation or a quantile from the truth, in Monte Carlo standard
    /// errors; an error where too few effective draws stand behind one.
    fn worst_distance(&self, target: &Target, seed: u64) -> Result<f64, String> {
        let draws = self.draw(target, seed).map_err(|error| error.to_string())?;
        let mut worst: f64 = 0.0;
        for (columns, truth) in draws.iter().zip(&target.truths) {
            let chains: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
            let p = truth.probability;
            for ess in [ess_mean(&chains), ess_sd(&chains), ess_quantile(&chains, p)] {
                let ess = ess.expect("enough draws");
                // A NaN is no number of draws either.
                if ess.is_nan() || ess < LEAST_ESS {
                    return Err(format!("{ess} effective draws of a mean of {}", truth.mean));
                }
            }
            let all: Vec<f64> = columns.concat();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let squares: f64 = all.iter().map(|value| (value - mean).powi(2)).sum();
            let sd = (squares / (all.len() - 1) as f64).sqrt();
            let at = quantile(&chains, p).expect("enough draws");
            for (estimate, truth, error) in [
                (mean, truth.mean, mcse_mean(&chains)),
                (sd, truth.sd, mcse_sd(&chains)),
                (at, truth.quantile, mcse_quantile(&chains, p)),
            ] {
                let distance = (estimate - truth).abs() / error.expect("enough draws");
                if distance.is_nan() {
                    return Err(format!("{estimate} for {truth}"));
                }
                worst = worst.max(distance);
            }
        }
        Ok(worst)
    }
}

/// Over 200 seeds of each of the 20 pairs no check failed: the worst of a pair's distances was 1.1 to 1.6 standard
/// errors in the median and 4.3 at most in all 4,000, and no fewer than 582 effective draws stood behind an estimate.
/// Each estimate's distances had a standard deviation of 0.86 to 1.11 standard errors over the seeds, those of the
/// ensemble, whose walkers count as chains of their own, of 0.90 to 1.06.
#[test]
fn every_sampler_draws_from_every_target() {
    for target in targets() {
        for sampler in samplers() {
            for seed in 0..2 {
                if let Err(why) = sampler.check(&target, seed) {
                    panic!("{}, {}, seed {seed}: {why}", sampler.name, target.name);
                }
            }
        }
    }
}

/// Over 20 seeds of each sampler the distance was at least 30 standard errors.
#[test]
fn a_target_without_its_jacobian_fails_the_same_check() {
    let target = known::gammas_without_jacobian();
    for sampler in samplers() {
        let verdict = sampler.check(&target, 0);
        assert!(verdict.is_err(), "{} did not notice", sampler.name);
    }
}

/// The stretch move in few lines, with its Hastings term `hastings` times and the log ratio of the densities `ratio`
/// times: right if both are 1.
struct Stretches<'a> {
    target: &'a dyn LogDensity,
    hastings: f64,
    ratio: f64,
    walkers: Vec<Vec<f64>>,
    rng: ChainRng,
}

impl<'a> Stretches<'a> {
    fn chain(
        target: &'a dyn Gradient,
        starts: &[f64],
        rng: ChainRng,
        [hastings, ratio]: [f64; 2],
    ) -> Built<'a> {
        let dim = target.space().dim();
        Ok(Box::new(Self {
            target,
            hastings,
            ratio,
            walkers: starts.chunks_exact(dim).map(<[f64]>::to_vec).collect(),
            rng,
        }))
    }

    fn logp(&self, position: &[f64]) -> Result<f64, DensityError> {
        let mut logp = [0.0];
        self.target.logp(position, &mut logp)?;
        Ok(logp[0])
    }
}

impl Chain for Stretches<'_> {
    fn stat_names(&self) -> &'static [&'static str] {
        &[]
    }

    fn n_walkers(&self) -> usize {
        self.walkers.len()
    }

    fn step(&mut self, _: Phase) -> Result<Transition, InferError> {
        let n = self.walkers.len();
        for k in 0..n {
            let other = (k + self.rng.random_range(1..n)) % n;
            let z = (self.rng.random::<f64>() + 1.0).powi(2) / 2.0;
            let pairs = self.walkers[k].iter().zip(&self.walkers[other]);
            let offer: Vec<f64> = pairs.map(|(from, past)| past + z * (from - past)).collect();
            let densities = self.logp(&offer)? - self.logp(&self.walkers[k])?;
            let hastings = (offer.len() - 1) as f64 * z.ln();
            let ratio = (self.ratio * densities + self.hastings * hastings).exp();
            if self.rng.random::<f64>() < ratio {
                self.walkers[k] = offer;
            }
        }
        Ok(Transition {
            accept_prob: f64::NAN,
            n_evaluations: n as u64,
            diverged: false,
        })
    }

    fn position(&self, walker: usize) -> &[f64] {
        &self.walkers[walker]
    }

    fn write_stats(&self, _: usize, _: &mut Vec<f64>) {}
}

/// Over 200 seeds of each target the distance was at least 11.5 standard errors without the Hastings term and 10.7 at
/// another temperature, walkers that seek what is less probable fled to infinity, and what is as it should be was off by
/// 4.8 at most.
#[test]
fn a_broken_sampler_fails_the_same_check() {
    let stretches = |name, build| Sampler {
        name,
        chains: 2,
        walkers: 20,
        warmup: 500,
        draws: 2_000,
        build,
    };
    let right = stretches("as it should be", |target, starts, rng| {
        Stretches::chain(target, starts, rng, [1.0, 1.0])
    });
    let broken = [
        stretches("without the Hastings term", |target, starts, rng| {
            Stretches::chain(target, starts, rng, [0.0, 1.0])
        }),
        stretches("accepting what is less probable", |target, starts, rng| {
            Stretches::chain(target, starts, rng, [1.0, -1.0])
        }),
        stretches("at another temperature", |target, starts, rng| {
            Stretches::chain(target, starts, rng, [1.0, 0.7])
        }),
    ];
    // In one dimension there is no Hastings term to forget.
    let has_lines = |target: &Target| target.truths.len() > 1;
    for target in targets().into_iter().filter(has_lines) {
        assert_eq!(right.check(&target, 0), Ok(()), "{}", target.name);
        for sampler in &broken {
            let verdict = sampler.check(&target, 0);
            assert!(verdict.is_err(), "{} on {}", sampler.name, target.name);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_draws_and_another_stream_others() {
    let target = known::gammas();
    for mut sampler in samplers() {
        sampler.draws = 50;
        let draws = sampler.draw(&target, 7).expect("it has a density");
        let name = sampler.name;
        let again = sampler.draw(&target, 7).expect("it has a density");
        assert_eq!(draws, again, "{name}");
        for columns in &draws {
            assert_ne!(columns[0], columns[sampler.walkers], "{name}: two chains");
        }
        let other = sampler.draw(&target, 8).expect("it has a density");
        assert_ne!(draws, other, "{name}: two seeds");
    }
}

#[test]
fn a_chain_may_move_to_another_thread_at_every_step() {
    let target = known::gammas();
    for sampler in samplers() {
        let walk = |moves: bool| {
            let mut chain = sampler.chain(&target, 3, 0).expect("it has a density");
            let mut places = Vec::new();
            for step in 0..sampler.warmup + 50 {
                let phase = if step < sampler.warmup {
                    Phase::Warmup
                } else {
                    Phase::Sampling
                };
                let mut step = || chain.step(phase).expect("it has a density");
                let taken = if moves {
                    std::thread::scope(|scope| scope.spawn(step).join())
                } else {
                    Ok(step())
                };
                taken.expect("no panic");
                places.extend_from_slice(chain.position(0));
            }
            places
        };
        assert_eq!(walk(false), walk(true), "{}", sampler.name);
    }
}

#[test]
fn a_place_whose_density_is_no_number_is_never_entered() {
    let target = known::holed();
    for sampler in samplers() {
        let draws = sampler.draw(&target, 1).expect("a hole is no error");
        let inside = |value: &f64| *value <= known::HOLE;
        assert!(draws[0].iter().flatten().all(inside), "{}", sampler.name);
        let somewhere = |value: &f64| value.is_finite();
        assert!(draws[1].iter().flatten().all(somewhere), "{}", sampler.name);
    }
}

/// A density whose device fails for good after some calls.
struct Unplugged<'a> {
    density: &'a dyn Gradient,
    calls: AtomicU64,
}

impl Unplugged<'_> {
    /// Calls that go well.
    const CALLS: u64 = 300;

    fn call(&self) -> Result<(), DensityError> {
        if self.calls.fetch_add(1, Ordering::Relaxed) < Self::CALLS {
            return Ok(());
        }
        Err(DensityError::Device {
            device: "test".into(),
            message: "unplugged".into(),
        })
    }
}

impl LogDensity for Unplugged<'_> {
    fn space(&self) -> &Space {
        self.density.space()
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        self.call()?;
        self.density.logp(positions, logp)
    }
}

impl Gradient for Unplugged<'_> {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        self.call()?;
        self.density.logp_grad(positions, logp, grad)
    }
}

#[test]
fn a_density_that_fails_ends_the_chain_with_its_own_error() {
    let gammas = known::gammas();
    for sampler in samplers() {
        let target = Unplugged {
            density: &gammas.density,
            calls: AtomicU64::new(0),
        };
        let mut rng = stream(5, 0);
        let starts: Vec<f64> = (0..sampler.walkers)
            .flat_map(|_| gammas.start(&mut rng))
            .collect();
        let mut chain = (sampler.build)(&target, &starts, rng).expect("it is still plugged in");
        let steps = (0..sampler.warmup).map(|_| chain.step(Phase::Warmup));
        let failed = steps.filter_map(Result::err).next();
        assert!(
            matches!(
                &failed,
                Some(InferError::Density(DensityError::Device { message, .. })) if message == "unplugged"
            ),
            "{}: {failed:?}",
            sampler.name
        );
    }
}

#[test]
fn statistics_have_the_names_of_arviz_and_lp_is_the_density_of_the_draw() {
    let target = known::gammas();
    for sampler in samplers() {
        let mut chain = sampler.chain(&target, 2, 0).expect("it has a density");
        for _ in 0..20 {
            chain.step(Phase::Warmup).expect("it has a density");
        }
        let names = chain.stat_names();
        assert_eq!(names[..2], ["lp", "acceptance_rate"], "{}", sampler.name);
        for walker in 0..chain.n_walkers() {
            let (mut stats, mut logp) = (vec![], [0.0]);
            chain.write_stats(walker, &mut stats);
            assert_eq!(stats.len(), names.len(), "{}", sampler.name);
            let position = chain.position(walker);
            target
                .density
                .logp(position, &mut logp)
                .expect("it has a density");
            assert_eq!(stats[0], logp[0], "{}", sampler.name);
            assert!(
                (0.0..=1.0).contains(&stats[1]),
                "{}: {stats:?}",
                sampler.name
            );
        }
    }
}
