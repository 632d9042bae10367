//! Targets whose means, standard deviations and quantiles are known in closed form.

use rand_distr::{Distribution, StandardNormal};
use switchback_core::{ChainRng, DensityError, Gradient, LogDensity, Parameter, Space, Support};

/// The log density at a position, its gradient written to the last argument.
type LogpGrad = fn(&Space, &[f64], &mut [f64]) -> f64;

/// A log density by a formula.
pub struct Formula {
    space: Space,
    logp_grad: LogpGrad,
}

impl LogDensity for Formula {
    fn space(&self) -> &Space {
        &self.space
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        self.logp_grad(positions, logp, &mut vec![0.0; positions.len()])
    }
}

impl Gradient for Formula {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        let dim = self.space.dim();
        DensityError::check_shape(dim, positions.len(), logp.len())?;
        let rows = positions.chunks_exact(dim).zip(grad.chunks_exact_mut(dim));
        for ((position, grad), logp) in rows.zip(logp) {
            *logp = (self.logp_grad)(&self.space, position, grad);
        }
        Ok(())
    }
}

/// What is known of a parameter, on its natural scale.
pub struct Truth {
    pub mean: f64,
    pub sd: f64,
    pub probability: f64,
    /// The value below which it lies with that probability.
    pub quantile: f64,
}

pub struct Target {
    pub name: &'static str,
    pub density: Formula,
    pub truths: Vec<Truth>,
}

impl Target {
    fn new<const DIM: usize>(
        name: &'static str,
        supports: [Support; DIM],
        logp_grad: LogpGrad,
        truths: [[f64; 4]; DIM],
    ) -> Self {
        let named = |(i, support)| Parameter::new(format!("x{i}"), support);
        let parameters = supports.into_iter().enumerate().map(named).collect();
        let truth = |[mean, sd, probability, quantile]: [f64; 4]| Truth {
            mean,
            sd,
            probability,
            quantile,
        };
        Self {
            name,
            density: Formula {
                space: Space::new(parameters),
                logp_grad,
            },
            truths: truths.map(truth).into(),
        }
    }

    /// An unconstrained position of positive density within a few units of 0.
    pub fn start(&self, rng: &mut ChainRng) -> Vec<f64> {
        let dim = self.density.space.dim();
        loop {
            let position: Vec<f64> = StandardNormal.sample_iter(&mut *rng).take(dim).collect();
            if (self.density.logp_grad)(&self.density.space, &position, &mut vec![0.0; dim])
                .is_finite()
            {
                return position;
            }
        }
    }
}

pub fn targets() -> Vec<Target> {
    vec![gaussian(), gammas(), wall(), interval()]
}

/// Three normal variables of unlike scales, the first two correlated by 0.8: `x = mean + l z` with standard normal `z`.
fn gaussian() -> Target {
    const MEAN: [f64; 3] = [1.0, -2.0, 0.5];
    const L: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [1.6, 1.2, 0.0], [-0.3, 0.4, 1.2]];
    // The 90 % quantile of a standard normal variable.
    const Q: f64 = 1.281_551_565_544_600_5;
    let logp_grad: LogpGrad = |_, x, grad| {
        let mut z = [0.0; 3];
        for i in 0..3 {
            let known: f64 = (0..i).map(|j| L[i][j] * z[j]).sum();
            z[i] = (x[i] - MEAN[i] - known) / L[i][i];
        }
        for i in (0..3).rev() {
            let known: f64 = (i + 1..3).map(|j| L[j][i] * grad[j]).sum();
            grad[i] = (-z[i] - known) / L[i][i];
        }
        -0.5 * z.iter().map(|z| z * z).sum::<f64>()
    };
    Target::new(
        "correlated Gaussian",
        [Support::Real; 3],
        logp_grad,
        [
            [1.0, 1.0, 0.9, 1.0 + Q],
            [-2.0, 2.0, 0.9, -2.0 + 2.0 * Q],
            [0.5, 1.3, 0.9, 0.5 + 1.3 * Q],
        ],
    )
}

/// What is known of a gamma(3, 1) and of an exponential variable.
const GAMMAS: [[f64; 4]; 2] = [
    [3.0, 1.732_050_807_568_877_2, 0.1, 1.102_065_328_249_322_5],
    [1.0, 1.0, 0.9, std::f64::consts::LN_10],
];

/// A gamma(3, 1) and an exponential variable in log coordinates: lopsided.
pub fn gammas() -> Target {
    let logp_grad: LogpGrad = |_, u, grad| {
        let x = [u[0].exp(), u[1].exp()];
        grad.copy_from_slice(&[3.0 - x[0], 1.0 - x[1]]);
        3.0 * u[0] - x[0] + u[1] - x[1]
    };
    Target::new("gammas", [Support::Positive; 2], logp_grad, GAMMAS)
}

/// The same with the first one's Jacobian forgotten.
pub fn gammas_without_jacobian() -> Target {
    let logp_grad: LogpGrad = |_, u, grad| {
        let x = [u[0].exp(), u[1].exp()];
        grad.copy_from_slice(&[2.0 - x[0], 1.0 - x[1]]);
        2.0 * u[0] - x[0] + u[1] - x[1]
    };
    let name = "gammas without Jacobian";
    Target::new(name, [Support::Positive; 2], logp_grad, GAMMAS)
}

/// A normal variable above 0 beside one that is normal about it, so that its density is 0 in half the plane.
///
/// The second has the distribution function `Phi(y / sqrt(2))^2`: it is skew normal (Azzalini 1985).
fn wall() -> Target {
    let logp_grad: LogpGrad = |_, x, grad| {
        let [above, about] = [x[0], x[1]];
        if above < 0.0 {
            grad.fill(0.0);
            return f64::NEG_INFINITY;
        }
        grad.copy_from_slice(&[about - 2.0 * above, above - about]);
        -0.5 * (above * above + (about - above).powi(2))
    };
    // Mean and standard deviation of the first are sqrt(2 / pi) and sqrt(1 - 2 / pi); the second's variance is 1 more.
    let mean = 0.797_884_560_802_865_4;
    Target::new(
        "wall",
        [Support::Real; 2],
        logp_grad,
        [
            [mean, 0.602_810_274_989_087, 0.9, 1.644_853_626_951_472_7],
            [mean, 1.167_638_740_207_097_9, 0.25, 0.0],
        ],
    )
}

/// Where the density of [`holed`] is no number any more.
pub const HOLE: f64 = 1.2;

/// Two standard normal variables, but for a density that is `NaN` where the first is greater than [`HOLE`].
pub fn holed() -> Target {
    let logp_grad: LogpGrad = |_, x, grad| {
        let spoilt = if x[0] > HOLE { f64::NAN } else { 1.0 };
        grad.copy_from_slice(&[-x[0] * spoilt, -x[1] * spoilt]);
        -0.5 * (x[0] * x[0] + x[1] * x[1]) * spoilt
    };
    let unknown = [[f64::NAN; 4]; 2];
    Target::new("hole", [Support::Real; 2], logp_grad, unknown)
}

/// A beta(2, 5) variable stretched over -1..3.
fn interval() -> Target {
    let support = Support::Interval {
        low: -1.0,
        high: 3.0,
    };
    let logp_grad: LogpGrad = |space, u, grad| {
        let values = space.constrain(u);
        let p = (values[0] + 1.0) / 4.0;
        grad[0] = (1.0 / p - 4.0 / (1.0 - p)) / 4.0;
        space.pull_back(u, &values, grad);
        p.ln() + 4.0 * (-p).ln_1p() + space.log_jacobian(u)
    };
    Target::new(
        "interval",
        [support],
        logp_grad,
        [[
            4.0 * 2.0 / 7.0 - 1.0,
            4.0 * 0.159_719_141_249_985,
            0.75,
            4.0 * 0.389_479_485_200_724_4 - 1.0,
        ]],
    )
}
