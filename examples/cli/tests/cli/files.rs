//! The desk's folder, and the files that people make, lose and put there.

use crate::bench::{ADMIN_PASSWORD, Bench, PASSPHRASE, text};

/// A passphrase is judged as a password is, and before it is typed again.
#[test]
fn a_passphrase_that_is_guessed_is_refused_at_once() {
    let bench = Bench::empty();
    for weak in [
        "p",
        "fourteen chars",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "vendor.example vendor.example",
    ] {
        let made = bench.run(
            "licence generate --name vendor.example --key vendor.age",
            &format!("{weak}\n"),
        );
        let error = made.error(440);
        assert!(
            text(&error["detail"]).contains("New passphrase of the key"),
            "{error}"
        );
        let init = "desk init --desk desk --admin vendor.example";
        bench
            .run(init, &format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{weak}\n"))
            .error(440);
        bench.run(init, &format!("{weak}\n")).error(440);
    }
    assert!(!bench.path("desk").exists() && !bench.path("vendor.age").exists());
    let good = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
    bench
        .run("licence generate --name vendor.example --key vendor.age", &good)
        .ok();
}
