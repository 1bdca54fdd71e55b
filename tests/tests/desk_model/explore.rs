//! Everything that can happen within a scope, breadth first, so that what is found is found by the shortest way.

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use fido_unlock::desk::Guard;

use crate::act::Act;
use crate::ghost::Broken;
use crate::stage::{Bounds, Came, Stage};
use crate::state::State;
use crate::world::{Setting, World};

/// What is done in one go. It ends where one of it is refused.
pub type Move = Vec<Act>;

/// A part of what can happen, small enough to be explored to its end.
pub struct Scope {
    pub name: &'static str,
    pub setting: Setting,
    pub bounds: Bounds,
    /// What has happened before.
    pub before: Vec<Act>,
    pub moves: Vec<Move>,
    /// What keeps out what must not happen here.
    pub guards: &'static [(Guard, Broken)],
}

/// In a move, the request that it opens.
pub const NEXT: usize = usize::MAX;

/// How a state was come to.
struct Way {
    act: Move,
    from: Option<Rc<Self>>,
}

impl Way {
    fn acts(mut way: Option<&Rc<Self>>) -> Vec<Act> {
        let mut moves = Vec::new();
        while let Some(step) = way {
            moves.push(step.act.clone());
            way = step.from.as_ref();
        }
        moves.into_iter().rev().flatten().collect()
    }
}

/// What was found.
pub struct Found {
    pub states: usize,
    pub transitions: usize,
    /// What must not happen and how it does.
    pub broken: Option<(Broken, Vec<Act>)>,
}

impl Scope {
    /// Explores it to its end, or to the first thing that must not happen.
    pub fn explore(&self, without: Option<Guard>) -> Found {
        let (world, content, sessions, ghost) = World::new(&self.setting);
        let long = std::env::var_os("FIDO_UNLOCK_MODEL").is_some_and(|form| form == "long");
        let stage = Stage {
            world: &world,
            bounds: if long { self.bounds.wider() } else { self.bounds },
            without,
        };
        let mut state = State {
            content: Arc::new(content),
            sessions,
            flights: [None, None],
            ghost,
        };
        for act in &self.before {
            state = match stage.act(&state, *act) {
                Ok(Came::Done(state)) => state,
                Ok(Came::Nothing) => panic!("{}: {act:?} cannot be tried", self.name),
                Ok(Came::Refused(_)) => panic!("{}: {act:?} was refused", self.name),
                Err(broken) => panic!("{}: {act:?}: {broken:?}", self.name),
            };
        }
        let mut known = HashSet::from([state.key()]);
        let mut open: VecDeque<(State, Option<Rc<Way>>)> = VecDeque::from([(state, None)]);
        let mut found = Found {
            states: 1,
            transitions: 0,
            broken: None,
        };
        while let Some((state, way)) = open.pop_front() {
            for go in &self.moves {
                match run(&stage, &state, go, &mut found.transitions) {
                    Ok(None) => {}
                    Ok(Some((next, done))) => {
                        if known.insert(next.key()) {
                            found.states += 1;
                            let way = Way {
                                act: named(&go[..done], &state),
                                from: way.clone(),
                            };
                            open.push_back((next, Some(Rc::new(way))));
                        }
                    }
                    Err((broken, done)) => {
                        let mut acts = Way::acts(way.as_ref());
                        acts.extend(named(&go[..done], &state));
                        found.broken = Some((broken, acts));
                        return found;
                    }
                }
            }
        }
        found
    }
}

/// The state behind a move, and how much of it was done.
fn run(
    stage: &Stage<'_>,
    from: &State,
    acts: &[Act],
    transitions: &mut usize,
) -> Result<Option<(State, usize)>, (Broken, usize)> {
    let mut state: Option<State> = None;
    let mut done = 0;
    for act in acts {
        let act = act.with_request(from.ghost.requests.len());
        let came = stage.act(state.as_ref().unwrap_or(from), act);
        done += 1;
        match came.map_err(|broken| (broken, done))? {
            Came::Nothing => {
                done -= 1;
                break;
            }
            Came::Refused(next) => {
                *transitions += 1;
                state = Some(next);
                break;
            }
            Came::Done(next) => {
                *transitions += 1;
                state = Some(next);
            }
        }
    }
    Ok(state.map(|state| (state, done)))
}

fn named(acts: &[Act], from: &State) -> Move {
    let acts = acts.iter();
    acts.map(|act| act.with_request(from.ghost.requests.len()))
        .collect()
}
