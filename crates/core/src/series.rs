//! One series: observations on the model's clock, some perhaps missing, with the user's own times as labels.

use std::sync::Arc;

use crate::Labels;

/// Why numbers do not make a series.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SeriesError {
    /// Fewer than two observations.
    #[error("a series needs at least 2 observations, {observed} of {len} rows hold one")]
    TooShort {
        /// Rows.
        len: usize,
        /// Rows that are not missing.
        observed: usize,
    },
    /// A value is infinite or not a number.
    #[error("observation {index} is {value}, which is not a finite number")]
    NotFinite {
        /// 0-based index.
        index: usize,
        /// The value.
        value: f64,
    },
    /// There are other times than observations.
    #[error("{times} times for {len} observations")]
    Times {
        /// Times handed in.
        times: usize,
        /// Observations.
        len: usize,
    },
}

/// The user's own times: labels in increasing order.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// Name of the time column.
    pub name: String,
    /// One label an observation, as the user wrote it.
    pub labels: Labels,
}

/// Observations `y[0..n]` on the clock `1..=n`. Missing ones are masked, never imputed.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    name: String,
    /// `NaN` where missing; whatever is made of the series may keep them.
    values: Arc<Vec<f64>>,
    times: Option<Times>,
}

impl Series {
    /// A series called `name`; `None` is a missing observation.
    ///
    /// # Errors
    /// When fewer than two are observed, or one of them is not finite.
    pub fn new(name: impl Into<String>, values: &[Option<f64>]) -> Result<Self, SeriesError> {
        let observed = values.iter().flatten().count();
        if observed < 2 {
            return Err(SeriesError::TooShort {
                len: values.len(),
                observed,
            });
        }
        for (index, value) in values.iter().enumerate() {
            if let Some(value) = *value
                && !value.is_finite()
            {
                return Err(SeriesError::NotFinite { index, value });
            }
        }
        let values = values.iter().map(|value| value.unwrap_or(f64::NAN));
        Ok(Self::of(name.into(), values.collect()))
    }

    /// A series called `name`; `NaN` is a missing observation. The same as [`Self::new`], in the memory of `values`.
    ///
    /// # Errors
    /// When fewer than two are observed, or one of them is infinite.
    pub fn from_values(name: impl Into<String>, values: Vec<f64>) -> Result<Self, SeriesError> {
        let observed = values.iter().filter(|value| !value.is_nan()).count();
        if observed < 2 {
            return Err(SeriesError::TooShort {
                len: values.len(),
                observed,
            });
        }
        match values.iter().position(|value| value.is_infinite()) {
            Some(index) => Err(SeriesError::NotFinite {
                index,
                value: values[index],
            }),
            None => Ok(Self::of(name.into(), values)),
        }
    }

    fn of(name: String, values: Vec<f64>) -> Self {
        Self {
            name,
            values: Arc::new(values),
            times: None,
        }
    }

    /// The same series with the user's times.
    ///
    /// # Errors
    /// When there is not exactly one an observation.
    pub fn with_times(mut self, times: Times) -> Result<Self, SeriesError> {
        if times.labels.len() != self.values.len() {
            return Err(SeriesError::Times {
                times: times.labels.len(),
                len: self.values.len(),
            });
        }
        self.times = Some(times);
        Ok(self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of rows, missing ones included: the last time of the model's clock.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Never true: a series has at least two observations.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values in order, `NaN` where missing.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// [`Self::values`], to be kept without a copy.
    pub fn shared_values(&self) -> Arc<Vec<f64>> {
        Arc::clone(&self.values)
    }

    /// Index and value of what was observed, in order.
    pub fn observed(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.values
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, value)| !value.is_nan())
    }

    /// Number of observations that are not missing.
    pub fn n_observed(&self) -> usize {
        self.observed().count()
    }

    /// The user's times, where there are any.
    pub fn times(&self) -> Option<&Times> {
        self.times.as_ref()
    }

    /// The user's label of observation `index`, where there are times and such an observation.
    pub fn label(&self, index: usize) -> Option<&str> {
        self.times
            .as_ref()
            .and_then(|times| times.labels.get(index))
    }

    /// Mean of what was observed.
    pub fn mean(&self) -> f64 {
        self.observed().map(|(_, value)| value).sum::<f64>() / self.n_observed() as f64
    }

    /// Standard deviation of what was observed, with divisor `n - 1`.
    pub fn sd(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self
            .observed()
            .map(|(_, value)| (value - mean).powi(2))
            .sum();
        (squares / (self.n_observed() - 1) as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_observations_keep_their_place_and_count_for_nothing() {
        let series = Series::new("y", &[Some(1.0), None, Some(3.0)]).expect("two are observed");
        assert_eq!(series.len(), 3);
        assert_eq!(series.n_observed(), 2);
        assert_eq!(
            series.observed().collect::<Vec<_>>(),
            vec![(0, 1.0), (2, 3.0)]
        );
        assert_eq!(series.mean(), 2.0);
        assert!((series.sd() - 2.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn both_ways_make_the_same_series() {
        let values = vec![1.5, f64::NAN, -3.0];
        let one = Series::from_values("y", values).expect("two are observed");
        let other = Series::new("y", &[Some(1.5), None, Some(-3.0)]).expect("two are observed");
        let bits = |series: &Series| -> Vec<u64> {
            series
                .values()
                .iter()
                .map(|value| value.to_bits())
                .collect()
        };
        assert_eq!(bits(&one), bits(&other));
        assert!(std::ptr::eq(one.shared_values().as_slice(), one.values()));
    }

    #[test]
    fn what_is_no_series_is_refused() {
        for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
            let refused = Series::from_values("y", vec![1.0, f64::NAN, infinite]);
            assert_eq!(
                refused,
                Err(SeriesError::NotFinite {
                    index: 2,
                    value: infinite
                })
            );
        }
        let too_short = Series::from_values("y", vec![1.0, f64::NAN, f64::NAN]);
        assert_eq!(
            too_short,
            Err(SeriesError::TooShort {
                len: 3,
                observed: 1
            })
        );
        let too_short = Series::new("y", &[Some(1.0), None]);
        assert_eq!(
            too_short,
            Err(SeriesError::TooShort {
                len: 2,
                observed: 1
            })
        );
        let infinite = Series::new("y", &[Some(1.0), Some(f64::INFINITY)]);
        assert!(matches!(
            infinite,
            Err(SeriesError::NotFinite { index: 1, .. })
        ));
        let times = Times {
            name: "t".into(),
            labels: vec!["1"].into(),
        };
        let series = Series::new("y", &[Some(1.0), Some(2.0)]).expect("two are observed");
        assert_eq!(
            series.with_times(times),
            Err(SeriesError::Times { times: 1, len: 2 })
        );
    }
}
