import FidoUnlock
import Foundation
import XCTest

private let passphrase = "staple of the keys"

/// The operator's side, over a database and key files in a folder.
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

    private var path: String { temporary.appendingPathComponent("desk").path }

    private func create(_ files: KeyFolder, _ notifier: OwnerNotifier) throws -> HelpDesk {
        try HelpDesk.create(
            folder: path, keys: DeskKeys.folder(folder: files), signer: DeskSigner.folder(folder: files),
            notifier: notifier, delivery: nil, vendorKeys: [mockVendorKey()], rules: defaultDeskRules(),
            administrator: "desk-1", password: Host.password)
    }

    private func open(_ files: KeyFolder, _ notifier: OwnerNotifier) throws -> HelpDesk {
        try HelpDesk.open(
            folder: path, keys: DeskKeys.folder(folder: files), signer: DeskSigner.folder(folder: files),
            notifier: notifier, delivery: nil, vendorKeys: [mockVendorKey()])
    }

    /// The issuer's key in the folder; nil: it is an admin key.
    private func issuer(_ files: KeyFolder, _ enrolled: Enrolled) throws -> Data? {
        if enrolled.issuer.suite() == .aesAdminKey { return nil }
        return try files.putIssuerKey(slot: slot, key: enrolled.issuer).publicKey
    }

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

    func testABackupIsRestoredByAnAdministratorsWord() throws {
        let files = try KeyFolder.create(path: path, passphrase: passphrase)
        let notifier = Notifier { _ in }
        let kept = temporary.appendingPathComponent("kept").path
        let before: String
        do {
            let desk = try create(files, notifier)
            before = try desk.origin()
            try backupDesk(folder: path, to: kept)
            _ = try desk.signIn(operator: "desk-1", password: Host.password)
        }
        let database = URL(fileURLWithPath: path).appendingPathComponent("desk.sqlite").path
        try FileManager.default.removeItem(atPath: database)
        try FileManager.default.copyItem(atPath: kept, toPath: database)
        try refused(714) { try self.open(files, notifier) }
        func restore(_ note: String) throws -> HelpDesk {
            try HelpDesk.restore(
                folder: path, keys: DeskKeys.folder(folder: files), signer: DeskSigner.folder(folder: files),
                notifier: notifier, delivery: nil, vendorKeys: [mockVendorKey()], operator: "desk-1",
                password: Host.password, note: note)
        }
        try refused(408) { try restore(" ") }
        XCTAssertNotEqual(try restore("the disk broke").origin(), before)
        _ = try open(files, notifier)
    }

    private func story(_ suite: Suite) throws {
        let enrolled = try Enrolled(suite)
        let notices = Shared<[NoticeKind]>([])
        let files = try KeyFolder.create(path: path, passphrase: passphrase)
        let notifier = Notifier { notice in notices.change { $0.append(notice.kind) } }
        let session: OperatorSession
        do {
            let desk = try create(files, notifier)
            session = try setUpDesk(desk, enrolled, issuer: issuer(files, enrolled), time: now())
            try desk.openDesk(session: session)
        }
        XCTAssertEqual(session.operator(), "desk-1")
        // Another process.
        let desk = try open(files, notifier)
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
        XCTAssertTrue(ready.callerVerified)
        XCTAssertEqual(ready.challenge, unlock.challenge())
        let code = try desk.authorise(session: session, id: request.id)
        XCTAssertEqual(try desk.openCodes(session: session, device: unlock.deviceId()).map(\.request), [request.id])
        try unlock.unlock(device, code)
        try desk.done(session: session, id: request.id)
        XCTAssertEqual(try desk.openCodes(session: session, device: unlock.deviceId()), [])
        try sendNotices(desk)
        XCTAssertEqual(notices.value, [.codeGiven, .done])
        let written = try FileManager.default.contentsOfDirectory(atPath: path).map {
            try Data(contentsOf: URL(fileURLWithPath: path).appendingPathComponent($0))
        }
        func holds(_ text: String) -> Bool { written.contains { $0.range(of: Data(text.utf8)) != nil } }
        XCTAssertFalse(code.split(separator: "\n").contains { holds(String($0)) })
        XCTAssertTrue(holds("User One"))
        let signer = try files.checkpointSigner(name: desk.origin())
        let signed = try desk.checkpoint(session: session, signer: signer)
        XCTAssertGreaterThanOrEqual(try desk.verifyAudit().state.entries, signed.checkpoint.entries)
        try enrolled.signIn(newPin)
    }

    func testADeskRefusesAndACallbackThatThrowsDoesNotGetBy() throws {
        let enrolled = try Enrolled(.p256EcdhMac)
        let files = try KeyFolder.create(path: path, passphrase: passphrase)
        let broken = Notifier { _ in throw Broken() }
        do {
            let desk = try create(files, broken)
            try refused(427) { try desk.signIn(operator: "desk-1", password: "wrong") }
            // There is a desk already.
            try refused(702) { try create(files, broken) }
            let key = try issuer(files, enrolled)
            let session = try setUpDesk(desk, enrolled, issuer: key, time: now())
            try desk.openDesk(session: session)
            let second = try desk.signIn(operator: "desk-2", password: Host.password)
            try refused(405) { try desk.putUser(session: second, user: deskUser) }
            try refused(431) {
                try desk.registerDevice(session: session, device: newDevice(enrolled, key), adminKey: nil)
            }

            _ = try enrolled.key.block(wrongPin: wrongPin)
            let device = enrolled.vendor()
            let unlock = try UnlockSession.begin(device: device)
            func opened() throws -> String {
                try desk.openRequest(
                    session: session, user: "user-1", device: unlock.deviceId(), reason: "forgotten PIN"
                ).id
            }
            func verified(_ id: String, _ check: @escaping @Sendable (CallerTask) throws -> CallerCheck) throws {
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
                seen.value = try desk.logState().entries
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
            // This desk was made before the key was in the folder.
            try refused(601) { try desk.authorise(session: session, id: again) }
            let other = try open(files, broken)
            XCTAssertGreaterThan(try other.authorise(session: session, id: again).count, 20)
            // The owner's notice cannot be sent; the call goes on.
            XCTAssertFalse(try other.sendNotice())
            try desk.abandon(session: session, id: again)
            XCTAssertEqual(
                try desk.openCodes(session: session, device: unlock.deviceId()).map(\.outcome), [.abandoned])
            try desk.retireDevice(session: session, device: enrolled.device.deviceId)
            try refused(428) {
                try desk.openRequest(
                    session: session, user: "user-1", device: enrolled.device.deviceId, reason: "x")
            }
        }
        try refused(603) { try KeyFolder.open(path: path, passphrase: "wrong") }
        try refused(713) {
            try HelpDesk.open(
                folder: path, keys: DeskKeys.of(sealKey: Data(count: 32), pepper: Data(count: 32)),
                signer: DeskSigner.folder(folder: files), notifier: broken, delivery: nil,
                vendorKeys: [mockVendorKey()])
        }
    }
}
