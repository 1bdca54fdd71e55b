using System;
using System.IO;
using System.Linq;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;

namespace FidoUnlock.Agent
{
    /// <summary>A failure of the agent's own, as a row of the error table.</summary>
    public sealed class AgentException : Exception
    {
        public AgentException(ErrorNumber number, string text) : this((ushort)number, text) { }

        /// <summary>A number of a newer help desk has no name and next step here.</summary>
        public AgentException(ushort number, string text) : base(text)
        {
            var known = UnlockLibrary.ErrorTable().FirstOrDefault(row => row.Number == number);
            Row = known == null
                ? new ErrorRow(number, "", "", text, "")
                : new ErrorRow(number, known.Name, known.Family, text, known.NextStep);
        }

        public ErrorRow Row { get; }

        public bool Is(ErrorNumber number) { return Row.Number == (ushort)number; }
    }

    /// <summary>One line of output. What is null is left out; no secret is ever in one.</summary>
    [DataContract]
    public sealed class Line
    {
        [DataMember(Name = "event", Order = 0)] public string Event;
        [DataMember(Name = "device_id", Order = 1, EmitDefaultValue = false)] public string DeviceId;
        [DataMember(Name = "name", Order = 2, EmitDefaultValue = false)] public string Name;
        [DataMember(Name = "path", Order = 3, EmitDefaultValue = false)] public string Path;
        [DataMember(Name = "kind", Order = 4, EmitDefaultValue = false)] public string Kind;
        [DataMember(Name = "challenge", Order = 5, EmitDefaultValue = false)] public string Challenge;
        [DataMember(Name = "suite", Order = 6, EmitDefaultValue = false)] public int? Suite;
        [DataMember(Name = "resumed", Order = 7, EmitDefaultValue = false)] public bool? Resumed;
        [DataMember(Name = "number", Order = 8, EmitDefaultValue = false)] public int? Number;
        [DataMember(Name = "sentence", Order = 9, EmitDefaultValue = false)] public string Sentence;
        [DataMember(Name = "error", Order = 10, EmitDefaultValue = false)] public Row Error;
    }

    /// <summary>A row of the error table in JSON.</summary>
    [DataContract]
    public sealed class Row
    {
        [DataMember(Name = "number", Order = 0)] public ushort Number;
        [DataMember(Name = "name", Order = 1)] public string Name;
        [DataMember(Name = "text", Order = 2)] public string Text;
        [DataMember(Name = "next_step", Order = 3)] public string NextStep;

        public static Row Of(Exception thrown)
        {
            var unlock = thrown as UnlockException;
            if (unlock != null)
                return new Row
                {
                    Number = unlock.Number, Name = unlock.Name, Text = unlock.Text, NextStep = unlock.NextStep,
                };
            // The text of any other exception may hold anything: its type is told alone.
            var own = thrown as AgentException
                ?? new AgentException(ErrorNumber.HostFailed, "the agent's own part failed: " + thrown.GetType().Name);
            return new Row
            {
                Number = own.Row.Number, Name = own.Row.Name, Text = own.Row.Text, NextStep = own.Row.NextStep,
            };
        }
    }

    /// <summary>Writes lines, from any thread.</summary>
    public sealed class Report
    {
        private readonly Stream output;

        public Report(Stream output) { this.output = output; }

        public void Write(Line line)
        {
            var bytes = Json.Write(line);
            lock (output)
            {
                output.Write(bytes, 0, bytes.Length);
                output.WriteByte((byte)'\n');
                output.Flush();
            }
        }

        public void Write(string name, string deviceId) { Write(new Line { Event = name, DeviceId = deviceId }); }

        public void Error(string deviceId, Exception thrown)
        {
            Write(new Line { Event = "error", DeviceId = deviceId, Error = Row.Of(thrown) });
        }
    }

    /// <summary>JSON by data contracts, which every .NET has.</summary>
    public static class Json
    {
        public static byte[] Write<T>(T value)
        {
            using (var stream = new MemoryStream())
            {
                new DataContractJsonSerializer(typeof(T)).WriteObject(stream, value);
                return stream.ToArray();
            }
        }

        /// <summary>Null where the bytes are not such an object.</summary>
        public static T Read<T>(byte[] bytes) where T : class
        {
            try
            {
                using (var stream = new MemoryStream(bytes, false))
                    return new DataContractJsonSerializer(typeof(T)).ReadObject(stream) as T;
            }
            catch (SerializationException) { return null; }
        }
    }
}
