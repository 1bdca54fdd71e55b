//! The desk's folder, and the files that people make, lose and put there.

use std::fs;

use serde_json::json;

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

/// `vendor.pub` may be lost as any other file, or never have been there.
#[test]
fn a_desk_without_a_vendors_key_says_so_and_takes_it_from_the_backup() {
    let bench = Bench::empty();
    bench.write_vendor();
    let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    let words = ["desk", "init", "--desk", "desk", "--stdin"];
    let made = bench.run_words(&words, &secrets).stdout.replace('\\', "/");
    contains(&made, &["No vendor's key is known", "to desk/vendor.pub."]);
    contains(
        &detail(bench.admin("desk licence licence.txt", ""), 444),
        &["desk/vendor.pub is not there"],
    );
    fs::copy(bench.path("vendor.pub"), bench.path("desk/vendor.pub")).unwrap();
    bench.admin("desk licence licence.txt", "").ok();

    bench.admin("issuer generate", "").ok();
    bench.admin("issuer backup --to backup", "").ok();
    fs::remove_file(bench.path("desk/vendor.pub")).unwrap();
    bench.admin("desk licence licence.txt", "").error(444);
    bench.admin("issuer restore --from backup", "").ok();
    bench.admin("desk licence licence.txt", "").ok();
    // What is no key is told before anything is made.
    fs::write(bench.path("other.pub"), "no key").unwrap();
    bench
        .run("desk init --desk new --vendor other.pub", &secrets)
        .error(711);
    assert!(!bench.path("new").exists());
}

#[test]
fn a_folder_that_has_keys_and_no_database_is_a_desk_whose_database_is_lost() {
    let bench = Bench::with_desk(2);
    bench.admin("desk backup --to early.sqlite", "").ok();
    fs::remove_file(bench.path("desk/desk.sqlite")).unwrap();
    for refused in [bench.admin("desk status", ""), bench.verify("")] {
        contains(
            &detail(refused, 701),
            &["desk/desk.sqlite is not there", "`desk restore --from`"],
        );
    }
    bench
        .admin("desk restore --from early.sqlite --note lost", "")
        .ok();
    bench.admin("desk status", "").ok();
    // What cannot be looked into is not what is not there.
    let there = bench.run("audit verify --desk early.sqlite", &format!("{PASSPHRASE}\n"));
    let said = detail(there, 701);
    assert!(!said.contains("is not a help desk"), "{said}");
}

/// The whole desk on another machine: its keys from one backup, its database from another.
#[test]
fn a_desk_is_recovered_on_a_new_machine() {
    let bench = Bench::locked(2);
    bench.admin("issuer backup --to keys", "").ok();
    bench.admin("desk backup --to early.sqlite", "").ok();
    let old = bench.path("desk");
    fs::rename(&old, bench.path("lost")).unwrap();
    fs::rename(bench.path("keys"), &old).unwrap();
    bench
        .admin("desk restore --from early.sqlite --note lost", "")
        .ok();
    bench.write_vendor();
    bench.admin("desk licence licence.txt", "").ok();
    bench.verify("").ok();
}

#[test]
fn nothing_is_made_where_a_disk_is_not_mounted() {
    let bench = Bench::with_desk(2);
    bench.admin("audit checkpoint --out cp.txt", "").ok();
    for words in [
        "audit checkpoint --out media/cp.txt",
        "audit export --to media/log",
        "issuer list --signed --out media/issuers.txt",
        "issuer backup --to media/backup",
        "desk backup --to media/desk.sqlite",
    ] {
        let error = bench.admin(words, "").error(702);
        assert!(text(&error["detail"]).contains("media"), "{words}: {error}");
    }
    let input = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
    let prove = "audit prove --desk desk --entry 0 --checkpoint cp.txt --out media/proof";
    bench.run(prove, &input).error(702);
    bench
        .run("licence generate --name n --key media/vendor.age", &input)
        .error(702);
    assert!(!bench.path("media").exists());
    let log = bench.admin("audit show", "").ok();
    let backed_up = |entry: &serde_json::Value| entry["event"] == "IssuerKeysBackedUp";
    assert!(!log["entries"].as_array().unwrap().iter().any(backed_up), "{log}");
}

#[test]
fn another_desks_keys_are_refused() {
    let bench = Bench::with_desk(2);
    let other = Bench::with_desk_of_its_own(2);
    other.admin("issuer backup --to backup", "").ok();
    let copy = |from: &Bench| {
        let _ = fs::create_dir(bench.path("backup"));
        for entry in fs::read_dir(from.path("backup")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, bench.path("backup").join(path.file_name().unwrap())).unwrap();
        }
    };
    copy(&other);
    let files = || {
        let mut all: Vec<_> = fs::read_dir(bench.path("desk"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|ending| ending == "age" || ending == "json")
            })
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        all.sort();
        all
    };
    let before = files();
    bench.admin("issuer restore --from backup", "").error(612);
    assert_eq!(files(), before);
    // Where the desk's own are lost, too: the database is under others.
    let own = fs::read(bench.path("desk/desk_keys.age")).unwrap();
    fs::remove_file(bench.path("desk/desk_keys.age")).unwrap();
    bench.admin("issuer restore --from backup", "").error(612);
    assert!(!bench.path("desk/desk_keys.age").exists());
    fs::write(bench.path("desk/desk_keys.age"), own).unwrap();
    // Issuer keys alone are known by the database.
    fs::remove_file(bench.path("backup/desk_keys.age")).unwrap();
    bench.admin("issuer restore --from backup", "").error(612);
    assert_eq!(files(), before);
    // A newer key of its own that the database does not know yet is taken.
    bench.admin("desk backup --to early.sqlite", "").ok();
    bench.admin("issuer generate --slot 3", "").ok();
    bench.admin("issuer backup --to own", "").ok();
    bench
        .admin("desk restore --from early.sqlite --note broken", "")
        .ok();
    bench.admin("issuer restore --from own", "").ok();
}

const HEADER: &str = "device_id,user,suite,slot,issuer,device_key\n";

#[test]
fn every_row_that_cannot_be_read_is_told_and_then_nothing_is_imported() {
    let bench = Bench::with_desk(1);
    let key = text(&bench.run("issuer show --desk desk", "").ok()["issuers"][0]["public"]);
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    let row = |id: &str, user: &str, slot: &str, key: &str| format!("{id},{user},1,{slot},{key},\n");
    let [one, two] = [1, 2].map(|number| fido_unlock::DeviceId::from_bytes([number; 10]).to_code());
    let (one, two) = (one.as_str(), two.as_str());
    let good = row(one, "alice", "1", &key);
    let unread = row(two, "alice", "99", "00");
    let csv =
        |rows: &[&str]| fs::write(bench.path("devices.csv"), format!("{HEADER}{}", rows.concat())).unwrap();
    csv(&["1,2\n", &good, &unread]);
    let told = [
        "devices.csv: line 2: 2 cells instead of 6",
        "line 4, column 4 (slot)",
        "line 4, column 5 (issuer)",
    ];
    let said = detail(bench.admin("desk import devices.csv", ""), 711);
    contains(&said, &told);
    contains(&said, &["Nothing was imported."]);
    // A dry run says of the others what the desk says.
    csv(&["1,2\n", &good, &row(two, "nobody", "1", &key)]);
    let said = detail(bench.admin("desk import --dry-run devices.csv", ""), 711);
    contains(
        &said,
        &[
            "1 of 3 would be registered",
            "line 2: 2 cells",
            &format!("line 4: {two} of nobody: "),
        ],
    );
    // What the desk refuses keeps no other out, and a key of somebody else's is no lost one.
    let foreign = text(
        &Bench::with_desk_of_its_own(1)
            .run("issuer show --desk desk", "")
            .ok()["issuers"][0]["public"],
    );
    csv(&[&row(two, "alice", "1", &foreign), &good]);
    let said = detail(bench.admin("desk import devices.csv", ""), 112);
    contains(
        &said,
        &[
            "1 of 2 are registered",
            &format!("line 2: {two} of alice: slot 1: "),
        ],
    );
    csv(&[&row(two, "alice", "2", &foreign)]);
    bench.admin("desk import devices.csv", "").error(601);
    csv(&[&good]);
    bench.admin("desk import devices.csv", "").error(431);
}

#[test]
fn users_are_imported_and_each_change_is_told() {
    let bench = Bench::with_desk(2);
    let csv = |rows: &str| {
        fs::write(
            bench.path("users.csv"),
            format!("id,name,class,mail,telephone\n{rows}"),
        )
        .unwrap()
    };
    let import = |more: &str| bench.admin(&format!("desk import-users users.csv {more}"), "");
    let changes = |ran: Ran| {
        let list = ran.ok()["changes"].as_array().unwrap().clone();
        list.iter()
            .map(|change| text(&change["change"]))
            .collect::<Vec<_>>()
    };
    csv("alice,Alice,,alice@x.example,'+49 1\nboss,The Boss,privileged,,\n");
    let first = [
        "line 2: alice: new: Alice, ordinary; mail alice@x.example; telephone +49 1",
        "line 3: boss: new: The Boss, privileged",
    ];
    assert_eq!(changes(import("--dry-run")), first);
    assert_eq!(changes(import("")), first);
    assert_eq!(changes(import("")), [""; 0]);
    // What is empty stays as it is.
    csv("alice,Alice A,,,\nboss,The Boss,,boss@x.example\n");
    assert_eq!(
        changes(import("")),
        [
            "line 2: alice: name Alice to Alice A",
            "line 3: boss: mail boss@x.example"
        ]
    );
    csv("alice,Alice A,ordinary,alice@x.example,+49 2\nboss,The Boss,privileged,boss@x.example,\n");
    assert_eq!(changes(import("")), ["line 2: alice: telephone +49 1 to +49 2"]);
    csv("boss,The Boss,ordinary,,\n");
    assert_eq!(
        changes(import("--dry-run")),
        ["line 2: boss: class privileged to ordinary"]
    );
    csv("boss,,chief,,\nalice,Alice B,,,\n");
    contains(
        &detail(import(""), 711),
        &[
            "line 2, column 2 (name)",
            "line 2, column 3 (class)",
            "Nothing was imported.",
        ],
    );
    contains(
        &detail(import("--dry-run"), 711),
        &["line 3: alice: name Alice A to Alice B"],
    );
    csv("alice,Alice A,,,\n");
    assert_eq!(changes(import("")), [""; 0]);
}

/// A lower class that rests is not withdrawn by a row that does not speak of it.
#[test]
fn a_class_that_rests_is_not_touched_by_a_row_without_one() {
    let bench = Bench::empty();
    let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    bench.run("desk init --desk desk", &secrets).ok();
    bench
        .admin("desk add-user --user boss --name Boss --privileged", "")
        .ok();
    bench.admin("desk open", "").ok();
    let import = |row: &str| {
        fs::write(
            bench.path("users.csv"),
            format!("id,name,class,mail,telephone\n{row}\n"),
        )
        .unwrap();
        bench.admin("desk import-users users.csv", "")
    };
    let said = text(&import("boss,Boss,ordinary,,").ok()["changes"][0]["change"]);
    assert_eq!(said, "line 2: boss: class privileged to ordinary after its rest");
    assert_eq!(import("boss,Boss,,,").ok()["changes"], json!([]));
    contains(
        &detail(import("boss,The Boss,,,"), 711),
        &["line 2: boss: the class ordinary holds from"],
    );
    let said = text(&import("boss,The Boss,privileged,,").ok()["changes"][0]["change"]);
    contains(
        &said,
        &["name Boss to The Boss", "ordinary, which rests, is withdrawn"],
    );
}

#[test]
fn an_erased_user_s_copies_are_named() {
    let bench = Bench::locked(2);
    let erased = || bench.admin("desk erase-user --user alice", "").ok()["copies"].clone();
    bench.admin("desk backup --to early.sqlite", "").ok();
    bench
        .admin("desk restore --from early.sqlite --note broken", "")
        .ok();
    fs::write(
        bench.path("desk/notices.jsonl"),
        "{\"user\":\"bob\"}\nno JSON\n{\"user\":\"alice\"}\n",
    )
    .unwrap();
    let copies = erased().to_string().replace("\\\\", "/");
    assert_eq!(
        copies,
        r#"["desk/notices.jsonl","desk/desk.sqlite.before-restore"]"#
    );
    fs::remove_file(bench.path("desk/desk.sqlite.before-restore")).unwrap();
    fs::write(bench.path("desk/notices.jsonl"), "{\"user\":\"bob\"}\n").unwrap();
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    assert_eq!(erased(), json!([]));
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
