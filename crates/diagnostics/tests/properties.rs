//! Protects: what must hold of the diagnostics whatever the draws are, and that they fail where they should.

#![allow(clippy::unwrap_used)]

use std::array::from_fn;

use switchback_diagnostics::{
    DiagnosticsError, Summary, autocorrelation, autocorrelation_time, e_bfmi, ess_bulk, ess_mean,
    ess_quantile, ess_sd, ess_tail, ess_tail_at, mcse_mean, mcse_quantile, mcse_sd, quantile,
    r_hat, summary,
};

type Measure = fn(&[&[f64]]) -> Result<f64, DiagnosticsError>;

/// Measures without units: they stay when the draws are shifted and scaled.
const RATIOS: [(&str, Measure); 8] = [
    ("r_hat", r_hat),
    ("ess_bulk", ess_bulk),
    ("ess_tail", ess_tail),
    ("ess_tail at 5 %", |chains| {
        ess_tail_at(chains, [0.05, 0.95])
    }),
    ("ess_mean", ess_mean),
    ("ess_sd", ess_sd),
    ("ess of the median", |chains| ess_quantile(chains, 0.5)),
    ("autocorrelation_time", autocorrelation_time),
];

/// Measures in the units of the draws: a scale multiplies them, a shift does nothing.
const ERRORS: [(&str, Measure); 3] = [
    ("mcse_mean", mcse_mean),
    ("mcse_sd", mcse_sd),
    ("mcse of a quantile", |chains| mcse_quantile(chains, 0.3)),
];

const N_DRAWS: usize = 201;

/// Draws that look random, without a generator: fractional parts of multiples of irrational numbers, summed.
fn draws(chain: usize) -> [f64; N_DRAWS] {
    from_fn(|draw| {
        let position = (chain * N_DRAWS + draw + 1) as f64;
        let fraction = |factor: f64| (position * position * factor).fract();
        fraction(2.0f64.sqrt()) + fraction(3.0f64.sqrt()) + fraction(std::f64::consts::E)
    })
}

fn four_chains() -> [[f64; N_DRAWS]; 4] {
    from_fn(draws)
}

fn slices<const N: usize>(chains: &[[f64; N_DRAWS]; N]) -> [&[f64]; N] {
    from_fn(|chain| chains[chain].as_slice())
}

fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let difference = (found / expected - 1.0).abs();
    assert!(
        difference <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

fn numbers(row: &Summary) -> [f64; 9] {
    [
        row.mean,
        row.sd,
        row.eti89_lb,
        row.eti89_ub,
        row.ess_bulk,
        row.ess_tail,
        row.r_hat,
        row.mcse_mean,
        row.mcse_sd,
    ]
}

#[test]
fn the_order_of_the_chains_does_not_matter() {
    let chains = four_chains();
    let [a, b, c, d] = slices(&chains);
    for (name, measure) in RATIOS.into_iter().chain(ERRORS) {
        let expected = measure(&[a, b, c, d]).unwrap();
        for order in [[b, a, c, d], [d, c, b, a], [c, a, d, b]] {
            assert_close(name, measure(&order).unwrap(), expected, 1e-12);
        }
    }
}

#[test]
fn units_and_origin_do_not_matter() {
    let chains = four_chains();
    for (shift, scale) in [(0.0, 1e-12), (0.0, 3e9), (-40.0, 0.7), (5.0, -2.0)] {
        let moved = chains.map(|chain| chain.map(|draw| shift + scale * draw));
        for (name, measure) in RATIOS {
            // A negative scale turns quantiles around: those of a single probability have nothing to equal.
            if scale < 0.0 && name == "ess of the median" {
                continue;
            }
            let expected = measure(&slices(&chains)).unwrap();
            let found = measure(&slices(&moved)).unwrap();
            assert_close(name, found, expected, 1e-9);
        }
        for (name, measure) in ERRORS.into_iter().take(if scale < 0.0 { 2 } else { 3 }) {
            let expected = scale.abs() * measure(&slices(&chains)).unwrap();
            assert_close(name, measure(&slices(&moved)).unwrap(), expected, 1e-9);
        }
    }
}

#[test]
fn rank_measures_ignore_monotone_transforms() {
    let chains = four_chains();
    let cubed = chains.map(|chain| chain.map(|draw| draw.powi(3).exp()));
    let expected = ess_bulk(&slices(&chains));
    assert_eq!(ess_bulk(&slices(&cubed)), expected);
    assert_ne!(ess_mean(&slices(&cubed)), ess_mean(&slices(&chains)));
}

#[test]
fn the_summary_is_what_the_functions_say() {
    let chains = four_chains();
    let chains = slices(&chains);
    let row = summary("mu", &chains).unwrap();
    assert_eq!(row.name, "mu");
    assert_eq!(Ok(row.ess_bulk), ess_bulk(&chains));
    assert_eq!(Ok(row.ess_tail), ess_tail(&chains));
    assert_eq!(Ok(row.r_hat), r_hat(&chains));
    assert_eq!(Ok(row.mcse_mean), mcse_mean(&chains));
    assert_eq!(Ok(row.mcse_sd), mcse_sd(&chains));
    assert_close(
        "5.5 %",
        row.eti89_lb,
        quantile(&chains, 0.055).unwrap(),
        1e-12,
    );
    assert_close(
        "94.5 %",
        row.eti89_ub,
        quantile(&chains, 0.945).unwrap(),
        1e-12,
    );
}

#[test]
fn chains_stuck_apart_are_found_out() {
    let [a, b, ..] = four_chains();
    let apart = [a, b.map(|draw| draw + 10.0)];
    // Two groups of ranks that do not overlap cannot give much more than 1.8, however far apart they are.
    assert!(r_hat(&slices(&apart)).unwrap() > 1.8);
    assert!(ess_bulk(&slices(&apart)).unwrap() < 5.0);
    // Never moved at all: one at 0, one at 10.
    let still = [[0.0; N_DRAWS], [10.0; N_DRAWS]];
    assert_eq!(r_hat(&slices(&still)), Ok(f64::INFINITY));
    assert!(ess_bulk(&slices(&still)).unwrap() < 5.0);
    // The same draws, not moved apart, pass.
    assert!(r_hat(&slices(&[a, b])).unwrap() < 1.01);
}

#[test]
fn chains_that_differ_in_width_only_are_found_out_by_folding() {
    let mut chains = four_chains();
    chains[3] = chains[3].map(|draw| 1.5 + 5.0 * (draw - 1.5));
    assert!(r_hat(&slices(&chains)).unwrap() > 1.1);
}

#[test]
fn a_drift_that_all_chains_share_is_found_out_by_splitting() {
    let chains = four_chains().map(|chain| {
        let mut step = 0.0;
        chain.map(|draw| {
            step += 0.02;
            draw + step
        })
    });
    assert!(r_hat(&slices(&chains)).unwrap() > 1.5);
}

#[test]
fn draws_that_are_not_finite_give_nan_everywhere() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut chains = four_chains();
        chains[1][N_DRAWS / 2] = bad;
        let chains = slices(&chains);
        for (name, measure) in RATIOS.into_iter().chain(ERRORS) {
            assert!(measure(&chains).unwrap().is_nan(), "{name} of {bad}");
        }
        assert!(quantile(&chains, 0.5).unwrap().is_nan());
        assert!(
            numbers(&summary("x", &chains).unwrap())
                .iter()
                .all(|number| number.is_nan())
        );
        assert!(
            autocorrelation(chains[1])
                .unwrap()
                .into_iter()
                .all(f64::is_nan)
        );
        let ratios = e_bfmi(&chains).unwrap();
        assert!(ratios[1].is_nan() && ratios[0].is_finite());
    }
}

#[test]
fn equal_draws_have_the_documented_answers() {
    // 0.1 is not a binary fraction: its sums round, and nothing here may depend on how.
    let chains = [[0.1; N_DRAWS]; 3];
    let chains = slices(&chains);
    let kept = (3 * (N_DRAWS - 1)) as f64;
    for measure in [ess_bulk, ess_tail, ess_mean, ess_sd] {
        assert_eq!(measure(&chains), Ok(kept));
    }
    assert_eq!(autocorrelation_time(&chains), Ok(1.0));
    assert_eq!(mcse_mean(&chains), Ok(0.0));
    assert_eq!(mcse_quantile(&chains, 0.5), Ok(0.0));
    assert!(mcse_sd(&chains).unwrap().is_nan());
    assert!(r_hat(&chains).unwrap().is_nan());
}

#[test]
fn extreme_but_finite_draws_do_not_panic() {
    for scale in [1e-320, 1e-200, 1e200, f64::MAX] {
        let chains =
            four_chains().map(|chain| chain.map(|draw| scale * (draw - 1.5).clamp(-1.0, 1.0)));
        for (name, measure) in RATIOS.into_iter().chain(ERRORS) {
            let found = measure(&slices(&chains)).unwrap();
            assert!(found.is_nan() || found >= 0.0, "{name}: {found}");
        }
    }
}

#[test]
fn a_shape_without_diagnostics_is_an_error() {
    let [a, b, ..] = four_chains();
    for (name, measure) in RATIOS.into_iter().chain(ERRORS) {
        assert_eq!(measure(&[]), Err(DiagnosticsError::NoChains), "{name}");
        assert_eq!(
            measure(&[&a[..3], &b[..3]]),
            Err(DiagnosticsError::TooFewDraws {
                found: 3,
                needed: 4
            }),
            "{name}"
        );
        assert_eq!(
            measure(&[&a, &b[..200]]),
            Err(DiagnosticsError::UnequalLengths {
                chain: 1,
                expected: 201,
                found: 200
            }),
            "{name}"
        );
    }
    assert!(summary("x", &[]).is_err());
    assert!(e_bfmi(&[&a, &b[1..]]).is_err());
    assert!(autocorrelation(&a[..3]).is_err());
    for probability in [-0.5, 1.5, f64::NAN] {
        assert!(matches!(
            ess_quantile(&[&a], probability),
            Err(DiagnosticsError::InvalidProbability { .. })
        ));
        assert!(ess_tail_at(&[&a], [0.1, probability]).is_err());
        assert!(mcse_quantile(&[&a], probability).is_err());
        assert!(quantile(&[&a], probability).is_err());
    }
}
