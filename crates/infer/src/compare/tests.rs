//! Planted cases: what is known leads to one verdict, and a change of one thing to another.

use super::*;

fn off(mean_off: f64, sd_ratio: f64) -> Vec<Off> {
    vec![Off {
        name: "mu1".into(),
        mean_off,
        sd_ratio: Some(sd_ratio),
    }]
}

fn gradient(name: &str, starts: usize, seconds: f64) -> MethodSeen {
    MethodSeen {
        name: name.into(),
        kind: MethodKind::Gradient {
            starts,
            gap_nats: Some(0.0),
            pareto_k: Some(0.3),
        },
        is_trusted: true,
        seconds,
        errors: off(-0.05, 0.97),
    }
}

fn sampler(name: &str, ess: f64, seconds: f64) -> MethodSeen {
    MethodSeen {
        name: name.into(),
        kind: MethodKind::Sampler { ess },
        is_trusted: true,
        seconds,
        errors: off(0.02, 1.01),
    }
}

/// Everything speaks for the gradient.
fn clear() -> Compared {
    Compared {
        ln_bayes: Some(50.0),
        n_switches: 1,
        switches: vec![SwitchSeen {
            name: "s".into(),
            place: 45,
            probability: 0.98,
            interval: (45, 45),
        }],
        hills: vec![],
        smallest_regime: (1, 45),
        standard: Standard::Exact,
        may_be_constant: false,
        exact_seconds: Some(0.001),
        methods: vec![
            gradient("adam", 1, 0.05),
            gradient("lbfgs", 32, 0.01),
            sampler("metropolis", 400.0, 1.0),
            sampler("compound", 1000.0, 0.1),
        ],
    }
}

fn kinds(compared: &Compared) -> Vec<&'static str> {
    remarks(compared).iter().map(Remark::kind).collect()
}

/// The reasons why the posterior is to be taken.
fn reasons(compared: &Compared) -> Vec<&'static str> {
    let found = remarks(compared)
        .into_iter()
        .find_map(|remark| match remark {
            Remark::TakePosterior { reasons, .. } => Some(reasons),
            _ => None,
        });
    let found = found.unwrap_or_default();
    found.iter().map(Reason::kind).collect()
}

fn text(compared: &Compared) -> String {
    let lines: Vec<String> = remarks(compared).iter().map(Remark::to_string).collect();
    lines.join(" ")
}

#[test]
fn a_clear_switch_leaves_the_gradient_enough_and_the_cheapest_is_named() {
    let compared = clear();
    assert_eq!(
        kinds(&compared),
        ["switch", "gradient_enough", "fastest", "cheapest"]
    );
    assert_eq!(
        text(&compared),
        "The data favour one switch over none by e^50.0: there is something to find. The gradient is enough here: lbfgs \
         takes 10 ms from 32 starts, no other hill is within 3 nats, its Gaussian fits, every mean is within 0.05 sd and every sd \
         within 3 %. Of the samplers that can be trusted compound is the fastest: 10 ms for 100 effective draws. Beside \
         the exact answer, the cheapest with every mean within 0.1 sd is lbfgs, in 10 ms."
    );
}

#[test]
fn without_a_switch_an_optimum_is_no_answer() {
    let compared = Compared {
        ln_bayes: Some(-2.5),
        ..clear()
    };
    assert_eq!(kinds(&compared)[..2], ["no_switch", "take_posterior"]);
    assert_eq!(reasons(&compared), ["no_switch"]);
    assert!(text(&compared).starts_with("The data favour no switch over one switch by e^2.5"));
    let doubtful = Compared {
        ln_bayes: Some(0.5),
        ..clear()
    };
    assert_eq!(kinds(&doubtful)[0], "doubtful");
}

#[test]
fn two_hills_a_short_regime_and_a_wide_switch_ask_for_the_posterior() {
    let hill = |gap_nats| Hill {
        switches: vec![60],
        gap_nats,
    };
    let hills = Compared {
        hills: vec![hill(1.2), hill(2.9)],
        ..clear()
    };
    assert_eq!(reasons(&hills), ["hills"]);
    assert!(
        text(&hills).contains("2 other hills are within 3 nats of the best, the highest at 60")
    );
    let far = Compared {
        hills: vec![hill(3.5)],
        ..clear()
    };
    assert_eq!(reasons(&far), [""; 0]);
    let short = Compared {
        smallest_regime: (2, 19),
        ..clear()
    };
    assert_eq!(reasons(&short), ["short_regime"]);
    let enough = Compared {
        smallest_regime: (2, 20),
        ..clear()
    };
    assert_eq!(reasons(&enough), [""; 0]);
    let mut wide = clear();
    wide.switches[0].probability = 0.2;
    assert_eq!(reasons(&wide), [""; 0]);
    wide.switches[0].interval = (40, 50);
    assert_eq!(reasons(&wide), ["wide"]);
    assert!(text(&wide).contains("The exact one takes 1.0 ms."));
}

#[test]
fn a_stuck_start_is_told_with_what_to_take_instead() {
    let mut compared = clear();
    compared.methods[0].is_trusted = false;
    compared.methods[0].kind = MethodKind::Gradient {
        starts: 1,
        gap_nats: Some(12.34),
        pareto_k: Some(0.1),
    };
    assert_eq!(
        kinds(&compared),
        [
            "switch",
            "gradient_enough",
            "plain_stuck",
            "fastest",
            "cheapest"
        ]
    );
    let told = "adam does not reach the best optimum from its one plain start (12.3 nats below): take lbfgs from 32 starts";
    assert!(text(&compared).contains(told), "{}", text(&compared));
    compared.methods[1].is_trusted = false;
    assert_eq!(reasons(&compared), ["not_best"]);
}

#[test]
fn a_gaussian_that_does_not_fit_or_is_off_is_not_enough() {
    for (pareto_k, errors, expected) in [
        (Some(0.8), off(0.0, 1.0), "bad_gaussian"),
        (Some(f64::NAN), off(0.0, 1.0), "bad_gaussian"),
        (None, off(0.0, 1.0), "no_gaussian"),
        (Some(0.3), off(0.6, 1.0), "off"),
        (Some(0.3), off(0.0, 0.7), "off"),
        (Some(0.3), off(f64::NAN, 1.0), "off"),
    ] {
        let mut compared = clear();
        for method in &mut compared.methods[..2] {
            method.errors = errors.clone();
            if let MethodKind::Gradient { pareto_k: k, .. } = &mut method.kind {
                *k = pareto_k;
            }
        }
        assert_eq!(reasons(&compared), [expected]);
    }
}

#[test]
fn without_a_referee_the_best_sampler_stands_in() {
    let mut compared = Compared {
        ln_bayes: None,
        switches: vec![],
        standard: Standard::Sampler("compound".into()),
        exact_seconds: None,
        ..clear()
    };
    assert_eq!(
        kinds(&compared),
        ["unjudged", "gradient_enough", "fastest", "cheapest"]
    );
    assert!(text(&compared).contains("errors are against the draws of compound"));
    assert!(!text(&compared).contains("exact answer,"));
    compared.standard = Standard::Nothing;
    for method in &mut compared.methods {
        method.errors.clear();
        if let MethodKind::Sampler { .. } = method.kind {
            method.is_trusted = false;
        }
    }
    assert_eq!(
        kinds(&compared),
        ["unjudged", "gradient_enough", "no_sampler"]
    );
}

#[test]
fn a_constant_regime_is_all_that_is_told() {
    let compared = Compared {
        may_be_constant: true,
        ..clear()
    };
    assert_eq!(kinds(&compared), ["constant"]);
}

#[test]
fn samplers_alone_are_compared_with_each_other_only() {
    let mut compared = clear();
    compared.methods.drain(..2);
    assert_eq!(kinds(&compared), ["switch", "fastest", "cheapest"]);
    for method in &mut compared.methods {
        method.errors = off(0.2, 1.0);
    }
    assert_eq!(kinds(&compared)[2], "none_within");
}
