//! The Rust side of `cargo xtask long bench bindings`: one round of figures for each line on standard input,
//! `name how value` in nanoseconds, then `done`. The programs in C# and Kotlin answer alike.

mod pipe;

use std::io::{self, BufRead};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fido_unlock::host::framing::HidTransport;
use fido_unlock::host::ports::{self, Call, NeverCancel, NoProgress, SystemTicks};
use fido_unlock::host::{CtapUnlockDevice, DefaultPinPolicy, NewPin, Session};
use fido_unlock::{Pin, ResponseCode};
use fido_unlock_ffi::{
    EnrolledDevice, Enrollment, Interface, IssuerKey, MockKey, MockServer, MockWire, Suite, mock_respond,
};
use getrandom::SysRng;
use pipe::TcpHid;

const SLOT: u8 = 1;
const PINS: [&str; 2] = ["Winter42", "Spring43"];

/// A software key behind TCP that is blocked before each unlock.
struct Unlocks {
    key: Arc<MockKey>,
    issuer: Arc<IssuerKey>,
    device: EnrolledDevice,
    server: Arc<MockServer>,
    done: usize,
}

impl Unlocks {
    fn new() -> Result<Self> {
        let (key, issuer) = (MockKey::new()?, IssuerKey::make(Suite::P256EcdhMac)?);
        let plan = Enrollment::new();
        plan.add_key(SLOT, Arc::clone(&issuer))?;
        let device = plan.run(key.open(MockWire::Hid, Interface::Fido), None, None, None)?;
        key.set_pin(PINS[0].to_owned())?;
        let server = key.serve(MockWire::Hid, Interface::Fido, 0)?;
        Ok(Self {
            key,
            issuer,
            device,
            server,
            done: 0,
        })
    }

    /// From the open socket to the new PIN, without the help desk's part.
    fn one(&mut self) -> Result<Duration> {
        self.key.block("Winter24".to_owned())?;
        self.done += 1;
        let next = PINS.get(self.done % 2).context("two PINs")?;
        let pipe = TcpHid::connect(self.server.port())?;
        let (ticks, mut progress) = (SystemTicks::default(), NoProgress);

        let begin = Instant::now();
        let mut link = CtapUnlockDevice::new(HidTransport::new(pipe, SysRng, ports::Interface::Fido));
        let mut call = Call::new(&ticks, Call::QUICK, &NeverCancel, &mut progress);
        let session = Session::begin(&mut link, None, &mut call)?;
        let challenge = session.challenge().to_code();
        let first = begin.elapsed();

        let response = mock_respond(
            Arc::clone(&self.issuer),
            self.device.device_id.clone(),
            self.device.device_key.clone(),
            challenge,
        )?;

        let begin = Instant::now();
        let response = ResponseCode::parse(session.suite(), &response)?;
        let pin = Pin::new((*next).to_owned());
        let pin = NewPin::judge(&pin, &DefaultPinPolicy::default(), session.rules())?;
        let mut call = Call::new(&ticks, Call::WITH_TOUCH, &NeverCancel, &mut progress);
        session.unlock(&mut link, &response, &pin, &mut SysRng, &mut call)?;
        let second = begin.elapsed();

        drop(link);
        self.key.try_pin((*next).to_owned())?;
        Ok(first + second)
    }
}

fn main() -> Result<()> {
    let count: usize = std::env::args()
        .nth(2)
        .context("the number of calls, then of unlocks")?
        .parse()?;
    let mut unlocks = Unlocks::new()?;
    for line in io::stdin().lock().lines() {
        line?;
        let mut times = (0..count)
            .map(|_| unlocks.one())
            .collect::<Result<Vec<Duration>>>()?;
        times.sort();
        let median = times.get(count / 2).context("at least one unlock")?;
        println!("unlock rust {}", median.as_nanos());
        println!("done");
    }
    Ok(())
}
