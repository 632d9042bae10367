//! Every tuple of switches of short series, each regime by a slow sum.

use super::*;
use crate::testing::ln_normal;

/// Steps of the slow sums over `ln sigma`.
const STEP: f64 = 0.02;

/// Log evidence and raw moments of the regimes' parameters, to a common scale, under one placing of the switches.
#[derive(Clone)]
pub(super) struct Placed {
    pub switches: Vec<usize>,
    /// Prior probability times evidence.
    pub weight: f64,
    /// First and second raw moments of each parameter.
    pub moments: Vec<[f64; 2]>,
}

/// The observations of each regime, row by row.
fn regimes_of(model: &SwitchModel, values: &[f64], switches: &[usize]) -> Vec<Vec<f64>> {
    let mut regimes = vec![Vec::new(); model.n_regimes()];
    for (row, y) in values.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
        let stretch = switches.iter().filter(|s| **s <= row).count();
        regimes[model.regimes().of_stretch()[stretch]].push(*y);
    }
    regimes
}

/// Log evidence, and the posterior mean and variance of `mu`, given `sigma`: one observation after the other is
/// predicted and learnt from.
fn one_by_one(ys: &[f64], priors: &SwitchPriors, sigma: f64) -> (f64, f64, f64) {
    let (mut mean, mut variance, mut ln) = (priors.mu_mean, priors.mu_sd.powi(2), 0.0);
    for y in ys {
        let predicted = variance + sigma * sigma;
        ln += ln_normal(*y, mean, predicted.sqrt());
        let gain = variance / predicted;
        mean += gain * (y - mean);
        variance *= 1.0 - gain;
    }
    (ln, mean, variance)
}

/// The places of `ln sigma` that are summed over, with the log prior there, the Jacobian included.
fn sigmas(priors: &SwitchPriors) -> impl Iterator<Item = (f64, f64)> {
    let (middle, prior) = (priors.sigma_sd.ln(), priors.sigma());
    (-1600..160).map(move |i| {
        let u = middle + STEP * f64::from(i);
        (u.exp(), prior.ln_pdf(u.exp()) + u)
    })
}

/// Evidence and raw moments of `mu` and `sigma` of one regime with a `sigma` of its own.
fn own_sigma(ys: &[f64], priors: &SwitchPriors) -> (f64, [f64; 2], [f64; 2]) {
    let (mut evidence, mut of_mu, mut of_sigma) = (0.0, [0.0; 2], [0.0; 2]);
    for (sigma, ln_prior) in sigmas(priors) {
        let (ln, mean, variance) = one_by_one(ys, priors, sigma);
        let weight = STEP * (ln + ln_prior).exp();
        evidence += weight;
        add(&mut of_mu, weight, [mean, mean * mean + variance]);
        add(&mut of_sigma, weight, [sigma, sigma * sigma]);
    }
    (
        evidence,
        of_mu.map(|m| m / evidence),
        of_sigma.map(|m| m / evidence),
    )
}

fn add(sums: &mut [f64; 2], weight: f64, moments: [f64; 2]) {
    for (sum, moment) in sums.iter_mut().zip(moments) {
        *sum += weight * moment;
    }
}

/// Evidence and raw moments of all parameters of regimes that share their `sigma`.
fn shared_sigma(regimes: &[Vec<f64>], priors: &SwitchPriors) -> (f64, Vec<[f64; 2]>) {
    let mut moments = vec![[0.0; 2]; regimes.len() + 1];
    let mut evidence = 0.0;
    for (sigma, ln_prior) in sigmas(priors) {
        let given: Vec<_> = regimes
            .iter()
            .map(|ys| one_by_one(ys, priors, sigma))
            .collect();
        let ln: f64 = given.iter().map(|(ln, ..)| ln).sum();
        let weight = STEP * (ln + ln_prior).exp();
        evidence += weight;
        for (sums, (_, mean, variance)) in moments.iter_mut().zip(&given) {
            add(sums, weight, [*mean, mean * mean + variance]);
        }
        add(&mut moments[regimes.len()], weight, [sigma, sigma * sigma]);
    }
    (
        evidence,
        moments
            .into_iter()
            .map(|m| m.map(|m| m / evidence))
            .collect(),
    )
}

/// Evidence and raw moments of the rate of one Poisson regime: each count's probability given those before it.
fn rate(ys: &[f64], prior: RatePrior) -> (f64, [f64; 2]) {
    let (mut shape, mut rate, mut evidence) = (prior.shape, prior.rate, 1.0);
    for y in ys {
        for i in 0..*y as u32 {
            evidence *= (shape + f64::from(i)) / f64::from(i + 1) / (rate + 1.0);
        }
        evidence *= (rate / (rate + 1.0)).powf(shape);
        shape += y;
        rate += 1.0;
    }
    let mean = shape / rate;
    (evidence, [mean, mean * mean + mean / rate])
}

fn placed(model: &SwitchModel, values: &[f64], switches: Vec<usize>) -> Placed {
    let regimes = regimes_of(model, values, &switches);
    let (evidence, moments) = match model.priors() {
        RegimePriors::Poisson(prior) => {
            let each: Vec<_> = regimes.iter().map(|ys| rate(ys, *prior)).collect();
            let moments = each.iter().map(|(_, moments)| *moments).collect();
            (each.iter().map(|(evidence, _)| evidence).product(), moments)
        }
        RegimePriors::Normal(priors) if model.likelihood() == Likelihood::NormalSharedSd => {
            shared_sigma(&regimes, priors)
        }
        RegimePriors::Normal(priors) => {
            let each: Vec<_> = regimes.iter().map(|ys| own_sigma(ys, priors)).collect();
            let mu = each.iter().map(|(_, mu, _)| *mu);
            let moments = mu.chain(each.iter().map(|(_, _, sigma)| *sigma)).collect();
            (
                each.iter().map(|(evidence, ..)| evidence).product(),
                moments,
            )
        }
    };
    let prior = model.switch_prior().ln_p(&switches, values.len()).exp();
    Placed {
        switches,
        weight: prior * evidence,
        moments,
    }
}

/// Every placing that the prior allows and no regime forbids: one that owns two or more observations, all the same,
/// does where `sigma` is its own.
pub(super) fn every_placing(model: &SwitchModel, values: &[f64]) -> Vec<Placed> {
    let (n, k) = (values.len(), model.n_switches());
    let is_proper = |ys: &Vec<f64>| ys.len() < 2 || ys.iter().any(|y| *y != ys[0]);
    (0..n.pow(k as u32))
        .map(|code| {
            (0..k)
                .map(|i| code / n.pow(i as u32) % n)
                .collect::<Vec<_>>()
        })
        .filter(|switches| model.switch_prior().ln_p(switches, n).is_finite())
        .filter(|switches| {
            model.likelihood() != Likelihood::Normal
                || regimes_of(model, values, switches).iter().all(is_proper)
        })
        .map(|switches| placed(model, values, switches))
        .collect()
}

/// The largest difference of `exact` from the enumeration, in standard deviations where there are such.
fn worst_difference(exact: &Exact, model: &SwitchModel, values: &[f64], shift: usize) -> f64 {
    let placings = every_placing(model, values);
    let total: f64 = placings.iter().map(|placed| placed.weight).sum();
    let mut worst = (exact.log_evidence - total.ln()).abs();
    for (k, p) in exact.switch_posterior.iter().enumerate() {
        let at = |s: usize| {
            placings
                .iter()
                .filter(move |placed| placed.switches[k] == s)
        };
        for (s, p) in p.iter().enumerate() {
            let truth = at(s + shift).map(|placed| placed.weight).sum::<f64>() / total;
            worst = worst.max((p - truth).abs());
        }
    }
    for (index, (_, moments)) in exact.moments().iter().enumerate() {
        let of = |placed: &Placed| match index.checked_sub(model.n_parameters()) {
            None => placed.moments[index],
            Some(k) => {
                let s = placed.switches[k] as f64;
                [s, s * s]
            }
        };
        let [first, second] = [0, 1].map(|power| {
            let sum: f64 = placings
                .iter()
                .map(|placed| placed.weight * of(placed)[power])
                .sum();
            sum / total
        });
        let sd = (second - first * first).max(0.0).sqrt();
        worst = worst.max((moments.mean - first).abs() / sd.max(1e-3));
        worst = worst.max((moments.sd - sd).abs() / sd.max(1e-3));
    }
    let most = placings
        .iter()
        .map(|placed| placed.weight)
        .fold(0.0, f64::max);
    let found = placings
        .iter()
        .find(|placed| placed.switches == exact.most_probable());
    let found = found.expect("it is one of the placings");
    worst.max((found.weight / most - 1.0).abs())
}

/// Short series: with a doubtful switch, with missing values, with ties, and with both ends alike.
pub(super) fn short(likelihood: Likelihood, n: usize) -> Vec<Series> {
    let values = match likelihood {
        Likelihood::Poisson => [
            vec![3, 5, 4, 4, 0, 1, 0, 2, 1, 4, 7, 5, 6, 5],
            vec![0, 0, 0, 0, 1, 0, 9, 7, 8, 0, 0, 1, 0, 0],
        ]
        .map(|counts| counts.into_iter().map(f64::from).collect::<Vec<_>>()),
        _ => [
            vec![
                0.3, -0.8, 0.9, 0.1, 3.1, 2.2, 4.0, 3.3, -1.0, 0.2, 0.9, -0.4, 0.1, 0.5,
            ],
            vec![
                1.0, 1.0, 1.0, 2.5, 4.0, 4.0, 2.0, 4.5, 1.0, 1.0, 1.0, 1.0, 3.0, 3.0,
            ],
        ],
    };
    let missing = |i: usize| i == 2 || i == 5 || i == 6;
    let [plain, ties] = values.map(|values| values[..n].to_vec());
    let gapped: Vec<Option<f64>> = (0..n).map(|i| (!missing(i)).then_some(plain[i])).collect();
    vec![
        series(&plain),
        series(&ties),
        Series::new("gapped", &gapped).expect("enough is observed"),
    ]
}

/// Every short series under both priors: the largest difference of all was 2e-11.
fn every_case(likelihood: Likelihood, regimes: &str, n: usize) {
    for series in short(likelihood, n) {
        for switch_prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
            let model = model(&series, likelihood, regimes, switch_prior);
            let exact = Exact::of(&model).expect("it has a posterior");
            let difference = worst_difference(&exact, &model, series.values(), 0);
            assert!(
                difference < 1e-10,
                "{} {switch_prior} {}: {difference:e}",
                model.describe(),
                series.name()
            );
        }
    }
}

#[test]
fn normal_regimes_are_what_enumeration_gives() {
    for (regimes, n) in [("0,1", 14), ("0,1,0", 14), ("0,1,2", 12), ("0,1,2,3", 8)] {
        every_case(Likelihood::Normal, regimes, n);
    }
}

#[test]
fn regimes_of_one_sd_are_what_enumeration_gives() {
    for (regimes, n) in [("0,1", 14), ("0,1,0", 13), ("0,1,2", 11), ("0,1,2,3", 8)] {
        every_case(Likelihood::NormalSharedSd, regimes, n);
    }
}

#[test]
fn poisson_regimes_are_what_enumeration_gives() {
    for (regimes, n) in [("0,1", 14), ("0,1,0", 14), ("0,1,2", 14), ("0,1,2,3", 12)] {
        every_case(Likelihood::Poisson, regimes, n);
    }
}

#[test]
fn a_shifted_switch_is_found_out() {
    for likelihood in Likelihood::ALL {
        let series = &short(likelihood, 9)[0];
        let model = model(series, likelihood, "0,1,0", SwitchPrior::Sequential);
        let exact = Exact::of(&model).expect("it has a posterior");
        let difference = worst_difference(&exact, &model, series.values(), 1);
        assert!(difference > 1e-2, "{}: {difference:e}", model.describe());
    }
}

/// What is left out of the prior is the prior of what enumeration leaves out.
#[test]
fn the_prior_left_out_is_named() {
    for (regimes, prior) in [
        ("0,1", SwitchPrior::Sequential),
        ("0,1,0", SwitchPrior::Sequential),
        ("0,1,2", SwitchPrior::Uniform),
        ("0,1,2,3", SwitchPrior::Sequential),
    ] {
        let series = &short(Likelihood::Normal, 9)[1];
        let model = model(series, Likelihood::Normal, regimes, prior);
        let exact = Exact::of(&model).expect("it has a posterior");
        let admitted: f64 = every_placing(&model, series.values())
            .iter()
            .map(|placed| prior.ln_p(&placed.switches, 9).exp())
            .sum();
        let found = exact.excluded_prior;
        assert!(
            (1.0 - admitted - found).abs() < 1e-13,
            "{regimes}: {found} {admitted}"
        );
        assert!(found > 0.1, "{found}");
    }
}

/// Ninety rows, where peaks are narrow and logarithms large.
#[test]
fn the_talks_series_is_what_enumeration_gives() {
    let series = deck();
    for likelihood in [Likelihood::Normal, Likelihood::NormalSharedSd] {
        let model = model(&series, likelihood, "0,1", SwitchPrior::Uniform);
        let exact = Exact::of(&model).expect("it has a posterior");
        let difference = worst_difference(&exact, &model, series.values(), 0);
        assert!(difference < 1e-10, "{}: {difference:e}", model.describe());
    }
}
