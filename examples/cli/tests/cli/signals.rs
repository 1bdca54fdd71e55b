//! Signals at each question, from shells with job control: whatever ends or stops the program, the terminal
//! is as it was, the shell gets nothing of what was typed, and the program ends by that very signal.

use rustix::process::{Signal, kill_process_group};
use rustix::termios::{LocalModes, Termios};

use crate::bench::{ADMIN_PASSWORD, Bench, NEW_PIN, OLD_PIN, PASSPHRASE};
use crate::terminal::{PROMPT, Terminal};

const SHELLS: [&[&str]; 2] = [
    &["dash", "-i"],
    // With its own line editing it would set the terminal at each of its prompts.
    &["bash", "--norc", "--noprofile", "--noediting", "-i"],
];

/// What is typed before the signal comes.
const HALF: &str = "half-a-secret";

/// A command, and its questions with their answers, in their order; whether what is typed is shown.
struct Story {
    words: &'static str,
    questions: Vec<(&'static str, String, bool)>,
}

/// Every question before which nothing slow is done.
fn stories(two: &Bench, four: &Bench) -> Vec<(bool, Story)> {
    let secret = |question, answer: &str| (question, answer.to_owned(), false);
    let text = |question, answer: &str| (question, answer.to_owned(), true);
    let long = four.response();
    let lines: Vec<&str> = long.lines().collect();
    let short = two.response();
    let story = |words, questions| Story { words, questions };
    vec![
        (
            false,
            story(
                "code check",
                vec![secret("Code: ", lines[0]), secret("line 2 of 4: ", lines[1])],
            ),
        ),
        (
            false,
            story(
                "desk init --desk new",
                vec![
                    secret("New password of admin: ", ADMIN_PASSWORD),
                    secret("New password of admin again: ", ADMIN_PASSWORD),
                    secret("New passphrase of the keys: ", PASSPHRASE),
                    secret("New passphrase of the keys again: ", PASSPHRASE),
                ],
            ),
        ),
        (
            false,
            story(
                "respond --desk desk",
                vec![
                    text("Operator: ", "admin"),
                    secret("Password of admin: ", ADMIN_PASSWORD),
                    secret("Passphrase of the keys: ", PASSPHRASE),
                ],
            ),
        ),
        (
            false,
            story(
                "--mock key.bin unlock",
                vec![
                    secret("Response Code: ", &short),
                    secret("New PIN: ", NEW_PIN),
                    secret("New PIN again: ", NEW_PIN),
                ],
            ),
        ),
        (
            true,
            story(
                "--mock key.bin unlock",
                vec![
                    secret("line 1 of 4 (or all four): ", lines[0]),
                    secret("line 2 of 4: ", lines[1]),
                    secret("line 3 of 4: ", lines[2]),
                    secret("line 4 of 4: ", lines[3]),
                ],
            ),
        ),
        (
            false,
            story("--mock key.bin mock sign-in", vec![secret("PIN: ", OLD_PIN)]),
        ),
    ]
}

/// The shell in a terminal, at its first prompt, and how it has set that.
fn shell(bench: &Bench, program: &[&str]) -> (Terminal, Termios) {
    let mut terminal = Terminal::start(bench, program);
    terminal.wait_for(PROMPT);
    let before = terminal.modes();
    assert!(
        before
            .local_modes
            .contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    );
    (terminal, before)
}

fn same(terminal: &Terminal, before: &Termios) {
    let now = terminal.modes();
    assert_eq!(now.local_modes, before.local_modes, "{}", terminal.shown);
    assert_eq!(now.input_modes, before.input_modes);
    assert_eq!(now.output_modes, before.output_modes);
}

/// Goes to a question, and sees that what is typed there is not shown.
fn go_to(terminal: &mut Terminal, story: &Story, number: usize) {
    terminal.type_keys(&format!("\"$FIDO\" {}\n", story.words));
    for (question, answer, _) in &story.questions[..number] {
        terminal.answer(question, answer);
    }
    let (question, _, shown) = &story.questions[number];
    terminal.wait_for(question);
    assert_eq!(
        terminal.modes().local_modes.contains(LocalModes::ECHO),
        *shown,
        "{question}"
    );
}

/// The shell's word for how the last command ended.
fn status(terminal: &mut Terminal, number: i32) {
    terminal.wait_for(PROMPT);
    terminal.type_keys("echo \"st\"\"atus $?\"\n");
    terminal
        .wait_for(&format!("status {number}\r\n"))
        .wait_for(PROMPT);
}

fn leave(mut terminal: Terminal, secrets: &[&str]) {
    terminal.type_keys("exit\n");
    let (_, shown) = terminal.end();
    assert!(!shown.contains("not found"), "the shell got an answer: {shown}");
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn what_ends_it_leaves_the_terminal_as_it_was() {
    let (two, four) = (Bench::locked(2), Bench::locked(1));
    let stories = stories(&two, &four);
    for program in SHELLS {
        for (long, story) in &stories {
            let bench = if *long { &four } else { &two };
            let (mut terminal, before) = shell(bench, program);
            for number in 0..story.questions.len() {
                for (signal, key) in [
                    (Signal::INT, Some("\x03")),
                    (Signal::QUIT, Some("\x1c")),
                    (Signal::TERM, None),
                    (Signal::HUP, None),
                ] {
                    go_to(&mut terminal, story, number);
                    terminal.type_keys(HALF);
                    match key {
                        Some(key) => {
                            terminal.type_keys(key);
                        }
                        None => kill_process_group(terminal.foreground(), signal).unwrap(),
                    }
                    status(&mut terminal, 128 + signal.as_raw());
                    same(&terminal, &before);
                }
            }
            let secrets: Vec<&str> = story
                .questions
                .iter()
                .filter(|(_, _, shown)| !shown)
                .map(|(_, answer, _)| answer.as_str())
                .collect();
            leave(terminal, &secrets);
        }
    }
    assert!(!two.path("new").exists());
}

/// Those that no key sends.
#[test]
fn every_signal_that_ends_a_process_leaves_the_terminal_as_it_was() {
    let bench = Bench::empty();
    let (mut terminal, before) = shell(&bench, SHELLS[0]);
    for signal in [
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::USR1,
        Signal::USR2,
        Signal::XCPU,
        Signal::XFSZ,
        Signal::ABORT,
        Signal::TRAP,
        Signal::SYS,
        Signal::IO,
        Signal::POWER,
        Signal::STKFLT,
    ] {
        terminal.type_keys("\"$FIDO\" code check\n").wait_for("Code: ");
        assert!(!terminal.modes().local_modes.contains(LocalModes::ECHO));
        terminal.type_keys(HALF);
        kill_process_group(terminal.foreground(), signal).unwrap();
        status(&mut terminal, 128 + signal.as_raw());
        same(&terminal, &before);
    }
    leave(terminal, &[]);
}

#[test]
fn what_stops_it_leaves_the_terminal_as_it_was_and_the_question_is_asked_again() {
    for program in SHELLS {
        let (two, four) = (Bench::locked(2), Bench::locked(1));
        for (long, story) in stories(&two, &four) {
            let bench = if long { &four } else { &two };
            let (mut terminal, before) = shell(bench, program);
            for number in 0..story.questions.len() {
                for keys in ["\x1a", "stop"] {
                    go_to(&mut terminal, &story, number);
                    let stopped = terminal.foreground();
                    if keys == "stop" {
                        // It cannot be caught: what is looked at is what comes after it.
                        kill_process_group(stopped, Signal::STOP).unwrap();
                        terminal.wait_for(PROMPT);
                    } else {
                        terminal.type_keys(HALF).type_keys(keys).wait_for(PROMPT);
                        same(&terminal, &before);
                    }
                    terminal.type_keys("fg\n");
                    let (question, _, shown) = &story.questions[number];
                    terminal.wait_for(question);
                    assert_eq!(terminal.modes().local_modes.contains(LocalModes::ECHO), *shown);
                    terminal.type_keys("\x03");
                    status(&mut terminal, 130);
                    same(&terminal, &before);
                }
            }
            leave(terminal, &[]);
        }
    }
}

#[test]
fn an_answer_after_a_stop_counts_alone() {
    let bench = Bench::locked(2);
    let response = bench.response();
    let (mut terminal, before) = shell(&bench, SHELLS[0]);
    terminal.type_keys("\"$FIDO\" --mock key.bin unlock\n");
    for (question, answer) in [
        ("Response Code: ", response.as_str()),
        ("New PIN: ", NEW_PIN),
        ("New PIN again: ", NEW_PIN),
    ] {
        terminal
            .wait_for(question)
            .type_keys(HALF)
            .type_keys("\x1a")
            .wait_for(PROMPT);
        terminal.type_keys("fg\n").answer(question, answer);
    }
    terminal.wait_for("Unlocked");
    status(&mut terminal, 0);
    same(&terminal, &before);
    leave(terminal, &[NEW_PIN, &response, HALF]);
    bench.sign_in(NEW_PIN).ok();
}

#[test]
fn the_questions_of_a_call_end_with_a_signal_too() {
    let bench = Bench::locked(2);
    let (mut terminal, before) = shell(&bench, SHELLS[0]);
    let asked = [
        "User (empty: by Device ID): ",
        "Reason or ticket number: ",
        "Which: ",
        "What was seen or heard: ",
        "Device Challenge: ",
    ];
    terminal.type_keys("\"$FIDO\" respond --desk desk --operator admin\n");
    terminal
        .answer("Password of admin: ", ADMIN_PASSWORD)
        .answer("Passphrase of the keys: ", PASSPHRASE);
    for (question, answer) in asked.into_iter().zip(["alice", "T-1", "2", "called", ""]) {
        terminal.wait_for(question).type_keys("\x1a").wait_for(PROMPT);
        same(&terminal, &before);
        terminal.type_keys("fg\n").wait_for(question);
        if question != "Device Challenge: " {
            terminal.type_keys(&format!("{answer}\n"));
        }
    }
    terminal.type_keys("\x03");
    status(&mut terminal, 130);
    same(&terminal, &before);
    leave(terminal, &[ADMIN_PASSWORD, PASSPHRASE]);
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let bench = Bench::empty();
    let (mut terminal, before) = shell(&bench, SHELLS[0]);
    terminal
        .type_keys("(trap '' HUP; exec \"$FIDO\" code check)\n")
        .wait_for("Code: ");
    kill_process_group(terminal.foreground(), Signal::HUP).unwrap();
    terminal
        .type_keys("000G-40R4-0M30-E209-B3VD\n")
        .wait_for("a Device ID without a typing error");
    status(&mut terminal, 0);
    same(&terminal, &before);
    leave(terminal, &[]);
}

#[test]
fn four_lines_that_are_pasted_at_once_all_arrive() {
    let bench = Bench::locked(1);
    let response = bench.response();
    let (mut terminal, before) = shell(&bench, SHELLS[0]);
    terminal
        .type_keys("\"$FIDO\" --mock key.bin unlock\n")
        .wait_for("line 1 of 4 (or all four): ");
    terminal.type_keys(&format!("{response}\n"));
    terminal
        .answer("New PIN: ", NEW_PIN)
        .answer("New PIN again: ", NEW_PIN)
        .wait_for("Unlocked");
    status(&mut terminal, 0);
    same(&terminal, &before);
    let lines: Vec<&str> = response.lines().collect();
    leave(terminal, &lines);
}
