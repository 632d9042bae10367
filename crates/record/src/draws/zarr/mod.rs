//! Draws as the Zarr store that ArviZ reads.

mod chunks;
mod coordinate;
mod group;
mod growing;
mod hierarchy;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use switchback_core::{DrawSchema, Series};

use self::chunks::Chunks;
use self::coordinate::{Coordinate, plain};
use self::group::{Group, GroupPlan};
use self::hierarchy::{Hierarchy, Layout};
use super::DrawsInfo;
use super::column::{self, Kind};
use super::file::{RowStore, Rows};
use super::folder::Folder;
use crate::RecordError;

/// A Zarr store in ArviZ's layout that grows with the draws.
///
/// InferenceData schema, <https://python.arviz.org/en/stable/schema/schema.html>.
#[derive(Debug)]
pub(super) struct ZarrStore {
    folder: Arc<Folder>,
    hierarchy: Hierarchy,
    attributes: Map<String, Value>,
    schema: Columns,
    num_warmup: u64,
    posterior: Group,
    sample_stats: Option<Group>,
    log_likelihood: Option<Group>,
    /// Posterior and statistics of the warm-up, once there are some.
    warmup: Option<(Group, Option<Group>)>,
}

/// The columns of the draws.
#[derive(Debug)]
struct Columns {
    n_chains: usize,
    quantities: Vec<(String, Kind)>,
    stats: Vec<(String, Kind)>,
}

impl ZarrStore {
    /// A new store in the folder `path`.
    pub(super) fn create(
        path: &Path,
        schema: &DrawSchema,
        info: &DrawsInfo<'_>,
    ) -> Result<Self, RecordError> {
        let columns = Columns::of(schema, path)?;
        let pointwise = pointwise_coordinate(path, schema, info.series)?;
        make_folder(path)?;
        let folder = Arc::new(Folder::new(path));
        let attributes = attributes(info);
        let mut hierarchy = Hierarchy::new(Arc::clone(&folder), &attributes);
        let mut new_group =
            |plan: GroupPlan<'_>| Group::create(&folder, &mut hierarchy, &plan, &attributes);
        let n_draws = info.num_samples;
        let posterior = new_group(columns.quantities("posterior", n_draws))?;
        let sample_stats = columns
            .stats("sample_stats", n_draws)
            .map(&mut new_group)
            .transpose()?;
        let log_likelihood = pointwise
            .map(|(name, along)| {
                new_group(GroupPlan {
                    name: "log_likelihood",
                    n_chains: columns.n_chains,
                    columns: &[(name, Kind::Real)],
                    along: Some(&along),
                    n_draws,
                })
            })
            .transpose()?;
        if let Some(series) = info.series {
            write_observed(&folder, &mut hierarchy, series, &attributes)?;
        }
        hierarchy.store()?;
        Ok(Self {
            folder,
            hierarchy,
            attributes,
            schema: columns,
            num_warmup: info.num_warmup,
            posterior,
            sample_stats,
            log_likelihood,
            warmup: None,
        })
    }

    fn append_warmup(&mut self, rows: &Rows) -> Result<(), RecordError> {
        let (posterior, stats) = match &mut self.warmup {
            Some(groups) => groups,
            None => {
                let mut new_group = |plan: GroupPlan<'_>| {
                    Group::create(&self.folder, &mut self.hierarchy, &plan, &self.attributes)
                };
                let n_draws = self.num_warmup;
                let posterior = new_group(self.schema.quantities("warmup_posterior", n_draws))?;
                let stats = self
                    .schema
                    .stats("warmup_sample_stats", n_draws)
                    .map(&mut new_group)
                    .transpose()?;
                self.warmup.insert((posterior, stats))
            }
        };
        posterior.append(rows.chain, &rows.values)?;
        match stats {
            Some(stats) => stats.append(rows.chain, &rows.stats),
            None => Ok(()),
        }
    }
}

impl RowStore for ZarrStore {
    fn append(&mut self, rows: &Rows) -> Result<(), RecordError> {
        if rows.is_warmup {
            return self.append_warmup(rows);
        }
        self.posterior.append(rows.chain, &rows.values)?;
        if let Some(stats) = &mut self.sample_stats {
            stats.append(rows.chain, &rows.stats)?;
        }
        if let Some(pointwise) = &mut self.log_likelihood {
            pointwise.append(rows.chain, &rows.pointwise)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), RecordError> {
        let warmup = self
            .warmup
            .iter_mut()
            .flat_map(|(posterior, stats)| std::iter::once(posterior).chain(stats));
        let groups = std::iter::once(&mut self.posterior)
            .chain(&mut self.sample_stats)
            .chain(&mut self.log_likelihood)
            .chain(warmup);
        for group in groups {
            group.flush(&mut self.hierarchy)?;
        }
        self.hierarchy.store()
    }

    fn finish(&mut self) -> Result<(), RecordError> {
        self.commit()
    }
}

impl Columns {
    /// The columns of `schema`, whose names can be those of arrays.
    fn of(schema: &DrawSchema, path: &Path) -> Result<Self, RecordError> {
        let columns = Self {
            n_chains: schema.n_chains,
            quantities: column::quantities(schema),
            stats: column::stats(schema),
        };
        for group in [&columns.quantities, &columns.stats] {
            for (i, (name, _)) in group.iter().enumerate() {
                let is_taken = ["chain", "draw"].contains(&name.as_str())
                    || group[..i].iter().any(|(other, _)| other == name);
                if is_taken || plain(name) != *name {
                    return Err(RecordError::ColumnName {
                        path: path.to_path_buf(),
                        name: name.clone(),
                    });
                }
            }
        }
        Ok(columns)
    }

    fn quantities<'a>(&'a self, name: &'a str, n_draws: u64) -> GroupPlan<'a> {
        GroupPlan {
            name,
            n_chains: self.n_chains,
            columns: &self.quantities,
            along: None,
            n_draws,
        }
    }

    /// The plan of the sampler's statistics, where it has any.
    fn stats<'a>(&'a self, name: &'a str, n_draws: u64) -> Option<GroupPlan<'a>> {
        (!self.stats.is_empty()).then_some(GroupPlan {
            columns: &self.stats,
            ..self.quantities(name, n_draws)
        })
    }
}

impl Coordinate {
    /// The coordinate `chain`: `0..n_chains`.
    fn chains(n_chains: usize) -> Self {
        Self {
            name: "chain".into(),
            values: coordinate::Labels::Whole((0..).take(n_chains).collect()),
        }
    }
}

/// The folder of a new store, with those above it.
fn make_folder(path: &Path) -> Result<(), RecordError> {
    let failed = |source| RecordError::Write {
        path: path.to_path_buf(),
        source,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::create_dir(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => RecordError::DrawsExist {
            path: path.to_path_buf(),
        },
        _ => failed(error),
    })
}

/// ArviZ's attributes of the draws.
fn attributes(info: &DrawsInfo<'_>) -> Map<String, Value> {
    let attributes = [
        ("created_at", json!(info.created_at.to_string())),
        ("inference_library", json!("switchback")),
        (
            "inference_library_version",
            json!(env!("CARGO_PKG_VERSION")),
        ),
        ("sampler", json!(info.sampler)),
        ("tuning_steps", json!(info.num_warmup)),
    ];
    attributes
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect()
}

/// Name of the pointwise log-likelihood, which is that of what was observed, and what it lies along.
fn pointwise_coordinate(
    path: &Path,
    schema: &DrawSchema,
    series: Option<&Series>,
) -> Result<Option<(String, Coordinate)>, RecordError> {
    let n_pointwise = schema.n_pointwise;
    if n_pointwise == 0 {
        return Ok(None);
    }
    let observed: Vec<usize> = series
        .iter()
        .flat_map(|series| series.observed().map(|(index, _)| index))
        .collect();
    let of = |series| (plain(Series::name(series)), Coordinate::of(series));
    match series.map(of) {
        Some((name, along)) if along.values.len() == n_pointwise => Ok(Some((name, along))),
        Some((name, along)) if observed.len() == n_pointwise => {
            Ok(Some((name, along.at(&observed))))
        }
        _ => Err(RecordError::Pointwise {
            path: path.to_path_buf(),
            n_pointwise,
            n_observed: observed.len(),
            len: series.map_or(0, Series::len),
        }),
    }
}

/// The group `observed_data`: the series with NaN where it is missing.
fn write_observed(
    folder: &Arc<Folder>,
    hierarchy: &mut Hierarchy,
    series: &Series,
    attributes: &Map<String, Value>,
) -> Result<(), RecordError> {
    let group = "observed_data";
    hierarchy.add_group(group, attributes)?;
    let along = Coordinate::of(series);
    along.write(folder, hierarchy, group)?;
    let shape = [series.len() as u64];
    let layout = Layout {
        path: format!("{group}/{}", plain(series.name())),
        dims: vec![along.name],
        chunks: shape.to_vec(),
        dtype: "<f8".into(),
    };
    hierarchy.add_array(&layout, &shape)?;
    Chunks::new(folder, &layout)?.write(&[0], series.values())
}
