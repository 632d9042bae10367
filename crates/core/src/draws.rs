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
///
/// With a bound, memory does not grow for ever: when a chain has so many draws, every second one of all chains is
/// dropped, and from then on only every second, fourth, .. is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    names: Vec<String>,
    n_chains: usize,
    /// `columns[chain * names.len() + quantity]` holds the draws in order.
    columns: Vec<Vec<f64>>,
    /// Draws that each chain was given.
    n_given: Vec<usize>,
    /// One of so many draws is kept.
    stride: usize,
    /// Most draws of a chain that are kept.
    bound: usize,
}

impl Draws {
    /// No draws yet of `names` in `n_chains` chains.
    pub fn new(names: Vec<String>, n_chains: usize) -> Self {
        Self::bounded(names, n_chains, usize::MAX)
    }

    /// No draws yet of `names` in `n_chains` chains, of which at most `bound` (at least 2) a chain are kept.
    pub fn bounded(names: Vec<String>, n_chains: usize, bound: usize) -> Self {
        let columns = vec![Vec::new(); names.len() * n_chains];
        Self {
            names,
            n_chains,
            columns,
            n_given: vec![0; n_chains],
            stride: 1,
            bound: bound.max(2),
        }
    }

    /// One of so many draws is kept: 1 where none was dropped.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Names of the quantities, in the order of a draw's values.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of chains.
    pub fn n_chains(&self) -> usize {
        self.n_chains
    }

    /// Draws that are kept of every chain.
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
        let number = self.n_given[chain];
        self.n_given[chain] += 1;
        if !number.is_multiple_of(self.stride) {
            return Ok(());
        }
        let columns = &mut self.columns[chain * expected..(chain + 1) * expected];
        for (column, value) in columns.iter_mut().zip(values) {
            column.push(*value);
        }
        if columns
            .first()
            .is_some_and(|column| column.len() > self.bound)
        {
            self.drop_every_second();
        }
        Ok(())
    }

    fn drop_every_second(&mut self) {
        self.stride *= 2;
        for column in &mut self.columns {
            let mut number = 0;
            column.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
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
    fn a_bound_keeps_every_second_fourth_eighth_draw_of_all_chains() {
        let mut draws = Draws::bounded(vec!["s".into()], 2, 4);
        for block in 0..5 {
            for chain in 0..2 {
                for step in 0..5 {
                    let at = 5 * block + step;
                    draws.push(chain, &[f64::from(at)]).expect("the row fits");
                }
            }
        }
        assert_eq!(draws.stride(), 8);
        let kept = &[0.0, 8.0, 16.0, 24.0][..];
        assert_eq!(draws.chains("s"), Some(vec![kept, kept]));
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
