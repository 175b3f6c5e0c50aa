//! The page that `live` serves, as browsers, other pages and other programs on this machine ask for it.

mod end;
mod frame;
mod guard;
mod recording;
mod session;

use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use image::{ImageFormat, RgbImage};
use serde_json::Value;

use crate::lamp;
use crate::studio::Studio;

/// `live`, from its start until it is dropped.
struct Live {
    studio: Studio,
    child: Child,
    /// 127.0.0.1 and the port.
    host: String,
    secret: String,
}

/// What came back.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The reason of a refusal, and what is said of it.
    fn refusal(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let text = |key: &str| error[key].as_str().unwrap().to_string();
        (self.status, text("reason"), text("message"))
    }

    fn is_refused(&self, status: u16, reason: &str) {
        let (found, why, _) = self.refusal();
        assert_eq!((found, why.as_str()), (status, reason), "{}", self.body);
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let mut found = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }
}

impl Live {
    fn start() -> Self {
        let studio = Studio::new();
        let recordings = studio.place.path("recordings");
        std::fs::create_dir(&recordings).unwrap();
        let mut command = studio.program("live");
        // Every frame is searched, so that what is in one is known beforehand.
        command.args(["--port", "0", "--detect-every", "1"]);
        command.arg("--record").arg(recordings);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("http://").unwrap();
        let (host, secret) = address.split_once('/').unwrap();
        assert!(host.starts_with("127.0.0.1:"), "{line}");
        Self {
            host: host.to_string(),
            secret: secret.trim_end_matches('/').to_string(),
            studio,
            child,
        }
    }

    fn port(&self) -> &str {
        self.host.split_once(':').unwrap().1
    }

    /// What is or will be recorded under this name; without a name, the folder of all.
    fn recording(&self, name: &str) -> PathBuf {
        self.studio.place.path("recordings").join(name)
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.host).unwrap()
    }

    /// Sends these very bytes, and reads what comes until the connection ends.
    fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        // Whoever refuses early does not read the rest.
        let _ = stream.write_all(request);
        answer(stream)
    }

    /// A request as a program makes it that knows where it asks; `headers` stand in the place of its own.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let length = body.len().to_string();
        let own = [
            ("Host", self.host.as_str()),
            ("Connection", "close"),
            ("Content-Length", &length),
        ];
        let given = |name: &str| headers.iter().any(|(key, _)| *key == name);
        let mut request = format!("{method} /{}/{path} HTTP/1.1\r\n", self.secret);
        for (name, value) in own.iter().filter(|(name, _)| !given(name)).chain(headers) {
            request += &format!("{name}: {value}\r\n");
        }
        self.raw(&[request.as_bytes(), b"\r\n", body].concat())
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    fn post(&self, path: &str) -> Answer {
        self.ask("POST", path, &[], b"")
    }

    /// A new session's name.
    fn open(&self) -> String {
        let opened = self.post("session");
        assert_eq!(opened.status, 200, "{}", opened.body);
        opened.json()["session"].as_str().unwrap().to_string()
    }

    fn frame(&self, session: &str, time: f64, jpeg: &[u8]) -> Answer {
        let path = format!("session/{session}/frame?time={time}");
        self.ask("POST", &path, &[("Content-Type", "image/jpeg")], jpeg)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What comes over a connection until it ends.
fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A connection that is broken off has still brought what came before.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_string(),
        body: body.to_string(),
    }
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// A frame with a face for each of `lamps`.
fn frame_of(lamps: &[([u32; 2], u8)]) -> Vec<u8> {
    jpeg(&lamp::photograph(240, 120, lamps))
}
