//! Pictures of any time at a constant rate.

/// Which place each picture has in a video of a constant rate: the one nearest to its time, so that it is
/// shown within half a frame of it.
#[derive(Debug)]
pub(super) struct Pace {
    rate: f64,
    /// The first picture's time, and the place of the last.
    begun: Option<(f64, u64)>,
}

impl Pace {
    /// Frames a second: `rate`, above 0.
    pub(super) fn new(rate: f64) -> Self {
        Self { rate, begun: None }
    }

    /// How many places the picture before the one of `time` has: several where there is a gap behind it,
    /// and none where both are nearest to one place, or this one is of a time before. For the first
    /// picture, which has none before it, it is 0.
    pub(super) fn places_before(&mut self, time: f64) -> u64 {
        let (first, last) = *self.begun.get_or_insert((time, 0));
        let place = ((time - first) * self.rate).round().max(0.0) as u64;
        let places = place.saturating_sub(last);
        self.begun = Some((first, last + places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times at which the numbered pictures are shown at `rate`.
    fn shown(rate: f64, times: &[f64]) -> Vec<(usize, f64)> {
        let mut pace = Pace::new(rate);
        let mut shown = Vec::new();
        for (number, &time) in times.iter().enumerate() {
            let places = pace.places_before(time);
            let before = number.checked_sub(1);
            shown.extend((0..places).filter_map(|_| before));
        }
        shown.push(times.len() - 1);
        let at = |(place, number)| (number, place as f64 / rate);
        shown.into_iter().enumerate().map(at).collect()
    }

    #[test]
    fn every_picture_is_shown_within_half_a_frame_of_its_time() {
        let rate = 30000.0 / 1001.0;
        // Steps from a fifth of a frame to three frames, the same every time.
        let mut times = vec![17.25];
        for number in 0..500u32 {
            let step = 0.2 + 2.8 * f64::from(number * 7919 % 101) / 100.0;
            times.push(times.last().unwrap() + step / rate);
        }
        let shown = shown(rate, &times);
        let mut new = shown.clone();
        new.dedup_by_key(|(number, _)| *number);
        for (number, time) in &new {
            let away = (times[*number] - times[0] - time).abs();
            assert!(away <= 0.5 / rate + 1e-9, "{number} is {away} s away");
        }
        // Only pictures that share a place with the next one are left out.
        for number in 0..times.len() {
            let is_left_out = new.iter().all(|(other, _)| *other != number);
            let shares = |next: f64| (next - times[number]) * rate < 1.0;
            assert!(!is_left_out || times.get(number + 1).is_some_and(|&next| shares(next)));
        }
        assert!(new.len() > 350 && shown.len() > new.len());
    }

    #[test]
    fn pictures_at_the_rate_are_each_shown_once_for_hours() {
        let rate = 29.97;
        let times: Vec<f64> = (0..200_000)
            .map(|number| f64::from(number) / rate)
            .collect();
        let numbers = shown(rate, &times).into_iter().map(|(number, _)| number);
        assert!(numbers.eq(0..times.len()));
    }

    #[test]
    fn a_time_that_goes_back_takes_the_place_of_the_one_before() {
        assert_eq!(shown(10.0, &[5.0, 5.2, 5.1, 4.0, 5.3]).len(), 4);
    }
}
