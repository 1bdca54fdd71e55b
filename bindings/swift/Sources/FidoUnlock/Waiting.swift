import Foundation

/// Waits on this thread for a reply that the system gives on another one. The library calls a pipe on
/// the thread of the call, which may block; never the main thread, where a reply might be due.
///
/// A reply that comes after the time is dropped.
func waitForReply<T: Sendable>(
    timeoutMs: UInt32,
    _ start: (@escaping @Sendable (Result<T, PipeError>) -> Void) -> Void
) throws -> T {
    let reply = Reply<T>()
    start { reply.give($0) }
    guard let result = reply.wait(milliseconds: timeoutMs) else { throw PipeError.TimedOut }
    return try result.get()
}

private final class Reply<T: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: Result<T, PipeError>?

    func give(_ given: Result<T, PipeError>) {
        condition.lock()
        defer { condition.unlock() }
        if result == nil { result = given }
        condition.signal()
    }

    func wait(milliseconds: UInt32) -> Result<T, PipeError>? {
        let until = Date(timeIntervalSinceNow: Double(milliseconds) / 1_000)
        condition.lock()
        defer { condition.unlock() }
        while result == nil {
            if !condition.wait(until: until) { break }
        }
        return result
    }
}
