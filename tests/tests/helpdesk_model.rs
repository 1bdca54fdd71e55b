//! Whatever operators do in whatever order, with restarts, failing writes and a moving clock: the
//! log stays whole, no code is given without its record or past a limit, and a restart forgets
//! nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod helpdesk_bench;

use std::collections::BTreeMap;

use fido_unlock::desk::audit::AuditEvent;
use fido_unlock::desk::{Delivery, DeskError, GivenCode, HelpDesk, OperatorSession, RequestId};
use fido_unlock::{DeviceId, ErrorCode, HasCode, Suite};
use fido_unlock_mock::desk::OneTimeCode;
use helpdesk_bench::Bench;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Open {
        operator: usize,
        suite: Suite,
    },
    Verify {
        operator: usize,
        request: usize,
        right: bool,
    },
    Challenge {
        operator: usize,
        request: usize,
        suite: Suite,
        counter: u32,
        nonce: u8,
    },
    Approve {
        operator: usize,
        request: usize,
    },
    Authorise {
        operator: usize,
        request: usize,
    },
    Done {
        operator: usize,
        request: usize,
    },
    Abandon {
        operator: usize,
        request: usize,
    },
    Acknowledge,
    Advance(u64),
    Restart,
    FailAfter(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let suite = prop_oneof![
        3 => Just(Suite::P256EcdhMac),
        1 => Just(Suite::P256Ecdsa),
        1 => Just(Suite::AesAdminKey)
    ];
    let at = || (0..2_usize, 0..4_usize);
    prop_oneof![
        4 => (0..2_usize, suite.clone()).prop_map(|(operator, suite)| Op::Open { operator, suite }),
        4 => (at(), prop::bool::weighted(0.8)).prop_map(|((operator, request), right)| Op::Verify {
            operator, request, right
        }),
        4 => (at(), suite, 0..3_u32, 0..3_u8).prop_map(|((operator, request), suite, counter, nonce)| {
            Op::Challenge { operator, request, suite, counter, nonce }
        }),
        1 => at().prop_map(|(operator, request)| Op::Approve { operator, request }),
        5 => at().prop_map(|(operator, request)| Op::Authorise { operator, request }),
        2 => at().prop_map(|(operator, request)| Op::Done { operator, request }),
        1 => at().prop_map(|(operator, request)| Op::Abandon { operator, request }),
        1 => Just(Op::Acknowledge),
        1 => (0..400_u64).prop_map(Op::Advance),
        1 => Just(Op::Restart),
        1 => (0..5_u64).prop_map(Op::FailAfter),
    ]
}

struct Run {
    bench: Bench,
    desk: HelpDesk,
    sessions: Vec<OperatorSession>,
    admin: OperatorSession,
    requests: Vec<RequestId>,
    shown: BTreeMap<RequestId, [u8; 32]>,
}

impl Run {
    fn new() -> Self {
        let bench = Bench::new();
        let mut desk = bench.desk();
        let sessions = ["desk-1", "desk-2"]
            .map(|name| bench.sign_in(&mut desk, name))
            .into();
        let admin = bench.sign_in(&mut desk, "admin");
        Self {
            bench,
            desk,
            sessions,
            admin,
            requests: Vec::new(),
            shown: BTreeMap::new(),
        }
    }

    /// The newest requests, counted from the last.
    fn request(&self, back: usize) -> RequestId {
        self.requests
            .iter()
            .rev()
            .nth(back)
            .copied()
            .unwrap_or(RequestId::counted(u64::MAX))
    }

    fn step(&mut self, op: &Op) -> Result<(), DeskError> {
        match *op {
            Op::Open { operator, suite } => {
                let device = self.bench.device(suite);
                let opened =
                    self.desk
                        .open_request(&self.sessions[operator], &self.bench.alice, &device, "r")?;
                self.requests.push(opened.id);
            }
            Op::Verify {
                operator,
                request,
                right,
            } => {
                let mut verifier = OneTimeCode::new("1", if right { "1" } else { "2" });
                let id = self.request(request);
                self.desk
                    .verify_caller(&self.sessions[operator], id, &mut verifier)?;
            }
            Op::Challenge {
                operator,
                request,
                suite,
                counter,
                nonce,
            } => {
                let challenge = self.bench.challenge(suite, counter, [nonce; 14]);
                let id = self.request(request);
                self.desk
                    .enter_challenge(&self.sessions[operator], id, &challenge.to_code())?;
            }
            Op::Approve { operator, request } => {
                self.desk
                    .approve(&self.sessions[operator], self.request(request))?;
            }
            Op::Authorise { operator, request } => {
                let id = self.request(request);
                let given = self
                    .desk
                    .authorise(&self.sessions[operator], id, &Delivery::Show)?;
                let GivenCode::Shown(code) = given else {
                    panic!("sent")
                };
                assert!(
                    self.shown.insert(id, code.sha256()).is_none(),
                    "a request served twice"
                );
            }
            Op::Done { operator, request } => {
                self.desk.done(&self.sessions[operator], self.request(request))?;
            }
            Op::Abandon { operator, request } => {
                self.desk
                    .abandon(&self.sessions[operator], self.request(request))?;
            }
            Op::Acknowledge => {
                for alarm in self.desk.alarms(&self.admin)? {
                    self.desk.acknowledge(&self.admin, alarm.id, "seen")?;
                }
            }
            Op::Advance(seconds) => self.bench.stores.clock.advance(seconds),
            Op::Restart => {
                self.bench.stores.faults.clear();
                self.desk = self.bench.desk();
            }
            Op::FailAfter(good) => self.bench.stores.faults.fail_after(good),
        }
        Ok(())
    }

    fn check(&mut self) {
        self.bench.stores.faults.clear();
        self.desk.verify_audit(&[], None).unwrap();
        let entries = self.desk.audit_entries().unwrap();
        let of = |event| {
            entries
                .iter()
                .map(|(entry, _)| entry)
                .filter(move |entry| entry.event == event)
        };
        for (id, hash) in &self.shown {
            let made: Vec<_> = of(AuditEvent::CodeMade)
                .filter(|entry| entry.request == Some(*id))
                .collect();
            assert_eq!(made.len(), 1);
            assert_eq!(made[0].code_sha256, Some(*hash));
            let verified = of(AuditEvent::CallerVerified).any(|entry| entry.request == Some(*id));
            let challenged = of(AuditEvent::ChallengeAccepted).any(|entry| entry.request == Some(*id));
            assert!(verified && challenged);
        }
        let mut per_device: BTreeMap<DeviceId, u32> = BTreeMap::new();
        let mut answered: BTreeMap<Vec<u8>, DeviceId> = BTreeMap::new();
        for entry in of(AuditEvent::Authorised) {
            let device = entry.device.unwrap();
            *per_device.entry(device).or_default() += 1;
            let first = answered.entry(entry.challenge.clone().unwrap()).or_insert(device);
            assert_eq!(*first, device);
            assert!(entry.second_operator.as_ref() != entry.operator.as_ref());
        }
        let limit = self.bench.policy.limits.device.refuse_from;
        assert!(per_device.values().all(|count| *count <= limit));

        let open = self.desk.open_codes(&self.admin, None).unwrap();
        let alarms = self.desk.alarms(&self.admin).unwrap();
        let mut again = self.bench.desk();
        assert_eq!(again.open_codes(&self.admin, None).unwrap(), open);
        assert_eq!(again.alarms(&self.admin).unwrap(), alarms);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_steps(ops in prop::collection::vec(op(), 1..80)) {
        let mut run = Run::new();
        for op in &ops {
            let before = run.desk.audit_entries().unwrap().len();
            if let Err(error) = run.step(op) {
                let entries = run.desk.audit_entries().unwrap();
                let last = &entries.last().unwrap().0;
                if error.code() != ErrorCode::StoreWrite {
                    prop_assert!(entries.len() > before);
                    prop_assert_eq!(last.event, AuditEvent::Refused);
                    prop_assert_eq!(last.error, Some(error.code().number()));
                }
            }
        }
        run.check();
    }
}

/// The random steps do reach codes, so that the properties above are about something.
#[test]
fn the_steps_reach_codes() {
    let mut run = Run::new();
    let (operator, request, suite) = (0, 0, Suite::P256EcdhMac);
    let steps = [
        Op::Open { operator, suite },
        Op::Verify {
            operator,
            request,
            right: true,
        },
        Op::Challenge {
            operator,
            request,
            suite,
            counter: 0,
            nonce: 1,
        },
        Op::Authorise { operator, request },
    ];
    for step in &steps {
        run.step(step).unwrap();
    }
    assert_eq!(run.shown.len(), 1);
    run.check();
}
