//! The files of the page, which are part of the program.

/// A file of the page.
pub struct File {
    /// Its address beside the page's.
    pub name: &'static str,
    pub kind: &'static str,
    pub text: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal $file:literal $kind:expr),* $(,)?) => {
        [$(File { name: $name, kind: $kind, text: include_str!(concat!("page/", $file)) }),*]
    };
}

/// All of them; the page itself has no name.
pub const FILES: &[File] = &files![
    "" "index.html" "text/html; charset=utf-8",
    "style.css" "style.css" "text/css; charset=utf-8",
    "icon.svg" "icon.svg" "image/svg+xml",
    "page.js" "page.js" SCRIPT,
    "camera.js" "camera.js" SCRIPT,
    "server.js" "server.js" SCRIPT,
    "overlay.js" "overlay.js" SCRIPT,
    "people.js" "people.js" SCRIPT,
    "person.js" "person.js" SCRIPT,
    "say.js" "say.js" SCRIPT,
    "timeline.js" "timeline.js" SCRIPT,
    "palette.js" "palette.js" SCRIPT,
    "share.js" "share.js" SCRIPT,
];
