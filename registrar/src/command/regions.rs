//! One command in one region or in several, one after the other.

use crate::cli::Command;
use crate::error::{ErrorKind, RegistrarError};
use crate::event::Event;
use crate::outcome::Outcome;
use crate::rule;
use crate::run::dispatch;
use crate::session::Session;

/// Runs a command in every region that `--region` names.
///
/// A command that writes stops at the first region in which it fails; one that only reads goes through all of them.
///
/// # Errors
/// When the regions cannot be read. In one region: the command's own.
pub async fn run(session: &Session, command: &Command) -> Result<Outcome, RegistrarError> {
    let regions = named(session.global.region.as_deref())?;
    let [first, _, ..] = regions.as_slice() else { return Box::pin(dispatch(session, command)).await };
    if !command.takes_regions() {
        let message = format!("{} works in one region, but --region names {}", command.name(), regions.len());
        return Err(RegistrarError::usage(message).with_hint(format!("choose one, such as --region {first}")));
    }
    if command.names_a_role() {
        let message = "--role-name names one role for several regions, and each region's would overwrite the other's";
        return Err(RegistrarError::usage(message)
            .with_hint("leave it out, then each region gets a role of its own; or do one region after the other"));
    }
    let mut outcomes = Vec::new();
    for region in &regions {
        session.report.in_region(region).event(&Event::Note(&format!("region {region}")));
        let here = session.in_region(region);
        let outcome = Box::pin(dispatch(&here, command)).await;
        let outcome = outcome.unwrap_or_else(|error| Outcome::failed(command.name(), error));
        let stops = match &outcome.error {
            Some(error) => !command.only_reads() || error.kind() == ErrorKind::Interrupted,
            None => false,
        };
        if let Some(error) = &outcome.error {
            session.report.error(error);
        }
        outcomes.push((region.as_str(), outcome));
        if stops {
            break;
        }
    }
    let error = summary(command.name(), &regions, &outcomes);
    Ok(Outcome::of_regions(command.name(), &outcomes).with_error(error))
}

/// The regions that a flag names.
fn named(flag: Option<&str>) -> Result<Vec<String>, RegistrarError> {
    let Some(flag) = flag else { return Ok(Vec::new()) };
    let mut regions: Vec<String> = Vec::new();
    for name in flag.split(',').map(str::trim) {
        rule::region(name).map_err(|problem| RegistrarError::usage(format!("{problem} (--region)")))?;
        if regions.iter().any(|known| known == name) {
            return Err(RegistrarError::usage(format!("--region names {name} twice")));
        }
        regions.push(name.to_owned());
    }
    Ok(regions)
}

/// One error for all regions. Each one's own stands in its document, and was told when it happened.
fn summary(command: &str, regions: &[String], outcomes: &[(&str, Outcome)]) -> Option<RegistrarError> {
    let failed: Vec<_> =
        outcomes.iter().filter_map(|(region, outcome)| Some((*region, outcome.error.as_ref()?))).collect();
    // Differences are an answer; what kept us from having one weighs more.
    let (_, worst) =
        failed.iter().find(|(_, error)| error.kind() != ErrorKind::Differences).or_else(|| failed.first())?;
    let names: Vec<_> = failed.iter().map(|(region, _)| *region).collect();
    let rest: Vec<_> = regions.iter().skip(outcomes.len()).map(String::as_str).collect();
    let verdict = if worst.kind() == ErrorKind::Differences { "finds differences in" } else { "fails in" };
    let message = format!("{command} {verdict} {} of {} regions: {}", names.len(), regions.len(), names.join(", "));
    let error = RegistrarError::new(worst.kind(), message);
    Some(if rest.is_empty() { error } else { error.with_hint(format!("not begun: {}", rest.join(", "))) })
}

impl Command {
    /// Whether it can be done in several regions in one call.
    #[must_use]
    pub const fn takes_regions(&self) -> bool {
        matches!(
            self,
            Self::Plan(_) | Self::Deploy(_) | Self::Register(_) | Self::Status(_) | Self::Unregister(_) | Self::List
        )
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn only_reads(&self) -> bool {
        matches!(self, Self::Plan(_) | Self::Status(_) | Self::List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_region_or_several() {
        assert_eq!(named(None).unwrap(), [""; 0]);
        assert_eq!(named(Some("eu-west-1")).unwrap(), ["eu-west-1"]);
        assert_eq!(named(Some("eu-west-1, us-east-1")).unwrap(), ["eu-west-1", "us-east-1"]);
        for (flag, part) in [("eu-west-1,", "\"\""), ("EU", "\"EU\""), ("eu-west-1,eu-west-1", "twice")] {
            assert!(named(Some(flag)).unwrap_err().to_string().contains(part), "{flag}");
        }
    }

    #[test]
    fn tells_what_failed_and_what_was_not_begun() {
        let regions = ["a-1", "b-1", "c-1"].map(str::to_owned);
        let failed = Outcome::failed("deploy", RegistrarError::new(ErrorKind::Permission, "no"));
        let error = summary("deploy", &regions, &[("a-1", Outcome::new("deploy", "")), ("b-1", failed)]).unwrap();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Permission, "deploy fails in 1 of 3 regions: b-1")
        );
        assert_eq!(error.hint(), Some("not begun: c-1"));
        assert!(summary("deploy", &regions[..1], &[("a-1", Outcome::new("deploy", ""))]).is_none());
    }

    #[test]
    fn lets_a_failure_outweigh_differences() {
        let regions = ["a-1", "b-1"].map(str::to_owned);
        let of = |kind| Outcome::failed("status", RegistrarError::new(kind, ""));
        let both = [("a-1", of(ErrorKind::Differences)), ("b-1", of(ErrorKind::Service))];
        assert_eq!(summary("status", &regions, &both).unwrap().kind(), ErrorKind::Service);
        assert_eq!(summary("status", &regions, &both[..1]).unwrap().kind(), ErrorKind::Differences);
    }
}
