//! What the registrar sends, judged by the models that AWS publishes of its services.

use appflow_tests::{Laptop, peers_or_skip, workspace};

/// Where the judge is.
const JUDGE: &str = "tests/peers/service_models";

#[test]
fn the_judge_of_requests_finds_what_it_claims_to_find() {
    let Some(peers) = peers_or_skip("the check of requests") else { return };
    let mut command = Laptop::new().command(peers.program("python"));
    command.args(["-B", "-m", "unittest", "discover", "--start-directory"]).arg(workspace().join(JUDGE));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
