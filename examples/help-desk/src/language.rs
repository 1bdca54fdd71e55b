//! In which language a page speaks: as was chosen here, or else as the browser asks. The door finds it out once for each
//! request; whoever makes the answer, a refusal too, asks [`spoken`].

use axum::http::{HeaderMap, HeaderValue, header};
use fido_unlock::ErrorCode;
use fido_unlock_texts::{Language, Texts};

tokio::task_local! {
    static SPOKEN: Language;
}

/// The cookie of the choice. It is no secret and opens nothing.
const COOKIE: &str = "help-desk-language";
/// How long a choice is remembered, in seconds: a year.
const REMEMBERED: u32 = 365 * 24 * 60 * 60;

/// The texts of whoever is being answered; English where nobody is.
pub(crate) fn spoken() -> &'static Texts {
    SPOKEN.try_with(|language| *language).unwrap_or_default().texts()
}

/// What can be chosen.
pub(crate) const fn choices() -> [Language; 2] {
    Language::ALL
}

/// Answers in a language.
pub(crate) async fn speaking<F: Future>(language: Language, answer: F) -> F::Output {
    SPOKEN.scope(language, answer).await
}

/// The language of a request.
pub(crate) fn of(headers: &HeaderMap) -> Language {
    let chosen = cookies(headers).find(|(name, _)| *name == COOKIE);
    let chosen = chosen.and_then(|(_, tag)| Language::of_tag(tag));
    chosen.unwrap_or_else(|| {
        let asked = headers.get(header::ACCEPT_LANGUAGE);
        let asked = asked.and_then(|value| value.to_str().ok());
        Language::wanted(asked.unwrap_or_default())
    })
}

/// The cookies of a request, by name and value.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// Remembers a choice.
pub(crate) fn choose(language: Language, secure: bool) -> Result<HeaderValue, ErrorCode> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!(
        "{COOKIE}={}; Path=/; Max-Age={REMEMBERED}; HttpOnly; SameSite=Strict{secure}",
        language.tag()
    );
    HeaderValue::from_str(&text).map_err(|_| ErrorCode::HostFailed)
}
