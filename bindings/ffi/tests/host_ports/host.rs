//! The host: an HSM, a mail server, an identity provider.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fido_unlock::AdminKey;
use fido_unlock::suite::p256_ecdh_mac::SharedZ;
use fido_unlock::suite::{DevicePublicKey, IssuerPublicKey, aes_admin_key, p256_ecdsa};
use fido_unlock_ffi::*;
use p256::SecretKey;

pub const PASSWORD: &str = "correct horse battery staple";
pub const START: u64 = 1_790_000_000;

#[derive(Default)]
pub struct Messages {
    pub notices: Mutex<Vec<OwnerNotice>>,
    pub sent: Mutex<Option<String>>,
    /// Nothing can be sent.
    pub broken: Mutex<bool>,
}

impl Messages {
    fn working(&self) -> Result<(), HostError> {
        if *self.broken.lock().unwrap() {
            return Err(HostError::HostFailed);
        }
        Ok(())
    }

    pub fn kinds(&self) -> Vec<NoticeKind> {
        let notices = self.notices.lock().unwrap();
        notices.iter().map(|notice| notice.kind).collect()
    }
}

impl OwnerNotifier for Messages {
    fn notify_owner(&self, notice: OwnerNotice) -> Result<(), HostError> {
        self.working()?;
        self.notices.lock().unwrap().push(notice);
        Ok(())
    }
}

impl CodeDelivery for Messages {
    fn send(&self, channel: DeskChannel, code: String) -> Result<(), HostError> {
        self.working()?;
        assert_eq!(channel.address, "user-1@corp.example");
        *self.sent.lock().unwrap() = Some(code);
        Ok(())
    }
}

/// Calls back and knows her voice.
pub struct CalledBack;

impl CallerVerifier for CalledBack {
    fn verify(&self, _: CallerTask) -> Result<CallerCheck, HostError> {
        Ok(CallerCheck {
            verified: true,
            method: VerificationMethod::CallBack,
            by_machine: false,
            evidence: b"spoke to her".to_vec(),
        })
    }
}

/// One P-256 key and any admin keys.
pub struct Hsm {
    suite: Suite,
    key: SecretKey,
    /// The successor of `key`.
    next: SecretKey,
    admin_keys: Mutex<BTreeMap<String, String>>,
    /// What it does instead of what it should.
    pub instead: Mutex<Option<Result<String, SigningError>>>,
}

impl Hsm {
    pub fn new(suite: Suite) -> Arc<Self> {
        Arc::new(Self {
            suite,
            key: SecretKey::from_slice(&[0x5C; 32]).unwrap(),
            next: SecretKey::from_slice(&[0x6D; 32]).unwrap(),
            admin_keys: Mutex::default(),
            instead: Mutex::default(),
        })
    }

    pub fn public(&self) -> Vec<u8> {
        point(&self.key)
    }

    pub fn next_public(&self) -> Vec<u8> {
        point(&self.next)
    }

    /// The one operation on either key, as an HSM has it.
    fn make(&self, public: &[u8], suite: Suite, device_key: Option<Vec<u8>>, message: &[u8]) -> Made {
        if let Some(instead) = self.instead.lock().unwrap().take() {
            return instead;
        }
        let own = [&self.key, &self.next]
            .into_iter()
            .find(|key| point(key) == public);
        let key = own.ok_or(SigningError::KeyMissing)?;
        Ok(match suite {
            Suite::P256Ecdsa => digits(&p256_ecdsa::respond(&key.into(), message).unwrap()),
            Suite::P256EcdhMac => {
                let device = DevicePublicKey::from_compressed(&device_key.unwrap()).unwrap();
                // Either case will do.
                digits(&*SharedZ::derive(key, &device).unwrap().mac(message).unwrap()).to_uppercase()
            }
            Suite::AesAdminKey => return Err(SigningError::WrongSuite),
        })
    }
}

type Made = Result<String, SigningError>;

fn point(key: &SecretKey) -> Vec<u8> {
    let public = IssuerPublicKey::from_public_key(&key.public_key());
    public.as_compressed().to_vec()
}

impl IssuerProver for Hsm {
    fn prove_probe(&self, task: ProbeTask) -> Made {
        assert!(task.message.starts_with(b"fido-unlock/1 probe\0"));
        self.make(&task.issuer, task.suite, task.device_key, &task.message)
    }

    fn prove_rotation(&self, task: RotationTask) -> Made {
        assert!(task.message.starts_with(b"fido-unlock/1 rotate\0"));
        assert_eq!((task.slot, task.authorising_slot), (1, 1));
        let expected = match task.role {
            RotationRole::Authorising => self.public(),
            RotationRole::New => self.next_public(),
        };
        assert_eq!(task.signing_key, expected);
        assert_eq!(task.new_issuer, Some(self.next_public()));
        self.make(
            &task.signing_key,
            task.signing_suite,
            task.device_key,
            &task.message,
        )
    }
}

/// The key that signs checkpoints.
pub struct CheckpointHsm {
    inner: Arc<dyn CheckpointSigner>,
    pub instead: Mutex<Option<Result<Vec<u8>, SigningError>>>,
}

impl CheckpointHsm {
    pub fn new(seed: u8) -> Arc<Self> {
        Arc::new(Self {
            inner: checkpoint_signer("log.corp.example".into(), &[seed; 32]).unwrap(),
            instead: Mutex::default(),
        })
    }

    pub fn line(&self) -> String {
        self.inner.public_key().unwrap()
    }
}

impl CheckpointSigner for CheckpointHsm {
    fn public_key(&self) -> Result<String, SigningError> {
        self.inner.public_key()
    }

    fn sign(&self, text: String) -> Result<Vec<u8>, SigningError> {
        if let Some(instead) = self.instead.lock().unwrap().take() {
            return instead;
        }
        assert!(
            ["fido-unlock/", "fido-unlock issuers 1\n"]
                .iter()
                .any(|head| text.starts_with(head))
        );
        self.inner.sign(text)
    }
}

/// The system in which second operators approve.
#[derive(Default)]
pub struct Tickets {
    pub asked: Mutex<Vec<ApprovalTask>>,
    /// Who approves, or why nobody does.
    pub answer: Mutex<Option<Result<String, ApproverError>>>,
    /// An approval of this in place of what is asked.
    pub basis: Mutex<Option<Vec<u8>>>,
}

impl Approver for Tickets {
    fn ask(&self, task: ApprovalTask) -> Result<Approval, ApproverError> {
        self.asked.lock().unwrap().push(task.clone());
        let answer = self.answer.lock().unwrap().clone();
        let basis = self.basis.lock().unwrap().clone();
        Ok(Approval {
            basis: basis.unwrap_or(task.basis),
            operator: answer.unwrap_or(Err(ApproverError::Pending))?,
            evidence: b"ticket 17, decision 2".to_vec(),
        })
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ResponseSigner for Hsm {
    fn sign(&self, task: SigningTask) -> Result<String, SigningError> {
        if task.suite != Suite::AesAdminKey {
            if (task.suite, task.slot) != (self.suite, 1) {
                return Err(SigningError::KeyMissing);
            }
            assert!(task.message.starts_with(b"fido-unlock/1 authorise\0"));
            return self.make(&task.issuer.unwrap(), task.suite, task.device_key, &task.message);
        }
        let keys = self.admin_keys.lock().unwrap();
        let key = keys.get(&task.device_id).ok_or(SigningError::KeyMissing)?;
        let bytes = (0..key.len()).step_by(2);
        let bytes = bytes.map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap());
        let key = AdminKey::new(&bytes.collect::<Vec<_>>()).unwrap();
        let made = aes_admin_key::respond(&key, &task.message.try_into().unwrap());
        Ok(digits(&*made.unwrap()))
    }

    fn device_with_admin_key(&self, admin_key: String) -> Result<Option<String>, SigningError> {
        let keys = self.admin_keys.lock().unwrap();
        let holder = keys.iter().find(|(_, key)| **key == admin_key);
        Ok(holder.map(|(device, _)| device.clone()))
    }

    fn store_admin_key(&self, device_id: String, admin_key: String) -> Result<(), SigningError> {
        self.admin_keys.lock().unwrap().insert(device_id, admin_key);
        Ok(())
    }
}
