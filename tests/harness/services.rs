//! Servers of other people, started for a journey and ended with it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::binaries::{clean_command, workspace};
use crate::peers::{JSON_SERVER, MOTO, ODATA, Peers, WRITABLE_DATASETTE};

/// A server that listens on a port of the system's choosing, ended when dropped.
#[derive(Debug)]
pub struct Service {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

/// Where a server says which port it has.
#[derive(Clone, Copy)]
enum Announced {
    Output,
    Errors,
}

impl Service {
    /// A user of the OData service who may read and write.
    pub const ODATA_CLERK: (&str, &str) = ("clerk", "Grüße 1");
    /// A user of the OData service who may read, and write all but orders.
    pub const ODATA_GUEST: (&str, &str) = ("guest", "guest");
    /// The access token of the Salesforce-like server.
    pub const SALESFORCE_TOKEN: &str = "00D000000000001!sample";
    /// The API key of json-server, expected in the header `X-Api-Key`.
    pub const JSON_SERVER_KEY: &str = "k/ey+with=odd~chars";

    /// Starts the OData service with so many orders; its root is `/odata/v4/shop`. None when it cannot be installed.
    #[must_use]
    pub fn odata(journey: &str, orders: usize) -> Option<Self> {
        let peers = ODATA.or_skip(journey)?;
        // Otherwise it takes PUT alone for an upsert, where the standard has PATCH.
        let upserts = r#"{"runtime":{"patch_as_upsert":true}}"#;
        Some(Self::start(node(peers).arg(orders.to_string()).env("CDS_CONFIG", upserts), Announced::Output))
    }

    /// Starts json-server with so many `orders`, and 500 `customers`. None when it cannot be installed.
    #[must_use]
    pub fn json_server(journey: &str, orders: usize) -> Option<Self> {
        let peers = JSON_SERVER.or_skip(journey)?;
        Some(Self::start(node(peers).arg(orders.to_string()), Announced::Output))
    }

    /// Starts the stable Datasette, which only reads, on a file of SQLite.
    #[must_use]
    pub fn datasette(peers: &Peers, file: &Path) -> Self {
        let mut command = clean_command(peers.program("datasette"));
        Self::start(command.arg("serve").arg(file).args(["--host", "127.0.0.1", "--port", "0"]), Announced::Errors)
    }

    /// Starts a Datasette with the write API on a file of SQLite, and makes a token for it. None when it cannot be
    /// installed.
    #[must_use]
    pub fn writable_datasette(journey: &str, file: &Path) -> Option<(Self, String)> {
        const SECRET: &str = "known to the tests";
        let peers = WRITABLE_DATASETTE.or_skip(journey)?;
        let mut command = clean_command(peers.program("datasette"));
        command.arg("serve").arg(file).args(["--host", "127.0.0.1", "--port", "0", "--root", "--secret", SECRET]);
        let service = Self::start(&mut command, Announced::Errors);
        let made = clean_command(peers.program("datasette"))
            .args(["create-token", "root", "--secret", SECRET])
            .output()
            .expect("Datasette starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let token = String::from_utf8(made.stdout).expect("a token is text").trim().to_owned();
        Some((service, token))
    }

    /// Starts moto, an AWS in memory, with one account and the policies that AWS manages. None when it cannot be
    /// installed.
    #[must_use]
    pub fn moto(journey: &str, account: &str) -> Option<Self> {
        let peers = MOTO.or_skip(journey)?;
        let mut command = clean_command(peers.program("moto_server"));
        command.args(["--host", "127.0.0.1", "--port", "0"]);
        command.env("MOTO_ACCOUNT_ID", account).env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true");
        Some(Self::start(&mut command, Announced::Errors))
    }

    /// Starts the server that behaves as Salesforce's public pages say, with so many accounts; `further` are its options.
    #[must_use]
    pub fn salesforce(accounts: usize, further: &[&str]) -> Self {
        let mut command = clean_command("python3");
        command.arg("-B").arg(workspace().join("tests/peers/salesforce")).args(["--port", "0", "--until-eof"]);
        Self::start(command.args(["--accounts", &accounts.to_string()]).args(further), Announced::Output)
    }

    /// Sends a request outside of any connector, and gives back the head of the answer and its body.
    #[must_use]
    pub fn request(&self, request: &str, headers: &[(&str, &str)], body: &str) -> (String, Value) {
        let mut server = TcpStream::connect(self.address).expect("the service listens");
        // HTTP 1.0, so that no answer comes in chunks.
        let length = body.len();
        let mut text = format!("{request} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
        for (name, value) in headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        write!(server, "{text}\r\n{body}").expect("the service reads");
        let mut answer = String::new();
        server.read_to_string(&mut answer).expect("the service answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Where to send requests.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn start(command: &mut Command, announced: Announced) -> Self {
        let program = command.get_program().to_owned();
        // What it says elsewhere goes to a file, so that it never waits for a reader.
        let mut log = tempfile::tempfile().expect("there is room for a temporary file");
        let elsewhere = log.try_clone().expect("the file is open");
        // Held open while the service lives: some end when it closes, which it does even if the tests are killed.
        command.stdin(Stdio::piped());
        match announced {
            Announced::Output => command.stdout(Stdio::piped()).stderr(elsewhere),
            Announced::Errors => command.stdout(elsewhere).stderr(Stdio::piped()),
        };
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let pipe: Box<dyn Read + Send> = match announced {
            Announced::Output => Box::new(child.stdout.take().expect("standard output is piped")),
            Announced::Errors => Box::new(child.stderr.take().expect("standard error is piped")),
        };
        let mut lines = BufReader::new(pipe).lines().map_while(Result::ok);
        let mut said = String::new();
        let address = lines.by_ref().inspect(|line| said.push_str(line)).find_map(|line| announced_address(&line));
        let Some(address) = address else {
            drop(child.kill());
            drop(child.wait());
            panic!("{} did not say where it is: {said}\n{}", program.display(), content(&mut log));
        };
        // Keeps reading, for the same reason.
        std::thread::spawn(move || lines.count());
        Self { address, child }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whether it had ended before does not matter: what counts is that it is gone.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn node(peers: &Peers) -> Command {
    let mut command = clean_command("node");
    command.arg(peers.file("server.js"));
    command
}

fn announced_address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let port = rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()?;
    Some(SocketAddr::from(([127, 0, 0, 1], port)))
}

fn content(log: &mut File) -> String {
    let mut content = String::new();
    // A server that ended may have written anything; what can be read is shown.
    drop(log.rewind().and_then(|()| log.read_to_string(&mut content)));
    content
}
