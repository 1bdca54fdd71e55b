import io.github.fidounlock.CodeField
import io.github.fidounlock.Device
import io.github.fidounlock.HidReports
import io.github.fidounlock.Interface
import io.github.fidounlock.PipeException
import io.github.fidounlock.UnlockException
import io.github.fidounlock.libraryVersion
import io.github.fidounlock.listDevices
import io.github.fidounlock.row

private object NoKey : HidReports {
    override fun writeReport(report: ByteArray): Unit = throw PipeException.Gone()
    override fun readReport(timeoutMs: UInt): ByteArray = throw PipeException.Gone()
    override fun reportSize(): UInt = 64u
}

/** What a host that has nothing but the artifact does first. Each line says what the library answered. */
fun main() {
    println("version ${libraryVersion()}")
    CodeField.deviceId().use { field ->
        field.check("7HF8-3D0C-BV38-W153-J2Z2")
        println("code ${number { field.check("7HF8-3D0C-BV38-W153-J2Z3") }}")
    }
    Device.openHid(NoKey, Interface.VENDOR).use { device ->
        println("pipe ${number { device.info() }}")
    }
    println("devices ${number { listDevices() }}")
}

/** The error's number and name, or "good". */
private fun number(call: () -> Unit): String = try {
    call()
    "good"
} catch (error: UnlockException) {
    "${error.row.number} ${error.row.name}"
}
