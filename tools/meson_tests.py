#!/usr/bin/env python3
"""What tools/test.sh wants to know of meson's tests.

    meson_tests.py targets FOLDER NAME...    the ninja targets that the tests of this name, or of
                                             the suite of this name, need
    meson_tests.py count FOLDER              `PASSED FAILED SKIPPED` of the last run
    meson_tests.py failures FOLDER           what the tests that failed in it printed: of GoogleTest
                                             the cases that failed, of others the end

GoogleTest's cases count singly, other tests as one each. Exit status 1: there was no run.
"""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as xml


def targets(folder, names):
    def introspect(what):
        return json.loads(subprocess.check_output(["meson", "introspect", folder, what]))

    files = {target["id"]: target["filename"] for target in introspect("--targets")}
    needed = set()
    for test in introspect("--tests"):
        # A suite is `project:suite`.
        if names & {test["name"], *(suite.split(":")[-1] for suite in test["suite"])}:
            for target in test["depends"]:
                needed.update(files.get(target, []))
    root = os.path.abspath(folder)
    return sorted(os.path.relpath(name, root) for name in needed)


def cases_by_test(folder):
    """{test: [passed, failed, skipped]} of what GoogleTest wrote; meson merges it into one file."""
    found = {}
    try:
        root = xml.parse(os.path.join(folder, "meson-logs", "testlog.junit.xml")).getroot()
    except (OSError, xml.ParseError):
        return found
    for suite in root.iter("testsuite"):
        # `project.NAME.cases`, NAME being the test's as in testlog.json.
        test = suite.get("name", "").partition(".")[2].rpartition(".")[0]
        if not test:
            continue  # tests of other kinds
        counts = found.setdefault(test, [0, 0, 0])
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                counts[1] += 1
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                counts[2] += 1
            else:
                counts[0] += 1
    return found


def tests_of(folder):
    with open(os.path.join(folder, "meson-logs", "testlog.json"), encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def is_good(test):
    return test["result"] in ("OK", "EXPECTEDFAIL")


def count(folder):
    passed = failed = skipped = 0
    cases = cases_by_test(folder)
    for test in tests_of(folder):
        good = is_good(test)
        name = test["name"]
        if test["result"] == "SKIP":
            skipped += 1
        elif name in cases and sum(cases[name]):
            p, f, s = cases[name]
            passed, failed, skipped = passed + p, failed + f, skipped + s
            failed += not good and f == 0  # a leak or a race, after all cases had passed
        else:
            passed, failed = passed + good, failed + (not good)
    return passed, failed, skipped


def failed_cases(lines):
    """Lists of lines: what each case that failed printed, also one that ended in its middle."""
    found = []
    start = None
    for at, line in enumerate(lines):
        if line.startswith("[ RUN      ]"):
            start = at
        elif line.startswith(("[       OK ]", "[  SKIPPED ]")):
            start = None
        elif line.startswith("[  FAILED  ]") and start is not None:
            found.append(lines[start : at + 1])
            start = None
    if start is not None:
        found.append(lines[start:])
    return found


def told_by_sanitizer(lines):
    """From where a sanitizer says what is wrong, else all."""
    for at, line in enumerate(lines):
        if "ERROR: " in line or "WARNING: ThreadSanitizer" in line or "runtime error: " in line:
            return lines[at:]
    return lines


def failures(folder):
    most = 80  # lines of each part: what went wrong first matters
    told = []
    for test in tests_of(folder):
        if is_good(test) or test["result"] == "SKIP":
            continue
        told.append(f"{test['name']}: {test['result']} after {test['duration']:.1f} s")
        lines = test.get("stdout", "").splitlines()
        for case in failed_cases(lines) or [lines[-most:]]:
            told += ["  " + line for line in case[:most]]
            if len(case) > most:
                told.append(f"  ({len(case) - most} lines more)")
        errors = test.get("stderr", "").splitlines()
        report = told_by_sanitizer(errors)
        told += ["  " + line for line in (errors[-most:] if report is errors else report[:most])]
    return "\n".join(told)


def main(arguments):
    if len(arguments) >= 3 and arguments[0] == "targets":
        print("\n".join(targets(arguments[1], set(arguments[2:]))))
        return 0
    if len(arguments) == 2 and arguments[0] in ("count", "failures"):
        try:
            if arguments[0] == "count":
                print(*count(arguments[1]))
            else:
                print(failures(arguments[1]))
        except OSError as why:
            print(f"meson_tests.py: {why}", file=sys.stderr)
            return 1
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
