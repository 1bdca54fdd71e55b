//! Every command of docs/for-help-desks.md at the console, in its order, with the demonstration's people.

use fido_unlock::desk::Scope;

use crate::command::Home;
use crate::served::Served;

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

#[test]
fn each_command_does_what_the_page_says() {
    let served = Served::start();
    let home = Home::with_token(&served, "admin-1", Scope::ALL);
    let (_, challenge) = served.key().state().unwrap().codes.unwrap();
    let (mut request, mut seen) = (String::new(), 0);
    for line in commands() {
        let own = line
            .replace(ADDRESS, &served.url)
            .replace(REQUEST, &request)
            .replace("alice", "robin");
        let mut words = words(&own);
        assert_eq!(words.remove(0), "fido-unlock", "{line}");
        let mut command = home.bare(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let mut input = String::new();
        if words[0] == "respond" {
            command.arg("--stdin");
            input = format!("{challenge}\n");
        }
        let ran = crate::command::ended(crate::command::start(command, &input));
        assert_eq!(ran.code, Some(0), "{line}: {}{}", ran.stdout, ran.stderr);
        let value = ran.ok();
        if let Some(id) = value["request"].as_str() {
            request = id.to_owned();
        }
        seen += 1;
    }
    assert!(seen >= 7 && !request.is_empty(), "{seen}");
}
