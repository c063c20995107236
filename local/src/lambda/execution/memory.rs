//! How much memory a process uses. Known on Linux only; elsewhere the function's limit is not enforced.

/// The most resident memory a process ever had, in bytes.
#[cfg(target_os = "linux")]
pub(super) fn peak(process: u32) -> Option<u64> {
    // A process that has just ended has no status any more; its last value was seen before.
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    high_water_mark(&status)
}

/// The most resident memory a process ever had, in bytes.
#[cfg(not(target_os = "linux"))]
pub(super) fn peak(_process: u32) -> Option<u64> {
    None
}

/// `VmHWM` of `/proc/PID/status`, which is in kilobytes of 1024 bytes.
#[cfg(target_os = "linux")]
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark() {
        let status = "Name:\tx\nVmPeak:\t    9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(high_water_mark(status), Some(2 * 1024 * 1024));
        assert_eq!(high_water_mark("Name:\tx\n"), None);
    }

    #[test]
    fn knows_its_own_memory() {
        assert!(peak(std::process::id()).unwrap() > 100_000);
    }
}
