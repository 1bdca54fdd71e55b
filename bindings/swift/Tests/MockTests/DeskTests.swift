import FidoUnlock
import Foundation
import XCTest

private let password = "correct horse battery"
private let passphrase = "staple of the keys"

/// The operator's side, over a folder of files.
final class DeskTests: XCTestCase {
    private var temporary = URL(fileURLWithPath: "/")

    override func setUpWithError() throws {
        temporary = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    }

    override func tearDownWithError() throws { try FileManager.default.removeItem(at: temporary) }

    private final class Notifier: OwnerNotifier {
        private let tell: @Sendable (OwnerNotice) throws -> Void

        init(_ tell: @escaping @Sendable (OwnerNotice) throws -> Void) { self.tell = tell }

        func notifyOwner(notice: OwnerNotice) throws { try tell(notice) }
    }

    private final class Verifier: CallerVerifier {
        private let check: @Sendable (CallerTask) throws -> CallerCheck

        init(_ check: @escaping @Sendable (CallerTask) throws -> CallerCheck) { self.check = check }

        func verify(task: CallerTask) throws -> CallerCheck { try check(task) }
    }

    private static let calledBack =
        CallerCheck(verified: true, method: .callBack, byMachine: false, evidence: Data("spoke to her".utf8))

    private var log: URL { temporary.appendingPathComponent("desk/audit.jsonl") }

    private func folder(_ issuer: IssuerKey) throws -> DeskFolder {
        let folder = try DeskFolder.create(path: temporary.appendingPathComponent("desk").path)
        try folder.putLicence(validUntil: 4_102_444_800, devices: 10, contact: "licences@corp.example")
        try folder.putOperator(name: "desk-1", password: password, role: .administrator)
        try folder.putOperator(name: "desk-2", password: password, role: .deviceServiceAdministrator)
        if issuer.suite() != .aesAdminKey { try folder.putIssuerKey(slot: slot, key: issuer, passphrase: passphrase) }
        return folder
    }

    private func wrappingKey(_ suite: Suite) -> Data { suite == .aesAdminKey ? Data(1...32) : Data() }

    /// Without the time of change, which is the desk's.
    private static func asGiven(_ user: DeskUser) -> DeskUser {
        var user = user
        user.channels = user.channels.map {
            var channel = $0
            channel.changedAt = 0
            return channel
        }
        return user
    }

    func testFromTheCallToTheNextSignIn() throws {
        for suite in suites {
            try story(suite)
            try FileManager.default.removeItem(at: temporary.appendingPathComponent("desk"))
        }
    }

    private func story(_ suite: Suite) throws {
        let enrolled = try Enrolled(suite)
        let notices = Shared<[NoticeKind]>([])
        let folder = try folder(enrolled.issuer)
        let desk = try folder.open(
            passphrase: passphrase, wrappingKey: wrappingKey(suite),
            notifier: Notifier { notice in notices.change { $0.append(notice.kind) } })
        let session = try desk.signIn(operator: "desk-1", password: password)
        XCTAssertEqual(session.operator(), "desk-1")
        try desk.putUser(session: session, user: deskUser)
        try desk.registerDevice(
            session: session, owner: "user-1", device: enrolled.device, slot: slot, issuer: enrolled.issuer)
        _ = try enrolled.key.block(wrongPin: wrongPin)

        let device = enrolled.vendor()
        let unlock = try UnlockSession.begin(device: device)
        let found = try desk.search(session: session, text: "user one")
        XCTAssertEqual(found.flatMap { $0.devices.map(\.deviceId) }, [unlock.deviceId()])
        XCTAssertEqual(
            Self.asGiven(try desk.findDevice(session: session, device: unlock.deviceId()).user), deskUser)
        let request = try desk.openRequest(
            session: session, user: "user-1", device: unlock.deviceId(), reason: "forgotten PIN")
        XCTAssertEqual(request.suite, suite)
        let asked = Shared<[CallerTask]>([])
        try desk.verifyCaller(
            session: session, id: request.id,
            verifier: Verifier { task in
                asked.change { $0.append(task) }
                return Self.calledBack
            })
        XCTAssertEqual(asked.value.map(\.request), [request.id])
        XCTAssertEqual(asked.value.map { Self.asGiven($0.user) }, [deskUser])
        XCTAssertEqual(asked.value.map(\.deviceId), [unlock.deviceId()])
        XCTAssertEqual(asked.value.map(\.operator), ["desk-1"])
        try desk.enterChallenge(session: session, id: request.id, challenge: unlock.challenge())
        let ready = try desk.request(session: session, id: request.id)
        XCTAssertTrue(ready.callerVerified && ready.challengeEntered)
        let code = try desk.authorise(session: session, id: request.id)
        XCTAssertEqual(try desk.openCodes(session: session).map(\.request), [request.id])
        try unlock.unlock(device, code)
        try desk.done(session: session, id: request.id)
        XCTAssertEqual(try desk.openCodes(session: session), [])
        XCTAssertEqual(notices.value, [.codeGiven, .done])
        let written = try String(contentsOf: log, encoding: .utf8)
        XCTAssertFalse(code.split(separator: "\n").contains { written.contains($0) })
        let report = try desk.verifyAudit()
        XCTAssertGreaterThan(report.entries, 8)
        XCTAssertEqual(try folder.verifyAudit(), report)
        try enrolled.signIn(newPin)
    }

    func testADeskRefusesAndACallbackThatThrowsDoesNotGetBy() throws {
        let enrolled = try Enrolled(.p256EcdhMac)
        let folder = try folder(enrolled.issuer)
        let broken = Notifier { _ in throw Broken() }
        func open(_ passphrase: String) throws -> HelpDesk {
            try folder.open(passphrase: passphrase, wrappingKey: Data(), notifier: broken)
        }
        do {
            let desk = try open(passphrase)
            try refused(427) { try desk.signIn(operator: "desk-1", password: "wrong") }
            try refused(707) { try open(passphrase) }
            let session = try desk.signIn(operator: "desk-1", password: password)
            try desk.putUser(session: session, user: deskUser)
            try desk.registerDevice(
                session: session, owner: "user-1", device: enrolled.device, slot: slot, issuer: enrolled.issuer)
            let second = try desk.signIn(operator: "desk-2", password: password)
            try refused(405) { try desk.putUser(session: second, user: deskUser) }
            try refused(431) {
                try desk.registerDeviceByPublicKey(
                    session: session, owner: "user-1", device: enrolled.device, slot: slot, suite: .p256EcdhMac,
                    issuer: XCTUnwrap(enrolled.issuer.publicKey()))
            }

            _ = try enrolled.key.block(wrongPin: wrongPin)
            let device = enrolled.vendor()
            let unlock = try UnlockSession.begin(device: device)
            func opened() throws -> UInt64 {
                try desk.openRequest(
                    session: session, user: "user-1", device: unlock.deviceId(), reason: "forgotten PIN"
                ).id
            }
            func verified(_ id: UInt64, _ check: @escaping @Sendable (CallerTask) throws -> CallerCheck) throws {
                try desk.verifyCaller(session: session, id: id, verifier: Verifier(check))
            }
            let id = try opened()
            try desk.enterChallenge(session: session, id: id, challenge: unlock.challenge())
            try refused(406) { try desk.authorise(session: session, id: id) }
            try refused(406) {
                try verified(id) { _ in
                    CallerCheck(verified: false, method: .callBack, byMachine: false, evidence: Data())
                }
            }
            let error = try refused(406) { try verified(id) { _ in throw Broken() } }
            XCTAssertFalse("\(error)".contains(hostSecret))
            try refused(407) {
                try verified(id) { _ in
                    CallerCheck(verified: true, method: .questions, byMachine: false, evidence: Data())
                }
                return try desk.authorise(session: session, id: id)
            }
            let again = try opened()
            // The desk serves its own verifier meanwhile.
            let seen = Shared<UInt64>(0)
            try verified(again) { _ in
                seen.value = try desk.verifyAudit().entries
                return Self.calledBack
            }
            XCTAssertGreaterThan(seen.value, 0)
            let challenge = unlock.challenge()
            let wrong = (challenge.first == "7" ? "8" : "7") + challenge.dropFirst()
            let typed = try refused(203) { try desk.enterChallenge(session: session, id: again, challenge: wrong) }
            guard case let .Code(_, _, _, _, _, groups, _) = typed else { return XCTFail("\(typed)") }
            XCTAssertEqual(groups.map(\.number), [1])
            try desk.enterChallenge(session: session, id: again, challenge: challenge)
            try refused(410) { try desk.approve(session: session, id: again) }
            try desk.approve(session: second, id: again)
            XCTAssertEqual(try desk.request(session: session, id: again).approvedBy, "desk-2")
            // The owner's notice cannot be sent; the call goes on.
            _ = try desk.authorise(session: session, id: again)
            try refused(415) { try desk.authorise(session: session, id: again) }
            try desk.abandon(session: session, id: again)
            XCTAssertEqual(try desk.openCodes(session: session).map(\.abandoned), [true])
            try desk.retireDevice(session: session, device: enrolled.device.deviceId)
            try refused(428) {
                try desk.openRequest(
                    session: session, user: "user-1", device: enrolled.device.deviceId, reason: "x")
            }
        }
        // An edit is found, also by who only reads.
        let text = try String(contentsOf: log, encoding: .utf8)
        let place = try XCTUnwrap(text.range(of: "forgotten PIN"))
        try text.replacingCharacters(in: place, with: "forgotten pin").write(to: log, atomically: false, encoding: .utf8)
        try refused(704) { try folder.verifyAudit() }
        try refused(603) { try open("wrong") }
    }
}
