using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Threading;
using System.Threading.Tasks;

namespace FidoUnlock.Agent
{
    /// <summary>Requests over HTTP: what is refused for good, and what is asked again, later each time.</summary>
    public sealed class Http : IDisposable
    {
        /// <summary>What is said when the time is over.</summary>
        public const string Late = "the help desk gave no code in time";
        /// <summary>The body of a step that needs none.</summary>
        public static readonly byte[] Nothing = { (byte)'n', (byte)'u', (byte)'l', (byte)'l' };

        private const string TokenVariable = "FIDO_UNLOCK_DESK_TOKEN";
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

        private readonly HttpClient http;
        private readonly TimeSpan poll;

        public Http(Options options)
        {
            // A code must not cross a network in the clear.
            if (options.Desk.Scheme != "https" && !(options.Desk.Scheme == "http" && options.Desk.IsLoopback))
                throw new AgentException(ErrorNumber.InvalidArgument, options.Desk + ": http: is for this machine alone");
            // HTTP_PROXY would have token and Response Code carried to another machine, in the clear.
            var handler = new HttpClientHandler { AllowAutoRedirect = false, UseProxy = !options.Desk.IsLoopback };
            http = new HttpClient(handler)
            {
                BaseAddress = options.Desk,
                Timeout = TimeSpan.FromSeconds(10),
                MaxResponseContentBufferSize = 32 * 1024,
            };
            var token = Environment.GetEnvironmentVariable(TokenVariable) ?? "";
            if (token != "") http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            poll = options.Poll;
        }

        public void Dispose() { http.Dispose(); }

        /// <summary>The next pause after a failure.</summary>
        public static TimeSpan Longer(TimeSpan pause)
        {
            return TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
        }

        /// <summary>
        /// Tries again, later each time, until the deadline. Null from <paramref name="once"/> is an answer that does not
        /// follow the protocol.
        /// </summary>
        public async Task<T> InsistAsync<T>(Deadline deadline, Func<Task<T>> once) where T : class
        {
            var pause = poll;
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
                await deadline.PauseAsync(pause, Late + ": " + why);
                pause = Longer(pause);
            }
        }

        /// <summary>
        /// The body of a good answer. <paramref name="rest"/>: below /api/v1/requests; <paramref name="key"/>: asked twice by
        /// it, a request is opened once.
        /// </summary>
        /// <exception cref="HttpRequestException">Another try may do.</exception>
        /// <exception cref="AgentException">It will not.</exception>
        public async Task<byte[]> SendAsync(
            HttpMethod method, string rest, byte[] body, CancellationToken token, string key = null)
        {
            using (var request = new HttpRequestMessage(method, "/api/v1/requests" + rest))
            {
                if (key != null) request.Headers.Add("Idempotency-Key", key);
                if (body != null)
                {
                    request.Content = new ByteArrayContent(body);
                    request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                }
                using (var answer = await http.SendAsync(request, token))
                {
                    var bytes = await answer.Content.ReadAsByteArrayAsync();
                    if (answer.IsSuccessStatusCode) return bytes;
                    // Of what stands between, there may be anything else.
                    var isProblem = answer.Content.Headers.ContentType?.MediaType == "application/problem+json";
                    throw Refused((int)answer.StatusCode, isProblem ? Json.Read<Problem>(bytes) : null);
                }
            }
        }

        private static Exception Refused(int status, Problem problem)
        {
            // Without a number 429 is for too many requests in a minute; with one, for too many codes in a day.
            var tooOften = status == 429 && problem?.Number == null;
            if (status < 400 || status >= 500 || tooOften) return new HttpRequestException("status " + status);
            var text = problem?.Detail ?? "the help desk's service: status " + status;
            if (problem?.Number != null) return new AgentException(problem.Number.Value, text);
            return new AgentException(status == 401 ? ErrorNumber.PrivilegeMissing : ErrorNumber.HostFailed, text);
        }

        /// <summary>What the service says when it refuses (RFC 9457), as far as it is needed here.</summary>
        [DataContract]
        private sealed class Problem
        {
            /// <summary>Null where there is no row of the error table.</summary>
            [DataMember(Name = "number")] public ushort? Number;
            [DataMember(Name = "detail")] public string Detail;
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
