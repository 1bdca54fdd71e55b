//! A connected card as core's `ApduChannel`.

use core::time::Duration;
use std::ffi::CString;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Instant;

use fido_unlock_host::framing::NfcTransport;
use fido_unlock_host::ports::{ApduChannel, Call, Cancel, NeverCancel, TransportError};
use zeroize::Zeroizing;

use crate::error::{CONNECT, ESTABLISH, PcscError};
use crate::list::DeviceEntry;
use crate::name::from_text;
use crate::service::{JUNK, why_not_established};
use crate::worker::{Claim, Connected, Failure, Outcome, Reply, Request, Worker, as_tpdu, receive};

/// How long a dropped channel waits for its thread to leave the card as it was. A process that
/// ends before that has its card reset by the service.
const LEAVE: Duration = Duration::from_millis(200);
/// Longest wait between two looks at the cancel flag.
const SLICE: Duration = Duration::from_millis(50);

/// A card, connected shared. Disconnects when dropped and leaves the card as it is.
///
/// A call that passes its time-out, or is cancelled, is abandoned; the next one says
/// [`TransportError::CardReset`], upon which [`ApduChannel::reconnect`] connects anew.
pub struct CardChannel {
    reader: CString,
    /// `None` once a call was abandoned or the service ended.
    worker: Option<Worker>,
    /// A transaction that was asked for and not yet answered.
    pending: Option<Claim>,
    in_transaction: bool,
    connected: Connected,
    gone: bool,
}

impl CardChannel {
    /// Connects to the card in the reader called `entry.path`, waiting at most `timeout` for a
    /// program that holds it.
    ///
    /// # Errors
    /// [`PcscError`]; [`PcscError::Busy`] when the card was held all the time.
    pub fn open(entry: &DeviceEntry, timeout: Duration) -> Result<Self, PcscError> {
        Self::connect_to(&entry.path, timeout)
    }

    pub(crate) fn connect_to(reader: &str, timeout: Duration) -> Result<Self, PcscError> {
        let mut channel = Self {
            reader: from_text(reader).ok_or(PcscError::NoReader)?,
            worker: None,
            pending: None,
            in_transaction: false,
            connected: Connected::default(),
            gone: false,
        };
        channel.connect(&NeverCancel, timeout)?;
        Ok(channel)
    }

    /// Answer to reset, at most 33 bytes.
    #[must_use]
    pub fn atr(&self) -> &[u8] {
        &self.connected.atr
    }

    fn connect(&mut self, cancel: &dyn Cancel, timeout: Duration) -> Result<(), PcscError> {
        self.forget();
        let deadline = Instant::now() + timeout;
        let worker = Worker::start(self.reader.clone(), deadline).map_err(|_| PcscError::Failed {
            function: "thread",
            value: 0,
        })?;
        self.worker = Some(worker);
        match self.wait(cancel, timeout) {
            Ok(Reply::Connected(connected)) => {
                self.connected = connected;
                Ok(())
            }
            Ok(_) => Err(self.out_of_order()),
            // Connecting blocks as long as another program has a transaction.
            Err(PcscError::DeadlineExceeded) => Err(PcscError::Busy),
            Err(error) => {
                self.forget();
                Err(error)
            }
        }
    }

    /// Lets the thread go; it ends when its present call returns.
    fn forget(&mut self) {
        if let Some(claim) = self.pending.take() {
            claim.give_up();
        }
        self.worker = None;
        self.in_transaction = false;
    }

    fn out_of_order(&mut self) -> PcscError {
        self.forget();
        PcscError::CardReset
    }

    fn send(&mut self, request: Request) -> Result<(), PcscError> {
        if self.gone {
            return Err(PcscError::Gone);
        }
        let worker = self.worker.as_ref().ok_or(PcscError::CardReset)?;
        if worker.requests.send(request).is_err() {
            return Err(self.out_of_order());
        }
        Ok(())
    }

    /// The next reply; abandons the thread when none comes in time, or on a cancel.
    fn wait(&mut self, cancel: &dyn Cancel, timeout: Duration) -> Result<Reply, PcscError> {
        let begun = Instant::now();
        loop {
            let left = timeout.saturating_sub(begun.elapsed());
            let given_up = match self.receive(left.min(SLICE)) {
                Ok(outcome) => return self.outcome(outcome),
                Err(RecvTimeoutError::Disconnected) => return Err(self.out_of_order()),
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => PcscError::Cancelled,
                Err(RecvTimeoutError::Timeout) if left <= SLICE => PcscError::DeadlineExceeded,
                Err(RecvTimeoutError::Timeout) => continue,
            };
            self.forget();
            return Err(given_up);
        }
    }

    fn receive(&self, timeout: Duration) -> Result<Outcome, RecvTimeoutError> {
        match &self.worker {
            Some(worker) => receive(&worker.replies, timeout),
            None => Err(RecvTimeoutError::Disconnected),
        }
    }

    fn outcome(&mut self, outcome: Outcome) -> Result<Reply, PcscError> {
        outcome.map_err(|failure| {
            let (told, function) = match failure {
                Failure::Function { error, function } => (error, function),
                Failure::Junk => {
                    self.forget();
                    return JUNK;
                }
            };
            let mut error = match function {
                ESTABLISH => why_not_established(told),
                function => PcscError::new(told, function, &self.reader.to_string_lossy()),
            };
            // A token that is reader and card in one takes its reader along.
            let connected = !matches!(function, ESTABLISH | CONNECT);
            if connected && matches!(error, PcscError::NoReader | PcscError::NoCard) {
                error = PcscError::Gone;
            }
            match &error {
                PcscError::Gone => self.gone = true,
                PcscError::NoService => self.forget(),
                // The service does not know the handle: only a new connection helps.
                PcscError::CardReset if told == pcsc::Error::InvalidHandle => self.forget(),
                _ => {}
            }
            error
        })
    }

    fn begin(&mut self, timeout: Duration) -> Result<(), PcscError> {
        let begun = Instant::now();
        if self.in_transaction {
            return Ok(());
        }
        loop {
            let claim = match self.pending.take() {
                Some(claim) => claim,
                None => {
                    let claim = Claim::new();
                    self.send(Request::Begin(claim.clone()))?;
                    claim
                }
            };
            match self.receive(timeout.saturating_sub(begun.elapsed())) {
                Err(RecvTimeoutError::Timeout) => {
                    // It may still come; the next call goes on waiting for it.
                    self.pending = Some(claim);
                    return Err(PcscError::Busy);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.out_of_order()),
                Ok(outcome) => match self.outcome(outcome)? {
                    Reply::Begun if claim.claim() => {
                        self.in_transaction = true;
                        return Ok(());
                    }
                    Reply::Begun => {}
                    _ => return Err(self.out_of_order()),
                },
            }
        }
    }

    fn exchange(
        &mut self,
        cancel: &dyn Cancel,
        apdu: &[u8],
        timeout: Duration,
    ) -> Result<Vec<u8>, PcscError> {
        let begun = Instant::now();
        if self.pending.is_some() {
            self.begin(timeout)?;
        }
        let bytes = if self.connected.tpdu { as_tpdu(apdu) } else { apdu };
        self.send(Request::Transmit(Zeroizing::new(bytes.to_vec())))?;
        match self.wait(cancel, timeout.saturating_sub(begun.elapsed()))? {
            Reply::Response(response) => Ok(response.to_vec()),
            _ => Err(self.out_of_order()),
        }
    }
}

impl ApduChannel for CardChannel {
    fn transmit(&mut self, apdu: &[u8], timeout: Duration) -> Result<Vec<u8>, TransportError> {
        Ok(self.exchange(&NeverCancel, apdu, timeout)?)
    }

    fn transmit_unless(
        &mut self,
        cancel: &dyn Cancel,
        apdu: &[u8],
        timeout: Duration,
    ) -> Result<Vec<u8>, TransportError> {
        Ok(self.exchange(cancel, apdu, timeout)?)
    }

    fn extended_length(&self) -> bool {
        self.connected.extended_length
    }

    fn begin_transaction(&mut self, timeout: Duration) -> Result<(), TransportError> {
        Ok(self.begin(timeout)?)
    }

    fn end_transaction(&mut self) {
        if let Some(claim) = &self.pending {
            claim.give_up();
        }
        if core::mem::take(&mut self.in_transaction) {
            // A thread that has ended has ended its transaction too.
            let _ = self.send(Request::End);
        }
    }

    fn reconnect(&mut self, timeout: Duration) -> Result<(), TransportError> {
        self.reconnect_unless(&NeverCancel, timeout)
    }

    fn reconnect_unless(&mut self, cancel: &dyn Cancel, timeout: Duration) -> Result<(), TransportError> {
        self.end_transaction();
        if self.worker.is_none() || self.pending.is_some() {
            return Ok(self.connect(cancel, timeout)?);
        }
        self.send(Request::Reconnect)?;
        match self.wait(cancel, timeout) {
            Ok(Reply::Connected(connected)) => {
                self.connected = connected;
                Ok(())
            }
            Ok(_) => Err(self.out_of_order().into()),
            Err(PcscError::DeadlineExceeded) => Err(TransportError::Busy),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for CardChannel {
    fn drop(&mut self) {
        if let Some(claim) = self.pending.take() {
            claim.give_up();
            return;
        }
        if let Some(Worker { requests, replies }) = self.worker.take() {
            drop(requests);
            // Its end closes the channel.
            let _ = replies.recv_timeout(LEAVE);
        }
    }
}

/// Opens the card in `entry`'s reader as a transport of CTAP2 messages, waiting at most
/// [`Call::QUICK`] for a program that holds it. The applet is selected with the first message.
///
/// # Errors
/// As [`CardChannel::open`].
pub fn open(entry: &DeviceEntry) -> Result<NfcTransport<CardChannel>, PcscError> {
    let channel = CardChannel::open(entry, Call::QUICK)?;
    Ok(NfcTransport::new(channel, entry.interface))
}
