//! A whole local AWS on a real port, spoken to over plain sockets.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/SERVICE/aws4_request, SignedHeaders=host, Signature=x\r\n";

fn options(dir: &tempfile::TempDir) -> Options {
    let mut options = Options::new(dir.path().join("state"));
    options.busy_wait = Duration::ZERO;
    options
}

/// Status and the whole text of an answer.
async fn request(aws: &Running, line: &str, headers: &str, body: &str) -> (u16, String) {
    let address = aws.endpoint_url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let text = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

fn signed(service: &str) -> String {
    SIGNED.replace("SERVICE", service)
}

#[tokio::test]
async fn keeps_its_port_and_its_state() {
    let dir = tempfile::tempdir().unwrap();
    let first = connect_or_start(options(&dir)).await.unwrap();
    assert!(first.started_here());
    let endpoint = first.endpoint_url().to_owned();
    let role = "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Principal%22%3A%22%2A%22%7D%7D";
    let (status, answer) = request(&first, "POST /", &signed("iam"), role).await;
    assert_eq!(status, 200, "{answer}");
    first.shutdown().await;

    let second = connect_or_start(options(&dir)).await.unwrap();
    assert_eq!(second.endpoint_url(), endpoint);
    let (status, answer) = request(&second, "POST /", &signed("iam"), "Action=GetRole&RoleName=r").await;
    assert_eq!(status, 200, "{answer}");
    second.shutdown().await;
}

#[tokio::test]
async fn takes_another_port_when_the_remembered_one_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let first = connect_or_start(options(&dir)).await.unwrap();
    let port: u16 = first.endpoint_url().rsplit(':').next().unwrap().parse().unwrap();
    first.shutdown().await;
    let squatter = TcpListener::bind(("127.0.0.1", port)).await.unwrap();

    let mut wanted = options(&dir);
    wanted.port = Some(port);
    let refused = connect_or_start(wanted).await.unwrap_err();
    assert!(matches!(refused, StartError::Bind { port: taken, .. } if taken == port), "{refused}");

    let second = connect_or_start(options(&dir)).await.unwrap();
    assert!(!second.endpoint_url().ends_with(&format!(":{port}")));
    second.shutdown().await;
    drop(squatter);
}

#[tokio::test]
async fn a_long_running_one_is_shared_and_a_short_one_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let short = connect_or_start(options(&dir)).await.unwrap();
    let busy = connect_or_start(options(&dir)).await.unwrap_err();
    assert!(matches!(busy, StartError::Busy { process: Some(id), .. } if id == std::process::id()), "{busy}");
    let mut patient = options(&dir);
    patient.busy_wait = Duration::from_secs(20);
    let (waited, ()) = tokio::join!(connect_or_start(patient), short.shutdown());
    waited.unwrap().shutdown().await;

    let (stop, told) = oneshot::channel::<()>();
    let long = serve(options(&dir), async move {
        told.await.unwrap();
    })
    .await
    .unwrap();
    let guest = connect_or_start(options(&dir)).await.unwrap();
    assert!(!guest.started_here());
    assert_eq!(guest.endpoint_url(), long.endpoint_url());
    guest.shutdown().await;
    let twice = serve(options(&dir), pending()).await.unwrap_err();
    assert!(matches!(twice, StartError::AlreadyServed { .. }), "{twice}");

    let endpoint = long.endpoint_url().to_owned();
    stop.send(()).unwrap();
    long.stopped().await;
    assert!(!answers(&endpoint).await);
    connect_or_start(options(&dir)).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn tells_services_apart_and_explains_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let aws = connect_or_start(options(&dir)).await.unwrap();
    assert_eq!((aws.region(), aws.account()), ("us-east-1", "000000000000"));

    let (status, answer) = request(&aws, "GET /", "", "").await;
    assert_eq!(status, 403);
    assert!(answer.contains("MissingAuthenticationToken"), "{answer}");
    assert!(answer.contains("x-amzn-requestid: "), "{answer}");

    let (status, answer) = request(&aws, "PUT /bucket", &signed("s3"), "").await;
    assert_eq!(status, 501);
    assert!(answer.contains("no service \\\"s3\\\""), "{answer}");

    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    let (status, answer) = request(&aws, "POST /", &signed("sts"), identity).await;
    assert_eq!(status, 200);
    assert!(answer.contains("arn:aws:iam::000000000000:user/local"), "{answer}");
    assert!(answer.contains("x-amzn-requestid: "), "{answer}");

    let line = "GET /2015-03-31/functions/nobody";
    let (status, answer) = request(&aws, line, &signed("lambda"), "").await;
    assert_eq!(status, 404);
    assert!(answer.contains("x-amzn-errortype: ResourceNotFoundException"), "{answer}");

    let target = format!("{}X-Amz-Target: secretsmanager.ListSecrets\r\n", signed("secretsmanager"));
    let (status, answer) = request(&aws, "POST /", &target, "{}").await;
    assert_eq!(status, 200, "{answer}");

    let (status, answer) = request(&aws, "POST /list-connectors", &signed("appflow"), "{}").await;
    assert_eq!(status, 200, "{answer}");

    assert!(aws.sample_url().ends_with("/sample/open"));
    let (status, answer) = request(&aws, "GET /sample/open/me", "", "").await;
    assert_eq!(status, 200, "{answer}");

    let (status, answer) = request(&aws, "GET /_lambda/code/nothing.zip", "", "").await;
    assert_eq!(status, 404, "{answer}");
    aws.shutdown().await;
}

#[tokio::test]
async fn an_account_needs_twelve_digits() {
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = options(&dir);
    wrong.account = "42".into();
    let refused = connect_or_start(wrong).await.unwrap_err();
    assert!(matches!(refused, StartError::InvalidAccount { .. }), "{refused}");
}
