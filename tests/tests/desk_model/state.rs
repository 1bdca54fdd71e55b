//! A state of the desk: what the store holds, what is in flight, what is remembered; and what makes two states one.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use fido_unlock::desk::ports::{ApprovalError, CallerError, Table};
use fido_unlock::desk::{Approval, BegunAsk, BegunCheck, OperatorSession, VerifiedCaller};
use fido_unlock_mock::desk::StoreContent;
use sha2::{Digest, Sha256};

use crate::act::Who;
use crate::ghost::{Ask, Check, Ghost};

/// What an instance waits for, and what it will go on with.
#[derive(Clone, Debug)]
pub enum Flight {
    Check {
        begun: BegunCheck,
        request: usize,
        by: Who,
        check: Check,
        answer: Arc<Result<VerifiedCaller, CallerError>>,
        from: Begun,
    },
    Ask {
        begun: BegunAsk,
        request: usize,
        by: Who,
        ask: Ask,
        answer: Arc<Result<Approval, ApprovalError>>,
        from: Begun,
    },
    Code {
        /// The store as it was, and when: the same call is made again, and when it asks the signer, the store is as it
        /// is by then.
        before: Arc<StoreContent>,
        then: u64,
        seed: [u8; 32],
        by: Who,
        session: OperatorSession,
        request: usize,
        mail: bool,
        rotation: u32,
        from: Begun,
    },
}

/// As what it began, as far as it matters at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Begun {
    /// Since when its operator was signed in.
    pub session: u64,
    /// How often the request was changed before.
    pub changes: u8,
}

impl Hash for Flight {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Check {
                request,
                by,
                check,
                from,
                ..
            } => (0, request, by, check, from).hash(state),
            Self::Ask {
                request,
                by,
                ask,
                from,
                ..
            } => (1, request, by, ask, from).hash(state),
            Self::Code {
                by,
                request,
                mail,
                rotation,
                from,
                ..
            } => (2, by, request, mail, rotation, from).hash(state),
        }
    }
}

#[derive(Clone)]
pub struct State {
    pub content: Arc<StoreContent>,
    pub sessions: [OperatorSession; 2],
    pub flights: [Option<Flight>; 2],
    pub ghost: Ghost,
}

/// Rows that no decision reads, or that only say in which order things happened.
const fn is_incidental(table: Table) -> bool {
    matches!(
        table,
        Table::Announcements | Table::Texts | Table::Outbox | Table::Queues
    )
}

impl State {
    /// What makes two states one: rows, what is in flight, what is remembered. The log and places in it do not.
    pub fn key(&self) -> ([u8; 32], u64) {
        let mut rows = Sha256::new();
        for ((table, key), (row, _)) in &self.content.rows {
            if !is_incidental(*table) {
                rows.update([table.number(), key.len() as u8]);
                rows.update(key);
                rows.update((row.len() as u32).to_be_bytes());
                rows.update(row);
            }
        }
        let mut rest = DefaultHasher::new();
        self.ghost.hash(&mut rest);
        self.flights.hash(&mut rest);
        (rows.finalize().into(), rest.finish())
    }
}

/// The rows that a refusal may not change.
pub fn rows(state: &State) -> impl Iterator<Item = (&(Table, Vec<u8>), &Vec<u8>)> {
    let rows = state.content.rows.iter().map(|(key, (row, _))| (key, row));
    rows.filter(|((table, _), _)| {
        !is_incidental(*table) && !matches!(table, Table::Alarms | Table::StandingAlarms)
    })
}
