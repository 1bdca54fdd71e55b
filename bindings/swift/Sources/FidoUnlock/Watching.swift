import Foundation

/// Every device that the system shows (macOS, Linux; on iOS the host brings a pipe).
public func devices() async throws -> [FoundDevice] {
    try await cancellable { _ in try listDevices() }
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
