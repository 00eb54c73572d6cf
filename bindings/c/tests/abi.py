"""The binary interface against tests/abi.txt: exported symbols, layouts of structs, numbers of statuses and reasons.

    python3 abi.py LIBRARY LAYOUT [--bless]

Nothing in the list may change or disappear as long as the library has the same soname; what is new is added with --bless
(`make abi`). New numbers are no finding: they come with new kinds of errors. Symbols that do not begin with bw_ are never
exported. The layouts are those of 64-bit systems.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    for line in lines.splitlines():
        _, kind, name = line.split()
        name = name.split("@")[0]
        if kind == "A":
            continue  # the name of the symbol version itself
        if not name.startswith("bw_"):
            sys.exit(f"{library} exports {name}")
        yield f"symbol {name}"


def declared():
    """The functions with their types, and the numbers, as the header declares them."""
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include/bailiwick.h").read_text(), flags=re.DOTALL)
    for declaration in re.findall(r"^(?!typedef|static)[a-z][\w ]*?[ *]+bw_\w+\([^;{]*\);", header, re.MULTILINE):
        yield "function " + " ".join(declaration.split())
    for name, number in re.findall(r"#define (BW_\w+) UINT32_C\((\d+)\)", header):
        yield f"number {name} {number}"


def main():
    library, layout = sys.argv[1:3]
    symbols = list(exported(library))
    functions = list(declared())
    names = {f"symbol {name}" for name in re.findall(r"(bw_\w+)\(", "\n".join(functions))}
    if names != set(symbols):
        sys.exit(f"exported but not declared, or the reverse: {sorted(names ^ set(symbols))}")
    layouts = subprocess.run([layout], capture_output=True, text=True, check=True).stdout.splitlines()
    found = sorted(symbols) + sorted(functions) + layouts
    path = HERE / "abi.txt"
    if "--bless" in sys.argv:
        path.write_text("\n".join(found) + "\n")
    committed = path.read_text().splitlines()
    gone = [line for line in committed if line not in found]
    new = [line for line in found if line not in committed and not line.startswith("number")]
    for line in gone:
        print(f"the interface has lost or changed: {line}", file=sys.stderr)
    for line in new:
        print(f"the interface has gained: {line}", file=sys.stderr)
    if gone or new:
        sys.exit("run `make -C bindings/c abi` if that is meant")
    print(f"abi: {len(found)} items as committed", file=sys.stderr)


main()
