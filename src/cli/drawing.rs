//! Runs a sampler's chains: draws go to their file, points to whoever listens.

use std::path::PathBuf;
use std::time::Instant;

use switchback::core::{Series, Stop};
use switchback::infer::{Chains, ChainsSettings, Sampler, Target, drive};
use switchback::record::{DrawsFile, DrawsInfo, MethodInfo};

use super::dashboards;
use super::failure::Failure;
use super::listen::Listeners;
use super::rows::Cost;
use super::run::Run;

/// Chains that are to be run.
pub struct Drawing<'a> {
    /// The run that they belong to.
    pub run: &'a Run<'a>,
    /// The series.
    pub series: &'a Series,
    /// Name of the method, also that of its folder and file.
    pub method: &'a str,
    /// The sampler.
    pub sampler: Sampler,
    /// What is sampled.
    pub target: &'a Target,
    /// How many chains, how long.
    pub settings: ChainsSettings,
}

/// Chains that have ended.
pub struct Drew {
    /// Why.
    pub stop: Stop,
    /// What they cost.
    pub cost: Cost,
    /// Their part of the manifest.
    pub info: MethodInfo,
}

impl Drawing<'_> {
    /// What the file of draws says of them.
    pub fn info(&self) -> DrawsInfo<'_> {
        DrawsInfo {
            sampler: self.method,
            series: Some(self.series),
            num_warmup: self.settings.num_warmup as u64,
            num_samples: self.settings.num_samples as u64,
            save_warmup: self.settings.save_warmup,
            created_at: self.run.created_at(),
        }
    }

    /// The Zarr store of their draws, and its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn zarr(&self, chains: &Chains<'_>) -> Result<(PathBuf, DrawsFile), Failure> {
        let draws = self.run.folder().method_dir("draws")?;
        let path = draws.join(format!("{}.zarr", self.method));
        let file = DrawsFile::create(&path, chains.schema(), &self.info())?;
        Ok((path, file))
    }

    /// Runs `chains` to their end, or until a listener asks for it, and closes `file`.
    ///
    /// # Errors
    /// When the density or a listener fails.
    pub fn draw(
        &self,
        chains: &mut Chains<'_>,
        file: DrawsFile,
        listeners: &mut Listeners,
    ) -> Result<Drew, Failure> {
        let sampler = self.sampler.as_str();
        let settings = dashboards::of_chains(self.series, sampler, self.target, self.settings);
        listeners.tensorboard.add_settings(self.method, settings);
        listeners
            .tensorboard
            .expect_draws(self.method, chains.schema());
        listeners.draws = vec![file];
        let started = Instant::now();
        let stop = drive(chains, listeners)?;
        let seconds = started.elapsed().as_secs_f64();
        for file in listeners.draws.drain(..) {
            file.finish()?;
        }
        Ok(Drew {
            stop,
            cost: Cost {
                seconds,
                evaluations: chains.n_evaluations(),
            },
            info: MethodInfo {
                method: self.method.to_owned(),
                engine: "plain".to_owned(),
                device: "cpu".to_owned(),
                stop: Some(stop.to_string()),
                steps: chains.n_drawn() as u64,
                seconds,
            },
        })
    }
}
