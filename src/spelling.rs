//! Names out of files as people read them: how they are printed, and how alike two of them are.

/// Names longer than this come from a broken file; they are cut and never searched for.
pub(crate) const LONGEST_NAME: usize = 120;

/// A name as it may be printed: a hostile file must not write escape codes to a terminal.
pub(crate) fn printable(name: &str) -> String {
    let shown = name.chars().take(LONGEST_NAME).flat_map(char::escape_debug);
    let cut = match name.chars().nth(LONGEST_NAME) {
        Some(_) => "...",
        None => "",
    };
    shown.chain(cut.chars()).collect()
}

/// The number of characters to insert, delete or change to turn one name into the other.
pub(crate) fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let change = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distances_are_the_known_ones() {
        for (left, right, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("weight", "weight", 0),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(edit_distance(left, right), distance, "{left} {right}");
            assert_eq!(edit_distance(right, left), distance, "{right} {left}");
        }
    }
}
