using System;
using System.Net;
using System.Net.Sockets;
using FidoUnlock;

/// <summary>Gives back what it was given.</summary>
internal sealed class Loop : IHidReports
{
    private byte[] last = new byte[64];

    public void WriteReport(byte[] report) { last = report; }

    public byte[] ReadReport(uint timeoutMs) { return last; }

    public uint ReportSize() { return 64; }
}

/// <summary>HID reports over TCP, as the software authenticator serves them: a u16 length, then 64 bytes.</summary>
internal sealed class TcpHid : IHidReports, IDisposable
{
    private readonly Socket socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] frame = new byte[66];

    internal TcpHid(ushort port)
    {
        socket.NoDelay = true;
        socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>Reports out and in so far.</summary>
    internal int Reports { get; private set; }

    public void WriteReport(byte[] report)
    {
        Reports++;
        frame[0] = 0;
        frame[1] = 64;
        Buffer.BlockCopy(report, 0, frame, 2, 64);
        socket.Send(frame);
    }

    public byte[] ReadReport(uint timeoutMs)
    {
        if (!socket.Poll((int)Math.Min(timeoutMs * 1000L, int.MaxValue), SelectMode.SelectRead)) return new byte[0];
        for (var got = 0; got < frame.Length;)
        {
            var now = socket.Receive(frame, got, frame.Length - got, SocketFlags.None);
            if (now == 0) throw new PipeException.Gone();
            got += now;
        }
        Reports++;
        var report = new byte[64];
        Buffer.BlockCopy(frame, 2, report, 0, 64);
        return report;
    }

    public uint ReportSize() { return 64; }

    public void Dispose() { socket.Dispose(); }
}
