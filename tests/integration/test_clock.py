"""The wall clock is set while the daemon measures: forward by hours, back by minutes, by an hour, by days. It goes on, says so
once each, tells no period twice, and the journal stays whole. On a clock 300 times as fast, so that hours pass."""
import contextlib
import datetime
import json
import os
import sqlite3
import struct
import time
import unittest

from support import GatewayTest, Process, program, until

SPEED = 300
START_MS = 1772323200000  # 2026-03-01T08:00:00+08:00
MINUTE, HOUR, DAY = 60000, 3600000, 86400000


class Clock(GatewayTest):
    def begin(self):
        self.analyzers = self.plant()
        self.config(realtime_s=60, channels="""      - {factor: a21026, interval_ms: 20000, source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 20000, source: {line: stack, address: 2}}""")
        with open(self.path("step"), "wb") as file:
            file.write(struct.pack("=q", 0))
        environment = dict(os.environ, CEMSD_SPEED=str(SPEED), CEMSD_START_MS=str(START_MS),
                           CEMSD_ORIGIN_MS=str(int(time.time() * 1000)), CEMSD_STEP=self.path("step"))
        p = Process(program("cemsd_fast"), "--config", self.path("cemsd.yaml"), cwd=self.folder, env=environment)
        self.processes.append(p)
        p.expect("event=started")
        return p

    def set_clock(self, by_ms):
        with open(self.path("step"), "r+b") as file:
            now = struct.unpack("=q", file.read(8))[0]
            file.seek(0)
            file.write(struct.pack("=q", now + by_ms))

    def bodies(self, stream, kind="%"):
        with contextlib.closing(sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT body FROM entry WHERE stream = ? AND kind LIKE ? ORDER BY seq", (stream, kind)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def said(self, by_ms):
        """To a minute: that is a fifth of a second the machine may take between reading one clock and the other."""
        steps = [float(e["detail"].split()[-2]) for e in self.bodies("event", "clock") if "stepped by" in e["detail"]]
        return any(abs(step - by_ms / 1000) < 60 for step in steps)

    def lives(self):
        """Of each alarm: its states."""
        lives = {}
        for alarm in self.bodies("alarm"):
            lives.setdefault(alarm["id"], []).append(alarm["state"])
        return lives

    def active(self):
        return [id_ for id_, states in self.lives().items() if states[-1] != "cleared"]

    def minutes(self):
        return self.bodies("disclosure", "minute")

    def goes_on(self, what):
        count = len(self.minutes())
        until(lambda: len(self.minutes()) >= count + 5, f"five more minutes after {what}")

    def test_a_restart_counts_silence_from_when_it_listened(self):
        """An analyzer that never spoke is missed five minutes after the first start, not after the begin of the hour."""
        first_ms = START_MS + 40 * MINUTE
        self.config(realtime_s=60, channels="      - {factor: a21026, interval_ms: 20000, source: {line: stack, address: 0}}")
        environment = dict(os.environ, CEMSD_SPEED="60", CEMSD_START_MS=str(first_ms), CEMSD_ORIGIN_MS=str(int(time.time() * 1000)))
        for alarms in (False, False, True):
            p = Process(program("cemsd_fast"), "--config", self.path("cemsd.yaml"), cwd=self.folder, env=environment)
            self.processes.append(p)
            p.expect("event=started")
            told = len(self.minutes())
            until(lambda: self.lives() if alarms else len(self.minutes()) > told, "word of what is missing" if alarms else "a minute")
            self.assertEqual(p.end(), 0)
            self.assertEqual(bool(self.lives()), alarms)
        missing = next(a for a in self.bodies("alarm") if a["kind"] == "missing")
        raised_ms = datetime.datetime.fromisoformat(missing["time"]).timestamp() * 1000
        self.assertAlmostEqual(raised_ms - first_ms, 5 * MINUTE, delta=MINUTE)  # a start may take a second, that is a minute here

    def test_the_clock_is_set(self):
        daemon = self.begin()
        self.goes_on("the start")
        # the fifth goes back by more than a day, to minutes that are told
        steps = (3 * HOUR, -5 * MINUTE, -HOUR, 2 * DAY, -2 * DAY - 30 * MINUTE, 10 * MINUTE, -9 * MINUTE)
        for n, by_ms in enumerate(steps):
            if n == 4:
                self.analyzers.tell("signal so2 set 400")
                until(lambda: any("instantaneous" in i for i in self.active()), "an alarm that lives through it")
            self.set_clock(by_ms)
            until(lambda: self.said(by_ms), f"word of {by_ms} ms")
            self.goes_on(by_ms)
            self.analyzers.tell("clear")
        until(lambda: not any("instantaneous" in i for i in self.active()), "it to be over")
        self.assertEqual(daemon.end(), 0)
        told = [(m["from"], m["revision"]) for m in self.minutes()]
        self.assertEqual(len(told), len(set(told)), "no minute is told twice")
        again = [m for m in self.minutes() if m["revision"] > 0]
        self.assertTrue(again)
        for m in again:
            self.assertEqual(m["replaces"], {"revision": m["revision"] - 1, "from": m["from"]})
        with contextlib.closing(sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True)) as db:
            self.assertEqual(db.execute("SELECT max(revision) FROM record WHERE period = 'minute'").fetchone()[0], 1)
        clock = [states for id_, states in self.lives().items() if "-clock-" in id_]
        self.assertTrue(clock)
        for id_, states in self.lives().items():
            self.assertEqual((states[0], states.count("raised")), ("raised", 1), id_)
            self.assertNotIn("cleared", states[:-1], id_)
        verified = self.ctl("verify")
        self.assertEqual(verified.returncode, 0, verified.stdout)
        again = self.begin_again()
        self.assertEqual(again.end(), 0)

    def begin_again(self):
        p = Process(program("cemsd"), "--config", self.path("cemsd.yaml"), cwd=self.folder)  # and by a clock that is right at last
        self.processes.append(p)
        p.expect("event=started")
        return p


if __name__ == "__main__":
    unittest.main()
