//! The desk's folder, and the files that people make, lose and put there.

use std::fs;

use crate::bench::{ADMIN_PASSWORD, Bench, PASSPHRASE, Ran, text};

fn detail(ran: Ran, number: u16) -> String {
    text(&ran.error(number)["detail"]).replace('\\', "/")
}

fn contains(said: &str, all: &[&str]) {
    for part in all {
        assert!(said.contains(part), "{part}: {said}");
    }
}

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

#[test]
fn a_licence_is_signed_under_its_keys_name_for_somebody_and_some_time() {
    let bench = Bench::empty();
    let input = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
    bench
        .run("licence generate --name vendor.example --key vendor.age", &input)
        .ok();
    let sign = |more: &str| {
        let words = format!("licence sign --key vendor.age --holder Example --contact c {more}");
        bench.run(&words, &format!("{PASSPHRASE}\n"))
    };
    let said = detail(sign("--name other.example"), 804);
    contains(&said, &["--name other.example", "is that of vendor.example"]);
    sign("--name vendor.example --days 0").error(804);
    sign("--name vendor.example --devices 0").error(804);
    sign("--name vendor.example").ok();
    bench
        .run("licence generate --name vendor.example --key other.age", &input)
        .ok();
    fs::copy(bench.path("other.age.pub"), bench.path("vendor.age.pub")).unwrap();
    sign("--name vendor.example").error(612);
    fs::remove_file(bench.path("vendor.age.pub")).unwrap();
    contains(
        &detail(sign("--name vendor.example"), 701),
        &["`licence generate` printed"],
    );
    fs::remove_file(bench.path("vendor.age")).unwrap();
    fs::copy(bench.path("other.age.pub"), bench.path("vendor.age.pub")).unwrap();
    bench
        .run("licence generate --name vendor.example --key vendor.age", &input)
        .error(804);
}

#[test]
fn a_licence_that_stops_the_desk_is_put_in_only_by_somebodys_word() {
    let bench = Bench::locked(2);
    let before = bench.admin("desk status", "").ok()["licence_until"].clone();
    for (devices, days, said) in [(5, 0, "This licence has expired"), (0, 365, "and 1 are in use")] {
        bench.write_licence(devices, days);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        contains(&detail(bench.admin("desk licence licence.txt", ""), 804), &[said]);
        assert_eq!(bench.admin("desk status", "").ok()["licence_until"], before);
    }
    bench.admin("desk licence licence.txt --yes", "").ok();
    bench.respond(&bench.challenge()).error(404);
}

/// An enrolment cannot be taken back: what would keep the device out of the registry is told before.
#[test]
fn a_key_is_enrolled_only_where_the_desk_can_take_it() {
    let bench = Bench::with_desk(2);
    bench.mock("mock new", "").ok();
    bench.put_licence(0, 365);
    let before = fs::read(bench.path("key.bin")).unwrap();
    let enroll = || bench.admin("--mock key.bin enroll --user alice --new-user Alice", "");
    enroll().error(404);
    bench.put_licence(1, 0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    enroll().error(402);
    bench.put_licence(1, 365);
    bench.admin("--mock key.bin enroll --user nobody", "").error(416);
    assert!(fs::read(bench.path("key.bin")).unwrap() == before);
    enroll().ok();
}
