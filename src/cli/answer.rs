//! What optimisers found, judged against each other and the referee.

use std::time::Instant;

use switchback::core::{LogDensity, Series, Stop, stream};
use switchback::infer::{
    LaplaceError, LaplaceSummary, Optimum, Reference, SoftAgainstHard, Verdict, optima,
};
use switchback::models::SwitchModel;
use switchback::record::{MethodInfo, Row};

use super::climbing::{Climbing, Ended, Engine};
use super::dashboards;
use super::failure::Failure;
use super::listen::Listeners;
use super::optimizing::{ClimbPlan, PlacedClimb};
use super::rows::{self, Found};

/// Stream of the Gaussian's draws: starts take the first.
const LAPLACE_STREAM: u64 = 1;

/// What one optimiser found.
pub struct Answer {
    /// Name of the method.
    pub method: String,
    /// How it climbed.
    pub plan: ClimbPlan,
    /// How it went.
    pub ended: Ended,
    /// Its distinct optima, the best first; never empty.
    pub optima: Vec<Optimum>,
    /// The Gaussian at the best; none where it was not asked for.
    pub laplace: Option<Result<LaplaceSummary, LaplaceError>>,
    /// Seconds that it took.
    pub laplace_seconds: f64,
    /// What relaxing the switches costs; none where they are not relaxed or the result is none.
    pub soft: Option<SoftAgainstHard>,
}

impl Answer {
    /// The best of its optima.
    pub fn best(&self) -> &Optimum {
        &self.optima[0]
    }

    /// Whether it is to be believed.
    pub fn is_trusted(&self) -> bool {
        self.best().judgement.verdict == Verdict::Global && self.ended.stop != Stop::Interrupted
    }

    /// How many starts ended at the best optimum known.
    pub fn n_at_best(&self) -> usize {
        let global = self
            .optima
            .iter()
            .filter(|optimum| optimum.judgement.verdict == Verdict::Global);
        global.map(|optimum| optimum.starts.len()).sum()
    }

    /// Standard errors at the best, where there are such.
    pub fn standard_errors(&self) -> Option<Vec<f64>> {
        let laplace = self.laplace.as_ref()?.as_ref().ok()?;
        Some(laplace.rows.iter().map(|row| row.standard_error).collect())
    }
}

/// Optimisers on one model of one series.
pub struct Search<'a> {
    /// The series.
    pub series: &'a Series,
    /// The model.
    pub model: &'a SwitchModel,
    /// What evaluates the objective.
    pub engine: &'a Engine,
    /// What results are held against; learns of better ones.
    pub reference: Reference,
    /// Draws of the Gaussian at each best optimum; 0 for none.
    pub laplace_draws: usize,
}

impl Search<'_> {
    /// Runs every climb, one after the other, until a listener asks for the end.
    ///
    /// All results are held against the best that the referee or any of them has found.
    ///
    /// # Errors
    /// When a climb cannot be run.
    pub fn climb(
        &mut self,
        climbs: &[PlacedClimb],
        listeners: &mut Listeners,
    ) -> Result<Vec<Answer>, Failure> {
        let mut all: Vec<(&PlacedClimb, Ended)> = Vec::new();
        for placed in climbs {
            let settings = dashboards::of_climb(self.series, placed, self.engine);
            listeners.tensorboard.add_settings(&placed.method, settings);
            let ended = Climbing {
                placed,
                engine: self.engine,
                reference: &self.reference,
            }
            .run(listeners)?;
            let is_interrupted = ended.stop == Stop::Interrupted;
            for end in ended.ends.iter().filter(|end| end.stop != Stop::NonFinite) {
                self.reference.consider(&end.values);
            }
            all.push((placed, ended));
            if is_interrupted {
                break;
            }
        }
        Ok(all
            .into_iter()
            .map(|(placed, ended)| self.answer(placed, ended))
            .collect())
    }

    fn answer(&mut self, PlacedClimb { method, plan, .. }: &PlacedClimb, ended: Ended) -> Answer {
        let optima = optima(&ended.ends, &mut self.reference);
        let best = &optima[0];
        // In a corner there is nothing to be near to.
        let has_values =
            best.judgement.objective.is_some() && best.judgement.verdict != Verdict::Degenerate;
        let is_relaxed = self.reference.objective().steepness().is_some();
        let started = Instant::now();
        let laplace = (has_values && self.laplace_draws > 0).then(|| {
            // The same draws for all, so that methods that agree say the same.
            let mut rng = stream(plan.seed, LAPLACE_STREAM);
            self.reference
                .laplace(&best.end.values, self.laplace_draws, &mut rng)
        });
        Answer {
            laplace,
            laplace_seconds: started.elapsed().as_secs_f64(),
            soft: (has_values && is_relaxed)
                .then(|| SoftAgainstHard::of(&best.end.values, &self.reference)),
            method: method.clone(),
            plan: plan.clone(),
            ended,
            optima,
        }
    }

    /// Names of what is climbed.
    pub fn names(&self) -> Vec<String> {
        let parameters = self.reference.objective().space().parameters();
        parameters.iter().map(|p| p.name.clone()).collect()
    }

    /// The answer's row of the comparison.
    pub fn row(&self, answer: &Answer) -> Row {
        let standard_errors = answer.standard_errors();
        rows::optimizer(
            self.series,
            &Found {
                method: &answer.method,
                engine: self.engine,
                names: &self.names(),
                optimum: answer.best(),
                standard_errors: standard_errors.as_deref(),
                stop: answer.ended.stop,
                cost: answer.ended.cost,
            },
        )
    }

    /// The answer's part of the manifest.
    pub fn method_info(&self, answer: &Answer) -> MethodInfo {
        MethodInfo {
            method: answer.method.clone(),
            engine: self.engine.as_str().to_owned(),
            device: self.engine.describe(),
            stop: Some(answer.ended.stop.to_string()),
            steps: answer.ended.steps,
            seconds: answer.ended.cost.seconds,
        }
    }
}
