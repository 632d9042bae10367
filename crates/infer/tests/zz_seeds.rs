//! scratch
#[path = "metropolis_and_the_referee.rs"]
mod base;
#[test]
fn seeds() {
    use base::*;
    for (n, gap) in [(60, 1.6), (60, 2.0), (60, 2.4)] {
    let noise = |i: usize| ((i * i * 31 + i * 17 + 5) % 97) as f64 / 24.0 - 2.0;
    let values: Vec<_> = (0..n).map(|i| Some(noise(i) + if i < 22 { 0.0 } else { gap })).collect();
    let series = switchback_core::Series::new("doubtful", &values).unwrap();
    let priors = switchback_models::SwitchPriors::deck();
    let exact = switchback_models::Exact::of(&series, priors).unwrap();
    eprintln!("{:?} {:?} {:?} {:?}", exact.mu1, exact.sigma1, exact.s, exact.switch_posterior.iter().enumerate().filter(|p| *p.1 > 0.005).map(|(i,p)| format!("{i}:{p:.3}")).collect::<Vec<_>>());
    let target = switchback_models::HardSwitch::new(&series, priors);
    let mut d: Vec<f64> = (0..40).map(|s| worst_distance(&target, &series, &exact, s)).collect();
    d.sort_by(f64::total_cmp);
    eprintln!("median {} 95% {} 99% {} max {}", d[20], d[38], d[38], d[39]);
    }
}
