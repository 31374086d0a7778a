#!/usr/bin/env python3
"""Checks that the tree keeps to its layout; prints each breach and exits 1 if there is one.

- Only what the layout names lies at the top.
- A module includes only headers of modules that it may stand on (cmake/TidewireModules.cmake), and no private header of
  another one.
- A public header includes the standard library and tidewire only: nothing of the system, of OpenSSL or of Asio. The one
  exception is <tidewire/asio.hpp>, which is there to include Asio.
- The umbrella header of a module includes each of its public headers, and nothing else.
- Sources are ASCII, headers have `#pragma once`, and no file names a place of one machine.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP = {
    "CMakeLists.txt", "CMakePresets.json", "include", "src", "tests", "benchmarks", "examples", "cmake", "docs",
    "LICENSE", "README.md", "CHANGELOG.md",
}
# Headers that belong to a module but not to its folder.
MODULE_OF_HEADER = {"tidewire/asio.hpp": "core"}
# Modules whose interop header may show an outside library.
MAY_INCLUDE = {"include/tidewire/asio.hpp": re.compile(r"asio(/.*)?\.hpp")}
CODE = {".hpp", ".cpp", ".inl", ".inc", ".h", ".c", ".cmake", ".txt", ".json", ".sh", ".py", ".in", ".dict"}
INCLUDE = re.compile(r"^\s*#\s*include\s*([<\"])([^>\"]+)[>\"]")
STANDARD = re.compile(r"[a-z_0-9]+")
MACHINE = re.compile(r"/(work|root|home)/[a-z]")

breaches = []


def breach(path, line, what):
    breaches.append(f"{path}:{line}: {what}" if line else f"{path}: {what}")


def tracked():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return [pathlib.PurePosixPath(name) for name in names.decode().split("\0") if name]


def allowed_modules():
    """Module -> the modules that its files may include, itself among them."""
    text = (ROOT / "cmake/TidewireModules.cmake").read_text()
    known = re.search(r"set\(TIDEWIRE_KNOWN_MODULES ([^)]*)\)", text).group(1).split()
    direct = {m: re.search(rf"set\(TIDEWIRE_DEPENDS_{m}([^)]*)\)", text).group(1).split() for m in known}
    closed = {}
    for module in known:  # in build order
        closed[module] = {module}.union(*(closed[needed] for needed in direct[module]))
    return closed


def module_of(path):
    """The module whose public or private file this is, or None."""
    name = str(path)
    if name.startswith("include/"):
        header = name.removeprefix("include/")
        return MODULE_OF_HEADER.get(header) or pathlib.PurePosixPath(header.removeprefix("tidewire/")).parts[0].split(".")[0]
    if name.startswith("src/"):
        return path.parts[1]
    return None


def includes(path):
    for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_includes(path, modules):
    module = module_of(path)
    public = path.parts[0] == "include"
    if module not in modules:
        breach(path, 0, f"belongs to no module that cmake/TidewireModules.cmake knows ('{module}')")
        return
    for number, kind, name in includes(path):
        if name.startswith("tidewire/"):
            other = module_of(pathlib.PurePosixPath("include", name))
            if other not in modules[module]:
                breach(path, number, f"{module} may not stand on {other}, but includes <{name}>")
            elif "/detail/" in name and other != module and public:
                breach(path, number, f"<{name}> is private to {other}")
        elif kind == '"':
            target = (ROOT / path.parent / name).resolve()
            if public:
                breach(path, number, f"a public header includes \"{name}\": write <tidewire/...>")
            elif not target.is_relative_to(ROOT / "src" / module):
                breach(path, number, f"includes \"{name}\", which is not in src/{module}")
        elif public and not STANDARD.fullmatch(name):
            if not (str(path) in MAY_INCLUDE and MAY_INCLUDE[str(path)].fullmatch(name)):
                breach(path, number, f"a public header includes <{name}>, which is not of the standard library")


def check_umbrella(module, files):
    umbrella = pathlib.PurePosixPath(f"include/tidewire/{module}.hpp")
    if umbrella not in files:
        breach(umbrella, 0, "is missing")
        return
    folder = pathlib.PurePosixPath(f"include/tidewire/{module}")
    wanted = {str(f.relative_to("include")) for f in files if f.parent == folder}
    found = {name for _, _, name in includes(umbrella)}
    for name in sorted(wanted - found):
        breach(umbrella, 0, f"does not include <{name}>")
    for name in sorted(found - wanted):
        breach(umbrella, 0, f"includes <{name}>, which is no public header of {module}")


def check_text(path):
    if path.suffix not in CODE and path.name != "run":
        return
    data = (ROOT / path).read_bytes()
    if path.parts[:2] == ("tests", "data") or "regressions" in path.parts:
        return
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.isascii():
            breach(path, number, "is not ASCII: escape it")
        if MACHINE.search(line.decode("ascii", "replace")):
            breach(path, number, "names a place of one machine")
    if path.suffix == ".hpp" and b"#pragma once" not in data:
        breach(path, 0, "has no #pragma once")


def main():
    files = [path for path in tracked() if (ROOT / path).exists()]
    modules = allowed_modules()
    for top in sorted({path.parts[0] for path in files}):
        if top not in TOP and not top.startswith("."):
            breach(top, 0, "has no place at the top of the tree")
    for path in files:
        if path.parts[0] in ("include", "src") and path.suffix in (".hpp", ".cpp", ".inl", ".h", ".c"):
            check_includes(path, modules)
        check_text(path)
    for module in modules:
        if any(path.parts[:2] == ("src", module) for path in files):
            check_umbrella(module, set(files))
    print("\n".join(breaches) or f"layout: {len(files)} files are where they belong")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
