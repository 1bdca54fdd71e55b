import FidoUnlock
import Foundation

let hostSecret = "a stack trace with who knows what in it"

/// What no protocol of the library declares.
struct Broken: Error, CustomStringConvertible {
    var description: String { hostSecret }
}

/// A host's own part that fails where a test says so.
class HostPart: @unchecked Sendable {
    /// The method that fails: "Approver.ask".
    var trip = ""
    var failure: any Error = Broken()
    /// The methods that were called.
    let called = Shared<Set<String>>([])

    func at(_ method: String) throws {
        called.change { $0.insert(method) }
        if method == trip { throw failure }
    }
}

/// The host's mail server, identity provider, tickets and HSM, in Swift.
final class Host: HostPart, @unchecked Sendable {
    static let password = "correct horse battery staple"
    static let start: UInt64 = 1_790_000_000
    static let ports = [
        "OwnerNotifier", "CodeDelivery", "CallerVerifier", "ResponseSigner", "Approver", "CheckpointSigner",
        "IssuerProver",
    ]

    let suite: Suite
    let hsm: Hsm
    /// The key that follows `hsm` in its slot.
    let next = Hsm()
    /// The key that signs checkpoints.
    let checkpoints: CheckpointSigner
    let database = MockDatabase(now: Host.start)
    var notices: [OwnerNotice] = []
    var sent = ""
    /// Who approves in the host's system, and what: nil is what was asked.
    var approves = "desk-2"
    var approvedBasis: Data?
    var askedLast: ApprovalTask?

    private var adminKeys: [String: String] = [:]

    init(_ suite: Suite, hsm: Hsm = Hsm()) throws {
        self.suite = suite
        self.hsm = hsm
        checkpoints = try checkpointSigner(name: "log.corp.example", seed: Data(count: 32))
    }

    /// The rules to begin with, but channels need no rest here.
    static func rules() -> DeskRules {
        var rules = defaultDeskRules()
        rules.channelRestSeconds = 0
        return rules
    }

    /// A new desk over the database.
    func create() throws -> HelpDesk {
        try database.create(
            signer: DeskSigner.host(signer: self), notifier: self, delivery: self, rules: Self.rules(),
            administrator: "desk-1", password: Self.password)
    }

    /// The desk that is there, as the next process has it.
    func open() throws -> HelpDesk {
        try database.open(signer: DeskSigner.host(signer: self), notifier: self, delivery: self)
    }

    /// The one operation of the HSM on either key, in the suites 1 and 2.
    private func make(_ key: Data, _ suite: Suite, _ deviceKey: Data?, _ message: Data) throws -> String {
        guard let own = try [hsm, next].first(where: { try $0.publicKey() == key }) else {
            throw SigningError.KeyMissing
        }
        return try suite == .p256Ecdsa ? own.sign(message).hex : own.mac(deviceKey: deviceKey!, message: message).hex
    }
}

extension Host: OwnerNotifier, CodeDelivery, CallerVerifier {
    func notifyOwner(notice: OwnerNotice) throws {
        try at("OwnerNotifier.notifyOwner")
        notices.append(notice)
    }

    func send(channel: DeskChannel, code: String) throws {
        try at("CodeDelivery.send")
        sent = code
    }

    func verify(task: CallerTask) throws -> CallerCheck {
        try at("CallerVerifier.verify")
        return CallerCheck(verified: true, method: .callBack, byMachine: false, evidence: Data("spoke to her".utf8))
    }
}

extension Host: ResponseSigner {
    func sign(task: SigningTask) throws -> String {
        try at("ResponseSigner.sign")
        if task.suite != .aesAdminKey {
            return try make(task.issuer!, task.suite, task.deviceKey, task.message)
        }
        return try aes256(key: Data(hex: adminKeys[task.deviceId]!), block: task.message).hex
    }

    func deviceWithAdminKey(adminKey: String) throws -> String? {
        try at("ResponseSigner.deviceWithAdminKey")
        return adminKeys.first { $0.value == adminKey }?.key
    }

    func storeAdminKey(deviceId: String, adminKey: String) throws {
        try at("ResponseSigner.storeAdminKey")
        adminKeys[deviceId] = adminKey
    }
}

extension Host: IssuerProver, CheckpointSigner, Approver {
    func proveProbe(task: ProbeTask) throws -> String {
        try at("IssuerProver.proveProbe")
        return try make(task.issuer, task.suite, task.deviceKey, task.message)
    }

    func proveRotation(task: RotationTask) throws -> String {
        try at("IssuerProver.proveRotation")
        return try make(task.signingKey, task.signingSuite, task.deviceKey, task.message)
    }

    func publicKey() throws -> String {
        try at("CheckpointSigner.publicKey")
        return try checkpoints.publicKey()
    }

    func sign(text: String) throws -> Data {
        try at("CheckpointSigner.sign")
        return try checkpoints.sign(text: text)
    }

    func ask(task: ApprovalTask) throws -> Approval {
        askedLast = task
        try at("Approver.ask")
        return Approval(basis: approvedBasis ?? task.basis, operator: approves, evidence: Data("decision 2".utf8))
    }
}

/// A vendor's device in Swift; its own command set is the software key behind it.
final class VendorDevice: HostPart, UnlockDevice, @unchecked Sendable {
    private let inner: UnlockDevice
    /// What happens before each command.
    var before: (String, DeviceCall) throws -> Void = { _, _ in }
    /// The response of the last unlock.
    var response = ""

    init(_ key: MockKey) { inner = key.unlockDevice(which: .vendor) }

    private func enter(_ method: String, _ call: DeviceCall) throws {
        try at(method)
        try before(method, call)
    }

    func info(challenge: Data?, call: DeviceCall) throws -> UnlockInfo {
        try enter("UnlockDevice.info", call)
        return try inner.info(challenge: challenge, call: call)
    }

    func challenge(slot: UInt8, protocol: PinProtocol, renew: Bool, call: DeviceCall) throws -> PendingChallenge {
        try enter("UnlockDevice.challenge", call)
        return try inner.challenge(slot: slot, protocol: `protocol`, renew: renew, call: call)
    }

    func unlock(request: UnlockRequest, response: String, call: DeviceCall) throws {
        self.response = response
        try enter("UnlockDevice.unlock", call)
        try inner.unlock(request: request, response: response, call: call)
    }
}
