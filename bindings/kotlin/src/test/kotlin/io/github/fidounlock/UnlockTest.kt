package io.github.fidounlock

import java.nio.ByteBuffer
import java.security.SecureRandom
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.Arguments
import org.junit.jupiter.params.provider.Arguments.arguments
import org.junit.jupiter.params.provider.MethodSource

/** The whole unlock, over pipes written in Kotlin. */
class UnlockTest {
    @ParameterizedTest
    @MethodSource("ways")
    fun `a blocked PIN is given back and the passkey still signs`(suite: Suite, wire: MockWire, which: Interface) =
        Enrolled(suite).use { enrolled ->
            enrolled.signIn(OLD_PIN)
            assertEquals(8u, enrolled.key.block("Winter24"))
            refused<UnlockException.Device>(116) { enrolled.signIn(OLD_PIN) }

            val server = enrolled.key.serve(wire, which, 0u)
            val (saved, code) = withDevice(server, wire, which) { device ->
                val diagnosis = device.diagnose(listOfNotNull(enrolled.issuer.fingerprint()), null, null)
                assertEquals(Condition.Locked, diagnosis.condition)
                assertTrue(diagnosis.canUnlock)
                assertEquals(enrolled.device.deviceId, diagnosis.deviceId)
                assertEquals(emptyList<SlotInfo>(), diagnosis.foreignSlots)
                // By a list that has another key alone; of an admin key nothing can be told.
                val foreign = device.diagnose(listOf(ByteArray(16)), null, null).foreignSlots.map { it.slot }
                assertEquals(listOfNotNull(enrolled.issuer.fingerprint()?.let { SLOT }), foreign)
                val info = device.info(null, null)
                assertEquals(0.toUByte(), info.pinRetries)
                assertEquals(0u, info.unlockCounter)
                assertEquals(listOf(suite), info.slots.map { it.suite })
                UnlockSession.begin(device, null, null, null).use { session ->
                    assertEquals(enrolled.device.deviceId, session.deviceId())
                    assertEquals(suite, session.suite())
                    assertEquals(SLOT, session.slot())
                    Pair(session.save(), enrolled.respond(session.challenge()))
                }
            }

            // The program was closed meanwhile, the key taken out and put back in.
            enrolled.key.replug()
            withDevice(server, wire, which) { device ->
                UnlockSession.restore(saved).use { session ->
                    session.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                    assertEquals(UnlockOutcome.UNLOCKED, session.resolve(device, null, null))
                }
                assertEquals(which, device.activeInterface())
            }
            server.stop()

            enrolled.signIn(NEW_PIN)
            refused<UnlockException.Device>(115) { enrolled.signIn(OLD_PIN) }
            Unit
        }

    @Test
    fun `a buffer is read from its position`() = Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
        enrolled.key.block("Winter24")
        fun direct(text: String) = ByteBuffer.allocateDirect(text.length).put(text.toByteArray())
        enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
            UnlockSession.begin(device).use { session ->
                val response = direct("a line before\n" + enrolled.respond(session.challenge())).position(14)
                val pin = direct("Abcdef12$NEW_PIN" + "z").position(8).limit(16)
                session.unlockFromMemory(device, response, pin)
                assertEquals(8, pin.remaining(), "the position is the host's")
            }
        }
        enrolled.signIn(NEW_PIN)
    }

    @Test
    fun `an admin key is read from its buffer's position`() = MockKey().use { key ->
        val secret = ByteArray(32).also(SecureRandom()::nextBytes)
        val buffer = ByteBuffer.allocateDirect(48).put(ByteArray(16) { 9 }).put(secret).position(16)
        val straight = ByteBuffer.allocateDirect(32).put(secret).flip()
        val enrolled = Enrollment().use { plan ->
            IssuerKey.adminKey(buffer).use { plan.addKey(SLOT, it) }
            key.open(MockWire.HID, Interface.FIDO).use { plan.run(it) }
        }
        key.setPin(OLD_PIN)
        key.block("Winter24")
        key.open(MockWire.HID, Interface.VENDOR).use { device ->
            UnlockSession.begin(device).use { session ->
                val code = IssuerKey.adminKey(straight).use {
                    mockRespond(it, enrolled.deviceId, enrolled.deviceKey, session.challenge())
                }
                session.unlock(device, code, NEW_PIN, NEW_PIN)
            }
        }
        key.tryPin(NEW_PIN)
    }

    companion object {
        @JvmStatic
        fun ways(): List<Arguments> = Suite.entries.flatMap { suite ->
            MockWire.entries.flatMap { wire ->
                Interface.entries.map { arguments(suite, wire, it) }
            }
        }
    }
}
