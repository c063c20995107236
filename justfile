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

# Fuzz one entry point of the SDK for some seconds: request, response, filter, credentials or selection. Needs `cargo install cargo-fuzz`
# and a C++ compiler, and runs on stable Rust: the address sanitizer, which would not, finds little in code without `unsafe`.
fuzz TARGET SECONDS="600":
    mkdir -p sdk/fuzz/corpus/{{TARGET}}
    cargo fuzz run --fuzz-dir sdk/fuzz --sanitizer none {{TARGET}} sdk/fuzz/corpus/{{TARGET}} sdk/fuzz/seeds/{{TARGET}} -- \
        -max_total_time={{SECONDS}} -timeout=10 -max_len=8192 \
        -dict=sdk/fuzz/dictionaries/{{ if TARGET == "filter" { "filter" } else { "json" } }}.dict
