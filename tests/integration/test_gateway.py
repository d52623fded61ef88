"""The real cemsd on a simulated plant: what subscribers see, what survives, what is refused."""
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import unittest

from support import GatewayTest, Process, ROOT, program, read, request, run, until


class Feeds(GatewayTest):
    def test_an_alarm_is_raised_and_cleared_and_a_stranger_can_prove_it(self):
        """The Python subscriber of the documents verifies signatures and chain of a live gateway."""
        key = self.path("feed.pem")
        self.assertEqual(run(program("cemsctl"), "keygen", key).returncode, 0)
        plant = self.plant()
        config = self.config(key=f"signing_key: {key}")
        gateway = self.start(config)
        script = os.path.join(ROOT, "docs", "clients", "subscriber.py")
        subscribers = {}
        for stream, port in (("alarm", self.alarm_port), ("disclosure", self.disclosure_port)):
            subscribers[stream] = Process("/usr/bin/python3", script, self.endpoint(port), self.endpoint(self.replay_port), stream, key + ".pub")
            self.processes.append(subscribers[stream])
        subscribers["disclosure"].expect('"period":"realtime"')
        plant.tell("signal so2 set 200")
        subscribers["alarm"].expect('"kind":"instantaneous","state":"raised"')
        plant.tell("clear")
        subscribers["alarm"].expect('"kind":"instantaneous","state":"cleared"')
        alarms = [json.loads(l) for l in subscribers["alarm"].lines]
        self.assertEqual([a["seq"] for a in alarms], list(range(1, len(alarms) + 1)))
        self.assertEqual(alarms[0]["value"], 200)  # at 6 % oxygen converted equals measured
        self.assertEqual(alarms[0]["limit"], 70)   # 2 × 35, 环发〔2015〕164号
        self.assertIn("二氧化硫", alarms[0]["text"])
        self.assertIn("sulfur dioxide", alarms[0]["text_en"])
        self.assertEqual({a["id"] for a in alarms if a["kind"] == "instantaneous"}, {alarms[0]["id"]})
        for s in subscribers.values():
            self.assertIsNone(s.process.poll(), s.lines[-3:])  # nothing failed to verify
        self.assertEqual(gateway.end(), 0)
        verified = self.ctl("verify")
        self.assertEqual(verified.returncode, 0, verified.stdout)
        self.assertIn("alarm: complete and unaltered from 1 to", verified.stdout)

    def test_heartbeats_name_the_end_of_the_chain(self):
        self.plant()
        self.start(self.config())
        sub = self.subscribe()
        sub.wait("disclosure", period="realtime")

        def consistent():
            beats = [json.loads(b) for t, b, _ in sub.messages if t == b"heartbeat/disclosure"]
            last = {b["seq"]: b for b in sub.bodies("disclosure")}
            return next((1 for beat in beats if beat["seq"] + 1 in last and last[beat["seq"] + 1]["prev"] == beat["hash"]), None)
        until(consistent, "a heartbeat whose hash is the prev of the next message")

    def test_replay_and_snapshot(self):
        plant = self.plant()
        self.start(self.config())
        sub = self.subscribe()
        plant.tell("signal so2 set 300")
        sub.wait("alarm", kind="instantaneous", state="raised")
        until(lambda: len(sub.bodies("disclosure")) >= 4, "four disclosures")
        ask = lambda r: request(self.endpoint(self.replay_port), r)
        messages, end = ask({"op": "replay", "stream": "disclosure", "after": 1, "max": 2})
        self.assertEqual([json.loads(m[1])["seq"] for m in messages], [2, 3])
        self.assertEqual(end, {"op": "end", "last": 3, "more": True})
        seen = {json.loads(b)["seq"]: b for t, b, _ in sub.messages if t.startswith(b"disclosure/")}
        for m in messages:
            if json.loads(m[1])["seq"] in seen:
                self.assertEqual(m[1], seen[json.loads(m[1])["seq"]])  # the very same bytes
        messages, end = ask({"op": "replay", "stream": "alarm", "topic": "alarm/010000A8900016F000169DC0/DA001/a19001"})
        self.assertEqual((messages, end["more"]), ([], False))
        messages, end = ask({"op": "snapshot"})
        topics = [m[0].decode() for m in messages]
        self.assertIn("alarm/010000A8900016F000169DC0/DA001/a21026", topics)
        self.assertIn("disclosure/010000A8900016F000169DC0/DA001/realtime", topics)
        self.assertEqual(set(end["seq"]), {"alarm", "disclosure"})
        for bad in (b"", b"{", b"[]", b'{"op":1}', b'{"op":"x"}', {"op": "replay"}, {"op": "replay", "stream": "sample"}, {"op": "replay", "stream": "alarm", "after": -1},
                    {"op": "replay", "stream": "alarm", "after": 2**63}, {"op": "replay", "stream": "alarm", "max": 0}, {"op": "replay", "stream": "alarm", "max": 10**9},
                    {"op": "replay", "stream": "alarm", "topic": "x" * 300}, b"\xff\x00", b'{"op":"replay","op":"status"}'):
            messages, end = ask(bad)
            self.assertEqual((messages, end["op"]), ([], "error"), bad)
            self.assertTrue(end["reason"])
        messages, end = ask({"op": "replay", "stream": "alarm", "after": 2**62})
        self.assertEqual((messages, end["op"]), ([], "end"))

    def test_nan_infinity_and_denormals_are_marked_never_averaged(self):
        plant = self.plant()
        self.start(self.config())
        sub = self.subscribe()
        sub.wait("disclosure", where=lambda b: b["readings"][0]["value"] == 20)
        for value, does in (("0", "nan"), ("inf", "set"), ("1e-40", "set")):
            plant.tell("clear")
            sub.wait("disclosure", where=lambda b, n=len(sub.messages): b["readings"][0]["mark"] == "N" and b["seq"] > json.loads(sub.messages[n - 1][1])["seq"])
            plant.tell(f"signal so2 {does} {value}")
            n = len(sub.messages)
            until(lambda: any(json.loads(m[1])["readings"][0]["mark"] == "D" for m in sub.messages[n:] if m[0].startswith(b"disclosure")), f"mark D for {value}")
        sub.wait("alarm", kind="instrument", state="raised")
        self.assertTrue(all(b["readings"][0]["value"] in (None, 20) for b in sub.bodies("disclosure")))


class Crashes(GatewayTest):
    def test_kill_and_restart_continue_numbering_windows_and_alarms(self):
        """kill -9 in the middle of a minute: the seq go on, the minute is whole, the active alarm is not raised again."""
        plant = self.plant()
        config = self.config(realtime_s=2)
        gateway = self.start(config)
        sub = self.subscribe()
        until(lambda: 2 < time.time() % 60 < 25, "a minute with room before its end", 65)
        start_of_minute = int(time.time() // 60) * 60
        plant.tell("signal so2 set 300")
        raised = sub.wait("alarm", kind="instantaneous", state="raised")
        until(lambda: time.time() % 60 > 30, "half a minute of samples", 65)
        gateway.end(signal.SIGKILL)
        before = sub.bodies("disclosure")[-1]["seq"]
        gateway = self.start(config)
        self.assertTrue(gateway.expect(r"event=restored samples=[1-9]"))
        minute = sub.wait("disclosure", 90, period="minute", where=lambda b: b["from"].startswith(time.strftime("%Y-%m-%dT%H:%M", time.gmtime(start_of_minute + 8 * 3600))))
        reading = minute["readings"][0]
        self.assertGreater(reading["valid"], 150)  # all that can come after second 30: what came before the crash counts
        plant.tell("clear")
        cleared = sub.wait("alarm", kind="instantaneous", state="cleared")
        self.assertEqual(cleared["id"], raised["id"])
        alarms = sub.bodies("alarm", kind="instantaneous")
        self.assertEqual(len({a["seq"] for a in alarms if a["state"] == "raised"}), 1)
        self.assertEqual(gateway.end(), 0)
        seqs = sorted({b["seq"] for b in sub.bodies("disclosure")})
        self.assertEqual(seqs[-1] - seqs[0] + 1, len(seqs))
        self.assertGreater(seqs[-1], before)
        self.assertEqual(self.ctl("verify").returncode, 0)
        self.recompute_agrees()

    def recompute_agrees(self):
        """What was published is what the raw samples of the journal give, byte for byte, restart or not."""
        again = self.ctl("recompute", "--from-journal")
        self.assertEqual(again.returncode, 0, again.stderr)
        figures = lambda body: {k: v for k, v in body.items() if k not in ("seq", "prev")}
        key = lambda b: (b["outlet"], b["period"], b["from"]) if b["stream"] == "disclosure" else (b["id"], b["state"], b["time"])
        recomputed = {key(b): figures(b) for b in map(json.loads, again.stdout.splitlines())}
        published = [json.loads(row[0]) for row in sqlite3.connect(self.path("journal.db")).execute("SELECT body FROM entry WHERE stream IN ('alarm', 'disclosure') ORDER BY stream, seq")]
        self.assertGreater(len(published), 20)
        differing = [b for b in published if figures(b) != recomputed.get(key(b))]
        self.assertEqual(differing, [])

    def test_fifty_kills_lose_nothing(self):
        plant = self.plant()
        config = self.config()
        sub = self.subscribe()
        for i in range(50):
            gateway = self.start(config)
            plant.tell("signal so2 set 400" if i % 2 else "clear")
            gateway.expect("event=started")
            n = len(sub.messages)
            until(lambda: len(sub.messages) > n + i % 4, "messages")
            gateway.end(signal.SIGKILL)
        gateway = self.start(config)
        self.assertEqual(gateway.end(), 0)
        kept = {(r[0], r[1]): r[2] for r in sqlite3.connect(self.path("journal.db")).execute("SELECT stream, seq, body FROM entry")}
        for topic, body, _ in sub.messages:
            if not topic.startswith(b"heartbeat"):
                parsed = json.loads(body)
                self.assertEqual(kept[parsed["stream"], parsed["seq"]], body)
        verified = self.ctl("verify")
        self.assertEqual(verified.returncode, 0, verified.stdout)


class Reload(GatewayTest):
    def test_a_bad_file_changes_nothing_and_is_an_alarm_a_good_one_applies(self):
        plant = self.plant()
        config = self.config()
        good = read(config)
        gateway = self.start(config)
        sub = self.subscribe()
        sub.wait("disclosure", where=lambda b: len(b["readings"]) == 2 and b["readings"][0]["value"] == 20)
        self.write("cemsd.yaml", good.replace("a19001", "a99999"))
        gateway.process.send_signal(signal.SIGHUP)
        raised = sub.wait("alarm", kind="config", state="raised")
        self.assertIn("unknown factor a99999", raised["text_en"])
        self.assertEqual((raised["outlet"], raised["subject"]), ("-", "config"))
        gateway.expect("event=kept-old")
        n = len(sub.messages)
        until(lambda: any(m[0].endswith(b"realtime") for m in sub.messages[n:]), "it goes on")
        self.write("cemsd.yaml", good.replace("range: [0, 500], ", "range: [0, 500], limits: [{max: 5, source: permit}], "))
        gateway.process.send_signal(signal.SIGHUP)
        sub.wait("alarm", kind="config", state="cleared")
        gateway.expect("event=reloaded")
        plant.tell("signal so2 set 11")  # 11 > 2 × 5: the new limit is in force
        sub.wait("alarm", kind="instantaneous", state="raised", where=lambda b: b["limit"] == 10)
        self.write("cemsd.yaml", good.replace(str(self.alarm_port), "1"))
        gateway.process.send_signal(signal.SIGHUP)
        refused = sub.wait("alarm", kind="config", state="raised", where=lambda b: b["id"] != raised["id"])
        self.assertIn("restart cemsd for that", refused["text_en"])
        self.assertEqual(gateway.end(), 0)

    def test_each_change_of_the_configuration_is_kept_without_its_secrets(self):
        self.plant()
        config = self.config(extra="uplinks:\n  - {name: city, host: 127.0.0.1, port: 9, version: 2017, password: \"geh7ei\", realtime_s: 30}")
        good = read(config)
        gateway = self.start(config)
        self.write("cemsd.yaml", good.replace("range: [0, 500], ", "range: [0, 400], ", 1).replace("geh7ei", "and8rs"))
        gateway.process.send_signal(signal.SIGHUP)
        gateway.expect("event=reloaded")
        self.assertEqual(gateway.end(), 0)
        self.write("cemsd.yaml", good + "# a word more\n")
        gateway = self.start(config)
        self.assertEqual(gateway.end(), 0)
        gateway = self.start(config)  # the same again is no news
        self.assertEqual(gateway.end(), 0)
        with sqlite3.connect(self.path("journal.db")) as db:
            events = [json.loads(row[0]) for row in db.execute("SELECT body FROM entry WHERE stream = 'event' AND kind = 'config' ORDER BY seq")]
            everything = b"".join(bytes(row[0]) if isinstance(row[0], bytes) else row[0].encode() for row in db.execute("SELECT body FROM entry"))
        self.assertEqual(len(events), 3)
        self.assertIsNone(events[0]["before_sha256"])
        self.assertEqual([e["before_sha256"] for e in events[1:]], [e["config_sha256"] for e in events[:2]])
        removed, added = ([line for line in events[1]["diff"] if line[0] == sign] for sign in "-+")
        self.assertEqual((len(removed), len(added)), (1, 1))
        self.assertIn("range: [0, 500]", removed[0])
        self.assertEqual(added[0], removed[0].replace("500", "400").replace("-", "+", 1))
        self.assertTrue(any(line[0] == "+" and line.endswith("# a word more") for line in events[2]["diff"]))
        self.assertIn('password: "***"', events[0]["text"])
        for secret in (b"geh7ei", b"and8rs"):
            self.assertNotIn(secret, everything)
            self.assertNotIn(secret.decode(), "\n".join(line for p in self.processes for line in getattr(p, "lines", [])))

    def test_a_line_can_be_replaced_while_a_minute_is_in_progress(self):
        self.plant()
        config = self.config()
        good = read(config)
        gateway = self.start(config)
        sub = self.subscribe()
        until(lambda: 2 < time.time() % 60 < 30, "a minute with room before its end", 65)
        sub.wait("disclosure", where=lambda b: b["readings"][0]["value"] == 20)
        minute = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 8 * 3600))
        self.write("cemsd.yaml", good.replace("timeout_ms: 300", "timeout_ms: 250"))
        gateway.process.send_signal(signal.SIGHUP)
        gateway.expect("event=reloaded")
        closed = sub.wait("disclosure", 90, period="minute", where=lambda b: b["from"].startswith(minute))
        first = sub.bodies("disclosure")[0]["time"]
        self.assertGreaterEqual(closed["readings"][0]["valid"], 120, f"began {first}")  # what came before the reload counts
        self.assertEqual(gateway.end(), 0)


class Refusals(GatewayTest):
    def start_fails(self, config, code, *words, **options):
        done = run(program("cemsd"), "--config", config, cwd=self.folder, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_usage_and_configuration(self):
        self.assertEqual(run(program("cemsd")).returncode, 2)
        self.assertEqual(run(program("cemsd"), "--what").returncode, 2)
        self.assertEqual(run(program("cemsd"), "--help").returncode, 0)
        self.start_fails(self.write("bad.yaml", "site: {name: [}"), 78, "not valid YAML")
        checked = run(program("cemsd"), "--check", "--config", self.write("bad.yaml", "site: 1\nx: 2\n"))
        self.assertEqual(checked.returncode, 78)
        self.assertIn("bad.yaml:2:1: x: unknown key", checked.stdout)
        checked = run(program("cemsd"), "--check", "--config", self.config())
        self.assertEqual(checked.returncode, 0)
        self.assertRegex(checked.stdout, r"(?m)^OK: ")

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.alarm_port))
            taken.listen()
            self.start_fails(self.config(), 1, "feeds.alarm: bind", "Address already in use")

    def test_a_journal_that_is_something_else(self):
        self.write("journal.db", "not a database at all, but long enough to be read as a header of one" * 4)
        self.start_fails(self.config(), 1, "is not a database", "it was not touched")
        self.assertTrue(read(self.path("journal.db")).startswith("not a database"))

    def test_a_key_others_can_read(self):
        run(program("cemsctl"), "keygen", self.path("feed.pem"))
        os.chmod(self.path("feed.pem"), 0o640)
        self.start_fails(self.config(key=f"signing_key: {self.path('feed.pem')}"), 1, "chmod 600")

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_a_journal_it_may_not_write(self):
        config = self.config()
        gateway = self.start(config)
        self.assertEqual(gateway.end(), 0)
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("journal.db"), 0o444)
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        done = run(*nobody, program("cemsd"), "--config", config, cwd="/")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("give the daemon a folder it may write in", done.stderr)
        os.chmod(self.folder, 0o777)
        os.chmod(self.path("journal.db-writer"), 0o666)
        done = run(*nobody, program("cemsd"), "--config", config, cwd="/")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("is read-only: make it writable", done.stderr)

    def test_a_full_disk_refuses_to_start_and_stops_nothing_that_runs(self):
        """RLIMIT_FSIZE stands for the full disk: writes beyond it fail. Recording waits, nothing is published meanwhile."""
        config = self.config()
        done = run("bash", "-c", f"ulimit -S -f 1; exec {program('cemsd')} --config {config}", cwd=self.folder)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("journal", done.stderr)
        self.assertTrue(os.path.exists(self.path("journal.db")))  # never deleted
        os.unlink(self.path("journal.db"))
        self.plant()
        gateway = self.start(config, wrapper=("bash", "-c", 'ulimit -S -f 400; exec "$@"', "-"))
        sub = self.subscribe()
        gateway.expect("event=write-failed retry=yes", 90)
        status = until(lambda: (lambda s: s if s["journal"]["error"] else None)(self.status()), "the error in the status")
        self.assertGreater(status["journal"]["waiting_bytes"], 0)
        durable = status["journal"]["durable"]["disclosure"]
        self.assertLessEqual(max([b["seq"] for b in sub.bodies("disclosure")], default=0), durable)
        pid = gateway.process.pid
        subprocess.run(["prlimit", f"--pid={pid}", "--fsize=unlimited"], check=True)  # somebody freed space
        until(lambda: self.status()["journal"]["error"] is None, "recording goes on")
        self.assertEqual(gateway.end(), 0)
        self.assertEqual(self.ctl("verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
