//! What a likelihood is handed: parameters and data by name.

use std::sync::OnceLock;

use super::Declared;

/// A name that was asked for and is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A parameter.
    Parameter(String),
    /// Data.
    Data(String),
}

/// Parameters at a position, or a batch of positions, and data, by name.
///
/// `P` is what a parameter is (a number, a column of a batch), `D` what data are.
pub struct Named<'a, P, D> {
    declared: &'a Declared,
    values: &'a [P],
    data: &'a [D],
    /// What stands for a parameter and for data that are not there, and makes the likelihood no number.
    nothing: (P, D),
    missing: &'a OnceLock<Missing>,
}

impl<'a, P: Clone, D: Clone> Named<'a, P, D> {
    /// The `values` of the parameters and the `data` that are `declared`; `nothing` stands for what is not, and what was asked for
    /// first of these is left in `missing`.
    pub fn new(
        declared: &'a Declared,
        values: &'a [P],
        data: &'a [D],
        nothing: (P, D),
        missing: &'a OnceLock<Missing>,
    ) -> Self {
        Self {
            declared,
            values,
            data,
            nothing,
            missing,
        }
    }

    /// The parameter `name`, on its natural scale. One that was not declared is no number, and the model an error.
    pub fn get(&self, name: &str) -> P {
        let of = find(self.declared.names(), self.values, name);
        of.cloned().unwrap_or_else(|| {
            self.missing
                .get_or_init(|| Missing::Parameter(name.to_owned()));
            self.nothing.0.clone()
        })
    }

    /// The data `name`. What was not declared is no number, and the model an error.
    pub fn data(&self, name: &str) -> D {
        let of = find(self.declared.data_names(), self.data, name);
        of.cloned().unwrap_or_else(|| {
            self.missing.get_or_init(|| Missing::Data(name.to_owned()));
            self.nothing.1.clone()
        })
    }
}

fn find<'a, T>(names: &[String], values: &'a [T], name: &str) -> Option<&'a T> {
    let index = names.iter().position(|known| known == name)?;
    values.get(index)
}
