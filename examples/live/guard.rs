//! Who may ask: the page that this program serves, in a browser on this machine, and nobody else.

use countenance::Result;
use hyper::http::request::Parts;
use hyper::http::{HeaderMap, HeaderName, header};

use crate::refusal::{Reason, Refusal};
use crate::secret;

/// Keeps everybody out who does not know the address that was printed, and other pages even if they do.
///
/// Another page may have its own name point to 127.0.0.1, so that the browser takes it for ours: the
/// `Host` gives it away. Or it asks across origins: the browser then says so. What is no browser says
/// whatever it likes, but does not know the secret.
pub struct Guard {
    port: u16,
    secret: String,
}

impl Guard {
    /// Draws the secret of the page on this port.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn new(port: u16) -> Result<Self> {
        let secret = secret::draw()?;
        Ok(Self { port, secret })
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.secret)
    }

    /// What of ours a request asks for: its path behind the secret.
    ///
    /// # Errors
    /// If it is for another host, of another page, or does not know the secret.
    pub fn admit<'a>(&self, request: &'a Parts) -> Result<&'a str, Refusal> {
        let host = self.host(request)?;
        check_origin(&request.headers, host)?;
        let path = request.uri.path().strip_prefix('/').unwrap_or_default();
        let (found, rest) = path.split_once('/').ok_or_else(Refusal::nowhere)?;
        match secret::is(found, &self.secret) {
            true => Ok(rest),
            false => Err(Refusal::nowhere()),
        }
    }

    /// The host that a request is for, which is this machine under a name of its own.
    fn host<'a>(&self, request: &'a Parts) -> Result<&'a str, Refusal> {
        let mut named = texts(&request.headers, header::HOST);
        if let (Some(Some(host)), None, None) = (named.next(), named.next(), request.uri.host())
            && self.is_own(host)
        {
            return Ok(host);
        }
        let expected = format!(
            "expected the host 127.0.0.1:{0} or localhost:{0}",
            self.port
        );
        Err(Refusal::new(Reason::Host, expected))
    }

    fn is_own(&self, host: &str) -> bool {
        /// What a browser leaves out.
        const USUAL: u16 = 80;
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()),
            None => (host, Some(USUAL)),
        };
        let is_here = name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost");
        is_here && port == Some(self.port)
    }
}

/// Refuses what the browser asks for on behalf of another page than the one of `host`.
fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Refusal> {
    let is_own = |origin: Option<&str>| {
        let named = origin.and_then(|origin| origin.strip_prefix("http://"));
        named.is_some_and(|named| named.eq_ignore_ascii_case(host))
    };
    // `none`: somebody typed or pasted the address.
    let is_from_here = |site| matches!(site, Some("same-origin" | "none"));
    let is_own = texts(headers, header::ORIGIN).all(is_own);
    let is_from_here = texts(headers, HeaderName::from_static("sec-fetch-site")).all(is_from_here);
    match is_own && is_from_here {
        true => Ok(()),
        false => Err(Refusal::new(
            Reason::Origin,
            "expected a request of this program's own page, found one of another page; \
             paste the address into the browser",
        )),
    }
}

/// The values of a header; `None` stands for one that is no text.
fn texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = Option<&str>> {
    let values = headers.get_all(name).into_iter();
    values.map(|value| value.to_str().ok())
}
