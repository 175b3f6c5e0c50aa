//! From the lines of a table to its rows.

use std::path::{Path, PathBuf};

use super::Table;
use super::cell::{Cells, End, Separator};
use super::class::{Classes, FEWEST};
use super::column::Column;
use super::config::LabelConfig;
use super::header::Columns;
use super::value;
use crate::data::annotation::{Row, image_inside};
use crate::data::line::{Fault, Lines};
use crate::data::mark::{Marks, NamesBuilder, stored};
use crate::data::split::SplitName;
use crate::label::{CodedUnit, Vocabulary};
use crate::{Error, Labels, Result};

/// Longest record of several lines, in bytes: what a quote that is not closed may take with it.
const LONGEST_RECORD: usize = 1 << 16;

/// Reads a table of labels; rows keep the file's order, repeated ones included. Lines without a single
/// filled cell are passed over.
///
/// # Errors
/// [`Error::Argument`] if `config` is out of range; [`Error::Io`] if the file cannot be read;
/// [`Error::Line`] for the first line that breaks the format; [`Error::File`] if there is no row, or
/// fewer than two expressions.
pub fn read(path: &Path, config: &LabelConfig) -> Result<Table> {
    config.check()?;
    let mut records = Records::open(path)?;
    if !records.start()? {
        let expected = "a header and rows below it";
        return Err(Error::file(path, expected, "an empty file"));
    }
    let mut cells = Cells::default();
    records.separator = separator(&records.text, &mut cells);
    records.complete(&mut cells)?;
    let line = records.line;
    let (columns, classes) = Columns::read(&cells, config).map_err(|fault| fault.at(path, line))?;
    let mut reading = Reading::new(columns, classes, records.separator);
    while records.next(&mut cells)? {
        reading
            .push(&cells, records.line)
            .map_err(|fault| fault.at(path, records.line))?;
    }
    reading.finish(path)
}

/// The separator under which a header has the most names that are known.
fn separator(header: &str, cells: &mut Cells) -> Separator {
    let mut known = |separator: Separator| {
        let _ = cells.read(header, separator);
        let known = cells
            .iter()
            .filter(|name| !matches!(Column::named(name), Ok(None)));
        known.count()
    };
    let mut best = (Separator::Comma, 0);
    for separator in Separator::ALL {
        let known = known(separator);
        if known > best.1 {
            best = (separator, known);
        }
    }
    best.0
}

/// The records of a file: lines, or several of them with a quoted cell across.
struct Records {
    path: PathBuf,
    lines: Lines,
    separator: Separator,
    text: String,
    /// The first line of the record.
    line: u64,
}

impl Records {
    fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_path_buf(),
            lines: Lines::open(path, false)?,
            separator: Separator::Comma,
            text: String::new(),
            line: 0,
        })
    }

    /// Goes to the next line that is not blank; whether there is one.
    fn start(&mut self) -> Result<bool> {
        while let Some(text) = self.lines.next_raw()? {
            if !text.trim().is_empty() {
                self.text = text;
                self.line = self.lines.number();
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the cells of the record that begins here, with the lines that belong to it.
    fn complete(&mut self, cells: &mut Cells) -> Result<()> {
        loop {
            let end = cells.read(&self.text, self.separator);
            match end.map_err(|fault| fault.at(&self.path, self.line))? {
                End::Closed => return Ok(()),
                End::Quoted => {}
            }
            let next = match self.text.len() < LONGEST_RECORD {
                true => self.lines.next_raw()?,
                false => None,
            };
            let Some(next) = next else {
                let fault = Fault::new("a quoted cell that is closed again", &self.text);
                return Err(fault.at(&self.path, self.line));
            };
            self.text.push('\n');
            self.text.push_str(&next);
        }
    }

    /// Reads the next record that has a filled cell; whether there is one.
    fn next(&mut self, cells: &mut Cells) -> Result<bool> {
        while self.start()? {
            self.complete(cells)?;
            if cells.iter().any(|cell| !cell.is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The rows so far.
struct Reading {
    columns: Columns,
    classes: Classes,
    separator: Separator,
    /// Whether numbers may have a comma for their point.
    decimal_comma: bool,
    rows: Vec<Row>,
    parts: Vec<SplitName>,
    /// The first row that names no part.
    without_part: Option<u64>,
    videos: NamesBuilder,
    subjects: NamesBuilder,
    frames: Vec<u32>,
    weights: Vec<f32>,
    /// The votes of a row, kept for the memory.
    votes: Vec<f64>,
}

impl Reading {
    fn new(columns: Columns, classes: Classes, separator: Separator) -> Self {
        Self {
            columns,
            classes,
            separator,
            decimal_comma: separator != Separator::Comma,
            rows: Vec::new(),
            parts: Vec::new(),
            without_part: None,
            videos: NamesBuilder::default(),
            subjects: NamesBuilder::default(),
            frames: Vec::new(),
            weights: Vec::new(),
            votes: Vec::new(),
        }
    }

    fn push(&mut self, cells: &Cells, line: u64) -> Result<(), Fault> {
        let (expected, found) = (self.columns.names.len(), cells.count());
        // What is behind the last column may be empty, as spreadsheets leave it.
        if found < expected || (expected..found).any(|column| !cells.get(column).is_empty()) {
            return Err(Fault {
                expected: format!("{expected} cells, as many as columns in the header"),
                found: found.to_string(),
            });
        }
        let image = self.cell(cells, self.columns.image, |text| {
            image_inside(text.strip_prefix("./").unwrap_or(text))
        })?;
        let labels = self.labels(cells)?;
        self.push_marks(cells, line)?;
        self.rows.push(Row {
            image,
            labels,
            line,
        });
        Ok(())
    }

    /// What `read` makes of the cell of `column`; a fault names the column.
    fn cell<'a, T>(
        &self,
        cells: &'a Cells,
        column: usize,
        read: impl FnOnce(&'a str) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        read(cells.get(column)).map_err(|fault| self.columns.named(column, fault))
    }

    /// As [`cell`](Self::cell), of a column that there may not be.
    fn optional<'a, T>(
        &self,
        cells: &'a Cells,
        column: Option<usize>,
        read: impl FnOnce(&'a str) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, Fault> {
        match column {
            Some(column) => self.cell(cells, column, read),
            None => Ok(None),
        }
    }

    fn labels(&mut self, cells: &Cells) -> Result<Labels, Fault> {
        let mut valence_arousal = [None; 2];
        if let Some(range) = self.columns.range {
            for (value, column) in valence_arousal
                .iter_mut()
                .zip([self.columns.valence, self.columns.arousal])
            {
                *value = self.optional(cells, column, |text| {
                    value::dimension(text, self.decimal_comma, range)
                })?;
            }
        }
        let (expression, shares) = self.expression(cells)?;
        Ok(Labels {
            valence_arousal,
            expression,
            shares,
            action_units: self.action_units(cells)?,
        })
    }

    fn action_units(&self, cells: &Cells) -> Result<Vec<Option<f32>>, Fault> {
        let mut units = Vec::with_capacity(self.columns.units.len());
        for &(CodedUnit { scale, .. }, column) in &self.columns.units {
            units.push(self.optional(cells, column, |text| {
                value::unit(text, self.decimal_comma, scale)
            })?);
        }
        match units.iter().any(Option::is_some) {
            true => Ok(units),
            false => Ok(Vec::new()),
        }
    }

    /// The class, and of soft labels the share of each class. A row without soft labels has the class
    /// that its own column names.
    fn expression(&mut self, cells: &Cells) -> Result<(Option<usize>, Vec<f32>), Fault> {
        let mut votes = std::mem::take(&mut self.votes);
        votes.clear();
        votes.resize(self.classes.count(), 0.0);
        for &(column, class) in &self.columns.shares {
            votes[class] = self.cell(cells, column, |text| {
                value::share(text, self.decimal_comma).map(f64::from)
            })?;
        }
        let all: f64 = votes.iter().sum();
        // Shares that add up to 1 but for their rounding stay as they are.
        let all = match (all - 1.0).abs() < 1e-5 {
            true => 1.0,
            false => all,
        };
        let shares: Vec<f32> = match all > 0.0 {
            true => votes.iter().map(|vote| (vote / all) as f32).collect(),
            false => Vec::new(),
        };
        let most = shares.iter().copied().fold(0.0, f32::max);
        let largest = shares.iter().position(|&share| share == most);
        self.votes = votes;
        let class = match self.columns.expression {
            Some(column) => {
                let class = self.classes.read(cells.get(column));
                class.map_err(|fault| self.columns.named(column, fault))?
            }
            None => None,
        };
        Ok((largest.or(class), shares))
    }

    fn push_marks(&mut self, cells: &Cells, line: u64) -> Result<(), Fault> {
        if let Some(column) = self.columns.part {
            match self.cell(cells, column, value::part)? {
                Some(part) => self.parts.push(part),
                None => {
                    self.without_part.get_or_insert(line);
                }
            }
            // Both kinds of row, whichever came first.
            if self.without_part.is_some() && !self.parts.is_empty() {
                return Err(self.columns.named(
                    column,
                    Fault::new(
                        "train, validation or test in every row, or in none",
                        cells.get(column),
                    ),
                ));
            }
        }
        if let Some(column) = self.columns.video {
            let name = self.cell(cells, column, value::name)?;
            self.videos.push(name);
        }
        if let Some(column) = self.columns.subject {
            let name = self.cell(cells, column, value::name)?;
            self.subjects.push(name);
        }
        if let Some(column) = self.columns.frame {
            let frame = self.cell(cells, column, value::frame)?;
            self.frames.push(stored(frame));
        }
        if let Some(column) = self.columns.weight {
            let weight = self.cell(cells, column, |text| {
                value::weight(text, self.decimal_comma)
            })?;
            self.weights.push(weight);
        }
        Ok(())
    }

    fn finish(mut self, path: &Path) -> Result<Table> {
        if self.rows.is_empty() {
            let expected = "at least one row below the header";
            return Err(Error::file(path, expected, "the header alone"));
        }
        let (expressions, places) = self.classes.resolved();
        if expressions.len() == 1 {
            let found = format!("{} alone", expressions[0]);
            let expected = format!("at least {FEWEST} classes of expressions");
            return Err(Error::file(path, expected, found));
        }
        if places.iter().enumerate().any(|(met, &place)| met != place) {
            for row in &mut self.rows {
                let class = &mut row.labels.expression;
                *class = class.map(|met| places[met]);
            }
        }
        Ok(Table {
            vocabulary: Vocabulary {
                action_units: self.columns.units.iter().map(|(unit, _)| *unit).collect(),
                expressions: expressions.into(),
                valence_arousal: self.columns.range,
            },
            rows: self.rows,
            marks: Marks::new(
                self.videos.build(),
                self.subjects.build(),
                self.frames,
                self.weights,
            ),
            parts: self.parts,
            separator: self.separator,
            ignored: self.columns.ignored,
        })
    }
}
