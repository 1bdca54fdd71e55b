// Netstandard IN OUT NETSTANDARD: a library compiled against the desktop framework becomes one that refers to
// netstandard 2.0 alone, as a .NET SDK would have made it. A type that netstandard 2.0 has not is an error.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mono.Cecil;

public static class Netstandard
{
    public static int Main(string[] arguments)
    {
        HashSet<string> standard;
        AssemblyNameReference reference;
        using (var facade = AssemblyDefinition.ReadAssembly(arguments[2]))
        {
            standard = new HashSet<string>(facade.MainModule.ExportedTypes.Select(type => type.FullName));
            reference = new AssemblyNameReference("netstandard", facade.Name.Version)
            {
                PublicKeyToken = facade.Name.PublicKeyToken
            };
        }
        if (reference.Version != new Version(2, 0, 0, 0)) return Fail("not netstandard 2.0: " + reference.Version);
        using (var library = AssemblyDefinition.ReadAssembly(arguments[0]))
        {
            var module = library.MainModule;
            var types = module.GetTypeReferences().Where(type => type.DeclaringType == null).ToList();
            var missing = types.Where(type => !standard.Contains(type.FullName)).Select(type => type.FullName).ToList();
            if (missing.Count > 0) return Fail("not in netstandard 2.0: " + string.Join(", ", missing));
            module.AssemblyReferences.Clear();
            module.AssemblyReferences.Add(reference);
            foreach (var type in types) type.Scope = reference;
            library.Write(arguments[1]);
        }
        using (var written = AssemblyDefinition.ReadAssembly(arguments[1]))
        {
            var names = written.MainModule.AssemblyReferences.Select(name => name.Name).ToList();
            if (names.Count != 1) return Fail("refers to " + string.Join(", ", names));
        }
        return 0;
    }

    private static int Fail(string why)
    {
        Console.Error.WriteLine(why);
        return 1;
    }
}
