// Handles of objects, and futures.
// The generator replaces NAMESPACE; all else is the same in every generated package.
namespace NAMESPACE
{
    // One reference to a Rust object. SafeHandle keeps it alive while a call on another thread uses it.
    internal sealed class UniffiHandle : global::System.Runtime.InteropServices.SafeHandle
    {
        private readonly ulong value;
        private readonly UniffiObjectClone clone;
        private readonly UniffiObjectFree free;

        internal UniffiHandle(ulong value, UniffiObjectClone clone, UniffiObjectFree free)
            : base(global::System.IntPtr.Zero, true)
        {
            this.value = value;
            this.clone = clone;
            this.free = free;
        }

        public override bool IsInvalid { get { return value == 0; } }

        // Another reference, which the callee takes; ObjectDisposedException after Dispose.
        internal ulong Clone()
        {
            var held = false;
            try
            {
                DangerousAddRef(ref held);
                var status = default(UniffiStatus);
                var cloned = clone(value, ref status);
                UniffiCall.Check(ref status);
                return cloned;
            }
            finally
            {
                if (held) DangerousRelease();
            }
        }

        // Gives back a reference that no callee took.
        internal void Discard(ulong cloned)
        {
            var status = default(UniffiStatus);
            if (cloned != 0) free(cloned, ref status);
        }

        protected override bool ReleaseHandle()
        {
            var status = default(UniffiStatus);
            free(value, ref status);
            return status.Code == UniffiStatus.Success;
        }
    }

    // Host objects that Rust holds. Their handles are odd; those of Rust are addresses, so even.
    // Reading takes no lock, since each callback reads.
    internal sealed class UniffiHandleMap<T> where T : class
    {
        private readonly global::System.Collections.Concurrent.ConcurrentDictionary<ulong, T> objects =
            new global::System.Collections.Concurrent.ConcurrentDictionary<ulong, T>();
        private long last = -1;

        internal int Count { get { return objects.Count; } }

        internal ulong Insert(T value)
        {
            var handle = unchecked((ulong)global::System.Threading.Interlocked.Add(ref last, 2));
            objects[handle] = value;
            return handle;
        }

        internal T Get(ulong handle) { return objects[handle]; }

        internal ulong Clone(ulong handle) { return Insert(Get(handle)); }

        internal T Remove(ulong handle)
        {
            T value;
            objects.TryRemove(handle, out value);
            return value;
        }
    }

    internal delegate void UniffiPoll(ulong future, UniffiContinuation continuation, ulong data);

    internal delegate T UniffiComplete<T>(ulong future, ref UniffiStatus status);

    internal interface IUniffiPending
    {
        void Continue(sbyte poll);
    }

    // Drives one Rust future. Each poll runs on the thread pool, never on the caller's thread nor inside a wake.
    internal static class UniffiFutures
    {
        internal static readonly UniffiHandleMap<IUniffiPending> Pending = new UniffiHandleMap<IUniffiPending>();
        // Rust keeps the pointer, so the delegate must never be collected.
        internal static readonly UniffiContinuation Continuation = OnContinue;

        private static void OnContinue(ulong data, sbyte poll)
        {
            var pending = Pending.Remove(data);
            if (pending != null) pending.Continue(poll);
        }
    }

    internal sealed class UniffiFuture<TRaw, T> : IUniffiPending
    {
        private const sbyte Ready = 0;
        private readonly global::System.Threading.Tasks.TaskCompletionSource<T> source =
            new global::System.Threading.Tasks.TaskCompletionSource<T>(
                global::System.Threading.Tasks.TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object gate = new object();
        private readonly ulong future;
        private readonly UniffiPoll poll;
        private readonly global::System.Action<ulong> cancel;
        private readonly UniffiComplete<TRaw> complete;
        private readonly global::System.Action<ulong> free;
        private readonly global::System.Func<TRaw, T> lift;
        private readonly global::System.Func<UniffiReader, global::System.Exception> declared;
        private readonly global::System.Threading.CancellationToken token;
        private global::System.Threading.CancellationTokenRegistration registration;
        private bool freed;

        private UniffiFuture(
            ulong future, UniffiPoll poll, global::System.Action<ulong> cancel, UniffiComplete<TRaw> complete,
            global::System.Action<ulong> free, global::System.Func<TRaw, T> lift,
            global::System.Func<UniffiReader, global::System.Exception> declared,
            global::System.Threading.CancellationToken token)
        {
            this.future = future;
            this.poll = poll;
            this.cancel = cancel;
            this.complete = complete;
            this.free = free;
            this.lift = lift;
            this.declared = declared;
            this.token = token;
        }

        internal static global::System.Threading.Tasks.Task<T> Start(
            ulong future, UniffiPoll poll, global::System.Action<ulong> cancel, UniffiComplete<TRaw> complete,
            global::System.Action<ulong> free, global::System.Func<TRaw, T> lift,
            global::System.Func<UniffiReader, global::System.Exception> declared,
            global::System.Threading.CancellationToken token)
        {
            var running = new UniffiFuture<TRaw, T>(future, poll, cancel, complete, free, lift, declared, token);
            if (token.CanBeCanceled)
            {
                running.registration = token.Register(running.Cancel);
            }
            running.Queue();
            return running.source.Task;
        }

        private void Queue()
        {
            global::System.Threading.ThreadPool.QueueUserWorkItem(PollNow);
        }

        private void PollNow(object unused)
        {
            try { poll(future, UniffiFutures.Continuation, UniffiFutures.Pending.Insert(this)); }
            catch (global::System.Exception exception) { source.TrySetException(exception); }
        }

        // The lock keeps a late cancel away from a future that was freed.
        private void Cancel()
        {
            lock (gate)
            {
                if (!freed) cancel(future);
            }
        }

        // Called by Rust from any thread, maybe inside poll or cancel: only queues.
        public void Continue(sbyte result)
        {
            if (result == Ready) global::System.Threading.ThreadPool.QueueUserWorkItem(Finish);
            else Queue();
        }

        private void Finish(object unused)
        {
            try
            {
                var status = default(UniffiStatus);
                var raw = complete(future, ref status);
                if (status.Code == UniffiStatus.Success) source.TrySetResult(lift(raw));
                else if (status.Code == UniffiStatus.Cancelled) source.TrySetCanceled(token);
                else source.TrySetException(UniffiCall.Failure(ref status, declared));
            }
            catch (global::System.Exception exception) { source.TrySetException(exception); }
            finally
            {
                lock (gate)
                {
                    freed = true;
                    free(future);
                }
                registration.Dispose();
            }
        }
    }

    // What Rust calls when it no longer wants the result of a host's task.
    [global::System.Runtime.InteropServices.StructLayout(global::System.Runtime.InteropServices.LayoutKind.Sequential)]
    internal struct UniffiDropped
    {
        internal ulong Handle;
        internal global::System.IntPtr Free;
    }

    // Tasks of the host that Rust waits for. Each completes exactly once, also when Rust has dropped it.
    internal static class UniffiHostTasks
    {
        private static readonly UniffiHandleMap<global::System.Threading.CancellationTokenSource> Running =
            new UniffiHandleMap<global::System.Threading.CancellationTokenSource>();
        private static readonly UniffiFree dropped = OnDropped;
        private static readonly global::System.IntPtr droppedPointer =
            global::System.Runtime.InteropServices.Marshal.GetFunctionPointerForDelegate(dropped);

        internal static void Start<T>(
            global::System.Func<global::System.Threading.CancellationToken, global::System.Threading.Tasks.Task<T>> call,
            global::System.Action<global::System.Threading.Tasks.Task<T>> finish, ref UniffiDropped told)
        {
            var source = new global::System.Threading.CancellationTokenSource();
            var handle = Running.Insert(source);
            told.Handle = handle;
            told.Free = droppedPointer;
            call(source.Token).ContinueWith(
                task =>
                {
                    Running.Remove(handle);
                    finish(task);
                },
                global::System.Threading.CancellationToken.None,
                global::System.Threading.Tasks.TaskContinuationOptions.None,
                global::System.Threading.Tasks.TaskScheduler.Default);
        }

        // Not on the thread of Rust, which is in the middle of dropping.
        private static void OnDropped(ulong handle)
        {
            var source = Running.Remove(handle);
            if (source == null) return;
            global::System.Threading.ThreadPool.QueueUserWorkItem(unused =>
            {
                try { source.Cancel(); }
                catch (global::System.AggregateException) { }
            });
        }
    }
}
