import FidoUnlock
import Foundation
import XCTest

/// `async` and streams.
final class AsyncTests: XCTestCase {
    private struct Locked {
        let enrolled: Enrolled
        let device: Device
        let session: UnlockSession
        let code: String
    }

    private func locked() async throws -> Locked {
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        let device = enrolled.vendor()
        let condition = try await device.diagnosed().condition
        XCTAssertEqual(condition, .locked)
        let session = try await device.beginUnlock()
        return Locked(
            enrolled: enrolled, device: device, session: session, code: try enrolled.respond(session.challenge()))
    }

    func testAnUnlockIsAStreamOfSteps() async throws {
        let one = try await locked()
        one.enrolled.key.setTouch(touch: .after(keepalives: 2))
        var steps: [UnlockStep] = []
        for try await step in one.session.unlocking(
            device: one.device, response: one.code, pin: newPin, pinAgain: newPin)
        { steps.append(step) }
        XCTAssertEqual(steps, [.progress(.touchNeeded), .done])
        one.enrolled.key.setTouch(touch: .atOnce)
        try one.enrolled.signIn(newPin)
    }

    func testCancellingTheTaskCancelsTheCall() async throws {
        let one = try await locked()
        one.enrolled.key.setTouch(touch: .never)
        let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await one.session.unlock(device: one.device, response: one.code, pin: newPin, pinAgain: newPin) { _ in
                waiting.yield()
            }
        }
        for await _ in waits { break }
        task.cancel()
        do {
            try await task.value
            XCTFail("not cancelled")
        } catch { XCTAssertTrue(error is CancellationError, "\(error)") }
        one.enrolled.key.setTouch(touch: .atOnce)
        // The device is free again, and the code is still good.
        try await one.session.unlock(device: one.device, response: one.code, pin: newPin, pinAgain: newPin)
        try one.enrolled.signIn(newPin)
    }

    func testWhoStopsReadingAStreamCancelsTheUnlock() async throws {
        let one = try await locked()
        one.enrolled.key.setTouch(touch: .never)
        for try await _ in one.session.unlocking(
            device: one.device, response: one.code, pin: newPin, pinAgain: newPin)
        { break }
        one.enrolled.key.setTouch(touch: .atOnce)
        // The call behind it ends within 100 ms; until then the device is taken.
        while true {
            do {
                try await one.session.unlock(device: one.device, response: one.code, pin: newPin, pinAgain: newPin)
                break
            } catch let error as UnlockError where error.number == 802 { await Task.yield() }
        }
        try one.enrolled.signIn(newPin)
    }

    func testATaskThatIsCancelledBeforeSendsNothing() async throws {
        let one = try await locked()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await one.session.unlock(device: one.device, response: one.code, pin: newPin, pinAgain: newPin)
        }
        task.cancel()
        do {
            try await task.value
            XCTFail("not cancelled")
        } catch { XCTAssertTrue(error is CancellationError, "\(error)") }
        let outcome = try await one.session.resolved(device: one.device)
        XCTAssertEqual(outcome, .notUnlocked)
    }

    func testStateANewChallengeTheOutcomeAndEnrolmentAreAwaitedToo() async throws {
        let one = try await locked()
        let retries = try await one.device.currentInfo().pinRetries
        XCTAssertEqual(retries, 0)
        let shown = one.session.challenge()
        try await one.session.renewed(device: one.device)
        XCTAssertNotEqual(one.session.challenge(), shown)
        do {
            try await one.session.unlock(device: one.device, response: one.code, pin: newPin, pinAgain: newPin)
            XCTFail("a void code was taken")
        } catch let error as UnlockError {
            guard case .Device = error else { return XCTFail("\(error)") }
        }
        let before = try await one.session.resolved(device: one.device)
        XCTAssertEqual(before, .notUnlocked)
        try await one.session.unlock(
            device: one.device, response: one.enrolled.respond(one.session.challenge()), pin: newPin, pinAgain: newPin)
        let after = try await one.session.resolved(device: one.device)
        XCTAssertEqual(after, .unlocked)
        try one.enrolled.signIn(newPin)
        let plan = Enrollment()
        try plan.addKey(slot: slot, key: one.enrolled.issuer)
        let fresh = try MockKey()
        let key = try await plan.enrolled(device: fresh.open(wire: .hid, which: .fido)).deviceKey
        XCTAssertEqual(key.count, 33)
    }

    func testAnErrorIsThrownAsItIs() async throws {
        let one = try await locked()
        one.enrolled.key.setTouch(touch: .never)
        try await refusedLater(507) {
            try await one.session.unlock(
                device: one.device, response: one.code, pin: newPin, pinAgain: newPin, timeoutMs: 300)
        }
    }

    func testManyCallsWaitAtOnce() async throws {
        // More than there are cooperative threads, and each blocks one of its own.
        let keys = try (0..<64).map { _ in try Enrolled.locked(.p256EcdhMac) }
        for enrolled in keys { enrolled.key.setTouch(touch: .never) }
        let cancels = try await withThrowingTaskGroup(of: Int.self) { group in
            for enrolled in keys {
                let device = enrolled.vendor()
                let session = try UnlockSession.begin(device: device)
                let code = try enrolled.respond(session.challenge())
                group.addTask {
                    do {
                        try await session.unlock(
                            device: device, response: code, pin: newPin, pinAgain: newPin, timeoutMs: 1_000)
                        return 0
                    } catch let error as UnlockError { return Int(error.number) }
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        XCTAssertEqual(cancels, [Int](repeating: 507, count: 64))
    }
}
