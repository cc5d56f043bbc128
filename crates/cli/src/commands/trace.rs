//! `dayfly trace`.

use std::borrow::Cow;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dayfly::Site;
use dayfly_bundler::{Places, source_name};
use serde_json::Value;

use crate::exit::{Exit, Mistake};
use crate::input::{self, App};
use crate::report::{print_bytes, print_warning, printable};

/// Put the places of a stack that was logged in the files that their author wrote
///
/// For a host that keeps no source maps: its log says places of the bundle, and who has the map puts them right later.
/// What is read is a text with stacks in it, or the JSON that other commands print; it is printed with its places put
/// right. The line of the innermost call goes to standard error.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The JavaScript that was bundled, or the bundle that was made of it
    #[arg(value_name = "APP.js|APP.wasm")]
    app: PathBuf,

    /// What was logged: a file, or - for standard input
    #[arg(value_name = "LOG|-", default_value = "-")]
    log: PathBuf,

    /// The source map of APP [default: the one that the file has in it, names, or has beside it as APP.js.map]
    #[arg(long, value_name = "FILE.map")]
    source_map: Option<PathBuf>,
}

impl Trace {
    pub(crate) fn exec(self) -> Result<Exit> {
        let (mut places, is_named) = self.places()?;
        if !places.have_map() {
            let app = self.app.display();
            return Err(
                Mistake(format!("{app} has no source map beside it or in it: name one with --source-map")).into()
            );
        }
        let log = String::from_utf8(input::bytes(&self.log)?)
            .map_err(|_| Mistake(format!("{} is not UTF-8", self.log.display())))?;
        let report = serde_json::from_str::<Value>(&log).ok().filter(|report| report.is_object() || report.is_array());
        // The line breaks of a report's texts are written out in it.
        let text = match &report {
            Some(report) => stacks(report).collect::<Vec<_>>().join("\n").into(),
            None => Cow::Borrowed(&*log),
        };
        let mut files = Places::files_in(&text);
        files.extend(report.iter().flat_map(sites).map(|site| site.file));
        // What a bundle does not say of itself, a log with places of one file alone does.
        if let Some((file, others)) = files.split_first()
            && !is_named
            && others.iter().all(|other| other == file)
        {
            places = places.named(file);
        }
        let frame = places.frame_of(&text, "here");
        match report {
            Some(mut report) => {
                place(&places, &mut report);
                print_bytes(format!("{report:#}").as_bytes(), b"\n")?;
            }
            None => print_bytes(places.text(&log).as_bytes(), b"")?,
        }
        if let Some(frame) = frame {
            anstream::eprintln!("{}", printable(&frame));
        }
        check(&places, &files);
        Ok(Exit::Done)
    }

    /// The places of the app, and whether it says the name that they have in a log.
    fn places(&self) -> Result<(Places, bool)> {
        let map = self.source_map.as_deref();
        Ok(match input::app(&self.app)? {
            App::Script(script) => (script.places(map)?, true),
            App::Bundle(bundle) => (input::places_of_bundle(&self.app, &bundle, map)?, source_name(&bundle).is_some()),
        })
    }
}

/// Says so if nothing in the log is what the map is of.
fn check(places: &Places, files: &[String]) {
    if places.names().any(|name| files.iter().any(|file| file == name)) {
        return;
    }
    let mapped = places.names().collect::<Vec<_>>().join(", ");
    let has = files.first().map_or("no stack".into(), |file| format!("places of {file}"));
    print_warning(&format!("no place was put right: the map is that of {mapped}, and the log has {has}"), [None, None]);
}

/// The texts of a report, in its order.
fn stacks(report: &Value) -> Box<dyn Iterator<Item = &str> + '_> {
    match report {
        Value::String(text) => Box::new(std::iter::once(text.as_str())),
        Value::Array(values) => Box::new(values.iter().flat_map(stacks)),
        Value::Object(fields) => Box::new(fields.values().flat_map(stacks)),
        _ => Box::new(std::iter::empty()),
    }
}

/// The places that a report has as records.
fn sites(report: &Value) -> Vec<Site> {
    match (site(report), report) {
        (Some(site), _) => vec![site],
        (None, Value::Array(values)) => values.iter().flat_map(sites).collect(),
        (None, Value::Object(fields)) => fields.values().flat_map(sites).collect(),
        _ => Vec::new(),
    }
}

/// Puts the places in a report right: those in its texts, and those that it has as a record.
fn place(places: &Places, report: &mut Value) {
    if let Some(site) = site(report) {
        let Site { file, line, column } = places.site(&site);
        report["file"] = file.into();
        report["line"] = line.into();
        report["column"] = column.into();
        return;
    }
    match report {
        Value::String(text) => *text = places.text(text).into_owned(),
        Value::Array(values) => values.iter_mut().for_each(|value| place(places, value)),
        Value::Object(fields) => fields.values_mut().for_each(|value| place(places, value)),
        _ => {}
    }
}

fn site(report: &Value) -> Option<Site> {
    let number = |key: &str| u32::try_from(report.get(key)?.as_u64()?).ok();
    Some(Site { file: report.get("file")?.as_str()?.to_owned(), line: number("line")?, column: number("column")? })
}
