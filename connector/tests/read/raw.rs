//! Hosts on loopback that do not answer as a web server should.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A host that says so much of an answer, and then ends the connection. Returns its port.
pub(crate) async fn saying(words: &'static str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // Whoever hangs up early has had enough.
            drop(answer(connection, words).await);
        }
    });
    port
}

async fn answer(mut connection: TcpStream, words: &str) -> std::io::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") && connection.read_buf(&mut read).await? > 0 {
        // A client that wants TLS sends no blank line; its first bytes are enough.
        if read.first() == Some(&22) {
            break;
        }
    }
    connection.write_all(words.as_bytes()).await?;
    connection.shutdown().await
}

/// A web server with a certificate for localhost that nobody has signed but itself. Returns its port.
pub(crate) async fn self_signed() -> u16 {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // The client ends the handshake; if it did not, it would get no answer.
            drop(acceptor.accept(connection).await);
        }
    });
    port
}
