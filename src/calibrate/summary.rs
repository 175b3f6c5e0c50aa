//! A tuning for people.

use super::calibration::Calibration;
use super::tuning::Tuning;
use super::weight::BlendWeights;
use crate::spelling::printable;

impl Tuning {
    /// What is done with the scores, for people: a line for each kind of thing; nothing where there is no
    /// tuning.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let units = self.action_units.iter();
        let thresholds: Vec<_> = units
            .map(|(unit, tuned)| {
                let calibrated = match tuned.calibration {
                    Calibration::None => "",
                    Calibration::Platt { .. } => " (Platt)",
                    Calibration::Isotonic { .. } => " (isotonic)",
                };
                format!("{unit} {:.3}{calibrated}", tuned.threshold)
            })
            .collect();
        let offsets = self.expressions.offsets.iter();
        let offsets: Vec<_> = offsets
            .map(|(class, offset)| format!("{class} {offset:+.3}"))
            .collect();
        for (what, of) in [("thresholds", thresholds), ("class offsets", offsets)] {
            if !of.is_empty() {
                lines.push(format!("{what}: {}", of.join(" ")));
            }
        }
        if self.expressions.temperature != 1.0 {
            let temperature = self.expressions.temperature;
            lines.push(format!("temperature of the expressions: {temperature:.3}"));
        }
        if !self.smoothing.is_off() {
            lines.push(format!("smoothing over time: {}", self.smoothing));
        }
        if let Some(origin) = &self.origin {
            let mut line = format!(
                "tuned on {} rows of {} ({} videos or other groups)",
                origin.rows,
                printable(&origin.split),
                origin.videos
            );
            for (name, task) in origin.outcome.named() {
                if let (Some(untuned), Some(tuned)) = (task.untuned, task.cross_validated) {
                    line += &format!("; {name} {untuned:.3}, cross-validated {tuned:.3}");
                }
            }
            lines.push(line);
        }
        lines
    }
}

impl BlendWeights {
    /// What a member weighs, for people: one number, or one for each task where they differ.
    ///
    /// # Panics
    /// If there is no member of this number.
    pub fn line(&self, number: usize) -> String {
        let tasks = [
            ("action units", &self.action_units),
            ("expressions", &self.expressions),
            ("valence and arousal", &self.valence_arousal),
        ];
        let each = tasks.map(|(task, weights)| (task, weights[number]));
        match each.iter().all(|(_, weight)| *weight == each[0].1) {
            true => format!("{:.3}", each[0].1),
            false => {
                let each = each.map(|(task, weight)| format!("{weight:.3} in {task}"));
                each.join(", ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuning_is_told_part_by_part_and_nothing_of_none() {
        assert!(Tuning::default().lines().is_empty());
        let json = r#"{"action_units": {"AU12": {"threshold": 0.25}, "AU1": {"calibration":
            {"platt": {"slope": 1, "intercept": 0}}}}, "expressions": {"offsets": [["Fear", 0.5]],
            "temperature": 2}, "smoothing": {"expressions": "gaussian:0.4"}}"#;
        let tuning: Tuning = serde_json::from_str(json).unwrap();
        let lines = tuning.lines();
        assert_eq!(lines[0], "thresholds: AU1 0.500 (Platt) AU12 0.250");
        assert_eq!(lines[1], "class offsets: Fear +0.500");
        assert_eq!(lines[2], "temperature of the expressions: 2.000");
        assert!(lines[3].contains("gaussian:0.4"), "{lines:?}");
    }

    #[test]
    fn weights_are_one_number_or_one_for_each_task() {
        let mut weights = BlendWeights::equal(2);
        assert_eq!(weights.line(1), "0.500");
        weights.expressions = vec![0.25, 0.75];
        let told = "0.500 in action units, 0.750 in expressions, 0.500 in valence and arousal";
        assert_eq!(weights.line(1), told);
    }
}
