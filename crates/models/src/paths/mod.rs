//! All places of the switches at once, given the regimes' parameters: their sum, their probabilities, and draws.
//!
//! Given the parameters, the log-likelihood of switches `s_1 <= .. <= s_K` is a constant plus a sum of terms that each
//! depend on one switch, `D_k(s_k)`, and the log prior is a sum over neighbours. So the sum over all places is a
//! forward recursion over `k`, the probabilities follow backwards (Baum et al. 1970; for change points Fearnhead
//! 2006), and a draw goes from the last switch to the first. With running maxima and running sums all of it takes
//! time proportional to `K n`, and exponentials only of what is within [`NEGLIGIBLE`] nats of the greatest.

mod order;
mod scratch;

use std::cell::RefCell;

use rand::RngExt;
use switchback_core::ChainRng;

use crate::SwitchModel;
use order::Order;
use scratch::{Forward, Scratch};

/// What is less probable than the greatest by so many nats is left out: its share is below a float's precision.
const NEGLIGIBLE: f64 = 40.0;
/// Places looked at together, to pass over those that matter to nothing.
const BLOCK: usize = 8;

thread_local! {
    /// Buffers of the last call, for the next one; they grow with the series.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The places of a model's switches, given its regimes' parameters.
#[derive(Debug, Clone)]
pub struct Paths {
    model: SwitchModel,
    order: Order,
}

impl Paths {
    /// The places of the switches of `model`.
    pub fn new(model: SwitchModel) -> Self {
        let order = Order::of(&model);
        Self { model, order }
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        &self.model
    }

    /// Log-likelihood in nats of the regimes' `parameters`, the switches summed out under their prior; `-inf` where it
    /// is no number.
    pub fn log_likelihood(&self, parameters: &[f64]) -> f64 {
        SCRATCH.with_borrow_mut(|scratch| self.forward(parameters, scratch))
    }

    /// [`Self::log_likelihood`], and its derivatives added to `grad` (one a parameter) where it is finite.
    pub fn log_likelihood_and_gradient(&self, parameters: &[f64], grad: &mut [f64]) -> f64 {
        SCRATCH.with_borrow_mut(|scratch| {
            let value = self.forward(parameters, scratch);
            if value.is_finite() {
                self.backward(scratch);
                self.add_gradient(parameters, scratch, grad);
            }
            value
        })
    }

    /// Adds the probability of each place of each switch, given the regimes' `parameters`, to `sums` (row-major
    /// `switches x n`). Nothing is added where no place is possible.
    pub fn add_probabilities(&self, parameters: &[f64], sums: &mut [f64]) {
        SCRATCH.with_borrow_mut(|scratch| {
            if self.forward(parameters, scratch).is_finite() {
                self.backward(scratch);
                for (sums, forward) in sums.chunks_mut(self.model.n()).zip(&scratch.switches) {
                    for (place, p) in forward.probabilities() {
                        sums[place] += p;
                    }
                }
            }
        });
    }

    /// Draws all switches from their joint distribution given the regimes' `parameters`, into `switches`; leaves them
    /// as they are where no place is possible.
    pub fn draw(&self, parameters: &[f64], rng: &mut ChainRng, switches: &mut [usize]) {
        SCRATCH.with_borrow_mut(|scratch| {
            if self.forward(parameters, scratch).is_finite() {
                self.draw_backwards(scratch, rng, switches);
            }
        });
    }

    /// Fills `scratch` with the sums over all places of the earlier switches and returns the whole sum's logarithm.
    fn forward(&self, parameters: &[f64], scratch: &mut Scratch) -> f64 {
        let n = self.model.n();
        let of_stretch = self.model.regimes().of_stretch();
        scratch.fit(n, of_stretch.len() - 1);
        let mut coefficients = self.model.coefficients(parameters, of_stretch[0]);
        for (k, pair) in of_stretch.windows(2).enumerate() {
            let after = self.model.coefficients(parameters, pair[1]);
            let step: [f64; 3] = std::array::from_fn(|i| coefficients[i] - after[i]);
            coefficients = after;
            let (earlier, this) = scratch.switches.split_at_mut(k);
            let this = &mut this[0];
            let ln_steps = self.order.ln_steps(k);
            this.fill(self.model.cumulative(), step, ln_steps);
            if let Some(before) = earlier.last_mut() {
                before.run_up();
                let is_last = k + 2 == of_stretch.len();
                self.order.add_reach(before, this, is_last);
            }
        }
        let whole = self.model.cumulative().at(n);
        let constant: f64 = coefficients.iter().zip(whole).map(|(c, sum)| c * sum).sum();
        let Some(last) = scratch.switches.last_mut() else {
            return f64::NEG_INFINITY;
        };
        let total = constant + self.order.ln_first() + last.close();
        if total.is_nan() || total == f64::INFINITY {
            f64::NEG_INFINITY
        } else {
            total
        }
    }

    /// Turns the sums of [`Self::forward`] into probabilities, the last switch's first.
    fn backward(&self, scratch: &mut Scratch) {
        if let Some(last) = scratch.switches.last_mut() {
            last.normalise();
        }
        for k in (1..scratch.switches.len()).rev() {
            let (earlier, later) = scratch.switches.split_at_mut(k);
            let (before, after) = (&mut earlier[k - 1], &later[0]);
            self.order.pass_back(before, after);
        }
    }

    /// Adds the gradient: every stretch's expected sums lie between those of its two switches.
    fn add_gradient(&self, parameters: &[f64], scratch: &Scratch, grad: &mut [f64]) {
        let cumulative = self.model.cumulative();
        let mut start = [0.0; 3];
        for (k, &r) in self.model.regimes().of_stretch().iter().enumerate() {
            let end = match scratch.switches.get(k) {
                Some(switch) => switch.expected(cumulative),
                None => cumulative.at(self.model.n()),
            };
            let sums = std::array::from_fn(|i| end[i] - start[i]);
            self.model.add_gradient(parameters, r, sums, grad);
            start = end;
        }
    }

    fn draw_backwards(&self, scratch: &Scratch, rng: &mut ChainRng, switches: &mut [usize]) {
        let mut after = None;
        for (k, forward) in scratch.switches.iter().enumerate().rev() {
            let share = rng.random::<f64>();
            let place = match after {
                None => forward.pick(share, std::iter::once(0..self.model.n())),
                Some(after) => forward.pick(share, self.order.before(after)),
            };
            switches[k] = place;
            after = Some(place);
        }
    }
}

#[cfg(test)]
mod tests;
