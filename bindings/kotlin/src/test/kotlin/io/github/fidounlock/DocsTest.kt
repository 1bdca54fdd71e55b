package io.github.fidounlock

import java.io.File
import java.nio.ByteBuffer
import java.nio.file.Path
import java.security.PrivateKey
import java.security.Signature
import java.util.HexFormat
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.api.Test

/** What docs/for-kotlin.md shows is what is here, compiled and run. */
class DocsTest {
    interface UsbLink {
        fun send(report: ByteArray): Boolean

        fun receive(timeoutMs: Int): ByteArray?
    }

    class UsbPipe(private val usb: UsbLink) : HidReports {
        // 64 bytes, without a report ID.
        override fun writeReport(report: ByteArray) {
            if (!usb.send(report)) throw PipeException.Gone()
        }

        // Empty where nothing came in time.
        override fun readReport(timeoutMs: UInt): ByteArray =
            usb.receive(timeoutMs.toInt()) ?: ByteArray(0)

        override fun reportSize(): UInt = 64u
    }

    private val told = mutableListOf<String>()

    private fun println(what: Any?) {
        told.add(what.toString())
    }

    private suspend fun diagnose(device: Device) {
        val diagnosis = device.diagnosed()
        println(diagnosis.sentence)
        if (!diagnosis.canUnlock) return
        println("go on")
    }

    private suspend fun show(device: Device): Pair<UnlockSession, ByteArray> {
        val session = device.beginUnlock()
        println("Device ID:        ${session.deviceId()}")
        println("Device Challenge: ${session.challenge()}")
        println(spokenCode(session.challenge()))
        val saved = session.save()
        return session to saved
    }

    private fun check(session: UnlockSession, typed: String) {
        val field = CodeField.response(session.suite())
        try {
            field.check(typed)
        } catch (error: UnlockException.Code) {
            // "check group 5"; the code itself is in no error.
            println("${error.text}. ${error.nextStep}")
            // To be shown and confirmed, never used unasked.
            if (error.hasCorrection) println(field.correction(typed))
        }
    }

    private suspend fun flow(session: UnlockSession, device: Device, typed: String, pin: String, pinAgain: String) {
        session.unlocking(device, typed, pin, pinAgain).collect { step ->
            when (step) {
                is UnlockStep.Progress -> if (step.event == ProgressEvent.TouchNeeded) println("Touch your key.")
                UnlockStep.Done -> println("The new PIN is set.")
            }
        }
    }

    private suspend fun errors(session: UnlockSession, device: Device, typed: String, pin: String, pinAgain: String) {
        try {
            session.unlockWith(device, typed, pin, pinAgain)
        } catch (error: UnlockException) {
            when (error.number) {
                // The connection broke before the device answered: never send the code again, ask.
                ErrorNumber.OutcomeUnknown.number -> println(session.resolved(device))
                else -> println("${error.number} ${error.text}. ${error.nextStep}")
            }
        }
    }

    private suspend fun wipe(session: UnlockSession, device: Device, code: CharArray, newPin: CharArray) {
        session.unlockWith(device, code, newPin)
        code.fill('0')
        newPin.fill('0')
    }

    class Station(private val issuer: IssuerKey) : ProbeResponder {
        private var deviceKey = ByteArray(0)

        // Device ID and key go into the registry.
        suspend fun enrol(device: Device): EnrolledDevice = Enrollment().use { plan ->
            plan.addKey(1u, issuer)
            plan.enrolled(device).also { deviceKey = it.deviceKey }
        }

        override fun respond(deviceId: String, suite: Suite, challenge: String) =
            issuer.answerProbe(deviceId, deviceKey, challenge)

        fun probe(device: Device, personSaysYes: Boolean): BlockConsent =
            device.probe(1u, this).use { it.confirmBlock(personSaysYes) }

        // Not yet: plug it in again, open it, and call this once more with the same consent.
        fun isBlocked(device: Device, consent: BlockConsent) = device.blockPin(consent) == BlockOutcome.BLOCKED
    }

    @Test
    fun `the page's station enrols and blocks`() = runBlocking {
        MockKey().use { key ->
            val station = Station(IssuerKey.make(Suite.P256_ECDSA))
            fun <R> open(work: (Device) -> R): R = key.open(MockWire.HID, Interface.FIDO).use(work)
            key.open(MockWire.HID, Interface.FIDO).use { station.enrol(it) }
            key.setPin(OLD_PIN)
            val consent = open { station.probe(it, true) }
            while (!open { station.isBlocked(it, consent) }) key.replug()
            refused<UnlockException.Device>(116) { key.tryPin(OLD_PIN) }
            Unit
        }
    }

    private fun desk(
        desk: HelpDesk,
        session: OperatorSession,
        deviceId: String,
        challenge: String,
        verifier: CallerVerifier,
    ): String {
        val request = desk.openRequest(session, "user-1", deviceId, "ticket 4711")
        desk.verifyCaller(session, request.id, verifier)
        desk.enterChallenge(session, request.id, challenge)
        val code = desk.authorise(session, request.id)
        return code
    }

    class KeyService(private val key: PrivateKey) : ResponseSigner {
        // Suite 1: r and s, 64 bytes; the library takes either s and checks the signature under the key.
        override fun sign(task: SigningTask): String {
            if (task.suite != Suite.P256_ECDSA) throw SigningException.WrongSuite()
            val signer = Signature.getInstance("SHA256withECDSAinP1363Format")
            signer.initSign(key)
            signer.update(task.message)
            return HexFormat.of().formatHex(signer.sign())
        }

        // Admin keys are suite 3's.
        override fun deviceWithAdminKey(adminKey: String) = throw SigningException.WrongSuite()

        override fun storeAdminKey(deviceId: String, adminKey: String) = throw SigningException.WrongSuite()
    }

    class Tickets(private val approvedBy: (String) -> String?) : Approver {
        // Who approved what is kept under the basis; nobody yet is no answer, not a no.
        override fun ask(task: ApprovalTask): Approval {
            val who = approvedBy(HexFormat.of().formatHex(task.basis)) ?: throw ApproverException.Pending()
            return Approval(task.basis, who, "ticket 4711, decision 2".toByteArray())
        }
    }

    private val mail = object : OwnerNotifier {
        override fun notifyOwner(notice: OwnerNotice) = Unit
    }

    private val calledBack = object : CallerVerifier {
        override fun verify(task: CallerTask) =
            CallerCheck(true, VerificationMethod.ENROLLED_FACTOR, true, "push 17".toByteArray())
    }

    private fun ownSigner(
        folder: String, keys: DeskKeys, hsm: PrivateKey, publicKey: ByteArray, password: String,
    ): Pair<HelpDesk, OperatorSession> {
        val (vendorKey, licence) = mockVendorKey() to mockLicence(now(), 10u)
        val desk = DeskSigner.host(KeyService(hsm)).use { signer ->
            HelpDesk.create(folder, keys, signer, mail, null, listOf(vendorKey), defaultDeskRules(), "admin", password)
        }
        val admin = desk.signIn("admin", password)
        desk.putLicence(admin, licence)
        desk.putIssuer(admin, IssuerInfo(1u, Suite.P256_ECDSA, publicKey, false))
        return desk to admin
    }

    @Test
    fun `the page's signer signs`(@TempDir temporary: Path) {
        val hsm = Hsm()
        Enrolled(Suite.P256_ECDSA, hsm.publicKey()).use { enrolled ->
            val random = { ByteBuffer.allocateDirect(32).apply { repeat(32) { put(it, (it + 1).toByte()) } } }
            val keys = DeskKeys.of(random(), random())
            val folder = temporary.resolve("desk").toString()
            val (desk, admin) = ownSigner(folder, keys, hsm.private, hsm.publicKey(), Host.PASSWORD)
            desk.use {
                desk.putUser(admin, DeskUser("user-1", "User One", false, emptyList()))
                desk.registerDevice(admin, newDevice(enrolled, hsm.publicKey()), null)
                desk.openDesk(admin)
                enrolled.key.block("Winter24")
                enrolled.key.open(MockWire.APDU, Interface.VENDOR).use { device ->
                    UnlockSession.begin(device, null, null, null).use { session ->
                        val code = desk(desk, admin, session.deviceId(), session.challenge(), calledBack)
                        session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                    }
                }
            }
            enrolled.signIn(NEW_PIN)
        }
    }

    @Test
    fun `every snippet of the page is in this file`() {
        val root = System.getProperty("root")
        val page = File(root, "docs/for-kotlin.md").readText()
        val snippets = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(page).map { it.groupValues[1] }
        val here = File(root, "bindings/kotlin/src/test/kotlin/io/github/fidounlock/DocsTest.kt").readLines()
        fun bare(lines: List<String>) = lines.map(String::trim).filter(String::isNotEmpty)
        val code = bare(here).joinToString("\n")
        assertEquals(12, snippets.count())
        for (snippet in snippets) {
            assertTrue(bare(snippet.lines()).joinToString("\n") in code, snippet)
        }
    }

    @Test
    fun `the page's story runs`(@TempDir temporary: Path) = runBlocking {
        Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
            val path = temporary.resolve("desk").toString()
            val files = KeyFolder.create(path, "staple of the keys")
            val issuer = files.putIssuerKey(SLOT, enrolled.issuer)
            val desk = HelpDesk.create(
                path, DeskKeys.folder(files), DeskSigner.folder(files), mail, null, listOf(mockVendorKey()),
                defaultDeskRules(), "admin", Host.PASSWORD,
            )
            val operator = desk.signIn("admin", Host.PASSWORD)
            desk.putLicence(operator, mockLicence(now(), 10u))
            desk.putIssuer(operator, issuer)
            desk.putUser(operator, DeskUser("user-1", "User One", false, emptyList()))
            desk.registerDevice(operator, newDevice(enrolled, issuer.publicKey), null)
            desk.openDesk(operator)
            enrolled.key.block("Winter24")

            val server = enrolled.key.serve(MockWire.HID, Interface.VENDOR, 0u)
            val tcp = TcpHid(server.port())
            val link = object : UsbLink {
                override fun send(report: ByteArray) = true.also { tcp.writeReport(report) }

                override fun receive(timeoutMs: Int) = tcp.readReport(timeoutMs.toUInt()).takeIf { it.isNotEmpty() }
            }
            Device.openHid(UsbPipe(link), Interface.VENDOR).use { device ->
                diagnose(device)
                val (session, saved) = show(device)
                assertTrue(saved.isNotEmpty())
                val code = desk(desk, operator, session.deviceId(), session.challenge(), calledBack)
                val wrong = code.replaceFirstChar { if (it == '7') '8' else '7' }
                check(session, wrong)
                errors(session, device, code, NEW_PIN, "Spring44")
                enrolled.key.setTouch(MockTouch.After(2u))
                flow(session, device, code, NEW_PIN, NEW_PIN)
                assertEquals(
                    listOf(
                        "The PIN is blocked for good: ask the help desk to unlock the device.",
                        "go on",
                        "Device ID:        ${session.deviceId()}",
                        "Device Challenge: ${session.challenge()}",
                        spokenCode(session.challenge()),
                        "check group 1. Compare the named groups with what was read out.",
                        code,
                        "306 the two PINs are not the same. Type the new PIN twice, the same each time.",
                        "Touch your key.",
                        "The new PIN is set.",
                    ),
                    told,
                )
                // And once more, with arrays.
                enrolled.key.setTouch(MockTouch.AtOnce)
                enrolled.signIn(NEW_PIN)
                enrolled.key.block("Winter24")
            }
            enrolled.key.open(MockWire.APDU, Interface.VENDOR).use { device ->
                device.beginUnlock().use { session ->
                    wipe(session, device, enrolled.respond(session.challenge()).toCharArray(), OLD_PIN.toCharArray())
                }
            }
            tcp.close()
            server.stop()
            enrolled.signIn(OLD_PIN)
        }
    }
}
