using System;
using System.Runtime.InteropServices;
using FidoUnlock;

/// <summary>The table of functions behind <c>HidReports</c> by hand, for one pipe at a time.</summary>
internal static class BarePipe
{
    /// <summary>Odd, as handles of a host are, and none that the generated code gives out.</summary>
    internal const ulong Handle = 0x7FFFFFFFFFFF;

    /// <summary>What the reports go to.</summary>
    internal static IHidReports Target;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void FreeHandle(ulong handle);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate ulong CloneHandle(ulong handle);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void WriteReport(ulong handle, Bare.Buffer report, IntPtr nothing, ref Bare.Status status);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void ReadReport(ulong handle, uint timeoutMs, ref Bare.Buffer report, ref Bare.Status status);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void ReportSize(ulong handle, ref uint size, ref Bare.Status status);

    // Rust keeps the pointers, so the delegates must never be collected.
    private static readonly FreeHandle free = handle => { };
    private static readonly CloneHandle clone = handle => handle;
    private static readonly WriteReport write = OnWrite;
    private static readonly ReadReport read = OnRead;
    private static readonly ReportSize size = OnSize;
    private static readonly IntPtr table = Table();

    [DllImport("fido_unlock_ffi", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
    private static extern void uniffi_fido_unlock_ffi_fn_init_callback_vtable_hidreports(IntPtr table);

    private static IntPtr Table()
    {
        var all = new Delegate[] { free, clone, write, read, size };
        var made = Marshal.AllocHGlobal(all.Length * IntPtr.Size);
        for (var i = 0; i < all.Length; i++)
            Marshal.WriteIntPtr(made, i * IntPtr.Size, Marshal.GetFunctionPointerForDelegate(all[i]));
        return made;
    }

    /// <summary>From now on Rust calls this table; there is one for the whole process.</summary>
    internal static void Register() { uniffi_fido_unlock_ffi_fn_init_callback_vtable_hidreports(table); }

    private static void OnWrite(ulong handle, Bare.Buffer report, IntPtr nothing, ref Bare.Status status)
    {
        try { Target.WriteReport(Bare.Take(report)); }
        catch (Exception) { status.Code = 2; }
    }

    private static void OnRead(ulong handle, uint timeoutMs, ref Bare.Buffer report, ref Bare.Status status)
    {
        try { report = Bare.Bytes(Target.ReadReport(timeoutMs)); }
        catch (Exception) { status.Code = 2; }
    }

    private static void OnSize(ulong handle, ref uint reportSize, ref Bare.Status status)
    {
        try { reportSize = Target.ReportSize(); }
        catch (Exception) { status.Code = 2; }
    }
}
