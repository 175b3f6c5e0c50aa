//! What a column holds, by its name.

use crate::data::line::Fault;
use crate::label::{ActionUnit, Expression, Scale};
use crate::spelling::{edit_distance, printable};

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Column {
    Image,
    Valence,
    Arousal,
    Expression,
    /// The share of a class in soft labels.
    Share(Expression),
    /// An action unit; without a scale it has the one that the vocabulary gives it.
    Unit(ActionUnit, Option<Scale>),
    Part,
    Video,
    Frame,
    Subject,
    Weight,
}

/// The names of columns, but of action units and shares: the first of each is the one to use, the
/// others are how data sets spell it.
const NAMES: [(Column, &[&str]); 9] = [
    (
        Column::Image,
        &[
            "image",
            "image_path",
            "image_name",
            "image_file",
            "image_location",
            "img",
            "img_path",
            "path",
            "file",
            "file_name",
            "filename",
            "file_path",
            "filepath",
            "subdirectory_filepath",
        ],
    ),
    (Column::Valence, &["valence", "v"]),
    (Column::Arousal, &["arousal", "a"]),
    (
        Column::Expression,
        &["expression", "expr", "ex", "emotion", "label", "class"],
    ),
    (
        Column::Part,
        &["split", "subset", "set", "part", "partition", "usage"],
    ),
    (Column::Video, &["video", "video_id", "video_name", "clip"]),
    (
        Column::Frame,
        &["frame", "frame_id", "frame_number", "frame_index"],
    ),
    (
        Column::Subject,
        &[
            "subject",
            "subject_id",
            "person",
            "person_id",
            "participant",
            "participant_id",
            "identity",
        ],
    ),
    (Column::Weight, &["weight", "sample_weight"]),
];

/// What stands before the class's name in the name of a column of soft labels.
const SHARE: &str = "expression";

impl Column {
    /// What the column `name` holds; nothing where its name says nothing.
    ///
    /// # Errors
    /// A name that looks like a slip of a known one, an action unit that there is not, or a class
    /// without a name.
    pub(super) fn named(name: &str) -> Result<Option<Self>, Fault> {
        if let Some((before, class)) = name.split_once(':') {
            return share(name, &spelled(before), class);
        }
        let spelled = spelled(name);
        let known = NAMES
            .iter()
            .find(|(_, names)| names.contains(&&*spelled))
            .map(|(column, _)| column.clone());
        match known {
            Some(column) => Ok(Some(column)),
            None => match unit(name, &spelled)? {
                Some(column) => Ok(Some(column)),
                None => slip(name, &spelled),
            },
        }
    }

    /// What soft labels' column is called that is named after its class alone, as FER+ has them; only
    /// classes that data sets share.
    pub(super) fn bare_share(name: &str) -> Option<Self> {
        match name.parse() {
            Ok(Expression::Named(_)) | Err(_) => None,
            Ok(class) => Some(Self::Share(class)),
        }
    }

    /// Whether `name` is the name to use for what the column holds.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let spelled = spelled(name);
        NAMES
            .iter()
            .any(|(column, names)| column == self && names[0] == spelled)
    }
}

fn spelled(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-', '.'], "_")
}

fn share(name: &str, before: &str, class: &str) -> Result<Option<Column>, Fault> {
    if before == SHARE {
        let class = class.parse().map_err(|_| {
            Fault::new(
                "the name of a class behind `expression:` in the header",
                name,
            )
        })?;
        return Ok(Some(Column::Share(class)));
    }
    match looks_like(before, SHARE) {
        true => Err(Fault {
            expected: "columns whose names are known, or unlike any that is".into(),
            found: format!(
                "{}; did you mean `expression:{}`?",
                Fault::new("", name).found,
                printable(class.trim())
            ),
        }),
        false => Ok(None),
    }
}

/// Reads `AU1`, `AU01`, `au_1`, `AUL12`, and with an ending what of the unit it is: `_c` and `_r` as
/// OpenFace writes them.
fn unit(name: &str, spelled: &str) -> Result<Option<Column>, Fault> {
    let Some(unit) = spelled.strip_prefix("au") else {
        return Ok(None);
    };
    let (unit, scale) = [
        ("_c", Scale::Occurrence),
        ("_occurrence", Scale::Occurrence),
        ("_r", Scale::Intensity),
        ("_intensity", Scale::Intensity),
    ]
    .into_iter()
    .find_map(|(ending, scale)| Some((unit.strip_suffix(ending)?, Some(scale))))
    .unwrap_or((unit, None));
    let unit = unit.replace('_', "");
    let number = unit.strip_prefix(['l', 'r']).unwrap_or(&unit);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    match format!("AU{}", unit.to_uppercase()).parse() {
        Ok(unit) => Ok(Some(Column::Unit(unit, scale))),
        Err(_) => Err(Fault::new(
            "action units of the Facial Action Coding System in the header",
            name,
        )),
    }
}

/// Refuses a name that is almost a known one: left out by mistake, its labels would be missed late.
fn slip(name: &str, spelled: &str) -> Result<Option<Column>, Fault> {
    let meant = NAMES
        .iter()
        .map(|(_, names)| names[0])
        .find(|known| looks_like(spelled, known));
    match meant {
        None => Ok(None),
        Some(meant) => Err(Fault {
            expected: "columns whose names are known, or unlike any that is".into(),
            found: format!("{}; did you mean `{meant}`?", Fault::new("", name).found),
        }),
    }
}

/// Whether a name may be a slip of `known`: two letters changed or one more or less, beginning as it
/// does, so that a face's `height` is no `weight`.
fn looks_like(name: &str, known: &str) -> bool {
    name.chars().next() == known.chars().next()
        && name.chars().count().abs_diff(known.len()) + edit_distance(name, known) <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<Column> {
        Column::named(name).unwrap_or_else(|fault| panic!("{name}: {}", fault.found))
    }

    #[test]
    fn columns_are_told_by_their_usual_names() {
        for (column, names) in &NAMES {
            for name in *names {
                assert_eq!(named(name).as_ref(), Some(column));
                let loud = format!(" {} ", name.to_uppercase().replace('_', " "));
                assert_eq!(named(&loud).as_ref(), Some(column));
            }
        }
        for (name, unit, scale) in [
            ("AU1", "AU1", None),
            ("AU01", "AU1", None),
            ("au_12", "AU12", None),
            ("AU 4", "AU4", None),
            ("AU01_c", "AU1", Some(Scale::Occurrence)),
            ("au25_R", "AU25", Some(Scale::Intensity)),
            ("AU6_intensity", "AU6", Some(Scale::Intensity)),
            ("AUL12", "AUL12", None),
            ("aur_04_r", "AUR4", Some(Scale::Intensity)),
        ] {
            let unit = unit.parse().unwrap();
            assert_eq!(named(name), Some(Column::Unit(unit, scale)), "{name}");
        }
        for name in [
            "expression:Happy",
            "Expression : happiness",
            "EXPRESSION:joy",
        ] {
            assert_eq!(named(name), Some(Column::Share(Expression::Happiness)));
        }
    }

    #[test]
    fn other_columns_are_none_of_ours_and_slips_are_told() {
        for name in [
            "",
            "height",
            "width",
            "face_x",
            "timestamp",
            "confidence",
            "success",
            "audio",
            "au",
            "aus",
            "gaze:x",
            "fold",
            "value",
            "name",
            "image_id",
            "x_0",
            "valence_std",
            "face",
        ] {
            assert_eq!(named(name), None, "{name}");
        }
        for (name, meant) in [
            ("valance", "`valence`"),
            ("Arrousal", "`arousal`"),
            ("expresion", "`expression`"),
            ("images", "`image`"),
            ("spilt", "`split`"),
            ("weigth", "`weight`"),
            ("expresion:Happy", "`expression:Happy`"),
        ] {
            let fault = Column::named(name)
                .err()
                .unwrap_or_else(|| panic!("{name}"));
            assert!(fault.found.contains(meant), "{name}: {}", fault.found);
        }
        for name in ["AU99", "au_00", "AU300_c", "expression:"] {
            assert!(Column::named(name).is_err(), "{name}");
        }
    }
}
