//! How far an answer is from the exact posterior, parameter by parameter.

use switchback_core::{switch_number, tau_of};
use switchback_models::Moments;

/// How far an estimate and its standard deviation are off in one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Off {
    /// Its name, a switch as the truth has it.
    pub name: String,
    /// Estimate minus exact mean, in exact standard deviations; of a switch at least an observation.
    pub mean_off: f64,
    /// Standard deviation over the exact one; none where the answer has none, or the exact one is 0, or that of a switch
    /// which is known to the observation.
    pub sd_ratio: Option<f64>,
}

/// The errors of `estimates` (name, value, standard deviation) against `truth` (name and moments, switches as `s`); what
/// is in one of them only is left out.
///
/// A relaxed switch `tau` is another model's than a whole-numbered `s`, and an observation is the least that it can be
/// told by: it counts as `tau - 0.5`, and no switch is measured by less than an observation.
pub fn errors(estimates: &[(String, f64, Option<f64>)], truth: &[(String, Moments)]) -> Vec<Off> {
    let of = |(name, truth): &(String, Moments)| {
        let relaxed = switch_number(name, "s").map(|number| format!("tau{number}"));
        let (found, value, sd) = estimates
            .iter()
            .find(|(found, ..)| found == name || relaxed.as_ref() == Some(found))?;
        let is_relaxed = relaxed.as_ref() == Some(found);
        let value = if is_relaxed {
            value - tau_of(0)
        } else {
            *value
        };
        let unit = if relaxed.is_some() {
            truth.sd.max(1.0)
        } else {
            truth.sd
        };
        let is_told = truth.sd > 0.0 && (relaxed.is_none() || truth.sd >= 1.0);
        Some(Off {
            name: name.clone(),
            mean_off: (value - truth.mean) / unit,
            sd_ratio: sd.filter(|_| is_told).map(|sd| sd / truth.sd),
        })
    };
    truth.iter().filter_map(of).collect()
}

/// The greatest size of a mean's error.
pub(crate) fn worst_mean(errors: &[Off]) -> Option<f64> {
    let sizes = errors.iter().map(|off| off.mean_off.abs());
    sizes.reduce(|a, b| if b > a || b.is_nan() { b } else { a })
}

/// The greatest relative error of a standard deviation.
pub(crate) fn worst_sd(errors: &[Off]) -> Option<f64> {
    let ratios = errors.iter().filter_map(|off| off.sd_ratio);
    let sizes = ratios.map(|ratio| (ratio - 1.0).abs());
    sizes.reduce(|a, b| if b > a || b.is_nan() { b } else { a })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(mean: f64, sd: f64) -> Moments {
        Moments { mean, sd }
    }

    #[test]
    fn errors_are_in_exact_deviations_and_a_relaxed_switch_counts_from_its_middle() {
        let exact = [
            ("mu1".to_owned(), truth(2.0, 0.5)),
            ("sigma1".to_owned(), truth(1.0, 0.1)),
            ("s".to_owned(), truth(45.0, 0.1)),
        ];
        let found = [
            ("mu1".to_owned(), 2.25, Some(0.4)),
            ("sigma1".to_owned(), 0.9, None),
            ("tau".to_owned(), 46.0, Some(0.4)),
        ];
        let off = errors(&found, &exact);
        let expected = [
            ("mu1", 0.5, Some(0.8)),
            ("sigma1", -1.0, None),
            ("s", 0.5, None),
        ];
        assert_eq!(off.len(), 3);
        for (off, (name, mean_off, sd_ratio)) in off.iter().zip(expected) {
            assert_eq!(off.name, name);
            assert!((off.mean_off - mean_off).abs() < 1e-12, "{off:?}");
            assert_eq!(off.sd_ratio.is_some(), sd_ratio.is_some(), "{off:?}");
        }
        assert!((worst_mean(&off).expect("three") - 1.0).abs() < 1e-12);
        assert!((worst_sd(&off).expect("one") - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_wide_switch_is_measured_by_its_own_deviation() {
        let exact = [("s2".to_owned(), truth(60.0, 4.0))];
        let relaxed = errors(&[("tau2".to_owned(), 58.5, Some(2.0))], &exact);
        assert_eq!(
            (relaxed[0].mean_off, relaxed[0].sd_ratio),
            (-0.5, Some(0.5))
        );
        let whole = errors(&[("s2".to_owned(), 60.0, Some(0.0))], &exact);
        assert_eq!((whole[0].mean_off, whole[0].sd_ratio), (0.0, Some(0.0)));
        assert_eq!(errors(&[("mu9".to_owned(), 0.0, None)], &exact), []);
        let lost = errors(&[("s2".to_owned(), f64::NAN, None)], &exact);
        assert!(worst_mean(&lost).is_some_and(f64::is_nan));
    }
}
