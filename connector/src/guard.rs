//! Which machines requests may reach. A base URL comes from whoever makes a connection, and must not become a way to what
//! only this process can reach: Lambda's runtime API on loopback, the credentials at link-local addresses, a private network.
//!
//! Addresses are looked at where connections are made, after names were resolved, so that no name can mean one address
//! when it is checked and another when it is used.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use appflow_sdk::ConnectorError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Which machines requests may reach beside public ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Guard {
    /// This machine: for development.
    pub(crate) loopback: bool,
    /// Private networks: as the manifest says.
    pub(crate) private: bool,
}

/// What kind of network an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Public,
    Loopback,
    Private,
    /// Link-local, multicast, unspecified and the like, where no API is.
    Special,
}

/// An address that requests must not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forbidden {
    host: String,
    address: IpAddr,
    network: Network,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address, network } = self;
        if host.trim_matches(['[', ']']) == address.to_string() {
            write!(f, "leads to {address}, ")?;
        } else {
            write!(f, "leads to {host}, which is at {address}, ")?;
        }
        f.write_str(match network {
            Network::Private => {
                "an address of a private network; if the API is there, set `private_addresses = true` in [connection]"
            }
            Network::Loopback => "the machine that the connector runs on, which is for development only",
            Network::Public | Network::Special => "an address where no API can be",
        })
    }
}

impl Error for Forbidden {}

impl Forbidden {
    /// The failure of a request that would have gone there.
    pub(crate) fn refusal(&self) -> ConnectorError {
        ConnectorError::invalid_argument(format!("the base URL {self}")).without_effect()
    }
}

/// A name without addresses, and why.
#[derive(Debug)]
pub(crate) struct Unresolved(String);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unresolved {}

impl Guard {
    /// Whether requests may go to an address that a host has.
    ///
    /// # Errors
    /// [`Forbidden`] when not.
    pub(crate) fn permit(self, host: &str, address: IpAddr) -> Result<(), Forbidden> {
        let network = network(address);
        let is_permitted = match network {
            Network::Public => true,
            Network::Loopback => self.loopback,
            Network::Private => self.private,
            Network::Special => false,
        };
        if is_permitted { Ok(()) } else { Err(Forbidden { host: host.to_owned(), address, network }) }
    }

    /// Whether requests may go to a URL, as far as that can be told without asking a name server.
    ///
    /// # Errors
    /// [`Forbidden`] when not.
    pub(crate) fn permit_url(self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().unwrap_or_default();
        match url.host() {
            Some(Host::Ipv4(address)) => self.permit(host, address.into()),
            Some(Host::Ipv6(address)) => self.permit(host, address.into()),
            Some(Host::Domain(name)) if is_this_machine(name) => self.permit(host, Ipv4Addr::LOCALHOST.into()),
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }

    /// The addresses of a host that requests may go to.
    fn among(self, host: &str, found: impl Iterator<Item = SocketAddr>) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
        let (mut permitted, mut forbidden) = (Vec::new(), None);
        for address in found {
            match self.permit(host, address.ip()) {
                Ok(()) => permitted.push(address),
                Err(refused) => forbidden = Some(refused),
            }
        }
        match forbidden {
            _ if !permitted.is_empty() => Ok(Box::new(permitted.into_iter())),
            Some(refused) => Err(refused.into()),
            None => Err(Unresolved("it has no address".to_owned()).into()),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            // The port is replaced by that of the URL.
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            guard.among(&host, found.map_err(|error| Unresolved(error.to_string()))?)
        })
    }
}

/// Whether a name always means this machine (RFC 6761).
fn is_this_machine(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// The network that an address belongs to (the special-purpose registries of IANA).
fn network(address: IpAddr) -> Network {
    match address {
        IpAddr::V4(address) => network_v4(address),
        IpAddr::V6(address) => network_v6(address),
    }
}

fn network_v4(address: Ipv4Addr) -> Network {
    match address.octets() {
        [127, ..] => Network::Loopback,
        // 100.64.0.0/10 is the shared space behind providers, 198.18.0.0/15 is for measurements.
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => Network::Private,
        // This network, link-local, protocol assignments, examples, multicast, reserved, broadcast.
        [0 | 224..=255, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Network::Special
        }
        _ => Network::Public,
    }
}

fn network_v6(address: Ipv6Addr) -> Network {
    if let Some(embedded) = embedded(address) {
        return network_v4(embedded);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Network::Loopback,
        // Amazon's own services answer below fd00:ec2::, as the metadata do.
        [first @ 0xfc00..=0xfdff, second, ..] if (first, second) != (0xfd00, 0x0ec2) => Network::Private,
        // The rest of 0000::/8 and 0100::/8, link-local and site-local, multicast, examples.
        [0x0000..=0x01ff | 0xfd00 | 0xfe80..=0xfeff | 0xff00..=0xffff, ..] | [0x2001, 0x0db8, ..] => Network::Special,
        _ => Network::Public,
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped (`::ffff:0:0/96`), compatible (`::/96`), through a translator
/// (`64:ff9b::/96`) or a 6to4 relay (`2002::/16`).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(from(high, low))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_network_of_an_address() {
        for (network_of, addresses) in [
            (
                Network::Public,
                "1.1.1.1 100.63.1.1 100.128.0.1 172.15.0.1 172.32.0.1 192.167.1.1 2606:4700::1 64:ff9b::101:101",
            ),
            (Network::Loopback, "127.0.0.1 127.255.0.9 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::"),
            (
                Network::Private,
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.9.9 198.19.0.1 fc00::1 fd12::1 \
                 ::ffff:10.1.2.3 ::10.0.0.1 64:ff9b::a00:1 2002:a00:1::",
            ),
            (
                Network::Special,
                "0.0.0.0 0.1.2.3 169.254.169.254 169.254.79.129 224.0.0.1 255.255.255.255 240.0.0.1 192.0.2.1 :: fe80::1 \
                 fec0::1 ff02::1 fd00:ec2::254 ::ffff:169.254.169.254 ::ffff:0.0.0.0 100::1 2001:db8::1",
            ),
        ] {
            for address in addresses.split_whitespace() {
                assert_eq!(network(address.parse().unwrap()), network_of, "{address}");
            }
        }
    }

    #[test]
    fn permits_what_it_is_told_to_and_never_link_local_addresses() {
        let nothing = Guard::default();
        let everything = Guard { loopback: true, private: true };
        let private = Guard { loopback: false, private: true };
        for (url, guard, refused) in [
            ("https://1.1.1.1/", nothing, None),
            ("https://api.example.com/", nothing, None),
            ("https://10.1.2.3/", nothing, Some("leads to 10.1.2.3, an address of a private network")),
            ("https://10.1.2.3/", private, None),
            ("http://127.0.0.1:9001/", private, Some("leads to 127.0.0.1, the machine that the connector runs on")),
            ("http://127.0.0.1:9001/", everything, None),
            ("https://x.localhost./", private, Some("leads to x.localhost., which is at 127.0.0.1, the machine")),
            ("http://localhost/", everything, None),
            ("https://[::1]/", private, Some("leads to ::1, the machine")),
            ("https://[::ffff:169.254.169.254]/", everything, Some("an address where no API can be")),
            // Numbers are addresses too: the URL's parser reads them as a browser does.
            ("https://0xa9fea9fe/", everything, Some("leads to 169.254.169.254, an address where no API can be")),
            ("https://2130706433/", private, Some("leads to 127.0.0.1, the machine")),
        ] {
            let outcome = guard.permit_url(&Url::parse(url).unwrap()).map_err(|refused| refused.to_string());
            match (outcome, refused) {
                (Ok(()), None) => {}
                (Err(message), Some(expected)) => {
                    assert!(message.starts_with(expected) || message.ends_with(expected), "{message}");
                }
                (outcome, expected) => panic!("{url}: {outcome:?} and not {expected:?}"),
            }
        }
    }

    #[test]
    fn keeps_the_permitted_addresses_of_a_name() {
        let found = |texts: &[&str]| {
            let addresses: Vec<SocketAddr> =
                texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect();
            let kept = Guard::default().among("a.example", addresses.into_iter());
            kept.map(|kept| kept.map(|address| address.ip().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(found(&["10.0.0.1", "1.1.1.1", "::1"]).unwrap(), ["1.1.1.1"]);
        let refused = found(&["10.0.0.1"]).unwrap_err();
        let refused = refused.downcast_ref::<Forbidden>().unwrap();
        assert!(refused.to_string().starts_with("leads to a.example, which is at 10.0.0.1, an address of a private"));
        assert!(found(&[]).unwrap_err().is::<Unresolved>());
    }

    #[tokio::test]
    async fn resolves_names_before_it_looks() {
        let resolve = |guard: Guard| guard.resolve("localhost".parse().unwrap());
        assert!(resolve(Guard::default()).await.err().unwrap().is::<Forbidden>());
        let mut found = resolve(Guard { loopback: true, private: false }).await.ok().unwrap();
        assert!(found.all(|address| address.ip().is_loopback()));
    }
}
