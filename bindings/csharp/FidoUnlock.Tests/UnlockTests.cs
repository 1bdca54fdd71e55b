using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using FidoUnlock;

/// <summary>The whole unlock: each suite, each pipe, each interface, over pipes written in C#.</summary>
public static class UnlockTests
{
    [Test]
    public static void Suite1OverHid() { OverPipe(Suite.P256Ecdsa, MockWire.Hid, Interface.Fido); }

    [Test]
    public static void Suite1OverApdu() { OverPipe(Suite.P256Ecdsa, MockWire.Apdu, Interface.Vendor); }

    [Test]
    public static void Suite2OverHid() { OverPipe(Suite.P256EcdhMac, MockWire.Hid, Interface.Vendor); }

    [Test]
    public static void Suite2OverApdu() { OverPipe(Suite.P256EcdhMac, MockWire.Apdu, Interface.Fido); }

    [Test]
    public static void Suite3OverHid() { OverPipe(Suite.AesAdminKey, MockWire.Hid, Interface.Vendor); }

    [Test]
    public static void Suite3OverApdu() { OverPipe(Suite.AesAdminKey, MockWire.Apdu, Interface.Fido); }

    private static void OverPipe(Suite suite, MockWire wire, Interface which)
    {
        using (var enrolled = new Enrolled(suite))
        {
            enrolled.SignIn(Enrolled.OldPin);
            enrolled.Block();
            Refused.With<UnlockException.Device>(ErrorNumber.PinBlocked, () => enrolled.SignIn(Enrolled.OldPin));
            using (var server = enrolled.Key.Serve(wire, which, 0))
            {
                byte[] saved = null;
                string code = null;
                WithDevice(server, wire, which, device =>
                {
                    var own = enrolled.Issuer.Fingerprint();
                    var diagnosis = device.Diagnose(own == null ? new byte[0][] : new[] { own }, null, null);
                    Expect.True(diagnosis.Condition is Condition.Locked, diagnosis.Sentence);
                    Expect.True(diagnosis.CanUnlock, "an unlock is possible");
                    Expect.Equal(enrolled.Device.DeviceId, diagnosis.DeviceId);
                    Expect.Equal(0, diagnosis.ForeignSlots.Count);
                    // By a list that has another key alone; of an admin key nothing can be told.
                    var foreign = device.Diagnose(new[] { new byte[16] }, null, null);
                    Expect.Items(
                        own == null ? new byte[0] : new[] { Enrolled.Slot }, foreign.ForeignSlots.Select(slot => slot.Slot));
                    var info = device.Info(null, null);
                    Expect.Equal((byte)0, info.PinRetries);
                    Expect.Items(new[] { suite }, info.Slots.Select(slot => slot.Suite));
                    using (var session = UnlockSession.Begin(device, null, null, null))
                    {
                        Expect.Equal(suite, session.Suite());
                        Expect.Equal(Enrolled.Slot, session.Slot());
                        saved = session.Save();
                        code = enrolled.Respond(session.Challenge());
                    }
                });
                // The program was closed meanwhile, the key taken out and put back in.
                enrolled.Key.Replug();
                WithDevice(server, wire, which, device =>
                {
                    using (var session = UnlockSession.Restore(saved))
                    {
                        session.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
                        Expect.Equal(UnlockOutcome.Unlocked, session.Resolve(device, null, null));
                    }
                    Expect.Equal(which, device.ActiveInterface());
                });
                server.Stop();
            }
            enrolled.SignIn(Enrolled.NewPin);
            Refused.With<UnlockException.Device>(ErrorNumber.PinInvalid, () => enrolled.SignIn(Enrolled.OldPin));
        }
    }

    private static void WithDevice(MockServer server, MockWire wire, Interface which, Action<Device> work)
    {
        if (wire == MockWire.Hid)
        {
            using (var pipe = new TcpHid(server.Port()))
            using (var device = Device.OpenHid(pipe, which)) work(device);
        }
        else
        {
            using (var pipe = new TcpCard(server.Port()))
            using (var device = Device.OpenApdu(pipe, which)) work(device);
        }
    }

    /// <summary>A locked key, opened, with a session and its Response Code.</summary>
    internal static async Task WithLocked(Func<Enrolled, Device, UnlockSession, string, Task> work)
    {
        using (var enrolled = new Enrolled(Suite.P256EcdhMac))
        {
            enrolled.Block();
            using (var device = enrolled.Key.Open(MockWire.Hid, Interface.Fido))
            using (var session = await device.BeginUnlockAsync())
                await work(enrolled, device, session, enrolled.Respond(session.Challenge()));
        }
    }

    private sealed class Steps : IProgress<ProgressEvent>
    {
        public readonly System.Collections.Generic.List<ProgressEvent> Seen =
            new System.Collections.Generic.List<ProgressEvent>();
        public int Thread;
        public Action<ProgressEvent> On = step => { };

        public void Report(ProgressEvent value)
        {
            Thread = System.Threading.Thread.CurrentThread.ManagedThreadId;
            Seen.Add(value);
            On(value);
        }
    }

    [Test]
    public static Task AsATaskWithProgress()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            enrolled.Key.SetTouch(new MockTouch.After(3));
            var steps = new Steps();
            await session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin, progress: steps);
            Expect.True(steps.Seen.Any(step => step is ProgressEvent.TouchNeeded), "a touch was asked for");
            Expect.Equal(UnlockOutcome.Unlocked, await session.ResolveAsync(device));
            Expect.Equal(1u, (await device.InfoAsync()).UnlockCounter);
            enrolled.Key.SetTouch(new MockTouch.AtOnce());
            enrolled.SignIn(Enrolled.NewPin);
        });
    }

    [Test]
    public static Task FromMemoryThatTheHostWipes()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            var response = Encoding.UTF8.GetBytes(code);
            var pin = Encoding.UTF8.GetBytes(Enrolled.NewPin);
            await session.UnlockAsync(device, response, pin);
            Array.Clear(response, 0, response.Length);
            Array.Clear(pin, 0, pin.Length);
            enrolled.SignIn(Enrolled.NewPin);
        });
    }

    [Test]
    public static Task ProgressOnTheThreadOfTheCall()
    {
        return WithLocked((enrolled, device, session, code) =>
        {
            enrolled.Key.SetTouch(new MockTouch.After(2));
            var listener = new Told();
            session.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, listener, null, null);
            Expect.Equal(Thread.CurrentThread.ManagedThreadId, listener.Thread);
            return Task.CompletedTask;
        });
    }

    private sealed class Told : IProgressListener
    {
        public int Thread;
        public Action On = () => { };

        public void OnProgress(ProgressEvent @event)
        {
            Thread = System.Threading.Thread.CurrentThread.ManagedThreadId;
            On();
        }
    }

    [Test]
    public static Task CancelFromAnotherThread()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            enrolled.Key.SetTouch(new MockTouch.Never());
            using (var source = new CancellationTokenSource())
            {
                var steps = new Steps { On = step => source.CancelAfter(1) };
                var running = session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin, progress: steps,
                    cancellationToken: source.Token);
                var thrown = await Expect.ThrowsAsync<OperationCanceledException>(() => running);
                Expect.Equal(source.Token, thrown.CancellationToken);
                Expect.True(running.IsCanceled, "the task is cancelled, not failed");
            }
            Expect.Equal(UnlockOutcome.NotUnlocked, await session.ResolveAsync(device));
            // The code is still good.
            enrolled.Key.SetTouch(new MockTouch.AtOnce());
            await session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin);
            enrolled.SignIn(Enrolled.NewPin);
        });
    }

    [Test]
    public static Task CancelledBefore()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            await Expect.ThrowsAsync<OperationCanceledException>(
                () => device.InfoAsync(cancellationToken: new CancellationToken(true)));
            using (var handle = new CancelHandle())
            {
                handle.Cancel();
                Refused.With<UnlockException>(ErrorNumber.Cancelled, () => device.Info(handle, null));
            }
        });
    }

    [Test]
    public static Task ATimeoutAsDotNetWritesIt()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            Expect.True((await device.InfoAsync(Timeout.InfiniteTimeSpan)).PinSet, "no limit is not none at all");
            var late = await Expect.ThrowsAsync<UnlockException.Transport>(() => device.InfoAsync(TimeSpan.Zero));
            Expect.Equal(ErrorNumber.DeadlineExceeded, late.ErrorNumber());
            await Expect.ThrowsAsync<ArgumentOutOfRangeException>(() => device.InfoAsync(TimeSpan.FromMilliseconds(-2)));
        });
    }

    [Test]
    public static Task AnExceptionInProgressEndsTheCall()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            enrolled.Key.SetTouch(new MockTouch.Never());
            var steps = new Steps { On = step => { throw new InvalidOperationException("a secret"); } };
            var thrown = await Expect.ThrowsAsync<UnlockException.Caller>(
                () => session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin, progress: steps));
            Expect.Equal(ErrorNumber.HostFailed, thrown.ErrorNumber());
            Expect.True(!thrown.ToString().Contains("a secret"), "the host's text stays with the host");
            Expect.Equal(UnlockOutcome.NotUnlocked, await session.ResolveAsync(device));
        });
    }

    [Test]
    public static void AnExceptionInAPipe()
    {
        using (var enrolled = new Enrolled(Suite.P256EcdhMac))
        using (var server = enrolled.Key.Serve(MockWire.Hid, Interface.Fido, 0))
        using (var pipe = new TcpHid(server.Port()))
        using (var device = Device.OpenHid(pipe, Interface.Fido))
        {
            pipe.BeforeSend = () => { throw new InvalidOperationException("a secret"); };
            var thrown = Refused.With<UnlockException>(ErrorNumber.HostFailed, () => device.Info(null, null));
            Expect.True(!thrown.ToString().Contains("a secret"), "the host's text stays with the host");
            pipe.BeforeSend = () => { throw new PipeException.Gone(); };
            Expect.Equal("transport", Row(Expect.Throws<UnlockException>(() => device.Info(null, null))).Family);
            pipe.BeforeSend = () => { throw new PipeException.PermissionDenied("/dev/hidraw0"); };
            Expect.Equal("transport", Row(Expect.Throws<UnlockException>(() => device.Info(null, null))).Family);
            pipe.BeforeSend = () => { };
            Expect.True(device.Info(null, null).PinSet, "the pipe works again");
        }
    }

    private static ErrorRow Row(UnlockException thrown)
    {
        return UnlockLibrary.ErrorTable().Single(row => row.Number == thrown.Number);
    }

    private sealed class Checker : IPinChecker
    {
        public string Seen;
        public Func<Exception> Refusal = () => null;

        public void Check(string pin)
        {
            Seen = pin;
            var refusal = Refusal();
            if (refusal != null) throw refusal;
        }
    }

    [Test]
    public static Task APinPolicyOfTheHost()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            var checker = new Checker { Refusal = () => new PinRefusalException.TooShort(12) };
            using (var policy = PinPolicy.Host(checker))
            {
                var thrown = await Expect.ThrowsAsync<UnlockException.Pin>(
                    () => session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin, policy));
                Expect.Equal<uint?>(12, thrown.Minimum);
                Expect.Equal(Enrolled.NewPin, checker.Seen);
                checker.Refusal = () => new InvalidOperationException("a secret");
                var failed = await Expect.ThrowsAsync<UnlockException>(
                    () => session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin, policy));
                Expect.Equal(ErrorNumber.HostFailed, failed.ErrorNumber());
                checker.Refusal = () => null;
                await session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin, policy);
            }
            enrolled.SignIn(Enrolled.NewPin);
        });
    }

    [Test]
    public static Task WrongCodesAndPins()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            await Expect.ThrowsAsync<UnlockException.Pin>(
                () => session.UnlockAsync(device, code, Enrolled.NewPin, "Another44"));
            await Expect.ThrowsAsync<UnlockException.Pin>(() => session.UnlockAsync(device, code, "abc", "abc"));
            var twisted = (code[0] == '2' ? '3' : '2') + code.Substring(1);
            var thrown = await Expect.ThrowsAsync<UnlockException.Code>(
                () => session.UnlockAsync(device, twisted, Enrolled.NewPin, Enrolled.NewPin));
            Expect.Items(new byte[] { 1 }, thrown.Groups.Select(group => group.Number));
            Expect.Equal(null, thrown.Groups[0].Text, "a secret group");
            await session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin);
        });
    }

    [Test]
    public static Task UseAfterDispose()
    {
        return WithLocked(async (enrolled, device, session, code) =>
        {
            device.Dispose();
            Expect.Throws<ObjectDisposedException>(() => device.Info(null, null));
            await Expect.ThrowsAsync<ObjectDisposedException>(
                () => session.UnlockAsync(device, code, Enrolled.NewPin, Enrolled.NewPin));
            using (var again = enrolled.Key.Open(MockWire.Apdu, Interface.Fido))
                await session.UnlockAsync(again, code, Enrolled.NewPin, Enrolled.NewPin);
        });
    }

    [Test]
    public static Task OneCallAtATime()
    {
        return WithLocked((enrolled, device, session, code) =>
        {
            enrolled.Key.SetTouch(new MockTouch.After(3));
            var listener = new Told();
            UnlockException inner = null;
            listener.On = () =>
            {
                try { device.Info(null, null); }
                catch (UnlockException thrown) { inner = thrown; }
            };
            session.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, listener, null, null);
            Expect.Equal(ErrorNumber.WrongState, inner.ErrorNumber());
            return Task.CompletedTask;
        });
    }

    [Test]
    public static void CollectionUnderLoad()
    {
        using (var enrolled = new Enrolled(Suite.P256EcdhMac))
        using (var server = enrolled.Key.Serve(MockWire.Hid, Interface.Fido, 0))
        using (var pipe = new TcpHid(server.Port()))
        using (var device = Device.OpenHid(pipe, Interface.Fido))
        {
            var stop = false;
            // A pause after each: a collection stops every thread, and the call has its deadline.
            var collector = new Thread(() => { while (!Volatile.Read(ref stop)) { GC.Collect(); Thread.Sleep(1); } });
            collector.IsBackground = true;
            collector.Start();
            try
            {
                for (var i = 0; i < 100; i++)
                {
                    new CancelHandle();
                    Expect.True(device.Info(null, null).PinSet, "the device answers");
                }
            }
            finally { Volatile.Write(ref stop, true); }
            collector.Join();
            Expect.True(pipe.Frames >= 100, "the pipe carried it all");
        }
    }

    [Test]
    public static void APanicIsAnException()
    {
        var thrown = Expect.Throws<RustPanicException>(() => UnlockLibrary.MockPanic());
        Expect.Equal("asked for by a test", thrown.Message);
    }
}
