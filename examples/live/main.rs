//! A page that reads the faces before the camera, served to this machine alone.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use countenance::face::FaceReader;
use countenance::smoothing::Smoothing;
use countenance::video::FollowerConfig;
use countenance::{Error, Result};
use tokio::sync::Notify;

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::{at_least_one, parse};
use shared::detection::DetectorArguments;
use shared::device::DeviceArgument;
use shared::inference::predictor;
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
    /// The model: a file that `train` or `convert` writes, any other that `convert` reads, or, in a
    /// build with the feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
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
    #[arg(long, value_name = "SECONDS", value_parser = looking_back, default_value = "off")]
    smooth: Smoothing,
    #[command(flatten)]
    detector: DetectorArguments,
    #[command(flatten)]
    device: DeviceArgument,
}

/// A smoothing that needs no later frames; a number alone is one of so many seconds.
fn looking_back(text: &str) -> Result<Smoothing, String> {
    match text.parse().map_err(|error: Error| error.to_string())? {
        Smoothing::Gaussian(seconds) if !text.contains(':') => Ok(Smoothing::Exponential(seconds)),
        Smoothing::Gaussian(_) => Err(
            "expected SECONDS, exponential:SECONDS or off: later frames are not there yet".into(),
        ),
        smoothing => Ok(smoothing),
    }
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
    let predictor = predictor(&arguments.model, &device)?;
    let way = Way {
        reader: Arc::new(FaceReader::new(predictor, detector)?),
        follower: FollowerConfig::new().with_detect_every(arguments.detect_every),
        smoothing: arguments.smooth,
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
