package io.github.fidounlock

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Errors cross with number, text and next step. */
class ErrorTest {
    @Test
    fun `every error number is the table's`() {
        val printed = File(System.getProperty("root"), "docs/errors.md").readLines()
            .mapNotNull { Regex("""^\| (\d+) \| `(\w+)` \| (.*) \| (.*) \|$""").find(it)?.destructured }
            .map { (number, name, text, nextStep) -> listOf(number, name, text, nextStep) }
        val known = errorTable().map { listOf(it.number.toString(), it.name, it.text, it.nextStep) }
        assertTrue(known.size > 100)
        assertEquals(printed, known)
        assertEquals(printed.size, known.map { it[0] }.distinct().size)
    }

    @Test
    fun `each family has its class`() {
        val classes = mapOf(
            "device" to UnlockException.Device::class,
            "code" to UnlockException.Code::class,
            "pin" to UnlockException.Pin::class,
            "policy" to UnlockException.Policy::class,
            "transport" to UnlockException.Transport::class,
            "signer" to UnlockException.Signer::class,
            "store" to UnlockException.Store::class,
            "caller" to UnlockException.Caller::class,
        )
        assertEquals(classes.keys, errorTable().map { it.family }.toSet())
        assertEquals(classes.values.toSet(), UnlockException::class.sealedSubclasses())
    }

    // Without the reflection library.
    private fun kotlin.reflect.KClass<UnlockException>.sealedSubclasses() =
        java.permittedSubclasses.map { it.kotlin }.toSet()

    @Test
    fun `an error says what happened and what to do`() = MockKey().use { key ->
        key.open(MockWire.HID, Interface.FIDO).use { device ->
            val error = refused<UnlockException.Device>(101) { UnlockSession.begin(device, null, null, null) }
            assertEquals("DeviceNotLocked", error.name)
            assertEquals("device not locked", error.text)
            assertEquals("Sign in with your PIN; there is nothing to unlock.", error.nextStep)
            val diagnosis = device.diagnose(emptyList(), null, null)
            assertEquals(Condition.PinNotSet, diagnosis.condition)
            assertEquals(114.toUShort(), diagnosis.number)
            refused<UnlockException.Caller>(801) { device.diagnose(listOf(ByteArray(15)), null, null) }
            Unit
        }
    }

    @Test
    fun `no secret is in an error`() = Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
        enrolled.key.block("Winter24")
        enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
            val session = UnlockSession.begin(device, null, null, null)
            val code = enrolled.respond(session.challenge())
            val wrong = code.replaceFirstChar { if (it == '7') '8' else '7' }
            val errors = listOf(
                refused<UnlockException.Code>(203) { session.unlock(device, wrong, NEW_PIN, NEW_PIN, null, null, null, null) },
                refused<UnlockException.Pin>(306) { session.unlock(device, code, NEW_PIN, "Spring44", null, null, null, null) },
                refused<UnlockException.Pin>(301) { session.unlock(device, code, "Ab1", "Ab1", null, null, null, null) },
            )
            for (error in errors) {
                val told = error.toString() + error.message + error.row
                for (secret in listOf(NEW_PIN, "Spring44", "Ab1") + wrong.split("-") + code.split("-")) {
                    assertTrue(secret !in told, told)
                }
            }
            val short = errors[2] as UnlockException.Pin
            assertEquals(6u, short.minimum)
            // Nothing of this used the code up.
            session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
        }
        enrolled.signIn(NEW_PIN)
    }
}
