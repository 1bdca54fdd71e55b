package io.github.fidounlock

import com.sun.jna.Memory
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** What a text came in is wiped before it is freed. */
class WipeTest {
    private val secret = "kept in no freed buffer"

    /**
     * A buffer whose memory is the test's, so that it can be looked at afterwards: longer than its capacity,
     * it is one that Rust refuses to free.
     */
    private fun isWipedBy(written: ByteArray, lift: (RustBuffer.ByValue) -> Unit) {
        Memory(written.size.toLong()).use { memory ->
            memory.write(0, written, 0, written.size)
            val buffer = RustBuffer.create(0UL, written.size.toULong(), memory)
            val refused = assertThrows<InternalException> { lift(buffer) }
            assertEquals("RustBuffer length exceeds capacity", refused.message)
            assertArrayEquals(ByteArray(written.size), memory.getByteArray(0, written.size))
        }
    }

    /** As UniFFI writes a text in a compound value. */
    private fun inValue(): ByteArray = byteArrayOf(0, 0, 0, secret.length.toByte()) + secret.toByteArray()

    @Test
    fun `of a text`() = isWipedBy(secret.toByteArray()) { FfiConverterString.lift(it) }

    @Test
    fun `of an optional text`() = isWipedBy(byteArrayOf(1) + inValue()) { FfiConverterOptionalString.lift(it) }

    @Test
    fun `of bytes`() = isWipedBy(inValue()) { FfiConverterByteArray.lift(it) }

    @Test
    fun `of what cannot be read`() = isWipedBy(inValue() + 7) { FfiConverterByteArray.lift(it) }
}
