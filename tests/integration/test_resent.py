"""What an analyzer sends again after its line was down (HJ 212-2025, RF=1), on a fast clock: it counts when it was measured,
the hour that had closed without it is told again, and a kill in the middle changes nothing of that."""
import json
import os
import signal
import sqlite3
import sys
import time
import unittest

import samples
from support import GatewayTest, Process, ROOT, free_ports, program, until

sys.path.insert(0, os.path.join(ROOT, "tests", "plant"))
import hj212
from analyzers import Analyzer

MN = "88888880000001"
SPEED = 300
START_MS = 1772323200000  # 2026-03-01T08:00:00+08:00
CHANNELS = """      - {factor: a21026, interval_ms: 20000, source: {line: stack}, limits: [{period: hour, max: 22, source: permit}]}
      - {factor: a19001, interval_ms: 20000, source: {line: stack}}"""


class Resent(GatewayTest):
    def now_ms(self):
        return START_MS + (time.time() * 1000 - self.origin_ms) * SPEED

    def begin(self):
        environment = dict(os.environ, CEMSD_SPEED=str(SPEED), CEMSD_START_MS=str(START_MS), CEMSD_ORIGIN_MS=str(self.origin_ms))
        p = Process(program("cemsd_fast"), "--config", self.path("cemsd.yaml"), cwd=self.folder, env=environment)
        self.processes.append(p)
        p.expect("event=started")
        return p

    def area(self, at_ms, value):
        return f"DataTime={hj212.stamp(at_ms / 1000)};a21026-Rtd={value},a21026-Flag=N;a19001-Rtd=6,a19001-Flag=N"

    def live(self, until_ms):
        """A frame three times a minute, each in its minute by a margin."""
        at_ms = (int(self.now_ms()) // 20000 + 1) * 20000 + 10000
        while at_ms < until_ms:
            while self.now_ms() < at_ms:
                time.sleep(0.001)
            self.analyzer.upload(2011, self.area(at_ms, 10), ack=False)
            at_ms += 20000

    def connect(self):
        self.analyzer = Analyzer(self.line_port, mn=MN, version=2025)

    def hours(self, start):
        """Every telling of one hour, in order: (revision, value, valid)."""
        with sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT body FROM entry WHERE stream = 'disclosure' AND kind = 'hour' ORDER BY seq").fetchall()
        bodies = [json.loads(row[0]) for row in rows]
        return [(b["revision"], r["value"], r["valid"]) for b in bodies if b["from"].startswith(start)
                for r in b["readings"] if r["factor"] == "a21026"]

    def test_an_hour_is_told_again_with_what_was_missing(self):
        self.line_port = free_ports(1)[0]
        line = f"  - {{name: stack, hj212_listen: {{bind: '127.0.0.1:{self.line_port}', mn: [{MN}]}}}}"
        self.config(lines=line, channels=CHANNELS, standard="", realtime_s=10)
        self.origin_ms = int(time.time() * 1000)
        daemon = self.begin()
        self.connect()
        minute, hour = 60000, START_MS + 3600000
        self.live(START_MS + 20 * minute)
        gone = range(START_MS + 20 * minute + 10000, START_MS + 50 * minute, 20000)
        self.analyzer.close()
        while self.now_ms() < START_MS + 50 * minute:
            time.sleep(0.01)
        self.connect()
        self.live(hour + 2 * minute)
        until(lambda: self.hours("2026-03-01T08:00"), "the hour to close")
        revision, value, valid = self.hours("2026-03-01T08:00")[0]
        self.assertEqual((revision, value), (0, None))
        self.assertLess(valid, 45)
        half = len(gone) // 2
        for at_ms in gone[:half]:
            self.analyzer.upload(2011, self.area(at_ms, 40), ack=False, extra="RF=1;")
        until(lambda: self.samples(gone[0], gone[half - 1]) == half, "the first half to be durable")
        daemon.end(signal.SIGKILL)
        daemon = self.begin()
        self.connect()
        for at_ms in gone[half:]:
            self.analyzer.upload(2011, self.area(at_ms, 40), ack=False, extra="RF=1;")
        until(lambda: self.hours("2026-03-01T08:00")[-1][2] == valid + 30, "the hour to be told again with all of it", 60)
        told = self.hours("2026-03-01T08:00")
        # so many minutes of 10 as were valid at first, and 30 of 40
        want = (valid * 10 + 30 * 40) / (valid + 30)
        self.assertGreater(valid, 20)
        self.assertAlmostEqual(told[-1][1], want, 2)
        self.assertEqual([t[0] for t in told], list(range(len(told))))
        with sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True) as db:
            alarms = [json.loads(row[0]) for row in db.execute("SELECT body FROM entry WHERE stream = 'alarm' ORDER BY seq")]
        exceed = [a for a in alarms if a["kind"] == "exceed" and a["from"].startswith("2026-03-01T08:00")]
        self.assertEqual([a["state"] for a in exceed], ["raised"])
        self.assertAlmostEqual(exceed[0]["value"], want, 2)
        daemon.end(signal.SIGKILL)
        daemon = self.begin()
        self.connect()
        self.live(self.now_ms() + 3 * minute)  # it had its chance to say it once more
        self.assertEqual(self.hours("2026-03-01T08:00"), told)
        self.assertEqual(daemon.end(), 0)

    def samples(self, from_ms, to_ms):
        """Raw values of a21026 in the journal measured within [from_ms, to_ms] by their own time."""
        with sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True) as db:
            so2 = db.execute("SELECT id FROM channel WHERE factor = 'a21026'").fetchone()[0]
        return sum(channel == so2 and own and from_ms <= at <= to_ms for channel, at, _, _, own in samples.read(self.path("journal.db")))


if __name__ == "__main__":
    unittest.main()
