# Every command that this project uses. `just` lists them.

_help:
    @just --list --unsorted

# Deploy the connector into the embedded local AWS and read from it.
local:
    cargo registrar deploy --local

# Run every test. The second command adds those of the SDK's optional features.
test:
    cargo test
    cargo test --workspace --all-features --test derive --test marketplace --examples

# Test the Salesforce-like server that the journeys talk to.
peers:
    python3 -B -m unittest discover --start-directory tests/peers/salesforce

# Format the code.
fmt:
    cargo fmt --all

# Lint code, documentation and the CloudFormation template.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --all-features --no-deps
    cfn-lint template.yaml

# Everything that must pass before a change lands.
ci:
    bash .ci/run

# Check the SDK with no feature, with each alone, and with all.
features:
    #!/usr/bin/env python3
    import json, subprocess
    metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--no-deps", "--format-version", "1"]))
    (sdk,) = (package for package in metadata["packages"] if package["name"] == "appflow-sdk")
    alone = [["--no-default-features", "--features", feature] for feature in sdk["features"] if feature != "default"]
    for choice in [["--no-default-features"], *alone, ["--all-features"]]:
        print("==", *choice, flush=True)
        subprocess.run(["cargo", "check", "--quiet", "--package", "appflow-sdk", *choice], check=True)

# Needs `cargo install cargo-semver-checks`.
#
# Tell which changes of the SDK's public API since a revision a version number must announce.
semver BASELINE:
    cargo semver-checks --package appflow-sdk --baseline-rev {{BASELINE}} --all-features

# Build the Lambda artefact for AWS (arm64) and tell its size.
lambda:
    cargo lambda build --release --arm64 --package appflow-connector --output-format zip
    @ls -l target/lambda/appflow-connector/bootstrap.zip

# Needs `cargo install cargo-fuzz` and a C++ compiler. It runs on stable Rust without the address sanitizer, which would find
# little in code without `unsafe`.
#
# Fuzz what the SDK reads (request, response, filter, credentials, selection or page) for some seconds.
fuzz TARGET SECONDS="600":
    mkdir -p sdk/fuzz/corpus/{{TARGET}}
    cargo fuzz run --fuzz-dir sdk/fuzz --sanitizer none {{TARGET}} sdk/fuzz/corpus/{{TARGET}} sdk/fuzz/seeds/{{TARGET}} -- \
        -max_total_time={{SECONDS}} -timeout=10 -max_len=8192 \
        -dict=sdk/fuzz/dictionaries/{{ if TARGET == "filter" { "filter" } else { "json" } }}.dict

# Measure the connector against its budgets, beside a floor in the same run. `just bench --check` fails when one is missed.
bench *options:
    cargo build --release --package appflow-connector
    cargo build --release --package appflow-bench
    target/release/appflow-bench {{options}}
