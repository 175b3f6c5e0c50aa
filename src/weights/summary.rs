//! What an import prints.

use std::collections::BTreeMap;
use std::fmt;

use super::Import;
use super::report::printable;

/// How many of the names of what was left aside are printed.
const LISTED: usize = 12;

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "taken for {}", self.family)?;
        if let Some(backbone) = self.config.backbone() {
            write!(
                f,
                ", EfficientNet {:?}, {:?} flavour",
                backbone.variant, backbone.flavour
            )?;
            if (backbone.width, backbone.depth) != (1.0, 1.0) {
                write!(f, ", width {} and depth {}", backbone.width, backbone.depth)?;
            }
        }
        let list = |names: Vec<String>| match names.is_empty() {
            true => "none".to_string(),
            false => names.join(" "),
        };
        let units = self
            .config
            .action_units()
            .iter()
            .map(|unit| unit.to_string());
        let classes = self
            .config
            .expressions()
            .iter()
            .map(|class| class.to_string());
        write!(f, "\naction units: {}", list(units.collect()))?;
        write!(f, "\nexpressions: {}", list(classes.collect()))?;
        let reads = if self.config.valence_arousal() {
            "yes"
        } else {
            "no"
        };
        write!(f, "\nvalence and arousal: {reads}\n{}", self.report)?;
        for note in &self.notes {
            write!(f, "\n{}", harmless(note))?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {}", harmless(warning))?;
        }
        if !self.ignored.is_empty() {
            write!(f, "\nignored: {}", aside(&self.ignored))?;
        }
        for path in &self.random {
            write!(f, "\nleft at random: {path}")?;
        }
        Ok(())
    }
}

/// A line as it may be printed: what it quotes of a hostile file must not write escape codes to a
/// terminal.
fn harmless(line: &str) -> String {
    line.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// What was left aside, by the first parts of the names; counters are only counted.
fn aside(names: &[String]) -> String {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counters = 0;
    for name in names {
        match name.ends_with("num_batches_tracked") {
            true => counters += 1,
            false => {
                *groups
                    .entry(name.split('.').next().unwrap_or(name))
                    .or_default() += 1
            }
        }
    }
    let listed = groups.iter().take(LISTED).map(|(name, count)| match count {
        1 => printable(name),
        count => format!("{} ({count} tensors)", printable(name)),
    });
    let mut parts: Vec<String> = listed.collect();
    if let Some(more @ 1..) = groups.len().checked_sub(LISTED) {
        parts.push(format!("{more} more"));
    }
    if counters > 0 {
        parts.push(format!("{counters} counters"));
    }
    parts.join(", ")
}
