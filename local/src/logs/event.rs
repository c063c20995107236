//! The lines of one group: the last of them, in memory and in a file that is added to.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::hexadecimal::hexadecimal;
use crate::store::{self, StoreError};

/// Lines that a group keeps.
const LINE_LIMIT: usize = 1000;

/// Bytes of lines that a group keeps.
const BYTE_LIMIT: usize = 4 * 1024 * 1024;

/// Most bytes of one event; longer lines become several. Source: quotas of CloudWatch Logs, less the 26 bytes that
/// each event is charged with.
const EVENT_LIMIT: usize = 256 * 1024 - 26;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    /// Grows by one with each line of the group.
    pub(super) number: u64,
    pub(super) stream: String,
    /// Milliseconds since 1970.
    pub(super) timestamp: i64,
    /// With its line break, as Lambda sends it.
    pub(super) message: String,
}

impl Event {
    /// 56 digits, as CloudWatch's are; unique even when a group was deleted and made again.
    pub(super) fn id(&self) -> String {
        format!("{:013}{:043}", self.timestamp, self.number)
    }
}

/// The last lines of a group, oldest first.
#[derive(Debug)]
pub(super) struct Events {
    path: PathBuf,
    kept: VecDeque<Event>,
    bytes: usize,
    next: u64,
    /// Lines in the file, which may have twice as many as are kept.
    in_file: usize,
}

impl Events {
    /// The lines of a group that were recorded before.
    pub(super) fn open(dir: &Path, region: &str, group: &str) -> Result<Self, StoreError> {
        // Names of groups hold slashes, and are longer than those of files may be.
        let digest = hexadecimal(&Sha256::digest(format!("{region}:{group}")));
        let path = dir.join(format!("{digest}.jsonl"));
        let text = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(StoreError::Io { action: "read", path, source }),
        };
        let mut events = Self { path, kept: VecDeque::new(), bytes: 0, next: 0, in_file: 0 };
        // Half a line is what a killed process leaves; the lines around it are good.
        let lines: Vec<_> = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
        for event in lines.iter().filter_map(|line| serde_json::from_slice(line).ok()) {
            events.keep(event);
        }
        events.in_file = lines.len();
        if text.last().is_some_and(|&byte| byte != b'\n') {
            events.rewrite()?;
        }
        Ok(events)
    }

    /// Adds what was printed, line by line.
    pub(super) fn append(&mut self, stream: &str, text: &str, timestamp: i64) -> Result<(), StoreError> {
        let mut added = Vec::new();
        for message in text.split_inclusive('\n').flat_map(pieces) {
            let event = Event { number: self.next, stream: stream.to_owned(), timestamp, message: message.to_owned() };
            serde_json::to_writer(&mut added, &event)
                .map_err(|source| StoreError::Unwritable { name: "log event".to_owned(), source })?;
            added.push(b'\n');
            self.in_file += 1;
            self.keep(event);
        }
        if self.in_file > 2 * LINE_LIMIT {
            return self.rewrite();
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let written = options.open(&self.path).and_then(|mut file| file.write_all(&added));
        written.map_err(|source| StoreError::Io { action: "write", path: self.path.clone(), source })
    }

    /// Forgets all of them.
    pub(super) fn delete(self) -> Result<(), StoreError> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StoreError::Io { action: "remove", path: self.path, source }),
        }
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.kept.iter()
    }

    /// Bytes of all messages.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn keep(&mut self, event: Event) {
        self.next = self.next.max(event.number + 1);
        self.bytes += event.message.len();
        self.kept.push_back(event);
        while self.kept.len() > LINE_LIMIT || self.bytes > BYTE_LIMIT {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.message.len();
        }
    }

    fn rewrite(&mut self) -> Result<(), StoreError> {
        let mut text = Vec::new();
        for event in &self.kept {
            serde_json::to_writer(&mut text, event)
                .map_err(|source| StoreError::Unwritable { name: "log event".to_owned(), source })?;
            text.push(b'\n');
        }
        store::write(&self.path, &text)?;
        self.in_file = self.kept.len();
        Ok(())
    }
}

/// A line in pieces that an event can hold.
fn pieces(mut line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while line.len() > EVENT_LIMIT {
        let (piece, rest) = line.split_at(line.floor_char_boundary(EVENT_LIMIT));
        pieces.push(piece);
        line = rest;
    }
    pieces.push(line);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(events: &Events) -> Vec<&str> {
        events.iter().map(|event| event.message.as_str()).collect()
    }

    #[test]
    fn the_last_lines_are_kept_in_memory_and_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Events::open(dir.path(), "us-east-1", "/aws/lambda/acme").unwrap();
        let mut events = open();
        for number in 0..2 * LINE_LIMIT + 500 {
            events.append("s", &format!("line {number}\n"), 1).unwrap();
        }
        for events in [events, open()] {
            assert_eq!(events.iter().count(), LINE_LIMIT);
            assert_eq!(messages(&events)[0], "line 1500\n");
            assert_eq!(messages(&events)[LINE_LIMIT - 1], "line 2499\n");
            assert_eq!(events.next, 2500);
            assert!(events.in_file <= 2 * LINE_LIMIT, "{}", events.in_file);
        }
        open().delete().unwrap();
        assert_eq!(open().iter().count(), 0);
    }

    #[test]
    fn half_a_line_in_the_file_does_not_spoil_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Events::open(dir.path(), "us-east-1", "g").unwrap();
        let mut events = open();
        events.append("s", "one\ntwo\n", 1).unwrap();
        let text = fs::read(&events.path).unwrap();
        fs::write(&events.path, &text[..text.len() - 5]).unwrap();
        let mut events = open();
        events.append("s", "three", 2).unwrap();
        assert_eq!(messages(&open()), ["one\n", "three"]);
    }

    #[test]
    fn a_long_line_becomes_several_events_between_its_letters() {
        let dir = tempfile::tempdir().unwrap();
        let mut events = Events::open(dir.path(), "us-east-1", "g").unwrap();
        let line = format!("x{}", "ü".repeat(EVENT_LIMIT / 2));
        events.append("s", &line, 1).unwrap();
        assert_eq!(messages(&events).concat(), line);
        assert_eq!(events.iter().map(|event| event.message.len()).collect::<Vec<_>>(), [EVENT_LIMIT - 1, 2]);
    }

    #[test]
    fn no_more_bytes_are_kept_than_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let mut events = Events::open(dir.path(), "us-east-1", "g").unwrap();
        for _ in 0..20 {
            events.append("s", &"x".repeat(EVENT_LIMIT), 1).unwrap();
        }
        assert_eq!(events.iter().count(), 16);
        assert!(events.bytes() <= BYTE_LIMIT);
    }
}
