import FidoUnlock
import Foundation
import XCTest

/// Codes as people type them.
final class CodeTests: XCTestCase {
    private struct Case: Decodable {
        struct Outcome: Decodable {
            var bytes: String?
            var error: String?
            var line: Int?
            var expectedLine: Int?
            var groups: [Int]?
            var correction: String?
        }

        var id: Int
        var field: String
        var suite: Int?
        var text: String
        var outcome: Outcome
    }

    private struct File: Decodable {
        var cases: [Case]
    }

    func testTheVectorsHold() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = try decoder.decode(File.self, from: Data(contents("tests/vectors/code_line.json").utf8))
        XCTAssertGreaterThan(file.cases.count, 200)
        for one in file.cases { try judge(one) }
    }

    private func judge(_ one: Case) throws {
        let suite = one.suite.map { suites[$0 - 1] }
        let field =
            switch one.field {
            case "device_id": CodeField.deviceId()
            case "challenge": CodeField.challenge(suite: suite!)
            default: CodeField.response(suite: suite!)
            }
        let outcome = one.outcome
        guard outcome.bytes == nil else {
            XCTAssertNoThrow(try field.check(text: one.text), "\(one.id)")
            try refused(802) { try field.correction(text: one.text) }
            return
        }
        XCTAssertThrowsError(try field.check(text: one.text), "\(one.id)") { error in
            guard case let UnlockError.Code(_, name, _, _, line, groups, hasCorrection) = error else {
                return XCTFail("\(one.id): \(error)")
            }
            XCTAssertEqual(name, outcome.error, "\(one.id)")
            XCTAssertEqual(line.map(Int.init), outcome.line ?? outcome.expectedLine, "\(one.id)")
            if let wanted = outcome.groups {
                XCTAssertEqual(groups.map { Int($0.number) }, wanted, "\(one.id)")
                XCTAssertEqual(hasCorrection, outcome.correction != nil, "\(one.id)")
            }
            if one.field == "response" { XCTAssertTrue(groups.allSatisfy { $0.text == nil }, "\(one.id)") }
        }
        if let wanted = outcome.correction {
            let whole = try field.correction(text: one.text)
            XCTAssertEqual(whole.split(separator: "\n")[(outcome.line ?? 1) - 1], Substring(wanted), "\(one.id)")
            XCTAssertNoThrow(try field.check(text: whole), "\(one.id)")
            // Never after a second failure.
            XCTAssertThrowsError(try field.check(text: one.text), "\(one.id)")
            try refused(802) { try field.correction(text: one.text) }
        }
    }

    func testALineSaysAtOnceThatItIsComplete() {
        let field = CodeField.deviceId()
        let line = "7HF8-3D0C-BV38-W153-J2Z2"
        for length in 1..<line.count { XCTAssertFalse(field.lineComplete(line: 1, text: String(line.prefix(length)))) }
        XCTAssertTrue(field.lineComplete(line: 1, text: line))
        XCTAssertFalse(field.lineComplete(line: 2, text: line))
    }

    func testACodeIsSpokenAndFitsAQrCode() {
        XCTAssertEqual(spokenCode(code: "7gk2-0AXZ"), "Seven, Golf, Kilo, Two. Zero, Alfa, X-ray, Zulu.")
        XCTAssertEqual(qrText(code: "AB\nCD"), "AB CD")
    }

    func testThePolicyJudgesAsTheUnlockDoes() throws {
        let rules = PinRules(minimum: 4, maximum: 63, deviceHasMore: false)
        let strict = PinPolicy.standard(
            options: PinOptions(
                minimum: 8, symbols: false, unicode: false, refuseTrivial: true, blockList: ["Sommer26"]))
        try strict.check(pin: newPin, pinAgain: newPin, rules: rules)
        for (pin, number) in [("Abc12", 301), ("12345678", 304), ("sOMMER26", 305), ("Spring-43", 303)] {
            try refused(number) { try strict.check(pin: pin, pinAgain: pin, rules: rules) }
        }
        let long = String(repeating: "a1", count: 32)
        try refused(302) { try strict.check(pin: long, pinAgain: long, rules: rules) }
    }
}
