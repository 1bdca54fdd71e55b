//! Three keys enrolled one after another, registered from the file, and one of them unlocked.

use fido_unlock::ErrorCode;
use fido_unlock_stacks_tests::{CommandLine, DeskFolder, NEW_PIN, OLD_PIN, block, try_pin};

use crate::pcscd::{Pcscd, isolated};
use crate::support::{card_in, fido_entry, insert_state};

#[test]
fn three_keys_one_after_another() {
    let program = CommandLine::build();
    isolated("bulk::three_keys_one_after_another", |folder| {
        let command_line = CommandLine {
            program: &program,
            state: &folder.join("home"),
        };
        let desk = DeskFolder::make(&command_line, &folder.join("desk"));
        let _pcscd = Pcscd::start(folder, true);
        let state = |number: usize| folder.join(format!("bulk{number}"));
        let key = |number| insert_state(folder, 0, &state(number), &[]);
        let ids = desk.enroll_three(folder, key);

        block(&state(1));
        let _key = key(1);
        card_in(0);
        desk.unlock_second(&ids, NEW_PIN);
        let mut transport = fido_unlock_pcsc::open(&fido_entry(&card_in(0))).unwrap();
        assert_eq!(try_pin(&mut transport, NEW_PIN), Ok(()));
        assert_eq!(try_pin(&mut transport, OLD_PIN), Err(ErrorCode::PinInvalid));
    });
}
