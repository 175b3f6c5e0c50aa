//! The closed list of what can be asked for.

use hyper::Method;

use crate::page::{FILES, File};
use crate::refusal::{Reason, Refusal};

/// What a request asks for.
pub enum Route<'a> {
    /// A file of the page.
    File(&'static File),
    /// What the model reads.
    Model,
    /// A new session.
    Open,
    /// To read a frame of this session, which is of this many seconds.
    Frame(&'a str, f64),
    /// To begin a recording of this session.
    Record(&'a str),
    /// To end the recording of this session.
    Stop(&'a str),
    /// To end this session.
    End(&'a str),
}

impl<'a> Route<'a> {
    /// What stands at `path`, relative to the page.
    ///
    /// # Errors
    /// If nothing does, or it is asked for with another method.
    pub fn of(method: &Method, path: &'a str, query: Option<&str>) -> Result<Self, Refusal> {
        if let Some(file) = FILES.iter().find(|file| file.name == path) {
            return only(method, &Method::GET, "GET").map(|()| Self::File(file));
        }
        if path == "model" {
            return only(method, &Method::GET, "GET").map(|()| Self::Model);
        }
        let parts: Vec<&str> = path.split('/').collect();
        let (session, action) = match parts[..] {
            ["session"] => return only(method, &Method::POST, "POST").map(|()| Self::Open),
            ["session", session, action] => (session, action),
            _ => return Err(Refusal::nowhere()),
        };
        let post = only(method, &Method::POST, "POST");
        match action {
            "frame" => post.and_then(|()| Ok(Self::Frame(session, time(query)?))),
            "record" => post.map(|()| Self::Record(session)),
            "stop" => post.map(|()| Self::Stop(session)),
            "end" => post.map(|()| Self::End(session)),
            _ => Err(Refusal::nowhere()),
        }
    }
}

fn only(method: &Method, allowed: &Method, name: &'static str) -> Result<(), Refusal> {
    match method == allowed {
        true => Ok(()),
        false => Err(Refusal::method(name)),
    }
}

/// The seconds in `time=1.25`.
fn time(query: Option<&str>) -> Result<f64, Refusal> {
    let text = query.and_then(|query| query.strip_prefix("time="));
    match text.and_then(|text| text.parse::<f64>().ok()) {
        Some(time) if time.is_finite() && time >= 0.0 => Ok(time),
        _ => Err(Refusal::new(
            Reason::Time,
            "expected time=SECONDS of the frame, a number of at least 0",
        )),
    }
}
