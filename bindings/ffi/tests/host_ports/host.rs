//! The host: a database, an HSM, a clock set by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fido_unlock::AdminKey;
use fido_unlock::suite::p256_ecdh_mac::SharedZ;
use fido_unlock::suite::{DevicePublicKey, IssuerPublicKey, aes_admin_key, p256_ecdsa};
use fido_unlock_ffi::*;
use p256::SecretKey;

pub const PASSWORD: &str = "correct horse battery";
pub const START: u64 = 1_790_000_000;

#[derive(Default)]
pub struct Memory {
    pub users: Mutex<BTreeMap<String, DeskUser>>,
    pub devices: Mutex<BTreeMap<String, RegisteredDevice>>,
    pub log: Mutex<Vec<Vec<u8>>>,
    pub limits: Mutex<Vec<LimitRecord>>,
    pub notices: Mutex<Vec<NoticeKind>>,
    pub sent: Mutex<Option<String>>,
    pub service_off: Mutex<bool>,
    /// Operators beside desk-1.
    pub others: Mutex<Vec<DeskOperator>>,
}

impl Directory for Memory {
    fn user(&self, id: String) -> Result<Option<DeskUser>, StorageError> {
        Ok(self.users.lock().unwrap().get(&id).cloned())
    }

    fn search_users(&self, text: String, _: u32) -> Result<Vec<DeskUser>, StorageError> {
        let (users, text) = (self.users.lock().unwrap(), text.to_lowercase());
        let hit = |user: &&DeskUser| {
            format!("{}\n{}", user.id, user.name)
                .to_lowercase()
                .contains(&text)
        };
        // In no order, and more than asked for: the library puts it right.
        Ok(users.values().rev().filter(hit).cloned().collect())
    }

    fn device(&self, device_id: String) -> Result<Option<RegisteredDevice>, StorageError> {
        Ok(self.devices.lock().unwrap().get(&device_id).cloned())
    }

    fn devices_of(&self, user: String) -> Result<Vec<RegisteredDevice>, StorageError> {
        let devices = self.devices.lock().unwrap();
        let own = devices.values().rev().filter(|device| device.owner == user);
        Ok(own.cloned().collect())
    }

    fn devices_in_use(&self) -> Result<u32, StorageError> {
        let devices = self.devices.lock().unwrap();
        Ok(u32::try_from(devices.values().filter(|device| !device.retired).count()).unwrap())
    }

    fn put_user(&self, user: DeskUser) -> Result<(), StorageError> {
        self.users.lock().unwrap().insert(user.id.clone(), user);
        Ok(())
    }

    fn put_device(&self, device: RegisteredDevice) -> Result<(), StorageError> {
        let id = device.device_id.clone();
        self.devices.lock().unwrap().insert(id, device);
        Ok(())
    }
}

impl AuditLog for Memory {
    fn log_id(&self) -> Result<Vec<u8>, StorageError> {
        Ok(vec![7; 16])
    }

    fn count(&self) -> Result<u64, StorageError> {
        Ok(u64::try_from(self.log.lock().unwrap().len()).unwrap())
    }

    fn entry(&self, sequence: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let index = usize::try_from(sequence).unwrap();
        Ok(self.log.lock().unwrap().get(index).cloned())
    }

    fn append(&self, sequence: u64, entry: Vec<u8>) -> Result<(), StorageError> {
        let mut log = self.log.lock().unwrap();
        assert_eq!(u64::try_from(log.len()), Ok(sequence));
        log.push(entry);
        Ok(())
    }
}

impl Limits for Memory {
    fn take(&self, request: LimitRequest) -> Result<LimitOutcome, StorageError> {
        let mut records = self.limits.lock().unwrap();
        let book = LimitBook::from_records(records.clone()).unwrap();
        let outcome = book.take(request).unwrap();
        *records = book.records();
        Ok(outcome)
    }
}

pub fn administrator() -> DeskOperator {
    DeskOperator {
        id: "desk-1".into(),
        roles: vec![DeskRole::Administrator],
        privileges: vec![DeskPrivilege::Downloads],
    }
}

impl Operators for Memory {
    fn authenticate(&self, id: String, password: String) -> Result<Option<DeskOperator>, StorageError> {
        let right = password == PASSWORD;
        Ok(self.find_operator(id)?.filter(|_| right))
    }

    fn find_operator(&self, id: String) -> Result<Option<DeskOperator>, StorageError> {
        let others = self.others.lock().unwrap();
        let known = std::iter::once(administrator()).chain(others.iter().cloned());
        Ok(known.into_iter().find(|operator| operator.id == id))
    }
}

impl Licence for Memory {
    fn terms(&self) -> Result<Option<LicenceTerms>, StorageError> {
        Ok(Some(LicenceTerms {
            service_on: !*self.service_off.lock().unwrap(),
            valid_until: START + 1_000_000,
            devices: 3,
            contact: "licences@corp.example".into(),
        }))
    }

    fn set_service(&self, on: bool) -> Result<(), StorageError> {
        *self.service_off.lock().unwrap() = !on;
        Ok(())
    }
}

impl OwnerNotifier for Memory {
    fn notify_owner(&self, notice: OwnerNotice) -> Result<(), HostError> {
        self.notices.lock().unwrap().push(notice.kind);
        Ok(())
    }
}

impl CodeDelivery for Memory {
    fn send(&self, channel: DeskChannel, code: String) -> Result<(), HostError> {
        assert_eq!(channel.address, "user-1@corp.example");
        *self.sent.lock().unwrap() = Some(code);
        Ok(())
    }
}

impl CallerVerifier for Memory {
    fn verify(&self, _: CallerTask) -> Result<CallerCheck, HostError> {
        Ok(CallerCheck {
            verified: true,
            method: VerificationMethod::CallBack,
            by_machine: false,
            evidence: b"spoke to her".to_vec(),
        })
    }
}

pub struct Hands(pub Mutex<Result<u64, HostError>>);

impl Clock for Hands {
    fn now(&self) -> Result<u64, HostError> {
        *self.0.lock().unwrap()
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
    rotated: Mutex<bool>,
    /// Does not say which keys it holds.
    pub away: Mutex<bool>,
}

impl Hsm {
    /// One key for two purposes.
    pub fn for_checkpoints(&self) -> Arc<CheckpointHsm> {
        Arc::new(CheckpointHsm {
            key: self.key.clone(),
            instead: Mutex::default(),
        })
    }

    pub fn new(suite: Suite) -> Arc<Self> {
        Arc::new(Self {
            suite,
            key: SecretKey::from_slice(&[0x5C; 32]).unwrap(),
            next: SecretKey::from_slice(&[0x6D; 32]).unwrap(),
            admin_keys: Mutex::default(),
            instead: Mutex::default(),
            rotated: Mutex::default(),
            away: Mutex::default(),
        })
    }

    pub fn public(&self) -> Vec<u8> {
        point(&self.key)
    }

    pub fn next_public(&self) -> Vec<u8> {
        point(&self.next)
    }

    /// `next` is the slot's present key from now on.
    pub fn rotated(&self) {
        *self.rotated.lock().unwrap() = true;
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
    key: SecretKey,
    pub instead: Mutex<Option<Result<Vec<u8>, SigningError>>>,
}

impl CheckpointHsm {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            key: SecretKey::from_slice(&[0x7E; 32]).unwrap(),
            instead: Mutex::default(),
        })
    }
}

impl CheckpointSigner for CheckpointHsm {
    fn public_key(&self) -> Result<Vec<u8>, SigningError> {
        Ok(point(&self.key))
    }

    fn sign(&self, task: CheckpointTask) -> Result<Vec<u8>, SigningError> {
        if let Some(instead) = self.instead.lock().unwrap().take() {
            return instead;
        }
        assert!(task.message.starts_with(b"fido-unlock/1 checkpoint\0"));
        assert!(task.message.ends_with(&task.at.to_be_bytes()));
        let made = p256_ecdsa::respond(&(&self.key).into(), &task.message);
        Ok(made.unwrap().to_vec())
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
    fn respond(&self, task: SigningTask) -> Result<String, SigningError> {
        assert_eq!(task.operator, "desk-1");
        if task.suite != Suite::AesAdminKey {
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

    fn issuers(&self) -> Result<Vec<IssuerInfo>, SigningError> {
        if *self.away.lock().unwrap() {
            return Err(SigningError::HostFailed);
        }
        if self.suite == Suite::AesAdminKey {
            return Ok(Vec::new());
        }
        let rotated = *self.rotated.lock().unwrap();
        let info = |public_key, retired| IssuerInfo {
            slot: 1,
            suite: self.suite,
            public_key,
            retired,
        };
        let mut issuers = vec![info(self.public(), rotated)];
        if rotated {
            issuers.push(info(self.next_public(), false));
        }
        Ok(issuers)
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
