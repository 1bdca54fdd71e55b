import FidoUnlock
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The help desk's service over HTTP, as examples/help-desk-stub describes it.
struct HelpDesk: Sendable {
    var url: URL
    var user: String
    var token: String
    var poll = Duration.seconds(2)
    var deadline = Duration.seconds(600)

    private struct Asked: Encodable {
        var deviceId: String
        var challenge: String
        var user: String

        enum CodingKeys: String, CodingKey {
            case challenge, user
            case deviceId = "device_id"
        }
    }

    private struct Opened: Decodable {
        var id: String
    }

    private struct Answer: Decodable {
        var state: String
        var responseCode: String?
        var error: Row?

        enum CodingKeys: String, CodingKey {
            case state, error
            case responseCode = "response_code"
        }
    }

    private struct Refusal: Decodable {
        var error: Row
    }

    /// A code must not cross a network in the clear.
    var isSafe: Bool {
        let own = ["127.0.0.1", "localhost", "::1"].contains(url.host ?? "")
        return url.scheme == "https" || (url.scheme == "http" && own)
    }

    /// Opens a request: its id.
    func ask(deviceId: String, challenge: String) async throws -> String {
        let asked = try JSONEncoder().encode(Asked(deviceId: deviceId, challenge: challenge, user: user))
        let body = try await insist { try await send("", method: "POST", body: asked) }
        return try JSONDecoder().decode(Opened.self, from: body).id
    }

    /// Asks until the Response Code is there.
    func fetch(_ request: String) async throws -> String {
        let until = ContinuousClock.now + deadline
        while ContinuousClock.now < until {
            let body = try await insist { try await send("/\(request)", method: "GET") }
            let answer = try JSONDecoder().decode(Answer.self, from: body)
            if let error = answer.error { throw Refused(row: error) }
            if let code = answer.responseCode { return code }
            try await Task.sleep(for: poll)
        }
        throw late()
    }

    /// Tells the desk how it ended.
    func close(_ request: String, unlocked: Bool) async throws {
        _ = try await insist {
            try await unlocked
                ? send("/\(request)/done", method: "POST") : send("/\(request)", method: "DELETE")
        }
    }

    /// Tries again, later each time, until the deadline.
    private func insist(_ once: () async throws -> Data) async throws -> Data {
        let until = ContinuousClock.now + deadline
        var pause = poll
        while ContinuousClock.now < until {
            do {
                return try await once()
            } catch is URLError {
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(30))
            }
        }
        throw late()
    }

    private func send(_ rest: String, method: String, body: Data? = nil) async throws -> Data {
        var request = URLRequest(url: url.appendingPathComponent("v1/requests\(rest)"), timeoutInterval: 10)
        request.httpMethod = method
        request.httpBody = body
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 500
        switch status {
        case 200..<300: return data
        case 400..<500 where status != 429:
            throw Refused(row: try JSONDecoder().decode(Refusal.self, from: data).error)
        default: throw URLError(.badServerResponse)
        }
    }

    private func late() -> any Error {
        // 414: the request is older than it may be.
        guard let row = errorTable().first(where: { $0.number == 414 }) else { return CancellationError() }
        return Refused(row: Row(row))
    }
}
