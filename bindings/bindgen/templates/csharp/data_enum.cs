{{ docs }}    public abstract class {{ name }}
    {
        internal {{ name }}() { }

        internal abstract void UniffiWrite(UniffiWriter uniffiWriter);
{%- for member in members %}

{{ member }}
{%- endfor %}
{%- for variant in variants %}

{{ variant.docs }}        public sealed class {{ variant.name }} : {{ full_name }}
        {
{%- for field in variant.fields %}
{{ field.docs }}            public {{ field.ty }} {{ field.property }} { get; }
{% endfor %}
            /// <summary>Takes every field.</summary>
            public {{ variant.name }}({{ variant.parameters }})
            {
{%- for field in variant.fields %}
{%- if let Some(check) = field.check %}
                if ({{ field.parameter }} == null) throw new global::System.ArgumentNullException("{{ check }}");
{%- endif %}
{%- endfor %}
{%- for field in variant.fields %}
                this.{{ field.property }} = {{ field.parameter }};
{%- endfor %}
            }

            internal override void UniffiWrite(UniffiWriter uniffiWriter)
            {
                uniffiWriter.WriteInt32({{ variant.index }});
{%- for field in variant.fields %}
                {{ field.write }};
{%- endfor %}
            }

            /// <summary>True for the same variant with the same fields.</summary>
            public override bool Equals(object uniffiOther)
            {
                var other = uniffiOther as {{ variant.full_name }};
                return !ReferenceEquals(other, null)
{%- for field in variant.fields %}
                    && {{ field.same }}
{%- endfor %};
            }

            /// <summary>Equal values have equal hashes.</summary>
            public override int GetHashCode()
            {
                var hash = {{ variant.index }};
{%- for field in variant.fields %}
                hash = UniffiValues.Hash(hash, {{ field.property }});
{%- endfor %}
                return hash;
            }
        }
{%- endfor %}
    }

    internal static partial class UniffiConverters
    {
        internal static {{ full_name }} Read{{ name }}(UniffiReader uniffiReader)
        {
            switch (uniffiReader.ReadInt32())
            {
{%- for variant in variants %}
                case {{ variant.index }}: return new {{ variant.full_name }}({{ variant.reads }});
{%- endfor %}
                default: throw UniffiReader.Malformed();
            }
        }

        internal static void Write{{ name }}(UniffiWriter uniffiWriter, {{ full_name }} value)
        {
            UniffiWriter.NotNull(value);
            value.UniffiWrite(uniffiWriter);
        }
    }
