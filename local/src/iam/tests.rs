//! The emulated service behind our surface, called as a client would.

use axum::body::to_bytes;

use super::*;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ROLE: &str = "arn:aws:iam::000000000000:role/acme-role";
const BASIC: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

struct Bench {
    store: Arc<Store>,
    iam: Iam,
    _dir: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        crate::running::claim_account("000000000000").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let iam = Iam::open(Arc::clone(&store), "000000000000").await.unwrap();
        Self { store, iam, _dir: dir }
    }

    async fn reopen(&mut self) {
        self.iam = Iam::open(Arc::clone(&self.store), "000000000000").await.unwrap();
    }

    async fn call(&self, parameters: &[(&str, &str)]) -> (u16, String) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let response = self.iam.handle(body.as_bytes()).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn create_role(&self) -> (u16, String) {
        self.call(&[
            ("Action", "CreateRole"),
            ("RoleName", "acme-role"),
            ("AssumeRolePolicyDocument", TRUST),
            ("Description", "für Könige & Co"),
            ("Tags.member.1.Key", "appflow-registrar:label"),
            ("Tags.member.1.Value", "acme"),
        ])
        .await
    }
}

#[tokio::test]
async fn a_role_is_answered_with_tags_description_and_encoded_document() {
    let bench = Bench::new().await;
    for (status, xml) in
        [bench.create_role().await, bench.call(&[("Action", "GetRole"), ("RoleName", "acme-role")]).await]
    {
        assert_eq!(status, 200, "{xml}");
        assert!(xml.contains("<Key>appflow-registrar:label</Key><Value>acme</Value>"), "{xml}");
        assert!(xml.contains("<Description>für Könige &amp; Co</Description>"), "{xml}");
        assert!(xml.contains("<AssumeRolePolicyDocument>%7B%22Version%22"), "{xml}");
        assert!(xml.contains(&format!("<Arn>{ROLE}</Arn>")), "{xml}");
    }
    let (status, xml) = bench.create_role().await;
    assert_eq!(status, 409);
    assert!(xml.contains("EntityAlreadyExists"), "{xml}");
}

#[tokio::test]
async fn roles_and_policies_outlive_a_restart() {
    let mut bench = Bench::new().await;
    bench.create_role().await;
    let attach = [("Action", "AttachRolePolicy"), ("RoleName", "acme-role"), ("PolicyArn", BASIC)];
    assert_eq!(bench.call(&attach).await.0, 200);
    let put = [
        ("Action", "PutRolePolicy"),
        ("RoleName", "acme-role"),
        ("PolicyName", "secrets"),
        (
            "PolicyDocument",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"a%20b"}}"#,
        ),
    ];
    assert_eq!(bench.call(&put).await.0, 200);

    bench.reopen().await;
    let (_, attached) = bench.call(&[("Action", "ListAttachedRolePolicies"), ("RoleName", "acme-role")]).await;
    assert!(attached.contains(BASIC), "{attached}");
    let (_, inline) =
        bench.call(&[("Action", "GetRolePolicy"), ("RoleName", "acme-role"), ("PolicyName", "secrets")]).await;
    assert!(inline.contains("a%2520b"), "{inline}");
    let (status, conflict) = bench.call(&[("Action", "DeleteRole"), ("RoleName", "acme-role")]).await;
    assert_eq!(status, 409, "{conflict}");
    assert!(conflict.contains("DeleteConflict"), "{conflict}");
}

#[tokio::test]
async fn refuses_what_iam_refuses_and_never_with_a_server_error() {
    let bench = Bench::new().await;
    let create =
        |name, document| [("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", document)];
    for (parameters, code) in [
        (create("a b", TRUST), "ValidationError"),
        (create("acme", "{"), "MalformedPolicyDocument"),
        (create("acme", "{}"), "MalformedPolicyDocument"),
        (create("acme", r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}"#), "MalformedPolicyDocument"),
    ] {
        let (status, xml) = bench.call(&parameters).await;
        assert_eq!(status, 400, "{xml}");
        assert!(xml.contains(&format!("<Code>{code}</Code>")), "{xml}");
    }
    let (status, xml) = bench.call(&[("Action", "GetRole"), ("RoleName", "nobody")]).await;
    assert_eq!(status, 404);
    assert!(xml.contains("<Code>NoSuchEntity</Code>"), "{xml}");
    for action in ["Nonsense", ""] {
        let (status, xml) = bench.call(&[("Action", action)]).await;
        assert!((400..500).contains(&status), "{status} {xml}");
    }
}

#[tokio::test]
async fn a_role_is_trusted_as_its_policy_says() {
    let bench = Bench::new().await;
    bench.create_role().await;
    let iam = &bench.iam;
    assert!(iam.role_trusts_service(ROLE, "lambda.amazonaws.com").await);
    assert!(!iam.role_trusts_service(ROLE, "ec2.amazonaws.com").await);
    let other = "arn:aws:iam::000000000000:role/other";
    assert!(!iam.role_trusts_service(other, "lambda.amazonaws.com").await);
    let elsewhere = "arn:aws:iam::111111111111:role/acme-role";
    assert!(!iam.role_trusts_service(elsewhere, "lambda.amazonaws.com").await);

    let user = "arn:aws:iam::000000000000:user/local";
    assert!(!iam.role_trusts_identity(ROLE, user).await);
    for principal in ["000000000000", "arn:aws:iam::000000000000:root", user] {
        let document = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{principal}"]}},"Action":"sts:AssumeRole"}}]}}"#
        );
        let update =
            [("Action", "UpdateAssumeRolePolicy"), ("RoleName", "acme-role"), ("PolicyDocument", document.as_str())];
        assert_eq!(bench.call(&update).await.0, 200);
        assert!(iam.role_trusts_identity(ROLE, user).await, "{principal}");
        assert!(!iam.role_trusts_service(ROLE, "lambda.amazonaws.com").await);
    }
}
