using System;
using System.Threading;
using System.Threading.Tasks;

namespace FidoUnlock.Agent
{
    /// <summary>A locked key: what was shown of it, and what is still missing.</summary>
    public sealed class Job : IDisposable
    {
        private readonly CancellationTokenSource cancel = new CancellationTokenSource();
        private readonly object gate = new object();
        private TaskCompletionSource<IKey> plugged = Plug();
        private IKey key;

        public Job(string deviceId, Saved saved, IKey key)
        {
            DeviceId = deviceId;
            Saved = saved;
            Key = key;
        }

        public string DeviceId { get; }
        public Saved Saved { get; }

        /// <summary>The Response Code in UTF-8; null while there is none.</summary>
        public byte[] Code { get; set; }

        /// <summary>The new PIN in UTF-8; null while there is none.</summary>
        public byte[] Pin { get; set; }

        /// <summary>What was typed and not taken yet.</summary>
        public Slot Codes { get; } = new Slot();
        public Slot Pins { get; } = new Slot();

        public CancellationToken Cancelled { get { return cancel.Token; } }

        /// <summary>The way to it; null while it is not there.</summary>
        public IKey Key
        {
            get { lock (gate) return key; }
            set
            {
                lock (gate)
                {
                    key = value;
                    if (value == null) plugged = Plug();
                    else plugged.TrySetResult(value);
                }
            }
        }

        /// <summary>Whether it may end well without another line of input.</summary>
        public bool IsUnderWay { get { return Key != null && (Pin != null || Pins.HasOne); } }

        /// <summary>Waits until it is there.</summary>
        public async Task<IKey> WhenPluggedAsync()
        {
            Task<IKey> there;
            lock (gate) there = plugged.Task;
            return await Slot.Or(there, Cancelled);
        }

        public void Cancel() { cancel.Cancel(); }

        /// <summary>The key with another challenge, where that ended it; null: it was given up.</summary>
        public IKey Renewed { get; private set; }

        /// <summary>Ends it, since the key shows another challenge now.</summary>
        public void End(IKey renewed)
        {
            Renewed = renewed;
            cancel.Cancel();
        }

        public static void Wipe(byte[] secret)
        {
            if (secret != null) Array.Clear(secret, 0, secret.Length);
        }

        public void Dispose()
        {
            Wipe(Code);
            Wipe(Pin);
            Codes.Wipe();
            Pins.Wipe();
        }

        private static TaskCompletionSource<IKey> Plug()
        {
            return new TaskCompletionSource<IKey>(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>A place for one secret; a second one takes the first one's place.</summary>
    public sealed class Slot
    {
        private readonly SemaphoreSlim there = new SemaphoreSlim(0);
        private byte[] secret;

        public bool HasOne { get { return Volatile.Read(ref secret) != null; } }

        public void Put(byte[] value)
        {
            var before = Interlocked.Exchange(ref secret, value);
            if (before == null) there.Release();
            else Job.Wipe(before);
        }

        public async Task<byte[]> TakeAsync(CancellationToken token)
        {
            await there.WaitAsync(token);
            return Interlocked.Exchange(ref secret, null);
        }

        public void Wipe() { Job.Wipe(Interlocked.Exchange(ref secret, null)); }

        /// <summary>The task, or the token's end.</summary>
        public static async Task<T> Or<T>(Task<T> task, CancellationToken token)
        {
            var ended = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            using (token.Register(() => ended.TrySetCanceled()))
                return await await Task.WhenAny(task, ended.Task);
        }
    }
}
