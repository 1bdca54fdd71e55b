import FidoUnlock
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The help desk's console: a call by its API (`/api/v1`, docs/for-help-desks.md), step by step.
struct HelpDesk: Sendable {
    var url: URL
    /// What the desk is told of the call.
    var call: Call
    var token: String
    var poll = Duration.seconds(2)
    var deadline = Duration.seconds(600)

    struct Call: Sendable {
        /// The user's id at the desk.
        var user: String
        /// Reason or ticket.
        var reason: String
        /// By which of the desk's methods it was verified that it is the user, such as `call-back`.
        var verified: String
        /// What was done for it. Say nothing that was not done: the help desk relies on it.
        var statement: String
    }

    /// A request as it stands, as far as it is needed here.
    private struct Request: Decodable {
        struct Caller: Decodable {
            var method: String
        }

        var id: String
        /// Whether it has neither run out nor ended.
        var lives: Bool
        var caller: Caller?
        var challenge: String?
        var approvedBy: String?
        var code: String?

        enum CodingKeys: String, CodingKey {
            case id, lives, caller, challenge, code
            case approvedBy = "approved_by"
        }
    }

    private struct Given: Decodable {
        var code: String
    }

    /// A refusal (RFC 9457).
    private struct Problem: Decodable {
        var number: UInt16?
        var detail: String
    }

    /// A code must not cross a network in the clear.
    var isSafe: Bool {
        let own = ["127.0.0.1", "localhost", "::1"].contains(url.host ?? "")
        return url.scheme == "https" || (url.scheme == "http" && own)
    }

    /// Opens a request and tells the desk what it lacks: its id.
    func ask(deviceId: String, challenge: String) async throws -> String {
        // The same for the same lock: this program keeps nothing, and finds its request again after a restart.
        let key = (deviceId + challenge).filter { $0.isLetter || $0.isNumber }
        var request = try await open(deviceId, key: key)
        if !request.lives {
            // It has run out, or was ended at the desk.
            request = try await open(deviceId, key: UUID().uuidString)
        }
        try await prepare(request, challenge: challenge)
        return request.id
    }

    private func open(_ deviceId: String, key: String) async throws -> Request {
        let asked = ["user": call.user, "device_id": deviceId, "reason": call.reason]
        return try await insist { try await send("", body: asked, key: key) }
    }

    /// Says how the user was verified and which challenge the device shows, where that does not stand there yet.
    private func prepare(_ opened: Request, challenge: String) async throws {
        let until = ContinuousClock.now + deadline
        var request = opened
        var pause = poll
        while request.code == nil && (request.caller == nil || request.challenge == nil) {
            let isVerified = request.caller != nil
            let step = isVerified ? "challenge" : "caller"
            let body =
                isVerified
                ? ["challenge": challenge] : ["method": call.verified, "statement": call.statement]
            do {
                request = try await send("/\(request.id)/\(step)", body: body)
            } catch is URLError {
                // Perhaps it was done: once more would void an approval that was given meanwhile.
                guard ContinuousClock.now < until else { throw refused(414) }
                try await Task.sleep(for: pause)
                pause = longer(pause)
                request = try await look(request.id)
            }
        }
    }

    /// The Response Code; where a second operator must approve first, as soon as one has.
    func fetch(_ request: String) async throws -> String {
        let until = ContinuousClock.now + deadline
        while ContinuousClock.now < until {
            do {
                let given: Given = try await insist { try await send("/\(request)/code", body: [:]) }
                return given.code
            } catch let refusal as Refused where refusal.row.number == 409 {
                try await waitForApproval(request, until: until)
            } catch let refusal as Refused where refusal.row.number == 415 {
                throw refused(414)
            }
        }
        throw refused(414)
    }

    /// Looks at the request: each refusal of a code would be an entry in the desk's log.
    private func waitForApproval(_ request: String, until: ContinuousClock.Instant) async throws {
        repeat {
            try await Task.sleep(for: poll)
            let now = try await look(request)
            guard now.lives, ContinuousClock.now < until else { throw refused(414) }
            if now.approvedBy != nil { return }
        } while true
    }

    /// Tells the desk how it ended.
    func close(_ request: String, unlocked: Bool) async throws {
        do {
            let _: Request = try await insist {
                try await send("/\(request)/\(unlocked ? "done" : "abandon")", body: [:])
            }
        } catch let refusal as Refused where refusal.row.number == 415 {
            // It was done before, and that answer was lost.
        }
    }

    private func look(_ request: String) async throws -> Request {
        try await insist { try await send("/\(request)", body: nil) }
    }

    /// Tries again, later each time, until the deadline.
    private func insist<T>(_ once: () async throws -> T) async throws -> T {
        let until = ContinuousClock.now + deadline
        var pause = poll
        while ContinuousClock.now < until {
            do {
                return try await once()
            } catch is URLError {
                try await Task.sleep(for: pause)
                pause = longer(pause)
            }
        }
        throw refused(414)
    }

    private func longer(_ pause: Duration) -> Duration {
        min(pause * 2, .seconds(30))
    }

    /// The answer to a GET, or to a POST with this body.
    private func send<T: Decodable>(_ rest: String, body: [String: String]?, key: String? = nil) async throws -> T {
        let place = url.appendingPathComponent("api/v1/requests\(rest)")
        var request = URLRequest(url: place, timeoutInterval: 10)
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        if let body {
            request.httpMethod = "POST"
            request.httpBody = try JSONEncoder().encode(body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        if let key { request.setValue(key, forHTTPHeaderField: "Idempotency-Key") }
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 500
        if 200..<300 ~= status { return try JSONDecoder().decode(T.self, from: data) }
        let problem = try? JSONDecoder().decode(Problem.self, from: data)
        // Without a number 429 is for too many requests in a minute; with one, for too many codes in a day.
        let isFinal = 400..<500 ~= status && (status != 429 || problem?.number != nil)
        guard isFinal else { throw URLError(.badServerResponse) }
        // 405: the privilege is missing; 803: the service's own part failed.
        throw refused(problem?.number ?? (status == 401 ? 405 : 803), text: problem?.detail)
    }

    /// A row of the error table. 414: the request is older than it may be.
    private func refused(_ number: UInt16, text: String? = nil) -> any Error {
        guard let row = errorTable().first(where: { $0.number == number }) else { return CancellationError() }
        return Refused(row: Row(row, text: text ?? row.text))
    }
}
