//! Reading a table of scores.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::header::Header;
use super::rows::ScoredRows;
use crate::calibrate::table::ScoreTable;
use crate::label::{Labels, Scale};
use crate::metric::RowScores;
use crate::spelling::printable;
use crate::{Error, Result};

/// The smallest probability that a logarithm is made of; 0 has none.
const LEAST: f32 = 1e-30;

impl ScoredRows {
    /// Reads a table of scores and labels; columns are separated by commas, semicolons or tabs. The
    /// documentation of `tune` says which columns there are.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Line`] that names the line and the column if a
    /// column or a cell is none, there are no scores or no labels, or a score is not finite.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let first = bytes
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let count = |separator: u8| first.iter().filter(|byte| **byte == separator).count();
        let separator = *b",;\t"
            .iter()
            .max_by_key(|separator| (count(**separator), **separator == b','))
            .expect("there are three");
        let mut records = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(bytes)
            .into_records();
        let failed = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            line_error(
                path,
                line,
                "a table of text in UTF-8".into(),
                error.to_string(),
            )
        };
        let header = match records.next() {
            None => return Err(Error::file(path, "a table with a header", "nothing")),
            Some(record) => record.map_err(failed)?,
        };
        let names = header.iter().map(|name| name.trim().to_string()).collect();
        let header = Header::read(path, names)?;
        let mut rows = Self {
            table: ScoreTable::new(header.vocabulary.clone()),
            labels: Vec::new(),
            names: Vec::new(),
            videos: Vec::new(),
            frames: Vec::new(),
            subjects: Vec::new(),
            ignored: header.ignored.clone(),
        };
        for record in records {
            let record = record.map_err(failed)?;
            let line = record.position().map_or(0, csv::Position::line);
            let row = Row {
                path,
                line,
                header: &header,
                record: &record,
            };
            row.put(&mut rows)?;
        }
        match rows.labels.is_empty() {
            true => Err(Error::file(path, "rows below the header", "none")),
            false => Ok(rows),
        }
    }
}

fn line_error(path: &Path, line: u64, expected: String, found: String) -> Error {
    Error::Line {
        path: path.to_path_buf(),
        line,
        expected,
        found,
    }
}

/// One row, and where it stands.
struct Row<'a> {
    path: &'a Path,
    line: u64,
    header: &'a Header,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn put(&self, rows: &mut ScoredRows) -> Result<()> {
        let header = self.header;
        if self.record.len() != header.names.len() {
            let expected = format!("{} cells, as the header has", header.names.len());
            return Err(line_error(
                self.path,
                self.line,
                expected,
                self.record.len().to_string(),
            ));
        }
        let text = |column: Option<usize>| {
            column
                .map(|column| self.cell(column))
                .filter(|cell| !cell.is_empty())
        };
        let (video, image) = (text(header.video), text(header.image));
        let frame = match header.frame {
            Some(column) if !self.cell(column).is_empty() => {
                let frame = self.cell(column).parse::<u32>();
                Some(frame.map_err(|_| self.wrong(column, "the number of a frame"))?)
            }
            _ => None,
        };
        rows.names.push(match (image, video, frame) {
            (Some(image), _, _) => image.to_string(),
            (None, Some(video), Some(frame)) => format!("{video}/{frame}"),
            _ => String::new(),
        });
        rows.videos.push(video.map(str::to_string));
        rows.frames.push(frame);
        rows.subjects.push(text(header.subject).map(str::to_string));
        rows.labels.push(self.labels()?);
        self.scores(&mut rows.table)
    }

    fn scores(&self, table: &mut ScoreTable) -> Result<()> {
        let header = self.header;
        let units = header.units.iter().map(|(column, _, _)| *column);
        let all = units.chain(header.classes.iter().copied());
        let mut all = all.chain(header.affect.into_iter().flatten());
        if all.all(|column| self.cell(column).is_empty()) {
            return table.push(None);
        }
        let mut units = Vec::new();
        for (column, scale, _) in &header.units {
            units.push(match scale {
                Scale::Occurrence => self.number(*column, 0.0, 1.0)?,
                Scale::Intensity => self.number(*column, 0.0, scale.most())? / scale.most(),
            });
        }
        let logits = header
            .classes
            .iter()
            .map(|&column| match header.are_logits {
                true => self.number(column, f32::MIN, f32::MAX),
                false => Ok(self.number(column, 0.0, 1.0)?.max(LEAST).ln()),
            });
        let logits: Vec<f32> = logits.collect::<Result<_>>()?;
        let mut affect = [0.0; 2];
        for (value, column) in affect.iter_mut().zip(header.affect.into_iter().flatten()) {
            *value = self.number(column, f32::MIN, f32::MAX)?;
        }
        table.push(Some(&RowScores {
            action_units: &units,
            expression_logits: &logits,
            valence_arousal: affect,
        }))
    }

    fn labels(&self) -> Result<Labels> {
        let header = self.header;
        let units = header.vocabulary.action_units.iter().zip(&header.units);
        let units = units.map(|(coded, (_, _, label))| {
            let Some(column) = label.filter(|&column| !self.cell(column).is_empty()) else {
                return Ok(None);
            };
            let value = self.number(column, 0.0, coded.scale.most())?;
            match coded.scale == Scale::Occurrence && value != 0.0 && value != 1.0 {
                true => Err(self.wrong(column, "0 or 1")),
                false => Ok(Some(value)),
            }
        });
        let units: Vec<Option<f32>> = units.collect::<Result<_>>()?;
        let mut labels = Labels::default();
        if units.iter().any(Option::is_some) {
            labels.action_units = units;
        }
        if let Some(column) = header
            .expression_label
            .filter(|&column| !self.cell(column).is_empty())
        {
            let classes = &header.vocabulary.expressions;
            let class = self.cell(column).parse::<crate::Expression>().ok();
            let known =
                class.and_then(|class| classes.iter().position(|known| known.is_alike(&class)));
            let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
            let expected = format!(
                "one of the classes with scores, {}, or nothing",
                names.join(", ")
            );
            labels.expression = Some(known.ok_or_else(|| self.wrong(column, &expected))?);
        }
        for (label, column) in labels.valence_arousal.iter_mut().zip(header.affect_labels) {
            if let Some(column) = column.filter(|&column| !self.cell(column).is_empty()) {
                *label = Some(self.number(column, -1.0, 1.0)?);
            }
        }
        Ok(labels)
    }

    fn cell(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default().trim()
    }

    /// A finite number in a range.
    fn number(&self, column: usize, low: f32, high: f32) -> Result<f32> {
        let value = self.cell(column).parse::<f32>().ok();
        let value = value.filter(|value| (low..=high).contains(value));
        value.ok_or_else(|| {
            let expected = match low == f32::MIN {
                true => "a finite number".to_string(),
                false => format!("a number from {low} to {high}"),
            };
            match self.cell(column).is_empty() {
                true => self.wrong(column, &format!("{expected}, as the row has other scores")),
                false => self.wrong(column, &expected),
            }
        })
    }

    fn wrong(&self, column: usize, expected: &str) -> Error {
        let expected = format!("{expected} in column `{}`", self.header.name(column));
        let found = match self.cell(column) {
            "" => "an empty cell".to_string(),
            cell => format!("`{}`", printable(cell)),
        };
        line_error(self.path, self.line, expected, found)
    }
}
