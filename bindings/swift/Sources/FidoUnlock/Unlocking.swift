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

/// Response and PIN of one call, let go of before its task goes on: who else still shared the bytes then
/// would keep them, and the host's `resetBytes` would wipe a copy.
private final class Secrets: @unchecked Sendable {
    private var held: (response: Data, pin: Data)?

    init(response: Data, pin: Data) {
        held = (response, pin)
    }

    /// Once, on the call's thread.
    func use(_ work: (Data, Data) throws -> Void) throws {
        guard let (response, pin) = held else { return }
        held = nil
        try work(response, pin)
    }
}

/// Runs a blocking call of the library off the cooperative threads, which may not block. Cancelling the
/// task cancels the call within 100 ms; the task ends only when the call has ended, so that a device is
/// never left in the middle.
public func cancellable<T: Sendable>(
    _ call: @escaping @Sendable (CancelHandle) throws -> T
) async throws -> T {
    try Task.checkCancellation()
    let handle = CancelHandle()
    do {
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // A queue of its own: the global ones may run out of threads while keys wait for a touch.
                DispatchQueue(label: "fido-unlock call", qos: .userInitiated).async {
                    continuation.resume(with: Result { try call(handle) })
                }
            }
        } onCancel: {
            handle.cancel()
        }
    } catch let error as UnlockError where error.number == 508 {
        // To who cancelled it, the call's "cancelled" is the task's own.
        try Task.checkCancellation()
        throw error
    }
}

extension Device {
    /// What state the device is in and what the person can do. `ownIssuers`: fingerprints of the help
    /// desk's keys, 16 bytes each; where empty, none counts as foreign.
    public func diagnosed(ownIssuers: [Data] = [], timeoutMs: UInt32? = nil) async throws -> Diagnosis {
        try await cancellable { try self.diagnose(ownIssuers: ownIssuers, cancel: $0, timeoutMs: timeoutMs) }
    }

    /// The device's state in full.
    public func currentInfo(timeoutMs: UInt32? = nil) async throws -> DeviceInfo {
        try await cancellable { try self.info(cancel: $0, timeoutMs: timeoutMs) }
    }

    /// Begins an unlock: reads the state and the pending challenge. `slot`: nil takes the lowest above 0.
    public func beginUnlock(slot: UInt8? = nil, timeoutMs: UInt32? = nil) async throws -> UnlockSession {
        try await cancellable {
            try UnlockSession.begin(device: self, slot: slot, cancel: $0, timeoutMs: timeoutMs)
        }
    }
}

extension UnlockSession {
    /// Unlocks and returns when the new PIN is set. `onProgress` comes on the call's thread.
    public func unlock(
        device: Device,
        response: String,
        pin: String,
        pinAgain: String,
        policy: PinPolicy? = nil,
        timeoutMs: UInt32? = nil,
        onProgress: (@Sendable (ProgressEvent) -> Void)? = nil
    ) async throws {
        try await cancellable { cancel in
            try self.unlock(
                device: device, response: response, pin: pin, pinAgain: pinAgain, policy: policy,
                progress: onProgress.map(Listener.init), cancel: cancel, timeoutMs: timeoutMs)
        }
    }

    /// The same for secrets in UTF-8 that the host wipes afterwards; they are read where they lie. The
    /// host has compared the PIN with its confirmation.
    public func unlock(
        device: Device,
        response: Data,
        pin: Data,
        policy: PinPolicy? = nil,
        timeoutMs: UInt32? = nil,
        onProgress: (@Sendable (ProgressEvent) -> Void)? = nil
    ) async throws {
        let secrets = Secrets(response: response, pin: pin)
        try await cancellable { cancel in
            try secrets.use { response, pin in
                try self.unlockFromMemory(
                    device: device, response: response, pin: pin, policy: policy,
                    progress: onProgress.map(Listener.init), cancel: cancel, timeoutMs: timeoutMs)
            }
        }
    }

    /// Unlocks as a stream of steps: progress, then `.done`. Who stops reading cancels the unlock.
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

    /// Asks for a new challenge, which voids the Response Code for the old one; needs a touch.
    public func renewed(
        device: Device,
        timeoutMs: UInt32? = nil,
        onProgress: (@Sendable (ProgressEvent) -> Void)? = nil
    ) async throws {
        try await cancellable { cancel in
            try self.renew(
                device: device, progress: onProgress.map(Listener.init), cancel: cancel, timeoutMs: timeoutMs)
        }
    }

    /// What became of an unlock whose answer was lost (number 124), also after a restart.
    public func resolved(device: Device, timeoutMs: UInt32? = nil) async throws -> UnlockOutcome {
        try await cancellable { try self.resolve(device: device, cancel: $0, timeoutMs: timeoutMs) }
    }
}

extension Enrollment {
    /// Enrols a device; the device asks for a touch.
    public func enrolled(
        device: Device,
        timeoutMs: UInt32? = nil,
        onProgress: (@Sendable (ProgressEvent) -> Void)? = nil
    ) async throws -> EnrolledDevice {
        try await cancellable { cancel in
            try self.run(
                device: device, progress: onProgress.map(Listener.init), cancel: cancel, timeoutMs: timeoutMs)
        }
    }
}
