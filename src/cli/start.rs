//! Where chains start, as `--init` says.

use switchback::core::switch_number;
use switchback::infer::Form;
use switchback::models::{Exact, SwitchModel};

use super::failure::Failure;
use super::sample::Draw;

/// A start that makes no sense.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// The referee has no answer to start from.
    #[error(
        "the exact posterior, from which chains start, is not to be had: {why}; or take --init prior"
    )]
    NoReferee {
        /// Why not.
        why: String,
    },
    /// A value that cannot be read.
    #[error("--init {word:?} is no start; write referee, prior, or NAME=VALUE as in mu1=0")]
    Word {
        /// The word.
        word: String,
    },
    /// A switch where there is none to start.
    #[error(
        "--init {word:?}: the marginal form has its switches summed out; leave it out, or take --form hard"
    )]
    Summed {
        /// The word.
        word: String,
    },
}

/// From what distribution starts are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The exact posterior.
    Referee,
    /// The prior.
    Prior,
}

impl Start {
    /// The distribution among the words of `--init`, and the other words.
    pub fn read(words: &[String]) -> (Self, Vec<String>) {
        let words = words.iter().flat_map(|word| word.split_whitespace());
        let (names, rest): (Vec<&str>, Vec<&str>) =
            words.partition(|word| matches!(*word, "referee" | "prior"));
        let start = match names.last() {
            Some(&"prior") => Self::Prior,
            _ => Self::Referee,
        };
        (start, rest.into_iter().map(str::to_owned).collect())
    }

    /// Draws of it: values of the hard form.
    ///
    /// # Errors
    /// When it is the referee's, and there is none.
    pub fn draws<'a>(
        self,
        model: &'a SwitchModel,
        exact: Result<&'a Exact, &str>,
    ) -> Result<Draw<'a>, Failure> {
        match (self, exact) {
            (Self::Referee, Ok(exact)) => Ok(Box::new(|rng| exact.draw(rng))),
            (Self::Referee, Err(why)) => Err(Failure::usage(StartError::NoReferee {
                why: why.to_owned(),
            })),
            (Self::Prior, _) => Ok(Box::new(|rng| model.settings().draw_prior(model.n(), rng))),
        }
    }
}

/// The names and values that `words` fix, for `form`.
///
/// # Errors
/// When a word is no start, or a switch is to start where there is none.
pub fn fixed(words: &[String], form: Form) -> Result<Vec<(String, f64)>, Failure> {
    words
        .iter()
        .map(|word| {
            let unreadable = || Failure::usage(StartError::Word { word: word.clone() });
            let (name, value) = word.split_once('=').ok_or_else(unreadable)?;
            let value: f64 = value.trim().parse().map_err(|_| unreadable())?;
            if !value.is_finite() {
                return Err(unreadable());
            }
            let name = name.trim().to_owned();
            let is_switch = ["tau", "s"]
                .iter()
                .any(|letter| switch_number(&name, letter).is_some());
            if is_switch && form == Form::Marginal {
                return Err(Failure::usage(StartError::Summed { word: word.clone() }));
            }
            Ok((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_distribution_stands_among_the_values() {
        assert_eq!(Start::read(&[]), (Start::Referee, vec![]));
        let (start, rest) = Start::read(&strings(&["prior tau=3", "mu1=0"]));
        assert_eq!((start, rest), (Start::Prior, strings(&["tau=3", "mu1=0"])));
    }

    #[test]
    fn values_are_read_by_name() {
        let read = |words: &[&str], form| fixed(&strings(words), form);
        let values = read(&["s1=3", "mu1=-2.5"], Form::Hard).expect("two starts");
        assert_eq!(values, [("s1".to_owned(), 3.0), ("mu1".to_owned(), -2.5)]);
        assert!(read(&["sigma1=2"], Form::Marginal).is_ok());
        for (word, form) in [
            ("mu1", Form::Hard),
            ("mu1=x", Form::Hard),
            ("mu1=inf", Form::Hard),
            ("tau=4", Form::Marginal),
            ("s=4", Form::Marginal),
        ] {
            assert!(read(&[word], form).is_err(), "{word}");
        }
    }
}
