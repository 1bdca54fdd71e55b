/// The fields that every family of `UnlockError` has.
extension UnlockError {
    /// The row of the error table, with this error's own text.
    public var row: ErrorRow {
        switch self {
        case let .Device(number, name, text, nextStep):
            return ErrorRow(number: number, name: name, family: "device", text: text, nextStep: nextStep)
        case let .Code(number, name, text, nextStep, _, _, _):
            return ErrorRow(number: number, name: name, family: "code", text: text, nextStep: nextStep)
        case let .Pin(number, name, text, nextStep, _, _):
            return ErrorRow(number: number, name: name, family: "pin", text: text, nextStep: nextStep)
        case let .Policy(number, name, text, nextStep):
            return ErrorRow(number: number, name: name, family: "policy", text: text, nextStep: nextStep)
        case let .Transport(number, name, text, nextStep):
            return ErrorRow(number: number, name: name, family: "transport", text: text, nextStep: nextStep)
        case let .Signer(number, name, text, nextStep):
            return ErrorRow(number: number, name: name, family: "signer", text: text, nextStep: nextStep)
        case let .Store(number, name, text, nextStep):
            return ErrorRow(number: number, name: name, family: "store", text: text, nextStep: nextStep)
        case let .Caller(number, name, text, nextStep):
            return ErrorRow(number: number, name: name, family: "caller", text: text, nextStep: nextStep)
        }
    }

    /// The stable number.
    public var number: UInt16 { row.number }

    /// What happened, in one sentence for the person.
    public var text: String { row.text }

    /// What the person can do now.
    public var nextStep: String { row.nextStep }
}
