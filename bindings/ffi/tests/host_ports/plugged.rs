//! Software authenticators where lists and watches look.

use fido_unlock::ErrorCode;
use fido_unlock_ffi::*;

use super::number;

#[test]
fn a_key_that_is_plugged_in_is_found_and_opened() {
    let key = MockKey::new().unwrap();
    let watch = DeviceWatch::new();
    let next = || watch.next(20_000, None).unwrap().unwrap();
    key.plug_in("Plugged".into());
    let DeviceChange::Arrived { device } = next() else {
        panic!("it arrives")
    };
    assert_eq!((device.name.as_str(), device.routes.len()), ("Plugged", 2));
    let open = |found: &FoundDevice| Device::open_found(found.clone(), None, None);
    open(&device).unwrap().info(None, None).unwrap();
    key.pull();
    assert!(matches!(next(), DeviceChange::Left { .. }));
    assert_eq!(number(open(&device)), ErrorCode::Gone.number());
    key.plug_in("Plugged".into());
    assert_eq!(list_devices(None, None).unwrap().devices.len(), 1);
    drop(key);
    assert_eq!(list_devices(None, None).unwrap().devices.len(), 0);
}
