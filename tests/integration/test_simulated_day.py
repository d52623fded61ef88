"""A day of a plant on a fast clock, told to three platforms (2005, 2017, 2025 encrypted) over bad networks: every minute, hour
and day the journal holds arrives, exactly once after DataTime and part are looked at, in order, whatever is cut or killed."""
import os
import random
import re
import signal
import sqlite3
import subprocess
import time
import unittest

from support import program, until, request, Process
from test_uplink import KEY, Uplinked

import hj212

SPEED = int(os.environ.get("CEMSD_DAY_SPEED", "480"))
DAY_MS = 86400000
START_MS = 1772293800000  # 2026-02-28T23:50:00+08:00: the day is the 1st of March
END_MS = START_MS + DAY_MS + 20 * 60000
PERIODS = {"2051": "minute", "2061": "hour", "2031": "day"}


class Day(Uplinked):
    def environment(self):
        return dict(os.environ, CEMSD_SPEED=str(SPEED), CEMSD_START_MS=str(START_MS), CEMSD_ORIGIN_MS=str(self.origin_ms))

    def now_ms(self):
        return START_MS + (time.time() * 1000 - self.origin_ms) * SPEED

    def run_daemon(self):
        p = Process(program("cemsd_fast"), "--config", self.path("cemsd.yaml"), cwd=self.folder, env=self.environment())
        self.processes.append(p)
        p.expect("event=started")
        return p

    def truth(self, upto=1 << 62):
        """(period, DataTime) of every record of the journal, up to a seq of the disclosure stream."""
        with sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT DISTINCT period, from_ms FROM record WHERE period IN ('minute', 'hour', 'day') AND seq <= ?",
                              (upto,)).fetchall()
        return {(period, hj212.stamp(from_ms / 1000)) for period, from_ms in rows}

    def uplinks(self):
        return request("ipc://" + self.path("control"), {"op": "status"})[1]["uplinks"]

    def drained(self):
        """Up to which seq every platform was told, once that is all there is."""
        uplinks = self.uplinks()
        return all(u["state"] == "up" and u["told_upto"] == u["durable"] for u in uplinks) and min(u["told_upto"] for u in uplinks)

    def told(self, platform):
        """What one platform knows: {(period, DataTime): parts}, and how often each part came under another QN."""
        known, again, order = {}, 0, {}
        for f in platform.received:
            if f["CN"] not in PERIODS:
                continue
            stamp = f["area"].partition("DataTime=")[2][:14]
            key, part = (PERIODS[f["CN"]], stamp), (f.get("PNO", "1").lstrip("0"), f.get("PNUM", "1").lstrip("0"))
            parts = known.setdefault(key, {})
            if part in parts:
                again += f["QN"] != parts[part]["QN"]
            else:
                self.assertGreaterEqual(stamp, order.get(f["CN"], ""), "oldest first")
                order[f["CN"]] = stamp
                parts[part] = f
        return known, again

    def test_three_platforms(self):
        self.plant()
        key = self.write("city.sm4", KEY)
        os.chmod(key, 0o600)
        old, mid = self.platform(seed=1, trouble=0.03), self.platform(seed=2, trouble=0.03)
        new = self.platform(seed=3, trouble=0.03, key=bytes.fromhex(KEY))
        common = "host: 127.0.0.1, over_time_s: 60, re_count: 2, backlog_per_s: 1000, realtime_s: 600, heartbeat_s: 0"
        channels = "\n".join(
            f"      - {{factor: {f}, interval_ms: 20000, source: {{line: stack, address: {a}}}}}"
            for f, a in (("a21026", 0), ("a19001", 2), ("a01901", 4)))
        channels += "\n      - {factor: SB1, interval_ms: 20000, source: {line: stack, table: coil, address: 9}}"
        self.uplinked([f"name: old, port: {old.port}, version: 2005, mn: 88888880000001, {common}",
                       f"name: mid, port: {mid.port}, version: 2017, {common}",
                       f"name: new, port: {new.port}, version: 2025, furnace: true, encrypt: {{key_file: {key}}}, {common}"], channels=channels)
        self.origin_ms = int(time.time() * 1000)
        daemon = self.run_daemon()
        chance, kills = random.Random(4), 0
        next_trouble = time.monotonic() + 3
        while self.now_ms() < END_MS:
            time.sleep(0.05)  # the day goes by; trouble comes at its own times
            if time.monotonic() < next_trouble:
                continue
            next_trouble = time.monotonic() + chance.uniform(1, 6)
            victim = chance.choice([old, mid, new])
            what = chance.choice(["cut", "mute", "kill", "outage", "listen", "ask"])
            for p, version, mn in ((old, 2005, "88888880000001"), (mid, 2017, None), (new, 2025, None)):
                p.ask_something(version, mn)
            if what == "cut":
                victim.hang_up()
            elif what == "mute":
                victim.mute = not victim.mute
            elif what == "listen":
                for p in (old, mid, new):
                    p.mute = False
            elif what == "outage":
                victim.refusing = not victim.refusing
            elif what == "kill" and kills < 8:
                kills += 1
                daemon.end(signal.SIGKILL)
                daemon = self.run_daemon()
        for p in (old, mid, new):
            p.mute, p.trouble, p.refusing = False, 0, False
        self.assertGreaterEqual(kills, 2)
        drained = until(self.drained, "the backlog to be told", 120)
        self.assertEqual(daemon.end(), 0)
        truth, promised = self.truth(), self.truth(drained)
        self.assertIn(("day", "20260301000000"), promised)
        self.assertGreater(len([1 for p, _ in promised if p == "minute"]), 1000)
        for platform in (old, mid, new):
            known, again = self.told(platform)
            self.assertEqual(platform.errors, [])
            self.assertEqual(set(known) - truth, set())
            # what closed after that, while the daemon was being stopped for good, may still wait for the next start
            self.assertEqual(promised - set(known), set())
            for key, parts in known.items():
                self.assertEqual({p for p, _ in parts}, {str(n + 1) for n in range(len(parts))}, key)
            hours = [parts for (period, _), parts in known.items() if period == "hour"]
            self.assertTrue(any("Avg=20.0" in f["area"] for parts in hours for f in parts.values()))
            print(f"{platform.troubles} troubles, {len(known)} records, {again} told again for want of an answer, {kills} kills")
            self.assertLess(again, len(known) // 4)
        for platform in (old, mid, new):  # what was asked at random was answered, as far as the answer found a way
            self.assertTrue(platform.of(9011))
            self.assertTrue(platform.of(9012))
            self.assertTrue(any(f["area"].startswith("DataTime=20260301000000;SB1-RT=") for f in platform.of(2041)))
            self.assertTrue(any("SB1-RS=0" in f["area"] for f in platform.of(2021)))
        furnace = {f["area"][9:23] for f in new.of(2111)}
        self.assertGreater(len(furnace), 200)  # of 288; those of minutes in which the daemon was down have no value
        self.assertTrue(all(int(t[10:12]) % 5 == 0 and t[12:] == "00" for t in furnace))
        self.assertTrue(all(re.fullmatch(r"DataTime=\d{14};a01901-Avg=0\.0", f["area"]) for f in new.of(2111)))
        self.assertTrue(all(f["sealed"] for f in new.received if f["CN"] in PERIODS))
        self.assertTrue(any(f.get("RF") == "1" for f in new.received))
        self.assertFalse(any("RF" in f for f in mid.received + old.received))


if __name__ == "__main__":
    unittest.main()
