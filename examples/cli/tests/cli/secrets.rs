//! PINs, passwords, passphrases and codes are never echoed and never taken as arguments.

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, OLD_PIN, PASSPHRASE};

#[test]
fn nothing_secret_is_printed() {
    let bench = Bench::locked(2);
    bench.mock("diagnose", "").ok();
    let response = bench.response();
    // The one place where it is there to be read; it also shows that the search finds it.
    assert_eq!(bench.printed.borrow().matches(response.as_str()).count(), 1);
    bench.printed.borrow_mut().clear();

    bench.unlock(&response.replace(&response[..4], "7777"), NEW_PIN, NEW_PIN);
    bench.unlock(&response, "p1n-1", "p1n-1").error(303);
    bench.unlock(&response, NEW_PIN, OLD_PIN).error(306);
    bench.run("code check", &format!("{response}\n")).ok();
    let other = if response.ends_with('0') { '1' } else { '0' };
    bench
        .run("code check", &format!("{}{other}\n", &response[..28]))
        .error(203);
    bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
    bench.unlock(&response, NEW_PIN, NEW_PIN).error(107);
    bench.sign_in(NEW_PIN).ok();
    bench.admin("desk status", "").ok();
    bench.admin("audit show", "").ok();
    // Text output, too.
    bench.run_words(&["--mock", "key.bin", "mock", "sign-in", "--stdin"], NEW_PIN);
    let words = [
        "audit",
        "show",
        "--desk",
        "desk",
        "--operator",
        "admin",
        "--stdin",
    ];
    bench.run_words(&words, &format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n"));

    let printed = bench.printed.borrow();
    for secret in [&response, NEW_PIN, OLD_PIN, ADMIN_PASSWORD, PASSPHRASE, "p1n-1"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
        let groups = secret.split('-').filter(|group| group.len() == 4);
        for group in groups {
            assert!(!printed.contains(&format!(": {group}")), "{group} in {printed}");
        }
    }
}

/// Somebody types the PIN where it does not belong: it is refused and not repeated.
#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let bench = Bench::locked(2);
    for words in [
        &["unlock", "s3cr3tpin"][..],
        &["unlock", "--pin", "s3cr3tpin"],
        &["unlock", "--pin=s3cr3tpin"],
        &["s3cr3tpin"],
        &["mock", "s3cr3tpin"],
        &["mock", "sign-in", "s3cr3tpin"],
        &["challenge", "--slot", "s3cr3tpin"],
        &["respond", "--desk", "desk", "--method", "s3cr3tpin"],
    ] {
        for json in [false, true] {
            let mut words = words.to_vec();
            words.extend(json.then_some("--json"));
            let ran = bench.run_words(&words, "");
            assert_eq!(ran.code, 80, "{words:?}");
            assert!(
                !format!("{}{}", ran.stdout, ran.stderr).contains("s3cr3t"),
                "{words:?}"
            );
        }
    }
    assert!(!bench.printed.borrow().contains("s3cr3t"));
}

#[test]
fn without_a_terminal_and_without_stdin_nothing_is_read() {
    let bench = Bench::locked(2);
    let ran = bench.run_words(&["--mock", "key.bin", "unlock", "--json"], "s3cr3tpin\n");
    ran.error(805);
    let words = ["respond", "--desk", "desk", "--operator", "admin", "--json"];
    bench.run_words(&words, "s3cr3tpin\n").error(805);
    // Standard input that ends too soon.
    bench.mock("unlock", "77").error(201);
    let words = "issuer generate --desk desk --operator admin";
    bench.run(words, &format!("{ADMIN_PASSWORD}\n")).error(804);
}

/// Keys, passwords and PINs are not in the desk's files as they are.
#[test]
fn nothing_secret_lies_in_a_file_of_the_desk() {
    let bench = Bench::locked(3);
    let response = bench.response();
    let plain = response.replace('-', "").to_lowercase();
    for entry in std::fs::read_dir(bench.path("desk")).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).to_lowercase();
        for secret in [
            ADMIN_PASSWORD,
            PASSPHRASE,
            OLD_PIN,
            &plain,
            &response.to_lowercase(),
        ] {
            assert!(!text.contains(secret), "{secret} in {}", path.display());
        }
        // A program for Windows, under Wine, knows no modes.
        #[cfg(unix)]
        if std::env::var_os("FIDO_UNLOCK_PROGRAM").is_none() {
            use std::os::unix::fs::PermissionsExt;
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
        }
    }
}
