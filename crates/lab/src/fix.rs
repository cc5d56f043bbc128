//! The smallest change that mends a leak.

use crate::check::{is_part, owner_of, root};
use crate::holding::{Holder, How};
use crate::measure::{Access, AccessKind, Scenario};

/// What advice depends on, beside what holds.
#[derive(Debug)]
pub(crate) struct Circumstances<'a> {
    share: &'a [String],
    last_run: u32,
    /// What holds by something that a run has put there: a list, say, which all then write to.
    made: Vec<&'a Holder>,
}

impl<'a> Circumstances<'a> {
    pub(crate) fn new(scenario: &'a Scenario, holders: &'a [Holder]) -> Self {
        Self {
            share: &scenario.share,
            last_run: scenario.warm_up() + scenario.runs,
            made: holders.iter().filter(|holder| holder.is_made).collect(),
        }
    }

    pub(crate) fn fix(&self, holder: &Holder, access: Option<&Access>, grows: bool) -> String {
        let named =
            holder.path.strip_prefix("get ").or_else(|| holder.path.strip_prefix("set ")).unwrap_or(&holder.path);
        // What a constructor makes is in nobody's hand.
        let is_handed = access.is_some_and(|access| access.kind == AccessKind::Passed && access.via != "this");
        if holder.how == How::Reaction {
            return format!(
                "settle `{0}`, or have no run wait for it: what is to be done when it is settled is held until then",
                holder.owner
            );
        }
        if is_handed && matches!(holder.how, How::Property | How::Element | How::Entry | How::Internal) {
            return format!(
                "take back what was handed to {} when the run ends (with `on`, that is `off`), or hand it over once, outside of \
                 what runs again",
                access.map_or("it", |access| &access.path)
            );
        }
        if let Some(list) = written_list(holder, named, access) {
            return self.fix_of_list(list, holder, grows);
        }
        let root = root(named);
        // Who writes an accessor has asked for the one before it by the object's own keys, which one that inherits has not.
        let own = self.own(root, holder.owner == root && holder.is_inheritable && named == holder.path);
        match (holder.how, own) {
            (How::Property | How::Element | How::Entry, Some(own)) if grows => format!("{own} before the first write"),
            (How::Property | How::Element | How::Entry, None) if grows => format!(
                "write to a copy of `{}` that is the run's own, or put back what was there when the run ends",
                holder.owner
            ),
            (How::Property | How::Element | How::Entry, own) => {
                let is_last = holder.runs.last() == Some(&self.last_run);
                let how_many = match holder.runs.len() {
                    1 if is_last => "it holds the last run only".to_owned(),
                    1 => "it holds one run only, which has made it for all".to_owned(),
                    many => format!("it holds something of {many} runs"),
                };
                let change = match own {
                    Some(own) => format!("{own} before the write"),
                    None if is_last => format!("clear `{named}` when the run ends"),
                    None => format!("have the server make `{named}`"),
                };
                format!("{how_many}, and does not grow; to let go of it too, {change}")
            }
            (How::Variable | How::Internal | How::Reaction, _) => format!(
                "what `{}` keeps is code of the server's: have it let go when the run ends, or do not hand the run's objects to it",
                holder.owner
            ),
            (How::Outside, _) => "end what the run has begun before it ends: a timer, a stream, a listener".into(),
        }
    }

    /// What mends a list, a Map or an object of which each run puts something in.
    fn fix_of_list(&self, list: &str, holder: &Holder, grows: bool) -> String {
        let put_in = match grows {
            true => format!(
                "take out of `{list}` what the run has put in when it ends, or put it under a key that the next run uses again"
            ),
            false => format!("take out of `{list}` what the run has put in when it ends"),
        };
        if let Some(kept_off) = self.keep_off(list) {
            let in_common = if grows {
                format!("; if the runs are to have it in common, have the server make it, and {put_in}")
            } else {
                "; if the runs are to have it in common, have the server make it: the run that does stays with it"
                    .into()
            };
            return kept_off + &in_common;
        }
        let root = root(list);
        match self.own(root, list == root && holder.is_inheritable) {
            Some(own) => format!("{own} before the first write, or {put_in}"),
            None => put_in,
        }
    }

    /// What mends a list, a Map or an object that each run puts texts in.
    pub(crate) fn fix_of_values(&self, path: &str) -> String {
        let put_in = format!(
            "take out of `{path}` what the run has put in when it ends, put it under a key that the next run uses again, or give it a \
             limit"
        );
        match self.keep_off(path) {
            Some(kept_off) => {
                format!("{kept_off}; if the runs are to have it in common, have the server make it, and {put_in}")
            }
            None => put_in,
        }
    }

    /// How what runs have put on a shared object is kept off that, if a list is that or a part of it.
    fn keep_off(&self, list: &str) -> Option<String> {
        let holder = self.made.iter().find(|holder| is_part(list, &holder.path))?;
        let Holder { path, is_inheritable, .. } = holder;
        let root = root(path);
        Some(match self.own(root, owner_of(path) == root && *is_inheritable) {
            Some(own) => format!("{own} before `{path}` is made, so that each run has one of its own"),
            None => format!("keep what is `{path}` in a variable of the run's own, and off what is shared"),
        })
    }

    /// How a run gets an object of its own that stands for the one that is shared.
    fn own(&self, root: &str, is_possible: bool) -> Option<String> {
        let is_possible = is_possible && self.share.iter().any(|name| name == root);
        is_possible.then(|| {
            format!(
                "write to an object of the run's own that inherits from the shared one: `{root} = Object.create({root});`"
            )
        })
    }
}

/// The list, the Map or the object that is written to in each run, if that is not what has the last key.
fn written_list<'a>(holder: &'a Holder, named: &str, access: Option<&'a Access>) -> Option<&'a str> {
    match (holder.how, access) {
        // `push()`, `set()`.
        (How::Property | How::Element | How::Entry, Some(access)) if access.via.ends_with("()") => Some(&access.path),
        // Not what holds is written in each run, but an object that it has.
        (How::Property, Some(access)) if access.path != named && is_part(&access.path, named) => {
            Some(owner_of(&access.path))
        }
        (How::Element | How::Entry, _) => Some(&holder.owner),
        _ => None,
    }
}
