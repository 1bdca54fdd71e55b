//! The desk's own decisions, explored: whatever two operators, their callers and an Administrator do in whatever order,
//! in two instances over one store, what must never happen (`Broken`) does not; and for each guard of the decisions
//! there is a way to something that must never happen once that guard is taken out.
//!
//! **What is explored.** Decisions run as they are, through `Desk` over the store in memory, from states that are put
//! into the store. Two operators and an Administrator; a device of an ordinary user and one of a privileged user; up to
//! three challenges; up to four requests; small limits; time that passes between any two steps, and a clock that goes
//! back. An instance keeps nothing but what it waits for (a verifier, an approver, a signer), so every step is made by
//! a new one, and a kill is what is waited for and never comes. What two instances do between each other's transactions
//! is what happens while one waits. Each scope is explored to its end, breadth first; bounds (`Bounds`) say how often a
//! request is changed and an Administrator changes something, since a request's revision would never end.
//!
//! **What is remembered beside it** (`Ghost`) is what people did and were answered. It never reads what the desk wrote;
//! only that a code's record, or a refusal's, is there is looked up in the log.
//!
//! **What makes two states one:** rows, what is in flight, what is remembered. Left out are the log, texts (their keys
//! are places in the log), and the outbox, which no decision about codes reads. A request's id follows from how many
//! there were, so that what happened in another order can be the same.
//!
//! **What is not explored:** changes that loosen, and their rest; signing in with wrong passwords; searching; registering
//! devices; notices; suite 1 (a signature is not what is decided about); texts and answers that are malformed; a store
//! that somebody altered (`tests/desk/store.rs`). A guard that stands at several places is taken out at all of them.
//!
//! With `FIDO_UNLOCK_MODEL=long` (`cargo xtask long model`) each request is changed once more, and so is the desk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unreachable,
    missing_docs
)]

#[path = "desk_model/act.rs"]
mod act;
#[path = "desk_model/change.rs"]
mod change;
#[path = "desk_model/explore.rs"]
mod explore;
#[path = "desk_model/ghost.rs"]
mod ghost;
#[path = "desk_model/scopes/mod.rs"]
mod scopes;
#[path = "desk_model/stage.rs"]
mod stage;
#[path = "desk_model/state.rs"]
mod state;
#[path = "desk_model/world.rs"]
mod world;

use std::collections::BTreeSet;

use act::Act;
use explore::Scope;
use fido_unlock::desk::Guard;

fn told(acts: &[Act]) -> String {
    let lines = acts.iter().map(|act| format!("\n      {act:?}"));
    lines.collect()
}

/// With all guards nothing is broken, and without any one of the scope's the thing that it keeps out is.
fn holds(scope: &Scope) {
    let found = scope.explore(None);
    println!(
        "{}: {} states, {} transitions",
        scope.name, found.states, found.transitions
    );
    if let Some((broken, acts)) = found.broken {
        panic!("{}: {broken:?} with all guards by{}", scope.name, told(&acts));
    }
    for (guard, expected) in scope.guards {
        let Some((broken, acts)) = scope.explore(Some(*guard)).broken else {
            panic!("{}: without {guard:?} nothing happens", scope.name);
        };
        println!(
            "  without {guard:?}: {broken:?} after {} acts{}",
            acts.len(),
            told(&acts)
        );
        assert_eq!(broken, *expected, "{}: without {guard:?}", scope.name);
    }
}

macro_rules! scopes {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            holds(&scopes::$name());
        })+

        fn all() -> Vec<Scope> {
            vec![$(scopes::$name(),)+]
        }
    };
}

scopes! {
    one_call
    a_privileged_call
    the_codes_end
    crossed_answers
    late_answers
    what_runs_out
    sessions
    a_clock_set_back
    set_up
    changes_of_people
    changes_of_things
    licence
    channels
    limit_of_device
    limits_of_operator_and_issuer
    codes
    counters
}

#[test]
fn every_guard_is_taken_out_somewhere() {
    let scopes = all();
    let taken: BTreeSet<Guard> = scopes
        .iter()
        .flat_map(|scope| scope.guards.iter().map(|(guard, _)| *guard))
        .collect();
    assert_eq!(taken, Guard::ALL.iter().copied().collect());
}
