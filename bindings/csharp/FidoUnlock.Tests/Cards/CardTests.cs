using System;
using System.Linq;
using FidoUnlock;

/// <summary>The whole unlock over pcscd: a pipe in C#, a card in a virtual reader, a relying party in C#.</summary>
public static class CardTests
{
    [Test]
    public static void Suite1OverPcscd() { OverPcscd(Suite.P256Ecdsa); }

    [Test]
    public static void Suite2OverPcscd() { OverPcscd(Suite.P256EcdhMac); }

    [Test]
    public static void Suite3OverPcscd() { OverPcscd(Suite.AesAdminKey); }

    private static void With(PcscCard card, Action<Device> work)
    {
        using (var device = Device.OpenApdu(card, Interface.Fido)) work(device);
    }

    private static void SignIn(MockRelyingParty party, PcscCard card, MockPasskey passkey, string pin)
    {
        With(card, device =>
        {
            var made = party.SignInOn(device, passkey, pin);
            var digest = Crypto.Sha256(made.AuthData.Concat(made.ClientDataHash).ToArray());
            Expect.True(P256.Verify(passkey.X, passkey.Y, digest, made.Signature), "the signature is good");
        });
    }

    private static void OverPcscd(Suite suite)
    {
        using (var card = new PcscCard())
        using (var issuer = IssuerKey.Make(suite))
        using (var party = new MockRelyingParty("example.com"))
        using (var plan = new Enrollment())
        {
            // The card of the test before is as a new one.
            With(card, device => UnlockLibrary.MockReset(device));
            plan.AddKey(Enrolled.Slot, issuer);
            EnrolledDevice enrolled = null;
            MockPasskey passkey = null;
            With(card, device => enrolled = plan.Run(device, null, null, null));
            With(card, device => UnlockLibrary.MockSetPin(device, Enrolled.OldPin));
            With(card, device => passkey = party.MakePasskeyOn(device, "user-1", Enrolled.OldPin));
            SignIn(party, card, passkey, Enrolled.OldPin);

            ushort number = 0;
            for (var tries = 0; number != (ushort)ErrorNumber.PinBlocked; tries++)
            {
                Expect.True(tries < 12, "the PIN is blocked in the end");
                With(card, device => number =
                    Expect.Throws<UnlockException.Device>(() => UnlockLibrary.MockTryPin(device, "Winter24")).Number);
                if (number == (ushort)ErrorNumber.PinAuthBlocked) card.Reset();
            }
            // The unlock applet, which any process may select; the card is taken out in between.
            string code = null;
            byte[] saved = null;
            using (var device = Device.OpenApdu(card, Interface.Vendor))
            using (var session = UnlockSession.Begin(device, null, null, null))
            {
                Expect.Equal(Interface.Vendor, device.ActiveInterface());
                saved = session.Save();
                code = UnlockLibrary.MockRespond(issuer, enrolled.DeviceId, enrolled.DeviceKey, session.Challenge());
            }
            card.Reset();
            using (var device = Device.OpenApdu(card, Interface.Vendor))
            using (var session = UnlockSession.Restore(saved))
            {
                session.Unlock(device, code, Enrolled.NewPin, Enrolled.NewPin, null, null, null, null);
                Expect.Equal(UnlockOutcome.Unlocked, session.Resolve(device, null, null));
            }
            SignIn(party, card, passkey, Enrolled.NewPin);
            With(card, device => Refused.With<UnlockException.Device>(
                ErrorNumber.PinInvalid, () => UnlockLibrary.MockTryPin(device, Enrolled.OldPin)));
        }
    }
}
