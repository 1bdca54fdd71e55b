using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace FidoUnlock.Agent
{
    /// <summary>Watches for locked keys and serves each in a task of its own.</summary>
    public sealed class Agent
    {
        private const int Tries = 3;
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

        private readonly Options options;
        private readonly IKeys keys;
        private readonly Desk desk;
        private readonly Report report;
        private readonly Store store;
        private readonly ConcurrentDictionary<string, Job> jobs = new ConcurrentDictionary<string, Job>();
        private readonly ConcurrentDictionary<Task, bool> running = new ConcurrentDictionary<Task, bool>();
        /// <summary>One look at a time, so that two ways to one key do not become two jobs.</summary>
        private readonly SemaphoreSlim looking = new SemaphoreSlim(1);

        /// <summary>Without a <paramref name="desk"/> codes come on the input.</summary>
        public Agent(Options options, IKeys keys, Desk desk, Report report)
        {
            this.options = options;
            this.keys = keys;
            this.desk = desk;
            this.report = report;
            store = new Store(options.State);
            keys.Arrived += key => Begin(() => LookAsync(key));
            keys.Left += key =>
            {
                foreach (var job in jobs.Values.Where(job => job.Key?.Is(key) == true)) job.Key = null;
                report.Write(new Line { Event = "left", Name = key.Name, Path = key.Path });
            };
            keys.Failed += row => report.Error(null, new AgentException(row.Number, row.Text));
        }

        /// <summary>Runs until the end of the input and of what can still end well.</summary>
        public async Task RunAsync(Stream input)
        {
            keys.Start();
            await Task.Factory.StartNew(() => Input.Read(input, Command), TaskCreationOptions.LongRunning);
            while (jobs.Values.Any(job => job.IsUnderWay)) await Task.Delay(50);
            foreach (var job in jobs.Values) job.Cancel();
            await Task.WhenAll(running.Keys.ToArray());
        }

        /// <summary>Runs work whose failure is told, not thrown.</summary>
        private void Begin(Func<Task> work)
        {
            var task = Task.Run(async () =>
            {
                try { await work(); }
                catch (OperationCanceledException) { }
                catch (Exception thrown) { report.Error(null, thrown); }
            });
            running.TryAdd(task, true);
            bool removed;
            task.ContinueWith(done => running.TryRemove(done, out removed), TaskScheduler.Default);
        }

        private void Command(string verb, string deviceId, byte[] rest)
        {
            Job job;
            if (!(verb == "cancel" && rest == null) && !((verb == "pin" || verb == "code") && rest != null))
                report.Error(null, new AgentException(
                    ErrorNumber.Usage, "a line is: pin DEVICE-ID PIN, code DEVICE-ID CODE, or cancel DEVICE-ID"));
            else if (!jobs.TryGetValue(deviceId, out job))
                report.Error(deviceId, new AgentException(
                    ErrorNumber.InvalidArgument, "no locked key has this Device ID"));
            else if (verb == "cancel") job.Cancel();
            else
            {
                (verb == "pin" ? job.Pins : job.Codes).Put(rest);
                return;
            }
            Job.Wipe(rest);
        }

        /// <summary>Looks at a key that came, and serves it where it is locked.</summary>
        private async Task LookAsync(IKey key)
        {
            Job job = null;
            await looking.WaitAsync();
            try
            {
                using (var open = key.Open())
                {
                    var diagnosis = await open.Device.DiagnoseAsync();
                    if (diagnosis.CanUnlock) job = await LockedAsync(key, open.Device);
                    else if (!await ResolvedAsync(open.Device))
                        report.Write(new Line
                        {
                            Event = "found", DeviceId = diagnosis.DeviceId, Name = key.Name, Path = key.Path,
                            Kind = key.Kind, Number = diagnosis.Number, Sentence = diagnosis.Sentence,
                        });
                }
            }
            catch (UnlockException thrown)
            {
                report.Write(new Line { Event = "error", Name = key.Name, Path = key.Path, Error = Row.Of(thrown) });
            }
            finally { looking.Release(); }
            if (job != null) await ServeAsync(job);
        }

        /// <summary>A job for a key that has none yet.</summary>
        private async Task<Job> LockedAsync(IKey key, Device device)
        {
            using (var session = await device.BeginUnlockAsync())
            {
                var id = session.DeviceId();
                Job known;
                var again = jobs.TryGetValue(id, out known);
                // Another way to a key that is there.
                if (again && known.Key != null) return null;
                var saved = known?.Saved ?? store.Load(id);
                using (var before = saved?.Restore())
                {
                    if (before == null || before.Challenge() != session.Challenge())
                        saved = new Saved { Session = session.Save(), Key = Saved.NewKey() };
                    else again = true;
                }
                if (known != null && saved != known.Saved)
                {
                    // Its challenge is void: that job ends, and then looks at the key again.
                    known.End(key);
                    return null;
                }
                // It is still locked, so nothing was lost.
                saved.Sent = false;
                store.Save(id, saved);
                report.Write(new Line
                {
                    Event = "locked", DeviceId = id, Name = key.Name, Path = key.Path, Kind = key.Kind,
                    Challenge = session.Challenge(), Suite = SuiteNumber(session.Suite()), Resumed = again,
                });
                if (known != null)
                {
                    known.Key = key;
                    return null;
                }
                var job = new Job(id, saved, key);
                jobs[id] = job;
                return job;
            }
        }

        private static int SuiteNumber(Suite suite)
        {
            return suite == Suite.P256Ecdsa ? 1 : suite == Suite.P256EcdhMac ? 2 : 3;
        }

        /// <summary>Whether this key was unlocked before the agent was told.</summary>
        private async Task<bool> ResolvedAsync(Device device)
        {
            foreach (var id in store.Unresolved().Where(id => !jobs.ContainsKey(id)))
            {
                var saved = store.Load(id);
                using (var session = saved?.Restore())
                {
                    if (session == null) continue;
                    try
                    {
                        if (await session.ResolveAsync(device) != UnlockOutcome.Unlocked) continue;
                    }
                    // Another key's.
                    catch (UnlockException) { continue; }
                    await UnlockedAsync(id, saved);
                    return true;
                }
            }
            return false;
        }

        /// <summary>From the challenge to the end.</summary>
        private async Task ServeAsync(Job job)
        {
            IKey again = null;
            try
            {
                using (job) again = await new Conversation(options, desk, report, store, job).RunAsync(Pause, Tries);
                if (again == null) await UnlockedAsync(job.DeviceId, job.Saved);
            }
            catch (OperationCanceledException) when (job.Renewed != null) { again = job.Renewed; }
            catch (OperationCanceledException)
            {
                store.Forget(job.DeviceId);
                report.Write("cancelled", job.DeviceId);
                await CloseAsync(job.DeviceId, job.Saved, false);
            }
            finally
            {
                Job removed;
                jobs.TryRemove(job.DeviceId, out removed);
            }
            if (again == null) return;
            store.Forget(job.DeviceId);
            await CloseAsync(job.DeviceId, job.Saved, false);
            await LookAsync(again);
        }

        private async Task UnlockedAsync(string deviceId, Saved saved)
        {
            store.Forget(deviceId);
            report.Write("unlocked", deviceId);
            await CloseAsync(deviceId, saved, true);
        }

        private async Task CloseAsync(string deviceId, Saved saved, bool unlocked)
        {
            if (desk == null || saved.Request == null) return;
            try
            {
                await desk.CloseAsync(
                    saved.Request, unlocked, new Deadline(options.Deadline, CancellationToken.None));
            }
            catch (AgentException failure) { report.Error(deviceId, failure); }
        }
    }
}
