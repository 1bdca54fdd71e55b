using System;
using System.Net.Http;
using System.Runtime.Serialization;
using System.Threading;
using System.Threading.Tasks;

namespace FidoUnlock.Agent
{
    /// <summary>
    /// The help desk's console: a call by its API (/api/v1, docs/for-help-desks.md), step by step.
    /// </summary>
    public sealed class Desk : IDisposable
    {
        private readonly Options options;
        private readonly Http http;

        public Desk(Options options)
        {
            this.options = options;
            http = new Http(options);
        }

        public void Dispose() { http.Dispose(); }

        /// <summary>Opens the request of this key, or finds it as it stands.</summary>
        public Task<Request> OpenAsync(string deviceId, string key, Deadline deadline)
        {
            var asked = Json.Write(new Asked { User = options.User, DeviceId = deviceId, Reason = options.Reason });
            return http.InsistAsync(deadline, async () =>
                Json.Read<Request>(await http.SendAsync(HttpMethod.Post, "", asked, deadline.Token, key)));
        }

        /// <summary>
        /// Says how the user was verified and which challenge the device shows, where that does not stand there yet.
        /// </summary>
        public async Task PrepareAsync(Request asked, string challenge, Deadline deadline)
        {
            var pause = options.Poll;
            while (asked.Code == null && (asked.Caller == null || asked.Challenge == null))
            {
                var step = asked.Caller == null ? "caller" : "challenge";
                var body = asked.Caller == null
                    ? Json.Write(new Word { Method = options.Verified, Statement = options.Statement })
                    : Json.Write(new Entered { Challenge = challenge });
                Request now = null;
                try { now = await StepAsync(asked.Id, step, body, deadline.Token); }
                catch (HttpRequestException) { }
                catch (OperationCanceledException) when (!deadline.Token.IsCancellationRequested) { }
                if (now == null)
                {
                    // Perhaps it was done: once more would void an approval that was given meanwhile.
                    await deadline.PauseAsync(pause, Http.Late);
                    pause = Http.Longer(pause);
                    now = await LookAsync(asked.Id, deadline);
                }
                asked = now;
            }
        }

        /// <summary>The Response Code; where a second operator must approve first, as soon as one has.</summary>
        public async Task<string> FetchAsync(string request, Deadline deadline)
        {
            while (true)
            {
                try
                {
                    var given = await http.InsistAsync(deadline, async () => Json.Read<Given>(
                        await http.SendAsync(HttpMethod.Post, "/" + request + "/code", Http.Nothing, deadline.Token)));
                    return given.Code;
                }
                catch (AgentException refusal) when (refusal.Is(ErrorNumber.ApprovalMissing)) { }
                catch (AgentException refusal) when (refusal.Is(ErrorNumber.RequestUsed)) { throw Ended(); }
                await ApprovedAsync(request, deadline);
            }
        }

        /// <summary>Looks at the request: each refusal of a code would be an entry in the desk's log.</summary>
        private async Task ApprovedAsync(string request, Deadline deadline)
        {
            while (true)
            {
                await deadline.PauseAsync(options.Poll, Http.Late);
                var now = await LookAsync(request, deadline);
                if (!now.Lives) throw Ended();
                if (now.ApprovedBy != null) return;
            }
        }

        /// <summary>Tells the desk how it ended.</summary>
        public async Task CloseAsync(string request, bool unlocked, Deadline deadline)
        {
            try { await EndAsync(request, unlocked ? "done" : "abandon", deadline); }
            catch (AgentException refusal) when (unlocked && refusal.Is(ErrorNumber.RequestUnknown))
            {
                // The desk gave no code for it: it was typed.
                await EndAsync(request, "abandon", deadline);
            }
        }

        private async Task EndAsync(string request, string step, Deadline deadline)
        {
            try
            {
                await http.InsistAsync(deadline, () => StepAsync(request, step, Http.Nothing, deadline.Token));
            }
            // An answer that was lost.
            catch (AgentException refusal) when (refusal.Is(ErrorNumber.RequestUsed)) { }
        }

        private Task<Request> LookAsync(string request, Deadline deadline)
        {
            return http.InsistAsync(deadline, async () =>
                Json.Read<Request>(await http.SendAsync(HttpMethod.Get, "/" + request, null, deadline.Token)));
        }

        private async Task<Request> StepAsync(string request, string step, byte[] body, CancellationToken token)
        {
            return Json.Read<Request>(await http.SendAsync(HttpMethod.Post, "/" + request + "/" + step, body, token));
        }

        private static AgentException Ended()
        {
            return new AgentException(
                ErrorNumber.RequestExpired, "the request has run out, or was ended at the help desk");
        }

        [DataContract]
        private sealed class Asked
        {
            [DataMember(Name = "user")] public string User;
            [DataMember(Name = "device_id")] public string DeviceId;
            [DataMember(Name = "reason")] public string Reason;
        }

        [DataContract]
        private sealed class Word
        {
            [DataMember(Name = "method")] public string Method;
            [DataMember(Name = "statement")] public string Statement;
        }

        [DataContract]
        private sealed class Entered
        {
            [DataMember(Name = "challenge")] public string Challenge;
        }

        [DataContract]
        private sealed class Given
        {
            [DataMember(Name = "code", IsRequired = true)] public string Code;
        }
    }

    /// <summary>A request as it stands, as far as it is needed here.</summary>
    [DataContract]
    public sealed class Request
    {
        [DataMember(Name = "id", IsRequired = true)] public string Id;
        /// <summary>Whether it has neither run out nor ended.</summary>
        [DataMember(Name = "lives", IsRequired = true)] public bool Lives;
        /// <summary>Null before the user was verified, and when that does not count any more.</summary>
        [DataMember(Name = "caller")] public Verification Caller;
        [DataMember(Name = "challenge")] public string Challenge;
        [DataMember(Name = "approved_by")] public string ApprovedBy;
        /// <summary>How its code ended; null before one was made.</summary>
        [DataMember(Name = "code")] public string Code;
    }

    /// <summary>How the user was verified.</summary>
    [DataContract]
    public sealed class Verification
    {
        [DataMember(Name = "method")] public string Method;
    }
}
