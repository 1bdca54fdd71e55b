//! Passkeys that are being asked for. What a browser has to answer stays here; its page has only a number that says which
//! it is. Each is taken out by the first answer, so that none is looked at twice. Whoever begins many pushes out their own:
//! nobody who has signed in waits for the room of those who have not, and no network for another's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fido_unlock::ErrorCode;
use fido_unlock::desk::{BegunAssertion, BegunPasskey, OperatorId};
use fido_unlock::ports::Entropy;
use getrandom::SysRng;
use sha2::{Digest, Sha256};

use crate::guesses::Network;

/// The most that are kept of those who have signed in, and of those who have not. How long each is good, the desk says.
const MOST: usize = 5_000;
/// The most that are kept of one network, which may be an office.
const OF_NETWORK: usize = 200;
/// The most that are kept of one operator.
const OF_OPERATOR: usize = 10;

/// One.
pub(crate) enum Ceremony {
    /// Somebody signs in.
    SignIn(BegunAssertion),
    /// Somebody who is signed in confirms that it is they.
    Confirm(BegunAssertion),
    /// Somebody adds a passkey.
    Add(BegunPasskey),
}

/// Those of some, each of whom has a bound: by the hash of their number, oldest first.
struct Table<W, C> {
    of_one: usize,
    kept: VecDeque<([u8; 32], W, C)>,
}

impl<W: Ord + Clone, C> Table<W, C> {
    const fn new(of_one: usize) -> Self {
        Self {
            of_one,
            kept: VecDeque::new(),
        }
    }

    fn put(&mut self, key: [u8; 32], whose: W, ceremony: C) {
        let mut counts: BTreeMap<&W, usize> = BTreeMap::new();
        for (_, own, _) in &self.kept {
            *counts.entry(own).or_default() += 1;
        }
        let own = counts.get(&whose).copied().unwrap_or_default();
        let goes = if own >= self.of_one {
            Some(whose.clone())
        } else if self.kept.len() >= MOST {
            let most = counts.into_iter().max_by_key(|(_, count)| *count);
            most.map(|(whose, _)| whose.clone())
        } else {
            None
        };
        let place = goes.and_then(|goes| self.kept.iter().position(|(_, own, _)| *own == goes));
        place.and_then(|place| self.kept.remove(place));
        self.kept.push_back((key, whose, ceremony));
    }

    fn take(&mut self, key: &[u8; 32]) -> Option<C> {
        let place = self.kept.iter().position(|(own, ..)| own == key)?;
        self.kept.remove(place).map(|(.., ceremony)| ceremony)
    }
}

/// All of them.
pub(crate) struct Ceremonies(Mutex<Tables>);

struct Tables {
    by_network: Table<Network, Ceremony>,
    by_operator: Table<OperatorId, Ceremony>,
}

impl Default for Ceremonies {
    fn default() -> Self {
        Self(Mutex::new(Tables {
            by_network: Table::new(OF_NETWORK),
            by_operator: Table::new(OF_OPERATOR),
        }))
    }
}

impl Ceremonies {
    /// Keeps one of somebody who has not signed in; gives its number.
    pub(crate) fn begin_from(&self, from: Network, ceremony: Ceremony) -> Result<String, ErrorCode> {
        let number = new_number()?;
        self.all().by_network.put(key(&number), from, ceremony);
        Ok(number)
    }

    /// Keeps one of an operator who has signed in; gives its number.
    pub(crate) fn begin_of(&self, operator: &OperatorId, ceremony: Ceremony) -> Result<String, ErrorCode> {
        let number = new_number()?;
        let mut all = self.all();
        all.by_operator.put(key(&number), operator.clone(), ceremony);
        Ok(number)
    }

    /// Takes it out.
    pub(crate) fn take(&self, number: &str) -> Option<Ceremony> {
        let (key, mut all) = (key(number), self.all());
        let of_operator = all.by_operator.take(&key);
        of_operator.or_else(|| all.by_network.take(&key))
    }

    fn all(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_number() -> Result<String, ErrorCode> {
    let mut bytes = [0; 16];
    SysRng.fill(&mut bytes).map_err(|_| ErrorCode::EntropyFailed)?;
    Ok(base16ct::lower::encode_string(&bytes))
}

fn key(number: &str) -> [u8; 32] {
    Sha256::digest(number).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: usize) -> [u8; 32] {
        key(&number.to_string())
    }

    #[test]
    fn who_begins_many_pushes_out_their_own() {
        let mut table = Table::new(3);
        table.put(number(0), "office", 0);
        for other in 1..=4 {
            table.put(number(other), "attacker", other);
        }
        assert_eq!(table.take(&number(0)), Some(0));
        assert_eq!(table.take(&number(1)), None);
        assert_eq!(table.take(&number(2)), Some(2));
        assert_eq!(table.take(&number(2)), None);
    }

    /// Where there is no room at all, it is whoever has most that makes room.
    #[test]
    fn many_who_begin_few_push_out_nobody_who_began_one() {
        let mut table = Table::new(OF_NETWORK);
        table.put(number(0), 0, 0);
        for other in 1..MOST {
            table.put(number(other), other.div_ceil(100), other);
        }
        for other in MOST..MOST + 500 {
            table.put(number(other), other, other);
        }
        assert_eq!(table.kept.len(), MOST);
        assert_eq!(table.take(&number(0)), Some(0));
        assert_eq!(table.take(&number(MOST)), Some(MOST));
    }
}
