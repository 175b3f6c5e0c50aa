//! Round times along an axis.

const DAY: f64 = 86400.0;
/// Steps below a day that people count in, in seconds.
const STEPS: [f64; 26] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0,
    120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0,
];

/// Round times from `first` to `last`, each with its name: at most one more than `most`.
pub(super) fn ticks(first: f64, last: f64, most: usize) -> Vec<(f64, String)> {
    let step = match last > first {
        true => step((last - first) / most.max(1) as f64),
        // A single moment.
        false => return vec![(first, name(first, 1.0))],
    };
    let start = (first / step - 1e-6).ceil();
    let numbers = (0..=most).map(|number| start + number as f64);
    let times = numbers.map(|number| number * step);
    times
        .filter(|time| *time <= last + 1e-6 * step)
        .map(|time| (time, name(time, step)))
        .collect()
}

/// The shortest round step that is not shorter than this.
fn step(least: f64) -> f64 {
    let powers = (0..=f64::MAX_10_EXP).map(|power| DAY * 10f64.powi(power));
    let days = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * power));
    let mut steps = STEPS.into_iter().chain(days);
    steps.find(|step| *step >= least).unwrap_or(least)
}

/// A time as m:ss, or h:mm:ss from an hour on, with the decimals that the step needs.
pub(super) fn name(time: f64, step: f64) -> String {
    let decimals = (0..3).find(|&decimals| (step * 10f64.powi(decimals)).fract() < 1e-6);
    let decimals = decimals.unwrap_or(3) as usize;
    let unit = 10f64.powi(decimals as i32);
    let whole = (time.abs() * unit).round() / unit;
    let sign = if time < 0.0 && whole > 0.0 { "-" } else { "" };
    let (minutes, seconds) = ((whole / 60.0).floor(), whole % 60.0);
    let width = if decimals > 0 { decimals + 3 } else { 2 };
    match minutes < 60.0 {
        true => format!("{sign}{minutes}:{seconds:0width$.decimals$}"),
        false => {
            let (hours, minutes) = ((minutes / 60.0).floor(), minutes % 60.0);
            format!("{sign}{hours}:{minutes:02}:{seconds:0width$.decimals$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(first: f64, last: f64) -> Vec<String> {
        ticks(first, last, 8)
            .into_iter()
            .map(|(_, name)| name)
            .collect()
    }

    #[test]
    fn times_are_round_at_every_length() {
        assert_eq!(
            names(0.0, 0.3),
            [
                "0:00.00", "0:00.05", "0:00.10", "0:00.15", "0:00.20", "0:00.25", "0:00.30"
            ]
        );
        assert_eq!(
            names(0.0, 2.0),
            ["0:00.0", "0:00.5", "0:01.0", "0:01.5", "0:02.0"]
        );
        assert_eq!(
            names(0.0, 12.0),
            ["0:00", "0:02", "0:04", "0:06", "0:08", "0:10", "0:12"]
        );
        assert_eq!(
            names(0.04, 95.0),
            ["0:15", "0:30", "0:45", "1:00", "1:15", "1:30"]
        );
        assert_eq!(names(0.0, 36000.0)[..3], ["0:00", "2:00:00", "4:00:00"]);
        assert_eq!(names(-30.0, 30.0)[..3], ["-0:30", "-0:20", "-0:10"]);
    }

    #[test]
    fn there_are_some_times_and_never_too_many() {
        let mut length = 0.02;
        while length < 1e12 {
            for first in [0.0, -3.3, 1234.5] {
                let found = ticks(first, first + length, 8);
                assert!(
                    (2..=9).contains(&found.len()),
                    "{first} {length}: {found:?}"
                );
                let slack = 1e-5 * length;
                let range = first - slack..=first + length + slack;
                assert!(
                    found.iter().all(|(time, _)| range.contains(time)),
                    "{found:?}"
                );
            }
            length *= 1.37;
        }
        assert_eq!(ticks(5.0, 5.0, 8).len(), 1);
    }
}
