//! Each refusal of the help desk has its own number, its own audit record, and a test here that
//! fails when the one check behind it is removed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod helpdesk_bench;

use fido_unlock::desk::ports::Directory;
use fido_unlock::desk::{
    AcceptedMethod, Channel, ChannelKind, Delivery, DeviceKeys, GivenCode, HelpDesk, NewDevice, OperatorId,
    OperatorSession, OperatorStatement, RequestId, UnixTime, UserClass, UserId, VerificationMethod, Vouched,
};
use fido_unlock::{AdminKey, Challenge, DeviceChallenge, DeviceId, ErrorCode, Suite};
use fido_unlock_mock::desk::{OneTimeCode, ScriptedVerifier};
use helpdesk_bench::{ADMIN_KEY, Bench, DAY, SLOT_1, SLOT_2, START, assert_refused, issuer_key};

const S2: Suite = Suite::P256EcdhMac;
const NONCE: [u8; 14] = [9; 14];

fn started() -> (Bench, HelpDesk, OperatorSession) {
    let bench = Bench::new();
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    (bench, desk, session)
}

fn ready(bench: &Bench, desk: &mut HelpDesk, session: &OperatorSession) -> RequestId {
    bench.ready(desk, session, S2, 0, NONCE).unwrap()
}

/// Everything that an operator does for a caller is refused with `code`.
fn assert_service_refused(
    bench: &Bench,
    desk: &mut HelpDesk,
    session: &OperatorSession,
    id: RequestId,
    code: ErrorCode,
) {
    let device = bench.device(S2);
    let result = desk.search(session, "alice");
    assert_refused(desk, result, code);
    let result = desk.find_device(session, &device);
    assert_refused(desk, result, code);
    let result = desk.open_request(session, &bench.alice, &device, "r");
    assert_refused(desk, result, code);
    let result = desk.verify_caller(session, id, &mut OneTimeCode::new("1", "1"));
    assert_refused(desk, result, code);
    let result = desk.enter_read_challenge(session, id, &bench.challenge(S2, 0, NONCE));
    assert_refused(desk, result, code);
    let result = desk.enter_challenge(session, id, &bench.challenge(S2, 0, NONCE).to_code());
    assert_refused(desk, result, code);
    let result = desk.authorise(session, id, &Delivery::Show);
    assert_refused(desk, result, code);
}

#[test]
fn no_licence() {
    let (bench, mut desk, session) = started();
    let id = ready(&bench, &mut desk, &session);
    bench.stores.licence.set(None);
    assert_service_refused(&bench, &mut desk, &session, id, ErrorCode::LicenceMissing);
}

#[test]
fn expired_licence_names_whom_to_ask() {
    let (bench, mut desk, session) = started();
    let id = ready(&bench, &mut desk, &session);
    bench
        .stores
        .licence
        .change(|terms| terms.valid_until = UnixTime(START));
    desk.search(&session, "alice").unwrap();
    bench.stores.clock.advance(1);
    assert_service_refused(&bench, &mut desk, &session, id, ErrorCode::LicenceExpired);
    let error = desk.search(&session, "alice").unwrap_err();
    assert!(error.to_string().contains("licences@vendor.example"), "{error}");
}

#[test]
fn service_off_until_an_administrator_switches_it_on() {
    let (bench, mut desk, session) = started();
    let id = ready(&bench, &mut desk, &session);
    let admin = bench.sign_in(&mut desk, "admin");
    desk.set_service(&admin, false).unwrap();
    assert_service_refused(&bench, &mut desk, &session, id, ErrorCode::ServiceOff);
    let result = desk.set_service(&session, true);
    assert_refused(&desk, result, ErrorCode::PrivilegeMissing);
    desk.set_service(&admin, true).unwrap();
    desk.authorise(&session, id, &Delivery::Show).unwrap();
}

#[test]
fn more_devices_than_the_licence_covers() {
    let (bench, mut desk, session) = started();
    let id = ready(&bench, &mut desk, &session);
    bench.stores.licence.change(|terms| terms.devices = 4);
    let dsa = bench.sign_in(&mut desk, "dsa");
    let result = desk.register_device(&dsa, &new_device(&bench, 0x71));
    assert_refused(&desk, result, ErrorCode::LicenceDevices);
    bench.stores.licence.change(|terms| terms.devices = 3);
    assert_service_refused(&bench, &mut desk, &session, id, ErrorCode::LicenceDevices);
}

#[test]
fn missing_privilege_also_when_it_is_taken_away_later() {
    let (bench, mut desk, session) = started();
    let id = ready(&bench, &mut desk, &session);
    let nobody = bench.sign_in(&mut desk, "nobody");
    assert_service_refused(&bench, &mut desk, &nobody, id, ErrorCode::PrivilegeMissing);
    let missing = ErrorCode::PrivilegeMissing;
    let result = desk.approve(&nobody, id);
    assert_refused(&desk, result, missing);
    let result = desk.open_codes(&nobody, None);
    assert_refused(&desk, result, missing);
    let result = desk.alarms(&nobody);
    assert_refused(&desk, result, missing);
    let result = desk.request(&nobody, id);
    assert_refused(&desk, result, missing);
    // The Unlock privilege alone neither manages devices nor administers.
    let result = desk.register_device(&session, &new_device(&bench, 0x71));
    assert_refused(&desk, result, missing);
    let result = desk.retire_device(&session, &bench.device(S2));
    assert_refused(&desk, result, missing);
    let result = desk.acknowledge(&session, 0, "note");
    assert_refused(&desk, result, missing);
    let result = desk.record_download(&session, "app");
    assert_refused(&desk, result, missing);
    desk.record_download(&nobody, "app").unwrap();
    let user = bench.stores.directory.user(&bench.alice).unwrap().unwrap();
    let result = desk.put_user(&session, user);
    assert_refused(&desk, result, missing);

    bench
        .stores
        .operators
        .put("desk-1", "pw-desk-1", &[], &[])
        .unwrap();
    assert_service_refused(&bench, &mut desk, &session, id, missing);
    let (_, code) = {
        let dsa = bench.sign_in(&mut desk, "dsa");
        bench.code(&mut desk, &dsa, S2, 0, NONCE)
    };
    drop(code);
    let result = desk.done(&session, id);
    assert_refused(&desk, result, missing);
}

#[test]
fn unknown_operator_wrong_password_and_old_session() {
    let (bench, mut desk, session) = started();
    for (name, password) in [("desk-1", "pw-desk-2"), ("desk-9", "pw-desk-9"), ("desk-1", "")] {
        let result = desk.sign_in(&OperatorId::new(name).unwrap(), password);
        assert_refused(&desk, result, ErrorCode::OperatorUnknown);
        let entries = desk.audit_entries().unwrap();
        let logged = entries.last().unwrap().0.operator.is_some();
        assert_eq!(logged, name == "desk-1", "a name that is none may be a password");
    }
    bench.stores.clock.advance(bench.policy.session_seconds);
    desk.search(&session, "alice").unwrap();
    bench.stores.clock.advance(1);
    let result = desk.search(&session, "alice");
    assert_refused(&desk, result, ErrorCode::OperatorUnknown);
    let session = bench.sign_in(&mut desk, "desk-1");
    bench.stores.operators.remove(session.operator());
    let result = desk.search(&session, "alice");
    assert_refused(&desk, result, ErrorCode::OperatorUnknown);
}

#[test]
fn unverified_caller() {
    let (bench, mut desk, session) = started();
    let device = bench.device(S2);
    let id = desk
        .open_request(&session, &bench.alice, &device, "r")
        .unwrap()
        .id;
    let challenge = bench.challenge(S2, 0, NONCE);
    desk.enter_read_challenge(&session, id, &challenge).unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::CallerUnverified);
    let result = desk.verify_caller(&session, id, &mut OneTimeCode::new("8812", "8813"));
    assert_refused(&desk, result, ErrorCode::CallerUnverified);
    let result = desk.verify_caller(
        &session,
        id,
        &mut OperatorStatement::new(VerificationMethod::CallBack, " "),
    );
    assert_refused(&desk, result, ErrorCode::CallerUnverified);
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::CallerUnverified);
}

/// Hands the answer for one request out for another.
struct Hoarder(Option<fido_unlock::desk::VerifiedCaller>);

impl fido_unlock::desk::ports::CallerVerifier for Hoarder {
    fn verify(
        &mut self,
        task: fido_unlock::desk::VerificationTask,
    ) -> Result<fido_unlock::desk::VerifiedCaller, fido_unlock::desk::ports::CallerError> {
        let fresh = task.vouch(VerificationMethod::EnrolledFactor, Vouched::Machine, [1; 32]);
        match self.0.take() {
            Some(old) => Ok(old),
            None => {
                self.0 = Some(fresh);
                Err(fido_unlock::desk::ports::CallerError::Failed)
            }
        }
    }
}

#[test]
fn a_verified_caller_of_another_request() {
    let (bench, mut desk, session) = started();
    let device = bench.device(S2);
    let first = desk
        .open_request(&session, &bench.alice, &device, "r")
        .unwrap()
        .id;
    let second = desk
        .open_request(&session, &bench.alice, &device, "r")
        .unwrap()
        .id;
    let mut hoarder = Hoarder(None);
    desk.verify_caller(&session, first, &mut hoarder).unwrap_err();
    let result = desk.verify_caller(&session, second, &mut hoarder);
    assert_refused(&desk, result, ErrorCode::CallerUnverified);
}

#[test]
fn method_too_weak() {
    let mut bench = Bench::new();
    // Even a policy that says otherwise lets the operator's word never count for a privileged user.
    bench.policy.privileged_methods.push(AcceptedMethod {
        method: VerificationMethod::CallBack,
        at_least: Vouched::Operator,
    });
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    let alice = desk
        .open_request(&session, &bench.alice, &bench.device(S2), "r")
        .unwrap()
        .id;
    let boss = desk
        .open_request(&session, &bench.boss, &bench.boss_device(), "r")
        .unwrap()
        .id;
    let weak = [
        (alice, VerificationMethod::Questions, Vouched::Machine),
        (alice, VerificationMethod::Questions, Vouched::Operator),
        (alice, VerificationMethod::EnrolledFactor, Vouched::Operator),
        (boss, VerificationMethod::CallBack, Vouched::Operator),
        (boss, VerificationMethod::EnrolledFactor, Vouched::Operator),
        (boss, VerificationMethod::Manager, Vouched::Machine),
    ];
    for (id, method, vouched) in weak {
        let mut verifier = ScriptedVerifier {
            method: Some(method),
            vouched,
        };
        let result = desk.verify_caller(&session, id, &mut verifier);
        assert_refused(&desk, result, ErrorCode::CallerMethod);
    }
    let mut statement = OperatorStatement::new(VerificationMethod::CallBack, "called back, spoke to her");
    desk.verify_caller(&session, alice, &mut statement).unwrap();
    // Alice becomes privileged between the check and the code.
    desk.enter_read_challenge(&session, alice, &bench.challenge(S2, 0, NONCE))
        .unwrap();
    let mut user = bench.stores.directory.user(&bench.alice).unwrap().unwrap();
    user.class = UserClass::Privileged;
    bench.stores.directory.clone().put_user(&user).unwrap();
    let result = desk.authorise(&session, alice, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::CallerMethod);
}

#[test]
fn approval_for_a_privileged_user() {
    let (bench, mut desk, session) = started();
    let second = bench.sign_in(&mut desk, "desk-2");
    let id = desk
        .open_request(&session, &bench.boss, &bench.boss_device(), "r")
        .unwrap()
        .id;
    let result = desk.approve(&second, id);
    assert_refused(&desk, result, ErrorCode::CallerUnverified);
    desk.verify_caller(&session, id, &mut OneTimeCode::new("1", "1"))
        .unwrap();
    let result = desk.approve(&second, id);
    assert_refused(&desk, result, ErrorCode::WrongState);
    desk.enter_read_challenge(&session, id, &bench.challenge(S2, 0, NONCE))
        .unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ApprovalMissing);
    assert_eq!(bench.stores.limits.counted(), 0);
    let result = desk.approve(&session, id);
    assert_refused(&desk, result, ErrorCode::ApprovalSelf);

    // What was approved is what is signed: any change takes the approval away.
    desk.approve(&second, id).unwrap();
    desk.enter_read_challenge(&session, id, &bench.challenge(S2, 0, [8; 14]))
        .unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ApprovalMissing);
    desk.approve(&second, id).unwrap();
    desk.verify_caller(&session, id, &mut OneTimeCode::new("1", "1"))
        .unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ApprovalMissing);
    desk.approve(&second, id).unwrap();
    desk.set_reason(&session, id, "another").unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ApprovalMissing);

    // The approver loses the privilege before the code is made.
    desk.approve(&second, id).unwrap();
    bench
        .stores
        .operators
        .put("desk-2", "pw-desk-2", &[], &[])
        .unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ApprovalMissing);
    let dsa = bench.sign_in(&mut desk, "dsa");
    desk.approve(&dsa, id).unwrap();
    desk.authorise(&session, id, &Delivery::Show).unwrap();
    let entries = desk.audit_entries().unwrap();
    let authorised = entries
        .iter()
        .find(|(entry, _)| entry.event == fido_unlock::desk::audit::AuditEvent::Authorised)
        .unwrap();
    assert_eq!(authorised.0.second_operator.as_ref().unwrap().as_str(), "dsa");
}

#[test]
fn limits_of_device_operator_and_issuer() {
    type Limit = fn(&mut fido_unlock::desk::LimitRules) -> &mut fido_unlock::desk::LimitRule;
    let table: [(Limit, ErrorCode); 3] = [
        (|rules| &mut rules.device, ErrorCode::LimitDevice),
        (|rules| &mut rules.operator, ErrorCode::LimitOperator),
        (|rules| &mut rules.issuer, ErrorCode::LimitIssuer),
    ];
    for (limit, code) in table {
        let mut bench = Bench::new();
        limit(&mut bench.policy.limits).approval_from = 1;
        limit(&mut bench.policy.limits).refuse_from = 2;
        let mut desk = bench.desk();
        let session = bench.sign_in(&mut desk, "desk-1");
        let second = bench.sign_in(&mut desk, "desk-2");
        bench.code(&mut desk, &session, S2, 0, NONCE);
        // Past the first threshold a second operator must approve; nothing is counted until then.
        let id = ready(&bench, &mut desk, &session);
        let result = desk.authorise(&session, id, &Delivery::Show);
        assert_refused(&desk, result, ErrorCode::ApprovalMissing);
        assert_eq!(bench.stores.limits.counted(), 1);
        desk.approve(&second, id).unwrap();
        desk.authorise(&session, id, &Delivery::Show).unwrap();
        // Past the second one nobody can, and a restart changes nothing.
        let mut desk = bench.desk();
        let id = ready(&bench, &mut desk, &session);
        desk.approve(&second, id).unwrap();
        let result = desk.authorise(&session, id, &Delivery::Show);
        assert_refused(&desk, result, code);
        bench.stores.clock.advance(DAY);
        let session = bench.sign_in(&mut desk, "desk-1");
        bench.code(&mut desk, &session, S2, 0, NONCE);
    }
}

#[test]
fn limits_count_only_their_own() {
    let mut bench = Bench::new();
    bench.policy.limits.device.refuse_from = 1;
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    bench.code(&mut desk, &session, S2, 0, NONCE);
    bench.code(&mut desk, &session, Suite::P256Ecdsa, 0, [3; 14]);

    let mut bench = Bench::new();
    bench.policy.limits.operator.refuse_from = 1;
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    let second = bench.sign_in(&mut desk, "desk-2");
    bench.code(&mut desk, &session, S2, 0, NONCE);
    bench.code(&mut desk, &second, S2, 0, NONCE);

    let mut bench = Bench::new();
    bench.policy.limits.issuer.refuse_from = 1;
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    bench.code(&mut desk, &session, S2, 0, NONCE);
    bench.code(&mut desk, &session, Suite::P256Ecdsa, 0, [3; 14]);
}

#[test]
fn a_failed_signer_gives_no_limit_back_and_uses_the_request_up() {
    let bench = Bench::new();
    let mut desk = HelpDesk::open(
        bench.stores.ports(fido_unlock::desk::KeyRing::new()),
        bench.policy.clone(),
    )
    .unwrap();
    let session = bench.sign_in(&mut desk, "desk-1");
    let id = ready(&bench, &mut desk, &session);
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::KeyMissing);
    assert_eq!(bench.stores.limits.counted(), 1);
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::RequestUsed);
    let result = desk.done(&session, id);
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
}

#[test]
fn expired_request() {
    let (bench, mut desk, session) = started();
    let second = bench.sign_in(&mut desk, "desk-2");
    let id = ready(&bench, &mut desk, &session);
    bench.stores.clock.advance(600);
    desk.approve(&second, id).unwrap();
    bench.stores.clock.advance(1);
    let expired = ErrorCode::RequestExpired;
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, expired);
    let result = desk.approve(&second, id);
    assert_refused(&desk, result, expired);
    let result = desk.verify_caller(&session, id, &mut OneTimeCode::new("1", "1"));
    assert_refused(&desk, result, expired);
    let result = desk.enter_read_challenge(&session, id, &bench.challenge(S2, 0, NONCE));
    assert_refused(&desk, result, expired);
    let result = desk.set_reason(&session, id, "r");
    assert_refused(&desk, result, expired);
}

#[test]
fn used_request_also_after_a_restart() {
    let (bench, mut desk, session) = started();
    let (id, _) = bench.code(&mut desk, &session, S2, 0, NONCE);
    for _ in 0..2 {
        let result = desk.authorise(&session, id, &Delivery::Show);
        assert_refused(&desk, result, ErrorCode::RequestUsed);
        desk = bench.desk();
    }
    desk.abandon(&session, id).unwrap();
    let result = desk.abandon(&session, id);
    assert_refused(&desk, result, ErrorCode::RequestUsed);
    desk.done(&session, id).unwrap();
    let result = desk.done(&session, id);
    assert_refused(&desk, result, ErrorCode::RequestUsed);
    let result = desk.abandon(&session, id);
    assert_refused(&desk, result, ErrorCode::RequestUsed);
}

#[test]
fn unknown_request_and_another_operators() {
    let (bench, mut desk, session) = started();
    let second = bench.sign_in(&mut desk, "desk-2");
    let result = desk.authorise(&session, RequestId::counted(99_999), &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
    let id = ready(&bench, &mut desk, &session);
    let result = desk.authorise(&second, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
    let result = desk.done(&session, id);
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
    // A request dies with its process.
    let mut desk = bench.desk();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
}

// M-audit-5
#[test]
fn challenge_answered_for_another_device() {
    let (bench, mut desk, session) = started();
    let second = DeviceId::from_bytes([0x99; 10]);
    bench.put_device(second, &bench.alice, S2);
    let other = desk
        .open_request(&session, &bench.alice, &second, "r")
        .unwrap()
        .id;
    desk.verify_caller(&session, other, &mut OneTimeCode::new("1", "1"))
        .unwrap();
    let challenge = bench.challenge(S2, 0, NONCE);
    // Accepted before it is answered elsewhere, refused when the code is to be made.
    desk.enter_read_challenge(&session, other, &challenge).unwrap();
    bench.code(&mut desk, &session, S2, 0, NONCE);
    let result = desk.authorise(&session, other, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ChallengeElsewhere);
    assert_eq!(desk.alarms(&session).unwrap().len(), 1);
    let mut desk = bench.desk();
    let other = desk
        .open_request(&session, &bench.alice, &second, "r")
        .unwrap()
        .id;
    let result = desk.enter_read_challenge(&session, other, &challenge);
    assert_refused(&desk, result, ErrorCode::ChallengeElsewhere);
    assert_eq!(
        desk.alarms(&session).unwrap()[0].code,
        ErrorCode::ChallengeElsewhere
    );
    // For its own device it is answered again, under the limits.
    bench.code(&mut desk, &session, S2, 0, NONCE);
}

#[test]
fn counter_gone_back() {
    let (bench, mut desk, session) = started();
    let (id, _) = bench.code(&mut desk, &session, S2, 0, NONCE);
    desk.done(&session, id).unwrap();
    let result = bench.ready(&mut desk, &session, S2, 0, [3; 14]);
    assert_refused(&desk, result, ErrorCode::CounterWentBack);
    let mut desk = bench.desk();
    let result = bench.ready(&mut desk, &session, S2, 0, [3; 14]);
    assert_refused(&desk, result, ErrorCode::CounterWentBack);
    assert_eq!(desk.alarms(&session).unwrap().len(), 1);
    bench.ready(&mut desk, &session, S2, 1, [3; 14]).unwrap();
}

#[test]
fn counter_moved_without_done_until_an_administrator_acknowledges() {
    let (bench, mut desk, session) = started();
    bench.code(&mut desk, &session, S2, 0, NONCE);
    for _ in 0..2 {
        let result = bench.ready(&mut desk, &session, S2, 1, [3; 14]);
        assert_refused(&desk, result, ErrorCode::CounterMoved);
        desk = bench.desk();
    }
    let alarms = desk.alarms(&session).unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(
        (alarms[0].code, alarms[0].counter),
        (ErrorCode::CounterMoved, Some(1))
    );
    let result = desk.acknowledge(&session, alarms[0].id, "she had not reported it");
    assert_refused(&desk, result, ErrorCode::PrivilegeMissing);
    let admin = bench.sign_in(&mut desk, "admin");
    let result = desk.acknowledge(&admin, alarms[0].id, " ");
    assert_refused(&desk, result, ErrorCode::ReasonMissing);
    let result = desk.acknowledge(&admin, alarms[0].id + 1000, "note");
    assert_refused(&desk, result, ErrorCode::RequestUnknown);
    desk.acknowledge(&admin, alarms[0].id, "she had not reported it")
        .unwrap();
    let mut desk = bench.desk();
    assert!(desk.alarms(&session).unwrap().is_empty());
    assert!(desk.open_codes(&session, None).unwrap().is_empty());
    bench.ready(&mut desk, &session, S2, 1, [3; 14]).unwrap();
}

#[test]
fn wrong_suite_and_slot() {
    let (bench, mut desk, session) = started();
    let cases = [
        (S2, line(Suite::P256Ecdsa, SLOT_2), ErrorCode::ChallengeSuite),
        (S2, line(S2, SLOT_1), ErrorCode::ChallengeSlot),
        (Suite::P256Ecdsa, line(S2, SLOT_1), ErrorCode::ChallengeSuite),
        (
            Suite::P256Ecdsa,
            line(Suite::P256Ecdsa, 0),
            ErrorCode::ChallengeSlot,
        ),
        (Suite::AesAdminKey, line(S2, 0), ErrorCode::ChallengeSuite),
        (
            S2,
            bench.challenge(Suite::AesAdminKey, 0, NONCE),
            ErrorCode::ChallengeSuite,
        ),
    ];
    for (suite, challenge, code) in cases {
        let id = desk
            .open_request(&session, &bench.alice, &bench.device(suite), "r")
            .unwrap()
            .id;
        let result = desk.enter_read_challenge(&session, id, &challenge);
        assert_refused(&desk, result, code);
    }
}

fn line(suite: Suite, slot: u8) -> Challenge {
    Challenge::Line(DeviceChallenge::new(suite, slot, NONCE, 0).unwrap())
}

#[test]
fn a_typing_error_names_its_group() {
    let (bench, mut desk, session) = started();
    let id = desk
        .open_request(&session, &bench.alice, &bench.device(S2), "r")
        .unwrap()
        .id;
    let mut text = bench.challenge(S2, 0, NONCE).to_code();
    let wrong = if text.as_bytes()[5] == b'A' { "B" } else { "A" };
    text.replace_range(5..6, wrong);
    let result = desk.enter_challenge(&session, id, &text);
    assert!(
        result.as_ref().unwrap_err().to_string().contains("group 2"),
        "{result:?}"
    );
    assert_refused(&desk, result, ErrorCode::CodeCheck);
}

#[test]
fn clock_gone_back_also_after_a_restart() {
    let (bench, mut desk, session) = started();
    bench.stores.clock.advance(60);
    let id = ready(&bench, &mut desk, &session);
    bench.stores.clock.set(START + 60 - 2);
    desk.search(&session, "alice").unwrap();
    bench.stores.clock.set(START + 60 - 3);
    assert_service_refused(&bench, &mut desk, &session, id, ErrorCode::ClockWentBack);
    let result = desk.sign_in(session.operator(), "pw-desk-1");
    assert_refused(&desk, result, ErrorCode::ClockWentBack);
    let mut desk = bench.desk();
    let result = desk.search(&session, "alice");
    assert_refused(&desk, result, ErrorCode::ClockWentBack);
    // The refusals are in the log, and its time did not go back.
    desk.verify_audit(&[], None).unwrap();
    bench.stores.clock.set(START + 60);
    desk.search(&session, "alice").unwrap();
}

#[test]
fn a_clock_that_was_ahead_is_set_right_by_an_administrator() {
    let (bench, mut desk, _) = started();
    bench.stores.clock.advance(400 * DAY);
    let ahead = bench.sign_in(&mut desk, "desk-1");
    bench.stores.clock.set(START + 60);
    let result = desk.search(&ahead, "alice");
    assert_refused(&desk, result, ErrorCode::ClockWentBack);
    let id = |name| OperatorId::new(name).unwrap();
    let result = desk.accept_clock(&id("admin"), "wrong", "battery");
    assert_refused(&desk, result, ErrorCode::OperatorUnknown);
    let result = desk.accept_clock(&id("dsa"), "pw-dsa", "battery");
    assert_refused(&desk, result, ErrorCode::PrivilegeMissing);
    let result = desk.accept_clock(&id("admin"), "pw-admin", " ");
    assert_refused(&desk, result, ErrorCode::ReasonMissing);
    desk.accept_clock(&id("admin"), "pw-admin", "battery").unwrap();
    let mut desk = bench.desk();
    let result = desk.search(&ahead, "alice");
    assert_refused(&desk, result, ErrorCode::OperatorUnknown);
    let session = bench.sign_in(&mut desk, "desk-1");
    bench.code(&mut desk, &session, S2, 0, NONCE);
    desk.verify_audit(&[], None).unwrap();
}

fn new_device(bench: &Bench, byte: u8) -> NewDevice {
    NewDevice {
        id: DeviceId::from_bytes([byte; 10]),
        owner: bench.alice.clone(),
        slot: SLOT_2,
        keys: bench.keys(S2),
        admin_key: None,
        counter: Some(0),
        rotation: 0,
        other_slots: Vec::new(),
    }
}

fn new_aes_device(bench: &Bench, byte: u8, key: &[u8]) -> NewDevice {
    NewDevice {
        slot: 0,
        keys: DeviceKeys::AesAdminKey,
        admin_key: AdminKey::new(key),
        counter: None,
        ..new_device(bench, byte)
    }
}

// M-suites-6 M-suites-7
#[test]
fn default_and_shared_admin_keys() {
    let (bench, mut desk, _) = started();
    let dsa = bench.sign_in(&mut desk, "dsa");
    let result = desk.register_device(&dsa, &new_aes_device(&bench, 0x71, &[0; 32]));
    assert_refused(&desk, result, ErrorCode::AdminKeyDefault);
    let result = desk.register_device(&dsa, &new_aes_device(&bench, 0x71, &ADMIN_KEY));
    assert_refused(&desk, result, ErrorCode::AdminKeyShared);
    let mut own = ADMIN_KEY;
    own[0] ^= 1;
    desk.register_device(&dsa, &new_aes_device(&bench, 0x71, &own))
        .unwrap();
    let result = desk.register_device(&dsa, &new_aes_device(&bench, 0x72, &own));
    assert_refused(&desk, result, ErrorCode::AdminKeyShared);
}

#[test]
fn registration() {
    let (bench, mut desk, session) = started();
    let dsa = bench.sign_in(&mut desk, "dsa");
    let result = desk.register_device(
        &dsa,
        &NewDevice {
            owner: UserId::new("carol").unwrap(),
            ..new_device(&bench, 0x71)
        },
    );
    assert_refused(&desk, result, ErrorCode::UserUnknown);
    let result = desk.register_device(
        &dsa,
        &NewDevice {
            slot: SLOT_1,
            ..new_device(&bench, 0x71)
        },
    );
    assert_refused(&desk, result, ErrorCode::KeyMissing);
    let misfits = [
        NewDevice {
            slot: 16,
            ..new_device(&bench, 0x71)
        },
        NewDevice {
            counter: None,
            ..new_device(&bench, 0x71)
        },
        NewDevice {
            admin_key: AdminKey::new(&ADMIN_KEY),
            ..new_device(&bench, 0x71)
        },
        NewDevice {
            admin_key: None,
            ..new_aes_device(&bench, 0x71, &ADMIN_KEY)
        },
    ];
    for misfit in misfits {
        let result = desk.register_device(&dsa, &misfit);
        assert_refused(&desk, result, ErrorCode::InvalidArgument);
    }
    desk.register_device(&dsa, &new_device(&bench, 0x71)).unwrap();
    let result = desk.register_device(&dsa, &new_device(&bench, 0x71));
    assert_refused(&desk, result, ErrorCode::DeviceExists);

    let device = DeviceId::from_bytes([0x71; 10]);
    let open = desk.open_request(&session, &bench.alice, &device, "r").unwrap();
    let result = desk.open_request(&session, &bench.boss, &device, "r");
    assert_refused(&desk, result, ErrorCode::DeviceNotUsers);
    desk.retire_device(&dsa, &device).unwrap();
    let result = desk.enter_read_challenge(&session, open.id, &bench.challenge(S2, 0, NONCE));
    assert_refused(&desk, result, ErrorCode::DeviceRetired);
    let result = desk.open_request(&session, &bench.alice, &device, "r");
    assert_refused(&desk, result, ErrorCode::DeviceRetired);
    let result = desk.retire_device(&dsa, &device);
    assert_refused(&desk, result, ErrorCode::DeviceRetired);
}

#[test]
fn unknown_user_and_device() {
    let (bench, mut desk, session) = started();
    let nobody = UserId::new("carol").unwrap();
    let nothing = DeviceId::from_bytes([0xEE; 10]);
    let result = desk.open_request(&session, &nobody, &bench.device(S2), "r");
    assert_refused(&desk, result, ErrorCode::UserUnknown);
    let result = desk.open_request(&session, &bench.alice, &nothing, "r");
    assert_refused(&desk, result, ErrorCode::DeviceUnknown);
    let result = desk.find_device(&session, &nothing);
    assert_refused(&desk, result, ErrorCode::DeviceUnknown);
    let dsa = bench.sign_in(&mut desk, "dsa");
    let result = desk.retire_device(&dsa, &nothing);
    assert_refused(&desk, result, ErrorCode::DeviceUnknown);
}

#[test]
fn rotation_is_recorded_and_retired_keys_serve_only_old_devices() {
    let bench = Bench::new();
    let mut ring = bench.ring();
    ring.rotate(SLOT_2, issuer_key(S2, 0x44)).unwrap();
    let mut desk = HelpDesk::open(bench.stores.ports(ring), bench.policy.clone()).unwrap();
    let session = bench.sign_in(&mut desk, "desk-1");
    let dsa = bench.sign_in(&mut desk, "dsa");
    // A device that was not rotated yet is still served by the retired key.
    let (_, code) = bench.code(&mut desk, &session, S2, 0, NONCE);
    assert!(bench.device_accepts(S2, &bench.challenge(S2, 0, NONCE), &code));
    // A new one is not registered under it.
    let result = desk.register_device(&dsa, &new_device(&bench, 0x71));
    assert_refused(&desk, result, ErrorCode::KeyRetired);

    let device = bench.device(S2);
    let new = issuer_key(S2, 0x44).public().unwrap();
    let result = desk.record_rotation(&dsa, &device, new, 2);
    assert_refused(&desk, result, ErrorCode::InvalidArgument);
    let unknown = issuer_key(S2, 0x55).public().unwrap();
    let result = desk.record_rotation(&dsa, &device, unknown, 1);
    assert_refused(&desk, result, ErrorCode::KeyMissing);
    assert_eq!(desk.open_codes(&session, None).unwrap().len(), 1);
    desk.record_rotation(&dsa, &device, new, 1).unwrap();
    assert!(desk.open_codes(&session, None).unwrap().is_empty());
    let (_, code) = bench.code(&mut desk, &session, S2, 0, [4; 14]);
    assert!(!bench.device_accepts(S2, &bench.challenge(S2, 0, [4; 14]), &code));
    let kept = bench.stores.directory.device(&device).unwrap().unwrap();
    assert_eq!((kept.rotation, kept.keys.issuer()), (1, Some(&new)));
}

#[test]
fn channel_unusable() {
    let (bench, mut desk, session) = started();
    let admin = bench.sign_in(&mut desk, "admin");
    let id = ready(&bench, &mut desk, &session);
    let unusable = ErrorCode::ChannelUnusable;
    let to = |id: &str| Delivery::Channel(id.into());
    let result = desk.authorise(&session, id, &to("typed@corp.example"));
    assert_refused(&desk, result, unusable);
    assert_eq!(bench.stores.limits.counted(), 0);

    let mut user = bench.stores.directory.user(&bench.alice).unwrap().unwrap();
    user.channels.push(Channel {
        id: "phone".into(),
        kind: ChannelKind::TextMessage,
        address: "+00 1".into(),
        changed_at: UnixTime(START - 300 * DAY),
    });
    desk.put_user(&admin, user.clone()).unwrap();
    let result = desk.authorise(&session, id, &to("phone"));
    assert_refused(&desk, result, unusable);

    // The old channel has rested; it is still good after the change of the other one.
    let given = desk.authorise(&session, id, &to("mail")).unwrap();
    assert!(matches!(given, GivenCode::Sent { channel } if channel == "mail"));
    let sent = bench.stores.outbox.codes();
    assert_eq!(sent[0].0, "alice@corp.example");

    user = bench.stores.directory.user(&bench.alice).unwrap().unwrap();
    user.channels[0].address = "mallory@elsewhere.example".into();
    desk.put_user(&admin, user).unwrap();
    let id = ready(&bench, &mut desk, &session);
    let result = desk.authorise(&session, id, &to("mail"));
    assert_refused(&desk, result, unusable);
    bench.stores.clock.advance(7 * DAY);
    let session = bench.sign_in(&mut desk, "desk-1");
    let id = ready(&bench, &mut desk, &session);
    desk.authorise(&session, id, &to("phone")).unwrap();

    let mut ports = bench.stores.ports(bench.ring());
    ports.delivery = None;
    let mut desk = HelpDesk::open(ports, bench.policy.clone()).unwrap();
    let id = ready(&bench, &mut desk, &session);
    let result = desk.authorise(&session, id, &to("phone"));
    assert_refused(&desk, result, unusable);
}

#[test]
fn a_code_that_could_not_be_sent_stays_open() {
    let (bench, mut desk, session) = started();
    let id = ready(&bench, &mut desk, &session);
    bench.stores.outbox.set_broken(true);
    let result = desk.authorise(&session, id, &Delivery::Channel("mail".into()));
    assert_refused(&desk, result, ErrorCode::HostFailed);
    assert_eq!(desk.open_codes(&session, None).unwrap()[0].request, id);
    // A notice that fails is recorded and holds nothing up.
    let (_, code) = bench.code(&mut desk, &session, S2, 0, NONCE);
    drop(code);
    let entries = desk.audit_entries().unwrap();
    let failed = fido_unlock::desk::audit::AuditEvent::NoticeFailed;
    assert!(entries.iter().any(|(entry, _)| entry.event == failed));
}

#[test]
fn reason_missing() {
    let (bench, mut desk, session) = started();
    let id = ready(&bench, &mut desk, &session);
    desk.set_reason(&session, id, "  ").unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::ReasonMissing);
    desk.set_reason(&session, id, "ticket 18").unwrap();
    desk.authorise(&session, id, &Delivery::Show).unwrap();
}

#[test]
fn no_challenge() {
    let (bench, mut desk, session) = started();
    let id = desk
        .open_request(&session, &bench.alice, &bench.device(S2), "r")
        .unwrap()
        .id;
    desk.verify_caller(&session, id, &mut OneTimeCode::new("1", "1"))
        .unwrap();
    let result = desk.authorise(&session, id, &Delivery::Show);
    assert_refused(&desk, result, ErrorCode::WrongState);
}

// M-audit-6
#[test]
fn a_code_once_shown_is_open_until_counter_or_challenge_move_on() {
    let (bench, mut desk, session) = started();
    let (first, _) = bench.code(&mut desk, &session, S2, 0, NONCE);
    desk.abandon(&session, first).unwrap();
    bench.stores.clock.advance(30 * DAY);
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    // Abandoned and a month old: still good on the device, and shown with the next request.
    let request = desk
        .open_request(&session, &bench.alice, &bench.device(S2), "r")
        .unwrap();
    assert_eq!(request.open_codes.len(), 1);
    assert_eq!(request.open_codes[0].request, first);
    desk.enter_read_challenge(&session, request.id, &bench.challenge(S2, 0, [3; 14]))
        .unwrap();
    assert!(desk.open_codes(&session, None).unwrap().is_empty());
}

/// A device has one nonce for all its slots and suites: another slot's challenge of it makes no code void, and one
/// that was answered for one device is answered for every suite.
// M-audit-5 M-audit-6
#[test]
fn challenges_are_told_apart_by_their_nonce() {
    let aes = Suite::AesAdminKey;
    let (bench, mut desk, session) = started();
    let (first, _) = bench.code(&mut desk, &session, aes, 0, NONCE);
    let Challenge::Aes(shown) = bench.challenge(aes, 0, NONCE) else {
        panic!()
    };
    let mut of_slot_5 = *shown.as_bytes();
    of_slot_5[15] = of_slot_5[15] & 0xF0 | 5;
    let of_slot_5 = Challenge::from_bytes(aes, &of_slot_5).unwrap();
    for challenge in [of_slot_5, Challenge::Aes(shown)] {
        let device = bench.device(aes);
        let request = desk
            .open_request(&session, &bench.alice, &device, "r")
            .unwrap()
            .id;
        desk.enter_read_challenge(&session, request, &challenge).unwrap();
        let open = desk.open_codes(&session, None).unwrap();
        assert_eq!(open.len(), 1, "{challenge:?}");
    }
    let result = bench.ready(&mut desk, &session, S2, 0, NONCE);
    assert_refused(&desk, result, ErrorCode::ChallengeElsewhere);
    // The unlock has spent the nonce; so it is in a desk that reads the log anew.
    desk.done(&session, first).unwrap();
    assert!(desk.open_codes(&session, None).unwrap().is_empty());
    let mut desk = bench.desk();
    let session = bench.sign_in(&mut desk, "desk-1");
    assert!(desk.open_codes(&session, None).unwrap().is_empty());
}

#[test]
fn the_log_holds_no_code_and_the_search_for_it_finds_one() {
    for suite in [Suite::P256Ecdsa, S2, Suite::AesAdminKey] {
        let (bench, mut desk, session) = started();
        let (_, code) = bench.code(&mut desk, &session, suite, 0, NONCE);
        let bytes = code.expose_bytes();
        let mut raw = Vec::new();
        bench.stores.audit_log.tamper(|entries| raw = entries.concat());
        let holds = |raw: &[u8]| raw.windows(bytes.len()).any(|window| window == bytes);
        assert!(!holds(&raw), "{suite:?}");
        let typed = code.expose_code();
        assert!(!String::from_utf8_lossy(&raw).contains(typed.as_str()));
        raw.extend_from_slice(bytes);
        assert!(holds(&raw));
    }
}
