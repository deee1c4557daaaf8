#!/usr/bin/env python3
"""braccept, the acceptance test of the reference SCION border router, against a router: ours, or
the reference itself, which shows that what braccept sees in this setting is right.

    braccept.py REFERENCE                  the reference router
    braccept.py REFERENCE RHUMBD           rhumbd
    braccept.py REFERENCE --command WORDS  another; {router} stands for router.toml

    --driver af_packet  how rhumbd gets at its interfaces; default pcap

REFERENCE is a folder in which reference.sh builds the reference if it is not there yet. braccept
runs twice: 53 cases without BFD, two with. Last line: `N passed, N failed`. Exit status 77:
skipped.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys

import setting

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PASSED = re.compile(r"\tINFO\t[^\t]*\t(\w+)\t.*expected packet was captured")
FAILED = re.compile(r"\tERROR\t[^\t]*\t(\w+)$")
CASES = {False: 53, True: 2}


def verdicts(text):
    """Of each case its name, whether it passed, and what braccept said of it."""
    cases = []
    for line in COLOUR.sub("", text).splitlines():
        passed, failed = PASSED.search(line), FAILED.search(line)
        if passed:
            cases.append((passed[1], True, []))
        elif failed:
            cases.append((failed[1], False, []))
        elif cases and not cases[-1][1]:
            cases[-1][2].append(line)
    return cases


def run(reference, command, bfd, driver):
    """The numbers of cases that passed and failed."""
    name = "with BFD" if bfd else "without BFD"
    with setting.Setting(command, bfd, driver=driver) as place:
        done = subprocess.run(
            place.outside.words() + [os.path.join(reference, "braccept"), "--artifacts",
                                     place.folder] + (["--bfd"] if bfd else []),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=120, check=False, env=dict(os.environ, TEST_ARTIFACTS_DIR=""))
        cases = verdicts(done.stdout)
        alive = place.router.poll() is None
        log = place.log()
    for case, passed, said in cases:
        print(f"{'passed' if passed else 'FAILED'} {case} ({name})")
        for line in said[:40]:
            print("       " + line[:1000])
    passed = sum(good for _, good, _ in cases)
    failed = len(cases) - passed
    # Its exit status is the number of failed cases.
    if len(cases) != CASES[bfd] or done.returncode != failed:
        print(f"FAILED: {len(cases)} cases of {CASES[bfd]}, exit status {done.returncode} "
              f"{name}:\n" + done.stdout[-3000:])
        failed += 1
    if not alive:
        print("FAILED: the router ended")
        failed += 1
    if failed:
        print("the router's log ends with:\n" + log[-3000:])
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("rhumbd", nargs="?")
    parser.add_argument("--command")
    parser.add_argument("--driver", choices=setting.DRIVERS, default="pcap")
    given = parser.parse_args()
    try:
        reference = setting.reference(given.reference)
        setting.own_namespace()
        setting.limit(240)
        command = given.command or shlex.quote(os.path.join(reference, "router")) + \
            " --config {router}"
        if given.rhumbd is not None:
            command = shlex.quote(os.path.abspath(given.rhumbd)) + " --config {rhumb}"
        counts = [run(reference, command, bfd, given.driver) for bfd in (False, True)]
    except setting.Missing as missing:
        print(f"{missing}: skipped")
        return setting.SKIPPED
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
