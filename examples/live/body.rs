//! What comes with a request, within limits.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Incoming};
use tokio::time::timeout;

use crate::refusal::{Reason, Refusal};

/// Most bytes of a frame. One of 640x480 has some 60,000.
pub const MOST: u64 = 4 << 20;
/// How long a frame may be on its way, which is within the machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// The whole of it.
///
/// # Errors
/// If it is larger than [`MOST`], whatever it says of itself, does not come in time or breaks off.
pub async fn whole(body: Incoming) -> Result<Bytes, Refusal> {
    let too_large = || {
        let message = format!("expected a frame of at most {MOST} bytes, found a larger one");
        Refusal::new(Reason::Size, message)
    };
    // One that says so itself is not waited for.
    if body.size_hint().lower() > MOST {
        return Err(too_large());
    }
    let read = Limited::new(body, MOST as usize).collect();
    match timeout(PATIENCE, read).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Refusal::new(
            Reason::Picture,
            format!("expected a whole frame, found one that breaks off: {error}"),
        )),
        Err(_) => Err(Refusal::new(
            Reason::Slow,
            format!(
                "expected a whole frame within {} seconds",
                PATIENCE.as_secs()
            ),
        )),
    }
}
