//! What is not on this machine's disk.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener};
use std::path::{Path, PathBuf};

use countenance::video::VideoFile;

use super::kit::Kit;

/// Serves the files of `folder` over HTTP on this machine until the process ends; its address.
fn serve(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let folder: PathBuf = folder.into();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            // Whoever hangs up in the middle is nothing special.
            std::thread::spawn(move || answer(stream, &folder));
        }
    });
    address
}

fn answer(mut stream: std::net::TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let name = first
        .split(' ')
        .nth(1)
        .unwrap_or_default()
        .trim_start_matches('/');
    match std::fs::read(folder.join(name)) {
        Ok(content) => {
            let length = content.len();
            write!(
                stream,
                "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n"
            )?;
            stream.write_all(&content)?;
        }
        Err(_) => write!(
            stream,
            "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        )?,
    }
    stream.flush()?;
    stream.shutdown(Shutdown::Write)
}

#[test]
fn a_video_at_an_address_is_read_as_a_file_is() {
    let Some(kit) = Kit::new() else { return };
    kit.moving("a.mp4", "64x48", 2.0);
    let address = serve(&kit.path(""));
    let video = VideoFile::open(format!("{address}/a.mp4")).unwrap();
    assert_eq!((video.size(), video.is_live()), ((64, 48), false));
    assert!((video.duration().unwrap() - 2.0).abs() < 0.01);
    let times: Vec<f64> = video
        .frames()
        .unwrap()
        .map(|frame| frame.unwrap().time)
        .collect();
    assert_eq!(times.len(), 50);
    assert!((times[49] - 1.96).abs() < 1e-6);

    let error = VideoFile::open(format!("{address}/none.mp4"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&address) && error.contains("404"),
        "{error}"
    );
}

#[test]
fn an_address_leads_to_no_file_of_this_machine_and_a_file_to_no_address() {
    let Some(kit) = Kit::new() else { return };
    let list = |piece: &str| {
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{piece}\n#EXT-X-ENDLIST\n")
    };
    let path = kit.moving("a.ts", "64x48", 1.0);
    let address = serve(&kit.path(""));
    let here = format!("file://{}", path.display());
    std::fs::write(kit.path("here.m3u8"), list(&here)).unwrap();
    std::fs::write(kit.path("there.m3u8"), list(&format!("{address}/a.ts"))).unwrap();

    // Each in its own world is read, so that it is not the list that fails.
    let own = [
        format!("{address}/there.m3u8"),
        kit.path("here.m3u8").display().to_string(),
    ];
    for name in own {
        let frames = VideoFile::open(&name).unwrap().frames().unwrap();
        assert_eq!(frames.filter(|frame| frame.is_ok()).count(), 25, "{name}");
    }
    let other = [
        format!("{address}/here.m3u8"),
        kit.path("there.m3u8").display().to_string(),
    ];
    for name in other {
        let error = VideoFile::open(&name).unwrap_err().to_string();
        assert!(
            error.contains("whitelist") || error.contains("a video"),
            "{error}"
        );
    }
}
