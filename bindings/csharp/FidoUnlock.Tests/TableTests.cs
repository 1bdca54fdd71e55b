using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using FidoUnlock;

/// <summary>The error table and the JSON vectors, which every language reads.</summary>
public static class TableTests
{
    [Test]
    public static void EveryErrorNumberIsKnown()
    {
        var rows = UnlockLibrary.ErrorTable();
        var known = Enum.GetValues(typeof(ErrorNumber)).Cast<ErrorNumber>()
            .ToDictionary(number => (ushort)number, number => number.ToString());
        Expect.Items(rows.Select(row => row.Number).OrderBy(n => n), known.Keys.OrderBy(n => n));
        foreach (var row in rows)
        {
            Expect.Equal(row.Name, known[row.Number]);
            Expect.True(row.Text.Length > 0 && row.NextStep.Length > 0, row.Name + " has its texts");
        }
    }

    [DataContract]
    private sealed class Outcome
    {
        [DataMember(Name = "bytes")] public string Bytes = null;
        [DataMember(Name = "error")] public string Error = null;
        [DataMember(Name = "groups")] public byte[] Groups = null;
        [DataMember(Name = "correction")] public string Correction = null;
        [DataMember(Name = "line")] public byte? Line = null;
        [DataMember(Name = "expected_line")] public byte? ExpectedLine = null;
    }

    [DataContract]
    private sealed class Case
    {
        [DataMember(Name = "id")] public int Id = 0;
        [DataMember(Name = "field")] public string Field = null;
        [DataMember(Name = "suite")] public int Suite = 0;
        [DataMember(Name = "text")] public string Text = null;
        [DataMember(Name = "outcome")] public Outcome Outcome = null;
    }

    [DataContract]
    private sealed class Vectors
    {
        [DataMember(Name = "cases")] public Case[] Cases = null;
    }

    private static CodeField Open(Case one)
    {
        if (one.Field == "device_id") return CodeField.DeviceId();
        var suite = new[] { Suite.P256Ecdsa, Suite.P256EcdhMac, Suite.AesAdminKey }[one.Suite - 1];
        return one.Field == "challenge" ? CodeField.Challenge(suite) : CodeField.Response(suite);
    }

    [Test]
    public static void CodeVectors()
    {
        Vectors vectors;
        var path = Path.Combine(Environment.GetEnvironmentVariable("FIDO_UNLOCK_VECTORS") ?? "tests/vectors", "code_line.json");
        using (var file = File.OpenRead(path))
            vectors = (Vectors)new DataContractJsonSerializer(typeof(Vectors)).ReadObject(file);
        Expect.True(vectors.Cases.Length >= 283, "all " + vectors.Cases.Length + " cases are there");
        foreach (var one in vectors.Cases)
        {
            var what = "case " + one.Id;
            using (var field = Open(one))
            {
                if (one.Outcome.Error == null)
                {
                    field.Check(one.Text);
                    Refused.With<UnlockException.Caller>(ErrorNumber.WrongState, () => field.Correction(one.Text));
                    continue;
                }
                var thrown = Expect.Throws<UnlockException.Code>(() => field.Check(one.Text));
                Expect.Equal(one.Outcome.Error, thrown.Name, what);
                Expect.Equal(one.Outcome.Line ?? one.Outcome.ExpectedLine, thrown.Line, what + ", line");
                if (one.Outcome.Groups != null)
                    Expect.Items(one.Outcome.Groups, thrown.Groups.Select(group => group.Number), what + ", groups");
                Expect.Equal(one.Outcome.Correction != null, thrown.HasCorrection, what + ", correction");
                if (one.Outcome.Correction != null)
                    Expect.True(field.Correction(one.Text).Replace("\n", "").Replace("-", "")
                        .Contains(one.Outcome.Correction.Replace("-", "")), what + ", what is proposed");
            }
        }
    }

    [Test]
    public static void CodesAreSpoken()
    {
        Expect.True(UnlockLibrary.SpokenCode("7HF8-3D0C-BV38-W153-J2Z2").Length > 24, "a spoken form");
        Expect.True(UnlockLibrary.LibraryVersion().Split('.').Length == 3, "a version");
    }

    [Test]
    public static void LinesAreSeenToBeWhole()
    {
        using (var field = CodeField.DeviceId())
        {
            Expect.True(!field.LineComplete(1, "7HF8-3D0C-BV38-W153-J2Z"), "not whole");
            Expect.True(field.LineComplete(1, "7HF8-3D0C-BV38-W153-J2Z2"), "whole");
        }
    }
}
