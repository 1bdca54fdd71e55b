import FidoUnlock
import Foundation
import XCTest

/// Errors cross with number, text and next step, and without a secret.
final class FieldTests: XCTestCase {
    func testEveryErrorNumberIsTheTables() throws {
        let printed = try contents("docs/errors.md").split(separator: "\n").compactMap { line -> [String]? in
            let cells = line.components(separatedBy: " | ")
            guard cells.count == 4, let number = UInt16(cells[0].dropFirst(2)) else { return nil }
            return ["\(number)", cells[1].replacingOccurrences(of: "`", with: ""), cells[2], String(cells[3].dropLast(2))]
        }
        let known = errorTable().map { ["\($0.number)", $0.name, $0.text, $0.nextStep] }
        XCTAssertGreaterThan(known.count, 100)
        XCTAssertEqual(printed, known)
    }

    func testAnErrorSaysWhatHappenedAndWhatToDo() throws {
        let key = try MockKey()
        let device = key.open(wire: .hid, which: .fido)
        let error = try refused(101) { try UnlockSession.begin(device: device) }
        XCTAssertEqual(error.row.name, "DeviceNotLocked")
        XCTAssertEqual(error.text, "device not locked")
        XCTAssertEqual(error.nextStep, "Sign in with your PIN; there is nothing to unlock.")
        let diagnosis = try device.diagnose(ownIssuers: [])
        XCTAssertEqual(diagnosis.condition, .pinNotSet)
        XCTAssertEqual(diagnosis.number, 114)
        try refused(801) { try device.diagnose(ownIssuers: [Data(count: 15)]) }
    }

    func testNoSecretIsInAnError() throws {
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        let device = enrolled.vendor()
        let session = try UnlockSession.begin(device: device)
        let code = try enrolled.respond(session.challenge())
        let wrong = (code.first == "7" ? "8" : "7") + code.dropFirst()
        func tried(_ code: String, _ pin: String, _ again: String) throws {
            try session.unlock(device: device, response: code, pin: pin, pinAgain: again)
        }
        let errors = [
            try refused(203) { try tried(wrong, newPin, newPin) },
            try refused(306) { try tried(code, newPin, "Spring44") },
            try refused(301) { try tried(code, "Ab1", "Ab1") },
        ]
        let secrets = [newPin, "Spring44", "Ab1"] + (wrong + "-" + code).components(separatedBy: "-")
        for error in errors {
            let told = "\(error) \(error.localizedDescription) \(error.row)"
            for secret in secrets { XCTAssertFalse(told.contains(secret), told) }
        }
        guard case let .Pin(_, _, _, _, minimum, _) = errors[2] else { return XCTFail("\(errors[2])") }
        XCTAssertEqual(minimum, 6)
        // Nothing of this used the code up.
        try session.unlock(device, code)
        try enrolled.signIn(newPin)
    }
}
