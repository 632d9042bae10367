//! Draws that are to be judged, wherever they are.

use crate::Draws;

/// Why draws could not be had from where they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawSourceError {
    /// No quantity has that name.
    #[error("there is no quantity {name:?}; there are {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// Names that there are.
        known: Vec<String>,
    },
    /// They could not be read.
    #[error("the draws of {name:?} could not be read")]
    Read {
        /// Name of the quantity.
        name: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Draws of the same named quantities in several chains: in memory, or on a disk and then read one quantity at a time.
pub trait DrawSource {
    /// Names of the quantities, in order.
    fn names(&self) -> Vec<String>;

    /// Number of chains.
    fn n_chains(&self) -> usize;

    /// Draws that every chain has, warm-up not counted.
    fn n_draws(&self) -> usize;

    /// The draws of quantity `name` on its natural scale, `n_draws` a chain.
    ///
    /// # Errors
    /// When no quantity has that name, or they cannot be read.
    fn read(&self, name: &str) -> Result<Vec<Vec<f64>>, DrawSourceError>;
}

impl DrawSource for Draws {
    fn names(&self) -> Vec<String> {
        self.names().to_vec()
    }

    fn n_chains(&self) -> usize {
        self.n_chains()
    }

    fn n_draws(&self) -> usize {
        self.n_draws()
    }

    fn read(&self, name: &str) -> Result<Vec<Vec<f64>>, DrawSourceError> {
        let chains = self.chains(name).ok_or_else(|| DrawSourceError::Unknown {
            name: name.to_owned(),
            known: self.names().to_vec(),
        })?;
        Ok(chains.into_iter().map(<[f64]>::to_vec).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_in_memory_are_a_source() {
        let mut draws = Draws::new(vec!["mu".into(), "tau".into()], 2);
        for (chain, row) in [
            (0, [1.0, 2.0]),
            (1, [3.0, 4.0]),
            (0, [5.0, 6.0]),
            (1, [7.0, 8.0]),
            (0, [9.0, 9.0]),
        ] {
            draws.push(chain, &row).expect("the row fits");
        }
        let source: &dyn DrawSource = &draws;
        assert_eq!(source.names(), ["mu", "tau"]);
        assert_eq!((source.n_chains(), source.n_draws()), (2, 2));
        let tau = source.read("tau").expect("tau is recorded");
        assert_eq!(tau, [[2.0, 6.0], [4.0, 8.0]]);
        let error = source.read("sigma").expect_err("sigma is not recorded");
        assert_eq!(
            error.to_string(),
            "there is no quantity \"sigma\"; there are mu, tau"
        );
    }
}
