{{ docs }}    public interface {{ name }}
    {
{%- for declaration in declarations %}
{{ declaration }}
{%- endfor %}
    }

    // The functions through which Rust calls objects of the host, and the objects that Rust holds.
    internal static class UniffiTable{{ stem }}
    {
        internal static readonly UniffiHandleMap<{{ full_name }}> Objects = new UniffiHandleMap<{{ full_name }}>();
        private static readonly UniffiFree free = OnFree;
        private static readonly UniffiClone clone = OnClone;
{%- for handler in handlers %}
        private static readonly Method{{ loop.index0 }} method{{ loop.index0 }} = On{{ handler.name }};
{%- endfor %}
{%- for handler in handlers %}

        [global::System.Runtime.InteropServices.UnmanagedFunctionPointer(global::System.Runtime.InteropServices.CallingConvention.Cdecl)]
        private delegate void Method{{ loop.index0 }}(ulong uniffiHandle{{ handler.parameters }});
{%- endfor %}

        // Rust keeps the table for ever, so it is never freed.
        internal static void Register()
        {
            var size = global::System.IntPtr.Size;
            var table = global::System.Runtime.InteropServices.Marshal.AllocHGlobal(size * {{ handlers.len() + 2 }});
            global::System.Runtime.InteropServices.Marshal.WriteIntPtr(
                table, 0, global::System.Runtime.InteropServices.Marshal.GetFunctionPointerForDelegate(free));
            global::System.Runtime.InteropServices.Marshal.WriteIntPtr(
                table, size, global::System.Runtime.InteropServices.Marshal.GetFunctionPointerForDelegate(clone));
{%- for handler in handlers %}
            global::System.Runtime.InteropServices.Marshal.WriteIntPtr(
                table, size * {{ loop.index + 1 }},
                global::System.Runtime.InteropServices.Marshal.GetFunctionPointerForDelegate(method{{ loop.index0 }}));
{%- endfor %}
            UniffiNative.{{ init }}(table);
        }

        private static void OnFree(ulong handle) { Objects.Remove(handle); }

        private static ulong OnClone(ulong handle) { return Objects.Clone(handle); }
{%- for handler in handlers %}

        private static void On{{ handler.name }}(ulong uniffiHandle{{ handler.parameters }})
        {
{%- for line in handler.lines %}
            {{ line }}
{%- endfor %}
        }
{%- endfor %}
    }
{%- if let Some(rust) = rust %}

    // An implementation of Rust's own.
    internal sealed class UniffiRust{{ stem }} : {{ full_name }}, global::System.IDisposable
    {
        internal readonly UniffiHandle uniffiHandle;

        internal UniffiRust{{ stem }}(UniffiHandle handle) { uniffiHandle = handle; }

        public void Dispose() { uniffiHandle.Dispose(); }
{%- for member in rust.members %}

{{ member }}
{%- endfor %}
    }
{%- endif %}

    internal static partial class UniffiConverters
    {
        internal static {{ full_name }} Lift{{ name }}(ulong handle)
        {
{%- if let Some(rust) = rust %}
            if ((handle & 1) == 0)
                return new UniffiRust{{ stem }}(new UniffiHandle(handle, UniffiNative.{{ rust.clone }}, UniffiNative.{{ rust.free }}));
{%- endif %}
            var value = UniffiTable{{ stem }}.Objects.Remove(handle);
            if (value == null) throw UniffiReader.Malformed();
            return value;
        }

        internal static ulong Lower{{ name }}({{ full_name }} value)
        {
            UniffiWriter.NotNull(value);
{%- if rust.is_some() %}
            var rust = value as UniffiRust{{ stem }};
            if (rust != null) return rust.uniffiHandle.Clone();
{%- endif %}
            return UniffiTable{{ stem }}.Objects.Insert(value);
        }

        internal static void Discard{{ name }}(ulong handle)
        {
{%- if let Some(rust) = rust %}
            var status = default(UniffiStatus);
            if ((handle & 1) == 0)
            {
                if (handle != 0) UniffiNative.{{ rust.free }}(handle, ref status);
                return;
            }
{%- endif %}
            UniffiTable{{ stem }}.Objects.Remove(handle);
        }
    }
