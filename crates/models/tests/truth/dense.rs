//! The dense sum.

use switchback_models::{Likelihood, SwitchModel};

use super::double::{Double, LN_SQRT_TWO_PI, ONE, ZERO};

/// Exponents beyond which a weight is taken for 0 or 1: `e^-160` is `3e-70`.
const FAR: f64 = 160.0;
/// Share of an observation below which what a regime is told is held to an absolute bound.
const LEAST_SHARE: f64 = 1e-6;

/// What the formula gives.
pub struct Dense {
    pub value: f64,
    pub slopes: Vec<Slope>,
}

/// A derivative, and what its rounding is measured against.
#[derive(Clone, Copy, Default)]
pub struct Slope {
    pub value: f64,
    /// Sum of the absolute values of its terms: a derivative itself passes through 0.
    pub size: f64,
    /// The greatest term that there would be of an observation of weight 1.
    pub unit: f64,
}

impl Dense {
    /// Relative error of a value.
    pub fn error_of_value(&self, found: f64) -> f64 {
        ((found - self.value) / self.value).abs()
    }

    /// Greatest error of a gradient, relative to the sum of the absolute values of a derivative's terms; where these weigh
    /// less together than a millionth of an observation, relative to that.
    pub fn error_of_gradient(&self, found: &[f64]) -> f64 {
        let errors = self.slopes.iter().zip(found).map(|(slope, found)| {
            let size = slope.size.max(LEAST_SHARE * slope.unit);
            if *found == slope.value {
                0.0
            } else {
                (found - slope.value).abs() / size
            }
        });
        errors.fold(
            0.0,
            |worst, error| if error <= worst { worst } else { error },
        )
    }
}

/// A level: mean and standard deviation, or rate.
type Level = [Double; 2];

/// Sums on their way.
struct Sums<'a> {
    likelihood: Likelihood,
    /// Slots among the values of each stretch's level.
    slots: Vec<[usize; 2]>,
    levels: Vec<Level>,
    taus: &'a [f64],
    steepness: f64,
    value: Double,
    slopes: Vec<(Double, Slope)>,
    ln_factorials: Vec<Double>,
}

/// The rows of a stretch that no switch is near, on their way.
#[derive(Clone, Copy)]
struct Stretch {
    count: f64,
    /// Sums of the residuals, or of the counts.
    sum: Double,
    sum_sq: Double,
    /// Sums and greatest of the absolute derivatives by the level.
    size: [f64; 2],
    unit: [f64; 2],
}

const NO_ROWS: Stretch = Stretch {
    count: 0.0,
    sum: ZERO,
    sum_sq: ZERO,
    size: [0.0; 2],
    unit: [0.0; 2],
};

/// The sum over `x`, `NaN` where nothing is observed, at the natural `values` of the sigmoid form of `model`.
pub fn dense(x: &[f64], model: &SwitchModel, steepness: f64, values: &[f64]) -> Dense {
    let n_parameters = model.n_parameters();
    let (likelihood, n_regimes) = (model.likelihood(), model.n_regimes());
    let slots = |r: &usize| match likelihood {
        Likelihood::Normal => [*r, n_regimes + *r],
        Likelihood::NormalSharedSd => [*r, n_regimes],
        Likelihood::Poisson => [*r, *r],
    };
    let slots: Vec<[usize; 2]> = model.regimes().of_stretch().iter().map(slots).collect();
    let mut sums = Sums {
        likelihood,
        levels: slots
            .iter()
            .map(|slots| slots.map(|slot| Double::of(values[slot])))
            .collect(),
        slots,
        taus: &values[n_parameters..],
        steepness,
        value: ZERO,
        slopes: vec![(ZERO, Slope::default()); values.len()],
        ln_factorials: vec![ZERO],
    };
    let mut stretches = vec![NO_ROWS; sums.slots.len()];
    for (index, x) in x.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
        let time = (index + 1) as f64;
        let begun = sums
            .taus
            .iter()
            .filter(|tau| steepness * (time - **tau) > FAR)
            .count();
        let is_far = |tau: &f64| (steepness * (time - tau)).abs() > FAR;
        if sums.taus.iter().all(is_far) {
            sums.add_to(&mut stretches[begun], begun, *x);
        } else {
            sums.row(time, *x);
        }
    }
    for (stretch, rows) in stretches.iter().enumerate() {
        sums.stretch(stretch, rows);
    }
    Dense {
        value: sums.value.value(),
        slopes: sums
            .slopes
            .iter()
            .map(|(sum, slope)| Slope {
                value: sum.value(),
                ..*slope
            })
            .collect(),
    }
}

impl Sums<'_> {
    fn add_to(&mut self, rows: &mut Stretch, stretch: usize, x: f64) {
        let [first, second] = self.levels[stretch].map(Double::value);
        rows.count += 1.0;
        let by = match self.likelihood {
            Likelihood::Poisson => {
                self.value = self.value - self.ln_factorial(x);
                rows.sum = rows.sum + Double::of(x);
                [(x - first) / first, 0.0]
            }
            _ => {
                let residual = Double::sum(x, -first);
                rows.sum = rows.sum + residual;
                rows.sum_sq = rows.sum_sq + residual * residual;
                let z = residual.hi / second;
                [z / second, (z * z - 1.0) / second]
            }
        };
        for (index, by) in by.iter().enumerate() {
            rows.size[index] += by.abs();
            rows.unit[index] = rows.unit[index].max(by.abs());
        }
    }

    fn stretch(&mut self, stretch: usize, rows: &Stretch) {
        let (count, [first, second]) = (Double::of(rows.count), self.levels[stretch]);
        if rows.count == 0.0 {
            return;
        }
        let (value, by) = match self.likelihood {
            Likelihood::Poisson => (
                rows.sum * first.ln() - count * first,
                [rows.sum / first - count, ZERO],
            ),
            _ => {
                let squares = rows.sum_sq / second / second;
                let logs = count * (second.abs().ln() + LN_SQRT_TWO_PI);
                (
                    -logs - squares * Double::of(0.5),
                    [rows.sum / second / second, (squares - count) / second],
                )
            }
        };
        self.value = self.value + value;
        for (index, slot) in self.slots(stretch) {
            let (sum, slope) = &mut self.slopes[slot];
            *sum = *sum + by[index];
            slope.size += rows.size[index];
            slope.unit = slope.unit.max(rows.unit[index]);
        }
    }

    /// Of a stretch's level which numbers there are, and their slots.
    fn slots(&self, stretch: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let n = if self.likelihood == Likelihood::Poisson {
            1
        } else {
            2
        };
        self.slots[stretch].into_iter().take(n).enumerate()
    }

    fn row(&mut self, time: f64, x: f64) {
        let progress: Vec<[Double; 2]> = self
            .taus
            .iter()
            .map(|tau| sigmoids(Double::sum(time, -tau) * Double::of(self.steepness)))
            .collect();
        let last = progress.len();
        // A difference, unlike in the code under test; where it cancels, 31 digits leave enough.
        let weight = |j: usize| match j {
            0 => progress[0][1],
            j if j == last => progress[j - 1][0],
            j if progress[j][0].hi > 0.5 => progress[j][1] - progress[j - 1][1],
            j => progress[j - 1][0] - progress[j][0],
        };
        let weights: Vec<Double> = (0..=last).map(weight).collect();
        let mut level = [ZERO; 2];
        for (weight, of_stretch) in weights.iter().zip(&self.levels) {
            level = [0, 1].map(|i| level[i] + *weight * of_stretch[i]);
        }
        let (value, by) = self.density(level, x);
        self.value = self.value + value;
        for (stretch, weight) in weights.iter().enumerate() {
            for (index, slot) in self.slots(stretch) {
                self.add(
                    slot,
                    *weight * by[index],
                    weight.hi * by[index].hi,
                    by[index].hi,
                );
            }
        }
        let first = self.slopes.len() - last;
        for (k, [g, rest]) in progress.into_iter().enumerate() {
            let speed = -(Double::of(self.steepness) * g * rest);
            let (mut slope, mut size) = (ZERO, 0.0);
            for (index, _) in self.slots(k) {
                let part = (self.levels[k + 1][index] - self.levels[k][index]) * by[index];
                slope = slope + part;
                size += part.hi.abs();
            }
            self.add(
                first + k,
                speed * slope,
                speed.hi * size,
                self.steepness * size,
            );
        }
    }

    fn add(&mut self, slot: usize, term: Double, size: f64, unit: f64) {
        let (sum, slope) = &mut self.slopes[slot];
        *sum = *sum + term;
        slope.size += size.abs();
        slope.unit = slope.unit.max(unit.abs());
    }

    /// Log density of an observation, and its derivatives by the level.
    fn density(&mut self, [first, second]: Level, x: f64) -> (Double, Level) {
        let observed = Double::of(x);
        match self.likelihood {
            Likelihood::Poisson => (
                observed * first.ln() - first - self.ln_factorial(x),
                [(observed - first) / first, ZERO],
            ),
            _ => {
                let z = (observed - first) / second;
                let value = -(z * z * Double::of(0.5)) - second.abs().ln() - LN_SQRT_TWO_PI;
                (value, [z / second, (z * z - ONE) / second])
            }
        }
    }

    /// Of small counts remembered.
    fn ln_factorial(&mut self, x: f64) -> Double {
        if x >= 4096.0 {
            return ln_factorial(x);
        }
        while self.ln_factorials.len() <= x as usize {
            self.ln_factorials
                .push(ln_factorial(self.ln_factorials.len() as f64));
        }
        self.ln_factorials[x as usize]
    }
}

/// `sigmoid(v)` and `sigmoid(-v)`.
fn sigmoids(v: Double) -> [Double; 2] {
    let smaller = if v.hi.abs() > FAR {
        ZERO
    } else {
        (-v.abs()).exp()
    };
    let (large, small) = (ONE / (ONE + smaller), smaller / (ONE + smaller));
    if v.hi >= 0.0 {
        [large, small]
    } else {
        [small, large]
    }
}

/// `ln x!`: of a product, or Stirling's series with the terms up to `x^-19`.
pub fn ln_factorial(x: f64) -> Double {
    if x < 40.0 {
        let product = (1..=x as u32).fold(ONE, |product, i| product * Double::of(f64::from(i)));
        return product.ln();
    }
    // Numerators and denominators of B_2k / (2k (2k - 1)).
    const TERMS: [[f64; 2]; 10] = [
        [1.0, 12.0],
        [-1.0, 360.0],
        [1.0, 1260.0],
        [-1.0, 1680.0],
        [1.0, 1188.0],
        [-691.0, 360_360.0],
        [1.0, 156.0],
        [-3617.0, 122_400.0],
        [43_867.0, 244_188.0],
        [-174_611.0, 125_400.0],
    ];
    let x = Double::of(x);
    let over_sq = ONE / (x * x);
    let mut series = ZERO;
    for [above, below] in TERMS.iter().rev() {
        series = series * over_sq + Double::of(*above) / Double::of(*below);
    }
    (x + Double::of(0.5)) * x.ln() - x + LN_SQRT_TWO_PI + series / x
}
