import FidoUnlock
import Foundation

let hostSecret = "a stack trace with who knows what in it"

/// What no protocol of the library declares.
struct Broken: Error, CustomStringConvertible {
    var description: String { hostSecret }
}

/// A host's own part that fails where a test says so.
class HostPart: @unchecked Sendable {
    /// The method that fails: "Directory.user".
    var trip = ""
    var failure: any Error = Broken()
    /// The methods that were called.
    let called = Shared<Set<String>>([])

    func at(_ method: String) throws {
        called.change { $0.insert(method) }
        if method == trip { throw failure }
    }
}

/// The host's database, accounts, mail server, tickets and HSM, in Swift.
final class Host: HostPart, @unchecked Sendable {
    static let password = "correct horse battery"
    static let administrator = DeskOperator(id: "desk-1", roles: [.administrator], privileges: [])
    static let ports = [
        "Directory", "AuditLog", "Limits", "Operators", "Licence", "Clock", "OwnerNotifier", "CodeDelivery",
        "CallerVerifier", "ResponseSigner", "Approver", "CheckpointSigner", "IssuerProver",
    ]

    let suite: Suite
    let hsm: Hsm
    /// The key that follows `hsm` in its slot, and whether it has.
    let next = Hsm()
    var rotated = false
    /// The key that signs checkpoints.
    let checkpoints = Hsm()
    var time: UInt64 = 1_790_000_000
    var log: [Data] = []
    var notices: [NoticeKind] = []
    var sent = ""
    /// Who approves in the host's system, and what: nil is what was asked.
    var approves = "desk-2"
    var approvedBasis: Data?
    var askedLast: ApprovalTask?
    /// Whether there is no second operator.
    var alone = false

    private var users: [String: DeskUser] = [:]
    private var devices: [String: RegisteredDevice] = [:]
    private var adminKeys: [String: String] = [:]
    private var counted: [LimitRecord] = []
    private var serviceOn = true

    init(_ suite: Suite, hsm: Hsm = Hsm()) {
        self.suite = suite
        self.hsm = hsm
    }

    /// A desk with all of its ports from here; channels need no rest.
    func open() throws -> HelpDesk {
        let builder = DeskBuilder()
        try builder.setClock(clock: self)
        try builder.setLicence(licence: self)
        try builder.setOperators(operators: self)
        try builder.setDirectory(directory: self)
        try builder.setLimits(limits: self)
        try builder.setAuditLog(log: self)
        try builder.setSigner(signer: self)
        try builder.setNotifier(notifier: self)
        try builder.setDelivery(delivery: self)
        var policy = defaultDeskPolicy()
        policy.channelRestSeconds = 0
        try builder.setPolicy(policy: policy)
        return try builder.open()
    }

    private func known(_ id: String) -> DeskOperator? {
        switch id {
        case "desk-1": Self.administrator
        case "desk-2" where !alone: DeskOperator(id: id, roles: [], privileges: [.unlock])
        default: nil
        }
    }

    /// The one operation of the HSM on either key, in the suites 1 and 2.
    private func make(_ key: Data, _ suite: Suite, _ deviceKey: Data?, _ message: Data) throws -> String {
        guard let own = try [hsm, next].first(where: { try $0.publicKey() == key }) else {
            throw SigningError.KeyMissing
        }
        return try suite == .p256Ecdsa ? own.sign(message).hex : own.mac(deviceKey: deviceKey!, message: message).hex
    }
}

extension Host: Directory {
    func user(id: String) throws -> DeskUser? {
        try at("Directory.user")
        return users[id]
    }

    func searchUsers(text: String, limit: UInt32) throws -> [DeskUser] {
        try at("Directory.searchUsers")
        let found = users.values.sorted { $0.id < $1.id }.filter {
            text.isEmpty || "\($0.id)\n\($0.name)".lowercased().contains(text.lowercased())
        }
        return Array(found.prefix(Int(limit)))
    }

    func device(deviceId: String) throws -> RegisteredDevice? {
        try at("Directory.device")
        return devices[deviceId]
    }

    func devicesOf(user: String) throws -> [RegisteredDevice] {
        try at("Directory.devicesOf")
        return devices.values.filter { $0.owner == user }
    }

    func devicesInUse() throws -> UInt32 {
        try at("Directory.devicesInUse")
        return UInt32(devices.values.filter { !$0.retired }.count)
    }

    func putUser(user: DeskUser) throws {
        try at("Directory.putUser")
        users[user.id] = user
    }

    func putDevice(device: RegisteredDevice) throws {
        try at("Directory.putDevice")
        devices[device.deviceId] = device
    }
}

extension Host: AuditLog {
    func logId() throws -> Data {
        try at("AuditLog.logId")
        return Data(repeating: 7, count: 16)
    }

    func count() throws -> UInt64 {
        try at("AuditLog.count")
        return UInt64(log.count)
    }

    func entry(sequence: UInt64) throws -> Data? {
        try at("AuditLog.entry")
        return sequence < UInt64(log.count) ? log[Int(sequence)] : nil
    }

    func append(sequence: UInt64, entry: Data) throws {
        try at("AuditLog.append")
        guard sequence == UInt64(log.count) else { throw StorageError.Write(what: "audit") }
        log.append(entry)
    }
}

extension Host: Limits {
    func take(request: LimitRequest) throws -> LimitOutcome {
        try at("Limits.take")
        let book = try LimitBook.fromRecords(records: counted)
        let outcome = try book.take(request: request)
        counted = book.records()
        return outcome
    }
}

extension Host: Operators {
    func authenticate(id: String, password: String) throws -> DeskOperator? {
        try at("Operators.authenticate")
        return password == Self.password ? known(id) : nil
    }

    func findOperator(id: String) throws -> DeskOperator? {
        try at("Operators.findOperator")
        return known(id)
    }
}

extension Host: Licence, Clock {
    func terms() throws -> LicenceTerms? {
        try at("Licence.terms")
        return LicenceTerms(
            serviceOn: serviceOn, validUntil: time + 1000, devices: 3, contact: "licences@corp.example")
    }

    func setService(on: Bool) throws {
        try at("Licence.setService")
        serviceOn = on
    }

    func now() throws -> UInt64 {
        try at("Clock.now")
        return time
    }
}

extension Host: OwnerNotifier, CodeDelivery, CallerVerifier {
    func notifyOwner(notice: OwnerNotice) throws {
        try at("OwnerNotifier.notifyOwner")
        notices.append(notice.kind)
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
    func issuers() throws -> [IssuerInfo] {
        try at("ResponseSigner.issuers")
        if suite == .aesAdminKey { return [] }
        let first = try IssuerInfo(slot: slot, suite: suite, publicKey: hsm.publicKey(), retired: rotated)
        if !rotated { return [first] }
        return try [first, IssuerInfo(slot: slot, suite: suite, publicKey: next.publicKey(), retired: false)]
    }

    func respond(task: SigningTask) throws -> String {
        try at("ResponseSigner.respond")
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

    func publicKey() throws -> Data {
        try at("CheckpointSigner.publicKey")
        return try checkpoints.publicKey()
    }

    func sign(task: CheckpointTask) throws -> Data {
        try at("CheckpointSigner.sign")
        return try checkpoints.sign(task.message)
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
