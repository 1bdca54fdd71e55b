//! What becomes of the desk, and of what is remembered beside it, when somebody does something.

use std::sync::Arc;

use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{Delivery, Desk, DeskError, GivenCode, Guard, OperatorSession};
use fido_unlock::{DeviceId, ErrorCode, HasCode};
use fido_unlock_mock::desk::NextCommit;
use sha2::{Digest, Sha256};

use crate::act::{Act, Instance, Who};
use crate::ghost::{Ask, Broken, Check, Ghost, Request};
use crate::state::{Begun, Flight, State, rows};
use crate::world::{
    AtSign, MAIL, OPERATORS, PASSWORD, START, World, YEAR, device_id, is_recorded, lock, operator_id, user_id,
};

/// What came of an act.
pub enum Came {
    /// It cannot be tried: there is no such request, or its scope ends here.
    Nothing,
    /// The desk refused it.
    Refused(State),
    Done(State),
}

/// Where a scope ends.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub requests: usize,
    /// How often a request may be changed, and an approval of it be asked for.
    pub request_changes: u8,
    pub asks: u8,
    /// How often an Administrator may change something.
    pub changes: u8,
    /// The last second.
    pub until: u64,
}

impl Bounds {
    /// One more of each that there is at all.
    pub const fn wider(self) -> Self {
        Self {
            request_changes: self.request_changes + 1,
            asks: if self.asks > 0 { self.asks + 1 } else { 0 },
            changes: if self.changes > 0 { self.changes + 1 } else { 0 },
            ..self
        }
    }
}

/// Where acts are tried: a world, the bounds, and the guard that is taken out.
pub struct Stage<'a> {
    pub world: &'a World,
    pub bounds: Bounds,
    pub without: Option<Guard>,
}

impl Stage<'_> {
    pub fn act(&self, from: &State, act: Act) -> Result<Came, Broken> {
        if !self.can(from, act) {
            return Ok(Came::Nothing);
        }
        let mut to = from.clone();
        let ghost = &mut to.ghost;
        match act {
            Act::Later { seconds } => {
                ghost.now += seconds;
                return Ok(Came::Done(to));
            }
            Act::Kill { at } => {
                to.flights[at] = None;
                return Ok(Came::Done(to));
            }
            _ => {}
        }
        *lock(&self.world.probe) = Default::default();
        let seed = match act {
            // A request has the id of its number, whoever opens it.
            Act::Open { .. } => Sha256::digest(format!("request {}", ghost.requests.len())),
            act => Sha256::digest(format!("{act:?} {}", ghost.now)),
        };
        let seed: [u8; 32] = seed.into();
        self.world.seeds.set(seed);
        let store = &self.world.test.store;
        store.set_content((*from.content).clone());
        store.next_commit(NextCommit::Written);
        self.world.test.clock.set(ghost.now);
        let mut desk = self.world.desk();
        desk.without(self.without);
        let answer = self.run(&mut desk, from, &mut to, act, seed);
        if let Some(content) = lock(&self.world.probe).content.take() {
            to.content = Arc::new(content);
        } else {
            to.content = Arc::new(store.content());
        }
        let refused = match answer {
            Ok(()) => false,
            Err(Stop::Broken(broken)) => return Err(broken),
            Err(Stop::Refused(error)) => {
                let told = matches!(act, Act::CodeUnwritten { .. }) && error.code() == ErrorCode::StoreWrite;
                if !told {
                    is_recorded_refusal(from, &to, &error)?;
                }
                true
            }
        };
        if refused {
            return Ok(Came::Refused(to));
        }
        self.nothing_hidden(&mut desk, &to)?;
        Ok(Came::Done(to))
    }

    /// Whether it is within the scope, and there is what it is about.
    fn can(&self, state: &State, act: Act) -> bool {
        let ghost = &state.ghost;
        let bounds = self.bounds;
        let there = |request: usize| request < ghost.requests.len();
        let change = |request: usize| {
            ghost
                .requests
                .get(request)
                .is_some_and(|row| row.changes < bounds.request_changes)
        };
        let free = |at: Instance| state.flights[at].is_none();
        match act {
            Act::Open { .. } => ghost.requests.len() < bounds.requests,
            Act::Check { request, .. }
            | Act::Enter { request, .. }
            | Act::Reason { request, .. }
            | Act::Way { request, .. }
            | Act::TakeOver { request, .. } => change(request),
            Act::Approve { request, .. } => there(request) && ghost.requests[request].asks < bounds.asks,
            Act::BeginCheck { at, request, .. } => change(request) && free(at),
            Act::BeginAsk { at, request, .. } => {
                there(request) && ghost.requests[request].asks < bounds.asks && free(at)
            }
            Act::BeginCode { at, request, .. } => there(request) && free(at),
            Act::EndCheck { at, answer_of } => {
                let check = |at: Instance| matches!(state.flights[at], Some(Flight::Check { .. }));
                check(at) && check(answer_of)
            }
            Act::EndAsk { at, answer_of } => {
                let ask = |at: Instance| matches!(state.flights[at], Some(Flight::Ask { .. }));
                ask(at) && ask(answer_of)
            }
            Act::EndCode { at } => matches!(state.flights[at], Some(Flight::Code { .. })),
            Act::Kill { at } => !free(at),
            Act::Code { request, .. }
            | Act::CodeUnwritten { request, .. }
            | Act::Done { request, .. }
            | Act::Abandon { request, .. } => there(request),
            Act::Later { seconds } => {
                ghost.now + seconds <= START + YEAR && ghost.now + seconds <= bounds.until
            }
            Act::SignIn { by } => {
                let person = &ghost.people[by as usize];
                person.signed_in_at != ghost.now || person.by_another_clock || person.old_password
            }
            Act::Change(_) => ghost.changes < bounds.changes,
        }
    }

    fn run(
        &self,
        desk: &mut Desk,
        from: &State,
        to: &mut State,
        act: Act,
        seed: [u8; 32],
    ) -> Result<(), Stop> {
        let ghost = &mut to.ghost;
        let now = ghost.now;
        let session = |who: Who| from.sessions[who as usize].clone();
        let id = |request: usize| from.ghost.requests[request].id;
        let begun_by = |who: Who, request: usize| Begun {
            session: from.ghost.people[who as usize].signed_in_at,
            changes: from.ghost.requests[request].changes,
        };
        match act {
            Act::Open { by, user, device } => {
                let opened = desk.open_request(
                    &session(by),
                    &user_id(user),
                    &DeviceId::from_bytes(device_id(device)),
                    "ticket",
                )?;
                ghost.acted(by, true)?;
                ghost.requests.push(Request {
                    id: opened.id,
                    holder: by,
                    user,
                    device,
                    opened_at: now,
                    by_another_clock: false,
                    reason: true,
                    mail: false,
                    challenge: None,
                    caller: None,
                    asks: 0,
                    approval: None,
                    authorised: None,
                    made: false,
                    ended: false,
                    take_overs: 0,
                    changes: 0,
                });
            }
            Act::Check { by, request, how } => {
                let (begun, task) = desk.begin_verification(&session(by), id(request))?;
                let (method, vouched) = how.words();
                let answer = Ok(task.vouch(method, vouched, [0xE1; 32]));
                desk.finish_verification(&begun, &answer)?;
                ghost.acted_on(by, request)?;
                let check = Check {
                    of: request,
                    take_overs: ghost.requests[request].take_overs,
                    how,
                };
                let row = ghost.changed(request);
                row.caller = Some((check, now));
            }
            Act::BeginCheck { at, by, request, how } => {
                let (begun, task) = desk.begin_verification(&session(by), id(request))?;
                ghost.acted_on(by, request)?;
                let (method, vouched) = how.words();
                let row = &ghost.requests[request];
                to.flights[at] = Some(Flight::Check {
                    begun,
                    request,
                    by,
                    check: Check {
                        of: request,
                        take_overs: row.take_overs,
                        how,
                    },
                    answer: Arc::new(Ok(task.vouch(method, vouched, [0xE1; 32]))),
                    from: begun_by(by, request),
                });
            }
            Act::EndCheck { at, answer_of } => {
                let flight = to.flights[at].take();
                let (
                    Some(Flight::Check {
                        begun, request, by, ..
                    }),
                    Some(Flight::Check { answer, check, .. }),
                ) = (&flight, &from.flights[answer_of])
                else {
                    unreachable!("not in flight");
                };
                desk.finish_verification(begun, answer)?;
                ghost.acted_on(*by, *request)?;
                ghost.changed(*request).caller = Some((*check, now));
            }
            Act::Enter {
                by,
                request,
                challenge,
            } => {
                let read = challenge.of(ghost.suite);
                desk.enter_read_challenge(&session(by), id(request), &read)?;
                ghost.acted_on(by, request)?;
                ghost.changed(request).challenge = Some(challenge);
            }
            Act::Reason { by, request, given } => {
                desk.set_reason(&session(by), id(request), if given { "ticket" } else { " " })?;
                ghost.acted_on(by, request)?;
                ghost.changed(request).reason = given;
            }
            Act::Way { by, request, mail } => {
                desk.set_delivery(&session(by), id(request), &delivery(mail))?;
                ghost.acted_on(by, request)?;
                ghost.changed(request).mail = mail;
            }
            Act::TakeOver { by, request } => {
                desk.take_over(&session(by), id(request))?;
                ghost.acted(by, true)?;
                let row = ghost.changed(request);
                row.holder = by;
                row.take_overs += 1;
                row.caller = None;
            }
            Act::Approve { by, request } => {
                desk.approve(&session(by), id(request))?;
                ghost.acted(by, true)?;
                let ask = ghost.ask(request, by);
                ghost.requests[request].approval = Some((ask, now));
            }
            Act::BeginAsk {
                at,
                by,
                request,
                says,
            } => {
                let (begun, task) = desk.begin_approval(&session(by), id(request))?;
                ghost.acted_on(by, request)?;
                let ask = ghost.ask(request, says);
                let says = operator_id(OPERATORS[says as usize]);
                to.flights[at] = Some(Flight::Ask {
                    begun,
                    request,
                    by,
                    ask,
                    answer: Arc::new(Ok(task.approved_by(says, [7; 32]))),
                    from: begun_by(by, request),
                });
            }
            Act::EndAsk { at, answer_of } => {
                let flight = to.flights[at].take();
                let (
                    Some(Flight::Ask {
                        begun, request, by, ..
                    }),
                    Some(Flight::Ask { answer, ask, .. }),
                ) = (&flight, &from.flights[answer_of])
                else {
                    unreachable!("not in flight");
                };
                desk.finish_approval(begun, answer)?;
                ghost.acted_on(*by, *request)?;
                ghost.requests[*request].approval = Some((*ask, now));
            }
            Act::Code { by, request, mail } => {
                self.code(desk, from, ghost, by, &session(by), request, mail)?
            }
            Act::CodeUnwritten { by, request } => {
                lock(&self.world.probe).at_sign = AtSign::StoreFails;
                self.code(desk, from, ghost, by, &session(by), request, false)?;
            }
            Act::BeginCode {
                at,
                by,
                request,
                mail,
            } => {
                lock(&self.world.probe).at_sign = AtSign::Kill;
                let refused = desk.authorise(&session(by), id(request), &delivery(mail)).err();
                let Some(task) = lock(&self.world.probe).task.take() else {
                    return Err(refused.map_or(Stop::Broken(Broken::NotRecorded), Stop::Refused));
                };
                ghost.authorised(by, request, mail, &task)?;
                let row = &ghost.requests[request];
                to.flights[at] = Some(Flight::Code {
                    before: Arc::clone(&from.content),
                    then: now,
                    seed,
                    by,
                    session: session(by),
                    request,
                    mail,
                    rotation: ghost.devices[row.device].rotation,
                    from: begun_by(by, request),
                });
            }
            Act::EndCode { at } => {
                let Some(Flight::Code {
                    before,
                    then,
                    seed,
                    by,
                    session,
                    request,
                    mail,
                    ..
                }) = to.flights[at].take()
                else {
                    unreachable!("not in flight");
                };
                let meanwhile = AtSign::Meanwhile(Box::new((*from.content).clone()), now);
                lock(&self.world.probe).at_sign = meanwhile;
                self.world.test.store.set_content((*before).clone());
                self.world.test.clock.set(then);
                self.world.seeds.set(seed);
                let mut desk = self.world.desk();
                desk.without(self.without);
                let given = desk.authorise(&session, id(request), &delivery(mail));
                self.given(ghost, by, request, given)?;
            }
            Act::Done { by, request } => {
                desk.done(&session(by), id(request))?;
                ghost.acted(by, true)?;
                ghost.ended(request, true);
            }
            Act::Abandon { by, request } => {
                desk.abandon(&session(by), id(request))?;
                ghost.acted(by, true)?;
                ghost.ended(request, false);
            }
            Act::SignIn { by } => {
                let name = operator_id(OPERATORS[by as usize]);
                let password = PASSWORD;
                to.sessions[by as usize] = desk.sign_in(&name, password)?;
                let person = &mut ghost.people[by as usize];
                person.signed_in_at = now;
                person.by_another_clock = false;
                person.old_password = false;
                ghost.acted(by, false)?;
            }
            Act::Change(change) => {
                change.make(self.world, desk, ghost)?;
                ghost.changes += 1;
            }
            Act::Later { .. } | Act::Kill { .. } => {}
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn code(
        &self,
        desk: &mut Desk,
        from: &State,
        ghost: &mut Ghost,
        by: Who,
        session: &OperatorSession,
        request: usize,
        mail: bool,
    ) -> Result<(), Stop> {
        let given = desk.authorise(session, from.ghost.requests[request].id, &delivery(mail));
        let task = lock(&self.world.probe).task.take();
        if let Some(task) = task {
            ghost.authorised(by, request, mail, &task)?;
        }
        self.given(ghost, by, request, given)
    }

    /// A code that was seen, wherever.
    fn given(
        &self,
        ghost: &mut Ghost,
        by: Who,
        request: usize,
        given: Result<GivenCode, DeskError>,
    ) -> Result<(), Stop> {
        if let Some((_, recorded)) = lock(&self.world.probe).sent.take() {
            ghost.code_seen(by, request, recorded)?;
        }
        if let GivenCode::Shown(code) = given? {
            let recorded = is_recorded(&self.world.test.store.content(), code.sha256());
            ghost.code_seen(by, request, recorded)?;
        }
        Ok(())
    }

    /// A code that was seen and of which nothing is reported is in its device's list.
    fn nothing_hidden(&self, desk: &mut Desk, state: &State) -> Result<(), Broken> {
        for device in 0..state.ghost.devices.len() {
            let wanted = state.ghost.may_be_good(device);
            if wanted.is_empty() {
                continue;
            }
            let listed = desk.open_codes(&self.world.reader, &DeviceId::from_bytes(device_id(device)));
            let listed = match listed {
                Ok(listed) => listed,
                // The reader has to go home some time.
                Err(error) if error.code() == ErrorCode::OperatorUnknown => {
                    let since = self.world.reader.since().0;
                    let over = state.ghost.now.saturating_sub(since) > state.ghost.rules.session_seconds;
                    assert!(over || state.ghost.set_back, "{error}");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            for id in wanted {
                if !listed.iter().any(|code| code.request == id) {
                    return Err(Broken::Hidden);
                }
            }
        }
        Ok(())
    }
}

impl Ghost {
    fn changed(&mut self, request: usize) -> &mut Request {
        let row = &mut self.requests[request];
        row.changes += 1;
        row.approval = None;
        row
    }

    fn ask(&mut self, request: usize, says: Who) -> Ask {
        let shown = self.shown(request);
        let row = &mut self.requests[request];
        row.asks += 1;
        row.approval = None;
        Ask {
            shown,
            number: row.asks,
            says,
        }
    }
}

fn delivery(mail: bool) -> Delivery {
    if mail {
        Delivery::Channel(MAIL.into())
    } else {
        Delivery::Show
    }
}

/// A refusal is the last thing in the log, with its number, and changes nothing but alarms.
fn is_recorded_refusal(from: &State, to: &State, error: &DeskError) -> Result<(), Broken> {
    let new = &to.content.entries[from.content.entries.len().min(to.content.entries.len())..];
    let number = error.code().number();
    let refused = new.iter().any(|entry| {
        let entry = DeskEntry::from_bytes(entry).unwrap();
        entry.event == DeskEvent::Refused && entry.error == Some(number)
    });
    if !refused {
        return Err(Broken::NotRefusedInLog);
    }
    if rows(from).eq(rows(to)) {
        Ok(())
    } else {
        Err(Broken::RefusedButChanged)
    }
}

enum Stop {
    Refused(DeskError),
    Broken(Broken),
}

impl From<DeskError> for Stop {
    fn from(error: DeskError) -> Self {
        Self::Refused(error)
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}
