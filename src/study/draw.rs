//! Chains of a study: drawn, kept, judged and pictured.

use std::time::Instant;

use serde_json::json;

use super::{Sampled, Study, StudyError, found};
use crate::core::{Stop, Support};
use crate::diagnostics::MIN_DRAWS;
use crate::infer::{ChainsSettings, InferError, Sampler, drive};
use crate::record::{DrawsFile, DrawsInfo, Row, Setting, StoredDraws};
use crate::report::{Pair, Quantity, autocorrelation, pair, ranks, traces};
use crate::summary;

/// Most parameters that are pictured: a figure has room for no more.
const MOST_PICTURED: usize = 8;
/// Lags of the autocorrelation.
const LAGS: usize = 50;

pub(super) fn sample(
    study: &mut Study<'_>,
    sampler: Sampler,
    settings: ChainsSettings,
) -> Result<Sampled, StudyError> {
    let method = sampler.as_str();
    let settings = ChainsSettings {
        seed: study.seed,
        // No two methods share a stream.
        first_stream: (study.methods.len() as u64 + 1) << 16,
        ..settings
    };
    let mut chains = sampler.custom_chains(method, study.model, settings)?;
    let numbers = [
        ("chains", settings.num_chains),
        ("warmup", settings.num_warmup),
        ("samples", settings.num_samples),
    ];
    let mut told = vec![("method", Setting::Text(method.to_owned()))];
    told.extend(numbers.map(|(name, number)| (name, Setting::Number(number as f64))));
    study.expect(method, told);
    study
        .listeners
        .tensorboard
        .expect_draws(method, chains.schema());
    let path = study
        .folder
        .method_dir("draws")?
        .join(format!("{method}.zarr"));
    let info = DrawsInfo {
        sampler: method,
        series: None,
        num_warmup: settings.num_warmup as u64,
        num_samples: settings.num_samples as u64,
        save_warmup: settings.save_warmup,
        created_at: study.created_at,
    };
    study.listeners.draws = vec![DrawsFile::create(&path, chains.schema(), &info)?];
    let started = Instant::now();
    let stop = drive(&mut chains, &mut study.listeners)?;
    let seconds = started.elapsed().as_secs_f64();
    for file in study.listeners.draws.drain(..) {
        file.finish()?;
    }
    study.keep(method, stop.as_str(), chains.n_drawn() as u64, seconds);
    let of_method = json!({
        "num_chains": settings.num_chains,
        "num_warmup": settings.num_warmup,
        "num_samples": settings.num_samples,
    });
    study.settings.insert(method.to_owned(), of_method);
    let names = study.model.declared().names().to_vec();
    let diagnosis = summary::judge(&chains, &names, || StoredDraws::open(&path))?;
    let chains_of = |name: &String| -> Vec<Vec<f64>> {
        let columns = chains.draws().chains(name).unwrap_or_default();
        columns.into_iter().map(<[f64]>::to_vec).collect()
    };
    let sampled = Sampled {
        method: method.to_owned(),
        draws: names
            .iter()
            .map(|name| (name.clone(), chains_of(name)))
            .collect(),
        diagnosis,
    };
    study.is_trusted &= stop != Stop::Interrupted && sampled.diagnosis.is_trusted();
    study.text += &found::sampled_text(&sampled, settings, seconds);
    let column = |of: fn(&crate::diagnostics::Summary) -> f64| {
        let quantities = sampled.diagnosis.quantities.iter();
        quantities.map(|q| (q.name.clone(), of(q))).collect()
    };
    let row = Row {
        estimate: column(|q| q.mean),
        sd: column(|q| q.sd),
        stop: Some(stop.to_string()),
        seconds: Some(seconds),
        evaluations: Some(chains.n_evaluations()),
        ess_bulk: Some(column(|q| q.ess_bulk)),
        r_hat: Some(column(|q| q.r_hat)),
        advice: Some(sampled.diagnosis.advice().join(" ")),
        ..study.empty_row(method)
    };
    study.rows.push(row);
    let json = summary::as_json(&sampled.diagnosis);
    study.folder.write_json(&format!("{method}.json"), &json)?;
    if chains.draws().n_draws() >= MIN_DRAWS {
        picture(study, &sampled)?;
    }
    if stop == Stop::Interrupted {
        return Err(InferError::Ended {
            method: method.to_owned(),
        }
        .into());
    }
    Ok(sampled)
}

/// Draws traces, ranks, autocorrelation, and the first two parameters in their plane.
fn picture(study: &Study<'_>, sampled: &Sampled) -> Result<(), StudyError> {
    let parameters = study.model.space().parameters().iter();
    let quantities: Vec<Quantity<'_>> = parameters
        .zip(&sampled.draws)
        .take(MOST_PICTURED)
        .map(|(parameter, (name, chains))| Quantity {
            name,
            chains,
            whole: matches!(parameter.support, Support::Integers { .. }),
        })
        .collect();
    let name = |what: &str| format!("{what}-{}", sampled.method);
    study.figure(&name("traces"), &traces(&quantities))?;
    study.figure(&name("ranks"), &ranks(&quantities))?;
    study.figure(
        &name("autocorrelation"),
        &autocorrelation(&quantities, LAGS),
    )?;
    if let [x, y, ..] = &quantities[..] {
        let of_two = Pair {
            x: *x,
            y: *y,
            path: 0,
            points: true,
            contours: true,
        };
        study.figure(&name("pair"), &pair(&of_two))?;
    }
    Ok(())
}
