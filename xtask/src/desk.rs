//! `cargo xtask long desk`: a help desk's process is killed in the middle of calls, again and again, as the test does a
//! few times in CI. The seed that it prints, in `FIDO_UNLOCK_SEED`, has the same moments again.

use crate::step::Done;
use crate::workspace;

/// How often.
const KILLS: &str = "200";

/// Runs the test of `tests/tests/desk_killed.rs` in its long form.
pub fn kill() -> Done {
    workspace::test(
        "desk: 200 kills",
        &["--test=desk_killed".into()],
        &[("FIDO_UNLOCK_KILLS", KILLS.into())],
        &["--nocapture"],
    )
}
