//! Which way up a picture is, as its file says.

use std::borrow::Cow;

use exif::{In, Reader, Tag, Value};
use image::metadata::Orientation;

/// What programs have written about a picture into its file.
#[derive(Debug, Default)]
pub(super) struct Metadata<'a> {
    /// An EXIF block: a TIFF file of tags, perhaps behind its name.
    pub exif: Option<Cow<'a, [u8]>>,
    /// An XMP packet, which is XML.
    pub xmp: Option<Cow<'a, [u8]>>,
}

impl Metadata<'_> {
    /// How the stored picture is to be turned, by the rule of Pillow's `exif_transpose`: the EXIF
    /// tag, stored as a SHORT or a LONG, or where there is none the XMP packet's.
    pub(super) fn orientation(&self) -> Orientation {
        let exif = self.exif.as_deref().and_then(of_exif);
        let number = exif.or_else(|| self.xmp.as_deref().and_then(of_xmp));
        let number = number.and_then(|number| u8::try_from(number).ok());
        let known = number.and_then(Orientation::from_exif);
        known.unwrap_or(Orientation::NoTransforms)
    }
}

fn of_exif(mut block: &[u8]) -> Option<u32> {
    while let Some(rest) = block.strip_prefix(b"Exif\0\0") {
        block = rest;
    }
    // One tag that is broken does not hide the others.
    let read = Reader::new()
        .continue_on_error(true)
        .read_raw(block.to_vec());
    let tags = read
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()?;
    let field = tags.get_field(Tag::Orientation, In::PRIMARY)?;
    match &field.value {
        Value::Short(_) | Value::Long(_) => field.value.get_uint(0),
        // Not even as a byte, which Pillow does not take for a number.
        _ => None,
    }
}

/// The digit behind `tiff:Orientation`, which is an attribute or an element.
fn of_xmp(packet: &[u8]) -> Option<u32> {
    const NAME: &[u8] = b"tiff:Orientation";
    memchr::memmem::find_iter(packet, NAME).find_map(|place| {
        let rest = &packet[place + NAME.len()..];
        let value = rest.strip_prefix(b"=\"").or(rest.strip_prefix(b">"))?;
        char::from(*value.first()?).to_digit(10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An EXIF block whose one tag is an orientation of `kind`, with `count` values in `value`.
    fn block(kind: u16, count: u32, value: [u8; 4]) -> Vec<u8> {
        let mut block = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12".to_vec();
        block.extend(kind.to_be_bytes());
        block.extend(count.to_be_bytes());
        block.extend(value);
        block.extend([0; 4]);
        block
    }

    fn orientation(exif: Option<&[u8]>, xmp: Option<&[u8]>) -> u8 {
        let metadata = Metadata {
            exif: exif.map(Cow::Borrowed),
            xmp: xmp.map(Cow::Borrowed),
        };
        metadata.orientation().to_exif()
    }

    #[test]
    fn a_short_and_a_long_number_are_orientations_and_a_byte_is_none() {
        for number in 1..=8 {
            for (kind, value, expected) in [
                (1, [number, 0, 0, 0], 1),
                (3, [0, number, 0, 0], number),
                (4, [0, 0, 0, number], number),
            ] {
                assert_eq!(orientation(Some(&block(kind, 1, value)), None), expected);
            }
        }
        let named = [b"Exif\0\0Exif\0\0".as_slice(), &block(3, 1, [0, 6, 0, 0])].concat();
        assert_eq!(orientation(Some(&named), None), 6);
    }

    #[test]
    fn what_is_no_orientation_turns_nothing() {
        for value in [[0, 0, 0, 0], [0, 9, 0, 0], [1, 6, 0, 0]] {
            assert_eq!(orientation(Some(&block(3, 1, value)), None), 1);
        }
        assert_eq!(orientation(Some(b"MM"), None), 1);
        assert_eq!(orientation(Some(b""), Some(b"")), 1);
        assert_eq!(orientation(None, None), 1);
    }

    #[test]
    fn the_xmp_packet_counts_where_the_exif_block_has_none() {
        let attribute = br#"<rdf:Description tiff:Orientation="8" />"#;
        let element = b"<tiff:Orientation>3</tiff:Orientation>";
        assert_eq!(orientation(None, Some(attribute)), 8);
        assert_eq!(orientation(None, Some(element)), 3);
        let without = b"MM\0\x2a\0\0\0\x08\0\0\0\0\0\0";
        assert_eq!(orientation(Some(without), Some(element)), 3);
        assert_eq!(
            orientation(Some(&block(3, 1, [0, 6, 0, 0])), Some(element)),
            6
        );
        assert_eq!(orientation(None, Some(b"tiff:Orientation = 6")), 1);
    }
}
