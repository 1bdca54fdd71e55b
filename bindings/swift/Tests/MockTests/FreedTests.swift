import FidoUnlock
import Foundation
import XCTest

/// What the library holds of the host's it lets go of; what the host wipes is all there is.
final class FreedTests: XCTestCase {
    private final class Pipe: HidReports {
        private let freed: Shared<Int>

        init(_ freed: Shared<Int>) { self.freed = freed }

        deinit { freed.change { $0 += 1 } }

        func writeReport(report: Data) throws { throw PipeError.Gone }

        func readReport(timeoutMs: UInt32) throws -> Data { Data() }

        func reportSize() throws -> UInt32 { 64 }
    }

    func testADeviceHoldsItsPipeAndNoLonger() throws {
        let freed = Shared(0)
        var device: Device? = try Device.openHid(pipe: Pipe(freed), which: .fido)
        XCTAssertEqual(freed.value, 0)
        // A call that failed keeps nothing either.
        try refused(506) { try device?.info(timeoutMs: 300) }
        XCTAssertEqual(freed.value, 0)
        device = nil
        XCTAssertEqual(freed.value, 1)
        // Nor does one that is refused at once.
        try refused(509) { try Device.openHid(pipe: Wrong(freed), which: .fido) }
        XCTAssertEqual(freed.value, 2)
    }

    private final class Wrong: HidReports {
        private let freed: Shared<Int>

        init(_ freed: Shared<Int>) { self.freed = freed }

        deinit { freed.change { $0 += 1 } }

        func writeReport(report: Data) throws {}

        func readReport(timeoutMs: UInt32) throws -> Data { Data() }

        func reportSize() throws -> UInt32 { 7 }
    }

    func testAListenerGoesWithItsCall() throws {
        final class Told: ProgressListener {
            let freed: Shared<Int>

            init(_ freed: Shared<Int>) { self.freed = freed }

            deinit { freed.change { $0 += 1 } }

            func onProgress(event: ProgressEvent) throws {}
        }
        let freed = Shared(0)
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        let device = enrolled.vendor()
        let session = try UnlockSession.begin(device: device)
        try session.unlock(device, enrolled.respond(session.challenge()), Told(freed))
        XCTAssertEqual(freed.value, 1)
    }

    func testADeskLetsGoOfItsPorts() throws {
        weak var gone: Host?
        try {
            let host = try Host(.p256Ecdsa)
            gone = host
            try begun(host) { enrolled, device, unlock in
                let desk = try host.create()
                let session = try register(desk, host, enrolled)
                try unlock.unlock(device, desk.authorise(session: session, id: prepare(desk, session, host, unlock)))
            }
            XCTAssertNotNil(gone)
        }()
        XCTAssertNil(gone)
    }

    /// Where its bytes lie.
    private func place(_ data: Data) -> UnsafeRawPointer? { data.withUnsafeBytes { $0.baseAddress } }

    func testWhatTheHostWipesNobodySharesAfterTheCall() async throws {
        let enrolled = try Enrolled.locked(.p256EcdhMac)
        let device = enrolled.vendor()
        let session = try await device.beginUnlock()
        var code = Data(try enrolled.respond(session.challenge()).utf8)
        // Up to 14 bytes would lie in the structure itself, and be copied with it.
        var pin = Data(capacity: 64)
        pin.append(contentsOf: newPin.utf8)
        let places = [place(code), place(pin)]
        try await session.unlock(device: device, response: code, pin: pin)
        // Where somebody still had them, this would write into a copy.
        code.resetBytes(in: 0..<code.count)
        pin.resetBytes(in: 0..<pin.count)
        XCTAssertEqual([place(code), place(pin)], places)
        XCTAssertTrue(code.allSatisfy { $0 == 0 } && pin.allSatisfy { $0 == 0 })
        try enrolled.signIn(newPin)
    }

    func testObjectsOutliveTheirMakers() throws {
        // A session needs neither the device nor the key that it began with.
        var enrolled: Enrolled? = try Enrolled.locked(.p256EcdhMac)
        let session = try UnlockSession.begin(device: enrolled!.vendor())
        let issuer = enrolled!.issuer
        enrolled = nil
        XCTAssertFalse(session.challenge().isEmpty)
        XCTAssertEqual(issuer.suite(), .p256EcdhMac)
    }
}
