//! What people bring: files and input as the programs of their computers write them, and what is told of
//! those that cannot be read.

use std::fs;

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, PASSPHRASE, text};

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// With a byte order mark, and as `>` of Windows PowerShell writes it.
fn as_windows_writes(text: &str) -> [Vec<u8>; 2] {
    let text = text.replace('\n', "\r\n");
    [format!("\u{feff}{text}").into_bytes(), utf16(&text)]
}

#[test]
fn input_in_each_encoding() {
    let bench = Bench::with_desk(2);
    for input in as_windows_writes(&format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n")) {
        let words = [
            "desk",
            "status",
            "--desk",
            "desk",
            "--operator",
            "admin",
            "--stdin",
            "--json",
        ];
        bench.run_bytes(&words, &input).ok();
    }
    for input in as_windows_writes("000G-40R4-0M30-E209-B3VD\n") {
        bench
            .run_bytes(&["code", "check", "--stdin", "--json"], &input)
            .ok();
    }
    let error = bench
        .run_bytes(&["code", "check", "--stdin", "--json"], b"M\xFCller\n")
        .error(709);
    assert!(
        text(&error["detail"]).contains("Code: line 1, column 2: neither UTF-8 nor UTF-16"),
        "{error}"
    );
    let long = vec![b'0'; 10_000];
    bench
        .run_bytes(&["code", "check", "--stdin", "--json"], &long)
        .error(710);
}

#[test]
fn files_in_each_encoding() {
    let bench = Bench::locked(2);
    let again = |name: &str, run: &dyn Fn()| {
        let path = bench.path(name);
        let before = fs::read_to_string(&path).unwrap();
        for bytes in as_windows_writes(&before) {
            fs::write(&path, bytes).unwrap();
            run();
        }
        fs::write(&path, before).unwrap();
    };
    let rules = bench.admin("desk rules", "").ok()["rules"].to_string();
    fs::write(bench.path("rules.json"), rules).unwrap();
    again("rules.json", &|| {
        bench.admin("desk rules --set rules.json", "").ok();
    });
    again("desk/vendor.pub", &|| {
        bench.admin("desk status", "").ok();
    });
    let public = bench
        .run_words(&["issuer", "show", "--desk", "desk", "--public"], "")
        .stdout;
    fs::write(bench.path("issuer.json"), public).unwrap();
    again("issuer.json", &|| {
        bench.mock("diagnose --issuer issuer.json", "").ok();
    });
    bench.admin("audit checkpoint --out cp.txt", "").ok();
    let verify = || {
        bench
            .verify("--checkpoint cp.txt --checkpoint-key desk/checkpoint.pub")
            .ok();
    };
    again("cp.txt", &verify);
    again("desk/checkpoint.pub", &verify);
    let response = bench.response();
    fs::write(bench.path("listed.txt"), utf16("summer26\r\n\r\n  winter26 \r\n")).unwrap();
    for pin in ["summer26", "winter26"] {
        bench
            .mock(
                "unlock --pin-block-list listed.txt",
                &format!("{response}\n{pin}\n{pin}"),
            )
            .error(305);
    }
    bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
}

#[test]
fn each_fault_says_what_and_where() {
    let bench = Bench::with_desk(2);
    let policy = bench.path("rules.json");
    let good = bench.admin("desk rules", "").ok()["rules"].clone();
    let good = serde_json::to_string_pretty(&good).unwrap();
    for (bad, number, said) in [
        (
            good.replacen(',', "", 1),
            711,
            "rules.json: line 3, column 3: expected `,` or `}`",
        ),
        (
            good.replace("\"call-back\"", "\"callback\""),
            711,
            "rules.json: ordinary_methods: callback is not one of enrolled-factor, call-back",
        ),
        (
            good.replace("true", "maybe"),
            711,
            "rules.json: line 54, column 20: expected value",
        ),
        (String::new(), 711, "rules.json: line 1, column 0: EOF"),
    ] {
        assert_ne!(bad, good);
        fs::write(&policy, bad).unwrap();
        let error = bench.admin("desk rules --set rules.json", "").error(number);
        assert!(text(&error["detail"]).contains(said), "{error}");
    }
    fs::write(
        &policy,
        "{\n\"reason_wanted\": \"\u{fc}\"}".replace('\u{fc}', "?"),
    )
    .unwrap();
    fs::write(&policy, good).unwrap();
    for (csv, number, said) in [
        (
            "my-host\n",
            711,
            "devices.csv: line 1: the first line must be device_id,user,suite,slot,issuer,device_key,label, not my-host",
        ),
        (
            "device_id;user;suite;slot;issuer;device_key\n\n;;;;;\n1;2\n",
            711,
            "devices.csv: line 4: 2 cells instead of 6",
        ),
        (
            "device_id,user,suite,slot,issuer,device_key\n000G-40R4-0M30-E209-B3VU,a,1,1,00,\n",
            202,
            "devices.csv: line 2, column 1 (device_id): character 20 ('U') is in no code",
        ),
    ] {
        fs::write(bench.path("devices.csv"), csv).unwrap();
        let error = bench.admin("desk import devices.csv", "").error(number);
        assert!(text(&error["detail"]).contains(said), "{error}");
    }
    fs::write(bench.path("names.txt"), "alice\n\n bo\u{200b}b\n").unwrap();
    bench.mock("mock new", "").ok();
    for (version, number, said) in [
        ("2", 706, "later.json: version 2"),
        (
            "18446744073709551616",
            706,
            "later.json: version 18446744073709551616",
        ),
        (&"9".repeat(400), 706, "later.json: a later version"),
        ("\"1\"", 711, "later.json: line 1, column"),
    ] {
        let later = format!("{{\"version\": {version}, \"suite\": 2, \"slot\": 1, \"public\": \"\"}}");
        fs::write(bench.path("later.json"), later).unwrap();
        let words = "--mock key.bin enroll --issuer later.json --user a";
        let error = bench.run(words, "").error(number);
        assert!(text(&error["detail"]).contains(said), "{words}: {error}");
    }
    fs::write(bench.path("other.json"), "[]").unwrap();
    let error = bench
        .run(
            "enroll --watch --issuer other.json --users names.txt --csv c.csv",
            "",
        )
        .error(711);
    assert!(
        text(&error["detail"]).contains("names.txt: line 3: a user's id"),
        "{error}"
    );
    let error = bench.run("--mock none.bin diagnose --issuer other.json", "");
    error.error(501);
}

#[test]
fn a_session_that_cannot_be_read_or_kept() {
    let bench = Bench::locked(2);
    fs::write(bench.path("key.bin.session"), "not one").unwrap();
    let error = bench.mock("unlock", "x").error(708);
    assert!(text(&error["detail"]).contains("key.bin.session"), "{error}");
    // The challenge is shown whatever becomes of its file.
    fs::remove_file(bench.path("key.bin.session")).unwrap();
    fs::create_dir(bench.path("key.bin.session")).unwrap();
    let shown = bench.mock("challenge", "").ok();
    assert!(
        shown["session"].is_null() && text(&shown["not_kept"]).contains("key.bin.session"),
        "{shown}"
    );
    // One that was asked for and cannot be kept: nothing is renewed.
    fs::create_dir(bench.path("folder")).unwrap();
    bench.mock("challenge --renew --session folder", "").error(702);
    assert_eq!(
        bench.mock("challenge", "").ok()["device_challenge"],
        shown["device_challenge"]
    );
}

#[test]
fn names_and_secrets_are_the_same_from_every_keyboard() {
    let bench = Bench::empty();
    let (nfc, nfd) = ("zo\u{eb}-\u{e9}", "zoe\u{308}-e\u{301}");
    let (secret, typed) = ("gr\u{fc}ne Fahrr\u{e4}der", "gru\u{308}ne Fahrra\u{308}der");
    let (opens, opened) = ("r\u{f6}tliche B\u{e4}umchen", "ro\u{308}tliche Ba\u{308}umchen");
    let twice = |text: &str| format!("{text}\n{text}\n");
    let run =
        |words: &[&str], input: String| bench.run_words(&[words, &["--stdin", "--json"]].concat(), &input);
    bench.write_vendor();
    let init = [
        "desk",
        "init",
        "--desk",
        "desk",
        "--admin",
        nfd,
        "--vendor",
        "vendor.pub",
    ];
    run(&init, twice(typed) + &twice(opened)).ok();
    // Another keyboard, and a no-break space where the first one had none is another password.
    let at = |words: &[&str], name: &str, more: &str| {
        let words = [words, &["--desk", "desk", "--operator", name]].concat();
        run(&words, format!("{secret}\n{opens}\n{more}"))
    };
    at(&["desk", "status"], nfc, "").ok();
    let status = ["desk", "status", "--desk", "desk", "--operator", nfc];
    run(&status, format!("{secret} \n{opens}\n")).error(427);
    at(&["desk", "licence", "licence.txt"], nfc, "").ok();
    at(&["issuer", "generate"], nfc, "").ok();
    at(&["desk", "add-user", "--user", nfd, "--name", nfd], nfc, "").ok();
    at(&["desk", "open"], nfd, "").ok();
    run(&["--mock", "key.bin", "mock", "new"], "x".into()).ok();
    at(&["--mock", "key.bin", "enroll", "--user", nfc], nfd, "").ok();
    run(
        &["--mock", "key.bin", "mock", "make-passkey"],
        "oldpin42\n".into(),
    )
    .ok();
    run(&["--mock", "key.bin", "mock", "lock"], "x".into()).ok();
    let challenge = text(&run(&["--mock", "key.bin", "challenge"], "x".into()).ok()["device_challenge"]);
    for search in ["ZO\u{cb}", "ZOE\u{308}"] {
        let words = [
            "respond",
            "--user",
            search,
            "--method",
            "call-back",
            "--statement",
            "x",
            "--reason",
            "T",
        ];
        let answer = at(&words, nfc, &format!("{challenge}\n")).ok();
        assert_eq!(text(&answer["name"]), nfc);
        let request = text(&answer["request"]);
        at(&["desk", "abandon", "--request", &request], nfd, "").ok();
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;

    fn mode(path: &std::path::Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_backup_is_its_owners_alone_whatever_the_umask() {
        let bench = Bench::with_desk(2);
        let input = format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n");
        fs::write(bench.path("secrets"), input).unwrap();
        fs::create_dir(bench.path("deep")).unwrap();
        fs::set_permissions(bench.path("deep"), fs::Permissions::from_mode(0o700)).unwrap();
        let script = "umask 000; exec \"$0\" --stdin issuer backup --desk desk --operator admin --to deep/backup < secrets";
        let output = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_fido-unlock")])
            .current_dir(bench.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(mode(&bench.path("deep/backup")), 0o700);
        for entry in fs::read_dir(bench.path("deep/backup")).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }

    #[test]
    fn a_folder_that_all_may_write_is_refused() {
        let bench = Bench::with_desk(2);
        bench.admin("issuer backup --to backup", "").ok();
        for (folder, run) in [
            ("desk", &(|| bench.admin("desk status", "")) as &dyn Fn() -> _),
            ("backup", &|| bench.admin("issuer restore --from backup", "")),
        ] {
            let path = bench.path(folder);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
            let error = run().error(712);
            assert!(text(&error["detail"]).contains(folder), "{error}");
            // The folder above it.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
            fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o777)).unwrap();
            run().error(712);
            fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o700)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
            run().ok();
        }
        let open = bench.path("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        bench.run("desk init --desk open", "a\na\nb\nb\n").error(712);
        assert_eq!(fs::read_dir(open).unwrap().count(), 0);
    }
}
