//! The client library against the service itself.

use fido_unlock::desk::{Scope, UserId, VerificationMethod};
use fido_unlock::{DeviceId, ErrorCode, HasCode};
use fido_unlock_remote::model::{Class, Outcome};
use fido_unlock_remote::{LogFilter, RemoteDesk, RemoteError};

use crate::served::{Served, pin};

const UNLOCK: &[Scope] = &[Scope::Unlock];

#[track_caller]
fn refused<T>(answer: Result<T, RemoteError>, code: ErrorCode) {
    let Err(error) = answer else {
        panic!("not refused: {code}")
    };
    assert!(matches!(error, RemoteError::Refused(_)), "{error:?}");
    assert_eq!(error.code(), code, "{error}");
}

/// Opened, verified, with the challenge.
fn prepared(desk: &RemoteDesk, device: &DeviceId, challenge: &str) -> fido_unlock_remote::model::Request {
    let call = desk.open("robin.sample", device, "INC-1").unwrap();
    desk.verify_caller(call.id, VerificationMethod::CallBack, "called back")
        .unwrap();
    desk.enter_challenge(call.id, challenge).unwrap()
}

#[test]
fn a_whole_call_from_search_to_done() {
    let served = Served::start();
    let key = served.key();
    let desk = served.remote("desk-1", UNLOCK);
    let me = desk.myself().unwrap();
    assert_eq!((me.operator.as_str(), me.may.as_slice()), ("desk-1", UNLOCK));
    let (device_id, challenge) = key.state().unwrap().codes.unwrap();
    let id = DeviceId::parse(&device_id).unwrap();

    let found = desk.search("robin").unwrap().found;
    assert_eq!(found[0].user.class, Class::Ordinary);
    assert_eq!(found[0].devices[0].device_id, id);
    assert_eq!(desk.suggest("rob").unwrap().found, found);
    let rules = desk.call_rules().unwrap();
    assert!(rules.ordinary_methods.contains(&VerificationMethod::CallBack));
    assert!(
        rules.privileged_methods.is_empty(),
        "an operator's word is not enough"
    );

    let call = desk.open("robin.sample", &id, "").unwrap();
    refused(desk.code(call.id, call.suite), ErrorCode::CallerUnverified);
    assert_eq!(desk.set_reason(call.id, "INC-1").unwrap().reason, "INC-1");
    refused(
        desk.verify_caller(call.id, VerificationMethod::Questions, "asked"),
        ErrorCode::CallerMethod,
    );
    desk.verify_caller(call.id, VerificationMethod::CallBack, "called back")
        .unwrap();
    refused(desk.enter_challenge(call.id, "K7QM"), ErrorCode::CodeLength);
    let ready = desk.enter_challenge(call.id, &challenge).unwrap();
    assert_eq!(ready.challenge.as_deref(), Some(&*challenge));

    let code = desk.code(call.id, call.suite).unwrap();
    let again = desk.code(call.id, call.suite).unwrap();
    assert_eq!(*code.expose_code(), *again.expose_code());
    let open = desk.open_codes(&id).unwrap();
    assert_eq!((open[0].request, open[0].outcome), (call.id, Outcome::Open));
    key.unlock(&code.expose_code(), &pin("Spring43"), &pin("Spring43"))
        .unwrap();
    assert_eq!(desk.done(call.id).unwrap().code, Some(Outcome::Done));
    refused(desk.done(call.id), ErrorCode::RequestUsed);
    key.sign_in(&pin("Spring43")).unwrap();
}

#[test]
fn a_second_operator_approves_and_a_call_is_taken_over() {
    let served = Served::start();
    let key = served.key();
    let (first, second) = (served.remote("desk-1", UNLOCK), served.remote("desk-2", UNLOCK));
    let (device_id, challenge) = key.state().unwrap().codes.unwrap();
    let id = DeviceId::parse(&device_id).unwrap();
    let call = prepared(&first, &id, &challenge);
    let code = first.code(call.id, call.suite).unwrap();
    key.unlock(&code.expose_code(), &pin("Spring43"), &pin("Spring43"))
        .unwrap();
    first.done(call.id).unwrap();
    key.lock().unwrap();

    let (_, challenge) = key.state().unwrap().codes.unwrap();
    let call = prepared(&first, &id, &challenge);
    refused(first.code(call.id, call.suite), ErrorCode::ApprovalMissing);
    refused(first.approve(call.id, call.revision), ErrorCode::ApprovalSelf);
    let shown = second.request(call.id).unwrap();
    assert_eq!(
        second.requests(None).unwrap().requests,
        std::slice::from_ref(&shown)
    );
    let approved = second.approve(call.id, shown.revision).unwrap();
    assert_eq!(approved.approved_by.as_deref(), Some("desk-2"));
    first.code(call.id, call.suite).unwrap();
    first.abandon(call.id).unwrap();

    let call = first.open("robin.sample", &id, "INC-2").unwrap();
    assert_eq!(second.take_over(call.id).unwrap().operator, "desk-2");
    second.abandon(call.id).unwrap();
}

#[test]
fn devices_and_the_log_are_read_and_a_device_is_retired() {
    let served = Served::start();
    let devices = served.remote("devices-1", &[Scope::Devices]);
    let all = devices.devices(None).unwrap();
    let chris = UserId::new("chris.example").unwrap();
    let own = all.devices.iter().filter(|device| device.user == chris.as_str());
    let in_use: Vec<_> = own.filter(|device| !device.retired).collect();
    let id = in_use[0].device_id;
    let whole = devices.device(&id).unwrap();
    assert_eq!(whole.owner.unwrap().id, chris.as_str());
    devices.retire(&id).unwrap();
    assert!(devices.device(&id).unwrap().retired);
    let history = devices.history(&id, 10).unwrap();
    assert_eq!(history.entries[0]["event"], "DeviceRetired");
    refused(devices.open_codes(&id), ErrorCode::PrivilegeMissing);

    let audit = served.remote("audit-1", &[Scope::Audit]);
    let filter = LogFilter {
        event: "DeviceRetired".into(),
        device: id.to_code(),
        ..LogFilter::default()
    };
    let found = audit.entries(&filter, None, 10).unwrap().entries;
    assert_eq!(found.len(), 1);
    let place = found[0]["sequence"].as_u64().unwrap();
    assert_eq!(audit.entry(place).unwrap(), found[0]);
    refused(audit.proof(place), ErrorCode::EntryUnknown);
    let checkpoint = audit.make_checkpoint().unwrap();
    assert_eq!(audit.checkpoint().unwrap(), checkpoint);
    let proof = audit.proof(place).unwrap();
    assert!(proof.ends_with(&checkpoint), "{proof}");
    assert!(audit.entry_bytes(place).unwrap().len() > 20);
    let nonsense = LogFilter {
        from: "yesterday".into(),
        ..LogFilter::default()
    };
    refused(audit.entries(&nonsense, None, 10), ErrorCode::InvalidArgument);
}

#[test]
fn a_token_that_counts_no_more_is_nobodys() {
    let served = Served::start();
    let token = served.token("desk-1", UNLOCK);
    let mut desk = served.desk();
    let session = served.sign_in(&mut desk, "desk-1");
    let known = desk.own_account(&session).unwrap().tokens;
    desk.revoke_token(&session, &known[0].id).unwrap();
    let remote = RemoteDesk::new(served.connection(), token);
    refused(remote.myself(), ErrorCode::OperatorUnknown);
}
