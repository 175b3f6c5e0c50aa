//! `--max-unreadable` of whatever goes through many images.

use super::argument::share;

/// `#[command(flatten)] unreadable: UnreadableArgument` gives an example the flag.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct UnreadableArgument {
    /// The largest share of images that may be unreadable, 0 to 1
    #[arg(long = "max-unreadable", value_name = "F", default_value_t = 0.01, value_parser = share)]
    pub most: f64,
}
