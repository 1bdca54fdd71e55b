package io.github.fidounlock

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** What an HSM of the host's does beside Response Codes: probe, rotation, checkpoints. */
class ProverTest {
    @ParameterizedTest
    @EnumSource(value = Suite::class, names = ["AES_ADMIN_KEY"], mode = EnumSource.Mode.EXCLUDE)
    fun `an HSM probes and rotates, and its new key unlocks`(suite: Suite) {
        val host = Host(suite)
        lockedFor(host).use { enrolled ->
            host.create().use { desk ->
                val session = register(desk, host, enrolled)
                assertEquals(SLOT, probe(host, enrolled, host.hsm))
                refused<UnlockException.Device>(123) { probe(host, enrolled, host.next) }
                val number = rotate(host, enrolled, rotation(enrolled, host.hsm, host.next))
                assertEquals(1u, number)
                probe(host, enrolled, host.next)
                desk.putIssuer(session, IssuerInfo(SLOT, suite, host.next.publicKey(), false))
                desk.recordRotation(session, enrolled.device.deviceId, host.next.publicKey(), number)
                enrolled.key.open(MockWire.HID, Interface.VENDOR).use { device ->
                    UnlockSession.begin(device, null, null, null).use { unlock ->
                        val code = desk.authorise(session, prepare(desk, session, host, unlock))
                        unlock.unlock(device, code, NEW_PIN, NEW_PIN, null, null, null, null)
                    }
                }
            }
            enrolled.signIn(NEW_PIN)
        }
    }

    @Test
    fun `what the HSM does not prove changes nothing`() {
        val failures = listOf<Pair<() -> Nothing, Int>>(
            { throw SigningException.KeyMissing() } to 601,
            { throw SigningException.Unavailable(0x32) } to 605,
            { throw SigningException.Refused(0x30) } to 606,
            { throw IllegalStateException(HOST_SECRET) } to 803,
            { throw StackOverflowError(HOST_SECRET) } to 803,
        )
        val host = Host(Suite.P256_ECDSA)
        lockedFor(host).use { enrolled ->
            val plan = rotation(enrolled, host.hsm, host.next)
            for ((failure, number) in failures) {
                host.failure = failure
                host.trip = "IssuerProver.proveRotation"
                val error = refused<UnlockException>(number) { rotate(host, enrolled, plan) }
                assertFalse(HOST_SECRET in error.toString())
                host.trip = "IssuerProver.proveProbe"
                refused<UnlockException>(number) { probe(host, enrolled, host.hsm) }
            }
            host.trip = ""
            refused<UnlockException.Signer>(601) { rotate(host, enrolled, rotation(enrolled, host.hsm, Hsm())) }
            refused<UnlockException.Device>(112) { rotate(host, enrolled, rotation(enrolled, host.next, host.hsm)) }
            val noPoint = RotationPlan(SLOT, ByteArray(33), null, enrolled.device.deviceKey)
            refused<UnlockException.Signer>(607) { rotate(host, enrolled, noPoint) }
            // A device does not close its only slot.
            val closing = RotationPlan(SLOT, host.hsm.publicKey(), null, enrolled.device.deviceKey)
            refused<UnlockException.Device>(131) { rotate(host, enrolled, closing) }
            probe(host, enrolled, host.hsm)
        }
    }

    @Test
    fun `the list of issuers is read without the desk`() {
        val host = Host(Suite.P256_ECDSA)
        lockedFor(host).use { enrolled ->
            host.create().use { desk ->
                val session = register(desk, host, enrolled)
                val note = desk.signedIssuers(session, host)
                val key = listOf(host.checkpoints.publicKey())
                val list = readIssuerList(note, key)
                assertEquals(desk.origin(), list.origin)
                assertEquals(1, list.issuers.size)
                assertEquals(listOf(16), list.fingerprints.map { it.size })
                refused<UnlockException.Store>(717) { readIssuerList(note, listOf(mockVendorKey())) }
                refused<UnlockException.Store>(711) { readIssuerList("no note", key) }
            }
        }
    }

    @Test
    fun `an HSM signs checkpoints, and another log is not theirs`() {
        val host = Host(Suite.P256_ECDSA)
        lockedFor(host).use { enrolled ->
            host.create().use { desk ->
                val session = register(desk, host, enrolled)
                val signed = desk.checkpoint(session, host)
                val key = listOf(host.checkpoints.publicKey())
                assertEquals(desk.origin(), signed.checkpoint.origin)
                assertEquals(signed.checkpoint.entries, readCheckpoint(signed.note, key).entries)
                assertEquals(signed.checkpoint.entries, desk.verifyAudit(listOf(signed.note), key).covered)
                assertTrue(desk.prove(3u, signed.note).endsWith(signed.note))
                refused<UnlockException.Store>(705) { desk.verifyAudit(listOf(signed.note), listOf(mockVendorKey())) }
                refused<UnlockException.Store>(705) { readCheckpoint("no note", key) }
                refused<UnlockException.Policy>(405) { desk.checkpoint(desk.signIn("desk-2", Host.PASSWORD), host) }
                host.failure = { throw SigningException.Unavailable(0x32) }
                for (method in listOf("publicKey", "sign")) {
                    host.trip = "CheckpointSigner.$method"
                    refused<UnlockException.Signer>(605) { desk.checkpoint(session, host) }
                }
                Host(host.suite).create().use { other ->
                    refused<UnlockException.Store>(705) { other.verifyAudit(listOf(signed.note), key) }
                }
            }
        }
    }
}
