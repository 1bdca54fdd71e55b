//! A call that does not go straight: slips, another operator, a second one who approves.

use serde_json::Value;

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, PASSPHRASE, text};

const OTHERS_PASSWORD: &str = "green lamps 4711";
const HOW: &str = "--method call-back --statement called --reason T-1";

fn add_operator(bench: &Bench, name: &str) {
    bench
        .admin(
            &format!("desk add-operator --name {name} --role device-service-administrator"),
            &format!("{OTHERS_PASSWORD}\n{OTHERS_PASSWORD}"),
        )
        .ok();
}

fn open_requests(bench: &Bench) -> Vec<Value> {
    let status = bench.admin("desk status", "").ok();
    status["open_requests"].as_array().unwrap().clone()
}

fn only_request(bench: &Bench) -> String {
    let open = open_requests(bench);
    assert_eq!(open.len(), 1, "{open:?}");
    text(&open[0]["request"])
}

#[test]
fn a_request_is_gone_on_with_where_it_stands() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    let slip = bench.respond("00");
    let request = only_request(&bench);
    for said in ["`respond --request", "`desk abandon --request"] {
        assert!(
            slip.stderr.contains(&format!("{said} {request}`")),
            "{}",
            slip.stderr
        );
    }
    slip.error(201);
    let go_on = format!("respond --request {request}");
    // Caller and reason are known; the challenge is what is missing.
    let given = bench.admin(&go_on, &challenge).ok();
    assert_eq!(given["request"], request.as_str());
    assert_eq!(open_requests(&bench).len(), 1);
    // What was made and perhaps not seen is shown again, and not counted.
    for _ in 0..3 {
        let again = bench.admin(&go_on, "").ok();
        assert_eq!(again["response_code"], given["response_code"]);
    }
    bench.admin(&format!("{go_on} --user alice"), "").error(804);
    bench
        .unlock(&text(&given["response_code"]), NEW_PIN, NEW_PIN)
        .ok();
    bench.admin(&format!("desk done --request {request}"), "").ok();
    bench.admin(&go_on, &challenge).error(415);
}

#[test]
fn a_challenge_that_was_entered_is_kept_or_replaced() {
    let bench = Bench::locked(2);
    add_operator(&bench, "otto");
    let old = bench.challenge();
    let approver = |words: &str, input: &str| bench.admin(&format!("respond {words} --approver otto"), input);
    approver(&format!("--user alice {HOW}"), &format!("{old}\nwrong")).error(427);
    let request = only_request(&bench);
    // An empty line keeps it.
    approver(&format!("--request {request}"), "\nwrong").error(427);
    let new = text(&bench.mock("challenge --renew", "").ok()["device_challenge"]);
    let given = approver(
        &format!("--request {request} --reason T-2"),
        &format!("{new}\n{OTHERS_PASSWORD}"),
    );
    assert!(given.stderr.contains("reason     T-2"), "{}", given.stderr);
    let response = text(&given.ok()["response_code"]);
    bench.unlock(&response, NEW_PIN, NEW_PIN).ok();
}

#[test]
fn another_operators_request_is_taken_over() {
    let bench = Bench::locked(2);
    add_operator(&bench, "olga");
    let challenge = bench.challenge();
    let words = format!("respond --desk desk --operator olga --user alice {HOW}");
    let secrets = format!("{OTHERS_PASSWORD}\n{PASSPHRASE}\n");
    bench.run(&words, &format!("{secrets}00\n")).error(201);
    let request = only_request(&bench);

    let taken = bench.admin(&format!("respond --request {request}"), &challenge);
    let said =
        format!("Request {request} is olga's. You take it over: what was verified and approved is void.");
    assert!(taken.stderr.contains(&said), "{}", taken.stderr);
    taken.error(406);
    let go_on = format!("respond --request {request} {HOW}");
    let given = bench.admin(&go_on, &challenge).ok();
    assert_eq!(given["request"], request.as_str());
    let log = bench.admin("audit show", "").ok();
    let entries = log["entries"].as_array().unwrap().clone();
    let taken = entries
        .iter()
        .find(|entry| entry["event"] == "TakenOver")
        .unwrap();
    assert_eq!(
        (&taken["operator"], &taken["request"]),
        (&"admin".into(), &request.as_str().into())
    );
    // A code that somebody else made is not shown to others.
    bench
        .run(
            &format!("respond --desk desk --operator olga --request {request}"),
            &secrets,
        )
        .error(415);
}

/// Nothing stays open that nobody goes on with.
#[test]
fn a_request_without_a_code_is_given_up() {
    let bench = Bench::locked(2);
    bench.respond("00").error(201);
    let request = only_request(&bench);
    bench.admin(&format!("desk abandon --request {request}"), "").ok();
    assert_eq!(open_requests(&bench).len(), 0);
    bench
        .admin(&format!("respond --request {request}"), "")
        .error(415);
}

#[test]
fn an_approver_without_the_right_is_told_as_that() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    bench
        .admin(
            "desk add-operator --name nina --privilege audit",
            &format!("{OTHERS_PASSWORD}\n{OTHERS_PASSWORD}"),
        )
        .ok();
    bench
        .admin(
            &format!("respond --user alice {HOW} --approver nina"),
            &format!("{challenge}\n{OTHERS_PASSWORD}"),
        )
        .error(436);
}

#[test]
fn a_number_that_is_no_request() {
    let bench = Bench::with_desk(2);
    bench
        .admin("respond --request 5F0K-8S3M-Q1VD-7TNP-A2XW", "")
        .error(203);
    bench
        .admin("respond --request BW64-GRYH-PWN9-W56P-RW2T", "")
        .error(429);
}

#[test]
fn with_two_devices_one_is_named() {
    let bench = Bench::locked(2);
    let challenge = bench.challenge();
    let first = text(&bench.mock("challenge", "").ok()["device_id"]);
    bench.mock("mock new --force", "").ok();
    let second = text(&bench.enroll_alice()["device_id"]);
    let error = bench.respond(&challenge).error(804);
    let detail = text(&error["detail"]);
    for part in ["name one with --device-id", &first, &second] {
        assert!(detail.contains(part), "{detail}");
    }
    assert_eq!(open_requests(&bench).len(), 0);
    bench
        .admin(
            &format!("respond --user alice --device-id {first} {HOW}"),
            &challenge,
        )
        .ok();
}

#[test]
fn a_letter_in_the_middle_of_a_name_finds_nobody() {
    let bench = Bench::locked(2);
    let error = bench.admin(&format!("respond --user l {HOW}"), "").error(416);
    assert!(text(&error["detail"]).contains("where a word begins"), "{error}");
    bench
        .admin(&format!("respond --user a {HOW}"), &bench.challenge())
        .ok();
}

/// The challenge of one caller was entered for another.
#[test]
fn after_a_slip_with_the_challenge_the_way_out_is_named() {
    let bench = Bench::locked(2);
    let alices = bench.challenge();
    std::fs::rename(bench.path("key.bin"), bench.path("alice.bin")).unwrap();
    bench.mock("mock new", "").ok();
    bench
        .admin("--mock key.bin enroll --user bob --new-user Bob", "")
        .ok();
    let slip = bench.admin(&format!("respond --user bob {HOW}"), &alices);
    assert!(
        slip.stderr
            .contains("Compare it with the one that the caller reads out."),
        "{}",
        slip.stderr
    );
    slip.ok();
    std::fs::rename(bench.path("alice.bin"), bench.path("key.bin")).unwrap();
    let error = bench.respond(&alices).error(418);
    assert!(text(&error["detail"]).contains("`challenge --renew`"), "{error}");
    let renewed = text(&bench.mock("challenge --renew", "").ok()["device_challenge"]);
    bench.respond(&renewed).ok();
}

#[test]
fn a_limit_says_how_long_it_counts() {
    let bench = Bench::locked(2);
    add_operator(&bench, "otto");
    let challenge = bench.challenge();
    let words = format!("respond --user alice {HOW} --approver otto");
    let input = format!("{challenge}\n{OTHERS_PASSWORD}");
    for _ in 0..5 {
        bench.admin(&words, &input).ok();
    }
    let detail = text(&bench.admin(&words, &input).error(411)["detail"]);
    assert!(detail.contains("5 codes for this device in 24 hours"), "{detail}");
}

#[cfg(target_os = "linux")]
mod at_a_terminal {
    use super::*;
    use crate::terminal::Terminal;

    fn respond(bench: &Bench, more: &str) -> Terminal {
        let mut terminal = Terminal::run(bench, &format!("respond --desk desk --operator admin {more}"));
        terminal
            .answer("Password of admin: ", ADMIN_PASSWORD)
            .answer("Passphrase of the keys: ", PASSPHRASE);
        terminal
    }

    #[test]
    fn the_second_operator_sees_what_they_approve_and_may_mistype_their_password() {
        let bench = Bench::locked(2);
        add_operator(&bench, "otto");
        let challenge = bench.challenge();
        let device = text(&bench.mock("challenge", "").ok()["device_id"]);
        let mut terminal = respond(&bench, &format!("--user alice {HOW} --approver otto"));
        terminal
            .answer("Device Challenge: ", &challenge)
            .wait_for("otto is to approve request ")
            .wait_for("user       alice (Alice), ordinary")
            .wait_for(&device)
            .wait_for("reason     T-1")
            .wait_for("caller     call-back")
            .wait_for(&challenge)
            .answer("Password of otto, who approves: ", "wrong")
            .wait_for("the second operator, otto: no such operator, or wrong password")
            .answer("Password of otto, who approves: ", OTHERS_PASSWORD);
        let (code, shown) = terminal.end();
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("Response Code of request"), "{shown}");
    }

    #[test]
    fn only_ways_of_verifying_that_count_are_offered() {
        let bench = Bench::locked(2);
        let mut terminal = respond(&bench, "--user alice --reason T-1");
        terminal
            .wait_for("How was the caller verified?")
            .wait_for("Which: ");
        for offered in ["call-back", "identity-document", "manager", "in-person"] {
            assert!(terminal.shown.contains(offered), "{}", terminal.shown);
        }
        for refused in ["enrolled-factor", "questions"] {
            assert!(!terminal.shown.contains(refused), "{}", terminal.shown);
        }
        drop(terminal);
        let before = open_requests(&bench).len();
        bench
            .admin("desk add-user --user alice --name Alice --privileged", "")
            .ok();
        let (code, shown) = respond(&bench, "--user alice --reason T-1").end();
        assert_eq!(code, 40, "{shown}");
        assert!(
            shown.contains("407 CallerMethod") && shown.contains("a machine vouches for"),
            "{shown}"
        );
        assert_eq!(
            open_requests(&bench).len(),
            before,
            "no request was opened for it"
        );
    }

    #[test]
    fn no_request_is_opened_without_a_reason() {
        let bench = Bench::locked(2);
        let mut terminal = respond(&bench, "--user alice");
        for _ in 0..3 {
            terminal.answer("Reason or ticket number: ", "");
        }
        let (code, shown) = terminal.end();
        assert_eq!(code, 40, "{shown}");
        assert!(shown.contains("408 ReasonMissing"), "{shown}");
        assert_eq!(open_requests(&bench).len(), 0);
        let mut terminal = respond(&bench, "--user alice");
        terminal
            .answer("Reason or ticket number: ", "")
            .answer("Reason or ticket number: ", "T-1")
            .wait_for("How was the caller verified?");
    }

    #[test]
    fn a_call_that_broke_off_asks_only_for_what_is_missing() {
        let bench = Bench::locked(2);
        add_operator(&bench, "olga");
        let challenge = bench.challenge();
        let mut terminal = respond(&bench, &format!("--user alice {HOW}"));
        terminal.wait_for("Device Challenge: ").type_keys("\u{4}");
        let (code, shown) = terminal.end();
        assert_eq!(code, 80, "{shown}");
        let request = only_request(&bench);
        assert!(
            shown.contains(&format!("`respond --request {request}` goes on")),
            "{shown}"
        );
        let mut terminal = respond(&bench, &format!("--request {request}"));
        terminal
            .wait_for("The caller was verified: call-back.")
            .answer("Device Challenge: ", "00")
            .answer("Device Challenge: ", &challenge);
        let (code, shown) = terminal.end();
        assert_eq!(code, 0, "{shown}");

        // Another operator's is taken over by who says so.
        let words = format!("respond --desk desk --operator olga --user alice {HOW}");
        let secrets = format!("{OTHERS_PASSWORD}\n{PASSPHRASE}\n00\n");
        bench.run(&words, &secrets).error(201);
        let open = open_requests(&bench);
        let theirs = open.iter().find(|one| one["operator"] == "olga").unwrap();
        let theirs = text(&theirs["request"]);
        let mut terminal = respond(&bench, &format!("--request {theirs}"));
        terminal.answer("Take it over? [y/N]: ", "n");
        let (code, shown) = terminal.end();
        assert_ne!(code, 0, "{shown}");
        let mut terminal = respond(&bench, &format!("--request {theirs}"));
        terminal
            .answer("Take it over? [y/N]: ", "y")
            .answer("Which: ", "1")
            .answer("What was seen or heard: ", "called")
            .answer("Device Challenge: ", &challenge);
        let (code, shown) = terminal.end();
        assert_eq!(code, 0, "{shown}");
    }
}
