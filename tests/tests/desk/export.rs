//! The log as files, and what is found in them by whoever has the checkpoint's key alone.

use std::collections::BTreeMap;

use fido_unlock::desk::export::{ExportError, ExportReport, verify_export};
use fido_unlock::desk::log::{
    KeyName, NoteError, NoteSigner, NoteVerifier, Range, SignedNote, SoftwareNoteSigner, TreeHead, bundle,
    leaf_hash, sign_note,
};
use fido_unlock::desk::ports::StorageError;
use fido_unlock::desk::record::{DeskEntry, DeskEvent, EntryFault, LogId, OrderFault, TextLine};
use fido_unlock::desk::{Desk, DeskError, ExportTexts, OperatorSession};
use fido_unlock::{ErrorCode, HasCode};

use crate::house::{ADMIN, ANNA, House, code_of, operator_id};

type Files = BTreeMap<String, Vec<u8>>;

/// Signs checkpoints of the house's log.
pub fn signer(house: &mut House) -> SoftwareNoteSigner {
    let origin = house.desk.origin().unwrap();
    SoftwareNoteSigner::from_seed(origin, &[0xC4; 32])
}

/// A house whose log is longer than a tile.
fn busy() -> (House, OperatorSession) {
    let mut house = House::new();
    let anna = house.sign_in(ANNA);
    let id = house.ready(&anna, 1, 0xA1, 0);
    house.code(&anna, id).unwrap();
    house.desk.done(&anna, id).unwrap();
    for _ in 0..280 {
        house.desk.search(&anna, "zoe").unwrap();
    }
    let admin = house.sign_in(ADMIN);
    (house, admin)
}

fn export(
    house: &mut House,
    admin: &OperatorSession,
    checkpoint: &SignedNote,
    texts: ExportTexts,
) -> Result<(Files, ExportReport), DeskError> {
    let mut files = Files::new();
    let mut write = |path: &str, bytes: &[u8]| {
        assert_eq!(files.insert(path.into(), bytes.to_vec()), None, "{path}");
        Ok(())
    };
    let report = house.desk.export_log(admin, checkpoint, texts, &mut write)?;
    Ok((files, report))
}

fn verify(files: &Files, key: &NoteVerifier, earlier: &[TreeHead]) -> Result<ExportReport, ExportError> {
    let mut read = |path: &str| Ok(files.get(path).cloned());
    verify_export(&mut read, std::slice::from_ref(key), earlier)
}

fn head_of(note: &SignedNote, key: &NoteVerifier) -> TreeHead {
    TreeHead::parse(note.verify(std::slice::from_ref(key)).unwrap()).unwrap()
}

#[test]
fn a_log_is_verified_from_its_files_alone() {
    let (mut house, admin) = busy();
    let mut signer = signer(&mut house);
    let key = signer.verifier();
    let early = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let early = head_of(&early, &key);
    house.desk.search(&admin, "boss").unwrap();
    let late = house.desk.checkpoint(&admin, &mut signer).unwrap();
    // What came after the checkpoint is not in it.
    house.desk.search(&admin, "boss").unwrap();
    let size = head_of(&late, &key).size;
    assert!(size > 256 && size < 512, "{size}");

    let (files, written) = export(&mut house, &admin, &late, ExportTexts::Written).unwrap();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    let rest = size - 256;
    let expected = [
        "checkpoint",
        "texts/000.jsonl",
        &format!("texts/001.p/{rest}.jsonl"),
        "tile/0/000",
        &format!("tile/0/001.p/{rest}"),
        "tile/1/000.p/1",
        "tile/entries/000",
        &format!("tile/entries/001.p/{rest}"),
    ];
    assert_eq!(names, expected);
    let report = verify(&files, &key, std::slice::from_ref(&early)).unwrap();
    assert_eq!(
        report,
        ExportReport {
            covered: early.size,
            ..written.clone()
        }
    );
    assert_eq!((report.without_text, &report.head.size), (0, &size));
    assert!(report.texts > 280);

    let (bare, written) = export(&mut house, &admin, &late, ExportTexts::LeftOut).unwrap();
    assert_eq!((written.texts, written.without_text), (0, report.texts));
    assert!(!bare.keys().any(|path| path.starts_with("texts/")));
    assert_eq!(verify(&bare, &key, &[early]).unwrap().without_text, report.texts);
}

#[test]
fn who_may_not_read_the_log_cannot_export_it_and_an_export_is_recorded() {
    let (mut house, admin) = busy();
    let mut signer = signer(&mut house);
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let anna = house.sign_in(ANNA);
    let before = house.log_size();
    let refused = export(&mut house, &anna, &note, ExportTexts::Written);
    assert_eq!(code_of(refused), ErrorCode::PrivilegeMissing);
    export(&mut house, &admin, &note, ExportTexts::Written).unwrap();
    assert_eq!(house.log_from(before)[..2], ["Refused 405", "LogRead"]);
    // A checkpoint of another log, or of another tree.
    let mut other = House::new();
    let other_admin = other.sign_in(ADMIN);
    let name = KeyName::new("fido-unlock/00000000000000000000000000000000").unwrap();
    let strange = sign_note(format!("{name}\n1\n{}=\n", "A".repeat(43)), &mut signer).unwrap();
    for foreign in [strange, note] {
        let refused = export(&mut other, &other_admin, &foreign, ExportTexts::Written);
        assert_eq!(code_of(refused), ErrorCode::AuditCheckpoint);
    }
}

/// The last byte of a file becomes another.
fn change(path: &str) -> impl Fn(&mut Files) {
    move |files: &mut Files| *files.get_mut(path).unwrap().last_mut().unwrap() ^= 1
}

// M-audit-20 M-audit-21 M-audit-23
#[test]
fn whatever_is_changed_in_the_files_is_found() {
    let (mut house, admin) = busy();
    let mut signer = signer(&mut house);
    let key = signer.verifier();
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let (good, report) = export(&mut house, &admin, &note, ExportTexts::Written).unwrap();
    let rest = report.head.size - 256;
    let partial = format!("tile/0/001.p/{rest}");
    let entries = format!("tile/entries/001.p/{rest}");
    let texts = format!("texts/001.p/{rest}.jsonl");

    let after = |change: &dyn Fn(&mut Files)| {
        let mut files = good.clone();
        change(&mut files);
        assert!(files != good);
        verify(&files, &key, &[]).unwrap_err()
    };
    for path in ["tile/0/000", "tile/1/000.p/1", &partial] {
        assert_eq!(after(&change(path)), ExportError::Tile { path: path.into() });
    }
    for path in good.keys().filter(|path| !path.starts_with("texts/")) {
        let gone = after(&|files| drop(files.remove(path)));
        assert_eq!(gone, ExportError::Missing { path: path.clone() });
    }
    // An entry that is one no longer, and one that says something else.
    let index = report.head.size - 1;
    let broken = |fault| ExportError::Entry { index, fault };
    let malformed = OrderFault::Entry(EntryFault::Malformed);
    let size = report.head.size;
    assert_eq!(after(&change(&entries)), ExportError::Root { size });
    let shorter = after(&|files| files.get_mut(&entries).unwrap().truncate(9));
    assert_eq!(
        shorter,
        ExportError::Bundle {
            path: entries.clone()
        }
    );
    // One entry more than the checkpoint has, which is good by itself.
    let longer = after(&|files| {
        let next = changed(&good[&entries], |entry| entry.sequence += 1);
        let bundle = files.get_mut(&entries).unwrap();
        bundle.extend((next.len() as u16).to_be_bytes());
        bundle.extend(next);
    });
    assert_eq!(
        longer,
        ExportError::Bundle {
            path: entries.clone()
        }
    );
    for (fault, other) in [
        (malformed, vec![0xA0]),
        (
            OrderFault::Log,
            changed(&good[&entries], |entry| entry.log_id.0[0] ^= 1),
        ),
        (
            OrderFault::Place,
            changed(&good[&entries], |entry| entry.sequence -= 1),
        ),
        (
            OrderFault::Time,
            changed(&good[&entries], |entry| entry.at.0 -= 1),
        ),
    ] {
        let at = |files: &mut Files| {
            let bundle = files.get_mut(&entries).unwrap();
            let keep = last_entry(bundle).0;
            bundle.truncate(keep);
            bundle.extend((other.len() as u16).to_be_bytes());
            bundle.extend(&other);
        };
        assert_eq!(after(&at), broken(fault));
    }
    let line = |line| ExportError::Text {
        path: texts.clone(),
        line,
    };
    let last = good[&texts].iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(after(&change(&texts)), line(last));
    let twice = after(&|files| {
        let same = files[&texts].clone();
        files.get_mut(&texts).unwrap().extend(same);
    });
    assert_eq!(twice, line(last + 1));
    let other = after(&|files| {
        let text = String::from_utf8(files[&texts].clone()).unwrap();
        let mut first = TextLine::parse(text.lines().next().unwrap()).unwrap();
        first.text.push('!');
        let rest = text.split_once('\n').unwrap().1;
        files.insert(texts.clone(), format!("{}\n{rest}", first.to_line()).into_bytes());
    });
    assert_eq!(other, line(1));
    assert_eq!(
        after(&change("checkpoint")),
        ExportError::Note(NoteError::Malformed)
    );
}

/// Where the last entry of a bundle begins, and the entry.
fn last_entry(bundle: &[u8]) -> (usize, Vec<u8>) {
    let entries = fido_unlock::desk::log::unbundle(bundle).unwrap();
    let last = entries.last().unwrap().to_vec();
    (bundle.len() - last.len() - 2, last)
}

fn changed(bundle: &[u8], change: impl FnOnce(&mut DeskEntry)) -> Vec<u8> {
    let mut entry = DeskEntry::from_bytes(&last_entry(bundle).1).unwrap();
    change(&mut entry);
    entry.to_bytes()
}

// M-audit-20 M-audit-22
#[test]
fn a_checkpoint_that_was_kept_shows_a_log_that_was_cut_or_rewritten() {
    let (mut house, admin) = busy();
    let mut signer = signer(&mut house);
    let key = signer.verifier();
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let (files, report) = export(&mut house, &admin, &note, ExportTexts::LeftOut).unwrap();
    let later = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let head = report.head.clone();
    let found = |earlier: TreeHead| verify(&files, &key, &[earlier]).unwrap_err();

    let (size, was) = (head.size, head_of(&later, &key).size);
    assert_eq!(
        found(head_of(&later, &key)),
        ExportError::Shorter {
            size: was,
            found: size
        }
    );
    let other_root = TreeHead {
        size: 100,
        ..head.clone()
    };
    assert_eq!(found(other_root), ExportError::Root { size: 100 });
    let empty = TreeHead {
        size: 0,
        ..head.clone()
    };
    assert_eq!(found(empty), ExportError::Root { size: 0 });
    let elsewhere = TreeHead {
        origin: KeyName::new("fido-unlock/00").unwrap(),
        ..head.clone()
    };
    assert_eq!(found(elsewhere), ExportError::Origin { size });

    // Signed by another key, over another tree, and with a name that is no desk's.
    let mut stranger = SoftwareNoteSigner::from_seed(head.origin.clone(), &[1; 32]);
    let foreign = sign_note(head.to_text(), &mut stranger).unwrap();
    let other = TreeHead {
        root: head_of(&later, &key).root,
        ..head.clone()
    };
    let rewritten = sign_note(other.to_text(), &mut signer).unwrap();
    let nameless = TreeHead {
        origin: KeyName::new("example.com/log").unwrap(),
        ..head
    };
    let nameless = sign_note(nameless.to_text(), &mut signer).unwrap();
    for (checkpoint, error) in [
        (foreign, ExportError::Note(NoteError::Unsigned)),
        (rewritten, ExportError::Root { size }),
        (nameless, ExportError::Origin { size }),
    ] {
        let mut files = files.clone();
        files.insert("checkpoint".into(), checkpoint.to_text().into_bytes());
        let found = verify(&files, &key, &[]).unwrap_err();
        assert_eq!(found.code(), ErrorCode::AuditCheckpoint);
        assert_eq!(found, error);
    }
}

#[test]
fn a_text_that_somebody_changed_in_the_store_is_left_out() {
    let (mut house, admin) = busy();
    let mut signer = signer(&mut house);
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let (_, before) = export(&mut house, &admin, &note, ExportTexts::Written).unwrap();
    let mut content = house.world.store.content();
    let texts = content
        .rows
        .iter_mut()
        .filter(|((table, _), _)| *table == fido_unlock::desk::ports::Table::Texts);
    *texts.last().unwrap().1.0.last_mut().unwrap() ^= 1;
    house.world.store.set_content(content);
    let (files, after) = export(&mut house, &admin, &note, ExportTexts::Written).unwrap();
    assert_eq!((after.texts, after.without_text), (before.texts - 1, 1));
    verify(&files, &signer.verifier(), &[]).unwrap();
}

#[test]
fn an_entry_that_somebody_changed_is_not_exported() {
    let (mut house, admin) = busy();
    let mut signer = signer(&mut house);
    let note = house.desk.checkpoint(&admin, &mut signer).unwrap();
    // Nor to a folder that cannot be written.
    let mut write = |path: &str, _: &[u8]| Err(StorageError::Write { detail: path.into() });
    let refused = house
        .desk
        .export_log(&admin, &note, ExportTexts::LeftOut, &mut write);
    assert_eq!(code_of(refused), ErrorCode::StoreWrite);
    let mut content = house.world.store.content();
    let mut entry = DeskEntry::from_bytes(&content.entries[9]).unwrap();
    entry.count = Some(9);
    content.entries[9] = entry.to_bytes();
    house.world.store.set_content(content);
    let refused = export(&mut house, &admin, &note, ExportTexts::LeftOut);
    assert_eq!(code_of(refused), ErrorCode::AuditCheckpoint);
}

// M-audit-17
#[test]
fn no_entry_has_a_name_or_a_text_in_it() {
    let (house, _) = busy();
    let content = house.world.store.content();
    for secret in [
        "zoe",
        "Example",
        "anna",
        "corp.example",
        "ticket 4711",
        "spoke to her",
        "mail",
    ] {
        let there = |bytes: &Vec<u8>| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!content.entries.iter().any(there), "{secret}");
        // It is known, and stands in rows.
        let hidden = secret == "spoke to her";
        assert!(
            content.rows.values().any(|(row, _)| there(row)) != hidden,
            "{secret}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_read_is_said_so() {
    let mut house = House::new();
    let key = signer(&mut house).verifier();
    let lost = || StorageError::Read {
        detail: "the stick was pulled out".into(),
    };
    let found = verify_export(&mut |_| Err(lost()), &[key], &[]).unwrap_err();
    assert_eq!(found.code(), ErrorCode::StoreRead);
    assert_eq!(found, ExportError::Storage(lost()));
}

/// Checkpoints of before and after, each under the id that the log had, are beginnings of a log that was restored.
// M-audit-22 M-audit-31
#[test]
fn a_restored_log_goes_on_under_another_id() {
    let (mut house, admin) = busy();
    let mut old = signer(&mut house);
    let before = house.desk.checkpoint(&admin, &mut old).unwrap();
    let before = head_of(&before, &old.verifier());
    house.desk = Desk::restore(house.parts(), &operator_id(ADMIN.0), ADMIN.1, "the disk broke").unwrap();
    let admin = house.sign_in(ADMIN);
    let mut new = signer(&mut house);
    let after = house.desk.checkpoint(&admin, &mut new).unwrap();
    let (files, _) = export(&mut house, &admin, &after, ExportTexts::Written).unwrap();
    let (key, after) = (new.verifier(), head_of(&after, &new.verifier()));
    let none = TreeHead {
        size: 0,
        root: Range::empty().root(),
        ..before.clone()
    };
    for good in [&before, &after, &none] {
        let report = verify(&files, &key, std::slice::from_ref(good)).unwrap();
        assert_eq!(report.covered, good.size);
    }
    let under = |origin: &TreeHead, head: &TreeHead| TreeHead {
        origin: origin.origin.clone(),
        ..head.clone()
    };
    for wrong in [
        under(&after, &before),
        under(&before, &after),
        under(&after, &none),
    ] {
        let size = wrong.size;
        let found = verify(&files, &key, &[wrong]).unwrap_err();
        assert_eq!(found, ExportError::Origin { size });
    }
}

// M-audit-32
#[test]
fn a_restored_log_names_the_head_that_it_had() {
    let first = DeskEntry {
        log_id: LogId([1; 16]),
        ..DeskEntry::from_bytes(&House::new().desk.entry_bytes(0).unwrap()).unwrap()
    };
    let mut range = Range::empty();
    range.append(leaf_hash(&first.to_bytes()), |_, _, _| ()).unwrap();
    let named = TreeHead {
        origin: first.log_id.origin(),
        size: 1,
        root: range.root(),
    };
    let judged = |head: &TreeHead| {
        let text = TextLine {
            index: 1,
            salt: [2; 32],
            text: format!("{}\nthe disk broke", head.to_text()),
        };
        let second = DeskEntry {
            log_id: LogId([3; 16]),
            event: DeskEvent::LogRestored,
            sequence: 1,
            text: Some(text.hash()),
            ..first.clone()
        };
        let entries = [first.to_bytes(), second.to_bytes()];
        let leaves = entries.each_ref().map(|bytes| leaf_hash(bytes));
        let mut range = range.clone();
        range.append(leaves[1], |_, _, _| ()).unwrap();
        let mut signer = SoftwareNoteSigner::from_seed(second.log_id.origin(), &[0xC4; 32]);
        let checkpoint = TreeHead {
            origin: second.log_id.origin(),
            size: 2,
            root: range.root(),
        };
        let checkpoint = sign_note(checkpoint.to_text(), &mut signer).unwrap();
        let files = Files::from([
            ("checkpoint".into(), checkpoint.to_text().into_bytes()),
            ("tile/0/000.p/2".into(), leaves.map(|leaf| leaf.0).concat()),
            (
                "tile/entries/000.p/2".into(),
                bundle(entries.iter().map(Vec::as_slice)).unwrap(),
            ),
            (
                "texts/000.p/2.jsonl".into(),
                format!("{}\n", text.to_line()).into_bytes(),
            ),
        ]);
        verify(&files, &signer.verifier(), &[])
    };
    assert_eq!(judged(&named).unwrap().texts, 1);
    let another = TreeHead {
        size: 0,
        root: Range::empty().root(),
        ..named.clone()
    };
    let elsewhere = TreeHead {
        origin: LogId([4; 16]).origin(),
        ..named
    };
    for wrong in [another, elsewhere] {
        let found = judged(&wrong).unwrap_err();
        assert!(matches!(found, ExportError::Text { line: 1, .. }), "{found}");
    }
}
