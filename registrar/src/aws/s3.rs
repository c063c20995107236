//! The bucket that an artefact goes through when it is too large to be sent along with a request.

use aws_config::SdkConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;

use super::failure::{ServiceFailure, failed};

/// S3.
#[derive(Debug, Clone)]
pub struct S3 {
    client: aws_sdk_s3::Client,
}

impl S3 {
    pub(super) fn new(config: &SdkConfig) -> Self {
        // Another endpoint than AWS's seldom has a host name for each bucket.
        let config =
            aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some()).build();
        Self { client: aws_sdk_s3::Client::from_conf(config) }
    }

    /// Whether an object is there. One that may not be looked at counts as absent: without the right to list the bucket
    /// S3 answers for a missing object as for a forbidden one. The bucket must be of the account `owner`.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn has(&self, owner: &str, bucket: &str, key: &str) -> Result<bool, ServiceFailure> {
        let request = self.client.head_object().expected_bucket_owner(owner).bucket(bucket).key(key);
        match request.send().await.map_err(failed("s3:GetObject")) {
            Ok(_) => Ok(true),
            Err(failure) if matches!(failure.status, Some(403 | 404)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Stores an object, which S3 refuses if its SHA-256 (in base64) is not the one stated, or the bucket is not of the account
    /// `owner`.
    ///
    /// # Errors
    /// The service's failure.
    pub async fn put(
        &self,
        owner: &str,
        bucket: &str,
        key: &str,
        bytes: Vec<u8>,
        sha256: &str,
    ) -> Result<(), ServiceFailure> {
        let request = self
            .client
            .put_object()
            .expected_bucket_owner(owner)
            .bucket(bucket)
            .key(key)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(sha256)
            .content_type("application/zip")
            .body(ByteStream::from(bytes));
        request.send().await.map(drop).map_err(failed("s3:PutObject"))
    }
}
