//! Names that nobody can guess.

use countenance::{Error, Result};

/// 128 bits from the operating system, as 32 letters and digits.
///
/// # Errors
/// If the system has none.
pub fn draw() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|source| Error::Io {
        action: "read",
        path: "the system's random numbers".into(),
        source: source.into(),
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether both are the same, in a time that does not tell how much of them is.
pub fn is(found: &str, secret: &str) -> bool {
    let pairs = found.bytes().zip(secret.bytes());
    let difference = pairs.fold(0, |difference, (a, b)| difference | (a ^ b));
    found.len() == secret.len() && difference == 0
}
