//! Why a request is not answered, for the page and for people.

use countenance::Error;
use hyper::StatusCode;
use serde::Serialize;

/// The closed list of reasons; what a program goes by.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The request is for another host: a foreign name was made to point here.
    Host,
    /// Another page makes the browser ask.
    Origin,
    /// There is nothing at this address.
    Address,
    /// It is asked for in another way.
    Method,
    /// What comes with the request is no JPEG by its own word.
    Type,
    /// More comes with the request than is taken.
    Size,
    /// What was announced did not come in time.
    Slow,
    /// What came cannot be decoded or is too large a picture.
    Picture,
    /// The time of a frame is no number of seconds.
    Time,
    /// The session is over, or never was.
    Session,
    /// There are as many sessions as there may be.
    Sessions,
    /// The frame before is still being read.
    Busy,
    /// The recording cannot be written.
    Recording,
    /// The fault is ours.
    Fault,
}

impl Reason {
    fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::Origin => StatusCode::FORBIDDEN,
            Self::Address | Self::Session => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Size => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Picture | Self::Time => StatusCode::BAD_REQUEST,
            Self::Sessions => StatusCode::SERVICE_UNAVAILABLE,
            Self::Busy => StatusCode::CONFLICT,
            Self::Recording | Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A request that is refused: `{"error": {"reason": "picture", "message": "..."}}`.
#[derive(Debug, Serialize)]
pub struct Refusal {
    error: Said,
    /// The method that would have been right.
    #[serde(skip)]
    pub allowed: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Said {
    reason: Reason,
    message: String,
}

impl Refusal {
    /// For this reason, in words for people.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            error: Said { reason, message },
            allowed: None,
        }
    }

    /// The library's word on what is wrong; made for `map_err(Refusal::of(Reason::Picture))`.
    pub fn of(reason: Reason) -> impl FnOnce(Error) -> Self {
        move |error| Self::new(reason, error.to_string())
    }

    /// Nothing is at this address.
    pub fn nowhere() -> Self {
        let message = "nothing is here; open the address that `live` printed when it was started";
        Self::new(Reason::Address, message)
    }

    /// What is here is asked for with another method.
    pub fn method(allowed: &'static str) -> Self {
        Self {
            allowed: Some(allowed),
            ..Self::new(Reason::Method, format!("expected the method {allowed}"))
        }
    }

    pub fn status(&self) -> StatusCode {
        self.error.reason.status()
    }
}
