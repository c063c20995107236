//! What to do about a failure that trying again does not mend.

use super::ServiceFailure;

/// Texts of an `InvalidParameterValueException`, and what to do. AWS has one code for all of them.
const BY_TEXT: [(&str, &str); 6] = [
    (
        "cannot be assumed by Lambda",
        "the role must trust lambda.amazonaws.com (action sts:AssumeRole); a fresh role needs up to two minutes to spread",
    ),
    (
        "does not have permissions to call CreateNetworkInterface",
        "attach AWSLambdaVPCAccessExecutionRole to the role; a fresh policy needs up to two minutes to spread",
    ),
    (
        "KMS key is invalid for CreateGrant",
        "a role that was made again under its old name is another one to KMS: set the function's key or variables anew, so \
         that the grant is made for this role",
    ),
    ("throttled by EC2", "EC2 throttles the account's requests for network interfaces; run again in some minutes"),
    (
        "Unzipped size must be smaller",
        "leave out of the artefact what the connector does not need (250 MB unpacked at most)",
    ),
    ("Zipped size must be smaller", "strip the binary: Lambda takes 50 MB with the request"),
];

/// The way out, by code, then by text, then by what can always be done.
pub(super) fn of(failure: &ServiceFailure) -> &'static str {
    let code = failure.code.as_deref().unwrap_or_default();
    let known = by_code(code).or_else(|| {
        let by_text = BY_TEXT.iter().find(|(text, _)| failure.says(text));
        by_text.filter(|_| code == "InvalidParameterValueException").map(|(_, hint)| *hint)
    });
    match known {
        Some(hint) => hint,
        None if failure.status == Some(413) => TOO_LARGE,
        None if code.is_empty() => {
            "something else than AWS may have answered, such as a proxy; check the network, then run again"
        }
        None => "the service's own text tells why; mend that, then run again: what was done is found and kept",
    }
}

const TOO_LARGE: &str = "the artefact is too large to upload directly; strip the binary";

fn by_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "CodeStorageExceededException" => {
            "the region's 75 GB of function code are used up; delete old versions (aws lambda list-versions-by-function)"
        }
        "PolicyLengthExceededException" => {
            "the function's resource policy is full (20 KB); remove stale statements (aws lambda get-policy)"
        }
        "InvalidCodeSignatureException" | "CodeVerificationFailedException" | "CodeSigningConfigNotFoundException" => {
            "the account demands signed code; sign the artefact and pass it with --zip"
        }
        "PublicPolicyException" => {
            "the account blocks public policies; the statement names one account, so this is a fault: please report it"
        }
        "LimitExceeded" | "LimitExceededException" => {
            "a quota of the account is used up; ask for more or remove something"
        }
        "RequestEntityTooLargeException" => TOO_LARGE,
        "KMSAccessDeniedException" | "KMSDisabledException" | "KMSInvalidStateException" | "KMSNotFoundException" => {
            "enable the key that encrypts the function's variables, and let the function's role use it (kms:Decrypt)"
        }
        "DeleteConflict" | "DeleteConflictException" => {
            "somebody attached something to the role; detach it (aws iam list-attached-role-policies), then run again"
        }
        "MalformedPolicyDocument" | "MalformedPolicyDocumentException" => {
            "IAM may not know a principal that was made a moment ago; run again in a minute"
        }
        "EntityAlreadyExists" | "EntityAlreadyExistsException" => {
            "somebody else made one of that name meanwhile; run again to see the plan"
        }
        "ResourceNotFoundException" | "NoSuchEntity" | "NoSuchEntityException" => {
            "somebody else may have deleted it meanwhile; run again to make it anew"
        }
        "ConflictException" => {
            "connections may use the connector (registrar connect NAME --delete), or somebody changes it; run again, or \
             unregister all the same with --force"
        }
        "InvalidRequestContentException" => "the request is not JSON; mend its file",
        "ResourceConflictException" => "somebody else may be changing it; run again once they are done",
        "ResourceNotReadyException" | "SnapStartNotReadyException" => {
            "the function is still starting; run again in a minute"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::answered;

    #[test]
    fn has_a_way_out_of_everything() {
        let texts = BY_TEXT.map(|(text, _)| of(&answered("lambda:Test", "InvalidParameterValueException", text)));
        for (hint, (_, expected)) in texts.iter().zip(BY_TEXT) {
            assert_eq!(*hint, expected);
        }
        assert!(of(&answered("lambda:Test", "SomethingNewException", "")).contains("run again"));
        let mut nameless = answered("lambda:Test", "", "<html>");
        nameless.code = None;
        assert!(of(&nameless).contains("proxy"));
        nameless.status = Some(413);
        assert_eq!(of(&nameless), TOO_LARGE);
    }

    #[test]
    fn goes_by_the_code_before_the_text() {
        let signed = answered("lambda:Test", "InvalidCodeSignatureException", "Zipped size must be smaller");
        assert!(of(&signed).contains("signed code"));
        let other = answered("lambda:Test", "ValidationException", "throttled by EC2");
        assert!(of(&other).contains("own text"));
    }
}
