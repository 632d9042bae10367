//! What a run folder holds, as a page needs it.

use std::path::{Path, PathBuf};

use switchback_record::{
    Comparison, EventTail, Exhibits, Manifest, RecordError, StoredDraws, draws_in,
};

use crate::ReportError;

/// Most points of a curve: more are not seen.
const MOST_POINTS: usize = 600;

/// One run.
pub(super) struct RunRecord {
    /// The last part of its folder's name.
    pub name: String,
    /// Before the names of methods where several runs are on the page.
    prefix: String,
    folder: PathBuf,
    /// None of a run that was not finished.
    pub manifest: Option<Manifest>,
    pub comparison: Comparison,
    pub exhibits: Option<Exhibits>,
}

/// The curve of one method.
pub(super) struct Curve {
    pub method: String,
    pub steps: Vec<f64>,
    pub values: Vec<f64>,
}

impl RunRecord {
    pub fn read(folder: &Path, is_among_several: bool) -> Result<Self, ReportError> {
        let path = folder.join("comparison.json");
        if !path.is_file() {
            return Err(ReportError::NoRun {
                path: folder.to_path_buf(),
            });
        }
        let manifest = folder.join("manifest.json");
        let manifest = manifest.is_file().then(|| Manifest::read(&manifest));
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let name = name.to_string_lossy();
        let name = name.strip_suffix(".partial").unwrap_or(&name).to_owned();
        Ok(Self {
            prefix: if is_among_several {
                format!("{name}: ")
            } else {
                String::new()
            },
            name,
            comparison: Comparison::read(path)?,
            exhibits: Exhibits::read(folder)?,
            manifest: manifest.transpose()?,
            folder: folder.to_path_buf(),
        })
    }

    /// Name of the series.
    pub fn series(&self) -> &str {
        &self.comparison.series
    }

    /// What a method is called on the page.
    pub fn called(&self, method: &str) -> String {
        format!("{}{method}", self.prefix)
    }

    /// The curve of `tag` of every method that logged it.
    pub fn curves(&self, tag: &str) -> Result<Vec<Curve>, RecordError> {
        let mut curves = Vec::new();
        for row in &self.comparison.rows {
            let (mut steps, mut values) = (Vec::new(), Vec::new());
            for mut tail in EventTail::in_folder(&self.folder.join(&row.method))? {
                for point in tail.read()? {
                    let found = point.scalars.iter().find(|(of, _)| of == tag);
                    if let Some((_, value)) = found {
                        steps.push(point.step as f64);
                        values.push(*value);
                    }
                }
            }
            if steps.len() > 1 {
                let stride = steps.len().div_ceil(MOST_POINTS);
                let last = steps.len() - 1;
                let is_kept = |index: usize| index.is_multiple_of(stride) || index == last;
                let kept = |all: Vec<f64>| {
                    let kept = all
                        .into_iter()
                        .enumerate()
                        .filter(|(index, _)| is_kept(*index));
                    kept.map(|(_, value)| value).collect()
                };
                curves.push(Curve {
                    method: row.method.clone(),
                    steps: kept(steps),
                    values: kept(values),
                });
            }
        }
        Ok(curves)
    }

    /// The draws of every sampler that left some, under its name.
    pub fn draws(&self) -> Result<Vec<(String, StoredDraws)>, RecordError> {
        let folder = self.folder.join("draws");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        for paths in draws_in(&folder)? {
            let draws = StoredDraws::open_all(&paths)?;
            let file = paths.first().and_then(|path| path.file_stem());
            let file = file.map(|stem| stem.to_string_lossy().into_owned());
            let sampler = draws.sampler().map(str::to_owned);
            // A row of the comparison tells which name is meant.
            let is_method =
                |name: &String| self.comparison.rows.iter().any(|row| row.method == *name);
            let name = [file.clone(), sampler.clone()]
                .into_iter()
                .flatten()
                .find(is_method);
            let name = name.or(sampler).or(file).unwrap_or_default();
            all.push((name, draws));
        }
        Ok(all)
    }
}
