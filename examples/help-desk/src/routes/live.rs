//! Calls that are young enough to live. The desk lists all that have not ended, oldest first, and codes whose end nobody
//! has told stay there for ever: so the list is read from where a living call can begin.

use fido_unlock::desk::ports::Clock;
use fido_unlock::desk::{CallView, Desk, DeskError, OperatorSession, RequestId, UnixTime};
use fido_unlock_files::SystemClock;

/// Calls of one read.
const PAGE: u32 = 100;
/// The most reads; whether there is more is told.
const MOST_PAGES: usize = 5;

/// Now, by the clock that the desk goes by.
pub(super) fn now() -> UnixTime {
    SystemClock.now()
}

/// Calls, oldest first.
pub(super) struct Young {
    pub(super) calls: Vec<CallView>,
    /// There are more than are here.
    pub(super) more: bool,
}

/// Every operator's calls that were opened so lately that they may live, and have not ended.
pub(super) fn young(desk: &mut Desk, session: &OperatorSession) -> Result<Young, DeskError> {
    let oldest = now().0.saturating_sub(desk.rules(session)?.request_seconds + 1);
    let mut after = (UnixTime(oldest), RequestId::from_bytes([0; 10]));
    let mut calls = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = desk.open_requests(session, Some(after), PAGE)?;
        let Some(last) = page.last() else {
            return Ok(Young { calls, more: false });
        };
        after = (last.opened_at, last.id);
        calls.extend(page);
    }
    Ok(Young { calls, more: true })
}
