//! Draws as CmdStan writes them: one CSV file a chain.
//!
//! CmdStan User's Guide, "Stan CSV file format". What cmdstanpy asks of a file: as many rows as its head says, what the
//! warm-up settled on between its rows and the others, and the times at its end.

mod chain;
mod columns;
mod head;

use std::fs;
use std::path::{Path, PathBuf};

use switchback_core::DrawSchema;

use self::chain::ChainFile;
use self::columns::Columns;
pub(super) use self::columns::{NUTS, read_name};
use self::head::Head;
use super::file::{RowStore, Rows};
use super::{CmdStanInfo, DrawsInfo};
use crate::RecordError;
use crate::folder::check_entry_name;

/// The files of all chains.
#[derive(Debug)]
pub(super) struct CmdStanFiles {
    columns: Columns,
    chains: Vec<ChainFile>,
    folder: PathBuf,
    saves_warmup: bool,
}

impl CmdStanFiles {
    /// New files `<folder>/<name>_<chain>.csv`, chains counted from 1.
    pub(super) fn create(
        (folder, name): (&Path, &str),
        schema: &DrawSchema,
        info: &DrawsInfo<'_>,
        cmdstan: &CmdStanInfo<'_>,
    ) -> Result<Self, RecordError> {
        check_entry_name(name)?;
        let columns = Columns::of(schema, folder)?;
        fs::create_dir_all(folder).map_err(|source| RecordError::Write {
            path: folder.to_path_buf(),
            source,
        })?;
        let names = columns.line();
        let saves_warmup = columns.is_nuts && info.save_warmup && info.num_warmup > 0;
        let chains = (1..=schema.n_chains)
            .map(|id| {
                let head = Head::new(info, cmdstan, (columns.is_nuts, saves_warmup), id);
                ChainFile::create(folder.join(format!("{name}_{id}.csv")), &head, &names)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            columns,
            chains,
            folder: folder.to_path_buf(),
            saves_warmup,
        })
    }

    /// The step size of the first of `rows`.
    fn step_size(&self, rows: &Rows) -> f64 {
        let column = NUTS.iter().position(|(_, name)| *name == "step_size");
        column
            .and_then(|column| *self.columns.stats.get(column)?)
            .map_or(f64::NAN, |index| rows.stats[index])
    }

    /// Ends the warm-up of `chain`, with what it was told or else the step size that it goes on with.
    fn end_warmup(&mut self, chain: usize, step_size: f64) {
        if !self.columns.is_nuts || self.chains[chain].is_adapted() {
            return;
        }
        let unknown = (
            step_size,
            vec![f64::NAN; self.columns.n_quantities().max(1)],
        );
        let chain = &mut self.chains[chain];
        let (step_size, inverse_mass) = chain.adapted.clone().unwrap_or(unknown);
        chain.end_warmup(step_size, &inverse_mass);
    }
}

impl RowStore for CmdStanFiles {
    fn append(&mut self, rows: &Rows) -> Result<(), RecordError> {
        if rows.is_warmup && !self.saves_warmup {
            return Ok(());
        }
        if !rows.is_warmup {
            self.chains[rows.chain].start_sampling();
            self.end_warmup(rows.chain, self.step_size(rows));
        } else if self.chains[rows.chain].is_adapted() {
            return Err(RecordError::DrawRows {
                path: self.folder.clone(),
                chain: rows.chain,
                what: "a draw of the warm-up comes after the warm-up".into(),
            });
        }
        let (n_stats, n_quantities) = (self.columns.n_stats, self.columns.n_quantities());
        for row in 0..rows.n_rows {
            let stats = &rows.stats[row * n_stats..(row + 1) * n_stats];
            let values = &rows.values[row * n_quantities..(row + 1) * n_quantities];
            // What a sampler does not tell is 0, as in CmdStan's `fixed_param`.
            let of_sampler = self.columns.stats.iter();
            let of_sampler = of_sampler.map(|index| index.map_or(0.0, |index| stats[index]));
            let row = of_sampler.chain(values.iter().copied());
            self.chains[rows.chain].push(rows.is_warmup, row)?;
        }
        Ok(())
    }

    fn adapted(
        &mut self,
        chain: usize,
        step_size: f64,
        inverse_mass: &[f64],
    ) -> Result<(), RecordError> {
        self.chains[chain].adapted = Some((step_size, inverse_mass.to_vec()));
        Ok(())
    }

    fn commit(&mut self) -> Result<(), RecordError> {
        self.chains.iter_mut().try_for_each(ChainFile::flush)
    }

    fn finish(&mut self) -> Result<(), RecordError> {
        let least = |of: fn(&ChainFile) -> u64| self.chains.iter().map(of).min().unwrap_or(0);
        let n_warmup = least(|chain| chain.n_warmup);
        let is_level = self.chains.iter().all(|chain| chain.n_warmup == n_warmup);
        // Rows that come after a longer warm-up than another chain's are no draws of the same length.
        let n_samples = if is_level {
            least(|chain| chain.n_samples)
        } else {
            0
        };
        for chain in 0..self.chains.len() {
            self.chains[chain].cut(n_warmup, n_samples)?;
            self.end_warmup(chain, f64::NAN);
            self.chains[chain].finish(self.saves_warmup)?;
        }
        Ok(())
    }
}
