//! A line from the person at the terminal (`/dev/tty`), shown or not shown while it is typed.
//!
//! As readpassphrase(3) of OpenBSD does it: whatever ends or stops the process while it asks, the terminal
//! is as it was before. A signal is noted, the terminal is put back, what was typed so far is thrown
//! away (a shell would take it for a command and keep it in its history), the handlers of before are put
//! back, and only then the signal takes its course. After a stop the question is asked anew. The terminal
//! keeps its line editing and its signal characters, so Ctrl-Z and Ctrl-\ are no part of a secret.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU32, Ordering};

use fido_unlock_protocol::Shown;
use nix::errno::Errno;
use nix::libc::c_int;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::sys::termios::{FlushArg, LocalFlags, SetArg, Termios, tcflush, tcgetattr, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

use crate::{Answer, Echo};

/// What ends the process unless it is caught (signal(7)), what stops it from the keyboard, and what comes after a
/// stop: SIGSTOP cannot be caught, and a shell may have switched the echo on meanwhile.
///
/// Left out: SIGKILL; SIGPIPE, which Rust ignores; the faults of the program itself (SIGSEGV and its like), to which
/// a handler must not return; and SIGTTIN and SIGTTOU, whose stop is where the terminal refuses.
const CAUGHT: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGALRM,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGXCPU,
    Signal::SIGXFSZ,
    Signal::SIGABRT,
    Signal::SIGTRAP,
    Signal::SIGSYS,
    #[cfg(target_os = "linux")]
    Signal::SIGIO,
    #[cfg(target_os = "linux")]
    Signal::SIGPWR,
    #[cfg(target_os = "linux")]
    Signal::SIGSTKFLT,
    Signal::SIGTSTP,
    Signal::SIGCONT,
];
/// How often a signal that another thread took is looked for, in milliseconds.
const SLICE: u8 = 50;

/// A bit for each signal that came; all of [`CAUGHT`] are below 32.
static CAME: AtomicU32 = AtomicU32::new(0);

/// Asks until there is an answer of at most `limit` bytes.
///
/// # Errors
/// There is no terminal, or it cannot be read.
pub fn ask(question: &str, echo: Echo, limit: usize) -> io::Result<Answer> {
    let tty = File::options().read(true).write(true).open("/dev/tty")?;
    loop {
        let answer = match ask_once(&tty, question, echo, limit) {
            // Stopped while it ran in the background, and brought to the front.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            answer => answer,
        };
        let came = CAME.swap(0, Ordering::Relaxed);
        let came: Vec<Signal> = CAUGHT
            .iter()
            .copied()
            .filter(|signal| came & bit(*signal) != 0)
            .collect();
        let goes_on = |signal: &Signal| matches!(signal, Signal::SIGTSTP | Signal::SIGCONT);
        let ends = !came.iter().all(goes_on);
        // An answer that is not given is wiped before the signal takes its course.
        let answer = answer.map(|answer| if ends { Some(Answer::Ended) } else { answer });
        for signal in came {
            if signal != Signal::SIGCONT {
                raise(signal)?;
            }
        }
        if let Some(answer) = answer? {
            return Ok(answer);
        }
    }
}

/// `None`: a signal came first.
fn ask_once(tty: &File, question: &str, echo: Echo, limit: usize) -> io::Result<Option<Answer>> {
    // In this order, and put back in the other: no signal finds the terminal changed and no handler.
    let _handlers = Handlers::set()?;
    let _quiet = match echo {
        Echo::On => None,
        Echo::Off => Some(Quiet::set(tty)?),
    };
    write!(&mut &*tty, "{}", Shown(question))?;
    let answer = read_line(tty, limit);
    if !matches!(answer, Ok(Some(Answer::Line(_)))) {
        // The cursor stands behind the question.
        let _ = writeln!(&mut &*tty);
        // What was typed so far must not go to who reads next.
        let _ = tcflush(tty, FlushArg::TCIFLUSH);
    }
    answer
}

fn read_line(mut tty: &File, limit: usize) -> io::Result<Option<Answer>> {
    // As large as it becomes: growing would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(limit));
    let mut part = Zeroizing::new([0; 512]);
    loop {
        if CAME.load(Ordering::Relaxed) != 0 {
            return Ok(None);
        }
        let mut wanted = [PollFd::new(tty.as_fd(), PollFlags::POLLIN)];
        match poll(&mut wanted, SLICE) {
            Ok(0) | Err(Errno::EINTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let length = match tty.read(part.as_mut_slice()) {
            Ok(0) => return Ok(Some(Answer::End)),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let typed = part.get(..length).unwrap_or_default();
        let (typed, whole) = match typed.strip_suffix(b"\n") {
            Some(before) => (before, true),
            None => (typed, false),
        };
        if line.len() + typed.len() > limit {
            return Ok(Some(Answer::TooLong));
        }
        line.extend_from_slice(typed);
        part.zeroize();
        if whole {
            return Ok(Some(Answer::Line(line)));
        }
    }
}

/// The terminal without an echo, until this is dropped.
struct Quiet<'a> {
    tty: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn set(tty: &'a File) -> io::Result<Self> {
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        // The end of the line is shown, so that what comes next stands below.
        quiet
            .local_flags
            .insert(LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::ISIG);
        tcsetattr(tty, SetArg::TCSANOW, &quiet)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // Where that fails the terminal is gone.
        let _ = tcsetattr(self.tty, SetArg::TCSANOW, &self.before);
    }
}

/// Notes the signals of [`CAUGHT`], until this is dropped.
struct Handlers(Vec<(Signal, SigAction)>);

impl Handlers {
    fn set() -> io::Result<Self> {
        let note = SigAction::new(SigHandler::Handler(note), SaFlags::empty(), SigSet::empty());
        let mut set = Self(Vec::with_capacity(CAUGHT.len()));
        for signal in CAUGHT.iter().copied() {
            let before = replace(signal, &note)?;
            set.0.push((signal, before));
            if matches!(before.handler(), SigHandler::SigIgn) {
                // As under nohup: it stays ignored.
                replace(signal, &before)?;
            }
        }
        Ok(set)
    }
}

impl Drop for Handlers {
    fn drop(&mut self) {
        for (signal, before) in &self.0 {
            // It was accepted before, so it is accepted again.
            let _ = replace(*signal, before);
        }
    }
}

#[expect(unsafe_code, reason = "a handler of signals is a promise about what it does")]
fn replace(signal: Signal, action: &SigAction) -> nix::Result<SigAction> {
    // SAFETY: the action is `note`, which only stores into an atomic (signal-safety(7)), or one that the
    // process had before.
    unsafe { sigaction(signal, action) }
}

extern "C" fn note(number: c_int) {
    CAME.fetch_or(1_u32.wrapping_shl(number.unsigned_abs()), Ordering::Relaxed);
}

const fn bit(signal: Signal) -> u32 {
    1_u32.wrapping_shl((signal as c_int).unsigned_abs())
}

/// No core dump holds a secret, whatever ends the process.
pub fn leave_no_core() {
    use nix::sys::resource::{Resource, setrlimit};
    // Where that is refused, the limit was 0 before.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}
