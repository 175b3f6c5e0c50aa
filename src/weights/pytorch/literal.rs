//! Numbers and texts as the instructions of a pickle spell them.

use super::input::Input;
use super::object::Object;

/// The number of an instruction that has one.
pub(super) fn number(code: u8, input: &mut Input) -> Result<Object, String> {
    Ok(match code {
        b'K' => Object::Int(input.small(1)? as i64),
        b'M' => Object::Int(input.small(2)? as i64),
        b'J' => Object::Int(i64::from(input.small(4)? as i32)),
        b'G' => Object::Float(f64::from_bits(input.small(8)?.swap_bytes())),
        0x8a => long(input.counted(1)?),
        0x8b => long(input.counted(4)?),
        _ => written(code, &input.line()?)?,
    })
}

/// The text of an instruction that has one; what of it is not UTF-8 is replaced.
pub(super) fn text(code: u8, input: &mut Input) -> Result<Object, String> {
    let bytes = match code {
        b'V' => return Ok(Object::Text(input.line()?)),
        b'S' => return Ok(Object::Text(input.line()?.trim_matches(['\'', '"']).into())),
        0x8c | b'U' => input.counted(1)?,
        b'X' | b'T' => input.counted(4)?,
        _ => input.counted(8)?,
    };
    Ok(Object::Text(String::from_utf8_lossy(bytes).into_owned()))
}

/// A number that is written out.
fn written(code: u8, line: &str) -> Result<Object, String> {
    let wrong = || format!("a pickle with the number {line:?}");
    let text = line.strip_suffix('L').unwrap_or(line);
    let digits = text.strip_prefix('-').unwrap_or(text);
    Ok(match (code, line) {
        (b'F', _) => Object::Float(line.parse().map_err(|_| wrong())?),
        (b'I', "00") => Object::Bool(false),
        (b'I', "01") => Object::Bool(true),
        _ => match text.parse() {
            Ok(number) => Object::Int(number),
            Err(_) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Object::Other
            }
            Err(_) => return Err(wrong()),
        },
    })
}

/// A whole number of any length in two's complement.
fn long(bytes: &[u8]) -> Object {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut all = [if negative { 0xff } else { 0 }; 8];
    match all.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(bytes);
            Object::Int(i64::from_le_bytes(all))
        }
        None => Object::Other,
    }
}
