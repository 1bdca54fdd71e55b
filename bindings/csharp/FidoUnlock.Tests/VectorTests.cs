using System;
using System.IO;
using System.Linq;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using FidoUnlock;

/// <summary>The vectors of the suites: through the library where it takes such values, else by the cryptography here.</summary>
public static class VectorTests
{
    [DataContract]
    private sealed class Case
    {
        [DataMember(Name = "id")] public int Id = 0;
        [DataMember(Name = "kind")] public string Kind = null;
        [DataMember(Name = "expected")] public string Expected = null;
        [DataMember(Name = "public_key")] public string PublicKey = null;
        [DataMember(Name = "issuer")] public string Issuer = null;
        [DataMember(Name = "message")] public string Message = null;
        [DataMember(Name = "response")] public string Response = null;
        [DataMember(Name = "z")] public string Z = null;
        [DataMember(Name = "admin_key")] public string AdminKey = null;
        [DataMember(Name = "challenge")] public string Challenge = null;

        public bool Valid { get { return Expected == "valid"; } }
    }

    [DataContract]
    private sealed class Vectors
    {
        [DataMember(Name = "cases")] public Case[] Cases = null;
    }

    /// <summary>Judges each case; <paramref name="judge"/> says whether it was one for it.</summary>
    private static void All(string name, int atLeast, Func<Case, bool> judge)
    {
        var folder = Environment.GetEnvironmentVariable("FIDO_UNLOCK_VECTORS") ?? "tests/vectors";
        Vectors vectors;
        using (var file = File.OpenRead(Path.Combine(folder, name)))
            vectors = (Vectors)new DataContractJsonSerializer(typeof(Vectors)).ReadObject(file);
        var judged = vectors.Cases.Count(one =>
        {
            try { return judge(one); }
            catch (Exception thrown) { throw new WrongException(name + ", case " + one.Id + ": " + thrown.Message); }
        });
        Expect.True(judged >= atLeast, atLeast + " cases of " + name + ", not " + judged);
    }

    private static bool PublicKey(Case one, Suite suite)
    {
        using (var plan = new Enrollment())
        {
            var key = HostPart.Bytes(one.PublicKey);
            if (one.Valid) plan.AddPublicKey(1, suite, key);
            else Refused.With<UnlockException.Signer>(ErrorNumber.InvalidPoint, () => plan.AddPublicKey(1, suite, key));
        }
        return true;
    }

    [Test]
    public static void Suite1()
    {
        All("suite1.json", 13, one =>
        {
            if (one.Kind == "public_key") return PublicKey(one, Suite.P256Ecdsa);
            if (!one.Valid || one.Kind != "response" && one.Kind != "rfc6979") return false;
            Expect.True(P256.Verify(
                HostPart.Bytes(one.Issuer), Crypto.Sha256(HostPart.Bytes(one.Message)), HostPart.Bytes(one.Response)),
                "the signature is good");
            return true;
        });
    }

    [Test]
    public static void Suite2()
    {
        All("suite2.json", 16, one =>
        {
            if (one.Kind == "public_key") return PublicKey(one, Suite.P256EcdhMac);
            if (!one.Valid || one.Kind != "response" && one.Kind != "hmac") return false;
            var mac = Crypto.Hmac(HostPart.Bytes(one.Z), HostPart.Bytes(one.Message)).Take(13).ToArray();
            mac[12] &= 0xF0;
            Expect.Equal(one.Response, HostPart.Digits(mac));
            return true;
        });
    }

    [Test]
    public static void Suite3()
    {
        All("suite3.json", 49, one =>
        {
            if (one.Kind != "key_length" && one.Kind != "response") return false;
            var key = HostPart.Bytes(one.AdminKey);
            if (one.Kind == "key_length")
            {
                Refused.With<UnlockException.Caller>(ErrorNumber.InvalidArgument, () => IssuerKey.AdminKey(key));
                return true;
            }
            using (var issuer = IssuerKey.AdminKey(key))
            {
                var made = UnlockLibrary.MockRespond(issuer, "", new byte[0], one.Challenge);
                Expect.Equal(one.Valid, one.Response == made.Replace("-", "").ToLowerInvariant());
            }
            return true;
        });
    }
}
