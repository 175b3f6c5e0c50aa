//! MPEG transport streams: packets of the same length, each with a mark at its beginning.

use std::io::{self, Read, Seek};

use super::piece::tail;

const MARK: u8 = 0x47;
/// Bytes of a packet, and of what stands in it before the mark: as it is sent, with the time before each as
/// cameras and discs have it, and with what mends errors behind each.
const LENGTHS: [(usize, usize); 3] = [(188, 0), (192, 4), (204, 0)];
/// Packets at the end whose marks are looked at.
const MOST: usize = 16;

pub(super) fn broken(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<String>> {
    let tail = tail(file, length, 204 * (MOST as u64 + 1))?;
    // The bytes that are left behind the last whole packet of each length that fits.
    let left: Vec<usize> = LENGTHS
        .into_iter()
        .flat_map(|(size, before)| (0..size).map(move |left| (size, before, left)))
        .filter(|&(size, before, left)| fits(&tail, size, before, left))
        .map(|(.., left)| left)
        .collect();
    let is_cut = !left.is_empty() && left.iter().all(|&left| left > 0);
    Ok(is_cut.then(|| "its last packet is cut off".to_string()))
}

/// Whether `left` bytes of a packet end the file, behind whole ones of `size`.
fn fits(tail: &[u8], size: usize, before: usize, left: usize) -> bool {
    let Some(end) = tail.len().checked_sub(left) else {
        return false;
    };
    let marks: Vec<u8> = tail[..end]
        .rchunks_exact(size)
        .take(MOST)
        .map(|packet| packet[before])
        .collect();
    let is_begun = tail[end..].get(before).is_none_or(|&byte| byte == MARK);
    marks.len() == MOST && marks.iter().all(|&byte| byte == MARK) && is_begun
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn told(file: &[u8]) -> bool {
        broken(&mut Cursor::new(file), file.len() as u64)
            .unwrap()
            .is_some()
    }

    #[test]
    fn a_packet_that_is_not_whole_is_told_whatever_the_packets_length() {
        for (size, before) in LENGTHS {
            let mut packet = vec![0x11; size];
            packet[before] = MARK;
            let mut whole = vec![5; 77];
            whole.extend(packet.repeat(40));
            assert!(!told(&whole), "{size}");
            for less in [1, 4, 100, size - 1] {
                assert!(told(&whole[..whole.len() - less]), "{size} less {less}");
            }
            // Something else behind the last packet is no packet.
            assert!(!told(&[&whole[..], &[0; 16]].concat()), "{size}");
        }
        assert!(!told(&[MARK; 5000]));
        assert!(!told(b"short"));
    }
}
