//! The desk on its threads. A desk blocks: it hashes, signs and waits for the disk. So each of a few threads has a desk
//! of its own over the one store, and a handler sends it a closure and awaits the answer. Whoever finds the queue full
//! is told so at once.
//!
//! Signing in has a thread of its own: guesses are counted in one place, and a crowd at the door does not hold up calls.
//! So has what looks at everything there is, and may take minutes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use fido_unlock::ErrorCode;
use fido_unlock::desk::{Desk, DeskError, OperatorId, OperatorSession};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::refusal::Refusal;

/// How often a desk is made again after a panic, and the pause between two tries.
const TRIES: u32 = 60;
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Desks that answer calls, one to a thread. Most of a step is a wait for the disk, and steps that wait together share one
/// commit: more desks than processors give more codes a second.
const DESKS: usize = 16;
/// Calls that may wait for a desk.
const MOST_CALLS: usize = 256;
/// Sign-ins that may wait: each is a password's hash.
const MOST_SIGN_INS: usize = 32;
/// What may wait to look at everything.
const MOST_ASIDE: usize = 1;

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// Opens one more desk over the store.
pub type MakeDesk = dyn Fn() -> Result<Desk, DeskError> + Send + Sync;

/// The desk. When it is dropped, what is waiting is answered first, and what looks at everything stops.
pub struct Desks {
    calls: Lane,
    door: Lane,
    aside: Lane,
    stopping: Arc<AtomicBool>,
    /// Somebody is about to look for notices.
    notices_wanted: Arc<AtomicBool>,
}

impl Desks {
    /// Opens the desks by `make`.
    ///
    /// # Errors
    /// `make`'s; [`ErrorCode::HostFailed`] where there can be no thread.
    pub fn start(make: Arc<MakeDesk>) -> Result<Self, DeskError> {
        Ok(Self {
            calls: Lane::start("desk", DESKS, MOST_CALLS, &make)?,
            door: Lane::start("sign-in", 1, MOST_SIGN_INS, &make)?,
            aside: Lane::start("aside", 1, MOST_ASIDE, &make)?,
            stopping: Arc::default(),
            notices_wanted: Arc::default(),
        })
    }

    /// Runs what may take minutes, beside the calls, and does not wait for it. `job` is to look from time to time whether
    /// it has to stop.
    ///
    /// # Errors
    /// [`Refusal::busy`] where another one waits already.
    pub fn aside(&self, job: impl FnOnce(&mut Desk, &AtomicBool) + Send + 'static) -> Result<(), Refusal> {
        let stopping = Arc::clone(&self.stopping);
        self.aside.send(Box::new(move |desk| job(desk, &stopping)))
    }

    /// Runs `job` on a desk.
    ///
    /// # Errors
    /// The desk's; [`Refusal::busy`] where too many wait.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Desk) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, Refusal> {
        Ok(self.calls.run(job).await??)
    }

    /// The same on the one desk that counts guesses, for whatever looks at a password, a passkey or a one-time code.
    ///
    /// # Errors
    /// As [`Desks::run`].
    pub async fn at_the_door<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Desk) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, Refusal> {
        Ok(self.door.run(job).await??)
    }

    /// Signs an operator in by their password alone.
    ///
    /// # Errors
    /// As [`Desk::sign_in`]; as [`Desks::run`].
    pub async fn sign_in(
        &self,
        operator: OperatorId,
        password: Zeroizing<String>,
    ) -> Result<OperatorSession, Refusal> {
        self.at_the_door(move |desk| desk.sign_in(&operator, &password))
            .await
    }

    /// How many calls and sign-ins wait for a desk.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let waiting = |lane: &Lane| lane.waiting.load(Ordering::Relaxed);
        (waiting(&self.calls), waiting(&self.door))
    }

    /// Sends the notices that are due, after the answer to whoever caused them. What is not sent now stays in the
    /// outbox, and goes with the next.
    pub fn send_notices(&self) {
        // Whoever looks next sends what is due by then: one is enough.
        if self.notices_wanted.swap(true, Ordering::AcqRel) {
            return;
        }
        let wanted = Arc::clone(&self.notices_wanted);
        let job: Job = Box::new(move |desk| {
            wanted.store(false, Ordering::Release);
            while let Ok(true) = desk.send_notice() {}
        });
        if self.calls.send(job).is_err() {
            // Too many wait: the next call sends them.
            self.notices_wanted.store(false, Ordering::Release);
        }
    }
}

impl Drop for Desks {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

/// Threads that share one queue.
struct Lane {
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
    waiting: Arc<AtomicUsize>,
}

impl Lane {
    fn start(name: &str, threads: usize, waiting: usize, make: &Arc<MakeDesk>) -> Result<Self, DeskError> {
        let (jobs, queue) = sync_channel::<Job>(waiting);
        let queue = Arc::new(Mutex::new(queue));
        let mut lane = Self {
            jobs: Some(jobs),
            threads: Vec::new(),
            waiting: Arc::default(),
        };
        for _ in 0..threads {
            let (desk, make, queue) = (make()?, Arc::clone(make), Arc::clone(&queue));
            let thread = thread::Builder::new()
                .name(name.into())
                .spawn(move || work(desk, &*make, &queue))
                .map_err(|_| ErrorCode::HostFailed)?;
            lane.threads.push(thread);
        }
        Ok(lane)
    }

    fn send(&self, job: Job) -> Result<(), Refusal> {
        let jobs = self.jobs.as_ref().ok_or_else(Refusal::busy)?;
        let waiting = Arc::clone(&self.waiting);
        waiting.fetch_add(1, Ordering::Relaxed);
        let counted: Job = Box::new(move |desk| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            job(desk);
        });
        jobs.try_send(counted).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                Refusal::busy()
            }
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Desk) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(move |desk| {
            // Whoever asked may have hung up; what was done is recorded.
            let _ = answer.send(job(desk));
        }))?;
        answered.await.map_err(|_| ErrorCode::HostFailed.into())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A panic there was printed there.
            let _ = thread.join();
        }
    }
}

fn work(mut desk: Desk, make: &MakeDesk, queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&mut desk))).is_err() {
            // What it has in memory may be half done; what it has answered is in the store.
            let Some(another) = made_again(make) else { return };
            desk = another;
        }
    }
}

/// A busy or full disk passes; a lane without threads would answer nobody until the program is started again.
fn made_again(make: &MakeDesk) -> Option<Desk> {
    (0..TRIES).find_map(|_| {
        let made = make().ok();
        if made.is_none() {
            thread::sleep(PAUSE);
        }
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::Demo;

    #[tokio::test]
    async fn a_full_queue_is_told_and_a_panic_costs_one_call() {
        let demo = Demo::make("127.0.0.1:1".parse().unwrap()).unwrap();
        let lane = Lane::start("test", 1, 1, demo.make_desk()).unwrap();
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let (begun, begins) = std::sync::mpsc::channel::<()>();
        lane.send(Box::new(move |_| {
            begun.send(()).unwrap();
            held.recv().unwrap();
        }))
        .unwrap();
        begins.recv().unwrap();
        lane.send(Box::new(|_| ())).unwrap();
        let refused = lane.send(Box::new(|_| ())).unwrap_err();
        assert_eq!(refused.status(), axum::http::StatusCode::SERVICE_UNAVAILABLE);
        hold.send(()).unwrap();
        // With room for one, it waits for its turn here.
        let mut panicked = lane.run(|_| -> () { panic!("on purpose") }).await;
        while panicked
            .as_ref()
            .is_err_and(|refusal| refusal.status() == axum::http::StatusCode::SERVICE_UNAVAILABLE)
        {
            tokio::task::yield_now().await;
            panicked = lane.run(|_| -> () { panic!("on purpose") }).await;
        }
        assert_eq!(panicked.unwrap_err().number(), Some(803));
        assert!(lane.run(Desk::log_state).await.unwrap().unwrap().size > 0);
    }
}
