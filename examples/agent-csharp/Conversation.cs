using System;
using System.Text;
using System.Threading.Tasks;

namespace FidoUnlock.Agent
{
    /// <summary>One locked key: code, PIN, unlock, and what follows each failure.</summary>
    public sealed class Conversation
    {
        private readonly Options options;
        private readonly Desk desk;
        private readonly Report report;
        private readonly Store store;
        private readonly Job job;
        private int failures;
        /// <summary>The desk would give the same code again, and the key counts wrong ones: another one is typed.</summary>
        private bool codeWasWrong;

        public Conversation(Options options, Desk desk, Report report, Store store, Job job)
        {
            this.options = options;
            this.desk = desk;
            this.report = report;
            this.store = store;
            this.job = job;
        }

        /// <summary>Null when it is unlocked; the key when its challenge is void, so that all begins again.</summary>
        /// <exception cref="OperationCanceledException">It was given up.</exception>
        public async Task<IKey> RunAsync(TimeSpan pause, int tries)
        {
            while (true)
            {
                if (job.Code == null) job.Code = await CodeAsync();
                if (job.Pin == null) job.Pin = await job.Pins.TakeAsync(job.Cancelled);
                try
                {
                    if (await UnlockAsync()) return null;
                }
                catch (UnlockException failure)
                {
                    report.Error(job.DeviceId, failure);
                    if (IsVoid(failure.ErrorNumber())) return job.Key;
                    await AfterAsync(failure, pause, tries);
                }
                catch (AgentException failure)
                {
                    report.Error(job.DeviceId, failure);
                    job.Key = null;
                }
            }
        }

        private static bool IsVoid(ErrorNumber number)
        {
            return number == ErrorNumber.ChallengeUsed || number == ErrorNumber.ChallengeRenewed
                || number == ErrorNumber.ChallengePending || number == ErrorNumber.DeviceNotLocked
                || number == ErrorNumber.OtherDevice;
        }

        /// <summary>Forgets what a failure has made void, and waits where waiting may help.</summary>
        private async Task AfterAsync(UnlockException failure, TimeSpan pause, int tries)
        {
            var number = failure.ErrorNumber();
            if (number == ErrorNumber.ResponseWrong || failure is UnlockException.Code)
            {
                Job.Wipe(job.Code);
                job.Code = null;
                codeWasWrong = true;
            }
            else if (number == ErrorNumber.TooManyWrongResponses) job.Key = null;
            else if (number == ErrorNumber.OutcomeUnknown || failure is UnlockException.Transport)
            {
                // Tried again by itself, then when the key is plugged in again.
                if (++failures % tries == 0) job.Key = null;
                else await Task.Delay(pause, job.Cancelled);
            }
            else
            {
                Job.Wipe(job.Pin);
                job.Pin = null;
            }
        }

        /// <summary>From the desk, where there is one; else from the input.</summary>
        private async Task<byte[]> CodeAsync()
        {
            if (desk == null || codeWasWrong || job.Codes.HasOne) return await job.Codes.TakeAsync(job.Cancelled);
            var deadline = new Deadline(options.Deadline, job.Cancelled);
            try
            {
                // .NET cannot wipe a string; the code in it is worth nothing as soon as it is used.
                var code = await FetchAsync(deadline);
                report.Write("answered", job.DeviceId);
                return Encoding.UTF8.GetBytes(code);
            }
            catch (AgentException failure) { report.Error(job.DeviceId, failure); }
            // The desk has said no: a code may still be typed.
            return await job.Codes.TakeAsync(job.Cancelled);
        }

        private async Task<string> FetchAsync(Deadline deadline)
        {
            string challenge;
            using (var session = job.Saved.Restore()) challenge = session.Challenge();
            var request = await desk.OpenAsync(job.DeviceId, job.Saved.Key, deadline);
            if (!request.Lives)
            {
                // It has run out, or was ended at the desk.
                job.Saved.Key = Saved.NewKey();
                job.Saved.Request = null;
                store.Save(job.DeviceId, job.Saved);
                request = await desk.OpenAsync(job.DeviceId, job.Saved.Key, deadline);
            }
            if (job.Saved.Request != request.Id)
            {
                job.Saved.Request = request.Id;
                store.Save(job.DeviceId, job.Saved);
                report.Write("requested", job.DeviceId);
            }
            await desk.PrepareAsync(request, challenge, deadline);
            return await desk.FetchAsync(request.Id, deadline);
        }

        /// <summary>Whether it is unlocked now. A lost answer is asked for, never sent again on a guess.</summary>
        private async Task<bool> UnlockAsync()
        {
            var key = await job.WhenPluggedAsync();
            using (var open = key.Open())
            using (var session = job.Saved.Restore())
            {
                if (job.Saved.Sent && await session.ResolveAsync(open.Device) == UnlockOutcome.Unlocked) return true;
                // Before it is sent: whatever happens then can be found out.
                Sent(true);
                try
                {
                    await session.UnlockAsync(
                        open.Device, job.Code, job.Pin, progress: new Touch(report, job.DeviceId),
                        cancellationToken: job.Cancelled);
                }
                catch (OperationCanceledException)
                {
                    Sent(false);
                    throw;
                }
                catch (UnlockException failure) when (failure.ErrorNumber() != ErrorNumber.OutcomeUnknown)
                {
                    Sent(false);
                    throw;
                }
                return true;
            }
        }

        private void Sent(bool sent)
        {
            job.Saved.Sent = sent;
            store.Save(job.DeviceId, job.Saved);
        }

        /// <summary>Says "touch your key"; called on the thread of the call.</summary>
        private sealed class Touch : IProgress<ProgressEvent>
        {
            private readonly Report report;
            private readonly string deviceId;

            public Touch(Report report, string deviceId)
            {
                this.report = report;
                this.deviceId = deviceId;
            }

            public void Report(ProgressEvent step)
            {
                if (step is ProgressEvent.TouchNeeded) report.Write("touch", deviceId);
            }
        }
    }
}
