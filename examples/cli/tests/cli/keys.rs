//! Issuer keys: rotation, backup, restore, checkpoints.

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, OLD_PIN, PASSPHRASE, text};

#[test]
fn a_rotated_desk_serves_old_and_rotated_devices() {
    for suite in [1, 2] {
        let bench = Bench::locked(suite);
        let old = bench.run("issuer show --desk desk", "").ok()["issuers"][0].clone();
        bench.admin("issuer rotate --slot 1", "").ok();
        let keys = bench.run("issuer show --desk desk", "").ok()["issuers"].clone();
        assert_eq!(keys.as_array().unwrap().len(), 2);
        assert_eq!(keys[0]["retired"], false);
        assert_eq!(keys[1]["retired"], true);
        assert_eq!(keys[1]["public"], old["public"]);

        // Not rotated yet: the retired key answers.
        let before = bench.challenge();
        let given = bench.respond(&before).ok();
        let rotated = bench
            .admin("--mock key.bin issuer rotate --slot 1 --this-device", "")
            .ok();
        assert_eq!(rotated["rotation"], 1);
        // The rotation dropped the challenge, so that code is void.
        let error = bench.unlock(&text(&given["response_code"]), NEW_PIN, NEW_PIN);
        error.error(108);
        let info = bench.mock("info", "").ok();
        assert_eq!(info["slots"][0]["fingerprint"], keys[0]["fingerprint"]);
        // Once more changes nothing.
        let again = bench
            .admin("--mock key.bin issuer rotate --slot 1 --this-device", "")
            .ok();
        assert_eq!(again["rotation"], 1);
        bench.unlock(&bench.response(), NEW_PIN, NEW_PIN).ok();
        bench.sign_in(NEW_PIN).ok();
    }
}

#[test]
fn a_forgotten_pin_is_blocked_and_given_back() {
    for suite in [1, 2] {
        let bench = Bench::with_desk(suite);
        bench.mock("mock new", "").ok();
        bench.enroll_alice();
        bench.mock("mock make-passkey", OLD_PIN).ok();
        let block = |more: &str| bench.admin(&format!("--mock key.bin block-pin{more}"), "");
        block("").error(508);
        bench.sign_in(OLD_PIN).ok();
        // Three tries a power-up, and each run is one.
        let told: Vec<_> = (0..3).map(|_| block(" --yes").ok()["blocked"].clone()).collect();
        assert_eq!(told, [false, false, true]);
        let shown = bench.run("audit show --desk desk", "").ok();
        let events = shown["entries"].as_array().unwrap().iter();
        let recorded = events.filter(|entry| entry["event"] == "PinBlocked").count();
        assert_eq!(recorded, 3, "each run is recorded before its tries are used");
        bench.unlock(&bench.response(), NEW_PIN, NEW_PIN).ok();
        bench.sign_in(NEW_PIN).ok();
    }
    let bench = Bench::locked(3);
    bench.admin("--mock key.bin block-pin --yes", "").error(604);
    bench
        .admin("--mock key.bin enroll --user alice --suite 3 --slot 5", "")
        .error(804);
}

#[test]
fn a_slot_holds_one_present_key() {
    let bench = Bench::with_desk(2);
    bench.admin("issuer generate --slot 1", "").error(609);
    bench.admin("issuer rotate --slot 2", "").error(601);
    bench.admin("issuer generate --suite 3", "").error(604);
    bench.admin("issuer generate --suite 1 --slot 0", "").ok();
    // Both go into a device; the unlock uses the one above 0.
    let enrolled = {
        bench.mock("mock new", "").ok();
        bench.enroll_alice()
    };
    assert_eq!(enrolled["slot"], 1);
    assert_eq!(bench.mock("info", "").ok()["slots"].as_array().unwrap().len(), 2);
}

#[test]
fn a_lost_key_comes_back_from_the_backup() {
    for suite in [2, 3] {
        let bench = Bench::locked(suite);
        if suite == 3 {
            bench.admin("issuer generate --suite 2 --slot 1", "").ok();
        }
        let challenge = bench.challenge();
        bench.admin("issuer backup --to backup", "").ok();
        bench.admin("issuer backup --to backup", "").error(804);
        for lost in ["issuer_keys.age", "wrapping_key.age"] {
            std::fs::remove_file(bench.path("desk").join(lost)).unwrap();
        }
        let refused = bench.respond(&challenge);
        assert_ne!(refused.code, 0);
        let wrong = format!("{ADMIN_PASSWORD}\nwrong\n");
        bench
            .run(
                "issuer restore --from backup --desk desk --operator admin",
                &wrong,
            )
            .error(603);
        bench.admin("issuer restore --from backup", "").ok();
        let response = text(&bench.respond(&challenge).ok()["response_code"]);
        bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
        bench.sign_in(NEW_PIN).ok();
        bench.sign_in(OLD_PIN).error(115);
    }
}

#[test]
fn a_wrong_passphrase_or_password() {
    let bench = Bench::with_desk(2);
    let words = "issuer generate --slot 2 --desk desk --operator admin";
    bench.run(words, &format!("{ADMIN_PASSWORD}\nwrong\n")).error(603);
    bench.run(words, &format!("wrong\n{PASSPHRASE}\n")).error(427);
}

#[test]
fn a_changed_log_and_a_cut_one() {
    let bench = Bench::locked(2);
    bench.response();
    bench.admin("audit checkpoint --out cp.json", "").ok();
    std::fs::copy(bench.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    let verify = "audit verify --desk desk";
    let with_checkpoint = format!("{verify} --checkpoint cp.json --checkpoint-key kept.pub");
    let covered = bench.run(&with_checkpoint, "").ok()["covered"].as_u64().unwrap();
    assert!(covered > 5);

    let path = bench.path("desk/audit.jsonl");
    let log = std::fs::read_to_string(&path).unwrap();
    // Cut off behind an entry: only the checkpoint shows it.
    let lines: Vec<&str> = log.lines().collect();
    std::fs::write(&path, format!("{}\n", lines[..5].join("\n"))).unwrap();
    bench.run(verify, "").ok();
    bench.run(&with_checkpoint, "").error(705);
    // A line less in the middle, and a name changed.
    let mut gap = lines.clone();
    gap.remove(4);
    std::fs::write(&path, format!("{}\n", gap.join("\n"))).unwrap();
    bench.run(verify, "").error(704);
    std::fs::write(
        &path,
        log.replace("\"operator\":\"admin\"", "\"operator\":\"other\""),
    )
    .unwrap();
    bench.run(verify, "").error(704);
    // Another key's checkpoint.
    std::fs::write(&path, &log).unwrap();
    let other = Bench::with_desk_of_its_own(2);
    std::fs::copy(other.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    bench.run(&with_checkpoint, "").error(705);
}
