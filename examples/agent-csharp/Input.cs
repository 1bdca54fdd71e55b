using System;
using System.IO;
using System.Text;

namespace FidoUnlock.Agent
{
    /// <summary>Lines of standard input, as bytes, which can be wiped; a .NET string cannot.</summary>
    public static class Input
    {
        private const int LongestLine = 1024;

        /// <summary>
        /// Calls <paramref name="take"/> with verb, Device ID and what follows, which the callee owns; null where nothing
        /// does. Returns at the end of the input.
        /// </summary>
        public static void Read(Stream input, Action<string, string, byte[]> take)
        {
            var line = new byte[LongestLine];
            var one = new byte[1];
            var length = 0;
            var first = true;
            while (input.Read(one, 0, 1) == 1)
            {
                if (one[0] != '\n')
                {
                    // What is too long is no command; its end is cut off.
                    if (length < line.Length) line[length++] = one[0];
                    // A byte order mark, which Windows' programs put before a text.
                    if (first && length == 3 && line[0] == 0xEF && line[1] == 0xBB && line[2] == 0xBF) length = 0;
                    continue;
                }
                Split(line, length, take);
                length = 0;
                first = false;
            }
            // The last one may have no end.
            Split(line, length, take);
            Array.Clear(one, 0, 1);
        }

        /// <summary>Wipes the line.</summary>
        private static void Split(byte[] line, int length, Action<string, string, byte[]> take)
        {
            if (length > 0 && line[length - 1] == '\r') length--;
            try
            {
                if (length > 0) Words(line, length, take);
            }
            finally { Array.Clear(line, 0, line.Length); }
        }

        private static void Words(byte[] line, int length, Action<string, string, byte[]> take)
        {
            var first = Array.IndexOf(line, (byte)' ', 0, length);
            if (first < 0)
            {
                take("", "", null);
                return;
            }
            var second = Array.IndexOf(line, (byte)' ', first + 1, length - first - 1);
            byte[] rest = null;
            if (second >= 0)
            {
                rest = new byte[length - second - 1];
                Buffer.BlockCopy(line, second + 1, rest, 0, rest.Length);
            }
            var end = second < 0 ? length : second;
            take(
                Encoding.UTF8.GetString(line, 0, first),
                Encoding.UTF8.GetString(line, first + 1, end - first - 1),
                rest);
        }
    }
}
