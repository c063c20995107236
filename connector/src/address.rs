//! Base URLs, and the URLs of requests. A value can never leave the segment or the parameter it is put in.

use std::fmt;

use appflow_sdk::ConnectorError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use crate::template;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where an API is: scheme, host, port and the path before all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

/// Why a text is not a base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotABaseUrl {
    /// It is no URL with a host.
    NotAUrl,
    /// It does not use TLS, and leads off this machine.
    NotSecure,
    /// It holds a user name or password.
    Credentials,
    /// It has a query or a fragment.
    Query,
}

impl fmt::Display for NotABaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "must be a URL such as https://api.example.com",
            Self::NotSecure => "must begin with https://; http:// is for loopback addresses only",
            Self::Credentials => "must not hold a user name or password; they belong to the connection's credentials",
            Self::Query => "must end before ? and #",
        })
    }
}

impl std::error::Error for NotABaseUrl {}

impl BaseUrl {
    /// Reads a base URL: `https`, or `http` to a loopback address. Whether requests may go there is for the guard to say.
    pub(crate) fn parse(text: &str) -> Result<Self, NotABaseUrl> {
        let url = Url::parse(text.trim()).map_err(|_| NotABaseUrl::NotAUrl)?;
        let host = url.host().ok_or(NotABaseUrl::NotAUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => return Err(NotABaseUrl::NotSecure),
            _ => return Err(NotABaseUrl::NotAUrl),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotABaseUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NotABaseUrl::Query);
        }
        Ok(Self(url))
    }

    /// The URL itself.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The URL of a path of the manifest below the prefix.
    ///
    /// # Errors
    /// `InvalidArgument` when a name has no value, or its value makes a segment that is empty, `.` or `..`: these lead
    /// to another place than the manifest means.
    pub(crate) fn join(
        &self,
        prefix: &str,
        path: &str,
        value_of: impl Fn(&str) -> Option<String>,
    ) -> Result<Url, ConnectorError> {
        let mut whole = self.0.path().trim_end_matches('/').to_owned();
        for template in [prefix, path] {
            for segment in template.trim_end_matches('/').split('/').skip(1) {
                let encoded = |name: &str| Some(utf8_percent_encode(&value_of(name)?, RESERVED).to_string());
                let filled = template::fill(segment, encoded).map_err(|name| {
                    ConnectorError::invalid_argument(format!(
                        "the setting {name:?} is missing, and the path {path} needs it"
                    ))
                })?;
                let is_literal = filled == segment;
                if !is_literal && matches!(filled.as_str(), "" | "." | "..") {
                    return Err(ConnectorError::invalid_argument(format!(
                        "{filled:?} cannot stand in the path {path}"
                    )));
                }
                whole.push('/');
                whole.push_str(&filled);
            }
        }
        if path.ends_with('/') {
            whole.push('/');
        }
        let mut url = self.0.clone();
        url.set_path(&whole);
        Ok(url)
    }

    /// The URL that a link of this API's answers leads to.
    ///
    /// # Errors
    /// `ServerError` when it leads elsewhere: credentials must not go there.
    pub(crate) fn follow(&self, from: &Url, link: &str) -> Result<Url, ConnectorError> {
        let leads_to = from.join(link).map_err(|error| {
            ConnectorError::server_error(format!("the answer to GET {} links to something that is no URL", from.path()))
                .with_source(error)
        })?;
        if leads_to.origin() == self.0.origin() && leads_to.username().is_empty() && leads_to.password().is_none() {
            Ok(leads_to)
        } else {
            Err(ConnectorError::server_error(format!(
                "the answer to GET {} links to {}, which the connection's credentials are not meant for",
                from.path(),
                leads_to.origin().ascii_serialization()
            )))
        }
    }

    /// The URL at a path and query of this origin. Whatever the text is, it stays there: it is not read as a reference,
    /// in which a path that begins with `//` would name a host.
    pub(crate) fn at(&self, path_and_query: &str) -> Url {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }
}

/// Whether a host is this machine, by its name alone.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Adds query parameters, encoded as forms are, except that a space is `%20`: every server reads that, and not every one
/// reads `+`.
pub(crate) fn add_parameters<'p>(url: &mut Url, parameters: impl IntoIterator<Item = (&'p str, &'p str)>) {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    let added = encoded.extend_pairs(parameters).finish().replace('+', "%20");
    if !added.is_empty() {
        let query = match url.query().filter(|query| !query.is_empty()) {
            Some(before) => format!("{before}&{added}"),
            None => added,
        };
        url.set_query(Some(&query));
    }
}

/// How many bytes of path and query a request for a URL sends.
pub(crate) fn length(url: &Url) -> usize {
    url.path().len() + url.query().map_or(0, |query| query.len() + 1)
}

/// How many bytes parameters take in a query, each with the `&` before it.
pub(crate) fn encoded_length(parameters: &[(String, String)]) -> usize {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let length = query.extend_pairs(parameters).finish().replace('+', "%20").len();
    if parameters.is_empty() { 0 } else { length + 1 }
}

/// Takes query parameters away, whatever their values.
pub(crate) fn remove_parameters(url: &mut Url, names: &[&str]) {
    let is_named = |pair: &str| {
        url::form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(name, _)| names.contains(&name.as_ref()))
    };
    let Some(query) = url.query() else { return };
    if query.split('&').any(is_named) {
        let kept: Vec<_> = query.split('&').filter(|pair| !is_named(pair)).collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn join(base: &str, prefix: &str, path: &str, value: &str) -> Result<String, ConnectorError> {
        let value_of = |name: &str| (name == "id").then(|| value.to_owned());
        BaseUrl::parse(base).unwrap().join(prefix, path, value_of).map(String::from)
    }

    #[test]
    fn stays_at_its_origin_whatever_was_kept_of_a_link() {
        let base = BaseUrl::parse("https://a.example/v1").unwrap();
        for (kept, expected) in [
            ("/x?a=%20b&c=1?2", "https://a.example/x?a=%20b&c=1?2"),
            ("/a%2Fb", "https://a.example/a%2Fb"),
            ("//b.example/x?y=1", "https://a.example//b.example/x?y=1"),
            ("https://b.example/", "https://a.example/https://b.example/"),
        ] {
            assert_eq!(base.at(kept).as_str(), expected);
        }
    }

    #[test]
    fn counts_parameters_as_a_query_has_them() {
        let parameters = [("a".to_owned(), "b c".to_owned()), ("d".to_owned(), "\u{e9}".to_owned())];
        assert_eq!(encoded_length(&parameters), "&a=b%20c&d=%C3%A9".len());
        assert_eq!(encoded_length(&[]), 0);
    }

    #[test]
    fn takes_https_anywhere_and_http_on_this_machine() {
        for right in [
            "https://api.example.com",
            "https://api.example.com:8443/v2/",
            "http://localhost:1",
            "http://127.0.0.9/x",
            "http://[::1]:80",
        ] {
            assert!(BaseUrl::parse(right).is_ok(), "{right}");
        }
        for (wrong, why) in [
            ("", NotABaseUrl::NotAUrl),
            ("api.example.com", NotABaseUrl::NotAUrl),
            ("ftp://api.example.com", NotABaseUrl::NotAUrl),
            ("file:///etc/passwd", NotABaseUrl::NotAUrl),
            ("http://api.example.com", NotABaseUrl::NotSecure),
            ("http://169.254.169.254/latest", NotABaseUrl::NotSecure),
            ("http://localhost.example.com", NotABaseUrl::NotSecure),
            ("https://user@api.example.com", NotABaseUrl::Credentials),
            ("https://:secret@api.example.com", NotABaseUrl::Credentials),
            ("https://api.example.com?x=1", NotABaseUrl::Query),
            ("https://api.example.com#x", NotABaseUrl::Query),
        ] {
            assert_eq!(BaseUrl::parse(wrong), Err(why), "{wrong}");
        }
    }

    #[test]
    fn joins_base_prefix_and_path() {
        assert_eq!(join("https://a.example", "", "/orders", "").unwrap(), "https://a.example/orders");
        assert_eq!(join("https://a.example/b/", "/v2/", "/orders/", "").unwrap(), "https://a.example/b/v2/orders/");
        assert_eq!(join("https://a.example", "", "/", "").unwrap(), "https://a.example/");
    }

    #[test]
    fn a_value_stays_in_its_segment() {
        for (value, encoded) in [
            ("a/b", "a%2Fb"),
            ("../../admin", "..%2F..%2Fadmin"),
            ("%2e%2e", "%252e%252e"),
            ("a?b=c#d", "a%3Fb%3Dc%23d"),
            ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
            ("a\tb\\c;d", "a%09b%5Cc%3Bd"),
            ("Zürich", "Z%C3%BCrich"),
        ] {
            let url = join("https://a.example", "", "/orders/{id}/lines", value).unwrap();
            assert_eq!(url, format!("https://a.example/orders/{encoded}/lines"));
        }
    }

    #[test]
    fn refuses_a_value_that_would_lead_elsewhere() {
        for value in ["", ".", ".."] {
            assert!(join("https://a.example", "", "/orders/{id}", value).is_err(), "{value:?}");
        }
        assert!(join("https://a.example", "", "/orders/.{id}", ".").is_err());
        assert!(join("https://a.example", "", "/{tenant}", "x").unwrap_err().message().contains("tenant"));
    }

    #[test]
    fn follows_links_to_the_same_origin_only() {
        let base = BaseUrl::parse("https://a.example/api").unwrap();
        let from = Url::parse("https://a.example/api/orders?page=1").unwrap();
        for link in [
            "?page=2",
            "/api/orders?page=2",
            "https://a.example/api/orders?page=2",
            "https://a.example:443/api/orders?page=2",
        ] {
            assert_eq!(base.follow(&from, link).unwrap().query(), Some("page=2"), "{link}");
        }
        for link in [
            "https://b.example/",
            "http://a.example/",
            "//b.example/x",
            "/\\b.example/x",
            "https://a.example:8443/",
            "https://u@a.example/",
            "https://",
        ] {
            assert!(base.follow(&from, link).is_err(), "{link}");
        }
    }

    #[test]
    fn encodes_parameters_and_takes_them_away_again() {
        let mut url = Url::parse("https://a.example/x").unwrap();
        add_parameters(&mut url, []);
        assert_eq!(url.as_str(), "https://a.example/x");
        add_parameters(&mut url, [("q", "a&b=c\r\n"), ("k y", "ü")]);
        assert_eq!(url.query(), Some("q=a%26b%3Dc%0D%0A&k%20y=%C3%BC"));
        remove_parameters(&mut url, &["k y", "other"]);
        assert_eq!(url.query(), Some("q=a%26b%3Dc%0D%0A"));
        remove_parameters(&mut url, &["q"]);
        assert_eq!(url.query(), None);
    }
}
