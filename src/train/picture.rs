//! Training curves as a picture.

use std::path::Path;
use std::sync::LazyLock;

use image::RgbImage;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;

use crate::picture::save_png;
use crate::picture::text::FONT;
use crate::{Error, Result};

/// One diagram: some curves over the epochs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// What the diagram shows; written above it.
    pub title: String,
    /// What the vertical axis measures.
    pub y_label: String,
    /// The curves, in the order of the legend.
    pub series: Vec<Series>,
    /// The epoch to mark, usually the best one.
    pub marker: Option<f64>,
}

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Epoch and value; points that are not finite are left out.
    pub points: Vec<(f64, f64)>,
}

const PANEL: (u32, u32) = (480, 360);
const COLUMNS: usize = 3;
const INK: RGBColor = RGBColor(28, 32, 38);
const FAINT: RGBColor = RGBColor(104, 110, 118);
const GRID: RGBColor = RGBColor(230, 231, 230);
const COLOURS: [RGBColor; 6] = [
    RGBColor(20, 116, 138),
    RGBColor(208, 84, 36),
    RGBColor(112, 84, 160),
    RGBColor(74, 134, 62),
    RGBColor(186, 142, 24),
    RGBColor(120, 126, 134),
];

/// Whether the font is known to the plotting library, which keeps one list for the whole process.
static FONT_KNOWN: LazyLock<bool> =
    LazyLock::new(|| register_font("sans-serif", FontStyle::Normal, FONT).is_ok());

/// Draws the panels side by side, three to a row, into a PNG file.
///
/// # Errors
/// [`Error::Argument`] without panels, [`Error::Image`] if drawing fails, [`Error::Io`] if the file
/// cannot be written.
pub fn curves(path: &Path, panels: &[Panel]) -> Result<()> {
    if panels.is_empty() {
        return Err(Error::argument("panels", "at least one", 0));
    }
    let picture = draw(panels).map_err(|reason| Error::Image {
        path: path.to_path_buf(),
        reason,
    })?;
    save_png(&picture, path)
}

fn draw(panels: &[Panel]) -> std::result::Result<RgbImage, String> {
    if !*FONT_KNOWN {
        return Err("the bundled font cannot be read".into());
    }
    let columns = panels.len().min(COLUMNS);
    let rows = panels.len().div_ceil(COLUMNS);
    let size = (PANEL.0 * columns as u32, PANEL.1 * rows as u32);
    let mut picture = RgbImage::new(size.0, size.1);
    {
        let root = BitMapBackend::with_buffer(&mut picture, size).into_drawing_area();
        root.fill(&WHITE).map_err(|error| error.to_string())?;
        for (area, panel) in root.split_evenly((rows, columns)).iter().zip(panels) {
            draw_panel(area, panel).map_err(|error| error.to_string())?;
        }
        root.present().map_err(|error| error.to_string())?;
    }
    Ok(picture)
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

fn draw_panel(
    area: &Area<'_>,
    panel: &Panel,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let finite = |&&(x, y): &&(f64, f64)| x.is_finite() && y.is_finite();
    let points = || {
        panel
            .series
            .iter()
            .flat_map(|s| s.points.iter().filter(finite))
    };
    let [x_range, y_range] = [
        span(points().map(|point| point.0), 0.0),
        span(points().map(|point| point.1), 0.06),
    ];
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 22).into_font().color(&INK))
        .margin(14)
        .x_label_area_size(40)
        .y_label_area_size(58)
        .build_cartesian_2d(x_range.0..x_range.1, y_range.0..y_range.1)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(FAINT)
        .label_style(("sans-serif", 15).into_font().color(&FAINT))
        .axis_desc_style(("sans-serif", 16).into_font().color(&INK))
        .x_desc("epoch")
        .y_desc(&panel.y_label)
        // No more than there are epochs: a label between two would be rounded to one of them.
        .x_labels(((x_range.1 - x_range.0) as usize + 1).clamp(2, 8))
        .y_labels(7)
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .draw()?;
    if let Some(marker) = panel.marker.filter(|marker| marker.is_finite()) {
        let line = [(marker, y_range.0), (marker, y_range.1)];
        chart
            .draw_series(DashedLineSeries::new(line, 4, 4, FAINT.stroke_width(1)))?
            .label(format!("best epoch: {marker:.0}"))
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], FAINT.stroke_width(1)));
    }
    for (series, colour) in panel.series.iter().zip(COLOURS.iter().cycle()) {
        let line: Vec<(f64, f64)> = series.points.iter().filter(finite).copied().collect();
        // A single epoch is a point, which a line would not show.
        let dots = if line.len() == 1 {
            line.clone()
        } else {
            Vec::new()
        };
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
            .label(&series.name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(dots.iter().map(|&dot| Circle::new(dot, 3, colour.filled())))?;
        let marked = series
            .points
            .iter()
            .filter(finite)
            .find(|point| Some(point.0) == panel.marker);
        chart.draw_series(marked.map(|&dot| Circle::new(dot, 4, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(legend_position(panel, y_range))
        .background_style(WHITE.mix(0.85))
        .border_style(GRID)
        .label_font(("sans-serif", 15).into_font().color(&INK))
        .draw()?;
    Ok(())
}

/// The right corner that the curves' ends stay clear of.
fn legend_position(panel: &Panel, (low, high): (f64, f64)) -> SeriesLabelPosition {
    let ends = || {
        panel
            .series
            .iter()
            .filter_map(|series| series.points.last())
    };
    let above = ends().filter(|point| point.1 > 0.5 * (low + high)).count();
    if 2 * above > ends().count() {
        SeriesLabelPosition::LowerRight
    } else {
        SeriesLabelPosition::UpperRight
    }
}

/// The values' range, widened by a share of itself on both sides, and never empty.
fn span(values: impl Iterator<Item = f64>, share: f64) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return (0.0, 1.0);
    }
    let width = high - low;
    if width <= 1e-9 * high.abs().max(1e-9) {
        return (low - 0.5, high + 0.5);
    }
    (low - share * width, high + share * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(points: Vec<(f64, f64)>) -> Panel {
        Panel {
            title: "AU stage".into(),
            y_label: "loss".into(),
            series: vec![Series {
                name: "training".into(),
                points,
            }],
            marker: Some(1.0),
        }
    }

    #[test]
    fn curves_of_any_length_and_value_are_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.png");
        let panels = [
            panel(vec![]),
            panel(vec![(1.0, 0.5)]),
            panel(vec![(1.0, f64::NAN), (2.0, f64::INFINITY)]),
            panel((1..100).map(|epoch| (f64::from(epoch), 1.0)).collect()),
        ];
        curves(&path, &panels).unwrap();
        assert_eq!(image::image_dimensions(&path).unwrap(), (1440, 720));
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing unfinished stays behind");
    }

    #[test]
    fn no_panels_and_an_unwritable_place_are_errors() {
        let nowhere = Path::new("/no/such/folder/curves.png");
        assert!(matches!(curves(nowhere, &[]), Err(Error::Argument { .. })));
        assert!(curves(nowhere, &[panel(vec![])]).is_err());
    }
}
