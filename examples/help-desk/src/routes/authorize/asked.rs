//! What a program asks an operator for, by the address that it opens in their browser (RFC 6749 section 4.1.1, RFC 7636,
//! RFC 8252 section 7.3). Whatever is wrong with it is said here and sent nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base64ct::{Base64UrlUnpadded, Encoding};
use fido_unlock::Shown;
use fido_unlock::desk::{Privilege, Scope};
use serde::Deserialize;

use crate::page::in_query;

/// The one program that is known; anybody can say that it is it.
const CLIENT: &str = "fido-unlock";
/// Where a program on this computer listens.
const CALLBACK: &str = "/callback";
/// The longest state and name, in characters.
const LONGEST_STATE: usize = 200;
const LONGEST_NAME: usize = 60;

/// The query of the address.
#[derive(Clone, Deserialize)]
pub(in crate::routes) struct Query {
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_name: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    code_challenge: String,
    #[serde(default)]
    code_challenge_method: String,
}

/// What is asked for, and is in order.
#[derive(Clone)]
pub(super) struct Asked {
    /// By what the program calls itself.
    pub(super) name: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) redirect: String,
    pub(super) challenge: [u8; 32],
    state: String,
    /// The query once more, for the forms of the page.
    pub(super) query: String,
}

impl Query {
    /// `None`: something is missing or not allowed.
    pub(super) fn read(&self) -> Option<Asked> {
        let known = self.response_type == "code"
            && self.client_id == CLIENT
            && self.code_challenge_method == "S256"
            && is_loopback(&self.redirect_uri)
            && is_state(&self.state);
        let name = Shown(self.client_name.trim()).to_string();
        let name = if name.is_empty() { CLIENT.to_owned() } else { name };
        let scopes = scopes(&self.scope)?;
        let challenge = challenge(&self.code_challenge)?;
        (known && name.chars().count() <= LONGEST_NAME).then(|| Asked {
            name,
            scopes,
            redirect: self.redirect_uri.clone(),
            challenge,
            state: self.state.clone(),
            query: self.text(),
        })
    }

    fn text(&self) -> String {
        let parts = [
            ("response_type", &self.response_type),
            ("client_id", &self.client_id),
            ("client_name", &self.client_name),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
            ("state", &self.state),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ];
        let parts = parts.map(|(name, value)| format!("{name}={}", in_query(value)));
        parts.join("&")
    }
}

impl Asked {
    /// What of it the operator may themselves.
    pub(super) fn within(&self, may: &[Privilege]) -> Vec<Scope> {
        let asked = self.scopes.iter().copied();
        asked.filter(|scope| may.contains(&scope.privilege())).collect()
    }

    /// Where the browser brings the answer: the program's own address. `answer`: `code` or `error`, and its value.
    pub(super) fn back(&self, answer: (&str, &str)) -> String {
        let (name, value) = answer;
        format!(
            "{}?{name}={}&state={}",
            self.redirect,
            in_query(value),
            in_query(&self.state)
        )
    }
}

/// A number of this computer's own alone, so that no name leads elsewhere, with the port that the program has.
fn is_loopback(redirect: &str) -> bool {
    let address = redirect
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_suffix(CALLBACK))
        .and_then(|address| address.parse::<SocketAddr>().ok());
    let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    // Written as it would be written again: nothing else stands in it.
    address.is_some_and(|address| {
        own.contains(&address.ip()) && address.port() > 0 && redirect == format!("http://{address}{CALLBACK}")
    })
}

fn is_state(state: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (16..=LONGEST_STATE).contains(&state.len()) && state.bytes().all(plain)
}

fn scopes(text: &str) -> Option<Vec<Scope>> {
    let mut all = Vec::new();
    for name in text.split(' ') {
        let scope = Scope::ALL.iter().find(|scope| scope.name() == name)?;
        if !all.contains(scope) {
            all.push(*scope);
        }
    }
    Some(all)
}

fn challenge(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let read = Base64UrlUnpadded::decode(text, &mut hash).ok()?;
    (read.len() == 32).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(change: impl FnOnce(&mut Query)) -> Option<Asked> {
        let mut query = Query {
            response_type: "code".into(),
            client_id: "fido-unlock".into(),
            client_name: "fido-unlock on \u{202e}here".into(),
            redirect_uri: "http://127.0.0.1:4711/callback".into(),
            scope: "unlock audit unlock".into(),
            state: "0123456789abcdef".into(),
            code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
            code_challenge_method: "S256".into(),
        };
        change(&mut query);
        query.read()
    }

    #[test]
    fn only_a_program_on_this_computer_is_answered() {
        let with = |redirect: &str| query(|query| query.redirect_uri = redirect.into()).is_some();
        assert!(with("http://127.0.0.1:4711/callback") && with("http://[::1]:4711/callback"));
        for other in [
            "https://127.0.0.1:4711/callback",
            "http://localhost:4711/callback",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:04711/callback",
            "http://127.0.0.2:4711/callback",
            "http://0.0.0.0:4711/callback",
            "http://[::]:4711/callback",
            "http://[::ffff:127.0.0.1]:4711/callback",
            "http://127.0.0.1:4711@evil.example/callback",
            "http://evil.example/?http://127.0.0.1:4711/callback",
            "http://127.0.0.1:4711/other/callback",
            "http://127.0.0.1:4711/callback?x",
            "http://127.0.0.1:4711/callback#x",
            "javascript:alert(1)//callback",
            "",
        ] {
            assert!(!with(other), "{other}");
        }
    }

    #[test]
    fn all_of_it_must_be_there() {
        let asked = query(|_| {}).unwrap();
        assert_eq!(asked.scopes, [Scope::Unlock, Scope::Audit]);
        assert_eq!(asked.name, "fido-unlock on \\u{202e}here");
        assert_eq!(
            asked.back(("code", "a&b")),
            "http://127.0.0.1:4711/callback?code=a%26b&state=0123456789abcdef"
        );
        let wrong: [fn(&mut Query); 10] = [
            |query| query.response_type = "token".into(),
            |query| query.client_id = "other".into(),
            |query| query.code_challenge_method = "plain".into(),
            |query| query.code_challenge_method.clear(),
            |query| query.code_challenge = "short".into(),
            |query| query.state = "short".into(),
            |query| query.state = "0123456789abcdef\r\nx".into(),
            |query| query.scope = "unlock everything".into(),
            |query| query.scope.clear(),
            |query| query.client_name = "x".repeat(61),
        ];
        for (number, change) in wrong.into_iter().enumerate() {
            assert!(query(change).is_none(), "{number}");
        }
    }
}
