import FidoUnlock
import Foundation
import Glibc
import XCTest

let oldPin = "Winter42"
let newPin = "Spring43"
let wrongPin = "Winter24"
let slot: UInt8 = 1

/// The project's folder, with tests/vectors and docs in it.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../..").standardizedFileURL

func contents(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
}

let suites: [Suite] = [.p256Ecdsa, .p256EcdhMac, .aesAdminKey]

/// Frames of a length (u16, big-endian) and that many bytes: what the served software authenticator speaks.
class TcpPipe: @unchecked Sendable {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else { throw PipeError.NoDevice }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func sendFrame(_ frame: Data) throws {
        var rest = [UInt8(frame.count >> 8), UInt8(frame.count & 0xFF)] + frame
        while !rest.isEmpty {
            let sent = send(descriptor, rest, rest.count, Int32(MSG_NOSIGNAL))
            guard sent > 0 else { throw PipeError.Gone }
            rest.removeFirst(sent)
        }
    }

    /// Nil where none came in time.
    func receiveFrame(timeoutMs: UInt32) throws -> Data? {
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&waited, 1, Int32(clamping: timeoutMs))
        guard ready >= 0 else { throw PipeError.Gone }
        if ready == 0 { return nil }
        let length = try receive(2)
        return try Data(receive(Int(length[0]) << 8 | Int(length[1])))
    }

    private func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + filled, count - filled, 0) }
            guard got > 0 else { throw PipeError.Gone }
            filled += got
        }
        return bytes
    }
}

/// HID reports over TCP, written in Swift.
final class TcpHid: TcpPipe, HidReports, @unchecked Sendable {
    func writeReport(report: Data) throws { try sendFrame(report) }

    func readReport(timeoutMs: UInt32) throws -> Data { try receiveFrame(timeoutMs: timeoutMs) ?? Data() }

    func reportSize() throws -> UInt32 { 64 }
}

/// APDUs over TCP, written in Swift.
final class TcpCard: TcpPipe, ApduChannel, @unchecked Sendable {
    func transmit(apdu: Data, timeoutMs: UInt32) throws -> Data {
        try sendFrame(apdu)
        guard let answer = try receiveFrame(timeoutMs: timeoutMs) else { throw PipeError.TimedOut }
        return answer
    }

    func extendedLength() throws -> Bool { true }

    func beginTransaction(timeoutMs: UInt32) throws {}

    func endTransaction() throws {}

    func reconnect(timeoutMs: UInt32) throws { throw PipeError.Gone }
}

/// A device over a pipe written in Swift.
func openOver(_ server: MockServer, _ wire: MockWire, _ which: Interface) throws -> Device {
    switch wire {
    case .hid: try Device.openHid(pipe: TcpHid(port: server.port()), which: which)
    case .apdu: try Device.openApdu(pipe: TcpCard(port: server.port()), preference: which)
    }
}

/// An enrolled key with a PIN and a passkey; `publicKey`: of an issuer elsewhere.
final class Enrolled: @unchecked Sendable {
    let suite: Suite
    let key: MockKey
    let issuer: IssuerKey
    let relyingParty = MockRelyingParty(rpId: "example.com")
    let device: EnrolledDevice
    let passkey: MockPasskey

    init(_ suite: Suite, publicKey: Data? = nil) throws {
        self.suite = suite
        key = try MockKey()
        issuer = try IssuerKey.make(suite: suite)
        let plan = Enrollment()
        if let publicKey {
            try plan.addPublicKey(slot: slot, suite: suite, publicKey: publicKey)
        } else {
            try plan.addKey(slot: slot, key: issuer)
        }
        device = try plan.run(device: key.open(wire: .hid, which: .fido))
        try key.setPin(pin: oldPin)
        passkey = try relyingParty.makePasskey(key: key, user: "user-1", pin: oldPin)
    }

    /// The same with its PIN blocked.
    static func locked(_ suite: Suite, publicKey: Data? = nil) throws -> Enrolled {
        let enrolled = try Enrolled(suite, publicKey: publicKey)
        _ = try enrolled.key.block(wrongPin: wrongPin)
        return enrolled
    }

    func fido() -> Device { key.open(wire: .hid, which: .fido) }

    func vendor() -> Device { key.open(wire: .hid, which: .vendor) }

    func respond(_ challenge: String) throws -> String {
        try mockRespond(key: issuer, deviceId: device.deviceId, deviceKey: device.deviceKey, challenge: challenge)
    }

    /// A sign-in that the library's relying party takes and that OpenSSL's ECDSA takes too.
    func signIn(_ pin: String) throws {
        let made = try relyingParty.signIn(key: key, passkey: passkey, pin: pin)
        XCTAssertEqual(made.authData.prefix(32), try sha256(Data("example.com".utf8)))
        // User present and user verified.
        XCTAssertEqual(made.authData[made.authData.startIndex + 32] & 0x05, 0x05)
        XCTAssertTrue(
            verify(x: passkey.x, y: passkey.y, message: made.authData + made.clientDataHash, der: made.signature))
    }
}

/// The family of a number, as docs/errors.md has it.
private func family(_ error: UnlockError) -> String? {
    errorTable().first { $0.number == error.number }?.family
}

/// The call fails with this number, in the case of its family.
@discardableResult
func refused(
    _ number: Int, file: StaticString = #filePath, line: UInt = #line, _ call: () throws -> Any?
) throws -> UnlockError {
    do {
        _ = try call()
    } catch let error as UnlockError {
        XCTAssertEqual(Int(error.number), number, error.text, file: file, line: line)
        XCTAssertEqual(error.row.family, family(error), file: file, line: line)
        return error
    }
    XCTFail("not refused with \(number)", file: file, line: line)
    throw CancellationError()
}

/// The same of a call that is awaited.
@discardableResult
func refusedLater(
    _ number: Int, file: StaticString = #filePath, line: UInt = #line, _ call: () async throws -> Any?
) async throws -> UnlockError {
    do {
        _ = try await call()
    } catch let error as UnlockError {
        XCTAssertEqual(Int(error.number), number, error.text, file: file, line: line)
        return error
    }
    XCTFail("not refused with \(number)", file: file, line: line)
    throw CancellationError()
}

/// A value that threads share.
final class Shared<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var held: Value

    init(_ value: Value) { held = value }

    var value: Value {
        get { lock.withLock { held } }
        set { lock.withLock { held = newValue } }
    }

    func change(_ work: (inout Value) -> Void) { lock.withLock { work(&held) } }
}

/// Progress as a closure.
final class Listener: ProgressListener {
    private let tell: @Sendable (ProgressEvent) throws -> Void

    init(_ tell: @escaping @Sendable (ProgressEvent) throws -> Void) { self.tell = tell }

    func onProgress(event: ProgressEvent) throws { try tell(event) }
}

extension UnlockSession {
    /// Unlocks with `newPin`.
    func unlock(_ device: Device, _ code: String, _ progress: ProgressListener? = nil) throws {
        try unlock(device: device, response: code, pin: newPin, pinAgain: newPin, progress: progress)
    }
}
