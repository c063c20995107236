//! Stands in for an HTTP server that only has to say a few things: an endpoint of AWS, a source of credentials, a proxy.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method and target, as in `GET /path?query`; a proxy's target has scheme and host.
    pub line: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// A header's value; empty if it was not sent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is answered: the status, further headers and the body.
#[derive(Debug, Clone)]
pub struct Reply(pub u16, pub Vec<(&'static str, String)>, pub String);

impl Reply {
    /// An answer with a body and nothing more.
    #[must_use]
    pub fn of(status: u16, body: impl Into<String>) -> Self {
        Self(status, Vec::new(), body.into())
    }
}

/// A server on a port of its own. Its threads end with the test process.
#[derive(Debug)]
pub struct StandIn {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    /// Answers over HTTP.
    #[must_use]
    pub fn http(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |stream, seen| converse(stream, seen, &answer))
    }

    /// Answers over HTTPS, with a certificate for these names that nobody signed. Gives the certificate too, as PEM.
    #[must_use]
    pub fn https(names: &[&str], answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Self, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("the names are good");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("the key is the certificate's");
        let config = Arc::new(config);
        let server = Self::start(move |stream, seen| {
            let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            converse(StreamOwned::new(connection, stream), seen, &answer)
        });
        let certificate = STANDARD.encode(cert.der());
        (server, format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n"))
    }

    /// Is a proxy that leads every tunnel to one server, whatever host it is asked for.
    #[must_use]
    pub fn tunnel_to(server: SocketAddr) -> Self {
        Self::start(move |stream, seen| {
            let mut client = BufReader::new(stream);
            let asked = read(&mut client)?;
            seen.lock().expect("no thread panicked").push(asked);
            let stream = client.into_inner();
            (&stream).write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
            let server = TcpStream::connect(server)?;
            thread::scope(|scope| {
                scope.spawn(|| {
                    drop(io::copy(&mut &server, &mut &stream));
                    drop(stream.shutdown(Shutdown::Both));
                });
                drop(io::copy(&mut &stream, &mut &server));
                drop(server.shutdown(Shutdown::Both));
            });
            Ok(())
        })
    }

    fn start(serve: impl Fn(TcpStream, &Mutex<Vec<Asked>>) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (seen, serve) = (Arc::new(Mutex::new(Vec::new())), Arc::new(serve));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, serve) = (Arc::clone(&seen), Arc::clone(&serve));
                // A client that hangs up, or does not trust the certificate, is the client's affair.
                thread::spawn(move || drop(serve(stream, &seen)));
            }
        });
        Self { address, seen: kept }
    }

    /// Where to send requests over HTTP.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.seen.lock().expect("no thread panicked"))
    }
}

/// One request and one answer.
fn converse(stream: impl Read + Write, seen: &Mutex<Vec<Asked>>, answer: &impl Fn(&Asked) -> Reply) -> io::Result<()> {
    let mut client = BufReader::new(stream);
    let asked = read(&mut client)?;
    let Reply(status, headers, body) = answer(&asked);
    seen.lock().expect("no thread panicked").push(asked);
    let mut head = format!("HTTP/1.1 {status} It\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        head.extend([name, ": ", &value, "\r\n"]);
    }
    let mut stream = client.into_inner();
    stream.write_all(format!("{head}\r\n{body}").as_bytes())?;
    stream.flush()
}

fn read(client: &mut impl BufRead) -> io::Result<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if client.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let line = lines.first().map(|line| line.trim_end_matches(" HTTP/1.1").to_owned()).unwrap_or_default();
    let headers: BTreeMap<_, _> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    Ok(Asked { line, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
