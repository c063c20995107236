//! Whether a function has memory left for a full page, by what Lambda says it used.

/// Memory that a page of 6 MB takes beyond what the function uses at rest, in MB.
///
/// Measured with the connector for HTTP APIs (`docs/performance.md`): 8.5 MB when it says what it is, 25.4 MB with a page of
/// 5 MB, so 3.4 MB more for each MB of the page.
const FULL_PAGE_MEGABYTES: u64 = 21;

/// Says so if a full page does not fit into the memory that is left, by the REPORT line at the end of a log.
pub(super) fn warning(log: &str) -> Option<String> {
    let report = log.lines().rev().find(|line| line.starts_with("REPORT "))?;
    let megabytes = |name: &str| {
        let (_, rest) = report.split_once(name)?;
        rest.trim_start().split(' ').next()?.parse::<u64>().ok()
    };
    let (size, used) = (megabytes("Memory Size:")?, megabytes("Max Memory Used:")?);
    (used + FULL_PAGE_MEGABYTES > size).then(|| {
        format!(
            "the function used {used} of its {size} MB to say what it is; a page of 6 MB takes some {FULL_PAGE_MEGABYTES} MB more, so \
             give it more with --memory"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(size: u64, used: u64) -> String {
        format!(
            "START RequestId: 1\nEND RequestId: 1\nREPORT RequestId: 1\tDuration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: {size} MB\t\
             Max Memory Used: {used} MB\tInit Duration: 7.00 ms\n"
        )
    }

    #[test]
    fn warns_only_if_a_full_page_does_not_fit() {
        assert_eq!(warning(&log(128, 107)), None);
        let text = warning(&log(128, 108)).unwrap();
        assert!(text.starts_with("the function used 108 of its 128 MB"), "{text}");
        for log in ["", "START\nEND\n", "REPORT RequestId: 1\tMemory Size: 128 MB"] {
            assert_eq!(warning(log), None, "{log:?}");
        }
    }
}
