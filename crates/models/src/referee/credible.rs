//! Where most of a switch's posterior mass is.

use crate::ModelError;

/// The smallest set of switches that holds a given posterior mass.
#[derive(Debug, Clone, PartialEq)]
pub struct CredibleSet {
    /// The switches in increasing order.
    pub members: Vec<usize>,
    /// Posterior mass of the set, at least what was asked for.
    pub mass: f64,
    /// The least member.
    pub low: usize,
    /// The greatest member.
    pub high: usize,
}

fn check(mass: f64) -> Result<(), ModelError> {
    if mass > 0.0 && mass <= 1.0 {
        Ok(())
    } else {
        Err(ModelError::Mass { mass })
    }
}

/// The shortest stretch of places with a mass of at least `mass` under the probabilities `p`, as its two ends and its
/// mass; the earliest of several.
pub(super) fn interval(p: &[f64], mass: f64) -> Result<(usize, usize, f64), ModelError> {
    check(mass)?;
    let mut shortest = (0, p.len().saturating_sub(1), p.iter().sum());
    let (mut low, mut held) = (0, 0.0);
    for (high, probability) in p.iter().enumerate() {
        held += probability;
        while low < high && held - p[low] >= mass {
            held -= p[low];
            low += 1;
        }
        if held >= mass && high - low < shortest.1 - shortest.0 {
            shortest = (low, high, held);
        }
    }
    Ok(shortest)
}

/// The smallest set of places with a mass of at least `mass` under the probabilities `p`; among equally probable ones
/// the least come first.
pub(super) fn set(p: &[f64], mass: f64) -> Result<CredibleSet, ModelError> {
    check(mass)?;
    // Those of no mass come last, and a long series has millions of them.
    let mut order: Vec<usize> = (0..p.len()).filter(|&s| p[s] != 0.0).collect();
    // Stable, so that equal ones stay in increasing order.
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let (mut members, mut held) = (Vec::new(), 0.0);
    for s in order {
        if held >= mass {
            break;
        }
        members.push(s);
        held += p[s];
    }
    members.sort_unstable();
    // At least one probability is positive, so there is a member.
    let (low, high) = match members[..] {
        [] => (0, 0),
        [only] => (only, only),
        [low, .., high] => (low, high),
    };
    Ok(CredibleSet {
        members,
        mass: held,
        low,
        high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credible_sets_are_the_smallest() {
        let p = [0.1, 0.05, 0.4, 0.0, 0.4, 0.05];
        let set = |mass| set(&p, mass).expect("the mass is valid");
        assert_eq!(set(0.3).members, vec![2]);
        assert_eq!(set(0.5).members, vec![2, 4]);
        let ninety = set(0.85);
        assert_eq!(ninety.members, vec![0, 2, 4]);
        assert_eq!((ninety.low, ninety.high), (0, 4));
        assert!((ninety.mass - 0.9).abs() < 1e-15);
        assert_eq!(set(0.92).members, vec![0, 1, 2, 4]);
        assert_eq!(set(1.0).members, vec![0, 1, 2, 4, 5]);
    }

    #[test]
    fn what_is_no_mass_is_refused() {
        for mass in [0.0, -0.1, 1.1, f64::NAN] {
            assert!(matches!(set(&[1.0], mass), Err(ModelError::Mass { .. })));
            assert!(matches!(
                interval(&[1.0], mass),
                Err(ModelError::Mass { .. })
            ));
        }
    }
}
