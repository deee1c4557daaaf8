#!/usr/bin/env python3
"""Checks what the documents say against the tree.

    docs.py paths      every file named in backticks, and every link, exists
    docs.py keys       docs/configuration.md and those beside it have the keys that
                       controlplane/config knows, no others
    docs.py reasons    docs/drop-reasons.md is the table in drop_reason.hh, word for word
    docs.py examples   what documents show as configurations stands in configs/

Prints one line for each offence; exit status 1 if there was one.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = "docs/configuration.md"
REASONS = "docs/drop-reasons.md"
# The first TOML in a document is a piece of the file.
EXAMPLES = {"docs/policies.md": "configs/topology/policies.toml",
            "docs/controller.md": "configs/topology/policies.toml"}

# What counts as a file of ours: it starts with one of these, or ends as our files do.
FOLDERS = ("include/", "dataplane/", "controlplane/", "tools/", "tests/", "configs/", "docs/", ".ci/")
IN_BACKTICKS = re.compile(r"`([\w./*-]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def documents():
    yield from ROOT.glob("*.md")
    for top in ("docs", "dataplane", "controlplane", "tools"):
        yield from sorted((ROOT / top).rglob("*.md"))


def check_paths():
    found = 0
    for document in documents():
        shown = document.relative_to(ROOT)
        for number, line in enumerate(document.read_text().splitlines(), 1):
            for name in IN_BACKTICKS.findall(line):
                if name.startswith(FOLDERS):
                    found += 1
                    if not any(ROOT.glob(name.rstrip("/"))):
                        yield f"{shown}:{number} names {name}, which does not exist"
            for target in LINK.findall(line):
                if "://" not in target:
                    found += 1
                    if not (document.parent / target).exists():
                        yield f"{shown}:{number} links to {target}, which does not exist"
    if found < 20:
        yield f"only {found} paths found: does this test still see them?"


# Which heading or paragraph of docs/configuration.md has the keys of a table that the code reads.
TABLES = {
    "this file": "## The file",
    "[node]": "## [node]",
    "[ports.{}]": "## [ports.NAME]",
    "[nexthops.{}]": "## [nexthops.NAME]",
    "backup": "`backup`:",
    "[[labels]]": "## [[labels]]",
    "a path of via": "A path is a next hop's name, or a table:",
    "[[prefixes]]": "## [[prefixes]]",
    "[runtime]": "## [runtime]",
    "[scion]": "## [scion]",
    "[topology]": "## [topology]",
    "[controller]": "## [controller]",
    "a change": "## Changes to a running router",
    "[remove]": "`[remove]`:",
}
# Tables that other documents describe: where; None: in words.
ELSEWHERE = {
    "a topology file": ("docs/topology.md", "# Topology files"),
    "[topology.map]": ("docs/topology.md", "# Topology files"),
    "[defaults]": ("docs/topology.md", "## [defaults]"),
    "[nodes.{}]": ("docs/topology.md", "## [nodes.NAME]"),
    "an element of prefixes": ("docs/topology.md", "A prefix is a table:"),
    "[flex_algo.{}]": ("docs/topology.md", "## [flex_algo.N]"),
    "[[links]]": ("docs/topology.md", "## [[links]]"),
    "[[policies]]": ("docs/policies.md", "## [[policies]]"),
    "[[policies.paths]]": ("docs/policies.md", "## [[policies.paths]]"),
    "dynamic": ("docs/policies.md", "## dynamic"),
    "[[routes]]": ("docs/policies.md", "## Steering"),
    "[[demands]]": ("docs/controller.md", "## Demands"),
    "[overlay]": ("docs/overlay.md", "## [overlay]"),
    "a segment": None,
    "an element of lists": None,
    "an element of colors": None,
    "an element of bindings": None,
    "flex_algo": None,
    "an adjacency SID": None,
}
KEY_LIST = re.compile(r"std::array<std::string_view, \d+> (\w+)\s*\{([^}]*)\}")
READER = re.compile(
    r'table_reader \w+\(\s*[\w.]+,\s*(?:fmt::format\()?"([^"]+)"[^;]*?(\w+),'
    r'\s*[\w.]*errors_?\)', re.S)


def known_keys():
    """{title: keys} of every table that the configuration's readers read."""
    tables = {}
    shared = {}
    files = sorted((ROOT / "controlplane/config").glob("*.??"))
    for file in files:
        for name, keys in KEY_LIST.findall(file.read_text()):
            shared[name] = re.findall(r'"([^"]+)"', keys)
    for file in files:
        text = file.read_text()
        for reader in READER.finditer(text):
            title, name = reader.groups()
            if title == "this file" and file.stem == "topology_file":
                title = "a topology file"
            # The list of that name which stands closest before it, else one of another file.
            before = [keys for other, keys in KEY_LIST.findall(text[: reader.start()])
                      if other == name]
            tables[title] = (re.findall(r'"([^"]+)"', before[-1]) if before else shared[name])
    return tables


def documented_keys(text, heading):
    """The first column of the first table below a heading; None where that is missing."""
    lines = text.splitlines()
    if heading not in lines:
        return None
    keys = []
    for line in lines[lines.index(heading) + 1:]:
        row = re.match(r"\| (`\w+`(?:, `\w+`)*) \|", line)
        if row:
            keys += re.findall(r"\w+", row.group(1))
        elif keys or line.startswith("#"):
            break
    return keys


def check_keys():
    tables = known_keys()
    places = {title: (CONFIG, heading) for title, heading in TABLES.items()} | ELSEWHERE
    for title in sorted(set(places) - set(tables)):
        yield f"controlplane/config reads no table {title}: does this test still see it?"
    for title, keys in tables.items():
        if title not in places:
            yield f"tests/arch/docs.py does not know where {CONFIG} describes {title}"
            continue
        if places[title] is None:
            continue
        document, heading = places[title]
        told = documented_keys((ROOT / document).read_text(), heading)
        if told is None:
            yield f"{document} has no line `{heading}`"
            continue
        for key in keys:
            if key not in told:
                yield f"{document}, {heading} lacks {key}"
        for key in told:
            if key not in keys:
                yield f"{document}, {heading} has {key}, which the code does not know"


def check_reasons():
    source = (ROOT / "include/rhumb/packet/drop_reason.hh").read_text()
    entry = re.compile(r'\{drop_reason::\w+,\s*"(\w+)",\s*((?:"[^"]*"\s*)+)\}')
    told = re.findall(r"^\| `(\w+)` \| (.*) \|$", (ROOT / REASONS).read_text(), re.M)
    real = [(name, "".join(re.findall(r'"([^"]*)"', sentence)))
            for name, sentence in entry.findall(source) if name != "none"]
    if not real:
        yield "drop_reason.hh: found no table of drop reasons"
    for row in real:
        if row not in told:
            yield f"{REASONS} lacks | `{row[0]}` | {row[1]} |"
    for row in told:
        if row not in real:
            yield f"{REASONS} has `{row[0]}`, which drop_reason.hh has not, or not in these words"
    if not set(real) ^ set(told) and told != real:
        yield f"{REASONS} has another order than drop_reason.hh"


def first_toml(document):
    return re.search(r"^```toml\n(.*?)^```", (ROOT / document).read_text(), re.M | re.S).group(1)


def check_examples():
    if first_toml("README.md") != (ROOT / "configs/minimal.toml").read_text():
        yield "README.md does not show configs/minimal.toml as it is"
    for document, file in EXAMPLES.items():
        if first_toml(document) not in (ROOT / file).read_text():
            yield f"{document} begins with an example that {file} has not"


def main():
    checks = {"paths": check_paths, "keys": check_keys, "reasons": check_reasons,
              "examples": check_examples}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        print(__doc__, file=sys.stderr)
        return 2
    offences = list(checks[sys.argv[1]]())
    for line in offences:
        print(line)
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
