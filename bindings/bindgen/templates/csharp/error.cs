{{ docs }}    public abstract class {{ name }} : global::System.Exception
    {
        internal {{ name }}(string message) : base(message) { }

        internal abstract void UniffiWrite(UniffiWriter uniffiWriter);
{%- for property in common %}

{{ property.docs }}        public abstract {{ property.ty }} {{ property.property }} { get; }
{%- endfor %}
{%- for variant in variants %}

{{ variant.docs }}        public sealed class {{ variant.name }} : {{ full_name }}
        {
{%- if flat %}
            /// <summary>Takes the text of the Rust side.</summary>
            public {{ variant.name }}(string message) : base(message) { }

            internal override void UniffiWrite(UniffiWriter uniffiWriter)
            {
                uniffiWriter.WriteInt32({{ variant.index }});
                uniffiWriter.WriteString(Message);
            }
{%- else %}
{%- for field in variant.fields %}
{%- if field.property != "Message" %}
{{ field.docs }}            public {{ field.modifier }}{{ field.ty }} {{ field.property }} { get; }
{% endif %}
{%- endfor %}
            /// <summary>Takes every field.</summary>
            public {{ variant.name }}({{ variant.parameters }}) : base({{ variant.message }})
            {
{%- for field in variant.fields %}
{%- if let Some(check) = field.check %}
                if ({{ field.parameter }} == null) throw new global::System.ArgumentNullException("{{ check }}");
{%- endif %}
{%- endfor %}
{%- for field in variant.fields %}
{%- if field.property != "Message" %}
                this.{{ field.property }} = {{ field.parameter }};
{%- endif %}
{%- endfor %}
            }

            internal override void UniffiWrite(UniffiWriter uniffiWriter)
            {
                uniffiWriter.WriteInt32({{ variant.index }});
{%- for field in variant.fields %}
                {{ field.write }};
{%- endfor %}
            }
{%- endif %}
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
                case {{ variant.index }}: return new {{ variant.full_name }}({% if flat %}uniffiReader.ReadString(){% else %}{{ variant.reads }}{% endif %});
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
