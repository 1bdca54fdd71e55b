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

/// <summary>The host's mail server, identity provider, tickets and HSM, in C#.</summary>
public sealed class Host : HostPart, IOwnerNotifier, ICodeDelivery, ICallerVerifier, IApprover, IResponseSigner,
    IIssuerProver, ICheckpointSigner
{
    public const string Password = "correct horse battery staple";
    public const ulong Start = 1790000000;

    private readonly Dictionary<string, string> adminKeys = new Dictionary<string, string>();

    public readonly List<OwnerNotice> Notices = new List<OwnerNotice>();
    public readonly P256.Key Key;

    /// <summary>The key that follows it in its slot.</summary>
    public readonly P256.Key Next = new P256.Key();

    /// <summary>The key that signs checkpoints.</summary>
    public readonly ICheckpointSigner Checkpoints = UnlockLibrary.CheckpointSigner("log.corp.example", new byte[32]);

    /// <summary>Who approves in the host's system, and what: null is what was asked.</summary>
    public string Approves = "desk-2";
    public byte[] ApprovedBasis;
    public ApprovalTask AskedLast;

    public readonly Suite Suite;
    public readonly MockDatabase Database = new MockDatabase(Start);
    public string Sent;

    public Host(Suite suite) : this(suite, new P256.Key()) { }

    /// <summary>An empty database with the HSM of another host.</summary>
    public Host(Host other) : this(other.Suite, other.Key) { }

    private Host(Suite suite, P256.Key key)
    {
        Suite = suite;
        Key = key;
    }

    public void NotifyOwner(OwnerNotice notice) { At("IOwnerNotifier.NotifyOwner"); Notices.Add(notice); }

    public void Send(DeskChannel channel, string code) { At("ICodeDelivery.Send"); Sent = code; }

    public CallerCheck Verify(CallerTask task)
    {
        At("ICallerVerifier.Verify");
        return new CallerCheck(true, VerificationMethod.CallBack, false, Encoding.UTF8.GetBytes("spoke to her"));
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

    public string PublicKey() { At("ICheckpointSigner.PublicKey"); return Checkpoints.PublicKey(); }

    public byte[] Sign(string text) { At("ICheckpointSigner.Sign"); return Checkpoints.Sign(text); }

    public Approval Ask(ApprovalTask task)
    {
        AskedLast = task;
        At("IApprover.Ask");
        return new Approval(ApprovedBasis ?? task.Basis, Approves, Encoding.UTF8.GetBytes("decision 2"));
    }

    public string Sign(SigningTask task)
    {
        At("IResponseSigner.Sign");
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

    /// <summary>The rules to begin with, but channels need no rest here.</summary>
    public static DeskRules Rules()
    {
        var rules = UnlockLibrary.DefaultDeskRules();
        return new DeskRules(rules.OrdinaryMethods, rules.PrivilegedMethods, rules.ReasonWanted, rules.Limits,
            rules.RequestSeconds, rules.VerificationSeconds, rules.ApprovalSeconds, rules.SessionSeconds, 0,
            rules.RestSeconds, "licences@corp.example");
    }

    /// <summary>A new desk over the database.</summary>
    public HelpDesk Create()
    {
        using (var signer = DeskSigner.Host(this))
            return Database.Create(signer, this, this, Rules(), "desk-1", Password);
    }

    /// <summary>The desk that is there, as the next process has it.</summary>
    public HelpDesk Open()
    {
        using (var signer = DeskSigner.Host(this)) return Database.Open(signer, this, this);
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
