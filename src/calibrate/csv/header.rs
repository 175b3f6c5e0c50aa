//! What the columns of a table of scores are.

use std::path::Path;

use crate::label::{AffectRange, CodedUnit, Expression, Scale, Vocabulary};
use crate::spelling::printable;
use crate::{Error, Result};

/// Where everything stands in a row.
#[derive(Debug)]
pub(super) struct Header {
    pub names: Vec<String>,
    pub vocabulary: Vocabulary,
    pub image: Option<usize>,
    pub video: Option<usize>,
    pub frame: Option<usize>,
    pub subject: Option<usize>,
    /// For each unit of the vocabulary the column of its score and its scale, and the column of its label.
    pub units: Vec<(usize, Scale, Option<usize>)>,
    /// For each class its column.
    pub classes: Vec<usize>,
    /// Whether these are logits, or probabilities.
    pub are_logits: bool,
    pub affect: Option<[usize; 2]>,
    pub expression_label: Option<usize>,
    pub affect_labels: [Option<usize>; 2],
    pub ignored: Vec<String>,
}

/// One column.
enum Column {
    Image,
    Video,
    Frame,
    Subject,
    Unit(CodedUnit),
    Class { class: Expression, is_logit: bool },
    Affect(usize),
    UnitLabel(CodedUnit),
    ExpressionLabel,
    AffectLabel(usize),
    Other,
}

const COLUMNS: &str = "columns such as `AU12`, `logit:Happiness`, `probability:Happiness`, `valence` and \
                       `arousal`";
const LABELS: &str =
    "`label:AU12`, `label:AU12_r`, `label:expression`, `label:valence` or `label:arousal`";

impl Header {
    /// Reads the names of the columns, which stand in the file's first line.
    pub fn read(path: &Path, names: Vec<String>) -> Result<Self> {
        let wrong = |expected: String, found: String| Error::Line {
            path: path.to_path_buf(),
            line: 1,
            expected,
            found,
        };
        for (place, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..place].iter().any(|other| alike(other, name)) {
                let found = format!("`{}` twice", printable(name));
                return Err(wrong("each column once".into(), found));
            }
        }
        let mut header = Self {
            vocabulary: Vocabulary::default(),
            image: None,
            video: None,
            frame: None,
            subject: None,
            units: Vec::new(),
            classes: Vec::new(),
            are_logits: true,
            affect: None,
            expression_label: None,
            affect_labels: [None; 2],
            ignored: Vec::new(),
            names: Vec::new(),
        };
        let (mut scores, mut unit_labels) = (Vec::new(), Vec::new());
        let mut classes: Vec<(Expression, bool)> = Vec::new();
        let mut affect = [None; 2];
        for (place, name) in names.iter().enumerate() {
            let column = column(name).map_err(|expected| {
                wrong(expected.to_string(), format!("`{}`", printable(name)))
            })?;
            match column {
                Column::Image => header.image = Some(place),
                Column::Video => header.video = Some(place),
                Column::Frame => header.frame = Some(place),
                Column::Subject => header.subject = Some(place),
                Column::Unit(unit) => scores.push((place, unit)),
                Column::UnitLabel(unit) => unit_labels.push((place, unit)),
                Column::Class { class, is_logit } => {
                    header.classes.push(place);
                    classes.push((class, is_logit));
                }
                Column::Affect(which) => affect[which] = Some(place),
                Column::ExpressionLabel => header.expression_label = Some(place),
                Column::AffectLabel(which) => header.affect_labels[which] = Some(place),
                Column::Other => header.ignored.push(name.clone()),
            }
        }
        let of_unit = |(place, _): &(usize, CodedUnit)| format!("`{}`", printable(&names[*place]));
        for all in [&scores, &unit_labels] {
            for (number, (place, unit)) in all.iter().enumerate() {
                let same = all[..number]
                    .iter()
                    .find(|(_, other)| other.unit == unit.unit);
                if let Some(same) = same {
                    let found = format!("{} and {}", of_unit(same), of_unit(&(*place, *unit)));
                    return Err(wrong(format!("one column of {}", unit.unit), found));
                }
            }
        }
        let mut coded = Vec::new();
        for (place, unit) in scores {
            let label = unit_labels
                .iter()
                .find(|(_, label)| label.unit == unit.unit);
            header
                .units
                .push((place, unit.scale, label.map(|(place, _)| *place)));
            // What is tuned is what is labelled.
            coded.push(label.map_or(unit, |(_, label)| *label));
        }
        if let Some(alone) = unit_labels.iter().find(|(place, _)| {
            !header
                .units
                .iter()
                .any(|(_, _, label)| *label == Some(*place))
        }) {
            let expected = format!("a column `{}` with scores for the labels", alone.1.unit);
            return Err(wrong(expected, format!("{} alone", of_unit(alone))));
        }
        header.are_logits = classes.first().is_none_or(|(_, is_logit)| *is_logit);
        if classes
            .iter()
            .any(|(_, is_logit)| *is_logit != header.are_logits)
        {
            let expected = "`logit:` or `probability:` before the name of each class";
            return Err(wrong(expected.into(), "both".into()));
        }
        header.affect = match affect {
            [None, None] => None,
            [Some(valence), Some(arousal)] => Some([valence, arousal]),
            _ => {
                return Err(wrong(
                    "`valence` and `arousal`".into(),
                    "one of them".into(),
                ));
            }
        };
        header.vocabulary = Vocabulary {
            action_units: coded.into_iter().collect(),
            expressions: classes
                .into_iter()
                .map(|(class, _)| class)
                .collect::<Vec<_>>()
                .into(),
            valence_arousal: header.affect.map(|_| AffectRange::default()),
        };
        if header.vocabulary == Vocabulary::default() {
            return Err(wrong(COLUMNS.into(), listed(&names)));
        }
        header.vocabulary.validate().map_err(|error| match error {
            Error::Argument {
                what,
                expected,
                found,
            } => wrong(format!("{what}: {expected}"), found),
            other => other,
        })?;
        for (label, scored, which) in [
            (
                header.expression_label,
                !header.classes.is_empty(),
                "`logit:` or `probability:`",
            ),
            (
                header.affect_labels[0].or(header.affect_labels[1]),
                header.affect.is_some(),
                "`valence` and `arousal`",
            ),
        ] {
            if let Some(place) = label.filter(|_| !scored) {
                let found = format!("`{}` alone", printable(&names[place]));
                return Err(wrong(
                    format!("columns {which} with scores for the labels"),
                    found,
                ));
            }
        }
        let labelled = !unit_labels.is_empty()
            || header.expression_label.is_some()
            || header.affect_labels.iter().any(Option::is_some);
        if !labelled {
            return Err(wrong(
                format!("a column of labels, {LABELS}"),
                listed(&names),
            ));
        }
        header.names = names;
        Ok(header)
    }

    /// A column's name, for people.
    pub fn name(&self, column: usize) -> String {
        printable(&self.names[column])
    }
}

fn alike(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().take(20).map(|name| printable(name)).collect();
    format!("`{}`", names.join(","))
}

/// What a column is, or what was expected of one that begins as if it were something.
fn column(name: &str) -> Result<Column, &'static str> {
    let lower = name.to_ascii_lowercase();
    if let Some(of) = lower.strip_prefix("label:") {
        return Ok(match of.trim() {
            "expression" => Column::ExpressionLabel,
            "valence" => Column::AffectLabel(0),
            "arousal" => Column::AffectLabel(1),
            unit if unit.starts_with("au") => Column::UnitLabel(unit.parse().map_err(|_| LABELS)?),
            _ => return Err(LABELS),
        });
    }
    for (prefix, is_logit) in [("logit:", true), ("probability:", false)] {
        if lower.starts_with(prefix) {
            let class = name[prefix.len()..].parse();
            let class = class.map_err(|_| "the name of a class behind the colon")?;
            return Ok(Column::Class { class, is_logit });
        }
    }
    Ok(match lower.as_str() {
        "image" => Column::Image,
        "video" => Column::Video,
        "frame" => Column::Frame,
        "subject" => Column::Subject,
        "valence" => Column::Affect(0),
        "arousal" => Column::Affect(1),
        unit if unit.starts_with("au") => unit.parse().map_or(Column::Other, Column::Unit),
        _ => Column::Other,
    })
}
