//! What does not fit when weights are put into a module.

use std::collections::BTreeMap;
use std::fmt;

use burn::tensor::DType;

use crate::spelling::{LONGEST_NAME, edit_distance, printable};

/// How many names of each kind the printed report lists.
const LISTED: usize = 8;
/// Why weights do not fit a module; printed, it says what to do about it.
///
/// Names are the module's paths, as in `action_unit.graph.u.weight`, or those of the file that the
/// weights are from.
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
    /// Tensors that fit and hold a value that is not finite as a 32-bit float.
    pub not_finite: Vec<NotFiniteTensor>,
    /// Where the weights are from, which decides what the printed report advises.
    pub source: WeightsSource,
}

/// Where weights are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightsSource {
    /// From the caller, who has the module's config.
    #[default]
    Caller,
    /// From a file of this crate, with its config.
    Own,
    /// From another program's file.
    Checkpoint,
}

/// A tensor with a value that would make every output that it has a part in meaningless.
#[derive(Clone, Debug, PartialEq)]
pub struct NotFiniteTensor {
    /// The tensor.
    pub name: String,
    /// The place of the first such value, one index for each axis.
    pub first: Vec<usize>,
    /// The value.
    pub value: f32,
    /// How many such values there are.
    pub count: usize,
    /// How many values there are in all.
    pub of: usize,
}

impl NotFiniteTensor {
    /// What of `values` is not finite, if anything.
    pub(super) fn find(name: &str, shape: &[usize], values: &[f32]) -> Option<Self> {
        let mut place = values.iter().position(|value| !value.is_finite())?;
        let value = values[place];
        let mut first = Vec::new();
        for &size in shape.iter().rev() {
            first.push(place % size);
            place /= size;
        }
        first.reverse();
        Some(Self {
            name: name.to_string(),
            first,
            value,
            count: values.iter().filter(|value| !value.is_finite()).count(),
            of: values.len(),
        })
    }
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

    /// The same with `prefix` before every name.
    pub(crate) fn prefixed(mut self, prefix: &str) -> Self {
        let names = self.missing.iter_mut().chain(&mut self.unexpected);
        let names = names
            .chain(self.wrong_shape.iter_mut().map(|one| &mut one.name))
            .chain(self.wrong_kind.iter_mut().map(|one| &mut one.name))
            .chain(self.not_finite.iter_mut().map(|one| &mut one.name));
        names.for_each(|name| name.insert_str(0, prefix));
        self
    }

    /// Whether every tensor has its place, and every place its tensor, and all are finite.
    pub fn is_complete(&self) -> bool {
        self.fits() && self.not_finite.is_empty()
    }

    /// Whether every tensor has its place, and every place its tensor.
    pub(super) fn fits(&self) -> bool {
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
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return write!(f, "all {} tensors fit", self.fitting);
        }
        let bad = self.not_finite.len();
        match self.fits() {
            true => write!(f, "{bad} of {} tensors are not finite", bad + self.fitting)?,
            false => write!(f, "the weights do not fit; {} tensors do", self.fitting)?,
        }
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
        list(f, "not finite", &self.not_finite, |f, bad| {
            let NotFiniteTensor {
                name,
                first,
                value,
                count,
                of,
            } = bad;
            let name = printable(name);
            write!(f, "{name}: {value} at {first:?}, {count} of {of} values")
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

#[cfg(test)]
mod tests {
    use super::*;

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
