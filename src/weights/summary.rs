//! What an import prints.

use std::collections::BTreeMap;
use std::fmt;

use super::{DetectorImport, Family, Import};
use crate::backbone::BackboneConfig;
use crate::face::DetectorNetwork;
use crate::label::AffectRange;
use crate::spelling::printable;

/// How many of the names of what was left aside are printed.
const LISTED: usize = 12;
/// As many names that begin alike are printed one by one.
const FEW: usize = 4;

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "taken for {}", self.family)?;
        if let Some(backbone) = self.config.backbone() {
            write!(f, ", {}", described(backbone))?;
        }
        let list = |names: Vec<String>| match names.is_empty() {
            true => "none".to_string(),
            false => names.join(" "),
        };
        let units = self.config.action_units();
        let units = units.iter().map(|unit| unit.to_string());
        let classes = self
            .config
            .expressions()
            .iter()
            .map(|class| class.to_string());
        write!(f, "\naction units: {}", list(units.collect()))?;
        write!(f, "\nexpressions: {}", list(classes.collect()))?;
        let range = self.config.affect_range();
        let [low, high] = range.bounds();
        let reads = match self.config.valence_arousal() {
            false => "no".to_string(),
            true if range == AffectRange::default() => "yes".to_string(),
            true => format!("yes, from -1, which stands for a label of {low}, to 1, for {high}"),
        };
        write!(f, "\nvalence and arousal: {reads}")?;
        write!(
            f,
            "\ncrop of a face: {}\n{}",
            self.config.crop(),
            self.report
        )?;
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

impl fmt::Display for DetectorImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detector = match &self.network {
            DetectorNetwork::YuNet(_) => Family::Yunet,
            DetectorNetwork::Mtcnn(_) => Family::Mtcnn,
        };
        write!(f, "taken for {}, the detector {detector}", self.family)?;
        write!(f, "\n{}", self.report)?;
        for note in &self.notes {
            write!(f, "\n{}", harmless(note))?;
        }
        match self.ignored.as_slice() {
            [] => Ok(()),
            ignored => write!(f, "\nignored: {}", aside(ignored)),
        }
    }
}

/// Which network a backbone is.
fn described(backbone: &BackboneConfig) -> String {
    let sizes = |sizes: &[usize]| {
        let sizes = sizes.iter().map(usize::to_string);
        sizes.collect::<Vec<_>>().join(", ")
    };
    match backbone {
        BackboneConfig::EfficientNet(config) => {
            let (variant, flavour) = (config.variant, config.flavour);
            let scaled = match (config.width, config.depth) {
                (1.0, 1.0) => String::new(),
                (width, depth) => format!(", width {width} and depth {depth}"),
            };
            format!("EfficientNet {variant:?}, {flavour:?} flavour{scaled}")
        }
        BackboneConfig::Vgg(config) => {
            let blocks: Vec<usize> = config.blocks.iter().map(Vec::len).collect();
            let hidden = match config.hidden.as_slice() {
                [] => "no hidden layer".to_string(),
                hidden => format!("hidden layers of {}", sizes(hidden)),
            };
            format!("VGG, blocks of {} convolutions, {hidden}", sizes(&blocks))
        }
        BackboneConfig::ResNet(config) => {
            let (stages, width) = (sizes(&config.stages), config.width);
            format!("ResNet, stages of {stages} bottlenecks, width {width}")
        }
        BackboneConfig::Swin(config) => {
            let (stages, width, window) = (sizes(&config.stages), config.width, config.window);
            format!("Swin, stages of {stages} blocks, width {width}, windows of {window}")
        }
    }
}

/// A line as it may be printed: what it quotes of a hostile file must not write escape codes to a
/// terminal.
fn harmless(line: &str) -> String {
    line.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// What was left aside: each name, or of many that begin alike what they have in common; counters are
/// only counted.
fn aside(names: &[String]) -> String {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut counters = 0;
    for name in names {
        match name.ends_with("num_batches_tracked") {
            true => counters += 1,
            false => {
                let first = name.split('.').next().unwrap_or(name);
                groups.entry(first).or_default().push(name);
            }
        }
    }
    let listed = groups.values().flat_map(|group| match group.as_slice() {
        few if few.len() <= FEW => few.iter().map(|name| printable(name)).collect(),
        many => {
            let all = printable(&common(many));
            vec![format!("{all} ({} tensors)", many.len())]
        }
    });
    let mut parts: Vec<String> = listed.collect();
    if let Some(more @ 1..) = parts.len().checked_sub(LISTED) {
        parts.truncate(LISTED);
        parts.push(format!("{more} more"));
    }
    if counters > 0 {
        parts.push(format!("{counters} counters"));
    }
    parts.join(", ")
}

/// The parts that all of some names begin with.
fn common(names: &[&str]) -> String {
    let mut shared: Vec<&str> = names[0].split('.').collect();
    for name in names {
        let same = shared.iter().zip(name.split('.'));
        let length = same.take_while(|(left, right)| *left == right).count();
        shared.truncate(length);
    }
    shared.join(".")
}
