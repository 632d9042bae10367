//! When to pick which method for one series: a decision over what they found, as plain data.

pub mod off;
pub mod remark;
#[cfg(test)]
mod tests;

use self::off::{Off, worst_mean, worst_sd};
use self::remark::{Reason, Remark};
use crate::Hill;

/// Nats of the Bayes factor below which a switch is no more than worth a bare mention (Kass and Raftery, "Bayes factors",
/// JASA 90(430), 1995, section 3.2: a factor of 3).
const MENTION: f64 = 1.1;
/// Probability of the most probable place from which a switch is clear.
const CLEAR: f64 = 0.5;
/// Places of a 95 % interval up to which it is clear anyway.
const NARROW: usize = 5;
/// Observations of a regime below which a Gaussian is not to be relied on for its parameters.
const SHORT: usize = 20;
/// Pareto k up to which a Gaussian's weights can be believed (Vehtari et al. 2024).
const GOOD_K: f64 = 0.7;
/// Nats below the best within which another hill holds a share of the posterior.
pub(super) const NEAR: f64 = 3.0;
/// Exact standard deviations that the mean of a sampler may be off that is recommended: ten effective draws' worth.
const SAMPLER_OFF: f64 = 0.3;
/// Exact standard deviations that a gradient's mean may be off.
pub(super) const MEAN_OFF: f64 = 0.5;
/// Share that its standard deviation may be off.
pub(super) const SD_OFF: f64 = 0.25;
/// Exact standard deviations within which an answer is as good as exact.
const CLOSE: f64 = 0.1;

/// What several methods said of one series, and what the exact posterior says.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Log Bayes factor of the switches against none, in nats; none without a referee.
    pub ln_bayes: Option<f64>,
    /// Number of switches.
    pub n_switches: usize,
    /// The posterior of each switch; empty without a referee.
    pub switches: Vec<SwitchSeen>,
    /// Other hills of the relaxed posterior.
    pub hills: Vec<Hill>,
    /// The regime, from 1, of fewest observations, and how many these are.
    pub smallest_regime: (usize, usize),
    /// What errors are against.
    pub standard: Standard,
    /// Whether a whole regime may be constant, which Normal regimes cannot say.
    pub may_be_constant: bool,
    /// Seconds that the referee took; none where there is none.
    pub exact_seconds: Option<f64>,
    /// The methods, in their order.
    pub methods: Vec<MethodSeen>,
}

/// What the errors of methods are against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standard {
    /// The exact posterior.
    Exact,
    /// The draws of a sampler that is trusted, where there is no referee.
    Sampler(String),
    /// Nothing is known to be right.
    Nothing,
}

/// The exact posterior of one switch.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchSeen {
    /// Its name.
    pub name: String,
    /// Its most probable place.
    pub place: usize,
    /// The probability of that.
    pub probability: f64,
    /// The ends of its 95 % interval.
    pub interval: (usize, usize),
}

/// One method and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodSeen {
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub kind: MethodKind,
    /// Whether it is to be believed by itself.
    pub is_trusted: bool,
    /// Seconds that it took.
    pub seconds: f64,
    /// Its errors against the standard, one a parameter; empty where there is none.
    pub errors: Vec<Off>,
}

/// What kind of method it is.
#[derive(Debug, Clone, PartialEq)]
pub enum MethodKind {
    /// An optimiser on a form with a gradient.
    Gradient {
        /// Starts that it climbed from.
        starts: usize,
        /// Nats below the best; none where that means nothing.
        gap_nats: Option<f64>,
        /// Pareto k of Laplace's Gaussian; none where there is no such Gaussian.
        pareto_k: Option<f64>,
    },
    /// An optimiser that holds the switches where they started.
    Blind,
    /// A sampler.
    Sampler {
        /// Effective draws of the quantity of fewest.
        ess: f64,
    },
    /// The referee.
    Exact,
}

impl MethodSeen {
    /// The worst error of a mean, in standard deviations of the standard.
    pub fn mean_off(&self) -> Option<f64> {
        worst_mean(&self.errors)
    }

    /// The worst relative error of a standard deviation.
    pub fn sd_off(&self) -> Option<f64> {
        worst_sd(&self.errors)
    }

    /// Seconds for 100 effective draws, of a sampler that has any.
    pub fn seconds_a_hundred(&self) -> Option<f64> {
        match self.kind {
            MethodKind::Sampler { ess } if ess > 0.0 => Some(100.0 * self.seconds / ess),
            _ => None,
        }
    }

    fn is_gradient(&self) -> bool {
        matches!(self.kind, MethodKind::Gradient { .. })
    }
}

/// When to pick which method: whether there is a switch, whether the gradient is enough or the posterior must be taken,
/// which plain starts were stuck, and what is fastest.
pub fn remarks(compared: &Compared) -> Vec<Remark> {
    if compared.may_be_constant {
        return vec![Remark::Constant];
    }
    let mut remarks = vec![existence(compared)];
    remarks.extend(gradient_or_posterior(compared));
    let has_switch = compared.ln_bayes.is_none_or(|ln| ln >= 0.0);
    // Where there is no switch the best optimum is no better than another.
    remarks.extend(stuck(compared).filter(|_| has_switch));
    remarks.extend(fastest(compared));
    remarks.extend(cheapest(compared));
    remarks
}

fn existence(compared: &Compared) -> Remark {
    let n_switches = compared.n_switches;
    match compared.ln_bayes {
        None => Remark::Unjudged {
            standard: compared.standard.clone(),
        },
        Some(ln) if ln < 0.0 => Remark::NoSwitch {
            n_switches,
            ln: -ln,
        },
        Some(ln) if ln < MENTION => Remark::Doubtful { n_switches, ln },
        Some(ln) => Remark::Switch { n_switches, ln },
    }
}

/// The gradient that is enough, or why none is.
fn gradient_or_posterior(compared: &Compared) -> Option<Remark> {
    let mut reasons = of_the_posterior(compared);
    let enough = compared
        .methods
        .iter()
        .filter(|method| method.is_gradient() && why_not(method).is_none())
        .min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    match enough {
        Some(method) if reasons.is_empty() => {
            return Some(Remark::GradientEnough {
                method: method.name.clone(),
                starts: starts(method),
                seconds: method.seconds,
                mean_off: method.mean_off(),
                sd_off: method.sd_off(),
            });
        }
        Some(_) => {}
        // The gradient that came nearest says why.
        None => reasons.extend(
            compared
                .methods
                .iter()
                .filter(|method| method.is_gradient())
                .min_by(|a, b| distance(a).total_cmp(&distance(b)))
                .and_then(why_not),
        ),
    }
    if reasons.is_empty() {
        return None;
    }
    let sampler = best_sampler(compared);
    Some(Remark::TakePosterior {
        reasons,
        exact_seconds: compared.exact_seconds,
        sampler: sampler.and_then(|m| Some((m.name.clone(), m.seconds_a_hundred()?))),
    })
}

/// Why a Gaussian at an optimum would not be this posterior, whatever found it.
fn of_the_posterior(compared: &Compared) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if compared.ln_bayes.is_some_and(|ln| ln < 0.0) {
        reasons.push(Reason::NoSwitch);
    }
    let widest = compared
        .switches
        .iter()
        .filter(|switch| switch.probability < CLEAR && width(switch) > NARROW)
        .max_by_key(|switch| width(switch));
    reasons.extend(widest.map(|switch| Reason::Wide(switch.clone())));
    let near = || compared.hills.iter().filter(|hill| hill.gap_nats <= NEAR);
    if let Some(hill) = near().next() {
        reasons.push(Reason::Hills {
            n: near().count(),
            nearest: hill.clone(),
        });
    }
    let (regime, n) = compared.smallest_regime;
    if n < SHORT {
        reasons.push(Reason::ShortRegime { regime, n });
    }
    reasons
}

fn width(switch: &SwitchSeen) -> usize {
    switch.interval.1 - switch.interval.0 + 1
}

/// Why the answer of one gradient is not the posterior; none where it is.
fn why_not(method: &MethodSeen) -> Option<Reason> {
    let name = method.name.clone();
    let MethodKind::Gradient { pareto_k, .. } = method.kind else {
        return None;
    };
    if !method.is_trusted {
        return Some(Reason::NotBest { method: name });
    }
    let Some(pareto_k) = pareto_k else {
        return Some(Reason::NoGaussian { method: name });
    };
    if pareto_k.is_nan() || pareto_k > GOOD_K {
        return Some(Reason::BadGaussian {
            method: name,
            pareto_k,
        });
    }
    let (mean_off, sd_off) = (method.mean_off(), method.sd_off());
    // What is no number is off.
    let beyond = |off: Option<f64>, limit: f64| off.filter(|off| off.is_nan() || *off > limit);
    let (mean_off, sd_off) = (beyond(mean_off, MEAN_OFF), beyond(sd_off, SD_OFF));
    (mean_off.is_some() || sd_off.is_some()).then_some(Reason::Off {
        method: name,
        mean_off,
        sd_off,
    })
}

/// Orders gradients that are not enough: how far from being so.
fn distance(method: &MethodSeen) -> f64 {
    let MethodKind::Gradient { pareto_k, .. } = method.kind else {
        return f64::INFINITY;
    };
    let off = method.mean_off().unwrap_or(0.0) + method.sd_off().unwrap_or(0.0);
    let untrusted = if method.is_trusted { 0.0 } else { 1e6 };
    let misfit = match pareto_k {
        Some(k) if k <= GOOD_K => 0.0,
        Some(_) => 1e3,
        None => 1e4,
    };
    untrusted + misfit + off
}

fn starts(method: &MethodSeen) -> usize {
    match method.kind {
        MethodKind::Gradient { starts, .. } => starts,
        _ => 0,
    }
}

/// Climbs from one start that did not reach the best, and a gradient that did.
fn stuck(compared: &Compared) -> Option<Remark> {
    let gradients = || compared.methods.iter().filter(|m| m.is_gradient());
    let is_stuck = |method: &&MethodSeen| starts(method) == 1 && !method.is_trusted;
    let methods: Vec<String> = gradients()
        .filter(is_stuck)
        .map(|m| m.name.clone())
        .collect();
    if methods.is_empty() {
        return None;
    }
    let gaps = gradients()
        .filter(is_stuck)
        .filter_map(|method| match method.kind {
            MethodKind::Gradient { gap_nats, .. } => gap_nats,
            _ => None,
        });
    let instead = gradients()
        .filter(|method| method.is_trusted)
        .min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Some(Remark::PlainStuck {
        methods,
        gap_nats: gaps.reduce(f64::max),
        instead: instead.map(|m| (m.name.clone(), starts(m), m.seconds)),
    })
}

/// The trusted sampler that has 100 effective draws first, of those that draw from this posterior and not from one with
/// relaxed switches that is another.
fn best_sampler(compared: &Compared) -> Option<&MethodSeen> {
    let key = |method: &MethodSeen| method.seconds_a_hundred().unwrap_or(f64::INFINITY);
    let samplers = compared
        .methods
        .iter()
        .filter(|method| matches!(method.kind, MethodKind::Sampler { .. }) && method.is_trusted)
        .filter(|method| method.mean_off().is_none_or(|off| off <= SAMPLER_OFF));
    samplers.min_by(|a, b| key(a).total_cmp(&key(b)))
}

fn fastest(compared: &Compared) -> Option<Remark> {
    let samplers = compared
        .methods
        .iter()
        .filter(|method| matches!(method.kind, MethodKind::Sampler { .. }));
    let n_samplers = samplers.count();
    match best_sampler(compared) {
        Some(method) => Some(Remark::Fastest {
            method: method.name.clone(),
            seconds_a_hundred: method.seconds_a_hundred()?,
        }),
        None if n_samplers > 0 => Some(Remark::NoSampler { n: n_samplers }),
        None => None,
    }
}

/// The cheapest answer whose every mean is close to the standard's.
fn cheapest(compared: &Compared) -> Option<Remark> {
    if compared.standard == Standard::Nothing {
        return None;
    }
    let standard = match &compared.standard {
        Standard::Sampler(name) => Some(name),
        _ => None,
    };
    // The standard is close to itself.
    let others = || {
        compared
            .methods
            .iter()
            .filter(|method| method.kind != MethodKind::Exact && Some(&method.name) != standard)
    };
    others().next()?;
    let is_close = |method: &&MethodSeen| method.mean_off().is_some_and(|off| off <= CLOSE);
    let cheapest = others()
        .filter(is_close)
        .filter(|method| method.is_trusted)
        .min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Some(match cheapest {
        Some(method) => Remark::Cheapest {
            method: method.name.clone(),
            seconds: method.seconds,
            within: CLOSE,
            is_beside_exact: compared.standard == Standard::Exact,
        },
        None => Remark::NoneWithin { within: CLOSE },
    })
}
