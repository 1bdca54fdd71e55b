package io.github.fidounlock

import android.hardware.usb.UsbConstants
import android.hardware.usb.UsbDeviceConnection
import android.hardware.usb.UsbEndpoint
import android.hardware.usb.UsbInterface
import android.nfc.tech.IsoDep
import io.github.fidounlock.android.IsoDepPipe
import io.github.fidounlock.android.UsbHidPipe
import java.io.IOException
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.mockito.ArgumentMatchers.any
import org.mockito.ArgumentMatchers.anyInt
import org.mockito.Mockito.doAnswer
import org.mockito.Mockito.doReturn
import org.mockito.Mockito.doThrow
import org.mockito.Mockito.mock
import org.mockito.Mockito.verify

/** The Android pipes over fakes of Android's two classes, with the software authenticator behind them. */
class AndroidTest {
    private fun endpoint(towards: Int, size: Int = 64): UsbEndpoint = mock(UsbEndpoint::class.java).also {
        doReturn(UsbConstants.USB_ENDPOINT_XFER_INT).`when`(it).type
        doReturn(towards).`when`(it).direction
        doReturn(size).`when`(it).maxPacketSize
    }

    private val input = endpoint(UsbConstants.USB_DIR_IN)
    private val output = endpoint(UsbConstants.USB_DIR_OUT)
    private val hid = mock(UsbInterface::class.java).also {
        doReturn(2).`when`(it).endpointCount
        doReturn(input).`when`(it).getEndpoint(0)
        doReturn(output).`when`(it).getEndpoint(1)
    }

    private fun usb(claimed: Boolean = true, transfer: (UsbEndpoint, ByteArray, Int) -> Int): UsbDeviceConnection =
        mock(UsbDeviceConnection::class.java).also {
            doReturn(claimed).`when`(it).claimInterface(hid, true)
            doAnswer { call -> transfer(call.getArgument(0), call.getArgument(1), call.getArgument(3)) }
                .`when`(it).bulkTransfer(any(), any(), anyInt(), anyInt())
        }

    private fun locked(work: (Enrolled) -> Unit) = Enrolled(Suite.P256_ECDH_MAC).use { enrolled ->
        enrolled.key.block("Winter24")
        work(enrolled)
        enrolled.signIn(NEW_PIN)
    }

    private fun unlock(enrolled: Enrolled, device: Device) = UnlockSession.begin(device, null, null, null).use {
        it.unlock(device, enrolled.respond(it.challenge()), NEW_PIN, NEW_PIN, null, null, null, null)
    }

    @Test
    fun `an unlock over USB`() = locked { enrolled ->
        val server = enrolled.key.serve(MockWire.HID, Interface.VENDOR, 0u)
        TcpHid(server.port()).use { tcp ->
            val connection = usb { endpoint, bytes, timeout ->
                if (endpoint === output) {
                    tcp.writeReport(bytes)
                    bytes.size
                } else {
                    val report = tcp.readReport(timeout.toUInt())
                    report.copyInto(bytes)
                    if (report.isEmpty()) -1 else report.size
                }
            }
            UsbHidPipe(connection, hid).use { pipe ->
                Device.openHid(pipe, Interface.VENDOR).use { unlock(enrolled, it) }
            }
            verify(connection).releaseInterface(hid)
        }
        server.stop()
    }

    @Test
    fun `an unlock over NFC`() = locked { enrolled ->
        val server = enrolled.key.serve(MockWire.APDU, Interface.VENDOR, 0u)
        TcpCard(server.port()).use { tcp ->
            val tag = mock(IsoDep::class.java)
            doAnswer { tcp.transmit(it.getArgument(0), 30_000u) }.`when`(tag).transceive(any())
            Device.openApdu(IsoDepPipe(tag), Interface.VENDOR).use { unlock(enrolled, it) }
            verify(tag).connect()
        }
        server.stop()
    }

    @Test
    fun `a key that is pulled, held or silent`() {
        assertThrows<PipeException.Busy> { UsbHidPipe(usb(claimed = false) { _, _, _ -> 64 }, hid) }
        UsbHidPipe(usb { _, _, _ -> -1 }, hid).use { pulled ->
            assertThrows<PipeException.Gone> { pulled.writeReport(ByteArray(64)) }
            assertThrows<PipeException.Gone> { pulled.readReport(60_000u) }
        }
        val silent = usb { _, _, timeout ->
            Thread.sleep(timeout.toLong())
            -1
        }
        UsbHidPipe(silent, hid).use { assertEquals(0, it.readReport(20u).size) }
        // A packet without a byte is no report, and no sign that the key is gone.
        UsbHidPipe(usb { _, _, _ -> 0 }, hid).use { assertEquals(0, it.readReport(60_000u).size) }
        // Never 0 milliseconds, which is for ever.
        UsbHidPipe(usb { _, _, timeout -> timeout.also { assertEquals(1, it) } }, hid).use { it.readReport(0u) }
        doReturn(0).`when`(hid).endpointCount
        assertThrows<PipeException.NoDevice> { UsbHidPipe(usb { _, _, _ -> 64 }, hid) }
    }

    @Test
    fun `a tag that is taken away`() {
        for (failure in listOf(IOException("lost"), SecurityException("out of date"))) {
            val tag = mock(IsoDep::class.java)
            doThrow(failure).`when`(tag).transceive(any())
            val pipe = IsoDepPipe(tag)
            assertThrows<PipeException.Gone> { pipe.transmit(ByteArray(4), 100u) }
            verify(tag).timeout = 100
            pipe.reconnect(100u)
            verify(tag).close()
        }
    }

    @Test
    fun `a build without adapters finds nothing`() {
        assertEquals(DeviceListing(emptyList(), emptyList(), emptyList(), emptyList()), listDevices(null, null))
        DeviceWatch().use { watch ->
            assertEquals(null, watch.next(20u, null))
            CancelHandle().use { cancel ->
                cancel.cancel()
                refused<UnlockException.Transport>(508) { watch.next(60_000u, cancel) }
            }
        }
        val route = FoundRoute(DeviceKind.USB_KEY, "Key", "nowhere", Interface.FIDO, null, null)
        val gone = FoundDevice("Key", null, null, null, false, false, listOf(route), null)
        refused<UnlockException.Transport>(506) { Device.openFound(gone, null, null) }
        runBlocking {
            assertEquals(emptyList<FoundDevice>(), findDevices().devices)
            refused<UnlockException.Transport>(506) { runBlocking { gone.open() } }
        }
    }
}
