//! Flash memory whose power can be cut at any write or byte, and a two-bank journal on it.
//!
//! A commit erases the older bank, programs the payload page by page and the header last. The header
//! carries a generation and a SHA-256 over everything, so a bank is wholly valid or not at all, and
//! the newest valid one is the state. A torn bank is erased when power comes back; that recovery can
//! be cut too.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes that one program operation writes at most, and that one erase operation clears.
pub const PAGE: usize = 256;
/// Bytes in a bank, the header's page included.
pub const BANK: usize = 64 * 1024;

const ERASED: [u8; PAGE] = [0xFF; PAGE];
const MAGIC: [u8; 4] = *b"FUJ1";
const HEADER: usize = 44;

/// Where power is lost, counted from [`Flash::arm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before this many further write operations have been done; 0 is before the next one.
    AtWrite(u64),
    /// After this many further bytes, in the middle of an operation; 0 is before the next byte.
    AtByte(u64),
}

/// Why flash did not do as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlashError {
    /// There is no power (any more).
    #[error("the flash has no power")]
    PowerLost,
    /// The payload is larger than a bank.
    #[error("the flash is full")]
    Full,
}

/// The memory.
#[derive(Clone)]
pub struct Flash {
    memory: Zeroizing<Vec<u8>>,
    bank_size: usize,
    powered: bool,
    cut: Option<Cut>,
    writes: u64,
    bytes: u64,
}

/// A valid bank: which one, its generation and its payload.
struct Valid<'a> {
    bank: usize,
    generation: u32,
    payload: &'a [u8],
}

impl Default for Flash {
    fn default() -> Self {
        Self::new()
    }
}

impl Flash {
    /// Two erased banks, with power.
    #[must_use]
    pub fn new() -> Self {
        Self::with_bank_size(BANK)
    }

    fn with_bank_size(bank_size: usize) -> Self {
        Self {
            memory: Zeroizing::new(vec![0xFF; 2 * bank_size]),
            bank_size,
            powered: true,
            cut: None,
            writes: 0,
            bytes: 0,
        }
    }

    /// From what [`Flash::image`] gave; bytes past the second bank are ignored.
    #[must_use]
    pub fn from_image(banks: [&[u8]; 2]) -> Self {
        let mut flash = Self::new();
        for (place, image) in flash.memory.chunks_exact_mut(BANK).zip(banks) {
            place.iter_mut().zip(image).for_each(|(to, from)| *to = *from);
        }
        flash
    }

    /// Both banks without the erased bytes at their ends.
    #[must_use]
    pub fn image(&self) -> [&[u8]; 2] {
        [0, 1].map(|bank| {
            let bytes = self.bank(bank);
            let used = bytes
                .iter()
                .rposition(|&byte| byte != 0xFF)
                .map_or(0, |last| last + 1);
            bytes.get(..used).unwrap_or_default()
        })
    }

    /// Loses power at `cut`; `None` disarms.
    pub fn arm(&mut self, cut: Option<Cut>) {
        self.cut = cut;
    }

    /// Whether there is power.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        self.powered
    }

    /// Write operations (erase or program) done since the flash was made, torn ones included.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// Bytes erased or programmed since the flash was made.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes
    }

    /// Takes power away, as pulling the cable does.
    pub fn power_off(&mut self) {
        self.powered = false;
    }

    /// Gives power back and recovers: a torn bank is erased.
    ///
    /// # Errors
    /// [`FlashError::PowerLost`] when power is cut again meanwhile.
    pub fn power_on(&mut self) -> Result<(), FlashError> {
        self.powered = true;
        for bank in [0, 1] {
            if self.valid(bank).is_none() {
                self.erase(bank)?;
            }
        }
        Ok(())
    }

    /// The newest committed payload, `None` when there never was one.
    ///
    /// # Errors
    /// [`FlashError::PowerLost`].
    pub fn read(&self) -> Result<Option<&[u8]>, FlashError> {
        if !self.powered {
            return Err(FlashError::PowerLost);
        }
        Ok(self.newest().map(|valid| valid.payload))
    }

    /// Replaces the payload; after any cut, what is read is wholly the old or wholly the new one.
    ///
    /// # Errors
    /// [`FlashError`]; the old payload is then still read once power is back.
    pub fn commit(&mut self, payload: &[u8]) -> Result<(), FlashError> {
        if payload.len() > self.bank_size - PAGE {
            return Err(FlashError::Full);
        }
        let (bank, generation) = match self.newest() {
            Some(newest) => (1 - newest.bank, newest.generation.wrapping_add(1)),
            None => (0, 1),
        };
        self.erase(bank)?;
        for (index, page) in payload.chunks(PAGE).enumerate() {
            self.program(bank * self.bank_size + (index + 1) * PAGE, page)?;
        }
        let length = u32::try_from(payload.len()).map_err(|_| FlashError::Full)?;
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&generation.to_be_bytes());
        header.extend_from_slice(&length.to_be_bytes());
        header.extend_from_slice(&digest(generation, payload));
        self.program(bank * self.bank_size, &header)
    }

    /// Erases the bank that is not the newest, so that nothing of the state before remains.
    ///
    /// # Errors
    /// [`FlashError::PowerLost`].
    pub fn erase_old(&mut self) -> Result<(), FlashError> {
        match self.newest().map(|newest| newest.bank) {
            Some(bank) => self.erase(1 - bank),
            None => Ok(()),
        }
    }

    fn bank(&self, bank: usize) -> &[u8] {
        self.memory
            .get(bank * self.bank_size..(bank + 1) * self.bank_size)
            .unwrap_or_default()
    }

    fn newest(&self) -> Option<Valid<'_>> {
        match (self.valid(0), self.valid(1)) {
            // Generations follow each other, so the difference is ±1, also where the number wraps.
            (Some(a), Some(b)) if b.generation == a.generation.wrapping_add(1) => Some(b),
            (Some(a), _) => Some(a),
            (None, b) => b,
        }
    }

    fn valid(&self, bank: usize) -> Option<Valid<'_>> {
        let bytes = self.bank(bank);
        let rest = bytes.get(..HEADER)?.strip_prefix(&MAGIC)?;
        let (generation, rest) = rest.split_first_chunk()?;
        let (length, hash) = rest.split_first_chunk()?;
        let generation = u32::from_be_bytes(*generation);
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let payload = bytes.get(PAGE..)?.get(..length)?;
        (digest(generation, payload) == *hash).then_some(Valid {
            bank,
            generation,
            payload,
        })
    }

    /// Page by page, the header's first: from then on the bank is not valid.
    fn erase(&mut self, bank: usize) -> Result<(), FlashError> {
        for start in (bank * self.bank_size..(bank + 1) * self.bank_size).step_by(PAGE) {
            let used = |page: &[u8]| page != ERASED;
            if self.memory.get(start..start + PAGE).is_some_and(used) {
                self.operate(start, PAGE, |_, _| 0xFF)?;
            }
        }
        Ok(())
    }

    /// Clears bits only, as NOR flash does: programming what was not erased gives garbage.
    fn program(&mut self, start: usize, bytes: &[u8]) -> Result<(), FlashError> {
        self.operate(start, bytes.len(), |index, old| {
            old & bytes.get(index).copied().unwrap_or(0xFF)
        })
    }

    fn operate(
        &mut self,
        start: usize,
        length: usize,
        new: impl Fn(usize, u8) -> u8,
    ) -> Result<(), FlashError> {
        if !self.powered {
            return Err(FlashError::PowerLost);
        }
        match &mut self.cut {
            Some(Cut::AtWrite(0)) => return Err(self.lose_power()),
            Some(Cut::AtWrite(left)) => *left -= 1,
            _ => {}
        }
        self.writes += 1;
        for index in 0..length {
            match &mut self.cut {
                Some(Cut::AtByte(0)) => return Err(self.lose_power()),
                Some(Cut::AtByte(left)) => *left -= 1,
                _ => {}
            }
            let cell = self.memory.get_mut(start + index).ok_or(FlashError::Full)?;
            *cell = new(index, *cell);
            self.bytes += 1;
        }
        Ok(())
    }

    fn lose_power(&mut self) -> FlashError {
        self.powered = false;
        self.cut = None;
        FlashError::PowerLost
    }
}

fn digest(generation: u32, payload: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(generation.to_be_bytes());
    hash.update((payload.len() as u64).to_be_bytes());
    hash.update(payload);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flash_with(commits: &[&[u8]]) -> Flash {
        let mut flash = Flash::with_bank_size(4 * PAGE);
        for payload in commits {
            flash.commit(payload).unwrap();
        }
        flash
    }

    #[test]
    fn the_last_commit_is_read() {
        let flash = flash_with(&[b"one", b"two", b"three"]);
        assert_eq!(flash.read(), Ok(Some(&b"three"[..])));
        assert_eq!(Flash::new().read(), Ok(None));
        let mut large = Flash::new();
        large.commit(b"three").unwrap();
        assert_eq!(Flash::from_image(large.image()).read(), large.read());
    }

    /// Every cut, then every cut in the recovery from it: wholly the old or wholly the new payload,
    /// and the next commit works.
    #[test]
    fn a_cut_at_any_byte_leaves_before_or_after() {
        let (old, new) = (vec![1; 300], vec![2; 280]);
        let start = flash_with(&[&[3; 400], &old]);
        let mut uncut = start.clone();
        uncut.commit(&new).unwrap();
        let (writes, bytes) = (
            uncut.writes() - start.writes(),
            uncut.bytes_written() - start.bytes_written(),
        );
        let cuts = (0..writes).map(Cut::AtWrite).chain((0..bytes).map(Cut::AtByte));
        for cut in cuts {
            let mut torn = start.clone();
            torn.arm(Some(cut));
            assert_eq!(torn.commit(&new), Err(FlashError::PowerLost), "{cut:?}");
            assert_eq!(torn.commit(&new), Err(FlashError::PowerLost), "{cut:?}");
            assert_eq!(torn.read(), Err(FlashError::PowerLost), "{cut:?}");
            let mut recovered = torn.clone();
            recovered.power_on().unwrap();
            assert_eq!(recovered.read(), Ok(Some(old.as_slice())), "{cut:?}");
            let recovery = recovered.writes() - torn.writes();
            for second in 0..recovery {
                let mut twice = torn.clone();
                twice.arm(Some(Cut::AtWrite(second)));
                assert_eq!(twice.power_on(), Err(FlashError::PowerLost));
                twice.power_on().unwrap();
                assert_eq!(twice.read(), Ok(Some(old.as_slice())), "{cut:?} {second}");
                twice.commit(&new).unwrap();
                assert_eq!(twice.read(), Ok(Some(new.as_slice())), "{cut:?} {second}");
            }
            recovered.commit(&new).unwrap();
            assert_eq!(recovered.read(), Ok(Some(new.as_slice())), "{cut:?}");
        }
    }

    #[test]
    fn generations_wrap() {
        let mut flash = flash_with(&[b"old"]);
        let header: Vec<u8> = [&MAGIC[..], &u32::MAX.to_be_bytes(), &3u32.to_be_bytes()]
            .concat()
            .into_iter()
            .chain(digest(u32::MAX, b"old"))
            .collect();
        flash.memory[..HEADER].copy_from_slice(&header);
        assert_eq!(flash.read(), Ok(Some(&b"old"[..])));
        flash.commit(b"new").unwrap();
        assert_eq!(flash.read(), Ok(Some(&b"new"[..])));
    }

    #[test]
    fn too_large_changes_nothing() {
        let mut flash = flash_with(&[b"old"]);
        assert_eq!(flash.commit(&[0; BANK]), Err(FlashError::Full));
        assert_eq!(flash.read(), Ok(Some(&b"old"[..])));
        flash.erase_old().unwrap();
        assert_eq!(flash.read(), Ok(Some(&b"old"[..])));
    }
}
