//! Distributions whose own numbers are tensors, or numbers, or both: `density::normal(of.get("mu"), 1.0)`.

use switchback_models::custom::Distribution;

use super::Number;

macro_rules! constructors {
    ($($make:ident($($number:ident),+))+) => {
        $(
            #[doc = concat!("[`Distribution::", stringify!($make), "`] of tensors.")]
            pub fn $make($($number: impl Into<Number>),+) -> Distribution<Number> {
                Distribution::$make($($number.into()),+)
            }
        )+
    };
}

constructors! {
    normal(mean, sd)
    half_normal(sd)
    log_normal(mean, sd)
    student_t(nu, location, scale)
    exponential(rate)
    gamma(shape, rate)
    inverse_gamma(shape, scale)
    beta(a, b)
    chi_squared(nu)
    uniform(low, high)
    triangular(low, mode, high)
    poisson(rate)
    discrete_uniform(low, high)
    bernoulli(p)
}
