//! Results as text: tables, wrapped lines, and nothing that commands a terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// `text` without what would command a terminal: a control character that ends no line becomes its picture, as in `␛`.
pub fn plain(text: &str) -> String {
    let picture = |c: char| match u32::from(c) {
        0x0a => c,
        control @ 0..0x20 => char::from_u32(0x2400 + control).unwrap_or(c),
        0x7f => '␡',
        // Those of eight bits, marks that turn the direction of a text, and ends of lines and paragraphs.
        0x80..0xa0 | 0x202a..=0x202e | 0x2066..=0x2069 | 0x2028 | 0x2029 => '\u{fffd}',
        _ => c,
    };
    text.chars().map(picture).collect()
}

/// A table without lines: the first column to the left, the others to the right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.to_vec())
        .add_rows(rows.iter().map(|row| row.iter().map(|cell| plain(cell))));
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if i > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n") + "\n"
}

/// `text` in lines of at most `width` characters where its words allow; all but the first begin with `indent`.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let is_fresh = line.is_empty() || line == indent;
        if !is_fresh && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        } else if !is_fresh {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_the_terminal() {
        assert_eq!(
            plain("a\u{1b}[2J\r\tb\n\u{7f}\u{9b}\u{202e}é"),
            "a␛[2J␍␉b\n␡\u{fffd}\u{fffd}é"
        );
    }

    #[test]
    fn words_are_kept_and_lines_are_short() {
        assert_eq!(wrapped("- one two three", 9, "  "), "- one two\n  three\n");
        assert_eq!(wrapped("word", 2, "  "), "word\n");
        assert_eq!(wrapped("a longword b", 4, ""), "a\nlongword\nb\n");
    }
}
