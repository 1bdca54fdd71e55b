{{ docs }}    public static class {{ class }}
    {
{%- for function in functions %}
{{ function }}
{%- endfor %}
    }

    // Checks the native library once, before its first use.
    internal static class UniffiLibrary
    {
        private static readonly object gate = new object();
        private static volatile bool ready;

        internal static void Ensure()
        {
            if (!ready) Load();
        }

        private static void Load()
        {
            lock (gate)
            {
                if (ready) return;
                try { Check(); }
                catch (global::System.EntryPointNotFoundException missing)
                {
                    throw new NativeLibraryMismatchException(
                        "{{ library }} lacks a function that this assembly was generated for: " + missing.Message);
                }
{%- for stem in tables %}
                UniffiTable{{ stem }}.Register();
{%- endfor %}
                ready = true;
            }
        }

        private static void Check()
        {
            var contract = UniffiNative.{{ contract }}();
            if (contract != {{ contract_version }})
                throw new NativeLibraryMismatchException(
                    "{{ library }} has UniFFI contract " + contract + ", this assembly was generated for {{ contract_version }}");
{%- for checksum in checksums %}
            Check("{{ checksum.name }}", UniffiNative.{{ checksum.name }}(), {{ checksum.value }});
{%- endfor %}
        }

        private static void Check(string name, ushort found, ushort expected)
        {
            if (found != expected)
                throw new NativeLibraryMismatchException(
                    "{{ library }} is of another version than this assembly: " + name + " is " + found + ", expected " + expected);
        }
    }

    internal static class UniffiNative
    {
        private const string Library = "{{ library }}";

        [global::System.Runtime.InteropServices.DllImport(Library, EntryPoint = "{{ allocate }}", CallingConvention = global::System.Runtime.InteropServices.CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern UniffiBuffer Allocate(ulong size, ref UniffiStatus status);

        [global::System.Runtime.InteropServices.DllImport(Library, EntryPoint = "{{ free }}", CallingConvention = global::System.Runtime.InteropServices.CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern void Free(UniffiBuffer buffer, ref UniffiStatus status);
{%- for native in natives %}

        [global::System.Runtime.InteropServices.DllImport(Library, CallingConvention = global::System.Runtime.InteropServices.CallingConvention.Cdecl, ExactSpelling = true)]
        internal static extern {{ native }};
{%- endfor %}
    }
{%- for result in results %}

    [global::System.Runtime.InteropServices.StructLayout(global::System.Runtime.InteropServices.LayoutKind.Sequential)]
    internal struct UniffiResult{{ result.kind }}
    {
{%- if let Some(ffi) = result.ffi %}
        internal {{ ffi }} Value;
{%- endif %}
        internal UniffiStatus Status;
    }

    [global::System.Runtime.InteropServices.UnmanagedFunctionPointer(global::System.Runtime.InteropServices.CallingConvention.Cdecl)]
    internal delegate void UniffiComplete{{ result.kind }}(ulong data, UniffiResult{{ result.kind }} result);
{%- endfor %}
