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

/// User and device, by the first operator.
func register(_ desk: HelpDesk, _ host: Host, _ enrolled: Enrolled) throws -> OperatorSession {
    let session = try desk.signIn(operator: "desk-1", password: Host.password)
    try desk.putUser(session: session, user: deskUser)
    if host.suite == .aesAdminKey {
        try desk.registerDevice(
            session: session, owner: "user-1", device: enrolled.device, slot: slot, issuer: enrolled.issuer)
    } else {
        try desk.registerDeviceByPublicKey(
            session: session, owner: "user-1", device: enrolled.device, slot: slot, suite: host.suite,
            issuer: host.hsm.publicKey())
    }
    return session
}

/// A request that is ready for its code.
func prepare(
    _ desk: HelpDesk, _ session: OperatorSession, _ verifier: CallerVerifier, _ unlock: UnlockSession
) throws -> UInt64 {
    let id = try desk.openRequest(
        session: session, user: "user-1", device: unlock.deviceId(), reason: "forgotten PIN"
    ).id
    try desk.verifyCaller(session: session, id: id, verifier: verifier)
    try desk.enterChallenge(session: session, id: id, challenge: unlock.challenge())
    return id
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
