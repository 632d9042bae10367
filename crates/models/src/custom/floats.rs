//! A model of one's own whose likelihood is a plain function.

use std::fmt;
use std::sync::OnceLock;

use switchback_core::{
    DensityError, Gradient, LogDensity, Posterior, RowDensity, Space, each_row, stream,
};

use super::{CustomError, CustomModel, Declared, Missing, Named};

type Likelihood = dyn for<'a> Fn(&Named<'a, f64, &'a [f64]>) -> f64 + Send + Sync;

/// A model of one's own in plain floats: a density without gradient.
pub struct FloatModel {
    declared: Declared,
    likelihood: Box<Likelihood>,
    missing: OnceLock<Missing>,
}

impl fmt::Debug for FloatModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FloatModel")
            .field("declared", &self.declared)
            .finish_non_exhaustive()
    }
}

impl FloatModel {
    pub(super) fn new(
        declared: Declared,
        likelihood: Box<Likelihood>,
    ) -> Result<Self, CustomError> {
        let model = Self {
            declared,
            likelihood,
            missing: OnceLock::new(),
        };
        let found = model.declared.find_start(&model, &mut stream(0, 0));
        // What is not there makes the density no number, and is the better reason.
        if let Some(missing) = model.missing.get() {
            let known = model.declared.known();
            return Err(CustomError::undeclared(
                model.declared.model(),
                missing,
                known,
            ));
        }
        found?;
        Ok(model)
    }

    fn log_likelihood_of(&self, values: &[f64]) -> f64 {
        let data = self.declared.data().iter();
        let data: Vec<&[f64]> = data.map(Vec::as_slice).collect();
        (self.likelihood)(&Named::new(
            &self.declared,
            values,
            &data,
            (f64::NAN, &[f64::NAN]),
            &self.missing,
        ))
    }
}

impl RowDensity for FloatModel {
    fn domain(&self) -> &Space {
        self.declared.space()
    }

    /// Log-likelihood, priors and the Jacobian of the transforms, in nats.
    fn logp_at(&self, position: &[f64]) -> f64 {
        let space = self.declared.space();
        let values = space.constrain(position);
        let mut unused = vec![0.0; position.len()];
        let prior = self.declared.add_priors(position, true, &mut unused);
        // Where nothing can be, the likelihood need not be a number.
        if prior == f64::NEG_INFINITY {
            return prior;
        }
        prior + self.log_likelihood_of(&values)
    }
}

impl Posterior for FloatModel {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        let space = self.space();
        each_row(space.dim(), positions, log_likelihood, |position| {
            self.log_likelihood_of(&space.constrain(position))
        })
    }
}

impl CustomModel for FloatModel {
    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn gradient(&self) -> Option<&dyn Gradient> {
        None
    }

    fn over_values(&self) -> Option<&dyn Gradient> {
        None
    }

    fn engine(&self) -> (&'static str, String) {
        ("plain", "cpu".to_owned())
    }
}
