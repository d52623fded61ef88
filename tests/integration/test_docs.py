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

    ROW = re.compile(r"(?m)^\| `([\w-]+)` \| (.*?) \| (.*?) \| (.*) \|$")

    def test_the_chinese_reference_has_every_key_of_the_schema(self):
        """Section by section the same keys in the same order, with the same bounds, choices and defaults, and a meaning in Chinese."""
        printed = run(program("cemsd"), "--schema").stdout
        page = read(os.path.join(ROOT, "docs", "configuration.zh-CN.md"))
        sections = lambda text: re.findall(r"(?ms)^### ([^\n]*)\n(.*?)(?=^### |\Z)", text)
        english, chinese = sections(printed), sections(page)
        self.assertEqual([head for head, _ in chinese], ["文件", *(head for head, _ in english[1:])])
        default = lambda text: {"required": "必填", "none": "无", "`none`": "无"}.get(text, text)
        for (head, rows), (_, theirs) in zip(english, chinese):
            rows, theirs = self.ROW.findall(rows), self.ROW.findall(theirs)
            self.assertEqual([(key, default(fallback)) for key, _, fallback, _ in rows], [(key, fallback) for key, _, fallback, _ in theirs], head)
            for (key, value, _, _), (_, shown, _, meaning) in zip(rows, theirs):
                figures = r"-?\d[\d.e+-]*" if re.match("a |text|true", value) else r"[\w.+-]+"
                want = [w for w in re.findall(figures, value) if w != "or"]
                self.assertEqual(re.findall(figures, shown.replace("或", " ")), want, (head, key))
                self.assertRegex(meaning, r"[\u4e00-\u9fff]", (head, key))

    def test_the_table_of_hj212_commands_is_the_programs(self):
        printed = run(program("cemsctl"), "hj212", "commands").stdout.strip()
        for name in ("hj212.md", "hj212.zh-CN.md"):
            page = read(os.path.join(ROOT, "docs", name))
            kept = re.search(r"<!-- cemsctl hj212 commands -->\n(.*?)\n<!-- end -->", page, re.S).group(1).strip()
            self.assertEqual(kept, printed)

    def test_what_both_languages_say_is_the_same(self):
        """The pages in two languages have the same headings, blocks and tables, as far as that can be counted."""
        for name in ("quick-start", "commissioning", "operations", "hj212", "feeds", "configuration"):
            english, chinese = read(os.path.join(ROOT, "docs", name + ".md")), read(os.path.join(ROOT, "docs", name + ".zh-CN.md"))
            for what in (r"(?m)^## ", r"(?m)^### ", r"(?m)^```(?:sh|yaml)$", r"(?m)^\|"):
                self.assertEqual(len(re.findall(what, chinese)), len(re.findall(what, english)), (name, what))
            blocks = lambda text: re.findall(r"```sh\n(.*?)```", text, re.S)
            self.assertEqual(blocks(chinese), blocks(english), name)

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
