//! Curves over the epochs of a training.

use std::path::Path;

use tiny_skia::PathBuilder;

use super::board::{ACTIVE, Board, Colour, FAINT, INK, TOP, line};
use super::plot::Plot;
use super::save_png;
use super::scale::Scale;
use super::text::{self, Align, Style};
use crate::{Error, Result};

/// One diagram: some curves over the epochs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What the diagram shows; written above it.
    pub title: String,
    /// What the left axis measures.
    pub left: Axis,
    /// What the right axis measures, if something else is drawn too.
    pub right: Option<Axis>,
    /// The epoch to mark, usually the best one.
    pub marker: Option<usize>,
}

/// What one axis of a diagram measures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Its name, written above it.
    pub label: String,
    /// The curves, in the order of the legend.
    pub series: Vec<Series>,
}

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Epoch and value; values that are not finite are left out.
    pub points: Vec<(usize, f64)>,
}

/// The size of a diagram.
const PANEL: (f32, f32) = (600.0, 420.0);
/// Between a diagram's edge and its plot: room for an axis's numbers.
const SIDE: f32 = 66.0;
/// Between the legend's last line and the plot: room for the axes' names.
const NAMES: f32 = 44.0;
/// Between the plot and the lower edge: room for the epochs.
const BELOW: f32 = 56.0;
const TITLE: f32 = 36.0;
const LEGEND: f32 = 24.0;
/// How long a curve's sample in the legend is.
const SAMPLE: f32 = 22.0;
/// How many steps an axis has.
const STEPS: usize = 5;
const DASH: f32 = 4.0;
/// More diagrams in one picture are a slip.
const MOST: usize = 64;
const COLOURS: [Colour; 6] = [
    ACTIVE,
    TOP,
    [112, 84, 160],
    [74, 134, 62],
    [186, 142, 24],
    [120, 126, 134],
];

/// Draws the panels side by side into a PNG file: four as a square, others three to a row.
///
/// # Errors
/// [`Error::Argument`] unless there are 1 to 64 panels, [`Error::Io`] if the file cannot be written.
pub fn curves(path: &Path, panels: &[Panel]) -> Result<()> {
    if !(1..=MOST).contains(&panels.len()) {
        return Err(Error::argument("panels", "1 to 64", panels.len()));
    }
    let columns = match panels.len() {
        4 => 2,
        count => count.min(3),
    };
    let rows = panels.len().div_ceil(columns);
    let mut board = Board::new(PANEL.0 * columns as f32, PANEL.1 * rows as f32);
    for (place, panel) in panels.iter().enumerate() {
        let (column, row) = (place % columns, place / columns);
        let corner = (PANEL.0 * column as f32, PANEL.1 * row as f32);
        draw(&mut board, panel, corner);
    }
    save_png(&board.finish(), path)
}

fn draw(board: &mut Board, panel: &Panel, (left, top): (f32, f32)) {
    board.write(
        &panel.title,
        left + SIDE,
        top + TITLE,
        Style::new(20.0, INK).bold(),
    );
    let axes: Vec<&Axis> = [Some(&panel.left), panel.right.as_ref()]
        .into_iter()
        .flatten()
        .collect();
    let mut colours = COLOURS.into_iter().cycle();
    let curves: Vec<Vec<(&Series, Colour)>> = axes
        .iter()
        .map(|axis| axis.series.iter().zip(colours.by_ref()).collect())
        .collect();
    let legend_end = legend(
        board,
        panel,
        &curves,
        (left + SIDE, top + TITLE + LEGEND + 2.0),
    );
    let points = || axes.iter().flat_map(|axis| &axis.series).flat_map(finite);
    let plot = Plot {
        left: left + SIDE,
        top: legend_end + NAMES,
        right: left + PANEL.0 - SIDE,
        bottom: top + PANEL.1 - BELOW,
        epochs: (
            points().map(|point| point.0).min().unwrap_or(1),
            points().map(|point| point.0).max().unwrap_or(1),
        ),
    };
    plot.draw_epochs(board);
    let scales: Vec<Scale> = axes
        .iter()
        .map(|axis| {
            Scale::around(
                axis.series.iter().flat_map(finite).map(|point| point.1),
                STEPS,
            )
        })
        .collect();
    for ((axis, scale), align) in axes.iter().zip(&scales).zip([Align::Right, Align::Left]) {
        plot.draw_axis(board, &axis.label, *scale, align);
    }
    if let Some(marker) = panel.marker.filter(|&epoch| plot.holds(epoch)) {
        // In the middle of a pixel, so that it is one pixel wide.
        let x = plot.x(marker).floor() + 0.5;
        board.dash(line([(x, plot.bottom), (x, plot.top)]), FAINT, 1.0, DASH);
    }
    for (curves, scale) in curves.iter().zip(&scales) {
        for &(series, colour) in curves {
            curve(board, &plot, *scale, series, panel.marker, colour);
        }
    }
}

fn finite(series: &Series) -> impl Iterator<Item = (usize, f64)> {
    let points = series.points.iter().copied();
    points.filter(|point| point.1.is_finite())
}

/// The curves' names in lines above the plot, where they cover nothing; where the last line ends.
fn legend(
    board: &mut Board,
    panel: &Panel,
    curves: &[Vec<(&Series, Colour)>],
    (left, top): (f32, f32),
) -> f32 {
    let style = Style::new(15.0, INK);
    let mut entries: Vec<(String, Colour, bool)> = curves
        .iter()
        .flatten()
        .map(|&(series, colour)| (series.name.clone(), colour, false))
        .collect();
    if let Some(epoch) = panel.marker {
        entries.push((format!("best epoch: {epoch}"), FAINT, true));
    }
    let (mut x, mut y) = (left, top);
    for (name, colour, dashed) in entries {
        let width = SAMPLE + 7.0 + text::width(&name, style.size);
        if x > left && x + width > left + PANEL.0 - 2.0 * SIDE + 40.0 {
            (x, y) = (left, y + LEGEND);
        }
        let sample = line([(x, y - 5.5), (x + SAMPLE, y - 5.5)]);
        match dashed {
            true => board.dash(sample, colour, 1.0, DASH),
            false => board.stroke(sample, colour, 2.5),
        }
        board.write(&name, x + SAMPLE + 7.0, y, style);
        x += width + 18.0;
    }
    y
}

fn curve(
    board: &mut Board,
    plot: &Plot,
    scale: Scale,
    series: &Series,
    marker: Option<usize>,
    colour: Colour,
) {
    let place = |(epoch, value): (usize, f64)| (plot.x(epoch), plot.y(scale.share(value)));
    let points: Vec<_> = finite(series).collect();
    board.stroke(line(points.iter().copied().map(place)), colour, 2.0);
    for &point in &points {
        // A single epoch is a point, which a line would not show.
        if points.len() == 1 || Some(point.0) == marker {
            let (x, y) = place(point);
            board.fill(PathBuilder::from_circle(x, y, 4.0), colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(points: Vec<(usize, f64)>) -> Panel {
        Panel {
            title: "Action units".into(),
            left: Axis {
                label: "loss".into(),
                series: vec![Series {
                    name: "training loss".into(),
                    points,
                }],
            },
            right: None,
            marker: Some(1),
        }
    }

    #[test]
    fn curves_of_any_length_and_value_are_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.png");
        let mut two = panel(vec![(1, 0.5)]);
        two.right = Some(Axis::default());
        let panels = [
            panel(vec![]),
            two,
            panel(vec![(1, f64::NAN), (2, f64::INFINITY)]),
            panel((1..100).map(|epoch| (epoch, 1.0)).collect()),
            panel(vec![(usize::MAX, 1e300), (0, -1e300)]),
        ];
        curves(&path, &panels).unwrap();
        assert_eq!(image::image_dimensions(&path).unwrap(), (1800, 840));
        curves(&path, &panels[..4]).unwrap();
        assert_eq!(image::image_dimensions(&path).unwrap(), (1200, 840));
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing unfinished stays behind");
    }

    /// Every pixel of a colour, by its place.
    fn pixels(panel: &Panel, colour: Colour) -> Vec<(u32, u32)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.png");
        curves(&path, std::slice::from_ref(panel)).unwrap();
        let picture = image::open(&path).unwrap().into_rgb8();
        let pixels = picture.enumerate_pixels();
        pixels
            .filter(|(.., pixel)| pixel.0 == colour)
            .map(|(x, y, _)| (x, y))
            .collect()
    }

    #[test]
    fn a_score_has_an_axis_of_its_own_and_the_legend_covers_neither() {
        let rising = |name: &str, scale: f64| Series {
            name: name.into(),
            points: (1..=20)
                .map(|epoch| (epoch, scale * epoch as f64))
                .collect(),
        };
        let mut panel = panel(vec![]);
        panel.left.series = vec![rising("training loss", 1000.0)];
        let alone = pixels(&panel, COLOURS[0]);
        panel.right = Some(Axis {
            label: "P_AU".into(),
            series: vec![rising("P_AU", 0.05)],
        });
        // Both rise from their axis's lowest number to its highest, over the whole plot.
        let score = pixels(&panel, COLOURS[1]);
        let span = |pixels: &[(u32, u32)]| {
            let plotted = pixels.iter().filter(|&&(_, y)| y > 110);
            let (low, high) = plotted.fold((u32::MAX, 0), |(low, high), &(_, y)| {
                (low.min(y), high.max(y))
            });
            high - low
        };
        let height = (PANEL.1 - TITLE - LEGEND - NAMES - BELOW) as u32;
        for pixels in [&alone, &score] {
            assert!(
                span(pixels) > height * 7 / 10,
                "{} of {height}",
                span(pixels)
            );
        }
        // Above the plot there is the sample of the legend alone.
        for pixels in [&alone, &score] {
            let above = pixels.iter().filter(|&&(_, y)| y < 100);
            assert!(above.clone().all(|&(_, y)| (55..=60).contains(&y)));
            assert!(above.count() >= SAMPLE as usize);
        }
    }

    #[test]
    fn the_best_epoch_is_dashed_in_the_plot_and_in_the_legend() {
        let points = (1..=9).map(|epoch| (epoch, 1.0 / epoch as f64)).collect();
        let mut panel = panel(points);
        panel.marker = None;
        let without = pixels(&panel, FAINT);
        panel.marker = Some(4);
        let mut added = pixels(&panel, FAINT);
        added.retain(|pixel| !without.contains(pixel));
        // Runs of pixels without a break, along the legend's sample and down the plot.
        let runs = |mut line: Vec<u32>| {
            line.sort_unstable();
            line.dedup();
            line.chunk_by(|one, next| one + 1 == *next)
                .map(<[u32]>::len)
                .collect::<Vec<_>>()
        };
        let legend = runs(
            added
                .iter()
                .filter(|&&(_, y)| y < 70)
                .map(|&(x, _)| x)
                .collect(),
        );
        let plot = runs(
            added
                .iter()
                .filter(|&&(_, y)| y > 110)
                .map(|&(_, y)| y)
                .collect(),
        );
        for (place, runs) in [("legend", legend), ("plot", plot)] {
            assert!(runs.len() > 2, "{place}: {runs:?}");
            assert!(runs.iter().all(|&run| run <= 6), "{place}: {runs:?}");
        }
    }

    #[test]
    fn no_panels_too_many_and_an_unwritable_place_are_errors() {
        let nowhere = Path::new("/no/such/folder/curves.png");
        for panels in [vec![], vec![panel(vec![]); 65]] {
            let refused = curves(nowhere, &panels);
            assert!(matches!(refused, Err(Error::Argument { .. })));
        }
        assert!(curves(nowhere, &[panel(vec![])]).is_err());
    }
}
