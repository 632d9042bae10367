//! What the unit tests share: series, random values, and slow sums written as the formulas are.

use rand::{Rng, RngExt};
use switchback_core::{Series, stream};

use crate::{Law, simulate};

/// The worked example's 90 observations.
pub(crate) fn deck() -> Series {
    let values: Vec<f64> = include_str!("../../../data/deck.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let (_, x) = line.split_once(',').expect("a row has two columns");
            x.parse().expect("the value is a number")
        })
        .collect();
    assert_eq!(values.len(), 90);
    series(&values)
}

/// A series without gaps.
pub(crate) fn series(values: &[f64]) -> Series {
    let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    Series::new("y", &values).expect("the values are a series")
}

/// A series of `n` with one switch in its middle and every seventh value missing.
pub(crate) fn gapped(n: usize, seed: u64) -> Series {
    let law = Law::new(n, vec![n / 2], vec![-1.0, 2.0], vec![1.0, 2.0]).expect("the law is valid");
    let values: Vec<Option<f64>> = simulate(&law, seed)
        .into_iter()
        .enumerate()
        .map(|(index, value)| (index % 7 != 3).then_some(value))
        .collect();
    Series::new("gapped", &values).expect("enough is observed")
}

/// A series of `n` with one switch in its middle, from `-1 ± 1` to `5 ± 2`.
pub(crate) fn stepped(n: usize, seed: u64) -> Series {
    let law = Law::new(n, vec![n / 2], vec![-1.0, 5.0], vec![1.0, 2.0]).expect("the law is valid");
    series(&simulate(&law, seed))
}

/// The same series backwards.
pub(crate) fn reversed(series: &Series) -> Series {
    mapped(series, true, |value| value)
}

/// The same series with `f` of every value.
pub(crate) fn transformed(series: &Series, f: impl Fn(f64) -> f64) -> Series {
    mapped(series, false, f)
}

fn mapped(series: &Series, backwards: bool, f: impl Fn(f64) -> f64) -> Series {
    let mut values: Vec<Option<f64>> = series
        .values()
        .iter()
        .map(|value| (!value.is_nan()).then(|| f(*value)))
        .collect();
    if backwards {
        values.reverse();
    }
    Series::new(series.name(), &values).expect("the values are a series")
}

/// Uniform numbers in `low..high`.
pub(crate) fn uniform(seed: u64) -> impl FnMut(f64, f64) -> f64 {
    let mut rng = stream(seed, 0);
    move |low, high| low + (high - low) * unit(&mut rng)
}

fn unit(rng: &mut impl Rng) -> f64 {
    rng.random::<f64>()
}

/// `|a - b|` over the larger of 1 and both.
pub(crate) fn relative(a: f64, b: f64) -> f64 {
    if a == b {
        return 0.0;
    }
    (a - b).abs() / a.abs().max(b.abs()).max(1.0)
}

/// The normal log density as it stands in a book.
pub(crate) fn ln_normal(x: f64, mu: f64, sigma: f64) -> f64 {
    -0.5 * (2.0 * std::f64::consts::PI * sigma * sigma).ln()
        - (x - mu) * (x - mu) / (2.0 * sigma * sigma)
}
