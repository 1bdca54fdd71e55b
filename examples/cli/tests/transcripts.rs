//! Help texts, errors and JSON as they are printed. `TRYCMD=overwrite` writes them anew.

#![allow(missing_docs)]

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}

/// Codes come in on standard input, so these are checked with `.in` files beside them.
#[test]
fn codes() {
    trycmd::TestCases::new().case("tests/cmd/*.toml");
}
