//! What a field of a line may hold.

use std::fmt::Display;

use crate::data::line::Fault;

/// Stands for a missing valence or arousal.
pub(super) const NO_DIMENSION: f32 = -5.0;
/// Stands for a missing expression or action unit.
pub(super) const NO_CLASS: i64 = -1;

/// How exactly a field must be written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// As the challenge writes it, to the letter.
    pub strict: bool,
}

impl Form {
    /// `text` without the blanks around it, where they do not count.
    pub(super) fn trimmed(self, text: &str) -> &str {
        match self.strict {
            true => text,
            false => text.trim(),
        }
    }

    /// Valence and arousal; in the strict form both or neither.
    pub(super) fn valence_arousal(
        self,
        valence: &str,
        arousal: &str,
    ) -> Result<[Option<f32>; 2], Fault> {
        let values = [
            dimension(valence, "valence")?,
            dimension(arousal, "arousal")?,
        ];
        match values {
            [Some(_), None] | [None, Some(_)] if self.strict => Err(Fault::new(
                "valence and arousal both present or both -5",
                &format!("{valence},{arousal}"),
            )),
            values => Ok(values),
        }
    }

    /// A whole number from 0 to `most`, or nothing where it is missing.
    pub(super) fn class(
        self,
        text: &str,
        what: impl Display,
        most: usize,
    ) -> Result<Option<usize>, Fault> {
        let number = match self.strict {
            true => text.parse().ok(),
            false => whole(text),
        };
        match number {
            Some(NO_CLASS) => Ok(None),
            Some(class) if (0..=most as i64).contains(&class) => Ok(Some(class as usize)),
            _ => Err(Fault::new(
                format!("{what} from 0 to {most}, or -1 where missing"),
                text,
            )),
        }
    }
}

/// A whole number, with or without a point.
pub(in crate::data) fn whole(text: &str) -> Option<i64> {
    let number: f64 = text.parse().ok()?;
    // What is too large for the type becomes its largest number, which no field takes.
    (number.fract() == 0.0).then_some(number as i64)
}

fn dimension(text: &str, what: &str) -> Result<Option<f32>, Fault> {
    match text.parse::<f32>() {
        Ok(NO_DIMENSION) => Ok(None),
        Ok(value) if (-1.0..=1.0).contains(&value) => Ok(Some(value)),
        _ => Err(Fault::new(
            format!("{what} in [-1, 1], or -5 where missing"),
            text,
        )),
    }
}

/// Accepts only paths that stay below the folder of images on every system, so that a downloaded
/// annotation file cannot make a program open files elsewhere.
pub(in crate::data) fn image(text: &str) -> Result<String, Fault> {
    let inside = !text.contains(['\\', ':'])
        && !text.contains(char::is_control)
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if inside {
        Ok(text.to_string())
    } else {
        Err(Fault::new(
            "a relative image path that stays in its folder, without control characters",
            text,
        ))
    }
}
