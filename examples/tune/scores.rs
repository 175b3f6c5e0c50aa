//! Tuning another program's scores.

use std::io::Write;
use std::path::Path;

use countenance::calibrate::ScoredRows;
use countenance::data::file::write_whole;
use countenance::{Error, Result};

use super::Arguments;
use super::shared::output::Content;
use super::shared::report::say;

pub fn run(arguments: &Arguments, path: &Path) -> Result<()> {
    arguments.config()?;
    if let Some(flag) = arguments.labels.given() {
        return Err(Error::Argument {
            what: flag.into(),
            expected: "labels of a data set, with --data".into(),
            found: "--scores".into(),
        });
    }
    if let Some(out) = &arguments.out {
        arguments.overwrite.check(out, Content::Tuning, [path])?;
    }
    let rows = ScoredRows::read(path)?;
    if !rows.ignored.is_empty() {
        say(format_args!(
            "columns that say nothing here: {}",
            rows.ignored.join(", ")
        ));
    }
    let by = arguments.by.unwrap_or(rows.usual());
    let material = rows.material(rows.groups(by)?, arguments.frame_rate)?;
    let tuned = arguments.tuned(&material)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (tuning, _) = tuned.stored(arguments.keep(), name, &rows.names);
    if let Some(out) = &arguments.out {
        let mut text = serde_json::to_string_pretty(&tuning)
            .expect("a tuning has text for keys and finite numbers");
        text.push('\n');
        write_whole(out, |file| file.write_all(text.as_bytes()))?;
        say(format_args!("wrote {}", out.display()));
    }
    arguments.tell(&tuned, &tuning.lines())
}
