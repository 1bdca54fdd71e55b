using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using FidoUnlock;

/// <summary>Devices as events: on which thread, in which order, and none after the end.</summary>
public static class WatcherTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A UI thread's queue, run by the test.</summary>
    private sealed class Queue : SynchronizationContext
    {
        private readonly BlockingCollection<Action> waiting = new BlockingCollection<Action>();

        public override void Post(SendOrPostCallback call, object state) { waiting.Add(() => call(state)); }

        public bool RunOne()
        {
            Action action;
            if (!waiting.TryTake(out action, Patience)) return false;
            action();
            return true;
        }

        public void RunAll()
        {
            Action action;
            while (waiting.TryTake(out action)) action();
        }

        public int Count { get { return waiting.Count; } }
    }

    /// <summary>A source that tells what it was given, then waits for its cancel.</summary>
    private static Func<CancelHandle, DeviceChange> Source(params Func<DeviceChange>[] changes)
    {
        var left = new ConcurrentQueue<Func<DeviceChange>>(changes);
        return cancel =>
        {
            Func<DeviceChange> change;
            if (left.TryDequeue(out change)) return change();
            while (!cancel.IsCancelled()) Thread.Sleep(5);
            return null;
        };
    }

    private static T In<T>(SynchronizationContext context, Func<T> work)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try { return work(); }
        finally { SynchronizationContext.SetSynchronizationContext(before); }
    }

    [Test]
    public static void EventsComeInOrderOnTheContextOfWhoMadeTheWatcher()
    {
        var queue = new Queue();
        var told = new List<string>();
        var threads = new HashSet<int>();
        Action<string> tell = what =>
        {
            told.Add(what);
            threads.Add(Thread.CurrentThread.ManagedThreadId);
        };
        using (var watcher = In(queue, () => new DeviceWatcher(Source(
            () => new DeviceChange.Arrived(Found("one")),
            () => null,
            () => new DeviceChange.Changed(Found("one")),
            () => new DeviceChange.CardServiceStarted(),
            () => new DeviceChange.Problem(UnlockLibrary.ErrorTable().First(row => row.Number == 511)),
            () => new DeviceChange.Left(Found("two"))))))
        {
            watcher.Arrived += (sender, args) => tell("arrived " + args.Device.Name);
            watcher.Changed += (sender, args) => tell("changed " + args.Device.Name);
            watcher.Left += (sender, args) => tell("left " + args.Device.Name);
            watcher.Failed += (sender, args) => tell("failed " + args.Problem.Number);
            watcher.ReadersChanged += (sender, args) => tell(args.Change.GetType().Name);
            watcher.Start();
            for (var count = 0; count < 5; count++) Expect.True(queue.RunOne(), "an event came");
        }
        Expect.Items(
            new[] { "arrived one", "changed one", "CardServiceStarted", "failed 511", "left two" }, told);
        Expect.Items(new[] { Thread.CurrentThread.ManagedThreadId }, threads, "threads");
    }

    [Test]
    public static void AfterDisposeNotEvenAWaitingEventComes()
    {
        var queue = new Queue();
        var told = 0;
        var watcher = In(queue, () => new DeviceWatcher(Source(() => new DeviceChange.Arrived(Found("one")))));
        watcher.Arrived += (sender, args) => told++;
        watcher.Start();
        Expect.True(SpinWait.SpinUntil(() => queue.Count == 1, Patience), "an event waits");
        watcher.Dispose();
        watcher.Dispose();
        queue.RunAll();
        Expect.Equal(0, told);
        Expect.Throws<ObjectDisposedException>(watcher.Start);
    }

    [Test]
    public static void AFailureIsToldOnceAndTheWatchGoesOn()
    {
        Func<DeviceChange> fail =
            () => { throw new UnlockException.Transport(511, "NoService", "the service does not run", "Start it."); };
        var told = new BlockingCollection<string>();
        using (var watcher = In(null, () => new DeviceWatcher(Source(
            fail, fail, () => new DeviceChange.Arrived(Found("one")), fail))))
        {
            watcher.Failed += (sender, args) => told.Add(args.Problem.Number + " " + args.Problem.Family);
            watcher.Arrived += (sender, args) => told.Add(args.Device.Name);
            watcher.Start();
            Expect.Throws<InvalidOperationException>(watcher.Start);
            foreach (var expected in new[] { "511 transport", "one", "511 transport" })
            {
                string found;
                Expect.True(told.TryTake(out found, Patience), "told " + expected);
                Expect.Equal(expected, found);
            }
        }
        Expect.Equal(0, told.Count);
    }

    [Test]
    public static void AHandlerMayEndTheWatch()
    {
        using (var ended = new ManualResetEvent(false))
        {
            var watcher = In(null, () => new DeviceWatcher(Source(() => new DeviceChange.Arrived(Found("one")))));
            watcher.Arrived += (sender, args) =>
            {
                watcher.Dispose();
                ended.Set();
            };
            watcher.Start();
            Expect.True(ended.WaitOne(Patience), "it ended from within");
        }
    }

    [Test]
    public static async Task TheDevicesOfThisComputerAreListedAndWatched()
    {
        // The library of the tests has neither `hid` nor `pcsc`: nothing is found, and that is no error.
        Expect.Equal(0, (await Unlocking.ListDevicesAsync()).Devices.Count);
        var watcher = new DeviceWatcher();
        watcher.Arrived += (sender, args) => { throw new WrongException("nothing is there"); };
        watcher.Start();
        watcher.Dispose();
        new DeviceWatcher().Dispose();
        var gone = await Expect.ThrowsAsync<UnlockException.Transport>(() => Found("one").OpenAsync());
        Expect.Equal(ErrorNumber.Gone, gone.ErrorNumber());
        using (var cancelled = new CancellationTokenSource())
        {
            cancelled.Cancel();
            await Expect.ThrowsAsync<OperationCanceledException>(() => Unlocking.ListDevicesAsync(cancellationToken: cancelled.Token));
        }
    }

    [Test]
    public static async Task AKeyThatComesAndGoesIsTold()
    {
        var told = new BlockingCollection<string>();
        FoundDevice found = null;
        var looking = UnlockLibrary.MockLooking();
        using (var key = new MockKey())
        {
            var watcher = In(null, () => new DeviceWatcher());
            watcher.Arrived += (sender, args) => { found = args.Device; told.Add("arrived " + args.Device.Name); };
            watcher.Left += (sender, args) => told.Add("left " + args.Device.Name);
            watcher.Start();
            foreach (var expected in new[] { "arrived Plugged", "left Plugged", "arrived Plugged" })
            {
                if (expected.StartsWith("arrived")) key.PlugIn("Plugged");
                else key.Pull();
                string what;
                Expect.True(told.TryTake(out what, Patience), expected);
                Expect.Equal(expected, what);
            }
            using (var device = await found.OpenAsync())
                Expect.Equal<Condition>(new Condition.PinNotSet(), (await device.DiagnoseAsync()).Condition);
            watcher.Dispose();
            Expect.Equal(looking, UnlockLibrary.MockLooking(), "it looks no more");
            key.Pull();
            Expect.Equal(0, told.Count);
        }
    }

    [Test]
    public static void AFoundDeviceOfAnyLengthCrosses()
    {
        // Each length puts another field where the binding's buffer grows.
        for (var length = 0; length < 200; length++)
        {
            var found = Found(new string('x', length));
            Refused.With<UnlockException.Transport>(ErrorNumber.Gone, () => Device.OpenFound(found, null, null));
        }
    }

    private static FoundDevice Found(string name)
    {
        var route = new FoundRoute(DeviceKind.UsbKey, name, "/dev/" + name, Interface.Vendor, null, null);
        return new FoundDevice(name, null, null, null, false, false, new[] { route }, null);
    }
}
