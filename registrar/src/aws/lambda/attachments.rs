//! What is attached to a function, read and written.

use aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder;
use aws_sdk_lambda::operation::update_function_configuration::builders::UpdateFunctionConfigurationFluentBuilder;
use aws_sdk_lambda::types::{FunctionConfiguration, Layer, TracingConfig, TracingMode, VpcConfig};

use crate::attachments::{Attachments, Network};
use crate::aws::default_log_group;

pub(super) fn read(configuration: &FunctionConfiguration) -> Attachments {
    let network = configuration.vpc_config().map(|vpc| Network {
        subnets: vpc.subnet_ids().iter().cloned().collect(),
        security_groups: vpc.security_group_ids().iter().cloned().collect(),
    });
    let group = configuration.logging_config().and_then(|logging| logging.log_group());
    let usual = default_log_group(configuration.function_name().unwrap_or_default());
    let tracing = configuration.tracing_config().and_then(|tracing| tracing.mode());
    Attachments {
        network: network.unwrap_or_default(),
        layers: configuration.layers().iter().filter_map(Layer::arn).map(str::to_owned).collect(),
        tracing: tracing.map(|mode| mode.as_str().to_owned()),
        kms_key: configuration.kms_key_arn().filter(|key| !key.is_empty()).map(str::to_owned),
        log_group: group.filter(|group| *group != usual).map(str::to_owned),
    }
}

pub(super) fn create(request: CreateFunctionFluentBuilder, wanted: &Attachments) -> CreateFunctionFluentBuilder {
    request
        .set_vpc_config((!wanted.network.is_empty()).then(|| network(&wanted.network)))
        .set_layers((!wanted.layers.is_empty()).then(|| wanted.layers.clone()))
        .set_tracing_config(wanted.tracing.as_deref().map(tracing))
        .set_kms_key_arn(wanted.kms_key.clone())
}

/// Sends only what changes: layers and networks need rights of the caller that nobody else has to have.
pub(super) fn update(
    request: UpdateFunctionConfigurationFluentBuilder,
    found: &Attachments,
    wanted: &Attachments,
) -> UpdateFunctionConfigurationFluentBuilder {
    // An empty text makes Lambda use its own key again, and empty lists take away what there was.
    let kms_key = wanted.kms_key.clone().unwrap_or_default();
    request
        .set_vpc_config((found.network != wanted.network).then(|| network(&wanted.network)))
        .set_layers((found.layers != wanted.layers).then(|| wanted.layers.clone()))
        .set_tracing_config(wanted.tracing.as_deref().filter(|_| found.tracing != wanted.tracing).map(tracing))
        .set_kms_key_arn((found.kms_key != wanted.kms_key).then_some(kms_key))
}

fn network(network: &Network) -> VpcConfig {
    VpcConfig::builder()
        .set_subnet_ids(Some(network.subnets.iter().cloned().collect()))
        .set_security_group_ids(Some(network.security_groups.iter().cloned().collect()))
        .build()
}

fn tracing(mode: &str) -> TracingConfig {
    TracingConfig::builder().mode(TracingMode::from(mode)).build()
}
