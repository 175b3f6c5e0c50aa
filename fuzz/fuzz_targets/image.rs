//! Images within small limits: what is decoded is within them.
#![no_main]

use std::path::Path;

use countenance::data::image::{ImageLimits, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = ImageLimits::new().with_max_pixels(1 << 16);
    if let Ok(image) = decode(bytes, Path::new("face"), &limits) {
        assert!(u64::from(image.width()) * u64::from(image.height()) <= limits.max_pixels);
        assert!(image.width() > 0 && image.height() > 0);
    }
});
