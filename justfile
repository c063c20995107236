# Every command that this project uses. `just` lists them.

_help:
    @just --list --unsorted

# Deploy the connector into the embedded local AWS and read from it.
local:
    cargo registrar deploy --local

# Run every test.
test:
    cargo test

# Format the code.
fmt:
    cargo fmt --all

# Lint code, documentation and the CloudFormation template.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps
    cfn-lint template.yaml

# Everything that must pass before a change lands.
ci:
    bash .ci/run

# Build the Lambda artefact for AWS (arm64) and tell its size.
lambda:
    cargo lambda build --release --arm64 --package appflow-connector --output-format zip
    @ls -l target/lambda/appflow-connector/bootstrap.zip

# Measure the connector against its budgets, beside a floor in the same run. `just bench --check` fails when one is missed.
bench *options:
    cargo build --release --package appflow-connector
    cargo build --release --package appflow-bench
    target/release/appflow-bench {{options}}
