//! Who takes the key out, puts it back and touches it: a person, or the test.

use std::io::Write;

use fido_unlock_stacks_tests::VirtualKey;

/// The hand on the key.
pub trait Hand {
    /// Begins to take it out.
    fn take_out(&mut self);
    /// Begins to put it back.
    fn put_back(&mut self);
    /// Reads this.
    fn read(&mut self, text: &str);
}

/// Does what the terminal says.
pub struct Person;

impl Hand for Person {
    fn take_out(&mut self) {
        self.read("Take the key out of the port, or the card off its reader.");
    }

    fn put_back(&mut self) {
        self.read("Put it back.");
    }

    fn read(&mut self, text: &str) {
        // Past the test runner, which keeps what print! and eprint! write.
        let _ = writeln!(std::io::stderr(), "\n>>> {text}");
    }
}

impl Hand for VirtualKey {
    fn take_out(&mut self) {
        self.tell("remove");
    }

    fn put_back(&mut self) {
        self.tell("insert");
    }

    fn read(&mut self, text: &str) {
        println!("{text}");
    }
}
