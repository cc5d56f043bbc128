//! What is kept of a tenant.

use dayfly::BundleId;
use serde::{Deserialize, Serialize};

use crate::limits::LimitsPatch;

/// How many deployments of a tenant are kept, with their bundles.
const KEPT: usize = 10;

/// What this build writes, and the newest that it reads.
const VERSION: u32 = 1;

/// What is kept of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// The number of the deployment that is served.
    pub(crate) active: Option<u64>,
    /// The last ones, oldest first, and the one that is served.
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) suspended: bool,
    /// Those that were set by the API.
    pub(crate) limits: LimitsPatch,
    /// Of a tenant that was made by the API.
    pub(crate) created: Option<Created>,
    /// The digest of the app that the configuration brought last.
    pub(crate) configured: Option<String>,
}

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deployment {
    /// Counts from 1 in each tenant.
    pub(crate) number: u64,
    #[serde(with = "hexadecimal")]
    pub(crate) digest: BundleId,
    /// When, as RFC 3339 has it.
    pub(crate) at: String,
    /// The name of the token, or `configuration`.
    pub(crate) by: String,
    pub(crate) how: How,
    /// The name of what it was made of.
    pub(crate) source: Option<String>,
    pub(crate) bytes: u64,
    /// What decided about the bundle's bytes, if it was built here of JavaScript: a digest of text and engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) built_of: Option<String>,
}

/// How a deployment came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum How {
    /// With the configuration.
    Configuration,
    /// By the API.
    Api,
}

/// How a tenant came that the API made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Created {
    pub(crate) routes: Vec<String>,
    pub(crate) at: String,
    pub(crate) by: String,
}

impl Record {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let wrong = |error: serde_json::Error| error.to_string();
        let Version { version } = serde_json::from_slice(bytes).map_err(wrong)?;
        if version > VERSION {
            return Err(format!(
                "it has version {version}, which a newer Dayfly wrote: this one reads up to {VERSION}"
            ));
        }
        serde_json::from_slice(bytes).map_err(wrong)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Versioned<'a> {
            version: u32,
            #[serde(flatten)]
            record: &'a Record,
        }
        let versioned = Versioned { version: VERSION, record: self };
        let mut bytes = serde_json::to_vec_pretty(&versioned).expect("it has no maps with odd keys");
        bytes.push(b'\n');
        bytes
    }

    pub(crate) fn active(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| Some(deployment.number) == self.active)
    }

    /// Adds a deployment, which is served from now on. The same bundle again, if it came last, is the same deployment. Gives the
    /// bundles that are no deployment's any more.
    pub(crate) fn deploy(&mut self, mut deployment: Deployment) -> Vec<BundleId> {
        deployment.number = self.deployments.last().map_or(1, |last| last.number + 1);
        if let Some(last) = self.deployments.last_mut()
            && last.digest == deployment.digest
        {
            deployment.number = last.number;
            *last = deployment.clone();
        } else {
            self.deployments.push(deployment.clone());
        }
        self.active = Some(deployment.number);
        let excess = self.deployments.len().saturating_sub(KEPT);
        let dropped: Vec<_> = self.deployments.drain(..excess).map(|old| old.digest).collect();
        dropped.into_iter().filter(|id| !self.refers_to(*id)).collect()
    }

    /// Takes back what was deployed since a record was this one.
    pub(crate) fn take_deployments_of(&mut self, before: &Self) {
        self.active = before.active;
        self.deployments.clone_from(&before.deployments);
        self.configured.clone_from(&before.configured);
    }

    /// The deployment before the one that is served that has another bundle.
    pub(crate) fn previous(&self) -> Option<&Deployment> {
        let active = self.active()?;
        let earlier = self.deployments.iter().rev().filter(|earlier| earlier.number < active.number);
        earlier.into_iter().find(|earlier| earlier.digest != active.digest)
    }

    /// The newest deployment of a bundle, which the beginning of its digest may name if that is no other's.
    pub(crate) fn find(&self, digest: &str) -> Option<&Deployment> {
        let digest = digest.to_ascii_lowercase();
        let mut found = self.deployments.iter().rev().filter(|one| one.digest.to_string().starts_with(&digest));
        let newest = found.next().filter(|_| digest.len() >= 6)?;
        found.all(|other| other.digest == newest.digest).then_some(newest)
    }

    pub(crate) fn refers_to(&self, id: BundleId) -> bool {
        self.deployments.iter().any(|deployment| deployment.digest == id)
    }
}

mod hexadecimal {
    use dayfly::BundleId;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(id: &BundleId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BundleId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use dayfly::BundleId;

    use super::*;

    fn deployment(content: &str) -> Deployment {
        Deployment {
            number: 0,
            digest: BundleId::of(content.as_bytes()),
            at: "2026-01-01T00:00:00Z".into(),
            by: "ci".into(),
            how: How::Api,
            source: None,
            bytes: 1,
            built_of: None,
        }
    }

    #[test]
    fn a_record_reads_as_it_was_written() {
        let mut record = Record { suspended: true, configured: Some("x".into()), ..Record::default() };
        record.deploy(deployment("a"));
        record.limits.cpu_ms = Some(7);
        record.created = Some(Created { routes: vec!["/a".into()], at: "now".into(), by: "ci".into() });
        assert_eq!(Record::parse(&record.to_bytes()), Ok(record));
        assert_eq!(Record::parse(br#"{"version":1}"#), Ok(Record::default()), "what is missing has its default");
    }

    #[test]
    fn the_last_ten_deployments_are_kept_and_the_rest_of_the_bundles_given_up() {
        let mut record = Record::default();
        for n in 0..10 {
            assert_eq!(record.deploy(deployment(&n.to_string())), []);
        }
        assert_eq!(record.deploy(deployment("9")), [], "the same again is the same");
        assert_eq!((record.active, record.deployments.len()), (Some(10), 10));
        assert_eq!(record.deploy(deployment("10")), [BundleId::of(b"0")]);
        // Bundle 2 comes again, so when its first deployment goes it stays.
        record.deploy(deployment("2"));
        assert_eq!(record.deploy(deployment("12")), [], "2 is wanted twice");
        assert_eq!(record.deployments.first().unwrap().number, 4);
    }

    #[test]
    fn rolling_back_again_goes_further_back() {
        let mut record = Record::default();
        assert_eq!(record.previous(), None);
        for content in ["a", "b", "a", "c"] {
            record.deploy(deployment(content));
        }
        let mut seen = Vec::new();
        while let Some(previous) = record.previous() {
            seen.push(previous.number);
            record.active = Some(previous.number);
        }
        assert_eq!(seen, [3, 2, 1]);
    }

    #[test]
    fn a_bundle_is_found_by_the_beginning_of_its_digest() {
        let mut record = Record::default();
        record.deploy(deployment("a"));
        record.deploy(deployment("b"));
        record.deploy(deployment("a"));
        let id = BundleId::of(b"a").to_string();
        assert_eq!(record.find(&id).unwrap().number, 3);
        assert_eq!(record.find(&id[..8].to_uppercase()).unwrap().number, 3);
        assert!(record.find(&id[..5]).is_none() && record.find("").is_none() && record.find("zzzzzz").is_none());
    }
}
