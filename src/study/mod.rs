//! A model of one's own, taken through everything: tops, Laplace's Gaussian, chains, their judgement, figures, TensorBoard and a
//! run folder.
//!
//! ```no_run
//! use switchback::core::Support;
//! use switchback::models::custom::{Declaration, Distribution};
//! use switchback::study::{Study, StudySettings};
//! use switchback::tensor::custom::{TensorModel, density};
//! use switchback::tensor::{DeviceName, OpenDevice};
//!
//! let device = OpenDevice::open(DeviceName::Flex)?;
//! let declaration = Declaration::new("one mean")
//!     .parameter("mu", Support::Real, Distribution::normal(0.0, 10.0))
//!     .data("y", &[1.2, 0.7, 2.1]);
//! let model = TensorModel::new(declaration, &device, |of| {
//!     density::normal(of.get("mu"), 1.0).log_density(of.data("y")).sum()
//! })?;
//! let mut study = Study::begin(&model, StudySettings::default())?;
//! let map = study.map(16)?;
//! let nuts = study.sample(switchback::study::nuts(), Default::default())?;
//! println!("{} {}", map.values[0], nuts.mean("mu"));
//! let folder = study.end()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod draw;
mod error;
mod found;

use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::core::{Event, Flow, Sink, SinkResult, stream};
use crate::infer::{
    ChainsSettings, InferError, Laplace, LaplaceSummary, NutsSettings, Sampler, Top, TopsClimb,
    drive,
};
use crate::models::custom::CustomModel;
use crate::record::{
    Comparison, EventFile, Manifest, MethodInfo, Platform, Row, RunFolder, Setting, Status,
    TensorBoardSink, run_path,
};
use crate::report::Figure;
use crate::report::page::page;

pub use error::StudyError;
pub use found::Sampled;

/// Where a run goes, and its seed.
#[derive(Debug, Clone, Default)]
pub struct StudySettings {
    /// Folder of the run, which must not exist yet; by default one under `runs/`, by the model and the moment.
    pub run_dir: Option<PathBuf>,
    /// Seed of every random stream.
    pub seed: u64,
}

/// NUTS with its usual settings.
pub fn nuts() -> Sampler {
    Sampler::Nuts(NutsSettings::default())
}

/// A run of a model of one's own, on its way.
///
/// What the methods find is kept in the run folder as it comes: one TensorBoard run and one row of `comparison.json` a method,
/// draws as Zarr, figures as SVG and PNG. [`Self::text`] says it in words and tables.
pub struct Study<'a> {
    model: &'a dyn CustomModel,
    folder: RunFolder,
    seed: u64,
    created_at: Timestamp,
    listeners: Listeners<'a>,
    methods: Vec<MethodInfo>,
    rows: Vec<Row>,
    settings: Map<String, Value>,
    is_trusted: bool,
    text: String,
}

/// Who hears of it.
struct Listeners<'a> {
    tensorboard: TensorBoardSink,
    draws: Vec<crate::record::DrawsFile>,
    others: Vec<Box<dyn Sink + 'a>>,
}

impl Sink for Listeners<'_> {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        let mut flow = self.tensorboard.record(event)?;
        let draws = self.draws.iter_mut().map(|file| file as &mut dyn Sink);
        let others = self
            .others
            .iter_mut()
            .map(|sink| &mut **sink as &mut dyn Sink);
        for sink in draws.chain(others) {
            if sink.record(event)? == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        Ok(flow)
    }
}

impl<'a> Study<'a> {
    /// A run of `model`; its folder is there from now on, and complete once it [ends](Self::end).
    ///
    /// # Errors
    /// When there is such a run, or its folder cannot be written to.
    pub fn begin(model: &'a dyn CustomModel, settings: StudySettings) -> Result<Self, StudyError> {
        let created_at = Timestamp::now();
        let folder = RunFolder::create(
            settings
                .run_dir
                .unwrap_or_else(|| run_path(model.declared().model(), created_at)),
        )?;
        Ok(Self {
            listeners: Listeners {
                tensorboard: TensorBoardSink::new(folder.path()),
                draws: Vec::new(),
                others: Vec::new(),
            },
            model,
            folder,
            seed: settings.seed,
            created_at,
            methods: Vec::new(),
            rows: Vec::new(),
            settings: Map::new(),
            is_trusted: true,
            text: String::new(),
        })
    }

    /// Has `sink` hear of every method from now on; it may end the run.
    pub fn listen(&mut self, sink: impl Sink + 'a) {
        self.listeners.others.push(Box::new(sink));
    }

    /// The most probable values: the highest top of the density over the values, without the Jacobian of the transforms, by
    /// L-BFGS from `n_starts` draws from the priors.
    ///
    /// # Errors
    /// When the model has no gradient or no start, the density fails, or the run was ended.
    pub fn map(&mut self, n_starts: usize) -> Result<Top, StudyError> {
        let target = self.model.over_values();
        let target = target.ok_or_else(|| self.no_gradient("map"))?;
        let tops = self.climb("map", target, n_starts)?;
        self.text += &found::map_text(self.model, &tops, n_starts);
        let top = tops[0].clone();
        let mut log_likelihood = [f64::NAN];
        self.model
            .log_likelihood(&top.position, &mut log_likelihood)
            .map_err(InferError::from)?;
        let names = self.model.declared().names();
        if let Some(row) = self.rows.last_mut() {
            row.estimate = names
                .iter()
                .cloned()
                .zip(top.values.iter().copied())
                .collect();
            row.log_likelihood = Some(log_likelihood[0]).filter(|value| value.is_finite());
        }
        Ok(top)
    }

    /// Laplace's Gaussian at the highest top of the density over unconstrained positions, found from `n_starts` draws from the
    /// priors and weighed against the density by 10,000 draws.
    ///
    /// # Errors
    /// As [`Self::map`], and where the density does not fall off in every direction.
    pub fn laplace(&mut self, n_starts: usize) -> Result<LaplaceSummary, StudyError> {
        let target = self.model.gradient();
        let target = target.ok_or_else(|| self.no_gradient("laplace"))?;
        let tops = self.climb("laplace", target, n_starts)?;
        let laplace = Laplace::at(target, &tops[0].position)?;
        let mut rng = stream(self.seed, u64::MAX - 1);
        let summary = laplace.summary(target, 10_000, &mut rng)?;
        self.text += &found::laplace_text(&summary);
        if let Some(row) = self.rows.last_mut() {
            let of = |value: fn(&crate::infer::LaplaceRow) -> f64| {
                let rows = summary.rows.iter();
                rows.map(|row| (row.name.clone(), value(row))).collect()
            };
            row.estimate = of(|row| row.value);
            row.sd = of(|row| row.standard_error);
            row.advice = Some(found::pareto_advice(summary.pareto_k));
        }
        Ok(summary)
    }

    /// Chains of `sampler`, judged and kept; each start is a draw from the priors. The seed and the streams of `settings` are the
    /// run's own.
    ///
    /// # Errors
    /// When the sampler cannot sample the model, a chain finds no start, or the density or a file fails.
    pub fn sample(
        &mut self,
        sampler: Sampler,
        settings: ChainsSettings,
    ) -> Result<Sampled, StudyError> {
        draw::sample(self, sampler, settings)
    }

    /// Draws `figure` to `figures/NAME.svg` and `figures/NAME.png` of the run, light and dark.
    ///
    /// # Errors
    /// When it cannot be drawn or written.
    pub fn figure(&self, name: &str, figure: &Figure) -> Result<(), StudyError> {
        figure.save(&self.folder.method_dir("figures")?, name)?;
        Ok(())
    }

    /// The run's folder, for files of other kinds.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// What was found so far, in words and tables.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Writes the comparison, what was found, the manifest and `report.html`, gives the folder its final name and returns that.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn end(self) -> Result<PathBuf, StudyError> {
        self.listeners.tensorboard.close()?;
        let lines: Vec<String> = crate::text::plain(&self.text)
            .lines()
            .map(|line| format!("    {line}"))
            .collect();
        let mut events = EventFile::create(self.folder.path())?;
        events.text("verdict", 0, &lines.join("\n"))?;
        events.close()?;
        let declared = self.model.declared();
        let comparison = Comparison {
            series: declared.data_names().join(", "),
            model: declared.model().to_owned(),
            rows: self.rows,
            exact: None,
        };
        self.folder.write_json("comparison.json", &comparison)?;
        let name = self.folder.final_path().file_name().unwrap_or_default();
        let priors = declared.names().iter().zip(declared.priors());
        let priors: Map<String, Value> = priors
            .map(|(name, prior)| (name.clone(), json!(prior.to_string())))
            .collect();
        let manifest = Manifest {
            format: Manifest::FORMAT,
            name: name.to_string_lossy().into_owned(),
            command: std::env::args_os()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            created_at: self.created_at,
            finished_at: Timestamp::now(),
            status: Status::Complete,
            is_trusted: Some(self.is_trusted),
            switchback: env!("CARGO_PKG_VERSION").to_owned(),
            series: None,
            settings: self.settings,
            seed: self.seed,
            prior: priors.into(),
            methods: self.methods,
            platform: Platform::current(),
        };
        // The page tells of the manifest as well.
        self.folder.write_json("manifest.json", &manifest)?;
        let page = page(&[self.folder.path().to_path_buf()])?;
        self.folder.write_text("report.html", &page)?;
        Ok(self.folder.finish(&manifest)?)
    }

    fn no_gradient(&self, method: &'static str) -> InferError {
        InferError::NoGradient {
            method,
            model: self.model.declared().model().to_owned(),
        }
    }

    /// Climbs `target` from draws from the priors; the tops, never none.
    fn climb(
        &mut self,
        method: &str,
        target: &dyn crate::core::Gradient,
        n_starts: usize,
    ) -> Result<Vec<Top>, StudyError> {
        let declared = self.model.declared();
        let mut rng = stream(self.seed, 0);
        let mut starts = Vec::new();
        for _ in 0..n_starts.max(1) {
            let start = declared.find_start(self.model, &mut rng);
            starts.extend(start.map_err(InferError::from)?);
        }
        let settings = [
            ("method", Setting::Text("lbfgs".to_owned())),
            ("starts", Setting::Number(n_starts as f64)),
        ];
        self.expect(method, settings.to_vec());
        let started = Instant::now();
        let mut climb = TopsClimb::new(method, target, &starts)?;
        let stop = drive(&mut climb, &mut self.listeners)?;
        let seconds = started.elapsed().as_secs_f64();
        let evaluations = climb.n_evaluations();
        let steps = climb.steps();
        let tops = climb.into_tops();
        if tops.is_empty() {
            return Err(StudyError::NoTop {
                model: declared.model().to_owned(),
                n_starts,
            });
        }
        self.keep(method, stop.as_str(), steps, seconds);
        self.rows.push(Row {
            stop: Some(stop.to_string()),
            seconds: Some(seconds),
            evaluations: Some(evaluations),
            ..self.empty_row(method)
        });
        Ok(tops)
    }

    /// TensorBoard's settings of `method`.
    fn expect(&mut self, method: &str, settings: Vec<(&str, Setting)>) {
        let (engine, device) = self.model.engine();
        let own = [
            (
                "model",
                Setting::Text(self.model.declared().model().to_owned()),
            ),
            ("engine", Setting::Text(engine.to_owned())),
            ("device", Setting::Text(device)),
            ("seed", Setting::Number(self.seed as f64)),
        ];
        let settings = settings.into_iter().chain(own);
        let settings = settings.map(|(name, setting)| (name.to_owned(), setting));
        self.listeners
            .tensorboard
            .add_settings(method, settings.collect());
    }

    fn empty_row(&self, method: &str) -> Row {
        let (engine, device) = self.model.engine();
        Row {
            method: method.to_owned(),
            engine: engine.to_owned(),
            device,
            ..Row::default()
        }
    }

    fn keep(&mut self, method: &str, stop: &str, steps: u64, seconds: f64) {
        let (engine, device) = self.model.engine();
        self.methods.push(MethodInfo {
            method: method.to_owned(),
            engine: engine.to_owned(),
            device,
            stop: Some(stop.to_owned()),
            steps,
            seconds,
        });
    }
}
