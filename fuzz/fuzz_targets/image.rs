//! Images within small limits: what is decoded is within them.
#![no_main]

use std::path::Path;
use std::sync::Once;

use countenance::data::image::{ImageLimits, decode};
use libfuzzer_sys::fuzz_target;

static HOOK: Once = Once::new();

fuzz_target!(|bytes: &[u8]| {
    // libFuzzer's hook ends at every panic, also at one of the decoder's that `decode` catches.
    // Those that nothing catches still end the fuzzing.
    HOOK.call_once(|| std::panic::set_hook(Box::new(|_| ())));
    let limits = ImageLimits::new().with_max_pixels(1 << 16);
    if let Ok(image) = decode(bytes, Path::new("face"), &limits) {
        assert!(u64::from(image.width()) * u64::from(image.height()) <= limits.max_pixels);
        assert!(image.width() > 0 && image.height() > 0);
    }
});
