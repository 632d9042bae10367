//! Poisson regimes on real counts.

use super::*;
use crate::testing::transformed;

/// Disasters in British coal mines by year (Jarrett 1979), some years unknown, and the years.
fn coal_mines() -> (Series, Vec<f64>) {
    let rows = include_str!("../../../../../data/coal_mining_disasters.csv")
        .lines()
        .skip(1);
    let (mut years, mut counts) = (Vec::new(), Vec::new());
    for row in rows {
        let (year, count) = row.split_once(',').expect("a row has two columns");
        years.push(year.parse().expect("the year is a number"));
        counts.push(count.parse().ok());
    }
    (Series::new("disasters", &counts).expect("a series"), years)
}

fn unit_exponential() -> RegimePriors {
    let prior = Prior::exponential(1.0).expect("valid");
    RegimePriors::Poisson(RatePrior::new(prior).expect("valid"))
}

fn coal_model(regimes: &str) -> SwitchModel {
    let settings = SwitchSettings {
        likelihood: Likelihood::Poisson,
        regimes: regimes.parse().expect("it is offered"),
        priors: unit_exponential(),
        switch_prior: SwitchPrior::Sequential,
    };
    SwitchModel::new(&coal_mines().0, settings).expect("they are counts")
}

#[test]
fn the_coal_mines_have_their_known_answer() {
    let (series, years) = coal_mines();
    let exact = Exact::of(&coal_model("0,1")).expect("it has a posterior");
    let p = |year: f64| {
        let s = years.iter().position(|known| *known == year);
        exact.switch_posterior[0][s.expect("it is one of the years")]
    };
    let near = |value: f64, digits: f64| {
        assert!((value - digits).abs() < 0.0006, "{value} is not {digits}");
    };
    assert_eq!(years[exact.most_probable()[0]], 1892.0);
    near(p(1892.0), 0.240);
    near(p(1891.0), 0.184);
    near(of(&exact, "rate1").mean, 3.066);
    near(of(&exact, "rate2").mean, 0.936);
    let year = years[0] + of(&exact, "s").mean;
    assert!((year - 1891.0).abs() < 0.06, "{year}");
    assert!(exact.excluded.is_empty() && exact.excluded_prior == 0.0);
    assert!(exact.log_evidence - exact.log_evidence_no_switch > 20.0);
    assert_eq!(exact.model().series_name(), series.name());
}

/// The same counts by hand: `p(s)` in proportion to `B(s)` of gamma functions, without the referee's rearrangement.
#[test]
fn the_coal_mines_by_the_formula() {
    use statrs::function::gamma::ln_gamma;
    let series = coal_mines().0;
    let exact = Exact::of(&coal_model("0,1")).expect("it has a posterior");
    let part = |rows: &[f64]| {
        let known: Vec<f64> = rows.iter().copied().filter(|y| !y.is_nan()).collect();
        let (sum, count) = (known.iter().sum::<f64>(), known.len() as f64);
        let factorials: f64 = known.iter().map(|y| ln_gamma(y + 1.0)).sum();
        ln_gamma(1.0 + sum) - (1.0 + sum) * (1.0 + count).ln() - factorials
    };
    let values = series.values();
    let lns: Vec<f64> = (0..values.len())
        .map(|s| part(&values[..s]) + part(&values[s..]))
        .collect();
    let total: f64 = lns.iter().map(|ln| ln.exp()).sum();
    for (s, ln) in lns.iter().enumerate() {
        close(
            exact.switch_posterior[0][s],
            ln.exp() / total,
            1e-12,
            "p(s)",
        );
    }
    let evidence = (total / values.len() as f64).ln();
    close(exact.log_evidence, evidence, 1e-12, "evidence");
    close(exact.log_evidence_no_switch, lns[0], 1e-12, "no switch");
}

/// Counts a million times as large, whose switch is where the counts' is.
#[test]
fn large_counts_have_an_answer() {
    let large = transformed(&counts(60), |y| 1e6 * y);
    let model = model(&large, Likelihood::Poisson, "0,1,2", SwitchPrior::Uniform);
    let exact = Exact::of(&model).expect("it has a posterior");
    assert!(exact.log_evidence.is_finite());
    let mut switches = exact.moments().iter().rev().take(2);
    assert!(switches.all(|(_, s)| s.mean.is_finite() && s.sd.is_finite()));
}
