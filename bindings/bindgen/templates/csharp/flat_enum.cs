{{ docs }}    public enum {{ name }} : {{ base }}
    {
{%- for variant in variants %}
{{ variant.docs }}        {{ variant.name }} = {{ variant.value }},
{%- endfor %}
    }

    internal static partial class UniffiConverters
    {
        internal static {{ full_name }} Read{{ name }}(UniffiReader uniffiReader)
        {
            switch (uniffiReader.ReadInt32())
            {
{%- for variant in variants %}
                case {{ variant.index }}: return {{ full_name }}.{{ variant.name }};
{%- endfor %}
                default: throw UniffiReader.Malformed();
            }
        }

        internal static void Write{{ name }}(UniffiWriter uniffiWriter, {{ full_name }} value)
        {
            switch (value)
            {
{%- for variant in variants %}
                case {{ full_name }}.{{ variant.name }}: uniffiWriter.WriteInt32({{ variant.index }}); break;
{%- endfor %}
                default: throw new global::System.ArgumentOutOfRangeException("value", "no value of {{ name }}");
            }
        }
    }
