//! What joins rows, as their data names it.

use countenance::calibrate::GroupBy;
use countenance::data::mark::Marks;
use countenance::metric::group::Groups;
use countenance::{Error, Result};

/// The groups of so many rows; one without a name is a group of its own.
///
/// # Errors
/// [`Error::Argument`] of `flag` if no row has such a name.
pub fn groups(by: GroupBy, marks: &Marks, rows: usize, flag: &str) -> Result<Groups> {
    let names = match by {
        GroupBy::Row => return Ok(Groups::rows(rows)),
        GroupBy::Subject => &marks.subjects,
        GroupBy::Video => &marks.videos,
    };
    let what = match by {
        GroupBy::Subject => "subject",
        _ => "video",
    };
    if names.is_empty() {
        return Err(Error::Argument {
            what: flag.into(),
            expected: format!("row, as the data name no {what}"),
            found: what.into(),
        });
    }
    Ok(Groups::of_named((0..rows).map(|row| names.get(row))).called(what))
}

/// What joins rows, where nothing is said: a video, else a subject, else nothing.
pub fn usual(marks: &Marks) -> GroupBy {
    match (marks.videos.is_empty(), marks.subjects.is_empty()) {
        (false, _) => GroupBy::Video,
        (true, false) => GroupBy::Subject,
        (true, true) => GroupBy::Row,
    }
}
