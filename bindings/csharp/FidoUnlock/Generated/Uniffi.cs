// The fixed half of the bindings: buffers, call status, handles and futures of UniFFI 0.32.
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
            var writer = new UniffiWriter();
            try
            {
                write(writer, value);
                return Lower(writer.Bytes, writer.Length);
            }
            finally { writer.Wipe(); }
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

        internal static byte[] Take(UniffiBuffer buffer)
        {
            try
            {
                if (buffer.Length == 0) return Nothing;
                var bytes = new byte[checked((int)buffer.Length)];
                global::System.Runtime.InteropServices.Marshal.Copy(buffer.Data, bytes, 0, bytes.Length);
                return bytes;
            }
            finally { Free(buffer); }
        }

        internal static string LiftString(UniffiBuffer buffer)
        {
            var bytes = Take(buffer);
            try { return UniffiCall.Utf8.GetString(bytes); }
            finally { global::System.Array.Clear(bytes, 0, bytes.Length); }
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

    // Big endian, as UniFFI writes all compound values.
    internal sealed class UniffiWriter
    {
        internal byte[] Bytes = new byte[64];
        internal int Length;

        internal void Wipe() { global::System.Array.Clear(Bytes, 0, Length); }

        private int Reserve(int count)
        {
            var start = Length;
            var needed = checked(start + count);
            if (needed > Bytes.Length)
            {
                var larger = new byte[global::System.Math.Max(needed, (int)global::System.Math.Min(2L * Bytes.Length, 0x7FFFFFC7L))];
                global::System.Buffer.BlockCopy(Bytes, 0, larger, 0, start);
                Wipe();
                Bytes = larger;
            }
            Length = needed;
            return start;
        }

        internal void WriteByte(byte value) { Bytes[Reserve(1)] = value; }

        internal void WriteSByte(sbyte value) { WriteByte(unchecked((byte)value)); }

        internal void WriteBool(bool value) { WriteByte(value ? (byte)1 : (byte)0); }

        internal void WriteUInt16(ushort value)
        {
            var at = Reserve(2);
            Bytes[at] = (byte)(value >> 8);
            Bytes[at + 1] = unchecked((byte)value);
        }

        internal void WriteInt16(short value) { WriteUInt16(unchecked((ushort)value)); }

        internal void WriteUInt32(uint value)
        {
            var at = Reserve(4);
            for (var i = 0; i < 4; i++) Bytes[at + i] = unchecked((byte)(value >> (24 - 8 * i)));
        }

        internal void WriteInt32(int value) { WriteUInt32(unchecked((uint)value)); }

        internal void WriteUInt64(ulong value)
        {
            var at = Reserve(8);
            for (var i = 0; i < 8; i++) Bytes[at + i] = unchecked((byte)(value >> (56 - 8 * i)));
        }

        internal void WriteInt64(long value) { WriteUInt64(unchecked((ulong)value)); }

        internal void WriteSingle(float value)
        {
            var bytes = global::System.BitConverter.GetBytes(value);
            WriteUInt32(global::System.BitConverter.ToUInt32(bytes, 0));
        }

        internal void WriteDouble(double value)
        {
            WriteInt64(global::System.BitConverter.DoubleToInt64Bits(value));
        }

        internal void WriteString(string value)
        {
            NotNull(value);
            var count = UniffiCall.Utf8.GetByteCount(value);
            WriteInt32(count);
            var at = Reserve(count);
            UniffiCall.Utf8.GetBytes(value, 0, value.Length, Bytes, at);
        }

        internal void WriteBytes(byte[] value)
        {
            NotNull(value);
            WriteInt32(value.Length);
            var at = Reserve(value.Length);
            global::System.Buffer.BlockCopy(value, 0, Bytes, at, value.Length);
        }

        // Whole seconds before or after 1970, then the nanoseconds further from it.
        internal void WriteTimestamp(global::System.DateTimeOffset value)
        {
            var ticks = value.UtcTicks - UniffiReader.EpochTicks;
            if (ticks < 0 && ticks > -global::System.TimeSpan.TicksPerSecond)
                throw new global::System.ArgumentOutOfRangeException("value", "UniFFI has no form for the last second before 1970");
            WriteInt64(ticks / global::System.TimeSpan.TicksPerSecond);
            WriteUInt32((uint)(global::System.Math.Abs(ticks % global::System.TimeSpan.TicksPerSecond) * 100));
        }

        internal void WriteDuration(global::System.TimeSpan value)
        {
            if (value < global::System.TimeSpan.Zero)
                throw new global::System.ArgumentOutOfRangeException("value", "a duration cannot be negative");
            WriteInt64(value.Ticks / global::System.TimeSpan.TicksPerSecond);
            WriteUInt32((uint)(value.Ticks % global::System.TimeSpan.TicksPerSecond * 100));
        }

        internal void WriteNullable<T>(T? value, global::System.Action<UniffiWriter, T> write) where T : struct
        {
            WriteBool(value.HasValue);
            if (value.HasValue) write(this, value.Value);
        }

        internal void WriteOptional<T>(T value, global::System.Action<UniffiWriter, T> write) where T : class
        {
            WriteBool(value != null);
            if (value != null) write(this, value);
        }

        internal void WriteSequence<T>(
            global::System.Collections.Generic.IReadOnlyCollection<T> value, global::System.Action<UniffiWriter, T> write)
        {
            NotNull(value);
            WriteInt32(value.Count);
            var left = value.Count;
            foreach (var item in value)
            {
                left--;
                write(this, item);
            }
            Unchanged(left);
        }

        internal void WriteSet<T>(
            global::System.Collections.Generic.ISet<T> value, global::System.Action<UniffiWriter, T> write)
        {
            NotNull(value);
            WriteInt32(value.Count);
            var left = value.Count;
            foreach (var item in value)
            {
                left--;
                write(this, item);
            }
            Unchanged(left);
        }

        internal void WriteMap<TKey, TValue>(
            global::System.Collections.Generic.IReadOnlyDictionary<TKey, TValue> value,
            global::System.Action<UniffiWriter, TKey> writeKey,
            global::System.Action<UniffiWriter, TValue> writeValue)
        {
            NotNull(value);
            WriteInt32(value.Count);
            var left = value.Count;
            foreach (var item in value)
            {
                left--;
                writeKey(this, item.Key);
                writeValue(this, item.Value);
            }
            Unchanged(left);
        }

        internal static void NotNull(object value)
        {
            if (value == null) throw new global::System.ArgumentNullException("value", "only an optional value may be null");
        }

        private static void Unchanged(int left)
        {
            if (left != 0) throw new global::System.InvalidOperationException("a collection changed while it was read");
        }
    }

    internal sealed class UniffiReader
    {
        internal const long EpochTicks = 621355968000000000L;
        private readonly byte[] bytes;
        private int position;

        internal UniffiReader(byte[] bytes) { this.bytes = bytes; }

        internal void Wipe() { global::System.Array.Clear(bytes, 0, bytes.Length); }

        internal void End()
        {
            if (position != bytes.Length) throw Malformed();
        }

        internal static global::System.Exception Malformed()
        {
            return new global::System.IO.InvalidDataException("the native library answered with malformed data");
        }

        private int Advance(int count)
        {
            if (count < 0 || count > bytes.Length - position) throw Malformed();
            var start = position;
            position += count;
            return start;
        }

        // No item is shorter than nothing, so the count itself cannot be checked; lists grow as they are read.
        internal int ReadCount()
        {
            var count = ReadInt32();
            if (count < 0) throw Malformed();
            return count;
        }

        internal byte ReadByte() { return bytes[Advance(1)]; }

        internal sbyte ReadSByte() { return unchecked((sbyte)ReadByte()); }

        internal bool ReadBool() { return Bool(ReadSByte()); }

        internal static bool Bool(sbyte value)
        {
            if (value == 0) return false;
            if (value == 1) return true;
            throw Malformed();
        }

        internal ushort ReadUInt16()
        {
            var at = Advance(2);
            return (ushort)((bytes[at] << 8) | bytes[at + 1]);
        }

        internal short ReadInt16() { return unchecked((short)ReadUInt16()); }

        internal uint ReadUInt32()
        {
            var at = Advance(4);
            return ((uint)bytes[at] << 24) | ((uint)bytes[at + 1] << 16) | ((uint)bytes[at + 2] << 8) | bytes[at + 3];
        }

        internal int ReadInt32() { return unchecked((int)ReadUInt32()); }

        internal ulong ReadUInt64()
        {
            var high = (ulong)ReadUInt32();
            return (high << 32) | ReadUInt32();
        }

        internal long ReadInt64() { return unchecked((long)ReadUInt64()); }

        internal float ReadSingle()
        {
            return global::System.BitConverter.ToSingle(global::System.BitConverter.GetBytes(ReadUInt32()), 0);
        }

        internal double ReadDouble() { return global::System.BitConverter.Int64BitsToDouble(ReadInt64()); }

        internal string ReadString()
        {
            var count = ReadInt32();
            return UniffiCall.Utf8.GetString(bytes, Advance(count), count);
        }

        internal byte[] ReadBytes()
        {
            var count = ReadInt32();
            var start = Advance(count);
            var value = new byte[count];
            global::System.Buffer.BlockCopy(bytes, start, value, 0, count);
            return value;
        }

        // 100 ns is the finest that .NET holds; what is finer is cut off.
        internal global::System.DateTimeOffset ReadTimestamp()
        {
            var seconds = ReadInt64();
            var ticks = ReadUInt32() / 100;
            var whole = checked(seconds * global::System.TimeSpan.TicksPerSecond);
            return new global::System.DateTimeOffset(
                checked(EpochTicks + (seconds < 0 ? whole - ticks : whole + ticks)), global::System.TimeSpan.Zero);
        }

        internal global::System.TimeSpan ReadDuration()
        {
            var seconds = ReadUInt64();
            var ticks = ReadUInt32() / 100;
            return new global::System.TimeSpan(
                checked(checked((long)seconds) * global::System.TimeSpan.TicksPerSecond + ticks));
        }

        internal T? ReadNullable<T>(global::System.Func<UniffiReader, T> read) where T : struct
        {
            if (!ReadBool()) return null;
            return read(this);
        }

        internal T ReadOptional<T>(global::System.Func<UniffiReader, T> read) where T : class
        {
            return ReadBool() ? read(this) : null;
        }

        internal global::System.Collections.Generic.IReadOnlyList<T> ReadSequence<T>(global::System.Func<UniffiReader, T> read)
        {
            var count = ReadCount();
            var list = new global::System.Collections.Generic.List<T>();
            for (var i = 0; i < count; i++) list.Add(read(this));
            return list;
        }

        internal global::System.Collections.Generic.ISet<T> ReadSet<T>(global::System.Func<UniffiReader, T> read)
        {
            var count = ReadCount();
            var set = new global::System.Collections.Generic.HashSet<T>();
            for (var i = 0; i < count; i++) set.Add(read(this));
            return set;
        }

        internal global::System.Collections.Generic.IReadOnlyDictionary<TKey, TValue> ReadMap<TKey, TValue>(
            global::System.Func<UniffiReader, TKey> readKey, global::System.Func<UniffiReader, TValue> readValue)
        {
            var count = ReadCount();
            var map = new global::System.Collections.Generic.Dictionary<TKey, TValue>();
            for (var i = 0; i < count; i++)
            {
                var key = readKey(this);
                map[key] = readValue(this);
            }
            return map;
        }
    }

    // One reference to a Rust object. SafeHandle keeps it alive while a call on another thread uses it.
    internal sealed class UniffiHandle : global::System.Runtime.InteropServices.SafeHandle
    {
        private readonly ulong value;
        private readonly UniffiObjectClone clone;
        private readonly UniffiObjectFree free;

        internal UniffiHandle(ulong value, UniffiObjectClone clone, UniffiObjectFree free)
            : base(global::System.IntPtr.Zero, true)
        {
            this.value = value;
            this.clone = clone;
            this.free = free;
        }

        public override bool IsInvalid { get { return value == 0; } }

        // Another reference, which the callee takes; ObjectDisposedException after Dispose.
        internal ulong Clone()
        {
            var held = false;
            try
            {
                DangerousAddRef(ref held);
                var status = default(UniffiStatus);
                var cloned = clone(value, ref status);
                UniffiCall.Check(ref status);
                return cloned;
            }
            finally
            {
                if (held) DangerousRelease();
            }
        }

        // Gives back a reference that no callee took.
        internal void Discard(ulong cloned)
        {
            var status = default(UniffiStatus);
            if (cloned != 0) free(cloned, ref status);
        }

        protected override bool ReleaseHandle()
        {
            var status = default(UniffiStatus);
            free(value, ref status);
            return status.Code == UniffiStatus.Success;
        }
    }

    // Host objects that Rust holds. Their handles are odd; those of Rust are addresses, so even.
    internal sealed class UniffiHandleMap<T> where T : class
    {
        private readonly object gate = new object();
        private readonly global::System.Collections.Generic.Dictionary<ulong, T> objects =
            new global::System.Collections.Generic.Dictionary<ulong, T>();
        private ulong next = 1;

        internal int Count { get { lock (gate) return objects.Count; } }

        internal ulong Insert(T value)
        {
            lock (gate)
            {
                var handle = next;
                next += 2;
                objects.Add(handle, value);
                return handle;
            }
        }

        internal T Get(ulong handle) { lock (gate) return objects[handle]; }

        internal ulong Clone(ulong handle) { return Insert(Get(handle)); }

        internal T Remove(ulong handle)
        {
            lock (gate)
            {
                T value;
                if (objects.TryGetValue(handle, out value)) objects.Remove(handle);
                return value;
            }
        }
    }

    internal delegate void UniffiPoll(ulong future, UniffiContinuation continuation, ulong data);

    internal delegate T UniffiComplete<T>(ulong future, ref UniffiStatus status);

    internal interface IUniffiPending
    {
        void Continue(sbyte poll);
    }

    // Drives one Rust future. Each poll runs on the thread pool, never on the caller's thread nor inside a wake.
    internal static class UniffiFutures
    {
        internal static readonly UniffiHandleMap<IUniffiPending> Pending = new UniffiHandleMap<IUniffiPending>();
        // Rust keeps the pointer, so the delegate must never be collected.
        internal static readonly UniffiContinuation Continuation = OnContinue;

        private static void OnContinue(ulong data, sbyte poll)
        {
            var pending = Pending.Remove(data);
            if (pending != null) pending.Continue(poll);
        }
    }

    internal sealed class UniffiFuture<TRaw, T> : IUniffiPending
    {
        private const sbyte Ready = 0;
        private readonly global::System.Threading.Tasks.TaskCompletionSource<T> source =
            new global::System.Threading.Tasks.TaskCompletionSource<T>(
                global::System.Threading.Tasks.TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object gate = new object();
        private readonly ulong future;
        private readonly UniffiPoll poll;
        private readonly global::System.Action<ulong> cancel;
        private readonly UniffiComplete<TRaw> complete;
        private readonly global::System.Action<ulong> free;
        private readonly global::System.Func<TRaw, T> lift;
        private readonly global::System.Func<UniffiReader, global::System.Exception> declared;
        private readonly global::System.Threading.CancellationToken token;
        private global::System.Threading.CancellationTokenRegistration registration;
        private bool freed;

        private UniffiFuture(
            ulong future, UniffiPoll poll, global::System.Action<ulong> cancel, UniffiComplete<TRaw> complete,
            global::System.Action<ulong> free, global::System.Func<TRaw, T> lift,
            global::System.Func<UniffiReader, global::System.Exception> declared,
            global::System.Threading.CancellationToken token)
        {
            this.future = future;
            this.poll = poll;
            this.cancel = cancel;
            this.complete = complete;
            this.free = free;
            this.lift = lift;
            this.declared = declared;
            this.token = token;
        }

        internal static global::System.Threading.Tasks.Task<T> Start(
            ulong future, UniffiPoll poll, global::System.Action<ulong> cancel, UniffiComplete<TRaw> complete,
            global::System.Action<ulong> free, global::System.Func<TRaw, T> lift,
            global::System.Func<UniffiReader, global::System.Exception> declared,
            global::System.Threading.CancellationToken token)
        {
            var running = new UniffiFuture<TRaw, T>(future, poll, cancel, complete, free, lift, declared, token);
            if (token.CanBeCanceled)
            {
                running.registration = token.Register(running.Cancel);
            }
            running.Queue();
            return running.source.Task;
        }

        private void Queue()
        {
            global::System.Threading.ThreadPool.QueueUserWorkItem(PollNow);
        }

        private void PollNow(object unused)
        {
            try { poll(future, UniffiFutures.Continuation, UniffiFutures.Pending.Insert(this)); }
            catch (global::System.Exception exception) { source.TrySetException(exception); }
        }

        // The lock keeps a late cancel away from a future that was freed.
        private void Cancel()
        {
            lock (gate)
            {
                if (!freed) cancel(future);
            }
        }

        // Called by Rust from any thread, maybe inside poll or cancel: only queues.
        public void Continue(sbyte result)
        {
            if (result == Ready) global::System.Threading.ThreadPool.QueueUserWorkItem(Finish);
            else Queue();
        }

        private void Finish(object unused)
        {
            try
            {
                var status = default(UniffiStatus);
                var raw = complete(future, ref status);
                if (status.Code == UniffiStatus.Success) source.TrySetResult(lift(raw));
                else if (status.Code == UniffiStatus.Cancelled) source.TrySetCanceled(token);
                else source.TrySetException(UniffiCall.Failure(ref status, declared));
            }
            catch (global::System.Exception exception) { source.TrySetException(exception); }
            finally
            {
                lock (gate)
                {
                    freed = true;
                    free(future);
                }
                registration.Dispose();
            }
        }
    }

    // Equality by content for the values of records and enums.
    internal static class UniffiValues
    {
        internal static bool Same(object left, object right)
        {
            if (ReferenceEquals(left, right)) return true;
            if (left == null || right == null) return false;
            if (left is string) return left.Equals(right);
            var leftMap = left as global::System.Collections.IDictionary;
            var rightMap = right as global::System.Collections.IDictionary;
            if (leftMap != null && rightMap != null)
            {
                if (leftMap.Count != rightMap.Count) return false;
                foreach (global::System.Collections.DictionaryEntry entry in leftMap)
                {
                    if (!rightMap.Contains(entry.Key) || !Same(entry.Value, rightMap[entry.Key])) return false;
                }
                return true;
            }
            var leftItems = left as global::System.Collections.IEnumerable;
            var rightItems = right as global::System.Collections.IEnumerable;
            if (leftItems == null || rightItems == null) return left.Equals(right);
            var rightItem = rightItems.GetEnumerator();
            foreach (var item in leftItems)
            {
                if (!rightItem.MoveNext() || !Same(item, rightItem.Current)) return false;
            }
            return !rightItem.MoveNext();
        }

        internal static bool SameSet<T>(
            global::System.Collections.Generic.ISet<T> left, global::System.Collections.Generic.ISet<T> right)
        {
            if (left == null || right == null) return ReferenceEquals(left, right);
            return left.SetEquals(right);
        }

        // Collections do not count, so that equal values always have equal hashes.
        internal static int Hash(int seed, object value)
        {
            var plain = value is string || !(value is global::System.Collections.IEnumerable);
            var own = plain && value != null ? value.GetHashCode() : 0;
            return unchecked(seed * 31 + own);
        }
    }
}
