using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using FidoUnlock;

/// <summary>One round of figures for each line on standard input: `name how value`, in nanoseconds, then `done`.</summary>
internal static class Program
{
    /// <summary>Bare and generated take turns this often in a round; the median leaves the disturbed ones out.</summary>
    private const int Slices = 41;

    private static readonly Loop loop = new Loop();
    private static readonly CancelHandle handle = new CancelHandle();
    private static readonly byte[] report = Enumerable.Range(0, 64).Select(i => (byte)i).ToArray();

    private static void Main(string[] arguments)
    {
        var calls = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var unlocks = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var bareHandle = Bare.NewCancelHandle();
        var guarded = new Bare.GuardedHandle(Bare.NewCancelHandle());
        using (var bench = new Unlocks())
        {
            while (Console.ReadLine() != null)
            {
                Pair("nothing", calls,
                    count => { for (var i = 0; i < count; i++) Bare.Nothing(); },
                    count => { for (var i = 0; i < count; i++) UnlockLibrary.MockNothing(); });
                Pair("method", calls,
                    count => { for (var i = 0; i < count; i++) Wrong(Bare.IsCancelled(bareHandle)); },
                    count => { for (var i = 0; i < count; i++) Wrong(handle.IsCancelled()); });
                Pair("guarded", calls,
                    count => { for (var i = 0; i < count; i++) Wrong(Bare.IsCancelled(guarded)); },
                    count => { for (var i = 0; i < count; i++) Wrong(handle.IsCancelled()); });
                Pair("echo", calls,
                    count => { for (var i = 0; i < count; i++) Wrong(Bare.Echo(report).Length != 64); },
                    count => { for (var i = 0; i < count; i++) Wrong(UnlockLibrary.MockEcho(report).Length != 64); });
                Pair("report", calls, BareReports, GeneratedReports);
                bench.Round(unlocks);
                Console.WriteLine("done");
            }
        }
    }

    private static void BareReports(int count)
    {
        BarePipe.Register();
        BarePipe.Target = loop;
        Wrong(Bare.Exchange(BarePipe.Handle, (uint)count) != 64UL * (ulong)count);
    }

    private static void GeneratedReports(int count)
    {
        UniffiTableHidReports.Register();
        Wrong(UnlockLibrary.MockExchange(loop, (uint)count) != 64UL * (ulong)count);
    }

    private static void Wrong(bool wrong)
    {
        if (wrong) throw new InvalidOperationException("a wrong answer");
    }

    private static void Pair(string name, int calls, Action<int> bare, Action<int> generated)
    {
        var times = new[] { new List<double>(), new List<double>() };
        for (var slice = 0; slice < Slices; slice++)
        {
            times[0].Add(Time(bare, calls));
            times[1].Add(Time(generated, calls));
        }
        Print(name, "bare", Median(times[0]));
        Print(name, "generated", Median(times[1]));
    }

    private static double Time(Action<int> work, int calls)
    {
        var watch = Stopwatch.StartNew();
        work(calls);
        return watch.ElapsedTicks * 1e9 / Stopwatch.Frequency / calls;
    }

    internal static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    internal static void Print(string name, string how, double value)
    {
        Console.WriteLine(string.Format(CultureInfo.InvariantCulture, "{0} {1} {2:F1}", name, how, value));
    }
}
