//! The keys of a desk that are no issuer's, in one age file with a passphrase.
//!
//! Inside the age file is UTF-8 text, lines ended by 0A: `fido-unlock desk keys 1`, then `seal`, `pepper`, `wrapping`
//! and `checkpoint`, each with 64 lower-case hexadecimal digits: the key of the database's head, the pepper of
//! passwords, the key that wraps admin keys, the seed of the Ed25519 key that signs checkpoints.

use core::fmt::Write;
use std::path::Path;

use base16ct::lower;
use fido_unlock_desk::SealKey;
use fido_unlock_desk::log::{KeyName, SoftwareNoteSigner};
use fido_unlock_protocol::ports::Entropy;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{KeyFileError, Passphrase, age_file, read};
use crate::{WrappingKey, whole_file};

const FIRST_LINE: &str = "fido-unlock desk keys 1";
const ANY_FIRST_LINE: &str = "fido-unlock desk keys ";
const NAMES: [&str; 4] = ["seal", "pepper", "wrapping", "checkpoint"];
/// The text never moves in memory.
const LENGTH: usize = 512;

/// The keys of a desk beside its issuers'; wiped on drop.
pub struct DeskKeys([Zeroizing<[u8; 32]>; 4]);

impl DeskKeys {
    /// New ones.
    ///
    /// # Errors
    /// [`KeyFileError::Entropy`].
    pub fn generate(entropy: &mut dyn Entropy) -> Result<Self, KeyFileError> {
        let mut keys: [Zeroizing<[u8; 32]>; 4] = Default::default();
        for key in &mut keys {
            entropy
                .fill(key.as_mut_slice())
                .map_err(|_| KeyFileError::Entropy)?;
        }
        Ok(Self(keys))
    }

    /// Whether they are the same keys: those of one desk.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        let same = pairs.map(|(own, theirs)| own.as_slice().ct_eq(theirs.as_slice()));
        same.fold(Choice::from(1), |all, same| all & same).into()
    }

    /// The key of the database's head.
    #[must_use]
    pub fn seal_key(&self) -> SealKey {
        let [seal, ..] = &self.0;
        SealKey::from_bytes(**seal)
    }

    /// The pepper of passwords.
    #[must_use]
    pub fn pepper(&self) -> Zeroizing<[u8; 32]> {
        let [_, pepper, ..] = &self.0;
        pepper.clone()
    }

    /// The key that wraps admin keys.
    #[must_use]
    pub fn wrapping_key(&self) -> WrappingKey {
        let [_, _, wrapping, _] = &self.0;
        WrappingKey::new(**wrapping)
    }

    /// The key that signs checkpoints, under the name of the desk's log.
    #[must_use]
    pub fn checkpoint_signer(&self, name: KeyName) -> SoftwareNoteSigner {
        let [.., checkpoint] = &self.0;
        SoftwareNoteSigner::from_seed(name, checkpoint)
    }

    /// Writes them to a new file.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] when there is a file of that name; [`KeyFileError::Write`];
    /// [`KeyFileError::Protection`] for an empty passphrase.
    pub fn save(&self, path: &Path, passphrase: &Passphrase) -> Result<(), KeyFileError> {
        if passphrase.expose_text().is_empty() {
            return Err(KeyFileError::Protection);
        }
        if path.exists() {
            return Err(KeyFileError::Exists);
        }
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        text.push_str(FIRST_LINE);
        text.push('\n');
        for (name, key) in NAMES.iter().zip(&self.0) {
            let mut digits = Zeroizing::new([0; 64]);
            let digits =
                lower::encode_str(key.as_slice(), &mut *digits).map_err(|_| KeyFileError::Malformed)?;
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{name} {digits}");
        }
        let file = age_file::encrypt(text.as_bytes(), passphrase, false)?;
        whole_file::create(path, &file).map_err(|error| KeyFileError::from_write(&error))
    }

    /// Reads them.
    ///
    /// # Errors
    /// [`KeyFileError::Missing`], [`KeyFileError::Read`], [`KeyFileError::Passphrase`],
    /// [`KeyFileError::Malformed`], [`KeyFileError::Version`].
    pub fn load(path: &Path, passphrase: &Passphrase) -> Result<Self, KeyFileError> {
        let file = read(path)?;
        if !age_file::is_age(&file) {
            return Err(KeyFileError::Malformed);
        }
        Self::decode(&passphrase.open(|passphrase| age_file::decrypt(&file, passphrase))?)
    }

    fn decode(plain: &[u8]) -> Result<Self, KeyFileError> {
        let text = core::str::from_utf8(plain).map_err(|_| KeyFileError::Malformed)?;
        let mut lines = text
            .strip_suffix('\n')
            .ok_or(KeyFileError::Malformed)?
            .split('\n');
        match lines.next() {
            Some(FIRST_LINE) => {}
            Some(line) if line.starts_with(ANY_FIRST_LINE) => return Err(KeyFileError::Version),
            _ => return Err(KeyFileError::Malformed),
        }
        let mut keys: [Zeroizing<[u8; 32]>; 4] = Default::default();
        for (name, key) in NAMES.iter().zip(&mut keys) {
            let digits = lines
                .next()
                .and_then(|line| line.strip_prefix(name))
                .and_then(|rest| rest.strip_prefix(' '))
                .ok_or(KeyFileError::Malformed)?;
            let length = lower::decode(digits, key.as_mut_slice()).map(<[u8]>::len);
            if length != Ok(32) {
                return Err(KeyFileError::Malformed);
            }
        }
        match lines.next() {
            None => Ok(Self(keys)),
            Some(_) => Err(KeyFileError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use fido_unlock_protocol::ports::EntropyError;

    use super::*;

    struct Counted(u8);

    impl Entropy for Counted {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            self.0 += 1;
            bytes.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn the_keys_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk_keys.age");
        let passphrase = Passphrase::new("correct horse".into());
        let keys = DeskKeys::generate(&mut Counted(0)).unwrap();
        keys.save(&path, &passphrase).unwrap();
        assert_eq!(keys.save(&path, &passphrase), Err(KeyFileError::Exists));
        let back = DeskKeys::load(&path, &passphrase).unwrap();
        assert_eq!(back.seal_key().expose_bytes(), &[1; 32]);
        assert_eq!(*back.pepper(), [2; 32]);
        let name = KeyName::new("n").unwrap();
        assert_eq!(*back.checkpoint_signer(name).expose_seed(), [4; 32]);
        assert!(back.is_same(&keys));
        for changed in 0..4 {
            let mut other = DeskKeys(back.0.clone());
            other.0[changed][31] ^= 1;
            assert!(!other.is_same(&keys), "{changed}");
        }
        let wrong = Passphrase::new("wrong horse".into());
        assert_eq!(
            DeskKeys::load(&path, &wrong).err(),
            Some(KeyFileError::Passphrase)
        );
    }

    #[test]
    fn only_this_form_is_read() {
        let digits = "01".repeat(32);
        let good = NAMES.iter().fold(format!("{FIRST_LINE}\n"), |text, name| {
            format!("{text}{name} {digits}\n")
        });
        assert!(DeskKeys::decode(good.as_bytes()).is_ok());
        let error = |text: &str| DeskKeys::decode(text.as_bytes()).err();
        assert_eq!(
            error(&good.replace("keys 1", "keys 2")),
            Some(KeyFileError::Version)
        );
        for bad in [
            String::new(),
            good.trim_end().to_owned(),
            good.replace("pepper", "salt"),
            good.replacen(&digits, &digits[2..], 1),
            good.replacen("01", "0G", 1),
            format!("{good}more {digits}\n"),
        ] {
            assert_eq!(error(&bad), Some(KeyFileError::Malformed), "{bad}");
        }
    }
}
