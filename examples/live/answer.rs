//! Answers, each with the headers that keep the page to itself.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::http::{HeaderValue, header, response::Builder};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::page::File;
use crate::refusal::Refusal;
use crate::shared::report::json;

pub type Answer = Response<Full<Bytes>>;

/// No other page can show, embed or read what is answered, and the page loads nothing from elsewhere,
/// runs no script but its own files and tells nobody its address.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), microphone=(), geolocation=()",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cache-control", "no-store"),
];

/// A file of the page.
pub fn file(file: &File) -> Answer {
    made(StatusCode::OK, file.kind, None, file.text.into())
}

/// What was asked for, as JSON.
pub fn ok(value: &impl Serialize) -> Answer {
    made(StatusCode::OK, "application/json", None, json(value).into())
}

/// Why there is no other answer.
pub fn refused(refusal: &Refusal) -> Answer {
    let text = json(refusal);
    made(
        refusal.status(),
        "application/json",
        refusal.allowed,
        text.into(),
    )
}

fn made(
    status: StatusCode,
    kind: &'static str,
    allowed: Option<&'static str>,
    body: Bytes,
) -> Answer {
    let mut builder: Builder = Response::builder().status(status);
    for (name, value) in HEADERS {
        builder = builder.header(name, HeaderValue::from_static(value));
    }
    if let Some(method) = allowed {
        builder = builder.header(header::ALLOW, HeaderValue::from_static(method));
    }
    builder
        .header(header::CONTENT_TYPE, HeaderValue::from_static(kind))
        .body(Full::new(body))
        .expect("every header is a valid one")
}
