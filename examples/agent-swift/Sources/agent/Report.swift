import FidoUnlock
import Foundation

/// One line of output; what is nil is left out. No secret is ever in one.
struct Line: Encodable {
    var event: String
    var deviceId: String?
    var name: String?
    var challenge: String?
    var sentence: String?
    var error: Row?

    enum CodingKeys: String, CodingKey {
        case event, name, challenge, sentence, error
        case deviceId = "device_id"
    }
}

/// A row of the error table in JSON.
struct Row: Encodable {
    var number: UInt16
    var name: String
    var text: String
    var nextStep: String

    enum CodingKeys: String, CodingKey {
        case number, name, text
        case nextStep = "next_step"
    }

    init(_ row: ErrorRow) {
        self.init(row, text: row.text)
    }

    /// With a text of the desk's.
    init(_ row: ErrorRow, text: String) {
        number = row.number
        name = row.name
        self.text = text
        nextStep = row.nextStep
    }
}

/// A refusal of the help desk, or of this program.
struct Refused: Error {
    var row: Row
}

func report(_ line: Line) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(line) else { return }
    FileHandle.standardOutput.write(bytes + Data("\n".utf8))
}

func report(_ error: any Error, deviceId: String? = nil) {
    let row: Row?
    switch error {
    case let error as UnlockError: row = Row(error.row)
    case let error as Refused: row = error.row
    // 803: the program's own part failed.
    default: row = errorTable().first { $0.number == 803 }.map(Row.init)
    }
    report(Line(event: "error", deviceId: deviceId, error: row))
}
