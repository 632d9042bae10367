//! What TensorBoard's other tabs show: images, settings with their outcome, and charts of one's own.

use std::collections::HashMap;

use jiff::Timestamp;
use protobuf::Message;
use protobuf::well_known_types::Value;
use tensorboard_proto::api::{
    DataType as SettingType, Experiment, HParamInfo, MetricInfo, MetricName, Status,
};
use tensorboard_proto::layout::{
    Category, Chart as ChartMessage, Layout, MarginChartContent, MarginChartContent_Series,
    MultilineChartContent,
};
use tensorboard_proto::plugin_hparams::{HParamsPluginData, SessionEndInfo, SessionStartInfo};
use tensorboard_proto::summary::{Summary_Image, Summary_Value};
use tensorboard_proto::tensor::TensorProto;
use tensorboard_proto::tensor_shape::{TensorShapeProto, TensorShapeProto_Dim};
use tensorboard_proto::types::DataType;

use super::{EventFile, plugin_value, string_tensor};
use crate::RecordError;

/// What every PNG begins with; the width and the height, four bytes each, follow at byte 16.
const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Colours of red, green and blue, without transparency.
const RGB: i32 = 3;

/// A setting of a method, as the HPARAMS tab lists and sorts it.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
    /// Whether something is on.
    Flag(bool),
}

/// A chart of the CUSTOM SCALARS tab, over all the runs that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chart {
    /// A line for each of the tags and runs.
    Lines {
        /// Its heading.
        title: String,
        /// The tags, whole.
        tags: Vec<String>,
    },
    /// A line between two others, the space between them filled.
    Margin {
        /// Its heading.
        title: String,
        /// Tag of the line.
        value: String,
        /// Tag of what lies below it.
        lower: String,
        /// Tag of what lies above it.
        upper: String,
    },
}

impl EventFile {
    /// Records the picture `png` under `tag` at `step`, for the Images tab.
    ///
    /// # Errors
    /// When `png` is none, or events were lost.
    pub fn image(&mut self, tag: &str, step: i64, png: &[u8]) -> Result<(), RecordError> {
        let size = |at: usize| {
            let bytes = png.get(at..at + 4)?.try_into().ok()?;
            i32::try_from(u32::from_be_bytes(bytes)).ok()
        };
        let (true, Some(width), Some(height)) =
            (png.starts_with(&PNG_SIGNATURE), size(16), size(20))
        else {
            return Err(RecordError::NoPng {
                path: self.path().to_path_buf(),
                tag: tag.to_owned(),
            });
        };
        let mut image = Summary_Image::new();
        image.set_width(width);
        image.set_height(height);
        image.set_colorspace(RGB);
        image.set_encoded_image_string(png.to_vec());
        let mut entry = Summary_Value::new();
        entry.set_tag(tag.to_owned());
        entry.set_image(image);
        self.submit_summary(step, vec![entry])
    }

    /// Says which `settings` the HPARAMS tab has a column for, and under which tags a run logs what became of it.
    ///
    /// The tab takes the first such record that it finds in any run, so all runs that it is to compare say the same.
    ///
    /// # Errors
    /// When events were lost.
    pub fn hparams_table(
        &mut self,
        settings: &[(&str, Setting)],
        outcomes: &[&str],
    ) -> Result<(), RecordError> {
        let settings = settings.iter().map(|(name, like)| {
            let mut info = HParamInfo::new();
            info.set_name((*name).to_owned());
            info.set_field_type(like.field_type());
            info
        });
        let outcomes = outcomes.iter().map(|tag| {
            let mut name = MetricName::new();
            name.set_tag((*tag).to_owned());
            let mut info = MetricInfo::new();
            info.set_name(name);
            info
        });
        let mut experiment = Experiment::new();
        experiment.set_hparam_infos(settings.collect());
        experiment.set_metric_infos(outcomes.collect());
        let mut data = HParamsPluginData::new();
        data.set_experiment(experiment);
        self.hparams("_hparams_/experiment", &data)
    }

    /// Says that a method begins at `began` with `settings`: a row of the HPARAMS tab.
    ///
    /// # Errors
    /// When events were lost.
    pub fn hparams_start(
        &mut self,
        settings: &[(&str, Setting)],
        began: Timestamp,
    ) -> Result<(), RecordError> {
        let mut session = SessionStartInfo::new();
        let values: HashMap<String, Value> = settings
            .iter()
            .map(|(name, setting)| ((*name).to_owned(), setting.to_value()))
            .collect();
        session.set_hparams(values);
        session.set_start_time_secs(seconds(began));
        let mut data = HParamsPluginData::new();
        data.set_session_start_info(session);
        self.hparams("_hparams_/session_start_info", &data)
    }

    /// Says that the method of [`Self::hparams_start`] ended at `ended`, as it should or by force.
    ///
    /// # Errors
    /// When events were lost.
    pub fn hparams_end(&mut self, is_complete: bool, ended: Timestamp) -> Result<(), RecordError> {
        let mut session = SessionEndInfo::new();
        session.set_status(if is_complete {
            Status::STATUS_SUCCESS
        } else {
            Status::STATUS_FAILURE
        });
        session.set_end_time_secs(seconds(ended));
        let mut data = HParamsPluginData::new();
        data.set_session_end_info(session);
        self.hparams("_hparams_/session_end_info", &data)
    }

    /// Lays out the CUSTOM SCALARS tab: each category with its charts. Once a run, in its own folder.
    ///
    /// # Errors
    /// When events were lost.
    pub fn layout(&mut self, categories: &[(&str, Vec<Chart>)]) -> Result<(), RecordError> {
        let categories = categories.iter().map(|(title, charts)| {
            let mut category = Category::new();
            category.set_title((*title).to_owned());
            category.set_chart(charts.iter().map(Chart::to_message).collect());
            category
        });
        let mut layout = Layout::new();
        layout.set_category(categories.collect());
        let layout = string_tensor(self.encode(&layout)?);
        let entry = plugin_value("custom_scalars__config__", "custom_scalars", vec![], layout);
        self.submit_summary(0, vec![entry])
    }

    fn hparams(&mut self, tag: &str, data: &impl Message) -> Result<(), RecordError> {
        let content = self.encode(data)?;
        let entry = plugin_value(tag, "hparams", content, nothing());
        self.submit_summary(0, vec![entry])
    }
}

impl Setting {
    fn field_type(&self) -> SettingType {
        match self {
            Self::Number(_) => SettingType::DATA_TYPE_FLOAT64,
            Self::Text(_) => SettingType::DATA_TYPE_STRING,
            Self::Flag(_) => SettingType::DATA_TYPE_BOOL,
        }
    }

    fn to_value(&self) -> Value {
        let mut value = Value::new();
        match self {
            Self::Number(number) => value.set_number_value(*number),
            Self::Text(text) => value.set_string_value(text.clone()),
            Self::Flag(flag) => value.set_bool_value(*flag),
        }
        value
    }
}

impl Chart {
    fn to_message(&self) -> ChartMessage {
        let mut chart = ChartMessage::new();
        match self {
            Self::Lines { title, tags } => {
                chart.set_title(title.clone());
                let mut lines = MultilineChartContent::new();
                // Tags are matched by regular expressions, from their beginning.
                lines.set_tag(tags.iter().map(|tag| exactly(tag)).collect());
                chart.set_multiline(lines);
            }
            Self::Margin {
                title,
                value,
                lower,
                upper,
            } => {
                chart.set_title(title.clone());
                let mut series = MarginChartContent_Series::new();
                series.set_value(value.clone());
                series.set_lower(lower.clone());
                series.set_upper(upper.clone());
                let mut margin = MarginChartContent::new();
                margin.set_series(vec![series].into());
                chart.set_margin(margin);
            }
        }
        chart
    }
}

/// A regular expression that only `tag` matches.
fn exactly(tag: &str) -> String {
    let mut pattern = String::with_capacity(tag.len() + 2);
    for character in tag.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('$');
    pattern
}

/// Seconds since 1970.
fn seconds(time: Timestamp) -> f64 {
    time.as_nanosecond() as f64 * 1e-9
}

/// A tensor without elements: these records are all metadata.
fn nothing() -> TensorProto {
    let mut shape = TensorShapeProto::new();
    shape.mut_dim().push(TensorShapeProto_Dim::new());
    let mut tensor = TensorProto::new();
    tensor.set_dtype(DataType::DT_FLOAT);
    tensor.set_tensor_shape(shape);
    tensor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn what_is_no_png_is_refused() {
        let scratch = Scratch::new();
        let mut file = EventFile::create(scratch.path()).expect("a new file");
        let cut_short = [&PNG_SIGNATURE[..], &[0; 15]].concat();
        for bytes in [&b"<svg/>"[..], b"", &cut_short] {
            let outcome = file.image("fit", 0, bytes);
            assert!(matches!(outcome, Err(RecordError::NoPng { .. })));
        }
        file.close().expect("nothing was recorded");
    }

    #[test]
    fn a_tag_is_matched_whole() {
        assert_eq!(exactly("mcmc/r_hat"), "mcmc/r_hat$");
        assert_eq!(exactly("a.b[1]"), r"a\.b\[1\]$");
    }
}
