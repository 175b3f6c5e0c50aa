//! Values of flags.

use std::any::TypeId;
use std::fs::File;
use std::io::Read;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser};
use countenance::Error;
use countenance::data::split::IMAGE_FOLDER;
use countenance::smoothing::Smoothing;

/// The program's arguments. A number below zero is the value of the flag before it, and not a flag
/// of its own, so that it is refused as what it is.
pub fn parse<A: Parser>() -> A {
    let command = A::command().mut_args(|argument| {
        let value = argument.get_value_parser().type_id();
        let numbers = [
            TypeId::of::<usize>(),
            TypeId::of::<u64>(),
            TypeId::of::<u16>(),
            TypeId::of::<f64>(),
            TypeId::of::<Smoothing>(),
        ];
        let is_number = numbers.iter().any(|number| value == *number);
        argument.allow_negative_numbers(is_number)
    });
    match A::from_arg_matches(&command.get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    }
}

/// The library's word on the value of `flag`, which it knows by another name; made for
/// `map_err(of_flag("--devices"))`.
pub fn of_flag(flag: &str) -> impl FnOnce(Error) -> Error {
    move |error| match error {
        Error::Argument {
            expected, found, ..
        } => Error::Argument {
            what: flag.to_string(),
            expected,
            found,
        },
        error => error,
    }
}

/// Checks that a picture is not written among the images that are read from the folder `data`.
pub fn outside(flag: &str, picture: &Path, data: &Path) -> Result<(), Error> {
    let place = match picture.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (Ok(place), Ok(data)) = (place.canonicalize(), data.canonicalize()) else {
        return Ok(());
    };
    let images = match data.join(IMAGE_FOLDER) {
        images if images.is_dir() => images.canonicalize().unwrap_or(images),
        // Folders of classes; beside a table there is room for other files.
        _ if data.is_dir() && !data.join("labels.csv").exists() => data,
        _ => return Ok(()),
    };
    match place.starts_with(images) {
        false => Ok(()),
        true => Err(Error::Argument {
            what: format!("{flag} {}", picture.display()),
            expected: "a place outside the images that are read".into(),
            found: "one among them".into(),
        }),
    }
}

/// The name of a PNG picture to write; an older one may be there, and nothing else.
pub fn picture() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|name| {
        let path = PathBuf::from(name);
        let read = writable(&path, PNG.len())?;
        if read.is_some_and(|start| start != PNG) {
            return Err("it is there and is no PNG picture; choose another name".to_string());
        }
        match has_ending(&path, "png") {
            true => Ok(path),
            false => Err("it is a PNG picture; expected a name that ends in .png".to_string()),
        }
    })
}

/// What a PNG file begins with.
pub const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Whether the name of `path` ends so, in any letter case.
pub fn has_ending(path: &Path, ending: &str) -> bool {
    let found = path.extension().unwrap_or_default();
    found.eq_ignore_ascii_case(ending)
}

/// Whether a file can be written at `path`; the first `count` bytes of one that is there already.
pub fn writable(path: &Path, count: usize) -> Result<Option<Vec<u8>>, String> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.is_dir() {
        return Err("expected a file, found a folder".to_string());
    }
    if !folder.is_dir() {
        return Err(format!("there is no folder {}", folder.display()));
    }
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(count as u64).read_to_end(&mut start));
    // It is written at the end of long work, beside its place.
    if let Err(error) = tempfile::tempfile_in(folder) {
        return Err(format!("nothing can be written there: {error}"));
    }
    // One that cannot be read is none of ours.
    let there = || read.map_or_else(|_| Vec::new(), |_| start);
    Ok(path.exists().then(there))
}

/// A share or a probability, from 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("expected a number from 0 to 1".to_string()),
    }
}

/// A whole number of at least 1.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    whole(1..=usize::MAX)(text)
}

/// A whole number in `range`.
pub fn whole(range: RangeInclusive<usize>) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| {
        let (low, high) = (*range.start(), *range.end());
        let expected = match high {
            usize::MAX => format!("expected a whole number of at least {low}"),
            _ => format!("expected a whole number from {low} to {high}"),
        };
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<usize>() {
            Ok(number) if range.contains(&number) => Ok(number),
            Ok(number) if number < low => Err(format!("too small: {expected}")),
            Err(_) if text.strip_prefix('-').is_some_and(digits) => {
                Err(format!("too small: {expected}"))
            }
            Err(_) if !digits(text) => Err(expected),
            _ => Err(format!("too large: the most is {high}")),
        }
    }
}

/// A number above 0 and at most 1.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1.0 => Ok(number),
        _ => Err("expected a number above 0 and at most 1".to_string()),
    }
}

/// A number of at least 0 and below 1.
pub fn decay(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..1.0).contains(&number) => Ok(number),
        _ => Err("expected a number of at least 0 and below 1".to_string()),
    }
}

/// A finite number of at least 0.
pub fn at_least_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("expected a number of at least 0".to_string()),
    }
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    let expected = || format!("expected a whole number from 0 to {}", u64::MAX);
    text.parse().map_err(|_| expected())
}
