//! Draws of one quantity, as several constructors take them.

/// The draws of one parameter or of anything else that a sampler gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity<'a> {
    /// Its name, with its unit if it has one.
    pub name: &'a str,
    /// The draws, one vector a chain; lengths may differ, and what is not finite is left out.
    pub chains: &'a [Vec<f64>],
    /// Whether it takes whole numbers alone, and is shown by bars.
    pub whole: bool,
}

impl<'a> Quantity<'a> {
    /// A quantity that takes any real value.
    pub fn real(name: &'a str, chains: &'a [Vec<f64>]) -> Self {
        Self {
            name,
            chains,
            whole: false,
        }
    }

    /// A quantity that takes whole numbers alone.
    pub fn whole(name: &'a str, chains: &'a [Vec<f64>]) -> Self {
        Self {
            name,
            chains,
            whole: true,
        }
    }
}

/// What the legend calls a chain; nothing where it is the only one.
pub(crate) fn chain_name(chain: usize, n_chains: usize) -> String {
    if n_chains > 1 {
        format!("chain {chain}")
    } else {
        String::new()
    }
}

/// The greatest number of chains of a list of quantities.
pub(crate) fn most_chains(quantities: &[Quantity<'_>]) -> usize {
    let counts = quantities.iter().map(|quantity| quantity.chains.len());
    counts.max().unwrap_or(0)
}

/// The names of quantities as a sentence lists them: `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 chain`, `2 chains`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_a_sentence_does() {
        assert_eq!(listed([]), "nothing");
        assert_eq!(listed(["a"]), "a");
        assert_eq!(listed(["a", "b"]), "a and b");
        assert_eq!(listed(["a", "b", "c"]), "a, b and c");
        assert_eq!(
            counted(1, "chain") + " " + &counted(2, "chain"),
            "1 chain 2 chains"
        );
    }
}
