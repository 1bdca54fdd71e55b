package io.github.fidounlock

import java.math.BigInteger
import java.nio.ByteBuffer
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
import java.util.concurrent.ConcurrentHashMap
import javax.crypto.Cipher
import javax.crypto.KeyAgreement as EcdhKeyAgreement
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

const val HOST_SECRET = "a stack trace with who knows what in it"

/** A host's own part that fails where a test says so. */
abstract class HostPart {
    /** The method that fails: "Approver.ask". */
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

/** The host's mail server, identity provider, tickets and HSM, in Kotlin. */
class Host(val suite: Suite, val hsm: Hsm = Hsm()) :
    HostPart(), OwnerNotifier, CodeDelivery, CallerVerifier, Approver, ResponseSigner, IssuerProver, CheckpointSigner {
    val database = MockDatabase(START)
    val notices = ArrayList<OwnerNotice>()
    var sent = ""
    /** The key that follows [hsm] in its slot. */
    val next = Hsm()
    /** The key that signs checkpoints. */
    val checkpoints = checkpointSigner("log.corp.example", ByteBuffer.allocateDirect(32))
    /** Who approves in the host's system, and what: null is what was asked. */
    var approves = "desk-2"
    var approvedBasis: ByteArray? = null
    var askedLast: ApprovalTask? = null

    private val adminKeys = HashMap<String, String>()

    override fun notifyOwner(notice: OwnerNotice) {
        at("OwnerNotifier.notifyOwner")
        notices.add(notice)
    }

    override fun send(channel: DeskChannel, code: String) {
        at("CodeDelivery.send")
        sent = code
    }

    override fun verify(task: CallerTask): CallerCheck {
        at("CallerVerifier.verify")
        return CallerCheck(true, VerificationMethod.CALL_BACK, false, "spoke to her".toByteArray())
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

    override fun publicKey(): String {
        at("CheckpointSigner.publicKey")
        return checkpoints.publicKey()
    }

    override fun sign(text: String): ByteArray {
        at("CheckpointSigner.sign")
        return checkpoints.sign(text)
    }

    override fun ask(task: ApprovalTask): Approval {
        askedLast = task
        at("Approver.ask")
        return Approval(approvedBasis ?: task.basis, approves, "decision 2".toByteArray())
    }

    override fun sign(task: SigningTask): String {
        at("ResponseSigner.sign")
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

    /** A new desk over the database. */
    fun create(): HelpDesk = DeskSigner.host(this).use { database.create(it, this, this, rules, "desk-1", PASSWORD) }

    /** The desk that is there, as the next process has it. */
    fun open(): HelpDesk = DeskSigner.host(this).use { database.open(it, this, this) }

    companion object {
        const val PASSWORD = "correct horse battery staple"
        const val START = 1_790_000_000uL
        /** Those to begin with, but channels need no rest here. */
        val rules = defaultDeskRules().copy(channelRestSeconds = 0u)
        private val hex = HexFormat.of()
        val ports = listOf(
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
