//! Users, with the header `id,name,class,mail,telephone,manager`, of which files of earlier versions lack the last.
//!
//! `class`: `ordinary` or `privileged`; `mail`: an address; `telephone`: a number to call; `manager`: the id of the user
//! who vouches for them. What is empty says nothing: what the desk knows of it stays.

use std::collections::HashMap;

use fido_unlock_desk::{UserClass, UserId, composed};
use fido_unlock_protocol::Shown;

use super::{CellFault, Cells, ImportError, ImportErrors, Imported, from_cell, read_table};

/// The columns, in this order.
pub const USER_COLUMNS: [&str; 6] = ["id", "name", "class", "mail", "telephone", "manager"];

/// Longest name or address, in bytes.
const LONGEST: usize = 256;

/// A user as a row has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedUser {
    /// Their id.
    pub id: UserId,
    /// Their name, in Unicode's form C; 1 to 256 bytes.
    pub name: String,
    /// Their class; `None` says nothing of it.
    pub class: Option<UserClass>,
    /// A mail address, at most 256 bytes; `None` says nothing of it.
    pub mail: Option<String>,
    /// A telephone number to call, at most 256 bytes; `None` says nothing of it.
    pub telephone: Option<String>,
    /// Who vouches for them, another user; `None` says nothing of it.
    pub manager: Option<UserId>,
}

/// Reads every row.
///
/// # Errors
/// [`ImportErrors`] where it is no text, or has another header.
pub fn read_users(csv: &[u8]) -> Result<Imported<ImportedUser>, ImportErrors> {
    let mut seen = HashMap::new();
    read_table(csv, &USER_COLUMNS, (4, 1), |cells| {
        let user = read_cells(cells)?;
        match seen.insert(user.id.as_str().to_owned(), cells.line) {
            None => Some(user),
            Some(before) => {
                let (line, field) = (cells.line, "id");
                cells.faults.push(ImportError::Twice { line, field, before });
                None
            }
        }
    })
}

fn read_cells(cells: &mut Cells<'_, 6>) -> Option<ImportedUser> {
    let [id, name, class, mail, telephone, manager] = cells.cells;
    let id = cells.read(1, UserId::new(from_cell(id)), CellFault::User);
    let name = text(cells, 2, name);
    if name.as_ref().is_some_and(Option::is_none) {
        cells.wrong(2, CellFault::Name);
    }
    let class = match class.to_ascii_lowercase().as_str() {
        "" => Some(None),
        "ordinary" => Some(Some(UserClass::Ordinary)),
        "privileged" => Some(Some(UserClass::Privileged)),
        _ => None,
    };
    let class = cells.read(3, class, CellFault::Class);
    let mail = text(cells, 4, mail);
    if mail.iter().flatten().any(|mail| !mail.contains('@')) {
        cells.wrong(4, CellFault::Mail);
    }
    let telephone = text(cells, 5, telephone);
    let manager = match from_cell(manager) {
        "" => Some(None),
        // Nobody vouches for themselves.
        manager => UserId::new(manager)
            .filter(|manager| Some(manager) != id.as_ref())
            .map(Some),
    };
    let manager = cells.read(6, manager, CellFault::User);
    Some(ImportedUser {
        id: id?,
        name: name??,
        class: class?,
        mail: mail?,
        telephone: telephone?,
        manager: manager?,
    })
}

/// A text that can be shown as it is; `Some(None)` where there is none.
fn text(cells: &mut Cells<'_, 6>, column: usize, cell: &str) -> Option<Option<String>> {
    let text = user_text(from_cell(cell));
    let fault = text.as_ref().err().copied();
    cells.read(column, text.ok(), fault.unwrap_or(CellFault::Text))
}

/// A user's name or address as it was typed, in Unicode's form C; `None` where there is none.
///
/// # Errors
/// [`CellFault::Text`] where it is longer than 256 bytes, or has characters that cannot be seen.
pub fn user_text(typed: &str) -> Result<Option<String>, CellFault> {
    let text = composed(typed.trim());
    if text.len() > LONGEST || !Shown(&text).is_plain() {
        return Err(CellFault::Text);
    }
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(csv: &str) -> Vec<String> {
        let read = read_users(csv.as_bytes()).unwrap();
        read.faults.errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_empty_or_left_out_says_nothing() {
        let csv = "ID;Name;Class;Mail;Telephone\n\nalice;Alice A;;a@x.example;'+49 1\nbob;Bob\nboss;The Boss;Privileged;;\n";
        let rows = read_users(csv.as_bytes()).unwrap().whole().unwrap();
        let user = |id: &str, name: &str, class, mail: Option<&str>, telephone: Option<&str>| ImportedUser {
            id: UserId::new(id).unwrap(),
            name: name.into(),
            class,
            mail: mail.map(Into::into),
            telephone: telephone.map(Into::into),
            manager: None,
        };
        let lines: Vec<usize> = rows.iter().map(|row| row.line).collect();
        let users: Vec<_> = rows.into_iter().map(|row| row.value).collect();
        assert_eq!(lines, [3, 4, 5]);
        assert_eq!(
            users,
            [
                user("alice", "Alice A", None, Some("a@x.example"), Some("+49 1")),
                user("bob", "Bob", None, None, None),
                user("boss", "The Boss", Some(UserClass::Privileged), None, None),
            ]
        );
    }

    #[test]
    fn a_file_of_an_earlier_version_has_no_managers() {
        let csv = "id,name,class,mail,telephone,manager\nalice,Alice,,,,bob\nbob,Bob\n";
        let rows = read_users(csv.as_bytes()).unwrap().whole().unwrap();
        let managers: Vec<_> = rows.iter().map(|row| row.value.manager.clone()).collect();
        assert_eq!(managers, [UserId::new("bob"), None]);
        // A cell that has moved there is no manager.
        let older = "id,name,class,mail,telephone\nbob,Bob,,,+49 1,2\n";
        let moved =
            "line 2: 6 cells instead of 5; a cell that contains the separator must be in double quotes";
        assert_eq!(faults(older), [moved]);
        assert!(faults("id,name,class,mail,telephone\nbob,Bob,,,+49 1,\n").is_empty());
        let wrong = "line 2, column 6 (manager): not a user's id";
        assert_eq!(
            faults("id,name,class,mail,telephone,manager\nbob,Bob,,,,bob\n"),
            [wrong]
        );
    }

    #[test]
    fn every_fault_of_every_row_is_told() {
        let csv = "id,name,class,mail,telephone,manager\n\
                   ,,vip,nobody,\u{202e}1\n\
                   alice,Alice,,,\n\
                   one\n\
                   alice,Alice again,,,\n";
        assert_eq!(
            faults(csv),
            [
                "line 2, column 1 (id): not a user's id",
                "line 2, column 2 (name): a name is wanted",
                "line 2, column 3 (class): neither ordinary nor privileged nor empty",
                "line 2, column 4 (mail): not a mail address",
                "line 2, column 5 (telephone): too long, or with characters that cannot be seen",
                "line 4: 1 cells instead of 6; a cell that contains the separator must be in double quotes",
                "line 5, column 1 (id): line 3 is about the same one",
            ]
        );
    }
}
