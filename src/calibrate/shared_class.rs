//! The expressions of a blend.

use crate::label::{Expression, Vocabulary};
use crate::{Error, Result};

/// The classes that all members with expressions have, and where those have them.
pub(super) type Shared = (Vec<Expression>, Vec<(usize, Vec<usize>)>);

pub(super) fn shared_classes(members: &[&Vocabulary]) -> Result<Shared> {
    let with: Vec<(usize, &[Expression])> = members
        .iter()
        .enumerate()
        .map(|(member, vocabulary)| (member, &*vocabulary.expressions))
        .filter(|(_, classes)| !classes.is_empty())
        .collect();
    let Some((_, first)) = with.first() else {
        return Ok(Shared::default());
    };
    let place = |classes: &[Expression], class: &Expression| {
        classes.iter().position(|other| other.is_alike(class))
    };
    let shared: Vec<Expression> = first
        .iter()
        .filter(|class| {
            with.iter()
                .all(|(_, classes)| place(classes, class).is_some())
        })
        .cloned()
        .collect();
    if shared.len() < *Vocabulary::EXPRESSIONS.start() {
        let found: Vec<&str> = shared.iter().map(Expression::name).collect();
        let found = match found.as_slice() {
            [] => "none".to_string(),
            names => format!("{} alone", names.join(", ")),
        };
        let expected = "two expressions that all members with expressions have";
        return Err(Error::argument("members of a blend", expected, found));
    }
    let places = with.iter().map(|&(member, classes)| {
        let places = shared.iter().filter_map(|class| place(classes, class));
        (member, places.collect())
    });
    let places = places.collect();
    Ok((shared, places))
}
