//! The cells of a record: what stands between separators, and within quotes.
//!
//! Not a library's reader: the usual one miscounts lines behind CRLF line ends, and takes a quote that
//! is never closed for the rest of the file.

use memchr::{memchr, memchr2};

use crate::data::line::Fault;

/// The sign between the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`, as spreadsheets write it where a comma stands before decimals.
    Semicolon,
    /// A tab.
    Tab,
}

impl Separator {
    pub(super) const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }

    /// What the sign is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        }
    }
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With its last cell.
    Closed,
    /// Within a quoted cell, which goes on in the next line.
    Quoted,
}

/// The cells of one record, without quotes and without the blanks around them.
#[derive(Default)]
pub(super) struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The cell of `column`, counted from 0; an empty one where there is none.
    pub(super) fn get(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else {
            return "";
        };
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..end]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count()).map(|column| self.get(column))
    }

    /// Reads the cells of `record`: a line, or several with a quoted cell across them.
    pub(super) fn read(&mut self, record: &str, separator: Separator) -> Result<End, Fault> {
        self.text.clear();
        self.ends.clear();
        let mut rest = record;
        while let Some(behind) = match blanks_trimmed(rest, separator).strip_prefix('"') {
            Some(quoted) => match self.quoted(quoted, separator)? {
                Quoted::Open => return Ok(End::Quoted),
                Quoted::Closed(behind) => behind,
            },
            None => self.plain(rest, separator),
        } {
            rest = behind;
        }
        Ok(End::Closed)
    }

    /// Takes a cell without quotes, and returns what is behind its separator, if there is one.
    fn plain<'a>(&mut self, rest: &'a str, separator: Separator) -> Option<&'a str> {
        let end = memchr(separator.byte(), rest.as_bytes());
        let cell = &rest[..end.unwrap_or(rest.len())];
        self.text.push_str(cell.trim());
        self.ends.push(self.text.len());
        end.map(|end| &rest[end + 1..])
    }

    /// Takes a cell from behind its first quote on.
    fn quoted<'a>(&mut self, rest: &'a str, separator: Separator) -> Result<Quoted<'a>, Fault> {
        let mut rest = rest;
        loop {
            let Some(end) = memchr(b'"', rest.as_bytes()) else {
                return Ok(Quoted::Open);
            };
            self.text.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                Some(behind) => {
                    self.text.push('"');
                    rest = behind;
                }
                None => break,
            }
        }
        self.ends.push(self.text.len());
        let behind = blanks_trimmed(rest, separator);
        match behind.as_bytes().first() {
            None => Ok(Quoted::Closed(None)),
            Some(&sign) if sign == separator.byte() => Ok(Quoted::Closed(Some(&behind[1..]))),
            Some(_) => Err(Fault::new(
                format!(
                    "a {} or the end of the line behind the closing quote of column {}",
                    separator.name(),
                    self.count()
                ),
                behind,
            )),
        }
    }
}

enum Quoted<'a> {
    /// The closing quote is not in this record.
    Open,
    /// What is behind the separator, if there is one.
    Closed(Option<&'a str>),
}

/// `text` without the blanks that it begins with; a tab is none where it separates.
fn blanks_trimmed(text: &str, separator: Separator) -> &str {
    text.trim_start_matches(|letter: char| {
        letter.is_whitespace() && !(letter == '\t' && separator == Separator::Tab)
    })
}

/// `cell` as it is written: quoted where it must be, so that it is read back as it is.
pub(super) fn escaped(cell: &str) -> std::borrow::Cow<'_, str> {
    let bytes = cell.as_bytes();
    let is_plain = memchr2(b',', b'"', bytes).is_none()
        && memchr2(b';', b'\t', bytes).is_none()
        && memchr2(b'\n', b'\r', bytes).is_none()
        && cell.trim() == cell;
    match is_plain {
        true => cell.into(),
        false => format!("\"{}\"", cell.replace('"', "\"\"")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(record: &str, separator: Separator) -> Vec<String> {
        let mut cells = Cells::default();
        let end = cells.read(record, separator);
        assert!(matches!(end, Ok(End::Closed)), "{record}");
        cells.iter().map(str::to_string).collect()
    }

    #[test]
    fn cells_are_what_stands_between_separators_and_within_quotes() {
        for (record, expected) in [
            ("a,b,c", &["a", "b", "c"][..]),
            ("", &[""]),
            (",", &["", ""]),
            ("a,,", &["a", "", ""]),
            (" a , b\t,c ", &["a", "b", "c"]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\",\"\"", &["a\"b", ""]),
            (" \" a \" ,b", &[" a ", "b"]),
            ("a\"b,c", &["a\"b", "c"]),
            ("\"a\nb\",c", &["a\nb", "c"]),
            ("\"\"\"\"", &["\""]),
            ("ä,\"ö,\",ü", &["ä", "ö,", "ü"]),
        ] {
            assert_eq!(cells(record, Separator::Comma), expected, "{record}");
        }
        assert_eq!(cells("\ta\t\t", Separator::Tab), ["", "a", "", ""]);
        assert_eq!(cells("\"a\"\t\"b\tc\"", Separator::Tab), ["a", "b\tc"]);
        assert_eq!(cells("0,5;\"a;b\"", Separator::Semicolon), ["0,5", "a;b"]);
    }

    #[test]
    fn an_open_quote_and_text_behind_a_closed_one_are_told() {
        let mut cells = Cells::default();
        for open in ["\"", "a,\"b", "a,\"b\"\"", "\"a\n"] {
            let end = cells.read(open, Separator::Comma);
            assert!(matches!(end, Ok(End::Quoted)), "{open}");
        }
        let fault = cells.read("a,\"b\"c,d", Separator::Comma).unwrap_err();
        assert!(fault.expected.contains("column 2"), "{}", fault.expected);
        assert_eq!(fault.found, "\"c,d\"");
    }

    #[test]
    fn what_is_written_is_read_back() {
        for cell in [
            "a", "", " a", "a ", "a,b", "a;b", "a\tb", "\"", "a\"\"b", "a\nb", "ä",
        ] {
            for separator in Separator::ALL {
                let mut record = escaped(cell).into_owned();
                record.push(separator.byte() as char);
                assert_eq!(cells(&record, separator), [cell, ""], "{record}");
            }
        }
    }
}
