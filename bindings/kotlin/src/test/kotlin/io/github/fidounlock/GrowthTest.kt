package io.github.fidounlock

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Many unlocks leave nothing behind: host memory, native memory, threads, handles. */
class GrowthTest {
    private val unlocks = Integer.getInteger("unlocks", 200)

    @Test
    fun `unlocks do not grow`() {
        val pin = Array(2) { if (it == 0) OLD_PIN else NEW_PIN }
        MockKey().use { key ->
            val issuer = IssuerKey.make(Suite.P256_ECDH_MAC)
            val enrolled = Enrollment().use { plan ->
                plan.addKey(SLOT, issuer)
                key.open(MockWire.HID, Interface.FIDO).use { plan.run(it, null, null, null) }
            }
            key.setPin(OLD_PIN)
            fun once(round: Int) {
                key.block("Winter24")
                key.serve(MockWire.HID, Interface.VENDOR, 0u).use { server ->
                    withDevice(server, MockWire.HID, Interface.VENDOR) { device ->
                        UnlockSession.begin(device, null, null, null).use { session ->
                            val code = mockRespond(issuer, enrolled.deviceId, enrolled.deviceKey, session.challenge())
                            val next = pin[(round + 1) % 2]
                            session.unlock(device, code, next, next, null, null, null, null)
                        }
                    }
                }
            }
            repeat(unlocks / 2, ::once)
            val before = Footprint.now()
            repeat(unlocks / 2, ::once)
            val after = Footprint.now()
            key.open(MockWire.HID, Interface.FIDO).use { device ->
                assertEquals((unlocks / 2 * 2).toUInt(), device.info(null, null).unlockCounter)
            }
            println("$unlocks unlocks: $before, then $after")
            assertTrue(after.heap < before.heap + 4 * MIB, "heap: $before, then $after")
            // The virtual machine still warms up behind the first hundred; -Dunlocks=10000 sees no growth.
            assertTrue(after.resident < before.resident + 32 * MIB, "native: $before, then $after")
            assertTrue(after.threads <= before.threads + 2, "threads: $before, then $after")
            assertTrue(after.files <= before.files + 2, "open files: $before, then $after")
        }
    }

    private data class Footprint(val heap: Long, val resident: Long, val threads: Int, val files: Int) {
        companion object {
            private fun used() = Runtime.getRuntime().run { totalMemory() - freeMemory() }

            fun now(): Footprint {
                // JNA frees what was collected on a thread of its own, a while later.
                var last = Long.MAX_VALUE
                for (round in 1..50) {
                    System.gc()
                    Thread.sleep(200)
                    if (used() > last - last / 200) break
                    last = used()
                }
                val status = File("/proc/self/status").readLines().associate {
                    it.substringBefore(':') to it.substringAfter(':').trim()
                }
                return Footprint(
                    heap = used(),
                    resident = status.getValue("VmRSS").substringBefore(' ').toLong() * 1024,
                    threads = status.getValue("Threads").toInt(),
                    files = File("/proc/self/fd").list()!!.size,
                )
            }
        }
    }

    private companion object {
        const val MIB = 1024L * 1024
    }
}
