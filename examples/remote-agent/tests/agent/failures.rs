//! What goes wrong between an agent and the console.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fido_unlock::ErrorCode;
use remote_agent::DeskOptions;
use remote_agent::keys::Change;
use serde_json::json;

use crate::running::Running;
use crate::support::relay::{Fate, Relay};
use crate::{APPROVED, NEW_PIN, World, id};

#[test]
fn every_step_is_asked_again_and_done_once() {
    let world = World::new(APPROVED);
    let mut times = BTreeMap::new();
    let relay = Relay::start(world.console.url(), move |asked| {
        let times = times.entry(asked.to_owned()).or_insert(0);
        *times += 1;
        match times {
            1 => Fate::Busy,
            2 => Fate::Lost,
            _ => Fate::Answered,
        }
    });
    let desk = DeskOptions {
        url: relay.url(),
        ..world.desk()
    };
    let agent = Running::start(world.folder.path(), Some(desk));
    agent.arrive(world.route());
    let locked = agent.next("locked");
    agent.next("requested");
    world.console.approve();
    agent.next("answered");
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
    assert_eq!(world.console.requests(), [json!(null); 0], "the desk was told");

    let asked: BTreeSet<String> = relay.asked().into_iter().collect();
    let opened: BTreeSet<&str> = asked
        .iter()
        .filter_map(|asked| asked.split_once("/requests/")?.1.split('/').next())
        .collect();
    assert_eq!(opened.len(), 1, "one request alone: {asked:?}");
    let steps: BTreeSet<&str> = asked
        .iter()
        .filter_map(|asked| asked.rsplit_once('/'))
        .map(|(_, step)| step)
        .filter(|step| !opened.contains(step))
        .collect();
    let expected = ["caller", "challenge", "code", "done", "requests"];
    assert_eq!(steps, expected.into());
}

#[test]
fn a_request_that_was_ended_at_the_desk_is_not_gone_on_with() {
    let world = World::new(APPROVED);
    let agent = world.start();
    agent.arrive(world.route());
    let locked = agent.next("locked");
    agent.next("requested");
    let first = world.console.requests();
    world.console.abandon();
    agent.error(ErrorCode::RequestExpired);

    agent.plug.send(Change::Left("soft".into())).unwrap();
    agent.next("left");
    agent.arrive(world.route());
    assert_eq!(agent.next("locked")["resumed"], true);
    agent.next("requested");
    world.console.approve();
    agent.next("answered");
    let second = world.console.requests();
    assert_ne!(first[0]["id"], second[0]["id"]);
    agent.type_line(&format!("pin {} {NEW_PIN}", id(&locked)));
    agent.next("touch");
    agent.next("unlocked");
    agent.end();
    assert_eq!(world.try_pin(NEW_PIN), Ok(()));
}

#[test]
fn what_the_rules_do_not_take_for_a_verification_gives_no_code() {
    let world = World::new(&[]);
    let unverified = DeskOptions {
        method: "questions".into(),
        ..world.desk()
    };
    let agent = Running::start(world.folder.path(), Some(unverified));
    agent.arrive(world.route());
    agent.next("locked");
    agent.next("requested");
    agent.error(ErrorCode::CallerMethod);
    agent.end();
}

#[test]
fn a_desk_that_cannot_be_reached_is_asked_until_the_deadline() {
    let world = World::new(&[]);
    let refused = DeskOptions {
        user: "nobody".into(),
        ..world.desk()
    };
    let unreachable = DeskOptions {
        url: "http://127.0.0.1:9".into(),
        deadline: Duration::from_millis(200),
        ..world.desk()
    };
    let stranger = DeskOptions {
        token: Arc::default(),
        ..world.desk()
    };
    for (desk, expected) in [
        (refused, ErrorCode::UserUnknown),
        (unreachable, ErrorCode::RequestExpired),
        (stranger, ErrorCode::PrivilegeMissing),
    ] {
        let agent = Running::start(world.folder.path(), Some(desk));
        agent.arrive(world.route());
        agent.next("locked");
        agent.error(expected);
        agent.end();
    }
}
