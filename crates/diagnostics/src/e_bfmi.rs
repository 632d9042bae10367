//! The energy diagnostic of Hamiltonian samplers.

use crate::DiagnosticsError;
use crate::chains::Chains;
use crate::moments::mean_and_variance;

/// The estimated Bayesian fraction of missing information of each chain: the mean squared step of the energy over its
/// variance.
///
/// `energies` holds one slice a chain, of equal lengths: the energy (the negative log density plus the kinetic energy,
/// in nats) at each draw. The answer has one ratio a chain, NaN where the energies are all equal or one is not finite.
///
/// Betancourt, "Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte Carlo" (2016, arXiv:1604.00695);
/// the divisors (`n - 1` steps, variance over `n - 1`) are those of ArviZ 1.x. Suspect, there: below 0.3.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn e_bfmi(energies: &[&[f64]]) -> Result<Vec<f64>, DiagnosticsError> {
    Chains::new(energies)?;
    Ok(energies.iter().map(|energy| of_chain(energy)).collect())
}

fn of_chain(energy: &[f64]) -> f64 {
    let steps = energy.iter().zip(energy.iter().skip(1));
    let squares: f64 = steps.map(|(from, to)| (to - from).powi(2)).sum();
    let (_, variance) = mean_and_variance(energy.iter().copied());
    squares / (energy.len() - 1) as f64 / variance
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_small_case_by_hand() {
        // Steps 1 1 1: mean square 1; variance of 0 1 2 3: 5/3. A constant chain beside it is NaN alone.
        let ratios =
            e_bfmi(&[&[0.0, 1.0, 2.0, 3.0], &[5.0; 4], &[0.0, f64::NAN, 1.0, 2.0]]).unwrap();
        assert!((ratios[0] - 0.6).abs() < 1e-15);
        assert!(ratios[1].is_nan() && ratios[2].is_nan());
    }
}
