//! Stands between a client and an HTTP server, and remembers what was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A relay on a port of its own that records each request's first line.
#[derive(Debug)]
pub struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// Starts relaying to a server on this machine.
    #[must_use]
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        // The threads end with the test process; each connection with its peers.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let record = Arc::clone(&record);
                if let Ok(server) = TcpStream::connect(server) {
                    thread::spawn(move || relay(&client, &server, &record));
                }
            }
        });
        Self { address, seen }
    }

    /// Where to send requests.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The targets (path and query) asked for since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().expect("no thread panicked"))
    }
}

/// Requests without a body go to the server, its answers back.
fn relay(client: &TcpStream, server: &TcpStream, seen: &Mutex<Vec<String>>) {
    thread::scope(|scope| {
        scope.spawn(|| {
            // Either side may hang up; then both directions end.
            drop(std::io::copy(&mut &*server, &mut &*client));
            drop(client.shutdown(Shutdown::Both));
        });
        for line in BufReader::new(client).split(b'\n') {
            let Ok(mut line) = line else { break };
            let text = String::from_utf8_lossy(&line).into_owned();
            if let Some(target) = text.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()) {
                seen.lock().expect("no thread panicked").push(target.to_owned());
            }
            line.push(b'\n');
            if (&*server).write_all(&line).is_err() {
                break;
            }
        }
        drop(server.shutdown(Shutdown::Both));
    });
}
