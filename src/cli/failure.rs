//! What ends a command, and with which exit code.

use std::fmt;
use std::io;

use switchback::infer::InferError;
use switchback::models::ModelError;
use switchback::record::RecordError;
use switchback::report::ReportError;
use switchback::summary::SummaryError;
use switchback::tensor::{DeviceError, NotOnTensors};

use crate::input::InputError;

/// Usage, configuration or input.
const USAGE: u8 = 2;
/// The command could not be finished: a full disk, a device that failed, a fault of the program.
const INTERNAL: u8 = 70;

/// A command that could not do what was asked.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    error: anyhow::Error,
}

impl Failure {
    /// What was asked makes no sense, or cannot be done with this input.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: USAGE,
            error: error.into(),
        }
    }

    /// Something failed on the way.
    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self {
            code: INTERNAL,
            error: error.into(),
        }
    }

    /// Its exit code.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Whether it is only that nobody reads the output any more.
    pub fn is_broken_pipe(&self) -> bool {
        self.error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        let mut said = self.error.to_string();
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            // A message that quotes its cause is not followed by it.
            if !said.contains(&cause) {
                write!(f, "\n  because: {cause}")?;
                said = cause;
            }
        }
        Ok(())
    }
}

macro_rules! usage {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::usage(error)
            }
        })+
    };
}

usage!(InputError, ModelError, DeviceError, NotOnTensors);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::internal(error)
    }
}

impl From<InferError> for Failure {
    fn from(error: InferError) -> Self {
        match error {
            InferError::Model(_)
            | InferError::Setting { .. }
            | InferError::Ascent(_)
            | InferError::Start(_)
            | InferError::StartName { .. }
            | InferError::StartDensity { .. }
            | InferError::StartGradient { .. }
            | InferError::FlatEnsemble { .. }
            | InferError::NoStart { .. }
            | InferError::Pair { .. }
            | InferError::NoReferee
            | InferError::Diagnostics(_) => Self::usage(error),
            _ => Self::internal(error),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Record(error) => error.into(),
            ReportError::NoRun { .. } => Self::usage(error),
            error => Self::internal(error),
        }
    }
}

impl From<SummaryError> for Failure {
    fn from(error: SummaryError) -> Self {
        match error {
            SummaryError::Record(error) => error.into(),
            SummaryError::Infer(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::RunExists { .. }
            | RecordError::PartialExists { .. }
            | RecordError::RunName { .. }
            | RecordError::Unwritable { .. }
            | RecordError::Read { .. }
            | RecordError::NoDraws { .. }
            | RecordError::SeveralDraws { .. }
            | RecordError::DrawsBroken { .. }
            | RecordError::DrawsLine { .. }
            | RecordError::DrawsDecode { .. } => Self::usage(error),
            _ => Self::internal(error),
        }
    }
}
