using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace FidoUnlock.Agent
{
    /// <summary>The command line; the README says what is read and written.</summary>
    public static class Program
    {
        private const string Usage =
            "agent --state FOLDER [--key-port PORT] [--desk URL --user ID --reason TEXT --verified METHOD --statement TEXT"
            + " [--poll SECONDS] [--deadline SECONDS]]";

        public static int Main(string[] arguments)
        {
            var options = Options.Parse(arguments);
            if (options == null)
            {
                Console.Error.WriteLine(Usage);
                return 80;
            }
            try
            {
                var keys = options.KeyPort == null ? (IKeys)new ComputerKeys() : new PortKeys(options.KeyPort.Value);
                using (keys)
                using (var desk = options.Desk == null ? null : new Desk(options))
                {
                    new Agent(options, keys, desk, new Report(Console.OpenStandardOutput()))
                        .RunAsync(Console.OpenStandardInput()).GetAwaiter().GetResult();
                }
                return 0;
            }
            catch (AgentException failure)
            {
                Console.Error.WriteLine("agent: " + failure.Message);
                return 80;
            }
        }
    }

    /// <summary>What the agent is told at its start. No secret is an argument: other users could read it.</summary>
    public sealed class Options
    {
        public string State { get; private set; }
        public Uri Desk { get; private set; }
        public string User { get; private set; }
        /// <summary>Reason or ticket.</summary>
        public string Reason { get; private set; }
        /// <summary>By which of the desk's methods it was verified that it is the user, such as call-back.</summary>
        public string Verified { get; private set; }
        /// <summary>What was done for it. Say nothing that was not done: the help desk relies on it.</summary>
        public string Statement { get; private set; }
        public ushort? KeyPort { get; private set; }
        public TimeSpan Poll { get; private set; } = TimeSpan.FromSeconds(2);
        public TimeSpan Deadline { get; private set; } = TimeSpan.FromMinutes(10);

        /// <summary>Null where the line is not right.</summary>
        public static Options Parse(IReadOnlyList<string> arguments)
        {
            var options = new Options();
            for (var place = 0; place < arguments.Count; place += 2)
            {
                if (place + 1 == arguments.Count || !options.Take(arguments[place], arguments[place + 1])) return null;
            }
            return options.State != null && options.IsCallWhole ? options : null;
        }

        /// <summary>All that the desk is told, or no desk.</summary>
        private bool IsCallWhole
        {
            get
            {
                var texts = new[] { User, Reason, Verified, Statement };
                return texts.All(text => (text == null) == (Desk == null));
            }
        }

        private bool Take(string name, string value)
        {
            Uri desk;
            ushort port;
            double seconds;
            if (name == "--state") State = value;
            else if (name == "--user") User = value;
            else if (name == "--reason") Reason = value;
            else if (name == "--verified") Verified = value;
            else if (name == "--statement") Statement = value;
            else if (name == "--desk" && Uri.TryCreate(value, UriKind.Absolute, out desk)) Desk = desk;
            else if (name == "--key-port" && ushort.TryParse(value, out port)) KeyPort = port;
            else if (name == "--poll" && TrySeconds(value, out seconds)) Poll = TimeSpan.FromSeconds(seconds);
            else if (name == "--deadline" && TrySeconds(value, out seconds)) Deadline = TimeSpan.FromSeconds(seconds);
            else return false;
            return true;
        }

        private static bool TrySeconds(string value, out double seconds)
        {
            return double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds)
                && seconds < 1e6;
        }
    }
}
