using System;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Threading;
using System.Threading.Tasks;

namespace FidoUnlock.Agent
{
    /// <summary>The help desk's service over HTTP, as examples/help-desk-stub describes it.</summary>
    public sealed class Desk : IDisposable
    {
        private const string TokenVariable = "FIDO_UNLOCK_DESK_TOKEN";
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

        private readonly HttpClient http;
        private readonly Options options;

        public Desk(Options options)
        {
            // A code must not cross a network in the clear.
            if (options.Desk.Scheme != "https" && !(options.Desk.Scheme == "http" && options.Desk.IsLoopback))
                throw new AgentException(ErrorNumber.InvalidArgument, options.Desk + ": http: is for this machine alone");
            this.options = options;
            // HTTP_PROXY would have token and Response Code carried to another machine, in the clear.
            var handler = new HttpClientHandler { AllowAutoRedirect = false, UseProxy = !options.Desk.IsLoopback };
            http = new HttpClient(handler)
            {
                BaseAddress = options.Desk,
                Timeout = TimeSpan.FromSeconds(10),
                MaxResponseContentBufferSize = 8192,
            };
            var token = Environment.GetEnvironmentVariable(TokenVariable) ?? "";
            if (token != "") http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        public void Dispose() { http.Dispose(); }

        /// <summary>Opens a request: its id.</summary>
        public async Task<string> AskAsync(string deviceId, string challenge, Deadline deadline)
        {
            var asked = Json.Write(new Asked { DeviceId = deviceId, Challenge = challenge, User = options.User });
            var opened = await InsistAsync(deadline, async () =>
            {
                var body = new ByteArrayContent(asked);
                body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                var answer = Json.Read<Opened>(await SendAsync(HttpMethod.Post, "", body, deadline.Token));
                return answer?.Id;
            });
            return opened;
        }

        /// <summary>Asks until the Response Code is there.</summary>
        public async Task<string> FetchAsync(string request, Deadline deadline)
        {
            while (true)
            {
                var answer = await InsistAsync(deadline, async () =>
                    Json.Read<Answer>(await SendAsync(HttpMethod.Get, "/" + request, null, deadline.Token)));
                if (answer.State == "answered" && answer.ResponseCode != null) return answer.ResponseCode;
                if (answer.State == "refused" && answer.Error != null)
                    throw new AgentException(answer.Error.Number, answer.Error.Text);
                await deadline.PauseAsync(options.Poll, "the help desk gave no code in time");
            }
        }

        /// <summary>Tells the desk how it ended.</summary>
        public Task CloseAsync(string request, bool unlocked, Deadline deadline)
        {
            return InsistAsync(deadline, async () =>
                unlocked
                    ? await SendAsync(HttpMethod.Post, "/" + request + "/done", null, deadline.Token)
                    : await SendAsync(HttpMethod.Delete, "/" + request, null, deadline.Token));
        }

        /// <summary>
        /// Tries again, later each time, until the deadline. Null from <paramref name="once"/> is an answer that does not
        /// follow the protocol.
        /// </summary>
        private async Task<T> InsistAsync<T>(Deadline deadline, Func<Task<T>> once) where T : class
        {
            var pause = options.Poll;
            while (true)
            {
                string why;
                try
                {
                    var done = await once();
                    if (done != null) return done;
                    why = "the answer does not follow the protocol";
                }
                catch (HttpRequestException error) { why = error.Message; }
                catch (OperationCanceledException) when (!deadline.Token.IsCancellationRequested) { why = "no answer"; }
                await deadline.PauseAsync(pause, "the help desk gave no code in time: " + why);
                pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
            }
        }

        /// <summary>The body of a good answer.</summary>
        private async Task<byte[]> SendAsync(HttpMethod method, string rest, HttpContent body, CancellationToken token)
        {
            using (var request = new HttpRequestMessage(method, "/v1/requests" + rest) { Content = body })
            using (var answer = await http.SendAsync(request, token))
            {
                var bytes = await answer.Content.ReadAsByteArrayAsync();
                if (answer.IsSuccessStatusCode) return bytes;
                var status = (int)answer.StatusCode;
                if (status < 400 || status >= 500 || status == 429) throw new HttpRequestException("status " + status);
                var refusal = Json.Read<Refusal>(bytes);
                if (refusal?.Error == null)
                    throw new AgentException(ErrorNumber.HostFailed, "the help desk's service: status " + status);
                throw new AgentException(refusal.Error.Number, refusal.Error.Text);
            }
        }

        [DataContract]
        private sealed class Asked
        {
            [DataMember(Name = "device_id")] public string DeviceId;
            [DataMember(Name = "challenge")] public string Challenge;
            [DataMember(Name = "user")] public string User;
        }

        [DataContract]
        private sealed class Opened
        {
            [DataMember(Name = "id")] public string Id;
        }

        [DataContract]
        private sealed class Answer
        {
            [DataMember(Name = "state")] public string State;
            [DataMember(Name = "response_code")] public string ResponseCode;
            [DataMember(Name = "error")] public Row Error;
        }

        [DataContract]
        private sealed class Refusal
        {
            [DataMember(Name = "error")] public Row Error;
        }
    }

    /// <summary>Until when, and whether it was cancelled.</summary>
    public sealed class Deadline
    {
        private readonly DateTime until;

        public Deadline(TimeSpan length, CancellationToken token)
        {
            until = DateTime.UtcNow + length;
            Token = token;
        }

        public CancellationToken Token { get; }

        /// <summary>Waits; throws when the time is over.</summary>
        public async Task PauseAsync(TimeSpan length, string text)
        {
            if (DateTime.UtcNow + length > until) throw new AgentException(ErrorNumber.RequestExpired, text);
            await Task.Delay(length, Token);
        }
    }
}
