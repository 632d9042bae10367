//! Protects: profile, peaks and referee of a long series are the same to the bit on any number of threads.

use rayon::ThreadPoolBuilder;
use switchback_core::Series;
use switchback_models::{
    Exact, HardPeaks, Law, Likelihood, Profile, RegimePriors, Regimes, SwitchModel, SwitchPrior,
    SwitchSettings, simulate,
};

/// A step of `size` at a third of `n` rows, of which some are missing.
fn series(n: usize, size: f64) -> Series {
    let law = Law::new(n, vec![n / 3], vec![4.0, 4.0 + size], vec![1.0, 1.2]).expect("valid");
    let rows = simulate(&law, 7).into_iter().enumerate();
    let rows = rows.map(|(row, y)| if row % 13 == 5 { f64::NAN } else { y });
    Series::from_values("y", rows.collect()).expect("it is a series")
}

fn model(series: &Series, likelihood: Likelihood) -> SwitchModel {
    let settings = SwitchSettings {
        likelihood,
        regimes: Regimes::one_switch(),
        priors: RegimePriors::scaled_to(likelihood, series).expect("it varies"),
        switch_prior: SwitchPrior::Sequential,
    };
    SwitchModel::new(series, settings).expect("it can be modelled")
}

/// The bits of `numbers`, which a `NaN` would not hide.
fn bits<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> Vec<u64> {
    numbers.into_iter().map(|x| x.to_bits()).collect()
}

/// Everything that is said of a series, on `threads` threads.
fn all_of(series: &Series, likelihood: Likelihood, threads: usize) -> Vec<Vec<u64>> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("there are threads").install(|| {
        let model = model(series, likelihood);
        let peaks = HardPeaks::of(&model).expect("it has peaks");
        let exact = Exact::of(&model).expect("it has an answer");
        let mut all = vec![
            bits(peaks.profile(0)),
            bits(peaks.peaks().iter().flat_map(|peak| &peak.parameters)),
            peaks
                .peaks()
                .iter()
                .map(|peak| peak.switches[0] as u64)
                .collect(),
            bits(&exact.switch_posterior[0]),
            bits([&exact.log_evidence, &exact.excluded_prior]),
            bits(
                exact
                    .moments()
                    .iter()
                    .flat_map(|(_, of)| [&of.mean, &of.sd]),
            ),
            vec![exact.n_evaluations],
        ];
        if likelihood == Likelihood::Normal {
            let profile = Profile::of(series).expect("there are switches");
            let fits = profile.fits().iter();
            all.push(bits(fits.flat_map(|fit| {
                [
                    &fit.log_likelihood,
                    &fit.mu1,
                    &fit.mu2,
                    &fit.sigma1,
                    &fit.sigma2,
                ]
            })));
        }
        all
    })
}

#[test]
fn a_long_series_is_the_same_on_any_number_of_threads() {
    for (n, size, likelihood) in [
        // Longer than what keeps every sum; shorter, and so small a step that most places count.
        (140_000, 0.1, Likelihood::Normal),
        (30_000, 0.01, Likelihood::Normal),
        (10_000, 0.1, Likelihood::NormalSharedSd),
    ] {
        let series = series(n, size);
        let alone = all_of(&series, likelihood, 1);
        for threads in [2, 3] {
            let together = all_of(&series, likelihood, threads);
            assert!(alone == together, "{n} {likelihood} {threads}");
        }
    }
}

#[test]
fn counts_are_the_same_on_any_number_of_threads() {
    let counts = series(20_000, 0.5)
        .values()
        .iter()
        .map(|y| y.round().max(0.0))
        .collect();
    let series = Series::from_values("y", counts).expect("it is a series");
    // `max` takes a missing one for 0.
    assert_eq!(series.n_observed(), series.len());
    let alone = all_of(&series, Likelihood::Poisson, 1);
    for threads in [2, 3] {
        assert!(
            alone == all_of(&series, Likelihood::Poisson, threads),
            "{threads}"
        );
    }
}
