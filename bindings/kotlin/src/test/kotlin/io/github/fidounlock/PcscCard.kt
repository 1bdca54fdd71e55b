package io.github.fidounlock

import javax.smartcardio.Card
import javax.smartcardio.CardException
import javax.smartcardio.CommandAPDU
import javax.smartcardio.TerminalFactory

/** A card in a reader, over the JDK's own `javax.smartcardio`: what a desktop host brings. */
class PcscCard : ApduChannel, AutoCloseable {
    private val terminal = TerminalFactory.getDefault().terminals().list().first { it.isCardPresent }
    private var card: Card = terminal.connect("*")

    private fun <T> gone(work: () -> T): T = try {
        work()
    } catch (_: CardException) {
        throw PipeException.Gone()
    }

    override fun transmit(apdu: ByteArray, timeoutMs: UInt): ByteArray =
        gone { card.basicChannel.transmit(CommandAPDU(apdu)).bytes }

    override fun extendedLength() = true

    override fun beginTransaction(timeoutMs: UInt) = gone { card.beginExclusive() }

    override fun endTransaction() = gone { card.endExclusive() }

    override fun reconnect(timeoutMs: UInt) = gone { card = terminal.connect("*") }

    /** Takes the card's power away and gives it back. */
    fun reset() {
        card.disconnect(true)
        reconnect(0u)
    }

    override fun close() = card.disconnect(false)

    companion object {
        init {
            // GET RESPONSE is the library's.
            System.setProperty("sun.security.smartcardio.t0GetResponse", "false")
            System.setProperty("sun.security.smartcardio.t1GetResponse", "false")
            System.setProperty("sun.security.smartcardio.library", System.getProperty("pcsclite"))
        }
    }
}
