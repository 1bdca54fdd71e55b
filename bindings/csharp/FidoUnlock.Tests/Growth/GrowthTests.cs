using System;
using System.IO;
using System.Linq;
using System.Threading;
using FidoUnlock;

/// <summary>Many unlocks leave nothing behind: managed memory, native memory, threads, open files.</summary>
public static class GrowthTests
{
    private const long Mib = 1024 * 1024;

    private sealed class Footprint
    {
        public readonly long Heap, Resident, Threads, Files;

        public Footprint()
        {
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                Thread.Sleep(200);
            }
            Heap = GC.GetTotalMemory(true);
            var status = File.ReadAllLines("/proc/self/status").Select(line => line.Split(':'))
                .ToDictionary(pair => pair[0], pair => pair[1].Trim());
            Resident = long.Parse(status["VmRSS"].Split(' ')[0]) * 1024;
            Threads = long.Parse(status["Threads"]);
            Files = Directory.GetFiles("/proc/self/fd").Length;
        }

        public override string ToString()
        {
            return "heap " + Heap / 1024 + " KiB, resident " + Resident / 1024 + " KiB, " + Threads + " threads, "
                + Files + " files";
        }
    }

    /// <summary>The whole unlock over a pipe in C#, each with a server, a pipe, a device and a session of its own.</summary>
    [Test]
    public static void UnlocksDoNotGrow()
    {
        var unlocks = int.Parse(Environment.GetEnvironmentVariable("FIDO_UNLOCK_UNLOCKS") ?? "200");
        var pins = new[] { Enrolled.OldPin, Enrolled.NewPin };
        using (var enrolled = new Enrolled(Suite.P256EcdhMac))
        {
            var done = 0;
            Action once = () =>
            {
                enrolled.Block();
                using (var server = enrolled.Key.Serve(MockWire.Hid, Interface.Vendor, 0))
                using (var pipe = new TcpHid(server.Port()))
                using (var device = Device.OpenHid(pipe, Interface.Vendor))
                using (var session = UnlockSession.Begin(device, null, null, null))
                {
                    var next = pins[++done % 2];
                    session.Unlock(device, enrolled.Respond(session.Challenge()), next, next, null, null, null, null);
                }
            };
            // The first half warms up, the second must not grow.
            while (done < unlocks / 2) once();
            var before = new Footprint();
            while (done < unlocks) once();
            var after = new Footprint();
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Fido))
                Expect.Equal((uint)unlocks, device.Info(null, null).UnlockCounter);
            Console.WriteLine(unlocks + " unlocks: " + before + "; then " + after);
            Expect.True(after.Heap < before.Heap + 1 * Mib, "the heap does not grow: " + before + "; then " + after);
            Expect.True(after.Resident < before.Resident + 8 * Mib, "native memory does not grow: " + before + "; then " + after);
            Expect.True(after.Threads <= before.Threads + 2, "no thread stays: " + before + "; then " + after);
            Expect.True(after.Files <= before.Files + 2, "no file stays open: " + before + "; then " + after);
        }
    }
}
