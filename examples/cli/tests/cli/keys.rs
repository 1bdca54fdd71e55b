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
        let shown = bench.admin("audit show", "").ok();
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
        for lost in ["issuer_keys.age", "desk_keys.age"] {
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
fn a_database_that_was_set_back() {
    let bench = Bench::locked(2);
    bench.admin("desk backup --to early.sqlite", "").ok();
    bench.admin("desk backup --to early.sqlite", "").error(702);
    bench.response();
    bench.admin("audit checkpoint --out cp.txt", "").ok();
    std::fs::copy(bench.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    let with_checkpoint = "--checkpoint cp.txt --checkpoint-key kept.pub";
    let covered = bench.verify(with_checkpoint).ok()["covered"].as_u64().unwrap();
    assert!(covered > 5);

    let put_back = || {
        std::fs::copy(bench.path("early.sqlite"), bench.path("desk/desk.sqlite")).unwrap();
    };
    put_back();
    bench.admin("desk status", "").error(714);
    // Without the anchor it is taken: only a checkpoint that was kept elsewhere tells.
    std::fs::remove_file(bench.path("desk/anchor")).unwrap();
    bench.verify("").ok();
    bench.verify(with_checkpoint).error(705);
    // Another key's checkpoint.
    let other = Bench::with_desk_of_its_own(2);
    std::fs::copy(other.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    bench.verify(with_checkpoint).error(705);
}

/// As somebody does who can write to the database.
fn change_head(database: &std::path::Path) {
    use fido_unlock::desk::ports::{Batch, DeskStore};
    use fido_unlock_sqlite::{SqliteOptions, SqliteStore};

    let mut store = SqliteStore::open(database, SqliteOptions::default()).unwrap();
    let txn = store.begin().unwrap();
    let head = txn.head().unwrap().unwrap();
    let head = [head, vec![0]].concat();
    txn.commit(&Batch {
        head,
        ..Batch::default()
    })
    .unwrap();
}

#[test]
fn a_backup_takes_the_databases_place() {
    let bench = Bench::locked(2);
    bench.admin("audit checkpoint --out early.txt", "").ok();
    bench.admin("desk backup --to early.sqlite", "").ok();
    bench.response();
    bench.admin("audit checkpoint --out lost.txt", "").ok();
    let before = std::fs::read(bench.path("desk/desk.sqlite")).unwrap();
    let restore = "desk restore --from early.sqlite --note broken --desk desk --operator admin";
    // Nothing is replaced by whom the backup does not know, or from what is no desk under these keys.
    bench.run(restore, &format!("wrong\n{PASSPHRASE}\n")).error(427);
    std::fs::write(bench.path("none.sqlite"), "no database").unwrap();
    bench
        .admin("desk restore --from none.sqlite --note broken", "")
        .error(703);
    let other = Bench::with_desk_of_its_own(2);
    other.admin("desk backup --to other.sqlite", "").ok();
    std::fs::copy(other.path("other.sqlite"), bench.path("other.sqlite")).unwrap();
    bench
        .admin("desk restore --from other.sqlite --note broken", "")
        .error(612);
    // Somebody has changed one of this desk's own.
    std::fs::copy(bench.path("early.sqlite"), bench.path("changed.sqlite")).unwrap();
    change_head(&bench.path("changed.sqlite"));
    bench
        .admin("desk restore --from changed.sqlite --note broken", "")
        .error(713);
    assert_eq!(std::fs::read(bench.path("desk/desk.sqlite")).unwrap(), before);
    assert!(!bench.path("desk/desk.sqlite.restoring").exists());

    let restored = bench
        .admin("desk restore --from early.sqlite --note broken", "")
        .ok();
    let kept = text(&restored["kept"]).replace('\\', "/");
    assert_eq!(kept, "desk/desk.sqlite.before-restore");
    assert_eq!(
        std::fs::read(bench.path("desk/desk.sqlite.before-restore")).unwrap(),
        before
    );
    bench
        .admin("desk restore --from early.sqlite --note again", "")
        .error(804);
    bench.admin("desk status", "").ok();
    // Checkpoints from both sides hold, one of what is lost does not.
    bench.admin("audit checkpoint --out late.txt", "").ok();
    bench.verify("--checkpoint early.txt --checkpoint late.txt").ok();
    bench.verify("--checkpoint lost.txt").error(705);
    // The limits of this device are not known.
    let challenge = bench.challenge();
    bench.respond(&challenge).error(409);
}

#[test]
fn a_backup_that_was_put_there_by_hand_and_a_lost_database() {
    let bench = Bench::locked(2);
    bench.admin("desk backup --to early.sqlite", "").ok();
    bench.response();
    std::fs::copy(bench.path("early.sqlite"), bench.path("desk/desk.sqlite")).unwrap();
    bench.admin("desk status", "").error(714);
    bench.admin("desk restore --note broken", "").ok();
    bench.admin("desk status", "").ok();
    bench.verify("").ok();

    std::fs::remove_file(bench.path("desk/desk.sqlite")).unwrap();
    bench
        .admin("desk restore --from early.sqlite --note lost", "")
        .ok();
    bench.admin("desk status", "").ok();
    bench.verify("").ok();
}

/// The computer went off before the backup had the database's name.
#[test]
fn a_restore_that_was_interrupted_is_named_and_goes_on() {
    let bench = Bench::locked(2);
    bench.admin("desk backup --to early.sqlite", "").ok();
    bench.response();
    std::fs::rename(
        bench.path("desk/desk.sqlite"),
        bench.path("desk/desk.sqlite.before-restore"),
    )
    .unwrap();
    let init = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    for refused in [
        bench.admin("desk status", ""),
        bench.admin("desk restore --note broken", ""),
        bench.verify(""),
        bench.run("desk init --desk desk --admin admin", &init),
    ] {
        let detail = text(&refused.error(701)["detail"]).replace('\\', "/");
        assert!(
            detail.contains("desk/desk.sqlite.before-restore aside. Go on with `desk restore --from`"),
            "{detail}"
        );
    }
    assert!(!bench.path("desk/desk.sqlite").exists());
    bench
        .admin("desk restore --from early.sqlite --note broken", "")
        .ok();
    bench.admin("desk status", "").ok();
    bench.verify("").ok();
}

#[test]
fn one_restore_at_a_time_and_what_an_interrupted_one_left_goes() {
    let bench = Bench::locked(2);
    bench.admin("desk backup --to early.sqlite", "").ok();
    let restore = || bench.admin("desk restore --from early.sqlite --note broken", "");
    // A lock of this system is none for a program of another one that runs here.
    if std::env::var_os("FIDO_UNLOCK_PROGRAM").is_none() {
        let other = std::fs::File::create(bench.path("desk/desk.sqlite.restoring.lock")).unwrap();
        other.lock().unwrap();
        restore().error(707);
        bench.admin("desk restore --note broken", "").error(707);
    }
    let left = bench.path("desk/desk.sqlite.restoring");
    std::fs::create_dir(&left).unwrap();
    for name in ["desk.sqlite", "desk.sqlite-wal", "desk.sqlite-shm", "anchor"] {
        std::fs::write(left.join(name), "left").unwrap();
    }
    // What is none of its own is not taken away, and a backup that somebody put there is not restored over itself.
    std::fs::rename(bench.path("early.sqlite"), left.join("mine.sqlite")).unwrap();
    bench
        .admin(
            "desk restore --from desk/desk.sqlite.restoring/mine.sqlite --note broken",
            "",
        )
        .error(804);
    std::fs::copy(left.join("mine.sqlite"), bench.path("early.sqlite")).unwrap();
    restore().error(702);
    std::fs::remove_file(left.join("mine.sqlite")).unwrap();
    restore().ok();
    assert!(!left.exists());
    bench.admin("desk status", "").ok();
}

/// Only the anchor still knows of a desk whose database is lost.
#[test]
fn a_new_desk_does_not_take_the_place_of_one_whose_database_is_lost() {
    let bench = Bench::with_desk(2);
    bench.admin("desk backup --to early.sqlite", "").ok();
    let anchor = std::fs::read(bench.path("desk/anchor")).unwrap();
    std::fs::remove_file(bench.path("desk/desk.sqlite")).unwrap();
    let init = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    let error = bench.run("desk init --desk desk --admin admin", &init).error(714);
    let detail = text(&error["detail"]).replace('\\', "/");
    assert!(detail.contains("desk/anchor knows a help desk"), "{detail}");
    assert!(!bench.path("desk/desk.sqlite").exists());
    assert_eq!(std::fs::read(bench.path("desk/anchor")).unwrap(), anchor);
    bench
        .admin("desk restore --from early.sqlite --note lost", "")
        .ok();
    bench.admin("desk status", "").ok();
}

/// A disk that can only be read. Root may write to each folder, so that something else is in the way of SQLite too.
#[test]
fn a_backup_is_restored_from_where_nothing_can_be_written() {
    let bench = Bench::locked(2);
    std::fs::create_dir(bench.path("media")).unwrap();
    bench.admin("desk backup --to media/early.sqlite", "").ok();
    std::fs::create_dir(bench.path("media/early.sqlite-wal")).unwrap();
    let before = std::fs::read(bench.path("media/early.sqlite")).unwrap();
    let writable = |path: &str, is_writable: bool| {
        let mut permissions = std::fs::metadata(bench.path(path)).unwrap().permissions();
        #[cfg(unix)]
        std::os::unix::fs::PermissionsExt::set_mode(
            &mut permissions,
            if is_writable { 0o700 } else { 0o555 },
        );
        #[cfg(not(unix))]
        permissions.set_readonly(!is_writable);
        std::fs::set_permissions(bench.path(path), permissions).unwrap();
    };
    writable("media/early.sqlite", false);
    writable("media", false);
    let restored = bench.admin("desk restore --from media/early.sqlite --note broken", "");
    writable("media", true);
    restored.ok();
    bench.admin("desk status", "").ok();
    assert_eq!(std::fs::read(bench.path("media/early.sqlite")).unwrap(), before);
    assert_eq!(std::fs::read_dir(bench.path("media")).unwrap().count(), 2);
}

/// An agent has the list and checkpoint.pub, and no desk.
#[test]
fn a_foreign_slot_is_shown_by_the_signed_list() {
    let bench = Bench::locked(2);
    bench.admin("issuer list --out none.txt", "").error(804);
    bench.admin("issuer list --signed --out issuers.txt", "").ok();
    bench
        .admin("issuer list --signed --out issuers.txt", "")
        .error(804);
    std::fs::copy(bench.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    let diagnose = |list: &str| {
        bench.mock(
            &format!("diagnose --issuer-list {list} --issuer-list-key kept.pub"),
            "",
        )
    };
    let found = diagnose("issuers.txt").ok();
    assert_eq!(found["foreign_issuer"], false);
    assert_eq!(found["foreign_slots"], serde_json::json!([]));

    // The same after the key was rotated at the desk: the device still has the retired one.
    bench.admin("issuer rotate --slot 1", "").ok();
    bench.admin("issuer list --signed --out rotated.txt", "").ok();
    assert_eq!(diagnose("rotated.txt").ok()["foreign_issuer"], false);
    let list = std::fs::read_to_string(bench.path("rotated.txt")).unwrap();
    let states: Vec<&str> = list
        .lines()
        .skip(3)
        .take(2)
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(states, ["present", "retired"]);

    // M-issuers-1, M-issuers-2: an altered list is refused whole.
    std::fs::write(bench.path("altered.txt"), list.replace("retired", "present")).unwrap();
    diagnose("altered.txt").error(717);
    let unsigned = list.split("\u{2014}").next().unwrap();
    std::fs::write(bench.path("unsigned.txt"), unsigned).unwrap();
    diagnose("unsigned.txt").error(711);

    // M-issuers-3: by the list of another desk the slot is foreign; that desk's key is wanted for it.
    let other = Bench::with_desk_of_its_own(2);
    other.admin("issuer list --signed --out issuers.txt", "").ok();
    std::fs::copy(other.path("issuers.txt"), bench.path("other.txt")).unwrap();
    diagnose("other.txt").error(717);
    std::fs::copy(other.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    let found = diagnose("other.txt").ok();
    assert_eq!(found["foreign_issuer"], true);
    assert_eq!(found["foreign_slots"], serde_json::json!([1]));
    assert_eq!(found["condition"], "locked-by-foreign-issuer");
}

#[test]
fn an_entry_is_proved_without_the_desk() {
    let bench = Bench::locked(2);
    bench.admin("audit checkpoint --out cp.txt", "").ok();
    let prove = "audit prove --desk desk --entry 4 --checkpoint cp.txt --out 4.proof";
    bench.run(prove, &format!("{PASSPHRASE}\n")).ok();
    std::fs::copy(bench.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    let check = "audit check-proof --proof 4.proof --entry 4.proof.entry --checkpoint-key kept.pub";
    let proved = bench.run(check, "").ok();
    let shown = bench.admin("audit show", "").ok();
    assert_eq!(proved["index"], 4);
    assert_eq!(proved["event"], shown["entries"][4]["event"]);
    let entry = bench.path("4.proof.entry");
    let mut bytes = std::fs::read(&entry).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&entry, bytes).unwrap();
    bench.run(check, "").error(705);
}

#[test]
fn an_exported_log_is_verified_without_the_desk() {
    let bench = Bench::locked(2);
    bench.admin("audit checkpoint --out cp.txt", "").ok();
    bench.response();
    let written = bench.admin("audit export --to log --texts", "").ok();
    bench.admin("audit export --to log", "").error(804);
    std::fs::copy(bench.path("desk/checkpoint.pub"), bench.path("kept.pub")).unwrap();
    let verify = "audit verify --export log --checkpoint-key kept.pub --checkpoint cp.txt";
    let verified = bench.run(verify, "").ok();
    assert_eq!(verified["entries"], written["entries"]);
    assert!(verified["texts"].as_u64().unwrap() > 3 && verified["covered"].as_u64().unwrap() > 5);
    let name = std::fs::read_dir(bench.path("log/tile/entries/000.p"))
        .unwrap()
        .next()
        .unwrap();
    let path = name.unwrap().path();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    bench.run(verify, "").error(705);
    // Without texts nobody is named.
    bench.admin("audit export --to bare", "").ok();
    assert!(!bench.path("bare/texts").exists());
}

#[test]
fn the_folder_of_an_older_version_is_told() {
    let bench = Bench::empty();
    std::fs::create_dir(bench.path("desk")).unwrap();
    std::fs::write(bench.path("desk/audit.jsonl"), "{}\n").unwrap();
    bench.admin("desk status", "").error(716);
    bench.run("desk init --desk desk", "a\na\nb\nb\n").error(716);
}

/// An attempt that was interrupted anywhere has made some of the files: the command is given again.
#[test]
fn an_interrupted_set_up_is_given_again() {
    for lost in [
        &[
            "desk.sqlite",
            "desk.sqlite-wal",
            "desk.sqlite-shm",
            "checkpoint.pub",
            "anchor",
        ][..],
        &["desk.sqlite", "desk_keys.age", "checkpoint.pub", "anchor"],
    ] {
        let bench = Bench::empty();
        bench.init();
        for name in lost {
            let _ = std::fs::remove_file(bench.path("desk").join(name));
        }
        bench.init();
        bench.admin("issuer generate --suite 2 --slot 1", "").ok();
        let words = "desk init --desk desk --admin admin";
        let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
        bench.run(words, &secrets).error(804);
    }
}
