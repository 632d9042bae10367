//! A reader of TensorBoard's event files that shares no code with their writer: checksums and wire format by hand.

use std::fs;
use std::path::Path;

/// One event.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Event {
    /// The step.
    pub step: u64,
    /// The version at the head of a file.
    pub version: Option<String>,
    /// Whether it holds a graph.
    pub has_graph: bool,
    /// Tags and values.
    pub scalars: Vec<(String, f32)>,
    /// Tags of what is no number: histograms, pictures, texts.
    pub others: Vec<String>,
}

/// The events of the one event file in `folder`; an error where a record is torn or damaged.
pub fn read_folder(folder: &Path) -> Result<Vec<Event>, String> {
    let files: Vec<_> = fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    let [file] = &files[..] else {
        return Err(format!("one writer makes one file: {files:?}"));
    };
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    records(&bytes)?.into_iter().map(event).collect()
}

/// The points of `tag`, in the order of the file.
pub fn points(events: &[Event], tag: &str) -> Vec<(u64, f32)> {
    let at = |event: &Event| {
        let found = event.scalars.iter().find(|(name, _)| name == tag);
        found.map(|(_, value)| (event.step, *value))
    };
    events.iter().filter_map(at).collect()
}

/// Every tag of a number, sorted.
pub fn tags(events: &[Event]) -> Vec<String> {
    let names = events.iter().flat_map(|event| &event.scalars);
    let mut tags: Vec<String> = names.map(|(tag, _)| tag.clone()).collect();
    tags.sort();
    tags.dedup();
    tags
}

/// Length, its checksum, the bytes, their checksum; again and again to the end.
fn records(mut bytes: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let torn = || format!("{} bytes of a torn record", bytes.len());
        let (head, rest) = bytes.split_at_checked(12).ok_or_else(torn)?;
        let length = u64::from_le_bytes(fixed(&head[..8])) as usize;
        let (payload, rest) = rest.split_at_checked(length).ok_or_else(torn)?;
        let (sum, rest) = rest.split_at_checked(4).ok_or_else(torn)?;
        for (text, sum) in [(&head[..8], &head[8..]), (payload, sum)] {
            if masked_crc32c(text) != u32::from_le_bytes(fixed(sum)) {
                return Err("a checksum is wrong".to_owned());
            }
        }
        found.push(payload);
        bytes = rest;
    }
    Ok(found)
}

fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the caller cut it to length")
}

/// CRC-32C (RFC 3720, appendix B.4), masked as TFRecord files have it.
fn masked_crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A field of a protocol buffer.
enum Field<'a> {
    Varint(u64),
    Four([u8; 4]),
    Eight,
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or("a number is cut off")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number has too many bytes".to_owned())
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Result<&'a [u8], String> {
    let (taken, rest) = bytes.split_at_checked(n).ok_or("a field is cut off")?;
    *bytes = rest;
    Ok(taken)
}

fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Field<'_>)>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut bytes)?),
            1 => take(&mut bytes, 8).map(|_| Field::Eight)?,
            2 => {
                let length = varint(&mut bytes)? as usize;
                Field::Bytes(take(&mut bytes, length)?)
            }
            5 => Field::Four(fixed(take(&mut bytes, 4)?)),
            other => return Err(format!("wire type {other}")),
        };
        found.push((key >> 3, field));
    }
    Ok(found)
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
}

/// `tensorflow.Event`: step 2, version 3, graph 4, summary 5; in that values 1: tag 1, simple value 2.
fn event(bytes: &[u8]) -> Result<Event, String> {
    let mut event = Event::default();
    for field in fields(bytes)? {
        match field {
            (2, Field::Varint(step)) => event.step = step,
            (3, Field::Bytes(version)) => event.version = Some(text(version)?),
            (4, Field::Bytes(graph)) => event.has_graph = !graph.is_empty(),
            (5, Field::Bytes(summary)) => {
                for value in fields(summary)? {
                    if let (1, Field::Bytes(value)) = value {
                        match scalar(value)? {
                            (tag, Some(number)) => event.scalars.push((tag, number)),
                            (tag, None) => event.others.push(tag),
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(event)
}

/// The tag, and the value if it is a number.
fn scalar(bytes: &[u8]) -> Result<(String, Option<f32>), String> {
    let (mut tag, mut value) = (String::new(), None);
    for field in fields(bytes)? {
        match field {
            (1, Field::Bytes(name)) => tag = text(name)?,
            (2, Field::Four(simple)) => value = Some(f32::from_le_bytes(simple)),
            _ => {}
        }
    }
    Ok((tag, value))
}

#[test]
fn a_torn_or_damaged_record_is_noticed() {
    assert_eq!(
        masked_crc32c(b"123456789"),
        0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8)
    );
    let payload = [0x10, 0x07];
    let mut file = 2_u64.to_le_bytes().to_vec();
    file.extend(masked_crc32c(&file).to_le_bytes());
    file.extend(payload);
    file.extend(masked_crc32c(&payload).to_le_bytes());
    assert_eq!(records(&file).expect("it is whole"), [&payload[..]]);
    assert_eq!(event(&payload).expect("an event").step, 7);
    assert!(records(&file[..file.len() - 1]).is_err());
    for place in 0..file.len() {
        let mut damaged = file.clone();
        damaged[place] ^= 1;
        assert!(records(&damaged).is_err(), "byte {place}");
    }
}
