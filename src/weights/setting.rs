//! The settings of a network that a note tells.

use serde_json::Value;

use super::architecture::Architecture;
use super::note::{Note, words};

/// The network that a note names.
pub(super) fn architecture(note: &Note) -> Option<Architecture> {
    const ABOUT: [&str; 19] = [
        "arch",
        "architecture",
        "model",
        "name",
        "backbone",
        "encoder",
        "extractor",
        "feature",
        "network",
        "net",
        "cnn",
        "timm",
        "base",
        "image",
        "visual",
        "vision",
        "type",
        "variant",
        "student",
    ];
    let about = words(note.key)
        .iter()
        .all(|word| ABOUT.contains(&word.as_str()));
    Architecture::parse(note.value.as_str().filter(|_| about)?)
}

/// The side of the square input that a note tells, or the sides of one that is not square.
pub(super) fn size(note: &Note) -> Option<Result<usize, String>> {
    const KEYS: [&str; 8] = [
        "input_size",
        "img_size",
        "image_size",
        "imgsz",
        "im_size",
        "input_resolution",
        "image_resolution",
        "resolution",
    ];
    const SIDES: std::ops::RangeInclusive<u64> = 16..=4096;
    // timm takes the first of these where there are both.
    let first = note.beside.get(KEYS[0]).is_some_and(|size| !size.is_null());
    if !KEYS.contains(&note.key) || (first && note.key != KEYS[0]) {
        return None;
    }
    let side = |value: &Value| value.as_u64().filter(|side| SIDES.contains(side));
    let sides = match note.value {
        Value::Array(sides) => sides.as_slice(),
        one => std::slice::from_ref(one),
    };
    // Channels come first, or last as TensorFlow has them.
    let sides = match sides {
        [channels, sides @ ..] | [sides @ .., channels] if channels.as_u64() == Some(3) => sides,
        sides => sides,
    };
    let sides: Vec<u64> = sides.iter().map(side).collect::<Option<_>>()?;
    match *sides.as_slice() {
        [side] => Some(Ok(side as usize)),
        [height, width] if height == width => Some(Ok(height as usize)),
        [height, width] => Some(Err(format!("{height}x{width}"))),
        _ => None,
    }
}

/// The mean and the deviation of pixels from 0 to 1.
pub(super) fn normalisation(note: &Note) -> Option<[[f32; 3]; 2]> {
    let start = note.key.strip_suffix("mean")?;
    const STARTS: [&str; 7] = [
        "",
        "image_",
        "img_",
        "pixel_",
        "norm_",
        "normalize_",
        "dataset_",
    ];
    if !STARTS.contains(&start) {
        return None;
    }
    let three = |value: &Value| -> Option<[f64; 3]> {
        let numbers = value.as_array()?.iter().map(Value::as_f64);
        numbers.collect::<Option<Vec<_>>>()?.try_into().ok()
    };
    let mean = three(note.value)?;
    let std = three(note.beside.get(&format!("{start}std"))?)?;
    // Some programs do not bring the pixels from 0..255 to 0..1 first.
    let scale = match mean.iter().chain(&std).all(|&number| number > 1.0) {
        true => 255.0,
        false => 1.0,
    };
    let fits = mean.iter().all(|mean| (0.0..=scale).contains(mean))
        && std.iter().all(|&std| std > 0.0 && std <= scale);
    fits.then(|| [mean, std].map(|numbers| numbers.map(|number| (number / scale) as f32)))
}

/// The number of classes that a note tells.
pub(super) fn classes(note: &Note, config: bool) -> Option<usize> {
    const KEYS: [&str; 5] = [
        "num_classes",
        "n_classes",
        "num_class",
        "nb_classes",
        "num_labels",
    ];
    // A module of timm keeps the number that it was made with when its classifier is exchanged.
    let made_with = !config && note.beside.contains_key("default_cfg");
    let said = KEYS.contains(&note.key) && !note.pretrained && !made_with;
    let number = note.value.as_u64().filter(|&number| said && number > 0)?;
    usize::try_from(number).ok()
}
