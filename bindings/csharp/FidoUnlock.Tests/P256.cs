using System;
using System.Linq;
using System.Numerics;

/// <summary>
/// P-256 on BigInteger, since mono has no ECDsa: the HSM of a host in these tests, and a check of signatures that owes
/// nothing to the library. Not in constant time: for tests alone.
/// </summary>
public static class P256
{
    private static readonly BigInteger P = Hex("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
    private static readonly BigInteger N = Hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    private static readonly BigInteger B = Hex("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");
    private static readonly Point G = new Point(
        Hex("6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"),
        Hex("4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"), 1);

    /// <summary>In Jacobian coordinates; Z = 0 is the point at infinity.</summary>
    private struct Point
    {
        public readonly BigInteger X, Y, Z;

        public Point(BigInteger x, BigInteger y, BigInteger z) { X = x; Y = y; Z = z; }

        public Point Affine()
        {
            var inverse = Inverse(Z, P);
            var square = inverse * inverse % P;
            return new Point(X * square % P, Y * square % P * inverse % P, 1);
        }
    }

    private static BigInteger Hex(string digits)
    {
        return BigInteger.Parse("0" + digits, System.Globalization.NumberStyles.HexNumber);
    }

    private static BigInteger Mod(BigInteger value, BigInteger modulus)
    {
        var rest = value % modulus;
        return rest.Sign < 0 ? rest + modulus : rest;
    }

    private static BigInteger Inverse(BigInteger value, BigInteger prime)
    {
        return BigInteger.ModPow(value, prime - 2, prime);
    }

    private static BigInteger Number(byte[] bigEndian)
    {
        return new BigInteger(bigEndian.Reverse().Concat(new byte[1]).ToArray());
    }

    private static byte[] Bytes(BigInteger value)
    {
        return value.ToByteArray().Concat(new byte[33]).Take(32).Reverse().ToArray();
    }

    private static Point Double(Point a)
    {
        if (a.Z.IsZero || a.Y.IsZero) return new Point(1, 1, 0);
        var square = a.Z * a.Z % P;
        var slope = 3 * (a.X - square) * (a.X + square) % P;
        var y2 = a.Y * a.Y % P;
        var s = 4 * a.X * y2 % P;
        var x = Mod(slope * slope - 2 * s, P);
        return new Point(x, Mod(slope * (s - x) - 8 * y2 * y2, P), 2 * a.Y * a.Z % P);
    }

    private static Point Add(Point a, Point b)
    {
        if (a.Z.IsZero) return b;
        if (b.Z.IsZero) return a;
        BigInteger za = a.Z * a.Z % P, zb = b.Z * b.Z % P;
        BigInteger ua = a.X * zb % P, ub = b.X * za % P;
        BigInteger sa = a.Y * zb % P * b.Z % P, sb = b.Y * za % P * a.Z % P;
        BigInteger h = Mod(ub - ua, P), r = Mod(sb - sa, P);
        if (h.IsZero) return r.IsZero ? Double(a) : new Point(1, 1, 0);
        BigInteger h2 = h * h % P, h3 = h * h2 % P, v = ua * h2 % P;
        var x = Mod(r * r - h3 - 2 * v, P);
        return new Point(x, Mod(r * (v - x) - sa * h3, P), h * a.Z % P * b.Z % P);
    }

    private static Point Multiply(BigInteger by, Point point)
    {
        var sum = new Point(1, 1, 0);
        for (var bit = 255; bit >= 0; bit--)
        {
            sum = Double(sum);
            if (!((by >> bit) & 1).IsZero) sum = Add(sum, point);
        }
        return sum;
    }

    private static Point Decompress(byte[] compressed)
    {
        var x = Number(compressed.Skip(1).ToArray());
        var y = BigInteger.ModPow(Mod(x * x * x - 3 * x + B, P), (P + 1) / 4, P);
        if (y.IsEven != (compressed[0] == 2)) y = P - y;
        return new Point(x, y, 1);
    }

    private static BigInteger Random()
    {
        return Mod(Number(Crypto.Random()), N - 1) + 1;
    }

    /// <summary>A private key.</summary>
    public sealed class Key
    {
        private readonly BigInteger secret = Random();

        /// <summary>The public key, compressed.</summary>
        public byte[] Public()
        {
            var point = Multiply(secret, G).Affine();
            return new[] { (byte)(point.Y.IsEven ? 2 : 3) }.Concat(Bytes(point.X)).ToArray();
        }

        /// <summary>ECDSA over a digest: r and s, whichever s comes.</summary>
        public byte[] Sign(byte[] digest)
        {
            var nonce = Random();
            var r = Multiply(nonce, G).Affine().X % N;
            var s = Inverse(nonce, N) * (Number(digest) + r * secret) % N;
            return Bytes(r).Concat(Bytes(s)).ToArray();
        }

        /// <summary>The x-coordinate of ECDH.</summary>
        public byte[] Agree(byte[] compressed)
        {
            return Bytes(Multiply(secret, Decompress(compressed)).Affine().X);
        }
    }

    /// <summary>Whether an ECDSA signature in DER is good.</summary>
    public static bool Verify(byte[] x, byte[] y, byte[] digest, byte[] der)
    {
        var at = 2;
        Func<BigInteger> integer = () =>
        {
            var value = der.Skip(at + 2).Take(der[at + 1]).ToArray();
            at += 2 + der[at + 1];
            return Number(value);
        };
        BigInteger r = integer(), s = integer();
        return at == der.Length && Verify(new Point(Number(x), Number(y), 1), digest, r, s);
    }

    /// <summary>Whether r and s of 32 bytes each are good under a compressed key.</summary>
    public static bool Verify(byte[] compressed, byte[] digest, byte[] signature)
    {
        return Verify(Decompress(compressed), digest, Number(signature.Take(32).ToArray()), Number(signature.Skip(32).ToArray()));
    }

    private static bool Verify(Point key, byte[] digest, BigInteger r, BigInteger s)
    {
        if (r.Sign <= 0 || s.Sign <= 0 || r >= N || s >= N) return false;
        var inverse = Inverse(s, N);
        var sum = Add(Multiply(Number(digest) * inverse % N, G), Multiply(r * inverse % N, key));
        return !sum.Z.IsZero && sum.Affine().X % N == r;
    }
}
