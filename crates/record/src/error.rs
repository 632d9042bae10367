//! What can go wrong when a run is written or read.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a run could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A finished run has that name already.
    #[error("{} exists already; choose another name, or remove it first", path.display())]
    RunExists {
        /// Path of the run.
        path: PathBuf,
    },
    /// A run of that name was begun and never finished.
    #[error(
        "{} was left by a run that did not finish; what is in it can be read; choose another name, or remove it to run again",
        path.display()
    )]
    PartialExists {
        /// Path of the unfinished run.
        path: PathBuf,
    },
    /// The path does not end in a name that a run can have.
    #[error(
        "{} does not name a run; end the path in a plain name that does not end in .partial",
        path.display()
    )]
    RunName {
        /// The path.
        path: PathBuf,
    },
    /// The folder of a run cannot be made or written to.
    #[error("{} cannot be made and written to; choose a folder that is writable and has room", path.display())]
    Unwritable {
        /// Path of the run.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A name that becomes a file or folder of the run holds more than a plain name.
    #[error("{name:?} cannot be a file or folder of a run; use a plain name without separators")]
    EntryName {
        /// The name.
        name: String,
    },
    /// A file or folder of the run could not be written.
    #[error("{} could not be written; see that the disk has room and the folder still exists", path.display())]
    Write {
        /// Path of the file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("{} could not be read; see that it is a file of a run", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An event file holds what was never written as an event.
    #[error("{} is damaged {offset} bytes from its beginning; what comes before can be read, the rest has to be made again", path.display())]
    DamagedEvent {
        /// Path of the file.
        path: PathBuf,
        /// Bytes before the first damaged record.
        offset: u64,
    },
    /// A value cannot be written as JSON.
    #[error("{} could not be written as JSON; use text as the keys of its maps", path.display())]
    Encode {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with the value.
        source: serde_json::Error,
    },
    /// A file is not the JSON that was expected.
    #[error("{} is not what its name says; take it from a run again", path.display())]
    Decode {
        /// Path of the file.
        path: PathBuf,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// A manifest has a format that is not known.
    #[error("{} has format {found}, known is {known}; read it with the version that wrote it", path.display())]
    Format {
        /// Path of the manifest.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The format that can be read.
        known: u32,
    },
    /// An event file stopped taking events. The file ends in a whole event.
    #[error(
        "{} lost {lost} events; what is in it can be read; make room on the disk and run again",
        path.display()
    )]
    EventsLost {
        /// Path of the event file.
        path: PathBuf,
        /// Events handed over so far that are not in the file.
        lost: u64,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// An event cannot be encoded.
    #[error("an event of {} cannot be encoded; shorten its text", path.display())]
    Event {
        /// Path of the event file.
        path: PathBuf,
        /// What the encoder said.
        source: protobuf::ProtobufError,
    },
    /// A graph has two nodes of one name.
    #[error("the graph has two nodes {node:?}; give each its own name")]
    GraphDuplicate {
        /// Name of the nodes.
        node: String,
    },
    /// A graph's node reads a node that is not there.
    #[error("the graph's node {node:?} reads {input:?}, which is not in it; add that node")]
    GraphInput {
        /// Name of the node.
        node: String,
        /// Name of what it reads.
        input: String,
    },
    /// A method has points but was not started.
    #[error("method {method:?} under {} has not started, or has finished; start it once, before its first point", path.display())]
    NotStarted {
        /// Folder of the run.
        path: PathBuf,
        /// Name of the method.
        method: String,
    },
    /// A method started twice. Two writers in one folder would mix their curves.
    #[error("method {method:?} under {} has started before; give each start its own name", path.display())]
    StartedTwice {
        /// Folder of the run.
        path: PathBuf,
        /// Name of the method.
        method: String,
    },
    /// The steps of a method do not increase.
    #[error("{}: step {step} does not come after step {last}; log each step once, in order", path.display())]
    StepOrder {
        /// Path of the method's event file.
        path: PathBuf,
        /// The step.
        step: u64,
        /// The last step before it.
        last: u64,
    },
    /// A step is greater than an event file can hold.
    #[error("{}: step {step} is greater than an event file can hold; log steps below 2^63", path.display())]
    StepSize {
        /// Path of the method's event file.
        path: PathBuf,
        /// The step.
        step: u64,
    },
    /// A picture is not in a format that TensorBoard shows.
    #[error("{}: the picture {tag} is no PNG; TensorBoard shows PNG only", path.display())]
    NoPng {
        /// Path of the event file.
        path: PathBuf,
        /// Tag of the picture.
        tag: String,
    },
    /// There is something where draws are to be written.
    #[error("{} exists already; write the draws elsewhere, or remove it first", path.display())]
    DrawsExist {
        /// What is there.
        path: PathBuf,
    },
    /// A quantity or statistic has a name that it cannot have on the disk.
    #[error(
        "{name:?} cannot be a column of {}; give it a plain name that no other column has, other than chain and draw",
        path.display()
    )]
    ColumnName {
        /// Where the draws are to be written.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The log-likelihoods of a draw are not one an observation.
    #[error(
        "{}: {n_pointwise} log-likelihoods a draw, but the series has {n_observed} observations in {len} rows; give one for each of either",
        path.display()
    )]
    Pointwise {
        /// Where the draws are to be written.
        path: PathBuf,
        /// Log-likelihoods of a draw.
        n_pointwise: usize,
        /// Observations that are not missing.
        n_observed: usize,
        /// Rows of the series, missing ones included.
        len: usize,
    },
    /// Rows of draws are not what they were said to be.
    #[error("chain {chain} of {}: {what}; hand over rows of the schema that the draws were begun with", path.display())]
    DrawRows {
        /// Where the draws are written.
        path: PathBuf,
        /// The chain.
        chain: usize,
        /// What is wrong with them.
        what: String,
    },
    /// A chunk of draws cannot be encoded.
    #[error("{} could not be encoded", path.display())]
    DrawsEncode {
        /// Path of the chunk or array.
        path: PathBuf,
        /// What the encoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Draws are no longer written, since a write failed.
    #[error("{} takes no more draws since a write failed; what is in it can be read", path.display())]
    DrawsEnded {
        /// Where the draws were written.
        path: PathBuf,
    },
    /// There are no draws in a place.
    #[error("{} holds no draws: {what}; name a run, a Zarr store in ArviZ's layout, or CmdStan's CSV files", path.display())]
    NoDraws {
        /// The place.
        path: PathBuf,
        /// What was looked for.
        what: String,
    },
    /// There are the draws of several samplers in a place.
    #[error("{} holds several draws: {}; name one of them", path.display(), found.join(", "))]
    SeveralDraws {
        /// The place.
        path: PathBuf,
        /// What is there.
        found: Vec<String>,
    },
    /// Draws on the disk contradict themselves.
    #[error("{}: {what}; write the draws again", path.display())]
    DrawsBroken {
        /// Path of the file or array.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A line of a CSV file is no draw.
    #[error("{}, line {line}: {what}; restore or remove that line", path.display())]
    DrawsLine {
        /// Path of the file.
        path: PathBuf,
        /// 1-based number of the line.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// An array was written in a way that is not read here.
    #[error(
        "{} cannot be decoded: arrays that are not compressed, or by gzip or zlib, can be read, by blosc or zstd they cannot; \
         write it again so, as xarray's to_zarr does with encoding={{name: {{\"compressors\": None}}}}",
        path.display()
    )]
    DrawsDecode {
        /// Path of the array.
        path: PathBuf,
        /// What the decoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Draws do not have a quantity.
    #[error("{} has no {name:?}; there are {}", path.display(), known.join(", "))]
    UnknownQuantity {
        /// Where the draws are.
        path: PathBuf,
        /// The name asked for.
        name: String,
        /// Names that there are.
        known: Vec<String>,
    },
}
