import FidoUnlock
import Foundation
import XCTest

/// The operator's side over the host's own ports: database, accounts and HSM in Swift.
final class HostDeskTests: XCTestCase {
    func testFromTheCallToTheNextSignInWithAnHsmOfTheHost() throws {
        for suite in suites {
            let host = Host(suite)
            try begun(host) { enrolled, device, unlock in
                do {
                    let desk = try host.open()
                    let session = try register(desk, host, enrolled)
                    let found = try desk.search(session: session, text: "user one")
                    XCTAssertEqual(found.map { $0.devices.map(\.deviceId) }, [[unlock.deviceId()]])
                    XCTAssertEqual(found.first?.user.channels.map(\.changedAt), [host.time])
                    let id = try prepare(desk, session, host, unlock)
                    let code = try desk.authorise(session: session, id: id)
                    try unlock.unlock(device, code)
                    try desk.done(session: session, id: id)
                    XCTAssertEqual(host.notices, [.codeGiven, .done])
                    let written = host.log.map { String(decoding: $0, as: UTF8.self) }.joined()
                    XCTAssertFalse(code.split(separator: "\n").contains { written.contains($0) })
                    XCTAssertEqual(try desk.verifyAudit().entries, UInt64(host.log.count))
                }
                try enrolled.signIn(newPin)
                // The next process reads the same log, and one that was edited does not open.
                _ = try host.open()
                host.log[3][host.log[3].endIndex - 1] &+= 1
                try refused(704) { try host.open() }
            }
        }
    }

    /// All that a desk does, so that each method of the host is called.
    private func everything(_ host: Host, _ enrolled: Enrolled, _ unlock: UnlockSession) throws {
        do {
            let desk = try host.open()
            let session = try register(desk, host, enrolled)
            _ = try desk.search(session: session, text: "")
            let shown = try prepare(desk, session, host, unlock)
            try desk.askApproval(session: session, id: shown, approver: host)
            _ = try desk.authorise(session: session, id: shown)
            try desk.abandon(session: session, id: shown)
            let sent = try prepare(desk, session, host, unlock)
            try desk.authoriseToChannel(session: session, id: sent, channel: "mail")
            XCTAssertGreaterThan(host.sent.count, 20)
            try desk.done(session: session, id: sent)
            _ = try desk.checkpoint(session: session, signer: host)
            if host.suite != .aesAdminKey { try thereAndBack(host, enrolled) }
            try desk.setService(session: session, on: false)
        }
        // What is there already is read by the next process.
        _ = try host.open()
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
            let whole = Host(suite)
            try begun(whole) { enrolled, _, unlock in
                try everything(whole, enrolled, unlock)
                for method in whole.called.value where numbers[method] == nil {
                    let host = Host(suite, hsm: whole.hsm)
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
            // A notice that fails is recorded and holds nothing up.
            case "OwnerNotifier.notifyOwner": XCTAssertEqual(number, 0)
            case "CallerVerifier.verify": XCTAssertEqual(number, 406)
            default: XCTAssertEqual(number, 803, method)
            }
        }
    }

    func testAStoreSaysWhatIsWrong() throws {
        let stores = ["Directory", "AuditLog", "Limits", "Operators", "Licence"]
        let failures: [(StorageError, Int)] = [
            (.Read(what: "users"), 701), (.Write(what: "users"), 702), (.Corrupt(what: "users"), 703),
            (.Busy(what: "users"), 707),
        ]
        for (failure, number) in failures {
            for (method, found) in try tripEach(failure)
            where stores.contains(String(method.prefix { $0 != "." })) {
                XCTAssertEqual(found, number, method)
            }
        }
    }

    func testAnHsmSaysWhatIsWrong() throws {
        let failures: [(SigningError, Int)] = [
            (.KeyMissing, 601), (.WrongSuite, 604), (.Unavailable(code: 0x32), 605), (.Refused(code: 0x30), 606),
        ]
        for (failure, number) in failures {
            let host = Host(.p256Ecdsa)
            host.failure = failure
            try begun(host) { enrolled, _, unlock in
                let desk = try host.open()
                let session = try register(desk, host, enrolled)
                let id = try prepare(desk, session, host, unlock)
                host.trip = "ResponseSigner.respond"
                try refused(number) { try desk.authorise(session: session, id: id) }
                host.trip = "ResponseSigner.issuers"
                try refused(number) {
                    try desk.recordRotation(
                        session: session, device: unlock.deviceId(), newIssuer: host.hsm.publicKey(), rotation: 1)
                }
            }
        }
    }

    func testTheHostsStoresKeepTheContracts() throws {
        try mockCheckDirectory(directory: Host(.p256Ecdsa))
        try mockCheckAuditLog(log: Host(.p256Ecdsa))
        try mockCheckLimits(limits: Host(.p256Ecdsa))
        let alone = Host(.p256Ecdsa)
        alone.alone = true
        try mockCheckOperators(operators: alone, operator: Host.administrator, password: Host.password)
        let full = Host(.p256Ecdsa)
        try mockCheckDirectory(directory: full)
        try refused(801) { try mockCheckDirectory(directory: full) }
    }

    func testASecondOperatorApprovesAndTheClockIsNotTurnedBack() throws {
        let host = Host(.p256EcdhMac)
        try begun(host) { enrolled, _, unlock in
            let desk = try host.open()
            let session = try register(desk, host, enrolled)
            let second = try desk.signIn(operator: "desk-2", password: Host.password)
            try refused(405) { try desk.putUser(session: second, user: deskUser) }
            let id = try prepare(desk, session, host, unlock)
            try refused(410) { try desk.approve(session: session, id: id) }
            try desk.approve(session: second, id: id)
            XCTAssertEqual(try desk.request(session: session, id: id).approvedBy, "desk-2")
            host.time -= 500
            try refused(423) { try desk.authorise(session: session, id: id) }
            try desk.acceptClock(operator: "desk-1", password: Host.password, note: "battery changed")
            try refused(427) { try desk.authorise(session: session, id: id) }
        }
    }

    func testAPortThatIsMissingAndABuilderThatIsUsedUp() throws {
        let builder = DeskBuilder()
        let error = try refused(801) { try builder.open() }
        XCTAssertTrue(error.text.hasSuffix("the desk has no licence"), error.text)
        try refused(802) { try builder.setClock(clock: Host(.p256Ecdsa)) }
    }
}
