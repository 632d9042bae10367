//! What is said of several methods on one series.

use std::fmt;

use super::{NEAR, Standard, SwitchSeen};
use crate::Hill;

/// Reasons that are told, the first of them; more say nothing new.
const SHOWN: usize = 3;

/// Something that a comparison shows, as one sentence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Remark {
    /// A regime may be constant, of which no method here knows.
    Constant,
    /// There is a switch.
    Switch {
        /// Switches of the model.
        n_switches: usize,
        /// Log Bayes factor against none, in nats.
        ln: f64,
    },
    /// There may be a switch.
    Doubtful {
        /// Switches of the model.
        n_switches: usize,
        /// Log Bayes factor against none, in nats.
        ln: f64,
    },
    /// No switch is more probable than some.
    NoSwitch {
        /// Switches of the model.
        n_switches: usize,
        /// Log Bayes factor of none against them, in nats.
        ln: f64,
    },
    /// There is no referee to say so.
    Unjudged {
        /// What errors are against instead.
        standard: Standard,
    },
    /// An optimum and its Gaussian are the posterior.
    GradientEnough {
        /// The cheapest method for which that holds.
        method: String,
        /// Its starts.
        starts: usize,
        /// Its seconds.
        seconds: f64,
        /// Its worst error of a mean, in exact standard deviations.
        mean_off: Option<f64>,
        /// Its worst relative error of a standard deviation.
        sd_off: Option<f64>,
    },
    /// They are not, and the posterior is to be taken.
    TakePosterior {
        /// Why.
        reasons: Vec<Reason>,
        /// Seconds of the referee; none where there is none.
        exact_seconds: Option<f64>,
        /// The trusted sampler that is fastest, and its seconds for 100 effective draws.
        sampler: Option<(String, f64)>,
    },
    /// Climbs from one plain start did not reach the best.
    PlainStuck {
        /// The methods.
        methods: Vec<String>,
        /// The greatest distance below the best, in nats.
        gap_nats: Option<f64>,
        /// The cheapest gradient that did reach it: its name, starts and seconds.
        instead: Option<(String, usize, f64)>,
    },
    /// The sampler to take.
    Fastest {
        /// The trusted sampler that is fastest.
        method: String,
        /// Its seconds for 100 effective draws.
        seconds_a_hundred: f64,
    },
    /// No sampler is to be trusted.
    NoSampler {
        /// Samplers that were run.
        n: usize,
    },
    /// The cheapest answer that is as good as exact.
    Cheapest {
        /// The method.
        method: String,
        /// Its seconds.
        seconds: f64,
        /// What counts as close, in exact standard deviations.
        within: f64,
        /// Whether there is an exact answer beside it.
        is_beside_exact: bool,
    },
    /// No answer is.
    NoneWithin {
        /// What counts as close, in exact standard deviations.
        within: f64,
    },
}

/// Why an optimum and its Gaussian are not the posterior.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no switch to speak of.
    NoSwitch,
    /// A regime has few observations.
    ShortRegime {
        /// The regime, from 1.
        regime: usize,
        /// Its observations.
        n: usize,
    },
    /// A switch may be at many places.
    Wide(SwitchSeen),
    /// Other hills are nearly as high.
    Hills {
        /// How many.
        n: usize,
        /// The highest of them.
        nearest: Hill,
    },
    /// No gradient reached the best optimum.
    NotBest {
        /// The one that came nearest.
        method: String,
    },
    /// There is no Gaussian at the optimum.
    NoGaussian {
        /// The method that found it.
        method: String,
    },
    /// The Gaussian does not fit.
    BadGaussian {
        /// The method that found the optimum.
        method: String,
        /// Pareto k of its draws' weights.
        pareto_k: f64,
    },
    /// Means or standard deviations are off.
    Off {
        /// The method that comes nearest.
        method: String,
        /// Its worst error of a mean, in exact standard deviations, where that is too much.
        mean_off: Option<f64>,
        /// Its worst relative error of a standard deviation, where that is too much.
        sd_off: Option<f64>,
    },
}

impl Remark {
    /// A word for it, in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Switch { .. } => "switch",
            Self::Doubtful { .. } => "doubtful",
            Self::NoSwitch { .. } => "no_switch",
            Self::Unjudged { .. } => "unjudged",
            Self::GradientEnough { .. } => "gradient_enough",
            Self::TakePosterior { .. } => "take_posterior",
            Self::PlainStuck { .. } => "plain_stuck",
            Self::Fastest { .. } => "fastest",
            Self::NoSampler { .. } => "no_sampler",
            Self::Cheapest { .. } => "cheapest",
            Self::NoneWithin { .. } => "none_within",
        }
    }
}

impl Reason {
    /// A word for it, in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoSwitch => "no_switch",
            Self::ShortRegime { .. } => "short_regime",
            Self::Wide(_) => "wide",
            Self::Hills { .. } => "hills",
            Self::NotBest { .. } => "not_best",
            Self::NoGaussian { .. } => "no_gaussian",
            Self::BadGaussian { .. } => "bad_gaussian",
            Self::Off { .. } => "off",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str(
                "A whole regime may be constant here, which Normal regimes cannot say: believe none of these answers, and \
                 look at the series.",
            ),
            Self::Switch { n_switches, ln } => write!(
                f,
                "The data favour {} over none by e^{ln:.1}: there is something to find.",
                switches(*n_switches)
            ),
            Self::Doubtful { n_switches, ln } => write!(
                f,
                "The data favour {} over none by e^{ln:.1} only, which is worth no more than a mention: do not build on it.",
                switches(*n_switches)
            ),
            Self::NoSwitch { n_switches, ln } => write!(
                f,
                "The data favour no switch over {} by e^{ln:.1}: every place above is where it would be if there were one.",
                switches(*n_switches)
            ),
            Self::Unjudged { standard } => unjudged(f, standard),
            Self::GradientEnough {
                method,
                starts,
                seconds,
                mean_off,
                sd_off,
            } => {
                let from = match starts {
                    1 => "one plain start".to_owned(),
                    n => format!("{n} starts"),
                };
                write!(
                    f,
                    "The gradient is enough here: {method} takes {} from {from}, no other hill is within {NEAR} nats, its Gaussian fits",
                    Seconds(*seconds)
                )?;
                if let Some(off) = mean_off {
                    write!(f, ", every mean is within {off:.2} sd")?;
                }
                if let Some(off) = sd_off {
                    write!(f, " and every sd within {:.0} %", 100.0 * off)?;
                }
                f.write_str(".")
            }
            Self::TakePosterior {
                reasons,
                exact_seconds,
                sampler,
            } => take_posterior(f, reasons, *exact_seconds, sampler.as_ref()),
            Self::PlainStuck {
                methods,
                gap_nats,
                instead,
            } => plain_stuck(f, methods, *gap_nats, instead.as_ref()),
            Self::Fastest {
                method,
                seconds_a_hundred,
            } => write!(
                f,
                "Of the samplers that can be trusted {method} is the fastest: {} for 100 effective draws.",
                Seconds(*seconds_a_hundred)
            ),
            Self::NoSampler { n: 1 } => {
                f.write_str("The sampler that was run is not to be trusted.")
            }
            Self::NoSampler { n } => {
                write!(
                    f,
                    "None of the {n} samplers that were run is to be trusted."
                )
            }
            Self::Cheapest {
                method,
                seconds,
                within,
                is_beside_exact,
            } => {
                let beside = if *is_beside_exact {
                    "Beside the exact answer, the"
                } else {
                    "The"
                };
                write!(
                    f,
                    "{beside} cheapest with every mean within {within} sd is {method}, in {}.",
                    Seconds(*seconds)
                )
            }
            Self::NoneWithin { within } => write!(
                f,
                "No other answer here has every mean within {within} sd: take the exact one, or more draws."
            ),
        }
    }
}

fn unjudged(f: &mut fmt::Formatter<'_>, standard: &Standard) -> fmt::Result {
    f.write_str(
        "There is no exact answer here, so whether there is a switch at all is not judged; ",
    )?;
    match standard {
        Standard::Sampler(name) => write!(f, "errors are against the draws of {name}."),
        _ => f.write_str("and no sampler can be trusted to stand in for it."),
    }
}

fn take_posterior(
    f: &mut fmt::Formatter<'_>,
    reasons: &[Reason],
    exact_seconds: Option<f64>,
    sampler: Option<&(String, f64)>,
) -> fmt::Result {
    let reasons: Vec<String> = reasons.iter().take(SHOWN).map(Reason::to_string).collect();
    write!(
        f,
        "Take the posterior, not the optimum: {}",
        reasons.join("; ")
    )?;
    match (exact_seconds, sampler) {
        (Some(seconds), _) => write!(f, ". The exact one takes {}.", Seconds(seconds)),
        (None, Some((method, seconds))) => write!(
            f,
            ". {method} needs {} for 100 effective draws.",
            Seconds(*seconds)
        ),
        (None, None) => f.write_str("."),
    }
}

fn plain_stuck(
    f: &mut fmt::Formatter<'_>,
    methods: &[String],
    gap_nats: Option<f64>,
    instead: Option<&(String, usize, f64)>,
) -> fmt::Result {
    let (verb, start) = match methods.len() {
        1 => ("does", "its one plain start"),
        _ => ("do", "one plain start"),
    };
    write!(
        f,
        "{} {verb} not reach the best optimum from {start}",
        methods.join(" and ")
    )?;
    if let Some(gap) = gap_nats {
        write!(f, " ({gap:.1} nats below)")?;
    }
    match instead {
        Some((method, 1, seconds)) => {
            write!(f, ": take {method}, which does in {}.", Seconds(*seconds))
        }
        Some((method, starts, seconds)) => write!(
            f,
            ": take {method} from {starts} starts, which does in {}.",
            Seconds(*seconds)
        ),
        None => f.write_str("."),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSwitch => f.write_str("an optimum always has a switch, and the data have none"),
            Self::ShortRegime { regime, n: 0 } => {
                write!(f, "regime {regime} may have no observation at all")
            }
            Self::ShortRegime { regime, n } => {
                write!(f, "regime {regime} has {n} observations only")
            }
            Self::Wide(SwitchSeen {
                name,
                place,
                probability,
                interval: (low, high),
            }) => write!(
                f,
                "{name} = {place} has a probability of {probability:.2} only, and 95 % take {low}..{high}"
            ),
            Self::Hills { n, nearest } => {
                let places: Vec<String> = nearest.switches.iter().map(usize::to_string).collect();
                let hills = match n {
                    1 => "another hill is".to_owned(),
                    n => format!("{n} other hills are"),
                };
                write!(
                    f,
                    "{hills} within {NEAR} nats of the best, the highest at {} ({:.1} below)",
                    places.join(" "),
                    nearest.gap_nats
                )
            }
            Self::NotBest { .. } => f.write_str("no gradient reached the best optimum"),
            Self::NoGaussian { method } => {
                write!(
                    f,
                    "the optimum of {method} has no Gaussian, and so no standard errors"
                )
            }
            Self::BadGaussian { method, pareto_k } => write!(
                f,
                "the Gaussian at the optimum of {method} does not fit (Pareto k {pareto_k:.2})"
            ),
            Self::Off {
                method,
                mean_off,
                sd_off,
            } => {
                let mean = mean_off.map(|off| format!("a mean that is off by {off:.2} sd"));
                let sd = sd_off.map(|off| format!("an sd that is off by {:.0} %", 100.0 * off));
                let what: Vec<String> = mean.into_iter().chain(sd).collect();
                write!(f, "even {method} has {}", what.join(" and "))
            }
        }
    }
}

/// `one switch`, `two switches`.
fn switches(n: usize) -> String {
    match n {
        1 => "one switch".to_owned(),
        2 => "two switches".to_owned(),
        n => format!("{n} switches"),
    }
}

/// Seconds in two significant digits, in the unit that suits them.
struct Seconds(f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            s if s < 1e-3 => (1e6 * s, "µs"),
            s if s < 1.0 => (1e3 * s, "ms"),
            s => (s, "s"),
        };
        let places = usize::from(value < 9.95);
        write!(f, "{value:.places$} {unit}")
    }
}
