import Foundation

/// Every key and card, each once, and what it tells of itself (macOS, Linux; on iOS the host brings a
/// pipe).
public func findDevices(timeoutMs: UInt32? = nil) async throws -> DeviceListing {
    try await cancellable { try listDevices(cancel: $0, timeoutMs: timeoutMs) }
}

extension FoundDevice {
    /// Opens it by the first of its routes that works. `which` keeps to one interface: enrolment, probe
    /// and blocking the PIN want `.fido`.
    public func open(which: Interface? = nil) async throws -> Device {
        try await cancellable { try Device.openFound(found: self, which: which, cancel: $0) }
    }
}

/// Devices as they come and go; what is there at the beginning comes as arrived. Who stops reading ends
/// the watch.
public func deviceChanges() -> AsyncThrowingStream<DeviceChange, Error> {
    AsyncThrowingStream { stream in
        let task = Task {
            let watch = DeviceWatch()
            do {
                while true {
                    if let change = try await cancellable({ try watch.next(timeoutMs: 1_000, cancel: $0) }) {
                        stream.yield(change)
                    }
                }
            } catch is CancellationError {
                stream.finish()
            } catch {
                stream.finish(throwing: error)
            }
        }
        stream.onTermination = { _ in task.cancel() }
    }
}
