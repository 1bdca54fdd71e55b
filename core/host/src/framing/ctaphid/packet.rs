//! Packets (CTAP 2.1 §11.2.4).
//!
//! | packet | bytes |
//! | --- | --- |
//! | initialization | channel (4, big-endian), 0x80 \| command, length of the message (2, big-endian), data |
//! | continuation | channel (4, big-endian), sequence 0..=127, data |
//!
//! A packet fills its report; what is left over is zero.

use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

const INIT_HEAD: usize = 7;
const CONTINUATION_HEAD: usize = 5;
/// Continuations are numbered 0 to 127.
const MAX_CONTINUATIONS: usize = 128;
const INIT_BIT: u8 = 0x80;

/// One packet as it stands in a report; `data` includes the zeros that fill the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The first packet of a message.
    Init {
        /// Channel.
        channel: u32,
        /// Command without its bit 0x80; see [`super::command`].
        command: u8,
        /// Bytes of the whole message.
        length: u16,
        /// The message's first bytes.
        data: &'a [u8],
    },
    /// Every further one.
    Continuation {
        /// Channel.
        channel: u32,
        /// 0 to 127.
        sequence: u8,
        /// The message's next bytes.
        data: &'a [u8],
    },
}

impl<'a> Packet<'a> {
    /// Reads a report; `None` where it is too short to be a packet.
    #[must_use]
    pub fn parse(report: &'a [u8]) -> Option<Self> {
        let (channel, rest) = report.split_first_chunk::<4>()?;
        let channel = u32::from_be_bytes(*channel);
        let (&kind, rest) = rest.split_first()?;
        if kind & INIT_BIT == 0 {
            return Some(Self::Continuation {
                channel,
                sequence: kind,
                data: rest,
            });
        }
        let (length, data) = rest.split_first_chunk::<2>()?;
        Some(Self::Init {
            channel,
            command: kind & !INIT_BIT,
            length: u16::from_be_bytes(*length),
            data,
        })
    }

    /// The channel that the packet names.
    #[must_use]
    pub const fn channel(&self) -> u32 {
        match self {
            Self::Init { channel, .. } | Self::Continuation { channel, .. } => *channel,
        }
    }
}

/// The largest message over reports of `report_size` bytes: 7609 bytes for 64.
#[must_use]
pub const fn max_message_size(report_size: usize) -> usize {
    let first = report_size.saturating_sub(INIT_HEAD);
    let size = first + MAX_CONTINUATIONS * report_size.saturating_sub(CONTINUATION_HEAD);
    if size > u16::MAX as usize {
        u16::MAX as usize
    } else {
        size
    }
}

/// How many packets a message of `length` bytes takes; 0 where it does not fit.
#[must_use]
pub const fn packet_count(length: usize, report_size: usize) -> usize {
    if report_size <= INIT_HEAD || length > max_message_size(report_size) {
        return 0;
    }
    1 + length
        .saturating_sub(report_size - INIT_HEAD)
        .div_ceil(report_size - CONTINUATION_HEAD)
}

/// The packet `index` (0 = initialization packet) of a message, a whole report; `None` past the last,
/// or where the message does not fit.
#[must_use]
pub fn packet(
    channel: u32,
    command: u8,
    message: &[u8],
    index: usize,
    report_size: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    if index >= packet_count(message.len(), report_size) {
        return None;
    }
    let mut report = Zeroizing::new(vec![0; report_size]);
    report.get_mut(..4)?.copy_from_slice(&channel.to_be_bytes());
    let first = report_size - INIT_HEAD;
    let (head, rest) = match index.checked_sub(1) {
        None => {
            *report.get_mut(4)? = command | INIT_BIT;
            let length = u16::try_from(message.len()).ok()?;
            report.get_mut(5..7)?.copy_from_slice(&length.to_be_bytes());
            (INIT_HEAD, message)
        }
        Some(sequence) => {
            *report.get_mut(4)? = u8::try_from(sequence).ok()?;
            let offset = first + sequence * (report_size - CONTINUATION_HEAD);
            (CONTINUATION_HEAD, message.get(offset..)?)
        }
    };
    let body = report.get_mut(head..)?;
    let length = body.len().min(rest.len());
    body.get_mut(..length)?.copy_from_slice(rest.get(..length)?);
    Some(report)
}

/// Why a continuation does not belong where it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssemblyError {
    /// Not the next sequence number (ERR_INVALID_SEQ).
    Sequence,
}

/// A message that comes in packets.
#[derive(Clone)]
pub struct Assembly {
    length: usize,
    next_sequence: u8,
    data: Zeroizing<Vec<u8>>,
}

impl Assembly {
    /// Begins with an initialization packet's length and data.
    #[must_use]
    pub fn begin(length: u16, data: &[u8]) -> Self {
        let length = usize::from(length);
        let mut assembly = Self {
            length,
            next_sequence: 0,
            // Whole at once: a buffer that grows would leave copies behind that nobody zeroizes.
            data: Zeroizing::new(Vec::with_capacity(length)),
        };
        assembly.append(data);
        assembly
    }

    /// Adds a continuation.
    ///
    /// # Errors
    /// [`AssemblyError::Sequence`] unless it is the next one.
    pub fn push(&mut self, sequence: u8, data: &[u8]) -> Result<(), AssemblyError> {
        if sequence != self.next_sequence || self.is_complete() {
            return Err(AssemblyError::Sequence);
        }
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.append(data);
        Ok(())
    }

    /// Whether all bytes have come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.data.len() == self.length
    }

    /// The bytes that came, taken over. Only for what holds no secret: they are no longer wiped.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut *self.data)
    }

    /// The bytes that came so far; the message, once [`Assembly::is_complete`].
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    fn append(&mut self, data: &[u8]) {
        let missing = self.length - self.data.len();
        self.data.extend_from_slice(data.get(..missing).unwrap_or(data));
    }
}
