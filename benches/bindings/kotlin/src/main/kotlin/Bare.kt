package bench

import com.sun.jna.Callback
import com.sun.jna.Native
import com.sun.jna.Pointer
import com.sun.jna.Structure
import com.sun.jna.ptr.IntByReference

/** Owned by whoever holds it. */
@Structure.FieldOrder("capacity", "length", "data")
open class BareBuffer : Structure() {
    @JvmField var capacity: Long = 0
    @JvmField var length: Long = 0
    @JvmField var data: Pointer? = null

    class ByValue : BareBuffer(), Structure.ByValue
}

@Structure.FieldOrder("code", "error")
class BareStatus : Structure() {
    @JvmField var code: Byte = 0
    @JvmField var error = BareBuffer.ByValue()
}

/** The exported functions by hand. */
@Suppress("FunctionName")
object Exported {
    init {
        Native.register(Exported::class.java, "fido_unlock_ffi")
    }

    external fun ffi_fido_unlock_ffi_rustbuffer_alloc(size: Long, status: BareStatus): BareBuffer.ByValue
    external fun ffi_fido_unlock_ffi_rustbuffer_free(buffer: BareBuffer.ByValue, status: BareStatus)
    external fun uniffi_fido_unlock_ffi_fn_func_mock_nothing(status: BareStatus)
    external fun uniffi_fido_unlock_ffi_fn_func_mock_echo(bytes: BareBuffer.ByValue, status: BareStatus): BareBuffer.ByValue
    external fun uniffi_fido_unlock_ffi_fn_func_mock_exchange(pipe: Long, count: Int, status: BareStatus): Long
    external fun uniffi_fido_unlock_ffi_fn_constructor_cancelhandle_new(status: BareStatus): Long
    external fun uniffi_fido_unlock_ffi_fn_clone_cancelhandle(handle: Long, status: BareStatus): Long
    external fun uniffi_fido_unlock_ffi_fn_method_cancelhandle_is_cancelled(handle: Long, status: BareStatus): Byte
    external fun uniffi_fido_unlock_ffi_fn_init_callback_vtable_hidreports(table: BareTable)
    external fun uniffi_fido_unlock_ffi_fn_constructor_device_open_hid(pipe: Long, which: BareBuffer.ByValue, status: BareStatus): Long
    external fun uniffi_fido_unlock_ffi_fn_clone_device(handle: Long, status: BareStatus): Long
    external fun uniffi_fido_unlock_ffi_fn_free_device(handle: Long, status: BareStatus)
    external fun uniffi_fido_unlock_ffi_fn_constructor_unlocksession_begin(
        device: Long, slot: BareBuffer.ByValue, cancel: BareBuffer.ByValue, timeoutMs: BareBuffer.ByValue, status: BareStatus,
    ): Long
    external fun uniffi_fido_unlock_ffi_fn_clone_unlocksession(handle: Long, status: BareStatus): Long
    external fun uniffi_fido_unlock_ffi_fn_free_unlocksession(handle: Long, status: BareStatus)
    external fun uniffi_fido_unlock_ffi_fn_method_unlocksession_challenge(session: Long, status: BareStatus): BareBuffer.ByValue
    external fun uniffi_fido_unlock_ffi_fn_method_unlocksession_unlock(
        session: Long, device: Long, response: BareBuffer.ByValue, pin: BareBuffer.ByValue, pinAgain: BareBuffer.ByValue,
        policy: BareBuffer.ByValue, progress: BareBuffer.ByValue, cancel: BareBuffer.ByValue,
        timeoutMs: BareBuffer.ByValue, status: BareStatus,
    )
}

interface BareFree : Callback {
    fun callback(handle: Long)
}

interface BareClone : Callback {
    fun callback(handle: Long): Long
}

interface BareWrite : Callback {
    fun callback(handle: Long, report: BareBuffer.ByValue, nothing: Pointer, status: BareStatus)
}

interface BareRead : Callback {
    fun callback(handle: Long, timeoutMs: Int, report: BareBuffer, status: BareStatus)
}

interface BareSize : Callback {
    fun callback(handle: Long, size: IntByReference, status: BareStatus)
}

@Structure.FieldOrder("free", "clone", "write", "read", "size")
class BareTable : Structure() {
    @JvmField var free: BareFree? = null
    @JvmField var clone: BareClone? = null
    @JvmField var write: BareWrite? = null
    @JvmField var read: BareRead? = null
    @JvmField var size: BareSize? = null
}

/** The calls by hand: what the generated code is compared with. Nothing is checked but the status. */
object Bare {
    private inline fun <R> call(work: (BareStatus) -> R): R {
        val status = BareStatus()
        val result = work(status)
        check(status.code == 0.toByte()) { "the bare call failed with ${status.code}" }
        return result
    }

    private fun allocate(size: Int): BareBuffer.ByValue =
        call { Exported.ffi_fido_unlock_ffi_rustbuffer_alloc(size.toLong(), it) }.also { it.length = size.toLong() }

    private fun free(buffer: BareBuffer.ByValue) = call { Exported.ffi_fido_unlock_ffi_rustbuffer_free(buffer, it) }

    /** A big-endian length, then the bytes. */
    fun bytes(bytes: ByteArray): BareBuffer.ByValue = allocate(4 + bytes.size).also {
        it.data!!.setInt(0, Integer.reverseBytes(bytes.size))
        it.data!!.write(4, bytes, 0, bytes.size)
    }

    fun take(buffer: BareBuffer.ByValue): ByteArray {
        val bytes = buffer.data!!.getByteArray(4, Integer.reverseBytes(buffer.data!!.getInt(0)))
        free(buffer)
        return bytes
    }

    private fun text(text: String): BareBuffer.ByValue {
        val bytes = text.toByteArray()
        return allocate(bytes.size).also { it.data!!.write(0, bytes, 0, bytes.size) }
    }

    /** An optional that is not there. */
    private fun none() = allocate(1).also { it.data!!.setByte(0, 0) }

    fun nothing() = call { Exported.uniffi_fido_unlock_ffi_fn_func_mock_nothing(it) }

    fun echo(bytes: ByteArray) = take(call { Exported.uniffi_fido_unlock_ffi_fn_func_mock_echo(bytes(bytes), it) })

    fun exchange(pipe: Long, count: Int): Long =
        call { Exported.uniffi_fido_unlock_ffi_fn_func_mock_exchange(pipe, count, it) }

    fun newCancelHandle(): Long = call { Exported.uniffi_fido_unlock_ffi_fn_constructor_cancelhandle_new(it) }

    /** A method takes the reference that it is given, so each call needs one of its own. */
    fun isCancelled(handle: Long): Boolean {
        val self = call { Exported.uniffi_fido_unlock_ffi_fn_clone_cancelhandle(handle, it) }
        return call { Exported.uniffi_fido_unlock_ffi_fn_method_cancelhandle_is_cancelled(self, it) } != 0.toByte()
    }

    fun openHid(pipe: Long, interfaceIndex: Int): Long {
        val which = allocate(4).also { it.data!!.setInt(0, Integer.reverseBytes(interfaceIndex)) }
        return call { Exported.uniffi_fido_unlock_ffi_fn_constructor_device_open_hid(pipe, which, it) }
    }

    private fun cloneDevice(device: Long) = call { Exported.uniffi_fido_unlock_ffi_fn_clone_device(device, it) }

    private fun cloneSession(session: Long) =
        call { Exported.uniffi_fido_unlock_ffi_fn_clone_unlocksession(session, it) }

    fun begin(device: Long): Long {
        val cloned = cloneDevice(device)
        return call { Exported.uniffi_fido_unlock_ffi_fn_constructor_unlocksession_begin(cloned, none(), none(), none(), it) }
    }

    fun challenge(session: Long): String {
        val cloned = cloneSession(session)
        val buffer = call { Exported.uniffi_fido_unlock_ffi_fn_method_unlocksession_challenge(cloned, it) }
        val text = String(buffer.data!!.getByteArray(0, buffer.length.toInt()))
        free(buffer)
        return text
    }

    fun unlock(session: Long, device: Long, response: String, pin: String) {
        val (self, opened) = cloneSession(session) to cloneDevice(device)
        call {
            Exported.uniffi_fido_unlock_ffi_fn_method_unlocksession_unlock(
                self, opened, text(response), text(pin), text(pin), none(), none(), none(), none(), it,
            )
        }
    }

    fun freeSession(session: Long) = call { Exported.uniffi_fido_unlock_ffi_fn_free_unlocksession(session, it) }

    fun freeDevice(device: Long) = call { Exported.uniffi_fido_unlock_ffi_fn_free_device(device, it) }
}
