using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using FidoUnlock;

/// <summary>The operator's side over the host's own ports: database, accounts and HSM in C#.</summary>
public static class DeskTests
{
    internal static readonly DeskUser User = new DeskUser(
        "user-1", "User One", false,
        new[] { new DeskChannel("mail", ChannelKind.Mail, "user-1@corp.example") });

    /// <summary>A key that is enrolled for the host's HSM, with a PIN that is blocked.</summary>
    internal static Enrolled Locked(Host host)
    {
        var enrolled = host.Suite == Suite.AesAdminKey
            ? new Enrolled(host.Suite)
            : new Enrolled(host.Suite, host.Key.Public());
        enrolled.Block();
        return enrolled;
    }

    internal static OperatorSession Register(HelpDesk desk, Host host, Enrolled enrolled)
    {
        var session = desk.SignIn("desk-1", Host.Password);
        desk.PutUser(session, User);
        if (host.Suite == Suite.AesAdminKey)
            desk.RegisterDevice(session, "user-1", enrolled.Device, Enrolled.Slot, enrolled.Issuer);
        else
            desk.RegisterDeviceByPublicKey(
                session, "user-1", enrolled.Device, Enrolled.Slot, host.Suite, host.Key.Public());
        return session;
    }

    internal static ulong Prepare(HelpDesk desk, OperatorSession session, Host host, UnlockSession unlock)
    {
        var id = desk.OpenRequest(session, "user-1", unlock.DeviceId(), "forgotten PIN").Id;
        desk.VerifyCaller(session, id, host);
        desk.EnterChallenge(session, id, unlock.Challenge());
        return id;
    }

    [Test]
    public static void Suite1WithAnHsmOfTheHost() { WithHostPorts(Suite.P256Ecdsa); }

    [Test]
    public static void Suite2WithAnHsmOfTheHost() { WithHostPorts(Suite.P256EcdhMac); }

    [Test]
    public static void Suite3WithAnHsmOfTheHost() { WithHostPorts(Suite.AesAdminKey); }

    private static void WithHostPorts(Suite suite)
    {
        var host = new Host(suite);
        using (var enrolled = Locked(host))
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
        using (var unlock = UnlockSession.Begin(device, null, null, null))
        {
            using (var desk = host.Open())
            {
                var session = Register(desk, host, enrolled);
                Expect.Equal("desk-1", session.Operator());
                var found = desk.Search(session, "user one").Single();
                Expect.Items(new[] { unlock.DeviceId() }, found.Devices.Select(one => one.DeviceId));
                Expect.Equal(host.Time, found.User.Channels.Single().ChangedAt, "the channel is new");
                var id = Prepare(desk, session, host, unlock);
                Expect.True(desk.Request(session, id).CallerVerified, "the caller is verified");
                var code = desk.Authorise(session, id);
                Expect.Items(new[] { id }, desk.OpenCodes(session).Select(open => open.Request));
                unlock.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
                desk.Done(session, id);
                Expect.Items(new[] { NoticeKind.CodeGiven, NoticeKind.Done }, host.Notices);
                foreach (var line in code.Split('\n'))
                    Expect.True(host.Log.All(entry => !Encoding.UTF8.GetString(entry).Contains(line)), "no code in the log");
                Expect.Equal((ulong)host.Log.Count, desk.VerifyAudit().Entries);
                desk.RetireDevice(session, unlock.DeviceId());
            }
            enrolled.SignIn(Enrolled.NewPin);
            // The next process reads the same log, and one that was edited does not open.
            host.Open().Dispose();
            host.Log[3][host.Log[3].Length - 1] ^= 1;
            Refused.With<UnlockException.Store>(ErrorNumber.AuditBroken, () => host.Open());
        }
    }

    /// <summary>All that a desk does, so that each method of the host is called.</summary>
    private static void Everything(Host host, Enrolled enrolled, UnlockSession unlock)
    {
        using (var desk = host.Open())
        {
            var session = Register(desk, host, enrolled);
            desk.Search(session, "");
            var shown = Prepare(desk, session, host, unlock);
            desk.AskApproval(session, shown, host);
            desk.Authorise(session, shown);
            desk.Abandon(session, shown);
            var sent = Prepare(desk, session, host, unlock);
            desk.AuthoriseToChannel(session, sent, "mail");
            Expect.True(host.Sent.Length > 20, "the code was sent");
            desk.Done(session, sent);
            desk.Checkpoint(session, host);
            if (host.Suite != Suite.AesAdminKey) ProverTests.ThereAndBack(host, enrolled);
            desk.SetService(session, false);
        }
        // What is there already is read by the next process.
        using (host.Open()) { }
    }

    private static readonly string[] Methods =
        new[]
            {
                typeof(IDirectory), typeof(IAuditLog), typeof(ILimits), typeof(IOperators), typeof(ILicence),
                typeof(IClock), typeof(IOwnerNotifier), typeof(ICodeDelivery), typeof(ICallerVerifier),
                typeof(IResponseSigner), typeof(IApprover), typeof(ICheckpointSigner), typeof(IIssuerProver),
            }
            .SelectMany(port => port.GetMethods().Select(method => port.Name + "." + method.Name)).ToArray();

    /// <summary>Runs everything once for each method, which fails; gives the number that came of it, 0 for none.</summary>
    private static Dictionary<string, ushort> TripEach(Func<Exception> failure)
    {
        var numbers = new Dictionary<string, ushort>();
        foreach (var suite in new[] { Suite.P256EcdhMac, Suite.AesAdminKey })
        {
            var whole = new Host(suite);
            using (var enrolled = Locked(whole))
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
            using (var unlock = UnlockSession.Begin(device, null, null, null))
            {
                Everything(whole, enrolled, unlock);
                foreach (var method in whole.Called.Where(method => !numbers.ContainsKey(method)).OrderBy(m => m))
                {
                    var host = new Host(whole) { Trip = method, Failure = failure };
                    numbers[method] = 0;
                    try { Everything(host, enrolled, unlock); }
                    catch (UnlockException thrown)
                    {
                        Expect.True(!thrown.ToString().Contains(HostPart.Secret), method + ": the host's text stays with it");
                        numbers[method] = thrown.Number;
                    }
                }
            }
        }
        Expect.Items(Methods.OrderBy(m => m), numbers.Keys.OrderBy(m => m), "methods that were called");
        return numbers;
    }

    [Test]
    public static void AnExceptionInEachMethodOfEachPort()
    {
        foreach (var found in TripEach(() => new InvalidOperationException(HostPart.Secret)))
        {
            // A notice that fails is recorded and holds nothing up; a caller who could not be checked is not verified.
            var expected = found.Key == "IOwnerNotifier.NotifyOwner" ? 0
                : found.Key == "ICallerVerifier.Verify" ? (int)ErrorNumber.CallerUnverified
                : (int)ErrorNumber.HostFailed;
            Expect.Equal(expected, (int)found.Value, found.Key);
        }
    }

    [Test]
    public static void AStoreSaysWhatIsWrong()
    {
        foreach (var found in TripEach(() => new StorageException.Write("the table of devices")))
        {
            var store = new[] { "IDirectory", "IAuditLog", "ILimits", "IOperators", "ILicence" }
                .Contains(found.Key.Split('.')[0]);
            if (store) Expect.Equal((int)ErrorNumber.StoreWrite, (int)found.Value, found.Key);
        }
    }

    [Test]
    public static void AnHsmSaysWhatIsWrong()
    {
        var failures = new Dictionary<Func<Exception>, ErrorNumber>
        {
            { () => new SigningException.KeyMissing(), ErrorNumber.KeyMissing },
            { () => new SigningException.WrongSuite(), ErrorNumber.SignerSuite },
            { () => new SigningException.Unavailable(0x32), ErrorNumber.SignerUnavailable },
            { () => new SigningException.Refused(0x30), ErrorNumber.SignerFailed },
        };
        foreach (var failure in failures)
        {
            var host = new Host(Suite.P256Ecdsa) { Failure = failure.Key };
            using (var enrolled = Locked(host))
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
            using (var unlock = UnlockSession.Begin(device, null, null, null))
            using (var desk = host.Open())
            {
                var session = Register(desk, host, enrolled);
                var id = Prepare(desk, session, host, unlock);
                host.Trip = "IResponseSigner.Respond";
                Refused.With<UnlockException.Signer>(failure.Value, () => desk.Authorise(session, id));
                host.Trip = "IResponseSigner.Issuers";
                Refused.With<UnlockException.Signer>(failure.Value, () => desk.RecordRotation(
                    session, unlock.DeviceId(), host.Key.Public(), 1));
            }
        }
    }

    [Test]
    public static void ContractsOfTheHostsStores()
    {
        UnlockLibrary.MockCheckDirectory(new Host(Suite.P256Ecdsa));
        UnlockLibrary.MockCheckAuditLog(new Host(Suite.P256Ecdsa));
        UnlockLibrary.MockCheckLimits(new Host(Suite.P256Ecdsa));
        UnlockLibrary.MockCheckOperators(new Host(Suite.P256Ecdsa) { Alone = true }, Host.Administrator, Host.Password);
        var full = new Host(Suite.P256Ecdsa);
        UnlockLibrary.MockCheckDirectory(full);
        Refused.With<UnlockException>(ErrorNumber.InvalidArgument, () => UnlockLibrary.MockCheckDirectory(full));
    }

    [Test]
    public static void RulesOfTheDesk()
    {
        var host = new Host(Suite.P256EcdhMac);
        using (var enrolled = Locked(host))
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
        using (var unlock = UnlockSession.Begin(device, null, null, null))
        using (var desk = host.Open())
        {
            Refused.With<UnlockException.Policy>(ErrorNumber.OperatorUnknown, () => desk.SignIn("desk-1", "wrong"));
            var session = Register(desk, host, enrolled);
            var second = desk.SignIn("desk-2", Host.Password);
            Refused.With<UnlockException.Policy>(ErrorNumber.PrivilegeMissing, () => desk.PutUser(second, User));
            var id = desk.OpenRequest(session, "user-1", unlock.DeviceId(), "forgotten PIN").Id;
            desk.EnterChallenge(session, id, unlock.Challenge());
            Refused.With<UnlockException.Policy>(ErrorNumber.CallerUnverified, () => desk.Authorise(session, id));
            // The desk serves its own verifier meanwhile. What an assertion throws there would not be seen.
            ulong? seen = null;
            host.Trip = "ICallerVerifier.Verify";
            host.Failure = () =>
            {
                seen = desk.VerifyAudit().Entries;
                return new HostException.HostFailed();
            };
            Refused.With<UnlockException.Policy>(
                ErrorNumber.CallerUnverified, () => desk.VerifyCaller(session, id, host));
            Expect.True(seen > 0, "the log was read");
            host.Trip = "";
            desk.VerifyCaller(session, id, host);
            var wrong = (unlock.Challenge()[0] == '7' ? '8' : '7') + unlock.Challenge().Substring(1);
            Refused.With<UnlockException.Code>(ErrorNumber.CodeCheck, () => desk.EnterChallenge(session, id, wrong));
            Refused.With<UnlockException.Policy>(ErrorNumber.ApprovalSelf, () => desk.Approve(session, id));
            desk.Approve(second, id);
            Expect.Equal("desk-2", desk.Request(session, id).ApprovedBy);
            desk.Authorise(session, id);
            Refused.With<UnlockException.Policy>(ErrorNumber.RequestUsed, () => desk.Authorise(session, id));
            desk.Abandon(session, id);
            Expect.True(desk.OpenCodes(session).Single().Abandoned, "the code may still be good");
            host.Time -= 500;
            Refused.With<UnlockException.Policy>(ErrorNumber.ClockWentBack, () => desk.OpenCodes(session));
            desk.AcceptClock("desk-1", Host.Password, "battery changed");
        }
    }

    [Test]
    public static void OverAFolderWithTheHostsHsm()
    {
        var path = Path.Combine(Path.GetTempPath(), "fido-unlock-" + Guid.NewGuid().ToString("N"));
        var host = new Host(Suite.P256Ecdsa);
        try
        {
            using (var enrolled = Locked(host))
            using (var folder = DeskFolder.Create(path))
            {
                folder.PutLicence(4102444800, 10, "licences@corp.example");
                folder.PutOperator("desk-1", Host.Password, DeskRole.Administrator);
                using (var builder = folder.Builder("staple of the keys", new byte[0], host))
                {
                    builder.SetSigner(host);
                    using (var desk = builder.Open())
                    using (var device = enrolled.Key.Open(MockWire.Apdu, Interface.Vendor))
                    using (var unlock = UnlockSession.Begin(device, null, null, null))
                    {
                        Refused.With<UnlockException.Caller>(ErrorNumber.WrongState, () => builder.Open());
                        Refused.With<UnlockException.Store>(ErrorNumber.StoreBusy,
                            () => folder.Open("staple of the keys", new byte[0], host));
                        var session = Register(desk, host, enrolled);
                        var id = Prepare(desk, session, host, unlock);
                        var code = desk.Authorise(session, id);
                        unlock.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
                        Expect.Equal(desk.VerifyAudit().Head, folder.VerifyAudit().Head);
                    }
                }
                enrolled.SignIn(Enrolled.NewPin);
            }
        }
        finally { Directory.Delete(path, true); }
    }

    [Test]
    public static void APortThatIsMissing()
    {
        using (var builder = new DeskBuilder())
        {
            var thrown = Refused.With<UnlockException.Caller>(ErrorNumber.InvalidArgument, () => builder.Open());
            Expect.True(thrown.Text.EndsWith("the desk has no licence"), thrown.Text);
        }
    }
}
