package io.github.fidounlock.android

import android.hardware.usb.UsbConstants
import android.hardware.usb.UsbDeviceConnection
import android.hardware.usb.UsbEndpoint
import android.hardware.usb.UsbInterface
import io.github.fidounlock.HidReports
import io.github.fidounlock.PipeException

/**
 * A HID interface of a USB key on Android. The host has asked `UsbManager` for the permission and
 * opened [connection], which stays the host's to close.
 */
class UsbHidPipe(
    private val connection: UsbDeviceConnection,
    private val hid: UsbInterface,
) : HidReports, AutoCloseable {
    private val input = endpoint(UsbConstants.USB_DIR_IN)
    private val output = endpoint(UsbConstants.USB_DIR_OUT)

    init {
        // Forced: Android's own HID driver holds it.
        if (!connection.claimInterface(hid, true)) throw PipeException.Busy()
    }

    private fun endpoint(direction: Int): UsbEndpoint = (0 until hid.endpointCount)
        .map(hid::getEndpoint)
        .firstOrNull { it.type == UsbConstants.USB_ENDPOINT_XFER_INT && it.direction == direction }
        ?: throw PipeException.NoDevice()

    override fun writeReport(report: ByteArray) {
        if (connection.bulkTransfer(output, report, report.size, WRITE_MILLIS) != report.size) {
            throw PipeException.Gone()
        }
    }

    override fun readReport(timeoutMs: UInt): ByteArray {
        // 0 would mean for ever.
        val timeout = timeoutMs.coerceIn(1u, Int.MAX_VALUE.toUInt()).toInt()
        val report = ByteArray(input.maxPacketSize)
        val begun = System.nanoTime()
        val length = connection.bulkTransfer(input, report, report.size, timeout)
        if (length >= 0) return report.copyOf(length)
        // Android says -1 for "nothing came" and for "pulled": only the latter comes at once.
        val waited = (System.nanoTime() - begun) / 1_000_000
        if (waited < timeout / 2) throw PipeException.Gone()
        return ByteArray(0)
    }

    override fun reportSize(): UInt = output.maxPacketSize.toUInt()

    /** Gives the interface back to the system. */
    override fun close() {
        connection.releaseInterface(hid)
    }

    private companion object {
        const val WRITE_MILLIS = 1_000
    }
}
