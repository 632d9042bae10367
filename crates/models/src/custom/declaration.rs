//! The parameters of a model of one's own, with supports, priors and starts, and its data.

use switchback_core::{ChainRng, LogDensity, Parameter, Space, Support};

use super::dual::Dual;
use super::{CustomError, Distribution, FloatModel, Named};

/// Starts that are drawn until one has a density.
const TRIES: usize = 100;
/// How far a coordinate is moved to see whether the density depends on it.
const NUDGES: [f64; 4] = [1.0, -1.0, 4.0, -4.0];

/// What a model of one's own is made of, on its way; faults are told when it is made.
#[derive(Debug, Clone)]
pub struct Declaration {
    model: String,
    parameters: Vec<(String, Support, Distribution)>,
    starts: Vec<(String, f64)>,
    data: Vec<(String, Vec<f64>)>,
}

impl Declaration {
    /// A model of that name, as yet without parameters.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            parameters: Vec::new(),
            starts: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Adds the parameter `name`, which takes values of the `support` and has the `prior`, of the same support.
    pub fn parameter(
        mut self,
        name: impl Into<String>,
        support: Support,
        prior: Distribution,
    ) -> Self {
        self.parameters.push((name.into(), support, prior));
        self
    }

    /// Has every chain and climb start with the parameter `name` at `value`, in place of a draw from its prior.
    pub fn start(mut self, name: impl Into<String>, value: f64) -> Self {
        self.starts.push((name.into(), value));
        self
    }

    /// Adds the data `name`.
    pub fn data(mut self, name: impl Into<String>, values: &[f64]) -> Self {
        self.data.push((name.into(), values.to_vec()));
        self
    }

    /// The model whose log-likelihood, in nats, is a plain function of the values at one position: a density without gradient.
    ///
    /// # Errors
    /// When the declaration makes no sense, the likelihood asks for what it does not hold, or there is no start.
    pub fn in_floats(
        self,
        likelihood: impl for<'a> Fn(&Named<'a, f64, &'a [f64]>) -> f64 + Send + Sync + 'static,
    ) -> Result<FloatModel, CustomError> {
        FloatModel::new(self.check()?, Box::new(likelihood))
    }

    /// The declaration, if it makes sense.
    ///
    /// # Errors
    /// When there are no parameters, a name is taken or cannot be written, a prior does not fit its parameter, or a start lies
    /// outside.
    pub fn check(self) -> Result<Declared, CustomError> {
        let Self {
            model,
            parameters,
            starts,
            data,
        } = self;
        if parameters.is_empty() {
            return Err(CustomError::Empty { model });
        }
        let names = parameters.iter().map(|(name, ..)| name);
        let names: Vec<&String> = names.chain(data.iter().map(|(name, _)| name)).collect();
        for (number, name) in names.iter().enumerate() {
            let rule = fault_of_name(name).or_else(|| {
                names[..number].contains(name).then_some(
                    "it has that name already; every parameter and every data has its own",
                )
            });
            if let Some(rule) = rule {
                let name = (*name).clone();
                return Err(CustomError::Name { model, name, rule });
            }
        }
        for (name, support, prior) in &parameters {
            check_prior(name, *support, prior)?;
        }
        let space = parameters
            .iter()
            .map(|(name, support, _)| Parameter::new(name.clone(), *support));
        let space = Space::new(space.collect());
        let declared = Declared {
            names: parameters.iter().map(|(name, ..)| name.clone()).collect(),
            priors: parameters.into_iter().map(|(.., prior)| prior).collect(),
            starts: Vec::new(),
            space,
            model,
            data_names: data.iter().map(|(name, _)| name.clone()).collect(),
            data: data.into_iter().map(|(_, values)| values).collect(),
        };
        declared.with_starts(starts)
    }
}

/// What is wrong with a name, if anything is.
fn fault_of_name(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Some("a name has letters, and no blanks or control characters")
    } else if name.contains(['/', '\\']) {
        Some("a name is also that of a file and has no slash")
    } else if name == "likelihood" {
        Some("the likelihood itself is logged under it")
    } else {
        None
    }
}

fn check_prior(name: &str, support: Support, prior: &Distribution) -> Result<(), CustomError> {
    let parameter = name.to_owned();
    if let Some(rule) = prior.fault() {
        let prior = prior.clone();
        return Err(CustomError::Prior {
            parameter,
            prior,
            rule,
        });
    }
    if matches!(support, Support::After { .. }) {
        return Err(CustomError::NoSuchSupport { parameter, support });
    }
    let of = prior.support();
    if of == Some(support) {
        return Ok(());
    }
    Err(CustomError::SupportOfPrior {
        parameter,
        support,
        prior: prior.clone(),
        of,
    })
}

/// A declaration that makes sense.
#[derive(Debug, Clone)]
pub struct Declared {
    model: String,
    names: Vec<String>,
    space: Space,
    priors: Vec<Distribution>,
    /// Parameters that start at a value.
    starts: Vec<(usize, f64)>,
    data_names: Vec<String>,
    data: Vec<Vec<f64>>,
}

impl Declared {
    fn with_starts(mut self, starts: Vec<(String, f64)>) -> Result<Self, CustomError> {
        for (name, value) in starts {
            let Some(index) = self.names.iter().position(|known| *known == name) else {
                return Err(CustomError::Undeclared {
                    what: format!("start of {name}"),
                    known: self.known(),
                    how: ".parameter(name, support, prior)",
                    model: self.model,
                });
            };
            let alone = Space::new(vec![self.space.parameters()[index].clone()]);
            alone
                .unconstrain(&[value])
                .map_err(|source| CustomError::Start {
                    parameter: name,
                    source,
                })?;
            self.starts.push((index, value));
        }
        Ok(self)
    }

    /// Name of the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Names of the parameters, in the order of a position.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The space of the parameters.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Their priors.
    pub fn priors(&self) -> &[Distribution] {
        &self.priors
    }

    /// Names of the data.
    pub fn data_names(&self) -> &[String] {
        &self.data_names
    }

    /// The data, in the order of their names.
    pub fn data(&self) -> &[Vec<f64>] {
        &self.data
    }

    /// All that there is to ask for, in words.
    pub fn known(&self) -> String {
        let mut known = format!("the parameters {}", self.names.join(", "));
        if !self.data.is_empty() {
            known += &format!(" and the data {}", self.data_names.join(", "));
        }
        known
    }

    /// The log priors at the unconstrained `position`, in nats, with the logarithm of the Jacobian of the transforms where it counts;
    /// the gradient is added to `grad` (`dim`). Whole numbers have no derivative.
    pub fn add_priors(&self, position: &[f64], has_jacobian: bool, grad: &mut [f64]) -> f64 {
        let parameters = self.space.parameters().iter().zip(&self.priors);
        let coordinates = position.iter().zip(grad);
        let of_each = parameters
            .zip(coordinates)
            .map(|((parameter, prior), (u, slope))| {
                let (by_coordinate, of_jacobian) = parameter.derivatives(*u);
                let value = Dual::variable(parameter.constrain(*u));
                let density = prior.map(|number| Dual::from(*number)).log_density(value);
                if !matches!(parameter.support, Support::Integers { .. }) {
                    *slope += density.slope * by_coordinate;
                }
                if has_jacobian {
                    *slope += of_jacobian;
                    density.value + parameter.log_jacobian(*u)
                } else {
                    density.value
                }
            });
        of_each.sum()
    }

    /// One unconstrained position to start at: a draw from the priors, with what starts at a value there.
    pub fn draw_start(&self, rng: &mut ChainRng) -> Vec<f64> {
        let mut values: Vec<f64> = self.priors.iter().map(|prior| prior.draw(rng)).collect();
        for (index, value) in &self.starts {
            values[*index] = *value;
        }
        // A draw may be rounded to the end of its support.
        self.space
            .unconstrain(&values)
            .unwrap_or_else(|_| vec![f64::NAN; values.len()])
    }

    /// A start at which `density` is positive: the first of a hundred draws.
    ///
    /// # Errors
    /// When there is none: the density is no number at the last of them, or 0 at all of them, or it cannot be evaluated.
    pub fn find_start(
        &self,
        density: &dyn LogDensity,
        rng: &mut ChainRng,
    ) -> Result<Vec<f64>, CustomError> {
        let mut last = (Vec::new(), f64::NEG_INFINITY);
        for _ in 0..TRIES {
            let position = self.draw_start(rng);
            let logp = logp_at(density, &position)?;
            if logp.is_finite() {
                return Ok(position);
            }
            let is_worth_telling = logp.is_nan() && position.iter().all(|u| u.is_finite());
            if is_worth_telling || last.0.is_empty() {
                last = (position, logp);
            }
        }
        let (position, logp) = last;
        if !logp.is_nan() {
            return Err(CustomError::NoStart {
                model: self.model.clone(),
                parameters: self.names.join(", "),
                tries: TRIES,
                logp,
            });
        }
        Err(CustomError::NanAtStart {
            model: self.model.clone(),
            at: self.values_as_text(&position),
            blamed: self.blamed(density, &position)?,
        })
    }

    /// The parameters that, moved alone, make the density a number; all of them where none does.
    fn blamed(&self, density: &dyn LogDensity, position: &[f64]) -> Result<String, CustomError> {
        let mut blamed = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            for nudge in NUDGES {
                let mut moved = position.to_vec();
                moved[index] += nudge;
                if !logp_at(density, &moved)?.is_nan() {
                    blamed.push(name.as_str());
                    break;
                }
            }
        }
        Ok(if blamed.is_empty() {
            self.names.join(", ")
        } else {
            blamed.join(", ")
        })
    }

    fn values_as_text(&self, position: &[f64]) -> String {
        let values = self.space.constrain(position);
        let parts = self.names.iter().zip(values);
        let parts: Vec<String> = parts
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        parts.join(", ")
    }
}

fn logp_at(density: &dyn LogDensity, position: &[f64]) -> Result<f64, CustomError> {
    let mut logp = [f64::NAN];
    density.logp(position, &mut logp)?;
    Ok(logp[0])
}
