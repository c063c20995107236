//! Versions of functions, and aliases that point at them.

use super::{Lambda, function};
use crate::aws::failure::{ServiceFailure, failed};
use crate::observed::Alias;

impl Lambda {
    /// Reads an alias and the version that it points at; none if there is no such alias.
    ///
    /// Two calls, one if the alias is not there.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn alias(&self, name: &str, alias: &str) -> Result<Option<Alias>, ServiceFailure> {
        let request = self.client.get_alias().function_name(name).name(alias);
        let answer = match request.send().await.map_err(failed("lambda:GetAlias")) {
            Ok(answer) => answer,
            Err(failure) if failure.is_not_found() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let version = answer.function_version().unwrap_or_default().to_owned();
        let request = self.client.get_function().function_name(name).qualifier(&version);
        let published = request.send().await.map_err(failed("lambda:GetFunction"))?;
        let published =
            published.configuration().map(|configuration| function(configuration, std::collections::BTreeMap::new()));
        Ok(Some(Alias {
            version,
            revision_id: answer.revision_id().map(str::to_owned),
            published: published.map(|published| (published.code_sha256.clone(), published.configuration())),
        }))
    }

    /// Publishes what a function is now, unless it is no longer what `code_sha256` and `revision_id` say. Returns the
    /// version's number, which is that of the last version if nothing changed since.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn publish(
        &self,
        name: &str,
        code_sha256: &str,
        revision_id: Option<String>,
    ) -> Result<String, ServiceFailure> {
        let request =
            self.client.publish_version().function_name(name).code_sha256(code_sha256).set_revision_id(revision_id);
        let answer = request.send().await.map_err(failed("lambda:PublishVersion"))?;
        Ok(answer.version().unwrap_or_default().to_owned())
    }

    /// Makes an alias.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn create_alias(&self, name: &str, alias: &str, version: &str) -> Result<(), ServiceFailure> {
        let request = self.client.create_alias().function_name(name).name(alias).function_version(version);
        request.send().await.map(drop).map_err(failed("lambda:CreateAlias"))
    }

    /// Points an alias at another version, unless somebody changed it since `revision_id`.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn update_alias(
        &self,
        name: &str,
        alias: &str,
        version: &str,
        revision_id: Option<String>,
    ) -> Result<(), ServiceFailure> {
        let request = self
            .client
            .update_alias()
            .function_name(name)
            .name(alias)
            .function_version(version)
            .set_revision_id(revision_id);
        request.send().await.map(drop).map_err(failed("lambda:UpdateAlias"))
    }
}
