//! The header of an `.npy` file: a Python dictionary of three entries, and nothing else of Python.

/// What stands in an array's header.
#[derive(Debug, PartialEq)]
pub(super) struct Literal {
    /// The type of an element, such as `<f4`; as it is written where it is a list of fields.
    pub descr: String,
    /// Whether `descr` is a list of fields.
    pub is_structured: bool,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

/// Reads a header; nothing if it is not one.
pub(super) fn parse(text: &str) -> Option<Literal> {
    let mut rest = Rest(text);
    rest.take('{')?;
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    while rest.take('}').is_none() {
        let key = rest.string()?;
        rest.take(':')?;
        let is_new = match key {
            "descr" => descr.replace(rest.descr()?).is_none(),
            "fortran_order" => fortran_order.replace(rest.boolean()?).is_none(),
            "shape" => shape.replace(rest.tuple()?).is_none(),
            _ => false,
        };
        if !is_new {
            return None;
        }
        if rest.take(',').is_none() {
            rest.take('}')?;
            break;
        }
    }
    let (descr, is_structured) = descr?;
    rest.0.trim().is_empty().then_some(Literal {
        descr,
        is_structured,
        fortran_order: fortran_order?,
        shape: shape?,
    })
}

/// What is not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take(&mut self, letter: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(letter)?;
        Some(())
    }

    /// A text without escapes: neither a key nor a type has any.
    fn string(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let quote = text
            .chars()
            .next()
            .filter(|&quote| quote == '\'' || quote == '"')?;
        let (string, rest) = text[1..].split_once(quote)?;
        self.0 = rest;
        Some(string)
    }

    fn boolean(&mut self) -> Option<bool> {
        let text = self.0.trim_start();
        let (value, rest) = match text.strip_prefix("True") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("False")?),
        };
        self.0 = rest;
        Some(value)
    }

    /// Numbers in parentheses. Python 2 wrote an `L` behind them.
    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.take('(')?;
        let mut numbers = Vec::new();
        while self.take(')').is_none() {
            let text = self.0.trim_start();
            let end = text.find(|letter: char| !letter.is_ascii_digit())?;
            numbers.push(text[..end].parse().ok()?);
            self.0 = text[end..].strip_prefix('L').unwrap_or(&text[end..]);
            if self.take(',').is_none() {
                self.take(')')?;
                break;
            }
        }
        Some(numbers)
    }

    /// A type, and whether it is a list of fields, which is read over.
    fn descr(&mut self) -> Option<(String, bool)> {
        if let Some(plain) = self.string() {
            return Some((plain.to_string(), false));
        }
        let text = self.0.trim_start();
        let mut depth = 0_usize;
        for (place, letter) in text.char_indices() {
            match letter {
                '[' | '(' => depth += 1,
                ']' | ')' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 {
                let end = place + letter.len_utf8();
                self.0 = &text[end..];
                return (letter == ']').then(|| (text[..end].to_string(), true));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_numpy_of_every_age_writes_them() {
        let expected = |shape: &[usize], fortran_order| Literal {
            descr: "<f4".into(),
            is_structured: false,
            fortran_order,
            shape: shape.to_vec(),
        };
        for (text, literal) in [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }      \n",
                expected(&[3, 4], false),
            ),
            (
                "{'descr': '<f4', 'fortran_order': True, 'shape': (3L, 4L), }\n",
                expected(&[3, 4], true),
            ),
            (
                "{\"shape\":(3,),\"fortran_order\":False,\"descr\":\"<f4\"}",
                expected(&[3], false),
            ),
            (
                " { 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( ) } ",
                expected(&[], false),
            ),
        ] {
            assert_eq!(parse(text), Some(literal), "{text}");
        }
        let text = "{'descr': [('a', '<f4'), ('b', '<i8', (2,))], 'fortran_order': False, 'shape': (7,), }";
        let structured = parse(text).unwrap();
        assert!(structured.is_structured);
        assert_eq!(structured.descr, "[('a', '<f4'), ('b', '<i8', (2,))]");
    }

    #[test]
    fn whatever_is_no_header_is_none() {
        let whole = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end]), None, "{}", &whole[..end]);
        }
        for (from, to) in [
            ("(3, 4)", "(-3, 4)"),
            ("(3, 4)", "(3 4)"),
            ("(3, 4)", "(3., 4)"),
            ("(3, 4)", "[3, 4]"),
            ("(3, 4)", "(99999999999999999999, 4)"),
            ("(3, 4)", "(,)"),
            ("'shape'", "'descr'"),
            ("'shape': (3, 4), ", ""),
            ("'shape'", "'form'"),
            ("False", "0"),
            ("'<f4'", "])"),
            ("'<f4'", "4"),
            ("}", "} + exit()"),
            ("'<f4'", "'\u{e9}"),
        ] {
            let text = whole.replacen(from, to, 1);
            assert_ne!(text, whole);
            assert_eq!(parse(&text), None, "{text}");
        }
        assert_eq!(parse(&"{'descr':[".repeat(100_000)), None);
        assert_eq!(parse(&format!("{{'descr':{}", "[".repeat(1_000_000))), None);
    }
}
