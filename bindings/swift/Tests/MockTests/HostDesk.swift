import FidoUnlock
import Foundation

/// The owner of the device.
let deskUser = DeskUser(
    id: "user-1", name: "User One", privileged: false,
    channels: [DeskChannel(id: "mail", kind: .mail, address: "user-1@corp.example")])

/// A key that is enrolled for the host's HSM, with a PIN that is blocked.
func lockedFor(_ host: Host) throws -> Enrolled {
    try Enrolled.locked(host.suite, publicKey: host.suite == .aesAdminKey ? nil : host.hsm.publicKey())
}

/// Seconds since 1970.
func now() -> UInt64 { UInt64(Date().timeIntervalSince1970) }

/// The set-up: licence, a second operator, issuer, user and device. `issuer`: the public key of the slot; nil: it has an
/// admin key.
func setUp(_ desk: HelpDesk, _ enrolled: Enrolled, issuer: Data?, time: UInt64) throws -> OperatorSession {
    let session = try desk.signIn(operator: "desk-1", password: Host.password)
    _ = try desk.putLicence(session: session, file: mockLicence(now: time, devices: 3))
    try desk.putOperator(
        session: session, operator: DeskOperator(id: "desk-2", roles: [], privileges: [.unlock]),
        password: Host.password)
    try desk.putUser(session: session, user: deskUser)
    if let issuer {
        let info = IssuerInfo(slot: slot, suite: enrolled.issuer.suite(), publicKey: issuer, retired: false)
        try desk.putIssuer(session: session, info: info)
    }
    let adminKey = issuer == nil ? enrolled.issuer : nil
    let device = newDevice(enrolled, issuer)
    try desk.mayRegister(session: session, device: device, adminKey: adminKey)
    try desk.registerDevice(session: session, device: device, adminKey: adminKey)
    return session
}

/// The enrolled device; `issuer`: the public key of its slot.
func newDevice(_ enrolled: Enrolled, _ issuer: Data?) -> NewDevice {
    NewDevice(
        deviceId: enrolled.device.deviceId, owner: "user-1", suite: enrolled.issuer.suite(), slot: slot, issuer: issuer,
        deviceKey: enrolled.device.deviceKey, otherSlots: [])
}

/// The same with the host's HSM, and the desk is opened.
func register(_ desk: HelpDesk, _ host: Host, _ enrolled: Enrolled) throws -> OperatorSession {
    let issuer = host.suite == .aesAdminKey ? nil : try host.hsm.publicKey()
    let session = try setUp(desk, enrolled, issuer: issuer, time: Host.start)
    try desk.openDesk(session: session)
    return session
}

/// A request that is ready for its code.
func prepare(
    _ desk: HelpDesk, _ session: OperatorSession, _ verifier: CallerVerifier, _ unlock: UnlockSession
) throws -> String {
    let id = try desk.openRequest(
        session: session, user: "user-1", device: unlock.deviceId(), reason: "forgotten PIN"
    ).id
    try desk.verifyCaller(session: session, id: id, verifier: verifier)
    try desk.enterChallenge(session: session, id: id, challenge: unlock.challenge())
    return id
}

func sendNotices(_ desk: HelpDesk) throws {
    while try desk.sendNotice() {}
}

extension HelpDesk {
    /// Whole, by the desk's own keys.
    @discardableResult
    func verifyAudit() throws -> AuditSummary { try verifyAudit(checkpoints: [], keys: []) }
}

/// The blocked key, and its unlock begun.
func begun(_ host: Host, _ work: (Enrolled, Device, UnlockSession) throws -> Void) throws {
    let enrolled = try lockedFor(host)
    let device = enrolled.vendor()
    try work(enrolled, device, UnlockSession.begin(device: device))
}

func rotation(_ enrolled: Enrolled, _ old: Hsm, _ next: Hsm) throws -> RotationPlan {
    try RotationPlan(
        slot: slot, oldIssuer: old.publicKey(), newIssuer: next.publicKey(), deviceKey: enrolled.device.deviceKey)
}

func rotate(_ host: Host, _ enrolled: Enrolled, _ plan: RotationPlan) throws -> UInt32 {
    try enrolled.fido().rotateIssuer(plan: plan, prover: host)
}

@discardableResult
func probe(_ host: Host, _ enrolled: Enrolled, _ key: Hsm) throws -> UInt8 {
    try enrolled.fido().probeWith(
        slot: slot, issuer: key.publicKey(), deviceKey: enrolled.device.deviceKey, prover: host
    ).slot()
}

/// A probe, and a rotation that is taken back.
func thereAndBack(_ host: Host, _ enrolled: Enrolled) throws {
    try probe(host, enrolled, host.hsm)
    _ = try rotate(host, enrolled, rotation(enrolled, host.hsm, host.next))
    _ = try rotate(host, enrolled, rotation(enrolled, host.next, host.hsm))
}
