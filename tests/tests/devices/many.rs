//! Many devices, silent ones, and changes that never end: one's own key is found, and the caller gets away.

use std::time::Duration;

use fido_unlock::Interface::{self, Fido};
use fido_unlock::host::ports::{
    Call, DeviceSource, NeverCancel, NoProgress, Route, RouteChange, Ticks, Transport, TransportError,
};
use fido_unlock::host::{DeviceEvent, Devices, Listing};
use fido_unlock_mock::TestTicks;

use super::fake::*;

/// Lists these, all of one model with serial numbers of their own, within that time.
fn list_within(limit: Duration, all: Vec<Does>) -> (Listing, Duration) {
    let ticks = TestTicks::new();
    let source = Fake::new(&ticks);
    let route = |number: usize| with_serial(hid(&number.to_string(), Fido), &number.to_string());
    source.world().routes = all
        .into_iter()
        .enumerate()
        .map(|(number, does)| (route(number), does))
        .collect();
    let mut progress = NoProgress;
    let mut call = Call::new(&ticks, limit, &NeverCancel, &mut progress);
    let listing = Devices::new(vec![Box::new(source)]).list(&mut call).unwrap();
    (listing, ticks.now())
}

fn found(listing: &Listing) -> Vec<u8> {
    let ids = listing.devices.iter().filter_map(|device| device.device_id());
    ids.map(|id| id.as_bytes()[0]).collect()
}

#[test]
fn forty_silent_interfaces_hide_no_key() {
    for silent in [Does::IsSilent, Does::IsSilentAndDrained] {
        for place in [0, 20, 40] {
            let mut all = vec![silent.clone(); 40];
            // As slow as a key over USB with polls of 5 ms may be.
            all.insert(place, Does::AnswersIn(Duration::from_millis(65), info(1)));
            let (listing, took) = list_within(Call::QUICK, all);
            assert_eq!(found(&listing), [1], "{silent:?} {place}");
            assert_eq!(listing.devices.len(), 41);
            // 100 ms for each, and the drain.
            assert!(took <= 41 * Duration::from_millis(200), "{took:?}");
        }
    }
}

#[test]
fn who_answers_at_once_leaves_its_time_to_the_others() {
    let slow = || Does::AnswersIn(Duration::from_millis(900), info(9));
    let mut all = vec![Does::Answers(info(1)), Does::Answers(info(2)), slow()];
    let (listing, took) = list_within(Call::QUICK, all.clone());
    assert_eq!(found(&listing), [1, 2, 9]);
    assert_eq!(took.as_millis(), 900);
    // Where it came first, its share was too short: there is time for a second turn.
    all.rotate_right(1);
    all.push(Does::Answers(info(3)));
    let (listing, took) = list_within(Call::QUICK, all);
    assert_eq!(found(&listing), [9, 1, 2, 3]);
    assert_eq!(took.as_millis(), 500 + 900);
    // A silent one is not asked for more than a second in all where there is time enough.
    let (listing, took) = list_within(Duration::from_secs(60), vec![Does::IsSilent, slow()]);
    assert_eq!(found(&listing), [9]);
    assert_eq!(took.as_millis(), 1_900);
}

/// A source whose keys come and go for ever, one in each millisecond.
struct Flood {
    ticks: TestTicks,
    told: u32,
    /// Only come, each another one.
    growing: bool,
}

impl DeviceSource for Flood {
    fn routes(&mut self) -> Result<Vec<Route>, TransportError> {
        Ok(Vec::new())
    }

    fn open(
        &mut self,
        _: &Route,
        _: Interface,
        timeout: Duration,
    ) -> Result<Box<dyn Transport + Send>, TransportError> {
        self.ticks.sleep(timeout);
        Err(TransportError::DeadlineExceeded)
    }

    fn next_change(&mut self, _: Duration) -> Result<Option<RouteChange>, TransportError> {
        self.told += 1;
        assert!(self.told < 100_000, "it is listened to for ever");
        self.ticks.advance(Duration::from_millis(1));
        let route = hid(&(self.told / 2).to_string(), Fido);
        Ok(Some(match self.told % 2 {
            1 if !self.growing => RouteChange::Removed(route),
            _ => RouteChange::Added(with_serial(route, &self.told.to_string())),
        }))
    }
}

#[test]
fn changes_without_end_do_not_keep_the_caller() {
    for growing in [false, true] {
        let ticks = TestTicks::new();
        let flood = Flood {
            ticks: ticks.clone(),
            told: 0,
            growing,
        };
        let mut watch = Devices::new(vec![Box::new(flood)]).watch();
        for _ in 0..20 {
            let begun = ticks.now();
            let mut progress = NoProgress;
            let within = Duration::from_millis(100);
            let mut call = Call::new(&ticks, within, &NeverCancel, &mut progress);
            watch.next_event(&mut call).unwrap();
            let took = ticks.now() - begun;
            // The time that was given, and the second that asking may take.
            assert!(took <= within + Duration::from_millis(1_200), "{took:?}");
        }
    }
}

#[test]
fn many_keys_at_once_are_told_one_after_another() {
    let ticks = TestTicks::new();
    let source = Fake::new(&ticks);
    for number in 0..100_u8 {
        let does = match number % 10 {
            7 => Does::IsSilentAndDrained,
            _ => Does::Answers(info(number)),
        };
        let route = hid(&number.to_string(), Fido);
        source.put(with_serial(route, &number.to_string()), does);
    }
    let mut watch = Devices::new(vec![Box::new(source)]).watch();
    let mut arrived = 0;
    for _ in 0..1_000 {
        let mut progress = NoProgress;
        let mut call = Call::new(&ticks, Duration::from_millis(100), &NeverCancel, &mut progress);
        match watch.next_event(&mut call).unwrap() {
            Some(DeviceEvent::Arrived(_)) => arrived += 1,
            // A silent one is asked once more.
            Some(DeviceEvent::Changed(_)) | None => {}
            Some(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(arrived, 100, "each once");
}
