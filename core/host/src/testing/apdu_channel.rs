//! Contract of [`ApduChannel`].

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::{
    CancelAtThirdLook, Checked, ContractError, PATIENCE, SHORT, SILENCE, ensure, eventually, must, must_fail,
    pattern, within,
};
use crate::ports::{ApduChannel, Ticks, TransportError};

const SELECTED: [u8; 2] = [0x90, 0x00];
/// Bytes of data in a short APDU, and in an extended one; 7609 is CTAP's longest message.
const LENGTHS: ([usize; 4], [usize; 4]) = ([2, 3, 200, 255], [256, 300, 2048, 7609]);
/// A card that thinks.
const SLOW: Duration = Duration::from_secs(1);

/// A command that a card answers in a known way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The command APDU.
    pub command: Vec<u8>,
    /// The response APDU, with SW1 and SW2.
    pub response: Vec<u8>,
}

/// An adapter in front of a card that has a command whose response tells which command it answers.
pub trait CardBench {
    /// Connects anew. A card that was taken away is put back before; the handle to the one that was taken may
    /// still be there, every other one is dropped.
    ///
    /// # Errors
    /// What the adapter says.
    fn open(&mut self) -> Result<Box<dyn ApduChannel>, TransportError>;

    /// What must be sent first after each connect and reset, if anything: a SELECT, which is answered by 9000, with
    /// or without data.
    fn select(&self) -> Option<Vec<u8>> {
        None
    }

    /// A command with these 2 to 7609 bytes in it (an extended APDU above 255) and the card's response, which has
    /// them in it too.
    fn echo(&self, data: &[u8]) -> Echo;

    /// From now on the card answers `by` after it was asked. Zero lets go of what it keeps back too. `false` where
    /// it cannot be made to wait.
    fn delay(&mut self, by: Duration) -> bool {
        let _ = by;
        false
    }

    /// Takes the card away while the next command runs. `false` where nobody is there to take it.
    fn take_during_next(&mut self) -> bool {
        false
    }

    /// Takes the card away now, and returns when the system has seen it. `false` where nobody is there to take it.
    fn take(&mut self) -> bool {
        false
    }

    /// Resets the card as another program does. `false` where there is no other program.
    fn reset(&mut self) -> bool {
        false
    }

    /// Whether another program is kept from the card now. `None` where there is no other program.
    fn is_kept_out(&mut self) -> Option<bool> {
        None
    }

    /// Whether the adapter gives up on a cancel ([`ApduChannel::transmit_unless`]); that is its own choice.
    fn gives_up_on_cancel(&self) -> bool {
        false
    }
}

/// Looks whether the adapter gives each command its own response and whole, ends its waits and its transactions,
/// and tells that a card was reset or taken away.
///
/// # Errors
/// [`ContractError`], the first sentence that does not hold.
pub fn apdu_channel(bench: &mut dyn CardBench, ticks: &dyn Ticks) -> Result<Checked, ContractError> {
    let mut checked = Checked::default();
    let mut handle = Handle::open(bench, ticks)?;
    responses(bench, &mut handle)?;
    if !transactions(bench, handle)? {
        checked.left_out.push("another program that is kept out");
    }
    let mut handle = Handle::open(bench, ticks)?;
    if !slow(bench, &mut handle)? {
        checked.left_out.push("a card that is slow");
    } else if bench.gives_up_on_cancel() {
        cancelled(bench, &mut handle)?;
    } else {
        checked.left_out.push("a cancel");
    }
    if !reset(bench, &mut handle)? {
        checked.left_out.push("a card that another program resets");
    }
    if !taken_during(bench, handle)? {
        checked
            .left_out
            .push("a card that is taken away during a command");
    }
    if !taken_between(bench, ticks)? {
        checked
            .left_out
            .push("a card that is taken away between two commands");
    }
    Ok(checked)
}

struct Handle<'t> {
    channel: Box<dyn ApduChannel>,
    ticks: &'t dyn Ticks,
    seed: u8,
}

type Response = Result<Vec<u8>, TransportError>;

/// A response has a status word.
fn with_status(response: Response) -> Result<Response, ContractError> {
    if let Ok(bytes) = &response {
        ensure(
            bytes.len() >= 2,
            "a response has two bytes or more: less is a card that is gone",
        )?;
    }
    Ok(response)
}

impl<'t> Handle<'t> {
    fn open(bench: &mut dyn CardBench, ticks: &'t dyn Ticks) -> Result<Self, ContractError> {
        let channel = must(bench.open(), "a card that is there can be connected to")?;
        let mut handle = Self {
            channel,
            ticks,
            seed: 0,
        };
        must(handle.select(bench)?, "the applet can be selected")?;
        Ok(handle)
    }

    fn select(&mut self, bench: &dyn CardBench) -> Result<Result<(), TransportError>, ContractError> {
        let Some(select) = bench.select() else {
            return Ok(Ok(()));
        };
        match with_status(self.channel.transmit(&select, PATIENCE))? {
            Ok(response) => {
                ensure(response.ends_with(&SELECTED), "the applet can be selected")?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// One that was not asked before.
    fn next_echo(&mut self, bench: &dyn CardBench, length: usize) -> Echo {
        self.seed = self.seed.wrapping_add(1);
        bench.echo(&pattern(self.seed, length))
    }

    fn echoes(
        &mut self,
        bench: &dyn CardBench,
        length: usize,
        sentence: &'static str,
    ) -> Result<(), ContractError> {
        let echo = self.next_echo(bench, length);
        let response = must(
            with_status(self.channel.transmit(&echo.command, PATIENCE))?,
            sentence,
        )?;
        ensure(response == echo.response, sentence)
    }

    /// Goes on after a command was given up: the channel may want to be connected again first.
    fn settles(&mut self, bench: &dyn CardBench) -> Result<(), ContractError> {
        const SENTENCE: &str = "after a command that was given up the next gets its own response";
        let ticks = self.ticks;
        for _ in 0..3 {
            let echo = self.next_echo(bench, 40);
            let response = eventually(ticks, SENTENCE, || {
                match with_status(self.channel.transmit(&echo.command, PATIENCE))? {
                    Ok(response) => Ok(Some(response)),
                    Err(TransportError::CardReset) => self.reconnect(bench).map(|()| None),
                    Err(TransportError::Busy | TransportError::DeadlineExceeded) => Ok(None),
                    Err(error) => Err(ContractError::Failed(SENTENCE, error.into())),
                }
            })?;
            ensure(response == echo.response, SENTENCE)?;
        }
        Ok(())
    }

    fn reconnect(&mut self, bench: &dyn CardBench) -> Result<(), ContractError> {
        const SENTENCE: &str = "a channel that says CardReset can be connected again";
        let ticks = self.ticks;
        eventually(ticks, SENTENCE, || {
            match self.channel.reconnect(PATIENCE) {
                Ok(()) => {}
                Err(TransportError::Busy | TransportError::CardReset | TransportError::DeadlineExceeded) => {
                    return Ok(None);
                }
                Err(error) => return Err(ContractError::Failed(SENTENCE, error.into())),
            }
            match self.select(bench)? {
                Ok(()) => Ok(Some(())),
                Err(TransportError::Busy | TransportError::CardReset) => Ok(None),
                Err(error) => Err(ContractError::Failed(SENTENCE, error.into())),
            }
        })
    }

    /// Whether the handle is dead, once it was told so, and for good.
    fn stays_gone(&mut self, bench: &dyn CardBench) -> Result<(), ContractError> {
        const SENTENCE: &str = "a channel that was told Gone stays so";
        for _ in 0..3 {
            let echo = self.next_echo(bench, 40);
            let response = with_status(self.channel.transmit(&echo.command, PATIENCE))?;
            must_fail(response, &TransportError::Gone, SENTENCE)?;
            let begun = self.channel.begin_transaction(PATIENCE);
            must_fail(
                begun,
                &TransportError::Gone,
                "no transaction begins on a card that is gone",
            )?;
            self.channel.end_transaction();
        }
        Ok(())
    }
}

fn responses(bench: &dyn CardBench, handle: &mut Handle<'_>) -> Result<(), ContractError> {
    let (short, extended) = LENGTHS;
    for length in short {
        handle.echoes(
            bench,
            length,
            "a command goes out whole, and its response comes in whole",
        )?;
    }
    if handle.channel.extended_length() {
        for length in extended {
            handle.echoes(
                bench,
                length,
                "a channel that takes extended APDUs carries them whole, both ways",
            )?;
        }
    }
    handle.echoes(bench, 2, "a short response after a long one is only itself")
}

/// `false` where the bench has no such knob.
fn transactions(bench: &mut dyn CardBench, mut handle: Handle<'_>) -> Result<bool, ContractError> {
    const FREE: &str = "a transaction that was ended lets others in";
    const DROPPED: &str = "so does a channel that is dropped within one";
    let ticks = handle.ticks;
    let mut known = true;
    for _ in 0..2 {
        must(
            handle.channel.begin_transaction(PATIENCE),
            "a transaction begins where nobody else has one",
        )?;
        handle.echoes(bench, 40, "commands go on within a transaction")?;
        let kept_out = bench.is_kept_out();
        ensure(kept_out != Some(false), "a transaction keeps others out")?;
        known = kept_out.is_some();
        handle.channel.end_transaction();
        eventually(ticks, FREE, || {
            Ok((bench.is_kept_out() != Some(true)).then_some(()))
        })?;
        handle.channel.end_transaction();
        handle.echoes(bench, 40, "commands go on without a transaction")?;
    }
    must(
        handle.channel.begin_transaction(PATIENCE),
        "a transaction begins where nobody else has one",
    )?;
    drop(handle);
    eventually(ticks, DROPPED, || {
        Ok((bench.is_kept_out() != Some(true)).then_some(()))
    })?;
    Ok(known)
}

/// `false` where the bench has no such knob.
fn slow(bench: &mut dyn CardBench, handle: &mut Handle<'_>) -> Result<bool, ContractError> {
    if !bench.delay(SLOW) {
        return Ok(false);
    }
    handle.echoes(
        bench,
        40,
        "a response that comes in time is given, however slow the card is",
    )?;
    bench.delay(SILENCE);
    let echo = handle.next_echo(bench, 40);
    let response = within(handle.ticks, PATIENCE, "a command ends with its time-out", || {
        with_status(handle.channel.transmit(&echo.command, SHORT))
    })??;
    must_fail(
        response,
        &TransportError::DeadlineExceeded,
        "a command whose time is over is DeadlineExceeded",
    )?;
    bench.delay(Duration::ZERO);
    handle.settles(bench)?;
    Ok(true)
}

fn cancelled(bench: &mut dyn CardBench, handle: &mut Handle<'_>) -> Result<(), ContractError> {
    bench.delay(SILENCE);
    let echo = handle.next_echo(bench, 40);
    let cancel = CancelAtThirdLook::default();
    let response = within(handle.ticks, PATIENCE, "a cancel ends a command", || {
        with_status(
            handle
                .channel
                .transmit_unless(&cancel, &echo.command, 2 * PATIENCE),
        )
    })??;
    must_fail(
        response,
        &TransportError::Cancelled,
        "a command that was cancelled says so",
    )?;
    bench.delay(Duration::ZERO);
    handle.settles(bench)
}

/// `false` where the bench has no such knob.
fn reset(bench: &mut dyn CardBench, handle: &mut Handle<'_>) -> Result<bool, ContractError> {
    const TOLD: &str =
        "that another program reset the card is told, not hidden: core must know what was sent before it";
    if !bench.reset() {
        return Ok(false);
    }
    let begun = handle.channel.begin_transaction(PATIENCE);
    must_fail(begun, &TransportError::CardReset, TOLD)?;
    handle.channel.end_transaction();
    handle.reconnect(bench)?;
    handle.echoes(bench, 40, "a channel that was connected again is used as before")?;
    bench.reset();
    let echo = handle.next_echo(bench, 40);
    let response = with_status(handle.channel.transmit(&echo.command, PATIENCE))?;
    must_fail(response, &TransportError::CardReset, TOLD)?;
    handle.reconnect(bench)?;
    handle.echoes(bench, 40, "a channel that was connected again is used as before")?;
    Ok(true)
}

/// `false` where the bench has no such knob.
fn taken_during(bench: &mut dyn CardBench, mut handle: Handle<'_>) -> Result<bool, ContractError> {
    if !bench.take_during_next() {
        return Ok(false);
    }
    let echo = handle.next_echo(bench, 40);
    let response = with_status(handle.channel.transmit(&echo.command, PATIENCE))?;
    must_fail(
        response,
        &TransportError::Gone,
        "a card that is taken away during a command is Gone",
    )?;
    handle.stays_gone(bench)?;
    let mut again = Handle::open(bench, handle.ticks)?;
    again.echoes(bench, 40, "a card that was put back is used as before")?;
    handle.stays_gone(bench)?;
    Ok(true)
}

/// `false` where the bench has no such knob.
fn taken_between(bench: &mut dyn CardBench, ticks: &dyn Ticks) -> Result<bool, ContractError> {
    const SENTENCE: &str = "a card that was taken away is Gone";
    let mut handle = Handle::open(bench, ticks)?;
    if !bench.take() {
        return Ok(false);
    }
    let begun = handle.channel.begin_transaction(PATIENCE);
    must_fail(begun, &TransportError::Gone, SENTENCE)?;
    handle.channel.end_transaction();
    handle.stays_gone(bench)?;
    let mut handle = Handle::open(bench, ticks)?;
    bench.take();
    let echo = handle.next_echo(bench, 40);
    let response = with_status(handle.channel.transmit(&echo.command, PATIENCE))?;
    must_fail(response, &TransportError::Gone, SENTENCE)?;
    handle.stays_gone(bench)?;
    Ok(true)
}
