//! Which languages there are, and which of them somebody wants.

use std::sync::LazyLock;

use unic_langid::LanguageIdentifier;

use crate::{DE, EN, Texts};

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (BCP 47), such as `de`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What its speakers call it.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language of a tag, such as `de`.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The one that somebody likes best; English where there is none of theirs. `accepted`: as `Accept-Language` says
    /// it (RFC 9110 section 12.5.4).
    ///
    /// ```
    /// # use fido_unlock_texts::Language;
    /// assert_eq!(Language::wanted("fr, de-CH;q=0.8, en;q=0.5"), Language::German);
    /// assert_eq!(Language::wanted("fr"), Language::English);
    /// ```
    #[must_use]
    pub fn wanted(accepted: &str) -> Self {
        // Browsers name the one that is liked best first; the weights say the same.
        let mut tags = accepted.split([',', ';']).map(str::trim);
        let found = tags.find_map(|tag| Self::of_tag(&tag.split('-').next()?.to_ascii_lowercase()));
        found.unwrap_or_default()
    }

    pub(crate) fn identifier(self) -> LanguageIdentifier {
        // Each of them is one.
        self.tag().parse().unwrap_or_default()
    }

    /// What is said in it.
    #[must_use]
    pub fn texts(self) -> &'static Texts {
        static ENGLISH: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::English, EN));
        static GERMAN: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::German, DE));
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
