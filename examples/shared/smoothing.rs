//! Whether images are frames of videos, and what a model's smoothing does then.

use countenance::data::mark::Marks;
use countenance::predict::{Prediction, Predictor};
use countenance::smoothing::Sequences;
use countenance::{Error, Result};

use super::report::say;

/// Frames a second, above 0.
pub fn frame_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("expected a number above 0".to_string()),
    }
}

/// The frames a second for which the model's smoothing is obeyed, where `rate` says that images are frames;
/// what is not obeyed is said.
pub fn smoothed_at(predictor: &Predictor, rate: Option<f64>) -> Option<f64> {
    if rate.is_none() {
        say_alone(
            predictor,
            "none is known to be a frame: --frame-rate says that those called <video>/<frame>.jpg are",
        );
        say_unsmoothed(
            predictor,
            "images are not known to be frames: --frame-rate says that those called <video>/<frame>.jpg are",
        );
    } else if predictor.tuning().smoothing.is_off() && !predictor.is_temporal() {
        say(
            "--frame-rate changes nothing, as the model has no smoothing over time and no temporal head",
        );
        return None;
    }
    rate
}

/// Says that each image is read alone by a model that would read the frames of a video together, and why.
pub fn say_alone(predictor: &Predictor, why: &str) {
    if predictor.is_temporal() {
        say(format_args!(
            "the model reads the frames of a video together, but here each image alone, as {why}"
        ));
    }
}

/// Which of the images called so are frames of which video; how many there are is said where the model
/// reads them together.
///
/// # Errors
/// If the rate is none.
pub fn sequences(predictor: &Predictor, names: &[String], rate: f64) -> Result<Sequences> {
    let sequences = of_names(names, rate)?;
    if predictor.is_temporal() {
        say_together(&sequences);
    }
    Ok(sequences)
}

fn of_names(names: &[String], rate: f64) -> Result<Sequences> {
    let marks = Marks::of_names(names.iter().map(|name| match is_detected(name) {
        true => "",
        false => name.as_str(),
    }));
    marks.sequences(names.len(), rate)
}

/// Says how many videos' frames are read together, and how many rows are of none.
pub fn say_together(sequences: &Sequences) {
    say(format_args!(
        "the frames of each of {} videos are read together, and {} rows alone, as they are no numbered frames",
        sequences.videos(),
        sequences.unplaced()
    ));
}

/// Says that the model's smoothing over time, if it has one, is not obeyed, and why.
pub fn say_unsmoothed(predictor: &Predictor, why: &str) {
    let smoothing = predictor.tuning().smoothing;
    if !smoothing.is_off() {
        say(format_args!(
            "the model's smoothing over time ({smoothing}) is not applied, as {why}"
        ));
    }
}

/// Scores that wait until all frames are read, as smoothing needs those that come later.
#[derive(Default)]
pub struct Waiting {
    names: Vec<String>,
    read: Vec<Result<Prediction>>,
}

impl Waiting {
    /// Takes what was read of the next image, which is called so, before the model's tuning was obeyed.
    pub fn push(&mut self, name: String, read: Result<Prediction>) {
        self.names.push(name);
        self.read.push(read);
    }

    /// Gives everything in its order, smoothed and decided on; images that are no frames are not smoothed,
    /// and counted on stderr.
    ///
    /// # Errors
    /// What `take` returns.
    pub fn finish(
        self,
        predictor: &Predictor,
        rate: f64,
        mut take: impl FnMut(usize, &str, Result<Prediction>) -> Result<()>,
    ) -> Result<()> {
        let sequences = of_names(&self.names, rate)?;
        if !predictor.tuning().smoothing.is_off() {
            say_smoothed(sequences.videos(), sequences.unplaced());
        }
        let (raw, errors): (Vec<Option<Prediction>>, Vec<Option<Error>>) = self
            .read
            .into_iter()
            .map(|read| match read {
                Ok(prediction) => (Some(prediction), None),
                Err(error) => (None, Some(error)),
            })
            .unzip();
        let decided = predictor.decided_frames(&raw, &sequences)?;
        let rows = self.names.iter().zip(decided.into_iter().zip(errors));
        for (place, (name, (decided, error))) in rows.enumerate() {
            let read = match (decided, error) {
                (Some(decided), _) => Ok(decided),
                (None, Some(error)) => Err(error),
                (None, None) => unreachable!("what was read is decided on"),
            };
            take(place, name, read)?;
        }
        Ok(())
    }
}

/// Whether this is the name of one of the faces in a photograph, such as `12.jpg#1`: nobody knows which of
/// those in the next frame is the same person's.
fn is_detected(name: &str) -> bool {
    let face = name.rsplit_once('#').map(|(_, face)| face.parse::<u32>());
    face.is_some_and(|face| face.is_ok())
}

/// Says how many videos were smoothed, and how many rows are of none.
pub fn say_smoothed(videos: usize, unplaced: usize) {
    let of_none = match unplaced {
        0 => String::new(),
        1 => "; 1 row is no numbered frame of one, and not smoothed".into(),
        rows => format!("; {rows} rows are no numbered frames of one, and not smoothed"),
    };
    match videos {
        1 => say(format_args!("smoothed over the frames of 1 video{of_none}")),
        videos => say(format_args!(
            "smoothed over the frames of {videos} videos{of_none}"
        )),
    }
}
