"""cemsctl: figures again from raw samples against an oracle that shares no code, and tampering that is found and named."""
import json
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import unittest
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from support import GatewayTest, Process, free_ports, program, request, run, until

BEIJING = timezone(timedelta(hours=8))


def iso(moment):
    return moment.astimezone(BEIJING).isoformat(timespec="milliseconds")


class Recompute(GatewayTest):
    CHANNELS = """      - {factor: a21026, interval_ms: 5000, range: [0, 300], source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 5000, source: {line: stack, address: 2}}"""

    def recompute(self, rows):
        self.config(channels=self.CHANNELS, realtime_s=60)
        samples = self.write("samples.csv", "time,outlet,factor,value,mark\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
        done = self.ctl("recompute", "--samples", samples)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_hours_equal_plain_arithmetic(self):
        """Random samples of six hours, some marked, some missing, oxygen sometimes near air; exact fractions beside it."""
        for seed in (1, 2, 3):
            dice = random.Random(seed)
            start = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
            rows, minutes = [], {}
            bad_until = -1
            for i in range(6 * 720):
                moment = start + timedelta(seconds=5 * i)
                if i > bad_until and dice.random() < 0.004:
                    bad_until = i + dice.randrange(400)
                mark = dice.choice("CMD") if i <= bad_until else "N" if dice.random() < 0.5 else ""
                so2, o2 = round(dice.uniform(5, 60), 2), round(dice.uniform(4, 20.6), 2)
                if dice.random() < 0.03:
                    continue
                rows.append((iso(moment), "DA001", "a19001", o2, ""))
                rows.append((iso(moment), "DA001", "a21026", so2, mark))
                if mark in ("", "N"):
                    value = Fraction(str(so2))
                    converted = value * 15 / (21 - Fraction(str(o2))) if o2 <= 20 else None
                    minutes.setdefault(i // 12, []).append((value, converted))
            hours = {}
            for minute, values in minutes.items():
                if len(values) * 4 >= 3 * 12:
                    good = [c for _, c in values if c is not None]
                    hours.setdefault(minute // 60, []).append((sum(v for v, _ in values) / len(values), sum(good) / len(good) if len(good) >= 9 else None))
            bodies = self.recompute(rows)
            got = {b["from"]: b["readings"][0] for b in bodies if b["stream"] == "disclosure" and b["period"] == "hour"}
            for hour in range(6):
                reading = got[iso(start + timedelta(hours=hour))]
                valid = hours.get(hour, [])
                self.assertEqual(reading["valid"], len(valid))
                if len(valid) < 45:
                    self.assertEqual((reading["value"], reading["reason"]), (None, "too-few-valid"))
                    continue
                self.assertAlmostEqual(reading["value"], float(sum(v for v, _ in valid) / len(valid)), delta=0.005 + 1e-9)
                good = [c for _, c in valid if c is not None]
                if len(good) < 45:
                    self.assertIsNone(reading["converted"])
                    self.assertIsNone(reading["exceeds"])
                else:
                    mean = sum(good) / len(good)
                    self.assertAlmostEqual(reading["converted"], float(mean), delta=0.005 + 1e-9)
                    self.assertEqual(reading["exceeds"], mean > 35)
            exceeding = {b["from"] for b in bodies if b["stream"] == "alarm" and b["kind"] == "exceed" and b["state"] in ("raised", "updated")}
            self.assertEqual(exceeding, {start for start, r in got.items() if r["exceeds"]})

    def test_bodies_come_in_the_order_of_time(self):
        start = datetime(2026, 11, 23, 8, tzinfo=BEIJING)
        rows = []
        for i in range(1440):
            moment = start + timedelta(seconds=5 * i)
            rows.append((int(moment.timestamp() * 1000), "DA001", "a19001", 6, "N"))
            if not 300 < i < 500:
                rows.append((int(moment.timestamp() * 1000), "DA001", "a21026", 20 if i % 100 else 500, "N"))
        bodies = self.recompute(rows)
        times = [b["time"] for b in bodies]
        self.assertEqual(times, sorted(times))
        self.assertTrue({"missing"} <= {b["kind"] for b in bodies if b["stream"] == "alarm"})
        self.assertTrue(all("seq" not in b and "prev" not in b for b in bodies))

    def test_bad_samples_are_named(self):
        self.config(channels=self.CHANNELS)
        for text, want in (("x\n", "samples.csv:1: the header must be time,outlet,factor,value,mark"),
                           ("time,outlet,factor,value,mark\nyesterday,DA001,a21026,1,N\n", ":2: the time is neither"),
                           ("time,outlet,factor,value,mark\n2026-11-23,DA009,a21026,1,N\n", ":2: the configuration has no such outlet and factor"),
                           ("time,outlet,factor,value,mark\n2026-11-23,DA001,a21026,one,N\n", ":2: the value is not a number"),
                           ("time,outlet,factor,value,mark\n2026-11-23,DA001,a21026,1,Q\n", ":2: unknown mark")):
            done = self.ctl("recompute", "--samples", self.write("samples.csv", text))
            self.assertEqual(done.returncode, 1)
            self.assertIn(want, done.stderr)


class Acknowledge(GatewayTest):
    def test_an_alarm_is_acknowledged_once_and_survives_a_restart_so(self):
        plant = self.plant()
        gateway = self.start(self.config())
        feed = self.subscribe()
        feed.wait("disclosure", period="realtime")
        plant.tell("signal so2 set 300")
        raised = feed.wait("alarm", kind="instantaneous", state="raised")
        self.assertEqual(self.ctl("ack", raised["id"]).returncode, 2)
        done = self.ctl("ack", raised["id"], "--by", "王工", "--note", "已通知运维")
        self.assertEqual((done.returncode, done.stdout), (0, raised["id"] + ": acknowledged\n"), done.stderr)
        told = feed.wait("alarm", id=raised["id"], state="acknowledged")
        self.assertEqual((told["by"], told["note"]), ("王工", "已通知运维"))
        again = self.ctl("ack", raised["id"], "--by", "x", "--note", "y")
        self.assertEqual((again.returncode, again.stderr), (1, f"cemsctl: {raised['id']}: it is acknowledged already\n"))
        unknown = self.ctl("ack", "nothing", "--by", "x", "--note", "y")
        self.assertEqual((unknown.returncode, unknown.stderr), (1, "cemsctl: nothing: there is no active alarm of that id\n"))
        # a subscriber's door is not the operator's
        refused = request(self.endpoint(self.replay_port), {"op": "ack", "id": raised["id"], "by": "x", "note": "y"})[1]
        self.assertIn("operator's door", refused["reason"])
        self.assertEqual(gateway.end(), 0)
        self.start(self.path("cemsd.yaml"))
        listed = [json.loads(l) for l in self.ctl("alarms", "--active", "--json").stdout.splitlines()]
        self.assertEqual([(a["id"], a["state"]) for a in listed if a["kind"] == "instantaneous"], [(raised["id"], "acknowledged")])
        plant.tell("clear")
        feed.wait("alarm", id=raised["id"], state="cleared")


class OwnAlarms(GatewayTest):
    def test_a_platform_that_is_away_is_said_until_it_can_be_reached(self):
        """On a clock 60 times as fast: a platform nobody listens at is missed after its minute."""
        port = free_ports(1)[0]
        self.plant()
        config = self.config(alarms="uplink: {minutes: 1}", extra=f"uplinks: [{{name: city, host: 127.0.0.1, port: {port}}}]")
        gateway = Process(program("cemsd_fast"), "--config", config, cwd=self.folder, env={**os.environ, "CEMSD_SPEED": "60"})
        self.processes.append(gateway)
        gateway.expect("event=started")
        feed = self.subscribe()
        raised = feed.wait("alarm", kind="uplink", state="raised")
        self.assertEqual((raised["subject"], raised["outlet"], raised["severity"]), ("city", "-", "warning"))
        self.assertIn("nothing acknowledged for", raised["text_en"])
        self.assertEqual(gateway.end(), 0)


class Verify(GatewayTest):
    def test_tampering_is_found_and_named(self):
        key = self.path("feed.pem")
        run(program("cemsctl"), "keygen", key)
        self.plant()
        config = self.config(key=f"signing_key: {key}")
        gateway = self.start(config)
        saved = self.path("messages")
        watch = Process(program("cemsctl"), "--config", config, "watch", "disclosure", "--count", "6", "--save", saved)
        self.processes.append(watch)
        until(lambda: watch.process.poll() is not None, "six messages")
        self.assertEqual(watch.end(), 0)
        self.assertEqual(gateway.end(), 0)
        public = key + ".pub"
        checked = run(program("cemsctl"), "verify", "--messages", saved, "--key", public)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertRegex(checked.stdout, r"disclosure: complete and unaltered from \d+ to \d+ \(6 entries, 6 signatures good\)")
        lines = open(saved, encoding="utf-8").read().splitlines()
        altered = json.loads(lines[3])
        altered["body"] = altered["body"].replace('"expected":5', '"expected":4')
        for name, text, want in (("altered", lines[:3] + [json.dumps(altered)] + lines[4:], "signature is not this key"),
                                 ("gap", lines[:2] + lines[4:], "not all there"), ("cut", lines[:2] + ["{}"], "not a saved message")):
            checked = run(program("cemsctl"), "verify", "--messages", self.write(name, "\n".join(text) + "\n"), "--key", public)
            self.assertIn(want, checked.stdout + checked.stderr, name)
            self.assertEqual(checked.returncode, 0 if name == "gap" else 1, name)
        other = self.path("other.pem")
        run(program("cemsctl"), "keygen", other)
        checked = run(program("cemsctl"), "verify", "--messages", saved, "--key", other + ".pub")
        self.assertEqual(checked.returncode, 1)
        harm = (("UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), 'DA001', 'DA002') AS BLOB) WHERE stream = 'disclosure' AND seq = 3", "disclosure/3: altered"),
                ("DELETE FROM entry WHERE stream = 'disclosure' AND seq = 3", "disclosure/3: missing: 3 to 3"),
                ("UPDATE entry SET seq = 99999 WHERE stream = 'sample' AND seq = 2", "sample/2: missing: 2 to"),
                ("UPDATE message SET signature = zeroblob(64) WHERE stream = 'disclosure' AND seq = 2", "disclosure/2: the signature is not this key"),
                ("DELETE FROM message WHERE stream = 'disclosure' AND seq = 2", "disclosure/2: its topic and signature are missing"),
                ("UPDATE entry SET hash = zeroblob(32) WHERE stream = 'event' AND seq = 1", "event/1: altered"))
        for sql, want in harm:
            copy = self.path("copy.db")
            shutil.copy(self.path("journal.db"), copy)
            with sqlite3.connect(copy) as db:
                db.execute(sql)
            db.close()
            checked = run(program("cemsctl"), "--journal", copy, "verify", "--key", public)
            self.assertEqual(checked.returncode, 1, sql)
            self.assertIn(want, checked.stdout, sql)
            os.unlink(copy)
        part = run(program("cemsctl"), "--journal", self.path("journal.db"), "verify", "--key", public, "--from", "2", "--to", "4", "--stream", "disclosure")
        self.assertEqual(part.returncode, 0)
        self.assertIn("complete and unaltered from 2 to 4 (3 entries, 3 signatures good)", part.stdout)

    def test_status_alarms_and_records_for_people_and_programs(self):
        plant = self.plant()
        config = self.config()
        self.start(config)
        sub = self.subscribe()
        plant.tell("signal so2 set 300")
        sub.wait("alarm", kind="instantaneous", state="raised")
        until(lambda: self.ctl("alarms", "--active").stdout.count("a21026") == 2, "the alarm in the journal")  # subject and id
        self.assertIn("stack", self.ctl("status").stdout)
        self.assertIn("300", self.ctl("status").stdout)
        by_endpoint = run(program("cemsctl"), "--connect", f"tcp://127.0.0.1:{self.replay_port}", "--json", "status")
        self.assertEqual(json.loads(by_endpoint.stdout)["mn"], "010000A8900016F000169DC0")
        sub.wait("disclosure", 90, period="minute")
        rows = [json.loads(l) for l in self.ctl("--json", "records", "--factor", "a21026", "--period", "minute").stdout.splitlines()]
        self.assertTrue(rows and rows[0]["outlet"] == "DA001")
        head, *lines = self.ctl("records", "--csv").stdout.splitlines()
        self.assertEqual(len(head.split(",")), 17)
        self.assertTrue(all(len(l.split(",")) == 17 for l in lines))
        self.assertEqual(self.ctl("records", "--from", "never").returncode, 2)
        self.assertEqual(run(program("cemsctl"), "--connect", "tcp://127.0.0.1:1", "status").returncode, 1)


class Completion(GatewayTest):
    def completed(self, *words):
        """What bash itself would offer for the last of the words."""
        script = run(program("cemsctl"), "completion", "bash").stdout
        line = " ".join(f"'{w}'" for w in ("cemsctl", *words))
        done = run("bash", "-c", f'{script}\nCOMP_WORDS=({line}) COMP_CWORD={len(words)}\n_cemsctl\nprintf "%s\\n" "${{COMPREPLY[@]}}"')
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_shells_know_the_commands(self):
        self.assertEqual(self.completed("re"), ["records", "report", "recompute"])
        self.assertEqual(self.completed("--server"), ["--server-key"])
        self.assertEqual(self.completed("--config", ""), [])  # a file: bash's own
        self.assertEqual(self.completed("verify", ""), [])
        self.assertIn("--messages", self.completed("verify", "--"))
        named = re.findall(r"^  (\w+) ", run(program("cemsctl"), "--help").stdout, re.M)
        self.assertEqual(re.findall(r"-a (\w+) -d", run(program("cemsctl"), "completion", "fish").stdout), named)
        self.assertEqual(re.findall(r'^        "(\w+):', run(program("cemsctl"), "completion", "zsh").stdout, re.M), named)
        self.assertEqual(run(program("cemsctl"), "completion", "tcsh").returncode, 2)


class Doctor(GatewayTest):
    def doctor(self, *options, language="C"):
        return subprocess.run([program("cemsctl"), "--config", self.path("cemsd.yaml"), *options, "doctor"], capture_output=True, text=True, timeout=60,
                              check=False, env=dict(os.environ, LC_ALL=language))

    def findings(self, done):
        return {f["subject"]: f["finding"] for f in json.loads(done.stdout)}

    def test_what_is_wrong_is_found_before_it_starts(self):
        key = self.path("feed.pem")
        self.assertEqual(run(program("cemsctl"), "keygen", key).returncode, 0)
        os.chmod(key, 0o644)
        self.config(key=f"signing_key: {key}", lines=f"""  - {{name: stack, modbus_rtu: {{device: {self.path('tty-that-is-not')}, baud: 9600}}}}
  - {{name: file, modbus_rtu: {{device: {self.path('cemsd.yaml')}, baud: 9600}}}}
  - {{name: void, modbus_rtu: {{device: /dev/null, baud: 9600}}}}""")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.replay_port))
            taken.listen()
            done, words = self.doctor("--json"), self.doctor().stdout
        self.assertEqual(done.returncode, 1, done.stderr)
        found = self.findings(done)
        clock = found.pop("clock")  # of this machine
        self.assertIn(clock, ("ok", "note"))
        self.assertEqual(found, {"configuration": "ok", "lines stack": "BAD", "lines file": "BAD", "lines void": "ok", "disk": "ok", "journal": "note", "feeds.signing_key": "BAD",
                                 "daemon": "note", "feeds.alarm": "ok", "feeds.disclosure": "ok", "feeds.replay": "BAD"})
        for said in ("chmod 600 it", "another program has this port: ss -ltnp", "there is no such device: plug it in"):
            self.assertIn(said, words)
        self.assertEqual(words.count("BAD"), 4)
        self.assertIn("没有这个设备", self.doctor(language="zh_CN.UTF-8").stdout)

    def test_what_is_well_is_said_to_be(self):
        key = self.path("feed.pem")
        self.assertEqual(run(program("cemsctl"), "keygen", key).returncode, 0)
        plant = self.plant()
        gateway = self.start(self.config(key=f"signing_key: {key}"))
        self.subscribe().wait("disclosure")
        done = self.doctor("--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        found = self.findings(done)
        self.assertEqual({s: found[s] for s in ("journal", "feeds.signing_key", "daemon", "daemon: line stack")}, dict.fromkeys(("journal", "feeds.signing_key", "daemon", "daemon: line stack"), "ok"))
        self.assertNotIn("feeds.alarm", found)  # the ports are the daemon's
        plant.end()
        until(lambda: self.findings(self.doctor("--json"))["daemon: line stack"] == "BAD", "the analyzer to be missed")
        self.assertEqual(gateway.end(), 0)
        self.write("cemsd.yaml", "site: {}\n")
        self.assertEqual(self.doctor().returncode, 78)


if __name__ == "__main__":
    unittest.main()
