//! Help texts, errors and JSON as they are printed. `TRYCMD=overwrite` writes them anew.

#![allow(missing_docs)]

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
