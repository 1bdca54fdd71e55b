// Buffers and call status of UniFFI 0.32.
// The generator replaces FidoUnlock; all else is the same in every generated package.
namespace FidoUnlock
{
    /// <summary>The Rust side panicked. This is a defect of the library, never of the caller's data.</summary>
    public sealed class RustPanicException : global::System.Exception
    {
        internal RustPanicException(string message) : base(message) { }
    }

    /// <summary>The native library that was loaded is not the one that this assembly was generated for.</summary>
    public sealed class NativeLibraryMismatchException : global::System.Exception
    {
        internal NativeLibraryMismatchException(string message) : base(message) { }
    }

    // Owned by whoever holds it; capacity and length are counted in bytes.
    [global::System.Runtime.InteropServices.StructLayout(global::System.Runtime.InteropServices.LayoutKind.Sequential)]
    internal struct UniffiBuffer
    {
        internal ulong Capacity;
        internal ulong Length;
        internal global::System.IntPtr Data;
    }

    // The caller's own memory, borrowed for one call.
    [global::System.Runtime.InteropServices.StructLayout(global::System.Runtime.InteropServices.LayoutKind.Sequential)]
    internal struct UniffiBytes
    {
        internal int Length;
        internal global::System.IntPtr Data;
    }

    [global::System.Runtime.InteropServices.StructLayout(global::System.Runtime.InteropServices.LayoutKind.Sequential)]
    internal struct UniffiStatus
    {
        internal const sbyte Success = 0;
        internal const sbyte Declared = 1;
        internal const sbyte Unexpected = 2;
        internal const sbyte Cancelled = 3;

        internal sbyte Code;
        internal UniffiBuffer Error;
    }

    [global::System.Runtime.InteropServices.UnmanagedFunctionPointer(global::System.Runtime.InteropServices.CallingConvention.Cdecl)]
    internal delegate void UniffiFree(ulong handle);

    [global::System.Runtime.InteropServices.UnmanagedFunctionPointer(global::System.Runtime.InteropServices.CallingConvention.Cdecl)]
    internal delegate ulong UniffiClone(ulong handle);

    [global::System.Runtime.InteropServices.UnmanagedFunctionPointer(global::System.Runtime.InteropServices.CallingConvention.Cdecl)]
    internal delegate void UniffiContinuation(ulong data, sbyte poll);

    internal delegate ulong UniffiObjectClone(ulong handle, ref UniffiStatus status);

    internal delegate void UniffiObjectFree(ulong handle, ref UniffiStatus status);

    internal static class UniffiCall
    {
        // Strict: Rust trusts that the bytes are UTF-8, so a lone surrogate must not pass.
        internal static readonly global::System.Text.UTF8Encoding Utf8 =
            new global::System.Text.UTF8Encoding(false, true);

        internal static void Check(ref UniffiStatus status)
        {
            if (status.Code != UniffiStatus.Success) throw Failure(ref status, null);
        }

        internal static void Check(ref UniffiStatus status, global::System.Func<UniffiReader, global::System.Exception> declared)
        {
            if (status.Code != UniffiStatus.Success) throw Failure(ref status, declared);
        }

        internal static global::System.Exception Failure(
            ref UniffiStatus status, global::System.Func<UniffiReader, global::System.Exception> declared)
        {
            if (status.Code == UniffiStatus.Declared && declared != null)
                return UniffiBuffers.Lift(status.Error, declared);
            if (status.Code == UniffiStatus.Cancelled)
                return new global::System.OperationCanceledException();
            if (status.Code == UniffiStatus.Unexpected && status.Error.Length > 0)
                return new RustPanicException(UniffiBuffers.LiftString(status.Error));
            UniffiBuffers.Free(status.Error);
            return new RustPanicException("the Rust side panicked");
        }

        // What a host object threw, told to Rust as its declared error where it is one.
        internal static void Threw<TError>(
            ref UniffiStatus status, global::System.Exception exception, global::System.Action<UniffiWriter, TError> write)
            where TError : global::System.Exception
        {
            var declared = exception as TError;
            if (declared != null)
            {
                try
                {
                    status.Error = UniffiBuffers.Lower(declared, write);
                    status.Code = UniffiStatus.Declared;
                    return;
                }
                catch (global::System.Exception unwritable) { exception = unwritable; }
            }
            Undeclared(ref status, exception);
        }

        // The exception's type alone, since its text is the host's and may hold anything.
        internal static void Undeclared(ref UniffiStatus status, global::System.Exception exception)
        {
            status.Code = UniffiStatus.Unexpected;
            status.Error = UniffiBuffers.LowerString(exception.GetType().FullName);
        }
    }

    internal static class UniffiBuffers
    {
        private static readonly byte[] Nothing = new byte[0];

        internal static UniffiBuffer Lower(byte[] bytes, int length)
        {
            var status = default(UniffiStatus);
            var buffer = UniffiNative.Allocate((ulong)length, ref status);
            UniffiCall.Check(ref status);
            if (length > 0) global::System.Runtime.InteropServices.Marshal.Copy(bytes, 0, buffer.Data, length);
            buffer.Length = (ulong)length;
            return buffer;
        }

        // The managed copy is wiped, since the text may be a PIN.
        internal static UniffiBuffer LowerString(string text)
        {
            var bytes = UniffiCall.Utf8.GetBytes(text);
            try { return Lower(bytes, bytes.Length); }
            finally { global::System.Array.Clear(bytes, 0, bytes.Length); }
        }

        internal static UniffiBuffer Lower<T>(T value, global::System.Action<UniffiWriter, T> write)
        {
            UniffiWriter written;
            return Lower(value, write, out written);
        }

        // What was written keeps the handles in it, for Discard.
        internal static UniffiBuffer Lower<T>(
            T value, global::System.Action<UniffiWriter, T> write, out UniffiWriter written)
        {
            var writer = new UniffiWriter();
            written = writer;
            try
            {
                write(writer, value);
                return Lower(writer.Bytes, writer.Length);
            }
            catch
            {
                writer.Undo();
                // Given back here, so not once more.
                written = null;
                throw;
            }
            finally { writer.Wipe(); }
        }

        // A byte[] alone is its length and itself, so it needs no copy in between.
        internal static UniffiBuffer LowerBytes(byte[] bytes)
        {
            UniffiWriter.NotNull(bytes);
            var length = checked(bytes.Length + 4);
            var status = default(UniffiStatus);
            var buffer = UniffiNative.Allocate((ulong)length, ref status);
            UniffiCall.Check(ref status);
            global::System.Runtime.InteropServices.Marshal.WriteInt32(buffer.Data, BigEndian(bytes.Length));
            global::System.Runtime.InteropServices.Marshal.Copy(bytes, 0, buffer.Data + 4, bytes.Length);
            buffer.Length = (ulong)length;
            return buffer;
        }

        internal static byte[] LiftBytes(UniffiBuffer buffer)
        {
            try
            {
                if (buffer.Length < 4) throw UniffiReader.Malformed();
                var length = BigEndian(global::System.Runtime.InteropServices.Marshal.ReadInt32(buffer.Data));
                if (length < 0 || buffer.Length - 4 != (ulong)length) throw UniffiReader.Malformed();
                var bytes = new byte[length];
                global::System.Runtime.InteropServices.Marshal.Copy(buffer.Data + 4, bytes, 0, length);
                return bytes;
            }
            finally { Free(buffer); }
        }

        private static int BigEndian(int value)
        {
            if (!global::System.BitConverter.IsLittleEndian) return value;
            var bits = unchecked((uint)value);
            return unchecked((int)(bits >> 24 | (bits >> 8 & 0xFF00) | (bits << 8 & 0xFF0000) | bits << 24));
        }

        internal static void Free(UniffiBuffer buffer)
        {
            if (buffer.Data == global::System.IntPtr.Zero) return;
            var status = default(UniffiStatus);
            UniffiNative.Free(buffer, ref status);
        }

        // For an argument that Rust will not take, because another one could not be lowered.
        internal static void Discard(UniffiBuffer buffer)
        {
            if (buffer.Length > 0)
                global::System.Runtime.InteropServices.Marshal.Copy(
                    new byte[buffer.Length], 0, buffer.Data, (int)buffer.Length);
            Free(buffer);
        }

        // The same for one that holds handles.
        internal static void Discard(UniffiBuffer buffer, UniffiWriter written)
        {
            if (written != null) written.Undo();
            Discard(buffer);
        }

        // Wiped behind it, since a text somewhere in the value may be a secret.
        internal static byte[] Take(UniffiBuffer buffer)
        {
            try
            {
                if (buffer.Length == 0) return Nothing;
                var bytes = new byte[checked((int)buffer.Length)];
                global::System.Runtime.InteropServices.Marshal.Copy(buffer.Data, bytes, 0, bytes.Length);
                return bytes;
            }
            finally { Discard(buffer); }
        }

        // Both copies are wiped, since the text may be a secret.
        internal static string LiftString(UniffiBuffer buffer)
        {
            var bytes = new byte[checked((int)buffer.Length)];
            try
            {
                if (bytes.Length > 0)
                    global::System.Runtime.InteropServices.Marshal.Copy(buffer.Data, bytes, 0, bytes.Length);
                return UniffiCall.Utf8.GetString(bytes);
            }
            finally
            {
                global::System.Array.Clear(bytes, 0, bytes.Length);
                Discard(buffer);
            }
        }

        internal static T Lift<T>(UniffiBuffer buffer, global::System.Func<UniffiReader, T> read)
        {
            var reader = new UniffiReader(Take(buffer));
            try
            {
                var value = read(reader);
                reader.End();
                return value;
            }
            finally { reader.Wipe(); }
        }
    }

    // Pins a byte[] of the host while Rust reads it: no copy is made.
    internal sealed class UniffiPin : global::System.IDisposable
    {
        private global::System.Runtime.InteropServices.GCHandle pinned;
        internal readonly UniffiBytes Bytes;

        internal UniffiPin(byte[] bytes)
        {
            pinned = global::System.Runtime.InteropServices.GCHandle.Alloc(
                bytes, global::System.Runtime.InteropServices.GCHandleType.Pinned);
            Bytes.Length = bytes.Length;
            Bytes.Data = bytes.Length == 0 ? global::System.IntPtr.Zero : pinned.AddrOfPinnedObject();
        }

        public void Dispose() { pinned.Free(); }
    }
}
