using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.Serialization;

namespace FidoUnlock.Agent
{
    /// <summary>
    /// What outlives the agent: a session and the desk's request, a file for each device, in the format of the agent in
    /// Rust. No secret is in it; key and id of the request are worth a code only together with the agent's token.
    /// </summary>
    [DataContract]
    public sealed class Saved
    {
        private const int Version = 2;

        [DataMember(Name = "version")] private int version = Version;
        [DataMember(Name = "session")] private string session;
        /// <summary>
        /// What the desk's request is called (Idempotency-Key). It is kept before the desk is asked, so that the request is
        /// opened once, whatever is lost.
        /// </summary>
        [DataMember(Name = "key")] public string Key;
        /// <summary>The id of the desk's request.</summary>
        [DataMember(Name = "request")] public string Request;
        /// <summary>Response and PIN may have been sent, and the answer is not known.</summary>
        [DataMember(Name = "sent")] public bool Sent;

        /// <summary>A name for a request that no other one has.</summary>
        public static string NewKey() { return Guid.NewGuid().ToString("N"); }

        /// <summary>What <see cref="UnlockSession.Save"/> gave.</summary>
        public byte[] Session
        {
            get
            {
                return Enumerable.Range(0, session.Length / 2)
                    .Select(place => byte.Parse(session.Substring(2 * place, 2), NumberStyles.HexNumber))
                    .ToArray();
            }
            set { session = BitConverter.ToString(value).Replace("-", "").ToLowerInvariant(); }
        }

        /// <summary>The session again; null where the file is of another version or damaged.</summary>
        public UnlockSession Restore()
        {
            try { return version == Version && session != null && Key != null ? UnlockSession.Restore(Session) : null; }
            catch (FormatException) { return null; }
            catch (UnlockException) { return null; }
        }
    }

    /// <summary>The folder. On Windows keep it below the user's own profile, which others cannot read.</summary>
    public sealed class Store
    {
        private readonly string folder;

        public Store(string folder) { this.folder = folder; }

        /// <summary>Writes, whole or not at all.</summary>
        public void Save(string deviceId, Saved saved)
        {
            try
            {
                Directory.CreateDirectory(folder);
                var temporary = PathOf(deviceId) + ".new";
                File.WriteAllBytes(temporary, Json.Write(saved));
                File.Delete(PathOf(deviceId));
                File.Move(temporary, PathOf(deviceId));
            }
            catch (IOException error) { throw new AgentException(ErrorNumber.StoreWrite, error.Message); }
            catch (UnauthorizedAccessException error)
            {
                throw new AgentException(ErrorNumber.StoreWrite, error.Message);
            }
        }

        /// <summary>Null where there is nothing, or nothing that can be read.</summary>
        public Saved Load(string deviceId)
        {
            foreach (var path in new[] { PathOf(deviceId), PathOf(deviceId) + ".new" })
            {
                try { return Json.Read<Saved>(File.ReadAllBytes(path)); }
                catch (FileNotFoundException) { }
                catch (DirectoryNotFoundException) { return null; }
            }
            return null;
        }

        /// <summary>The devices whose outcome is not known.</summary>
        public string[] Unresolved()
        {
            if (!Directory.Exists(folder)) return new string[0];
            return Directory.GetFiles(folder, "*.json")
                .Select(Path.GetFileNameWithoutExtension)
                .Where(id => Load(id)?.Sent == true)
                .ToArray();
        }

        public void Forget(string deviceId)
        {
            File.Delete(PathOf(deviceId));
            File.Delete(PathOf(deviceId) + ".new");
        }

        private string PathOf(string deviceId) { return Path.Combine(folder, deviceId + ".json"); }
    }
}
