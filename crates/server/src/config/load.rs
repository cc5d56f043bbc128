//! From a file, the environment and flags to a configuration that was checked.

use std::path::{Path, PathBuf};

use super::problem::{Origin, Problem, Problems};
use super::section::Reader;
use super::tree::{Tree, path_of, show_path};
use super::{Config, GroupName, TenantName, check, keys};

/// A configuration without mistakes.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// The text of its file; empty without one.
    pub text: String,
    /// What in it is likely to be a mistake: a certificate that has expired.
    pub warnings: Vec<Problem>,
}

/// Sets one key, over what the file says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    origin: Origin,
    path: Vec<String>,
    value: Given,
}

/// A value as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Text(String),
    /// TOML if it is, else text, so that addresses, sizes and times need no quotes.
    Toml(String),
}

impl Override {
    /// By a flag that is for this key, such as `--listen` for `server.listen`. The value is text.
    pub fn flag(flag: &str, key: &str, value: &str) -> Self {
        let path = key.split('.').map(str::to_owned).collect();
        Self { origin: Origin::Flag(flag.into()), path, value: Given::Text(value.into()) }
    }

    /// By `KEY=VALUE`, as `--set` has it: the key with dots, the value as TOML has it or, if it is not TOML, as text.
    ///
    /// # Errors
    /// If it is not of that form.
    pub fn set(assignment: &str) -> Result<Self, String> {
        let (key, value) = assignment.split_once('=').ok_or("write KEY=VALUE, as in server.listen=127.0.0.1:8080")?;
        let key = key.trim();
        let path = path_of(key)
            .ok_or_else(|| format!("{key:?} is no key: write its names with dots, as in tenant.shop.limits.memory"))?;
        Ok(Self { origin: Origin::Flag(format!("--set {key}")), path, value: Given::Toml(value.trim().into()) })
    }

    /// The tenant whose key it sets, if it is one's.
    pub fn tenant(&self) -> Option<&str> {
        let mut names = self.path.iter().map(String::as_str);
        names.next().filter(|section| *section == "tenant").and_then(|_| names.next())
    }

    /// By those variables of the environment whose names begin with `DAYFLY_` and have the key after it, in capitals, `__` for
    /// a dot and `_` for `-`: `DAYFLY_TENANT__SHOP__SERVER_TIMING` is `tenant.shop.server-timing`. What is below an `ENV` is
    /// written as it is: `DAYFLY_TENANT__SHOP__ENV__Greeting`. A variable without `__` is none of these.
    ///
    /// # Errors
    /// Of each that is not Unicode.
    pub fn variables(
        variables: impl IntoIterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
    ) -> Result<Vec<Self>, Problems> {
        let (mut overrides, mut problems) = (Vec::new(), Vec::new());
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some(key) = name.strip_prefix("DAYFLY_").filter(|key| key.contains("__")) else { continue };
            let origin = Origin::Variable(name.into());
            let path = path_of_variable(key);
            match value.into_string() {
                Ok(value) => overrides.push(Self { origin, path, value: Given::Toml(value) }),
                Err(_) => {
                    let message = "its value is not Unicode".to_owned();
                    let remedy = Some("write it in UTF-8".to_owned());
                    problems.push(Problem { origin, place: None, key: show_path(&path), message, remedy });
                }
            }
        }
        overrides.sort_by(|one, other| one.path.cmp(&other.path));
        if problems.is_empty() { Ok(overrides) } else { Err(Problems(problems)) }
    }
}

fn path_of_variable(key: &str) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    for name in key.split("__") {
        let is_as_written = path.last().is_some_and(|last| last == "env") && path.len() >= 2;
        path.push(if is_as_written { name.to_owned() } else { name.to_ascii_lowercase().replace('_', "-") });
    }
    path
}

impl Config {
    /// Reads a file of TOML, if there is to be one, and what is set over it, and checks the whole. Of several that set a key
    /// the last one holds. `state` is the folder of state where none is named. Blocks.
    ///
    /// The keys are described in CONFIGURATION.md.
    ///
    /// # Errors
    /// All mistakes that are in it, each with its place: a file that cannot be read, text that is not TOML, keys that there are
    /// not, values that are not as they should be or do not fit together, files that it names and that cannot be used.
    pub fn load(file: Option<&Path>, overrides: &[Override], state: Option<PathBuf>) -> Result<Loaded, Problems> {
        Self::load_part(file, None, overrides, state)
    }

    /// The same of a part of a file's text, which is in another file ([`Config::text_of_group`]) if `text` names one: paths and
    /// places are those of `file`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_part(
        file: Option<&Path>,
        text: Option<&Path>,
        overrides: &[Override],
        state: Option<PathBuf>,
    ) -> Result<Loaded, Problems> {
        let (origin, text) = match file {
            Some(path) => (Origin::File(path.into()), read(text.unwrap_or(path))?),
            None => (Origin::Unset, String::new()),
        };
        let mut tree = Tree::of_file(origin, text.clone()).map_err(Problems)?;
        let set = |set: &Override| tree.set(&set.origin, &set.path, &set.value).err();
        let problems: Vec<_> = overrides.iter().filter_map(set).flat_map(|Problems(problems)| problems).collect();
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let reader = Reader::new(tree);
        let mut config = Config::new(state.clone().unwrap_or_default());
        let mut root = reader.root();
        keys::read(&mut root, base, &mut config);
        root.end();
        let mut warnings = check::check(&reader, &config);
        if let Some(path) = file
            && config.tenants.is_empty()
        {
            warnings.push(Problem {
                origin: Origin::File(path.into()),
                place: None,
                key: String::new(),
                message: "no tenant is configured, so nothing is served".into(),
                remedy: Some("add [tenant.NAME] with its routes and its app".into()),
            });
        }
        let mut problems = reader.into_problems();
        if config.state.as_os_str().is_empty() && state.is_none() {
            problems.push(Problem {
                origin: file.map_or(Origin::Unset, |path| Origin::File(path.into())),
                place: None,
                key: "server.state".into(),
                message: "it is not set, and there is no home folder to have one in".into(),
                remedy: Some("name a folder of state".into()),
            });
        }
        if problems.is_empty() { Ok(Loaded { config, text, warnings }) } else { Err(Problems(problems)) }
    }

    /// The text of its file without the tenants of other groups, whose secrets are not this one's to have.
    ///
    /// # Errors
    /// It is no TOML.
    pub fn text_of_group(&self, text: &str, group: &GroupName) -> Result<String, toml::de::Error> {
        let mut text: toml::Table = text.parse()?;
        if let Some(tenants) = text.get_mut("tenant").and_then(toml::Value::as_table_mut) {
            tenants.retain(|name, _| self.is_of(name, group));
        }
        Ok(text.to_string())
    }

    /// Whether a group has the tenant of that name.
    pub fn is_of(&self, tenant: &str, group: &GroupName) -> bool {
        let tenant = tenant.parse::<TenantName>().ok().and_then(|name| self.tenants.get(&name));
        tenant.is_some_and(|tenant| tenant.group == *group)
    }

    /// All keys as tables of Markdown, a table a section.
    pub fn reference() -> String {
        let tree = Tree::of_file(Origin::Unset, String::new()).unwrap_or_else(|_| unreachable!("nothing is TOML"));
        let reader = Reader::new(tree);
        let mut config = Config::new("$XDG_STATE_HOME/dayfly/server");
        keys::read(&mut reader.root(), Path::new(""), &mut config);
        let mut text = String::new();
        let mut section = "";
        let keys = reader.keys();
        // Sections below others come in between.
        let mut sections: Vec<&str> = Vec::new();
        let section_of = |path: &str| path.len() - path.rsplit('.').next().map_or(0, |name| name.len() + 1);
        for key in &keys {
            let of = &key.path[..section_of(&key.path)];
            if !sections.contains(&of) {
                sections.push(of);
            }
        }
        for of in sections {
            for key in keys.iter().filter(|key| &key.path[..section_of(&key.path)] == of) {
                if section != of {
                    section = of;
                    let name = of.strip_suffix("[]").map_or_else(|| of.to_owned(), |list| format!("[{list}]"));
                    text += &format!(
                        "\n### `[{name}]`\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
                    );
                }
                text += &row(key, &key.path[of.len() + 1..]);
            }
        }
        text
    }
}

fn row(key: &super::section::Key, name: &str) -> String {
    let bounds = if key.bounds.is_empty() { String::new() } else { format!(", {}", key.bounds) };
    let needs = |needs: &str| key.path.strip_prefix(needs).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let restarts = super::NEED_RESTART.iter().any(|(path, _)| needs(path));
    let restart = if restarts { " Needs a restart." } else { "" };
    let is_code = !matches!(key.default.as_str(), "none" | "required" | "unbounded") && !key.default.contains('`');
    let default = match key.path.as_str() {
        // It is the machine's.
        "renders.concurrent" => "4 for each processor".to_owned(),
        "renders.long-threads" => "one for each processor, but for one in eight".to_owned(),
        _ if is_code => format!("`{}`", key.default),
        _ => key.default.clone(),
    };
    format!("| `{name}` | {}{bounds} | {default} | {}{restart} |\n", key.kind, key.meaning)
}

fn read(path: &Path) -> Result<String, Problems> {
    let problem = |message: String, remedy: &str| {
        let (origin, remedy) = (Origin::File(path.into()), Some(remedy.into()));
        Problems(vec![Problem { origin, place: None, key: String::new(), message, remedy }])
    };
    let bytes = std::fs::read(path).map_err(|error| {
        problem(format!("the configuration cannot be read: {error}"), "name a file of TOML that can be read")
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
        problem(format!("line {line} is not UTF-8"), "save the file as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::{Given, Override, path_of_variable};

    #[test]
    fn a_variable_names_its_key() {
        assert_eq!(path_of_variable("SERVER__TENANT_HEADER"), ["server", "tenant-header"]);
        assert_eq!(path_of_variable("TENANT__MY_SHOP__LIMITS__JS_STACK"), ["tenant", "my-shop", "limits", "js-stack"]);
        assert_eq!(path_of_variable("TENANT__SHOP__ENV__API_Key"), ["tenant", "shop", "env", "API_Key"]);
        assert_eq!(path_of_variable("DEFAULTS__ENV__API_Key"), ["defaults", "env", "API_Key"]);
        let variables = [("DAYFLY_SERVICE_HOST", "10.0.0.1"), ("PATH", "/bin"), ("DAYFLY_HTTP__URL", "4KiB")];
        let overrides = Override::variables(variables.map(|(name, value)| (name.into(), value.into()))).unwrap();
        assert_eq!(overrides.len(), 1, "{overrides:?}");
    }

    #[test]
    fn an_assignment_has_a_key_and_a_value() {
        let set = Override::set("tenant.shop.env.A = a=b").unwrap();
        assert_eq!((set.path.join("."), set.value), ("tenant.shop.env.A".into(), Given::Toml("a=b".into())));
        for text in ["", "server.listen", "=1", "a b=1", "[server]=1"] {
            assert!(Override::set(text).is_err(), "{text}");
        }
    }
}
