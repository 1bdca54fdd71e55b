using System;
using System.Collections.Generic;
using System.Linq;
using FidoUnlock;

/// <summary>A second operator who approves in the host's own system, and checkpoints signed by the host's HSM.</summary>
public static class ApprovalTests
{
    /// <summary>A desk with a request that is ready for its code, and one before it.</summary>
    private static void With(Action<Host, HelpDesk, OperatorSession, UnlockSession, string> work)
    {
        var host = new Host(Suite.P256EcdhMac);
        using (var enrolled = DeskTests.Locked(host))
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
        using (var unlock = UnlockSession.Begin(device, null, null, null))
        using (var desk = host.Create())
        {
            var session = DeskTests.Register(desk, host, enrolled);
            work(host, desk, session, unlock, DeskTests.Prepare(desk, session, host, unlock));
        }
    }

    [Test]
    public static void TheHostsSystemApprovesARequestAsItStands()
    {
        With((host, desk, session, unlock, id) =>
        {
            desk.AskApproval(session, id, host);
            Expect.Equal("desk-2", desk.Request(session, id).ApprovedBy);
            var asked = host.AskedLast;
            Expect.Equal(32, asked.Basis.Length);
            Expect.Equal(id, asked.Request);
            Expect.Equal("desk-1", asked.Operator);
            Expect.Equal("user-1", asked.User.Id);
            Expect.Equal("forgotten PIN", asked.Reason);
            Expect.Equal(unlock.DeviceId(), asked.DeviceId);
            Expect.Equal(unlock.Challenge(), asked.Challenge);
            Expect.True(asked.Method == VerificationMethod.CallBack && !asked.ByMachine, "how the caller was verified");
            Expect.Equal(Host.Start + 3600, asked.ExpiresAt);

            // Whatever is entered again makes it another request to approve.
            desk.EnterChallenge(session, id, unlock.Challenge());
            Expect.Equal(null, desk.Request(session, id).ApprovedBy);
            desk.AskApproval(session, id, host);
            Expect.True(!host.AskedLast.Basis.SequenceEqual(asked.Basis), "another basis");
            Expect.True(desk.Authorise(session, id).Length > 20, "a code");
            Refused.With<UnlockException.Policy>(ErrorNumber.RequestUsed, () => desk.AskApproval(session, id, host));
        });
    }

    [Test]
    public static void WhatIsNoApproval()
    {
        var failures = new Dictionary<Func<Exception>, ErrorNumber>
        {
            { () => new ApproverException.Pending(), ErrorNumber.ApprovalMissing },
            { () => new ApproverException.Refused(), ErrorNumber.ApprovalRefused },
            { () => new ApproverException.Unavailable(503), ErrorNumber.ApprovalUnavailable },
            { () => new ApproverException.HostFailed(), ErrorNumber.HostFailed },
            { () => new InvalidOperationException(HostPart.Secret), ErrorNumber.HostFailed },
        };
        With((host, desk, session, unlock, id) =>
        {
            host.Trip = "IApprover.Ask";
            foreach (var failure in failures)
            {
                host.Failure = failure.Key;
                var thrown = Refused.With<UnlockException>(failure.Value, () => desk.AskApproval(session, id, host));
                Expect.True(!thrown.ToString().Contains(HostPart.Secret), "the host's text stays with it");
            }
            host.Trip = "";
            var operators = new Dictionary<string, ErrorNumber>
            {
                { "desk-1", ErrorNumber.ApprovalSelf },
                { "desk-3", ErrorNumber.ApproverUnknown },
                { "", ErrorNumber.ApproverUnknown },
            };
            foreach (var approver in operators)
            {
                host.Approves = approver.Key;
                Refused.With<UnlockException.Policy>(approver.Value, () => desk.AskApproval(session, id, host));
            }
            host.Approves = "desk-2";
            host.ApprovedBasis = host.AskedLast.Basis;
            var other = DeskTests.Prepare(desk, session, host, unlock);
            Refused.With<UnlockException.Policy>(
                ErrorNumber.ApprovalElsewhere, () => desk.AskApproval(session, other, host));
            Expect.Equal(null, desk.Request(session, other).ApprovedBy);
            // It is one of the request that it was made for.
            desk.AskApproval(session, id, host);
            Expect.Equal("desk-2", desk.Request(session, id).ApprovedBy);
        });
    }

    [Test]
    public static void TheListOfIssuersIsReadWithoutTheDesk()
    {
        With((host, desk, session, unlock, id) =>
        {
            var note = desk.SignedIssuers(session, host);
            var key = new[] { host.Checkpoints.PublicKey() };
            var list = UnlockLibrary.ReadIssuerList(note, key);
            Expect.Equal(desk.Origin(), list.Origin);
            Expect.True(list.MadeAt > 0, "when it was made");
            Expect.Equal(1, list.Issuers.Count);
            Expect.Equal(1, list.Fingerprints.Count);
            Expect.Equal(16, list.Fingerprints[0].Length);
            var other = new[] { UnlockLibrary.MockVendorKey() };
            Refused.With<UnlockException.Store>(
                ErrorNumber.NoteUntrusted, () => UnlockLibrary.ReadIssuerList(note, other));
            Refused.With<UnlockException.Store>(
                ErrorNumber.TextForm, () => UnlockLibrary.ReadIssuerList("no note", key));
        });
    }

    [Test]
    public static void AnHsmSignsCheckpoints()
    {
        With((host, desk, session, unlock, id) =>
        {
            var signed = desk.Checkpoint(session, host);
            var key = new[] { host.Checkpoints.PublicKey() };
            Expect.Equal(signed.Checkpoint, UnlockLibrary.ReadCheckpoint(signed.Note, key));
            Expect.Equal(desk.Origin(), signed.Checkpoint.Origin);
            var summary = desk.VerifyAudit(new[] { signed.Note }, key);
            Expect.Equal(signed.Checkpoint.Entries, summary.Covered);
            Expect.True(desk.Prove(3, signed.Note).EndsWith(signed.Note), "the proof of an entry");
            var other = new[] { UnlockLibrary.MockVendorKey() };
            Refused.With<UnlockException.Store>(ErrorNumber.AuditCheckpoint,
                () => desk.VerifyAudit(new[] { signed.Note }, other));
            Refused.With<UnlockException.Store>(ErrorNumber.AuditCheckpoint,
                () => UnlockLibrary.ReadCheckpoint("no note", key));
            var second = desk.SignIn("desk-2", Host.Password);
            Refused.With<UnlockException.Policy>(
                ErrorNumber.PrivilegeMissing, () => desk.Checkpoint(second, host));
            host.Trip = "ICheckpointSigner.Sign";
            host.Failure = () => new SigningException.Unavailable(0x32);
            Refused.With<UnlockException.Signer>(
                ErrorNumber.SignerUnavailable, () => desk.Checkpoint(session, host));
            // Another log is none that the checkpoint is of.
            var elsewhere = new Host(host);
            using (var shorter = elsewhere.Create())
                Refused.With<UnlockException.Store>(ErrorNumber.AuditCheckpoint,
                    () => shorter.VerifyAudit(new[] { signed.Note }, key));
        });
    }
}
