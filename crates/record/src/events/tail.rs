//! Reads the scalars of an event file, also of one that is still being written.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use protobuf::wire_format::WireType;
use protobuf::{CodedInputStream, ProtobufResult};
use tensorboard_rs::masked_crc32c::masked_crc32c;

use crate::RecordError;

/// Bytes before a record's payload: its length and that number's checksum.
const HEAD: usize = 12;
/// Bytes after it: its checksum.
const FOOT: usize = 4;
/// The longest record that is believed: pictures are well below it.
const LONGEST: u64 = 1 << 30;
/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// The values of one step of a method.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedPoint {
    /// The step.
    pub step: u64,
    /// Tags and values, as single-precision numbers have them.
    pub scalars: Vec<(String, f64)>,
}

/// An event file that is read from its beginning on, as far as it is written.
#[derive(Debug)]
pub struct EventTail {
    path: PathBuf,
    file: File,
    /// What has been read and is no whole record yet.
    rest: Vec<u8>,
    /// Where in the file that begins.
    offset: u64,
}

impl EventTail {
    /// The event files in `folder`, in the order of their names, which is that of their making; none where there is no
    /// such folder.
    ///
    /// # Errors
    /// When the folder or a file cannot be read.
    pub fn in_folder(folder: &Path) -> Result<Vec<Self>, RecordError> {
        let failed = |source| RecordError::Read {
            path: folder.to_path_buf(),
            source,
        };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.contains("tfevents") {
                paths.push(entry.path());
            }
        }
        paths.sort();
        paths.into_iter().map(Self::open).collect()
    }

    /// The event file at `path`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RecordError> {
        let path = path.into();
        match File::open(&path) {
            Ok(file) => Ok(Self {
                path,
                file,
                rest: Vec::new(),
                offset: 0,
            }),
            Err(source) => Err(RecordError::Read { path, source }),
        }
    }

    /// The points that have come whole into the file since the last call.
    ///
    /// # Errors
    /// When the file cannot be read, or a record is damaged.
    pub fn read(&mut self) -> Result<Vec<LoggedPoint>, RecordError> {
        let mut points = Vec::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let n = match self.file.read(&mut chunk) {
                Ok(0) => return Ok(points),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let path = self.path.clone();
                    return Err(RecordError::Read { path, source });
                }
            };
            self.rest.extend_from_slice(&chunk[..n]);
            self.take_records(&mut points)?;
        }
    }

    /// Moves the whole records of what was read to `points`.
    fn take_records(&mut self, points: &mut Vec<LoggedPoint>) -> Result<(), RecordError> {
        let mut begin = 0;
        while let Some(payload) =
            whole_record(&self.rest[begin..]).map_err(|()| self.damaged(begin))?
        {
            points.extend(point(payload).map_err(|_| self.damaged(begin))?);
            begin += HEAD + payload.len() + FOOT;
        }
        self.rest.drain(..begin);
        self.offset += begin as u64;
        Ok(())
    }

    fn damaged(&self, begin: usize) -> RecordError {
        RecordError::DamagedEvent {
            path: self.path.clone(),
            offset: self.offset + begin as u64,
        }
    }
}

/// The payload of the record that `bytes` begin with, once all of it is there.
fn whole_record(bytes: &[u8]) -> Result<Option<&[u8]>, ()> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let [l0, l1, l2, l3, l4, l5, l6, l7, checksum @ ..] = *head;
    let length = [l0, l1, l2, l3, l4, l5, l6, l7];
    check(&length, checksum)?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST {
        return Err(());
    }
    // At most 2^30, which fits.
    let Some((payload, rest)) = rest.split_at_checked(length as usize) else {
        return Ok(None);
    };
    let Some(checksum) = rest.first_chunk::<FOOT>() else {
        return Ok(None);
    };
    check(payload, *checksum)?;
    Ok(Some(payload))
}

fn check(bytes: &[u8], checksum: [u8; FOOT]) -> Result<(), ()> {
    (masked_crc32c(bytes) == u32::from_le_bytes(checksum))
        .then_some(())
        .ok_or(())
}

/// The scalars of an encoded event; nothing where it has none.
///
/// Fields are read one by one, not by the generated parser: that one follows nested groups of unknown fields as deep as a
/// file has them (RUSTSEC-2024-0437).
fn point(event: &[u8]) -> ProtobufResult<Option<LoggedPoint>> {
    // `Event`: step is field 2, summary field 5.
    let (mut step, mut scalars) = (0, Vec::new());
    each_field(event, |field, input| match field {
        (2, WireType::WireTypeVarint) => {
            step = input.read_uint64()?;
            Ok(())
        }
        (5, WireType::WireTypeLengthDelimited) => {
            // `Summary`: each value is a field 1.
            each_field(&input.read_bytes()?, |field, input| match field {
                (1, WireType::WireTypeLengthDelimited) => {
                    scalars.extend(scalar(&input.read_bytes()?)?);
                    Ok(())
                }
                (_, wire_type) => skip(wire_type, input),
            })
        }
        (_, wire_type) => skip(wire_type, input),
    })?;
    Ok((!scalars.is_empty()).then_some(LoggedPoint { step, scalars }))
}

/// Tag and value of an encoded `Summary.Value`, if that is a scalar.
fn scalar(value: &[u8]) -> ProtobufResult<Option<(String, f64)>> {
    let (mut tag, mut number) = (String::new(), None);
    each_field(value, |field, input| match field {
        (1, WireType::WireTypeLengthDelimited) => {
            tag = input.read_string()?;
            Ok(())
        }
        (2, WireType::WireTypeFixed32) => {
            number = Some(f64::from(input.read_float()?));
            Ok(())
        }
        (_, wire_type) => skip(wire_type, input),
    })?;
    Ok(number.map(|number| (tag, number)))
}

/// Calls `read` for each field of an encoded `message`, with its number and wire type.
fn each_field(
    message: &[u8],
    mut read: impl FnMut((u32, WireType), &mut CodedInputStream<'_>) -> ProtobufResult<()>,
) -> ProtobufResult<()> {
    let mut input = CodedInputStream::from_bytes(message);
    while !input.eof()? {
        read(input.read_tag_unpack()?, &mut input)?;
    }
    Ok(())
}

/// Passes over a field; groups, which no event has, are refused.
fn skip(wire_type: WireType, input: &mut CodedInputStream<'_>) -> ProtobufResult<()> {
    match wire_type {
        WireType::WireTypeStartGroup | WireType::WireTypeEndGroup => {
            Err(protobuf::ProtobufError::WireError(
                protobuf::error::WireError::UnexpectedWireType(wire_type),
            ))
        }
        other => input.skip_field(other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::EventFile;
    use crate::scratch::Scratch;

    /// The bytes of an event file with three points and a text.
    fn written(scratch: &Scratch) -> Vec<u8> {
        let mut file = EventFile::create(&scratch.path().join("adam")).expect("a new file");
        let path = file.path().to_path_buf();
        for step in 0..3 {
            file.scalars(step * 100, &[("tau", 45.5 + step as f64), ("mu1", -1.0)])
                .expect("there is room");
        }
        file.text("verdict", 200, "global").expect("there is room");
        file.close().expect("nothing is lost");
        fs::read(path).expect("it is there")
    }

    #[test]
    fn points_come_back_however_the_file_grows() {
        let scratch = Scratch::new();
        let bytes = written(&scratch);
        for at in 0..=bytes.len() {
            let path = scratch.path().join("growing");
            let mut growing = File::create(&path).expect("there is room");
            growing.write_all(&bytes[..at]).expect("there is room");
            let mut tail = EventTail::open(&path).expect("it is there");
            let mut points = tail.read().expect("what is there is sound");
            growing.write_all(&bytes[at..]).expect("there is room");
            points.extend(tail.read().expect("what is there is sound"));
            let steps: Vec<u64> = points.iter().map(|point| point.step).collect();
            assert_eq!(steps, [0, 100, 200], "cut at {at}");
            let expected = [("tau".to_owned(), 46.5), ("mu1".to_owned(), -1.0)];
            assert_eq!(points[1].scalars, expected);
            assert!(tail.read().expect("nothing new").is_empty());
        }
    }

    #[test]
    fn a_wrong_bit_is_noticed_and_placed() {
        let scratch = Scratch::new();
        let bytes = written(&scratch);
        let path = scratch.path().join("damaged");
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 4;
            fs::write(&path, &wrong).expect("there is room");
            let outcome = EventTail::open(&path).expect("it is there").read();
            let Err(RecordError::DamagedEvent { offset, .. }) = outcome else {
                panic!("the wrong bit at {at} was read over");
            };
            assert!(offset <= at as u64);
        }
    }

    #[test]
    fn nested_groups_and_other_bytes_are_refused_and_end_nothing() {
        // A thousand times "a group begins", of field 7.
        assert!(point(&[0x3b; 1_000]).is_err());
        for bytes in [&[0x10][..], &[0x2a, 9, 1], &[0xff; 40], &[0x2a, 2, 0x0a, 9]] {
            assert!(point(bytes).is_err(), "{bytes:?}");
        }
        assert_eq!(point(&[]).expect("an empty event"), None);
    }

    #[test]
    fn files_of_a_folder_are_found_in_the_order_of_their_making() {
        let scratch = Scratch::new();
        assert!(
            EventTail::in_folder(&scratch.path().join("none"))
                .expect("no folder")
                .is_empty()
        );
        written(&scratch);
        written(&scratch);
        fs::write(scratch.path().join("adam/notes.txt"), "no events").expect("there is room");
        let tails = EventTail::in_folder(&scratch.path().join("adam")).expect("it is there");
        let paths: Vec<&Path> = tails.iter().map(|tail| tail.path.as_path()).collect();
        assert_eq!(paths.len(), 2);
        assert!(paths.is_sorted());
    }
}
