"""Quick start, commissioning guide, README and the page of the console, each command as it stands there, in a system of its own."""
import glob
import os
import re
import shutil
import unittest

from booted import System
from support import Process, ROOT, read, until

DEB = sorted(glob.glob(os.path.join(ROOT, "build", "release", "cemsd_*.deb")))
ALARM = re.compile(r"(?m)^\S+ raised +instantaneous +DA001 +a21026 ")


class Guided(System):
    def install(self):
        shutil.copy(DEB[0], self.path("cemsd.deb"))
        self.boot_with()
        self.must("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "-i", "/srv/cemsd.deb")


class Commissioning(Guided):
    def analyzer(self):
        """Station 3 on a serial line, low word first, as step 5 of the guide finds it; /dev/ttyUSB0 in that system."""
        self.write("plant.yaml", """signals:
  - {name: so2, base: 20.1}
  - {name: o2, base: 6}
devices:
  - name: bus
    pty: {link: /dev/ttyUSB0, baud: 9600}
    points:
      - {station: 3, address: 0, signal: so2, order: cdab}
      - {station: 3, address: 2, signal: o2, order: cdab}
""")
        # a pty stands for the converter: the unit allows serial devices only
        self.must("mkdir", "-p", "/etc/systemd/system/cemsd.service.d")
        self.must("sh", "-c", "printf '[Service]\\nDeviceAllow=char-pts rw\\n' > /etc/systemd/system/cemsd.service.d/pty.conf && systemctl daemon-reload")
        self.must("sh", "-c", f"cp {ROOT}/build/release/bin/plant /usr/bin/ && cat > /etc/plant.yaml <<'EOF'\n{read(self.path('plant.yaml'))}EOF")
        p = Process("nsenter", "--target", self.init, "--all", "/usr/bin/plant", "--scenario", "/etc/plant.yaml")
        self.processes.append(p)
        p.expect("^ready$")
        self.must("sh", "-c", "chown cemsd:dialout $(readlink -f /dev/ttyUSB0) && chmod 660 $(readlink -f /dev/ttyUSB0)")
        return p

    def minute_closes(self):
        until(lambda: "a21026" in self.inside("cemsctl", "--config", "/etc/cemsd/cemsd.yaml", "records").stdout, "the minute", 90)

    def commission(self, page):
        self.install()
        analyzer = self.analyzer()
        scan, shown, fitting, _, keys, started, alarms, proved = self.run_page(page, before={6: lambda: analyzer.tell("signal so2 set 300"), 7: self.minute_closes})
        self.assertRegex(scan, r"^station 3 +answers, the register holds \d+\n$")
        source = "source: {line: probe, station: 3, table: holding, address: %d, type: float32, order: cdab}   # %s\n"
        for said in (shown, fitting):
            self.assertIn(source % (0, "20.1"), said)
        self.assertIn(source % (2, "6"), shown)
        secret = re.search(r"(?m)^[0-9a-f]{32}$", keys).group(0)
        self.assertRegex(started, r"(?m)^OK")
        self.assertRegex(started, r"(?m)^ok +lines bus ")
        self.assertNotIn("BAD", started)
        self.assertRegex(started, r"(?m)^bus +connected ")
        self.assertRegex(started, r"(?m)^  a21026  二氧化硫 +20\.1 +20\.1 +mg/m3 +N ")
        self.assertRegex(alarms, ALARM)
        for stream in ("alarm", "disclosure", "sample", "event"):
            self.assertIn(f"{stream}: complete and unaltered from 1 to", proved)
        self.assertIn("DA001  a21026", re.sub(" +", "  ", proved))
        self.must("test", "-s", "/var/lib/cemsd/acceptance.db")
        page_of = lambda *options: self.inside("/usr/bin/python3", "-c", "import sys, urllib.request; r = urllib.request.Request('http://127.0.0.1:8080/', headers=dict([sys.argv[1:]] if sys.argv[1:] else []));"
                                               " print(urllib.request.urlopen(r).status)", *options)
        self.assertEqual(page_of("Authorization", f"Bearer {secret}").stdout, "200\n")
        self.assertIn("401", page_of().stderr)

    def test_commissioning_in_english(self):
        self.commission("docs/commissioning.md")

    def test_commissioning_in_chinese(self):
        self.commission("docs/commissioning.zh-CN.md")


class QuickStart(Guided):
    def quick_start(self, page):
        shutil.copy(DEB[0], self.path("cemsd.deb"))
        self.boot_with()
        said = self.run_page(page)
        self.assertIn("OK", said[1])
        self.assertRegex(said[2], r"(?m)^stack +connected ")
        self.assertRegex(said[3], ALARM)
        self.assertIn("disclosure: complete and unaltered from 1 to", said[4])
        self.assertIn("a21026|", said[4])
        until(lambda: self.inside("pgrep", "-x", "cemsd").returncode != 0, "both to be gone")

    def test_quick_start_in_english(self):
        self.quick_start("docs/quick-start.md")

    def test_quick_start_in_chinese(self):
        self.quick_start("docs/quick-start.zh-CN.md")

    def test_what_the_console_page_and_the_readme_say(self):
        self.install()
        text = read(os.path.join(ROOT, "README.md"))
        self.write("cemsd.yaml", re.search(r"```yaml\n(site:.*?)```", text, re.S).group(1))
        self.must("sh", "-c", f"cat > /etc/cemsd/cemsd.yaml <<'EOF'\n{read(self.path('cemsd.yaml'))}EOF")
        for page in ("README.md", "README.zh-CN.md"):
            said = self.run_page(page)
            self.assertIn("event: complete and unaltered", said[0])
            self.must("sh", "-c", "rm /etc/cemsd/feed.pem*")
        self.must("sh", "-c", "cemsctl keygen /etc/cemsd/feed.pem && chown cemsd:cemsd /etc/cemsd/feed.pem")
        self.must("sh", "-c", "echo 'console: {bind: \"127.0.0.1:8080\", access_file: /etc/cemsd/console.access}' >> /etc/cemsd/cemsd.yaml && systemctl restart cemsd || true")
        said = self.run_page("docs/console.md")
        self.assertRegex(said[0], r"^[0-9a-f]{32}\n")


class Pages(unittest.TestCase):
    """docs/proof.md: test_proof; operations: test_package; the rest above."""

    def test_every_command_is_run(self):
        """Whatever page has a block of commands is one that a test runs."""
        run_here = {"README.md", "README.zh-CN.md", "docs/quick-start.md", "docs/quick-start.zh-CN.md", "docs/commissioning.md", "docs/commissioning.zh-CN.md",
                    "docs/operations.md", "docs/operations.zh-CN.md", "docs/console.md", "docs/proof.md"}
        pages = [os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "README*.md")) + glob.glob(os.path.join(ROOT, "docs", "*.md"))]
        self.assertGreater(len(pages), 10)
        with_commands = {page for page in pages if "```sh\n" in read(os.path.join(ROOT, page))}
        self.assertEqual(with_commands, run_here)
        for page in pages:  # a command in a block of no language would escape
            for block in re.findall(r"(?ms)^```\n(.*?)^```", read(os.path.join(ROOT, page))):
                self.assertNotRegex(block, r"(?m)^(cemsctl|cemsd|systemctl|journalctl) ", page)


if __name__ == "__main__":
    unittest.main()
