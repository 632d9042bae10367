//! Whole records in a file: buffered, counted, and never torn.

use std::fs::File;
use std::io::{self, Write};

use tensorboard_rs::record_writer::RecordWriter;

/// Bytes that are gathered before they are written.
const CAPACITY: usize = 64 * 1024;

/// Where records go: written at its end, and cut back when a write failed half-way.
pub(crate) trait Storage: Write + Send {
    /// Cuts everything after the first `len` bytes.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

impl Storage for File {
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

/// Records in the TFRecord frame (length, its masked CRC-32C, bytes, their masked CRC-32C).
///
/// After a failed write the storage holds whole records only, their number is known, and the log is to be
/// dropped.
pub(crate) struct RecordLog {
    storage: Box<dyn Storage>,
    /// Framed records that are not in the storage yet.
    buffer: Vec<u8>,
    /// Where in `buffer` each of them ends.
    ends: Vec<usize>,
    /// Bytes of the storage, all of them whole records.
    len: u64,
    n_written: u64,
}

impl RecordLog {
    /// An empty log over an empty storage.
    pub(crate) fn new(storage: Box<dyn Storage>) -> Self {
        Self {
            storage,
            buffer: Vec::with_capacity(2 * CAPACITY),
            ends: Vec::new(),
            len: 0,
            n_written: 0,
        }
    }

    /// Records that are whole in the storage.
    pub(crate) fn n_written(&self) -> u64 {
        self.n_written
    }

    /// Takes one record, and writes what was gathered when that is enough.
    pub(crate) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        RecordWriter::new(&mut self.buffer).write(payload)?;
        self.ends.push(self.buffer.len());
        if self.buffer.len() < CAPACITY {
            return Ok(());
        }
        self.flush()
    }

    /// Writes what was gathered. On failure the storage is cut back to its last whole record.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let (n_bytes, outcome) = write_counted(&mut *self.storage, &self.buffer);
        let n_whole = self.ends.partition_point(|end| *end <= n_bytes);
        let whole_bytes = self.ends[..n_whole].last().copied().unwrap_or(0);
        self.n_written += n_whole as u64;
        self.len += whole_bytes as u64;
        self.buffer.clear();
        self.ends.clear();
        if n_bytes > whole_bytes {
            // Best effort: readers skip a torn tail too, and the first error is the one to tell.
            let _ = self.storage.truncate(self.len);
        }
        outcome
    }
}

/// Writes `bytes` as far as that goes; how many were written, and what stopped it.
fn write_counted(storage: &mut dyn Storage, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut n_bytes = 0;
    while n_bytes < bytes.len() {
        match storage.write(&bytes[n_bytes..]) {
            Ok(0) => return (n_bytes, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => n_bytes += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (n_bytes, Err(error)),
        }
    }
    (n_bytes, storage.flush())
}

#[cfg(test)]
pub(crate) mod testing {
    //! A storage that fills up, and a reader that believes no byte.

    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tensorboard_rs::masked_crc32c::masked_crc32c;

    /// Takes `room` bytes, then no more. Its content is shared, so that it outlives the writer.
    #[derive(Clone, Default)]
    pub(crate) struct Filling {
        pub(crate) content: Arc<Mutex<Vec<u8>>>,
        pub(crate) room: usize,
    }

    impl Filling {
        pub(crate) fn with_room(room: usize) -> Self {
            Self {
                content: Arc::default(),
                room,
            }
        }

        pub(crate) fn bytes(&self) -> Vec<u8> {
            self.content.lock().expect("no writer panicked").clone()
        }
    }

    impl Write for Filling {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut content = self.content.lock().expect("no writer panicked");
            let n = bytes.len().min(self.room - content.len());
            if n == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            content.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl super::Storage for Filling {
        fn truncate(&mut self, len: u64) -> io::Result<()> {
            let mut content = self.content.lock().expect("no writer panicked");
            content.truncate(usize::try_from(len).expect("the test is small"));
            Ok(())
        }
    }

    /// The payloads of `bytes`; an error where a length, a checksum or the tail is wrong.
    pub(crate) fn read_records(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Result<&'a [u8], String> {
            let (head, tail) = bytes
                .split_at_checked(n)
                .ok_or_else(|| format!("{n} bytes wanted, {} left", bytes.len()))?;
            *bytes = tail;
            Ok(head)
        }
        fn check(crc: &[u8], of: &[u8]) -> Result<(), String> {
            (masked_crc32c(of).to_le_bytes() == crc)
                .then_some(())
                .ok_or_else(|| "a checksum is wrong".to_owned())
        }
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let header = take(&mut bytes, 8)?;
            check(take(&mut bytes, 4)?, header)?;
            let length = u64::from_le_bytes(header.try_into().expect("eight bytes"));
            let payload = take(&mut bytes, usize::try_from(length).expect("a small record"))?;
            check(take(&mut bytes, 4)?, payload)?;
            records.push(payload.to_vec());
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{Filling, read_records};
    use super::*;

    #[test]
    fn a_storage_that_fills_up_holds_whole_records_and_their_number() {
        // A frame is 16 bytes and its payload: ten records of 23 bytes.
        for room in 0..=240 {
            let storage = Filling::with_room(room);
            let mut log = RecordLog::new(Box::new(storage.clone()));
            for i in 0..10_u8 {
                log.append(&[i; 7]).expect("the buffer has room");
            }
            let outcome = log.flush();
            let n_whole = (room / 23).min(10);
            assert_eq!(outcome.is_ok(), room >= 230, "room {room}");
            assert_eq!(log.n_written(), n_whole as u64, "room {room}");
            let records = read_records(&storage.bytes()).expect("no torn tail");
            let expected: Vec<Vec<u8>> = (0..n_whole as u8).map(|i| vec![i; 7]).collect();
            assert_eq!(records, expected, "room {room}");
        }
    }

    #[test]
    fn a_record_larger_than_the_buffer_is_written_at_once() {
        let storage = Filling::with_room(usize::MAX);
        let mut log = RecordLog::new(Box::new(storage.clone()));
        log.append(&vec![7; 3 * CAPACITY]).expect("there is room");
        assert_eq!(log.n_written(), 1);
        assert_eq!(
            read_records(&storage.bytes()),
            Ok(vec![vec![7; 3 * CAPACITY]])
        );
    }

    #[test]
    fn the_reader_of_these_tests_notices_a_wrong_bit_and_a_torn_tail() {
        let storage = Filling::with_room(usize::MAX);
        let mut log = RecordLog::new(Box::new(storage.clone()));
        log.append(b"whole").expect("there is room");
        log.flush().expect("there is room");
        let good = storage.bytes();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(read_records(&bad).is_err(), "byte {at}");
            assert_eq!(read_records(&good[..at]).is_err(), at > 0, "cut at {at}");
        }
    }
}
