package io.github.fidounlock

import java.math.BigInteger
import java.security.AlgorithmParameters
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECFieldFp
import java.security.spec.ECGenParameterSpec
import java.security.spec.ECParameterSpec
import java.security.spec.ECPoint
import java.security.spec.ECPublicKeySpec
import java.util.HexFormat
import java.util.TreeMap
import java.util.concurrent.ConcurrentHashMap
import javax.crypto.Cipher
import javax.crypto.KeyAgreement as EcdhKeyAgreement
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

const val HOST_SECRET = "a stack trace with who knows what in it"

/** A host's own part that fails where a test says so. */
abstract class HostPart {
    /** The method that fails: "Directory.user". */
    var trip = ""

    /** What it throws. */
    var failure: () -> Nothing = { throw IllegalStateException(HOST_SECRET) }

    /** The methods that were called. */
    val called: MutableSet<String> = ConcurrentHashMap.newKeySet()

    protected fun at(method: String) {
        called.add(method)
        if (method == trip) failure()
    }
}

private val curve: ECParameterSpec = AlgorithmParameters.getInstance("EC")
    .apply { init(ECGenParameterSpec("secp256r1")) }
    .getParameterSpec(ECParameterSpec::class.java)

/** A point of P-256 as the JDK takes it. */
fun ecPublicKey(x: BigInteger, y: BigInteger): java.security.PublicKey =
    KeyFactory.getInstance("EC").generatePublic(ECPublicKeySpec(ECPoint(x, y), curve))

/** A compressed point of P-256. */
fun decompress(point: ByteArray): java.security.PublicKey {
    val p = (curve.curve.field as ECFieldFp).p
    val x = BigInteger(1, point.copyOfRange(1, 33))
    val square = x.pow(3).add(curve.curve.a.multiply(x)).add(curve.curve.b).mod(p)
    val root = square.modPow(p.add(BigInteger.ONE).shiftRight(2), p)
    val y = if (root.testBit(0) == (point[0].toInt() == 3)) root else p.subtract(root)
    return ecPublicKey(x, y)
}

/** The host's HSM, on the JDK's own cryptography. */
class Hsm {
    private val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }
        .generateKeyPair()
    val private: PrivateKey get() = pair.private

    fun publicKey(): ByteArray {
        val point = (pair.public as ECPublicKey).w
        val x = point.affineX.toByteArray().let { ByteArray(32) + it }.takeLast(32).toByteArray()
        return byteArrayOf(if (point.affineY.testBit(0)) 3 else 2) + x
    }

    fun sign(message: ByteArray): ByteArray = Signature.getInstance("SHA256withECDSAinP1363Format").run {
        initSign(pair.private)
        update(message)
        sign()
    }

    fun mac(deviceKey: ByteArray, message: ByteArray): ByteArray {
        val z = EcdhKeyAgreement.getInstance("ECDH").run {
            init(pair.private)
            doPhase(decompress(deviceKey), true)
            generateSecret()
        }
        return Mac.getInstance("HmacSHA256").run {
            init(SecretKeySpec(z, "HmacSHA256"))
            doFinal(message)
        }
    }
}

/** The host's database, accounts, mail server, tickets and HSM, in Kotlin. */
class Host(val suite: Suite, val hsm: Hsm = Hsm()) :
    HostPart(), Directory, AuditLog, Limits, Operators, Licence, Clock, OwnerNotifier, CodeDelivery, CallerVerifier,
    Approver, ResponseSigner, IssuerProver, CheckpointSigner {
    var time = 1_790_000_000uL
    val log = ArrayList<ByteArray>()
    val notices = ArrayList<NoticeKind>()
    var sent = ""
    /** The key that follows [hsm] in its slot. */
    val next = Hsm()
    /** Whether it has. */
    var rotated = false
    /** The key that signs checkpoints. */
    val checkpoints = Hsm()
    /** Who approves in the host's system, and what: null is what was asked. */
    var approves = "desk-2"
    var approvedBasis: ByteArray? = null
    var askedLast: ApprovalTask? = null
    /** Whether there is no second operator. */
    var alone = false

    private val users = TreeMap<String, DeskUser>()
    private val devices = HashMap<String, RegisteredDevice>()
    private val adminKeys = HashMap<String, String>()
    private var counted = emptyList<LimitRecord>()
    private var serviceOn = true

    override fun user(id: String): DeskUser? {
        at("Directory.user")
        return users[id]
    }

    override fun searchUsers(text: String, limit: UInt): List<DeskUser> {
        at("Directory.searchUsers")
        return users.values.filter { text.lowercase() in "${it.id}\n${it.name}".lowercase() }.take(limit.toInt())
    }

    override fun device(deviceId: String): RegisteredDevice? {
        at("Directory.device")
        return devices[deviceId]
    }

    override fun devicesOf(user: String): List<RegisteredDevice> {
        at("Directory.devicesOf")
        return devices.values.filter { it.owner == user }
    }

    override fun devicesInUse(): UInt {
        at("Directory.devicesInUse")
        return devices.values.count { !it.retired }.toUInt()
    }

    override fun putUser(user: DeskUser) {
        at("Directory.putUser")
        users[user.id] = user
    }

    override fun putDevice(device: RegisteredDevice) {
        at("Directory.putDevice")
        devices[device.deviceId] = device
    }

    override fun logId(): ByteArray {
        at("AuditLog.logId")
        return ByteArray(16) { 7 }
    }

    override fun count(): ULong {
        at("AuditLog.count")
        return log.size.toULong()
    }

    override fun entry(sequence: ULong): ByteArray? {
        at("AuditLog.entry")
        return log.getOrNull(sequence.toInt())
    }

    override fun append(sequence: ULong, entry: ByteArray) {
        at("AuditLog.append")
        if (sequence != log.size.toULong()) throw StorageException.Write("audit")
        log.add(entry)
    }

    override fun take(request: LimitRequest): LimitOutcome {
        at("Limits.take")
        return LimitBook.fromRecords(counted).use { book -> book.take(request).also { counted = book.records() } }
    }

    private fun known(id: String) = when {
        id == "desk-1" -> administrator
        id == "desk-2" && !alone -> DeskOperator(id, emptyList(), listOf(DeskPrivilege.UNLOCK))
        else -> null
    }

    override fun authenticate(id: String, password: String): DeskOperator? {
        at("Operators.authenticate")
        return known(id).takeIf { password == PASSWORD }
    }

    override fun findOperator(id: String): DeskOperator? {
        at("Operators.findOperator")
        return known(id)
    }

    override fun terms(): LicenceTerms {
        at("Licence.terms")
        return LicenceTerms(serviceOn, time + 1000u, 3u, "licences@corp.example")
    }

    override fun setService(on: Boolean) {
        at("Licence.setService")
        serviceOn = on
    }

    override fun now(): ULong {
        at("Clock.now")
        return time
    }

    override fun notifyOwner(notice: OwnerNotice) {
        at("OwnerNotifier.notifyOwner")
        notices.add(notice.kind)
    }

    override fun send(channel: DeskChannel, code: String) {
        at("CodeDelivery.send")
        sent = code
    }

    override fun verify(task: CallerTask): CallerCheck {
        at("CallerVerifier.verify")
        return CallerCheck(true, VerificationMethod.CALL_BACK, false, "spoke to her".toByteArray())
    }

    override fun issuers(): List<IssuerInfo> {
        at("ResponseSigner.issuers")
        if (suite == Suite.AES_ADMIN_KEY) return emptyList()
        val first = IssuerInfo(SLOT, suite, hsm.publicKey(), rotated)
        return listOf(first) + if (rotated) listOf(IssuerInfo(SLOT, suite, next.publicKey(), false)) else emptyList()
    }

    /** The one operation of the HSM on either key, in the suites 1 and 2. */
    private fun make(key: ByteArray, suite: Suite, deviceKey: ByteArray?, message: ByteArray): String {
        val own = listOf(hsm, next).find { it.publicKey().contentEquals(key) } ?: throw SigningException.KeyMissing()
        return hex.formatHex(if (suite == Suite.P256_ECDSA) own.sign(message) else own.mac(deviceKey!!, message))
    }

    override fun proveProbe(task: ProbeTask): String {
        at("IssuerProver.proveProbe")
        return make(task.issuer, task.suite, task.deviceKey, task.message)
    }

    override fun proveRotation(task: RotationTask): String {
        at("IssuerProver.proveRotation")
        return make(task.signingKey, task.signingSuite, task.deviceKey, task.message)
    }

    override fun publicKey(): ByteArray {
        at("CheckpointSigner.publicKey")
        return checkpoints.publicKey()
    }

    override fun sign(task: CheckpointTask): ByteArray {
        at("CheckpointSigner.sign")
        return checkpoints.sign(task.message)
    }

    override fun ask(task: ApprovalTask): Approval {
        askedLast = task
        at("Approver.ask")
        return Approval(approvedBasis ?: task.basis, approves, "decision 2".toByteArray())
    }

    override fun respond(task: SigningTask): String {
        at("ResponseSigner.respond")
        if (task.suite != Suite.AES_ADMIN_KEY) return make(task.issuer!!, task.suite, task.deviceKey, task.message)
        val made = Cipher.getInstance("AES/ECB/NoPadding").run {
            init(Cipher.ENCRYPT_MODE, SecretKeySpec(hex.parseHex(adminKeys.getValue(task.deviceId)), "AES"))
            doFinal(task.message)
        }
        return hex.formatHex(made)
    }

    override fun deviceWithAdminKey(adminKey: String): String? {
        at("ResponseSigner.deviceWithAdminKey")
        return adminKeys.entries.find { it.value == adminKey }?.key
    }

    override fun storeAdminKey(deviceId: String, adminKey: String) {
        at("ResponseSigner.storeAdminKey")
        adminKeys[deviceId] = adminKey
    }

    /** A desk with all of its ports from here; channels need no rest. */
    fun open(): HelpDesk = DeskBuilder().use { builder ->
        builder.setClock(this)
        builder.setLicence(this)
        builder.setOperators(this)
        builder.setDirectory(this)
        builder.setLimits(this)
        builder.setAuditLog(this)
        builder.setSigner(this)
        builder.setNotifier(this)
        builder.setDelivery(this)
        builder.setPolicy(defaultDeskPolicy().copy(channelRestSeconds = 0u))
        builder.open()
    }

    companion object {
        const val PASSWORD = "correct horse battery"
        val administrator = DeskOperator("desk-1", listOf(DeskRole.ADMINISTRATOR), emptyList())
        private val hex = HexFormat.of()
        val ports = listOf(
            Directory::class, AuditLog::class, Limits::class, Operators::class, Licence::class, Clock::class,
            OwnerNotifier::class, CodeDelivery::class, CallerVerifier::class, ResponseSigner::class, Approver::class,
            CheckpointSigner::class, IssuerProver::class,
        )
    }
}

/** A vendor's device in Kotlin; its own command set is the software key behind it. */
class VendorDevice(key: MockKey) : HostPart(), UnlockDevice {
    private val inner = key.unlockDevice(Interface.VENDOR)
    /** What happens before each command. */
    var before: (String, DeviceCall) -> Unit = { _, _ -> }
    /** The response of the last unlock. */
    var response = ""

    private fun enter(method: String, call: DeviceCall) {
        at(method)
        before(method, call)
    }

    override fun info(challenge: ByteArray?, call: DeviceCall): UnlockInfo {
        enter("UnlockDevice.info", call)
        return inner.info(challenge, call)
    }

    override fun challenge(slot: UByte, protocol: PinProtocol, renew: Boolean, call: DeviceCall): PendingChallenge {
        enter("UnlockDevice.challenge", call)
        return inner.challenge(slot, protocol, renew, call)
    }

    override fun unlock(request: UnlockRequest, response: String, call: DeviceCall) {
        this.response = response
        enter("UnlockDevice.unlock", call)
        inner.unlock(request, response, call)
    }
}
