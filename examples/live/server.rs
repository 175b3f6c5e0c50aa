//! Connections from this machine: how many, and for how long.

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use countenance::{Error, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::service::Service;

/// Most connections at a time; others wait. A browser has six for a page.
const CONNECTIONS: usize = 32;
/// How long a connection may stay without a whole request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most headers of a request.
const HEADERS: usize = 64;
/// Bytes of a connection that are held, its headers among them.
const BUFFER: usize = 64 << 10;

/// Listens on this port of the loopback address, or on any that is free if it is 0.
///
/// # Errors
/// [`Error::Argument`] if it is not to be had.
pub fn bind(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|source| Error::Argument {
        what: format!("--port {port}"),
        expected: "a port of this machine that is free (0 takes any)".into(),
        found: match source.kind() {
            std::io::ErrorKind::AddrInUse => "one that a program listens on".into(),
            _ => source.to_string(),
        },
    })
}

/// The port that is listened on.
///
/// # Errors
/// [`Error::Io`] if the system does not tell.
pub fn port(listener: &TcpListener) -> Result<u16> {
    let address = listener.local_addr().map_err(refused("ask for"))?;
    Ok(address.port())
}

/// Answers requests until `stop`; a frame that is being read then is finished, and written.
///
/// # Errors
/// [`Error::Io`] if the system does not let it.
pub fn serve(listener: TcpListener, service: Arc<Service>, stop: &Notify) -> Result<()> {
    let listen = || {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::spawn(accept(listener, service));
            stop.notified().await;
            Ok(())
        })
    };
    listen().map_err(refused("listen on"))
}

fn refused(action: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Io {
        action,
        path: "the port".into(),
        source,
    }
}

async fn accept(listener: tokio::net::TcpListener, service: Arc<Service>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = free.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(answer(stream, service.clone(), place));
            }
            // Too many open files, for one: it passes.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Answers what comes over one connection, until either side has enough.
async fn answer(stream: TcpStream, service: Arc<Service>, place: OwnedSemaphorePermit) {
    // An answer that waits to be sent together with a later one is late.
    let _ = stream.set_nodelay(true);
    let respond = service_fn(|request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    // Whoever breaks a connection off has had enough: that is no error.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(HEADERS)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), respond)
        .await;
    drop(place);
}
