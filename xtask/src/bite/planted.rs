//! Bugs that nobody had: each breaks a property of a fuzz target, and the inputs in tests/corpus must find
//! it (docs/testing.md, "Fuzzing"). Each `right` stands exactly once in its file.

use super::Bug;

/// The test binary that runs the inputs; each test is a target.
const CORPUS: &str = "corpus";

pub const BUGS: &[Bug] = &[
    // Le or Lc of zero in an extended APDU.
    Bug {
        number: 101,
        file: "core/host/src/framing/nfc/apdu.rs",
        right: "if length == 0 {",
        wrong: "if length == 0 && false {",
        binary: CORPUS,
        test: "apdu",
    },
    // A key that stands twice, behind one that is out of order.
    Bug {
        number: 102,
        file: "core/protocol/src/ctap2/cbor.rs",
        right: "keys.sort_unstable_by(|one, other| order(one, other));",
        wrong: "keys.reverse();",
        binary: CORPUS,
        test: "cbor",
    },
    // A correction is offered for any two wrong characters.
    Bug {
        number: 103,
        file: "core/protocol/src/code/line.rs",
        right: "second.is_none_or(|second| swapped(first, second))",
        wrong: "second.is_none_or(|second| swapped(first, second) || true)",
        binary: CORPUS,
        test: "code_line",
    },
    // A challenge is replaced without a touch.
    Bug {
        number: 104,
        file: "core/device/src/challenge.rs",
        right: "self.may_renew(interface, ports)?;",
        wrong: "let _ = interface;",
        binary: CORPUS,
        test: "conversation",
    },
    // A packet of the answer may be missing.
    Bug {
        number: 105,
        file: "core/host/src/framing/ctaphid/packet.rs",
        right: "if sequence != self.next_sequence || self.is_complete() {",
        wrong: "if sequence < self.next_sequence || self.is_complete() {",
        binary: CORPUS,
        test: "ctaphid",
    },
    // The Response Code goes to a device that asks something else.
    Bug {
        number: 106,
        file: "core/host/src/session.rs",
        right: "if answer.challenge != self.challenge {",
        wrong: "if answer.challenge != self.challenge && false {",
        binary: CORPUS,
        test: "hostile",
    },
    // A card's response grows without end.
    Bug {
        number: 107,
        file: "core/host/src/framing/nfc/exchange.rs",
        right: "if self.response.len() + response.data.len() > MAX_RESPONSE {",
        wrong: "if self.response.len() > 2 * MAX_RESPONSE {",
        binary: CORPUS,
        test: "nfc",
    },
    // Wrong responses are not counted.
    Bug {
        number: 108,
        file: "core/device/src/unlock.rs",
        right: "self.wrong_responses += 1;",
        wrong: "self.wrong_responses += 1 - u8::from(self.wrong_responses > 1);",
        binary: CORPUS,
        test: "conversation",
    },
];
