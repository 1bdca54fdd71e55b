//! Who else may change what is in a folder: they could put files of theirs in place of a desk's.
//!
//! As OpenSSH judges the folders of a key file (sshd_config(5), `StrictModes`): the folder belongs to this user or to
//! root, and neither it nor a folder above it can be written to by others. The sticky bit keeps others from what is
//! not theirs (as in /tmp). On systems without such owners and modes nothing is judged.

use std::io;
use std::path::{Path, PathBuf};

/// A folder that others can change, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exposed {
    /// It belongs to another user.
    #[error("{} belongs to another user", .0.display())]
    Owner(PathBuf),
    /// A group other than this user's own may write to it.
    #[error("another group may write to {}", .0.display())]
    Group(PathBuf),
    /// All may write to it.
    #[error("all users may write to {}", .0.display())]
    All(PathBuf),
}

/// Whether users other than this one and root may change what is in `folder`, or put another folder in its place;
/// `None` if not. If it is not there, the folders above it count, in which it would be made.
///
/// # Errors
/// The system's, if the path cannot be followed.
pub fn others_may_write(folder: &Path) -> io::Result<Option<Exposed>> {
    #[cfg(unix)]
    return unix::judge(folder);
    #[cfg(not(unix))]
    return std::fs::metadata(folder)
        .map(|_| None)
        .or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            _ => Err(error),
        });
}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeSet;
    use std::io::{self, ErrorKind};
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use rustix::process::{getegid, geteuid};

    use super::Exposed;

    const GROUP_WRITES: u32 = 0o0020;
    const ALL_WRITE: u32 = 0o0002;
    const STICKY: u32 = 0o1000;
    /// Root, and its group.
    const ROOT: u32 = 0;
    /// How Linux shows an owner outside of this user namespace, as in a container (user_namespaces(7)): nobody whom
    /// a process in it could be.
    const OUTSIDE: u32 = 65_534;

    /// Who asks.
    #[derive(Clone, Copy)]
    pub(super) struct Own {
        pub user: u32,
        pub group: u32,
    }

    /// What counts about a file or folder.
    #[derive(Clone, Copy)]
    pub(super) struct Entry {
        pub user: u32,
        pub group: u32,
        pub mode: u32,
        pub is_link: bool,
        /// It lies above the folder that was asked about.
        pub is_above: bool,
    }

    pub(super) fn judge(folder: &Path) -> io::Result<Option<Exposed>> {
        let own = Own {
            user: geteuid().as_raw(),
            group: getegid().as_raw(),
        };
        let asked = std::path::absolute(folder)?;
        let real = match asked.canonicalize() {
            Err(error) if error.kind() == ErrorKind::NotFound => asked.clone(),
            real => real?,
        };
        // Who may change a link may point it elsewhere, so the way to it counts as well.
        let all: BTreeSet<&Path> = real.ancestors().chain(asked.ancestors()).collect();
        for path in all {
            let metadata = match std::fs::symlink_metadata(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            let entry = Entry {
                user: metadata.uid(),
                group: metadata.gid(),
                mode: metadata.mode(),
                is_link: metadata.is_symlink(),
                is_above: path != real && path != asked,
            };
            if let Some(how) = exposed(own, entry) {
                return Ok(Some(how(path.to_owned())));
            }
        }
        Ok(None)
    }

    pub(super) fn exposed(own: Own, entry: Entry) -> Option<fn(PathBuf) -> Exposed> {
        let is_outside = entry.is_above && entry.user == OUTSIDE && own.user != OUTSIDE;
        if entry.user != own.user && entry.user != ROOT && !is_outside {
            return Some(Exposed::Owner);
        }
        // A link's own mode says nothing.
        if entry.is_link || entry.mode & STICKY != 0 {
            return None;
        }
        if entry.mode & ALL_WRITE != 0 {
            return Some(Exposed::All);
        }
        let is_own_group = [own.group, ROOT].contains(&entry.group);
        (entry.mode & GROUP_WRITES != 0 && !is_own_group).then_some(Exposed::Group)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::unix::{Entry, Own, exposed};
    use super::*;

    fn open(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_all_may_write_is_seen_and_so_are_those_above_it() {
        let above = tempfile::tempdir().unwrap();
        let parent = above.path().join("parent");
        let folder = parent.join("desk");
        fs::create_dir_all(&folder).unwrap();
        let all = |path: &Path| Some(Exposed::All(path.canonicalize().unwrap()));
        for (mode, is_open) in [
            (0o700, false),
            (0o755, false),
            (0o757, true),
            (0o777, true),
            (0o1777, false),
        ] {
            for path in [&folder, &parent] {
                open(&parent, 0o700);
                open(&folder, 0o700);
                open(path, mode);
                let expected = all(path).filter(|_| is_open);
                assert_eq!(others_may_write(&folder).unwrap(), expected, "{mode:o}");
            }
        }
        // One that is not there yet would be made there.
        open(&parent, 0o777);
        assert_eq!(others_may_write(&parent.join("new/desk")).unwrap(), all(&parent));
        open(&parent, 0o700);
        assert_eq!(others_may_write(&parent.join("new/desk")).unwrap(), None);
    }

    #[test]
    fn the_way_to_a_link_counts_too() {
        let above = tempfile::tempdir().unwrap();
        let (real, links) = (above.path().join("real"), above.path().join("links"));
        for path in [&real, &links] {
            fs::create_dir(path).unwrap();
            open(path, 0o700);
        }
        let link = links.join("desk");
        symlink(&real, &link).unwrap();
        assert_eq!(others_may_write(&link).unwrap(), None);
        open(&links, 0o777);
        assert!(
            matches!(others_may_write(&link).unwrap(), Some(Exposed::All(path)) if path.ends_with("links"))
        );
        open(&links, 0o700);
        open(&real, 0o777);
        assert!(
            matches!(others_may_write(&link).unwrap(), Some(Exposed::All(path)) if path.ends_with("real"))
        );
    }

    #[test]
    fn owner_and_group_are_this_user_s_or_root_s() {
        const OWN: Own = Own {
            user: 1000,
            group: 1000,
        };
        let told = |user, group, mode, is_link, is_above| {
            let entry = Entry {
                user,
                group,
                mode,
                is_link,
                is_above,
            };
            exposed(OWN, entry).map(|how| how(PathBuf::from("f")))
        };
        let folder = |user, group, mode| told(user, group, mode, false, false);
        let f = || PathBuf::from("f");
        for (user, group, mode, expected) in [
            (1000, 1000, 0o700, None),
            (1000, 1000, 0o770, None),
            (0, 0, 0o755, None),
            (0, 0, 0o775, None),
            (1001, 1000, 0o700, Some(Exposed::Owner(f()))),
            (1001, 1001, 0o1777, Some(Exposed::Owner(f()))),
            (65_534, 65_534, 0o755, Some(Exposed::Owner(f()))),
            (1000, 100, 0o750, None),
            (1000, 100, 0o770, Some(Exposed::Group(f()))),
            (0, 100, 0o775, Some(Exposed::Group(f()))),
            (1000, 100, 0o1770, None),
            (1000, 100, 0o777, Some(Exposed::All(f()))),
        ] {
            assert_eq!(folder(user, group, mode), expected, "{user} {group} {mode:o}");
        }
        // What lies above, seen from within a container; and the mode of a link, which is always 0777.
        assert_eq!(told(65_534, 65_534, 0o755, false, true), None);
        assert_eq!(told(1001, 1001, 0o755, false, true), Some(Exposed::Owner(f())));
        assert_eq!(told(1000, 1000, 0o777, true, false), None);
        assert_eq!(told(1001, 1001, 0o777, true, true), Some(Exposed::Owner(f())));
    }
}
