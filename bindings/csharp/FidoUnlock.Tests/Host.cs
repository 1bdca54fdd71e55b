using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using FidoUnlock;

/// <summary>A host's own part that fails where a test says so.</summary>
public abstract class HostPart
{
    public const string Secret = "a stack trace with who knows what in it";

    /// <summary>The method that fails, "IDirectory.User".</summary>
    public string Trip = "";

    /// <summary>What it throws.</summary>
    public Func<Exception> Failure = () => new InvalidOperationException(Secret);

    /// <summary>The methods that were called.</summary>
    public readonly HashSet<string> Called = new HashSet<string>();

    protected void At(string method)
    {
        lock (Called) Called.Add(method);
        if (method == Trip) throw Failure();
    }

    public static string Digits(byte[] bytes)
    {
        return BitConverter.ToString(bytes).Replace("-", "").ToLowerInvariant();
    }

    public static byte[] Bytes(string digits)
    {
        return Enumerable.Range(0, digits.Length / 2).Select(i => Convert.ToByte(digits.Substring(2 * i, 2), 16)).ToArray();
    }
}

/// <summary>The host's database, accounts, mail server, tickets and HSM, in C#.</summary>
public sealed class Host : HostPart, IDirectory, IAuditLog, ILimits, IOperators, ILicence, IClock, IOwnerNotifier,
    ICodeDelivery, ICallerVerifier, IApprover, IResponseSigner, IIssuerProver, ICheckpointSigner
{
    public const string Password = "correct horse battery";
    public ulong Time = 1790000000;

    private readonly SortedDictionary<string, DeskUser> users = new SortedDictionary<string, DeskUser>();
    private readonly Dictionary<string, RegisteredDevice> devices = new Dictionary<string, RegisteredDevice>();
    private readonly Dictionary<string, string> adminKeys = new Dictionary<string, string>();
    private readonly byte[] logId = Guid.NewGuid().ToByteArray();
    private IReadOnlyList<LimitRecord> counted = new LimitRecord[0];
    private bool serviceOff;

    public readonly List<byte[]> Log = new List<byte[]>();
    public readonly List<NoticeKind> Notices = new List<NoticeKind>();
    public readonly P256.Key Key;

    /// <summary>The key that follows it in its slot.</summary>
    public readonly P256.Key Next = new P256.Key();

    /// <summary>Whether it has.</summary>
    public bool Rotated;

    /// <summary>The key that signs checkpoints.</summary>
    public readonly P256.Key Checkpoints = new P256.Key();

    /// <summary>Who approves in the host's system, and what: null is what was asked.</summary>
    public string Approves = "desk-2";
    public byte[] ApprovedBasis;
    public ApprovalTask AskedLast;

    public readonly Suite Suite;
    public string Sent;

    public Host(Suite suite) : this(suite, new P256.Key()) { }

    /// <summary>An empty database with the HSM of another host.</summary>
    public Host(Host other) : this(other.Suite, other.Key) { }

    private Host(Suite suite, P256.Key key)
    {
        Suite = suite;
        Key = key;
    }

    public DeskUser User(string id)
    {
        At("IDirectory.User");
        DeskUser found;
        return users.TryGetValue(id, out found) ? found : null;
    }

    public IReadOnlyList<DeskUser> SearchUsers(string text, uint limit)
    {
        At("IDirectory.SearchUsers");
        return users.Values.Where(user => Fold(user.Id + "\n" + user.Name).Contains(Fold(text)))
            .Take((int)limit).ToList();
    }

    /// <summary>Without ICU .NET Core folds ASCII alone.</summary>
    private static string Fold(string text)
    {
        return new string(text.ToLowerInvariant().Select(c => c >= 'À' && c <= 'Þ' ? (char)(c + 32) : c).ToArray());
    }

    public RegisteredDevice Device(string deviceId)
    {
        At("IDirectory.Device");
        RegisteredDevice found;
        return devices.TryGetValue(deviceId, out found) ? found : null;
    }

    public IReadOnlyList<RegisteredDevice> DevicesOf(string user)
    {
        At("IDirectory.DevicesOf");
        return devices.Values.Where(device => device.Owner == user).ToList();
    }

    public uint DevicesInUse()
    {
        At("IDirectory.DevicesInUse");
        return (uint)devices.Values.Count(device => !device.Retired);
    }

    public void PutUser(DeskUser user) { At("IDirectory.PutUser"); users[user.Id] = user; }

    public void PutDevice(RegisteredDevice device) { At("IDirectory.PutDevice"); devices[device.DeviceId] = device; }

    public byte[] LogId() { At("IAuditLog.LogId"); return logId; }

    public ulong Count() { At("IAuditLog.Count"); return (ulong)Log.Count; }

    public byte[] Entry(ulong sequence)
    {
        At("IAuditLog.Entry");
        return sequence < (ulong)Log.Count ? Log[(int)sequence] : null;
    }

    public void Append(ulong sequence, byte[] entry)
    {
        At("IAuditLog.Append");
        if (sequence != (ulong)Log.Count) throw new StorageException.Write("audit");
        Log.Add(entry);
    }

    public LimitOutcome Take(LimitRequest request)
    {
        At("ILimits.Take");
        using (var book = LimitBook.FromRecords(counted))
        {
            var outcome = book.Take(request);
            counted = book.Records();
            return outcome;
        }
    }

    public static readonly DeskOperator Administrator =
        new DeskOperator("desk-1", new[] { DeskRole.Administrator }, new DeskPrivilege[0]);

    private static readonly DeskOperator Second =
        new DeskOperator("desk-2", new DeskRole[0], new[] { DeskPrivilege.Unlock });

    /// <summary>Whether there is a second operator.</summary>
    public bool Alone;

    private DeskOperator Known(string id)
    {
        return id == "desk-1" ? Administrator : id == "desk-2" && !Alone ? Second : null;
    }

    public DeskOperator Authenticate(string id, string password)
    {
        At("IOperators.Authenticate");
        return password == Password ? Known(id) : null;
    }

    public DeskOperator FindOperator(string id) { At("IOperators.FindOperator"); return Known(id); }

    public LicenceTerms Terms()
    {
        At("ILicence.Terms");
        return new LicenceTerms(!serviceOff, Time + 1000, 3, "licences@corp.example");
    }

    public void SetService(bool on) { At("ILicence.SetService"); serviceOff = !on; }

    public ulong Now() { At("IClock.Now"); return Time; }

    public void NotifyOwner(OwnerNotice notice) { At("IOwnerNotifier.NotifyOwner"); Notices.Add(notice.Kind); }

    public void Send(DeskChannel channel, string code) { At("ICodeDelivery.Send"); Sent = code; }

    public CallerCheck Verify(CallerTask task)
    {
        At("ICallerVerifier.Verify");
        return new CallerCheck(true, VerificationMethod.CallBack, false, Encoding.UTF8.GetBytes("spoke to her"));
    }

    public IReadOnlyList<IssuerInfo> Issuers()
    {
        At("IResponseSigner.Issuers");
        if (Suite == Suite.AesAdminKey) return new IssuerInfo[0];
        var issuers = new List<IssuerInfo> { new IssuerInfo(Enrolled.Slot, Suite, Key.Public(), Rotated) };
        if (Rotated) issuers.Add(new IssuerInfo(Enrolled.Slot, Suite, Next.Public(), false));
        return issuers;
    }

    /// <summary>The one operation of the HSM on either key, in the suites 1 and 2.</summary>
    private string Make(byte[] key, Suite suite, byte[] deviceKey, byte[] message, byte[] digest)
    {
        var own = new[] { Key, Next }.SingleOrDefault(one => one.Public().SequenceEqual(key));
        if (own == null) throw new SigningException.KeyMissing();
        return Digits(suite == Suite.P256Ecdsa ? own.Sign(digest) : Crypto.Hmac(own.Agree(deviceKey), message));
    }

    public string ProveProbe(ProbeTask task)
    {
        At("IIssuerProver.ProveProbe");
        return Make(task.Issuer, task.Suite, task.DeviceKey, task.Message, task.Digest);
    }

    public string ProveRotation(RotationTask task)
    {
        At("IIssuerProver.ProveRotation");
        return Make(task.SigningKey, task.SigningSuite, task.DeviceKey, task.Message, task.Digest);
    }

    public byte[] PublicKey() { At("ICheckpointSigner.PublicKey"); return Checkpoints.Public(); }

    public byte[] Sign(CheckpointTask task) { At("ICheckpointSigner.Sign"); return Checkpoints.Sign(task.Digest); }

    public Approval Ask(ApprovalTask task)
    {
        AskedLast = task;
        At("IApprover.Ask");
        return new Approval(ApprovedBasis ?? task.Basis, Approves, Encoding.UTF8.GetBytes("decision 2"));
    }

    public string Respond(SigningTask task)
    {
        At("IResponseSigner.Respond");
        if (task.Suite != Suite.AesAdminKey)
            return Make(task.Issuer, task.Suite, task.DeviceKey, task.Message, task.Digest);
        return Digits(Crypto.Aes(Bytes(adminKeys[task.DeviceId]), task.Message));
    }

    public string DeviceWithAdminKey(string adminKey)
    {
        At("IResponseSigner.DeviceWithAdminKey");
        return adminKeys.Where(pair => pair.Value == adminKey).Select(pair => pair.Key).SingleOrDefault();
    }

    public void StoreAdminKey(string deviceId, string adminKey)
    {
        At("IResponseSigner.StoreAdminKey");
        adminKeys[deviceId] = adminKey;
    }

    /// <summary>A desk with all of its ports from here.</summary>
    public HelpDesk Open()
    {
        using (var builder = new DeskBuilder())
        {
            builder.SetClock(this);
            builder.SetLicence(this);
            builder.SetOperators(this);
            builder.SetDirectory(this);
            builder.SetLimits(this);
            builder.SetAuditLog(this);
            builder.SetSigner(this);
            builder.SetNotifier(this);
            builder.SetDelivery(this);
            var rules = UnlockLibrary.DefaultDeskPolicy();
            // Channels need no rest here.
            builder.SetPolicy(new DeskPolicy(rules.OrdinaryMethods, rules.PrivilegedMethods, rules.ReasonWanted,
                rules.Limits, rules.RequestSeconds, rules.SessionSeconds, 0, rules.ClockToleranceSeconds, ""));
            return builder.Open();
        }
    }
}

/// <summary>A vendor's device in C#; its own command set is the software key behind it.</summary>
public sealed class VendorDevice : HostPart, IUnlockDevice
{
    private readonly IUnlockDevice inner;

    /// <summary>What happens before each command.</summary>
    public Action<string, DeviceCall> Before = (method, call) => { };

    /// <summary>The response of the last unlock.</summary>
    public string Response;

    public VendorDevice(MockKey key) { inner = key.UnlockDevice(Interface.Vendor); }

    private void Enter(string method, DeviceCall call)
    {
        At(method);
        Before(method, call);
    }

    public UnlockInfo Info(byte[] challenge, DeviceCall call)
    {
        Enter("IUnlockDevice.Info", call);
        return inner.Info(challenge, call);
    }

    public PendingChallenge Challenge(byte slot, PinProtocol protocol, bool renew, DeviceCall call)
    {
        Enter("IUnlockDevice.Challenge", call);
        return inner.Challenge(slot, protocol, renew, call);
    }

    public void Unlock(UnlockRequest request, string response, DeviceCall call)
    {
        Response = response;
        Enter("IUnlockDevice.Unlock", call);
        inner.Unlock(request, response, call);
    }
}
