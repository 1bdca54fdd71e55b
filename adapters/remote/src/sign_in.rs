//! Signing in through the operator's own browser (RFC 8252) with a secret that stays in this process (RFC 7636): who reads
//! the code on its way through the browser can do nothing with it.

use base64ct::{Base64UrlUnpadded, Encoding};
use fido_unlock_desk::{AccessToken, Scope};
use getrandom::SysRng;
use getrandom::rand_core::TryRng;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::http::Ask;
use crate::{Connection, RemoteError, ServiceAddress};

/// Where this process listens, as the console expects it.
const CALLBACK: &str = "/callback";
/// The longest answer with a token, in bytes; its buffer never grows.
const ANSWER: usize = 8 * 1024;

/// A sign-in that has begun: the browser is asked, and this process listens on a port of 127.0.0.1.
pub struct BrowserSignIn {
    verifier: Zeroizing<String>,
    state: Zeroizing<String>,
    redirect: String,
    url: String,
}

/// Why the browser brings no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was not allowed in the browser")]
pub struct NotAllowed;

fn random<const N: usize>() -> Result<Zeroizing<String>, RemoteError> {
    let mut bytes = Zeroizing::new([0; N]);
    SysRng
        .try_fill_bytes(&mut *bytes)
        .map_err(|_| RemoteError::Entropy)?;
    Ok(Zeroizing::new(Base64UrlUnpadded::encode_string(&*bytes)))
}

/// A text as a value of a query (RFC 3986, section 2.3).
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        plain if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => char::from(plain).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

impl BrowserSignIn {
    /// Begins one. `port`: of 127.0.0.1, on which this process listens; `name`: by what it calls itself, up to 60
    /// characters; `scopes`: what it wants to do.
    ///
    /// # Errors
    /// No random bytes.
    pub fn begin(
        address: &ServiceAddress,
        port: u16,
        name: &str,
        scopes: &[Scope],
    ) -> Result<Self, RemoteError> {
        let (verifier, state) = (random::<32>()?, random::<16>()?);
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(verifier.as_bytes()));
        let redirect = format!("http://127.0.0.1:{port}{CALLBACK}");
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        let url = format!(
            "{address}/authorize?response_type=code&client_id=fido-unlock&client_name={}&redirect_uri={}&scope={}&state={}\
             &code_challenge={challenge}&code_challenge_method=S256",
            escaped(name),
            escaped(&redirect),
            escaped(&scopes.join(" ")),
            state.as_str()
        );
        Ok(Self {
            verifier,
            state,
            redirect,
            url,
        })
    }

    /// What the browser opens. There is no secret in it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The code that the browser brings; `None`: the request is not this sign-in's. `target`: of the request, path and
    /// query.
    #[must_use]
    pub fn answer(&self, target: &str) -> Option<Result<Zeroizing<String>, NotAllowed>> {
        let (path, query) = target.split_once('?')?;
        let value = |wanted: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
        };
        let own: bool = value("state")?.as_bytes().ct_eq(self.state.as_bytes()).into();
        if path != CALLBACK || !own {
            return None;
        }
        Some(
            value("code")
                .map(|code| Zeroizing::new(code.to_owned()))
                .ok_or(NotAllowed),
        )
    }
}

#[derive(Deserialize)]
struct Given<'a> {
    /// Borrowed, so that no copy of it is left behind.
    access_token: &'a str,
}

impl Connection {
    /// Fetches the token for a code that the browser has brought.
    ///
    /// # Errors
    /// [`ErrorCode::SignInCodeWrong`](fido_unlock_protocol::ErrorCode::SignInCodeWrong): it has run out, or was tried
    /// before; what the desk refuses; that it is not reached.
    pub fn fetch_token(&self, sign_in: &BrowserSignIn, code: &str) -> Result<AccessToken, RemoteError> {
        let body = json!({
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": sign_in.verifier.as_str(),
            "redirect_uri": sign_in.redirect,
        });
        let ask = Ask {
            longest: ANSWER,
            ..Ask::post("/api/v1/token", &body)
        };
        let answer = self.ask(None, &ask)?;
        let given: Option<Given<'_>> = serde_json::from_slice(&answer).ok();
        given
            .and_then(|given| AccessToken::parse(given.access_token))
            .ok_or_else(|| RemoteError::NotTheProtocol {
                detail: "an answer that should have an access token has none".into(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> BrowserSignIn {
        let address = ServiceAddress::parse("https://desk.example").unwrap();
        BrowserSignIn::begin(&address, 4711, "a & b", &[Scope::Unlock, Scope::Audit]).unwrap()
    }

    #[test]
    fn the_browser_sees_no_secret() {
        let sign_in = begun();
        assert!(sign_in.url().starts_with(
            "https://desk.example/authorize?response_type=code&client_id=fido-unlock&client_name=a%20%26%20b&redirect_uri=\
             http%3A%2F%2F127.0.0.1%3A4711%2Fcallback&scope=unlock%20audit&state="
        ));
        assert!(!sign_in.url().contains(sign_in.verifier.as_str()));
        assert_eq!(sign_in.verifier.len(), 43);
        let other = begun();
        assert!(sign_in.state != other.state && sign_in.verifier != other.verifier);
    }

    #[test]
    fn only_its_own_answer_counts() {
        let sign_in = begun();
        let state = sign_in.state.as_str();
        let answer = |target: String| sign_in.answer(&target);
        assert_eq!(
            answer(format!("/callback?code=c0de&state={state}"))
                .unwrap()
                .unwrap()
                .as_str(),
            "c0de"
        );
        assert_eq!(
            answer(format!("/callback?error=access_denied&state={state}")),
            Some(Err(NotAllowed))
        );
        for other in [
            "/callback?code=c0de&state=0123456789abcdef".into(),
            "/callback?code=c0de".into(),
            "/callback".into(),
            format!("/other?code=c0de&state={state}"),
            format!("/callback?code=c0de&state={state}x"),
            "/favicon.ico".into(),
        ] {
            assert!(answer(other).is_none());
        }
    }
}
