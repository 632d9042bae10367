//! Many short texts in little memory.

/// The labels of a series: as many texts as it has rows, which take their own bytes and four more each.
///
/// A `String` takes 24 bytes beside its text and an allocation of its own: of ten million times that would be most of
/// the memory. Blocks of them grow with neither a copy nor memory set aside for more.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Labels {
    full: Vec<Block<Box<str>, Box<[u32]>>>,
    last: Block<String, Vec<u32>>,
}

/// Labels of one block.
#[derive(Debug, Clone, PartialEq, Default)]
struct Block<Text, Ends> {
    text: Text,
    /// Where each label ends in it.
    ends: Ends,
}

/// Labels of a block.
const BLOCK: usize = 256;
/// Most bytes of a label: what every label of a block can have.
const MAX_BYTES: usize = u32::MAX as usize / BLOCK;

impl Labels {
    /// Adds `label` at the end. Of one with more than 16 million bytes the first of them are kept.
    pub fn push(&mut self, label: &str) {
        let end = label.floor_char_boundary(MAX_BYTES);
        self.last.text.push_str(label.get(..end).unwrap_or(label));
        // Within a block of labels that are each short enough for that.
        self.last.ends.push(self.last.text.len() as u32);
        if self.last.ends.len() == BLOCK {
            self.full.push(Block {
                text: self.last.text.as_str().into(),
                ends: self.last.ends.as_slice().into(),
            });
            self.last.text.clear();
            self.last.ends.clear();
        }
    }

    /// Label `index`, where there is one.
    pub fn get(&self, index: usize) -> Option<&str> {
        let (text, ends) = match self.full.get(index / BLOCK) {
            Some(block) => (&*block.text, &*block.ends),
            None if index / BLOCK == self.full.len() => (&*self.last.text, &*self.last.ends),
            None => return None,
        };
        let within = index % BLOCK;
        let end = *ends.get(within)? as usize;
        let before = within.checked_sub(1).and_then(|before| ends.get(before));
        text.get(before.map_or(0, |start| *start as usize)..end)
    }

    /// The last label, where there is one.
    pub fn last(&self) -> Option<&str> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        BLOCK * self.full.len() + self.last.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Labels {
    fn from_iter<I: IntoIterator<Item = S>>(labels: I) -> Self {
        let mut all = Self::default();
        for label in labels {
            all.push(label.as_ref());
        }
        all
    }
}

impl<S: AsRef<str>> From<Vec<S>> for Labels {
    fn from(labels: Vec<S>) -> Self {
        labels.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let texts: Vec<String> = (0..3 * BLOCK + 7)
            .map(|i| match i % 5 {
                0 => String::new(),
                1 => "2024-02-29T12:00:00+02:00[Europe/Paris]".repeat(1 + i % 7),
                2 => format!("é{i}\u{1F600}"),
                _ => i.to_string(),
            })
            .collect();
        let labels = Labels::from(texts.clone());
        assert_eq!(labels.len(), texts.len());
        assert_eq!(labels.iter().collect::<Vec<_>>(), texts);
        assert_eq!(labels.get(4 * BLOCK), None);
        for (index, text) in texts.iter().enumerate() {
            assert_eq!(labels.get(index), Some(text.as_str()), "{index}");
        }
        assert_eq!(labels.get(texts.len()), None);
        assert_eq!(labels.last(), texts.last().map(String::as_str));
        assert_eq!(labels, texts.iter().collect());
        assert_ne!(labels, texts.iter().skip(1).collect());
    }

    #[test]
    fn there_may_be_none() {
        let none = Labels::default();
        assert!(none.is_empty() && none.last().is_none() && none.get(0).is_none());
    }

    #[test]
    fn the_memory_is_the_text_and_little_more() {
        let labels: Labels = (0..10_000).map(|i| i.to_string()).collect();
        let blocks = labels.full.iter();
        let bytes: usize = blocks
            .map(|block| block.text.len() + 4 * block.ends.len())
            .sum();
        assert_eq!(labels.full.len(), 39);
        // 10 + 180 + 2,700 + 36,000 digits of all, less 4 of each that is not in a full block.
        assert_eq!(bytes, 38_890 + 4 * 10_000 - 8 * 16);
        assert!(size_of::<Block<Box<str>, Box<[u32]>>>() <= BLOCK / 8);
    }
}
