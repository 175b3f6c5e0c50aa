//! A row for each face in each frame of a video.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::face::FaceReader;
use countenance::smoothing::Smoothing;
use countenance::video::{FollowerConfig, VideoReader};
use countenance::{Error, Result};

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::{at_least_one, parse, picture};
use shared::detection::DetectorArguments;
use shared::inference::{InferenceArguments, ModelArguments};
use shared::interrupt::stop_flag;
use shared::output::OverwriteArgument;
use shared::report::{one_line, run, say};
use shared::smoothing::frame_rate;
use shared::video::{RowFormat, Rows};
#[cfg(feature = "video")]
mod annotated;
#[cfg(not(feature = "video"))]
#[path = "unannotated.rs"]
mod annotated;
mod drawing;
mod input;
mod place;
mod progress;
mod record;

use drawing::Drawings;
use input::Input;
use progress::VideoProgress;
use record::Record;

/// Reads action units, expression, valence and arousal from every face in every frame of a video.
///
/// A person keeps one face_id while in view, and after short occlusions. Each face has a row per frame; a
/// frame without a face has one with success 0 and empty cells. Timestamps are seconds of the stream, and
/// true where its frame rate varies. Rotation that the file asks for is obeyed.
///
/// Ctrl-C ends the work in order: all rows so far are written, and the annotated video can be played. Of a
/// video that breaks off what can be read is written, and then the error; that pictures in the middle of one
/// are damaged is a line at the end.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// A video, the address of a stream, a folder of numbered frames, or camera:0; all but folders need a
    /// build with the feature `video`, and the program ffmpeg
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// Where the rows go [default: standard output]
    ///
    /// While they are being written the file is called FILE.partial.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How the rows are written
    #[arg(long, value_enum, default_value_t = RowFormat::Csv)]
    format: RowFormat,
    #[command(flatten)]
    overwrite: OverwriteArgument,
    /// Search every so many frames for faces, at least 1; in between those that are known are followed,
    /// and a face that is lost brings the next search forward
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = FollowerConfig::new().detect_every)]
    detect_every: usize,
    /// Smooth each person's scores over time: the width in seconds (the standard deviation of a
    /// Gaussian), box:SECONDS, the mean of so many seconds around each frame, or exponential:SECONDS,
    /// which looks back alone; JSON keeps the raw scores besides
    /// [default: as the model was tuned, and off for one that was not]
    #[arg(long, value_name = "SECONDS")]
    smooth: Option<Smoothing>,
    /// Also write the video with boxes, numbers and scores drawn into it, without sound, at most 1920
    /// pixels long; needs the feature `video`
    #[arg(long, value_name = "FILE")]
    annotate: Option<PathBuf>,
    /// Also draw the scores of each person over time, as a PNG picture
    #[arg(long, value_name = "FILE", value_parser = picture())]
    timeline: Option<PathBuf>,
    /// Frames per second of a folder of numbered frames [default: 30]
    #[arg(long, value_name = "F", value_parser = frame_rate)]
    frame_rate: Option<f64>,
    #[command(flatten)]
    detector: DetectorArguments,
    #[command(flatten)]
    inference: InferenceArguments,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    let mut was_stopped = false;
    let code = run(|| {
        was_stopped = video(&arguments)?;
        Ok(())
    });
    match was_stopped {
        // As programs end that Ctrl-C ended.
        true => ExitCode::from(130),
        false => code,
    }
}

/// Reads the video; whether it was stopped before its end.
fn video(arguments: &Arguments) -> Result<bool> {
    place::check(arguments)?;
    let input = Input::open(&arguments.input, arguments.frame_rate)?;
    let mut drawings = Drawings::prepare(
        arguments.annotate.as_deref(),
        arguments.timeline.as_deref(),
        &input,
    )?;
    let device = arguments.inference.device()?;
    let predictor = arguments.inference.predictor(&arguments.model, &device)?;
    let rows = Rows::new(arguments.format, &predictor);
    let reader = FaceReader::new(predictor, arguments.detector.open(&device)?)?
        .with_batch_size(arguments.inference.batch_size)?;
    let follower = FollowerConfig::new().with_detect_every(arguments.detect_every);
    let mut reader = VideoReader::new(reader)
        .with_follower(follower)
        .with_live(input.is_live());
    if let Some(smoothing) = arguments.smooth {
        reader = reader.with_smoothing(smoothing.into());
    }
    if drawings.need_stills() {
        reader = reader.with_stills(drawing::LONGEST);
    }

    let mut record = Record::start(arguments.out.as_deref(), rows.header())?;
    let mut progress = VideoProgress::start(input.frames_expected(), input.duration());
    let stop = stop_flag();
    let asked = stop.clone();
    let input = input.start()?;
    let frames = input.frames.take_while(move |_| !asked());
    let (mut number, mut unread, mut broken) = (0, 0, None);
    for frame in reader.read(frames)? {
        match frame {
            Ok(frame) => {
                record.write(&rows.of(&frame))?;
                progress.update(number, &frame);
                drawings.add(frame);
            }
            // One frame of many, each a file.
            Err(error) if input.is_folder => {
                let time = input.times.get(number).copied();
                record.write(&rows.without(number, time, one_line(&error)))?;
                unread += 1;
            }
            // The end of what can be read.
            Err(error) => broken = Some(error),
        }
        number += 1;
    }
    let was_stopped = stop() && !input.is_live;
    record.finish()?;
    let drawn = drawings.finish();
    progress.finish();
    if let (Some(_), Err(undrawn)) = (&broken, &drawn) {
        say(one_line(undrawn));
    }
    if let Some(damage) = (input.damaged)() {
        say(format_args!("{}: {damage}", arguments.input.display()));
    }
    match broken {
        Some(error) => Err(error),
        None if drawn.is_err() => drawn.map(|()| false),
        None if unread > 0 => Err(Error::Argument {
            what: "the frames".into(),
            expected: "ones that can be read".into(),
            found: format!("{unread} that cannot"),
        }),
        None => {
            if was_stopped {
                say("stopped before the end of the video");
            }
            Ok(was_stopped)
        }
    }
}
