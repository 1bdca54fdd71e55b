using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;

namespace FidoUnlock.Agent
{
    /// <summary>A key that is there.</summary>
    public interface IKey
    {
        string Name { get; }
        string Path { get; }
        string Kind { get; }

        /// <summary>Whether both are the same one, a moment apart.</summary>
        bool Is(IKey other);

        /// <summary>Opens it for one conversation.</summary>
        OpenKey Open();
    }

    /// <summary>An open key, with the pipe that is the host's to close, after the device.</summary>
    public sealed class OpenKey : IDisposable
    {
        private readonly IDisposable pipe;

        public OpenKey(Device device, IDisposable pipe)
        {
            Device = device;
            this.pipe = pipe;
        }

        public Device Device { get; }

        public void Dispose()
        {
            Device.Dispose();
            pipe?.Dispose();
        }
    }

    /// <summary>Tells keys as they come, change and go; what is there at the start comes as arrived.</summary>
    public interface IKeys : IDisposable
    {
        event Action<IKey> Arrived;
        event Action<IKey> Left;
        event Action<ErrorRow> Failed;
        void Start();
    }

    /// <summary>USB keys and smart cards of this computer.</summary>
    public sealed class ComputerKeys : IKeys
    {
        private readonly DeviceWatcher watcher = new DeviceWatcher();

        public ComputerKeys()
        {
            watcher.Arrived += (sender, args) => Arrived?.Invoke(new Key(args.Device));
            // It may tell more than before: that it is locked.
            watcher.Changed += (sender, args) => Arrived?.Invoke(new Key(args.Device));
            watcher.Left += (sender, args) => Left?.Invoke(new Key(args.Device));
            watcher.Failed += (sender, args) => Failed?.Invoke(args.Problem);
            watcher.ReadersChanged += (sender, args) =>
            {
                // Also one that is not there: nothing else would tell why no card is seen.
                if (args.Change is DeviceChange.CardServiceStopped)
                    Failed?.Invoke(UnlockLibrary.ErrorTable().First(row => row.Number == (ushort)ErrorNumber.NoService));
            };
        }

        public event Action<IKey> Arrived;
        public event Action<IKey> Left;
        public event Action<ErrorRow> Failed;

        public void Start() { watcher.Start(); }

        public void Dispose() { watcher.Dispose(); }

        private sealed class Key : IKey
        {
            private readonly FoundDevice found;

            public Key(FoundDevice found) { this.found = found; }

            public string Name { get { return found.Name; } }
            public string Path { get { return found.Routes[0].Path; } }
            public string Kind { get { return found.Routes[0].Kind == DeviceKind.UsbKey ? "usb" : "card"; } }

            public bool Is(IKey other)
            {
                var key = other as Key;
                if (key == null) return false;
                if (found.DeviceId != null && key.found.DeviceId != null) return found.DeviceId == key.found.DeviceId;
                return found.Routes.Any(route => key.found.Routes.Any(its => its.Path == route.Path));
            }

            public OpenKey Open() { return new OpenKey(Device.OpenFound(found), null); }
        }
    }

    /// <summary>The key that the demonstration of the console serves on a TCP port of this machine: a pipe of the host's own.</summary>
    public sealed class PortKeys : IKeys
    {
        private readonly ushort port;

        public PortKeys(ushort port) { this.port = port; }

        public event Action<IKey> Arrived;
        public event Action<IKey> Left { add { } remove { } }
        public event Action<ErrorRow> Failed { add { } remove { } }

        public void Start() { Arrived?.Invoke(new Key(port)); }

        public void Dispose() { }

        private sealed class Key : IKey
        {
            private readonly ushort port;

            public Key(ushort port) { this.port = port; }

            public string Name { get { return "key on a port"; } }
            public string Path { get { return "127.0.0.1:" + port; } }
            public string Kind { get { return "port"; } }

            public bool Is(IKey other) { return other is Key; }

            public OpenKey Open()
            {
                var pipe = new PortPipe(port);
                return new OpenKey(Device.OpenHid(pipe, Interface.Vendor), pipe);
            }
        }
    }

    /// <summary>Frames of a length (2 bytes, big-endian) and a HID report.</summary>
    public sealed class PortPipe : IHidReports, IDisposable
    {
        private readonly Socket socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<byte> come = new List<byte>();
        private readonly byte[] buffer = new byte[256];

        public PortPipe(ushort port)
        {
            socket.NoDelay = true;
            try { socket.Connect(IPAddress.Loopback, port); }
            catch (SocketException) { throw new AgentException(ErrorNumber.NoDevice, "nothing is on port " + port); }
        }

        public void WriteReport(byte[] report)
        {
            var frame = new[] { (byte)(report.Length >> 8), (byte)report.Length }.Concat(report).ToArray();
            try { socket.Send(frame); }
            catch (SocketException) { throw new PipeException.Gone(); }
        }

        public byte[] ReadReport(uint timeoutMs)
        {
            var until = DateTime.UtcNow.AddMilliseconds(timeoutMs);
            while (true)
            {
                var length = come.Count < 2 ? 0 : 2 + ((come[0] << 8) | come[1]);
                if (length > 0 && come.Count >= length)
                {
                    var report = come.GetRange(2, length - 2).ToArray();
                    come.RemoveRange(0, length);
                    return report;
                }
                var left = (until - DateTime.UtcNow).TotalMilliseconds;
                if (left <= 0) return new byte[0];
                try
                {
                    if (!socket.Poll((int)Math.Min(left * 1000, int.MaxValue), SelectMode.SelectRead)) continue;
                    var count = socket.Receive(buffer);
                    if (count == 0) throw new PipeException.Gone();
                    come.AddRange(buffer.Take(count));
                }
                catch (SocketException) { throw new PipeException.Gone(); }
            }
        }

        public uint ReportSize() { return 64; }

        public void Dispose() { socket.Dispose(); }
    }
}
