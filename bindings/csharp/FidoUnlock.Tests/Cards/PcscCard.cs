using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using FidoUnlock;

/// <summary>A card in a reader, by P/Invoke of pcsc-lite: what a host on Linux or macOS writes where it has no package for it.</summary>
public sealed class PcscCard : IApduChannel, IDisposable
{
    private const string Library = "libpcsclite.so.1";
    private const uint Shared = 2, AnyProtocol = 3, LeaveCard = 0, ResetCard = 1;

    // A DWORD of pcsc-lite is an unsigned long: as wide as a pointer on Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public UIntPtr Protocol;
        public UIntPtr Length;
    }

    [DllImport(Library)] private static extern IntPtr SCardEstablishContext(UIntPtr scope, IntPtr a, IntPtr b, out IntPtr context);
    [DllImport(Library)] private static extern IntPtr SCardReleaseContext(IntPtr context);
    [DllImport(Library)] private static extern IntPtr SCardListReaders(IntPtr context, IntPtr groups, byte[] readers, ref UIntPtr length);
    [DllImport(Library)] private static extern IntPtr SCardConnect(
        IntPtr context, byte[] reader, UIntPtr share, UIntPtr protocols, out IntPtr card, out UIntPtr protocol);
    [DllImport(Library)] private static extern IntPtr SCardReconnect(
        IntPtr card, UIntPtr share, UIntPtr protocols, UIntPtr how, out UIntPtr protocol);
    [DllImport(Library)] private static extern IntPtr SCardDisconnect(IntPtr card, UIntPtr how);
    [DllImport(Library)] private static extern IntPtr SCardBeginTransaction(IntPtr card);
    [DllImport(Library)] private static extern IntPtr SCardEndTransaction(IntPtr card, UIntPtr how);
    [DllImport(Library)] private static extern IntPtr SCardTransmit(
        IntPtr card, ref Header send, byte[] apdu, UIntPtr length, IntPtr receive, byte[] response, ref UIntPtr responseLength);

    private readonly IntPtr context, card;
    private readonly byte[] response = new byte[65544];
    private UIntPtr protocol;

    private static void Check(IntPtr result)
    {
        var code = (uint)(result.ToInt64() & uint.MaxValue);
        switch (code)
        {
            case 0: return;
            case 0x80100069: case 0x8010000C: throw new PipeException.Gone();
            case 0x80100068: throw new PipeException.CardReset();
            case 0x8010000B: throw new PipeException.Busy();
            default: throw new PipeException.Failed(code);
        }
    }

    /// <summary>Connects to the card of the first reader that has one.</summary>
    public PcscCard()
    {
        Check(SCardEstablishContext(UIntPtr.Zero, IntPtr.Zero, IntPtr.Zero, out context));
        var names = new byte[4096];
        var length = new UIntPtr((uint)names.Length);
        Check(SCardListReaders(context, IntPtr.Zero, names, ref length));
        // Each name ends with a zero, the list with another.
        for (int from = 0, to; names[from] != 0; from = to + 1)
        {
            to = Array.IndexOf(names, (byte)0, from);
            var name = new byte[to - from + 1];
            Array.Copy(names, from, name, 0, name.Length);
            if (SCardConnect(context, name, new UIntPtr(Shared), new UIntPtr(AnyProtocol), out card, out protocol) == IntPtr.Zero)
                return;
        }
        throw new PipeException.NoDevice();
    }

    public byte[] Transmit(byte[] apdu, uint timeoutMs)
    {
        var header = new Header { Protocol = protocol, Length = new UIntPtr(16) };
        var length = new UIntPtr((uint)response.Length);
        Check(SCardTransmit(card, ref header, apdu, new UIntPtr((uint)apdu.Length), IntPtr.Zero, response, ref length));
        var answer = new byte[(int)length.ToUInt32()];
        Array.Copy(response, answer, answer.Length);
        return answer;
    }

    public bool ExtendedLength() { return true; }

    public void BeginTransaction(uint timeoutMs) { Check(SCardBeginTransaction(card)); }

    public void EndTransaction() { Check(SCardEndTransaction(card, new UIntPtr(LeaveCard))); }

    public void Reconnect(uint timeoutMs) { Connect(LeaveCard); }

    /// <summary>Takes the card's power away and gives it back.</summary>
    public void Reset() { Connect(ResetCard); }

    private void Connect(uint how)
    {
        Check(SCardReconnect(card, new UIntPtr(Shared), new UIntPtr(AnyProtocol), new UIntPtr(how), out protocol));
    }

    public void Dispose()
    {
        SCardDisconnect(card, new UIntPtr(LeaveCard));
        SCardReleaseContext(context);
    }
}
