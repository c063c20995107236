//! `policy`: the least that the caller must be allowed to do.

use crate::cli::PolicyArgs;
use crate::error::RegistrarError;
use crate::outcome::Outcome;
use crate::partition;
use crate::permissions::{Names, document};
use crate::session::Session;
use crate::settings::{RoleSettings, Settings};

/// `policy`
///
/// # Errors
/// When settings are wrong, or account or region can neither be read from flags nor be found out.
pub async fn policy(session: &Session, args: &PolicyArgs) -> Result<Outcome, RegistrarError> {
    let project = session.project(&args.connector)?;
    let function = crate::cli::FunctionArgs {
        role_name: args.role_name.clone(),
        role_arn: args.role_arn.clone(),
        ..crate::cli::FunctionArgs::default()
    };
    let mut settings = Settings::for_deploy(&args.connector, &function, session.inputs(project.as_ref()))?;
    let place = place(session).await?;
    settings.in_region(&place.region);
    let (role, role_arn) = match settings.function.as_ref().map(|function| &function.role) {
        Some(RoleSettings::Existing(arn)) => (None, arn.value.clone()),
        Some(RoleSettings::Ours(name)) => {
            let arn = format!("arn:{}:iam::{}:role/{}", place.partition, place.account, name.value);
            (Some(name.value.clone()), arn)
        }
        None => return Err(RegistrarError::bug("a deployment has no role")),
    };
    let names = Names {
        partition: place.partition,
        region: place.region,
        account: place.account,
        label: settings.label.value,
        function: settings.function_name.value,
        role,
        role_arn,
    };
    let policy = document(args.purpose, &names);
    Ok(Outcome::new("policy", format!("{policy:#}"))
        .with("account", names.account)
        .with("region", names.region)
        .with("label", names.label)
        .with("policy", policy))
}

struct Place {
    partition: String,
    region: String,
    account: String,
}

/// Account and region: from flags alone if they say both, so that no credentials are needed.
async fn place(session: &Session) -> Result<Place, RegistrarError> {
    if let (Some(region), Some(guard)) = (&session.global.region, session.guard()?) {
        let partition = partition::of_region(region).to_owned();
        return Ok(Place { partition, region: region.clone(), account: guard.account().to_owned() });
    }
    let opened = session.open().await?;
    let (identity, region) = (opened.aws.sts.identity().await, opened.aws.region.clone());
    opened.close().await;
    let identity = identity.map_err(|failure| {
        failure.during("could not find out the account").with_hint("sign in, or name it with --account and --region")
    })?;
    Ok(Place { partition: identity.partition().to_owned(), region, account: identity.account })
}
