import XCTest

@testable import FidoUnlock

final class ErrorTests: XCTestCase {
    func testNumbersRise() {
        let numbers = errorTable().map(\.number)
        XCTAssertGreaterThan(numbers.count, 100)
        XCTAssertEqual(numbers, numbers.sorted())
        XCTAssertEqual(Set(numbers).count, numbers.count)
        XCTAssertEqual(numbers, ErrorNumber.allCases.map(\.rawValue))
    }

    func testTheGroupIsNamed() {
        XCTAssertThrowsError(try CodeField.deviceId().check(text: "6HF8-3D0C-BV38-W153-J2Z2")) { error in
            guard case let UnlockError.Code(number, _, text, _, _, groups, hasCorrection) = error else {
                return XCTFail("\(error)")
            }
            XCTAssertEqual(number, 203)
            XCTAssertEqual(text, "check group 1: 6HF8")
            XCTAssertEqual(groups, [WrongGroup(number: 1, text: "6HF8")])
            XCTAssertTrue(hasCorrection)
        }
    }
}
