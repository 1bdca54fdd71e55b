import FidoUnlock
import Foundation
import XCTest

/// Callbacks: their thread, what they throw, cancel.
final class CallbackTests: XCTestCase {
    private func locked(_ work: (Enrolled, Device, UnlockSession, String) throws -> Void) throws {
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        let device = enrolled.vendor()
        let session = try UnlockSession.begin(device: device)
        try work(enrolled, device, session, enrolled.respond(session.challenge()))
    }

    func testProgressComesOnTheCallingThreadAndATouchIsTold() throws {
        try locked { enrolled, device, session, code in
            enrolled.key.setTouch(touch: .after(keepalives: 3))
            let here = ObjectIdentifier(Thread.current)
            let told = Shared<[(ObjectIdentifier, ProgressEvent)]>([])
            try session.unlock(
                device, code, Listener { event in told.change { $0.append((ObjectIdentifier(Thread.current), event)) } })
            XCTAssertEqual(Set(told.value.map(\.0)), [here])
            // Each change once, not once a keep-alive.
            XCTAssertEqual(told.value.map(\.1), [.touchNeeded])
            enrolled.key.setTouch(touch: .atOnce)
            try enrolled.signIn(newPin)
        }
    }

    func testAnotherThreadCancelsAndTheCodeStaysGood() throws {
        try locked { enrolled, device, session, code in
            enrolled.key.setTouch(touch: .never)
            let cancel = CancelHandle()
            let waiting = DispatchSemaphore(value: 0)
            let cancelled = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                waiting.wait()
                cancel.cancel()
                cancelled.signal()
            }
            try refused(508) {
                try session.unlock(
                    device: device, response: code, pin: newPin, pinAgain: newPin,
                    progress: Listener { _ in waiting.signal() }, cancel: cancel)
            }
            cancelled.wait()
            XCTAssertTrue(cancel.isCancelled())
            // It stays cancelled.
            try refused(508) { try device.info(cancel: cancel) }
            enrolled.key.setTouch(touch: .atOnce)
            XCTAssertEqual(try session.resolve(device: device), .notUnlocked)
            try session.unlock(device, code)
            try enrolled.signIn(newPin)
        }
    }

    func testATouchThatDoesNotComeEndsAtTheDeadline() throws {
        try locked { enrolled, device, session, code in
            enrolled.key.setTouch(touch: .never)
            let error = try refused(507) {
                try session.unlock(device: device, response: code, pin: newPin, pinAgain: newPin, timeoutMs: 500)
            }
            XCTAssertEqual(error.row.name, "DeadlineExceeded")
            enrolled.key.setTouch(touch: .refused)
            try refused(111) { try session.unlock(device, code) }
        }
    }

    func testAListenerThatThrowsEndsTheCall() throws {
        try locked { enrolled, device, session, code in
            enrolled.key.setTouch(touch: .never)
            for failure: any Error in [Broken(), HostError.HostFailed] {
                let error = try refused(803) { try session.unlock(device, code, Listener { _ in throw failure }) }
                XCTAssertEqual(error.text, "the program's own part failed")
                XCTAssertFalse("\(error)".contains(hostSecret))
            }
            enrolled.key.setTouch(touch: .atOnce)
            try session.unlock(device, code)
        }
    }

    private final class Checker: PinChecker {
        private let judge: @Sendable () throws -> Void

        init(_ judge: @escaping @Sendable () throws -> Void) { self.judge = judge }

        func check(pin: String) throws {
            XCTAssertEqual(pin, newPin)
            try judge()
        }
    }

    func testAPolicyThatThrowsRefusesThePin() throws {
        try locked { _, device, session, code in
            func unlock(_ judge: @escaping @Sendable () throws -> Void) throws {
                try session.unlock(
                    device: device, response: code, pin: newPin, pinAgain: newPin,
                    policy: PinPolicy.host(checker: Checker(judge)))
            }
            XCTAssertFalse("\(try refused(803) { try unlock { throw Broken() } })".contains(hostSecret))
            try refused(305) { try unlock { throw PinRefusalError.Listed } }
            let short = try refused(301) { try unlock { throw PinRefusalError.TooShort(minimum: 9) } }
            guard case let .Pin(_, _, _, _, minimum, _) = short else { return XCTFail("\(short)") }
            XCTAssertEqual(minimum, 9)
            try unlock {}
        }
    }

    /// HID reports from closures.
    private final class Pipe: HidReports, @unchecked Sendable {
        var write: (Data) throws -> Void = { _ in }
        var read: () throws -> Data = { Data() }
        var size: () throws -> UInt32 = { 64 }

        func writeReport(report: Data) throws { try write(report) }

        func readReport(timeoutMs: UInt32) throws -> Data { try read() }

        func reportSize() throws -> UInt32 { try size() }
    }

    private let failures: [(any Error, Int)] = [(Broken(), 803), (PipeError.NeedsElevation, 503)]

    func testAHidPipeThatThrows() throws {
        for (failure, number) in failures {
            let writes = Pipe(), reads = Pipe(), sizes = Pipe()
            writes.write = { report in
                XCTAssertEqual(report.count, 64)
                throw failure
            }
            reads.read = { throw failure }
            sizes.size = { throw failure }
            for pipe in [writes, reads, sizes] {
                let error = try refused(number) {
                    try Device.openHid(pipe: pipe, which: .fido).info(timeoutMs: 300)
                }
                XCTAssertFalse("\(error)".contains(hostSecret))
            }
        }
    }

    private final class Card: ApduChannel, @unchecked Sendable {
        let place: String
        let failure: any Error

        init(_ place: String, _ failure: any Error) {
            self.place = place
            self.failure = failure
        }

        private func at(_ method: String) throws { if method == place { throw failure } }

        func transmit(apdu: Data, timeoutMs: UInt32) throws -> Data {
            try at("transmit")
            return Data([0x6A, 0x82])
        }

        func extendedLength() throws -> Bool {
            try at("extended")
            return true
        }

        func beginTransaction(timeoutMs: UInt32) throws { try at("begin") }

        func endTransaction() throws { throw Broken() }

        func reconnect(timeoutMs: UInt32) throws { throw PipeError.Gone }
    }

    func testACardThatThrows() throws {
        for place in ["transmit", "extended", "begin"] {
            for (failure, number) in failures {
                let error = try refused(number) {
                    try Device.openApdu(pipe: Card(place, failure), preference: .fido).info(timeoutMs: 300)
                }
                XCTAssertFalse("\(error)".contains(hostSecret))
            }
        }
    }

    func testAPipesOwnErrorsKeepTheirMeaning() throws {
        let meanings: [(PipeError, Int)] = [
            (.NoDevice, 501), (.PermissionDenied(path: "/dev/hidraw0"), 502), (.NeedsElevation, 503), (.Busy, 505),
            (.Gone, 506), (.TimedOut, 507), (.Failed(code: -5), 514), (.HostFailed, 803),
        ]
        for (thrown, number) in meanings {
            let pipe = Pipe()
            pipe.write = { _ in throw thrown }
            try refused(number) { try Device.openHid(pipe: pipe, which: .fido).info(timeoutMs: 300) }
        }
    }

    func testReportsOfAWrongSizeAreRefused() throws {
        for size: UInt32 in [0, 7, 1025, .max] {
            let pipe = Pipe()
            pipe.size = { size }
            try refused(509) { try Device.openHid(pipe: pipe, which: .fido) }
        }
        let long = Pipe()
        long.read = { Data(count: 100_000) }
        try refused(509) { try Device.openHid(pipe: long, which: .fido).info(timeoutMs: 300) }
    }

    private final class Responder: ProbeResponder {
        private let answer: @Sendable (String, String) throws -> String

        init(_ answer: @escaping @Sendable (String, String) throws -> String) { self.answer = answer }

        func respond(deviceId: String, suite: Suite, challenge: String) throws -> String {
            try answer(deviceId, challenge)
        }
    }

    func testAProbeBlocksAForgottenPinAndAResponderThatThrowsDoesNot() throws {
        let enrolled = try Enrolled(.p256Ecdsa)
        let broken = try refused(803) {
            try enrolled.fido().probe(slot: slot, responder: Responder { _, _ in throw Broken() })
        }
        XCTAssertFalse("\(broken)".contains(hostSecret))
        func answering(_ key: IssuerKey) -> Responder {
            Responder { id, challenge in
                try key.answerProbe(deviceId: id, deviceKey: enrolled.device.deviceKey, challenge: challenge)
            }
        }
        let other = try IssuerKey.make(suite: .p256Ecdsa)
        try refused(123) { try enrolled.fido().probe(slot: slot, responder: answering(other)) }

        let passed = try enrolled.fido().probe(slot: slot, responder: answering(enrolled.issuer))
        XCTAssertEqual(passed.slot(), slot)
        try refused(508) { try passed.confirmBlock(confirmed: false) }
        let consent = try passed.confirmBlock(confirmed: true)
        try refused(802) { try passed.confirmBlock(confirmed: true) }
        var replugs = 0
        while try enrolled.fido().blockPin(consent: consent) == .replugNeeded {
            enrolled.key.replug()
            replugs += 1
        }
        XCTAssertEqual(replugs, 2)
        try refused(116) { try enrolled.key.tryPin(pin: oldPin) }
    }

    func testASecondCallAlsoFromWithinACallbackIsRefused() throws {
        try locked { enrolled, device, session, code in
            enrolled.key.setTouch(touch: .after(keepalives: 2))
            let inner = Shared<[Int]>([])
            let again: @Sendable () -> Void = {
                do {
                    _ = try device.info()
                } catch {
                    inner.change { $0.append((error as? UnlockError).map { Int($0.number) } ?? 0) }
                }
            }
            let listener = Listener { _ in
                again()
                let done = DispatchSemaphore(value: 0)
                Thread.detachNewThread {
                    again()
                    done.signal()
                }
                done.wait()
            }
            try session.unlock(device, code, listener)
            XCTAssertEqual(inner.value, [802, 802])
            XCTAssertEqual(try device.info().pinRetries, 8)
        }
    }

    func testAnEnrolmentThatIsTouchedFromItsOwnCallbackRefuses() throws {
        let key = try MockKey()
        key.setTouch(touch: .after(keepalives: 2))
        let issuer = try IssuerKey.make(suite: .p256EcdhMac)
        let plan = Enrollment()
        try plan.addKey(slot: slot, key: issuer)
        let device = key.open(wire: .hid, which: .fido)
        let tries = Shared(0)
        let listener = Listener { _ in
            try refused(802) { try plan.addKey(slot: 2, key: issuer) }
            try refused(802) { try plan.setOptions(vendorInterfaceOff: true, forcePinChange: false) }
            try refused(802) { try plan.setPin(pin: oldPin) }
            try refused(802) { try plan.run(device: device) }
            tries.change { $0 += 4 }
        }
        _ = try plan.run(device: device, progress: listener)
        XCTAssertEqual(tries.value, 4)
        XCTAssertEqual(try device.info().slots.map(\.slot), [slot])
    }
}
