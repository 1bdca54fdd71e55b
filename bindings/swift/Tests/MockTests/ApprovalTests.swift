import FidoUnlock
import Foundation
import XCTest

/// A second operator who approves in the host's own system.
final class ApprovalTests: XCTestCase {
    private func ready(_ work: (Host, HelpDesk, OperatorSession, UnlockSession, String) throws -> Void) throws {
        let host = try Host(.p256EcdhMac)
        try begun(host) { enrolled, _, unlock in
            let desk = try host.create()
            let session = try register(desk, host, enrolled)
            try work(host, desk, session, unlock, prepare(desk, session, host, unlock))
        }
    }

    private func approvedBy(_ desk: HelpDesk, _ session: OperatorSession, _ id: String) throws -> String? {
        try desk.request(session: session, id: id).approvedBy
    }

    func testTheHostsSystemApprovesARequestAsItStands() throws {
        try ready { host, desk, session, unlock, id in
            try desk.askApproval(session: session, id: id, approver: host)
            XCTAssertEqual(try approvedBy(desk, session, id), "desk-2")
            let asked = try XCTUnwrap(host.askedLast)
            XCTAssertEqual(asked.basis.count, 32)
            XCTAssertEqual(asked.request, id)
            XCTAssertEqual(
                [asked.operator, asked.user.id, asked.reason, asked.deviceId, asked.challenge],
                ["desk-1", "user-1", "forgotten PIN", unlock.deviceId(), unlock.challenge()])
            XCTAssertEqual(asked.method, .callBack)
            XCTAssertFalse(asked.byMachine)
            XCTAssertEqual(asked.expiresAt, Host.start + 3600)

            // Whatever is entered again makes it another request to approve.
            try desk.enterChallenge(session: session, id: id, challenge: unlock.challenge())
            XCTAssertNil(try approvedBy(desk, session, id))
            try desk.askApproval(session: session, id: id, approver: host)
            XCTAssertNotEqual(host.askedLast?.basis, asked.basis)
            XCTAssertGreaterThan(try desk.authorise(session: session, id: id).count, 20)
            try refused(415) { try desk.askApproval(session: session, id: id, approver: host) }
        }
    }

    func testAnApproverThatThrowsHasApprovedNothing() throws {
        let failures: [(any Error, Int)] = [
            (ApproverError.Pending, 409), (ApproverError.Refused, 432), (ApproverError.Unavailable(code: 503), 433),
            (ApproverError.HostFailed, 803), (Broken(), 803),
        ]
        try ready { host, desk, session, _, id in
            host.trip = "Approver.ask"
            for (failure, number) in failures {
                host.failure = failure
                let error = try refused(number) { try desk.askApproval(session: session, id: id, approver: host) }
                XCTAssertFalse("\(error)".contains(hostSecret))
                XCTAssertNil(try approvedBy(desk, session, id))
            }
        }
    }

    func testNeitherTheSameOperatorNorAStrangerApproves() throws {
        try ready { host, desk, session, _, id in
            for (who, number) in [("desk-1", 410), ("desk-3", 435), ("", 435)] {
                host.approves = who
                try refused(number) { try desk.askApproval(session: session, id: id, approver: host) }
                XCTAssertNil(try approvedBy(desk, session, id))
            }
        }
    }

    func testAnApprovalOfAnotherRequestIsNone() throws {
        try ready { host, desk, session, unlock, id in
            try desk.askApproval(session: session, id: id, approver: host)
            host.approvedBasis = host.askedLast?.basis
            let other = try prepare(desk, session, host, unlock)
            try refused(434) { try desk.askApproval(session: session, id: other, approver: host) }
            XCTAssertNil(try approvedBy(desk, session, other))
            // It is one of the request that it was made for.
            try desk.askApproval(session: session, id: id, approver: host)
            XCTAssertEqual(try approvedBy(desk, session, id), "desk-2")
        }
    }
}
