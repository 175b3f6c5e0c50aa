//! The header: which column holds what, and what of it is read.

use super::cell::Cells;
use super::class::Classes;
use super::column::Column;
use super::config::{LabelConfig, place};
use crate::data::line::Fault;
use crate::label::{ActionUnit, AffectRange, CodedUnit, Expression, Scale};
use crate::spelling::printable;

/// For each kind of content the columns that hold it, counted from 0.
#[derive(Debug)]
pub(super) struct Columns {
    /// The names of all columns.
    pub names: Vec<String>,
    pub image: usize,
    pub valence: Option<usize>,
    pub arousal: Option<usize>,
    pub expression: Option<usize>,
    /// Columns of soft labels, each with the place of its class.
    pub shares: Vec<(usize, usize)>,
    /// The action units that are read, each with its column if there is one.
    pub units: Vec<(CodedUnit, Option<usize>)>,
    pub part: Option<usize>,
    pub video: Option<usize>,
    pub frame: Option<usize>,
    pub subject: Option<usize>,
    pub weight: Option<usize>,
    /// Whether valence and arousal are read, and in which range.
    pub range: Option<AffectRange>,
    /// Columns that are passed over, by name, as it may be printed.
    pub ignored: Vec<String>,
}

impl Columns {
    /// Reads the cells of a header, and how the classes are told.
    pub(super) fn read(cells: &Cells, config: &LabelConfig) -> Result<(Self, Classes), Fault> {
        let mut found = Found::read(cells)?;
        let mut columns = Self {
            image: found.must_have_image(cells)?,
            part: found.one(&Column::Part)?,
            video: found.one(&Column::Video)?,
            frame: found.one(&Column::Frame)?,
            subject: found.one(&Column::Subject)?,
            weight: found.one(&Column::Weight)?,
            valence: found.one(&Column::Valence)?,
            arousal: found.one(&Column::Arousal)?,
            expression: found.one(&Column::Expression)?,
            shares: Vec::new(),
            units: Vec::new(),
            range: None,
            names: Vec::new(),
            ignored: Vec::new(),
        };
        columns.take_range(&mut found, config)?;
        columns.units = found.units(config)?;
        let classes = columns.take_classes(&mut found, config)?;
        let is_labelled = columns.expression.is_some()
            || !columns.shares.is_empty()
            || columns.valence.is_some()
            || columns.arousal.is_some()
            || columns.units.iter().any(|(_, column)| column.is_some());
        if !is_labelled {
            return Err(Fault::new(
                "a column of labels that are read: valence, arousal, expression, \
                 expression:<Name>, AU1 or another action unit",
                &found.names.join(","),
            ));
        }
        columns.ignored = found.ignored();
        columns.names = found.names;
        Ok((columns, classes))
    }

    /// A fault in a cell, with the column that it stands in.
    pub(super) fn named(&self, column: usize, fault: Fault) -> Fault {
        Fault {
            expected: format!(
                "in column {} (`{}`) {}",
                column + 1,
                printable(&self.names[column]),
                fault.expected
            ),
            found: fault.found,
        }
    }

    fn take_range(&mut self, found: &mut Found, config: &LabelConfig) -> Result<(), Fault> {
        let told = config.vocabulary.as_ref().map(|all| all.valence_arousal);
        if told == Some(None) && config.affect_range.is_none() {
            found.pass_over(self.valence.take());
            found.pass_over(self.arousal.take());
            return Ok(());
        }
        let is_read = told.is_some() || self.valence.is_some() || self.arousal.is_some();
        if is_read {
            let range = config
                .range()
                .map_err(|error| Fault::new("a range", &error.to_string()))?;
            self.range = Some(range);
        }
        Ok(())
    }

    /// Columns of classes: soft labels, and the names or numbers of hard ones.
    fn take_classes(&mut self, found: &mut Found, config: &LabelConfig) -> Result<Classes, Fault> {
        let shares = found.shares(self.expression.is_some())?;
        if let Some(order) = config.order() {
            if order.is_empty() {
                found.pass_over(self.expression.take());
            }
            for (column, class) in shares {
                match place(order, &class) {
                    Some(place) => self.shares.push((column, place)),
                    None => found.pass_over(Some(column)),
                }
            }
            return Ok(config.classes(order));
        }
        if shares.is_empty() {
            return Ok(Classes::open());
        }
        let (columns, classes): (Vec<_>, Vec<_>) = shares.into_iter().unzip();
        self.shares = columns.into_iter().zip(0..).collect();
        Ok(Classes::given(classes, None, config.drop_other_classes))
    }
}

/// The columns of a header that have not found their place yet.
struct Found {
    names: Vec<String>,
    columns: Vec<Option<Column>>,
}

impl Found {
    fn read(cells: &Cells) -> Result<Self, Fault> {
        let names: Vec<String> = cells.iter().map(str::to_string).collect();
        let columns = names.iter().map(|name| Column::named(name));
        Ok(Self {
            columns: columns.collect::<Result<_, _>>()?,
            names,
        })
    }

    fn must_have_image(&mut self, cells: &Cells) -> Result<usize, Fault> {
        let image = self.one(&Column::Image)?;
        image.ok_or_else(|| {
            let names: Vec<&str> = cells.iter().collect();
            Fault::new(
                "a header with a column `image`, and columns of labels such as valence, arousal, \
                 expression, AU12",
                &names.join(","),
            )
        })
    }

    /// The column of `wanted`. Of several the one that is called as it should be is taken, and the
    /// others are passed over.
    fn one(&mut self, wanted: &Column) -> Result<Option<usize>, Fault> {
        let all: Vec<usize> = self.places(|column| column == wanted);
        let named: Vec<usize> = all
            .iter()
            .copied()
            .filter(|&place| wanted.is_called(&self.names[place]))
            .collect();
        let taken = match (&*all, &*named) {
            ([], _) => return Ok(None),
            ([one], _) | (_, [one]) => *one,
            ([first, second, ..], []) | (_, [first, second, ..]) => {
                return Err(self.twice(*first, *second));
            }
        };
        for place in all {
            self.columns[place] = match place == taken {
                true => Some(wanted.clone()),
                false => None,
            };
        }
        Ok(Some(taken))
    }

    fn places(&self, is_wanted: impl Fn(&Column) -> bool) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, column)| column.as_ref().is_some_and(&is_wanted))
            .map(|(place, _)| place)
            .collect()
    }

    fn twice(&self, first: usize, second: usize) -> Fault {
        let [one, other] = [first, second].map(|place| printable(&self.names[place]));
        Fault {
            expected: "each kind of label and mark in one column".into(),
            found: format!(
                "columns {} (`{one}`) and {} (`{other}`)",
                first + 1,
                second + 1
            ),
        }
    }

    fn both_scales(&self, first: usize, second: usize) -> Fault {
        let [one, other] = [first, second].map(|place| printable(&self.names[place]));
        Fault {
            expected: "an action unit's occurrence or its intensity (a vocabulary says which of \
                       them to read)"
                .into(),
            found: format!("both, in `{one}` and `{other}`"),
        }
    }

    fn pass_over(&mut self, column: Option<usize>) {
        if let Some(column) = column {
            self.columns[column] = None;
        }
    }

    /// The columns of soft labels, in their order. Where no column says that it holds an expression,
    /// two or more that are called as classes are do.
    fn shares(&mut self, has_expression: bool) -> Result<Vec<(usize, Expression)>, Fault> {
        let is_share = |column: &Column| matches!(column, Column::Share(_));
        let mut places = self.places(is_share);
        if places.is_empty() && !has_expression {
            let bare: Vec<_> = (0..self.names.len())
                .filter(|&place| self.columns[place].is_none())
                .filter_map(|place| Some((place, Column::bare_share(&self.names[place])?)))
                .collect();
            if bare.len() >= super::class::FEWEST {
                for (place, column) in bare {
                    self.columns[place] = Some(column);
                }
                places = self.places(is_share);
            }
        }
        if places.len() == 1 {
            return Err(Fault::new(
                "a column of soft labels for each class, two at least",
                &self.names[places[0]],
            ));
        }
        if places.len() > super::class::MOST {
            return Err(Fault {
                expected: format!("soft labels of at most {} classes", super::class::MOST),
                found: places.len().to_string(),
            });
        }
        let mut shares: Vec<(usize, Expression)> = Vec::new();
        for place in places {
            let Some(Column::Share(class)) = &self.columns[place] else {
                continue;
            };
            if let Some((other, _)) = shares.iter().find(|(_, other)| other.is_alike(class)) {
                return Err(self.twice(*other, place));
            }
            shares.push((place, class.clone()));
        }
        Ok(shares)
    }

    /// The action units in their order, each with its column.
    fn units(&mut self, config: &LabelConfig) -> Result<Vec<(CodedUnit, Option<usize>)>, Fault> {
        let wanted: Option<&[CodedUnit]> = config.vocabulary.as_ref().map(|all| &*all.action_units);
        let mut units: Vec<(CodedUnit, Option<usize>)> = wanted
            .unwrap_or_default()
            .iter()
            .map(|unit| (*unit, None))
            .collect();
        for place in self.places(|column| matches!(column, Column::Unit(..))) {
            let Some(Column::Unit(unit, scale)) = self.columns[place] else {
                continue;
            };
            let scale = scale.unwrap_or_else(|| scale_in(wanted.unwrap_or_default(), unit));
            let coded = CodedUnit { unit, scale };
            match units.iter_mut().find(|(unit, _)| *unit == coded) {
                Some((_, column)) => {
                    if let Some(other) = column.replace(place) {
                        return Err(self.twice(other, place));
                    }
                }
                None if wanted.is_some() => self.columns[place] = None,
                None => match units.iter().find(|(other, _)| other.unit == unit) {
                    Some((_, Some(other))) => return Err(self.both_scales(*other, place)),
                    _ => units.push((coded, Some(place))),
                },
            }
        }
        if wanted.is_none() {
            units.sort_by_key(|(coded, _)| (coded.unit, coded.scale == Scale::Intensity));
        }
        Ok(units)
    }

    /// The names of the columns that nothing is read of.
    fn ignored(&self) -> Vec<String> {
        let columns = self.columns.iter().zip(&self.names).enumerate();
        columns
            .filter(|(_, (column, _))| column.is_none())
            .map(|(place, (_, name))| match name.is_empty() {
                true => format!("column {} without a name", place + 1),
                false => printable(name),
            })
            .collect()
    }
}

/// The scale of a unit whose column says none.
fn scale_in(units: &[CodedUnit], unit: ActionUnit) -> Scale {
    let coded = units.iter().find(|coded| coded.unit == unit);
    coded.map_or(Scale::Occurrence, |coded| coded.scale)
}
