//! The trapezoid rule for an integrand that is dear to evaluate and may have several peaks: a lattice that is halved
//! only where something can be.

use rayon::prelude::*;

/// What the integrand may have fallen by, in nats, where it is left out.
const FALL: f64 = 45.0;
/// First step.
const FIRST_STEP: f64 = 0.25;
/// Relative change of the sums by a halving of the step at which they count as converged: it is the error before
/// the halving, and the one after it is its square.
const TOLERANCE: f64 = 1e-8;
/// Below this change, one that no longer shrinks is rounding, and more nodes are in vain.
const ROUNDING: f64 = 1e-5;
/// Nodes after which the sums are taken as they are.
const MAX_NODES: usize = 1 << 14;

/// An integrand over `u = ln sigma`, as a logarithm, and what it found on the way.
pub(super) trait Integrand: Sync {
    /// What an evaluation leaves behind.
    type Found: Send;

    /// Logarithm of the integrand at `u`.
    fn evaluate(&self, u: f64) -> (f64, Self::Found);

    /// A bound of how fast it falls: the least slope at `u` is not below `-steepest(u)`, which grows with `u`.
    fn steepest(&self, u: f64) -> f64;

    /// Two places between which all peaks are: it rises up to the first, and falls from the second on.
    fn peaks_between(&self) -> (f64, f64);
}

/// One node.
#[derive(Debug, Clone)]
pub(super) struct Node<T> {
    pub u: f64,
    /// Logarithm of the integrand.
    pub ln: f64,
    pub found: T,
    /// Its place on the lattice.
    place: i64,
}

/// The nodes at which the integrand is not nothing, in increasing order.
#[derive(Debug, Clone)]
pub(super) struct Lattice<T> {
    pub nodes: Vec<Node<T>>,
    pub step: f64,
    /// The greatest logarithm of the integrand at a node.
    pub peak: f64,
    /// Logarithm of the integral.
    pub ln_integral: f64,
    /// Evaluations of the integrand.
    pub n_evaluations: u64,
}

impl<T: Send> Lattice<T> {
    /// The integral of `integrand`.
    ///
    /// Between two nodes it is at most `exp(steepest * step)` times what it is at the upper one, so that no peak can
    /// hide from the lattice, however coarse.
    pub fn of(integrand: &impl Integrand<Found = T>) -> Self {
        let mut building = Building::start(integrand);
        let mut before = building.ln_sums();
        let mut last_change = f64::INFINITY;
        while building.nodes.len() < MAX_NODES {
            building.halve(integrand);
            let ln_sums = building.ln_sums();
            let change = before
                .iter()
                .zip(ln_sums)
                .map(|(before, ln)| (before - ln).exp_m1().abs())
                .fold(0.0, f64::max);
            // What is `NaN` counts as no change and ends it too: it cannot get better.
            if change < TOLERANCE || (last_change < ROUNDING && change > 0.25 * last_change) {
                break;
            }
            (before, last_change) = (ln_sums, change);
        }
        building.finish()
    }
}

/// A lattice that is being halved.
struct Building<T> {
    nodes: Vec<Node<T>>,
    /// The place of the lower end of each interval that is not left out.
    live: Vec<i64>,
    origin: f64,
    step: f64,
    peak: f64,
    n_evaluations: u64,
}

impl<T: Send> Building<T> {
    /// Steps of [`FIRST_STEP`] over all peaks and on both sides until it has fallen.
    fn start(integrand: &impl Integrand<Found = T>) -> Self {
        let (low, high) = integrand.peaks_between();
        let last = ((high - low) / FIRST_STEP).ceil().max(1.0) as i64;
        let mut building = Self {
            nodes: Vec::new(),
            live: Vec::new(),
            origin: low,
            step: FIRST_STEP,
            peak: f64::NEG_INFINITY,
            n_evaluations: 0,
        };
        building.evaluate(integrand, (0..=last).collect());
        for (mut place, outwards) in [(0, -1), (last, 1)] {
            while building.is_up(place) && building.nodes.len() < MAX_NODES {
                place += outwards;
                building.evaluate(integrand, vec![place]);
            }
        }
        building.live = building
            .nodes
            .windows(2)
            .map(|pair| pair[0].place)
            .collect();
        building.leave_out(integrand);
        building
    }

    /// Whether the outermost node, which is at `place`, is above what is left out.
    fn is_up(&self, place: i64) -> bool {
        self.at(place)
            .is_some_and(|node| node.ln >= self.peak - FALL)
    }

    fn at(&self, place: i64) -> Option<&Node<T>> {
        let index = self.nodes.binary_search_by_key(&place, |node| node.place);
        index.ok().map(|index| &self.nodes[index])
    }

    fn evaluate(&mut self, integrand: &impl Integrand<Found = T>, places: Vec<i64>) {
        let (origin, step) = (self.origin, self.step);
        self.n_evaluations += places.len() as u64;
        self.nodes.par_extend(places.into_par_iter().map(|place| {
            let u = origin + step * place as f64;
            let (ln, found) = integrand.evaluate(u);
            Node {
                u,
                ln,
                found,
                place,
            }
        }));
        self.nodes.sort_by_key(|node| node.place);
        self.peak = self
            .nodes
            .iter()
            .map(|node| node.ln)
            .fold(self.peak, f64::max);
    }

    fn halve(&mut self, integrand: &impl Integrand<Found = T>) {
        self.step *= 0.5;
        for node in &mut self.nodes {
            node.place *= 2;
        }
        let middles: Vec<i64> = self.live.iter().map(|place| 2 * place + 1).collect();
        self.live = middles
            .iter()
            .flat_map(|&middle| [middle - 1, middle])
            .collect();
        self.evaluate(integrand, middles);
        self.leave_out(integrand);
    }

    /// Leaves out the intervals in which it must have fallen.
    fn leave_out(&mut self, integrand: &impl Integrand<Found = T>) {
        let live = std::mem::take(&mut self.live);
        self.live = live
            .into_iter()
            .filter(|place| {
                self.at(place + 1).is_some_and(|upper| {
                    upper.ln + integrand.steepest(upper.u) * self.step >= self.peak - FALL
                })
            })
            .collect();
    }

    /// Logarithms of the step times the sums over the nodes: the integral, and with the first two powers of `sigma`
    /// over that at the origin.
    fn ln_sums(&self) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for node in &self.nodes {
            let ratio = (node.u - self.origin).exp();
            let weight = self.step * (node.ln - self.peak).exp();
            for (sum, power) in sums.iter_mut().zip([1.0, ratio, ratio * ratio]) {
                *sum += weight * power;
            }
        }
        sums.map(|sum| self.peak + sum.ln())
    }

    fn finish(mut self) -> Lattice<T> {
        let [ln_integral, ..] = self.ln_sums();
        let (peak, step, n_evaluations) = (self.peak, self.step, self.n_evaluations);
        self.nodes.retain(|node| node.ln >= peak - FALL);
        Lattice {
            nodes: self.nodes,
            step,
            peak,
            ln_integral,
            n_evaluations,
        }
    }
}
