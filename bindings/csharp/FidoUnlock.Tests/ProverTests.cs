using System;
using System.Collections.Generic;
using FidoUnlock;

/// <summary>Probe and rotation by an HSM of the host's.</summary>
public static class ProverTests
{
    private static RotationPlan Plan(Enrolled enrolled, P256.Key old, P256.Key next)
    {
        return new RotationPlan(Enrolled.Slot, old.Public(), next.Public(), enrolled.Device.DeviceKey);
    }

    private static uint Rotate(Host host, Enrolled enrolled, RotationPlan plan)
    {
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Fido))
            return device.RotateIssuer(plan, host, null, null, null);
    }

    private static void Probe(Host host, Enrolled enrolled, P256.Key key)
    {
        using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Fido))
        using (var passed = device.ProbeWith(
            Enrolled.Slot, key.Public(), enrolled.Device.DeviceKey, host, null, null))
            Expect.Equal(Enrolled.Slot, passed.Slot());
    }

    /// <summary>A probe, and a rotation that is taken back.</summary>
    public static void ThereAndBack(Host host, Enrolled enrolled)
    {
        Probe(host, enrolled, host.Key);
        Rotate(host, enrolled, Plan(enrolled, host.Key, host.Next));
        Rotate(host, enrolled, Plan(enrolled, host.Next, host.Key));
    }

    [Test]
    public static void Suite1RotatedByAnHsm() { Rotated(Suite.P256Ecdsa); }

    [Test]
    public static void Suite2RotatedByAnHsm() { Rotated(Suite.P256EcdhMac); }

    private static void Rotated(Suite suite)
    {
        var host = new Host(suite);
        using (var enrolled = DeskTests.Locked(host))
        using (var desk = host.Create())
        {
            var session = DeskTests.Register(desk, host, enrolled);
            Probe(host, enrolled, host.Key);
            Refused.With<UnlockException.Device>(ErrorNumber.ProbeFailed, () => Probe(host, enrolled, host.Next));
            var rotation = Rotate(host, enrolled, Plan(enrolled, host.Key, host.Next));
            Expect.Equal(1u, rotation);
            Probe(host, enrolled, host.Next);
            desk.PutIssuer(session, new IssuerInfo(Enrolled.Slot, suite, host.Next.Public(), false));
            desk.RecordRotation(session, enrolled.Device.DeviceId, host.Next.Public(), rotation);
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
            using (var unlock = UnlockSession.Begin(device, null, null, null))
            {
                var id = DeskTests.Prepare(desk, session, host, unlock);
                var code = desk.Authorise(session, id);
                unlock.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
            }
            enrolled.SignIn(Enrolled.NewPin);
        }
    }

    [Test]
    public static void WhatTheHsmDoesNotProve()
    {
        var failures = new Dictionary<Func<Exception>, ErrorNumber>
        {
            { () => new SigningException.KeyMissing(), ErrorNumber.KeyMissing },
            { () => new SigningException.Unavailable(0x32), ErrorNumber.SignerUnavailable },
            { () => new SigningException.Refused(0x30), ErrorNumber.SignerFailed },
            { () => new InvalidOperationException(HostPart.Secret), ErrorNumber.HostFailed },
        };
        var host = new Host(Suite.P256Ecdsa);
        using (var enrolled = DeskTests.Locked(host))
        {
            var plan = Plan(enrolled, host.Key, host.Next);
            foreach (var failure in failures)
            {
                host.Failure = failure.Key;
                host.Trip = "IIssuerProver.ProveRotation";
                Refused.With<UnlockException>(failure.Value, () => Rotate(host, enrolled, plan));
                host.Trip = "IIssuerProver.ProveProbe";
                Refused.With<UnlockException>(failure.Value, () => Probe(host, enrolled, host.Key));
            }
            host.Trip = "";
            Refused.With<UnlockException.Signer>(
                ErrorNumber.KeyMissing, () => Rotate(host, enrolled, Plan(enrolled, host.Key, new P256.Key())));
            Refused.With<UnlockException.Device>(
                ErrorNumber.ForeignIssuer, () => Rotate(host, enrolled, Plan(enrolled, host.Next, host.Key)));
            Refused.With<UnlockException.Signer>(ErrorNumber.InvalidPoint, () => Rotate(
                host, enrolled, new RotationPlan(Enrolled.Slot, new byte[33], null, enrolled.Device.DeviceKey)));
            // A device's only slot is not closed.
            Refused.With<UnlockException.Device>(ErrorNumber.LastSlot, () => Rotate(
                host, enrolled, new RotationPlan(Enrolled.Slot, host.Key.Public(), null, enrolled.Device.DeviceKey)));
            // None of it changed the device.
            Probe(host, enrolled, host.Key);
        }
    }
}
