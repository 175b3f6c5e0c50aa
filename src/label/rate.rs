//! How often an expression comes with an action unit: the published table, or what labels show.

use super::{ActionUnit, Expression, Labels, Scale, Side, Vocabulary};

/// The action units of the six basic emotions: prototypical ones, which more than 70 % of people show, at
/// 1, and behind them observational ones at the share of people who do.
///
/// Du, Tao and Martinez, "Compound facial expressions of emotion", PNAS 111(15), 2014, Table 1, as Kollias
/// et al. (arXiv 2105.03790) use it.
const PUBLISHED: [(Expression, &[(ActionUnit, f32)]); 6] = [
    (
        Expression::Happiness,
        &[
            (ActionUnit::AU12, 1.0),
            (ActionUnit::AU25, 1.0),
            (ActionUnit::AU6, 0.51),
        ],
    ),
    (
        Expression::Sadness,
        &[
            (ActionUnit::AU4, 1.0),
            (ActionUnit::AU15, 1.0),
            (ActionUnit::AU1, 0.60),
            (ActionUnit::AU6, 0.50),
            (ActionUnit::AU11, 0.26),
            (ActionUnit::AU17, 0.67),
        ],
    ),
    (
        Expression::Fear,
        &[
            (ActionUnit::AU1, 1.0),
            (ActionUnit::AU4, 1.0),
            (ActionUnit::AU20, 1.0),
            (ActionUnit::AU25, 1.0),
            (ActionUnit::AU2, 0.57),
            (ActionUnit::AU5, 0.63),
            (ActionUnit::AU26, 0.33),
        ],
    ),
    (
        Expression::Anger,
        &[
            (ActionUnit::AU4, 1.0),
            (ActionUnit::AU7, 1.0),
            (ActionUnit::AU24, 1.0),
            (ActionUnit::AU10, 0.26),
            (ActionUnit::AU17, 0.52),
            (ActionUnit::AU23, 0.29),
        ],
    ),
    (
        Expression::Surprise,
        &[
            (ActionUnit::AU1, 1.0),
            (ActionUnit::AU2, 1.0),
            (ActionUnit::AU25, 1.0),
            (ActionUnit::AU26, 1.0),
            (ActionUnit::AU5, 0.66),
        ],
    ),
    (
        Expression::Disgust,
        &[
            (ActionUnit::AU9, 1.0),
            (ActionUnit::AU10, 1.0),
            (ActionUnit::AU17, 1.0),
            (ActionUnit::AU4, 0.31),
            (ActionUnit::AU24, 0.26),
        ],
    ),
];

/// `p(AU_i | e)`: how often each action unit of a vocabulary is there with each of its expressions, as far
/// as that is known.
///
/// ```
/// use countenance::label::{UnitRates, Vocabulary};
///
/// let rates = UnitRates::published(&Vocabulary::aff_wild2());
/// // Happiness comes with AU6 in half of all people, with AU12 in nearly all, and never with AU15.
/// assert_eq!([3, 6, 7].map(|unit| rates.rate(4, unit)), [Some(0.51), Some(1.0), Some(0.0)]);
/// // What "Other" comes with is not known.
/// assert_eq!(rates.rate(7, 3), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UnitRates {
    /// For each expression the rate of each unit.
    rates: Vec<Vec<Option<f32>>>,
}

impl UnitRates {
    /// From the table of Du, Tao and Martinez (2014): 1 for the prototypical units of an emotion, the share
    /// of people for the observational ones, 0 for the other units of the table, and for all of them with
    /// Neutral. Not known are the rates of other expressions, of units that are in no row of the table, of
    /// halves of the face and of intensities.
    pub fn published(vocabulary: &Vocabulary) -> Self {
        let is_in_table = |unit: ActionUnit| {
            let mut units = PUBLISHED.iter().flat_map(|(_, units)| units.iter());
            unit.side() == Side::Both && units.any(|(other, _)| *other == unit)
        };
        let of = |class: &Expression, unit: ActionUnit| {
            let row = PUBLISHED.iter().find(|(emotion, _)| emotion == class);
            let units: &[_] = match (row, class) {
                (Some((_, units)), _) => units,
                (None, Expression::Neutral) => &[],
                (None, _) => return None,
            };
            let found = units.iter().find(|(other, _)| *other == unit);
            Some(found.map_or(0.0, |(_, rate)| *rate))
        };
        let row = |class| {
            let units = vocabulary.action_units.iter();
            let known = |scale, unit| scale == Scale::Occurrence && is_in_table(unit);
            units
                .map(|coded| match known(coded.scale, coded.unit) {
                    true => of(class, coded.unit),
                    false => None,
                })
                .collect()
        };
        Self {
            rates: vocabulary.expressions.iter().map(row).collect(),
        }
    }

    /// From labels, each row counted by its weight: of the rows with an expression and a label of the unit
    /// the share in which the unit is present. Not known are the rates of intensities, and of what is
    /// labelled together nowhere. Soft labels count by their shares.
    pub fn estimated<'a>(
        vocabulary: &Vocabulary,
        rows: impl IntoIterator<Item = (&'a Labels, f32)>,
    ) -> Self {
        let (units, classes) = (&vocabulary.action_units, &vocabulary.expressions);
        let mut counts = vec![vec![[0.0; 2]; units.len()]; classes.len()];
        for (labels, weight) in rows {
            for (class, share) in shares(labels) {
                let share = f64::from(weight) * f64::from(share);
                for (place, [present, labelled]) in counts[class].iter_mut().enumerate() {
                    let Some(value) = labels.action_unit(place) else {
                        continue;
                    };
                    *labelled += share;
                    if value > 0.0 {
                        *present += share;
                    }
                }
            }
        }
        let rate = |([present, labelled], scale): ([f64; 2], Scale)| match scale {
            Scale::Occurrence if labelled > 0.0 => Some((present / labelled) as f32),
            _ => None,
        };
        let row = |counts: Vec<[f64; 2]>| {
            let counts = counts.into_iter();
            counts
                .zip(units.iter().map(|coded| coded.scale))
                .map(rate)
                .collect()
        };
        Self {
            rates: counts.into_iter().map(row).collect(),
        }
    }

    /// The rate of the unit at this place of the vocabulary with the expression at that one.
    pub fn rate(&self, class: usize, unit: usize) -> Option<f32> {
        self.rates.get(class)?.get(unit).copied().flatten()
    }

    /// For each expression the rate of each unit, in the vocabulary's orders.
    pub fn rows(&self) -> &[Vec<Option<f32>>] {
        &self.rates
    }

    /// Whether any unit comes with any expression: with none there is nothing to tell one from the other
    /// by.
    pub fn is_empty(&self) -> bool {
        let mut rates = self.rates.iter().flatten().flatten();
        rates.all(|rate| *rate == 0.0)
    }

    /// What the units of a row say of its expression, as the share of each class, which add up to 1:
    /// softmax over the emotions of `sum_i w_i y_i / sum_i w_i`, with the rates `w` of the emotion's units
    /// and the labels `y` of those that have one. A class none of whose units is labelled, and one without
    /// units such as Neutral, has no share. `None` where no unit of any emotion is present: a calm face
    /// tells none of them, and an even label would say that it is not Neutral.
    pub fn expression(&self, labels: &Labels) -> Option<Vec<f32>> {
        let mut is_any_present = false;
        let scores: Vec<Option<f32>> = self
            .rates
            .iter()
            .map(|rates| {
                let (mut sum, mut total) = (0.0, 0.0);
                for (place, rate) in rates.iter().enumerate() {
                    let (Some(rate), Some(label)) = (rate, labels.action_unit(place)) else {
                        continue;
                    };
                    is_any_present |= *rate > 0.0 && label > 0.0;
                    sum += rate * label;
                    total += rate;
                }
                (total > 0.0).then(|| sum / total)
            })
            .collect();
        if !is_any_present {
            return None;
        }
        let shares = scores.iter().map(|score| score.map_or(0.0, f32::exp));
        let total: f32 = shares.clone().sum();
        Some(shares.map(|share| share / total).collect())
    }

    /// What the expression of a row says of its units: of each unit that comes with it the rate, and
    /// nothing of the others. Of soft labels the mean rate by their shares; nothing where one of them is of
    /// an expression whose rates are not known.
    pub fn units(&self, labels: &Labels) -> Option<Vec<Option<f32>>> {
        labels.expression?;
        let shares = shares(labels);
        let units = self.rates.iter().map(Vec::len).max()?;
        let rate = |unit| {
            let mut sum = 0.0;
            for &(class, share) in &shares {
                sum += share * self.rate(class, unit)?;
            }
            Some(sum).filter(|rate| *rate > 0.0)
        };
        let rates: Vec<Option<f32>> = (0..units).map(rate).collect();
        rates.iter().any(Option::is_some).then_some(rates)
    }
}

/// The classes that a row's label is of, each with how much of it.
fn shares(labels: &Labels) -> Vec<(usize, f32)> {
    match labels.shares.is_empty() {
        true => labels
            .expression
            .map(|class| (class, 1.0))
            .into_iter()
            .collect(),
        false => {
            let shares = labels.shares.iter().copied().enumerate();
            shares.filter(|(_, share)| *share > 0.0).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{ClassSet, CodedUnit, UnitSet};

    fn aff_wild2() -> UnitRates {
        UnitRates::published(&Vocabulary::aff_wild2())
    }

    fn of_class(class: usize) -> Labels {
        Labels {
            expression: Some(class),
            ..Labels::default()
        }
    }

    fn of_units(present: &[usize]) -> Labels {
        let unit = |place| Some(f32::from(u8::from(present.contains(&place))));
        Labels {
            action_units: (0..12).map(unit).collect(),
            ..Labels::default()
        }
    }

    #[test]
    fn the_table_is_the_published_one_to_the_last_number() {
        let published = [
            "Happiness 12 25 6:.51",
            "Sadness 4 15 1:.60 6:.50 11:.26 17:.67",
            "Fear 1 4 20 25 2:.57 5:.63 26:.33",
            "Anger 4 7 24 10:.26 17:.52 23:.29",
            "Surprise 1 2 25 26 5:.66",
            "Disgust 9 10 17 4:.31 24:.26",
        ];
        let numbers = [1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 15, 17, 20, 23, 24, 25, 26];
        let name = |number: &str| format!("AU{number}");
        let units: Vec<ActionUnit> = numbers
            .iter()
            .map(|number| name(&number.to_string()).parse().unwrap())
            .collect();
        let classes: Vec<Expression> = published
            .iter()
            .map(|row| row.split(' ').next().unwrap().parse().unwrap())
            .collect();
        let vocabulary = Vocabulary {
            action_units: units.iter().copied().collect(),
            expressions: classes.into(),
            ..Vocabulary::default()
        };
        let rates = UnitRates::published(&vocabulary);
        for (class, row) in published.iter().enumerate() {
            let mut expected = vec![Some(0.0); units.len()];
            for entry in row.split(' ').skip(1) {
                let (number, rate) = entry.split_once(':').unwrap_or((entry, "1"));
                let unit: ActionUnit = name(number).parse().unwrap();
                let place = units.iter().position(|other| *other == unit).unwrap();
                expected[place] = Some(rate.parse().unwrap());
            }
            assert_eq!(rates.rows()[class], expected, "{row}");
        }
    }

    #[test]
    fn what_the_table_says_nothing_of_is_not_known() {
        let vocabulary = Vocabulary {
            action_units: [
                CodedUnit::occurrence(ActionUnit::AU12),
                CodedUnit::occurrence(ActionUnit::AU14),
                CodedUnit::occurrence("AUL12".parse().unwrap()),
                CodedUnit::intensity(ActionUnit::AU25),
            ]
            .into_iter()
            .collect::<UnitSet>(),
            expressions: ClassSet::from(vec![
                Expression::Happiness,
                Expression::Neutral,
                Expression::Contempt,
            ]),
            ..Vocabulary::default()
        };
        let rates = UnitRates::published(&vocabulary);
        assert_eq!(rates.rows()[0], [Some(1.0), None, None, None]);
        assert_eq!(rates.rows()[1], [Some(0.0), None, None, None]);
        assert_eq!(rates.rows()[2], [None; 4]);
        assert!(!rates.is_empty());
        assert!(UnitRates::published(&Vocabulary::raf_db()).is_empty());
        let calm = Vocabulary {
            expressions: vec![Expression::Neutral, Expression::Contempt].into(),
            ..Vocabulary::aff_wild2()
        };
        assert!(UnitRates::published(&calm).is_empty());
    }

    #[test]
    fn rates_of_labels_are_shares_of_the_rows_that_have_both() {
        let row = |class: Option<usize>, unit: Option<f32>| Labels {
            expression: class,
            action_units: vec![unit],
            ..Labels::default()
        };
        let soft = Labels {
            expression: Some(1),
            shares: vec![0.25, 0.75, 0.0],
            action_units: vec![Some(1.0)],
            ..Labels::default()
        };
        let vocabulary = Vocabulary {
            action_units: [ActionUnit::AU14].into_iter().collect(),
            expressions: vec![Expression::Fear, Expression::Contempt, Expression::Other].into(),
            ..Vocabulary::default()
        };
        let rows = [
            (row(Some(0), Some(1.0)), 1.0),
            (row(Some(0), Some(0.0)), 2.0),
            (row(Some(0), None), 9.0),
            (row(None, Some(1.0)), 9.0),
            (soft, 1.0),
        ];
        let rates = UnitRates::estimated(&vocabulary, rows.iter().map(|(row, n)| (row, *n)));
        assert_eq!(rates.rate(0, 0), Some(1.25 / 3.25));
        assert_eq!(rates.rate(1, 0), Some(1.0));
        assert_eq!(rates.rate(2, 0), None);
    }

    #[test]
    fn a_rows_units_give_a_soft_expression_and_a_calm_face_none() {
        // AU6 and AU12 without AU25: of happiness 1.51 of 2.51.
        let shares = aff_wild2().expression(&of_units(&[3, 6])).unwrap();
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!([shares[0], shares[7]], [0.0; 2]);
        let ratio = |class: usize, other: usize| (shares[class] / shares[other]).ln();
        assert!((ratio(4, 3) - 1.51 / 2.51).abs() < 1e-6);
        // Of sadness AU6 alone, of those that s-Aff-Wild2 labels: 4, 15, 1 and 6.
        assert!((ratio(5, 3) - 0.5 / 3.1).abs() < 1e-6);
        assert_eq!(aff_wild2().expression(&of_units(&[])), None);
        assert_eq!(aff_wild2().expression(&Labels::default()), None);
        // What has no label counts on neither side.
        let mut partial = of_units(&[3, 6]);
        partial.action_units[10] = None;
        let shares = aff_wild2().expression(&partial).unwrap();
        assert!(((shares[4] / shares[3]).ln() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn an_expression_gives_its_own_units_at_their_rates_and_none_of_the_others() {
        let happy = aff_wild2().units(&of_class(4)).unwrap();
        let mut expected = vec![None; 12];
        (expected[3], expected[6], expected[10]) = (Some(0.51), Some(1.0), Some(1.0));
        assert_eq!(happy, expected);
        for class in [0, 7] {
            assert_eq!(aff_wild2().units(&of_class(class)), None);
        }
        assert_eq!(aff_wild2().units(&Labels::default()), None);
        let mut shares = vec![0.0; 8];
        (shares[4], shares[0]) = (0.5, 0.5);
        let soft = |shares| Labels {
            shares,
            ..of_class(4)
        };
        let mixed = aff_wild2().units(&soft(shares.clone())).unwrap();
        assert_eq!([mixed[3], mixed[6]], [Some(0.255), Some(0.5)]);
        (shares[0], shares[7]) = (0.0, 0.5);
        assert_eq!(aff_wild2().units(&soft(shares)), None);
    }
}
