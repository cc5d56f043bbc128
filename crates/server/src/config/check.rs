//! What each key alone cannot say: whether the values fit together, and whether the files are there.

use std::collections::HashMap;
use std::path::Path;

use super::problem::Problem;
use super::section::Reader;
use super::tree::At;
use super::{Alarms, App, Config, TenantConfig, TenantName, Tls, WebhookFormat};
use crate::alarms;
use crate::routes::Route;
use crate::tls::{self, Certificates};
use crate::tokens;
use crate::webhooks;

/// Notes what is wrong; gives what is likely to be.
pub(super) fn check(reader: &Reader, config: &Config) -> Vec<Problem> {
    let mut routes = HashMap::new();
    for (name, tenant) in &config.tenants {
        let tenant = Checked { reader, name, tenant, path: format!("tenant.{name}") };
        tenant.check_routes(&mut routes, config.tenant_header.is_some());
        tenant.check_share(config.renders.concurrent);
        tenant.check_app();
    }
    check_reserved(reader, config);
    check_admin(reader, config);
    check_memory(reader, config);
    check_webhooks(reader, config);
    let mut warnings = check_budgets(reader, config);
    warnings.extend(config.tls.iter().flat_map(|tls| check_tls(reader, config, tls)));
    warnings
}

fn check_reserved(reader: &Reader, config: &Config) {
    let (path, all) = ("renders.reserved", config.renders.concurrent);
    let Some(reserved) = config.renders.reserved.filter(|reserved| *reserved >= all) else { return };
    let Some(at) = reader.place(path).filter(|_| !reader.is_wrong(path)) else { return };
    let message = format!("{reserved} renders that are reserved are not fewer than the {all} of all");
    reader.wrong(&at, path, message, "lower it, or raise renders.concurrent");
}

struct Checked<'a> {
    reader: &'a Reader,
    name: &'a TenantName,
    tenant: &'a TenantConfig,
    path: String,
}

impl<'a> Checked<'a> {
    fn place(&self, key: &str) -> Option<(String, At)> {
        let path = format!("{}.{key}", self.path);
        let at = self.reader.place(&path)?;
        Some((path, at))
    }

    fn check_routes(&self, routes: &mut HashMap<&'a Route, (&'a TenantName, At)>, has_header: bool) {
        let Some((path, at)) = self.place("routes") else {
            if !has_header && let Some(at) = self.reader.place(&self.path) {
                let remedy = format!("add routes = [\"{}.example\"]", self.name);
                self.reader.wrong(&at, &self.path, "no request is this tenant's: it has no routes", remedy);
            }
            return;
        };
        if self.tenant.routes.is_empty()
            && !has_header
            && self.place("routes[0]").is_none()
            && !self.reader.is_wrong(&path)
        {
            self.reader.wrong(&at, &path, "no request is this tenant's: the list is empty", "name a host or a path");
        }
        for (path, at, route) in self.routes() {
            match routes.get(route) {
                None => drop(routes.insert(route, (self.name, at))),
                Some((other, there)) => {
                    let whose = if *other == self.name {
                        "this tenant's already".into()
                    } else {
                        format!("the tenant {other}'s too")
                    };
                    let message = format!("the route {route} is {whose} ({})", self.reader.tree.show(there));
                    self.reader.wrong(&at, &path, message, "leave it to one");
                }
            }
        }
    }

    /// The list's entries that are routes, with their places.
    fn routes(&self) -> Vec<(String, At, &'a Route)> {
        let entries = (0..).map_while(|index| self.place(&format!("routes[{index}]")));
        let mut routes = self.tenant.routes.iter();
        let mut read = Vec::new();
        for (path, at) in entries {
            if self.reader.is_wrong(&path) {
                continue;
            }
            let Some(route) = routes.next() else { break };
            read.push((path, at, route));
        }
        read
    }

    fn check_share(&self, all: u32) {
        let Some(share) = self.tenant.concurrent.filter(|share| *share > all) else { return };
        let own = self.place("concurrent");
        let Some((path, at)) =
            own.or_else(|| Some(("defaults.concurrent".into(), self.reader.place("defaults.concurrent")?)))
        else {
            return;
        };
        if self.reader.is_wrong(&path) {
            return;
        }
        let message = format!("{share} renders at once are more than the {all} of all tenants");
        self.reader.wrong(&at, &path, message, "lower it, or raise renders.concurrent");
    }

    fn check_app(&self) {
        let (Some(App::File(file)), Some((path, at))) = (&self.tenant.app, self.place("app")) else { return };
        if let Err(message) = is_file(file) {
            let remedy =
                "name a bundle (.wasm) or a file of JavaScript; paths are those from the configuration's folder";
            self.reader.wrong(&at, &path, message, remedy);
        }
    }
}

fn is_file(path: &Path) -> Result<(), String> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(format!("{} is not a file", path.display())),
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

fn check_admin(reader: &Reader, config: &Config) {
    const LISTEN: &str = "admin.listen";
    if let Some(admin) = config.admin.filter(|admin| *admin == config.listen && admin.port() != 0)
        && let Some(at) = reader.place(LISTEN)
    {
        reader.wrong(&at, LISTEN, format!("{admin} is where the tenants' pages are served"), "name another port");
    }
    const TOKENS: &str = "admin.tokens";
    if let Some(file) = &config.tokens
        && let Some(at) = reader.place(TOKENS)
        && !reader.is_wrong(TOKENS)
        && let Err(message) = tokens::check(file)
    {
        reader.wrong(&at, TOKENS, message, "`dayfly tenant token --file FILE` writes such a file");
    }
}

fn check_memory(reader: &Reader, config: &Config) {
    let Alarms { memory_high, memory_critical, .. } = config.alarms;
    if memory_critical >= memory_high {
        return;
    }
    // Either may be a default.
    let key = ["alarms.memory-critical", "alarms.memory-high"].into_iter().find(|key| reader.place(key).is_some());
    let Some((key, at)) = key.and_then(|key| Some((key, reader.place(key)?))) else { return };
    if !reader.is_wrong(key) {
        let message = format!("memory would be critical at {memory_critical}, and high only at {memory_high}");
        reader.wrong(&at, key, message, "let alarms.memory-critical be no less than alarms.memory-high");
    }
}

/// Warns of budgets that cannot burn fast: what is all requests is not so many times as much.
fn check_budgets(reader: &Reader, config: &Config) -> Vec<Problem> {
    let budgets = [("alarms.errors", config.alarms.errors), ("alarms.slow-share", config.alarms.slow_share)];
    let warning = |(key, budget): (&str, f64)| {
        let at = reader.place(key).filter(|_| !reader.is_wrong(key) && !alarms::can_burn_fast(budget))?;
        let message =
            format!("of a budget of {budget} all requests are not too many, so its critical alarm never fires");
        let remedy = "write what a month may have, as in 0.01 for a hundredth".to_owned();
        Some(reader.tree.problem(&at, key.to_owned(), message, Some(remedy)))
    };
    budgets.into_iter().filter_map(warning).collect()
}

fn check_webhooks(reader: &Reader, config: &Config) {
    let webhooks = &config.alarms.webhooks;
    for (index, webhook) in webhooks.iter().enumerate() {
        let key = |key: &str| {
            let path = format!("alarms.webhooks[{index}].{key}");
            reader.place(&path).filter(|_| !reader.is_wrong(&path)).map(|at| (path, at))
        };
        if webhooks[..index].iter().any(|other| other.name == webhook.name)
            && let Some((path, at)) = key("name")
        {
            reader.wrong(
                &at,
                &path,
                format!("another webhook is called {}", webhook.name),
                "give each a name of its own",
            );
        }
        if let Some(file) = &webhook.secret
            && let Some((path, at)) = key("secret")
            && let Err(message) = webhooks::read_secret(file)
        {
            let remedy = "name a file with whsec_ and base64, or with a text of 16 bytes or more";
            reader.wrong(&at, &path, message, remedy);
        }
        // It would answer 404 to each alarm.
        if webhook.format == WebhookFormat::Alertmanager
            && !webhook.url.ends_with("/api/v2/alerts")
            && let Some((path, at)) = key("url")
        {
            let remedy = format!("write \"{}/api/v2/alerts\"", webhook.url.trim_end_matches('/'));
            reader.wrong(&at, &path, "an Alertmanager takes alarms at its /api/v2/alerts", remedy);
        }
    }
}

fn check_tls(reader: &Reader, config: &Config, tls: &Tls) -> Vec<Problem> {
    if let Some(listen) = tls.listen
        && listen == config.listen
        && listen.port() != 0
        && let Some(at) = reader.place("server.tls.listen")
    {
        let message = format!("{listen} is where plain HTTP is served");
        reader.wrong(
            &at,
            "server.tls.listen",
            message,
            "name another port, or leave it out to serve HTTPS alone there",
        );
    }
    let places = ["certificate", "key"].map(|key| {
        let path = format!("server.tls.{key}");
        reader.place(&path).filter(|_| !reader.is_wrong(&path)).map(|at| (path, at))
    });
    let [Some(certificate), Some(key)] = places else { return Vec::new() };
    match Certificates::read(tls) {
        Ok(read) => {
            let warning = |message| reader.tree.problem(&certificate.1, certificate.0.clone(), message, None);
            read.warnings.into_iter().map(warning).collect()
        }
        Err(wrong) => {
            for tls::Wrong { of, message, remedy } in wrong {
                let (path, at) = if of == tls::Of::Key { &key } else { &certificate };
                reader.wrong(at, path, message, remedy);
            }
            Vec::new()
        }
    }
}
