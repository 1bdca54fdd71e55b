package io.github.fidounlock

import java.io.File
import java.net.ServerSocket
import java.util.concurrent.TimeUnit
import javax.smartcardio.CardTerminals
import javax.smartcardio.TerminalFactory
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue

/**
 * A private pcscd with the virtual key as a card in its reader. Needs Debian's pcscd and vsmartcard-vpcd; libpcsclite
 * finds the socket by the environment that the pom gives.
 */
class CardReader : AutoCloseable {
    private val folder = File(System.getenv("PCSCLITE_CSOCK_NAME")).parentFile
    private val processes = ArrayList<Process>()

    init {
        folder.deleteRecursively()
        val readers = File(folder, "readers").apply { mkdirs() }
        val driver = File("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
        assertTrue(driver.exists(), "needs Debian's package vsmartcard-vpcd")
        val port = ServerSocket(0).use { it.localPort }
        val channel = "0x%04X".format(port)
        File(readers, "vpcd").writeText(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:$channel\nLIBPATH $driver\nCHANNELID $channel\n",
        )
        val pcscd = ProcessBuilder("sh", "../../tests/pcscd.sh", "$folder", "$readers")
            .redirectErrorStream(true).redirectOutput(File(folder, "pcscd.log")).start()
        processes.add(pcscd)
        val socket = File(folder, "pcscd.comm")
        repeat(3000) { if (!socket.exists()) Thread.sleep(20) }
        assertTrue(socket.exists(), File(folder, "pcscd.log").readText())
        val key = ProcessBuilder(
            System.getProperty("virtual"), "card", "--reader-port", "$port", "--state", "${File(folder, "key.bin")}",
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        processes.add(key)
        assertEquals("ready", key.inputStream.bufferedReader().readLine())
        // pcscd looks for a card each half second, or later where the machine has other work.
        repeat(3000) { if (!cardIsIn()) Thread.sleep(20) }
        assertTrue(cardIsIn(), "no card in the virtual reader")
    }

    private fun cardIsIn() = runCatching {
        TerminalFactory.getDefault().terminals().list(CardTerminals.State.CARD_PRESENT).isNotEmpty()
    }.getOrDefault(false)

    override fun close() = processes.reversed().forEach {
        it.destroyForcibly()
        it.waitFor(60, TimeUnit.SECONDS)
    }
}
