//! What a function may have besides the necessary: each setting is left as it is on the function unless somebody names it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::str::FromStr;

use serde::Serialize;

use super::Resolver;
use crate::attachments::{Network, TRACING_ACTIVE};
use crate::cli::FunctionArgs;
use crate::project::{LambdaDeploy, Metadata};
use crate::rule;
use crate::setting::{Setting, Source};

/// The settings of a function that nobody has to make. None: left as it is, and not compared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extras {
    /// The network that it reaches; an empty one takes it out of any.
    pub network: Option<Setting<Network>>,
    /// ARNs of layers.
    pub layers: Option<Setting<Vec<String>>>,
    /// `Active` or `PassThrough`.
    pub tracing: Option<Setting<String>>,
    /// ARN of the key that encrypts its variables; empty means Lambda's own.
    pub kms_key: Option<Setting<String>>,
    /// Tags.
    pub tags: Option<Setting<BTreeMap<String, String>>>,
    /// Days that its log is kept for; 0 means for ever.
    pub log_retention: Option<Setting<u32>>,
    /// An alias that is to point at what is deployed.
    pub alias: Option<Setting<String>>,
    /// The bucket that large artefacts go through.
    pub s3_bucket: Option<Setting<String>>,
    /// What their names there begin with.
    pub s3_prefix: Option<Setting<String>>,
}

impl Extras {
    /// Name, value and source of each setting that somebody made, for people.
    pub(super) fn lines(&self) -> Vec<[String; 3]> {
        fn line<T>(name: &str, setting: Option<&Setting<T>>, show: impl Fn(&T) -> String) -> Option<[String; 3]> {
            let Setting { value, source } = setting?;
            let shown = show(value);
            let shown = if shown.is_empty() { "(none)".to_owned() } else { shown };
            Some([name.to_owned(), shown, source.to_string()])
        }
        let joined = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
        let network = self.network.as_ref();
        let pairs = |tags: &BTreeMap<String, String>| {
            tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
        };
        [
            line("subnets", network, |network| joined(&network.subnets)),
            line("security", network, |network| joined(&network.security_groups)),
            line("layers", self.layers.as_ref(), |layers| layers.join(", ")),
            line("tracing", self.tracing.as_ref(), Clone::clone),
            line("key", self.kms_key.as_ref(), Clone::clone),
            line("tags", self.tags.as_ref(), pairs),
            line("log", self.log_retention.as_ref(), |days| retention(*days)),
            line("alias", self.alias.as_ref(), Clone::clone),
            line("bucket", self.s3_bucket.as_ref(), Clone::clone),
            line("in it", self.s3_prefix.as_ref(), Clone::clone),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// How long a log is kept, for people.
#[must_use]
pub fn retention(days: u32) -> String {
    match days {
        0 => "for ever".to_owned(),
        1 => "for a day".to_owned(),
        days => format!("for {days} days"),
    }
}

/// A list as it is written on the command line and in variables: with commas, or `none`.
struct List(Vec<String>);

impl FromStr for List {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty() && *entry != NONE);
        Ok(Self(entries.map(str::to_owned).collect()))
    }
}

/// What takes a setting away on the command line.
const NONE: &str = "none";

impl Resolver<'_> {
    /// Flag, then variable, then our metadata, then cargo-lambda's.
    pub(super) fn pick_with_lambda<T: FromStr>(
        &mut self,
        flag: (Option<T>, &'static str),
        variable: &'static str,
        metadata: Option<T>,
        lambda: impl Fn(&LambdaDeploy) -> Option<T>,
    ) -> Option<Setting<T>> {
        if let Some(picked) = self.pick(flag, variable, metadata) {
            return Some(picked);
        }
        let places = self.inputs.project.map(|project| project.lambda.as_slice()).unwrap_or_default();
        places.iter().find_map(|place| Some(Setting::new(lambda(place)?, place.source)))
    }

    /// A list, whose flag and variable are one text.
    fn list(
        &mut self,
        flag: (Option<&String>, &'static str),
        variable: &'static str,
        metadata: Option<Vec<String>>,
        lambda: impl Fn(&LambdaDeploy) -> Option<Vec<String>>,
    ) -> Option<Setting<Vec<String>>> {
        let given = flag.0.and_then(|text| text.parse().ok());
        let picked =
            self.pick_with_lambda((given, flag.1), variable, metadata.map(List), |place| lambda(place).map(List))?;
        Some(Setting::new(picked.value.0, picked.source))
    }

    pub(super) fn extras(&mut self, args: &FunctionArgs, metadata: &Metadata) -> Extras {
        let layers =
            self.list((args.layers.as_ref(), "--layers"), "REGISTRAR_LAYERS", metadata.layers.clone(), |place| {
                place.layers.clone()
            });
        if let Some(layers) = &layers {
            self.check(rule::layers(&layers.value));
        }
        let log_retention = self.pick_with_lambda(
            (args.log_retention, "--log-retention"),
            "REGISTRAR_LOG_RETENTION",
            metadata.log_retention,
            |place| place.log_retention,
        );
        if let Some(days) = &log_retention {
            self.check(rule::log_retention(days.value));
        }
        let alias = self.pick((args.alias.clone(), "--alias"), "REGISTRAR_ALIAS", metadata.alias.clone());
        if let Some(alias) = &alias {
            self.check(rule::alias(&alias.value));
        }
        let (s3_bucket, s3_prefix) = self.bucket(args, metadata);
        Extras {
            network: self.network(args, metadata),
            layers,
            tracing: self.tracing(args, metadata),
            kms_key: self.kms_key(args, metadata),
            tags: self.tags(args, metadata),
            log_retention,
            alias,
            s3_bucket,
            s3_prefix,
        }
    }

    fn network(&mut self, args: &FunctionArgs, metadata: &Metadata) -> Option<Setting<Network>> {
        let subnets =
            self.list((args.subnets.as_ref(), "--subnets"), "REGISTRAR_SUBNETS", metadata.subnets.clone(), |place| {
                place.subnets.clone()
            });
        let groups = self.list(
            (args.security_groups.as_ref(), "--security-groups"),
            "REGISTRAR_SECURITY_GROUPS",
            metadata.security_groups.clone(),
            |place| place.security_groups.clone(),
        );
        let source = subnets.as_ref().or(groups.as_ref())?.source;
        let network = Network {
            subnets: subnets.map(|list| list.value).unwrap_or_default().into_iter().collect(),
            security_groups: groups.map(|list| list.value).unwrap_or_default().into_iter().collect(),
        };
        network.subnets.iter().for_each(|id| self.check(rule::subnet(id)));
        network.security_groups.iter().for_each(|id| self.check(rule::security_group(id)));
        if network.subnets.is_empty() && !network.security_groups.is_empty() {
            self.problems
                .push("security groups are named without subnets; name subnets too, or \"none\" for both".to_owned());
        }
        if network.security_groups.is_empty() && !network.subnets.is_empty() {
            self.problems.push("subnets are named without security groups; a function needs at least one".to_owned());
        }
        Some(Setting::new(network, source))
    }

    fn tracing(&mut self, args: &FunctionArgs, metadata: &Metadata) -> Option<Setting<String>> {
        let picked = self.pick_with_lambda(
            (args.tracing.clone(), "--tracing"),
            "REGISTRAR_TRACING",
            metadata.tracing.clone(),
            |place| place.tracing.clone(),
        )?;
        let mode = match picked.value.to_ascii_lowercase().as_str() {
            "active" => TRACING_ACTIVE,
            "passthrough" => "PassThrough",
            _ => {
                self.problems.push(format!("the tracing mode {:?} must be Active or PassThrough", picked.value));
                return None;
            }
        };
        Some(Setting::new(mode.to_owned(), picked.source))
    }

    fn kms_key(&mut self, args: &FunctionArgs, metadata: &Metadata) -> Option<Setting<String>> {
        let picked = self.pick((args.kms_key.clone(), "--kms-key"), "REGISTRAR_KMS_KEY", metadata.kms_key.clone())?;
        if picked.value.is_empty() || picked.value == NONE {
            return Some(Setting::new(String::new(), picked.source));
        }
        self.check(rule::kms_key(&picked.value));
        Some(picked)
    }

    /// All places together, since tags of several say several things; a key that two name has the value of the stronger.
    fn tags(&mut self, args: &FunctionArgs, metadata: &Metadata) -> Option<Setting<BTreeMap<String, String>>> {
        let places = self.inputs.project.map(|project| project.lambda.as_slice()).unwrap_or_default();
        let lambda = places.iter().find(|place| !place.tags.is_empty());
        let variable = self.inputs.environment.get("REGISTRAR_TAGS").unwrap_or_default();
        let variable: Vec<_> = variable.split(',').filter(|pair| !pair.trim().is_empty()).map(str::to_owned).collect();
        let mut tags = lambda.map(|place| place.tags.clone()).unwrap_or_default();
        tags.extend(metadata.tags.clone());
        for (pairs, name) in [(&variable, "REGISTRAR_TAGS"), (&args.tags, "--tag")] {
            for pair in pairs {
                match pair.split_once('=') {
                    Some((key, value)) => drop(tags.insert(key.trim().to_owned(), value.trim().to_owned())),
                    None => self.problems.push(format!("{name} must have the form KEY=VALUE; {pair:?} has no =")),
                }
            }
        }
        let source = if !args.tags.is_empty() {
            Source::Flag("--tag")
        } else if !variable.is_empty() {
            Source::Variable("REGISTRAR_TAGS")
        } else if !metadata.tags.is_empty() {
            Source::Metadata
        } else {
            lambda?.source
        };
        self.check(rule::tag_count(tags.len()));
        for (key, value) in &tags {
            self.check(rule::tag(key, value));
        }
        Some(Setting::new(tags, source))
    }

    fn bucket(
        &mut self,
        args: &FunctionArgs,
        metadata: &Metadata,
    ) -> (Option<Setting<String>>, Option<Setting<String>>) {
        let bucket = self.pick_with_lambda(
            (args.s3_bucket.clone(), "--s3-bucket"),
            "REGISTRAR_S3_BUCKET",
            metadata.s3_bucket.clone(),
            |place| place.s3_bucket.clone(),
        );
        // cargo-lambda's key names the object itself; ours begins as that does, and ends with the digest of the content.
        let prefix = self.pick_with_lambda(
            (args.s3_prefix.clone(), "--s3-prefix"),
            "REGISTRAR_S3_PREFIX",
            metadata.s3_prefix.clone(),
            |place| place.s3_key.as_deref().map(folder_of),
        );
        if let Some(bucket) = &bucket {
            self.check(rule::bucket(&bucket.value));
        }
        let prefix = prefix.map(|prefix| Setting::new(prefix.value.trim_matches('/').to_owned(), prefix.source));
        if let Some(prefix) = &prefix {
            self.check(rule::key_prefix(&prefix.value));
        }
        (bucket, prefix)
    }
}

fn folder_of(key: &str) -> String {
    if !key.to_ascii_lowercase().ends_with(".zip") {
        return key.to_owned();
    }
    key.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default()
}
