import FidoUnlock
import Foundation
import XCTest

/// The vectors of the suites: through the library where it takes such values, else by OpenSSL.
final class VectorTests: XCTestCase {
    private typealias Case = [String: Any]

    /// Each case that `judge` has an opinion of; at least so many.
    private func each(_ file: String, atLeast: Int, _ judge: (Case) throws -> Bool) throws {
        let text = try contents("tests/vectors/\(file).json")
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? Case
        let cases = try XCTUnwrap(parsed?["cases"] as? [Case])
        var judged = 0
        for one in cases where try judge(one) { judged += 1 }
        XCTAssertGreaterThanOrEqual(judged, atLeast, file)
    }

    private func hex(_ one: Case, _ name: String) throws -> Data { try Data(hex: XCTUnwrap(one[name] as? String)) }

    private func isValid(_ one: Case) -> Bool { one["expected"] as? String == "valid" }

    /// What the library says to a public key.
    private func publicKey(_ one: Case, _ suite: Suite) throws {
        let key = try hex(one, "public_key")
        if isValid(one) {
            try Enrollment().addPublicKey(slot: slot, suite: suite, publicKey: key)
        } else {
            try refused(607) { try Enrollment().addPublicKey(slot: slot, suite: suite, publicKey: key) }
        }
    }

    func testSuite1() throws {
        try each("suite1", atLeast: 13) { one in
            switch one["kind"] as? String {
            case "public_key": try publicKey(one, .p256Ecdsa)
            case "response", "rfc6979":
                guard isValid(one) else { return false }
                XCTAssertTrue(
                    try verify(
                        point: hex(one, "issuer"), message: hex(one, "message"), signature: hex(one, "response")),
                    "\(one["id"] ?? "")")
            default: return false
            }
            return true
        }
    }

    func testSuite2() throws {
        try each("suite2", atLeast: 16) { one in
            switch one["kind"] as? String {
            case "public_key": try publicKey(one, .p256EcdhMac)
            case "response", "hmac":
                guard isValid(one) else { return false }
                var made = try [UInt8](hmac(key: hex(one, "z"), message: hex(one, "message")).prefix(13))
                made[12] &= 0xF0
                XCTAssertEqual(Data(made), try hex(one, "response"), "\(one["id"] ?? "")")
            default: return false
            }
            return true
        }
    }

    func testSuite3() throws {
        try each("suite3", atLeast: 49) { one in
            guard ["response", "key_length"].contains(one["kind"] as? String) else { return false }
            let key = try hex(one, "admin_key")
            switch one["kind"] as? String {
            case "response":
                let made = try mockRespond(
                    key: IssuerKey.adminKey(key: key), deviceId: "", deviceKey: Data(),
                    challenge: XCTUnwrap(one["challenge"] as? String))
                let digits = made.filter { $0.isLetter || $0.isNumber }.lowercased()
                XCTAssertEqual(digits == one["response"] as? String, isValid(one), "\(one["id"] ?? "")")
            case "key_length": try refused(801) { try IssuerKey.adminKey(key: key) }
            default: return false
            }
            return true
        }
    }
}
