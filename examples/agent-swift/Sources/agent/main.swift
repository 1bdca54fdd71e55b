// agent --desk URL --user ID --reason TEXT --verified METHOD --statement TEXT: watches for a locked key, asks the help
// desk, and takes the new PIN as a line of standard input. The README says what it prints.

import FidoUnlock
import Foundation

func argument(_ name: String) -> String? {
    let all = CommandLine.arguments
    guard let place = all.firstIndex(of: name), place + 1 < all.count else { return nil }
    return all[place + 1]
}

/// The PIN as bytes that are wiped; a Swift string cannot be.
func readPin() -> Data? {
    var pin = Data(capacity: 64)
    while let byte = try? FileHandle.standardInput.read(upToCount: 1), let first = byte.first {
        if first == UInt8(ascii: "\n") { return pin }
        pin.append(first)
    }
    return pin.isEmpty ? nil : pin
}

func serve(_ found: FoundDevice, desk: HelpDesk) async throws {
    let session = try await found.open().beginUnlock()
    let deviceId = session.deviceId()
    report(Line(event: "locked", deviceId: deviceId, name: found.name, challenge: session.challenge()))
    let request = try await desk.ask(deviceId: deviceId, challenge: session.challenge())
    report(Line(event: "requested", deviceId: deviceId))
    var code = Data(try await desk.fetch(request).utf8)
    report(Line(event: "answered", deviceId: deviceId))
    defer { code.resetBytes(in: 0..<code.count) }
    while var pin = readPin() {
        defer { pin.resetBytes(in: 0..<pin.count) }
        do {
            try await unlock(found, session: session, code: code, pin: pin)
            report(Line(event: "unlocked", deviceId: deviceId))
            return try await desk.close(request, unlocked: true)
        } catch let error as UnlockError {
            report(error, deviceId: deviceId)
            // A refused PIN wants another line; what else failed is not tried again here.
            guard case .Pin = error else { break }
        }
    }
    try await desk.close(request, unlocked: false)
}

func unlock(_ found: FoundDevice, session: UnlockSession, code: Data, pin: Data) async throws {
    let device = try await found.open()
    do {
        try await session.unlock(device: device, response: code, pin: pin) { event in
            if case .touchNeeded = event { report(Line(event: "touch", deviceId: session.deviceId())) }
        }
    } catch let error as UnlockError where error.number == 124 {
        // The connection broke before the key answered: never send it again on a guess, ask.
        let outcome = try await session.resolved(device: try await found.open())
        if outcome != .unlocked { throw error }
    }
}

guard let url = argument("--desk").flatMap(URL.init(string:)), let user = argument("--user"),
    let reason = argument("--reason"), let verified = argument("--verified"),
    let statement = argument("--statement")
else {
    let usage = "agent --desk URL --user ID --reason TEXT --verified METHOD --statement TEXT\n"
    FileHandle.standardError.write(Data(usage.utf8))
    exit(80)
}
let desk = HelpDesk(
    url: url,
    call: HelpDesk.Call(user: user, reason: reason, verified: verified, statement: statement),
    token: ProcessInfo.processInfo.environment["FIDO_UNLOCK_DESK_TOKEN"] ?? "")
guard desk.isSafe else {
    FileHandle.standardError.write(Data("http: is for this machine alone\n".utf8))
    exit(80)
}
for try await change in deviceChanges() {
    let device: FoundDevice
    switch change {
    // One that changed may tell more than before: that it is locked.
    case let .arrived(found), let .changed(found): device = found
    case let .problem(row):
        // Such as a card service that refuses this program: the watch goes on, and nothing else would tell why it
        // sees no card.
        report(Line(event: "error", error: Row(row)))
        continue
    case .cardServiceStopped:
        // Also one that is not there.
        report(Line(event: "error", error: errorTable().first { $0.number == 511 }.map(Row.init)))
        continue
    default: continue
    }
    guard device.canUnlock else {
        report(Line(event: "found", deviceId: device.deviceId, name: device.name, sentence: device.sentence))
        continue
    }
    do {
        try await serve(device, desk: desk)
        break
    } catch {
        report(error, deviceId: device.deviceId)
    }
}
