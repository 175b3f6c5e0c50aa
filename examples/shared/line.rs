//! A line of progress, as long as the terminal is wide.

use std::time::Duration;

/// The narrowest and the widest bar.
const BAR: (usize, usize) = (8, 30);

/// The name, as many of the parts as fit into `width` columns, the first ones first, and a bar with
/// `share` of it filled where there is room.
pub fn fitted(width: usize, name: &str, share: f64, parts: &[String]) -> String {
    // A terminal may begin a new line behind its last column, and shows ^C behind the line when asked
    // to stop: a line that it wrapped could not be taken away again.
    let width = width.saturating_sub(1 + "^C".len());
    let mut line = String::new();
    let mut used = name.chars().count();
    for part in parts {
        let with = used + 1 + part.chars().count();
        if with > width {
            break;
        }
        line = format!("{line} {part}");
        used = with;
    }
    let room = width.saturating_sub(used + 1).min(BAR.1);
    match room >= BAR.0 {
        true => format!("{name} {}{line}", bar(room, share)),
        false => format!("{name}{line}"),
    }
}

fn bar(length: usize, share: f64) -> String {
    let filled = (share.clamp(0.0, 1.0) * length as f64) as usize;
    format!("{}{}", "█".repeat(filled), "░".repeat(length - filled))
}

/// A rate with two digits that count: 0.34, 3.4, 34, 340.
pub fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate < 1.0 => format!("{rate:.2}"),
        rate if rate < 9.95 => format!("{rate:.1}"),
        rate if rate < 99.5 => format!("{rate:.0}"),
        rate => {
            let step = 10f64.powf(rate.log10().floor() - 1.0);
            format!("{:.0}", (rate / step).round() * step)
        }
    }
}

/// The time that is left once `share` of the work has taken `elapsed`, from its share `before` on;
/// nothing where that cannot be told yet, or it is next to nothing.
pub fn left(elapsed: Duration, before: f64, share: f64) -> Option<String> {
    if elapsed < Duration::from_secs(1) || share <= before {
        return None;
    }
    let seconds = elapsed.as_secs_f64() * (1.0 - share) / (share - before);
    let seconds = seconds.min(1e9).round() as u64;
    let text = match seconds {
        0 => return None,
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24),
    };
    Some(format!("{text} left"))
}
