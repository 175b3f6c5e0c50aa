//! The header: which column holds what.

use crate::data::line::Fault;
use crate::label::{ACTION_UNITS, ActionUnit};

/// The first line of every annotation, list and submission file.
pub const HEADER: &str = "image,valence,arousal,expression,aus";

/// Image, valence, arousal, expression, then the action units.
const FIELDS: usize = 4 + ACTION_UNITS;

/// For each field, the column that it stands in.
#[derive(Debug, PartialEq)]
pub(super) struct Columns([usize; FIELDS]);

impl Columns {
    /// Reads a header: in the strict form [`HEADER`] to the letter, otherwise its names or all
    /// sixteen, each of them once, in any order.
    pub(super) fn read(text: &str, strict: bool) -> Result<Self, Fault> {
        if strict {
            return match text == HEADER {
                true => Ok(Self(std::array::from_fn(|field| field))),
                false => Err(Fault::new(format!("the header `{HEADER}`"), text)),
            };
        }
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        let mut places = [None; FIELDS];
        let mut column = 0;
        for name in &names {
            let Some(fields) = fields_of(name) else {
                let known = names.iter().any(|name| fields_of(name).is_some());
                let unknown = Fault::new("", if known { name } else { text }).found;
                return Err(refusal(match known {
                    true => format!("a column {unknown}"),
                    false => unknown,
                }));
            };
            for field in fields {
                if places[field].replace(column).is_some() {
                    return Err(refusal(format!("{} twice", name_of(field))));
                }
                column += 1;
            }
        }
        let mut columns = [0; FIELDS];
        for (field, place) in places.into_iter().enumerate() {
            columns[field] = place.ok_or_else(|| refusal(format!("no {}", name_of(field))))?;
        }
        Ok(Self(columns))
    }

    /// The fields of a line, each in its place.
    pub(super) fn fields<'a>(&self, text: &'a str) -> Result<[&'a str; FIELDS], Fault> {
        let fields: Vec<&str> = text.split(',').collect();
        match fields.len() {
            FIELDS => Ok(self.0.map(|column| fields[column])),
            found => Err(Fault {
                expected: format!("{FIELDS} fields"),
                found: found.to_string(),
            }),
        }
    }
}

/// Reads the header of a list, which unless `strict` may be the image's name alone.
pub(super) fn check_list(text: &str, strict: bool) -> Result<(), Fault> {
    match !strict && fields_of(text.trim()) == Some(0..1) {
        true => Ok(()),
        false => Columns::read(text, strict).map(drop),
    }
}

fn refusal(found: String) -> Fault {
    Fault {
        expected: format!("the header `{HEADER}`, or with the name of each action unit"),
        found,
    }
}

fn name_of(field: usize) -> String {
    match field {
        0 => "image".into(),
        1 => "valence".into(),
        2 => "arousal".into(),
        3 => "expression".into(),
        unit => ActionUnit::AFF_WILD2[unit - 4].to_string(),
    }
}

/// The fields that a name of the header stands for, in the order of their columns.
fn fields_of(name: &str) -> Option<std::ops::Range<usize>> {
    let name = name.to_lowercase().replace([' ', '-'], "_");
    let field = match name.as_str() {
        "image" | "image_path" | "image_name" | "image_location" | "img" | "path" | "file"
        | "filename" => 0,
        "valence" | "v" => 1,
        "arousal" | "a" => 2,
        "expression" | "expr" | "ex" => 3,
        "aus" | "au" | "action_units" => return Some(4..FIELDS),
        name => 4 + unit_of(name)?,
    };
    Some(field..field + 1)
}

/// The place of a unit by its usual spellings: AU1, AU01, au_1, and AU01_c as OpenFace names the
/// presence of one. AU01_r, an intensity, is none.
fn unit_of(name: &str) -> Option<usize> {
    let number = name.strip_prefix("au")?.trim_start_matches('_');
    let number = number.strip_suffix("_c").unwrap_or(number);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u8 = number.parse().ok()?;
    ActionUnit::AFF_WILD2
        .iter()
        .position(|unit| unit.number() == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIXTEEN: &str = "image,valence,arousal,expression,\
        AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26";

    fn columns(text: &str) -> [usize; FIELDS] {
        match Columns::read(text, false) {
            Ok(columns) => columns.0,
            Err(fault) => panic!("{text}: {}", fault.found),
        }
    }

    #[test]
    fn every_spelling_of_the_same_header_is_read_alike() {
        let expected: [usize; FIELDS] = std::array::from_fn(|field| field);
        for text in [
            HEADER.to_string(),
            HEADER.to_uppercase(),
            HEADER.replace(',', ", "),
            format!("{HEADER} \t"),
            HEADER.replace("aus", "Action Units"),
            SIXTEEN.to_string(),
            SIXTEEN.to_lowercase(),
            SIXTEEN.replace(',', " , "),
            SIXTEEN.replace("AU", "AU_"),
            SIXTEEN.replace("AU", "AU "),
            SIXTEEN.replace("AU", "au-"),
            SIXTEEN
                .replace("AU1,", "AU01,")
                .replace("AU2,", "AU02,")
                .replace("AU4", "AU04_c"),
        ] {
            assert_eq!(columns(&text), expected, "{text}");
        }
    }

    #[test]
    fn names_in_another_order_say_where_each_field_is() {
        let text = SIXTEEN.replace("valence,arousal", "arousal,valence");
        assert_eq!(columns(&text)[..4], [0, 2, 1, 3]);
        let swapped = columns(&SIXTEEN.replace("AU1,AU2", "AU2,AU1"));
        assert_eq!(swapped[4..7], [5, 4, 6]);
        let reversed: Vec<&str> = SIXTEEN.split(',').rev().collect();
        let expected: [usize; FIELDS] = std::array::from_fn(|field| FIELDS - 1 - field);
        assert_eq!(columns(&reversed.join(",")), expected);
        let first = columns("aus,image,valence,arousal,expression");
        assert_eq!((first[0], first[4], first[15]), (12, 0, 11));
    }

    #[test]
    fn a_header_of_other_columns_is_refused_by_name() {
        for (text, found) in [
            (SIXTEEN.replace(",AU26", ""), "no AU26"),
            (SIXTEEN.replace("valence,", ""), "no valence"),
            (SIXTEEN.replace("AU26", "AU25"), "AU25 twice"),
            (format!("{SIXTEEN},aus"), "AU1 twice"),
            (format!("{SIXTEEN},image"), "image twice"),
            (SIXTEEN.replace("AU10", "AU9"), "a column \"AU9\""),
            (SIXTEEN.replace("AU10", "AU10_r"), "a column \"AU10_r\""),
            (SIXTEEN.replace("AU1,", "AU,"), "AU2 twice"),
            (SIXTEEN.replace("AU1,", "AU+1,"), "a column \"AU+1\""),
            (format!("{SIXTEEN},frame"), "a column \"frame\""),
            (format!("{SIXTEEN},"), "a column \"\""),
            ("1/1.jpg,0,0,4".to_string(), "\"1/1.jpg,0,0,4\""),
        ] {
            let fault = Columns::read(&text, false).unwrap_err();
            assert!(fault.found.contains(found), "{text}: {}", fault.found);
            assert!(fault.expected.starts_with("the header"));
        }
    }

    #[test]
    fn the_strict_form_takes_one_header() {
        assert!(Columns::read(HEADER, true).is_ok());
        for text in [
            SIXTEEN,
            "Image,valence,arousal,expression,aus",
            "image,valence,arousal,expression,aus ",
        ] {
            assert!(Columns::read(text, true).is_err(), "{text}");
            assert!(Columns::read(text, false).is_ok(), "{text}");
        }
        assert!(check_list("image", true).is_err());
        assert!(check_list(" Image ", false).is_ok() && check_list(SIXTEEN, false).is_ok());
        assert!(check_list("images of mine", false).is_err());
    }
}
