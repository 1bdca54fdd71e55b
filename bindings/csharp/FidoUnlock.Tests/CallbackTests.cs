using System;
using System.Collections.Generic;
using System.Linq;
using FidoUnlock;

/// <summary>What each callback throws, and what the device does after a probe.</summary>
public static class CallbackTests
{
    /// <summary>Does as the test says in one method.</summary>
    private sealed class Trip
    {
        public string Where = "";
        public Func<Exception> Failure;

        public void At(string method)
        {
            if (Where == method) throw Failure();
        }
    }

    private sealed class Reports : IHidReports
    {
        private readonly Trip trip;

        public Reports(Trip trip) { this.trip = trip; }

        public void WriteReport(byte[] report) { trip.At("WriteReport"); }

        public byte[] ReadReport(uint timeoutMs)
        {
            trip.At("ReadReport");
            return new byte[0];
        }

        public uint ReportSize()
        {
            trip.At("ReportSize");
            return 64;
        }
    }

    private sealed class Card : IApduChannel
    {
        private readonly Trip trip;
        private readonly Trip reset;
        public int Ended;

        /// <summary><paramref name="reset"/>: says whether Transmit finds the card reset.</summary>
        public Card(Trip trip, Trip reset)
        {
            this.trip = trip;
            this.reset = reset;
        }

        public byte[] Transmit(byte[] apdu, uint timeoutMs)
        {
            trip.At("Transmit");
            reset.At("Transmit");
            return new byte[] { 0x6A, 0x82 };
        }

        public bool ExtendedLength()
        {
            trip.At("ExtendedLength");
            return true;
        }

        public void BeginTransaction(uint timeoutMs) { trip.At("BeginTransaction"); }

        public void EndTransaction()
        {
            Ended++;
            trip.At("EndTransaction");
        }

        public void Reconnect(uint timeoutMs) { trip.At("Reconnect"); }
    }

    private static readonly Dictionary<Func<Exception>, ErrorNumber> Failures =
        new Dictionary<Func<Exception>, ErrorNumber>
        {
            { () => new InvalidOperationException(HostPart.Secret), ErrorNumber.HostFailed },
            { () => new PipeException.HostFailed(), ErrorNumber.HostFailed },
            { () => new PipeException.NoDevice(), ErrorNumber.NoDevice },
            { () => new PipeException.NeedsElevation(), ErrorNumber.NeedsElevation },
            { () => new PipeException.Failed(-5), ErrorNumber.TransportFailed },
        };

    private static void Each(Trip trip, IEnumerable<string> methods, Action call)
    {
        foreach (var method in methods)
        foreach (var failure in Failures)
        {
            trip.Where = method;
            trip.Failure = failure.Key;
            var thrown = Refused.With<UnlockException>(failure.Value, call);
            Expect.True(!thrown.ToString().Contains(HostPart.Secret), "the host's text stays with the host");
        }
        trip.Where = "";
    }

    [Test]
    public static void AnExceptionInEachMethodOfAHidPipe()
    {
        var trip = new Trip();
        Each(trip, new[] { "WriteReport", "ReadReport", "ReportSize" }, () =>
        {
            using (var device = Device.OpenHid(new Reports(trip), Interface.Fido)) device.Info(null, 2000);
        });
    }

    [Test]
    public static void AnExceptionInEachMethodOfACard()
    {
        var trip = new Trip();
        var reset = new Trip { Failure = () => new PipeException.CardReset() };
        Action info = () =>
        {
            using (var device = Device.OpenApdu(new Card(trip, reset), Interface.Fido)) device.Info(null, 2000);
        };
        Each(trip, new[] { "Transmit", "ExtendedLength", "BeginTransaction" }, info);
        // Another program has reset the card, and it is connected to again.
        reset.Where = "Transmit";
        Each(trip, new[] { "Reconnect" }, info);
        reset.Where = "";
        // The end of a transaction is no answer: what follows finds out whether the card is still there.
        trip.Where = "EndTransaction";
        foreach (var failure in Failures.Keys)
        {
            trip.Failure = failure;
            var card = new Card(trip, reset);
            using (var device = Device.OpenApdu(card, Interface.Fido))
                Refused.With<UnlockException>(ErrorNumber.AppletMissing, () => device.Info(null, 2000));
            Expect.True(card.Ended > 0, "the transaction was ended");
        }
    }

    private sealed class Responder : IProbeResponder
    {
        private readonly Func<string, string, string> answer;

        public Responder(Func<string, string, string> answer) { this.answer = answer; }

        public string Respond(string deviceId, Suite suite, string challenge) { return answer(deviceId, challenge); }
    }

    [Test]
    public static void AProbeThatPassesBlocksAForgottenPin()
    {
        using (var enrolled = new Enrolled(Suite.P256EcdhMac))
        using (var other = IssuerKey.Make(Suite.P256EcdhMac))
        {
            Func<IssuerKey, Responder> by = key => new Responder(
                (id, challenge) => key.AnswerProbe(id, enrolled.Device.DeviceKey, challenge));
            BlockConsent consent;
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Fido))
            {
                foreach (var failure in new Func<Exception>[]
                    { () => new InvalidOperationException(HostPart.Secret), () => new HostException.HostFailed() })
                {
                    var broken = new Responder((id, challenge) => { throw failure(); });
                    var thrown = Refused.With<UnlockException.Caller>(
                        ErrorNumber.HostFailed, () => device.Probe(Enrolled.Slot, broken));
                    Expect.True(!thrown.ToString().Contains(HostPart.Secret), "the host's text stays with the host");
                }
                Refused.With<UnlockException.Device>(
                    ErrorNumber.ProbeFailed, () => device.Probe(Enrolled.Slot, by(other)));
                using (var passed = device.Probe(Enrolled.Slot, by(enrolled.Issuer)))
                {
                    Expect.Equal(Enrolled.Slot, passed.Slot());
                    Refused.With<UnlockException.Transport>(ErrorNumber.Cancelled, () => passed.ConfirmBlock(false));
                    consent = passed.ConfirmBlock(true);
                    Refused.With<UnlockException.Caller>(ErrorNumber.WrongState, () => passed.ConfirmBlock(true));
                }
            }
            enrolled.Key.TryPin(Enrolled.OldPin);
            using (consent)
            {
                var replugs = 0;
                for (;;)
                {
                    using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Fido))
                        if (device.BlockPin(consent) == BlockOutcome.Blocked) break;
                    enrolled.Key.Replug();
                    replugs++;
                }
                Expect.Equal(2, replugs);
            }
            Refused.With<UnlockException.Device>(
                ErrorNumber.PinBlocked, () => enrolled.Key.TryPin(Enrolled.OldPin));
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
            using (var session = UnlockSession.Begin(device))
                session.Unlock(device, enrolled.Respond(session.Challenge()), Enrolled.NewPin, Enrolled.NewPin);
            enrolled.SignIn(Enrolled.NewPin);
        }
    }

    private sealed class Listener : IProgressListener
    {
        public Action On = () => { };

        public void OnProgress(ProgressEvent @event) { On(); }
    }

    [Test]
    public static void AnEnrolmentThatIsTouchedFromItsOwnCallback()
    {
        using (var key = new MockKey())
        using (var issuer = IssuerKey.Make(Suite.P256EcdhMac))
        using (var plan = new Enrollment())
        using (var device = key.Open(MockWire.Hid, Interface.Fido))
        {
            key.SetTouch(new MockTouch.After(2));
            plan.AddKey(Enrolled.Slot, issuer);
            var refused = 0;
            var listener = new Listener();
            listener.On = () =>
            {
                foreach (var touch in new Action[]
                {
                    () => plan.AddKey(2, issuer),
                    () => plan.SetOptions(true, false),
                    () => plan.SetPin(Enrolled.OldPin),
                    () => plan.Run(device),
                })
                {
                    Refused.With<UnlockException.Caller>(ErrorNumber.WrongState, touch);
                    refused++;
                }
            };
            plan.Run(device, listener);
            Expect.Equal(4, refused);
            Expect.Items(new[] { Enrolled.Slot }, device.Info().Slots.Select(slot => slot.Slot));
        }
    }

    [Test]
    public static void RefusedCallsLetListenersGo()
    {
        using (var enrolled = new Enrolled(Suite.P256EcdhMac))
        {
            enrolled.Block();
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Vendor))
            using (var session = UnlockSession.Begin(device))
            {
                var code = enrolled.Respond(session.Challenge());
                var gone = new CancelHandle();
                gone.Dispose();
                var before = UniffiTableProgressListener.Objects.Count;
                for (var i = 0; i < 10; i++)
                    Expect.Throws<ObjectDisposedException>(() => session.Unlock(
                        device, code, Enrolled.NewPin, Enrolled.NewPin, null, new Listener(), gone));
                Expect.Equal(before, UniffiTableProgressListener.Objects.Count, "listeners that are held");
            }
        }
    }

    [Test]
    public static void ADeviceOfTheHostLetsTheListenerGo()
    {
        using (var enrolled = new Enrolled(Suite.P256EcdhMac))
        {
            enrolled.Block();
            using (var device = Device.OpenUnlockDevice(new VendorDevice(enrolled.Key)))
            using (var session = UnlockSession.Begin(device))
            {
                var before = UniffiTableProgressListener.Objects.Count;
                session.Unlock(device, enrolled.Respond(session.Challenge()), Enrolled.NewPin, Enrolled.NewPin, null,
                    new Listener());
                Expect.Equal(before, UniffiTableProgressListener.Objects.Count, "listeners that are held");
            }
        }
    }
}
