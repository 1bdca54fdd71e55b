using System;
using System.Runtime.InteropServices;
using System.Text;

/// <summary>The exported functions by hand: what the generated code is compared with. Nothing is checked but the status.</summary>
internal static class Bare
{
    private const string Library = "fido_unlock_ffi";

    [StructLayout(LayoutKind.Sequential)]
    internal struct Buffer
    {
        public ulong Capacity;
        public ulong Length;
        public IntPtr Data;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Status
    {
        public sbyte Code;
        public Buffer Error;
    }

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern Buffer ffi_fido_unlock_ffi_rustbuffer_alloc(ulong size, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern void ffi_fido_unlock_ffi_rustbuffer_free(Buffer buffer, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern void uniffi_fido_unlock_ffi_fn_func_mock_nothing(ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern Buffer uniffi_fido_unlock_ffi_fn_func_mock_echo(Buffer bytes, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern ulong uniffi_fido_unlock_ffi_fn_func_mock_exchange(ulong pipe, uint count, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern ulong uniffi_fido_unlock_ffi_fn_constructor_cancelhandle_new(ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern ulong uniffi_fido_unlock_ffi_fn_clone_cancelhandle(ulong handle, ref Status status);

    // The marshaller keeps the handle alive for the call.
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true,
        EntryPoint = "uniffi_fido_unlock_ffi_fn_clone_cancelhandle")]
    private static extern ulong CloneGuarded(GuardedHandle handle, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern sbyte uniffi_fido_unlock_ffi_fn_method_cancelhandle_is_cancelled(ulong handle, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern ulong uniffi_fido_unlock_ffi_fn_constructor_device_open_hid(ulong pipe, Buffer which, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern ulong uniffi_fido_unlock_ffi_fn_clone_device(ulong handle, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern void uniffi_fido_unlock_ffi_fn_free_device(ulong handle, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern ulong uniffi_fido_unlock_ffi_fn_constructor_unlocksession_begin(
        ulong device, Buffer slot, Buffer cancel, Buffer timeoutMs, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern ulong uniffi_fido_unlock_ffi_fn_clone_unlocksession(ulong handle, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern void uniffi_fido_unlock_ffi_fn_free_unlocksession(ulong handle, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern Buffer uniffi_fido_unlock_ffi_fn_method_unlocksession_challenge(ulong session, ref Status status);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern void uniffi_fido_unlock_ffi_fn_method_unlocksession_unlock(
        ulong session, ulong device, Buffer response, Buffer pin, Buffer pinAgain, Buffer policy, Buffer progress,
        Buffer cancel, Buffer timeoutMs, ref Status status);

    private static void Check(ref Status status)
    {
        if (status.Code != 0) throw new InvalidOperationException("the bare call failed with " + status.Code);
    }

    internal static Buffer Allocate(int size)
    {
        var status = default(Status);
        var buffer = ffi_fido_unlock_ffi_rustbuffer_alloc((ulong)size, ref status);
        Check(ref status);
        buffer.Length = (ulong)size;
        return buffer;
    }

    internal static void Free(Buffer buffer)
    {
        var status = default(Status);
        ffi_fido_unlock_ffi_rustbuffer_free(buffer, ref status);
        Check(ref status);
    }

    /// <summary>A big-endian length, then the bytes.</summary>
    internal static Buffer Bytes(byte[] bytes)
    {
        var buffer = Allocate(4 + bytes.Length);
        Marshal.WriteInt32(buffer.Data, System.Net.IPAddress.HostToNetworkOrder(bytes.Length));
        Marshal.Copy(bytes, 0, buffer.Data + 4, bytes.Length);
        return buffer;
    }

    internal static byte[] Take(Buffer buffer)
    {
        var bytes = new byte[System.Net.IPAddress.NetworkToHostOrder(Marshal.ReadInt32(buffer.Data))];
        Marshal.Copy(buffer.Data + 4, bytes, 0, bytes.Length);
        Free(buffer);
        return bytes;
    }

    private static Buffer Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var buffer = Allocate(bytes.Length);
        Marshal.Copy(bytes, 0, buffer.Data, bytes.Length);
        return buffer;
    }

    /// <summary>An optional that is not there.</summary>
    private static Buffer None()
    {
        var buffer = Allocate(1);
        Marshal.WriteByte(buffer.Data, 0);
        return buffer;
    }

    internal static void Nothing()
    {
        var status = default(Status);
        uniffi_fido_unlock_ffi_fn_func_mock_nothing(ref status);
        Check(ref status);
    }

    internal static byte[] Echo(byte[] bytes)
    {
        var status = default(Status);
        var answer = uniffi_fido_unlock_ffi_fn_func_mock_echo(Bytes(bytes), ref status);
        Check(ref status);
        return Take(answer);
    }

    internal static ulong Exchange(ulong pipe, uint count)
    {
        var status = default(Status);
        var read = uniffi_fido_unlock_ffi_fn_func_mock_exchange(pipe, count, ref status);
        Check(ref status);
        return read;
    }

    internal static ulong NewCancelHandle()
    {
        var status = default(Status);
        var handle = uniffi_fido_unlock_ffi_fn_constructor_cancelhandle_new(ref status);
        Check(ref status);
        return handle;
    }

    /// <summary>A method takes the reference that it is given, so each call needs one of its own.</summary>
    internal static bool IsCancelled(ulong handle)
    {
        var status = default(Status);
        var self = uniffi_fido_unlock_ffi_fn_clone_cancelhandle(handle, ref status);
        Check(ref status);
        var cancelled = uniffi_fido_unlock_ffi_fn_method_cancelhandle_is_cancelled(self, ref status);
        Check(ref status);
        return cancelled != 0;
    }

    /// <summary>The same where another thread may dispose of the handle meanwhile.</summary>
    internal static bool IsCancelled(GuardedHandle handle)
    {
        var status = default(Status);
        var self = CloneGuarded(handle, ref status);
        Check(ref status);
        var cancelled = uniffi_fido_unlock_ffi_fn_method_cancelhandle_is_cancelled(self, ref status);
        Check(ref status);
        return cancelled != 0;
    }

    /// <summary>A handle as .NET's own P/Invoke takes it; it lives as long as the program.</summary>
    internal sealed class GuardedHandle : SafeHandle
    {
        internal GuardedHandle(ulong handle) : base((IntPtr)(long)handle, false) { }

        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }

        protected override bool ReleaseHandle() { return true; }
    }

    internal static ulong OpenHid(ulong pipe, int interfaceIndex)
    {
        var which = Allocate(4);
        Marshal.WriteInt32(which.Data, System.Net.IPAddress.HostToNetworkOrder(interfaceIndex));
        var status = default(Status);
        var device = uniffi_fido_unlock_ffi_fn_constructor_device_open_hid(pipe, which, ref status);
        Check(ref status);
        return device;
    }

    private static ulong CloneDevice(ulong device)
    {
        var status = default(Status);
        var cloned = uniffi_fido_unlock_ffi_fn_clone_device(device, ref status);
        Check(ref status);
        return cloned;
    }

    private static ulong CloneSession(ulong session)
    {
        var status = default(Status);
        var cloned = uniffi_fido_unlock_ffi_fn_clone_unlocksession(session, ref status);
        Check(ref status);
        return cloned;
    }

    internal static ulong Begin(ulong device)
    {
        var status = default(Status);
        var session = uniffi_fido_unlock_ffi_fn_constructor_unlocksession_begin(
            CloneDevice(device), None(), None(), None(), ref status);
        Check(ref status);
        return session;
    }

    internal static string Challenge(ulong session)
    {
        var status = default(Status);
        var buffer = uniffi_fido_unlock_ffi_fn_method_unlocksession_challenge(CloneSession(session), ref status);
        Check(ref status);
        var bytes = new byte[buffer.Length];
        Marshal.Copy(buffer.Data, bytes, 0, bytes.Length);
        Free(buffer);
        return Encoding.UTF8.GetString(bytes);
    }

    internal static void Unlock(ulong session, ulong device, string response, string pin)
    {
        var status = default(Status);
        uniffi_fido_unlock_ffi_fn_method_unlocksession_unlock(
            CloneSession(session), CloneDevice(device), Text(response), Text(pin), Text(pin), None(), None(), None(),
            None(), ref status);
        Check(ref status);
    }

    internal static void FreeSession(ulong session)
    {
        var status = default(Status);
        uniffi_fido_unlock_ffi_fn_free_unlocksession(session, ref status);
        Check(ref status);
    }

    internal static void FreeDevice(ulong device)
    {
        var status = default(Status);
        uniffi_fido_unlock_ffi_fn_free_device(device, ref status);
        Check(ref status);
    }
}
