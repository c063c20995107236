//! The errors of Lambda's control plane and of IAM: for each, whether the registrar waits, looks again or stops.
//!
//! Errors that any call may answer (throttling, 500, 503) are the matrix's; who may not do something is `refused.rs`.
//!
//! Not here, because no call of the registrar's can be answered so: `CodeSHA256 (…) is different from current` is
//! `PublishVersion`'s. That no policy and no function look alike is told in `scenes.rs`.

use crate::bench::Scene::{FirstDeploy, Unregister, Update};
use crate::row::{Error, PASSES, Row, STOPS, WAITS, row, try_rows};

const NOT_ASSUMED: Error =
    (400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.");
const NO_INTERFACE: Error = (
    400,
    "InvalidParameterValueException",
    "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
);
const EC2_THROTTLES: Error = (
    400,
    "InvalidParameterValueException",
    "Your request has been throttled by EC2, please make sure you have enough API rate limit.",
);
const NO_GRANT: Error = (
    400,
    "InvalidParameterValueException",
    "Lambda was unable to configure access; the KMS key is invalid for CreateGrant",
);
const UNZIPPED: Error = (400, "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes");
const ZIPPED: Error = (400, "InvalidParameterValueException", "Zipped size must be smaller than 52428800 bytes");
const TOO_LARGE: Error =
    (413, "RequestEntityTooLargeException", "Request must be smaller than 69905067 bytes for the operation");
const IN_PROGRESS: Error = (
    409,
    "ResourceConflictException",
    "The operation cannot be performed at this time. An update is in progress for resource: f",
);
const PENDING: Error = (
    409,
    "ResourceConflictException",
    "The operation cannot be performed at this time. The function is currently in the following state: 'Pending'",
);
const EXISTS: Error = (409, "ResourceConflictException", "Function already exist: f");
const STATEMENT_EXISTS: Error = (409, "ResourceConflictException", "The statement id (s) provided already exists.");
const NOT_FOUND: Error = (404, "ResourceNotFoundException", "Function not found: f");
const STALE: Error = (412, "PreconditionFailedException", "The RevisionId provided does not match the latest one");
const STORAGE: Error = (400, "CodeStorageExceededException", "Code storage limit exceeded.");
const POLICY_LENGTH: Error = (400, "PolicyLengthExceededException", "The final policy size is bigger than the limit");
const PUBLIC: Error = (400, "PublicPolicyException", "The policy would make the function public");
const UNSIGNED: Error = (400, "InvalidCodeSignatureException", "The code signature failed the integrity check");
const UNVERIFIED: Error = (400, "CodeVerificationFailedException", "The code signature failed one of the checks");
const NO_SIGNING: Error = (404, "CodeSigningConfigNotFoundException", "The code signing configuration does not exist");
const BAD_GATEWAY: Error = (502, "ServiceException", "Bad Gateway");
const TIMED_OUT: Error = (504, "ServiceException", "Gateway Timeout");

const LAMBDA: [Row; 53] = [
    row(FirstDeploy, "CreateFunction", NOT_ASSUMED, PASSES, "sts:AssumeRole"),
    row(Update, "UpdateFunctionConfiguration", NOT_ASSUMED, PASSES, "sts:AssumeRole"),
    row(Update, "UpdateFunctionCode", NOT_ASSUMED, PASSES, "sts:AssumeRole"),
    row(FirstDeploy, "CreateFunction", NO_INTERFACE, PASSES, "AWSLambdaVPCAccessExecutionRole"),
    row(Update, "UpdateFunctionConfiguration", NO_INTERFACE, PASSES, "AWSLambdaVPCAccessExecutionRole"),
    row(FirstDeploy, "CreateFunction", EC2_THROTTLES, PASSES, "EC2 throttles"),
    row(Update, "UpdateFunctionConfiguration", EC2_THROTTLES, PASSES, "EC2 throttles"),
    row(FirstDeploy, "CreateFunction", NO_GRANT, PASSES, "set the function's key or variables anew"),
    row(Update, "UpdateFunctionConfiguration", NO_GRANT, PASSES, "set the function's key or variables anew"),
    row(FirstDeploy, "CreateFunction", UNZIPPED, STOPS, "250 MB"),
    row(Update, "UpdateFunctionCode", UNZIPPED, STOPS, "250 MB"),
    row(FirstDeploy, "CreateFunction", ZIPPED, STOPS, "strip the binary"),
    row(Update, "UpdateFunctionCode", ZIPPED, STOPS, "strip the binary"),
    row(FirstDeploy, "CreateFunction", TOO_LARGE, STOPS, "too large"),
    row(Update, "UpdateFunctionCode", TOO_LARGE, STOPS, "too large"),
    row(Update, "UpdateFunctionConfiguration", IN_PROGRESS, WAITS, "--timeout"),
    row(Update, "UpdateFunctionCode", IN_PROGRESS, WAITS, "--timeout"),
    row(FirstDeploy, "AddPermission", IN_PROGRESS, WAITS, "--timeout"),
    row(Update, "RemovePermission", IN_PROGRESS, WAITS, "--timeout"),
    row(Unregister, "DeleteFunction", IN_PROGRESS, WAITS, "--timeout"),
    row(Update, "UpdateFunctionConfiguration", PENDING, WAITS, "--timeout"),
    row(Update, "UpdateFunctionCode", PENDING, WAITS, "--timeout"),
    row(FirstDeploy, "AddPermission", PENDING, WAITS, "--timeout"),
    row(FirstDeploy, "Invoke", PENDING, PASSES, "run again"),
    row(FirstDeploy, "CreateFunction", EXISTS, PASSES, "run again"),
    row(FirstDeploy, "AddPermission", STATEMENT_EXISTS, PASSES, "run again"),
    row(Update, "AddPermission", STATEMENT_EXISTS, PASSES, "run again"),
    // Not every reader of Lambda knows a function at once that was made in this run; one that was there before is gone.
    row(FirstDeploy, "GetFunctionConfiguration", NOT_FOUND, PASSES, "run again"),
    row(FirstDeploy, "AddPermission", NOT_FOUND, PASSES, "run again"),
    row(FirstDeploy, "Invoke", NOT_FOUND, PASSES, "run again"),
    row(FirstDeploy, "TagResource", NOT_FOUND, PASSES, "run again"),
    row(Update, "GetFunctionConfiguration", NOT_FOUND, STOPS, "run again"),
    row(Update, "UpdateFunctionConfiguration", NOT_FOUND, STOPS, "run again"),
    row(Update, "UpdateFunctionCode", NOT_FOUND, STOPS, "run again"),
    row(Update, "AddPermission", NOT_FOUND, STOPS, "run again"),
    // It is asked what it is before there is a plan, and again before AppFlow is to ask.
    row(Update, "Invoke", NOT_FOUND, PASSES, "run again"),
    row(FirstDeploy, "CreateFunction", BAD_GATEWAY, PASSES, "run again"),
    row(FirstDeploy, "CreateFunction", TIMED_OUT, PASSES, "run again"),
    row(Update, "UpdateFunctionCode", BAD_GATEWAY, PASSES, "run again"),
    row(Update, "UpdateFunctionCode", TIMED_OUT, PASSES, "run again"),
    row(FirstDeploy, "CreateFunction", STORAGE, STOPS, "list-versions-by-function"),
    row(Update, "UpdateFunctionCode", STORAGE, STOPS, "list-versions-by-function"),
    row(FirstDeploy, "AddPermission", POLICY_LENGTH, STOPS, "stale statements"),
    row(Update, "UpdateFunctionConfiguration", STALE, PASSES, "run again"),
    row(Update, "UpdateFunctionCode", STALE, PASSES, "run again"),
    row(Update, "AddPermission", STALE, PASSES, "run again"),
    row(Update, "RemovePermission", STALE, PASSES, "run again"),
    row(FirstDeploy, "CreateFunction", UNSIGNED, STOPS, "sign the artefact"),
    row(Update, "UpdateFunctionCode", UNSIGNED, STOPS, "sign the artefact"),
    row(Update, "UpdateFunctionCode", UNVERIFIED, STOPS, "sign the artefact"),
    row(FirstDeploy, "CreateFunction", NO_SIGNING, STOPS, "sign the artefact"),
    row(Update, "UpdateFunctionCode", NO_SIGNING, STOPS, "sign the artefact"),
    row(FirstDeploy, "AddPermission", PUBLIC, STOPS, "report"),
];

const INVOKE: [Row; 6] = [
    row(FirstDeploy, "Invoke", (502, "KMSAccessDeniedException", "Lambda was unable to decrypt"), STOPS, "kms:Decrypt"),
    row(FirstDeploy, "Invoke", (502, "KMSDisabledException", "the key is disabled"), STOPS, "kms:Decrypt"),
    row(FirstDeploy, "Invoke", (502, "KMSInvalidStateException", "the key's state is wrong"), STOPS, "kms:Decrypt"),
    row(FirstDeploy, "Invoke", (502, "KMSNotFoundException", "the key was not found"), STOPS, "kms:Decrypt"),
    row(FirstDeploy, "Invoke", (502, "ResourceNotReadyException", "the function is inactive"), PASSES, "run again"),
    row(FirstDeploy, "Invoke", (409, "SnapStartNotReadyException", "Lambda is initializing"), PASSES, "run again"),
];

const MALFORMED: Error = (400, "MalformedPolicyDocument", "Invalid principal in policy: AWS");
const CONCURRENT: Error = (409, "ConcurrentModification", "Another request changed the role at the same time");
const NO_ROLE: Error = (404, "NoSuchEntity", "The role with name r cannot be found.");
const QUOTA: Error = (409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000");

const IAM: [Row; 20] = [
    row(
        FirstDeploy,
        "CreateRole",
        (409, "EntityAlreadyExists", "Role with name r already exists."),
        PASSES,
        "run again",
    ),
    row(FirstDeploy, "CreateRole", QUOTA, STOPS, "quota"),
    row(FirstDeploy, "AttachRolePolicy", QUOTA, STOPS, "quota"),
    row(FirstDeploy, "PutRolePolicy", QUOTA, STOPS, "quota"),
    row(FirstDeploy, "CreateRole", CONCURRENT, PASSES, "run again"),
    row(Update, "UpdateAssumeRolePolicy", CONCURRENT, PASSES, "run again"),
    row(Update, "AttachRolePolicy", CONCURRENT, PASSES, "run again"),
    row(Update, "PutRolePolicy", CONCURRENT, PASSES, "run again"),
    row(Unregister, "DetachRolePolicy", CONCURRENT, PASSES, "run again"),
    row(Unregister, "DeleteRolePolicy", CONCURRENT, PASSES, "run again"),
    row(Unregister, "DeleteRole", CONCURRENT, PASSES, "run again"),
    row(FirstDeploy, "AttachRolePolicy", NO_ROLE, PASSES, "run again"),
    row(FirstDeploy, "PutRolePolicy", NO_ROLE, PASSES, "run again"),
    row(Update, "UpdateAssumeRolePolicy", NO_ROLE, PASSES, "run again"),
    row(FirstDeploy, "CreateRole", MALFORMED, PASSES, "principal"),
    row(Update, "UpdateAssumeRolePolicy", MALFORMED, PASSES, "principal"),
    row(FirstDeploy, "PutRolePolicy", (400, "MalformedPolicyDocument", "Syntax errors in policy."), STOPS, "run again"),
    row(FirstDeploy, "CreateRole", (500, "ServiceFailure", "The request processing has failed."), PASSES, "run again"),
    row(Unregister, "DeleteRole", (500, "ServiceFailure", "The request processing has failed."), PASSES, "run again"),
    row(
        Unregister,
        "DeleteRole",
        (409, "DeleteConflict", "Cannot delete entity, must detach all policies first."),
        PASSES,
        "detach",
    ),
];

#[tokio::test(start_paused = true)]
async fn lambda_before_the_function_is_there() {
    let rows: Vec<_> = LAMBDA.into_iter().filter(|row| row.scene == FirstDeploy).collect();
    try_rows(&rows, "Lambda's errors in a first deploy").await;
}

#[tokio::test(start_paused = true)]
async fn lambda_afterwards() {
    let rows: Vec<_> = LAMBDA.into_iter().filter(|row| row.scene != FirstDeploy).collect();
    try_rows(&rows, "Lambda's errors in update and unregister").await;
}

#[tokio::test(start_paused = true)]
async fn invocation() {
    try_rows(&INVOKE, "Lambda's errors of invocations").await;
}

#[tokio::test(start_paused = true)]
async fn iam() {
    try_rows(&IAM, "IAM's errors").await;
}
