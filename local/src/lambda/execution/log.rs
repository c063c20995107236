//! What a process writes, and the function's log with Lambda's START, END and REPORT lines.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::Spec;
use crate::logs::{Logs, Stream};

/// Bytes of the log that a caller gets. Source: Lambda API, `Invoke`, `LogType`.
const TAIL: usize = 4096;

/// Most bytes of one invocation that are copied to the function's log.
const COPY_LIMIT: u64 = 4 * 1024 * 1024;

/// The output of one process.
///
/// It goes straight to a file rather than through a pipe: then everything a function wrote before it answered is there
/// when the answer arrives.
#[derive(Debug)]
pub(super) struct Capture {
    file: File,
    path: PathBuf,
    read: u64,
}

impl Capture {
    /// A new, empty capture.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(&path)?;
        Ok(Self { file, path, read: 0 })
    }

    /// A handle for the process to write to.
    pub(super) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// What was written since the last call.
    fn take(&mut self) -> io::Result<Vec<u8>> {
        let end = self.file.metadata()?.len();
        let mut bytes = Vec::new();
        // Of a flood the end is what matters.
        let start = self.read.max(end.saturating_sub(COPY_LIMIT));
        self.file.seek(SeekFrom::Start(start))?;
        (&mut self.file).take(end - start).read_to_end(&mut bytes)?;
        self.read = end;
        Ok(bytes)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // A file that stays behind is cleared away at the next start.
        drop(std::fs::remove_file(&self.path));
    }
}

/// The figures of a REPORT line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    /// From handing over the event to the end.
    pub(super) duration: Duration,
    /// From starting the process to its first poll, for the invocation that started it.
    pub(super) init: Option<Duration>,
    /// Megabytes the function has.
    pub(super) memory: u64,
    /// The most bytes the process had, where that is known.
    pub(super) peak: Option<u64>,
}

/// Where all functions log to: a text file for each, for people, and CloudWatch Logs.
#[derive(Clone)]
pub(crate) struct Destination {
    pub(crate) files: PathBuf,
    pub(crate) logs: Logs,
}

impl Destination {
    /// Where one process logs to.
    pub(super) fn of<'a>(&'a self, spec: &'a Spec, stream: &'a str) -> Target<'a> {
        Target {
            file: self.files.join(format!("{}.log", spec.name)),
            logs: &self.logs,
            stream: Stream { region: &spec.region, group: &spec.log_group, name: stream },
        }
    }
}

/// Where one process of a function logs to.
pub(super) struct Target<'a> {
    file: PathBuf,
    logs: &'a Logs,
    stream: Stream<'a>,
}

/// The name of a process's log stream, as in `2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef`.
pub(super) fn stream_name(version: &str, id: &str) -> String {
    format!("{}/[{version}]{id}", Timestamp::now().strftime("%Y/%m/%d"))
}

impl Target<'_> {
    /// Appends an invocation to the function's log and returns its tail.
    ///
    /// A log that cannot be written does not fail the invocation; the trouble is told to the tracing subscriber.
    pub(super) fn record(
        &self,
        capture: Option<&mut Capture>,
        request_id: &str,
        version: &str,
        note: Option<&str>,
        figures: Figures,
    ) -> Vec<u8> {
        let mut text = framed(capture, request_id, version, note, figures);
        let log = &self.file;
        if let Err(error) = append(log, &text) {
            tracing::warn!(%error, log = %log.display(), "cannot write the function's log");
        }
        if let Err(error) = self.logs.record(self.stream, &String::from_utf8_lossy(&text)) {
            tracing::warn!(%error, group = self.stream.group, "cannot write the function's log group");
        }
        let start = text.len().saturating_sub(TAIL);
        text.split_off(start)
    }
}

/// What a process wrote, between Lambda's lines. Output that cannot be read is told about in its place.
fn framed(
    capture: Option<&mut Capture>,
    request_id: &str,
    version: &str,
    note: Option<&str>,
    figures: Figures,
) -> Vec<u8> {
    let mut text = format!("START RequestId: {request_id} Version: {version}\n").into_bytes();
    match capture.map(Capture::take) {
        Some(Ok(written)) => text.extend(written),
        Some(Err(error)) => {
            tracing::warn!(%error, "cannot read the function's output");
            text.extend(format!("(the function's output cannot be read: {error})\n").bytes());
        }
        None => {}
    }
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    if let Some(note) = note {
        text.extend(format!("{request_id} {note}\n").bytes());
    }
    text.extend(format!("END RequestId: {request_id}\n{}\n", report(request_id, figures)).bytes());
    text
}

/// The REPORT line. (Writing to a string does not fail.)
fn report(request_id: &str, figures: Figures) -> String {
    let milliseconds = figures.duration.as_secs_f64() * 1000.0;
    let mut line = format!(
        "REPORT RequestId: {request_id}\tDuration: {milliseconds:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB",
        figures.duration.as_micros().div_ceil(1000),
        figures.memory,
    );
    if let Some(peak) = figures.peak {
        let _ = write!(line, "\tMax Memory Used: {} MB", peak.div_ceil(1024 * 1024));
    }
    if let Some(init) = figures.init {
        let _ = write!(line, "\tInit Duration: {:.2} ms", init.as_secs_f64() * 1000.0);
    }
    line
}

fn append(log: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(log)?.write_all(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::Store;

    const FIGURES: Figures = Figures {
        duration: Duration::from_micros(1500),
        init: Some(Duration::from_millis(7)),
        memory: 256,
        peak: Some(20 * 1024 * 1024 + 1),
    };

    #[test]
    fn frames_the_output_of_each_invocation() {
        let dir = tempfile::tempdir().unwrap();
        let (files, store) = (dir.path().to_owned(), Store::open(dir.path()).unwrap());
        let logs = Logs::open(Arc::new(store)).unwrap();
        let stream = Stream { region: "us-east-1", group: "/aws/lambda/acme", name: "stream" };
        let target = Target { file: files.join("acme.log"), logs: &logs, stream };
        let mut capture = Capture::create(dir.path().join("capture")).unwrap();
        let mut handle = capture.handle().unwrap();

        handle.write_all(b"one").unwrap();
        let tail = target.record(Some(&mut capture), "id-1", "$LATEST", None, FIGURES);
        assert_eq!(
            String::from_utf8(tail).unwrap(),
            "START RequestId: id-1 Version: $LATEST\none\nEND RequestId: id-1\nREPORT RequestId: id-1\tDuration: 1.50 ms\t\
             Billed Duration: 2 ms\tMemory Size: 256 MB\tMax Memory Used: 21 MB\tInit Duration: 7.00 ms\n"
        );

        handle.write_all(b"two\n").unwrap();
        let tail = target.record(Some(&mut capture), "id-2", "3", Some("Task timed out"), FIGURES);
        let tail = String::from_utf8(tail).unwrap();
        assert!(
            tail.starts_with("START RequestId: id-2 Version: 3\ntwo\nid-2 Task timed out\nEND RequestId: id-2\n"),
            "{tail}"
        );
        let whole = std::fs::read_to_string(&target.file).unwrap();
        assert!(whole.contains("\none\n") && whole.contains("\ntwo\n"), "{whole}");
    }

    #[test]
    fn the_tail_has_at_most_four_kilobytes() {
        let dir = tempfile::tempdir().unwrap();
        let mut capture = Capture::create(dir.path().join("capture")).unwrap();
        capture.handle().unwrap().write_all(&[b'x'; 10_000]).unwrap();
        let logs = Logs::open(Arc::new(Store::open(dir.path()).unwrap())).unwrap();
        let stream = Stream { region: "us-east-1", group: "g", name: "s" };
        let target = Target { file: dir.path().join("log"), logs: &logs, stream };
        let tail = target.record(Some(&mut capture), "id", "1", None, FIGURES);
        assert_eq!(tail.len(), TAIL);
    }
}
