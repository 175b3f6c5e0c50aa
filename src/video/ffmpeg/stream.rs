//! Pictures on their way to ffmpeg, each with its time.
//!
//! Raw pictures alone have a rate and no times. Matroska puts a time before each, and is written here as it
//! is written live: the lengths of the whole and of the film are unknown, and nothing follows the last
//! picture. Identifiers are those of RFC 9559.

/// Nanoseconds of a unit of time.
const UNIT: u64 = 1_000;
/// What three bytes of red, green and blue are called.
const COLOURS: &[u8] = b"RGB\x18";

/// What comes before the first picture of this width and height, at about `rate` a second: so long is the
/// last one shown.
pub(super) fn head((width, height): (u32, u32), rate: f64) -> Vec<u8> {
    let kind = [
        element(0x4282, b"matroska"),
        element(0x4287, &number(4)),
        element(0x4285, &number(2)),
    ];
    let info = [
        element(0x2a_d7b1, &number(UNIT)),
        element(0x4d80, b"countenance"),
        element(0x5741, b"countenance"),
    ];
    let picture = [
        element(0xb0, &number(width.into())),
        element(0xba, &number(height.into())),
        element(0x2e_b524, COLOURS),
    ];
    let track = [
        element(0xd7, &number(1)),
        element(0x73c5, &number(1)),
        element(0x83, &number(1)),
        element(0x9c, &number(0)),
        element(0x86, b"V_UNCOMPRESSED"),
        element(0x23_e383, &number((1e9 / rate).round() as u64)),
        element(0xe0, &picture.concat()),
    ];
    let track = element(0xae, &track.concat());
    [
        element(0x1a45_dfa3, &kind.concat()),
        // All of the rest, however long.
        vec![0x18, 0x53, 0x80, 0x67, 0xff],
        element(0x1549_a966, &info.concat()),
        element(0x1654_ae6b, &track),
    ]
    .concat()
}

/// What comes before a picture of `length` bytes that is shown `microseconds` after the beginning.
pub(super) fn before(microseconds: u64, length: usize) -> Vec<u8> {
    // Of the first track, at the time of its cluster, and complete without others.
    const BLOCK: [u8; 4] = [0x81, 0, 0, 0x80];
    let time = element(0xe7, &number(microseconds));
    let block = begun(0xa3, BLOCK.len() + length);
    let cluster = begun(0x1f43_b675, time.len() + block.len() + BLOCK.len() + length);
    [&cluster[..], &time, &block, &BLOCK].concat()
}

fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let mut element = begun(id, content.len());
    element.extend(content);
    element
}

/// An element up to its content of `length` bytes.
fn begun(id: u32, length: usize) -> Vec<u8> {
    let id = id.to_be_bytes();
    let zeros = id.iter().take_while(|&&byte| byte == 0).count();
    // The first byte says that seven more hold the length.
    let length = 1 << 56 | length as u64;
    [&id[zeros..], &length.to_be_bytes()].concat()
}

fn number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements of `bytes`, one behind another.
    fn elements(mut bytes: &[u8]) -> Vec<(u32, &[u8])> {
        let mut elements = Vec::new();
        while !bytes.is_empty() {
            let width = 1 + bytes[0].leading_zeros() as usize;
            let id = bytes[..width]
                .iter()
                .fold(0, |id, &byte| id << 8 | u32::from(byte));
            let length = bytes[width..width + 8].try_into().unwrap();
            let length = (u64::from_be_bytes(length) ^ 1 << 56) as usize;
            let content = &bytes[width + 8..];
            elements.push((id, &content[..length]));
            bytes = &content[length..];
        }
        elements
    }

    #[test]
    fn every_length_is_that_of_what_follows() {
        let head = head((640, 480), 25.0);
        let segment = head
            .windows(5)
            .position(|name| name == b"\x18\x53\x80\x67\xff");
        let (kind, rest) = head.split_at(segment.unwrap());
        assert_eq!(elements(kind).len(), 1);
        let parts = elements(&rest[5..]);
        let ids: Vec<u32> = parts.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [0x1549_a966, 0x1654_ae6b]);
        let track = elements(elements(parts[1].1)[0].1);
        assert_eq!(track[5], (0x23_e383, &40_000_000u64.to_be_bytes()[..]));
        let picture = elements(track[6].1);
        assert_eq!(picture[0].1, 640u64.to_be_bytes());

        let mut cluster = before(1_234_567, 12);
        cluster.extend([7; 12]);
        let clusters = elements(&cluster);
        let [time, block] = elements(clusters[0].1)[..] else {
            panic!("{clusters:?}");
        };
        assert_eq!(time.1, 1_234_567u64.to_be_bytes());
        assert_eq!(
            (block.0, block.1.len(), &block.1[4..]),
            (0xa3, 16, &[7; 12][..])
        );
    }
}
