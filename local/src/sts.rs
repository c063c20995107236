//! STS: who a caller is, and sessions of roles.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;
use uuid::Uuid;

use crate::failure::{ApiError, xml_text};
use crate::hexadecimal::hexadecimal;
use crate::iam::Iam;

/// STS; cheap to clone.
#[derive(Clone)]
pub(crate) struct Sts(Arc<Inner>);

struct Inner {
    account: String,
    iam: Iam,
    /// Sessions by access key. They do not outlive the server, as credentials do not outlive their hour.
    sessions: Mutex<HashMap<String, Identity>>,
}

/// Whom credentials stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    arn: String,
    user_id: String,
}

impl Sts {
    /// STS of an account.
    pub(crate) fn new(account: &str, iam: Iam) -> Self {
        Self(Arc::new(Inner { account: account.to_owned(), iam, sessions: Mutex::default() }))
    }

    /// Answers a request of the query protocol. `access_key` is the caller's.
    pub(crate) async fn handle(&self, access_key: &str, body: &[u8]) -> Response {
        let parameters: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let action = parameters.get("Action").map(String::as_str).unwrap_or_default();
        let answer = match action {
            "GetCallerIdentity" => Ok(self.caller_identity(access_key)),
            "AssumeRole" => self.assume_role(access_key, &parameters).await,
            other => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "InvalidAction",
                format!("the local AWS has no STS operation {other:?}, only GetCallerIdentity and AssumeRole"),
            )),
        };
        match answer {
            Ok(result) => success(action, &result),
            Err(error) => error.query_xml(),
        }
    }

    /// Credentials of a role's session: key, secret and token. The same role and session have the same ones.
    pub(crate) fn session(&self, role_arn: &str, session: &str) -> [String; 3] {
        let role = role_arn.rsplit('/').next().unwrap_or(role_arn);
        let digest = hexadecimal(&Sha256::digest(format!("{role_arn}\n{session}"))).to_uppercase();
        let identity =
            Identity { arn: self.session_arn(role, session), user_id: format!("AROA{}:{session}", &digest[..17]) };
        let key = format!("ASIA{}", &digest[..16]);
        self.remember(key.clone(), identity);
        [key, "local".to_owned(), "local".to_owned()]
    }

    fn caller_identity(&self, access_key: &str) -> String {
        let identity = self.identity(access_key);
        format!(
            "<Arn>{}</Arn><UserId>{}</UserId><Account>{}</Account>",
            xml_text(&identity.arn),
            xml_text(&identity.user_id),
            self.0.account
        )
    }

    async fn assume_role(&self, access_key: &str, parameters: &HashMap<String, String>) -> Result<String, ApiError> {
        let required = |name: &str| {
            parameters
                .get(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| {
                    ApiError::new(
                        StatusCode::BAD_REQUEST,
                        "ValidationError",
                        format!(
                            "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
                        ),
                    )
                })
        };
        let role_arn = required("RoleArn")?;
        let session = required("RoleSessionName")?;
        let caller = self.identity(access_key);
        if !self.0.iam.role_trusts_identity(role_arn, &caller.arn).await {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "AccessDenied",
                format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}", caller.arn),
            ));
        }
        let role = role_arn.rsplit('/').next().unwrap_or(role_arn);
        let role_id = self.0.iam.role_id(role_arn).await.unwrap_or_default();
        let identity = Identity { arn: self.session_arn(role, session), user_id: format!("{role_id}:{session}") };
        let random = Uuid::new_v4().simple().to_string().to_uppercase();
        let key = format!("ASIA{}", &random[..16]);
        let seconds = parameters.get("DurationSeconds").and_then(|text| text.parse::<u32>().ok()).unwrap_or(3600);
        let expiration = Timestamp::now() + SignedDuration::from_secs(i64::from(seconds));
        let result = format!(
            "<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>local</SecretAccessKey><SessionToken>local</SessionToken><Expiration>{}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>",
            expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
            xml_text(&identity.user_id),
            xml_text(&identity.arn),
        );
        self.remember(key, identity);
        Ok(result)
    }

    fn identity(&self, access_key: &str) -> Identity {
        let sessions = self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(access_key).cloned().unwrap_or_else(|| Identity {
            arn: format!("arn:aws:iam::{}:user/local", self.0.account),
            user_id: "AIDALOCALLOCALLOCALAA".to_owned(),
        })
    }

    fn remember(&self, key: String, identity: Identity) {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(key, identity);
    }

    fn session_arn(&self, role: &str, session: &str) -> String {
        format!("arn:aws:sts::{}:assumed-role/{role}/{session}", self.0.account)
    }
}

fn success(action: &str, result: &str) -> Response {
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>{result}</{action}Result><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{action}Response>",
        Uuid::new_v4()
    );
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use axum::body::to_bytes;

    async fn call(sts: &Sts, key: &str, body: &str) -> (u16, String) {
        let response = sts.handle(key, body.as_bytes()).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn between<'a>(text: &'a str, element: &str) -> &'a str {
        let (_, rest) = text.split_once(&format!("<{element}>")).unwrap();
        rest.split_once(&format!("</{element}>")).unwrap().0
    }

    #[tokio::test]
    async fn a_session_is_whom_it_was_made_for() {
        crate::running::claim_account("000000000000").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let iam = Iam::open(store, "000000000000").await.unwrap();
        let sts = Sts::new("000000000000", iam.clone());

        let (_, me) = call(&sts, "AKID", "Action=GetCallerIdentity").await;
        assert_eq!(between(&me, "Arn"), "arn:aws:iam::000000000000:user/local");

        let assume = "Action=AssumeRole&RoleArn=arn:aws:iam::000000000000:role/r&RoleSessionName=s";
        let (status, refused) = call(&sts, "AKID", assume).await;
        assert_eq!((status, between(&refused, "Code")), (403, "AccessDenied"));

        let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/local"},"Action":"sts:AssumeRole"}]}"#;
        let role = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("Action", "CreateRole"), ("RoleName", "r"), ("AssumeRolePolicyDocument", trust)])
            .finish();
        assert_eq!(iam.handle(role.as_bytes()).await.status(), StatusCode::OK);
        let (status, session) = call(&sts, "AKID", assume).await;
        assert_eq!(status, 200, "{session}");
        let key = between(&session, "AccessKeyId");
        let (_, me) = call(&sts, key, "Action=GetCallerIdentity").await;
        assert_eq!(between(&me, "Arn"), "arn:aws:sts::000000000000:assumed-role/r/s");
    }

    #[tokio::test]
    async fn says_which_operations_there_are() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let iam = Iam::open(store, "000000000000").await.unwrap();
        let (status, xml) = call(&Sts::new("000000000000", iam), "k", "Action=GetSessionToken").await;
        assert_eq!((status, between(&xml, "Code")), (400, "InvalidAction"));
    }
}
