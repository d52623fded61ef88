"""The documents are true: the reference is the schema's, the configurations in them pass, the links lead somewhere."""
import glob
import json
import os
import re
import unittest

from support import GatewayTest, PROMTOOL, ROOT, program, read, run


class Docs(GatewayTest):
    def test_the_configuration_reference_is_the_schema(self):
        printed = run(program("cemsd"), "--schema").stdout.strip()
        page = read(os.path.join(ROOT, "docs", "configuration.md"))
        kept = re.search(r"<!-- cemsd --schema -->\n(.*?)\n<!-- end -->", page, re.S).group(1).strip()
        self.assertEqual(kept, printed)

    def test_the_table_of_hj212_commands_is_the_programs(self):
        printed = run(program("cemsctl"), "hj212", "commands").stdout.strip()
        page = read(os.path.join(ROOT, "docs", "hj212.md"))
        kept = re.search(r"<!-- cemsctl hj212 commands -->\n(.*?)\n<!-- end -->", page, re.S).group(1).strip()
        self.assertEqual(kept, printed)

    def test_every_oddity_is_explained(self):
        page = read(os.path.join(ROOT, "docs", "hj212.md"))
        with open(os.path.join(ROOT, "tests", "conformance", "hj212", "oddities.json")) as file:
            for line in json.load(file):
                for quirk in line["quirks"]:
                    self.assertIn(quirk, page)

    def test_every_configuration_shown_passes(self):
        shown = 0
        pages = [os.path.join(ROOT, "README.md")] + sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))
        files = sorted(glob.glob(os.path.join(ROOT, "config", "examples", "*.yaml")))
        for page in pages:
            for n, text in enumerate(re.findall(r"```yaml\n(site:.*?)```", read(page), re.S)):
                files.append(self.write(f"{os.path.basename(page)}-{n}.yaml", text))
        for file in files:
            checked = run(program("cemsd"), "--check", "--config", file)
            self.assertEqual(checked.returncode, 0, file + "\n" + checked.stdout)
            shown += 1
        self.assertGreaterEqual(shown, 4)  # README, three examples

    def test_links_lead_somewhere(self):
        for page in [os.path.join(ROOT, n) for n in ("README.md", "README.zh-CN.md")] + glob.glob(os.path.join(ROOT, "docs", "*.md")):
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(page)):
                if not target.startswith("http"):
                    self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), target)), f"{page}: {target}")

    def test_rules_and_dashboard_ask_for_what_there_is(self):
        sources = [os.path.join(ROOT, "daemon", "metrics.c")] + sorted(glob.glob(os.path.join(ROOT, "daemon", "publish", "uplink", "*.c")))
        told = set(re.findall(r'"(cemsd_\w+)', "".join(read(source) for source in sources)))
        self.assertGreater(len(told), 20)
        rules, board = (os.path.join(ROOT, "docs", "monitoring", name) for name in ("cemsd-alerts.yaml", "cemsd-dashboard.json"))
        for file in (rules, board):
            asked = set(re.findall(r"cemsd_\w+", read(file)))
            self.assertGreater(len(asked), 5)
            self.assertEqual(asked - told, set(), file)
        checked = run(PROMTOOL, "check", "rules", rules)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        with open(board, encoding="utf-8") as file:
            panels = json.load(file)["panels"]
        self.assertEqual(len({p["id"] for p in panels}), len(panels))

    def test_systemd_accepts_the_unit(self):
        unit = read(os.path.join(ROOT, "systemd", "cemsd.service")).replace("/usr/bin/cemsd", program("cemsd"))
        checked = run("systemd-analyze", "verify", "--man=no", self.write("cemsd.service", unit))
        self.assertEqual((checked.returncode, [l for l in checked.stderr.splitlines() if "cemsd" in l]), (0, []))
        self.assertIn("Type=notify", unit)
        self.assertIn("WatchdogSec=", unit)

    def test_help_names_every_command(self):
        text = run(program("cemsctl"), "--help").stdout
        for command in ("status", "backlog", "doctor", "probe", "watch", "alarms", "ack", "report", "records", "verify", "checkpoint", "prove", "export", "backup",
                        "keygen", "access", "recompute", "completion", "hj212"):
            self.assertIn(f"  {command} ", text)
        self.assertEqual(run(program("cemsctl"), "dance").returncode, 2)


if __name__ == "__main__":
    unittest.main()
