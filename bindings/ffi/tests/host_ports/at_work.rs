//! While a verifier or an approver of the host's works, the desk serves others, the verifier itself too.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::host::{CalledBack, START, Tickets};
use super::{number, scene};

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

impl CallerVerifier for AtWork<CalledBack> {
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

fn tickets() -> Arc<Tickets> {
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
    let verify = |port| scene.desk.verify_caller(scene.session(), id.clone(), port);
    meanwhile(Arc::new(CalledBack), |port| verify(port), others).unwrap();
    let entered = scene
        .desk
        .enter_challenge(scene.session(), id.clone(), unlock.challenge());
    entered.unwrap();

    let ask = |port| scene.desk.ask_approval(scene.session(), id.clone(), port);
    meanwhile(tickets(), |port| ask(port), others).unwrap();
    let view = scene.desk.request(scene.session(), id.clone()).unwrap();
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
    let verify = |port| scene.desk.verify_caller(scene.session(), id.clone(), port);
    let ask = |port| scene.desk.ask_approval(scene.session(), id.clone(), port);
    let enter = || {
        let challenge = unlock.challenge();
        scene
            .desk
            .enter_challenge(scene.session(), id.clone(), challenge)
            .unwrap();
    };
    let changed = meanwhile(Arc::new(CalledBack), |port| verify(port), enter);
    assert_eq!(number(changed), ErrorCode::CallerUnverified.number());
    let changed = meanwhile(tickets(), |port| ask(port), enter);
    assert_eq!(number(changed), ErrorCode::ApprovalElsewhere.number());
    let expire = || scene.database.set_clock(START + 60 * 60 + 1);
    let expired = meanwhile(Arc::new(CalledBack), |port| verify(port), expire);
    assert_eq!(number(expired), ErrorCode::RequestExpired.number());
}

/// A part of the host's that calls the desk from where it is called.
struct CallsBack {
    desk: Arc<HelpDesk>,
    session: Arc<OperatorSession>,
    tickets: Arc<Tickets>,
}

impl CallerVerifier for CallsBack {
    fn verify(&self, task: CallerTask) -> Result<CallerCheck, HostError> {
        let session = Arc::clone(&self.session);
        let view = self.desk.request(session, task.request.clone()).unwrap();
        assert_eq!(view.device_id, task.device_id);
        CalledBack.verify(task)
    }
}

impl Approver for CallsBack {
    fn ask(&self, task: ApprovalTask) -> Result<Approval, ApproverError> {
        let session = Arc::clone(&self.session);
        let view = self.desk.request(session, task.request.clone()).unwrap();
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
        tickets: tickets(),
    });
    let verifier = Arc::clone(&calls_back);
    scene
        .desk
        .verify_caller(scene.session(), id.clone(), verifier)
        .unwrap();
    for _ in 0..2 {
        let approver = Arc::clone(&calls_back) as _;
        scene
            .desk
            .ask_approval(scene.session(), id.clone(), approver)
            .unwrap();
    }
    scene.desk.authorise(scene.session(), id).unwrap();
}

/// A mail server that calls the desk: on the thread that it is called on, and on another one.
#[derive(Default)]
struct Meddling {
    desk: OnceLock<Arc<HelpDesk>>,
    told: Mutex<Vec<u16>>,
}

impl OwnerNotifier for Meddling {
    fn notify_owner(&self, _: OwnerNotice) -> Result<(), HostError> {
        let desk = self.desk.get().unwrap();
        let elsewhere = thread::spawn({
            let desk = Arc::clone(desk);
            move || number(desk.log_state())
        });
        let told = [number(desk.log_state()), elsewhere.join().unwrap()];
        self.told.lock().unwrap().extend(told);
        Ok(())
    }
}

#[test]
fn the_desks_own_ports_may_not() {
    let scene = scene(Suite::P256EcdhMac);
    let meddling = Arc::new(Meddling::default());
    let signer = DeskSigner::host(Arc::clone(&scene.hsm) as _);
    let desk = scene
        .database
        .open(signer, Arc::clone(&meddling) as _, None)
        .unwrap();
    meddling.desk.set(Arc::clone(&desk)).ok().unwrap();
    let (_device, unlock) = scene.begin();
    let id = scene.request(&unlock);
    desk.authorise(scene.session(), id).unwrap();
    // On a thread of its own, since a desk that is entered twice would wait for itself.
    let (finished, has_finished) = channel();
    let sender = Arc::clone(&desk);
    thread::spawn(move || finished.send(sender.send_notice()));
    let sent = has_finished.recv_timeout(NEVER);
    assert!(sent.expect("the desk must not wait for itself").unwrap());
    let told = meddling.told.lock().unwrap().clone();
    assert_eq!(
        told,
        [ErrorCode::WrongState.number(), ErrorCode::StoreBusy.number()]
    );
    desk.log_state().unwrap();
}
