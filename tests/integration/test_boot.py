"""The unit under a systemd that is process 1: who the daemon is there, what it may, and that it comes back."""
import json
import os
import re
import unittest

from booted import System
from support import ROOT, read, until


class Booted(System):
    def show(self, name):
        return self.must("systemctl", "show", "--value", "-p", name, "cemsd").strip()

    def process(self, name):
        """A line of /proc/PID/status of the daemon."""
        return re.search(rf"^{name}:\s*(.*)$", self.must("cat", f"/proc/{self.show('MainPID')}/status"), re.M).group(1)

    def status(self):
        done = self.inside("cemsctl", "--config", "/etc/cemsd/cemsd.yaml", "--json", "status")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def figures(self):
        """Disclosures the journal holds."""
        return (self.status() or {"journal": {"durable": {"disclosure": 0}}})["journal"]["durable"]["disclosure"]

    def polls(self):
        """The analyzer answers, and figures come of it."""
        before = self.figures()
        until(lambda: (s := self.status()) and s["lines"][0]["last_answer"] and s["lines"][0]["state"] == "connected", "an answer")
        until(lambda: self.figures() > before + 1, "figures")

    def test_a_life_under_systemd(self):
        self.boot("WatchdogSec=4", "RestartSec=0")
        self.must("systemctl", "start", "cemsd")  # returns once READY=1 was said
        self.assertEqual(self.process("Uid").split()[0], self.must("id", "-u", "cemsd").strip())
        self.assertEqual((self.process("CapEff"), self.process("CapBnd")), ("0" * 16, "0" * 16))
        self.assertEqual((self.process("Seccomp"), self.process("NoNewPrivs")), ("2", "1"))
        self.polls()
        self.assertEqual(self.must("stat", "-c", "%U %a", "/var/lib/cemsd").split(), ["cemsd", "750"])
        self.assertEqual(self.must("stat", "-c", "%U %a", "/run/cemsd/control").split(), ["cemsd", "660"])
        # its root is read-only, and nothing else of the machine is within reach
        mounts = self.must("cat", f"/proc/{self.show('MainPID')}/mounts")
        self.assertRegex(mounts, r"(?m)^overlay / overlay ro,")
        self.must("systemctl", "reload", "cemsd")
        self.assertEqual(self.show("NRestarts"), "0")
        entry = json.loads(self.must("journalctl", "-u", "cemsd", "-o", "json", "--grep", "event=started").splitlines()[0])
        self.assertEqual((entry["SYSLOG_IDENTIFIER"], entry["_SYSTEMD_UNIT"], entry["PRIORITY"]), ("cemsd", "cemsd.service", "5"))
        first = self.show("MainPID")
        self.must("kill", "-KILL", first)
        until(lambda: self.show("NRestarts") == "1" and self.show("ActiveState") == "active" and self.show("MainPID") != first, "it to come back")
        self.polls()
        self.must("kill", "-STOP", self.show("MainPID"))  # nothing moves: nothing feeds the watchdog
        until(lambda: self.show("NRestarts") == "2" and self.show("ActiveState") == "active", "the watchdog to bite")
        self.assertIn("Watchdog timeout", self.must("journalctl", "-u", "cemsd", "--no-pager"))
        self.polls()
        self.must("systemctl", "stop", "cemsd")
        self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"))
        self.assertIn("disclosure: complete and unaltered from 1 to", self.must("cemsctl", "--journal", "/var/lib/cemsd/journal.db", "verify"))

    def test_under_a_user_made_for_it(self):
        self.write("dynamic-user.conf", read(os.path.join(ROOT, "systemd", "dynamic-user.conf")))
        self.boot()
        self.must("systemctl", "start", "cemsd")
        self.assertGreaterEqual(int(self.process("Uid").split()[0]), 61184)  # of the range systemd makes users of
        self.polls()
        first = self.figures()
        self.must("systemctl", "restart", "cemsd")
        self.assertGreaterEqual(self.figures(), first)  # the journal it had, whoever it is now
        self.polls()
        self.must("systemctl", "stop", "cemsd")
        self.assertEqual(self.show("Result"), "success")

    def test_a_wrong_configuration_is_not_tried_again(self):
        self.boot("RestartSec=0", config="site: {name: x}\n")
        self.assertNotEqual(self.inside("systemctl", "start", "cemsd").returncode, 0)
        self.assertEqual((self.show("ActiveState"), self.show("ExecMainStatus"), self.show("NRestarts")), ("failed", "78", "0"))
        self.assertIn("/etc/cemsd/cemsd.yaml:1:", self.must("journalctl", "-u", "cemsd", "--no-pager"))


if __name__ == "__main__":
    unittest.main()
