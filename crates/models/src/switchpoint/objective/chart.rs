//! A space's transforms in one pass, so that an optimiser's step takes no more exponentials than it must.

use switchback_core::{Coordinate, Space, Support};

use super::super::abreast::alone;

/// From a position to values and back, as [`Space`] has it to the last bit.
///
/// Where no parameter depends on another one and none lies in an interval, each is its coordinate or the exponential of it.
/// Any other space answers for itself.
#[derive(Debug, Clone)]
pub(super) enum Chart {
    Plain(Vec<Way>),
    General,
}

/// One parameter's transform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    coordinate: Coordinate,
    is_positive: bool,
}

impl Chart {
    pub fn of(space: &Space) -> Self {
        let ways = space.parameters().iter().map(|parameter| {
            let is_positive = match parameter.support {
                Support::Real => false,
                Support::Positive => true,
                _ => return None,
            };
            Some(Way {
                coordinate: parameter.coordinate,
                is_positive,
            })
        });
        ways.collect::<Option<_>>()
            .map_or(Self::General, Self::Plain)
    }

    /// [`Space::constrain_into`] of the space of this chart, of those of `W` positions that are `asked` for, whose
    /// numbers lie side by side.
    #[inline]
    pub fn constrain<const W: usize>(
        &self,
        space: &Space,
        asked: [bool; W],
        positions: &[[f64; W]],
        values: &mut [[f64; W]],
    ) {
        let Self::Plain(ways) = self else {
            for w in (0..W).filter(|w| asked[*w]) {
                alone(w, [positions, &[]], values, |position, _, values| {
                    space.constrain_into(position, values);
                });
            }
            return;
        };
        for ((way, u), values) in ways.iter().zip(positions).zip(values) {
            for (u, value) in u.iter().zip(values) {
                let v = way.coordinate.center + way.coordinate.scale * u;
                *value = if way.is_positive { v.exp() } else { v };
            }
        }
    }

    /// [`Space::pull_back_alone`] of the space of this chart, of those of `W` positions that are `asked` for.
    #[inline]
    pub fn pull_back<const W: usize>(
        &self,
        space: &Space,
        asked: [bool; W],
        positions: &[[f64; W]],
        values: &[[f64; W]],
        slopes: &mut [[f64; W]],
    ) {
        let Self::Plain(ways) = self else {
            for w in (0..W).filter(|w| asked[*w]) {
                alone(
                    w,
                    [positions, values],
                    slopes,
                    |position, values, slopes| {
                        space.pull_back_alone(position, values, slopes);
                    },
                );
            }
            return;
        };
        for ((way, values), slopes) in ways.iter().zip(values).zip(slopes) {
            let scale = way.coordinate.scale;
            for (value, slope) in values.iter().zip(slopes) {
                *slope *= if way.is_positive {
                    scale * value
                } else {
                    scale
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::uniform;
    use switchback_core::Parameter;

    fn space(supports: &[Support]) -> Space {
        let parameters = supports.iter().enumerate().map(|(index, support)| {
            Parameter::new("p", *support).with_coordinate(Coordinate {
                center: 0.3 * index as f64,
                scale: 0.7 - 0.4 * index as f64,
            })
        });
        Space::new(parameters.collect())
    }

    #[test]
    fn a_chart_is_its_space_to_the_last_bit() {
        let (low, high) = (0.0, 9.0);
        let (interval, after) = (
            Support::Interval { low, high },
            Support::After { previous: 1, high },
        );
        let plain = space(&[Support::Real, Support::Positive, Support::Positive]);
        let general = space(&[Support::Positive, interval, after]);
        assert!(matches!(Chart::of(&plain), Chart::Plain(_)));
        assert!(matches!(Chart::of(&general), Chart::General));
        let mut draw = uniform(5);
        for space in [plain, general] {
            let chart = Chart::of(&space);
            for width in [1.0, 30.0, 900.0] {
                let position = [
                    draw(-width, width),
                    draw(-width, width),
                    draw(-width, width),
                ];
                let [mut values, mut expected] = [[0.0; 3]; 2];
                let abreast = position.map(|u| [u]);
                chart.constrain(&space, [true], &abreast, values.as_chunks_mut::<1>().0);
                space.constrain_into(&position, &mut expected);
                assert_eq!(values.map(f64::to_bits), expected.map(f64::to_bits));
                let [mut slopes, mut expected] = [[1.5, -2.0, 0.4]; 2];
                let (own, slots) = (values.map(|value| [value]), slopes.as_chunks_mut::<1>().0);
                chart.pull_back(&space, [true], &abreast, &own, slots);
                space.pull_back_alone(&position, &values, &mut expected);
                for (slope, expected) in slopes.iter().zip(expected) {
                    // Infinity against 0 is no number in either.
                    let is_same = *slope == expected || slope.is_nan() && expected.is_nan();
                    assert!(is_same, "{position:?}");
                }
            }
        }
    }
}
