//! The action units of the Facial Action Coding System, and how a data set codes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// Numbers and names of the Facial Action Coding System (Ekman and Friesen 1978; Ekman, Friesen and
/// Hager 2002), single units, descriptors, and movements of head and eyes, in ascending order.
const NAMES: [(u8, &str); 58] = [
    (1, "inner brow raiser"),
    (2, "outer brow raiser"),
    (4, "brow lowerer"),
    (5, "upper lid raiser"),
    (6, "cheek raiser"),
    (7, "lid tightener"),
    (8, "lips toward each other"),
    (9, "nose wrinkler"),
    (10, "upper lip raiser"),
    (11, "nasolabial deepener"),
    (12, "lip corner puller"),
    (13, "sharp lip puller"),
    (14, "dimpler"),
    (15, "lip corner depressor"),
    (16, "lower lip depressor"),
    (17, "chin raiser"),
    (18, "lip pucker"),
    (19, "tongue show"),
    (20, "lip stretcher"),
    (21, "neck tightener"),
    (22, "lip funneler"),
    (23, "lip tightener"),
    (24, "lip pressor"),
    (25, "lips part"),
    (26, "jaw drop"),
    (27, "mouth stretch"),
    (28, "lip suck"),
    (29, "jaw thrust"),
    (30, "jaw sideways"),
    (31, "jaw clencher"),
    (32, "lip bite"),
    (33, "cheek blow"),
    (34, "cheek puff"),
    (35, "cheek suck"),
    (36, "tongue bulge"),
    (37, "lip wipe"),
    (38, "nostril dilator"),
    (39, "nostril compressor"),
    (41, "lid droop"),
    (42, "slit"),
    (43, "eyes closed"),
    (44, "squint"),
    (45, "blink"),
    (46, "wink"),
    (51, "head turn left"),
    (52, "head turn right"),
    (53, "head up"),
    (54, "head down"),
    (55, "head tilt left"),
    (56, "head tilt right"),
    (57, "head forward"),
    (58, "head back"),
    (61, "eyes turn left"),
    (62, "eyes turn right"),
    (63, "eyes up"),
    (64, "eyes down"),
    (65, "walleye"),
    (66, "cross-eye"),
];

/// The half of the face that a unit is coded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The whole face, as nearly all data sets code it.
    Both,
    /// The person's left half.
    Left,
    /// The person's right half.
    Right,
}

impl Side {
    /// What stands before a unit's number.
    pub(super) const fn letter(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::Left => "L",
            Self::Right => "R",
        }
    }
}

/// A facial action unit of the Facial Action Coding System: its number there, and which half of the
/// face it is coded for.
///
/// ```
/// use countenance::label::{ActionUnit, Side};
///
/// let smile: ActionUnit = "AU12".parse()?;
/// assert_eq!((smile.number(), smile.name()), (12, "lip corner puller"));
/// assert_eq!(smile, ActionUnit::AU12);
/// let half: ActionUnit = "AUL12".parse()?;
/// assert_eq!((half.number(), half.side()), (12, Side::Left));
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionUnit {
    number: u8,
    side: Side,
}

macro_rules! named {
    ($($name:ident = $number:literal,)*) => {
        #[allow(missing_docs, reason = "the constants are the units' numbers; `name` says what they are")]
        impl ActionUnit {
            $(pub const $name: Self = Self::whole($number);)*
        }
    };
}

named! {
    AU1 = 1, AU2 = 2, AU4 = 4, AU5 = 5, AU6 = 6, AU7 = 7, AU9 = 9, AU10 = 10, AU11 = 11, AU12 = 12,
    AU13 = 13, AU14 = 14, AU15 = 15, AU16 = 16, AU17 = 17, AU18 = 18, AU19 = 19, AU20 = 20, AU22 = 22,
    AU23 = 23, AU24 = 24, AU25 = 25, AU26 = 26, AU27 = 27, AU28 = 28, AU32 = 32, AU38 = 38, AU39 = 39,
    AU43 = 43, AU45 = 45,
}

impl ActionUnit {
    /// The order of s-Aff-Wild2 and of the paper.
    pub const AFF_WILD2: [Self; 12] = [
        Self::AU1,
        Self::AU2,
        Self::AU4,
        Self::AU6,
        Self::AU7,
        Self::AU10,
        Self::AU12,
        Self::AU15,
        Self::AU23,
        Self::AU24,
        Self::AU25,
        Self::AU26,
    ];

    /// The order of the OpenFace 3.0 checkpoint.
    pub const OPENFACE3: [Self; 8] = [
        Self::AU1,
        Self::AU2,
        Self::AU4,
        Self::AU6,
        Self::AU9,
        Self::AU12,
        Self::AU25,
        Self::AU26,
    ];

    /// The order of BP4D's twelve units.
    pub const BP4D: [Self; 12] = [
        Self::AU1,
        Self::AU2,
        Self::AU4,
        Self::AU6,
        Self::AU7,
        Self::AU10,
        Self::AU12,
        Self::AU14,
        Self::AU15,
        Self::AU17,
        Self::AU23,
        Self::AU24,
    ];

    /// The order of DISFA's eight units that the field reports on, the same as OpenFace 3.0's.
    pub const DISFA: [Self; 8] = Self::OPENFACE3;

    /// The order of OpenGraphAU's checkpoints: 27 units, then left and right halves of seven of them.
    pub const OPEN_GRAPH_AU: [Self; 41] = {
        let mut units = [Self::AU1; 41];
        let whole = [
            1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26,
            27, 32, 38, 39,
        ];
        let mut place = 0;
        while place < whole.len() {
            units[place] = Self::whole(whole[place]);
            place += 1;
        }
        let halves = [1, 2, 4, 6, 10, 12, 14];
        let mut half = 0;
        while half < halves.len() {
            units[place] = Self::half(halves[half], Side::Left);
            units[place + 1] = Self::half(halves[half], Side::Right);
            place += 2;
            half += 1;
        }
        units
    };

    const fn whole(number: u8) -> Self {
        Self::half(number, Side::Both)
    }

    const fn half(number: u8, side: Side) -> Self {
        Self { number, side }
    }

    /// The unit of this number.
    ///
    /// # Errors
    /// [`Error::Argument`] if the Facial Action Coding System has none.
    pub fn new(number: u8, side: Side) -> Result<Self, Error> {
        let unit = Self { number, side };
        match unit.place() {
            Some(_) => Ok(unit),
            None => Err(Error::argument("action unit", EXPECTED, unit)),
        }
    }

    /// The unit's number in the Facial Action Coding System.
    pub const fn number(self) -> u8 {
        self.number
    }

    /// The half of the face that it is coded for.
    pub const fn side(self) -> Side {
        self.side
    }

    /// The movement's name in the Facial Action Coding System.
    pub fn name(self) -> &'static str {
        self.place().map_or("", |place| NAMES[place].1)
    }

    fn place(self) -> Option<usize> {
        NAMES
            .binary_search_by_key(&self.number, |(number, _)| *number)
            .ok()
    }
}

const EXPECTED: &str = "a unit of the Facial Action Coding System, such as AU1, AU12 or AUL12";

impl fmt::Display for ActionUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("AU{}{}", self.side.letter(), self.number))
    }
}

impl FromStr for ActionUnit {
    type Err = Error;

    /// Reads "AU12", "AU01", "12" or, of a half, "AUL12" and "L12", in any case.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is none of these, or there is no such unit.
    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = || {
            let start: String = text.chars().take(100).collect();
            Error::argument("action unit", EXPECTED, format!("{start:?}"))
        };
        let upper = text.to_ascii_uppercase();
        let rest = upper.strip_prefix("AU").unwrap_or(&upper);
        let (side, digits) = match rest.as_bytes().first() {
            Some(b'L') => (Side::Left, &rest[1..]),
            Some(b'R') => (Side::Right, &rest[1..]),
            _ => (Side::Both, rest),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fail());
        }
        Self::new(digits.parse().map_err(|_| fail())?, side).map_err(|_| fail())
    }
}

impl Serialize for ActionUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ActionUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_their_numbers() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn units_print_parse_and_serialise_under_one_name() {
        let orders: [&[ActionUnit]; 5] = [
            &ActionUnit::AFF_WILD2,
            &ActionUnit::OPENFACE3,
            &ActionUnit::BP4D,
            &ActionUnit::DISFA,
            &ActionUnit::OPEN_GRAPH_AU,
        ];
        for &unit in orders.concat().iter() {
            let printed = unit.to_string();
            assert_eq!(printed.parse::<ActionUnit>().unwrap(), unit);
            let json = serde_json::to_string(&unit).unwrap();
            assert_eq!(json, format!("\"{printed}\""));
            assert_eq!(serde_json::from_str::<ActionUnit>(&json).unwrap(), unit);
            assert!(!unit.name().is_empty());
        }
        for order in orders {
            let distinct: std::collections::BTreeSet<_> = order.iter().collect();
            assert_eq!(distinct.len(), order.len());
        }
        assert_eq!(ActionUnit::OPEN_GRAPH_AU[40].to_string(), "AUR14");
    }

    #[test]
    fn units_are_read_as_data_sets_spell_them() {
        for (text, unit) in [
            ("AU01", ActionUnit::AU1),
            ("au26", ActionUnit::AU26),
            ("4", ActionUnit::AU4),
            ("AUL12", ActionUnit::half(12, Side::Left)),
            ("r12", ActionUnit::half(12, Side::Right)),
        ] {
            assert_eq!(text.parse::<ActionUnit>().unwrap(), unit, "{text}");
        }
        for text in [
            "", "AU", "AU3", "AU40", "AU256", "AU1x", "AU-1", "AUB1", "+1", "é1",
        ] {
            let error = text.parse::<ActionUnit>().unwrap_err().to_string();
            assert!(
                error.contains("Facial Action Coding System"),
                "{text}: {error}"
            );
        }
    }
}
