import FidoUnlock
import Foundation
import XCTest

protocol Bridge: Sendable {
    func send(_ report: Data) -> Bool
    func receive(_ timeoutMs: UInt32) -> Data?
}

final class BridgePipe: HidReports {
    private let bridge: Bridge

    init(_ bridge: Bridge) { self.bridge = bridge }

    // 64 bytes, without a report ID.
    func writeReport(report: Data) throws {
        guard bridge.send(report) else { throw PipeError.Gone }
    }

    // Empty where nothing came in time.
    func readReport(timeoutMs: UInt32) throws -> Data {
        bridge.receive(timeoutMs) ?? Data()
    }

    func reportSize() throws -> UInt32 { 64 }
}

/// The served software authenticator behind the page's bridge.
private final class TcpBridge: Bridge {
    private let pipe: TcpHid

    init(_ pipe: TcpHid) { self.pipe = pipe }

    func send(_ report: Data) -> Bool { (try? pipe.writeReport(report: report)) != nil }

    func receive(_ timeoutMs: UInt32) -> Data? {
        guard let report = try? pipe.readReport(timeoutMs: timeoutMs), !report.isEmpty else { return nil }
        return report
    }
}

/// What docs/for-swift.md shows is what is here, compiled and run.
final class DocsTests: XCTestCase {
    private let told = Shared<[String]>([])

    private func print(_ what: String) { told.change { $0.append(what) } }

    private func watch(_ unlock: (Device) async throws -> Void) async throws {
        for try await change in deviceChanges() {
            switch change {
            // One that changed may tell more than before: that it is locked.
            case let .arrived(found), let .changed(found):
                if found.canUnlock { try await unlock(try await found.open()) }
            case let .problem(row):
                print("\(row.text) \(row.nextStep)")
            default:
                break
            }
        }
    }

    private func diagnose(_ device: Device) async throws {
        let diagnosis = try await device.diagnosed()
        print(diagnosis.sentence)
        guard diagnosis.canUnlock else { return }
        print("go on")
    }

    private func show(_ device: Device) async throws -> (UnlockSession, Data) {
        let session = try await device.beginUnlock()
        print("Device ID:        \(session.deviceId())")
        print("Device Challenge: \(session.challenge())")
        let saved = session.save()
        return (session, saved)
    }

    private func check(_ session: UnlockSession, _ typed: String) throws {
        let field = CodeField.response(suite: session.suite())
        do {
            try field.check(text: typed)
        } catch let error as UnlockError {
            // "check group 5"; the code itself is in no error.
            print("\(error.text). \(error.nextStep)")
        }
    }

    private func unlock(
        _ session: UnlockSession, _ device: Device, _ typed: String, _ pin: String, _ pinAgain: String
    ) async throws {
        do {
            for try await step in session.unlocking(device: device, response: typed, pin: pin, pinAgain: pinAgain) {
                switch step {
                case .progress(.touchNeeded): print("Touch your key.")
                case .progress: break
                case .done: print("The new PIN is set.")
                }
            }
        } catch let error as UnlockError where error.number == 124 {
            // The connection broke before the key answered: never send the code again on a guess, ask.
            let outcome = try await session.resolved(device: device)
            print(outcome == .unlocked ? "The new PIN is set." : "Nothing changed; try again.")
        } catch let error as UnlockError {
            print("\(error.number) \(error.text). \(error.nextStep)")
        }
    }

    private func wipe(_ session: UnlockSession, _ device: Device, _ typed: String, _ pin: String) async throws {
        var code = Data(capacity: 256)
        code.append(contentsOf: typed.utf8)
        var newPin = Data(capacity: 256)
        newPin.append(contentsOf: pin.utf8)
        defer {
            code.resetBytes(in: 0..<code.count)
            newPin.resetBytes(in: 0..<newPin.count)
        }
        try await session.unlock(device: device, response: code, pin: newPin)
    }

    func testThePagesStoryRuns() async throws {
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        let server = try enrolled.key.serve(wire: .hid, which: .vendor, port: 0)
        let tcp = try TcpHid(port: server.port())
        let device = try Device.openHid(pipe: BridgePipe(TcpBridge(tcp)), which: .vendor)
        try await diagnose(device)
        let (shown, saved) = try await show(device)
        let session = try UnlockSession.restore(bytes: saved)
        XCTAssertEqual(session.challenge(), shown.challenge())
        let code = try enrolled.respond(session.challenge())
        try check(session, (code.first == "7" ? "8" : "7") + code.dropFirst())
        try await unlock(session, device, code, newPin, "Spring44")
        enrolled.key.setTouch(touch: .after(keepalives: 2))
        try await unlock(session, device, code, newPin, newPin)
        XCTAssertEqual(
            told.value,
            [
                "The PIN is blocked for good: ask the help desk to unlock the device.",
                "go on",
                "Device ID:        \(session.deviceId())",
                "Device Challenge: \(session.challenge())",
                "check group 1. Compare the named groups with what was read out.",
                "306 the two PINs are not the same. Type the new PIN twice, the same each time.",
                "Touch your key.",
                "The new PIN is set.",
            ])
        enrolled.key.setTouch(touch: .atOnce)
        try enrolled.signIn(newPin)
        // And once more, with bytes that are wiped.
        _ = try enrolled.key.block(wrongPin: wrongPin)
        let replugged = enrolled.vendor()
        let again = try await replugged.beginUnlock()
        try await wipe(again, replugged, enrolled.respond(again.challenge()), oldPin)
        try enrolled.signIn(oldPin)
        server.stop()
    }

    func testThePagesWatchUnlocks() async throws {
        struct Enough: Error {}
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        enrolled.key.plugIn(name: "Locked")
        do {
            try await watch { device in
                let session = try await device.beginUnlock()
                try await unlock(session, device, enrolled.respond(session.challenge()), newPin, newPin)
                throw Enough()
            }
        } catch is Enough {}
        XCTAssertEqual(told.value, ["The new PIN is set."])
        try enrolled.signIn(newPin)
    }

    func testEverySnippetOfThePageIsInThisFile() throws {
        func bare(_ text: Substring) -> String {
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n")
        }
        let here = try bare(String(contentsOfFile: #filePath, encoding: .utf8)[...])
        var snippets = 0
        for part in try contents("docs/for-swift.md").components(separatedBy: "```swift\n").dropFirst() {
            let snippet = part[..<(part.range(of: "```")?.lowerBound ?? part.endIndex)]
            snippets += 1
            // CoreNFC is an iPhone's.
            if snippet.contains("NFCTagReaderSession") { continue }
            XCTAssertTrue(here.contains(bare(snippet)), "\(snippet)")
        }
        XCTAssertEqual(snippets, 8)
    }
}
