//! Fetching published files, once, over HTTPS.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::RemoteFile;
use crate::{Error, Result};

/// The most that is taken from a server, in bytes; the largest published file is a tenth of this.
const LARGEST: u64 = 1 << 30;
const CONNECTING: Duration = Duration::from_secs(20);
const ANSWERING: Duration = Duration::from_secs(60);
const BUFFER: usize = 1 << 16;

impl RemoteFile {
    /// The file's path in `folder`, after fetching it if it is not there.
    ///
    /// `progress` hears how many bytes are there, and of how many if that is known. A fetch that
    /// was cut off goes on where it ended if the server still has the same file.
    ///
    /// # Errors
    /// [`Error::Download`] if the server cannot be reached or does not give the file whole,
    /// [`Error::Io`] if the folder cannot be written.
    pub fn fetch(
        &self,
        folder: &Path,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<PathBuf> {
        let path = folder.join(&self.file);
        if path.is_file() {
            return Ok(path);
        }
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let partial = folder.join(format!("{}.part", self.file));
        let mark = folder.join(format!("{}.part.etag", self.file));
        self.transfer(&partial, &mark, progress)?;
        if let Some(found) = self.differs(&partial)? {
            let _ = std::fs::remove_file(&partial);
            return Err(self.failed(found));
        }
        std::fs::rename(&partial, &path).map_err(Error::io("create", &path))?;
        let _ = std::fs::remove_file(&mark);
        Ok(path)
    }

    /// Brings the partial file to its full length.
    fn transfer(
        &self,
        partial: &Path,
        mark: &Path,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<()> {
        // Without the server's mark of the version, what is there may be of another one.
        let version = std::fs::read_to_string(mark).ok();
        let there = partial.metadata().map_or(0, |data| data.len());
        let resume = version.filter(|_| there > 0);
        let mut request = agent().get(&self.url);
        if let Some(version) = &resume {
            request = request
                .header("Range", format!("bytes={there}-"))
                .header("If-Range", version);
        }
        let mut response = request.call().map_err(|error| self.failed(error))?;
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().ok()?.to_string())
        };
        let start = match response.status().as_u16() {
            200 => 0,
            206 if resume.is_some() => there,
            404 => return Err(self.failed("the server does not have it (404)")),
            status => return Err(self.failed(format!("the server answered {status}"))),
        };
        let length = header("content-length").and_then(|text| text.parse::<u64>().ok());
        let total = length.map(|length| start.saturating_add(length));
        if let (Some(expected), Some(total)) = (self.size, total)
            && expected != total
        {
            return Err(self.failed(format!("the server has {total} bytes, not {expected}")));
        }
        // A weak mark does not promise the same bytes.
        match header("etag").filter(|mark| !mark.starts_with("W/")) {
            Some(version) => std::fs::write(mark, version).map_err(Error::io("write", mark))?,
            None => {
                let _ = std::fs::remove_file(mark);
            }
        }
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .append(start > 0)
            .truncate(start == 0)
            .open(partial)
            .map_err(Error::io("create", partial))?;
        let mut body = response.body_mut().as_reader();
        let mut buffer = vec![0; BUFFER];
        let mut done = start;
        loop {
            progress(done, total);
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    return Err(self.failed(format!("{error} (run again to go on from there)")));
                }
            };
            done += count as u64;
            if done > LARGEST {
                return Err(self.failed(format!("more than {LARGEST} bytes")));
            }
            file.write_all(&buffer[..count])
                .map_err(Error::io("write", partial))?;
        }
        file.sync_all().map_err(Error::io("write", partial))?;
        match total.filter(|&total| total != done) {
            Some(total) => Err(self.failed(format!(
                "the connection ended after {done} of {total} bytes (run again to go on from there)"
            ))),
            None => Ok(()),
        }
    }

    fn failed(&self, reason: impl ToString) -> Error {
        Error::Download {
            url: self.url.clone(),
            reason: reason.to_string(),
            command: None,
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECTING))
        .timeout_recv_response(Some(ANSWERING))
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A server on this machine that gives `content`, after which it cuts the line at `cut` bytes
    /// on the first request; it keeps the `Range` of every request.
    fn serve(
        content: Vec<u8>,
        cut: usize,
        etag: &'static str,
    ) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file.pt", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let kept = ranges.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let first = kept.lock().unwrap().is_empty();
                let limit = if first { cut } else { content.len() };
                let _ = answer(stream.unwrap(), &content, limit, etag, &kept);
            }
        });
        (url, ranges)
    }

    fn answer(
        mut stream: TcpStream,
        content: &[u8],
        limit: usize,
        etag: &str,
        ranges: &Mutex<Vec<String>>,
    ) -> io::Result<()> {
        let (mut range, mut condition) = (String::new(), String::new());
        for line in BufReader::new(stream.try_clone()?).lines() {
            let line = line?.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("range: bytes=") {
                range = value.to_string();
            }
            if let Some(value) = line.strip_prefix("if-range: ") {
                condition = value.to_string();
            }
            if line.is_empty() {
                break;
            }
        }
        ranges.lock().unwrap().push(range.clone());
        let start: usize = match condition == etag {
            true => range.trim_end_matches('-').parse().unwrap_or(0),
            false => 0,
        };
        let status = if start > 0 {
            "206 Partial Content"
        } else {
            "200 OK"
        };
        let rest = &content[start..];
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: {etag}\r\nConnection: close\r\n\r\n",
            rest.len()
        )?;
        stream.write_all(&rest[..limit.min(rest.len())])
    }

    fn content() -> Vec<u8> {
        (0..300_000u32)
            .map(|index| (index.wrapping_mul(index) >> 3) as u8)
            .collect()
    }

    fn published(url: &str) -> RemoteFile {
        RemoteFile {
            file: "file.pt".into(),
            url: url.into(),
            size: Some(300_000),
            sha256: None,
        }
    }

    #[test]
    fn a_file_comes_once_and_progress_is_heard() {
        let (url, requests) = serve(content(), usize::MAX, "\"a\"");
        let folder = tempfile::tempdir().unwrap();
        let mut heard = Vec::new();
        let mut progress = |done, total| heard.push((done, total));
        let path = published(&url).fetch(folder.path(), &mut progress).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content());
        published(&url).fetch(folder.path(), &mut progress).unwrap();
        assert_eq!(requests.lock().unwrap().len(), 1);
        assert_eq!(heard.first(), Some(&(0, Some(300_000))));
        assert_eq!(heard.last(), Some(&(300_000, Some(300_000))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_broken_download_goes_on_where_it_ended() {
        let (url, requests) = serve(content(), 100_000, "\"a\"");
        let folder = tempfile::tempdir().unwrap();
        let error = published(&url)
            .fetch(folder.path(), &mut |_, _| ())
            .unwrap_err();
        assert!(error.to_string().contains("run again"), "{error}");
        let path = published(&url)
            .fetch(folder.path(), &mut |_, _| ())
            .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content());
        assert_eq!(*requests.lock().unwrap(), ["", "100000-"]);
    }

    #[test]
    fn a_part_of_another_version_is_thrown_away() {
        let (url, _) = serve(content(), usize::MAX, "\"b\"");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file.pt.part"), b"old").unwrap();
        std::fs::write(folder.path().join("file.pt.part.etag"), "\"a\"").unwrap();
        let path = published(&url)
            .fetch(folder.path(), &mut |_, _| ())
            .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content());
    }

    #[test]
    fn a_file_of_another_digest_or_size_is_refused_and_not_kept() {
        let (url, _) = serve(content(), usize::MAX, "\"a\"");
        let folder = tempfile::tempdir().unwrap();
        let digest = RemoteFile {
            sha256: Some("00".repeat(32)),
            ..published(&url)
        };
        let error = digest.fetch(folder.path(), &mut |_, _| ()).unwrap_err();
        assert!(error.to_string().contains("SHA-256"), "{error}");
        let size = RemoteFile {
            size: Some(1),
            ..published(&url)
        };
        let error = size.fetch(folder.path(), &mut |_, _| ()).unwrap_err();
        assert!(error.to_string().contains("not 1"), "{error}");
        assert!(!folder.path().join("file.pt").exists());
    }

    #[test]
    fn without_the_network_the_error_says_what_to_do() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/file.pt", listener.local_addr().unwrap());
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let error = published(&url)
            .fetch(folder.path(), &mut |_, _| ())
            .unwrap_err();
        assert!(matches!(error, Error::Download { .. }), "{error}");
        assert!(error.to_string().contains("give its path"), "{error}");
        assert!(!folder.path().join("file.pt").exists());
    }
}
