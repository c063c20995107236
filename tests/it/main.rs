//! Journeys across the crates, in one binary so that they link once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops, and says why")]

// A fresh clone: deploy, read, deploy again; the state survives between commands.
mod deploy;
// Network, layers, tracing, key, tags, log retention and alias: set, read back, left alone, taken away.
mod function_settings;
// Records from files, through the SDK's example of a destination.
mod write;
// The sample API as a destination.
mod sample_writes;
// Accounts to deploy into, and what is in them afterwards.
mod stage;
// A registrar that is killed before or after any of its calls is repaired by running it again.
mod killed;
// Two registrars at once: one wins, the other says so or agrees.
mod race;
// Python's AWS SDK against the local AWS, with nothing but AWS_ENDPOINT_URL.
mod boto3;
// Every request of the registrar against the service models that botocore ships.
mod service_models;
// Deployed to, and removed from, an AWS that others wrote.
mod moto;
// Credentials, region, proxy and certificates from where every AWS client takes them.
mod chain;
// A function that `cargo lambda deploy` made, registered by us.
mod cargo_lambda;
// The same binary with another manifest: 100,000 rows of SQLite behind Datasette.
mod datasette;
// Salesforce's manifest against a server that behaves as Salesforce's public pages say.
mod salesforce;
// The manifest of json-server against json-server.
mod json_server;
// The manifest for OData services against one made with SAP CAP.
mod odata;
// The servers of other people start, answer and end.
mod peers;
// Every kind of authentication, through a connection of AppFlow's.
mod authentication;
// Garbage, oversized and unknown requests to the deployed function.
mod contract;
// Several regions in one call, and the account that a run is meant for.
mod regions;
// What programs read: every document fits the schema.
mod output;
// What people read: success and the commonest failures of every command.
mod transcripts;
// template.yaml and the registrar agree.
mod template;
// docs/ and README.md agree with the code.
mod documentation;
// The worked example of docs/without-rust.md is a manifest.
mod without_rust;
// docs/manifest.md is made from the types of the manifest.
mod manifest_reference;
// House rules that a machine can check.
mod tidy;
