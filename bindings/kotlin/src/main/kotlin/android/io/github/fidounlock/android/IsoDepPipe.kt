package io.github.fidounlock.android

import android.nfc.tech.IsoDep
import io.github.fidounlock.ApduChannel
import io.github.fidounlock.PipeException
import java.io.IOException

/** A card or key held to the phone. [tag] is connected here and stays the host's to close. */
class IsoDepPipe(private val tag: IsoDep) : ApduChannel {
    init {
        gone { if (!tag.isConnected) tag.connect() }
    }

    override fun transmit(apdu: ByteArray, timeoutMs: UInt): ByteArray = gone {
        tag.timeout = timeoutMs.coerceIn(1u, Int.MAX_VALUE.toUInt()).toInt()
        tag.transceive(apdu)
    }

    override fun extendedLength(): Boolean = tag.isExtendedLengthApduSupported

    // The tag belongs to the program in front.
    override fun beginTransaction(timeoutMs: UInt) = Unit

    override fun endTransaction() = Unit

    override fun reconnect(timeoutMs: UInt) = gone {
        tag.close()
        tag.connect()
    }

    private fun <T> gone(work: () -> T): T = try {
        work()
    } catch (_: IOException) {
        throw PipeException.Gone()
    } catch (_: SecurityException) {
        // What newer Androids throw for a tag that was taken away.
        throw PipeException.Gone()
    }
}
