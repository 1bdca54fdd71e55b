//! A second operator who approves in a system of the host's.

use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::host::{START, Tickets};
use super::{number, scene, unlock};

#[test]
fn the_hosts_system_approves_one_request_as_it_stands() {
    let scene = scene(Suite::P256EcdhMac);
    let (device, session) = scene.begin();
    let first = scene.request(&session);
    let id = scene.request(&session);
    let tickets = Arc::new(Tickets::default());
    let ask = |id: &String| {
        let approver = Arc::clone(&tickets) as _;
        scene.desk.ask_approval(scene.session(), id.clone(), approver)
    };
    let refused = [
        (Err(ApproverError::Pending), ErrorCode::ApprovalMissing),
        (Err(ApproverError::Refused), ErrorCode::ApprovalRefused),
        (
            Err(ApproverError::Unavailable { code: 503 }),
            ErrorCode::ApprovalUnavailable,
        ),
        (Err(ApproverError::HostFailed), ErrorCode::HostFailed),
        (Ok("desk-1"), ErrorCode::ApprovalSelf),
        (Ok("desk-3"), ErrorCode::ApproverPrivilege),
        (Ok("desk-4"), ErrorCode::ApproverUnknown),
        (Ok(" "), ErrorCode::ApproverUnknown),
    ];
    for (answer, code) in refused {
        *tickets.answer.lock().unwrap() = Some(answer.clone().map(Into::into));
        assert_eq!(number(ask(&id)), code.number(), "{answer:?}");
        let view = scene.desk.request(scene.session(), id.clone()).unwrap();
        assert_eq!(view.approved_by, None);
    }
    let task = tickets.asked.lock().unwrap().last().cloned().unwrap();
    assert_eq!((&task.request, task.operator.as_str()), (&id, "desk-1"));
    assert_eq!(
        (task.user.id.as_str(), task.reason.as_str()),
        ("user-1", "forgotten PIN")
    );
    assert_eq!(
        (task.device_id, task.challenge),
        (session.device_id(), session.challenge())
    );
    assert_eq!(
        (task.method, task.by_machine),
        (Some(VerificationMethod::CallBack), false)
    );
    assert_eq!(task.expires_at, START + 60 * 60);

    // What was approved is this request, not the one before.
    *tickets.answer.lock().unwrap() = Some(Ok("desk-2".into()));
    *tickets.basis.lock().unwrap() = Some(task.basis);
    assert_eq!(number(ask(&first)), ErrorCode::ApprovalElsewhere.number());
    ask(&id).unwrap();
    let view = scene.desk.request(scene.session(), id.clone()).unwrap();
    assert_eq!(view.approved_by.as_deref(), Some("desk-2"));
    let code = scene.desk.authorise(scene.session(), id.clone()).unwrap();
    unlock(&session, device, code);
    assert_eq!(number(ask(&id)), ErrorCode::RequestUsed.number());
}
