//! Where the switches are believed to be before the data are seen.

use std::fmt;

/// The prior of `K` switches in a series of `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchPrior {
    /// One after the other: `s_k` uniform on `s_(k-1)..=n-1-(K-k)`, ends included, with `s_0 = 0`; switches may
    /// coincide, and then the regime between them is empty. For one switch uniform on `0..=n-1`; for two it is
    /// `s1 ~ uniform(0, n-2)`, `s2 ~ uniform(s1, n-1)`.
    Sequential,
    /// Every set of `K` distinct places in `0..=n-1` is as probable as any other. For one switch the same as
    /// [`Self::Sequential`].
    Uniform,
}

impl SwitchPrior {
    /// Greatest place of switch `k` (from 0) of `n_switches` in a series of `n`.
    pub(crate) fn last(self, k: usize, n_switches: usize, n: usize) -> usize {
        (n - 1).saturating_sub(n_switches - 1 - k)
    }

    /// Least place of the switch after one at `s`.
    pub(crate) fn first_after(self, s: usize) -> usize {
        match self {
            Self::Sequential => s,
            Self::Uniform => s + 1,
        }
    }

    /// Log probability of switch `k`, given the one before it at `before` (0 for the first); the part of it that
    /// depends on `before`, and for [`Self::Uniform`] the whole on the first switch.
    ///
    /// The log prior of a set of switches is the sum of these, as long as each is within its range.
    pub(crate) fn ln_step(self, k: usize, before: usize, n_switches: usize, n: usize) -> f64 {
        match self {
            Self::Sequential => -((self.last(k, n_switches, n) + 1 - before) as f64).ln(),
            Self::Uniform if k == 0 => -ln_choose(n, n_switches),
            Self::Uniform => 0.0,
        }
    }

    /// Log prior probability of `switches` in a series of `n`; `-inf` where they are not in order or out of range.
    pub fn ln_p(self, switches: &[usize], n: usize) -> f64 {
        let mut before = None;
        let mut sum = 0.0;
        for (k, &s) in switches.iter().enumerate() {
            let first = before.map_or(0, |before| self.first_after(before));
            if s < first || s > self.last(k, switches.len(), n) {
                return f64::NEG_INFINITY;
            }
            sum += self.ln_step(k, before.unwrap_or(0), switches.len(), n);
            before = Some(s);
        }
        sum
    }

    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Uniform => "uniform",
        }
    }
}

impl fmt::Display for SwitchPrior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Logarithm of the number of ways to choose `k` of `n`.
fn ln_choose(n: usize, k: usize) -> f64 {
    (0..k).map(|i| ((n - i) as f64 / (i + 1) as f64).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sum of the prior over every tuple of `k` numbers of `0..n`.
    fn total(prior: SwitchPrior, k: usize, n: usize) -> f64 {
        let mut sum = 0.0;
        for code in 0..n.pow(k as u32) {
            let switches: Vec<usize> = (0..k).map(|i| code / n.pow(i as u32) % n).collect();
            sum += prior.ln_p(&switches, n).exp();
        }
        sum
    }

    #[test]
    fn it_sums_to_one() {
        for prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
            for (k, n) in [(1, 5), (2, 7), (3, 6)] {
                let total = total(prior, k, n);
                assert!((total - 1.0).abs() < 1e-12, "{prior} {k} of {n}: {total}");
            }
        }
    }

    #[test]
    fn two_in_sequence_are_the_decks() {
        // T = n - 1 = 9: s1 uniform on 0..=8, s2 uniform on s1..=9.
        let p = |s1, s2| SwitchPrior::Sequential.ln_p(&[s1, s2], 10).exp();
        assert!((p(0, 9) - 1.0 / 90.0).abs() < 1e-15);
        assert!((p(8, 8) - 1.0 / 18.0).abs() < 1e-15);
        assert_eq!(p(9, 9), 0.0);
        assert_eq!(p(4, 3), 0.0);
        assert_eq!(SwitchPrior::Uniform.ln_p(&[4, 4], 10), f64::NEG_INFINITY);
    }
}
