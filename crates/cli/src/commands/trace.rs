//! `dayfly trace`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dayfly::Site;
use dayfly_bundler::Places;
use serde_json::Value;

use crate::exit::{Exit, Mistake};
use crate::input::{self, App, Script};
use crate::report::{print_bytes, printable};

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
        let places = self.script()?.places(self.source_map.as_deref())?;
        if !places.have_map() {
            let app = self.app.display();
            return Err(
                Mistake(format!("{app} has no source map beside it or in it: name one with --source-map")).into()
            );
        }
        let log = String::from_utf8(input::bytes(&self.log)?)
            .map_err(|_| Mistake(format!("{} is not UTF-8", self.log.display())))?;
        match serde_json::from_str::<Value>(&log) {
            Ok(mut report @ (Value::Object(_) | Value::Array(_))) => {
                let frame = stacks(&report).find_map(|stack| places.frame_of(stack, "here"));
                place(&places, &mut report);
                print_bytes(format!("{report:#}").as_bytes(), b"\n")?;
                print_frame(frame);
            }
            _ => {
                let frame = places.frame_of(&log, "here");
                print_bytes(places.text(&log).as_bytes(), b"")?;
                print_frame(frame);
            }
        }
        Ok(Exit::Done)
    }

    fn script(&self) -> Result<Script> {
        Ok(match input::app(&self.app)? {
            App::Script(script) => script,
            App::Bundle(_) => Script::of_bundle(&self.app),
        })
    }
}

fn print_frame(frame: Option<String>) {
    if let Some(frame) = frame {
        anstream::eprintln!("{}", printable(&frame));
    }
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
