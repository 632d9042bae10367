//! The space of a model's parameters: names, supports, and the way from an unconstrained position to values.

use std::fmt;

/// Where a parameter's values may lie, and by which transform they become unconstrained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Support {
    /// Every real number; the identity.
    Real,
    /// Positive numbers; the logarithm.
    Positive,
    /// The open interval `low < value < high`; the scaled logit.
    Interval {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Between the value of an earlier parameter and `high`; the scaled logit of that interval. Parameters that
    /// refer to each other in a row are in increasing order.
    After {
        /// Index of the earlier parameter.
        previous: usize,
        /// Upper end.
        high: f64,
    },
    /// Whole numbers `low..=high`, held as they are; for kernels that know integers.
    Integers {
        /// Least value.
        low: i64,
        /// Greatest value.
        high: i64,
    },
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("any number"),
            Self::Positive => f.write_str("positive numbers"),
            Self::Interval { low, high } => write!(f, "numbers between {low} and {high}"),
            Self::After { high, .. } => {
                write!(f, "numbers between the value before it and {high}")
            }
            Self::Integers { low, high } => write!(f, "whole numbers from {low} to {high}"),
        }
    }
}

/// An affine step between a position's coordinate and the transformed value: `center + scale * coordinate`.
///
/// An optimiser with one step size for all coordinates needs coordinates of like size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinate {
    /// The transformed value at coordinate 0.
    pub center: f64,
    /// Units of the transformed value a unit of the coordinate; not 0.
    pub scale: f64,
}

impl Coordinate {
    /// The coordinate that is the transformed value itself.
    pub const IDENTITY: Self = Self {
        center: 0.0,
        scale: 1.0,
    };
}

/// One named parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name, as in every table and tag.
    pub name: String,
    /// Where its values lie.
    pub support: Support,
    /// Its coordinate; the identity for [`Support::Integers`].
    pub coordinate: Coordinate,
}

/// From a coordinate to a value and back, once the support is known.
#[derive(Debug, Clone, Copy)]
struct Transform {
    support: Support,
    coordinate: Coordinate,
}

impl Transform {
    fn constrain(self, u: f64) -> f64 {
        let v = self.coordinate.center + self.coordinate.scale * u;
        match self.support {
            Support::Real | Support::Integers { .. } => v,
            Support::Positive => v.exp(),
            Support::Interval { low, high } => low + (high - low) * sigmoid(v),
            Support::After { .. } => f64::NAN,
        }
    }

    fn unconstrain(self, value: f64) -> Option<f64> {
        let v = match self.support {
            Support::Real => value,
            Support::Positive => (value > 0.0).then(|| value.ln())?,
            Support::Interval { low, high } => {
                (low < value && value < high).then(|| ((value - low) / (high - value)).ln())?
            }
            Support::After { .. } => return None,
            Support::Integers { low, high } => {
                (value.fract() == 0.0 && low as f64 <= value && value <= high as f64)
                    .then_some(value)?
            }
        };
        v.is_finite()
            .then_some((v - self.coordinate.center) / self.coordinate.scale)
    }

    fn log_jacobian(self, u: f64) -> f64 {
        let Coordinate { center, scale } = self.coordinate;
        let v = center + scale * u;
        match self.support {
            Support::Integers { .. } => 0.0,
            Support::Real => scale.abs().ln(),
            Support::Positive => v + scale.abs().ln(),
            Support::Interval { low, high } => {
                (high - low).ln() + log_sigmoid(v) + log_sigmoid(-v) + scale.abs().ln()
            }
            Support::After { .. } => f64::NAN,
        }
    }

    fn derivatives(self, u: f64) -> (f64, f64) {
        let Coordinate { center, scale } = self.coordinate;
        let v = center + scale * u;
        match self.support {
            Support::Integers { .. } => (0.0, 0.0),
            Support::Real => (scale, 0.0),
            Support::Positive => (scale * v.exp(), scale),
            Support::Interval { low, high } => {
                let p = sigmoid(v);
                (
                    scale * (high - low) * p * sigmoid(-v),
                    scale * (1.0 - 2.0 * p),
                )
            }
            Support::After { .. } => (f64::NAN, f64::NAN),
        }
    }
}

impl Parameter {
    /// A parameter whose coordinate is its transformed value.
    pub fn new(name: impl Into<String>, support: Support) -> Self {
        Self {
            name: name.into(),
            support,
            coordinate: Coordinate::IDENTITY,
        }
    }

    /// The same parameter in another coordinate.
    pub fn with_coordinate(mut self, coordinate: Coordinate) -> Self {
        self.coordinate = coordinate;
        self
    }

    fn transform(&self) -> Transform {
        Transform {
            support: self.support,
            coordinate: self.coordinate,
        }
    }

    /// The transform where the values of all earlier parameters are known: [`Support::After`] is an interval then.
    fn given(&self, earlier: &[f64]) -> Transform {
        let support = match self.support {
            Support::After { previous, high } => Support::Interval {
                low: earlier.get(previous).copied().unwrap_or(f64::NAN),
                high,
            },
            known => known,
        };
        Transform {
            support,
            coordinate: self.coordinate,
        }
    }

    /// The value at coordinate `u`; `NaN` for [`Support::After`], of which only the [`Space`] knows the interval.
    pub fn constrain(&self, u: f64) -> f64 {
        self.transform().constrain(u)
    }

    /// The coordinate of `value`, or `None` where it lies outside the support, and for [`Support::After`].
    pub fn unconstrain(&self, value: f64) -> Option<f64> {
        self.transform().unconstrain(value)
    }

    /// `log |d value / d u|` at coordinate `u`; 0 for whole numbers, `NaN` for [`Support::After`].
    pub fn log_jacobian(&self, u: f64) -> f64 {
        self.transform().log_jacobian(u)
    }

    /// `d value / d u` and `d log_jacobian / d u` at coordinate `u`; zeros for whole numbers, `NaN` for
    /// [`Support::After`].
    pub fn derivatives(&self, u: f64) -> (f64, f64) {
        self.transform().derivatives(u)
    }
}

/// A value lies outside the support of its parameter.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// A value lies outside the support of its parameter.
    #[error("{name} = {value} is out of range: it takes {support}")]
    OutsideSupport {
        /// Name of the parameter.
        name: String,
        /// The value.
        value: f64,
        /// The support.
        support: Support,
    },
    /// There are other values than parameters.
    #[error("{given} values for {dim} parameters")]
    Dimension {
        /// Values handed in.
        given: usize,
        /// Parameters.
        dim: usize,
    },
}

/// The parameters of a model, in the order of a position's coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    parameters: Vec<Parameter>,
}

impl Space {
    /// The space of `parameters`.
    pub fn new(parameters: Vec<Parameter>) -> Self {
        Self { parameters }
    }

    /// Number of coordinates.
    pub fn dim(&self) -> usize {
        self.parameters.len()
    }

    /// The parameters in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Values of the unconstrained `position` (`dim`).
    pub fn constrain(&self, position: &[f64]) -> Vec<f64> {
        let mut values = vec![f64::NAN; self.dim()];
        self.constrain_into(position, &mut values);
        values
    }

    /// Writes the values of the unconstrained `position` (`dim`) into `values` (`dim`).
    pub fn constrain_into(&self, position: &[f64], values: &mut [f64]) {
        for (index, (parameter, u)) in self.parameters.iter().zip(position).enumerate() {
            values[index] = parameter.given(values).constrain(*u);
        }
    }

    /// The unconstrained position of `values` (`dim`).
    ///
    /// # Errors
    /// When a value lies outside its support, or their number is wrong.
    pub fn unconstrain(&self, values: &[f64]) -> Result<Vec<f64>, SpaceError> {
        if values.len() != self.dim() {
            return Err(SpaceError::Dimension {
                given: values.len(),
                dim: self.dim(),
            });
        }
        self.parameters
            .iter()
            .zip(values)
            .map(|(parameter, value)| {
                let transform = parameter.given(values);
                transform
                    .unconstrain(*value)
                    .ok_or_else(|| SpaceError::OutsideSupport {
                        name: parameter.name.clone(),
                        value: *value,
                        support: transform.support,
                    })
            })
            .collect()
    }

    /// `log |det d values / d position|` at the unconstrained `position` (`dim`).
    pub fn log_jacobian(&self, position: &[f64]) -> f64 {
        // A value depends on its own coordinate and earlier ones: the matrix is triangular.
        let values = self.constrain(position);
        self.parameters
            .iter()
            .zip(position)
            .map(|(parameter, u)| parameter.given(&values).log_jacobian(*u))
            .sum()
    }

    /// `d values / d position` at the unconstrained `position` (`dim`), row-major `dim x dim`: row `i` holds the
    /// derivatives of value `i`. It is lower triangular, for a value depends on its own coordinate and earlier ones.
    pub fn jacobian(&self, position: &[f64]) -> Vec<f64> {
        let (dim, values) = (self.dim(), self.constrain(position));
        let mut jacobian = vec![0.0; dim * dim];
        for (index, parameter) in self.parameters.iter().enumerate() {
            let (earlier, row) = jacobian.split_at_mut(index * dim);
            if let Support::After { previous, high } = parameter.support {
                // value = low + (high - low) p, and low is the earlier value.
                let by_low = (high - values[index]) / (high - values[previous]);
                for (slot, low) in row.iter_mut().zip(&earlier[previous * dim..][..dim]) {
                    *slot = by_low * low;
                }
            }
            row[index] += parameter.given(&values).derivatives(position[index]).0;
        }
        jacobian
    }

    /// Turns the derivatives `by_value` of a log density with respect to the values (`dim`) into those of that
    /// density plus [`Self::log_jacobian`] with respect to the unconstrained `position` (`dim`), in place; `values`
    /// (`dim`) are those of `position`.
    pub fn pull_back(&self, position: &[f64], values: &[f64], by_value: &mut [f64]) {
        self.pull_back_where(true, position, values, by_value);
    }

    /// [`Self::pull_back`] without the Jacobian: the chain rule alone.
    pub fn pull_back_alone(&self, position: &[f64], values: &[f64], by_value: &mut [f64]) {
        self.pull_back_where(false, position, values, by_value);
    }

    fn pull_back_where(
        &self,
        with_jacobian: bool,
        position: &[f64],
        values: &[f64],
        by_value: &mut [f64],
    ) {
        let of_jacobian = if with_jacobian { 1.0 } else { 0.0 };
        // The last first: what a value after another does to its lower end is passed on before that one's turn.
        for (index, parameter) in self.parameters.iter().enumerate().rev() {
            let (value, u) = (values[index], position[index]);
            let (slope, jacobian_slope) = parameter.given(values).derivatives(u);
            if let Support::After { previous, high } = parameter.support {
                let low = values[previous];
                // value = low + (high - low) p, and log (high - low) is a part of the Jacobian.
                by_value[previous] +=
                    (by_value[index] * (high - value) - of_jacobian) / (high - low);
            }
            by_value[index] = by_value[index] * slope + of_jacobian * jacobian_slope;
        }
    }
}

fn sigmoid(v: f64) -> f64 {
    if v >= 0.0 {
        1.0 / (1.0 + (-v).exp())
    } else {
        let e = v.exp();
        e / (1.0 + e)
    }
}

fn log_sigmoid(v: f64) -> f64 {
    v.min(0.0) - (-v.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> Vec<Parameter> {
        let shifted = Coordinate {
            center: 0.7,
            scale: 2.5,
        };
        let supports = [
            Support::Real,
            Support::Positive,
            Support::Interval {
                low: -2.0,
                high: 5.0,
            },
        ];
        supports
            .into_iter()
            .flat_map(|support| {
                let plain = Parameter::new("p", support);
                [plain.clone(), plain.with_coordinate(shifted)]
            })
            .collect()
    }

    #[test]
    fn values_and_coordinates_are_each_others_inverse() {
        for parameter in every_kind() {
            for u in [-3.0, -0.4, 0.0, 0.9, 2.2] {
                let back = parameter.unconstrain(parameter.constrain(u));
                assert!(
                    back.is_some_and(|back| (back - u).abs() < 1e-9),
                    "{parameter:?} at {u}"
                );
            }
        }
    }

    #[test]
    fn jacobians_are_the_derivatives_of_the_transforms() {
        let h = 1e-5;
        for parameter in every_kind() {
            for u in [-1.5, -0.4, 0.0, 0.9, 1.2] {
                let (slope, jacobian_slope) = parameter.derivatives(u);
                let by_difference =
                    (parameter.constrain(u + h) - parameter.constrain(u - h)) / (2.0 * h);
                assert!(
                    (slope / by_difference - 1.0).abs() < 1e-7,
                    "{parameter:?} at {u}"
                );
                assert!((parameter.log_jacobian(u) - slope.abs().ln()).abs() < 1e-9);
                let by_difference =
                    (parameter.log_jacobian(u + h) - parameter.log_jacobian(u - h)) / (2.0 * h);
                assert!(
                    (jacobian_slope - by_difference).abs() < 1e-7,
                    "{parameter:?} at {u}"
                );
            }
        }
    }

    /// Two switches in order between a level and a spread.
    fn ordered() -> Space {
        let clock = Support::Interval {
            low: 0.0,
            high: 9.0,
        };
        let after = Support::After {
            previous: 1,
            high: 9.0,
        };
        Space::new(vec![
            Parameter::new("mu", Support::Real),
            Parameter::new("tau1", clock),
            Parameter::new("sigma", Support::Positive),
            Parameter::new("tau2", after),
        ])
    }

    #[test]
    fn parameters_after_each_other_are_in_order_and_come_back() {
        let space = ordered();
        for position in [[0.3, -1.0, 0.2, 0.7], [1.0, 2.0, -0.4, -3.0]] {
            let values = space.constrain(&position);
            assert!(values[1] < values[3] && values[3] < 9.0, "{values:?}");
            let back = space.unconstrain(&values).expect("inside");
            for (u, back) in position.iter().zip(back) {
                assert!((u - back).abs() < 1e-9, "{values:?}");
            }
        }
        let swapped = space.unconstrain(&[0.0, 5.0, 1.0, 4.0]);
        assert!(matches!(swapped, Err(SpaceError::OutsideSupport { name, .. }) if name == "tau2"));
    }

    #[test]
    fn the_jacobian_of_ordered_parameters_is_the_determinant() {
        let (space, h) = (ordered(), 1e-5);
        let position = [0.3, -1.0, 0.2, 0.7];
        let moved = |index: usize, by: f64| {
            let mut moved = position;
            moved[index] += by;
            space.constrain(&moved)
        };
        // The matrix is triangular, so its diagonal is enough.
        let log_det: f64 = (0..4)
            .map(|i| ((moved(i, h)[i] - moved(i, -h)[i]) / (2.0 * h)).ln())
            .sum();
        assert!((space.log_jacobian(&position) - log_det).abs() < 1e-8);
    }

    #[test]
    fn the_jacobian_holds_the_derivatives_of_all_values() {
        let mut parameters = ordered().parameters;
        // A third switch after the second, in a coordinate of its own.
        let after = Support::After {
            previous: 3,
            high: 9.0,
        };
        let scaled = Coordinate {
            center: 0.7,
            scale: -2.5,
        };
        parameters.push(Parameter::new("tau3", after).with_coordinate(scaled));
        let (space, h) = (Space::new(parameters), 1e-5);
        let position = [0.3, -1.0, 0.2, 0.7, 0.1];
        let jacobian = space.jacobian(&position);
        for column in 0..5 {
            let (mut up, mut down) = (position, position);
            up[column] += h;
            down[column] -= h;
            let (up, down) = (space.constrain(&up), space.constrain(&down));
            for row in 0..5 {
                let by_difference = (up[row] - down[row]) / (2.0 * h);
                let found = jacobian[row * 5 + column];
                // Truncation and rounding are below 1e-9 here.
                assert!(
                    (found - by_difference).abs() < 1e-8,
                    "{row} {column}: {found} {by_difference}"
                );
            }
        }
        assert!(jacobian[4 * 5 + 1].abs() > 1e-3, "tau3 moves with tau1");
        let log_det: f64 = (0..5).map(|i| jacobian[i * 5 + i].abs().ln()).sum();
        assert!((space.log_jacobian(&position) - log_det).abs() < 1e-12);
    }

    #[test]
    fn pulling_back_is_the_derivative_of_the_whole() {
        let (space, h) = (ordered(), 1e-5);
        let position = [0.3, -1.0, 0.2, 0.7];
        // f = sum of squares with weights, so that every value has a slope of its own.
        let weights = [0.5, -0.2, 1.1, 0.3];
        let whole = |position: &[f64]| {
            let values = space.constrain(position);
            let f: f64 = values.iter().zip(weights).map(|(v, w)| w * v * v).sum();
            f + space.log_jacobian(position)
        };
        let values = space.constrain(&position);
        let mut grad: Vec<f64> = values
            .iter()
            .zip(weights)
            .map(|(v, w)| 2.0 * w * v)
            .collect();
        space.pull_back(&position, &values, &mut grad);
        for index in 0..4 {
            let (mut up, mut down) = (position, position);
            up[index] += h;
            down[index] -= h;
            let by_difference = (whole(&up) - whole(&down)) / (2.0 * h);
            assert!(
                (grad[index] - by_difference).abs() < 1e-7,
                "{index}: {} {by_difference}",
                grad[index]
            );
        }
    }

    #[test]
    fn values_outside_the_support_have_no_coordinate() {
        let whole = Parameter::new("s", Support::Integers { low: 0, high: 9 });
        assert_eq!(whole.unconstrain(9.0), Some(9.0));
        assert_eq!(whole.unconstrain(9.5), None);
        assert_eq!(whole.unconstrain(10.0), None);
        assert_eq!(
            Parameter::new("sigma", Support::Positive).unconstrain(0.0),
            None
        );
        let interval = Support::Interval {
            low: 0.0,
            high: 1.0,
        };
        assert_eq!(Parameter::new("p", interval).unconstrain(1.0), None);
        let space = Space::new(vec![Parameter::new("sigma", Support::Positive)]);
        assert!(matches!(
            space.unconstrain(&[-1.0]),
            Err(SpaceError::OutsideSupport { .. })
        ));
        assert!(matches!(
            space.unconstrain(&[]),
            Err(SpaceError::Dimension { .. })
        ));
    }
}
