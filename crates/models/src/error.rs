//! Everything that can be wrong with what a model is asked for.

/// Why a model, a prior or an exact answer cannot be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A number of a prior is not finite, or a standard deviation is not positive.
    #[error(
        "{prior} has {what} = {value}: a mean must be finite, any other number finite and greater than 0"
    )]
    PriorNumber {
        /// The family.
        prior: &'static str,
        /// Which of its numbers.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// A text names no prior.
    #[error(
        "`{text}` is no prior: write normal(MEAN, SD), half-normal(SD), exponential(RATE) or gamma(SHAPE, RATE), as in normal(0, 2)"
    )]
    PriorText {
        /// The text.
        text: String,
    },
    /// A prior does not fit its parameter.
    #[error("{parameter}={given} is not offered: write {parameter}={accepted}")]
    PriorKind {
        /// The parameter.
        parameter: &'static str,
        /// What was given.
        given: String,
        /// What fits, as one would write it.
        accepted: &'static str,
    },
    /// A text names no parameter that has a prior.
    #[error("`{text}` names no parameter with a prior: write {accepted}")]
    PriorParameter {
        /// The text.
        text: String,
        /// What the model has, as one would write it.
        accepted: &'static str,
    },
    /// The priors of the talk were asked for, where it has none.
    #[error(
        "the talk has no prior for a rate: write --prior rate=exponential(1), or leave the prior to the data"
    )]
    NoDeckPrior,
    /// A text names no likelihood.
    #[error("`{text}` is no likelihood: write normal, normal-shared-sd or poisson")]
    LikelihoodText {
        /// The text.
        text: String,
    },
    /// A text names no order of regimes.
    #[error(
        "regimes {text} are not offered: write 0,1 for one switch, 0,1,0 for two with reversion, 0,1,2,.. for free switches"
    )]
    RegimesText {
        /// The text.
        text: String,
    },
    /// A model without a switch.
    #[error("a model needs at least one switch")]
    NoSwitches,
    /// A series is too short for so many switches.
    #[error(
        "series `{series}`: {switches} switches need at least {needed} observations, and there are {observed}; ask for fewer switches"
    )]
    TooManySwitches {
        /// Name of the series.
        series: String,
        /// Switches asked for.
        switches: usize,
        /// Observations needed.
        needed: usize,
        /// Observations there are.
        observed: usize,
    },
    /// A Poisson model was asked for of what is no count.
    #[error(
        "series `{series}`: observation {index} is {value}, and Poisson regimes take whole numbers from 0 on; use --likelihood normal, or counts"
    )]
    NotACount {
        /// Name of the series.
        series: String,
        /// 0-based index.
        index: usize,
        /// The value.
        value: f64,
    },
    /// All counts are 0.
    #[error(
        "series `{series}`: all {observed} counts are 0, so there is no rate and no switch to find; use a series that varies"
    )]
    NoCounts {
        /// Name of the series.
        series: String,
        /// How many were observed.
        observed: usize,
    },
    /// The regimes could all be constant, and a shared sigma 0.
    #[error(
        "series `{series}`: it changes its value only {changes} times, so {switches} switches leave regimes without any spread and a shared sigma of 0; ask for fewer switches"
    )]
    NoSharedSpread {
        /// Name of the series.
        series: String,
        /// Changes of value.
        changes: usize,
        /// Switches asked for.
        switches: usize,
    },
    /// The priors of one likelihood were given to another.
    #[error("a {likelihood} model has no {priors}")]
    PriorsOfAnother {
        /// The likelihood.
        likelihood: &'static str,
        /// The priors.
        priors: String,
    },
    /// A parameter is given two priors.
    #[error("{parameter} is given more than one prior: keep one of them")]
    PriorTwice {
        /// The parameter.
        parameter: &'static str,
    },
    /// A prior is too narrow, too wide or too far away for its squares.
    #[error(
        "the prior {parameter}={prior} is out of reach: write one with a standard deviation between 1e-140 and 1e140, and a mean less than 1e140 from the data's"
    )]
    PriorReach {
        /// The parameter.
        parameter: &'static str,
        /// The prior.
        prior: String,
    },
    /// Prior and data disagree so much that rounding decides what remains.
    #[error(
        "series `{series}` under {priors}: data and priors are so far apart that the log evidence, {log_evidence:e}, has no digits left to tell one switch from another; use priors on the scale of the data"
    )]
    PriorConflict {
        /// Name of the series.
        series: String,
        /// The priors.
        priors: String,
        /// Log evidence of the best switch.
        log_evidence: f64,
    },
    /// What is said of one parameter's prior cannot be read.
    #[error("the prior of {parameter} cannot be used")]
    PriorPart {
        /// The parameter.
        parameter: &'static str,
        /// Why.
        #[source]
        source: Box<ModelError>,
    },
    /// All observations are the same.
    #[error(
        "series `{series}`: all {observed} observations are {value}, so there is no spread to learn a sigma from and no switch to find; use a series that varies"
    )]
    ConstantSeries {
        /// Name of the series.
        series: String,
        /// How many were observed.
        observed: usize,
        /// What they all are.
        value: f64,
    },
    /// The observations spread too far, or too little, for their squares.
    #[error(
        "series `{series}`: the observations lie up to {extent:e} from their mean, and the square of that is beyond a float; use other units"
    )]
    Spread {
        /// Name of the series.
        series: String,
        /// The farthest that an observation lies from the mean.
        extent: f64,
    },
    /// No switch leaves two distinct observations on both of its sides.
    #[error(
        "series `{series}`: none of the {switches} places for a switch has two distinct values on both sides of it, so no sigma can be fitted there; use more observations, or values recorded with more digits"
    )]
    NoAdmissibleSwitch {
        /// Name of the series.
        series: String,
        /// Places for a switch that were tried.
        switches: usize,
    },
    /// No placing of the switches leaves every regime what its fit needs.
    #[error(
        "series `{series}`: none of the places tried for its switches ({switches}) leaves {needs} in every regime, so the likelihood has no maximum there; use more observations, or ask for fewer switches"
    )]
    NoAdmissiblePlacing {
        /// Name of the series.
        series: String,
        /// Number of switches.
        switches: usize,
        /// What a regime needs.
        needs: &'static str,
    },
    /// The switches part a series into more stretches than are enumerated.
    #[error(
        "series `{series}`: {switches} switches in {rows} rows are too many stretches to enumerate, {most_rows} rows are the most; ask for one switch, sample instead, or average neighbouring rows"
    )]
    TooManyStretches {
        /// Name of the series.
        series: String,
        /// Switches asked for.
        switches: usize,
        /// Rows of the series.
        rows: usize,
        /// Most rows that are enumerated.
        most_rows: usize,
    },
    /// There is no switch of this number.
    #[error("there is no switch {k}: the model has {switches}, counted from 0")]
    NoSuchSwitch {
        /// The switch asked for.
        k: usize,
        /// How many there are.
        switches: usize,
    },
    /// A steepness is not a finite positive number.
    #[error(
        "a steepness of {steepness} is no transition: it must be finite and greater than 0, and 1 is the usual one"
    )]
    Steepness {
        /// The steepness.
        steepness: f64,
    },
    /// A coordinate's scale is 0 or one of its numbers is not finite.
    #[error(
        "the coordinate of {parameter} has center {center} and scale {scale}: both must be finite and the scale not 0"
    )]
    Coordinate {
        /// The parameter.
        parameter: String,
        /// Its center.
        center: f64,
        /// Its scale.
        scale: f64,
    },
    /// There are other coordinates than parameters.
    #[error("{given} coordinates for {dim} parameters")]
    Coordinates {
        /// Coordinates handed in.
        given: usize,
        /// Parameters.
        dim: usize,
    },
    /// A form without a sigmoid was given a steepness.
    #[error(
        "the marginal form has no sigmoid whose steepness could change: leave it at 1, or take --form sigmoid"
    )]
    NoSteepness,
    /// Priors are of positive standard deviations.
    #[error(
        "a prior is of a positive sigma, not of a raw one of either sign: take --parameterization log, or --estimate mle"
    )]
    RawPosterior,
    /// A probability mass is outside `0 < mass <= 1`.
    #[error(
        "a credible set cannot hold a mass of {mass}: ask for more than 0 and at most 1, as in 0.9"
    )]
    Mass {
        /// The mass.
        mass: f64,
    },
    /// A law has another number of regimes than its switches make.
    #[error("{switches} switches make {} regimes, but there are {means} means and {sds} standard deviations", .switches + 1)]
    LawRegimes {
        /// Number of switches.
        switches: usize,
        /// Number of means.
        means: usize,
        /// Number of standard deviations.
        sds: usize,
    },
    /// A law's switch is not after the one before it, or not inside the series.
    #[error("switch {switch} of a series of {n} must lie within 1..={} and after the switch before it", .n.saturating_sub(1))]
    LawSwitch {
        /// The switch.
        switch: usize,
        /// Length of the series.
        n: usize,
    },
    /// A law's number is not finite, or a standard deviation is not positive.
    #[error(
        "regime {regime} has {what} = {value}: a mean must be finite, a standard deviation finite and greater than 0"
    )]
    LawNumber {
        /// The regime, from 0.
        regime: usize,
        /// Which of its numbers.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// A law's series is too short.
    #[error("a series of {n} is too short to simulate: ask for at least 2 observations")]
    LawLength {
        /// Length asked for.
        n: usize,
    },
    /// A pebble's step is out of range.
    #[error(
        "a step of {step} is not offered: it must be above 0 and at most 2, the side of the square"
    )]
    PebbleStep {
        /// The step.
        step: f64,
    },
    /// A sample has no spread to learn from, or too few values.
    #[error(
        "{given} values with a sum of squares of {spread} about their mean make no sample: at least {least} are needed, not all the same"
    )]
    Sample {
        /// Values handed in.
        given: usize,
        /// Least number of values.
        least: usize,
        /// Sum of squares about the mean; `NaN` where there are too few.
        spread: f64,
    },
    /// Sums or blocks do not fit their weights.
    #[error("every sum and every block must name weights among the {weights} there are, each once")]
    WeighedSums {
        /// Number of weights.
        weights: usize,
    },
}
