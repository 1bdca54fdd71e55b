import FidoUnlock
import Foundation
import XCTest

private func describe(_ change: DeviceChange?) -> String {
    switch change {
    case let .arrived(device): "arrived \(device.name)"
    case let .left(device): "left \(device.name)"
    default: "\(String(describing: change))"
    }
}

/// `deviceChanges()`: keys that are plugged in and pulled, and the end of the watch.
final class WatchTests: XCTestCase {
    /// Until nobody looks but who did before: the end of a watch comes after that of its stream.
    private func ends(_ looking: UInt32) async { while mockLooking() > looking { await Task.yield() } }

    func testAKeyThatComesAndGoesIsToldInOrder() async throws {
        let looking = mockLooking()
        let key = try MockKey()
        do {
            var told = deviceChanges().makeAsyncIterator()
            key.plugIn(name: "First")
            guard case let .arrived(device)? = try await told.next() else { return XCTFail("none arrived") }
            XCTAssertEqual(device.name, "First")
            // One key, by both of its interfaces, and it can be opened while the watch goes on.
            XCTAssertEqual(Set(device.routes.map(\.which)), [.fido, .vendor])
            let condition = try await device.open().diagnosed().condition
            XCTAssertEqual(condition, .pinNotSet)
            var second: MockKey? = try MockKey()
            second?.plugIn(name: "Second")
            var next = try await told.next()
            XCTAssertEqual(describe(next), "arrived Second")
            key.pull()
            next = try await told.next()
            XCTAssertEqual(describe(next), "left First")
            // A key that is freed is pulled.
            second = nil
            next = try await told.next()
            XCTAssertEqual(describe(next), "left Second")
            key.plugIn(name: "First again")
            next = try await told.next()
            XCTAssertEqual(describe(next), "arrived First again")
        }
        await ends(looking)
    }

    func testWhatIsThereAlreadyArrivesFirstAndTheWatchEndsWithWhoReads() async throws {
        let looking = mockLooking()
        let key = try MockKey()
        key.plugIn(name: "Here")
        // Each reader watches anew.
        for _ in 0..<2 {
            for try await change in deviceChanges() {
                XCTAssertEqual(describe(change), "arrived Here")
                break
            }
        }
        await ends(looking)
    }

    func testCancellingEndsTheWatch() async throws {
        let looking = mockLooking()
        let key = try MockKey()
        key.plugIn(name: "Here")
        let told = Shared<[String]>([])
        let (firsts, first) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for try await change in deviceChanges() {
                told.change { $0.append(describe(change)) }
                first.yield()
            }
        }
        for await _ in firsts { break }
        XCTAssertGreaterThan(mockLooking(), looking)
        task.cancel()
        _ = await task.result
        await ends(looking)
        // Nobody is there to be told.
        key.pull()
        XCTAssertEqual(told.value, ["arrived Here"])
    }

    func testABuildWithoutAdaptersFindsNothing() async throws {
        let listing = try await findDevices()
        XCTAssertEqual(listing, DeviceListing(devices: [], readers: [], unassigned: [], problems: []))
        let watch = DeviceWatch()
        XCTAssertNil(try watch.next(timeoutMs: 20, cancel: nil))
        let cancel = CancelHandle()
        cancel.cancel()
        try refused(508) { try watch.next(timeoutMs: 60_000, cancel: cancel) }
        let route = FoundRoute(
            kind: .usbKey, name: "Key", path: "nowhere", which: .fido, serial: nil, problem: nil)
        let gone = FoundDevice(
            name: "Key", deviceId: nil, condition: nil, sentence: nil, canUnlock: false, enrolled: false,
            routes: [route], problem: nil)
        try refused(506) { try Device.openFound(found: gone) }
        try await refusedLater(506) { try await gone.open() }
    }
}
