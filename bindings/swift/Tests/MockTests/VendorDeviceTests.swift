import FidoUnlock
import Foundation
import XCTest

/// A vendor's device with a command set of its own, in Swift.
final class VendorDeviceTests: XCTestCase {
    private func locked(_ suite: Suite, _ work: (Enrolled, VendorDevice, Device) throws -> Void) throws {
        let enrolled = try Enrolled.locked(suite)
        let vendor = VendorDevice(enrolled.key)
        try work(enrolled, vendor, Device.openUnlockDevice(device: vendor))
    }

    func testABlockedPinIsGivenBack() throws {
        for (suite, digits) in zip(suites, [128, 26, 32]) {
            try locked(suite) { enrolled, vendor, device in
                enrolled.key.setTouch(touch: .after(keepalives: 2))
                let here = ObjectIdentifier(Thread.current)
                let told = Shared<[(ObjectIdentifier, ProgressEvent)]>([])
                vendor.before = { _, call in
                    XCTAssertEqual(here, ObjectIdentifier(Thread.current))
                    XCTAssertTrue((1...30_000).contains(call.remainingMs()))
                    XCTAssertFalse(call.isCancelled())
                }
                XCTAssertTrue(try device.diagnose(ownIssuers: []).canUnlock)
                XCTAssertEqual(try device.info().deviceId, enrolled.device.deviceId)
                let session = try UnlockSession.begin(device: device)
                try session.unlock(
                    device, enrolled.respond(session.challenge()),
                    Listener { event in told.change { $0.append((ObjectIdentifier(Thread.current), event)) } })
                XCTAssertEqual(try session.resolve(device: device), .unlocked)
                XCTAssertEqual(told.value.map(\.0), [here])
                XCTAssertEqual(told.value.map(\.1), [.touchNeeded])
                XCTAssertEqual(vendor.response.count, digits)
                enrolled.key.setTouch(touch: .atOnce)
                try enrolled.signIn(newPin)
            }
        }
    }

    func testWhatEachMethodThrows() throws {
        let failures: [(any Error, Int)] = [
            (Broken(), 803), (UnlockDeviceError.HostFailed, 803), (UnlockDeviceError.Malformed, 120),
            (UnlockDeviceError.NoDevice, 501), (UnlockDeviceError.PermissionDenied(path: "/dev/ttyS0"), 502),
            (UnlockDeviceError.NeedsElevation, 503), (UnlockDeviceError.Busy, 505), (UnlockDeviceError.Gone, 506),
            (UnlockDeviceError.TimedOut, 507), (UnlockDeviceError.Cancelled, 508),
            (UnlockDeviceError.Failed(code: -5), 514), (UnlockDeviceError.Refused(number: 111), 111),
            // Not a device's number.
            (UnlockDeviceError.Refused(number: 427), 803),
        ]
        try locked(.p256EcdhMac) { enrolled, vendor, device in
            let session = try UnlockSession.begin(device: device)
            let calls: [(String, () throws -> Void)] = [
                ("UnlockDevice.info", { _ = try device.info() }),
                ("UnlockDevice.challenge", { try session.renew(device: device) }),
                ("UnlockDevice.unlock", { try session.unlock(device, enrolled.respond(session.challenge())) }),
            ]
            for (failure, number) in failures {
                for (method, call) in calls {
                    vendor.failure = failure
                    vendor.trip = method
                    XCTAssertFalse("\(try refused(number) { try call() })".contains(hostSecret))
                }
            }
            // Nothing of it used the code up.
            vendor.trip = ""
            try session.unlock(device, enrolled.respond(session.challenge()))
            try enrolled.signIn(newPin)
        }
    }

    func testAnAnswerThatIsLost() throws {
        try locked(.p256EcdhMac) { enrolled, vendor, device in
            let session = try UnlockSession.begin(device: device)
            vendor.failure = UnlockDeviceError.Gone
            vendor.before = { [unowned vendor] method, _ in
                if method == "UnlockDevice.unlock" {
                    vendor.trip = "UnlockDevice.info"
                    throw UnlockDeviceError.Gone
                }
            }
            try refused(124) { try session.unlock(device, enrolled.respond(session.challenge())) }
            vendor.trip = ""
            XCTAssertEqual(try session.resolve(device: device), .notUnlocked)
        }
    }

    func testCancelDeadlineAndAListenerThatThrows() throws {
        try locked(.p256EcdhMac) { enrolled, _, device in
            enrolled.key.setTouch(touch: .never)
            let session = try UnlockSession.begin(device: device)
            let code = try enrolled.respond(session.challenge())
            let cancel = CancelHandle()
            try refused(508) {
                try session.unlock(
                    device: device, response: code, pin: newPin, pinAgain: newPin,
                    progress: Listener { _ in Thread.detachNewThread { cancel.cancel() } }, cancel: cancel)
            }
            try refused(507) {
                try session.unlock(device: device, response: code, pin: newPin, pinAgain: newPin, timeoutMs: 300)
            }
            let error = try refused(803) { try session.unlock(device, code, Listener { _ in throw Broken() }) }
            XCTAssertFalse("\(error)".contains(hostSecret))
            enrolled.key.setTouch(touch: .atOnce)
            try session.unlock(device, code)
        }
    }

    func testWhatThePortDoesNotHave() throws {
        try locked(.p256EcdhMac) { enrolled, _, device in
            try refused(121) { try device.activeInterface() }
            let plan = Enrollment()
            try plan.addKey(slot: slot, key: enrolled.issuer)
            try refused(121) { try plan.run(device: device) }
        }
    }
}
