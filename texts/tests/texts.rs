//! Every language says everything.

use fido_unlock_protocol::code::{CodeError, CodeKind};
use fido_unlock_protocol::{Challenge, ErrorCode, Suite};
use fido_unlock_texts::Language;

#[test]
fn every_row_of_the_error_table_is_said_in_every_language() {
    for language in Language::ALL {
        let texts = language.texts();
        for code in ErrorCode::ALL {
            let (text, next) = (texts.error(*code), texts.next_step(*code));
            assert!(
                !text.starts_with("error-") && !text.is_empty(),
                "{language:?} {code:?}"
            );
            assert!(!text.ends_with('.'), "{language:?} {code:?}: {text}");
            assert!(next.ends_with('.'), "{language:?} {code:?}: {next}");
        }
    }
}

/// `cargo run -p fido-unlock-tests --example error_texts > texts/en/errors.ftl` makes them equal.
#[test]
fn the_english_error_texts_are_the_tables() {
    let texts = Language::English.texts();
    for code in ErrorCode::ALL {
        assert_eq!(texts.error(*code), code.message(), "{code:?}");
        assert_eq!(texts.next_step(*code), code.next_step(), "{code:?}");
    }
    let known = ErrorCode::ALL.len();
    let written = include_str!("../en/errors.ftl");
    assert_eq!(
        written.lines().filter(|line| line.starts_with("error-")).count(),
        known
    );
}

#[test]
fn forms_of_a_number() {
    let german = Language::German.texts();
    assert_eq!(german.unlock_may_be_good(1), "einer kann noch gültig sein");
    assert_eq!(german.unlock_may_be_good(2), "2 können noch gültig sein");
}

#[test]
fn what_is_put_in_is_not_read_as_a_text() {
    let english = Language::English.texts();
    let text = "{ $count } { -brand } \u{202e}<b>";
    assert_eq!(english.unlock_found_for(text), format!("Found for “{text}”"));
}

#[test]
fn a_wrong_code_is_named_in_both_languages() {
    let error = Challenge::parse(Suite::P256EcdhMac, "ABCD").unwrap_err();
    let expected = "der Code hat die falsche Länge: 4 statt 32";
    assert_eq!(Language::German.texts().code_error(&error), expected);
    let english =
        |error: &CodeError| assert_eq!(Language::English.texts().code_error(error), error.to_string());
    english(&error);
    english(&CodeError::Padding);
    english(&CodeError::Kind {
        expected: CodeKind::DeviceChallenge,
        found: CodeKind::ResponseLine,
    });
    english(&CodeError::Order {
        expected_line: 1,
        found_line: 2,
    });
}
