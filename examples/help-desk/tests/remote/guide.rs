//! Every command of docs/for-help-desks.md at the console, in its order, with the demonstration's people.

use crate::command::{Home, ended, start};
use crate::served::Served;
use crate::sign_in::allow;

const GUIDE: &str = include_str!("../../../../docs/for-help-desks.md");
const FENCE: &str = "```sh remote";
const ADDRESS: &str = "https://desk.example.com";
/// What stands for a request's number.
const REQUEST: &str = "BW64-GRYH-PWN9-W56P-RW2T";

/// The lines of the fenced commands, continuation lines joined.
fn commands() -> Vec<String> {
    let joined = GUIDE.replace("\\\n", " ");
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in joined.lines() {
        if line.starts_with("```") {
            fenced = line == FENCE;
        } else if fenced {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Words as a shell splits them: double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A fresh key, as one is put in.
fn put_in(home: &Home) {
    ended(start(home.bare(&["--mock", "key", "mock", "new", "--force"]), "")).ok();
}

#[test]
fn each_command_does_what_the_page_says() {
    let served = Served::start();
    let home = Home::new(&served);
    let (_, challenge) = served.key().state().unwrap().codes.unwrap();
    home.write("users.txt", "sam.nokey\n", 0o600);
    let (mut request, mut seen) = (String::new(), 0);
    for line in commands() {
        let enrols = line.contains(" enroll ");
        let own = line
            .replace(ADDRESS, &served.url)
            .replace(REQUEST, &request)
            .replace("alice", if enrols { "sam.nokey" } else { "robin" });
        let mut words = words(&own);
        assert_eq!(words.remove(0), "fido-unlock", "{line}");
        if enrols {
            put_in(&home);
            words.extend(["--mock".into(), "key".into()]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = home.bare(&words);
        seen += 1;
        if words[..2] == ["desk", "sign-in"] {
            allow(&served, "admin-1", command).ok();
            continue;
        }
        let mut input = String::new();
        if words[0] == "respond" {
            command.arg("--stdin");
            input = format!("{challenge}\n");
        }
        let ran = ended(start(command, &input));
        assert_eq!(ran.code, Some(0), "{line}: {}{}", ran.stdout, ran.stderr);
        if words.contains(&"--watch") {
            continue;
        }
        if let Some(id) = ran.ok()["request"].as_str() {
            request = id.to_owned();
        }
    }
    assert!(seen >= 13 && !request.is_empty(), "{seen}");
}
