{{ class.docs }}    public sealed class {{ class.name }} : global::System.IEquatable<{{ class.full_name }}>
    {
{%- for field in class.fields %}
{{ field.docs }}        public {{ field.ty }} {{ field.property }} { get; }
{% endfor %}
        /// <summary>Takes every field.</summary>
        public {{ class.name }}({{ class.parameters }})
        {
{%- for field in class.fields %}
{%- if let Some(check) = field.check %}
            if ({{ field.parameter }} == null) throw new global::System.ArgumentNullException("{{ check }}");
{%- endif %}
{%- endfor %}
{%- for field in class.fields %}
            this.{{ field.property }} = {{ field.parameter }};
{%- endfor %}
        }

        internal void UniffiWrite(UniffiWriter uniffiWriter)
        {
{%- for field in class.fields %}
            {{ field.write }};
{%- endfor %}
        }

        /// <summary>True when all fields hold the same.</summary>
        public bool Equals({{ class.full_name }} other)
        {
            return !ReferenceEquals(other, null)
{%- for field in class.fields %}
                && {{ field.same }}
{%- endfor %};
        }

        /// <summary>True when the other one is of this type and all fields hold the same.</summary>
        public override bool Equals(object other) { return Equals(other as {{ class.full_name }}); }

        /// <summary>Equal values have equal hashes.</summary>
        public override int GetHashCode()
        {
            var hash = 17;
{%- for field in class.fields %}
            hash = UniffiValues.Hash(hash, {{ field.property }});
{%- endfor %}
            return hash;
        }
{%- for member in members %}

{{ member }}
{%- endfor %}
    }

    internal static partial class UniffiConverters
    {
        internal static {{ class.full_name }} Read{{ class.name }}(UniffiReader uniffiReader)
        {
            return new {{ class.full_name }}({{ class.reads }});
        }

        internal static void Write{{ class.name }}(UniffiWriter uniffiWriter, {{ class.full_name }} value)
        {
            UniffiWriter.NotNull(value);
            value.UniffiWrite(uniffiWriter);
        }
    }
