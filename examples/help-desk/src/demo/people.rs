//! Who is in the demonstration: operators, and users with their devices.

use std::path::Path;

use fido_unlock::ErrorCode;
use fido_unlock::desk::{
    Channel, ChannelKind, Desk, NewManager, Operator, Privilege, Role, UnixTime, User, UserClass, UserId,
};
use zeroize::Zeroizing;

use super::{Issuer, Session, VirtualKey, operator_id};
use crate::new_password::new_password;
use crate::refusal::Refusal;

/// An operator of the demonstration.
pub struct DemoOperator {
    /// Name, roles, privileges.
    pub operator: Operator,
    /// Their password.
    pub password: Zeroizing<String>,
    /// What they are there for.
    pub purpose: &'static str,
}

/// The first one is the Administrator.
pub(super) fn operators() -> Result<Vec<DemoOperator>, ErrorCode> {
    type Line = (&'static str, &'static [Role], &'static [Privilege], &'static str);
    const LINES: [Line; 7] = [
        ("admin-1", &[Role::Administrator], &[], "may do everything"),
        (
            "admin-2",
            &[Role::Administrator],
            &[],
            "the same; a second one, to approve what loosens",
        ),
        (
            "devices-1",
            &[Role::DeviceServiceAdministrator],
            &[],
            "manages devices, and answers callers",
        ),
        ("desk-1", &[], &[Privilege::Unlock], "answers callers"),
        (
            "desk-2",
            &[],
            &[Privilege::Unlock],
            "answers callers; a second one, to approve",
        ),
        (
            "platform-1",
            &[],
            &[Privilege::Unlock],
            "in its name the agents of a management platform ask",
        ),
        (
            "audit-1",
            &[],
            &[Privilege::Audit],
            "reads the log, gives no code",
        ),
    ];
    let make = |(name, roles, privileges, purpose): Line| {
        Ok(DemoOperator {
            operator: Operator {
                id: operator_id(name)?,
                roles: roles.to_vec(),
                privileges: privileges.to_vec(),
                user: None,
            },
            password: new_password()?,
            purpose,
        })
    };
    let mut all: Vec<_> = LINES.into_iter().map(make).collect::<Result<_, _>>()?;
    all.push(DemoOperator {
        operator: Operator {
            id: operator_id("manager-1")?,
            roles: Vec::new(),
            privileges: Vec::new(),
            user: Some(user_id(MANAGER)?),
        },
        password: new_password()?,
        purpose: "the manager of robin.sample and chris.example, who vouches for them",
    });
    Ok(all)
}

/// The user who is the manager of some others.
const MANAGER: &str = "alex.muster";
const MANAGED: [&str; 2] = ["robin.sample", "chris.example"];

fn user_id(id: &str) -> Result<UserId, ErrorCode> {
    UserId::new(id).ok_or(ErrorCode::InvalidArgument)
}

/// A sample user: id, name, class, how many devices.
type Sample = (&'static str, &'static str, UserClass, usize);

/// The first one's device is the virtual key.
const SAMPLES: [Sample; 8] = [
    ("robin.sample", "Robin Sample", UserClass::Ordinary, 1),
    ("alex.muster", "Alex Muster", UserClass::Ordinary, 1),
    ("chris.example", "Chris Example", UserClass::Ordinary, 2),
    ("dana.specimen", "Dana Specimen (board)", UserClass::Privileged, 1),
    ("jo.moster", "Jo Møster", UserClass::Ordinary, 1),
    ("kim.echantillon", "Kim d'Échantillon", UserClass::Ordinary, 1),
    ("lee.yangben", "李 样本", UserClass::Ordinary, 1),
    ("sam.nokey", "Sam Nokey", UserClass::Ordinary, 0),
];

/// The one whose key is locked.
pub(super) const LOCKED: &str = SAMPLES[0].0;

/// Registers users and devices, one of the devices retired; gives the first one's key, with a passkey, locked. `file`:
/// where that one is kept, if not in memory.
pub(super) fn move_in(
    desk: &mut Desk,
    session: &Session,
    issuer: Issuer,
    file: Option<&Path>,
) -> Result<VirtualKey, Refusal> {
    let mut locked = None;
    for (place, sample) in SAMPLES.iter().enumerate() {
        let user = user(place, sample)?;
        let (_, name, _, devices) = *sample;
        desk.put_user(session, &user)?;
        for _ in 0..devices {
            let key = match locked {
                None => VirtualKey::to_be_locked(name, file)?,
                Some(_) => VirtualKey::make(name)?,
            };
            issuer.register(desk, session, &key, &user.id)?;
            locked = locked.or(Some(key));
        }
    }
    let manager = NewManager::Is(user_id(MANAGER)?);
    let managed = MANAGED.map(|id| Ok((user_id(id)?, manager.clone())));
    let managed: Vec<_> = managed.into_iter().collect::<Result<_, ErrorCode>>()?;
    desk.put_managers(session, &managed)?;
    if let Some(last) = UserId::new("chris.example") {
        let devices = desk.find_user(session, &last)?.devices;
        if let Some(old) = devices.first() {
            desk.retire_device(session, &old.id)?;
        }
    }
    let key = locked.ok_or(ErrorCode::NoDevice)?;
    key.make_passkey()?;
    key.lock()?;
    Ok(key)
}

fn user(place: usize, &(id, name, class, _): &Sample) -> Result<User, ErrorCode> {
    Ok(User {
        id: UserId::new(id).ok_or(ErrorCode::InvalidArgument)?,
        name: name.into(),
        class,
        channels: vec![
            channel("mail", ChannelKind::Mail, format!("{id}@corp.example")),
            channel(
                "telephone",
                ChannelKind::Telephone,
                format!("+1 555 01{place:02}"),
            ),
        ],
    })
}

fn channel(id: &str, kind: ChannelKind, address: String) -> Channel {
    Channel {
        id: id.into(),
        kind,
        address,
        // The desk sets it.
        changed_at: UnixTime(0),
    }
}
