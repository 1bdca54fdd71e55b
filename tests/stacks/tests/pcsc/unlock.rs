//! The whole unlock over a real pcscd, between two programs that are not ours: python-fido2 makes
//! the credentials and blocks the PIN; afterwards it signs in with the new one.

use fido_unlock::host::CtapUnlockDevice;
use fido_unlock::{Interface, Suite};
use fido_unlock_pcsc::open;
use fido_unlock_stacks_tests::{
    CommandLine, Desk, DeskFolder, NEW_PIN, OLD_PIN, Terminal, fido2_pcsc, try_pin, witness,
};
use fido_unlock_tests::python::run;

use crate::pcscd::{Pcscd, eventually, isolated};
use crate::support::{card_in, fido_entry, insert, keep_transcript, state};

fn whole_unlock(name: &str, suite: Suite, card: &[&str], protocol: &str) {
    let fido2 = fido2_pcsc();
    isolated(name, |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let control = folder.join("control");
        let arguments = [card, &["--control", control.to_str().unwrap()]].concat();
        let _key = insert(folder, 0, &arguments);
        let python = |step| {
            let transcript = run(fido2
                .python()
                .arg(witness().join("card_before_and_after.py"))
                .arg(step)
                .arg(&control)
                .arg(protocol)
                .arg(folder.join("notes.json"))
                .args([OLD_PIN, NEW_PIN]));
            keep_transcript(&format!("python-fido2-{suite:?}-{step}.txt"), &transcript);
            assert_eq!(transcript.lines().last(), Some(step));
        };

        let entry = card_in(0);
        assert_eq!(entry.contactless, card.is_empty());
        let desk = Desk::enroll(suite, open(&fido_entry(&entry)).unwrap());
        python("before");
        let mut device = CtapUnlockDevice::new(open(&card_in(0)).unwrap());
        desk.unlock(&mut device, NEW_PIN).unwrap();
        assert_eq!(device.interface(), Interface::Vendor);
        drop(device);
        python("after");
    });
}

#[test]
fn suite_1_over_a_contact_card() {
    whole_unlock(
        "unlock::suite_1_over_a_contact_card",
        Suite::P256Ecdsa,
        &["--contact"],
        "1",
    );
}

#[test]
fn suite_2_over_a_contactless_card() {
    whole_unlock(
        "unlock::suite_2_over_a_contactless_card",
        Suite::P256EcdhMac,
        &[],
        "2",
    );
}

#[test]
fn suite_3_over_a_card_with_t_0() {
    whole_unlock(
        "unlock::suite_3_over_a_card_with_t_0",
        Suite::AesAdminKey,
        &["--t0"],
        "2",
    );
}

#[test]
fn by_the_command_line() {
    let program = CommandLine::build();
    isolated("unlock::by_the_command_line", |folder| {
        let command_line = CommandLine {
            program: &program,
            state: &folder.join("home"),
        };
        let _pcscd = Pcscd::start(folder, true);
        assert_eq!(command_line.fail("diagnose"), 513);
        let desk = Desk::with_blocked_key(Suite::P256EcdhMac, &state(folder, 1));
        let _key = insert(folder, 1, &[]);
        card_in(1);
        command_line.unlock(&desk, "Virtual PCD 00 01");
        let mut transport = open(&fido_entry(&card_in(1))).unwrap();
        assert_eq!(try_pin(&mut transport, NEW_PIN), Ok(()));
    });
}

#[test]
fn by_ten_lines() {
    let program = env!("CARGO_BIN_EXE_ten_lines");
    isolated("unlock::by_ten_lines", |folder| {
        let _pcscd = Pcscd::start(folder, true);
        let desk = Desk::with_blocked_key(Suite::P256EcdhMac, &state(folder, 0));
        let _key = insert(folder, 0, &[]);
        card_in(0);
        let mut terminal = Terminal::start(program);
        let shown = terminal.asked("Response: ");
        let challenge = shown.lines().find_map(|line| line.strip_prefix("Challenge "));
        terminal.answer(&desk.read_out(challenge.unwrap().trim()));
        for question in ["New PIN: ", "New PIN again: "] {
            terminal.asked(question);
            terminal.answer(NEW_PIN);
        }
        let (good, shown) = terminal.end();
        assert!(good && !shown.contains(NEW_PIN), "{shown}");
        let mut transport = open(&fido_entry(&card_in(0))).unwrap();
        assert_eq!(try_pin(&mut transport, NEW_PIN), Ok(()));
        drop(transport);

        let (good, shown) = Terminal::start(program).end();
        assert!(!good && shown.contains("CannotUnlock"), "{shown}");
    });
}

#[test]
fn ctrl_c_while_it_waits_for_a_touch() {
    let program = CommandLine::build();
    isolated("unlock::ctrl_c_while_it_waits_for_a_touch", |folder| {
        let command_line = CommandLine {
            program: &program,
            state: &folder.join("home"),
        };
        let _pcscd = Pcscd::start(folder, true);
        let desk = Desk::with_blocked_key(Suite::P256EcdhMac, &state(folder, 0));
        let mut key = insert(folder, 0, &[]);
        card_in(0);
        let shown = command_line.run_json(&["challenge"], "");
        let code = desk.read_out(shown["device_challenge"].as_str().unwrap());
        let typed = format!("{code}\n{NEW_PIN}\n{NEW_PIN}\n");
        key.tell("touch off");
        let going = command_line.go(&["--stdin", "unlock"], &typed);
        eventually("the wait for a touch", || (key.counts().1 == 1).then_some(()));
        assert_eq!(going.interrupt_failing(), 508);
        // The device was told: it does not wait any more, and the code is still good.
        key.tell("touch on");
        command_line.run(&["--stdin", "unlock"], &typed);
        let mut transport = open(&fido_entry(&card_in(0))).unwrap();
        assert_eq!(try_pin(&mut transport, NEW_PIN), Ok(()));
    });
}

#[test]
fn ctrl_c_while_an_enrolment_waits_for_a_touch() {
    let program = CommandLine::build();
    isolated("unlock::ctrl_c_while_an_enrolment_waits_for_a_touch", |folder| {
        let command_line = CommandLine {
            program: &program,
            state: &folder.join("home"),
        };
        let desk = DeskFolder::make(&command_line, &folder.join("desk"));
        let _pcscd = Pcscd::start(folder, true);
        let mut key = insert(folder, 0, &[]);
        card_in(0);
        key.tell("touch off");
        let [at_desk, at_station] = desk.enrolments(folder);
        for (waited, (words, secrets)) in [(1, &at_desk), (2, &at_station)] {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let going = command_line.go(&words, secrets);
            eventually("the wait for a touch", || {
                (key.counts().1 == waited).then_some(())
            });
            assert_eq!(going.interrupt_failing(), 508, "{words:?}");
        }
        // The device was told: it does not wait any more, and is as it was.
        key.tell("touch on");
        let words: Vec<&str> = at_station.0.iter().map(String::as_str).collect();
        command_line.run(&words, "");
    });
}
