//! The scores of one split, as JSON and as a table.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::label::{ACTION_UNITS, ActionUnit, EXPRESSIONS, Expression};
use crate::metric::mean_of_present;

/// The scores of one split (section 4.2 of the paper), each in [0, 1], concordance in [-1, 1].
///
/// A score without a single label to stand on is `None`, `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Mean F1 over the action units that have labels: all twelve on s-Aff-Wild2.
    pub p_au: Option<f64>,
    /// Macro F1 over the eight expressions.
    pub p_ex: Option<f64>,
    /// Mean of the two concordance coefficients.
    pub p_va: Option<f64>,
    /// `P_MTL = P_AU + P_EX + P_VA`; absent unless all three are there.
    pub p_mtl: Option<f64>,
    /// F1 of each of [`ActionUnit::AFF_WILD2`].
    #[serde(with = "unit_map")]
    pub au_f1: [Option<f64>; ACTION_UNITS],
    /// F1 of each of [`Expression::AFF_WILD2`].
    #[serde(with = "class_map")]
    pub ex_f1: [Option<f64>; EXPRESSIONS],
    /// The concordance coefficients.
    pub ccc: Concordances,
    /// The rows that the scores stand on.
    pub rows: Rows,
}

/// Concordance correlation coefficients over a whole split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concordances {
    /// Of valence.
    pub valence: Option<f64>,
    /// Of arousal.
    pub arousal: Option<f64>,
}

/// Numbers of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// In the split.
    pub total: u64,
    /// With at least one labelled action unit.
    pub au: u64,
    /// With a labelled expression.
    pub ex: u64,
    /// With labelled valence and arousal.
    pub va: u64,
}

impl Report {
    /// The report of single scores: the means and the sum follow from them.
    pub fn of(
        au_f1: [Option<f64>; ACTION_UNITS],
        ex_f1: [Option<f64>; EXPRESSIONS],
        ccc: Concordances,
        rows: Rows,
    ) -> Self {
        let p_au = mean_of_present(&au_f1);
        let p_ex = mean_of_present(&ex_f1);
        let p_va = ccc
            .valence
            .zip(ccc.arousal)
            .map(|(valence, arousal)| (valence + arousal) / 2.0);
        let p_mtl = p_au
            .zip(p_ex)
            .zip(p_va)
            .map(|((p_au, p_ex), p_va)| p_au + p_ex + p_va);
        Self {
            p_au,
            p_ex,
            p_va,
            p_mtl,
            au_f1,
            ex_f1,
            ccc,
            rows,
        }
    }

    /// The report as text: the paper's Table 1 columns, then each unit, class and coefficient.
    /// With `chance`, every line of scores has chance level below it.
    pub fn table(&self, chance: Option<&Report>) -> String {
        let mut lines = vec![("", self)];
        if let Some(chance) = chance {
            lines = vec![("score", self), ("chance", chance)];
        }
        let mut text = String::new();
        let mut block =
            |title: &str, names: &[String], scores: &dyn Fn(&Report) -> Vec<Option<f64>>| {
                let widths: Vec<usize> = names.iter().map(|name| name.len().max(6) + 1).collect();
                text.push_str(&format!("{title:<10}"));
                for (name, width) in names.iter().zip(&widths) {
                    text.push_str(&format!("{name:>width$}"));
                }
                text.push('\n');
                for (label, report) in &lines {
                    text.push_str(&format!("{label:<10}"));
                    for (score, width) in scores(report).into_iter().zip(&widths) {
                        text.push_str(&format!("{:>width$}", cell(score)));
                    }
                    text.push('\n');
                }
            };
        block(
            "",
            &["P_AU", "P_EX", "P_VA", "P_MTL"].map(String::from),
            &|report| vec![report.p_au, report.p_ex, report.p_va, report.p_mtl],
        );
        block(
            "AU F1",
            &ActionUnit::AFF_WILD2.map(|unit| unit.to_string()),
            &|report| report.au_f1.to_vec(),
        );
        block(
            "EX F1",
            &Expression::AFF_WILD2.map(|class| class.to_string()),
            &|report| report.ex_f1.to_vec(),
        );
        block(
            "VA CCC",
            &["Valence", "Arousal"].map(String::from),
            &|report| vec![report.ccc.valence, report.ccc.arousal],
        );
        let Rows { total, au, ex, va } = self.rows;
        text.push_str(&format!(
            "rows      {total}, labelled: AU {au}, EX {ex}, VA {va}\n"
        ));
        text
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table(None))
    }
}

fn cell(score: Option<f64>) -> String {
    score.map_or_else(|| "-".to_string(), |score| format!("{score:.3}"))
}

/// Action units by name, in order.
mod unit_map {
    use super::*;

    pub fn serialize<S: serde::Serializer>(
        scores: &[Option<f64>; ACTION_UNITS],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(ActionUnit::AFF_WILD2.into_iter().zip(scores))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[Option<f64>; ACTION_UNITS], D::Error> {
        by_name(deserializer, &ActionUnit::AFF_WILD2)
    }
}

/// Expressions by name, in order.
mod class_map {
    use super::*;

    pub fn serialize<S: serde::Serializer>(
        scores: &[Option<f64>; EXPRESSIONS],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Expression::AFF_WILD2.into_iter().zip(scores))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[Option<f64>; EXPRESSIONS], D::Error> {
        by_name(deserializer, &Expression::AFF_WILD2)
    }
}

/// Reads a map that has exactly the keys of `order`, in any order.
fn by_name<'de, D, Name, const N: usize>(
    deserializer: D,
    order: &[Name; N],
) -> Result<[Option<f64>; N], D::Error>
where
    D: serde::Deserializer<'de>,
    Name: Deserialize<'de> + Ord + fmt::Display,
{
    use serde::de::Error;

    let mut scores = std::collections::BTreeMap::<Name, Option<f64>>::deserialize(deserializer)?;
    let mut ordered = [None; N];
    for (name, slot) in order.iter().zip(&mut ordered) {
        *slot = scores
            .remove(name)
            .ok_or_else(|| D::Error::custom(format!("no score of {name}")))?;
    }
    match scores.into_keys().next() {
        Some(name) => Err(D::Error::custom(format!(
            "a score of {name} is not expected"
        ))),
        None => Ok(ordered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut au_f1 = [Some(0.5); ACTION_UNITS];
        au_f1[7] = None;
        let mut ex_f1 = [Some(0.25); EXPRESSIONS];
        ex_f1[2] = Some(0.0);
        let ccc = Concordances {
            valence: Some(0.5),
            arousal: Some(0.25),
        };
        let rows = Rows {
            total: 10,
            au: 9,
            ex: 8,
            va: 7,
        };
        Report::of(au_f1, ex_f1, ccc, rows)
    }

    #[test]
    fn the_json_has_the_documented_shape_and_reads_back() {
        let json = serde_json::to_string(&report()).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"p_au":0.5,"p_ex":0.21875,"p_va":0.375,"p_mtl":1.09375,"#,
                r#""au_f1":{"AU1":0.5,"AU2":0.5,"AU4":0.5,"AU6":0.5,"AU7":0.5,"AU10":0.5,"#,
                r#""AU12":0.5,"AU15":null,"AU23":0.5,"AU24":0.5,"AU25":0.5,"AU26":0.5},"#,
                r#""ex_f1":{"Neutral":0.25,"Anger":0.25,"Disgust":0.0,"Fear":0.25,"#,
                r#""Happiness":0.25,"Sadness":0.25,"Surprise":0.25,"Other":0.25},"#,
                r#""ccc":{"valence":0.5,"arousal":0.25},"#,
                r#""rows":{"total":10,"au":9,"ex":8,"va":7}}"#,
            )
        );
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report());
        for broken in [
            json.replace("AU15", "AU9"),
            json.replace(r#""AU15":null,"#, ""),
            json.replace(r#""Disgust""#, r#""Contempt""#),
        ] {
            serde_json::from_str::<Report>(&broken).unwrap_err();
        }
    }

    #[test]
    fn the_sum_is_absent_when_one_of_the_three_is() {
        let mut ccc = report().ccc;
        ccc.valence = None;
        let report = Report::of(report().au_f1, report().ex_f1, ccc, report().rows);
        assert_eq!((report.p_va, report.p_mtl), (None, None));
        assert!(report.p_au.is_some());
    }

    #[test]
    fn the_table_puts_chance_below_each_score() {
        let table = report().table(Some(&report()));
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0].split_whitespace().last(), Some("P_MTL"));
        assert_eq!(lines[1], "score       0.500  0.219  0.375  1.094");
        assert!(lines[2].starts_with("chance"));
        assert!(lines[4].contains(" - "));
        assert!(lines.iter().all(|line| line.len() <= 100), "{table}");
        assert_eq!(report().to_string().lines().count(), 9);
    }
}
