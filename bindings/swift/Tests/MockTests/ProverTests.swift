import FidoUnlock
import Foundation
import XCTest

/// What an HSM of the host's does beside Response Codes: probe, rotation, checkpoints.
final class ProverTests: XCTestCase {
    func testAnHsmProbesAndRotatesAndItsNewKeyUnlocks() throws {
        for suite in suites where suite != .aesAdminKey {
            let host = try Host(suite)
            let enrolled = try lockedFor(host)
            let desk = try host.create()
            let session = try register(desk, host, enrolled)
            XCTAssertEqual(try probe(host, enrolled, host.hsm), slot)
            try refused(123) { try probe(host, enrolled, host.next) }
            let number = try rotate(host, enrolled, rotation(enrolled, host.hsm, host.next))
            XCTAssertEqual(number, 1)
            try probe(host, enrolled, host.next)
            let info = try IssuerInfo(slot: slot, suite: suite, publicKey: host.next.publicKey(), retired: false)
            try desk.putIssuer(session: session, info: info)
            try desk.recordRotation(
                session: session, device: enrolled.device.deviceId, newIssuer: host.next.publicKey(), rotation: number)
            let device = enrolled.vendor()
            let unlock = try UnlockSession.begin(device: device)
            try unlock.unlock(device, desk.authorise(session: session, id: prepare(desk, session, host, unlock)))
            try enrolled.signIn(newPin)
        }
    }

    func testWhatTheHsmDoesNotProveChangesNothing() throws {
        let failures: [(any Error, Int)] = [
            (SigningError.KeyMissing, 601), (SigningError.Unavailable(code: 0x32), 605),
            (SigningError.Refused(code: 0x30), 606), (Broken(), 803),
        ]
        let host = try Host(.p256Ecdsa)
        let enrolled = try lockedFor(host)
        let plan = try rotation(enrolled, host.hsm, host.next)
        for (failure, number) in failures {
            host.failure = failure
            host.trip = "IssuerProver.proveRotation"
            XCTAssertFalse("\(try refused(number) { try rotate(host, enrolled, plan) })".contains(hostSecret))
            host.trip = "IssuerProver.proveProbe"
            try refused(number) { try probe(host, enrolled, host.hsm) }
        }
        host.trip = ""
        try refused(601) { try rotate(host, enrolled, rotation(enrolled, host.hsm, Hsm())) }
        try refused(112) { try rotate(host, enrolled, rotation(enrolled, host.next, host.hsm)) }
        func closing(_ old: Data) -> RotationPlan {
            RotationPlan(slot: slot, oldIssuer: old, newIssuer: nil, deviceKey: enrolled.device.deviceKey)
        }
        try refused(607) { try rotate(host, enrolled, closing(Data(count: 33))) }
        // A device does not close its only slot.
        try refused(131) { try rotate(host, enrolled, closing(host.hsm.publicKey())) }
        try probe(host, enrolled, host.hsm)
    }

    func testTheListOfIssuersIsReadWithoutTheDesk() throws {
        let host = try Host(.p256Ecdsa)
        let enrolled = try lockedFor(host)
        let desk = try host.create()
        let session = try register(desk, host, enrolled)
        let note = try desk.signedIssuers(session: session, signer: host)
        let key = [try host.checkpoints.publicKey()]
        let list = try readIssuerList(note: note, keys: key)
        XCTAssertEqual(list.origin, try desk.origin())
        XCTAssertEqual(list.issuers.count, 1)
        XCTAssertEqual(list.fingerprints.map(\.count), [16])
        try refused(717) { try readIssuerList(note: note, keys: [mockVendorKey()]) }
        try refused(711) { try readIssuerList(note: "no note", keys: key) }
    }

    func testAnHsmSignsCheckpointsAndAnotherLogIsNotTheirs() throws {
        let host = try Host(.p256Ecdsa)
        let enrolled = try lockedFor(host)
        let desk = try host.create()
        let session = try register(desk, host, enrolled)
        let signed = try desk.checkpoint(session: session, signer: host)
        let key = [try host.checkpoints.publicKey()]
        XCTAssertEqual(signed.checkpoint.origin, try desk.origin())
        XCTAssertEqual(try readCheckpoint(note: signed.note, keys: key), signed.checkpoint)
        XCTAssertEqual(
            try desk.verifyAudit(checkpoints: [signed.note], keys: key).covered, signed.checkpoint.entries)
        XCTAssertTrue(try desk.prove(index: 3, checkpoint: signed.note).hasSuffix(signed.note))
        try refused(705) { try desk.verifyAudit(checkpoints: [signed.note], keys: [mockVendorKey()]) }
        try refused(705) { try readCheckpoint(note: "no note", keys: key) }
        try refused(405) {
            try desk.checkpoint(session: desk.signIn(operator: "desk-2", password: Host.password), signer: host)
        }
        host.failure = SigningError.Unavailable(code: 0x32)
        for method in ["publicKey", "sign"] {
            host.trip = "CheckpointSigner.\(method)"
            try refused(605) { try desk.checkpoint(session: session, signer: host) }
        }
        let other = try Host(.p256Ecdsa).create()
        try refused(705) { try other.verifyAudit(checkpoints: [signed.note], keys: key) }
    }
}
