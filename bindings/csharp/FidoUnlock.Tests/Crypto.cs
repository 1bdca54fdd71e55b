using System;
using System.Linq;

/// <summary>
/// SHA-256, HMAC and AES in a few lines: .NET Core's own want an OpenSSL 1.1 that newer systems no longer have. Not in
/// constant time: for tests alone.
/// </summary>
public static class Crypto
{
    private static readonly uint[] Primes = Enumerable.Range(2, 310)
        .Where(n => Enumerable.Range(2, n - 2).TakeWhile(d => d * d <= n).All(d => n % d != 0))
        .Select(n => (uint)n).Take(64).ToArray();

    /// <summary>The first 32 bits of the fraction of a prime's square or cube root.</summary>
    private static uint Fraction(uint prime, int degree)
    {
        // Found bit by bit: the greatest number whose power is not above the prime, 32 bits behind the point.
        System.Numerics.BigInteger root = 0, target = new System.Numerics.BigInteger(prime) << (32 * degree);
        for (var bit = 36; bit >= 0; bit--)
        {
            var next = root + (System.Numerics.BigInteger.One << bit);
            if (System.Numerics.BigInteger.Pow(next, degree) <= target) root = next;
        }
        return (uint)(root & uint.MaxValue);
    }

    private static readonly uint[] K = Primes.Select(prime => Fraction(prime, 3)).ToArray();

    private static uint Turn(uint value, int by) { return value >> by | value << (32 - by); }

    /// <summary>SHA-256 (FIPS 180-4).</summary>
    public static byte[] Sha256(byte[] message)
    {
        var length = BitConverter.GetBytes(8UL * (ulong)message.Length).Reverse();
        var padding = new byte[1 + (119 - message.Length % 64) % 64];
        padding[0] = 0x80;
        var padded = message.Concat(padding).Concat(length).ToArray();
        var state = Primes.Take(8).Select(prime => Fraction(prime, 2)).ToArray();
        for (var block = 0; block < padded.Length; block += 64)
        {
            var w = new uint[64];
            for (var i = 0; i < 16; i++)
                w[i] = (uint)padded[block + 4 * i] << 24 | (uint)padded[block + 4 * i + 1] << 16
                    | (uint)padded[block + 4 * i + 2] << 8 | padded[block + 4 * i + 3];
            for (var i = 16; i < 64; i++)
                w[i] = w[i - 16] + (Turn(w[i - 15], 7) ^ Turn(w[i - 15], 18) ^ w[i - 15] >> 3)
                    + w[i - 7] + (Turn(w[i - 2], 17) ^ Turn(w[i - 2], 19) ^ w[i - 2] >> 10);
            var s = (uint[])state.Clone();
            for (var i = 0; i < 64; i++)
            {
                var one = s[7] + (Turn(s[4], 6) ^ Turn(s[4], 11) ^ Turn(s[4], 25)) + (s[4] & s[5] ^ ~s[4] & s[6]) + K[i] + w[i];
                var two = (Turn(s[0], 2) ^ Turn(s[0], 13) ^ Turn(s[0], 22)) + (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]);
                s = new[] { one + two, s[0], s[1], s[2], s[3] + one, s[4], s[5], s[6] };
            }
            for (var i = 0; i < 8; i++) state[i] += s[i];
        }
        return state.SelectMany(word => BitConverter.GetBytes(word).Reverse()).ToArray();
    }

    /// <summary>HMAC-SHA-256 (RFC 2104) under a key of at most 64 bytes.</summary>
    public static byte[] Hmac(byte[] key, byte[] message)
    {
        var block = key.Concat(new byte[64 - key.Length]).ToArray();
        var inner = Sha256(block.Select(b => (byte)(b ^ 0x36)).Concat(message).ToArray());
        return Sha256(block.Select(b => (byte)(b ^ 0x5C)).Concat(inner).ToArray());
    }

    private static byte Times(byte a, byte b)
    {
        byte product = 0;
        for (; b != 0; b >>= 1)
        {
            if ((b & 1) != 0) product ^= a;
            a = (byte)(a << 1 ^ (a >> 7) * 0x1B);
        }
        return product;
    }

    private static readonly byte[] Box = Enumerable.Range(0, 256).Select(value =>
    {
        var inverse = value == 0 ? 0 : Enumerable.Range(1, 255).First(other => Times((byte)value, (byte)other) == 1);
        return (byte)(0x63 ^ Enumerable.Range(0, 5).Aggregate(0, (sum, by) => sum ^ (inverse << by | inverse >> (8 - by))));
    }).ToArray();

    /// <summary>One block of AES (FIPS 197).</summary>
    public static byte[] Aes(byte[] key, byte[] block)
    {
        int words = key.Length / 4, rounds = words + 6;
        var w = key.Concat(new byte[16 * (rounds + 1) - key.Length]).ToArray();
        byte constant = 1;
        for (var i = words; i < 4 * (rounds + 1); i++)
        {
            var last = w.Skip(4 * i - 4).Take(4).ToArray();
            if (i % words == 0)
            {
                last = new[] { (byte)(Box[last[1]] ^ constant), Box[last[2]], Box[last[3]], Box[last[0]] };
                constant = Times(constant, 2);
            }
            else if (words > 6 && i % words == 4) last = last.Select(b => Box[b]).ToArray();
            for (var j = 0; j < 4; j++) w[4 * i + j] = (byte)(w[4 * (i - words) + j] ^ last[j]);
        }
        var s = block.Select((b, i) => (byte)(b ^ w[i])).ToArray();
        for (var round = 1; round <= rounds; round++)
        {
            var shifted = s.Select((b, i) => Box[s[(i + 4 * (i % 4)) % 16]]).ToArray();
            s = shifted.Select((b, i) =>
            {
                Func<int, byte> at = row => shifted[i / 4 * 4 + (i + row) % 4];
                var mixed = round == rounds ? b : (byte)(Times(b, 2) ^ Times(at(1), 3) ^ at(2) ^ at(3));
                return (byte)(mixed ^ w[16 * round + i]);
            }).ToArray();
        }
        return s;
    }

    /// <summary>32 random bytes, out of four identifiers of 122 random bits each.</summary>
    public static byte[] Random()
    {
        return Sha256(Enumerable.Range(0, 4).SelectMany(_ => Guid.NewGuid().ToByteArray()).ToArray());
    }

    private static string Hex(byte[] bytes) { return BitConverter.ToString(bytes).Replace("-", ""); }

    [Test]
    public static void KnownAnswers()
    {
        // FIPS 180-4's "abc", RFC 4231's case 2, FIPS 197 appendix C.3.
        var text = System.Text.Encoding.ASCII.GetBytes("abc");
        Expect.Equal("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", Hex(Sha256(text)));
        Expect.Equal("5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843", Hex(Hmac(
            System.Text.Encoding.ASCII.GetBytes("Jefe"), System.Text.Encoding.ASCII.GetBytes("what do ya want for nothing?"))));
        Expect.Equal("8EA2B7CA516745BFEAFC49904B496089", Hex(Aes(
            Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(),
            Enumerable.Range(0, 16).Select(i => (byte)(17 * i)).ToArray())));
    }
}
