using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace FidoUnlock
{
    /// <summary>
    /// The calls on a device as tasks. Each runs on a thread of its own, since it blocks while a person touches the
    /// key; progress and the host's pipe are called on that thread. A cancelled token ends the call within 100 ms, or
    /// as soon as a pipe of the host's comes back, and the task ends only when the call has ended, so that a device is never left in the middle. A timeout may be
    /// <see cref="Timeout.InfiniteTimeSpan"/>; another negative one is an <see cref="ArgumentOutOfRangeException"/>.
    /// </summary>
    public static class Unlocking
    {
        /// <summary>Every key and card of this computer, each once, and what it tells of itself.</summary>
        /// <param name="timeout">For the whole look; 10 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task<DeviceListing> ListDevicesAsync(
            TimeSpan? timeout = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(handle => UnlockLibrary.ListDevices(handle, Milliseconds(timeout)), cancellationToken);
        }

        /// <summary>Opens a device that was found, by the first of its routes that works.</summary>
        /// <param name="found">As it was listed, or as a watcher told it.</param>
        /// <param name="which">
        /// Keeps to one interface: enrolment, probe and blocking the PIN want <see cref="Interface.Fido"/>.
        /// </param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task<Device> OpenAsync(
            this FoundDevice found, Interface? which = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(handle => Device.OpenFound(found, which, handle), cancellationToken);
        }

        /// <summary>What state the device is in and what the person can do.</summary>
        /// <param name="device">The device.</param>
        /// <param name="ownIssuers">Fingerprints of the help desk's keys, 16 bytes each; none: not judged.</param>
        /// <param name="timeout">For the whole call; 2 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task<Diagnosis> DiagnoseAsync(
            this Device device, IEnumerable<byte[]> ownIssuers = null, TimeSpan? timeout = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            var own = ownIssuers == null ? new byte[0][] : ownIssuers.ToArray();
            return Run(handle => device.Diagnose(own, handle, Milliseconds(timeout)), cancellationToken);
        }

        /// <summary>The device's state in full.</summary>
        /// <param name="device">The device.</param>
        /// <param name="timeout">For the whole call; 2 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task<DeviceInfo> InfoAsync(
            this Device device, TimeSpan? timeout = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(handle => device.Info(handle, Milliseconds(timeout)), cancellationToken);
        }

        /// <summary>Begins an unlock: reads the state and the pending challenge.</summary>
        /// <param name="device">The device.</param>
        /// <param name="slot">The key slot; null takes the lowest above 0.</param>
        /// <param name="timeout">For the whole call; 2 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task<UnlockSession> BeginUnlockAsync(
            this Device device, byte? slot = null, TimeSpan? timeout = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(handle => UnlockSession.Begin(device, slot, handle, Milliseconds(timeout)), cancellationToken);
        }

        /// <summary>Unlocks; the new PIN is set when the task ends well.</summary>
        /// <param name="session">The session that showed the challenge.</param>
        /// <param name="device">The device, which may have been plugged in again meanwhile.</param>
        /// <param name="response">The Response Code as typed.</param>
        /// <param name="pin">The new PIN.</param>
        /// <param name="pinAgain">The new PIN typed once more.</param>
        /// <param name="policy">Null takes 6 to 63 letters and digits.</param>
        /// <param name="progress">Told of each step on the thread of the call.</param>
        /// <param name="timeout">For the whole call, the touch included; 30 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call; the device may be faster, <see cref="ResolveAsync"/> tells.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task UnlockAsync(
            this UnlockSession session, Device device, string response, string pin, string pinAgain,
            PinPolicy policy = null, IProgress<ProgressEvent> progress = null, TimeSpan? timeout = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(
                handle =>
                {
                    session.Unlock(
                        device, response, pin, pinAgain, policy, Listener.For(progress), handle, Milliseconds(timeout));
                    return true;
                },
                cancellationToken);
        }

        /// <summary>
        /// The same for secrets in arrays of UTF-8 that the host wipes afterwards; they are read where they lie. The host
        /// has compared the PIN with its confirmation.
        /// </summary>
        /// <param name="session">The session that showed the challenge.</param>
        /// <param name="device">The device, which may have been plugged in again meanwhile.</param>
        /// <param name="response">The Response Code as typed, UTF-8; unchanged until the task ends.</param>
        /// <param name="pin">The new PIN, UTF-8; unchanged until the task ends.</param>
        /// <param name="policy">Null takes 6 to 63 letters and digits.</param>
        /// <param name="progress">Told of each step on the thread of the call.</param>
        /// <param name="timeout">For the whole call, the touch included; 30 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call; the device may be faster, <see cref="ResolveAsync"/> tells.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task UnlockAsync(
            this UnlockSession session, Device device, byte[] response, byte[] pin, PinPolicy policy = null,
            IProgress<ProgressEvent> progress = null, TimeSpan? timeout = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(
                handle =>
                {
                    session.UnlockFromMemory(
                        device, response, pin, policy, Listener.For(progress), handle, Milliseconds(timeout));
                    return true;
                },
                cancellationToken);
        }

        /// <summary>Asks for a new challenge, which voids the Response Code for the old one; needs a touch.</summary>
        /// <param name="session">The session.</param>
        /// <param name="device">The device.</param>
        /// <param name="progress">Told of each step on the thread of the call.</param>
        /// <param name="timeout">For the whole call, the touch included; 30 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task RenewAsync(
            this UnlockSession session, Device device, IProgress<ProgressEvent> progress = null,
            TimeSpan? timeout = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(
                handle =>
                {
                    session.Renew(device, Listener.For(progress), handle, Milliseconds(timeout));
                    return true;
                },
                cancellationToken);
        }

        /// <summary>What became of an unlock whose answer was lost, also after a restart.</summary>
        /// <param name="session">The session.</param>
        /// <param name="device">The device.</param>
        /// <param name="timeout">For the whole call; 2 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task<UnlockOutcome> ResolveAsync(
            this UnlockSession session, Device device, TimeSpan? timeout = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(handle => session.Resolve(device, handle, Milliseconds(timeout)), cancellationToken);
        }

        /// <summary>Enrols a device; the device asks for a touch.</summary>
        /// <param name="enrollment">What it is enrolled with.</param>
        /// <param name="device">The device, over its FIDO interface.</param>
        /// <param name="progress">Told of each step on the thread of the call.</param>
        /// <param name="timeout">For the whole call, the touch included; 30 seconds unless given.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <exception cref="UnlockException">As the table says.</exception>
        public static Task<EnrolledDevice> RunAsync(
            this Enrollment enrollment, Device device, IProgress<ProgressEvent> progress = null,
            TimeSpan? timeout = null, CancellationToken cancellationToken = default(CancellationToken))
        {
            return Run(
                handle => enrollment.Run(device, Listener.For(progress), handle, Milliseconds(timeout)),
                cancellationToken);
        }

        /// <summary>The row of the error table, as an enum.</summary>
        /// <param name="exception">The exception.</param>
        public static ErrorNumber ErrorNumber(this UnlockException exception)
        {
            return (ErrorNumber)exception.Number;
        }

        /// <summary>Runs any blocking call of the library as a task, on a thread of its own.</summary>
        /// <param name="call">The call; it takes the handle that the token cancels.</param>
        /// <param name="cancellationToken">Ends the call.</param>
        /// <typeparam name="T">What the call gives.</typeparam>
        public static async Task<T> Run<T>(Func<CancelHandle, T> call, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (var handle = new CancelHandle())
            using (cancellationToken.Register(handle.Cancel))
            {
                try
                {
                    return await Task.Factory.StartNew(
                        () => call(handle), CancellationToken.None,
                        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default)
                        .ConfigureAwait(false);
                }
                catch (UnlockException exception)
                {
                    // To who cancelled it, the call's "cancelled" is the token's own.
                    if (exception.Number == (ushort)FidoUnlock.ErrorNumber.Cancelled
                        && cancellationToken.IsCancellationRequested)
                        throw new OperationCanceledException(exception.Text, exception, cancellationToken);
                    throw;
                }
            }
        }

        private static uint? Milliseconds(TimeSpan? timeout)
        {
            if (timeout == null) return null;
            // .NET's own word for "no limit"; as a number it is -1 ms.
            if (timeout.Value == Timeout.InfiniteTimeSpan) return uint.MaxValue;
            if (timeout.Value < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(timeout));
            return (uint)Math.Min(uint.MaxValue, timeout.Value.TotalMilliseconds);
        }

        private sealed class Listener : IProgressListener
        {
            private readonly IProgress<ProgressEvent> progress;

            private Listener(IProgress<ProgressEvent> progress) { this.progress = progress; }

            internal static IProgressListener For(IProgress<ProgressEvent> progress)
            {
                return progress == null ? null : new Listener(progress);
            }

            public void OnProgress(ProgressEvent @event) { progress.Report(@event); }
        }
    }
}
