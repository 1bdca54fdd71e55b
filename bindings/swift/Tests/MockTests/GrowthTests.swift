import FidoUnlock
import Foundation
import XCTest

/// Many unlocks leave nothing behind: memory, threads, open files. FIDO_UNLOCK_UNLOCKS says how many.
final class GrowthTests: XCTestCase {
    private struct Footprint: CustomStringConvertible {
        let resident, threads, files: Int

        init() throws {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            func number(_ name: String) throws -> Int {
                let line = try XCTUnwrap(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
                return try XCTUnwrap(Int(line.filter(\.isNumber)))
            }
            resident = try number("VmRSS") * 1024
            threads = try number("Threads")
            files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }

        var description: String { "\(resident / 1024) KiB, \(threads) threads, \(files) files" }
    }

    func testUnlocksDoNotGrow() throws {
        let unlocks = Int(ProcessInfo.processInfo.environment["FIDO_UNLOCK_UNLOCKS"] ?? "") ?? 200
        let key = try MockKey()
        let issuer = try IssuerKey.make(suite: .p256EcdhMac)
        let plan = Enrollment()
        try plan.addKey(slot: slot, key: issuer)
        let enrolled = try plan.run(device: key.open(wire: .hid, which: .fido))
        try key.setPin(pin: oldPin)
        var round = 0
        func once() throws {
            _ = try key.block(wrongPin: wrongPin)
            let server = try key.serve(wire: .hid, which: .vendor, port: 0)
            let device = try openOver(server, .hid, .vendor)
            let session = try UnlockSession.begin(device: device)
            let code = try mockRespond(
                key: issuer, deviceId: enrolled.deviceId, deviceKey: enrolled.deviceKey, challenge: session.challenge())
            let next = round % 2 == 0 ? newPin : oldPin
            try session.unlock(device: device, response: code, pin: next, pinAgain: next)
            round += 1
        }
        for _ in 0..<unlocks / 2 { try once() }
        let before = try Footprint()
        for _ in 0..<unlocks / 2 { try once() }
        var after = try Footprint()
        // The servers of the last unlocks close when their threads have had their turn.
        for _ in 0..<100 where after.threads > before.threads + 2 || after.files > before.files + 2 {
            Thread.sleep(forTimeInterval: 0.1)
            after = try Footprint()
        }
        XCTAssertEqual(try key.open(wire: .hid, which: .fido).info().unlockCounter, UInt32(unlocks / 2 * 2))
        print("\(unlocks) unlocks: \(before), then \(after)")
        XCTAssertLessThan(after.resident, before.resident + 8 << 20)
        XCTAssertLessThanOrEqual(after.threads, before.threads + 2)
        XCTAssertLessThanOrEqual(after.files, before.files + 2)
    }
}
