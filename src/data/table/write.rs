//! Writing a table.

use std::io::{self, Write};
use std::path::Path;

use super::Table;
use super::cell::escaped;
use crate::data::annotation::{Row, image_inside};
use crate::data::file::write_whole;
use crate::{Error, Labels, Result};

/// Writes a table, between commas, that [`read`](super::read) reads back as it is, given the same
/// vocabulary: whole or not at all. Classes stand there by their names, soft labels by their shares;
/// valence and arousal in the vocabulary's range, to the rounding where that is not [-1, 1].
///
/// # Errors
/// [`Error::Argument`] for an image outside the file's folder; [`Error::Io`] if the file system
/// refuses.
pub fn write(path: &Path, table: &Table) -> Result<()> {
    for row in &table.rows {
        image_inside(&row.image).map_err(|fault| {
            Error::argument(
                format!("the row of {:?}", row.image),
                fault.expected,
                fault.found,
            )
        })?;
    }
    let columns = Columns::of(table);
    write_whole(path, |out| {
        columns.header(table, out)?;
        (0..table.rows.len()).try_for_each(|row| columns.row(table, row, out))
    })
}

/// The columns that have something in them.
struct Columns {
    shares: bool,
    /// Also where no row has a class, as the vocabulary has some.
    classes: bool,
    parts: bool,
    videos: bool,
    subjects: bool,
    frames: bool,
    weights: bool,
}

impl Columns {
    fn of(table: &Table) -> Self {
        let rows = || 0..table.rows.len();
        let is_soft = |row: &Row| !row.labels.shares.is_empty();
        let shares = table.rows.iter().any(is_soft);
        Self {
            shares,
            classes: !table.vocabulary.expressions.is_empty()
                && (!shares || table.rows.iter().any(|row| hard(&row.labels).is_some())),
            parts: !table.parts.is_empty(),
            videos: !table.marks.videos.is_empty(),
            subjects: !table.marks.subjects.is_empty(),
            frames: rows().any(|row| table.marks.frame(row).is_some()),
            weights: table.marks.has_weights(),
        }
    }

    fn header(&self, table: &Table, out: &mut impl Write) -> io::Result<()> {
        let vocabulary = &table.vocabulary;
        write!(out, "image")?;
        if vocabulary.valence_arousal.is_some() {
            write!(out, ",valence,arousal")?;
        }
        if self.shares {
            for class in vocabulary.expressions.iter() {
                write!(out, ",{}", escaped(&format!("expression:{class}")))?;
            }
        }
        if self.classes {
            write!(out, ",expression")?;
        }
        for unit in vocabulary.action_units.iter() {
            write!(out, ",{unit}")?;
        }
        for (is_there, name) in [
            (self.parts, "split"),
            (self.videos, "video"),
            (self.frames, "frame"),
            (self.subjects, "subject"),
            (self.weights, "weight"),
        ] {
            if is_there {
                write!(out, ",{name}")?;
            }
        }
        writeln!(out)
    }

    fn row(&self, table: &Table, row: usize, out: &mut impl Write) -> io::Result<()> {
        let (labels, marks) = (&table.rows[row].labels, &table.marks);
        write!(out, "{}", escaped(&table.rows[row].image))?;
        if let Some(range) = table.vocabulary.valence_arousal {
            for value in labels.valence_arousal {
                cell(out, value.map(|value| range.of_unit(value)))?;
            }
        }
        self.classes(table, labels, out)?;
        for place in 0..table.vocabulary.action_units.len() {
            cell(out, labels.action_units.get(place).copied().flatten())?;
        }
        if self.parts {
            cell(out, Some(table.parts[row]))?;
        }
        if self.videos {
            cell(out, marks.videos.get(row).map(escaped))?;
        }
        if self.frames {
            cell(out, marks.frame(row))?;
        }
        if self.subjects {
            cell(out, marks.subjects.get(row).map(escaped))?;
        }
        if self.weights {
            cell(out, Some(marks.weight(row)))?;
        }
        writeln!(out)
    }

    fn classes(&self, table: &Table, labels: &Labels, out: &mut impl Write) -> io::Result<()> {
        let classes = &table.vocabulary.expressions;
        if self.shares {
            (0..classes.len()).try_for_each(|class| cell(out, labels.shares.get(class)))?;
        }
        match self.classes {
            true => cell(
                out,
                hard(labels).map(|class| escaped(classes[class].name())),
            ),
            false => Ok(()),
        }
    }
}

/// The class of a row that has no soft labels.
fn hard(labels: &Labels) -> Option<usize> {
    labels.expression.filter(|_| labels.shares.is_empty())
}

fn cell(out: &mut impl Write, value: Option<impl std::fmt::Display>) -> io::Result<()> {
    match value {
        Some(value) => write!(out, ",{value}"),
        None => write!(out, ","),
    }
}
