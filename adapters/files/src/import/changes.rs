//! What a row about a user changes, if anything: the one answer for a dry run, and for what is then written.

use std::collections::BTreeSet;

use fido_unlock_desk::{Channel, ChannelKind, KnownUser, NewManager, UnixTime, User, UserClass, UserId};

use super::{ImportedRow, ImportedUser};

/// One thing that a row changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserDifference {
    /// There is no such user yet.
    New {
        /// Their name.
        name: String,
        /// Their class.
        class: UserClass,
    },
    /// Another name.
    Name {
        /// As it is.
        from: String,
        /// As it will be.
        to: String,
    },
    /// Another mail address or telephone number, or the first one.
    Address {
        /// Which.
        kind: ChannelKind,
        /// As it is; `None` where there is none.
        from: Option<String>,
        /// As it will be.
        to: String,
    },
    /// Another class.
    Class {
        /// As it is.
        from: UserClass,
        /// As it will be.
        to: UserClass,
        /// It holds after its rest.
        rests: bool,
    },
    /// The class stays, and what rests of it is withdrawn.
    ClassStays {
        /// As it is.
        class: UserClass,
        /// What is withdrawn.
        withdrawn: UserClass,
    },
    /// Another manager, or the first one.
    Manager {
        /// As it is; `None` where there is none.
        from: Option<UserId>,
        /// As it will be.
        to: UserId,
        /// It holds after its rest, and nobody is their manager until then.
        rests: bool,
    },
    /// The manager stays, and what rests of it is withdrawn.
    ManagerStays {
        /// As it is.
        manager: UserId,
    },
}

/// A row that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserChange {
    /// The line on which the row begins, from 1.
    pub line: usize,
    /// The user as they are to be.
    pub user: User,
    /// Who is to vouch for them.
    pub manager: NewManager,
    /// As the desk knew them; `None` where it did not.
    pub known: Option<KnownUser>,
    /// What becomes different, in the order of the columns; never empty.
    pub differences: Vec<UserDifference>,
}

/// A row that says nothing of a class of which a lower one rests: to write the user would withdraw it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: {id}: the class {} holds from {holds_from} on; write a class, or import the line after that",
    class_name(*.class)
)]
pub struct ClassRests {
    /// The line on which the row begins, from 1.
    pub line: usize,
    /// Whose.
    pub id: UserId,
    /// What rests.
    pub class: UserClass,
    /// From when on it holds.
    pub holds_from: UnixTime,
}

const fn class_name(class: UserClass) -> &'static str {
    match class {
        UserClass::Ordinary => "ordinary",
        UserClass::Privileged => "privileged",
    }
}

/// What a row changes; `None`: the user is so already. `known`: as
/// [`Desk::known_users`](fido_unlock_desk::Desk::known_users) has them; `rests`: whether a lower class holds only after
/// its rest.
///
/// # Errors
/// [`ClassRests`].
pub fn user_change(
    row: &ImportedRow<ImportedUser>,
    known: Option<KnownUser>,
    rests: bool,
) -> Result<Option<UserChange>, ClassRests> {
    let (line, wanted) = (row.line, &row.value);
    let mut differences = Vec::new();
    let (mut user, pending) = match &known {
        Some(known) => (known.user.clone(), known.rests.as_ref()),
        None => {
            let class = wanted.class.unwrap_or(UserClass::Ordinary);
            differences.push(UserDifference::New {
                name: wanted.name.clone(),
                class,
            });
            let user = User {
                id: wanted.id.clone(),
                name: wanted.name.clone(),
                class,
                channels: Vec::new(),
            };
            (user, None)
        }
    };
    if user.name != wanted.name {
        let from = std::mem::replace(&mut user.name, wanted.name.clone());
        differences.push(UserDifference::Name {
            from,
            to: wanted.name.clone(),
        });
    }
    for (kind, name, address) in [
        (ChannelKind::Mail, "mail", &wanted.mail),
        (ChannelKind::Telephone, "telephone", &wanted.telephone),
    ] {
        if let Some(address) = address {
            differences.extend(set_channel(&mut user.channels, kind, name, address));
        }
    }
    match (wanted.class, pending) {
        (None, Some(pending)) if !differences.is_empty() => {
            return Err(ClassRests {
                line,
                id: wanted.id.clone(),
                class: pending.value,
                holds_from: pending.holds_from,
            });
        }
        (Some(class), Some(pending)) if class == user.class => {
            differences.push(UserDifference::ClassStays {
                class,
                withdrawn: pending.value,
            });
        }
        // Asked for already; written again with something else, it rests anew.
        (Some(class), Some(pending)) if class == pending.value => user.class = class,
        (Some(class), _) if class != user.class => {
            differences.push(UserDifference::Class {
                from: user.class,
                to: class,
                rests: rests && class == UserClass::Ordinary,
            });
            user.class = class;
        }
        _ => {}
    }
    let manager = manager_change(wanted.manager.as_ref(), known.as_ref(), rests);
    let manager = manager.map_or(NewManager::Same, |(difference, to)| {
        differences.push(difference);
        NewManager::Is(to)
    });
    let change = (!differences.is_empty()).then_some(UserChange {
        line,
        user,
        manager,
        known,
        differences,
    });
    Ok(change)
}

/// What becomes of a user's manager, if anything, and who it is then.
fn manager_change(
    wanted: Option<&UserId>,
    known: Option<&KnownUser>,
    rests: bool,
) -> Option<(UserDifference, UserId)> {
    let wanted = wanted?.clone();
    let from = known.and_then(|known| known.manager.clone());
    let later = known.and_then(|known| known.manager_rests.as_ref());
    let difference = match (&from, later) {
        // Asked for already.
        (_, Some(later)) if later.value.as_ref() == Some(&wanted) => return None,
        (Some(from), None) if *from == wanted => return None,
        (Some(from), Some(_)) if *from == wanted => UserDifference::ManagerStays {
            manager: wanted.clone(),
        },
        _ => UserDifference::Manager {
            from,
            to: wanted.clone(),
            rests: rests && known.is_some(),
        },
    };
    Some((difference, wanted))
}

/// The managers of a file who are no rows of it: whether there are such users is to be looked up.
#[must_use]
pub fn managers_elsewhere(rows: &[ImportedRow<ImportedUser>]) -> Vec<UserId> {
    let here: BTreeSet<&UserId> = rows.iter().map(|row| &row.value.id).collect();
    let managers = rows.iter().filter_map(|row| row.value.manager.as_ref());
    let elsewhere: BTreeSet<&UserId> = managers.filter(|manager| !here.contains(manager)).collect();
    elsewhere.into_iter().cloned().collect()
}

/// Gives the user's channel of this kind another address, or adds one; gives what that changes.
fn set_channel(
    channels: &mut Vec<Channel>,
    kind: ChannelKind,
    name: &str,
    address: &str,
) -> Option<UserDifference> {
    let same = |channel: &Channel| channel.kind == kind && channel.address == address;
    if channels.iter().any(same) {
        return None;
    }
    let of_kind = |channel: &&mut Channel| channel.kind == kind;
    let first = channels
        .iter()
        .position(|channel| channel.kind == kind && channel.id == name);
    let found = match first {
        Some(place) => channels.get_mut(place),
        None => channels.iter_mut().find(of_kind),
    };
    let from = found.map(|channel| std::mem::replace(&mut channel.address, address.to_owned()));
    if from.is_none() {
        let mut id = name.to_owned();
        while channels.iter().any(|channel| channel.id == id) {
            id.push('+');
        }
        channels.push(Channel {
            id,
            kind,
            address: address.to_owned(),
            changed_at: UnixTime(0),
        });
    }
    Some(UserDifference::Address {
        kind,
        from,
        to: address.to_owned(),
    })
}
