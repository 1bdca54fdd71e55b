import FidoUnlock
import Foundation
import XCTest

/// The whole unlock, over pipes written in Swift.
final class UnlockTests: XCTestCase {
    func testABlockedPinIsGivenBackAndThePasskeyStillSigns() throws {
        for suite in suites {
            for wire in [MockWire.hid, .apdu] {
                for which in [Interface.fido, .vendor] { try wholeUnlock(suite, wire, which) }
            }
        }
    }

    private func wholeUnlock(_ suite: Suite, _ wire: MockWire, _ which: Interface) throws {
        let enrolled = try Enrolled(suite)
        try enrolled.signIn(oldPin)
        XCTAssertEqual(try enrolled.key.block(wrongPin: wrongPin), 8)
        try refused(116) { try enrolled.signIn(oldPin) }

        let server = try enrolled.key.serve(wire: wire, which: which, port: 0)
        let saved: Data
        let code: String
        do {
            let device = try openOver(server, wire, which)
            let diagnosis = try device.diagnose(ownIssuers: [enrolled.issuer.fingerprint()].compactMap { $0 })
            XCTAssertEqual(diagnosis.condition, .locked)
            XCTAssertTrue(diagnosis.canUnlock)
            XCTAssertEqual(diagnosis.deviceId, enrolled.device.deviceId)
            XCTAssertEqual(diagnosis.foreignSlots, [])
            // By a list that has another key alone; of an admin key nothing can be told.
            let foreign = try device.diagnose(ownIssuers: [Data(count: 16)]).foreignSlots.map(\.slot)
            XCTAssertEqual(foreign, enrolled.issuer.fingerprint() == nil ? [] : [slot])
            let info = try device.info()
            XCTAssertEqual(info.pinRetries, 0)
            XCTAssertEqual(info.unlockCounter, 0)
            XCTAssertEqual(info.slots.map(\.suite), [suite])
            let session = try UnlockSession.begin(device: device)
            XCTAssertEqual(session.deviceId(), enrolled.device.deviceId)
            XCTAssertEqual(session.suite(), suite)
            XCTAssertEqual(session.slot(), slot)
            saved = session.save()
            code = try enrolled.respond(session.challenge())
        }

        // The program was closed meanwhile, the key taken out and put back in.
        enrolled.key.replug()
        do {
            let device = try openOver(server, wire, which)
            let session = try UnlockSession.restore(bytes: saved)
            try session.unlock(device, code)
            XCTAssertEqual(try session.resolve(device: device), .unlocked)
            XCTAssertEqual(try device.activeInterface(), which)
        }
        server.stop()

        try enrolled.signIn(newPin)
        try refused(115) { try enrolled.signIn(oldPin) }
    }

    func testSecretsAreReadFromASliceOfTheHostsMemory() throws {
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        let device = enrolled.vendor()
        let session = try UnlockSession.begin(device: device)
        // Neither slice begins at 0.
        let lines = Data("a line before\n\(try enrolled.respond(session.challenge()))".utf8)
        let pins = Data("Abcdef12\(newPin)z".utf8)
        try session.unlockFromMemory(device: device, response: lines[14...], pin: pins[8..<16])
        try enrolled.signIn(newPin)
    }

    func testAnAdminKeyIsTheHosts() throws {
        let key = try MockKey()
        let secret = Data((0..<32).map { _ in UInt8.random(in: 0...255) })
        let plan = Enrollment()
        try plan.addKey(slot: slot, key: IssuerKey.adminKey(key: (Data(repeating: 9, count: 16) + secret)[16...]))
        let enrolled = try plan.run(device: key.open(wire: .hid, which: .fido))
        try key.setPin(pin: oldPin)
        _ = try key.block(wrongPin: wrongPin)
        let device = key.open(wire: .hid, which: .vendor)
        let session = try UnlockSession.begin(device: device)
        let code = try mockRespond(
            key: IssuerKey.adminKey(key: secret), deviceId: enrolled.deviceId, deviceKey: enrolled.deviceKey,
            challenge: session.challenge())
        try session.unlock(device, code)
        try key.tryPin(pin: newPin)
    }
}
