//! A page that reads the faces before the camera, served to this machine alone.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use countenance::face::FaceReader;
use countenance::smoothing::{Smoothing, TaskSmoothing};
use countenance::video::FollowerConfig;
use countenance::{Error, Result};
use tokio::sync::Notify;

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::{at_least_one, parse};
use shared::detection::DetectorArguments;
use shared::device::DeviceArgument;
use shared::inference::ModelArguments;
use shared::interrupt::on_interrupt;
use shared::report::{print, run, say};
mod answer;
mod body;
mod guard;
mod page;
mod reading;
mod recording;
mod refusal;
mod route;
mod secret;
mod server;
mod service;
mod session;

use guard::Guard;
use service::Service;
use session::{Sessions, Way};

/// Reads the faces before the camera of this machine, on a page in the browser.
///
/// The address of the page is printed on stdout, alone on a line; open it in a browser on this machine. It
/// has a secret in it that is drawn at every start: other pages and other users of this machine cannot read
/// along without it. What they can do is to keep connections open, of which there are few. Nothing
/// is listened to but 127.0.0.1, and nothing leaves the machine; of pictures, nothing is kept.
///
/// The page shows each face with its scores and the last 30 seconds. Record writes them as CSV, with the
/// columns of `video` and the frame numbers and times of the page, into a new file in the folder of --record:
/// live-1.csv, live-2.csv and so on. Every frame is written at once, whole, so that nothing is lost when the
/// page is closed or this program is ended.
///
/// Ctrl-C ends it, with exit code 0.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 8017)]
    port: u16,
    /// The folder for recordings, which must be there
    #[arg(long, value_name = "DIR", default_value = ".")]
    record: PathBuf,
    /// Search every so many frames for faces, at least 1; in between those that are known are followed,
    /// and a face that is lost brings the next search forward
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = FollowerConfig::new().detect_every)]
    detect_every: usize,
    /// Smooth each person's scores over time, with what was seen before alone: the seconds that count, as
    /// exponential:SECONDS does too
    /// [default: as the model was tuned, and off for one that was not; what was tuned to look ahead looks
    /// back for as many seconds]
    #[arg(long, value_name = "SECONDS", value_parser = looking_back)]
    smooth: Option<Smoothing>,
    #[command(flatten)]
    detector: DetectorArguments,
    #[command(flatten)]
    device: DeviceArgument,
}

/// A smoothing that needs no later frames; a number alone is one of so many seconds.
fn looking_back(text: &str) -> Result<Smoothing, String> {
    match text.parse().map_err(|error: Error| error.to_string())? {
        Smoothing::Gaussian(seconds) if !text.contains(':') => Ok(Smoothing::Exponential(seconds)),
        smoothing if smoothing.delay() > 0.0 => Err(
            "expected SECONDS, exponential:SECONDS or off: later frames are not there yet".into(),
        ),
        smoothing => Ok(smoothing),
    }
}

/// What the model was tuned to, as far as no later frames are needed: what looks ahead becomes an
/// exponential of as many seconds, and that is said.
fn tuned(smoothing: TaskSmoothing) -> TaskSmoothing {
    let back = |smoothing| match smoothing {
        Smoothing::Gaussian(seconds) => Smoothing::Exponential(seconds),
        // As far as its mean reaches.
        Smoothing::Box(seconds) => Smoothing::Exponential(seconds / 2.0),
        smoothing => smoothing,
    };
    let causal = TaskSmoothing {
        action_units: back(smoothing.action_units),
        expressions: back(smoothing.expressions),
        valence_arousal: back(smoothing.valence_arousal),
    };
    if causal != smoothing {
        say(format_args!(
            "the model's smoothing over time ({smoothing}) needs later frames, which are not there yet: {causal} \
             instead; --smooth chooses another"
        ));
    }
    causal
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| live(&arguments))
}

fn live(arguments: &Arguments) -> Result<()> {
    recording::check_folder(&arguments.record)?;
    // Whoever has the port taken shall know before a model is loaded.
    let listener = server::bind(arguments.port)?;
    let guard = Guard::new(server::port(&listener)?)?;
    let device = arguments.device.open()?;
    let detector = arguments.detector.open(&device)?;
    let predictor = arguments.model.load(&device)?;
    let smoothing = match arguments.smooth {
        Some(smoothing) => smoothing.into(),
        None => tuned(predictor.tuning().smoothing),
    };
    let way = Way {
        reader: Arc::new(FaceReader::new(predictor, detector)?),
        follower: FollowerConfig::new().with_detect_every(arguments.detect_every),
        smoothing,
    };
    let address = guard.address();
    let sessions = Sessions::new(way, arguments.record.clone())?;
    let service = Arc::new(Service::new(guard, sessions));

    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    on_interrupt(move || stopped.notify_one());
    print(address)?;
    say("open this address in a browser on this machine; Ctrl-C ends");
    server::serve(listener, service, &stop)
}
