//! An operator says that the caller is not the user.

use fido_unlock::ErrorCode;
use fido_unlock::desk::ports::NoticeKind;
use fido_unlock::desk::record::DeskEvent;
use fido_unlock::desk::{CodeOutcome, NextCode, Privilege};

use crate::house::{ADMIN, ANNA, BERT, DAY, House, MINUTE, challenge, code_of, device, operator_id, user_id};

const HEARD: &str = "called back: zoe has not called";

/// The alarm is there, and the log has what was heard.
#[track_caller]
fn assert_alarm(house: &mut House, reports: usize) {
    let admin = house.sign_in(ADMIN);
    let alarms = house.desk.alarms(&admin, 0, 10).unwrap();
    let alarms: Vec<_> = alarms.iter().map(|alarm| (alarm.code, alarm.device)).collect();
    assert_eq!(alarms, [(ErrorCode::CallerDenied, Some(device(1)))]);
    assert_eq!(house.count(DeskEvent::CallerReported), reports);
    house.desk.verify_audit(&[]).unwrap();
}

/// The texts that stand beside the reports of the log.
fn heard(house: &mut House) -> Vec<Option<String>> {
    let auditor = house.operator("auditor", &[Privilege::Audit]);
    house.later(DAY);
    let auditor = house.sign_in(auditor);
    let entries = house.desk.audit_entries(&auditor, 0, 10_000).unwrap();
    let reports = entries
        .into_iter()
        .filter(|shown| shown.entry.event == DeskEvent::CallerReported);
    reports.map(|shown| shown.text).collect()
}

#[test]
fn it_ends_the_call_with_an_alarm_and_what_was_heard() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.refused(ErrorCode::ReasonMissing, |desk| {
        desk.report_impostor(&anna, id, " ")
    });
    assert!(house.desk.request(&anna, id).unwrap().lives);
    house.desk.report_impostor(&anna, id, HEARD).unwrap();
    let call = house.desk.request(&anna, id).unwrap();
    assert!(!call.lives && call.code.is_none());
    assert_eq!(call.reported_by, Some(operator_id(ANNA.0)));
    // It is over for everybody, and said once.
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerDenied);
    assert_eq!(code_of(house.desk.take_over(&bert, id)), ErrorCode::CallerDenied);
    house.refused(ErrorCode::CallerDenied, |desk| {
        desk.enter_challenge(&anna, id, &challenge(0xA1, 0))
    });
    house.refused(ErrorCode::CallerDenied, |desk| {
        desk.report_impostor(&bert, id, HEARD)
    });
    house.refused(ErrorCode::RequestUsed, |desk| desk.abandon(&anna, id));
    assert_eq!(house.count(DeskEvent::Abandoned), 1);
    assert_alarm(&mut house, 1);
    assert_eq!(heard(&mut house), [Some(HEARD.to_owned())]);
}

#[test]
fn a_code_that_was_given_stays_in_the_list() {
    let mut house = House::new();
    let (anna, bert) = (house.sign_in(ANNA), house.sign_in(BERT));
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.desk.report_impostor(&bert, id, HEARD).unwrap();
    let call = house.desk.request(&anna, id).unwrap();
    assert_eq!(call.code, Some(CodeOutcome::Abandoned));
    let open = house.desk.open_codes(&anna, &device(1)).unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].request, open[0].outcome), (id, CodeOutcome::Abandoned));
    // Nobody is shown it again.
    assert_eq!(code_of(house.code(&anna, id)), ErrorCode::CallerDenied);
    while house.desk.send_notice().unwrap() {}
    let notices = house.world.outbox.notices();
    assert_eq!(
        notices.last().map(|notice| notice.kind),
        Some(NoticeKind::Abandoned)
    );
    assert_alarm(&mut house, 1);
}

#[test]
fn it_is_said_late_too_but_not_of_an_unlock_that_is_done() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.open(&anna, 1);
    house.desk.abandon(&anna, id).unwrap();
    house.desk.report_impostor(&anna, id, HEARD).unwrap();
    assert_eq!(house.count(DeskEvent::Abandoned), 1);
    let id = house.open(&anna, 1);
    house.later(DAY);
    let anna = house.sign_in(ANNA);
    house.desk.report_impostor(&anna, id, HEARD).unwrap();
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.desk.done(&anna, id).unwrap();
    house.refused(ErrorCode::RequestUsed, |desk| {
        desk.report_impostor(&anna, id, HEARD)
    });
    // The alarm that stands is the same one.
    assert_alarm(&mut house, 2);
}

#[test]
fn of_a_user_who_was_erased_nothing_is_written_down() {
    let mut house = House::new();
    let (anna, admin) = (house.sign_in(ANNA), house.sign_in(ADMIN));
    let id = house.open(&anna, 1);
    house.desk.retire_device(&admin, &device(1)).unwrap();
    house.desk.erase_user(&admin, &user_id("zoe")).unwrap();
    house.refused(ErrorCode::UserUnknown, |desk| {
        desk.report_impostor(&anna, id, HEARD)
    });
    assert_eq!(house.count(DeskEvent::CallerReported), 0);
}

#[test]
fn the_devices_day_is_told_to_whoever_sees_the_call() {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let reader = house.operator("reader", &[Privilege::Audit]);
    let first = house.ready(&anna, 1, 0xA1, 0);
    let nothing = house.desk.device_day(&anna, first).unwrap();
    assert_eq!((nothing.codes, nothing.next_code), (0, NextCode::Free));
    house.code(&anna, first).unwrap();
    // Its own code is none of another call.
    assert_eq!(house.desk.device_day(&anna, first).unwrap().codes, 0);
    let second = house.ready(&anna, 1, 0xA2, 0);
    assert_eq!(
        house.desk.device_day(&anna, second).unwrap().next_code,
        NextCode::Free
    );
    house.code(&anna, second).unwrap();
    for reported in [false, true, true] {
        let id = house.open(&anna, 1);
        house.later(MINUTE);
        if reported {
            house.desk.report_impostor(&anna, id, HEARD).unwrap();
        } else {
            house.desk.abandon(&anna, id).unwrap();
        }
    }
    let id = house.open(&anna, 1);
    let last = house.desk.device_day(&anna, id).unwrap();
    assert_eq!(
        (last.codes, last.given_up, last.reported, last.denied),
        (2, 1, 2, 0)
    );
    assert!(last.reported_at.is_some() && last.denied_at.is_none());
    assert_eq!(last.next_code, NextCode::Second(2));
    // Another device has had nothing.
    let other = house.open(&anna, 2);
    assert_eq!(house.desk.device_day(&anna, other).unwrap(), nothing);
    house.later(DAY + MINUTE);
    let reader = house.sign_in(reader);
    let refused = house.desk.device_day(&reader, id);
    assert_eq!(code_of(refused), ErrorCode::PrivilegeMissing);
    let anna = house.sign_in(ANNA);
    let next = house.desk.device_day(&anna, id).unwrap();
    assert_eq!((next.codes, next.given_up, next.reported), (0, 0, 0));
}
