using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using FidoUnlock;

/// <summary>A vendor's device with a command set of its own, in C#.</summary>
public static class DeviceTests
{
    private static void Locked(Suite suite, Action<Enrolled, VendorDevice, Device> work)
    {
        using (var enrolled = new Enrolled(suite))
        {
            enrolled.Block();
            var vendor = new VendorDevice(enrolled.Key);
            using (var device = Device.OpenUnlockDevice(vendor)) work(enrolled, vendor, device);
        }
    }

    [Test]
    public static void Suite1() { Whole(Suite.P256Ecdsa, 128); }

    [Test]
    public static void Suite2() { Whole(Suite.P256EcdhMac, 26); }

    [Test]
    public static void Suite3() { Whole(Suite.AesAdminKey, 32); }

    private static void Whole(Suite suite, int digits)
    {
        Locked(suite, (enrolled, vendor, device) =>
        {
            enrolled.Key.SetTouch(new MockTouch.After(2));
            var listener = new Listener();
            var thread = 0;
            vendor.Before = (method, call) =>
            {
                thread = Thread.CurrentThread.ManagedThreadId;
                Expect.True(call.RemainingMs() > 0 && call.RemainingMs() <= 30000, "time is left");
                Expect.True(!call.IsCancelled(), "nobody cancelled");
            };
            Expect.True(device.Diagnose(new byte[0][], null, null).CanUnlock, "an unlock is possible");
            Expect.Equal(enrolled.Device.DeviceId, device.Info(null, null).DeviceId);
            using (var session = UnlockSession.Begin(device, null, null, null))
            {
                session.Unlock(device, enrolled.Respond(session.Challenge()), Enrolled.NewPin, Enrolled.NewPin, null,
                    listener, null, null);
                Expect.Equal(UnlockOutcome.Unlocked, session.Resolve(device, null, null));
            }
            Expect.Equal(Thread.CurrentThread.ManagedThreadId, thread, "the device's thread");
            Expect.Items(new[] { Thread.CurrentThread.ManagedThreadId }, listener.Threads.Distinct(), "the listener's thread");
            Expect.True(listener.Events.Single() is ProgressEvent.TouchNeeded, "a touch was asked for, once");
            Expect.Equal(digits, vendor.Response.Length, "the response's digits");
            enrolled.Key.SetTouch(new MockTouch.AtOnce());
            enrolled.SignIn(Enrolled.NewPin);
        });
    }

    private sealed class Listener : IProgressListener
    {
        public readonly List<ProgressEvent> Events = new List<ProgressEvent>();
        public readonly List<int> Threads = new List<int>();
        public Action On = () => { };

        public void OnProgress(ProgressEvent @event)
        {
            Threads.Add(Thread.CurrentThread.ManagedThreadId);
            Events.Add(@event);
            On();
        }
    }

    private static void Unlock(
        Enrolled enrolled, Device device, UnlockSession session, IProgressListener listener = null,
        CancelHandle cancel = null, uint? timeoutMs = null)
    {
        session.Unlock(device, enrolled.Respond(session.Challenge()), Enrolled.NewPin, Enrolled.NewPin, null, listener,
            cancel, timeoutMs);
    }

    [Test]
    public static void AnExceptionInEachMethod()
    {
        Locked(Suite.P256EcdhMac, (enrolled, vendor, device) =>
        {
            using (var session = UnlockSession.Begin(device, null, null, null))
            {
                var failures = new Dictionary<Func<Exception>, ErrorNumber>
                {
                    { () => new InvalidOperationException(HostPart.Secret), ErrorNumber.HostFailed },
                    { () => new UnlockDeviceException.HostFailed(), ErrorNumber.HostFailed },
                    { () => new UnlockDeviceException.Malformed(), ErrorNumber.MalformedAnswer },
                    { () => new UnlockDeviceException.NoDevice(), ErrorNumber.NoDevice },
                    { () => new UnlockDeviceException.PermissionDenied("COM3"), ErrorNumber.PermissionDenied },
                    { () => new UnlockDeviceException.NeedsElevation(), ErrorNumber.NeedsElevation },
                    { () => new UnlockDeviceException.Busy(), ErrorNumber.Busy },
                    { () => new UnlockDeviceException.Gone(), ErrorNumber.Gone },
                    { () => new UnlockDeviceException.TimedOut(), ErrorNumber.DeadlineExceeded },
                    { () => new UnlockDeviceException.Cancelled(), ErrorNumber.Cancelled },
                    { () => new UnlockDeviceException.Failed(-5), ErrorNumber.TransportFailed },
                    { () => new UnlockDeviceException.Refused(111), ErrorNumber.TouchRefused },
                    // Not a device's number.
                    { () => new UnlockDeviceException.Refused(427), ErrorNumber.HostFailed },
                };
                var calls = new Dictionary<string, Action>
                {
                    { "IUnlockDevice.Info", () => device.Info(null, null) },
                    { "IUnlockDevice.Challenge", () => session.Renew(device, null, null, null) },
                    { "IUnlockDevice.Unlock", () => Unlock(enrolled, device, session) },
                };
                foreach (var failure in failures)
                foreach (var call in calls)
                {
                    vendor.Failure = failure.Key;
                    vendor.Trip = call.Key;
                    var thrown = Refused.With<UnlockException>(failure.Value, call.Value);
                    Expect.True(!thrown.ToString().Contains(HostPart.Secret), "the host's text stays with the host");
                }
                // Nothing of it used the code up.
                vendor.Trip = "";
                Unlock(enrolled, device, session);
            }
            enrolled.SignIn(Enrolled.NewPin);
        });
    }

    [Test]
    public static void AnAnswerThatIsLost()
    {
        Locked(Suite.P256EcdhMac, (enrolled, vendor, device) =>
        {
            using (var session = UnlockSession.Begin(device, null, null, null))
            {
                // The device is pulled with the command, and stays away.
                var lost = new VendorDevice(enrolled.Key);
                lost.Failure = () => new UnlockDeviceException.Gone();
                lost.Before = (method, call) =>
                {
                    if (method != "IUnlockDevice.Unlock") return;
                    lost.Trip = "IUnlockDevice.Info";
                    throw new UnlockDeviceException.Gone();
                };
                using (var pulled = Device.OpenUnlockDevice(lost))
                    Refused.With<UnlockException.Device>(
                        ErrorNumber.OutcomeUnknown, () => Unlock(enrolled, pulled, session));
                Expect.Equal(UnlockOutcome.NotUnlocked, session.Resolve(device, null, null));
            }
        });
    }

    [Test]
    public static void CancelAndDeadline()
    {
        Locked(Suite.P256EcdhMac, (enrolled, vendor, device) =>
        {
            enrolled.Key.SetTouch(new MockTouch.Never());
            using (var session = UnlockSession.Begin(device, null, null, null))
            using (var cancel = new CancelHandle())
            {
                var listener = new Listener { On = () => new Thread(() => cancel.Cancel()).Start() };
                Refused.With<UnlockException.Transport>(
                    ErrorNumber.Cancelled, () => Unlock(enrolled, device, session, listener, cancel));
                Refused.With<UnlockException.Transport>(
                    ErrorNumber.DeadlineExceeded, () => Unlock(enrolled, device, session, null, null, 300));
                var broken = new Listener { On = () => { throw new InvalidOperationException(HostPart.Secret); } };
                var thrown = Refused.With<UnlockException.Caller>(
                    ErrorNumber.HostFailed, () => Unlock(enrolled, device, session, broken));
                Expect.True(!thrown.ToString().Contains(HostPart.Secret), "the host's text stays with the host");
                enrolled.Key.SetTouch(new MockTouch.AtOnce());
                Unlock(enrolled, device, session);
            }
        });
    }

    [Test]
    public static void WhatThePortDoesNotHave()
    {
        Locked(Suite.P256EcdhMac, (enrolled, vendor, device) =>
        {
            Refused.With<UnlockException.Device>(ErrorNumber.NotSupported, () => device.ActiveInterface());
            using (var plan = new Enrollment())
            {
                plan.AddKey(Enrolled.Slot, enrolled.Issuer);
                Refused.With<UnlockException.Device>(ErrorNumber.NotSupported, () => plan.Run(device, null, null, null));
            }
            device.Dispose();
            Expect.Throws<ObjectDisposedException>(() => device.Info(null, null));
        });
    }
}
