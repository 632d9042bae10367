//! Columns of CmdStan's CSV files: the sampler's under CmdStan's names, then the quantities.

use std::path::Path;

use switchback_core::DrawSchema;

use crate::RecordError;

/// CmdStan's columns of NUTS, in their order, and ArviZ's names of the same.
pub(in crate::draws) const NUTS: [(&str, &str); 7] = [
    ("lp__", "lp"),
    ("accept_stat__", "acceptance_rate"),
    ("stepsize__", "step_size"),
    ("treedepth__", "tree_depth"),
    ("n_leapfrog__", "n_steps"),
    ("divergent__", "diverging"),
    ("energy__", "energy"),
];

/// Columns that CmdStan's `fixed_param` has too.
const N_FIXED: usize = 2;

/// Where the columns of a file come from.
#[derive(Debug)]
pub(super) struct Columns {
    /// Whether they are those of NUTS.
    pub(super) is_nuts: bool,
    /// Index in a row's statistics of each of the sampler's columns; `None` where there is none.
    pub(super) stats: Vec<Option<usize>>,
    /// Statistics of a row.
    pub(super) n_stats: usize,
    /// The column header of each quantity.
    quantities: Vec<String>,
}

impl Columns {
    /// The columns of `schema`.
    ///
    /// # Errors
    /// When a quantity's name cannot be that of a column; `path` is where that was to be.
    pub(super) fn of(schema: &DrawSchema, path: &Path) -> Result<Self, RecordError> {
        let index = |name| schema.stats.iter().position(|known| *known == name);
        let all: Vec<Option<usize>> = NUTS.iter().map(|(_, name)| index(*name)).collect();
        let is_nuts = all.iter().all(Option::is_some);
        let mut quantities: Vec<String> = Vec::with_capacity(schema.quantities.len());
        for quantity in &schema.quantities {
            let column = stan_name(&quantity.name).filter(|column| !quantities.contains(column));
            quantities.push(column.ok_or_else(|| RecordError::ColumnName {
                path: path.to_path_buf(),
                name: quantity.name.clone(),
            })?);
        }
        Ok(Self {
            is_nuts,
            stats: all[..if is_nuts { NUTS.len() } else { N_FIXED }].to_vec(),
            n_stats: schema.stats.len(),
            quantities,
        })
    }

    /// Number of quantities.
    pub(super) fn n_quantities(&self) -> usize {
        self.quantities.len()
    }

    /// The line with the names of all columns.
    pub(super) fn line(&self) -> String {
        let sampler = NUTS[..self.stats.len()].iter().map(|(name, _)| *name);
        let quantities = self.quantities.iter().map(String::as_str);
        let names: Vec<&str> = sampler.chain(quantities).collect();
        names.join(",") + "\n"
    }
}

/// `name` as CmdStan writes it: `theta[1,2]` is `theta.1.2`. `None` for what is no name of Stan's.
fn stan_name(name: &str) -> Option<String> {
    let is_plain = |text: &str| {
        text.starts_with(|c: char| c.is_alphabetic())
            && text.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !text.ends_with("__")
    };
    let Some((stem, rest)) = name.split_once('[') else {
        return is_plain(name).then(|| name.to_owned());
    };
    let indices: Vec<&str> = rest.strip_suffix(']')?.split(',').collect();
    let are_numbers = indices
        .iter()
        .all(|index| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()));
    (is_plain(stem) && are_numbers).then(|| format!("{stem}.{}", indices.join(".")))
}

/// The name that CmdStan's column `column` stands for: `theta.1.2` is `theta[1,2]`.
pub(in crate::draws) fn read_name(column: &str) -> String {
    match column.split_once('.') {
        Some((stem, indices)) => format!("{stem}[{}]", indices.replace('.', ",")),
        None => column.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use switchback_core::Quantity;

    use super::*;

    fn schema(quantities: &[&str], stats: &[&'static str]) -> DrawSchema {
        let quantity = |name: &&str| Quantity {
            name: (*name).to_owned(),
            is_whole: false,
        };
        DrawSchema {
            quantities: quantities.iter().map(quantity).collect(),
            stats: stats.to_vec(),
            n_chains: 1,
            n_pointwise: 0,
        }
    }

    #[test]
    fn a_sampler_with_all_of_nuts_statistics_is_written_as_such() {
        let stats = [
            "energy",
            "lp",
            "acceptance_rate",
            "n_steps",
            "tree_depth",
            "diverging",
            "step_size",
            "more",
        ];
        let columns =
            Columns::of(&schema(&["mu", "theta[1,2]"], &stats), Path::new("")).expect("plain");
        assert!(columns.is_nuts);
        assert_eq!(
            columns.line(),
            "lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,mu,theta.1.2\n"
        );
        assert_eq!(columns.stats, [1, 2, 6, 4, 3, 5, 0].map(Some));
        let columns = Columns::of(&schema(&["mu"], &stats[1..]), Path::new("")).expect("plain");
        assert!(!columns.is_nuts);
        assert_eq!(columns.line(), "lp__,accept_stat__,mu\n");
        assert_eq!(columns.stats, [Some(0), Some(1)]);
        let columns =
            Columns::of(&schema(&["mu"], &["acceptance_rate"]), Path::new("")).expect("plain");
        assert_eq!(columns.stats, [None, Some(0)]);
    }

    #[test]
    fn names_go_to_columns_and_back_or_are_refused() {
        for name in ["mu", "mu1", "theta[1]", "theta[1,2]", "größe"] {
            let column = stan_name(name).expect("a name of Stan's");
            assert!(!column.contains([',', '[']), "{column}");
            assert_eq!(read_name(&column), name);
        }
        for name in [
            "", "1", "a,b", "a.b", "a__", "a[b]", "a[]", "a[1", "a b", "a\n", "#a", "\"a",
        ] {
            assert_eq!(stan_name(name), None, "{name:?}");
        }
        let twice = Columns::of(&schema(&["mu", "mu"], &[]), Path::new("here"));
        assert!(matches!(twice, Err(RecordError::ColumnName { name, .. }) if name == "mu"));
    }
}
