//! The line of progress, whatever the width of the terminal.

use std::time::Duration;

#[path = "../../../examples/shared/line.rs"]
mod shared;

use shared::{fitted, left, rate};

fn parts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

#[test]
fn a_line_is_never_wider_than_the_terminal_and_drops_what_matters_least() {
    let parts = parts(&["142333/142333", "120 img/s", "59m59s left"]);
    for width in 0..200 {
        let line = fitted(width, "features", 0.5, &parts);
        let columns = line.chars().count();
        // What the terminal shows of Ctrl-C behind the line has room too.
        assert!(columns + 2 < width.max(11), "{width}: {columns} {line}");
    }
    let line = fitted(40, "features", 0.5, &parts);
    assert_eq!(line, "features 142333/142333 120 img/s");
    let line = fitted(80, "features", 0.5, &parts);
    let bar = format!("{}{}", "█".repeat(15), "░".repeat(15));
    let rest = "142333/142333 120 img/s 59m59s left";
    assert_eq!(line, format!("features {bar} {rest}"));
    for share in [-1.0, 0.0, f64::NAN] {
        assert_eq!(fitted(60, "au", share, &[]).matches('█').count(), 0);
    }
    assert_eq!(fitted(60, "au", 2.0, &[]).matches('█').count(), 30);
}

#[test]
fn a_rate_has_two_digits_that_count() {
    for (number, text) in [
        (0.0, "0.00"),
        (0.034, "0.03"),
        (0.345, "0.34"),
        (3.44, "3.4"),
        (9.96, "10"),
        (12.3456, "12"),
        (99.6, "100"),
        (1234.5, "1200"),
        (87_654.0, "88000"),
    ] {
        assert_eq!(rate(number), text);
    }
}

#[test]
fn no_time_is_left_before_there_is_a_rate_nor_when_it_is_none() {
    let minute = Duration::from_secs(60);
    assert_eq!(left(Duration::from_millis(900), 0.0, 0.5), None);
    assert_eq!(left(minute, 0.25, 0.25), None);
    assert_eq!(left(minute, 0.0, 1.0), None);
    for (share, text) in [
        (0.5, "1m00s left"),
        (0.75, "20s left"),
        (0.01, "1h39m left"),
        (1e-4, "6d22h left"),
    ] {
        assert_eq!(left(minute, 0.0, share).unwrap(), text);
    }
    // Work that goes on where it was interrupted has a rate of its own.
    assert_eq!(left(minute, 0.5, 0.75).unwrap(), "1m00s left");
}
