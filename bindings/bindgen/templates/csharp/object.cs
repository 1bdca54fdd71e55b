{{ docs }}    public sealed class {{ name }} : {{ bases }}
    {
        internal readonly UniffiHandle uniffiHandle;

        internal {{ name }}(UniffiHandle handle) { uniffiHandle = handle; }

        /// <summary>Gives the Rust object back. Without it the garbage collector does so, some time later.</summary>
        public void Dispose() { uniffiHandle.Dispose(); }
{%- for member in members %}

{{ member }}
{%- endfor %}
{%- if let Some(member) = equals %}

{{ member }}
        /// <summary>Equal as Rust sees it.</summary>
        public bool Equals({{ full_name }} other)
        {
            return !ReferenceEquals(other, null) && (ReferenceEquals(this, other) || UniffiEquals(other));
        }

        /// <summary>Equal as Rust sees it.</summary>
        public override bool Equals(object other) { return Equals(other as {{ full_name }}); }

        /// <summary>Equal objects have equal hashes.</summary>
        public override int GetHashCode() { return {% if hash.is_some() %}UniffiHash().GetHashCode(){% else %}0{% endif %}; }
{%- endif %}
{%- if equals.is_some() %}
{%- if let Some(member) = hash %}

{{ member }}
{%- endif %}
{%- endif %}
{%- if let Some(member) = compare %}

{{ member }}
        /// <summary>The order of Rust; null comes first.</summary>
        public int CompareTo({{ full_name }} other) { return ReferenceEquals(other, null) ? 1 : UniffiCompare(other); }
{%- endif %}
    }

    internal static partial class UniffiConverters
    {
        internal static UniffiHandle Handle{{ name }}(ulong handle)
        {
            return new UniffiHandle(handle, UniffiNative.{{ clone }}, UniffiNative.{{ free }});
        }

        internal static {{ full_name }} Lift{{ name }}(ulong handle) { return new {{ full_name }}(Handle{{ name }}(handle)); }

        internal static ulong Lower{{ name }}({{ full_name }} value)
        {
            UniffiWriter.NotNull(value);
            return value.uniffiHandle.Clone();
        }

        internal static void Discard{{ name }}(ulong handle)
        {
            var status = default(UniffiStatus);
            if (handle != 0) UniffiNative.{{ free }}(handle, ref status);
        }
    }
