using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using FidoUnlock;

/// <summary>Frames of a u16 length and that many bytes: what the served software authenticator speaks.</summary>
public abstract class TcpPipe : IDisposable
{
    private readonly Socket socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>What happens before each frame out; a test may throw here.</summary>
    public Action BeforeSend = () => { };

    protected TcpPipe(ushort port)
    {
        socket.NoDelay = true;
        socket.Connect(IPAddress.Loopback, port);
    }

    public int Frames { get; private set; }

    protected void Send(byte[] frame)
    {
        BeforeSend();
        Frames++;
        var out_ = new byte[frame.Length + 2];
        out_[0] = (byte)(frame.Length >> 8);
        out_[1] = (byte)frame.Length;
        Buffer.BlockCopy(frame, 0, out_, 2, frame.Length);
        Carry(() => socket.Send(out_));
    }

    /// <summary>Null where none came in time.</summary>
    protected byte[] Receive(uint timeoutMs)
    {
        byte[] frame = null;
        Carry(() =>
        {
            if (!socket.Poll((int)Math.Min(timeoutMs * 1000L, int.MaxValue), SelectMode.SelectRead)) return;
            var head = Exactly(2);
            frame = Exactly((head[0] << 8) | head[1]);
        });
        return frame;
    }

    private byte[] Exactly(int count)
    {
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            var now = socket.Receive(bytes, got, count - got, SocketFlags.None);
            if (now == 0) throw new IOException();
            got += now;
        }
        return bytes;
    }

    private static void Carry(Action work)
    {
        try { work(); }
        catch (SocketException) { throw new PipeException.Gone(); }
        catch (ObjectDisposedException) { throw new PipeException.Gone(); }
        catch (IOException) { throw new PipeException.Gone(); }
    }

    public void Dispose() { socket.Dispose(); }
}

/// <summary>HID reports over TCP, written in C#.</summary>
public sealed class TcpHid : TcpPipe, IHidReports
{
    public TcpHid(ushort port) : base(port) { }

    public void WriteReport(byte[] report) { Send(report); }

    public byte[] ReadReport(uint timeoutMs) { return Receive(timeoutMs) ?? new byte[0]; }

    public uint ReportSize() { return 64; }
}

/// <summary>APDUs over TCP, written in C#.</summary>
public sealed class TcpCard : TcpPipe, IApduChannel
{
    public TcpCard(ushort port) : base(port) { }

    public byte[] Transmit(byte[] apdu, uint timeoutMs)
    {
        Send(apdu);
        var answer = Receive(timeoutMs);
        if (answer == null) throw new PipeException.TimedOut();
        return answer;
    }

    public bool ExtendedLength() { return true; }

    public void BeginTransaction(uint timeoutMs) { }

    public void EndTransaction() { }

    public void Reconnect(uint timeoutMs) { throw new PipeException.Gone(); }
}

/// <summary>An enrolled software key with a PIN and a passkey.</summary>
public sealed class Enrolled : IDisposable
{
    public const string OldPin = "Winter42";
    public const string NewPin = "Spring43";
    public const byte Slot = 1;

    public readonly MockKey Key = new MockKey();
    public readonly IssuerKey Issuer;
    public readonly MockRelyingParty RelyingParty = new MockRelyingParty("example.com");
    public readonly EnrolledDevice Device;
    public readonly MockPasskey Passkey;

    /// <summary><paramref name="publicKey"/>: of an issuer elsewhere; null takes one that is made here.</summary>
    public Enrolled(Suite suite, byte[] publicKey = null)
    {
        Issuer = IssuerKey.Make(suite);
        using (var plan = new Enrollment())
        using (var device = Key.Open(MockWire.Hid, Interface.Fido))
        {
            if (publicKey == null) plan.AddKey(Slot, Issuer);
            else plan.AddPublicKey(Slot, suite, publicKey);
            Device = plan.Run(device, null, null, null);
        }
        Key.SetPin(OldPin);
        Passkey = RelyingParty.MakePasskey(Key, "user-1", OldPin);
    }

    public string Respond(string challenge)
    {
        return UnlockLibrary.MockRespond(Issuer, Device.DeviceId, Device.DeviceKey, challenge);
    }

    /// <summary>A sign-in that the library's relying party takes and that a check in C# takes too.</summary>
    public void SignIn(string pin)
    {
        var assertion = RelyingParty.SignIn(Key, Passkey, pin);
        // SHA-256 of "example.com", then the flags: user present, user verified.
        Expect.Equal("A379A6F6EEAFB9A55E378C118034E2751E682FAB9F2D30AB13D2125586CE1947",
            BitConverter.ToString(assertion.AuthData, 0, 32).Replace("-", ""));
        Expect.Equal(5, assertion.AuthData[32] & 5, "flags");
        var digest = Crypto.Sha256(assertion.AuthData.Concat(assertion.ClientDataHash).ToArray());
        Expect.True(P256.Verify(Passkey.X, Passkey.Y, digest, assertion.Signature), "the signature is good");
        digest[0] ^= 1;
        Expect.True(!P256.Verify(Passkey.X, Passkey.Y, digest, assertion.Signature), "another digest's is not");
    }

    public void Block()
    {
        Expect.Equal(8u, Key.Block("Winter24"), "tries");
    }

    public void Dispose()
    {
        Key.Dispose();
        Issuer.Dispose();
        RelyingParty.Dispose();
    }
}

public static class Refused
{
    /// <summary>The call fails with this number.</summary>
    public static T With<T>(ErrorNumber number, Action call) where T : UnlockException
    {
        var thrown = Expect.Throws<T>(call);
        Expect.Equal(number, thrown.ErrorNumber(), thrown.Text);
        return thrown;
    }
}
