//! Which expressions were taken for which, as a picture or as a table.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};
use countenance::Result;
use countenance::data::file::write_whole;
use countenance::metric::confusion::Confusion;

#[cfg(feature = "picture")]
use super::argument::PNG;
use super::argument::{has_ending, writable};
use super::report::say;

/// The name of a CSV file, or of a PNG picture, to write; an older one may be there, and nothing else.
pub fn confusion() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|name| {
        let path = PathBuf::from(name);
        let found = writable(&path, Confusion::HEAD.len())?;
        let (start, what) = match () {
            _ if has_ending(&path, "csv") => {
                (Confusion::HEAD.as_bytes(), "no table of a confusion")
            }
            #[cfg(feature = "picture")]
            _ if has_ending(&path, "png") => (PNG.as_slice(), "no PNG picture"),
            _ if cfg!(feature = "picture") => {
                return Err("expected a name that ends in .png or .csv".to_string());
            }
            _ => return Err("expected a name that ends in .csv".to_string()),
        };
        match found {
            Some(found) if !found.starts_with(start) => {
                Err(format!("it is there and is {what}; choose another name"))
            }
            _ => Ok(path),
        }
    })
}

/// Writes `confusion` as the name of `path` says, or says why not.
pub fn write(confusion: &Confusion, path: &Path) -> Result<()> {
    let shown = path.display();
    if confusion.rows() == 0 {
        say(format_args!(
            "{shown}: not written, as no row has an expression that the model reads"
        ));
        return Ok(());
    }
    match has_ending(path, "csv") {
        true => write_whole(path, |file| file.write_all(confusion.csv().as_bytes()))?,
        false => draw(confusion, path)?,
    }
    say(format_args!(
        "{shown}: which expressions were taken for which"
    ));
    Ok(())
}

#[cfg(feature = "picture")]
fn draw(confusion: &Confusion, path: &Path) -> Result<()> {
    use countenance::picture;
    picture::save_png(&picture::confusion(confusion), path)
}

#[cfg(not(feature = "picture"))]
fn draw(_: &Confusion, _: &Path) -> Result<()> {
    unreachable!("no other name than of a table is taken without the feature `picture`")
}
