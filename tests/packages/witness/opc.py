"""Reads a NuGet package as the Open Packaging Conventions (ECMA-376-2) want it, with code that did not write it."""

import sys
import zipfile
import xml.etree.ElementTree as xml

TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
MANIFEST = "http://schemas.microsoft.com/packaging/2010/07/manifest"
NUSPEC = "{http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd}"

package = zipfile.ZipFile(sys.argv[1])
assert package.testzip() is None, "a checksum is wrong"
names = package.namelist()
assert len(names) == len({name.lower() for name in names}), "a name is there twice"

types = xml.fromstring(package.read("[Content_Types].xml"))
known = {entry.get("Extension") for entry in types.iter(TYPES + "Default")}
for name in names:
    if name != "[Content_Types].xml":
        assert name.rsplit(".", 1)[-1] in known, f"{name} has no content type"
        assert "\\" not in name and ".." not in name

relationships = xml.fromstring(package.read("_rels/.rels"))
targets = {entry.get("Type"): entry.get("Target").lstrip("/") for entry in relationships}
assert set(targets.values()) <= set(names), "a relationship leads nowhere"

manifest = xml.fromstring(package.read(targets[MANIFEST]))
metadata = {entry.tag.removeprefix(NUSPEC): entry.text for entry in manifest[0]}
assert metadata["readme"] in names
assert metadata["license"] and metadata["description"] and metadata["authors"]
for name in names:
    if name.endswith((".xml", ".targets", ".nuspec", ".psmdcp", ".rels")):
        xml.fromstring(package.read(name))
print(metadata["id"], metadata["version"], len(names), "parts")
