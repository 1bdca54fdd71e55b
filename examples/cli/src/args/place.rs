//! Which help desk a command names.

use std::path::Path;

use super::{Audit, Command, Desk, Issuer, ServiceOptions};

/// A help desk as it was named: a folder or an address.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What stands behind `--desk`.
    pub desk: &'a Path,
    /// Who was named, where the command can name somebody.
    pub operator: Option<&'a str>,
    /// By which an address is spoken to, where the command knows it.
    pub service: Option<&'a ServiceOptions>,
}

impl<'a> Named<'a> {
    fn of(at: &'a super::At) -> Self {
        Self {
            desk: at.desk.as_path(),
            operator: at.operator.as_deref(),
            service: Some(&at.service),
        }
    }

    const fn folder(desk: &'a Path) -> Self {
        Self {
            desk,
            operator: None,
            service: None,
        }
    }
}

impl Command {
    /// The help desk that this command names, if any.
    pub fn named(&self) -> Option<Named<'_>> {
        match self {
            Self::Diagnose(args) => args.desk.as_deref().map(Named::folder),
            Self::Enroll(args) => args.desk.as_deref().map(|desk| Named {
                desk,
                operator: args.operator.as_deref(),
                service: Some(&args.service),
            }),
            Self::BlockPin(args) => Some(Named::of(&args.at)),
            Self::Respond(args) => Some(Named::of(&args.at)),
            Self::Issuer(issuer) => Some(issuer.named()),
            Self::Desk(desk) => Some(desk.named()),
            Self::Audit(audit) => audit.named(),
            Self::Devices { .. }
            | Self::Info
            | Self::Challenge(_)
            | Self::Unlock(_)
            | Self::Licence(_)
            | Self::Code(_)
            | Self::Mock(_)
            | Self::Completions { .. } => None,
        }
    }
}

impl Issuer {
    fn named(&self) -> Named<'_> {
        match self {
            Self::Show { desk, .. } => Named::folder(desk),
            Self::Generate { at, .. }
            | Self::List { at, .. }
            | Self::Rotate { at, .. }
            | Self::Backup { at, .. }
            | Self::Restore { at, .. } => Named::of(at),
        }
    }
}

impl Desk {
    fn named(&self) -> Named<'_> {
        match self {
            Self::Init { desk, .. } | Self::Recover { desk, .. } => Named::folder(desk),
            Self::Done(close) | Self::Abandon(close) => Named::of(&close.at),
            Self::Open { at }
            | Self::Licence { at, .. }
            | Self::Rules { at, .. }
            | Self::Service { at, .. }
            | Self::AddOperator { at, .. }
            | Self::RemoveOperator { at, .. }
            | Self::Password { at }
            | Self::Approve { at, .. }
            | Self::AddUser { at, .. }
            | Self::EraseUser { at, .. }
            | Self::SignIn { at, .. }
            | Self::SignOut { at }
            | Self::Find { at, .. }
            | Self::List { at, .. }
            | Self::Import { at, .. }
            | Self::ImportUsers { at, .. }
            | Self::Backup { at, .. }
            | Self::Restore { at, .. }
            | Self::Device { at, .. }
            | Self::Retire { at, .. }
            | Self::Status { at }
            | Self::AcceptClock { at, .. }
            | Self::Acknowledge { at, .. } => Named::of(at),
        }
    }
}

impl Audit {
    fn named(&self) -> Option<Named<'_>> {
        match self {
            Self::Verify { desk, .. } => desk.as_deref().map(Named::folder),
            Self::Prove { desk, service, .. } => Some(Named {
                desk,
                operator: None,
                service: Some(service),
            }),
            Self::Export { at, .. } | Self::Show { at, .. } | Self::Checkpoint { at, .. } => {
                Some(Named::of(at))
            }
            Self::CheckProof { .. } => None,
        }
    }
}
