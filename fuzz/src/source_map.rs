//! Source maps.

use dayfly::Site;
use dayfly_bundler::{Places, Source};

/// Reads the bytes as a map of a small file, and looks places and a stack up in it. What follows the last line break is read
/// as a place too.
pub fn run(bytes: &[u8]) {
    let text = "const a = 1;\nfunction render() { return 'é𝒳' + a; }\n//# sourceMappingURL=app.js.map\n";
    let source = Source::new("app.js", text);
    assert_eq!(source.map_url(), Some("app.js.map"));
    let _ = Source::new("app.mjs", String::from_utf8_lossy(bytes)).map_url();
    let Ok(places) = Places::of(&source).with_map(bytes) else { return };
    for line in [0, 1, 2, 3, u32::MAX] {
        for column in [0, 1, 13, 1_000, u32::MAX] {
            let site = Site { file: "app.js".into(), line, column };
            let found = places.site(&site);
            let _ = places
                .text(&format!("Error: no\n    at render (app.js:{line}:{column})\n    at app.js:{line}:{column}"));
            let _ = places.frame_of(&format!("at {}:{}:{}", found.file, found.line, found.column), "here");
        }
    }
}
