//! From a request to its answer.

use hyper::Request;
use hyper::body::Incoming;
use hyper::http::{HeaderMap, header};
use tokio::task::spawn_blocking;

use crate::answer::{self, Answer};
use crate::body;
use crate::guard::Guard;
use crate::refusal::{Reason, Refusal};
use crate::route::Route;
use crate::session::Sessions;

/// What this program answers, and to whom.
pub struct Service {
    guard: Guard,
    sessions: Sessions,
}

impl Service {
    pub fn new(guard: Guard, sessions: Sessions) -> Self {
        Self { guard, sessions }
    }

    /// The answer to a request; a bad one ends nothing.
    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        match self.granted(request).await {
            Ok(answer) => answer,
            Err(refusal) => answer::refused(&refusal),
        }
    }

    async fn granted(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        let (head, body) = request.into_parts();
        let path = self.guard.admit(&head)?;
        match Route::of(&head.method, path, head.uri.query())? {
            Route::File(file) => Ok(answer::file(file)),
            Route::Model => Ok(answer::ok(&self.sessions.model())),
            Route::Open => Ok(answer::ok(&self.sessions.open()?)),
            Route::Frame(name, time) => {
                let session = self.sessions.find(name)?;
                check_type(&head.headers)?;
                let jpeg = body::whole(body).await?;
                apart(move || Ok(answer::ok(&session.read(time, &jpeg)?))).await
            }
            Route::Record(name) => {
                let session = self.sessions.find(name)?;
                apart(move || Ok(answer::ok(&session.record()?))).await
            }
            Route::Stop(name) => {
                let session = self.sessions.find(name)?;
                apart(move || Ok(answer::ok(&session.stop()))).await
            }
            Route::End(name) => Ok(answer::ok(&self.sessions.end(name)?)),
        }
    }
}

/// Frames come as what a page of another origin could send only with leave, which it never gets.
fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let found = headers.get(header::CONTENT_TYPE);
    match found.is_some_and(|found| found == "image/jpeg") {
        true => Ok(()),
        false => Err(Refusal::new(
            Reason::Type,
            "expected a frame of the type image/jpeg",
        )),
    }
}

/// Does what takes long beside what is answered meanwhile.
async fn apart(
    work: impl FnOnce() -> Result<Answer, Refusal> + Send + 'static,
) -> Result<Answer, Refusal> {
    let fault = |_| Refusal::new(Reason::Fault, "reading failed; the terminal says why");
    spawn_blocking(work).await.map_err(fault)?
}
