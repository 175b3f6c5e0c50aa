//! Which expressions there are, and which of them a cell names.

use std::collections::HashMap;

use super::value::{class_number, is_no_class, number};
use crate::data::line::Fault;
use crate::label::{Expression, Vocabulary};

/// The fewest and the most expressions of a data set.
pub(super) const FEWEST: usize = *Vocabulary::EXPRESSIONS.start();
pub(super) const MOST: usize = *Vocabulary::EXPRESSIONS.end();

/// The order of classes that are told by their names alone: AffectNet's, then `Other`, then those that
/// only this data set has, by name. It depends on the names that there are, and neither on the order
/// of the rows nor on how often a name stands there.
pub(super) fn ordered(mut classes: Vec<Expression>) -> Vec<Expression> {
    let place = |class: &Expression| {
        let known = Expression::AFFECTNET_8
            .iter()
            .position(|known| known == class);
        match class {
            Expression::Other => Expression::AFFECTNET_8.len(),
            _ => known.unwrap_or(Expression::AFFECTNET_8.len() + 1),
        }
    };
    classes.sort_by(|one, other| {
        let by_name = || one.name().to_lowercase().cmp(&other.name().to_lowercase());
        place(one).cmp(&place(other)).then_with(by_name)
    });
    classes
}

/// What the numbers of classes mean.
#[derive(Clone)]
pub(in crate::data) struct Numbers {
    /// The number of the first class.
    pub first: usize,
    /// The classes from there on.
    pub classes: Vec<Expression>,
}

/// What becomes of a class that there is no place for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// It gets one.
    Met,
    /// It is refused.
    Refused,
    /// It counts as missing.
    Dropped,
}

/// Reads the cells of a column of expressions.
pub(in crate::data) struct Classes {
    /// As they are told, or in the order in which they were met.
    classes: Vec<Expression>,
    /// What numbers mean, where they have a meaning.
    numbers: Option<Numbers>,
    /// What becomes of other classes.
    others: Others,
    /// What cells that were read before hold.
    known: HashMap<String, Option<usize>>,
}

impl Classes {
    /// Classes in a given order. Cells are their names, or numbers if those are told; other classes
    /// are refused, or with `drop_others` count as missing.
    pub(in crate::data) fn given(
        classes: Vec<Expression>,
        numbers: Option<Numbers>,
        drop_others: bool,
    ) -> Self {
        Self {
            classes,
            numbers,
            others: match drop_others {
                true => Others::Dropped,
                false => Others::Refused,
            },
            known: HashMap::new(),
        }
    }

    /// Whatever classes are met, by their names.
    pub(in crate::data) fn open() -> Self {
        Self {
            others: Others::Met,
            ..Self::given(Vec::new(), None, false)
        }
    }

    /// How many classes there are so far.
    pub(in crate::data) fn count(&self) -> usize {
        self.classes.len()
    }

    /// The place of the class that a cell names.
    pub(in crate::data) fn read(&mut self, text: &str) -> Result<Option<usize>, Fault> {
        if let Some(&class) = self.known.get(text) {
            return Ok(class);
        }
        let class = match class_number(text) {
            _ if is_no_class(text) => None,
            Some(number) => self.numbered(number, text)?,
            None if number(text, true).is_some() => {
                return Err(Fault::new("the name of a class, or its whole number", text));
            }
            None => {
                let class = text.parse().map_err(|_| {
                    let expected = "the printable name of a class, of at most 100 characters";
                    Fault::new(expected, text)
                })?;
                self.place(class, text)?
            }
        };
        self.known.insert(text.to_string(), class);
        Ok(class)
    }

    fn numbered(&mut self, number: i64, text: &str) -> Result<Option<usize>, Fault> {
        let Some(Numbers { first, classes }) = &self.numbers else {
            return Err(Fault::new(
                "the name of a class; for numbers say what they mean, with expressions (their names \
                 in order) or a vocabulary",
                text,
            ));
        };
        let place = number.checked_sub(*first as i64);
        let place = place.and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| classes.get(place)) {
            Some(class) => self.place(class.clone(), text),
            None if self.others == Others::Dropped => Ok(None),
            None => {
                let last = first + classes.len() - 1;
                let known = listed(classes);
                Err(Fault::new(
                    format!(
                        "a class from {first} to {last} ({known}), or empty where missing (numbers \
                         from another one on are said with first_class)"
                    ),
                    text,
                ))
            }
        }
    }

    /// The place of a class that a cell of this text names.
    fn place(&mut self, class: Expression, text: &str) -> Result<Option<usize>, Fault> {
        let place = self.classes.iter().position(|known| known.is_alike(&class));
        match (place, self.others) {
            (Some(place), Others::Met) => {
                // Of two spellings in capitals and small letters one stays, whichever comes first.
                if class < self.classes[place] {
                    self.classes[place] = class;
                }
                Ok(Some(place))
            }
            (Some(place), _) => Ok(Some(place)),
            (None, Others::Dropped) => Ok(None),
            (None, Others::Refused) => {
                let known = listed(&self.classes);
                let expected = format!("one of {known}, or empty where missing");
                Err(Fault::new(expected, text))
            }
            (None, Others::Met) if self.classes.len() == MOST => {
                Err(Fault::new(format!("at most {MOST} classes"), text))
            }
            (None, Others::Met) => {
                self.classes.push(class);
                Ok(Some(self.classes.len() - 1))
            }
        }
    }

    /// The classes in their order, and for each place that [`read`](Self::read) has returned the one
    /// that it has in it.
    pub(in crate::data) fn resolved(self) -> (Vec<Expression>, Vec<usize>) {
        if self.others != Others::Met {
            let places = (0..self.classes.len()).collect();
            return (self.classes, places);
        }
        let ordered = ordered(self.classes.clone());
        let place = |class: &Expression| ordered.iter().position(|other| other == class);
        let places = self.classes.iter().filter_map(place).collect();
        (ordered, places)
    }
}

fn listed(classes: &[Expression]) -> String {
    let names: Vec<&str> = classes.iter().map(Expression::name).collect();
    names.join(", ")
}
