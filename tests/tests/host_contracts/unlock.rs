//! `UnlockDevice`: `CtapUnlockDevice` over the software authenticator, and wrong ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fido_unlock::ctap2::device_unlock::{ChallengeRequest, ChallengeResponse, UnlockInfo, UnlockRequest};
use fido_unlock::host::ports::{Call, NeverCancel, NoProgress, Transport, TransportError, UnlockDevice};
use fido_unlock::host::testing::{UnlockBench, unlock_device};
use fido_unlock::host::{CtapUnlockDevice, DeviceError, DeviceRefusal};
use fido_unlock::pin_protocol::PinProtocol;
use fido_unlock::{Challenge, DeviceId, Interface, Purpose, ResponseCode, Suite};
use fido_unlock_mock::TestTicks;
use fido_unlock_mock::framing::DeviceFaults;
use fido_unlock_tests::{SLOT, Way, World};
use getrandom::SysRng;

use crate::{assert_found, assert_kept};

const HOUR: Duration = Duration::from_secs(3600);

/// What an adapter does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    /// The retries of another counter.
    OtherRetries,
    /// The state is asked once and kept.
    KeepsInfo,
    /// Whatever slot is asked for, the device's one slot answers.
    AnyOtherSlot,
    /// The slot's number is of the vendor's own counting.
    OtherNumber,
    /// Asks for a new challenge each time.
    AlwaysRenews,
    /// Every refusal is the same one.
    OneRefusal,
    /// Status bytes as they come.
    NoMeaning,
    /// A wrong response is a success: the status is not looked at.
    StatusIgnored,
    /// No answer is a success.
    LostIsSuccess,
    /// An unlock whose answer was lost is sent again.
    SendsAgain,
    /// An unlock is sent twice, to be sure.
    SendsTwice,
    /// Does not look at deadline and cancel flag.
    Blocks,
    /// Nothing happens, success.
    DoesNothing,
    /// What was spent is told as pending, and the reverse.
    OtherSpent,
}

struct Adapter {
    inner: CtapUnlockDevice<Counting>,
    wrong: Wrong,
    kept: Option<UnlockInfo>,
    reopen: Box<dyn Fn() -> CtapUnlockDevice<Counting>>,
    ticks: TestTicks,
}

impl UnlockDevice for Adapter {
    fn info(&mut self, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        if self.wrong == Wrong::Blocks {
            let ticks = self.ticks.clone();
            let mut progress = NoProgress;
            return self
                .inner
                .info(&mut Call::new(&ticks, HOUR, &NeverCancel, &mut progress));
        }
        if let Some(kept) = &self.kept
            && self.wrong == Wrong::KeepsInfo
        {
            return Ok(kept.clone());
        }
        let mut info = self.inner.info(call)?;
        if self.wrong == Wrong::OtherRetries {
            info.pin_retries = 8;
        }
        self.kept = Some(info.clone());
        Ok(info)
    }

    fn info_about(&mut self, challenge: &Challenge, call: &mut Call<'_>) -> Result<UnlockInfo, DeviceError> {
        let mut info = self.inner.info_about(challenge, call)?;
        if self.wrong == Wrong::OtherSpent {
            info.spent = info.spent.map(|spent| !spent);
        }
        Ok(info)
    }

    fn challenge(
        &mut self,
        request: &ChallengeRequest,
        call: &mut Call<'_>,
    ) -> Result<ChallengeResponse, DeviceError> {
        let mut request = *request;
        match self.wrong {
            Wrong::AnyOtherSlot => request.slot = SLOT,
            Wrong::AlwaysRenews => request.renew = true,
            _ => {}
        }
        let mut answer = self.inner.challenge(&request, call);
        match (self.wrong, &mut answer) {
            (Wrong::OtherNumber, Ok(answer)) => answer.slot = 0x83,
            (Wrong::OneRefusal, Err(DeviceError::Refused(refusal))) => {
                *refusal = DeviceRefusal::WrongResponse
            }
            _ => {}
        }
        answer
    }

    fn unlock(&mut self, request: &UnlockRequest<'_>, call: &mut Call<'_>) -> Result<(), DeviceError> {
        if self.wrong == Wrong::DoesNothing {
            return Ok(());
        }
        match (self.wrong, self.inner.unlock(request, call)) {
            (Wrong::NoMeaning, Err(DeviceError::Refused(_))) => Err(DeviceError::Malformed("a status byte")),
            (Wrong::StatusIgnored, Err(DeviceError::Refused(_))) => Ok(()),
            (Wrong::LostIsSuccess, Err(DeviceError::Transport(_))) => Ok(()),
            (Wrong::SendsAgain, Err(DeviceError::Transport(_))) => {
                self.inner = (self.reopen)();
                self.inner.unlock(request, call)
            }
            (Wrong::SendsTwice, Ok(())) => {
                let _ = self.inner.unlock(request, call);
                Ok(())
            }
            (_, result) => result,
        }
    }
}

/// Counts `unlock` commands on their way.
struct Counting {
    inner: Box<dyn Transport>,
    unlocks: Arc<AtomicU64>,
}

impl Transport for Counting {
    fn transact(&mut self, message: &[u8], call: &mut Call<'_>) -> Result<Vec<u8>, TransportError> {
        // Command byte, a map of any length, key 1: subcommand 3.
        if message.len() > 4 && message[0] == 0x55 && message[2..4] == [0x01, 0x03] {
            self.unlocks.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.transact(message, call)
    }

    fn interface(&self) -> Interface {
        self.inner.interface()
    }
}

struct Bench {
    world: Arc<World>,
    wrong: Wrong,
    interface: Interface,
    unlocks: Arc<AtomicU64>,
    rounds: u32,
}

fn bench(wrong: Wrong, way: Way, suite: Suite, protocol: PinProtocol) -> Bench {
    Bench {
        world: Arc::new(World::new(way, suite, protocol)),
        wrong,
        interface: Interface::Fido,
        unlocks: Arc::default(),
        rounds: 0,
    }
}

impl Bench {
    fn device(&self) -> CtapUnlockDevice<Counting> {
        CtapUnlockDevice::new(Counting {
            inner: self.world.open(self.interface),
            unlocks: Arc::clone(&self.unlocks),
        })
    }
}

impl UnlockBench for Bench {
    fn open(&mut self) -> Result<Box<dyn UnlockDevice>, TransportError> {
        let inner = self.device();
        if self.wrong == Wrong::Nothing {
            return Ok(Box::new(inner));
        }
        let (world, unlocks, interface) =
            (Arc::clone(&self.world), Arc::clone(&self.unlocks), self.interface);
        Ok(Box::new(Adapter {
            inner,
            wrong: self.wrong,
            kept: None,
            reopen: Box::new(move || {
                CtapUnlockDevice::new(Counting {
                    inner: world.open(interface),
                    unlocks: Arc::clone(&unlocks),
                })
            }),
            ticks: self.world.ticks.clone(),
        }))
    }

    fn slot(&self) -> u8 {
        SLOT
    }

    fn block(&mut self) -> bool {
        self.rounds += 1;
        self.world.block();
        true
    }

    fn respond(&mut self, _: &DeviceId, challenge: &Challenge) -> Option<ResponseCode> {
        match challenge {
            Challenge::Aes(challenge) => self.world.issuer.respond_aes(challenge).ok(),
            Challenge::Line(challenge) => {
                let fields = self.world.fields(challenge, Purpose::Authorise);
                self.world.issuer.respond(&fields).ok()
            }
        }
    }

    fn unlocks(&mut self) -> Option<u64> {
        Some(self.unlocks.load(Ordering::Relaxed))
    }

    fn delay(&mut self, by: Duration) -> bool {
        self.world.device.set_faults(DeviceFaults {
            keepalives: u32::try_from(by.as_millis() / 100).unwrap(),
            ..DeviceFaults::default()
        });
        true
    }

    fn lose_answer(&mut self) -> bool {
        // The challenge is asked for once more before.
        self.world.device.set_faults(DeviceFaults {
            remove_after_message: Some(self.world.device.messages() + 1),
            ..DeviceFaults::default()
        });
        true
    }
}

// M-2.2-1
#[test]
fn every_suite_over_both_ways_keeps_the_contract() {
    for (way, protocol) in [(Way::Hid, PinProtocol::Two), (Way::Nfc, PinProtocol::One)] {
        for suite in [Suite::P256Ecdsa, Suite::P256EcdhMac, Suite::AesAdminKey] {
            for interface in [Interface::Fido, Interface::Vendor] {
                let mut bench = bench(Wrong::Nothing, way, suite, protocol);
                bench.interface = interface;
                let ticks = bench.world.ticks.clone();
                assert_kept(unlock_device(&mut bench, &mut SysRng, &ticks), &[]);
                assert_eq!(bench.rounds, 2);
            }
        }
    }
}

#[test]
fn wrong_adapters_are_found() {
    for (wrong, word) in [
        (Wrong::OtherRetries, "blocked is told"),
        (Wrong::KeepsInfo, "DeadlineExceeded"),
        (Wrong::AnyOtherSlot, "has no challenge"),
        (Wrong::OtherNumber, "for the slot"),
        (Wrong::AlwaysRenews, "pending challenge"),
        (Wrong::OneRefusal, "DeviceNotLocked"),
        (Wrong::NoMeaning, "ResponseWrong"),
        (Wrong::StatusIgnored, "ResponseWrong"),
        (Wrong::LostIsSuccess, "no success"),
        (Wrong::SendsAgain, "sent once"),
        (Wrong::SendsTwice, "sent once"),
        (Wrong::Blocks, "deadline and cancel"),
        (Wrong::DoesNothing, "sent once"),
        (Wrong::OtherSpent, "not told as spent"),
    ] {
        let mut bench = bench(wrong, Way::Hid, Suite::P256EcdhMac, PinProtocol::Two);
        let ticks = bench.world.ticks.clone();
        let found = unlock_device(&mut bench, &mut SysRng, &ticks);
        assert_found(&format!("{wrong:?}"), found, word);
    }
}
