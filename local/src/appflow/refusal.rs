//! The errors of `AppFlow`'s model, each with its status.

use http::StatusCode;

use crate::failure::ApiError;

/// `ValidationException`: the request breaks a rule.
pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "ValidationException", message)
}

/// `ConflictException`: something of that name is there, or in use.
pub(super) fn conflict(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "ConflictException", message)
}

/// `ResourceNotFoundException`.
pub(super) fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
}

/// `AccessDeniedException`.
pub(super) fn access_denied(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
}

/// `ConnectorServerException`: the connector failed.
pub(super) fn connector_server(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "ConnectorServerException", message)
}

/// `ConnectorAuthenticationException`: the connector refused the credentials.
pub(super) fn connector_authentication(message: impl Into<String>) -> ApiError {
    let code = "ConnectorAuthenticationException";
    ApiError::new(StatusCode::UNAUTHORIZED, code, message)
}

/// `UnsupportedOperationException`: AWS can do it, the emulator cannot.
pub(super) fn unsupported(message: impl Into<String>) -> ApiError {
    let code = "UnsupportedOperationException";
    ApiError::new(StatusCode::BAD_REQUEST, code, message)
}

/// `SerializationException`: the body is not what the operation takes.
pub(super) fn serialization(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "SerializationException", message)
}

/// `InternalServerException`: the emulator itself failed, with the reason.
pub(super) fn internal(error: &dyn std::error::Error) -> ApiError {
    let message = ApiError::internal(error).message().to_owned();
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    ApiError::new(status, "InternalServerException", message)
}

/// `ResourceNotFoundException` in the words AWS uses for a label that is not registered.
pub(super) fn not_registered(label: &str) -> ApiError {
    not_found(format!("Connector:{label} is not registered. Please register it first"))
}

/// `ResourceNotFoundException` in the words AWS uses for a profile that is not there.
pub(super) fn no_such_profile(name: &str) -> ApiError {
    not_found(format!("Connector Profile with name {name} does not exist"))
}
