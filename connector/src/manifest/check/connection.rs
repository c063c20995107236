//! What `[failures]`, `[limits]` and the place of the API must be.

use appflow_sdk::protocol::ErrorCode;

use super::{Check, list};
use crate::address::BaseUrl;
use crate::guard::Guard;

/// Most requests of a second. More is no limit.
const MOST_REQUESTS: f64 = 10_000.0;

/// Most requests at a time: each has a connection of its own, and Lambda has 1,024 file handles.
const MOST_AT_A_TIME: usize = 500;

/// Largest answer, in MiB. Lambda has 10 GB at most, and a process holds few answers at a time.
const LARGEST_ANSWER: usize = 1_024;

/// Shortest and longest addresses that make sense, in bytes.
const ADDRESSES: std::ops::RangeInclusive<usize> = 200..=65_000;

impl Check<'_> {
    /// A base URL of the manifest's own must be one that the connector goes to. Loopback is for the process to decide.
    pub(super) fn reach(&mut self) {
        let connection = &self.manifest.connection;
        let guard = Guard { loopback: true, private: connection.private_addresses };
        if let Some(base) = connection.base_url.as_ref().and_then(|url| BaseUrl::parse(url).ok())
            && let Err(forbidden) = guard.permit_url(base.url())
        {
            self.add("connection.base_url", forbidden.to_string());
        }
    }

    pub(super) fn failures(&mut self) {
        let failures = &self.manifest.failures;
        for (key, pointers) in [("message", &failures.message), ("code", &failures.code)] {
            for (index, pointer) in pointers.iter().enumerate() {
                self.pointer(&format!("failures.{key}[{index}]"), pointer);
            }
        }
        for status in failures.statuses.keys() {
            let is_status = status.parse::<u16>().is_ok_and(|number| (400..600).contains(&number));
            let key = format!("failures.statuses.{status}");
            self.require(is_status, &key, "must be the status of a failure, from 400 to 599");
        }
        let needs_pointers = failures.codes.is_empty() || !failures.code.is_empty();
        self.require(needs_pointers, "failures.codes", "needs `code`, which says where an answer has its code");
        for (kind, meanings) in [("statuses", &failures.statuses), ("codes", &failures.codes)] {
            for (name, meaning) in meanings {
                if let ErrorCode::Unknown(text) = &meaning.error {
                    let key = format!("failures.{kind}.{name}.error");
                    self.add(key, format!("{text:?} is no error code of AppFlow; there are {}", list(ErrorCode::ALL)));
                }
            }
        }
    }

    pub(super) fn limits(&mut self) {
        let limits = &self.manifest.limits;
        if let Some(rate) = limits.requests_per_second {
            let is_rate = rate > 0.0 && rate <= MOST_REQUESTS;
            self.require(is_rate, "limits.requests_per_second", "must be more than 0 and at most 10000");
        }
        let is_count = (1..=MOST_AT_A_TIME).contains(&limits.concurrency);
        self.require(is_count, "limits.concurrency", "must be from 1 to 500");
        let is_size = (1..=LARGEST_ANSWER).contains(&limits.answer_mib);
        self.require(is_size, "limits.answer_mib", "must be from 1 to 1024");
        let is_length = ADDRESSES.contains(&limits.address_bytes);
        self.require(is_length, "limits.address_bytes", "must be from 200 to 65000");
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::check::tests::{RIGHT, problems};

    #[test]
    fn finds_each_fault_of_failures_and_limits() {
        for (added, expected) in [
            (
                "[failures]\nmessage = [\"error\"]",
                "failures.message[0]: must be a JSON pointer: empty, or beginning with /",
            ),
            (
                "[failures]\ncode = [\"/a\", \"b\"]",
                "failures.code[1]: must be a JSON pointer: empty, or beginning with /",
            ),
            (
                "[failures.statuses]\n302 = { error = \"ClientError\" }",
                "failures.statuses.302: must be the status of a failure, from 400 to 599",
            ),
            (
                "[failures.statuses]\nteapot = { error = \"ClientError\" }",
                "failures.statuses.teapot: must be the status of a failure, from 400 to 599",
            ),
            (
                "[failures.statuses]\n418 = { error = \"Teapot\" }",
                "failures.statuses.418.error: \"Teapot\" is no error code of AppFlow; there are InvalidArgument,",
            ),
            (
                "[failures.codes]\nX = { error = \"ClientError\" }",
                "failures.codes: needs `code`, which says where an answer has its code",
            ),
            ("[limits]\nrequests_per_second = 0", "limits.requests_per_second: must be more than 0 and at most 10000"),
            (
                "[limits]\nrequests_per_second = nan",
                "limits.requests_per_second: must be more than 0 and at most 10000",
            ),
            ("[limits]\nconcurrency = 0", "limits.concurrency: must be from 1 to 500"),
            ("[limits]\nanswer_mib = 2000", "limits.answer_mib: must be from 1 to 1024"),
            ("[limits]\naddress_bytes = 10", "limits.address_bytes: must be from 200 to 65000"),
        ] {
            let found = problems(&format!("{RIGHT}{added}\n"));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(expected), "{found:?}");
        }
        let right = "[failures]\nmessage = [\"/0/message\", \"\"]\ncode = [\"/0/errorCode\"]\n\
                     [failures.statuses]\n403 = { error = \"RateLimitExceeded\", without_effect = true }\n\
                     [failures.codes]\nLOCKED = { error = \"ServiceUnavailable\", retry_after_seconds = 5 }\n\
                     [limits]\nrequests_per_second = 0.5\nconcurrency = 1\nanswer_mib = 64\naddress_bytes = 16000\n";
        assert_eq!(problems(&format!("{RIGHT}{right}")), Vec::<String>::new());
    }

    #[test]
    fn knows_where_no_api_can_be() {
        let at = |url: &str| problems(&RIGHT.replace("https://api.acme.example", url));
        assert_eq!(at("http://127.0.0.1:8080"), Vec::<String>::new());
        assert_eq!(
            at("https://10.0.0.1"),
            ["connection.base_url: leads to 10.0.0.1, an address of a private network; if the API is there, set \
              `private_addresses = true` in [connection]"]
        );
        let private = RIGHT.replace("https://api.acme.example\"", "https://10.0.0.1\"\nprivate_addresses = true");
        assert_eq!(problems(&private), Vec::<String>::new());
        assert_eq!(
            at("https://169.254.169.254"),
            ["connection.base_url: leads to 169.254.169.254, an address where no API can be"]
        );
    }
}
