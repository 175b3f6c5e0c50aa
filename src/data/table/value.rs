//! What a cell may hold.

use crate::data::annotation::whole;
use crate::data::line::Fault;
use crate::data::split::SplitName;
use crate::label::{AffectRange, Scale};

/// Where missing valence and arousal stand as numbers: s-Aff-Wild2's, and AffectNet's. Within the
/// range of the labels they are what they say.
const NO_DIMENSION: [f32; 2] = [-5.0, -2.0];

/// Where missing classes and action units stand as numbers.
const NO_CLASS: i64 = -1;

/// BP4D's number of a unit that cannot be seen.
const NO_UNIT: f32 = 9.0;

/// Whether a cell holds nothing, or one of the words for it.
pub(super) fn is_missing(text: &str) -> bool {
    const WORDS: [&str; 4] = ["NA", "N/A", "NaN", "null"];
    text.is_empty() || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A number; with `decimal_comma` that may stand for the point.
pub(super) fn number(text: &str, decimal_comma: bool) -> Option<f32> {
    let number: f32 = match text.parse() {
        Ok(number) => number,
        Err(_) if decimal_comma => text.replacen(',', ".", 1).parse().ok()?,
        Err(_) => return None,
    };
    number.is_finite().then_some(number)
}

/// Valence or arousal, in [-1, 1] whatever `range` its label stands in.
pub(super) fn dimension(
    text: &str,
    decimal_comma: bool,
    range: AffectRange,
) -> Result<Option<f32>, Fault> {
    if is_missing(text) {
        return Ok(None);
    }
    match number(text, decimal_comma) {
        Some(value) if range.contains(value) => Ok(Some(range.to_unit(value))),
        Some(value) if NO_DIMENSION.contains(&value) => Ok(None),
        _ => Err(Fault::new(
            {
                let [low, high] = range.bounds();
                format!(
                    "a number in [{low}, {high}], or empty where missing (another range is said \
                     with affect_range)"
                )
            },
            text,
        )),
    }
}

/// An action unit: 0 or 1, or 0 to 5, by its scale.
pub(super) fn unit(text: &str, decimal_comma: bool, scale: Scale) -> Result<Option<f32>, Fault> {
    if is_missing(text) {
        return Ok(None);
    }
    let value = number(text, decimal_comma);
    let is_missing = value.is_some_and(|value| value == NO_CLASS as f32 || value == NO_UNIT);
    match (value, scale) {
        _ if is_missing => Ok(None),
        (Some(value), Scale::Occurrence) if value == 0.0 || value == 1.0 => Ok(Some(value.abs())),
        (Some(value), Scale::Intensity) if (0.0..=5.0).contains(&value) => Ok(Some(value.abs())),
        (_, Scale::Occurrence) => Err(Fault::new(
            "0 or 1, or empty where missing (an intensity stands in a column with the ending `_r`)",
            text,
        )),
        (_, Scale::Intensity) => Err(Fault::new(
            "a number from 0 to 5, or empty where missing",
            text,
        )),
    }
}

/// The number of a class as it stands there; nothing if it is a name.
pub(super) fn class_number(text: &str) -> Option<i64> {
    whole(text)
}

/// Whether a class's cell holds nothing.
pub(super) fn is_no_class(text: &str) -> bool {
    is_missing(text) || whole(text) == Some(NO_CLASS)
}

/// A class's votes or its probability; an empty cell is none.
pub(super) fn share(text: &str, decimal_comma: bool) -> Result<f32, Fault> {
    if is_missing(text) {
        return Ok(0.0);
    }
    match number(text, decimal_comma) {
        Some(value) if value >= 0.0 => Ok(value.abs()),
        _ => Err(Fault::new("votes or a probability, at least 0", text)),
    }
}

/// The part of the data that a row is in, or nothing.
pub(super) fn part(text: &str) -> Result<Option<SplitName>, Fault> {
    if is_missing(text) {
        return Ok(None);
    }
    match SplitName::spelled(text) {
        Some(name) => Ok(Some(name)),
        None => Err(Fault::new("train, validation or test", text)),
    }
}

/// A frame's number.
pub(super) fn frame(text: &str) -> Result<Option<u32>, Fault> {
    if is_missing(text) {
        return Ok(None);
    }
    // The largest number stands for none in memory.
    match whole(text).map(u32::try_from) {
        Some(Ok(frame)) if frame < u32::MAX => Ok(Some(frame)),
        _ => Err(Fault::new(
            format!("a frame's number, from 0 to {}", u32::MAX - 1),
            text,
        )),
    }
}

/// How much a row weighs; 1 where nothing is said.
pub(super) fn weight(text: &str, decimal_comma: bool) -> Result<f32, Fault> {
    if is_missing(text) {
        return Ok(1.0);
    }
    match number(text, decimal_comma) {
        Some(value) if value > 0.0 => Ok(value),
        _ => Err(Fault::new("a weight above 0", text)),
    }
}

/// The name of a video or a subject.
pub(super) fn name(text: &str) -> Result<Option<&str>, Fault> {
    match text.contains(char::is_control) {
        true => Err(Fault::new("a name without control characters", text)),
        false => Ok((!text.is_empty()).then_some(text)),
    }
}
