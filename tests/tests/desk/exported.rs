//! A desk that was busy for a while, and what it keeps, as files for programs that are not ours.

#[path = "busy.rs"]
mod busy;

use std::fs;
use std::path::Path;

use base64::prelude::*;
use fido_unlock::HasCode;
use fido_unlock::desk::log::{NoteSigner, SignedNote, SoftwareNoteSigner, TreeHead};
use fido_unlock::desk::ports::Table;
use fido_unlock::desk::record::{DeskEntry, DeskEvent};
use fido_unlock::desk::{
    Desk, ExportTexts, ManagerAnswer, NewManager, Operator, OperatorSession, Scope, UserClass,
};
use fido_unlock_mock::desk::FakeBrowser;
use serde_json::json;

use crate::house::{ADMIN, ANNA, BERT, DAY, House, operator_id, user, user_id};

/// Entries that are proved, by place.
pub const PROVED: [u64; 3] = [0, 17, 255];

/// How much there is.
pub struct Exported {
    pub entries: u64,
    pub texts: u64,
    pub rows: usize,
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Anna has two passkeys and two tokens, and removes one of each; another operator is given a code.
fn passkeys_tokens_and_a_code(desk: &mut Desk, admin: &OperatorSession, anna: &OperatorSession) {
    let mut browser = FakeBrowser::default();
    desk.confirm(anna, ANNA.1).unwrap();
    for name in ["blue", "red"] {
        let (options, begun) = desk.begin_passkey(anna).unwrap();
        let answer = browser.create(&options);
        desk.finish_passkey(anna, begun, name, &answer).unwrap();
    }
    let passkeys = desk.own_account(anna).unwrap().passkeys;
    desk.name_passkey(anna, &passkeys[0].id, "green").unwrap();
    desk.remove_passkey(anna, &passkeys[1].id).unwrap();
    for name in ["a script", "the log's keeper"] {
        let scopes = [Scope::Unlock, Scope::Audit];
        desk.make_token(anna, name, &scopes, 30).unwrap();
    }
    let tokens = desk.own_account(anna).unwrap().tokens;
    desk.revoke_token(anna, &tokens[1].id).unwrap();
    desk.give_code(admin, &operator_id(BERT.0)).unwrap();
    // The code ended his wait after wrong passwords; another begins.
    desk.sign_in(&operator_id(BERT.0), BERT.1).unwrap_err();
}

/// The manager of zoe is asked in three calls, and says each that can be said; a fourth is reported.
fn managers(house: &mut House) {
    let admin = house.sign_in(ADMIN);
    let mona = (operator_id("mona.account"), "blue kettles never sing");
    house
        .desk
        .put_user(&admin, &user("mona", UserClass::Ordinary))
        .unwrap();
    let account = Operator {
        id: mona.0.clone(),
        roles: vec![],
        privileges: vec![],
        user: Some(user_id("mona")),
    };
    house.desk.put_operator(&admin, &account, Some(mona.1)).unwrap();
    let manager = (user_id("zoe"), NewManager::Is(user_id("mona")));
    house.desk.put_managers(&admin, &[manager]).unwrap();
    house.later(DAY);
    let anna = house.sign_in(ANNA);
    let mona = house.desk.sign_in(&mona.0, mona.1).unwrap();
    for answer in [ManagerAnswer::Unknown, ManagerAnswer::No, ManagerAnswer::Yes] {
        let id = house.open(&anna, 1);
        house.desk.set_caller_number(&anna, id, "+49 171 55501").unwrap();
        house.desk.ask_manager(&anna, id).unwrap();
        let seen = house.desk.manager_question(&mona, id).unwrap().basis;
        house.desk.answer_as_manager(&mona, id, &seen, answer).unwrap();
    }
    let id = house.open(&anna, 1);
    house.desk.report_impostor(&anna, id, "it was not zoe").unwrap();
}

/// Writes `checkpoint`, tiles, entries and texts of a log that was restored once, and beside them `key`,
/// `checkpoint.before`, made under the log's first id, `checkpoint.old`, `consistency`, proofs, and `store.json`, all that
/// the store holds.
pub fn write(folder: &Path) -> Exported {
    let (mut house, admin) = busy::house();
    let mut before = SoftwareNoteSigner::from_seed(house.desk.origin().unwrap(), &[0xC4; 32]);
    let before = house.desk.checkpoint(&admin, &mut before).unwrap();
    put(folder, "checkpoint.before", before.to_text().as_bytes());
    let parts = house.parts();
    house.desk = Desk::restore(parts, &operator_id(ADMIN.0), ADMIN.1, "the disk broke").unwrap();
    managers(&mut house);
    let (admin, anna) = (house.sign_in(ADMIN), house.sign_in(ANNA));
    busy::a_call_that_waits(&mut house, &anna);
    let mut moved = user("boss", UserClass::Privileged);
    moved.channels[0].address = "boss@new.example".into();
    house.desk.put_user(&admin, &moved).unwrap();
    let origin = house.desk.origin().unwrap();
    let mut signer = SoftwareNoteSigner::from_seed(origin, &[0xC4; 32]);
    let key = signer.verifier();
    let size_of = |note: &SignedNote| {
        let text = note.verify(std::slice::from_ref(&key)).unwrap();
        TreeHead::parse(text).unwrap().size
    };
    put(folder, "key", key.to_line().as_bytes());
    let old = house.desk.checkpoint(&admin, &mut signer).unwrap();
    put(folder, "checkpoint.old", old.to_text().as_bytes());
    for _ in 0..300 {
        house.desk.search(&anna, "boss").unwrap();
    }
    passkeys_tokens_and_a_code(&mut house.desk, &admin, &anna);
    let told = house.desk.announcements(&admin, 50).unwrap();
    let last = told.last().unwrap().number;
    house.desk.announcements_read(&admin, last).unwrap();
    let new = house.desk.checkpoint(&admin, &mut signer).unwrap();
    let content = house.world.store.content();

    let mut files = |path: &str, bytes: &[u8]| {
        put(folder, path, bytes);
        Ok(())
    };
    let desk = &mut house.desk;
    let report = desk.export_log(&admin, &new, ExportTexts::Written, &mut files);
    let report = report.map_err(|error| error.code()).unwrap();
    let hashes = desk.prove_consistency(size_of(&old), size_of(&new)).unwrap();
    let lines = hashes.iter().map(|hash| BASE64_STANDARD.encode(hash.0) + "\n");
    put(folder, "consistency", lines.collect::<String>().as_bytes());
    for index in PROVED {
        let by = if index < size_of(&old) { &old } else { &new };
        let file = desk.prove(index, by).unwrap().to_text();
        put(folder, &format!("{index}.tlog-proof"), file.as_bytes());
    }

    let seen = content
        .entries
        .iter()
        .map(|bytes| DeskEntry::from_bytes(bytes).unwrap().event);
    let seen: std::collections::BTreeSet<_> = seen.collect();
    for event in DeskEvent::ALL {
        assert!(seen.contains(event), "{event:?}");
    }
    for table in Table::ALL {
        assert!(content.rows.keys().any(|(of, _)| of == table), "{table:?}");
    }
    let rows = content
        .rows
        .iter()
        .map(|((table, key), (row, _))| json!([table.name(), hex(key), hex(row)]));
    let store = json!({
        "seal_key": hex(&[0x5E; 32]),
        "head": hex(content.head.as_ref().unwrap()),
        "rows": rows.collect::<Vec<_>>(),
    });
    put(folder, "store.json", store.to_string().as_bytes());
    Exported {
        entries: report.head.size,
        texts: report.texts,
        rows: content.rows.len(),
    }
}
