// How UniFFI 0.32 writes compound values, and their equality.
// The generator replaces NAMESPACE; all else is the same in every generated package.
namespace NAMESPACE
{
    // Big endian, as UniFFI writes all compound values.
    internal sealed class UniffiWriter
    {
        internal byte[] Bytes = new byte[64];
        internal int Length;

        // What was written for Rust to take, and how it is given back where Rust never gets it.
        private global::System.Collections.Generic.List<
            global::System.Collections.Generic.KeyValuePair<ulong, global::System.Action<ulong>>> handles;

        internal void Wipe() { global::System.Array.Clear(Bytes, 0, Length); }

        internal void WriteHandle(ulong handle, global::System.Action<ulong> discard)
        {
            if (handles == null)
                handles = new global::System.Collections.Generic.List<
                    global::System.Collections.Generic.KeyValuePair<ulong, global::System.Action<ulong>>>();
            handles.Add(
                new global::System.Collections.Generic.KeyValuePair<ulong, global::System.Action<ulong>>(handle, discard));
            WriteUInt64(handle);
        }

        internal void Undo()
        {
            if (handles == null) return;
            foreach (var written in handles) written.Value(written.Key);
            handles = null;
        }

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

        internal void WriteByte(byte value)
        {
            // Bytes is another array after it grew, so it is read afterwards.
            var at = Reserve(1);
            Bytes[at] = value;
        }

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
