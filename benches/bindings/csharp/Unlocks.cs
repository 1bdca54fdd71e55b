using System;
using System.Collections.Generic;
using System.Diagnostics;
using FidoUnlock;

/// <summary>Whole unlocks over TCP of a software key that is blocked before each: from the open socket to the new PIN.</summary>
internal sealed class Unlocks : IDisposable
{
    private const byte Slot = 1;
    /// <summary><c>Interface.Fido</c> on the wire.</summary>
    private const int Fido = (int)Interface.Fido + 1;

    private static readonly string[] Pins = { "Winter42", "Spring43" };

    private readonly MockKey key = new MockKey();
    private readonly IssuerKey issuer = IssuerKey.Make(Suite.P256EcdhMac);
    private readonly EnrolledDevice device;
    private readonly MockServer server;
    private int done;

    internal Unlocks()
    {
        using (var plan = new Enrollment())
        using (var plain = key.Open(MockWire.Hid, Interface.Fido))
        {
            plan.AddKey(Slot, issuer);
            device = plan.Run(plain, null, null, null);
        }
        key.SetPin(Pins[0]);
        server = key.Serve(MockWire.Hid, Interface.Fido, 0);
    }

    internal void Round(int unlocks)
    {
        var times = new[] { new List<double>(), new List<double>() };
        var reports = 0;
        for (var i = 0; i < unlocks; i++)
        {
            times[0].Add(One(WithBare, out reports));
            times[1].Add(One(WithGenerated, out reports));
        }
        Program.Print("unlock", "bare", Program.Median(times[0]));
        Program.Print("unlock", "generated", Program.Median(times[1]));
        Program.Print("reports", "generated", reports);
    }

    private double One(Action<TcpHid, Stopwatch, string> work, out int reports)
    {
        key.Block("Winter24");
        var next = Pins[++done % 2];
        var watch = new Stopwatch();
        using (var pipe = new TcpHid(server.Port()))
        {
            work(pipe, watch, next);
            reports = pipe.Reports;
        }
        key.TryPin(next);
        return watch.ElapsedTicks * 1e9 / Stopwatch.Frequency;
    }

    /// <summary>The help desk's part, which is not timed.</summary>
    private string Respond(string challenge)
    {
        return UnlockLibrary.MockRespond(issuer, device.DeviceId, device.DeviceKey, challenge);
    }

    private void WithGenerated(TcpHid pipe, Stopwatch watch, string pin)
    {
        UniffiTableHidReports.Register();
        watch.Start();
        using (var opened = Device.OpenHid(pipe, Interface.Fido))
        using (var session = UnlockSession.Begin(opened, null, null, null))
        {
            var challenge = session.Challenge();
            watch.Stop();
            var response = Respond(challenge);
            watch.Start();
            session.Unlock(opened, response, pin, pin, null, null, null, null);
            watch.Stop();
        }
    }

    private void WithBare(TcpHid pipe, Stopwatch watch, string pin)
    {
        BarePipe.Register();
        BarePipe.Target = pipe;
        watch.Start();
        var opened = Bare.OpenHid(BarePipe.Handle, Fido);
        var session = Bare.Begin(opened);
        var challenge = Bare.Challenge(session);
        watch.Stop();
        var response = Respond(challenge);
        watch.Start();
        Bare.Unlock(session, opened, response, pin);
        watch.Stop();
        Bare.FreeSession(session);
        Bare.FreeDevice(opened);
    }

    public void Dispose()
    {
        server.Dispose();
        key.Dispose();
        issuer.Dispose();
    }
}
