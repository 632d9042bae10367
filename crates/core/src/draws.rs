//! Draws of several chains, one column a chain and quantity.

/// Why draws could not be stored.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum DrawsError {
    /// A row has another number of values than there are names.
    #[error("chain {chain} was given {given} values a draw, {expected} are recorded")]
    Width {
        /// The chain.
        chain: usize,
        /// Values handed in.
        given: usize,
        /// Values of a draw.
        expected: usize,
    },
    /// There is no such chain.
    #[error("chain {chain} does not exist, there are {n_chains}")]
    Chain {
        /// The chain asked for.
        chain: usize,
        /// How many there are.
        n_chains: usize,
    },
}

/// Draws on the natural scale: `n_chains` chains of the same named quantities.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    names: Vec<String>,
    n_chains: usize,
    /// `columns[chain * names.len() + quantity]` holds the draws in order.
    columns: Vec<Vec<f64>>,
}

impl Draws {
    /// No draws yet of `names` in `n_chains` chains.
    pub fn new(names: Vec<String>, n_chains: usize) -> Self {
        let columns = vec![Vec::new(); names.len() * n_chains];
        Self {
            names,
            n_chains,
            columns,
        }
    }

    /// Names of the quantities, in the order of a draw's values.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of chains.
    pub fn n_chains(&self) -> usize {
        self.n_chains
    }

    /// Draws that every chain has.
    pub fn n_draws(&self) -> usize {
        self.columns.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// Appends one draw (`values`, one a name) to `chain`.
    ///
    /// # Errors
    /// When the chain does not exist or the number of values is not that of the names.
    pub fn push(&mut self, chain: usize, values: &[f64]) -> Result<(), DrawsError> {
        let expected = self.names.len();
        if values.len() != expected {
            return Err(DrawsError::Width {
                chain,
                given: values.len(),
                expected,
            });
        }
        if chain >= self.n_chains {
            return Err(DrawsError::Chain {
                chain,
                n_chains: self.n_chains,
            });
        }
        let columns = &mut self.columns[chain * expected..(chain + 1) * expected];
        for (column, value) in columns.iter_mut().zip(values) {
            column.push(*value);
        }
        Ok(())
    }

    /// The draws of quantity `name`, one slice of equal length a chain; `None` where no quantity has that name.
    pub fn chains(&self, name: &str) -> Option<Vec<&[f64]>> {
        let quantity = self.names.iter().position(|known| known == name)?;
        let n_draws = self.n_draws();
        let width = self.names.len();
        Some(
            (0..self.n_chains)
                .map(|chain| &self.columns[chain * width + quantity][..n_draws])
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_chains() -> Draws {
        let mut draws = Draws::new(vec!["mu".into(), "tau".into()], 2);
        for step in 0..3 {
            for chain in 0..2 {
                let at = (10 * chain + step) as f64;
                draws.push(chain, &[at, -at]).expect("the row fits");
            }
        }
        draws
    }

    #[test]
    fn a_quantity_comes_back_chain_by_chain() {
        let draws = two_chains();
        let tau = draws.chains("tau").expect("tau is recorded");
        assert_eq!(tau, vec![&[-0.0, -1.0, -2.0][..], &[-10.0, -11.0, -12.0]]);
        assert_eq!(draws.chains("sigma"), None);
    }

    #[test]
    fn chains_of_unequal_length_are_cut_to_the_shortest() {
        let mut draws = two_chains();
        draws.push(0, &[7.0, 7.0]).expect("the row fits");
        assert_eq!(draws.n_draws(), 3);
        assert!(
            draws
                .chains("mu")
                .is_some_and(|mu| mu.iter().all(|chain| chain.len() == 3))
        );
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        let mut draws = two_chains();
        assert!(matches!(
            draws.push(0, &[1.0]),
            Err(DrawsError::Width { .. })
        ));
        assert!(matches!(
            draws.push(2, &[1.0, 2.0]),
            Err(DrawsError::Chain { .. })
        ));
    }
}
