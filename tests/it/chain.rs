//! The standard chain of the AWS SDKs, through the registrar: where credentials, region, proxy and certificates come from.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use appflow_tests::{Asked, Laptop, Reply, Run, StandIn, registrar};
use serde_json::json;

/// An AWS that knows no connectors, hands out roles, and answers anything else with an error.
fn aws() -> StandIn {
    StandIn::http(service)
}

fn service(asked: &Asked) -> Reply {
    let role = |action: &str, key: &str| {
        Reply::of(
            200,
            format!(
                "<{action}Response><{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s\
                 </SecretAccessKey><SessionToken>token-of-{key}</SessionToken><Expiration>2099-01-01T00:00:00Z\
                 </Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>\
                 <AssumedRoleId>ARO:s</AssumedRoleId></AssumedRoleUser></{action}Result></{action}Response>"
            ),
        )
    };
    match asked.line.as_str() {
        "POST /list-connectors" => Reply::of(200, r#"{"connectors": []}"#),
        "POST /" if asked.body.contains("Action=AssumeRoleWithWebIdentity&") => {
            role("AssumeRoleWithWebIdentity", "AKIDWEB")
        }
        "POST /" if asked.body.contains("Action=AssumeRole&") => role("AssumeRole", "AKIDROLE"),
        line if line.starts_with("GET /federation/credentials?") => Reply::of(
            200,
            json!({"roleCredentials": {"accessKeyId": "AKIDSSO", "secretAccessKey": "s", "sessionToken": "token-of-AKIDSSO",
                   "expiration": 4_070_908_800_000_u64}})
            .to_string(),
        ),
        _ => Reply::of(404, ""),
    }
}

/// A laptop with AWS configuration files of its own, and nothing in the environment that a test did not put there.
struct Desk {
    laptop: Laptop,
    variables: Vec<(String, String)>,
}

impl Desk {
    fn new() -> Self {
        let laptop = Laptop::new();
        fs::create_dir(laptop.folder().join(".aws")).unwrap();
        let home = laptop.folder().to_str().unwrap().to_owned();
        Self { laptop, variables: vec![("HOME".to_owned(), home)] }
    }

    /// Without the service that only machines of AWS have.
    fn off_aws() -> Self {
        Self::new().with("AWS_EC2_METADATA_DISABLED", "true")
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    fn keys(self) -> Self {
        self.with("AWS_ACCESS_KEY_ID", "AKIDENV").with("AWS_SECRET_ACCESS_KEY", "s").with("AWS_REGION", "eu-west-1")
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.laptop.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn config(self, content: &str) -> Self {
        self.file(".aws/config", content);
        self
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command: Command = self.laptop.command(registrar());
        command.args(["list", "--output", "json"]).args(arguments).current_dir(self.laptop.folder());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Run::of(command.output().unwrap())
    }
}

/// Whose credentials, region and session token a call of AppFlow was made with, the only such call.
#[track_caller]
fn caller(asked: &[Asked]) -> (String, String, String) {
    let calls: Vec<_> = asked.iter().filter(|asked| asked.line.ends_with("/list-connectors")).collect();
    let [call] = calls[..] else { panic!("one call of AppFlow in {asked:?}") };
    let scope = call.header("authorization").split_once("Credential=").unwrap().1;
    let mut parts = scope.split('/');
    let (key, region) = (parts.next().unwrap().to_owned(), parts.nth(1).unwrap().to_owned());
    (key, region, call.header("x-amz-security-token").to_owned())
}

#[track_caller]
fn is_called_by(aws: &StandIn, key: &str, region: &str) {
    let expected_token = if key.ends_with("STATIC") { String::new() } else { format!("token-of-{key}") };
    assert_eq!(caller(&aws.take()), (key.to_owned(), region.to_owned(), expected_token));
}

#[test]
fn profiles_have_keys_and_a_region() {
    let aws = aws();
    let config = "[profile ci]\nregion = eu-central-1\naws_access_key_id = CISTATIC\naws_secret_access_key = s\n\
                  [default]\nregion = us-west-2\naws_access_key_id = STATIC\naws_secret_access_key = s\n";
    let desk = Desk::off_aws().config(config).with("AWS_ENDPOINT_URL", aws.url());
    drop(desk.run(&[]).expect(0));
    is_called_by(&aws, "STATIC", "us-west-2");
    drop(desk.run(&["--profile", "ci"]).expect(0));
    is_called_by(&aws, "CISTATIC", "eu-central-1");
    let desk = desk.with("AWS_PROFILE", "ci");
    drop(desk.run(&[]).expect(0));
    is_called_by(&aws, "CISTATIC", "eu-central-1");
    drop(desk.run(&["--region", "ap-south-1"]).expect(0));
    is_called_by(&aws, "CISTATIC", "ap-south-1");
    // Whoever names a profile means it, whatever credentials the environment has; and one that is not there is told.
    let desk = desk.with("AWS_ACCESS_KEY_ID", "ENVSTATIC").with("AWS_SECRET_ACCESS_KEY", "s");
    drop(desk.run(&["--profile", "ci"]).expect(0));
    is_called_by(&aws, "CISTATIC", "eu-central-1");
    let unknown = desk.run(&["--profile", "nobody", "--region", "eu-west-1"]).expect(3);
    assert!(unknown.stderr.contains("nobody"), "{}", unknown.stderr);
    assert!(aws.take().is_empty());
    drop(desk.run(&[]).expect(0));
    is_called_by(&aws, "ENVSTATIC", "eu-central-1");
    // The variable goes before the profile, as everywhere.
    drop(desk.with("AWS_REGION", "sa-east-1").run(&["--profile", "ci"]).expect(0));
    is_called_by(&aws, "CISTATIC", "sa-east-1");
}

#[test]
fn endpoints_may_be_named_for_each_service_and_in_a_profile() {
    let (aws, elsewhere) = (aws(), StandIn::http(|_| Reply::of(500, "")));
    let desk = Desk::off_aws().keys().with("AWS_ENDPOINT_URL", elsewhere.url());
    drop(desk.with("AWS_ENDPOINT_URL_APPFLOW", aws.url()).run(&[]).expect(0));
    assert_eq!((aws.take().len(), elsewhere.take().len()), (1, 0));
    let config = format!("[default]\nservices = here\n[services here]\nappflow =\n  endpoint_url = {}\n", aws.url());
    drop(Desk::off_aws().keys().config(&config).run(&[]).expect(0));
    assert_eq!(aws.take().len(), 1);
}

#[test]
fn a_process_gives_credentials() {
    let aws = aws();
    let desk = Desk::off_aws().with("AWS_ENDPOINT_URL", aws.url());
    let answer = json!({"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "s",
                        "SessionToken": "token-of-AKIDPROCESS", "Expiration": "2099-01-01T00:00:00Z"});
    let answer = desk.file("answer.json", &answer.to_string());
    let desk = desk.config(&format!("[default]\nregion = eu-west-1\ncredential_process = cat {}\n", answer.display()));
    drop(desk.run(&[]).expect(0));
    is_called_by(&aws, "AKIDPROCESS", "eu-west-1");
}

#[test]
fn a_role_is_assumed_by_the_profile_that_says_so() {
    let aws = aws();
    let config = "[profile base]\naws_access_key_id = BASESTATIC\naws_secret_access_key = s\n[profile role]\n\
                  region = eu-west-1\nsource_profile = base\nrole_arn = arn:aws:iam::123456789012:role/deployer\n\
                  role_session_name = pipeline\nexternal_id = 42\n";
    let desk = Desk::off_aws().config(config).with("AWS_ENDPOINT_URL", aws.url());
    drop(desk.run(&["--profile", "role"]).expect(0));
    let asked = aws.take();
    assert!(asked[0].header("authorization").contains("Credential=BASESTATIC/"), "{asked:?}");
    for part in ["RoleSessionName=pipeline", "ExternalId=42", "role%2Fdeployer"] {
        assert!(asked[0].body.contains(part), "{}", asked[0].body);
    }
    assert_eq!(caller(&asked), ("AKIDROLE".to_owned(), "eu-west-1".to_owned(), "token-of-AKIDROLE".to_owned()));
}

#[test]
fn a_container_gives_credentials() {
    let aws = aws();
    let agent = StandIn::http(|asked| match (asked.line.as_str(), asked.header("authorization")) {
        ("GET /credentials", "Basic of-the-task") => Reply::of(
            200,
            json!({"AccessKeyId": "AKIDTASK", "SecretAccessKey": "s", "Token": "token-of-AKIDTASK",
                   "Expiration": "2099-01-01T00:00:00Z"})
            .to_string(),
        ),
        _ => Reply::of(401, ""),
    });
    let desk = Desk::off_aws()
        .with("AWS_ENDPOINT_URL", aws.url())
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/credentials", agent.url()))
        .with("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic of-the-task");
    drop(desk.run(&[]).expect(0));
    is_called_by(&aws, "AKIDTASK", "eu-west-1");
}

#[test]
fn the_metadata_service_gives_credentials() {
    const PATH: &str = "/latest/meta-data/iam/security-credentials/";
    let aws = aws();
    let metadata = StandIn::http(|asked| {
        let (method, path) = asked.line.split_once(' ').unwrap();
        match (method, path, asked.header("x-aws-ec2-metadata-token")) {
            ("PUT", "/latest/api/token", _) => {
                let lifetime = ("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600".to_owned());
                Reply(200, vec![lifetime], "of-the-session".to_owned())
            }
            ("GET", PATH, "of-the-session") => Reply::of(200, "builder"),
            ("GET", path, "of-the-session") if path == format!("{PATH}builder") => Reply::of(
                200,
                json!({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
                       "AccessKeyId": "AKIDHOST", "SecretAccessKey": "s", "Token": "token-of-AKIDHOST",
                       "Expiration": "2099-01-01T00:00:00Z"})
                .to_string(),
            ),
            _ => Reply::of(401, ""),
        }
    });
    let desk = Desk::new()
        .with("AWS_ENDPOINT_URL", aws.url())
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url());
    drop(desk.run(&[]).expect(0));
    is_called_by(&aws, "AKIDHOST", "eu-west-1");
}

#[test]
fn a_web_identity_becomes_a_role() {
    let aws = aws();
    let desk = Desk::off_aws().with("AWS_ENDPOINT_URL", aws.url()).with("AWS_REGION", "eu-west-1");
    let token = desk.file("token", "of-the-pipeline");
    let desk = desk
        .with("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap())
        .with("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/deployer");
    drop(desk.run(&[]).expect(0));
    let asked = aws.take();
    assert!(asked[0].body.contains("WebIdentityToken=of-the-pipeline"), "{asked:?}");
    assert_eq!(caller(&asked), ("AKIDWEB".to_owned(), "eu-west-1".to_owned(), "token-of-AKIDWEB".to_owned()));
}

/// A laptop that is signed in through IAM Identity Center until a moment.
fn signed_in(aws: &StandIn, until: &str) -> Desk {
    let config = "[default]\nregion = eu-west-1\nsso_session = corp\nsso_account_id = 123456789012\n\
                  sso_role_name = Deployer\n[sso-session corp]\nsso_region = eu-west-1\n\
                  sso_start_url = https://corp.awsapps.example/start\n";
    let desk = Desk::off_aws().config(config).with("AWS_ENDPOINT_URL", aws.url());
    let token = json!({"accessToken": "of-the-person", "expiresAt": until, "region": "eu-west-1",
                       "startUrl": "https://corp.awsapps.example/start"});
    // The file is called by the SHA-1 of the session's name.
    desk.file(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", &token.to_string());
    desk
}

#[test]
fn a_sign_in_at_identity_center_is_used_until_it_expires() {
    let aws = aws();
    drop(signed_in(&aws, "2099-01-01T00:00:00Z").run(&[]).expect(0));
    let asked = aws.take();
    assert_eq!(asked[0].header("x-amz-sso_bearer_token"), "of-the-person", "{asked:?}");
    assert_eq!(caller(&asked), ("AKIDSSO".to_owned(), "eu-west-1".to_owned(), "token-of-AKIDSSO".to_owned()));

    let refused = signed_in(&aws, "2020-01-01T00:00:00Z").run(&[]).expect(3);
    assert!(refused.stderr.contains("aws sso login"), "{}", refused.stderr);
    assert!(aws.take().is_empty());
}

#[test]
fn credentials_that_are_missing_expired_or_of_no_profile_end_with_3() {
    let expired = StandIn::http(|_| {
        let kind = ("x-amzn-errortype", "ExpiredTokenException".to_owned());
        Reply(403, vec![kind], r#"{"message": "The security token included in the request is expired"}"#.to_owned())
    });
    let refused = Desk::off_aws().keys().with("AWS_ENDPOINT_URL", expired.url()).run(&[]).expect(3);
    for part in ["ExpiredTokenException", "aws sso login", "--profile"] {
        assert!(refused.stderr.contains(part), "{part} is missing in {}", refused.stderr);
    }
    let nobody = Desk::off_aws().with("AWS_REGION", "eu-west-1").with("AWS_ENDPOINT_URL", expired.url());
    for arguments in [&[][..], &["--profile", "nobody"]] {
        let refused = nobody.run(arguments).expect(3);
        assert!(refused.stderr.contains("--profile"), "{}", refused.stderr);
    }
}

#[test]
fn attempts_are_as_many_as_the_environment_says() {
    let failing = StandIn::http(|_| Reply::of(500, ""));
    for attempts in [1, 2] {
        let desk = Desk::off_aws().keys().with("AWS_ENDPOINT_URL", failing.url());
        drop(desk.with("AWS_MAX_ATTEMPTS", attempts.to_string()).run(&[]).expect(4));
        assert_eq!(failing.take().len(), attempts);
    }
}

#[test]
fn proxies_are_used_unless_the_host_is_an_exception() {
    let proxy = aws_behind_a_proxy();
    let desk = || Desk::off_aws().keys().with("HTTP_PROXY", proxy.url());
    drop(desk().with("AWS_ENDPOINT_URL", "http://aws.example").run(&[]).expect(0));
    let asked = proxy.take();
    assert_eq!(asked[0].line, "POST http://aws.example/list-connectors");
    assert_eq!(caller(&asked).0, "AKIDENV");

    let aws = aws();
    drop(desk().with("NO_PROXY", "127.0.0.1").with("AWS_ENDPOINT_URL", aws.url()).run(&[]).expect(0));
    assert_eq!((aws.take().len(), proxy.take().len()), (1, 0));
}

/// A proxy that answers for the server.
fn aws_behind_a_proxy() -> StandIn {
    StandIn::http(|asked| service(&Asked { line: asked.line.replace("http://aws.example", ""), ..asked.clone() }))
}

#[test]
fn certificates_of_a_bundle_are_trusted_and_no_others() {
    let (aws, certificate) = StandIn::https(&["localhost", "aws.example"], service);
    let (_, other) = StandIn::https(&["localhost"], service);
    let url = format!("https://localhost:{}", aws.address.port());
    let desk = || Desk::off_aws().keys().with("AWS_ENDPOINT_URL", &url).with("AWS_MAX_ATTEMPTS", "1");
    let files = Desk::new();
    let path = |name: &str, content: &str| files.file(name, content).to_str().unwrap().to_owned();
    let (good, wrong) = (path("good.pem", &format!("{other}{certificate}")), path("wrong.pem", &other));

    let refused = desk().run(&[]).expect(4);
    assert!(refused.stderr.contains("AWS_CA_BUNDLE"), "the way out is told: {}", refused.stderr);
    drop(desk().with("AWS_CA_BUNDLE", &wrong).run(&[]).expect(4));
    drop(desk().with("AWS_CA_BUNDLE", &good).run(&[]).expect(0));
    drop(desk().with("SSL_CERT_FILE", &good).run(&[]).expect(0));
    let profile = |bundle: &str| desk().config(&format!("[profile corp]\nca_bundle = {bundle}\n"));
    drop(profile(&good).run(&["--profile", "corp"]).expect(0));
    drop(profile(&good).with("AWS_PROFILE", "corp").run(&[]).expect(0));
    drop(profile(&wrong).with("AWS_PROFILE", "corp").with("AWS_CA_BUNDLE", &good).run(&[]).expect(0));
    assert_eq!(aws.take().len(), 5);

    // Credentials are fetched with the same trust.
    let config = "[default]\nregion = eu-west-1\nsource_profile = base\nrole_arn = arn:aws:iam::123456789012:role/r\n\
                  [profile base]\naws_access_key_id = BASESTATIC\naws_secret_access_key = s\n";
    let role = Desk::off_aws().config(config).with("AWS_ENDPOINT_URL", &url).with("AWS_CA_BUNDLE", &good);
    drop(role.run(&[]).expect(0));
    is_called_by(&aws, "AKIDROLE", "eu-west-1");

    let missing = profile("/nowhere/ca.pem").run(&["--profile", "corp"]).expect(2);
    for part in ["/nowhere/ca.pem", "ca_bundle of the profile corp"] {
        assert!(missing.stderr.contains(part), "{}", missing.stderr);
    }

    // Through a proxy the certificate is still the server's.
    let proxy = StandIn::tunnel_to(aws.address);
    let through = || {
        let desk = Desk::off_aws().keys().with("HTTPS_PROXY", proxy.url()).with("AWS_MAX_ATTEMPTS", "1");
        desk.with("AWS_ENDPOINT_URL", "https://aws.example")
    };
    drop(through().run(&[]).expect(4));
    drop(through().with("AWS_CA_BUNDLE", &good).run(&[]).expect(0));
    assert_eq!(proxy.take()[0].line, "CONNECT aws.example:443");
    assert_eq!(caller(&aws.take()).0, "AKIDENV");
}
