//! What the device, the PIN rules and the help desk refuse, each with its own number; and the exit
//! code of each family.

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, OLD_PIN, PASSPHRASE, text};

#[test]
fn an_exit_code_for_each_family() {
    use fido_unlock::Family;
    let bench = Bench::locked(2);
    let response = bench.response();
    bench.run("mock lock", "").error(804);
    let ran = [
        (Family::Code, bench.run("code check", "00\n")),
        (Family::Pin, bench.unlock(&response, "short", "short")),
        (
            Family::Policy,
            bench.admin("respond --user nobody --reason T-1", ""),
        ),
        (Family::Transport, bench.run("--mock none.bin diagnose", "")),
        (Family::Signer, bench.admin("issuer rotate --slot 9", "")),
        (Family::Store, bench.run("audit verify --desk nowhere", "")),
        (
            Family::Caller,
            bench.run_words(&["challenge", "--slot", "99"], ""),
        ),
        (Family::Device, bench.sign_in(OLD_PIN)),
    ];
    for (family, ran) in ran {
        assert_eq!(
            ran.code,
            i32::from(family.exit_code()),
            "{family:?}: {}",
            ran.stdout
        );
    }
    assert_eq!(bench.run_words(&["--help"], "").code, 0);
    assert_eq!(bench.run_words(&["--version"], "").code, 0);
}

#[test]
fn every_state_of_the_device() {
    let bench = Bench::with_desk(2);
    let condition = || text(&bench.mock("diagnose", "").ok()["condition"]);
    bench.mock("mock new", "").ok();
    bench.mock("mock new", "").error(804);
    assert_eq!(condition(), "pin-not-set");
    bench.mock("mock make-passkey", OLD_PIN).ok();
    assert_eq!(condition(), "unlocked");
    bench.mock("challenge", "").error(101);
    bench.mock("unlock", "x").error(101);
    bench.mock("mock lock", "").ok();
    assert_eq!(condition(), "locked-not-enrolled");
    bench.mock("challenge", "").error(102);

    bench.mock("mock new --force", "").ok();
    bench.enroll_alice();
    bench.admin("--mock key.bin enroll --user alice", "").error(122);
    bench.mock("mock make-passkey", OLD_PIN).ok();
    bench.mock("mock lock", "").ok();
    assert_eq!(condition(), "locked");
    bench.mock("challenge --slot 5", "").error(129);

    let other = Bench::with_desk_of_its_own(2);
    let public = other.run_words(&["issuer", "show", "--desk", "desk", "--public"], "");
    std::fs::write(bench.path("other.json"), public.stdout).unwrap();
    let foreign = bench.mock("diagnose --issuer other.json", "").ok();
    assert_eq!(foreign["condition"], "locked-by-foreign-issuer");
    assert_eq!(foreign["number"], 112);
    assert_eq!(bench.mock("diagnose --desk desk", "").ok()["condition"], "locked");
}

#[test]
fn the_new_pin() {
    let bench = Bench::locked(2);
    let response = bench.response();
    bench.unlock(&response, "abc12", "abc12").error(301);
    bench
        .unlock(&response, &"a1".repeat(32), &"a1".repeat(32))
        .error(302);
    bench.unlock(&response, "abc 123", "abc 123").error(303);
    bench.unlock(&response, NEW_PIN, "newpin44").error(306);
    let input = |pin: &str| format!("{response}\n{pin}\n{pin}");
    bench
        .mock("unlock --pin-refuse-trivial", &input("123456"))
        .error(304);
    std::fs::write(bench.path("listed.txt"), "summer26\n").unwrap();
    bench
        .mock("unlock --pin-block-list listed.txt", &input("Summer26"))
        .error(305);
    bench.mock("unlock --pin-minimum 10", &input(NEW_PIN)).error(301);
    // The code is still good.
    bench.mock("unlock --pin-symbols", &input("abc 123!")).ok();
    bench.sign_in("abc 123!").ok();
}

#[test]
fn a_response_that_is_void_or_not_this_devices() {
    let bench = Bench::locked(2);
    let old = bench.response();
    let renewed = bench.mock("challenge --renew", "").ok();
    assert_eq!(renewed["voids_earlier_code"], true);
    bench.unlock(&old, NEW_PIN, NEW_PIN).error(105);

    // Renewed behind the back of the session that showed it.
    let bench = Bench::locked(2);
    let response = bench.response();
    bench.mock("challenge --renew --session other.session", "").ok();
    bench.unlock(&response, NEW_PIN, NEW_PIN).error(108);

    let other = Bench::locked(2).response();
    let bench = Bench::locked(2);
    let response = bench.response();
    bench.unlock(&other, NEW_PIN, NEW_PIN).error(105);
    bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
    bench.unlock(&response, NEW_PIN, NEW_PIN).error(107);

    // Another device in the place of the one whose challenge was shown.
    std::fs::copy(bench.path("key.bin.session"), bench.path("old.session")).unwrap();
    bench.mock("mock new --force", "").ok();
    let secrets = &format!("{ADMIN_PASSWORD}\n{PASSPHRASE}");
    bench
        .mock("enroll --desk desk --operator admin --user alice", secrets)
        .ok();
    bench.mock("mock make-passkey", OLD_PIN).ok();
    bench.mock("mock lock", "").ok();
    let input = format!("{response}\n{NEW_PIN}\n{NEW_PIN}");
    bench.mock("unlock --session old.session", &input).error(109);
}

#[test]
fn the_desks_rules() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    let how = "--method call-back --statement called";
    bench.admin("respond --user nobody --reason T-1", "").error(416);
    bench
        .admin(
            "respond --device-id 000G-40R4-0M30-E209-B3VD --reason T-1",
            &challenge,
        )
        .error(417);
    bench
        .admin("respond --user alice --reason T-1", &challenge)
        .error(406);
    bench
        .admin(
            "respond --user alice --reason T-1 --method questions --statement x",
            &challenge,
        )
        .error(407);
    bench
        .admin(&format!("respond --user alice {how}"), &challenge)
        .error(408);
    bench
        .admin(
            &format!("respond --user alice {how} --reason T-1 --approver admin"),
            &format!("{challenge}\n{ADMIN_PASSWORD}"),
        )
        .error(410);

    bench.admin("desk service off", "").ok();
    bench.respond(&challenge).error(403);
    bench.admin("desk service on", "").ok();
    bench.put_licence(5, 0);
    // Its last second is over.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let error = bench.respond(&challenge).error(402);
    assert!(text(&error["detail"]).contains("licences@example.com"));
    bench.put_licence(0, 365);
    bench.respond(&challenge).error(404);
    let forged = std::fs::read_to_string(bench.path("licence.txt")).unwrap();
    std::fs::write(
        bench.path("licence.txt"),
        forged.replace("devices 0", "devices 9"),
    )
    .unwrap();
    bench.admin("desk licence licence.txt", "").error(444);
    bench.put_licence(5, 365);
    bench.respond(&challenge).ok();
}

#[test]
fn before_the_set_up_has_ended_and_without_a_licence_no_code_is_given() {
    let bench = Bench::empty();
    bench.init();
    bench.admin("issuer generate --suite 2 --slot 1", "").ok();
    bench.make_locked();
    bench.respond(&bench.challenge()).error(437);
    bench.admin("desk open", "").ok();
    bench.admin("desk open", "").error(441);
    bench.respond(&bench.challenge()).ok();

    let bench = Bench::empty();
    let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    bench.run("desk init --desk desk", &secrets).ok();
    bench.admin("issuer generate --suite 2 --slot 1", "").ok();
    bench.mock("mock new", "").ok();
    let enroll = "enroll --desk desk --operator admin --user alice --new-user Alice";
    let missing = bench
        .mock(enroll, &format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n"))
        .error(401);
    assert!(
        missing.get("detail").is_none(),
        "nobody to ask is named: {missing}"
    );
    for weak in ["password-password", "short"] {
        let words = "desk add-operator --name olga --role administrator";
        bench.admin(words, &format!("{weak}\n{weak}")).error(440);
    }
}

/// With the default rules what loosens rests, unless another Administrator stands by it.
#[test]
fn what_loosens_rests() {
    let bench = Bench::empty();
    let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    bench.run("desk init --desk desk", &secrets).ok();
    let password = "green lamps 4711";
    let add = |name: &str| {
        let words = format!("desk add-operator --name {name} --role administrator");
        bench.admin(&words, &format!("{password}\n{password}")).ok()["rests"].clone()
    };
    assert_eq!(add("nina"), false);
    bench.admin("desk open", "").ok();
    assert_eq!(add("olga"), true);
    let as_operator = |name: &str, words: &str| {
        bench.run(
            &format!("{words} --desk desk --operator {name}"),
            &format!("{password}\n{PASSPHRASE}\n"),
        )
    };
    as_operator("olga", "desk service off").error(405);
    let approve = "desk approve --operator-change olga --reason needed";
    bench.admin(approve, "").error(410);
    as_operator("nina", approve).ok();
    as_operator("olga", "desk service off").ok();
    // Each Administrator is told of it until they have read it.
    let hint = "Announced to every Administrator and not read by you: 2.";
    let before = bench.admin("desk rules", "");
    assert!(before.stderr.contains(hint), "{}", before.stderr);
    let told = bench.admin("desk status", "");
    assert!(!told.stderr.contains(hint), "{}", told.stderr);
    let told = told.ok()["announcements"].clone();
    assert_eq!(told[0]["event"], "OperatorChanged");
    assert_eq!(told[0]["about"], "olga");
    assert!(told[0]["holds_from"].is_string());
    assert_eq!(told[1]["event"], "ChangeApproved");
    assert_eq!(told[1]["operator"], "nina");
    assert_eq!(told[1]["text"], "needed");
    assert_eq!(
        bench.admin("desk status", "").ok()["announcements"],
        serde_json::json!([])
    );
    let shown = as_operator("nina", "desk status").ok();
    assert_eq!(shown["announcements"], told);
    let rules = text(&bench.admin("desk rules", "").ok()["rules"]["licence_contact"]);
    assert_eq!(rules, "");
}

#[test]
fn privileges_approval_and_limits() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    for (name, rights) in [
        ("nina", "--privilege downloads"),
        ("olga", "--role device-service-administrator"),
    ] {
        bench
            .admin(
                &format!("desk add-operator --name {name} {rights}"),
                "green lamps 4711\ngreen lamps 4711",
            )
            .ok();
    }
    let as_operator = |name: &str, more: &str, input: &str| {
        let words = format!(
            "respond --desk desk --operator {name} --user alice --method in-person --statement x --reason T {more}"
        );
        bench.run(&words, &format!("green lamps 4711\n{PASSPHRASE}\n{input}\n"))
    };
    as_operator("nina", "", &challenge).error(405);
    bench
        .run(
            "desk service off --desk desk --operator olga",
            &format!("green lamps 4711\n{PASSPHRASE}\n"),
        )
        .error(405);
    as_operator("olga", "", &challenge).ok();
    as_operator("olga", "", &challenge).ok();
    // The third code of a day for one device wants a second operator.
    as_operator("olga", "", &challenge).error(409);
    let approved = format!("{challenge}\n{ADMIN_PASSWORD}");
    for _ in 0..3 {
        as_operator("olga", "--approver admin", &approved).ok();
    }
    as_operator("olga", "--approver admin", &approved).error(411);

    bench
        .admin("desk add-user --user alice --name Alice --privileged", "")
        .ok();
    as_operator("olga", "--approver admin", &approved).error(407);
}

/// An unlock that the desk does not know of raises an alarm; it is acknowledged, and the desk goes on.
#[test]
fn a_counter_that_moved() {
    let bench = Bench::locked(2);
    bench.unlock(&bench.response(), NEW_PIN, NEW_PIN).ok();
    bench.mock("mock lock", "").ok();
    let challenge = bench.challenge();
    bench.respond(&challenge).error(420);
    let alarms = bench.admin("desk status", "").ok()["alarms"].clone();
    assert_eq!(alarms[0]["number"], 420);
    let alarm = &alarms[0]["alarm"];
    bench
        .admin(&format!("desk acknowledge --alarm {alarm} --note known"), "")
        .ok();
    bench.respond(&challenge).ok();
}

/// What a forgotten `desk done` looks like: the request is named, and nothing else is needed to go on.
#[test]
fn a_forgotten_done_is_named() {
    let bench = Bench::locked(2);
    let first = bench.challenge();
    let given = bench.respond(&first).ok();
    let request = text(&given["request"]);
    bench
        .unlock(&text(&given["response_code"]), NEW_PIN, NEW_PIN)
        .ok();
    bench.mock("mock lock", "").ok();
    let challenge = bench.challenge();
    let refused = bench.respond(&challenge).error(420);
    let said = text(&refused["detail"]);
    assert!(
        said.contains(&format!("`desk done --request {request}`")),
        "{said}"
    );
    assert!(text(&refused["next_step"]).contains("record that it is done"));
    bench.admin(&format!("desk done --request {request}"), "").ok();
    bench.respond(&challenge).ok();
}

#[test]
fn devices_that_are_taken_out_of_use() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    let id = text(&bench.mock("challenge", "").ok()["device_id"]);
    bench.admin(&format!("desk retire --device-id {id}"), "").ok();
    bench.respond(&challenge).error(417);
    let words = format!("respond --device-id {id} --method manager --statement x --reason y");
    bench.admin(&words, &challenge).error(428);
}

#[test]
fn a_clock_that_went_back() {
    let bench = Bench::with_desk(2);
    bench.admin("desk accept-clock --note none", "").ok();
    let log = bench.admin("audit show --last 2", "").ok();
    assert_eq!(log["entries"][0]["event"], "ClockAccepted");
}
