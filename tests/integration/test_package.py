"""The Debian package: lintian finds no error; installed, upgraded, removed and purged in a system of its own (booted.sh)."""
import glob
import json
import os
import re
import shutil
import unittest

from booted import System
from support import ROOT, read, run, until

DEB = sorted(glob.glob(os.path.join(ROOT, "build", "release", "cemsd_*.deb")))


class Package(unittest.TestCase):
    def test_lintian(self):
        self.assertEqual(len(DEB), 1, "./dev package makes it")
        done = run("lintian", "--allow-root", "--fail-on", "error,warning", DEB[0])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_man_pages_name_what_there_is(self):
        with_help = run(os.path.join(ROOT, "build", "release", "bin", "cemsctl"), "--help").stdout
        commands = re.findall(r"^  (\w+) ", with_help, re.M)
        self.assertGreater(len(commands), 10)
        page = read(os.path.join(ROOT, "docs", "man", "cemsctl.1"))
        self.assertEqual(re.findall(r"^\.It Ic (\S+)$", page, re.M), commands)
        schema = run(os.path.join(ROOT, "build", "release", "bin", "cemsd"), "--schema").stdout
        sections = re.findall(r"^\| `(\w+)` ", schema.split("### ")[1], re.M)
        self.assertEqual(sorted(re.findall(r"^\.It Ic (\S+)$", read(os.path.join(ROOT, "docs", "man", "cemsd.yaml.5")), re.M)), sorted(sections))
        for name in ("cemsctl.1", "cemsd.8", "cemsd.yaml.5"):
            done = run("mandoc", "-T", "lint", "-W", "warning", os.path.join(ROOT, "docs", "man", name))
            self.assertEqual(done.returncode, 0, done.stdout)


class Installed(System):
    """What an operator does with it, in a system that is thrown away."""

    def newer(self):
        """The same package with a higher version, as the next release would be."""
        folder = self.path("newer")
        self.assertEqual(run("dpkg-deb", "-R", DEB[0], folder).returncode, 0)
        control = read(os.path.join(folder, "DEBIAN", "control"))
        self.write("newer/DEBIAN/control", re.sub(r"(?m)^Version: .*$", "Version: 9.9.9", control))
        with open(os.path.join(folder, "etc", "cemsd", "cemsd.yaml"), "a", encoding="utf-8") as out:
            out.write("# what the next release has to say\n")
        self.assertEqual(run("dpkg-deb", "--root-owner-group", "-b", folder, self.path("newer.deb")).returncode, 0)

    def health(self):
        """The console's answer inside."""
        return self.inside("/usr/bin/python3", "-c", "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8080/healthz').read().decode())").stdout.strip()

    def status(self):
        done = self.inside("cemsctl", "--config", "/etc/cemsd/cemsd.yaml", "--json", "status")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def starts(self):
        done = self.inside("sqlite3", "/var/lib/cemsd/journal.db", "SELECT count(*) FROM entry WHERE stream = 'event' AND kind = 'start'")
        return int(done.stdout or 0)

    def run_all(self, page):
        """Each command of the page's blocks, as it stands there."""
        self.assertGreater(len(self.run_page(page)), 3)
        self.must("sh", "-c", "rm /etc/cemsd/feed.pem* /var/lib/cemsd/copy.db* /var/lib/cemsd/stick.jsonl")

    def test_its_whole_life(self):
        self.assertEqual(len(DEB), 1, "./dev package makes it")
        shutil.copy(DEB[0], self.path("first.deb"))
        self.newer()
        self.boot_with()
        dpkg = lambda *options: self.must("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--force-confdef", "--force-confold", *options)
        dpkg("-i", "/srv/first.deb")
        self.assertEqual(self.must("systemctl", "is-enabled", "cemsd").strip(), "enabled")
        until(lambda: self.health() == "ok", "the console to say that it is well")
        self.assertEqual(self.status()["site"], "未命名 unnamed")  # it begins with nothing to measure
        self.assertEqual(self.must("stat", "-c", "%U %G %a", "/etc/cemsd", "/etc/cemsd/cemsd.yaml").split("\n")[:2], ["root cemsd 750", "root cemsd 640"])
        for page in ("docs/operations.md", "docs/operations.zh-CN.md"):
            self.run_all(page)
        # what an operator wrote stays through an upgrade, which starts the new program
        self.must("sh", "-c", "sed -i 's/未命名 unnamed/甲厂/' /etc/cemsd/cemsd.yaml && systemctl restart cemsd")
        until(lambda: (s := self.status()) and s["site"] == "甲厂", "the new name")
        starts = self.starts()
        dpkg("-i", "/srv/newer.deb")
        self.assertEqual(self.must("dpkg-query", "-W", "-f", "${Version}", "cemsd"), "9.9.9")
        until(lambda: self.starts() == starts + 1 and self.health() == "ok", "the upgraded daemon")
        self.assertEqual(self.status()["site"], "甲厂")
        self.assertIn("what the next release has to say", self.must("cat", "/etc/cemsd/cemsd.yaml.dpkg-dist"))
        # removed: it stops; configuration and journal stay
        dpkg("-r", "cemsd")
        self.assertEqual(self.inside("systemctl", "is-active", "cemsd").stdout.strip(), "inactive")
        self.must("test", "-e", "/etc/cemsd/cemsd.yaml")
        self.assertNotEqual(self.inside("test", "-e", "/usr/bin/cemsd").returncode, 0)
        # and comes back where it was
        dpkg("-i", "/srv/first.deb")
        until(lambda: (s := self.status()) and s["site"] == "甲厂", "it to come back")
        done = self.must("cemsctl", "--config", "/etc/cemsd/cemsd.yaml", "verify")
        self.assertIn("event: complete and unaltered from 1 to", done)
        # purged: the configuration goes, the journal is the law's
        dpkg("-P", "cemsd")
        self.assertNotEqual(self.inside("test", "-e", "/etc/cemsd/cemsd.yaml").returncode, 0)
        self.must("test", "-e", "/var/lib/cemsd/journal.db")
        self.assertEqual(self.inside("systemctl", "is-enabled", "cemsd").stdout.strip(), "")


if __name__ == "__main__":
    unittest.main()
