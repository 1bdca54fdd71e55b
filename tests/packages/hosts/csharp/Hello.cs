using System;
using FidoUnlock;

/// <summary>What a host that has nothing but the package does first. Each line says what the library answered.</summary>
public static class Hello
{
    private sealed class NoKey : IHidReports
    {
        public void WriteReport(byte[] report) { throw new PipeException.Gone(); }
        public byte[] ReadReport(uint timeoutMs) { throw new PipeException.Gone(); }
        public uint ReportSize() { return 64; }
    }

    public static int Main()
    {
        Console.WriteLine("version " + UnlockLibrary.LibraryVersion());
        using (var field = CodeField.DeviceId())
        {
            field.Check("7HF8-3D0C-BV38-W153-J2Z2");
            Console.WriteLine("code " + Number(() => field.Check("7HF8-3D0C-BV38-W153-J2Z3")));
        }
        using (var device = Device.OpenHid(new NoKey(), Interface.Vendor))
            Console.WriteLine("pipe " + Number(() => device.Info()));
        Console.WriteLine("devices " + Number(() => UnlockLibrary.ListDevices()));
        return 0;
    }

    /// <summary>The error's number and name, or "good".</summary>
    private static string Number(Action call)
    {
        try { call(); }
        catch (UnlockException thrown) { return thrown.Number + " " + thrown.Name; }
        return "good";
    }
}
