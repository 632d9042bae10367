//! Which regime each stretch between switches belongs to.

use std::fmt;
use std::str::FromStr;

use crate::ModelError;

/// Regimes in the order of the stretches that switches part a series into.
///
/// `0,1` is one switch; `0,1,0` two with reversion, where the last stretch is in the first regime again; `0,1,..,K`
/// is `K` free switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regimes {
    of_stretch: Vec<usize>,
}

impl Regimes {
    /// `0,1,..,n_switches`: every stretch has a regime of its own.
    ///
    /// # Errors
    /// When there is no switch.
    pub fn free(n_switches: usize) -> Result<Self, ModelError> {
        if n_switches == 0 {
            return Err(ModelError::NoSwitches);
        }
        Ok(Self {
            of_stretch: (0..=n_switches).collect(),
        })
    }

    /// `0,1`: one switch.
    pub fn one_switch() -> Self {
        Self {
            of_stretch: vec![0, 1],
        }
    }

    /// `0,1,0`: two switches, the second back to the first regime.
    pub fn reversion() -> Self {
        Self {
            of_stretch: vec![0, 1, 0],
        }
    }

    /// The regime of each stretch, from 0.
    pub fn of_stretch(&self) -> &[usize] {
        &self.of_stretch
    }

    /// Number of switches.
    pub fn n_switches(&self) -> usize {
        self.of_stretch.len() - 1
    }

    /// Number of regimes.
    pub fn n_regimes(&self) -> usize {
        self.of_stretch.iter().max().map_or(0, |last| last + 1)
    }

    /// Whether the last stretch is in the first regime again.
    pub fn is_reversion(&self) -> bool {
        self.n_regimes() < self.of_stretch.len()
    }
}

impl fmt::Display for Regimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, regime) in self.of_stretch.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{regime}")?;
        }
        Ok(())
    }
}

impl FromStr for Regimes {
    type Err = ModelError;

    /// Reads `0,1`, `0,1,0` or `0,1,..,K`.
    fn from_str(text: &str) -> Result<Self, ModelError> {
        let refused = || ModelError::RegimesText {
            text: text.trim().to_owned(),
        };
        let of_stretch = text
            .split(',')
            .map(|regime| regime.trim().parse::<usize>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| refused())?;
        let is_free = of_stretch
            .iter()
            .enumerate()
            .all(|(index, regime)| index == *regime);
        if of_stretch == [0, 1, 0] || (is_free && of_stretch.len() >= 2) {
            Ok(Self { of_stretch })
        } else {
            Err(refused())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_back() {
        for (text, n_switches, n_regimes) in [("0,1", 1, 2), ("0,1,0", 2, 2), ("0,1,2,3", 3, 4)] {
            let regimes: Regimes = text.parse().expect("it is offered");
            assert_eq!(regimes.to_string(), text);
            assert_eq!(regimes.n_switches(), n_switches);
            assert_eq!(regimes.n_regimes(), n_regimes);
        }
        assert_eq!(Regimes::free(1), Ok(Regimes::one_switch()));
        assert!(Regimes::reversion().is_reversion() && !Regimes::one_switch().is_reversion());
        for wrong in ["", "0", "1,0", "0,0", "0,1,0,1", "0,2", "a,b", "0,-1"] {
            assert!(wrong.parse::<Regimes>().is_err(), "{wrong}");
        }
        assert_eq!(Regimes::free(0), Err(ModelError::NoSwitches));
    }
}
