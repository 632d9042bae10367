//! The time column: numbers, dates or date-times that strictly increase.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::DateTime;
use switchback_core::Labels;

use super::error::{InputFault, TimeKind};
use super::rows::line_at;
use super::values::is_missing;

/// One time.
#[derive(Debug, Clone, Copy)]
enum Time {
    /// Kept apart from `Real`: nanoseconds since 1970 are more than an `f64` holds.
    Integer(i64),
    Real(f64),
    Civil(DateTime),
    Instant(Timestamp),
}

impl Time {
    fn parse(cell: &str) -> Option<Self> {
        if let Ok(integer) = cell.parse() {
            return Some(Self::Integer(integer));
        }
        if let Ok(real) = cell.parse::<f64>() {
            return Some(Self::Real(real)).filter(|_| real.is_finite());
        }
        if !cell.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        // `2024-01` is a month, and a zone or an offset can only stand behind the ten characters of a date.
        if cell.len() == 7 {
            return format!("{cell}-01").parse().ok().map(Self::Civil);
        }
        let has_offset = cell
            .get(10..)
            .is_some_and(|rest| rest.contains(['Z', 'z', '+', '-']));
        if has_offset {
            cell.parse().ok().map(Self::Instant)
        } else {
            cell.parse().ok().map(Self::Civil)
        }
    }

    fn kind(self) -> TimeKind {
        match self {
            Self::Integer(_) | Self::Real(_) => TimeKind::Number,
            Self::Civil(_) => TimeKind::Local,
            Self::Instant(_) => TimeKind::Instant,
        }
    }

    /// How two times of one kind compare; `None` where the kinds differ.
    fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(&right)),
            (Self::Integer(left), Self::Real(right)) => (left as f64).partial_cmp(&right),
            (Self::Real(left), Self::Integer(right)) => left.partial_cmp(&(right as f64)),
            (Self::Real(left), Self::Real(right)) => left.partial_cmp(&right),
            (Self::Civil(left), Self::Civil(right)) => Some(left.cmp(&right)),
            (Self::Instant(left), Self::Instant(right)) => Some(left.cmp(&right)),
            _ => None,
        }
    }
}

/// Whether a cell holds a date or a date-time, and not a number.
pub(super) fn is_date(cell: &str) -> bool {
    matches!(Time::parse(cell), Some(Time::Civil(_) | Time::Instant(_)))
}

/// Takes times as they come and keeps their labels.
#[derive(Default)]
pub(super) struct Clock {
    labels: Labels,
    /// The last time and the byte at which its row starts.
    last: Option<(Time, usize)>,
}

impl Clock {
    /// Takes the time of the row that starts at byte `start` of `text`.
    pub(super) fn push(&mut self, cell: &str, start: usize, text: &str) -> Result<(), InputFault> {
        if is_missing(cell) {
            return Err(InputFault::MissingTime);
        }
        let Some(time) = Time::parse(cell) else {
            return Err(InputFault::NotATime { text: cell.into() });
        };
        if let Some((last, last_start)) = self.last {
            let before_row = || line_at(text.as_bytes(), last_start);
            let before = || self.labels.last().unwrap_or_default().to_owned();
            match last.compare(time) {
                Some(Ordering::Less) => {}
                Some(Ordering::Equal) => {
                    return Err(InputFault::DuplicateTime {
                        text: cell.into(),
                        before: before(),
                        before_row: before_row(),
                    });
                }
                Some(Ordering::Greater) => {
                    return Err(InputFault::DecreasingTime {
                        text: cell.into(),
                        before: before(),
                        before_row: before_row(),
                    });
                }
                None => {
                    return Err(InputFault::OtherKindOfTime {
                        text: cell.into(),
                        kind: time.kind(),
                        before: last.kind(),
                        before_row: before_row(),
                    });
                }
            }
        }
        self.last = Some((time, start));
        self.labels.push(cell);
        Ok(())
    }

    /// One label a row, in order.
    pub(super) fn into_labels(self) -> Labels {
        self.labels
    }
}
