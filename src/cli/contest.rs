//! Runs the methods of a comparison, one after the other, and makes an outcome of each.

use serde_json::Value;
use switchback::core::Stop;
use switchback::infer::{Chains, Far, Form, MethodKind, Target};
use switchback::models::Placed;
use switchback::record::{MethodInfo, Named, ShownEnd, StoredDraws};

use super::answer::{Answer, Search};
use super::args::MethodName;
use super::climbing::Engine;
use super::compared::Outcome;
use super::comparing::{PlainStart, SamplerPlan, what};
use super::drawing::{Drawing, Drew};
use super::exhibits;
use super::failure::Failure;
use super::lineup::Lineup;
use super::listen::Listeners;
use super::optimizing::PlacedClimb;
use super::rows::{self, Drawn, Sampled};
use super::run::Run;
use super::{found, held, optimize, places};
use switchback::summary;

/// Draws of each Gaussian at an optimum.
pub const LAPLACE_DRAWS: usize = 10_000;

/// The comparison on its way.
pub struct Contest<'a> {
    /// What is run.
    pub lineup: &'a Lineup<'a>,
    /// The run.
    pub run: &'a Run<'a>,
    /// What came of each method.
    pub outcomes: Vec<Outcome>,
    /// Their parts of the manifest.
    pub methods: Vec<MethodInfo>,
    /// Where optimisers ended.
    pub ends: Vec<ShownEnd>,
    /// Whether a listener asked for the end.
    pub is_interrupted: bool,
}

impl Contest<'_> {
    /// Runs every method of the lineup, one after the other, until a listener asks for the end.
    ///
    /// # Errors
    /// When a method cannot be run, or a listener fails.
    pub fn play(
        &mut self,
        chains: Vec<Chains<'_>>,
        start: &PlainStart,
        listeners: &mut Listeners,
    ) -> Result<(), Failure> {
        for is_marginal in [false, true] {
            self.climb(is_marginal, listeners)?;
        }
        if self.lineup.has_find_map && !self.is_interrupted {
            let (outcome, info) =
                held::run(self.lineup.model, self.lineup.series, start, listeners)?;
            self.is_interrupted |= outcome.row.stop.as_deref() == Some(Stop::Interrupted.as_str());
            self.outcomes.push(outcome);
            self.methods.push(info);
        }
        for ((name, plan, target), chains) in self.lineup.samplers.iter().zip(chains) {
            if !self.is_interrupted {
                self.sample(name, plan, target, chains, listeners)?;
            }
        }
        self.referee();
        Ok(())
    }

    fn climb(&mut self, is_marginal: bool, listeners: &mut Listeners) -> Result<(), Failure> {
        let Lineup { model, series, .. } = self.lineup;
        let climbs = self.lineup.climbs.iter();
        let placed: Vec<PlacedClimb> = climbs
            .filter(|placed| placed.plan.climbed.is_marginal == is_marginal)
            .cloned()
            .collect();
        let Some(sigmoid) = self.lineup.reference.as_ref() else {
            return Ok(());
        };
        if placed.is_empty() || self.is_interrupted {
            return Ok(());
        }
        let reference = if is_marginal {
            optimize::reference(what(true), 1.0, model, series)?
        } else {
            sigmoid.clone()
        };
        let mut search = Search {
            series,
            model,
            engine: &Engine::Fused,
            reference,
            laplace_draws: LAPLACE_DRAWS,
        };
        let answers = search.climb(&placed, listeners)?;
        self.ends.extend(exhibits::ends(&answers));
        for answer in &answers {
            self.is_interrupted |= answer.ended.stop == Stop::Interrupted;
            self.outcomes.push(climbed(&search, answer, is_marginal));
            self.methods.push(search.method_info(answer));
        }
        Ok(())
    }

    fn sample(
        &mut self,
        name: &str,
        plan: &SamplerPlan,
        target: &Target,
        mut chains: Chains<'_>,
        listeners: &mut Listeners,
    ) -> Result<(), Failure> {
        let drawing = Drawing {
            run: self.run,
            series: self.lineup.series,
            method: name,
            sampler: plan.sampler,
            target,
            settings: plan.chains,
        };
        let (path, file) = drawing.zarr(&chains)?;
        let Drew { stop, cost, info } = drawing.draw(&mut chains, file, listeners)?;
        self.is_interrupted |= stop == Stop::Interrupted;
        self.methods.push(info);
        let diagnosis = summary::judge(&chains, &target.names(), || StoredDraws::open(&path))?;
        let exact = self.lineup.referee.exact.as_ref();
        let far = exact.and_then(|exact| Far::from_exact(&diagnosis, exact));
        let far = far.filter(|_| diagnosis.is_trusted());
        let found = places::switch_posterior(target, &chains);
        let places = places::most_probable(&found);
        let is_trusted = stop == Stop::Completed && diagnosis.is_trusted() && far.is_none();
        let drawn = Drawn {
            diagnosis: &diagnosis,
            far: far.as_ref(),
            switch: places.clone(),
            stop,
            cost,
        };
        let best = self
            .lineup
            .reference
            .as_ref()
            .map(|r| r.best().log_likelihood);
        let sampled = Sampled {
            target,
            best: best.filter(|_| target.form() == Form::Sigmoid),
        };
        // A quantity that never changed has no effective draws, and needs none.
        let of_each = diagnosis.quantities.iter().map(|found| found.ess_bulk);
        let ess = of_each.filter(|ess| !ess.is_nan()).reduce(f64::min);
        self.outcomes.push(Outcome {
            row: rows::sampler(self.lineup.series, name, &sampled, &drawn),
            form: target.form().as_str(),
            kind: MethodKind::Sampler {
                ess: ess.unwrap_or(0.0),
            },
            verdict: if is_trusted { "trusted" } else { "not trusted" }.to_owned(),
            is_trusted,
            places,
            seconds: cost.seconds,
            details: summary::as_json(&diagnosis),
        });
        Ok(())
    }

    fn referee(&mut self) {
        let Lineup {
            referee, chosen, ..
        } = self.lineup;
        let Some(exact) = referee
            .exact
            .as_ref()
            .filter(|_| chosen.has(MethodName::Exact))
        else {
            return;
        };
        let is_trusted = !exact.may_have_constant_regime();
        let best = Placed::of(self.lineup.model, exact.most_probable());
        let mut row = rows::exact(
            self.lineup.series,
            exact,
            best.map(|best| best.log_likelihood),
            referee.cost,
        );
        if !is_trusted {
            let advice = "A whole regime may be constant here, which Normal regimes cannot say.";
            row.advice = Some(advice.to_owned());
        }
        self.outcomes.push(Outcome {
            row,
            form: "hard",
            kind: MethodKind::Exact,
            verdict: if is_trusted { "exact" } else { "not trusted" }.to_owned(),
            is_trusted,
            places: exact.most_probable().to_vec(),
            seconds: referee.cost.seconds,
            details: Value::Null,
        });
    }
}

/// What an optimiser found; one of the marginal form is told where it has the switches, given its parameters.
fn climbed(search: &Search<'_>, answer: &Answer, is_marginal: bool) -> Outcome {
    let judgement = &answer.best().judgement;
    let pareto_k = match &answer.laplace {
        Some(Ok(laplace)) => Some(laplace.pareto_k),
        _ => None,
    };
    let mut row = search.row(answer);
    let seconds = answer.ended.cost.seconds + answer.laplace_seconds;
    row.seconds = Some(seconds);
    if is_marginal {
        let places = held::places_given(search.model, &answer.best().end.values);
        for (name, moments) in search.model.switch_names("s").into_iter().zip(places) {
            let push = |named: &mut Named, value| named.0.push((name.clone(), Some(value)));
            push(&mut row.estimate, moments.mean);
            push(&mut row.sd, moments.sd);
        }
    }
    Outcome {
        row,
        form: if is_marginal { "marginal" } else { "sigmoid" },
        kind: MethodKind::Gradient {
            starts: answer.plan.n_starts,
            gap_nats: judgement.gap_nats,
            pareto_k,
        },
        verdict: judgement.verdict.to_string(),
        is_trusted: answer.is_trusted(),
        places: judgement.switches.clone(),
        seconds,
        details: found::as_json(search.series, &search.names(), answer),
    }
}
