//! lock → challenge → respond → unlock → sign-in, in processes of their own.

use crate::bench::{Bench, NEW_PIN, OLD_PIN, text};

fn whole_flow(suite: u8, transport: &str) {
    let bench = Bench::with_desk(suite).over(transport);
    bench.mock("mock new", "").ok();
    let enrolled = bench.enroll_alice();
    assert_eq!(enrolled["suite"], suite);
    assert_eq!(enrolled["probed"], suite != 3);
    assert_eq!(bench.mock("mock make-passkey", OLD_PIN).ok()["pin_set_now"], true);
    bench.sign_in(OLD_PIN).ok();

    bench.mock("mock lock", "").ok();
    bench.sign_in(OLD_PIN).error(116);
    let state = bench.mock("diagnose --desk desk", "").ok();
    assert_eq!(state["condition"], "locked");
    assert_eq!(state["can_unlock"], true);
    assert_eq!(state["device_id"], enrolled["device_id"]);

    let shown = bench.mock("challenge", "").ok();
    assert_eq!(shown["device_id"], enrolled["device_id"]);
    assert_eq!(shown["suite"], suite);
    let challenge = text(&shown["device_challenge"]);
    assert_eq!(challenge.replace('-', "").len(), 32);
    assert_eq!(
        bench.challenge(),
        challenge,
        "the pending challenge is shown again"
    );

    let given = bench.respond(&challenge).ok();
    assert_eq!(given["device_id"], enrolled["device_id"]);
    let response = text(&given["response_code"]);
    let characters = response.chars().filter(char::is_ascii_alphanumeric).count();
    assert_eq!(characters, [120, 24, 32][usize::from(suite) - 1]);

    let unlocked = bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
    assert_eq!(unlocked["unlocked"], true);
    assert_eq!(bench.sign_in(NEW_PIN).ok()["signed_in"][0], "example.com");
    bench.sign_in(OLD_PIN).error(115);
    assert_eq!(bench.mock("info --interface fido", "").ok()["unlock_counter"], 1);

    let done = format!("desk done --request {}", text(&given["request"]));
    bench.admin(&done, "").ok();
    bench.admin(&done, "").error(415);
    let log = bench.verify("").ok();
    let shown = bench.admin("audit show", "").ok();
    // Whoever looks has signed in.
    let entries = log["entries"].as_u64().unwrap() as usize;
    assert_eq!(entries + 1, shown["entries"].as_array().unwrap().len());
    let notices = std::fs::read_to_string(bench.path("desk/notices.jsonl")).unwrap();
    let kinds: Vec<String> = notices
        .lines()
        .map(|line| text(&serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"]))
        .collect();
    assert_eq!(kinds, ["code_given", "done"]);
}

#[test]
fn suite_1_over_hid() {
    whole_flow(1, "hid");
}

#[test]
fn suite_1_over_nfc() {
    whole_flow(1, "nfc");
}

#[test]
fn suite_2_over_hid() {
    whole_flow(2, "hid");
}

#[test]
fn suite_2_over_nfc() {
    whole_flow(2, "nfc");
}

#[test]
fn suite_3_over_hid() {
    whole_flow(3, "hid");
}

#[test]
fn suite_3_over_nfc() {
    whole_flow(3, "nfc");
}

#[test]
fn two_unlocks_and_every_passkey() {
    let bench = Bench::with_desk(2);
    bench.mock("mock new", "").ok();
    bench.enroll_alice();
    bench.mock("mock make-passkey --rp a.example", OLD_PIN).ok();
    bench.mock("mock make-passkey --rp b.example", OLD_PIN).ok();
    for (round, pin) in ["newpin43", "newpin44"].into_iter().enumerate() {
        bench.mock("mock lock", "").ok();
        let given = bench.respond(&bench.challenge()).ok();
        bench.unlock(&text(&given["response_code"]), pin, pin).ok();
        bench
            .admin(&format!("desk done --request {}", text(&given["request"])), "")
            .ok();
        let signed = bench.sign_in(pin).ok();
        assert_eq!(signed["signed_in"].as_array().unwrap().len(), 2, "round {round}");
    }
}

#[test]
fn a_lost_answer_is_resolved_by_the_counter() {
    let bench = Bench::locked(2);
    let response = bench.response();
    assert_eq!(bench.mock("unlock --resolve", "").ok()["unlocked"], false);
    bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
    assert_eq!(bench.mock("unlock --resolve", "").ok()["unlocked"], true);
}

#[test]
fn a_session_file_of_ones_own() {
    let bench = Bench::locked(2);
    let shown = bench.mock("challenge --session my.session", "").ok();
    assert_eq!(shown["session"], "my.session");
    assert!(bench.path("my.session").exists() && !bench.path("key.bin.session").exists());
    let given = bench.respond(&text(&shown["device_challenge"])).ok();
    let input = format!("{}\n{NEW_PIN}\n{NEW_PIN}", text(&given["response_code"]));
    bench.mock("unlock --session my.session", &input).ok();
}

/// Without a session file the pending challenge is taken; the device judges all the same.
#[test]
fn an_unlock_without_a_session_file() {
    let bench = Bench::locked(2);
    let response = bench.response();
    std::fs::remove_file(bench.path("key.bin.session")).unwrap();
    let ran = bench.unlock(&response, NEW_PIN, NEW_PIN);
    assert!(ran.stderr.contains("No challenge was shown on this computer"));
    ran.ok();
}

#[test]
fn a_station_without_a_desk_enrols_by_a_public_key_file() {
    let bench = Bench::with_desk(2);
    let public = bench.run_words(&["issuer", "show", "--desk", "desk", "--public"], "");
    assert_eq!(public.code, 0);
    std::fs::write(bench.path("issuer.json"), public.stdout).unwrap();
    bench.mock("mock new", "").ok();
    let enrolled = bench.mock("enroll --issuer issuer.json --user alice", "").ok();
    assert_eq!(enrolled["registered"], false);
    std::fs::write(bench.path("devices.csv"), text(&enrolled["csv"])).unwrap();
    bench.admin("desk import devices.csv", "").error(416);
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    bench.admin("desk import devices.csv", "").ok();
    bench.admin("desk import devices.csv", "").error(431);
    bench.mock("mock make-passkey", OLD_PIN).ok();
    bench.mock("mock lock", "").ok();
    bench.unlock(&bench.response(), NEW_PIN, NEW_PIN).ok();
    bench.sign_in(NEW_PIN).ok();
}

#[test]
fn a_device_with_a_pin_is_enrolled_by_it() {
    let bench = Bench::with_desk(2);
    bench.mock("mock new", "").ok();
    bench.mock("mock make-passkey", OLD_PIN).ok();
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    let enroll = "--mock key.bin enroll --user alice";
    bench.admin(enroll, "").error(126);
    bench
        .admin(&format!("{enroll} --with-pin"), "wrong-pin")
        .error(115);
    bench.admin(&format!("{enroll} --with-pin"), OLD_PIN).ok();
    bench.mock("mock lock", "").ok();
    bench.unlock(&bench.response(), NEW_PIN, NEW_PIN).ok();
    bench.sign_in(NEW_PIN).ok();
}

#[test]
fn enrolment_options_reach_the_device() {
    let bench = Bench::with_desk(2);
    bench.admin("desk add-user --user alice --name Alice", "").ok();
    bench.mock("mock new", "").ok();
    bench
        .admin("--mock key.bin enroll --user alice --vendor-interface-off", "")
        .ok();
    bench.mock("info --interface vendor", "").error(121);
    assert_eq!(bench.mock("info", "").ok()["interface"], "fido");

    bench.mock("mock new --force", "").ok();
    bench
        .admin("--mock key.bin enroll --user alice --force-pin-change", "")
        .ok();
    bench.mock("mock make-passkey", OLD_PIN).ok();
    bench.mock("mock lock", "").ok();
    let device_id = text(&bench.mock("challenge", "").ok()["device_id"]);
    let given = bench.admin(
        &format!("respond --user alice --device-id {device_id} --method manager --statement x --reason y"),
        &bench.challenge(),
    );
    let response = text(&given.ok()["response_code"]);
    assert_eq!(
        bench.unlock(&response, NEW_PIN, NEW_PIN).ok()["force_pin_change"],
        true
    );
}
