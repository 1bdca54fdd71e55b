import FidoUnlock
import Foundation
import XCTest

/// The operator's side with the host's own parts: mail server, identity provider and HSM in Swift.
final class HostDeskTests: XCTestCase {
    func testFromTheCallToTheNextSignInWithAnHsmOfTheHost() throws {
        for suite in suites {
            let host = try Host(suite)
            try begun(host) { enrolled, device, unlock in
                let session: OperatorSession
                do {
                    let desk = try host.create()
                    session = try register(desk, host, enrolled)
                    let found = try desk.search(session: session, text: "user one")
                    XCTAssertEqual(found.map { $0.devices.map(\.deviceId) }, [[unlock.deviceId()]])
                    XCTAssertEqual(found.first?.user.channels.map(\.changedAt), [Host.start])
                    let id = try prepare(desk, session, host, unlock)
                    let code = try desk.authorise(session: session, id: id)
                    try unlock.unlock(device, code)
                    try desk.done(session: session, id: id)
                    try sendNotices(desk)
                    XCTAssertEqual(host.notices.map(\.kind), [.codeGiven, .done])
                    XCTAssertEqual(host.notices.first?.request, id)
                    XCTAssertFalse(code.split(separator: "\n").contains { host.database.contains(text: String($0)) })
                    XCTAssertTrue(host.database.contains(text: "User One"))
                }
                try enrolled.signIn(newPin)
                // The next process knows the session, and finds an entry that was edited.
                let desk = try host.open()
                XCTAssertEqual(try desk.openCodes(session: session, device: unlock.deviceId()), [])
                let events = try desk.auditEntries(session: session, from: 0, count: 100).map(\.event)
                XCTAssertTrue(events.contains("CodeMade") && events.contains("Done"), "\(events)")
                try desk.verifyAudit()
                try host.database.editEntry(index: 3)
                try refused(704) { try desk.verifyAudit() }
            }
        }
    }

    /// All that a desk does, so that each method of the host is called.
    private func everything(_ host: Host, _ enrolled: Enrolled, _ unlock: UnlockSession) throws {
        let desk = try host.create()
        let session = try register(desk, host, enrolled)
        let shown = try prepare(desk, session, host, unlock)
        try desk.askApproval(session: session, id: shown, approver: host)
        _ = try desk.authorise(session: session, id: shown)
        try desk.abandon(session: session, id: shown)
        let sent = try prepare(desk, session, host, unlock)
        try desk.authoriseToChannel(session: session, id: sent, channel: "mail")
        XCTAssertGreaterThan(host.sent.count, 20)
        try desk.done(session: session, id: sent)
        try sendNotices(desk)
        _ = try desk.checkpoint(session: session, signer: host)
        if host.suite != .aesAdminKey { try thereAndBack(host, enrolled) }
    }

    /// The methods of the ports, as the generated file declares them.
    private func declared() throws -> Set<String> {
        let source = try contents("bindings/swift/Sources/FidoUnlock/FidoUnlock.swift")
        var all: Set<String> = []
        var port: String?
        for line in source.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == ":" || $0 == "(" }
            if line.hasPrefix("public protocol "), words.count > 2 {
                port = Host.ports.first { $0 == words[2] }
            } else if line == "}" {
                port = nil
            } else if let port, words.first == "func", words.count > 1 {
                all.insert("\(port).\(words[1])")
            }
        }
        return all
    }

    /// Everything once for each method, which fails; the number that came of it, 0 for none.
    private func tripEach(_ failure: any Error) throws -> [String: Int] {
        var numbers: [String: Int] = [:]
        for suite in [Suite.p256EcdhMac, .aesAdminKey] {
            let whole = try Host(suite)
            try begun(whole) { enrolled, _, unlock in
                try everything(whole, enrolled, unlock)
                for method in whole.called.value where numbers[method] == nil {
                    let host = try Host(suite, hsm: whole.hsm)
                    host.trip = method
                    host.failure = failure
                    do {
                        try everything(host, enrolled, unlock)
                        numbers[method] = 0
                    } catch let error as UnlockError {
                        XCTAssertFalse("\(error)".contains(hostSecret), method)
                        numbers[method] = Int(error.number)
                    }
                }
            }
        }
        XCTAssertEqual(Set(numbers.keys), try declared())
        return numbers
    }

    func testAnErrorInEachMethodOfEachPort() throws {
        for (method, number) in try tripEach(Broken()) {
            switch method {
            // A notice that fails is recorded and sent again.
            case "OwnerNotifier.notifyOwner": XCTAssertEqual(number, 0)
            case "CallerVerifier.verify": XCTAssertEqual(number, 406)
            default: XCTAssertEqual(number, 803, method)
            }
        }
    }

    func testAnHsmSaysWhatIsWrong() throws {
        let failures: [(SigningError, Int)] = [
            (.KeyMissing, 601), (.WrongSuite, 604), (.Unavailable(code: 0x32), 605), (.Refused(code: 0x30), 606),
        ]
        let host = try Host(.p256Ecdsa)
        try begun(host) { enrolled, device, unlock in
            let desk = try host.create()
            let session = try register(desk, host, enrolled)
            let id = try prepare(desk, session, host, unlock)
            host.trip = "ResponseSigner.sign"
            for (failure, number) in failures {
                host.failure = failure
                try refused(number) { try desk.authorise(session: session, id: id) }
            }
            // The request lives on, and its operator has the code made again.
            host.trip = ""
            try unlock.unlock(device, desk.authorise(session: session, id: id))
        }
    }

    func testASecondOperatorApprovesAndTheClockIsNotTurnedBack() throws {
        let host = try Host(.p256EcdhMac)
        try begun(host) { enrolled, _, unlock in
            let desk = try host.create()
            let session = try register(desk, host, enrolled)
            let second = try desk.signIn(operator: "desk-2", password: Host.password)
            try refused(405) { try desk.putUser(session: second, user: deskUser) }
            let id = try prepare(desk, session, host, unlock)
            try refused(410) { try desk.approve(session: session, id: id) }
            try desk.approve(session: second, id: id)
            let request = try desk.request(session: session, id: id)
            XCTAssertEqual(request.approvedBy, "desk-2")
            // Lists come in pages.
            let place = RequestPlace(openedAt: request.openedAt, id: id)
            XCTAssertEqual(try desk.openRequests(session: second, after: nil, limit: 10).map(\.id), [id])
            XCTAssertEqual(try desk.openRequests(session: second, after: place, limit: 10), [])
            host.database.setClock(now: Host.start - 500)
            try refused(423) { try desk.authorise(session: session, id: id) }
            try desk.acceptClock(operator: "desk-1", password: Host.password, note: "battery changed")
            try refused(427) { try desk.authorise(session: session, id: id) }
            host.database.failNextWrite()
            try refused(702) { try desk.signIn(operator: "desk-1", password: Host.password) }
        }
    }

    /// A mail server that calls the desk: from where it is called, and from another thread.
    private final class Meddling: OwnerNotifier, @unchecked Sendable {
        weak var desk: HelpDesk?
        let told = Shared<[Int]>([])

        private func call() {
            do {
                _ = try desk?.logState()
            } catch let error as UnlockError {
                told.change { $0.append(Int(error.number)) }
            } catch {}
        }

        func notifyOwner(notice: OwnerNotice) throws {
            call()
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                self.call()
                done.signal()
            }
            done.wait()
        }
    }

    func testAPortThatCallsTheDeskGetsANumber() throws {
        let host = try Host(.p256EcdhMac)
        try begun(host) { enrolled, _, unlock in
            let desk = try host.create()
            let session = try register(desk, host, enrolled)
            _ = try desk.authorise(session: session, id: prepare(desk, session, host, unlock))
            let meddling = Meddling()
            let other = try host.database.open(
                signer: DeskSigner.host(signer: host), notifier: meddling, delivery: nil)
            meddling.desk = other
            XCTAssertTrue(try other.sendNotice())
            XCTAssertEqual(meddling.told.value, [802, 707])
            _ = try other.logState()
        }
    }
}
