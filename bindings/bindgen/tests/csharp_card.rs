//! A whole unlock from C# over pcscd, in each suite: the pipe is P/Invoke of pcsc-lite, the card is the
//! virtual key in a reader of vpcd.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::pcscd::CardReader;
use support::{Run, check_summary, count_tests, csharp, scratch, sources, unlock_program};

#[test]
fn a_card_in_a_reader_is_unlocked_on_mono_and_dotnet() {
    let out = scratch("csharp-card");
    let cards = sources(&csharp().join("FidoUnlock.Tests/Cards"));
    let expected = count_tests(&cards);
    assert!(expected >= 3, "only {expected} tests found in the sources");
    let support = sources(&csharp().join("FidoUnlock.Tests"));
    let exe = unlock_program(&out, &[support, cards].concat());
    let reader = CardReader::start(&scratch("csharp-card-pcscd"));
    let socket = reader.socket();
    let run = Run {
        only: Some("CardTests."),
        environment: &[("PCSCLITE_CSOCK_NAME", socket.as_os_str())],
        ..Run::of(&out, &exe)
    };
    check_summary(&run.mono(), expected, "mono");
    check_summary(&run.dotnet(), expected, "dotnet");
}
