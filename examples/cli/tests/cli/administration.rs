//! People and rules of a desk: who is added, changed and listed, what rests, and who lets it hold.

use serde_json::{Value, json};

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, PASSPHRASE, text};

const OTHERS_PASSWORD: &str = "green lamps 4711";
const NEW_PASSWORD: &str = "four copper kettles";

fn add(bench: &Bench, name: &str, rights: &str) -> Value {
    bench
        .admin(
            &format!("desk add-operator --name {name} {rights}"),
            &format!("{OTHERS_PASSWORD}\n{OTHERS_PASSWORD}"),
        )
        .ok()
}

fn as_operator(bench: &Bench, name: &str, words: &str, more: &str) -> crate::bench::Ran {
    bench.run(
        &format!("{words} --desk desk --operator {name}"),
        &format!("{OTHERS_PASSWORD}\n{PASSPHRASE}\n{more}"),
    )
}

/// A desk with default rules, two Administrators (admin, nina) and an operator (olga), that is open.
fn resting() -> Bench {
    let bench = Bench::empty();
    let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    bench.run("desk init --desk desk", &secrets).ok();
    add(&bench, "nina", "--role administrator");
    add(&bench, "olga", "--role device-service-administrator");
    bench.admin("desk open", "").ok();
    bench
}

#[test]
fn a_new_desk_may_leave_the_first_password_to_the_console() {
    let bench = Bench::empty();
    let made = bench
        .run(
            "desk init --desk desk --first-code",
            &format!("{PASSPHRASE}\n{PASSPHRASE}\n"),
        )
        .ok();
    assert_eq!(made["admin"], "admin");
    bench.admin("desk status", "").error(427);
    // Beside the keys it can be set here too.
    let secrets = format!("{PASSPHRASE}\n{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n");
    bench
        .run("desk recover --desk desk --name admin --note set-up", &secrets)
        .ok();
    bench.admin("desk status", "").ok();
}

#[test]
fn the_only_administrator_is_recovered_by_the_keys_passphrase_and_it_is_told() {
    let bench = Bench::with_desk(2);
    let words = "desk recover --desk desk --name admin --note lost";
    let secrets = |passphrase: &str| format!("{passphrase}\n{NEW_PASSWORD}\n{NEW_PASSWORD}\n");
    bench.run(words, &secrets("a wrong passphrase")).error(603);
    bench
        .run(
            "desk recover --desk desk --name nobody --note lost",
            &secrets(PASSPHRASE),
        )
        .error(447);
    bench.admin("desk status", "").ok();
    let recovered = bench.run(words, &secrets(PASSPHRASE)).ok();
    assert_eq!(recovered["operator"], "admin");
    bench.admin("desk status", "").error(427);
    let status = bench
        .run(
            "desk status --desk desk --operator admin",
            &format!("{NEW_PASSWORD}\n{PASSPHRASE}\n"),
        )
        .ok();
    let told = status["announcements"].to_string();
    assert!(
        told.contains("SignInCodeGiven") && told.contains("lost"),
        "{status}"
    );
}

fn set_rules(bench: &Bench, change: impl Fn(&mut Value)) -> crate::bench::Ran {
    let mut rules = bench.admin("desk rules", "").ok()["rules"].clone();
    change(&mut rules);
    std::fs::write(bench.path("new.json"), rules.to_string()).unwrap();
    bench.admin("desk rules --set new.json", "")
}

#[test]
fn a_rule_by_which_nobody_could_work_is_refused_with_the_least() {
    let bench = Bench::with_desk(2);
    let refused = set_rules(&bench, |rules| rules["approval_seconds"] = json!(1)).error(804);
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("approval_seconds must be 60 at least"),
        "{refused}"
    );
}

#[test]
fn an_administrator_gives_themselves_another_password() {
    let bench = Bench::with_desk(2);
    let words = "desk add-operator --name admin --role administrator";
    let changed = bench
        .admin(words, &format!("{NEW_PASSWORD}\n{NEW_PASSWORD}"))
        .ok();
    assert_eq!(changed["operator"], "admin");
    assert_eq!(changed["rests"], false);
    bench.admin("desk status", "").error(427);
    bench
        .run(
            "desk status --desk desk --operator admin",
            &format!("{NEW_PASSWORD}\n{PASSPHRASE}\n"),
        )
        .ok();
}

#[test]
fn an_operator_changes_their_own_password() {
    let bench = Bench::with_desk(2);
    add(&bench, "olga", "--role device-service-administrator");
    let change = |new: &str| as_operator(&bench, "olga", "desk password", &format!("{new}\n{new}\n"));
    change("short").error(440);
    assert_eq!(change(NEW_PASSWORD).ok()["operator"], "olga");
    as_operator(&bench, "olga", "desk status", "").error(427);
    bench
        .run(
            "desk status --desk desk --operator olga",
            &format!("{NEW_PASSWORD}\n{PASSPHRASE}\n"),
        )
        .ok();
}

#[test]
fn a_corrected_name_leaves_the_class() {
    let bench = resting();
    let classes = || -> Vec<(String, String)> {
        let users = as_operator(&bench, "olga", "desk list users", "").ok()["users"].clone();
        let of = |user: &Value| (text(&user["name"]), text(&user["class"]));
        users.as_array().unwrap().iter().map(of).collect()
    };
    let put = |words: &str| {
        bench
            .admin(&format!("desk add-user --user dora {words}"), "")
            .ok()
    };
    put("--name Dora --privileged");
    assert_eq!(put("--name Theodora")["rests"], false);
    assert_eq!(classes(), [("Theodora".into(), "privileged".into())]);
    let lower = put("--name Theodora --ordinary");
    assert_eq!(lower["rests"], true);
    assert!(lower["holds_from"].is_string(), "{lower}");
    // What rests goes on resting.
    assert_eq!(put("--name Dora")["holds_from"], lower["holds_from"]);
    assert_eq!(classes(), [("Dora".into(), "privileged".into())]);
    let words = "desk approve --user-change dora --reason moved";
    let approved = as_operator(&bench, "nina", words, "");
    assert!(
        approved.stderr.contains("dora: ordinary, from ") && approved.stderr.contains("asked for by admin"),
        "{}",
        approved.stderr
    );
    approved.ok();
    assert_eq!(classes(), [("Dora".into(), "ordinary".into())]);
    bench
        .admin("desk add-user --user dora --name D --privileged --ordinary", "")
        .error(804);
}

#[test]
fn rules_that_rest_are_seen_before_they_are_let_hold() {
    let bench = resting();
    let set = set_rules(&bench, |rules| {
        rules["reason_wanted"] = false.into();
        rules["limits"]["device"]["refuse_from"] = 9.into();
        rules["ordinary_methods"][0] = json!({"method": "questions", "vouched_by": "operator"});
    });
    let changes = [
        "reason_wanted: true, then false",
        "limits.device.refuse_from: 5, then 9",
        "questions (by operator)",
    ];
    let all_in = |shown: &str| {
        for change in changes {
            assert!(shown.contains(change), "{change} is not in {shown}");
        }
    };
    all_in(&set.stderr);
    let pending = set.ok()["pending"].clone();
    assert_eq!(pending["asked_by"], "admin");
    assert_eq!(pending["rules"]["limits"]["device"]["refuse_from"], 9);
    // The other Administrator sees them wherever they look.
    let shown = as_operator(&bench, "nina", "desk rules", "");
    all_in(&shown.stderr);
    assert_eq!(shown.ok()["pending"], pending);
    let words = [
        "desk",
        "status",
        "--desk",
        "desk",
        "--operator",
        "nina",
        "--stdin",
    ];
    let status = bench.run_words(&words, &format!("{OTHERS_PASSWORD}\n{PASSPHRASE}\n"));
    let announced = status.stdout.split_once("RulesChanged").unwrap().1;
    all_in(announced);
    assert_eq!(announced.matches("holds from").count(), 1, "{announced}");
    assert!(
        !announced.contains("a part of it"),
        "what it changes says more: {announced}"
    );
    let settled = as_operator(&bench, "nina", "desk rules --settle urgent", "");
    all_in(&settled.stderr);
    let settled = settled.ok();
    assert_eq!(settled["rules"]["limits"]["device"]["refuse_from"], 9);
    assert_eq!(settled["rests"], false);
    as_operator(&bench, "nina", "desk rules --settle urgent", "").error(446);
}

#[test]
fn odd_rules_are_remarked() {
    let bench = Bench::with_desk(2);
    let set = set_rules(&bench, |rules| {
        rules["limits"]["operator"]["approval_from"] = 70.into();
        rules["ordinary_methods"] = json!([]);
    });
    assert!(
        set.stderr.contains("approval_from 70 is never reached"),
        "{}",
        set.stderr
    );
    let remarks = set.ok()["remarks"].clone();
    assert_eq!(remarks.as_array().unwrap().len(), 2, "{remarks}");
}

#[test]
fn rights_that_rest_are_seen_by_their_operator_and_by_administrators() {
    let bench = resting();
    let added = add(&bench, "otto", "--role administrator");
    assert_eq!(added["rests"], true);
    let from = text(&added["holds_from"]);
    let refused = as_operator(&bench, "otto", "desk service off", "");
    let said = format!("What you may do is to change: administrator, from {from} on, asked for by admin.");
    assert!(refused.stderr.contains(&said), "{}", refused.stderr);
    refused.error(405);
    let listed = bench.admin("desk list operators", "").ok()["operators"].clone();
    let otto = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["operator"] == "otto")
        .unwrap();
    assert_eq!(otto["roles"], json!([]));
    assert_eq!(otto["pending"]["roles"], json!(["administrator"]));
    assert_eq!(otto["pending"]["holds_from"], from.as_str());
    let status = bench.admin("desk status", "").ok();
    assert_eq!(status["resting_operators"][0]["operator"], "otto");
    let approve = "desk approve --operator-change otto --reason needed";
    let approved = as_operator(&bench, "nina", approve, "");
    assert!(
        approved.stderr.contains("otto: administrator, from "),
        "{}",
        approved.stderr
    );
    approved.ok();
    as_operator(&bench, "otto", "desk service off", "").ok();
    assert_eq!(
        bench.admin("desk status", "").ok()["resting_operators"],
        json!([])
    );
}

/// Each has a number of its own, that tells what to look at.
#[test]
fn what_is_not_there_is_told_as_that() {
    let bench = Bench::locked(2);
    add(&bench, "nina", "--role administrator");
    bench.admin("desk remove-operator --name nobody", "").error(447);
    bench
        .admin("desk approve --operator-change nobody --reason x", "")
        .error(447);
    bench
        .admin("desk approve --operator-change nina --reason x", "")
        .error(446);
    bench
        .admin("desk approve --user-change alice --reason x", "")
        .error(446);
    bench
        .admin("desk approve --user-change nobody --reason x", "")
        .error(416);
    bench.admin("desk acknowledge --alarm 99 --note x", "").error(448);
    bench.admin("audit checkpoint --out cp.txt", "").ok();
    bench
        .run(
            "audit prove --desk desk --entry 9999 --checkpoint cp.txt --out p.txt",
            &format!("{PASSPHRASE}\n"),
        )
        .error(718);
    assert!(!bench.path("p.txt").exists() && !bench.path("p.txt.entry").exists());
    bench.admin("desk remove-operator --name nina", "").ok();
    bench.admin("desk remove-operator --name admin", "").error(443);
}

#[test]
fn the_text_of_a_wrong_input_is_true_of_more_than_the_command_line() {
    let bench = Bench::with_desk(2);
    let words = "desk add-operator --name olga --role administrator";
    let differ = bench.admin(words, &format!("{OTHERS_PASSWORD}\n{NEW_PASSWORD}"));
    let error = differ.error(804);
    assert_eq!(
        error["message"],
        "what was given on the command line or typed cannot be used"
    );
    assert!(text(&error["detail"]).contains("the two entries differ"));
}

#[test]
fn people_and_devices_are_listed_in_pages() {
    let bench = Bench::locked(2);
    for name in ["bob", "carol"] {
        bench
            .admin(&format!("desk add-user --user {name} --name {name}"), "")
            .ok();
    }
    bench.admin("desk add-user --user dora --name dora", "").ok();
    bench.admin("desk erase-user --user dora", "").ok();
    let page = |words: &str| bench.admin(&format!("desk list users {words}"), "").ok();
    let ids = |page: &Value| -> Vec<String> {
        let users = page["users"].as_array().unwrap().iter();
        users.map(|user| text(&user["user"])).collect()
    };
    let all = page("");
    assert_eq!(ids(&all), ["alice", "bob", "carol"]);
    assert_eq!(all["next"], Value::Null);
    let first = page("--limit 2");
    assert_eq!(
        (ids(&first), &first["next"]),
        (vec!["alice".into(), "bob".into()], &json!("bob"))
    );
    let last = page("--limit 2 --after bob");
    assert_eq!((ids(&last), &last["next"]), (vec!["carol".into()], &Value::Null));
    let devices = bench.admin("desk list devices", "").ok()["devices"].clone();
    let id = bench.mock("challenge", "").ok()["device_id"].clone();
    assert_eq!(devices.as_array().unwrap().len(), 1);
    assert_eq!(
        (&devices[0]["device_id"], &devices[0]["user"]),
        (&id, &json!("alice"))
    );
    assert_eq!(devices[0]["retired"], false);
    bench.admin("desk list operators --limit 3", "").error(804);
    bench.admin("desk list users --after nobody", "").error(416);
}

#[test]
fn a_set_up_without_what_is_needed_later_is_remarked() {
    let bench = Bench::empty();
    let secrets = format!("{ADMIN_PASSWORD}\n{ADMIN_PASSWORD}\n{PASSPHRASE}\n{PASSPHRASE}\n");
    bench.run("desk init --desk desk", &secrets).ok();
    let status = bench.admin("desk status", "").ok();
    assert_eq!(
        (&status["open"], &status["service_on"]),
        (&json!(false), &json!(true))
    );
    let opened = bench.admin("desk open", "");
    assert!(
        opened.stderr.contains("Still missing: a licence"),
        "{}",
        opened.stderr
    );
    let missing = opened.ok()["missing"].to_string();
    for part in [
        "a licence",
        "a second Administrator",
        "a second operator",
        "a backup of the keys",
    ] {
        assert!(missing.contains(part), "{missing}");
    }

    let bench = Bench::empty();
    bench.init();
    bench.admin("issuer generate --suite 2 --slot 1", "").ok();
    add(&bench, "nina", "--role administrator");
    bench.admin("issuer backup --to backup", "").ok();
    assert_eq!(bench.admin("desk open", "").ok()["missing"], json!([]));
    assert_eq!(bench.admin("desk open", "").error(441)["number"], 441);
    bench.admin("desk service off", "").ok();
    let status = bench.admin("desk status", "").ok();
    assert_eq!(status["service_on"], false);
    assert_eq!(
        (&status["devices"], &status["licensed_devices"]),
        (&json!(0), &json!(1000))
    );
}

/// What a backup replaced is told in words, not as a checkpoint has it.
#[test]
fn an_announced_restore_shows_what_had_happened() {
    let bench = Bench::with_desk(2);
    bench.admin("desk backup --to early.sqlite", "").ok();
    bench
        .admin("desk restore --from early.sqlite --note broken", "")
        .ok();
    let words = [
        "desk",
        "status",
        "--desk",
        "desk",
        "--operator",
        "admin",
        "--stdin",
    ];
    let status = bench.run_words(&words, &format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n"));
    let line = status
        .stdout
        .lines()
        .find(|line| line.contains("LogRestored"))
        .unwrap();
    assert!(line.ends_with("; text broken"), "{line}");
}

#[test]
fn the_log_is_shown_by_names() {
    let bench = Bench::locked(2);
    add(&bench, "otto", "--role device-service-administrator");
    let challenge = bench.challenge();
    let words = "respond --user alice --method call-back --statement called --reason T-1 --approver otto";
    let given = bench
        .admin(words, &format!("{challenge}\n{OTHERS_PASSWORD}"))
        .ok();
    bench
        .unlock(&text(&given["response_code"]), NEW_PIN, NEW_PIN)
        .ok();
    bench.admin("desk remove-operator --name otto", "").ok();
    let log = bench.admin("audit show", "").ok()["entries"].clone();
    let entry = |event: &str| {
        let entries = log.as_array().unwrap().iter();
        entries
            .rev()
            .find(|entry| entry["event"] == event)
            .unwrap()
            .clone()
    };
    let verified = entry("CallerVerified");
    assert_eq!(
        (&verified["method"], &verified["vouched_by"]),
        (&json!("call-back"), &json!("operator"))
    );
    assert_eq!(entry("Approved")["second_operator_is"], "request of");
    assert_eq!(entry("Authorised")["second_operator_is"], "approved by");
    let words = [
        "audit",
        "show",
        "--desk",
        "desk",
        "--operator",
        "admin",
        "--stdin",
    ];
    let shown = bench.run_words(&words, &format!("{ADMIN_PASSWORD}\n{PASSPHRASE}\n"));
    for part in [
        "CallerVerified; operator admin; ",
        "; method call-back; vouched by operator",
        "Approved; operator otto; request of admin; ",
        "Authorised; operator admin; approved by otto; ",
        "OperatorRemoved; operator admin; about operator otto",
        "; slot 1; counter 0",
    ] {
        assert!(shown.stdout.contains(part), "{part} is not in {}", shown.stdout);
    }
    let words = ["audit", "verify", "--desk", "desk", "--stdin"];
    let verified = bench.run_words(&words, &format!("{PASSPHRASE}\n"));
    assert!(
        verified
            .stdout
            .contains("checkpoint covers:  nothing: none was given\n"),
        "{}",
        verified.stdout
    );
}

#[cfg(target_os = "linux")]
mod at_a_terminal {
    use super::*;
    use crate::terminal::Terminal;

    fn run(bench: &Bench, name: &str, password: &str, words: &str) -> Terminal {
        let mut terminal = Terminal::run(bench, &format!("{words} --desk desk --operator {name}"));
        terminal
            .answer(&format!("Password of {name}: "), password)
            .answer("Passphrase of the keys: ", PASSPHRASE);
        terminal
    }

    #[test]
    fn what_is_approved_is_asked_for_with_what_it_changes() {
        let bench = resting();
        set_rules(&bench, |rules| rules["reason_wanted"] = false.into()).ok();
        let settle = || run(&bench, "nina", OTHERS_PASSWORD, "desk rules --settle urgent");
        let mut terminal = settle();
        terminal
            .wait_for("reason_wanted: true, then false")
            .answer("Approve it? [y/N]: ", "n");
        assert_ne!(terminal.end().0, 0);
        assert_eq!(bench.admin("desk rules", "").ok()["rules"]["reason_wanted"], true);
        let mut terminal = settle();
        terminal.answer("Approve it? [y/N]: ", "y");
        let (code, shown) = terminal.end();
        assert_eq!(code, 0, "{shown}");
        assert_eq!(
            bench.admin("desk rules", "").ok()["rules"]["reason_wanted"],
            false
        );
    }

    #[test]
    fn the_end_of_the_set_up_is_asked_for_where_something_is_missing() {
        let bench = Bench::empty();
        bench.init();
        let mut terminal = run(&bench, "admin", ADMIN_PASSWORD, "desk open");
        terminal
            .wait_for("Still missing: a second Administrator")
            .answer("End the set-up all the same? [y/N]: ", "");
        assert_ne!(terminal.end().0, 0);
        assert_eq!(bench.admin("desk status", "").ok()["open"], false);
        let mut terminal = run(&bench, "admin", ADMIN_PASSWORD, "desk open");
        terminal.answer("End the set-up all the same? [y/N]: ", "y");
        assert_eq!(terminal.end().0, 0);
    }
}
