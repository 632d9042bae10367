//! The kernel itself.
//!
//! A cube of units takes a start: each unit sums every so many observations, and their sums are added in shared memory. No
//! number of a start and an observation is ever stored.
//!
//! With `a_k = share (slope tau_k - steep_time)` switch `k` has not yet been with weight `sigmoid(a_k)` and has been with
//! `sigmoid(-a_k)`, both from `exp(-|a_k|)`, so that neither overflows nor loses digits. The first stretch weighs what the first
//! switch has before it, the last what the last has after it, and one between two switches the product of what the one before has
//! after it, what the one behind has before it, and its opening.

use cubecl::prelude::*;
use switchback_models::Likelihood;

use super::KernelShape;

/// Adds up loss and gradient of every start; see [`super::SwitchKernel::misfit`] for `levels` (`[starts, columns]`), of which
/// `gradients` has the shape.
#[cube(launch)]
pub(super) fn sums(
    levels: &[f32],
    rows: &[f32],
    losses: &mut [f32],
    gradients: &mut [f32],
    slope: f32,
    share: f32,
    #[comptime] units: usize,
    #[comptime] shape: KernelShape,
) {
    let start = CUBE_POS;
    if start >= losses.len() {
        terminate!();
    }
    let regimes = comptime!(shape.n_regimes);
    let switches = comptime!(shape.n_switches);
    let parameters = comptime!(shape.n_parameters());
    let columns = comptime!(shape.n_columns());
    let unit = UNIT_POS as usize;
    let n = rows.len() / 2;
    let mut level = Array::<f32>::new(columns);
    // Loss, then gradient.
    let mut sum = Array::<f32>::new(comptime!(columns + 1));
    #[unroll]
    for column in 0..columns {
        level[column] = levels[start * columns + column];
        sum[column] = 0.0f32;
    }
    sum[columns] = 0.0f32;

    let mut before = Array::<f32>::new(switches);
    let mut after = Array::<f32>::new(switches);
    let mut weight = Array::<f32>::new(comptime!(switches + 1));
    // By how much more a stretch would cost if it weighed more.
    let mut cost = Array::<f32>::new(comptime!(switches + 1));
    let mut row = unit;
    while row < n {
        #[unroll]
        for k in 0..switches {
            let a = share * (level[comptime!(parameters + k)] * slope - rows[n + row]);
            let falling = (-a.abs()).exp();
            let greater = 1.0f32 / (1.0f32 + falling);
            let lesser = falling * greater;
            before[k] = select(a >= 0.0f32, greater, lesser);
            after[k] = select(a >= 0.0f32, lesser, greater);
        }
        weight[0] = before[0];
        weight[switches] = after[comptime!(switches - 1)];
        #[unroll]
        for k in 1..switches {
            let opening = level[comptime!(parameters + switches + k - 1)];
            weight[k] = after[comptime!(k - 1)] * before[k] * opening;
        }

        let value = rows[row];
        if comptime!(matches!(shape.likelihood, Likelihood::Poisson)) {
            let mut rate = 0.0f32;
            #[unroll]
            for stretch in 0..comptime!(switches + 1) {
                rate += level[comptime!(shape.regime(stretch))] * weight[stretch];
            }
            sum[0] += rate - value * rate.ln();
            let by_rate = 1.0f32 - value / rate;
            #[unroll]
            for stretch in 0..comptime!(switches + 1) {
                let regime = comptime!(shape.regime(stretch));
                sum[comptime!(regime + 1)] += by_rate * weight[stretch];
                cost[stretch] = by_rate * level[regime];
            }
        } else {
            let is_shared = comptime!(matches!(shape.likelihood, Likelihood::NormalSharedSd));
            let mut mu = 0.0f32;
            let mut sigma = 0.0f32;
            if is_shared {
                sigma = level[regimes];
            }
            #[unroll]
            for stretch in 0..comptime!(switches + 1) {
                let regime = comptime!(shape.regime(stretch));
                mu += level[regime] * weight[stretch];
                if comptime!(!is_shared) {
                    sigma += level[comptime!(regimes + regime)] * weight[stretch];
                }
            }
            let variance = sigma * sigma;
            let residual = value - mu;
            let ratio = residual * residual / variance;
            sum[0] += 0.5f32 * (variance.ln() + ratio);
            let by_mu = -residual / variance;
            let by_sigma = (1.0f32 - ratio) / sigma;
            if is_shared {
                sum[comptime!(regimes + 1)] += by_sigma;
            }
            #[unroll]
            for stretch in 0..comptime!(switches + 1) {
                let regime = comptime!(shape.regime(stretch));
                sum[comptime!(regime + 1)] += by_mu * weight[stretch];
                // Relative to the mean here, which changes no difference and keeps digits.
                cost[stretch] = by_mu * (level[regime] - mu);
                if comptime!(!is_shared) {
                    sum[comptime!(regimes + regime + 1)] += by_sigma * weight[stretch];
                    cost[stretch] += by_sigma * level[comptime!(regimes + regime)];
                }
            }
        }

        #[unroll]
        for k in 0..switches {
            let later = after[k] * weight[k] * cost[k];
            let earlier = before[k] * weight[comptime!(k + 1)] * cost[comptime!(k + 1)];
            sum[comptime!(parameters + k + 1)] += later - earlier;
        }
        #[unroll]
        for k in 1..switches {
            let open = after[comptime!(k - 1)] * before[k];
            sum[comptime!(parameters + switches + k)] += open * cost[k];
        }
        row += units;
    }

    let n_sums = comptime!(columns + 1);
    let mut of_units = Shared::<[f32]>::new_slice(comptime!(n_sums * units));
    #[unroll]
    for column in 0..n_sums {
        let is_switch = comptime!(column > parameters && column <= parameters + switches);
        let mut own = sum[column];
        if is_switch {
            own *= slope * share;
        }
        of_units[column * units + unit] = own;
    }
    sync_cube();
    if unit < n_sums {
        let mut total = 0.0f32;
        for other in 0..units {
            total += of_units[unit * units + other];
        }
        if unit == 0 {
            losses[start] = total;
        } else {
            gradients[start * columns + unit - 1] = total;
        }
    }
}
