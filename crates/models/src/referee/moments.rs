//! Means and standard deviations, alone and of mixtures.

/// Mean and standard deviation of one quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}

impl Moments {
    /// The same quantity, `by` more.
    pub(super) fn moved(self, by: f64) -> Self {
        Self {
            mean: by + self.mean,
            ..self
        }
    }
}

/// Running mean and sum of squares of a mixture, by the law of total variance about the mean so far (Chan, Golub
/// and LeVeque 1979, with weights for counts).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Mixture {
    weight: f64,
    mean: f64,
    sum_sq: f64,
}

impl Mixture {
    /// Adds a part of probability `weight`, which is not negative.
    pub fn add(&mut self, weight: f64, part: Moments) {
        self.join(&Self {
            weight,
            mean: part.mean,
            sum_sq: weight * part.sd * part.sd,
        });
    }

    /// Adds a part that takes only the value `value`.
    pub fn add_value(&mut self, weight: f64, value: f64) {
        let sd = 0.0;
        self.add(weight, Moments { mean: value, sd });
    }

    /// Adds all that `other` is a mixture of.
    pub fn join(&mut self, other: &Self) {
        if other.weight == 0.0 {
            return;
        }
        let weight = self.weight + other.weight;
        let step = other.mean - self.mean;
        self.mean += step * (other.weight / weight);
        self.sum_sq += other.sum_sq + step * step * (self.weight * (other.weight / weight));
        self.weight = weight;
    }

    /// The same parts with `factor` times their weight.
    pub fn times(&self, factor: f64) -> Self {
        Self {
            weight: factor * self.weight,
            sum_sq: factor * self.sum_sq,
            ..*self
        }
    }

    /// Mean and standard deviation; `NaN` where nothing was added.
    pub fn moments(&self) -> Moments {
        Moments {
            mean: if self.weight > 0.0 {
                self.mean
            } else {
                f64::NAN
            },
            sd: (self.sum_sq / self.weight).sqrt(),
        }
    }
}

/// The moments of a quantity that takes the value `i` with probability `p[i]`.
pub(super) fn of_places(p: &[f64]) -> Moments {
    let mut mixture = Mixture::default();
    for (place, &p) in p.iter().enumerate() {
        mixture.add_value(p, place as f64);
    }
    mixture.moments()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_has_the_moments_of_its_parts_together() {
        let parts = [
            (0.2, -1.0, 0.5),
            (0.5, 3.0, 2.0),
            (0.0, 9.0, 1.0),
            (0.3, 3.5, 0.0),
        ];
        let mean: f64 = parts.iter().map(|(p, mean, _)| p * mean).sum();
        let square: f64 = parts
            .iter()
            .map(|(p, mean, sd)| p * (mean * mean + sd * sd))
            .sum();
        let (mut whole, mut left, mut right) =
            (Mixture::default(), Mixture::default(), Mixture::default());
        for (index, (p, mean, sd)) in parts.into_iter().enumerate() {
            whole.add(p, Moments { mean, sd });
            let half = if index < 2 { &mut left } else { &mut right };
            half.add(2.0 * p, Moments { mean, sd });
        }
        left.join(&right);
        for found in [whole, left, left.times(7.0)] {
            let Moments { mean: found, sd } = found.moments();
            assert!((found - mean).abs() < 1e-15, "{found} {mean}");
            assert!((sd * sd + mean * mean - square).abs() < 1e-14, "{sd}");
        }
        assert!(Mixture::default().moments().mean.is_nan());
        let places = of_places(&[0.0, 0.25, 0.5, 0.25]);
        assert_eq!((places.mean, places.sd), (2.0, 0.5_f64.sqrt()));
    }
}
