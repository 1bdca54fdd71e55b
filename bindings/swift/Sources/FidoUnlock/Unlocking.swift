import Foundation

/// A step of an unlock, as `unlocking` tells it.
public enum UnlockStep: Sendable, Equatable {
    /// What the device does.
    case progress(ProgressEvent)
    /// The new PIN is set; the last step.
    case done
}

private final class Listener: ProgressListener {
    private let tell: @Sendable (ProgressEvent) -> Void

    init(_ tell: @escaping @Sendable (ProgressEvent) -> Void) {
        self.tell = tell
    }

    func onProgress(event: ProgressEvent) throws {
        tell(event)
    }
}

/// Runs a blocking call off the cooperative threads. Cancelling the task cancels the call within
/// 100 ms; the task ends only when the call has ended.
func cancellable<T: Sendable>(_ call: @escaping @Sendable (CancelHandle) throws -> T) async throws -> T {
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                continuation.resume(with: Result { try call(handle) })
            }
        }
    } onCancel: {
        handle.cancel()
    }
}

extension UnlockSession {
    /// Unlocks and returns when the new PIN is set.
    public func unlock(
        device: Device,
        response: String,
        pin: String,
        pinAgain: String,
        policy: PinPolicy? = nil,
        onProgress: (@Sendable (ProgressEvent) -> Void)? = nil
    ) async throws {
        try await cancellable { cancel in
            try self.unlock(
                device: device, response: response, pin: pin, pinAgain: pinAgain, policy: policy,
                progress: onProgress.map(Listener.init), cancel: cancel, timeoutMs: nil)
        }
    }

    /// Unlocks as a stream of steps.
    public func unlocking(
        device: Device, response: String, pin: String, pinAgain: String, policy: PinPolicy? = nil
    ) -> AsyncThrowingStream<UnlockStep, Error> {
        AsyncThrowingStream { stream in
            let task = Task {
                do {
                    try await self.unlock(
                        device: device, response: response, pin: pin, pinAgain: pinAgain, policy: policy
                    ) { stream.yield(.progress($0)) }
                    stream.yield(.done)
                    stream.finish()
                } catch {
                    stream.finish(throwing: error)
                }
            }
            stream.onTermination = { _ in task.cancel() }
        }
    }
}
