//! What does not fit when weights are put into a module.

use std::collections::BTreeMap;
use std::fmt;

use burn::tensor::DType;

/// How many names of each kind the printed report lists.
const LISTED: usize = 8;
/// Names longer than this come from a broken file; they are cut and never searched for.
const LONGEST_NAME: usize = 120;

/// Why weights do not fit a module; printed, it says what to do about it.
///
/// Names are the module's paths, as in `action_unit.graph.u.weight`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportReport {
    /// How many tensors of the module the weights fill as they should.
    pub fitting: usize,
    /// Tensors of the module that the weights lack.
    pub missing: Vec<String>,
    /// Tensors of the weights that the module lacks.
    pub unexpected: Vec<String>,
    /// Tensors in both, but not of the same shape.
    pub wrong_shape: Vec<WrongShape>,
    /// Tensors in both of one shape that do not hold floats.
    pub wrong_kind: Vec<WrongKind>,
}

/// A tensor whose shape is not the module's.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongShape {
    /// The tensor.
    pub name: String,
    /// The module's shape.
    pub expected: Vec<usize>,
    /// The weights' shape.
    pub found: Vec<usize>,
}

/// A tensor that should hold floats and does not.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongKind {
    /// The tensor.
    pub name: String,
    /// What it holds.
    pub found: DType,
}

impl ImportReport {
    /// Compares a module's tensors, by name and shape, with the weights meant for them.
    pub(super) fn compare(
        slots: &[(String, Vec<usize>)],
        tensors: &BTreeMap<&str, (&[usize], DType)>,
    ) -> Self {
        let mut report = Self::default();
        for (name, expected) in slots {
            let name = name.clone();
            let Some(&(shape, dtype)) = tensors.get(name.as_str()) else {
                report.missing.push(name);
                continue;
            };
            if shape != expected.as_slice() {
                report.wrong_shape.push(WrongShape {
                    name,
                    expected: expected.clone(),
                    found: shape.to_vec(),
                });
            } else if !dtype.is_float() {
                report.wrong_kind.push(WrongKind { name, found: dtype });
            } else {
                report.fitting += 1;
            }
        }
        let known: std::collections::BTreeSet<&str> =
            slots.iter().map(|(name, _)| name.as_str()).collect();
        report.unexpected = tensors
            .keys()
            .filter(|name| !known.contains(**name))
            .map(|name| name.to_string())
            .collect();
        report
    }

    /// Whether every tensor has its place, and every place its tensor.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
            && self.unexpected.is_empty()
            && self.wrong_shape.is_empty()
            && self.wrong_kind.is_empty()
    }

    /// The unexpected name most like a missing one, if one is like it at all.
    pub fn nearest(&self, missing: &str) -> Option<&str> {
        if missing.len() > LONGEST_NAME {
            return None;
        }
        self.unexpected
            .iter()
            .filter(|name| name.len() <= LONGEST_NAME)
            .map(|name| (edit_distance(missing, name), name.as_str()))
            .min()
            .filter(|&(distance, name)| distance * 3 <= missing.len().max(name.len()))
            .map(|(_, name)| name)
    }

    fn advice(&self) -> &'static str {
        match (
            self.missing.is_empty(),
            self.unexpected.is_empty(),
            self.wrong_shape.is_empty(),
        ) {
            (false, false, _) if self.fitting == 0 => {
                "no name matches: the weights are of another kind of network; convert them first, \
                 naming their kind"
            }
            (false, false, _) => {
                "names differ: the weights come from another program or another version, or the \
                 network is configured otherwise than when they were saved"
            }
            (false, true, _) => {
                "the weights lack a part that the config asks for: turn that part off in the \
                 config, or use weights that have it"
            }
            (true, false, _) => {
                "the weights have a part that the config does not ask for: turn it on in the config"
            }
            (true, true, false) => {
                "the sizes differ: compare feature width, action units, expressions and attention \
                 of the config with those that the weights were trained with"
            }
            (true, true, true) => "the weights must be floating-point numbers",
        }
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return write!(f, "all {} tensors fit", self.fitting);
        }
        write!(f, "the weights do not fit; {} tensors do", self.fitting)?;
        list(f, "missing", &self.missing, |f, name| {
            write!(f, "{}", printable(name))?;
            match self.nearest(name) {
                Some(near) => write!(f, " (is it {}?)", printable(near)),
                None => Ok(()),
            }
        })?;
        list(f, "unexpected", &self.unexpected, |f, name| {
            write!(f, "{}", printable(name))
        })?;
        list(f, "wrong shape", &self.wrong_shape, |f, wrong| {
            let WrongShape {
                name,
                expected,
                found,
            } = wrong;
            let name = printable(name);
            write!(f, "{name}: expected {expected:?}, found {found:?}")
        })?;
        list(f, "wrong kind", &self.wrong_kind, |f, wrong| {
            let name = printable(&wrong.name);
            write!(f, "{name}: expected floats, found {:?}", wrong.found)
        })?;
        write!(f, "\n  {}", self.advice())
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    items: &[T],
    item: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    write!(f, "\n  {title} ({}):", items.len())?;
    for each in items.iter().take(LISTED) {
        f.write_str("\n    ")?;
        item(f, each)?;
    }
    match items.len().checked_sub(LISTED) {
        Some(more @ 1..) => write!(f, "\n    and {more} more"),
        _ => Ok(()),
    }
}

/// A name as it may be printed: a hostile file must not write escape codes to a terminal.
fn printable(name: &str) -> String {
    let shown = name.chars().take(LONGEST_NAME).flat_map(char::escape_debug);
    let cut = match name.chars().nth(LONGEST_NAME) {
        Some(_) => "...",
        None => "",
    };
    shown.chain(cut.chars()).collect()
}

/// The number of characters to insert, delete or change to turn one name into the other.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let change = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distances_are_the_known_ones() {
        for (left, right, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("weight", "weight", 0),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(edit_distance(left, right), distance, "{left} {right}");
            assert_eq!(edit_distance(right, left), distance, "{right} {left}");
        }
    }

    #[test]
    fn a_long_report_is_cut_and_harmless() {
        let report = ImportReport {
            unexpected: (0..20).map(|i| format!("\u{1b}[31m{i}")).collect(),
            missing: vec!["a".repeat(10_000)],
            ..Default::default()
        };
        let text = report.to_string();
        assert!(text.contains("and 12 more"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.len() < 2_000, "{text}");
    }
}
