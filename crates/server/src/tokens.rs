//! Who may change what: tokens, of which the server has only the SHA-256.
//!
//! A token has 256 bits of randomness, so that its digest needs neither salt nor a slow function.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dayfly::BundleId;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::TenantName;

/// What a token lets its owner do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See tenants, deployments, events and metrics.
    Read,
    /// Deploy, activate, roll back.
    Deploy,
    /// All, and also make, delete, suspend and limit tenants.
    Admin,
}

impl Scope {
    /// The scope's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Deploy => "deploy",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope: read, deploy or admin")]
pub struct NotAScope(String);

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let all = [Self::Read, Self::Deploy, Self::Admin];
        all.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| NotAScope(text.chars().take(80).collect()))
    }
}

/// A token as the server has it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) name: String,
    digest: [u8; 32],
    scopes: BTreeSet<Scope>,
    /// The tenants that it is for; `None` for all.
    tenants: Option<BTreeSet<TenantName>>,
}

impl Token {
    pub(crate) fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    pub(crate) fn is_for(&self, tenant: &TenantName) -> bool {
        self.tenants.as_ref().is_none_or(|tenants| tenants.contains(tenant))
    }

    /// Whether who has it sees what is of a tenant, or of the server.
    pub(crate) fn sees(&self, tenant: Option<&str>) -> bool {
        match tenant {
            None => self.is_for_all(),
            Some(tenant) => tenant.parse().is_ok_and(|tenant| self.is_for(&tenant)),
        }
    }

    /// Whether it is for all tenants.
    pub(crate) fn is_for_all(&self) -> bool {
        self.tenants.is_none()
    }
}

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The secret itself: nobody has it but who gets this.
    pub token: String,
    /// What the file of tokens has to have of it.
    pub entry: String,
}

impl NewToken {
    /// Makes a token with some scopes, for some tenants or, if there are none, for all.
    pub fn generate(name: &str, scopes: &BTreeSet<Scope>, tenants: &BTreeSet<TenantName>) -> Self {
        let token = secret();
        let list = |texts: Vec<String>| texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
        let scopes = list(scopes.iter().map(ToString::to_string).collect());
        let digest = BundleId::of(token.as_bytes());
        let name = toml::Value::String(name.into());
        let mut entry = format!("[[token]]\nname = {name}\nsha256 = \"{digest}\"\nscopes = [{scopes}]\n");
        if !tenants.is_empty() {
            entry += &format!("tenants = [{}]\n", list(tenants.iter().map(ToString::to_string).collect()));
        }
        Self { token, entry }
    }
}

/// A new token: 256 random bits.
pub(crate) fn secret() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    format!("dayfly_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The tokens that hold: those of a file, which is read again when it has changed, and one of this process.
pub(crate) struct Tokens {
    local: Arc<Token>,
    file: Option<PathBuf>,
    read: Mutex<Read>,
}

struct Read {
    stamp: Option<Stamp>,
    /// Why there are none.
    tokens: Result<Vec<Arc<Token>>, String>,
}

impl Default for Read {
    fn default() -> Self {
        Self { stamp: None, tokens: Ok(Vec::new()) }
    }
}

/// What changes when a file does.
type Stamp = (SystemTime, u64, u64);

/// Whose a token is.
pub(crate) enum Presented {
    Known(Arc<Token>),
    Unknown,
    /// The file cannot be read: whose it is nobody can say.
    Unreadable(String),
}

impl Tokens {
    /// Reads the file, and makes the token of this process, which may do all. Gives that one too.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn open(file: Option<PathBuf>) -> Result<(Self, String), String> {
        let secret = secret();
        Ok((Self::with(file, Sha256::digest(&secret).into())?, secret))
    }

    /// The same with a token that another process has made, of which this is the digest.
    pub(crate) fn with(file: Option<PathBuf>, digest: [u8; 32]) -> Result<Self, String> {
        let (name, scopes) = ("local".into(), BTreeSet::from([Scope::Admin]));
        let local = Arc::new(Token { name, digest, scopes, tenants: None });
        let tokens = Self { local, file, read: Mutex::default() };
        tokens.read_again()?;
        Ok(tokens)
    }

    /// Whose a token is. How long it takes does not say how much of one is right.
    pub(crate) fn find(&self, presented: &str) -> Presented {
        let digest: [u8; 32] = Sha256::digest(presented).into();
        let tokens = self.read_again();
        let all = tokens.iter().flatten().chain([&self.local]);
        let mut found = None;
        for token in all {
            if bool::from(token.digest.ct_eq(&digest)) {
                found = Some(token.clone());
            }
        }
        match (found, tokens) {
            (Some(token), _) => Presented::Known(token),
            (None, Ok(_)) => Presented::Unknown,
            // Those that it had are not taken: one that was just revoked may be among them.
            (None, Err(why)) => Presented::Unreadable(why),
        }
    }

    fn read_again(&self) -> Result<Vec<Arc<Token>>, String> {
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(file);
        if stamp.is_none() || stamp != read.stamp {
            *read = Read { stamp, tokens: parse_file(file) };
        }
        read.tokens.clone()
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(file).ok()?;
    let modified = metadata.modified().ok()?;
    // Written twice within the clock's grain, it would look the same: so it is read again until it has grown old.
    let is_old = modified.elapsed().is_ok_and(|age| age.as_millis() > 100);
    is_old.then_some((modified, metadata.len(), metadata.ino()))
}

/// Whether a file of tokens can be used; if not, why.
pub(crate) fn check(file: &Path) -> Result<(), String> {
    parse_file(file).map(drop)
}

fn parse_file(file: &Path) -> Result<Vec<Arc<Token>>, String> {
    let wrong = |how: &str, why: String| format!("the file of tokens, {}, cannot be {how}: {why}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| wrong("read", error.to_string()))?;
    parse(&text).map_err(|why| wrong("used", why))
}

fn parse(text: &str) -> Result<Vec<Arc<Token>>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        token: Vec<Entry>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        name: String,
        sha256: String,
        scopes: BTreeSet<Scope>,
        tenants: Option<Vec<String>>,
    }
    let file: File = toml::from_str(text).map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].split('\n').count());
        format!("line {line}: {}", error.message().lines().collect::<Vec<_>>().join(", "))
    })?;
    let mut names = BTreeSet::new();
    let tokens = file.token.into_iter().map(|Entry { name, sha256, scopes, tenants }| {
        if !names.insert(name.clone()) {
            return Err(format!("two tokens are called {name:?}: give each a name of its own"));
        }
        let id: BundleId = sha256.parse().map_err(|_| {
            format!("the sha256 of the token {name:?} is not 64 digits of hexadecimal: `dayfly tenant token` writes an entry")
        })?;
        let tenants = tenants.map(|tenants| tenants.iter().map(|name| name.parse()).collect::<Result<_, _>>());
        let tenants = tenants.transpose().map_err(|error: crate::config::NotATenantName| error.to_string())?;
        Ok(Arc::new(Token { name, digest: id.to_bytes(), scopes, tenants }))
    });
    tokens.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn one(scopes: &[Scope], tenants: &[&str]) -> NewToken {
        let tenants = tenants.iter().map(|tenant| tenant.parse().unwrap()).collect();
        NewToken::generate("c\"i", &scopes.iter().copied().collect(), &tenants)
    }

    #[test]
    fn a_token_that_was_made_is_known_by_its_entry_and_has_its_scopes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        let new = one(&[Scope::Deploy], &["shop"]);
        assert!(!new.entry.contains(&new.token));
        std::fs::write(&file, &new.entry).unwrap();
        let (tokens, local) = Tokens::open(Some(file.clone())).unwrap();
        let Presented::Known(token) = tokens.find(&new.token) else { panic!("it is known") };
        assert_eq!(token.name, "c\"i");
        assert!(token.has(Scope::Deploy) && !token.has(Scope::Read) && !token.has(Scope::Admin));
        assert!(token.is_for(&"shop".parse().unwrap()) && !token.is_for(&"other".parse().unwrap()));
        assert!(matches!(tokens.find(&local), Presented::Known(token) if token.has(Scope::Read) && token.is_for_all()));
        assert!(matches!(tokens.find("dayfly_"), Presented::Unknown));

        let other = one(&[Scope::Admin], &[]);
        std::fs::write(&file, &other.entry).unwrap();
        assert!(matches!(tokens.find(&new.token), Presented::Unknown), "it was revoked");
        assert!(matches!(tokens.find(&other.token), Presented::Known(_)));
        std::fs::write(&file, "[[token]]\nnam = 1").unwrap();
        assert!(matches!(tokens.find(&other.token), Presented::Unreadable(why) if why.contains("tokens.toml")));
        assert!(matches!(tokens.find(&local), Presented::Known(_)), "who runs the server still may");
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(tokens.find(&other.token), Presented::Unreadable(_)));
    }

    #[test]
    fn a_bad_file_says_what_is_wrong() {
        let digest = "0".repeat(64);
        for (text, part) in [
            ("x", "line 1: "),
            ("[[token]]\nname = 'a'", "line 1: missing field `sha256`"),
            ("[[token]]\nname = 7", "line 2: invalid type"),
            ("[[token]]\nname = 'a'\nsha256 = '1'\nscopes = []", "64 digits"),
            (&format!("[[token]]\nname = 'a'\nsha256 = '{digest}'\nscopes = ['root']"), "root"),
            (&format!("[[token]]\nname = 'a'\nsha256 = '{digest}'\nscopes = []\ntenants = ['A']"), "tenant's name"),
            (&format!("[[token]]\nname = 'a'\nsha256 = '{digest}'\nscopes = []\n").repeat(2), "two tokens"),
        ] {
            let Err(error) = parse(text) else { panic!("{text}") };
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
