//! What a detector finds.

use serde::{Deserialize, Serialize};

/// A face in a picture. Lengths are pixels of the picture, `x` to the right and `y` down from its upper
/// left corner; a face at the border may reach beyond it.
///
/// The machine-readable shape: `box` as `[x, y, width, height]`, `confidence`, `landmarks`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Where the face is.
    #[serde(rename = "box")]
    pub bounds: Bounds,
    /// How sure the detector is, in [0, 1].
    pub confidence: f32,
    /// The person's right eye, left eye, nose, right and left mouth corner, each `[x, y]`. The right one
    /// is the one further to the left in an upright picture.
    pub landmarks: [[f32; 2]; 5],
}

impl Detection {
    /// The same face in a picture that is `factor` times as large.
    pub fn scaled(self, factor: f32) -> Self {
        let lengths: [f32; 4] = self.bounds.into();
        Self {
            bounds: lengths.map(|length| length * factor).into(),
            confidence: self.confidence,
            landmarks: self
                .landmarks
                .map(|point| point.map(|place| place * factor)),
        }
    }
}

/// An upright box.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct Bounds {
    /// Its left edge.
    pub x: f32,
    /// Its upper edge.
    pub y: f32,
    /// From its left to its right edge.
    pub width: f32,
    /// From its upper to its lower edge.
    pub height: f32,
}

impl Bounds {
    /// The box between two corners.
    pub fn between([left, top]: [f32; 2], [right, bottom]: [f32; 2]) -> Self {
        Self {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        }
    }

    /// Its surface; 0 of a box that is turned inside out.
    pub fn area(&self) -> f32 {
        self.width.max(0.0) * self.height.max(0.0)
    }

    /// The surface that both have in common.
    pub fn intersection(&self, other: &Self) -> f32 {
        let along = |start: f32, length: f32, other_start: f32, other_length: f32| {
            let end = (start + length).min(other_start + other_length);
            (end - start.max(other_start)).max(0.0)
        };
        along(self.x, self.width, other.x, other.width)
            * along(self.y, self.height, other.y, other.height)
    }

    /// Intersection over union, in [0, 1]; 0 where both are empty.
    ///
    /// ```
    /// use countenance::face::Bounds;
    ///
    /// let left = Bounds { x: 0.0, y: 0.0, width: 2.0, height: 1.0 };
    /// let right = Bounds { x: 1.0, ..left };
    /// assert_eq!(left.overlap(&right), 1.0 / 3.0);
    /// ```
    pub fn overlap(&self, other: &Self) -> f32 {
        let common = self.intersection(other);
        let union = self.area() + other.area() - common;
        if union > 0.0 { common / union } else { 0.0 }
    }
}

impl From<[f32; 4]> for Bounds {
    /// Of `[x, y, width, height]`.
    fn from([x, y, width, height]: [f32; 4]) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }
}

impl From<Bounds> for [f32; 4] {
    /// `[x, y, width, height]`.
    fn from(bounds: Bounds) -> Self {
        [bounds.x, bounds.y, bounds.width, bounds.height]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detection_serialises_to_the_stable_shape() {
        let detection = Detection {
            bounds: Bounds::between([1.5, -2.0], [11.5, 8.1]),
            confidence: 0.9,
            landmarks: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.1]],
        };
        let text = serde_json::to_string(&detection).unwrap();
        assert_eq!(
            text,
            r#"{"box":[1.5,-2.0,10.0,10.1],"confidence":0.9,"landmarks":"#.to_string()
                + "[[1.0,2.0],[3.0,4.0],[5.0,6.0],[7.0,8.0],[9.0,10.1]]}"
        );
        assert_eq!(serde_json::from_str::<Detection>(&text).unwrap(), detection);
    }
}
