//! A desk over a database in a file, with key files or the host's HSM.

use std::path::PathBuf;
use std::sync::Arc;

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::host::{CalledBack, Hsm, Messages, PASSWORD};
use super::{NEW_PIN, new_device, number, rules, unlock, user};

const PASSPHRASE: &str = "staple of the keys";

/// A folder of its own, removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let own = format!("fido-unlock-ffi-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(own))
    }

    fn path(&self) -> String {
        self.0.to_str().unwrap().into()
    }

    /// Whether a file in it has this text.
    fn holds(&self, text: &str) -> bool {
        let files = std::fs::read_dir(&self.0).unwrap();
        let mut files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.any(|file| file.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    fn keys(&self) -> Result<Arc<KeyFolder>, UnlockError> {
        KeyFolder::open(self.path(), PASSPHRASE.into())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Of now, since the desk's clock is the computer's.
fn licence() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    mock_licence(now.unwrap().as_secs(), 3)
}

fn create(
    folder: &Folder,
    keys: &Arc<DeskKeys>,
    signer: Arc<DeskSigner>,
    password: &str,
) -> Result<Arc<HelpDesk>, UnlockError> {
    let messages = Arc::new(Messages::default());
    let vendor = vec![mock_vendor_key()];
    let (keys, administrator) = (Arc::clone(keys), "desk-1".to_owned());
    HelpDesk::create(
        folder.path(),
        keys,
        signer,
        messages,
        None,
        vendor,
        rules(),
        administrator,
        password.into(),
    )
}

fn open(
    folder: &Folder,
    keys: &Arc<DeskKeys>,
    signer: Arc<DeskSigner>,
) -> Result<Arc<HelpDesk>, UnlockError> {
    let messages = Arc::new(Messages::default());
    let vendor = vec![mock_vendor_key()];
    HelpDesk::open(folder.path(), Arc::clone(keys), signer, messages, None, vendor)
}

#[test]
fn from_key_files_to_the_unlock_and_over_a_restart() {
    for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
        let folder = Folder::new(&format!("{suite:?}"));
        let keys = KeyFolder::create(folder.path(), PASSPHRASE.into()).unwrap();
        // What was begun is ended: the keys are the same.
        let keys = KeyFolder::create(folder.path(), PASSPHRASE.into())
            .map(|_| keys)
            .unwrap();
        let wrong = KeyFolder::open(folder.path(), "another".into());
        assert_eq!(number(wrong), ErrorCode::KeyPassphrase.number());

        let issuer = IssuerKey::make(suite).unwrap();
        let key = MockKey::new().unwrap();
        let plan = Enrollment::new();
        plan.add_key(1, Arc::clone(&issuer)).unwrap();
        let device = key.open(MockWire::Hid, Interface::Fido);
        let enrolled = plan.run(device, None, None, None).unwrap();
        key.set_pin("Winter42".into()).unwrap();
        key.block("Winter24".into()).unwrap();

        let own = DeskKeys::folder(Arc::clone(&keys));
        let signer = || DeskSigner::folder(Arc::clone(&keys));
        let weak = create(&folder, &own, signer(), "short");
        assert_eq!(number(weak), ErrorCode::PasswordWeak.number());
        let desk = create(&folder, &own, signer(), PASSWORD).unwrap();
        let session = desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
        let signed_in = || Arc::clone(&session);
        desk.put_licence(signed_in(), licence()).unwrap();
        desk.put_user(signed_in(), user()).unwrap();
        let aes = suite == Suite::AesAdminKey;
        if !aes {
            let info = keys.put_issuer_key(1, Arc::clone(&issuer)).unwrap();
            assert_eq!(keys.issuers().unwrap(), std::slice::from_ref(&info));
            desk.put_issuer(signed_in(), info).unwrap();
            let taken = keys.put_issuer_key(1, IssuerKey::make(suite).unwrap());
            assert_eq!(number(taken), ErrorCode::KeyExists.number());
        }
        let new = NewDevice {
            issuer: issuer.public_key(),
            ..new_device(&enrolled, suite, &Hsm::new(suite))
        };
        let admin_key = aes.then(|| Arc::clone(&issuer));
        desk.register_device(signed_in(), new, admin_key).unwrap();
        desk.open_desk(signed_in()).unwrap();
        let id = enrolled.device_id.clone();
        let id = desk
            .open_request(signed_in(), "user-1".into(), id, "x".into())
            .unwrap()
            .id;
        drop(desk);

        // Another process: the request is there, the session too. The key that was added since is the signer's.
        let keys = folder.keys().unwrap();
        let signer = DeskSigner::folder(Arc::clone(&keys));
        let desk = open(&folder, &DeskKeys::folder(Arc::clone(&keys)), signer).unwrap();
        desk.verify_caller(signed_in(), id.clone(), Arc::new(CalledBack))
            .unwrap();
        let device = Device::open_unlock_device(key.unlock_device(Interface::Vendor));
        let begun = UnlockSession::begin(Arc::clone(&device), None, None, None).unwrap();
        desk.enter_challenge(signed_in(), id.clone(), begun.challenge())
            .unwrap();
        let code = desk.authorise(signed_in(), id.clone()).unwrap();
        assert!(code.lines().all(|line| !folder.holds(line)));
        assert!(folder.holds("User One"));
        unlock(&begun, device, code);
        desk.done(signed_in(), id).unwrap();
        key.try_pin(NEW_PIN.into()).unwrap();

        let origin = desk.origin().unwrap();
        let signer = keys.checkpoint_signer(origin.clone()).unwrap();
        let line = signer.public_key().unwrap();
        let signed = desk.checkpoint(signed_in(), signer).unwrap();
        assert_eq!(signed.checkpoint.origin, origin);
        let summary = desk.verify_audit(vec![signed.note], vec![line]).unwrap();
        assert_eq!(summary.covered, signed.checkpoint.entries);
    }
}

#[test]
fn a_database_opens_under_its_own_keys_alone() {
    let folder = Folder::new("own-keys");
    let hsm = Hsm::new(Suite::P256Ecdsa);
    let signer = || DeskSigner::host(Arc::clone(&hsm) as _);
    let keys = |seal: u8| DeskKeys::of(&[seal; 32], &[2; 32]).unwrap();
    assert_eq!(
        number(DeskKeys::of(&[1; 31], &[2; 32])),
        ErrorCode::InvalidArgument.number()
    );
    let none = open(&folder, &keys(1), signer());
    assert_eq!(number(none), ErrorCode::StoreRead.number());
    let desk = create(&folder, &keys(1), signer(), PASSWORD).unwrap();
    let again = create(&folder, &keys(1), signer(), PASSWORD);
    assert_eq!(number(again), ErrorCode::StoreWrite.number());
    let other = open(&folder, &keys(3), signer());
    assert_eq!(number(other), ErrorCode::StoreTampered.number());
    let second = open(&folder, &keys(1), signer()).unwrap();
    let session = second.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
    desk.open_desk(session).unwrap();
    // Passwords are under the pepper.
    let pepper = open(&folder, &DeskKeys::of(&[1; 32], &[4; 32]).unwrap(), signer()).unwrap();
    let refused = pepper.sign_in("desk-1".into(), PASSWORD.into());
    assert_eq!(number(refused), ErrorCode::OperatorUnknown.number());
    let no_vendor = HelpDesk::open(
        folder.path(),
        keys(1),
        signer(),
        Arc::new(Messages::default()),
        None,
        vec!["no key".into()],
    );
    assert_eq!(number(no_vendor), ErrorCode::InvalidArgument.number());
}

#[test]
fn a_backup_takes_the_database_s_place_by_an_administrator_s_word() {
    let folder = Folder::new("restore");
    let hsm = Hsm::new(Suite::P256Ecdsa);
    let keys = DeskKeys::of(&[1; 32], &[2; 32]).unwrap();
    let signer = || DeskSigner::host(Arc::clone(&hsm) as _);
    let desk = create(&folder, &keys, signer(), PASSWORD).unwrap();
    let before = desk.origin().unwrap();
    let kept = folder.0.join("kept").to_str().unwrap().to_owned();
    backup_desk(folder.path(), kept.clone()).unwrap();
    let there = backup_desk(folder.path(), kept.clone());
    assert_eq!(number(there), ErrorCode::StoreWrite.number());
    let session = desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
    drop(desk);

    std::fs::copy(&kept, folder.0.join("desk.sqlite")).unwrap();
    let set_back = open(&folder, &keys, signer());
    assert_eq!(number(set_back), ErrorCode::StoreSetBack.number());
    let restore = |password: &str, note: &str| {
        HelpDesk::restore(
            folder.path(),
            Arc::clone(&keys),
            signer(),
            Arc::new(Messages::default()),
            None,
            vec![mock_vendor_key()],
            "desk-1".into(),
            password.into(),
            note.into(),
        )
    };
    assert_eq!(
        number(restore("wrong", "the disk broke")),
        ErrorCode::OperatorUnknown.number()
    );
    assert_eq!(number(restore(PASSWORD, " ")), ErrorCode::ReasonMissing.number());
    let desk = restore(PASSWORD, "the disk broke").unwrap();
    assert_ne!(desk.origin().unwrap(), before);
    let ended = desk.put_user(session, user());
    assert_eq!(number(ended), ErrorCode::OperatorUnknown.number());
    open(&folder, &keys, signer()).unwrap();
}

/// Writes an entry in a desk's database as a computer does whose clock is a day ahead.
fn write_ahead(folder: &Folder, seal_key: [u8; 32]) {
    use fido_unlock::desk::ports::{Clock, DeliveryError, Notice, Notifier, PasswordError, Passwords};
    use fido_unlock::desk::{
        Desk, DeskParts, KeyRing, NoAdminKeys, OperatorId, SealKey, SoftwareSigner, UnixTime,
    };
    use fido_unlock_files::SystemClock;
    use fido_unlock_sqlite::{SqliteOptions, SqliteStore};
    use zeroize::Zeroizing;

    struct Ahead;
    impl Clock for Ahead {
        fn now(&self) -> UnixTime {
            SystemClock.now().plus_seconds(24 * 60 * 60)
        }
    }
    impl Passwords for Ahead {
        fn hash(&self, _: &str) -> Result<Zeroizing<String>, PasswordError> {
            Ok(Zeroizing::default())
        }
        fn verify(&self, _: &str, _: Option<&str>) -> Result<bool, PasswordError> {
            Ok(false)
        }
    }
    impl Notifier for Ahead {
        fn notify(&mut self, _: &Notice<'_>) -> Result<(), DeliveryError> {
            Ok(())
        }
    }
    let path = folder.0.join("desk.sqlite");
    let parts = DeskParts {
        store: Box::new(SqliteStore::open(&path, SqliteOptions::default()).unwrap()),
        seal_key: SealKey::from_bytes(seal_key),
        clock: Box::new(Ahead),
        entropy: Box::new(fido_unlock_system::SystemEntropy),
        signer: Box::new(SoftwareSigner::new(KeyRing::new(), Box::new(NoAdminKeys))),
        passwords: Box::new(Ahead),
        passkeys: None,
        notifier: Box::new(Ahead),
        delivery: None,
        anchor: None,
        vendor: Vec::new(),
        guess_window_seconds: 0,
    };
    // A wrong password is recorded.
    let refused = Desk::open(parts)
        .unwrap()
        .sign_in(&OperatorId::new("desk-1").unwrap(), "wrong");
    assert!(refused.is_err());
}

#[test]
fn a_backup_ahead_of_the_clock_is_restored_by_a_word_about_the_clock() {
    let folder = Folder::new("ahead");
    let hsm = Hsm::new(Suite::P256Ecdsa);
    let keys = DeskKeys::of(&[1; 32], &[2; 32]).unwrap();
    let signer = || DeskSigner::host(Arc::clone(&hsm) as _);
    drop(create(&folder, &keys, signer(), PASSWORD).unwrap());
    write_ahead(&folder, [1; 32]);
    let restore = |restore: fn(_, _, _, _, _, _, _, _, _) -> _| {
        restore(
            folder.path(),
            Arc::clone(&keys),
            signer(),
            Arc::new(Messages::default()) as Arc<dyn OwnerNotifier>,
            None::<Arc<dyn CodeDelivery>>,
            vec![mock_vendor_key()],
            "desk-1".to_owned(),
            PASSWORD.to_owned(),
            "the clock was a day ahead".to_owned(),
        )
    };
    let refused: Result<Arc<HelpDesk>, UnlockError> = restore(HelpDesk::restore);
    assert_eq!(number(refused), ErrorCode::ClockWentBack.number());
    let desk: Arc<HelpDesk> = restore(HelpDesk::restore_and_accept_clock).unwrap();
    desk.sign_in("desk-1".into(), PASSWORD.into()).unwrap();
}
