//! How it starts and ends.

use super::Live;
use crate::program::run;

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once_with_exit_code_zero_and_the_recording_whole() {
    use std::process::Command;
    use std::time::{Duration, Instant};

    let mut live = Live::start();
    let session = live.open();
    live.post(&format!("session/{session}/record"));
    let frame = super::frame_of(&[([4, 6], 200)]);
    assert_eq!(live.frame(&session, 0.0, &frame).status, 200);
    // Somebody who is connected does not hold it up.
    let silent = live.connect();
    let asked = Instant::now();
    let pid = live.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(live.child.wait().unwrap().code(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    drop(silent);
    let text = std::fs::read_to_string(live.recording("live-1.csv")).unwrap();
    assert!(text.lines().count() == 2 && text.ends_with('\n'), "{text}");
    assert!(std::net::TcpStream::connect(&live.host).is_err());
}

#[test]
fn a_port_that_is_taken_and_a_folder_that_is_none_are_one_line() {
    let live = Live::start();
    let left = run(live.studio.program("live").args(["--port", live.port()]));
    assert!(!left.succeeded && left.out.is_empty(), "{}", left.out);
    let expected = format!(
        "error: --port {}: expected a port of this machine that is free (0 takes any), found one that a \
         program listens on\n",
        live.port()
    );
    assert_eq!(left.said, expected);
    for (folder, found) in [("nowhere", "nothing there"), ("network", "something else")] {
        let folder = live.studio.place.path(folder);
        let mut command = live.studio.program("live");
        let left = run(command.args(["--port", "0", "--record"]).arg(&folder));
        assert!(!left.succeeded);
        let expected = format!(
            "error: --record {}: expected a folder, found {found}\n",
            folder.display()
        );
        assert_eq!(left.said, expected);
    }
}

#[test]
fn only_this_machine_can_connect() {
    let live = Live::start();
    // Another address of this very machine, where whatever listens on all of them would be found.
    let elsewhere = format!("127.0.0.2:{}", live.port());
    if cfg!(target_os = "linux") {
        assert!(std::net::TcpStream::connect(elsewhere).is_err());
    }
}
