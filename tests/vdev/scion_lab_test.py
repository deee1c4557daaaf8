#!/usr/bin/env python3
"""tools/scion-lab.sh as a newcomer runs it: a packet arrives, verified and explained, a forged one is
refused and answered; and a lab that cannot do this says so by its exit status.

usage: scion_lab_test.py BUILD-FOLDER. Exit status 77: skipped, as something is missing here.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
PROGRAMS = ("controlplane/rhumbd", "tools/rhumbctl/rhumbctl", "tools/rhumb-scion/rhumb-scion")


class ScionLab(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="lab-")
        self.addCleanup(self.folder.cleanup)

    def run_lab(self, build, work):
        temporary = os.path.join(self.folder.name, "tmp")
        os.makedirs(temporary, exist_ok=True)
        # Its own session: what it leaves running is found by that.
        lab = subprocess.Popen([ROOT / "tools/scion-lab.sh", "--build", build, "--work", work],
                               env={**os.environ, "TMPDIR": temporary}, text=True,
                               start_new_session=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text, _ = lab.communicate(timeout=200)
        self.assertEqual(os.listdir(temporary), [], "something stays in TMPDIR")
        with self.assertRaises(ProcessLookupError, msg="a process is left"):
            os.killpg(lab.pid, 0)
        return lab.returncode, text

    def test_a_packet_arrives_verified_and_a_forged_one_is_refused(self):
        work = os.path.join(self.folder.name, "work")
        for keys in ("new", "old"):
            with self.subTest(keys=keys):
                status, text = self.run_lab(self.build, work)
                self.assertEqual(status, 0, text)
                self.assertEqual(text.count("MAC right under the current key"), 2, text)
                # Of what arrived; the second hop's also in what the SCMP message quotes.
                self.assertEqual(len(re.findall(r"MAC is +right", text)), 3, text)
                for wanted in ("out of the AS, by interface 1 (1-ff00:0:111, a child)",
                               "to a host, by the inside of the AS", "48656c6c6f2066726f6d",
                               "slow: scion_bad_mac.", "invalid hop field MAC",
                               "points to: hop field 0", "Done: "):
                    self.assertIn(wanted, text)

    def test_a_packet_that_does_not_arrive_is_told(self):
        # A daemon that ends at once, in place of rhumbd.
        build = pathlib.Path(self.folder.name, "build")
        for program in PROGRAMS:
            (build / program).parent.mkdir(parents=True)
            (build / program).symlink_to(os.path.join(self.build, program))
        (build / PROGRAMS[0]).unlink()
        (build / PROGRAMS[0]).write_text("#!/bin/sh\necho no router today\nexit 1\n")
        (build / PROGRAMS[0]).chmod(0o755)
        status, text = self.run_lab(build, os.path.join(self.folder.name, "work"))
        self.assertEqual(status, 1, text)
        self.assertIn("FAILED: a router has ended", text)
        self.assertIn("no router today", text)

    def test_wrong_usage_is_refused(self):
        lab = subprocess.run([ROOT / "tools/scion-lab.sh", "--nonsense"], capture_output=True,
                             text=True, check=False)
        self.assertEqual(lab.returncode, 2)
        self.assertIn("usage: ", lab.stderr)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    missing = [one for one in PROGRAMS if not os.path.exists(os.path.join(sys.argv[1], one))]
    missing += [one for one in ("bash", "od", "awk", "mkfifo") if shutil.which(one) is None]
    if missing:
        print(f"{', '.join(missing)} is missing: skipped")
        return SKIPPED
    ScionLab.build = os.path.abspath(sys.argv[1])
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(ScionLab)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
