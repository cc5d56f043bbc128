//! Places in a bundle as places in the files that it was bundled from.

use std::borrow::Cow;
use std::ops::Range;

use dayfly::{Failure, Line, Site, Thrown};
use sourcemap::{DecodedMap, SourceMap};

use crate::artifact::{Notice, source_name};
use crate::refusal::{Refusal, code_frame};
use crate::source::Source;

/// How many bytes of the text are between two marks.
const MARK: usize = 4096;

/// Says where in its author's files a place of a bundle is, by a source map
/// ([ECMA-426](https://tc39.es/ecma426/)), which may be an index map. Without one a place stays what it is.
///
/// A host that has no map writes the places of the bundle to its log, and whoever has the map puts them in the author's
/// with [`Places::text`].
#[derive(Debug, Default)]
pub struct Places {
    files: Vec<Bundled>,
}

/// A file that was bundled.
#[derive(Debug)]
struct Bundled {
    name: String,
    /// Whether it is called so for sure: otherwise a map that says another name is right.
    is_known: bool,
    text: String,
    lines: Vec<Range<usize>>,
    /// Units of UTF-16 before each mark.
    marks: Vec<usize>,
    map: Option<SourceMap>,
}

impl Places {
    /// The places of a source that has no map, or whose map is yet to be given.
    pub fn of(source: &Source) -> Self {
        Self { files: vec![Bundled::new(source)] }
    }

    /// The places of a bundle, whose text is gone: by the name of its source that it has in it, or, of one that has none, the name
    /// that its map says, or else `otherwise`.
    pub fn of_bundle(bundle: &[u8], otherwise: &str) -> Self {
        let name = source_name(bundle);
        let mut file = Bundled::new(&Source::new(name.as_deref().unwrap_or(otherwise), ""));
        file.is_known = name.is_some();
        Self { files: vec![file] }
    }

    /// Places by this map, which is that of the source that was given last. Of a source without its text the map says the
    /// name, as far as it has that of its file. A map that maps nothing, as bundlers write for a file that has nothing of
    /// its own, is as none.
    ///
    /// # Errors
    /// What is wrong with a map that is none.
    pub fn with_map(mut self, map: &[u8]) -> Result<Self, String> {
        let is_map = sourcemap::is_sourcemap_slice(map);
        let map = sourcemap::decode_slice(map).map_err(|error| error.to_string())?;
        let map = flat(map)?;
        if map.get_token_count() == 0 {
            return if is_map { Ok(self) } else { Err("it is no source map".into()) };
        }
        if let Some(file) = self.files.last_mut() {
            if let Some(name) = map.get_file().filter(|_| !file.is_known) {
                file.name = name.to_owned();
            }
            file.map = Some(map);
        }
        Ok(self)
    }

    /// The places of several files: of two that have the same name those of the first one.
    pub fn and(mut self, mut others: Self) -> Self {
        self.files.append(&mut others.files);
        self
    }

    /// Whether there is a map.
    pub fn have_map(&self) -> bool {
        self.files.iter().any(|file| file.map.is_some())
    }

    /// The same places, of a file that turns out to be called so.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        if let Some(file) = self.files.last_mut() {
            name.clone_into(&mut file.name);
        }
        self
    }

    /// The files that the frames of a text are in, without those of the engine itself, each once and in their order.
    pub fn files_in(text: &str) -> Vec<String> {
        let mut files = Vec::new();
        for Site { file, .. } in frames(text) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    }

    /// The names of the files whose places these are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// The place in the author's file; the same place where the map has none.
    pub fn site(&self, site: &Site) -> Site {
        self.original(site).map_or_else(|| site.clone(), |(site, _)| site)
    }

    /// A text in which each line that is a frame of a stack says the author's place.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.have_map() || !text.contains("    at ") {
            return text.into();
        }
        let lines: Vec<Cow<'_, str>> = text.split('\n').map(|line| self.frame(line)).collect();
        lines.join("\n").into()
    }

    /// Puts a console line, and the stack that it may show, in its author's place.
    pub fn line(&self, line: &mut Line) {
        line.at = line.at.as_ref().map(|at| self.site(at));
        line.text = self.text(&line.text).into_owned();
    }

    /// Puts what is to be said of a bundle in its author's places, and says it once of a place: a loop comes by again, and a library that is
    /// bundled several times has one file.
    pub fn notices(&self, notices: &mut Vec<Notice>) {
        let mut said = Vec::new();
        for mut notice in notices.drain(..) {
            notice.at = notice.at.as_ref().map(|at| self.site(at));
            if !said.contains(&notice) {
                said.push(notice);
            }
        }
        *notices = said;
    }

    /// Puts a failure's stacks in their author's places.
    pub fn failure(&self, failure: &mut Failure) {
        match failure {
            Failure::Threw(thrown) => self.thrown(thrown),
            Failure::Exceeded { stack: Some(stack), .. } => *stack = self.text(stack).into_owned(),
            _ => {}
        }
    }

    /// Puts an exception's stacks, and those of its causes, in their author's places.
    pub fn thrown(&self, thrown: &mut Thrown) {
        let mut next = Some(thrown);
        while let Some(thrown) = next {
            thrown.stack = self.text(&thrown.stack).into_owned();
            next = thrown.cause.as_deref_mut();
        }
    }

    /// Puts the stacks of what gave no bundle in their authors' places.
    pub fn refusal(&self, refusal: &mut Refusal) {
        match refusal {
            Refusal::Threw(thrown) => self.thrown(thrown),
            Refusal::Evaluation(failure) | Refusal::WarmUp(failure) => self.failure(failure),
            Refusal::Syntax { at: Some(at), .. } => *at = self.site(at),
            _ => {}
        }
    }

    /// The line that a failure comes from, with a caret, as it stands in its author's file. To be asked before
    /// [`Places::failure`]. Nothing if the failure has no place, or the map does not hold the file's text.
    pub fn code_frame(&self, failure: &Failure) -> Option<String> {
        match failure {
            Failure::Threw(thrown) => self.frame_of(&thrown.stack, &thrown.to_string()),
            Failure::Exceeded { stack: Some(stack), limit } => self.frame_of(stack, &format!("the {limit} ended here")),
            _ => None,
        }
    }

    /// The same of what gave no bundle. A syntax error's is in [`Refusal::report`], unless a map says its author's file.
    pub fn refusal_frame(&self, refusal: &Refusal) -> Option<String> {
        match refusal {
            Refusal::Threw(thrown) => self.frame_of(&thrown.stack, &thrown.to_string()),
            Refusal::Evaluation(failure) | Refusal::WarmUp(failure) => self.code_frame(failure),
            Refusal::Syntax { at: Some(at), message } => {
                let file = self.file(at)?;
                file.original(at).and_then(|_| file.frame_of(at, message))
            }
            _ => None,
        }
    }

    /// The line that the innermost call of a text with a stack is in, which is in one of these files, with a caret and what
    /// is to be said there.
    pub fn frame_of(&self, text: &str, label: &str) -> Option<String> {
        let (site, file) = frames(text).find_map(|site| self.file(&site).map(|file| (site, file)))?;
        file.frame_of(&site, label)
    }

    /// The author's place, and the text of the file, as far as the map knows them.
    fn original(&self, site: &Site) -> Option<(Site, Option<&str>)> {
        self.file(site)?.original(site)
    }

    fn file(&self, site: &Site) -> Option<&Bundled> {
        self.files.iter().find(|file| file.name == site.file)
    }

    fn frame<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let (start, rest) = match parse(line) {
            Some((before, after, site)) if self.file(&site).is_some() => {
                (format!("{before}{}", self.site(&site)), after)
            }
            _ => (String::new(), line),
        };
        // A line of the console, as it is printed, ends in the place of its call.
        match parse_end(rest) {
            Some((before, after, site)) if self.file(&site).is_some() => {
                format!("{start}{before}{}{after}", self.site(&site)).into()
            }
            _ if start.is_empty() => line.into(),
            _ => (start + rest).into(),
        }
    }
}

impl Bundled {
    fn new(source: &Source) -> Self {
        let text = source.text.clone();
        let ends = text.match_indices('\n').map(|(end, _)| end).chain([text.len()]);
        let lines = ends.scan(0, |start, end| Some(std::mem::replace(start, end + 1)..end)).collect();
        let mut marks = vec![0];
        for mark in 1..=text.len() / MARK {
            let [start, end] = [mark - 1, mark].map(|mark| text.floor_char_boundary(mark * MARK));
            marks.push(marks[mark - 1] + text[start..end].encode_utf16().count());
        }
        Self { name: source.name.clone(), is_known: !text.is_empty(), text, lines, marks, map: None }
    }

    /// The line of a place, with a caret, as it stands in its author's file.
    fn frame_of(&self, site: &Site, label: &str) -> Option<String> {
        let (site, text, is_original) = match self.original(site) {
            Some((site, text)) => (site, text?, true),
            // The text of a bundle that was built before is not known.
            None if self.text.is_empty() => return None,
            None => (site.clone(), &*self.text, false),
        };
        let line = text.split('\n').nth(site.line.checked_sub(1)? as usize)?.trim_end_matches('\r');
        let column = site.column.saturating_sub(1);
        let place = if is_original { byte(line, column) } else { column as usize };
        Some(code_frame(line, &site, place..place + 1, label.lines().next().unwrap_or_default()))
    }

    fn original(&self, site: &Site) -> Option<(Site, Option<&str>)> {
        let line = site.line.checked_sub(1)?;
        let token = self.map.as_ref()?.lookup_token(line, self.utf16(line, site.column.checked_sub(1)?))?;
        // The nearest one before it may stand on another line, which says nothing of this one.
        if token.get_dst_line() != line {
            return None;
        }
        let (line, column) = (token.get_src_line().checked_add(1)?, token.get_src_col().checked_add(1)?);
        let source = token.get_source()?;
        let text = self.map.as_ref()?.get_source_contents(token.get_src_id());
        Some((Site { file: source.to_owned(), line, column }, text))
    }

    /// QuickJS counts columns in bytes, and maps in units of UTF-16.
    fn utf16(&self, line: u32, column: u32) -> u32 {
        let Some(range) = self.lines.get(line as usize) else { return column };
        let end = range.start + column as usize;
        if end > range.end || !self.text.is_char_boundary(end) {
            return column;
        }
        (self.units_before(end) - self.units_before(range.start)) as u32
    }

    /// Units of UTF-16 before that byte of the text: a minified bundle is one line of megabytes, and a stack has many frames.
    fn units_before(&self, byte: usize) -> usize {
        let mark = byte / MARK;
        let start = self.text.floor_char_boundary(mark * MARK);
        self.marks[mark] + self.text[start..byte].encode_utf16().count()
    }
}

/// A map without sections.
fn flat(map: DecodedMap) -> Result<SourceMap, String> {
    match map {
        DecodedMap::Regular(map) => Ok(map),
        DecodedMap::Index(map) => map.flatten().map_err(|error| error.to_string()),
        DecodedMap::Hermes(_) => Err("it is a map of Hermes's bytecode".into()),
    }
}

/// The places of a text's frames.
fn frames(text: &str) -> impl Iterator<Item = Site> {
    text.lines().filter_map(|line| Some(parse(line)?.2))
}

/// Reads a frame, `    at name (file:line:column)` or without the name: what stands before and after its place. A log may
/// have put something before it, and after it what else an error has, as in `    at name (file:line:column) {`.
fn parse(line: &str) -> Option<(&str, &str, Site)> {
    let call = line.trim_end_matches('\r');
    let (_, rest) = call.split_once("    at ")?;
    let first = call.len() - rest.len();
    let closing = rest.match_indices(')').map(|(end, _)| end).find(|end| parse_site(&rest[..*end]).is_some());
    let (start, end) = match closing {
        Some(end) => (first + rest[..end].rfind(" (")? + 2, first + end),
        None => (first, call.len()),
    };
    let site = parse_site(&line[start..end])?;
    Some((&line[..start], &line[end..], site))
}

/// Reads the place that a line ends in, `text (file:line:column)`: what stands before and after it.
fn parse_end(line: &str) -> Option<(&str, &str, Site)> {
    let inner = line.trim_end_matches('\r').strip_suffix(')')?;
    let start = inner.rfind(" (")? + 2;
    let site = parse_site(&inner[start..])?;
    Some((&line[..start], &line[inner.len()..], site))
}

fn parse_site(place: &str) -> Option<Site> {
    let (place, column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some(Site { file: file.into(), line: line.parse().ok()?, column: column.parse().ok()? })
}

/// The byte of a line at which that unit of UTF-16 is.
fn byte(line: &str, unit: u32) -> usize {
    let mut units = 0;
    let found = line.char_indices().find(|(_, character)| {
        let here = units >= unit as usize;
        units += character.len_utf16();
        here
    });
    found.map_or(line.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::NoticeKind;

    /// `é` has two bytes, so that a byte and a unit of UTF-16 are told apart: 9 bytes into line 2 are 8 units.
    const BUNDLE: &str = "const a=1;\n/*é*/ b();\nlast();\n";

    /// Line 2, unit 6 of the bundle is line 3, unit 2 of `src/b.ts`.
    const MAP: &str =
        r#"{"version":3,"sources":["src/b.ts"],"sourcesContent":["\n\n  b();\n"],"names":[],"mappings":";MAEE"}"#;

    fn places(map: &str) -> Places {
        Places::of(&Source::new("app.js", BUNDLE)).with_map(map.as_bytes()).expect("it is a map")
    }

    fn site(line: u32, column: u32) -> Site {
        Site { file: "app.js".into(), line, column }
    }

    #[test]
    fn a_place_is_mapped_by_units_of_utf16() {
        let places = places(MAP);
        assert_eq!(places.site(&site(2, 8)).to_string(), "src/b.ts:3:3");
        // What stands before the first mapping of a line, or on a line without any, has no place of the author's.
        assert_eq!(places.site(&site(2, 7)).to_string(), "app.js:2:7");
        assert_eq!(places.site(&site(3, 1)).to_string(), "app.js:3:1");
        for (line, column) in [(0, 0), (9, 9), (2, 99_999), (u32::MAX, u32::MAX)] {
            let _ = places.site(&site(line, column));
        }
    }

    #[test]
    fn places_far_into_a_line_are_counted_from_the_nearest_mark() {
        let text = format!("{}b();", "é".repeat(10_000));
        let file = Bundled::new(&Source::new("app.js", &*text));
        assert_eq!([0, 2, 4_096, 8_194, 20_000].map(|column| file.utf16(0, column)), [0, 1, 2_048, 4_097, 10_000]);
        // In the middle of a character, or beyond the line, a column stays what it is.
        assert_eq!([1, 30_000].map(|column| file.utf16(0, column)), [1, 30_000]);
    }

    #[test]
    fn a_map_of_impossible_places_is_no_panic() {
        let map = MAP.replace(";MAEE", ";MADD");
        assert_eq!(places(&map).site(&site(2, 8)).to_string(), "app.js:2:8");
    }

    #[test]
    fn a_place_is_told_of_once() {
        let notice = |what: &str, at| Notice { kind: NoticeKind::Clock, what: what.into(), at };
        let mut notices = vec![
            notice("Date", Some(site(2, 8))),
            notice("now", Some(site(2, 8))),
            notice("Date", None),
            notice("Date", Some(site(2, 8))),
        ];
        places(MAP).notices(&mut notices);
        let said: Vec<String> = notices.iter().map(|Notice { what, at, .. }| format!("{what} {at:?}")).collect();
        assert_eq!((said.len(), said[2].as_str()), (3, "Date None"), "{said:?}");
    }

    #[test]
    fn an_index_map_is_one_map() {
        let index = format!(r#"{{"version":3,"sections":[{{"offset":{{"line":0,"column":0}},"map":{MAP}}}]}}"#);
        assert_eq!(places(&index).site(&site(2, 8)).to_string(), "src/b.ts:3:3");
    }

    #[test]
    fn the_frames_of_a_stack_are_mapped_and_nothing_else() {
        let stack = "Error: at app.js:2:8\n    at b (app.js:2:8)\n    at app.js:2:8\n    at map (native)\n    at f (other.js:2:8)";
        let mapped = "Error: at app.js:2:8\n    at b (src/b.ts:3:3)\n    at src/b.ts:3:3\n    at map (native)\n    at f (other.js:2:8)";
        assert_eq!(places(MAP).text(stack), mapped);
        let printed = "log: hi (app.js:2:8)\r\n    at b (app.js:2:8) (app.js:2:8)\nlog: (app.js:2:8) (other.js:2:8)";
        let mapped =
            "log: hi (src/b.ts:3:3)\r\n    at b (src/b.ts:3:3) (src/b.ts:3:3)\nlog: (app.js:2:8) (other.js:2:8)";
        assert_eq!(places(MAP).text(printed), mapped);
        let followed = "    at b (app.js:2:8) {\n  code: 27 }\n    at b (app.js:2:8) and (more)";
        let mapped = "    at b (src/b.ts:3:3) {\n  code: 27 }\n    at b (src/b.ts:3:3) and (more)";
        assert_eq!(places(MAP).text(followed), mapped);
    }

    #[test]
    fn the_frames_of_several_files_are_each_mapped_by_their_own_map() {
        let other = Source::new("other.js", BUNDLE);
        let other = Places::of(&other).with_map(MAP.replace("src/b.ts", "src/c.ts").as_bytes()).expect("it is a map");
        let places = places(MAP).and(other);
        let stack = "12:00 error     at async f (other.js:2:8)\n    at b (app.js:2:8)\n    at g (third.js:2:8)";
        let mapped = "12:00 error     at async f (src/c.ts:3:3)\n    at b (src/b.ts:3:3)\n    at g (third.js:2:8)";
        assert_eq!(places.text(stack), mapped);
        assert_eq!(places.frame_of(stack, "here").as_deref(), Some("  |\n3 |   b();\n  |   ^ here"));
    }

    #[test]
    fn a_failure_is_shown_in_its_authors_file() {
        let thrown = Thrown { name: "Error".into(), stack: "    at b (app.js:2:8)".into(), ..Thrown::default() };
        let mut failure = Failure::Threw(thrown);
        let places = places(MAP);
        assert_eq!(places.code_frame(&failure).as_deref(), Some("  |\n3 |   b();\n  |   ^ Error"));
        places.failure(&mut failure);
        let Failure::Threw(thrown) = failure else { unreachable!() };
        assert_eq!(thrown.stack, "    at b (src/b.ts:3:3)");
    }

    #[test]
    fn a_map_that_maps_nothing_is_as_none() {
        let empty = r#"{"version":3,"sources":[],"names":[],"mappings":""}"#;
        assert!(!places(empty).have_map());
        assert_eq!(places(empty).site(&site(2, 8)).to_string(), "app.js:2:8");
    }

    #[test]
    fn a_syntax_error_is_shown_in_its_authors_file() {
        let at = Some(site(2, 8));
        let mut refusal = Refusal::Syntax { message: "unexpected token".into(), at };
        let places = places(MAP);
        let frame = places.refusal_frame(&refusal);
        assert_eq!(frame.as_deref(), Some("  |\n3 |   b();\n  |   ^ unexpected token"));
        places.refusal(&mut refusal);
        assert_eq!(refusal.describe(&Source::new("app.js", BUNDLE)), "syntax error: unexpected token (src/b.ts:3:3)");
    }

    #[test]
    fn a_bundle_without_a_name_is_called_as_its_map_says() {
        let map = MAP.replace(r#""version":3"#, r#""version":3,"file":"named.js""#);
        let of = |map: &str| Places::of_bundle(b"", "app.js").with_map(map.as_bytes()).expect("it is a map");
        assert_eq!(of(&map).names().collect::<Vec<_>>(), ["named.js"]);
        assert_eq!(of(MAP).names().collect::<Vec<_>>(), ["app.js"]);
        let log = "    at f (other.js:1:1)\n    at map (native)\n    at g (other.js:2:8)\n    at h (app.js:2:8)";
        assert_eq!(Places::files_in(log), ["other.js", "app.js"]);
    }

    #[test]
    fn what_is_no_map_is_refused() {
        for map in ["", "{}", "[]", r#"{"version":3,"sources":[],"names":[],"mappings":"!!"}"#] {
            assert!(Places::of(&Source::new("app.js", BUNDLE)).with_map(map.as_bytes()).is_err(), "{map}");
        }
    }
}
