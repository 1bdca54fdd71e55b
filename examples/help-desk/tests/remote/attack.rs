//! Whoever copies an operator's whole home folder has an address and a token, and no key: no code without an entry in
//! the desk's log. (At a desk's folder a copy gives codes that no log has; docs/security.md.)

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::Scope;

use crate::command::{Home, RESPOND, ended, start};
use crate::served::Served;

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// A copy in another place.
fn copy(home: &Home, served: &Served) -> Home {
    let copied = Home::new(served);
    let mut all = Vec::new();
    files(home.folder.path(), &mut all);
    for path in all {
        let to = copied
            .folder
            .path()
            .join(path.strip_prefix(home.folder.path()).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, to).unwrap();
    }
    copied
}

fn count(events: &[String], event: &str) -> usize {
    events.iter().filter(|other| *other == event).count()
}

#[test]
fn a_copy_of_an_operators_home_gives_no_code_without_an_entry() {
    let mut served = Served::start();
    let key = served.key();
    let home = Home::with_token(&served, "desk-1", &[Scope::Unlock]);
    let (_, challenge) = key.state().unwrap().codes.unwrap();
    // The operator has worked, so that all is there that the program leaves.
    home.run(&["desk", "status"], "").ok();
    let mut left = Vec::new();
    files(home.folder.path(), &mut left);
    assert_eq!(left, [home.folder.path().join("token")], "nothing but the token");

    let stolen = copy(&home, &served);
    let before = served.events();
    let given = stolen.run(&RESPOND, &format!("{challenge}\n")).ok();
    assert!(given["response_code"].is_string());
    let after = served.events();
    for event in ["Authorised", "CodeMade"] {
        assert_eq!(count(&after, event), count(&before, event) + 1, "{event}");
    }

    // What the operator revokes is worth nothing to the thief.
    let mut desk = served.desk();
    let session = served.sign_in(&mut desk, "desk-1");
    for token in desk.own_account(&session).unwrap().tokens {
        desk.revoke_token(&session, &token.id).unwrap();
    }
    stolen
        .run(&RESPOND, &format!("{challenge}\n"))
        .error(ErrorCode::OperatorUnknown);
    assert_eq!(count(&served.events(), "CodeMade"), count(&after, "CodeMade"));

    // Without the desk there is no code at all, whatever was copied.
    let fresh = Home::with_token(&served, "desk-1", &[Scope::Unlock]);
    served.stop();
    let mut command = fresh.command(&RESPOND);
    command.arg("--stdin");
    ended(start(command, &format!("{challenge}\n"))).error(ErrorCode::DeskUnreachable);
}
