using System;
using System.Threading;

namespace FidoUnlock
{
    /// <summary>A device came, went or changed.</summary>
    public sealed class DeviceEventArgs : EventArgs
    {
        internal DeviceEventArgs(FoundDevice device) { Device = device; }

        /// <summary>Which; as it was, where it left.</summary>
        public FoundDevice Device { get; }
    }

    /// <summary>A reader came or went, or the smart card service started or stopped.</summary>
    public sealed class ReadersEventArgs : EventArgs
    {
        internal ReadersEventArgs(DeviceChange change) { Change = change; }

        /// <summary>What.</summary>
        public DeviceChange Change { get; }
    }

    /// <summary>The devices, or one kind of them, cannot be watched.</summary>
    public sealed class WatchFailedEventArgs : EventArgs
    {
        internal WatchFailedEventArgs(ErrorRow problem) { Problem = problem; }

        /// <summary>Why, as the table says.</summary>
        public ErrorRow Problem { get; }
    }

    /// <summary>
    /// Devices as they come and go, as events. What is there at <see cref="Start"/> comes as arrived. Events are raised
    /// on the synchronisation context of the thread that made the watcher, such as the UI thread; without one, on the
    /// watcher's own thread. After <see cref="Dispose"/> none is raised any more, not even one that waits already.
    /// </summary>
    public sealed class DeviceWatcher : IDisposable
    {
        private const uint Slice = 1000;

        private readonly SynchronizationContext context = SynchronizationContext.Current;
        private readonly CancelHandle cancel = new CancelHandle();
        private readonly ManualResetEvent stop = new ManualResetEvent(false);
        private readonly Func<CancelHandle, DeviceChange> next;
        private readonly IDisposable source;
        private readonly object gate = new object();
        private Thread thread;
        private volatile bool disposed;
        private bool freedByThread;

        /// <summary>Over the devices of this computer.</summary>
        public DeviceWatcher()
        {
            var watch = new DeviceWatch();
            source = watch;
            next = handle => watch.Next(Slice, handle);
        }

        /// <summary>Over a source of the host's own, for its tests.</summary>
        /// <param name="next">Waits for the next change, a second or so; null where none came. Called on one thread.</param>
        public DeviceWatcher(Func<CancelHandle, DeviceChange> next)
        {
            if (next == null) throw new ArgumentNullException(nameof(next));
            this.next = next;
        }

        /// <summary>A device was connected.</summary>
        public event EventHandler<DeviceEventArgs> Arrived;

        /// <summary>
        /// A device is reached by a further route or by one less, or tells more than before, such as that it is locked.
        /// </summary>
        public event EventHandler<DeviceEventArgs> Changed;

        /// <summary>A device was taken away.</summary>
        public event EventHandler<DeviceEventArgs> Left;

        /// <summary>A reader came or went, or the smart card service started or stopped.</summary>
        public event EventHandler<ReadersEventArgs> ReadersChanged;

        /// <summary>USB keys, or cards, or both cannot be watched; told once, and tried again until they can.</summary>
        public event EventHandler<WatchFailedEventArgs> Failed;

        /// <summary>Begins. Subscribe first.</summary>
        /// <exception cref="InvalidOperationException">It was begun already.</exception>
        /// <exception cref="ObjectDisposedException">It was ended.</exception>
        public void Start()
        {
            lock (gate)
            {
                if (disposed) throw new ObjectDisposedException(nameof(DeviceWatcher));
                if (thread != null) throw new InvalidOperationException("the watcher runs already");
                thread = new Thread(Run) { IsBackground = true, Name = "fido-unlock watch" };
                thread.Start();
            }
        }

        /// <summary>Ends it, and waits until its thread has ended, unless called from there.</summary>
        public void Dispose()
        {
            Thread running;
            lock (gate)
            {
                if (disposed) return;
                disposed = true;
                running = thread;
                freedByThread = running == Thread.CurrentThread;
            }
            cancel.Cancel();
            stop.Set();
            if (freedByThread) return;
            running?.Join();
            Free();
        }

        private void Run()
        {
            ushort? failed = null;
            while (!disposed)
            {
                // A handler's exception is not the watch's.
                DeviceChange change = null;
                try
                {
                    change = next(cancel);
                    failed = null;
                }
                catch (UnlockException error)
                {
                    if (disposed) break;
                    // The classes are named after the families.
                    var family = error.GetType().Name.ToLowerInvariant();
                    var row = new ErrorRow(error.Number, error.Name, family, error.Text, error.NextStep);
                    if (failed != error.Number) Tell(() => Failed?.Invoke(this, new WatchFailedEventArgs(row)));
                    failed = error.Number;
                    stop.WaitOne(TimeSpan.FromMilliseconds(Slice));
                }
                if (change != null) Tell(() => Raise(change));
            }
            if (freedByThread) Free();
        }

        private void Free()
        {
            source?.Dispose();
            cancel.Dispose();
            stop.Dispose();
        }

        private void Tell(Action raise)
        {
            if (context == null) raise();
            else context.Post(_ => { if (!disposed) raise(); }, null);
        }

        private void Raise(DeviceChange change)
        {
            var arrived = change as DeviceChange.Arrived;
            var changed = change as DeviceChange.Changed;
            var left = change as DeviceChange.Left;
            var problem = change as DeviceChange.Problem;
            if (arrived != null) Arrived?.Invoke(this, new DeviceEventArgs(arrived.Device));
            else if (changed != null) Changed?.Invoke(this, new DeviceEventArgs(changed.Device));
            else if (left != null) Left?.Invoke(this, new DeviceEventArgs(left.Device));
            else if (problem != null) Failed?.Invoke(this, new WatchFailedEventArgs(problem.ProblemValue));
            else ReadersChanged?.Invoke(this, new ReadersEventArgs(change));
        }
    }
}
