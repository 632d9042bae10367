//! Autocovariance by the fast Fourier transform, and what follows from it.

use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::DiagnosticsError;
use crate::chains::{Chains, check_length};
use crate::ess::{EssKernel, mean_ess};
use crate::moments::mean;

/// The autocorrelation of one chain at every lag from 0 to `draws.len() - 1`.
///
/// The estimate divides by the number of draws at every lag (biased, but a valid correlation function), as ArviZ's
/// `autocorr` does; lag 0 is 1. All NaN if the draws are all equal or one of them is not finite.
///
/// Geyer, "Practical Markov chain Monte Carlo" (Statistical Science 7(4), 1992); `O(n log n)`.
///
/// # Errors
///
/// [`DiagnosticsError::TooFewDraws`] for fewer than [`MIN_DRAWS`](crate::MIN_DRAWS) draws.
pub fn autocorrelation(draws: &[f64]) -> Result<Vec<f64>, DiagnosticsError> {
    check_length(draws.len())?;
    let mean = mean(draws.iter().copied());
    let centred: Vec<f64> = draws.iter().map(|draw| draw - mean).collect();
    let mut autocovariance = Autocovariance::new(draws.len());
    let covariances = autocovariance.mean_over(centred.chunks_exact(draws.len()));
    let variance = covariances.first().copied().unwrap_or(f64::NAN);
    Ok(covariances
        .iter()
        .map(|covariance| covariance / variance)
        .collect())
}

/// The integrated autocorrelation time: how many draws are worth one independent draw when a mean is estimated.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is in draws, the number of draws in the split chains
/// divided by [`ess_mean`](crate::ess_mean): 1 for independent and for constant draws, below 1 for antithetic ones, NaN
/// if a draw is not finite.
///
/// Paper, section 3.2.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn autocorrelation_time(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    let chains = Chains::new(chains)?;
    Ok(chains.finite_or_nan(|chains| {
        let size = 2 * chains.n_chains() * chains.half();
        size as f64 / mean_ess(&mut EssKernel::new(chains.half()), chains)
    }))
}

/// The planned transform and the buffers for autocovariances of series of one length.
pub(crate) struct Autocovariance {
    length: usize,
    fft: Arc<dyn Fft<f64>>,
    signal: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    power: Vec<f64>,
}

impl Autocovariance {
    pub(crate) fn new(length: usize) -> Self {
        // Twice the length keeps the circular convolution from wrapping around.
        let padded = (2 * length).next_power_of_two();
        let fft = FftPlanner::new().plan_fft_forward(padded);
        Self {
            length,
            signal: vec![Complex::default(); padded],
            scratch: vec![Complex::default(); fft.get_inplace_scratch_len()],
            power: vec![0.0; padded],
            fft,
        }
    }

    /// The autocovariance at every lag (divisor: the length), averaged over series whose means are zero.
    ///
    /// Two series travel in one transform, as real and imaginary part: the autocovariance of `x + iy` has that of `x`
    /// plus that of `y` as its real part. The spectra are summed, so that a single transform leads back.
    pub(crate) fn mean_over<'a>(&mut self, mut series: impl Iterator<Item = &'a [f64]>) -> &[f64] {
        self.power.fill(0.0);
        let mut n_series = 0;
        while let Some(real) = series.next() {
            let imaginary = series.next();
            n_series += 1 + usize::from(imaginary.is_some());
            self.add_power(real, imaginary.unwrap_or(&[]));
        }
        for (signal, &power) in self.signal.iter_mut().zip(&self.power) {
            *signal = Complex::new(power, 0.0);
        }
        // The spectrum is real, so the forward transform is the conjugate of the inverse one.
        self.transform();
        let divisor = (self.signal.len() * self.length * n_series) as f64;
        for (covariance, signal) in self.power.iter_mut().zip(&self.signal).take(self.length) {
            *covariance = signal.re / divisor;
        }
        &self.power[..self.length]
    }

    /// Adds the power spectrum of `real + i * imaginary`; a missing imaginary part is zero.
    fn add_power(&mut self, real: &[f64], imaginary: &[f64]) {
        self.signal.fill(Complex::default());
        for (signal, &value) in self.signal.iter_mut().zip(real) {
            signal.re = value;
        }
        for (signal, &value) in self.signal.iter_mut().zip(imaginary) {
            signal.im = value;
        }
        self.transform();
        for (power, signal) in self.power.iter_mut().zip(&self.signal) {
            *power += signal.norm_sqr();
        }
    }

    fn transform(&mut self) {
        self.fft
            .process_with_scratch(&mut self.signal, &mut self.scratch);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn autocovariance_by_sums(series: &[f64], lag: usize) -> f64 {
        let products = series.iter().zip(&series[lag..]);
        products.map(|(left, right)| left * right).sum::<f64>() / series.len() as f64
    }

    #[test]
    fn agrees_with_the_plain_sums_for_any_number_of_series() {
        let series: [&[f64]; 3] = [
            &[1.0, -2.0, 0.5, 3.0, -2.5],
            &[-4.0, 1.0, 1.0, 1.0, 1.0],
            &[0.1, 0.2, -0.6, 0.4, -0.1],
        ];
        for n_series in 1..=3 {
            let mut autocovariance = Autocovariance::new(5);
            let found = autocovariance
                .mean_over(series[..n_series].iter().copied())
                .to_vec();
            for (lag, found) in found.into_iter().enumerate() {
                let sum: f64 = series[..n_series]
                    .iter()
                    .map(|series| autocovariance_by_sums(series, lag))
                    .sum();
                let expected = sum / n_series as f64;
                assert!((found - expected).abs() < 1e-14, "{n_series} {lag}");
            }
        }
    }

    #[test]
    fn the_buffers_keep_nothing_between_calls() {
        let mut autocovariance = Autocovariance::new(4);
        let series: [&[f64]; 1] = [&[1.0, -1.0, 2.0, -2.0]];
        let first = autocovariance.mean_over(series.into_iter()).to_vec();
        assert_eq!(autocovariance.mean_over(series.into_iter()), first);
    }

    #[test]
    fn constant_or_non_finite_draws_have_no_autocorrelation() {
        for draws in [[0.1; 4], [0.0, 1.0, f64::INFINITY, 2.0]] {
            let correlations = autocorrelation(&draws).unwrap();
            assert_eq!(correlations.len(), 4);
            assert!(correlations.into_iter().all(f64::is_nan));
        }
        assert!(autocorrelation(&[1.0, 2.0, 3.0]).is_err());
    }
}
