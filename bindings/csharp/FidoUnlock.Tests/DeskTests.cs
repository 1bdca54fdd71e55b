using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using FidoUnlock;

/// <summary>The operator's side with the host's own parts: mail server, identity provider and HSM in C#.</summary>
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

    /// <summary>The set-up: licence, a second operator, issuer, user and device.</summary>
    internal static OperatorSession SetUp(HelpDesk desk, Suite suite, byte[] issuer, Enrolled enrolled, ulong now)
    {
        var session = desk.SignIn("desk-1", Host.Password);
        desk.PutLicence(session, UnlockLibrary.MockLicence(now, 3));
        desk.PutOperator(session,
            new DeskOperator("desk-2", new DeskRole[0], new[] { DeskPrivilege.Unlock }), Host.Password);
        desk.PutUser(session, User);
        var aes = suite == Suite.AesAdminKey;
        if (!aes) desk.PutIssuer(session, new IssuerInfo(Enrolled.Slot, suite, issuer, false));
        var device = new NewDevice(enrolled.Device.DeviceId, "user-1", suite, Enrolled.Slot, aes ? null : issuer,
            enrolled.Device.DeviceKey, new DeviceSlot[0]);
        desk.MayRegister(session, device, aes ? enrolled.Issuer : null);
        desk.RegisterDevice(session, device, aes ? enrolled.Issuer : null);
        return session;
    }

    /// <summary>The same, and the desk is opened.</summary>
    internal static OperatorSession Register(HelpDesk desk, Host host, Enrolled enrolled)
    {
        var session = SetUp(desk, host.Suite, host.Key.Public(), enrolled, Host.Start);
        desk.OpenDesk(session);
        return session;
    }

    internal static string Prepare(HelpDesk desk, OperatorSession session, Host host, UnlockSession unlock)
    {
        var id = desk.OpenRequest(session, "user-1", unlock.DeviceId(), "forgotten PIN").Id;
        desk.VerifyCaller(session, id, host);
        desk.EnterChallenge(session, id, unlock.Challenge());
        return id;
    }

    private static void SendNotices(HelpDesk desk) { while (desk.SendNotice()) { } }

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
            OperatorSession session;
            using (var desk = host.Create())
            {
                session = Register(desk, host, enrolled);
                Expect.Equal("desk-1", session.Operator());
                var found = desk.Search(session, "user one").Single();
                Expect.Items(new[] { unlock.DeviceId() }, found.Devices.Select(one => one.DeviceId));
                Expect.Equal(Host.Start, found.User.Channels.Single().ChangedAt, "the channel is new");
                var id = Prepare(desk, session, host, unlock);
                var request = desk.Request(session, id.ToLowerInvariant());
                Expect.True(request.CallerVerified && request.Lives, "the caller is verified");
                Expect.Equal(unlock.Challenge(), request.Challenge);
                var code = desk.Authorise(session, id);
                var open = desk.OpenCodes(session, unlock.DeviceId()).Single();
                Expect.True(open.Request == id && open.Outcome == CodeOutcome.Open, "it may still be good");
                unlock.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
                desk.Done(session, id);
                SendNotices(desk);
                Expect.Items(new[] { NoticeKind.CodeGiven, NoticeKind.Done }, host.Notices.Select(notice => notice.Kind));
                Expect.Equal(id, host.Notices[0].Request);
                foreach (var line in code.Split('\n'))
                    Expect.True(!host.Database.Contains(line), "no code in the database");
                Expect.True(host.Database.Contains("User One"), "what is there is found");
            }
            enrolled.SignIn(Enrolled.NewPin);
            // The next process knows the session, and finds an entry that was edited.
            using (var desk = host.Open())
            {
                Expect.Equal(0, desk.OpenCodes(session, unlock.DeviceId()).Count);
                var events = desk.AuditEntries(session, 0, 100).Select(entry => entry.Event).ToArray();
                Expect.True(events.Contains("CodeMade") && events.Contains("Done"), string.Join(" ", events));
                desk.VerifyAudit(new string[0], new string[0]);
                desk.RetireDevice(session, unlock.DeviceId());
                host.Database.EditEntry(3);
                Refused.With<UnlockException.Store>(
                    ErrorNumber.AuditBroken, () => desk.VerifyAudit(new string[0], new string[0]));
            }
        }
    }

    /// <summary>All that a desk does, so that each method of the host is called.</summary>
    private static void Everything(Host host, Enrolled enrolled, UnlockSession unlock)
    {
        using (var desk = host.Create())
        {
            var session = Register(desk, host, enrolled);
            var shown = Prepare(desk, session, host, unlock);
            desk.AskApproval(session, shown, host);
            desk.Authorise(session, shown);
            desk.Abandon(session, shown);
            var sent = Prepare(desk, session, host, unlock);
            desk.AuthoriseToChannel(session, sent, "mail");
            Expect.True(host.Sent.Length > 20, "the code was sent");
            desk.Done(session, sent);
            SendNotices(desk);
            desk.Checkpoint(session, host);
            if (host.Suite != Suite.AesAdminKey) ProverTests.ThereAndBack(host, enrolled);
        }
    }

    private static readonly string[] Methods =
        new[]
            {
                typeof(IOwnerNotifier), typeof(ICodeDelivery), typeof(ICallerVerifier), typeof(IResponseSigner),
                typeof(IApprover), typeof(ICheckpointSigner), typeof(IIssuerProver),
            }
            .SelectMany(port => port.GetMethods().Select(method => port.Name + "." + method.Name)).ToArray();

    [Test]
    public static void AnExceptionInEachMethodOfEachPort()
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
                    var host = new Host(whole) { Trip = method };
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
        foreach (var found in numbers)
        {
            // A notice that fails is recorded and sent again; a caller who could not be checked is not verified.
            var expected = found.Key == "IOwnerNotifier.NotifyOwner" ? 0
                : found.Key == "ICallerVerifier.Verify" ? (int)ErrorNumber.CallerUnverified
                : (int)ErrorNumber.HostFailed;
            Expect.Equal(expected, (int)found.Value, found.Key);
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
        var host = new Host(Suite.P256Ecdsa);
        using (var enrolled = Locked(host))
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
        using (var unlock = UnlockSession.Begin(device, null, null, null))
        using (var desk = host.Create())
        {
            var session = Register(desk, host, enrolled);
            var id = Prepare(desk, session, host, unlock);
            host.Trip = "IResponseSigner.Sign";
            foreach (var failure in failures)
            {
                host.Failure = failure.Key;
                Refused.With<UnlockException.Signer>(failure.Value, () => desk.Authorise(session, id));
            }
            // The request lives on, and its operator has the code made again.
            host.Trip = "";
            var code = desk.Authorise(session, id);
            unlock.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
        }
    }

    [Test]
    public static void ContractOfTheHostsSigner()
    {
        foreach (var suite in new[] { Suite.P256Ecdsa, Suite.P256EcdhMac })
        {
            var host = new Host(suite);
            var keys = new[] { new IssuerInfo(Enrolled.Slot, suite, host.Key.Public(), false) };
            UnlockLibrary.MockCheckSigner(host, keys, true);
            // Whoever has admin keys already is no new signer.
            Refused.With<UnlockException.Caller>(
                ErrorNumber.InvalidArgument, () => UnlockLibrary.MockCheckSigner(host, keys, true));
        }
    }

    [Test]
    public static void RulesOfTheDesk()
    {
        var host = new Host(Suite.P256EcdhMac);
        using (var enrolled = Locked(host))
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
        using (var unlock = UnlockSession.Begin(device, null, null, null))
        using (var desk = host.Create())
        {
            Refused.With<UnlockException.Policy>(ErrorNumber.OperatorUnknown, () => desk.SignIn("desk-1", "wrong"));
            var session = SetUp(desk, host.Suite, host.Key.Public(), enrolled, Host.Start);
            Refused.With<UnlockException.Policy>(ErrorNumber.DeskNotOpen,
                () => desk.OpenRequest(session, "user-1", unlock.DeviceId(), "forgotten PIN"));
            desk.OpenDesk(session);
            var second = desk.SignIn("desk-2", Host.Password);
            Refused.With<UnlockException.Policy>(ErrorNumber.PrivilegeMissing, () => desk.PutUser(second, User));
            Expect.True(desk.May(second, DeskPrivilege.Unlock), "a second operator answers callers");
            var id = desk.OpenRequest(session, "user-1", unlock.DeviceId(), "forgotten PIN").Id;
            desk.EnterChallenge(session, id, unlock.Challenge());
            Refused.With<UnlockException.Policy>(ErrorNumber.CallerUnverified, () => desk.Authorise(session, id));
            // The desk serves its own verifier meanwhile. What an assertion throws there would not be seen.
            ulong? seen = null;
            host.Trip = "ICallerVerifier.Verify";
            host.Failure = () =>
            {
                seen = desk.LogState().Entries;
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
            Refused.With<UnlockException.Policy>(ErrorNumber.RequestUsed, () => desk.Approve(second, id));
            desk.Abandon(session, id);
            Expect.Equal(CodeOutcome.Abandoned, desk.OpenCodes(session, unlock.DeviceId()).Single().Outcome,
                "the code may still be good");
            // Lists come in pages.
            var other = desk.OpenRequest(session, "user-1", unlock.DeviceId(), "another");
            Expect.Items(new[] { other.Id }, desk.OpenRequests(session, null, 10).Select(request => request.Id));
            Expect.Equal(0, desk.OpenRequests(session, new RequestPlace(other.OpenedAt, other.Id), 10).Count);
            host.Database.SetClock(Host.Start - 500);
            Refused.With<UnlockException.Policy>(
                ErrorNumber.ClockWentBack, () => desk.OpenCodes(session, unlock.DeviceId()));
            desk.AcceptClock("desk-1", Host.Password, "battery changed");
            host.Database.FailNextWrite();
            Refused.With<UnlockException.Store>(ErrorNumber.StoreWrite, () => desk.SignIn("desk-1", Host.Password));
        }
    }

    /// <summary>A mail server that calls the desk from where it is called, and from another thread.</summary>
    private sealed class Meddling : IOwnerNotifier
    {
        public HelpDesk Desk;
        public readonly List<ErrorNumber> Told = new List<ErrorNumber>();

        private void Call()
        {
            try { Desk.LogState(); }
            catch (UnlockException refused) { Told.Add(refused.ErrorNumber()); }
        }

        public void NotifyOwner(OwnerNotice notice)
        {
            Call();
            var elsewhere = new Thread(Call);
            elsewhere.Start();
            elsewhere.Join();
        }
    }

    [Test]
    public static void APortThatCallsTheDesk()
    {
        var host = new Host(Suite.P256EcdhMac);
        using (var enrolled = Locked(host))
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
        using (var unlock = UnlockSession.Begin(device, null, null, null))
        using (var desk = host.Create())
        {
            var session = Register(desk, host, enrolled);
            desk.Authorise(session, Prepare(desk, session, host, unlock));
            var meddling = new Meddling();
            using (var signer = DeskSigner.Host(host))
            using (var other = host.Database.Open(signer, meddling, null))
            {
                meddling.Desk = other;
                Expect.True(other.SendNotice(), "the notice is sent");
                Expect.Items(new[] { ErrorNumber.WrongState, ErrorNumber.StoreBusy }, meddling.Told);
                other.LogState();
            }
        }
    }

    [Test]
    public static void OverAFolderWithKeyFilesAndWithTheHostsHsm()
    {
        var path = Path.Combine(Path.GetTempPath(), "fido-unlock-" + Guid.NewGuid().ToString("N"));
        var now = (ulong)(DateTime.UtcNow - new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc)).TotalSeconds;
        var host = new Host(Suite.P256Ecdsa);
        var vendor = new[] { UnlockLibrary.MockVendorKey() };
        try
        {
            using (var enrolled = new Enrolled(Suite.P256EcdhMac))
            using (var files = KeyFolder.Create(path, "staple of the keys"))
            using (var keys = DeskKeys.Folder(files))
            using (var signer = DeskSigner.Folder(files))
            {
                enrolled.Block();
                files.PutIssuerKey(Enrolled.Slot, enrolled.Issuer);
                Refused.With<UnlockException.Signer>(ErrorNumber.KeyPassphrase, () => KeyFolder.Open(path, "wrong"));
                Refused.With<UnlockException.Policy>(ErrorNumber.PasswordWeak, () => HelpDesk.Create(
                    path, keys, signer, host, null, vendor, Host.Rules(), "desk-1", "short"));
                OperatorSession session;
                using (var desk = HelpDesk.Create(
                    path, keys, signer, host, null, vendor, Host.Rules(), "desk-1", Host.Password))
                {
                    session = SetUp(desk, Suite.P256EcdhMac, files.Issuers().Single().PublicKey, enrolled, now);
                    desk.OpenDesk(session);
                }
                using (var desk = HelpDesk.Open(path, keys, signer, host, null, vendor))
                using (var device = enrolled.Key.Open(MockWire.Apdu, Interface.Vendor))
                using (var unlock = UnlockSession.Begin(device, null, null, null))
                {
                    var code = desk.Authorise(session, Prepare(desk, session, host, unlock));
                    unlock.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
                    var name = desk.Origin();
                    var signed = desk.Checkpoint(session, files.CheckpointSigner(name));
                    Expect.Equal(name, signed.Checkpoint.Origin);
                }
                enrolled.SignIn(Enrolled.NewPin);
                // Keys that the host keeps are other keys.
                using (var others = DeskKeys.Of(new byte[32], new byte[32]))
                using (var hsm = DeskSigner.Host(host))
                    Refused.With<UnlockException.Store>(
                        ErrorNumber.StoreTampered, () => HelpDesk.Open(path, others, hsm, host, null, vendor));
            }
        }
        finally { Directory.Delete(path, true); }
    }

    [Test]
    public static void ABackupIsRestoredByAnAdministratorsWord()
    {
        var path = Path.Combine(Path.GetTempPath(), "fido-unlock-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(path);
        var kept = Path.Combine(path, "kept");
        var host = new Host(Suite.P256Ecdsa);
        var vendor = new[] { UnlockLibrary.MockVendorKey() };
        try
        {
            using (var keys = DeskKeys.Of(new byte[32], new byte[32]))
            using (var signer = DeskSigner.Host(host))
            {
                string before;
                using (var desk = HelpDesk.Create(
                    path, keys, signer, host, null, vendor, Host.Rules(), "desk-1", Host.Password))
                {
                    before = desk.Origin();
                    UnlockLibrary.BackupDesk(path, kept);
                    using (desk.SignIn("desk-1", Host.Password)) { }
                }
                File.Copy(kept, Path.Combine(path, "desk.sqlite"), true);
                Refused.With<UnlockException.Store>(
                    ErrorNumber.StoreSetBack, () => HelpDesk.Open(path, keys, signer, host, null, vendor));
                Refused.With<UnlockException.Policy>(ErrorNumber.ReasonMissing, () => HelpDesk.Restore(
                    path, keys, signer, host, null, vendor, "desk-1", Host.Password, " "));
                using (var desk = HelpDesk.Restore(
                    path, keys, signer, host, null, vendor, "desk-1", Host.Password, "the disk broke"))
                    Expect.True(desk.Origin() != before, "the log has another name");
                using (HelpDesk.Open(path, keys, signer, host, null, vendor)) { }
            }
        }
        finally { Directory.Delete(path, true); }
    }
}
