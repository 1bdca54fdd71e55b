//! While a verifier or an approver of the host's works, the desk serves others, the verifier itself too.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::host::{Memory, START, Tickets};
use super::{Scene, builder, number, scene};

/// Only a desk that serves nobody waits so long.
const NEVER: Duration = Duration::from_secs(60);

/// A part of the host's that works until it is let go.
struct AtWork<T> {
    inner: Arc<T>,
    began: Sender<()>,
    go: Mutex<Receiver<()>>,
}

impl<T> AtWork<T> {
    fn work(&self) -> &T {
        self.began.send(()).unwrap();
        // An error: the test has failed and lets everybody go.
        let _ = self.go.lock().unwrap().recv();
        &self.inner
    }
}

impl CallerVerifier for AtWork<Memory> {
    fn verify(&self, task: CallerTask) -> Result<CallerCheck, HostError> {
        self.work().verify(task)
    }
}

impl Approver for AtWork<Tickets> {
    fn ask(&self, task: ApprovalTask) -> Result<Approval, ApproverError> {
        self.work().ask(task)
    }
}

/// What `call` comes to when `others` ran on another thread from the time that `inner` was asked until it
/// answered.
fn meanwhile<T: Send + Sync>(
    inner: Arc<T>,
    call: impl FnOnce(Arc<AtWork<T>>) -> Result<(), UnlockError> + Send,
    others: impl FnOnce() + Send,
) -> Result<(), UnlockError> {
    let ((began, has_begun), (let_go, go)) = (channel(), channel());
    let (finished, has_finished) = channel();
    let port = Arc::new(AtWork {
        inner,
        began,
        go: Mutex::new(go),
    });
    thread::scope(|scope| {
        // Dropped with this closure, so that nobody waits when it fails.
        let let_go: Sender<()> = let_go;
        let called = scope.spawn(|| call(port));
        has_begun.recv_timeout(NEVER).expect("it must be asked");
        scope.spawn(move || {
            others();
            finished.send(()).unwrap();
        });
        has_finished
            .recv_timeout(NEVER)
            .expect("the desk must serve others meanwhile");
        let_go.send(()).unwrap();
        called.join().unwrap()
    })
}

fn tickets(scene: &Scene) -> Arc<Tickets> {
    scene.memory.others.lock().unwrap().push(DeskOperator {
        id: "desk-2".into(),
        roles: Vec::new(),
        privileges: vec![DeskPrivilege::Unlock],
    });
    let tickets = Tickets::default();
    *tickets.answer.lock().unwrap() = Some(Ok("desk-2".into()));
    Arc::new(tickets)
}

#[test]
fn the_desk_serves_others_while_a_verifier_or_an_approver_works() {
    let scene = scene(Suite::P256EcdhMac);
    let (_device, unlock) = scene.begin();
    let id = scene.request(&unlock);
    // Another call: from its request to its code.
    let others = || {
        let other = scene.request(&unlock);
        scene.desk.request(scene.session(), other).unwrap();
        scene.desk.search(scene.session(), "user".into()).unwrap();
    };
    let verify = |port| scene.desk.verify_caller(scene.session(), id, port);
    meanwhile(Arc::clone(&scene.memory), |port| verify(port), others).unwrap();
    let entered = scene
        .desk
        .enter_challenge(scene.session(), id, unlock.challenge());
    entered.unwrap();

    let ask = |port| scene.desk.ask_approval(scene.session(), id, port);
    meanwhile(tickets(&scene), |port| ask(port), others).unwrap();
    let view = scene.desk.request(scene.session(), id).unwrap();
    assert_eq!(
        (view.caller_verified, view.approved_by.as_deref()),
        (true, Some("desk-2"))
    );
    scene.desk.authorise(scene.session(), id).unwrap();
}

#[test]
fn what_changed_meanwhile_is_not_what_was_asked_about() {
    let scene = scene(Suite::P256EcdhMac);
    let (_device, unlock) = scene.begin();
    let id = scene.request(&unlock);
    let verify = |port| scene.desk.verify_caller(scene.session(), id, port);
    let ask = |port| scene.desk.ask_approval(scene.session(), id, port);
    let enter = || {
        let challenge = unlock.challenge();
        scene
            .desk
            .enter_challenge(scene.session(), id, challenge)
            .unwrap();
    };
    let changed = meanwhile(Arc::clone(&scene.memory), |port| verify(port), enter);
    assert_eq!(number(changed), ErrorCode::CallerUnverified.number());
    let changed = meanwhile(tickets(&scene), |port| ask(port), enter);
    assert_eq!(number(changed), ErrorCode::ApprovalElsewhere.number());
    let expire = || *scene.hands.0.lock().unwrap() = Ok(START + 601);
    let expired = meanwhile(Arc::clone(&scene.memory), |port| verify(port), expire);
    assert_eq!(number(expired), ErrorCode::RequestExpired.number());
}

/// A part of the host's that calls the desk from where it is called.
struct CallsBack {
    desk: Arc<HelpDesk>,
    session: Arc<OperatorSession>,
    memory: Arc<Memory>,
    tickets: Arc<Tickets>,
}

impl CallerVerifier for CallsBack {
    fn verify(&self, task: CallerTask) -> Result<CallerCheck, HostError> {
        let session = Arc::clone(&self.session);
        let view = self.desk.request(session, task.request).unwrap();
        assert_eq!(view.device_id, task.device_id);
        self.memory.verify(task)
    }
}

impl Approver for CallsBack {
    fn ask(&self, task: ApprovalTask) -> Result<Approval, ApproverError> {
        let session = Arc::clone(&self.session);
        let view = self.desk.request(session, task.request).unwrap();
        // To ask has voided what was there.
        assert_eq!(view.approved_by, None);
        self.tickets.ask(task)
    }
}

#[test]
fn a_verifier_and_an_approver_may_call_the_desk() {
    let scene = scene(Suite::P256EcdhMac);
    let (_device, unlock) = scene.begin();
    let id = scene.request(&unlock);
    let calls_back = Arc::new(CallsBack {
        desk: Arc::clone(&scene.desk),
        session: scene.session(),
        memory: Arc::clone(&scene.memory),
        tickets: tickets(&scene),
    });
    let verifier = Arc::clone(&calls_back);
    scene.desk.verify_caller(scene.session(), id, verifier).unwrap();
    for _ in 0..2 {
        let approver = Arc::clone(&calls_back) as _;
        scene.desk.ask_approval(scene.session(), id, approver).unwrap();
    }
    scene.desk.authorise(scene.session(), id).unwrap();
}

/// A clock that calls the desk.
#[derive(Default)]
struct Meddling {
    desk: OnceLock<Arc<HelpDesk>>,
    told: Mutex<Vec<u16>>,
}

impl Clock for Meddling {
    fn now(&self) -> Result<u64, HostError> {
        if let Some(desk) = self.desk.get() {
            self.told.lock().unwrap().push(number(desk.verify_audit()));
        }
        Ok(START)
    }
}

#[test]
fn the_desks_own_ports_may_not() {
    let scene = scene(Suite::P256EcdhMac);
    let (clock, builder) = (
        Arc::new(Meddling::default()),
        builder(&scene.memory, &scene.hsm, &scene.hands),
    );
    builder.set_clock(Arc::clone(&clock) as _).unwrap();
    let desk = builder.open().unwrap();
    clock.desk.set(Arc::clone(&desk)).ok().unwrap();
    // On a thread of its own, since a desk that is entered twice would wait for itself.
    let ((finished, has_finished), session) = (channel(), scene.session());
    thread::spawn(move || finished.send(desk.search(session, String::new())));
    let searched = has_finished.recv_timeout(NEVER);
    searched.expect("the desk must not wait for itself").unwrap();
    let told = clock.told.lock().unwrap();
    assert!(!told.is_empty());
    assert!(told.iter().all(|told| *told == ErrorCode::WrongState.number()));
}
