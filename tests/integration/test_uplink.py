"""Platforms: what they are told, that nothing is lost or told twice, what they may ask."""
import json
import os
import signal
import sqlite3
import sys
import time
import unittest

from support import GatewayTest, ROOT, until

sys.path.insert(0, os.path.join(ROOT, "tests", "plant"))
import hj212
from analyzers import Analyzer
from platform_simulator import Platform

MN = "010000A8900016F000169DC0"
KEY = "30" * 16


class Uplinked(GatewayTest):
    def setUp(self):
        super().setUp()
        self.platforms = []

    def tearDown(self):
        super().tearDown()
        for p in self.platforms:
            p.close()

    def platform(self, **options):
        p = Platform(**options)
        self.platforms.append(p)
        return p

    def uplinked(self, uplinks, channels=None, lines=None, extra=""):
        rows = "\n".join(f"  - {{{u}}}" for u in uplinks)
        return self.config(channels=channels, lines=lines, extra=f"{extra}\nuplinks:\n{rows}")

    def events(self, kind):
        with sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT body FROM entry WHERE stream = 'event' AND kind = ? ORDER BY seq", (kind,)).fetchall()
        return [json.loads(b) for (b,) in rows]


class Telling(Uplinked):
    def test_started_realtime_heartbeat_and_encryption(self):
        self.plant()
        p = self.platform(key=bytes.fromhex(KEY))
        key = self.write("city.sm4", KEY + "\n")
        os.chmod(key, 0o600)
        self.start(self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, version: 2025, realtime_s: 1, heartbeat_s: 1, encrypt: {{key_file: {key}}}"]))
        until(lambda: p.of(2011) and p.of(9015) and p.of(2081), "real-time data, a heartbeat, the start")
        start = p.of(2081)[0]
        self.assertEqual(start, p.received[0])
        self.assertRegex(start["area"], r"^DataTime=\d{14};RestartTime=\d{14}$")
        until(lambda: any("a21026-Rtd=20.00" in f["area"] for f in p.of(2011)), "SO2 of the plant")
        data = next(f for f in p.of(2011) if "a21026-Rtd=20.00" in f["area"])
        self.assertEqual((data["ST"], data["PW"], data["MN"], data["Flag"], data["sealed"]), ("31", "123456", MN, "9", True))
        # 20 mg/m3 at 6 % oxygen is 20 at 6 % reference oxygen; both formats of 2025 have two decimals
        self.assertIn("a21026-Rtd=20.00,a21026-ZsRtd=20.00,a21026-Flag=N", data["area"])
        self.assertIn("a19001-Rtd=6.00,a19001-Flag=N", data["area"])
        self.assertFalse(p.of(9015)[0]["sealed"])
        qns = [f["QN"] for f in p.received]
        self.assertEqual(len(qns), len(set(qns)))
        self.assertEqual(p.errors, [])

    def test_decimals_and_codes_by_version(self):
        self.plant()
        old, mid = self.platform(), self.platform()
        self.start(self.uplinked([f"name: old, host: 127.0.0.1, port: {old.port}, version: 2005, realtime_s: 1, mn: 88888880000001",
                                  f"name: mid, host: 127.0.0.1, port: {mid.port}, version: 2017, realtime_s: 1, marks: {{B: D}}"]))
        until(lambda: any("02-Rtd=20.00,02-ZsRtd=20.00,02-Flag=N;S01-Rtd=6.0,S01-Flag=N" in f["area"] for f in old.of(2011)), "codes of 2005")
        until(lambda: any("a21026-Rtd=20.00,a21026-ZsRtd=20.00,a21026-Flag=N;a19001-Rtd=6.0," in f["area"] for f in mid.of(2011)), "codes of 2017")
        self.assertEqual({f["Flag"] for f in old.received}, {"1"})
        self.assertEqual({f["Flag"] for f in mid.received}, {"5"})
        self.assertEqual(old.of(2081), [])
        self.processes[0].tell("device stack 0 silent")
        until(lambda: any("a21026-Flag=D" in f["area"] for f in mid.of(2011)), "B under this platform's letter")
        until(lambda: any("02-Flag=B" in f["area"] for f in old.of(2011)), "B under its own")

    def test_unanswered_frames_are_sent_again_then_the_link_is_made_anew(self):
        self.plant()
        p = self.platform()
        p.mute = True
        self.start(self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, realtime_s: 0, over_time_s: 1, re_count: 2"]))
        until(lambda: len(p.of(2081)) >= 3, "two resends")
        self.assertEqual(len({f["QN"] for f in p.of(2081)[:3]}), 1)
        until(lambda: len({f["QN"] for f in p.of(2081)}) == 2, "a new link with a new question")
        p.mute = False
        until(lambda: self.status()["uplinks"][0]["acknowledged"]["started"] == 1, "the start to be acknowledged")

    def test_a_platform_that_never_answers(self):
        self.plant()
        p = self.platform()
        p.mute = True
        self.start(self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, realtime_s: 1, acknowledge: false"]))
        until(lambda: len(p.of(2011)) >= 3 and p.of(2081), "data without answers")
        self.assertEqual(len({f["QN"] for f in p.received}), len(p.received))

    def test_information_of_an_analyzer_is_passed_on(self):
        p = self.platform()
        line_port = self.modbus_port
        self.start(self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, realtime_s: 0"],
                                 lines=f"  - {{name: w, hj212_listen: {{bind: '127.0.0.1:{line_port}'}}}}",
                                 channels="      - {factor: a21026, interval_ms: 1000, range: [0, 300], source: {line: w}}"))
        a = Analyzer(line_port)
        a.upload(3020, "DataTime=20240601085857;PolId=a21026;i13008-Info=1.02")
        until(lambda: any("PolId=a21026;i13008-Info=1.02" in f["area"] for f in p.of(3020)), "3020")
        frame = next(f for f in p.of(3020) if "i13008" in f["area"])
        self.assertEqual(frame["area"], "DataTime=20240601085857;PolId=a21026;i13008-Info=1.02")
        qn = p.ask(3020, "PolId=a21026;InfoId=i13008")
        until(lambda: p.of(9012, QN=qn), "the answer")
        answer = p.of(3020, QN=qn)[0]
        self.assertRegex(answer["area"], r"^DataTime=\d{14};PolId=a21026;i13008-Info=1.02$")
        qn = p.ask(3020, "PolId=a21026;InfoId=i13001")
        until(lambda: p.of(9012, QN=qn), "the answer")
        self.assertIn("i13001-Info=0-300", p.of(3020, QN=qn)[0]["area"])
        qn = p.ask(3020, "PolId=a21026;InfoId=i13004")
        until(lambda: p.of(9012, QN=qn, area="ExeRtn=100"), "no data")


class Commands(Uplinked):
    def begin(self, uplink="", channels=None, plant=True, version=2017):
        if plant:
            self.plant()
        p = self.platform()
        self.gateway = self.start(self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, version: {version}, realtime_s: 0{uplink}"], channels=channels))
        until(lambda: p.of(2081), "the connection")
        return p

    def outcome(self, p, qn, patience=30):
        """(QnRtn, ExeRtn or None)."""
        shake = until(lambda: p.of(9011, QN=qn), "9011", patience)[0]
        rtn = int(shake["area"].partition("QnRtn=")[2])
        if rtn != 1:
            return rtn, None
        end = until(lambda: p.of(9012, QN=qn), "9012", patience)[0]
        # QNs of the two sides are not of one series: what the device said of itself may bear the same
        order = [f["CN"] for f in p.received if f["QN"] == qn and f["CN"] != "2081"]
        self.assertEqual((order[0], order[-1]), ("9011", "9012"))
        self.assertEqual((shake["ST"], end["ST"], end["Flag"]), ("91", "91", "4"))
        return rtn, int(end["area"].partition("ExeRtn=")[2])

    def test_what_is_wrong_is_named(self):
        p = self.begin()
        for options, rtn in (({"pw": "000000"}, 3), ({"mn": "010000A8900016F000169DC1"}, 4), ({"st": "32"}, 5), ({"flag": 13}, 6),
                             ({"qn": "20230231000000000"}, 7)):
            qn = p.ask(1061, **options)
            self.assertEqual(self.outcome(p, qn), (rtn, None), options)
        for cn in (4711, 1014, 3022, 9999):  # unknown, or not of 2017
            self.assertEqual(self.outcome(p, p.ask(cn)), (8, None))
        for cn, area in ((1012, f"SystemTime={hj212.stamp()}"), (1072, "NewPW=654321"), (3011, "PolId=a21026"), (3012, "PolId=a21026"),
                         (3021, "PolId=a21026;InfoId=i13004;i13004-Info=168.0")):
            self.assertEqual(self.outcome(p, p.ask(cn, area)), (2, None), cn)
        for cn, area in ((1000, "OverTime=0;ReCount=3"), (1062, "RtdInterval=5"), (1064, "MinInterval=7"), (2061, "BeginTime=20230231000000;EndTime=20240601000000")):
            self.assertEqual(self.outcome(p, p.ask(cn, area)), (1, 3), cn)
        kinds = {(e["cn"], e.get("qn_rtn"), e.get("exe_rtn")) for e in self.events("command")}
        self.assertIn((3011, 2, None), kinds)
        self.assertIn((1062, None, 3), kinds)

    def test_settings_are_changed_told_and_kept(self):
        p = self.begin(", allow: [access]")
        self.assertEqual(self.outcome(p, p.ask(1000, "OverTime=7;ReCount=2")), (1, 1))
        self.assertEqual(self.outcome(p, p.ask(1062, "RtdInterval=45")), (1, 1))
        self.assertEqual(self.outcome(p, p.ask(1064, "MinInterval=1")), (1, 1))
        self.assertEqual(self.outcome(p, p.ask(1064, "MinInterval=10")), (1, 1))
        qn = p.ask(1063)
        self.assertEqual(self.outcome(p, qn), (1, 1))
        self.assertEqual(p.of(1063, QN=qn)[0]["area"], "MinInterval=10")
        self.assertEqual(self.outcome(p, p.ask(1064, "MinInterval=1")), (1, 1))
        qn = p.ask(1061)
        self.assertEqual(self.outcome(p, qn), (1, 1))
        self.assertEqual(p.of(1061, QN=qn)[0]["area"], "RtdInterval=45")
        self.assertEqual(p.of(1061, QN=qn)[0]["ST"], "31")
        qn = p.ask(1063)
        self.assertEqual(self.outcome(p, qn), (1, 1))
        self.assertEqual(p.of(1063, QN=qn)[0]["area"], "MinInterval=1")
        qn = p.ask(1011)
        self.assertEqual(self.outcome(p, qn), (1, 1))
        clock = p.of(1011, QN=qn)[0]["area"].partition("SystemTime=")[2]
        self.assertLess(abs(time.mktime(time.strptime(clock, "%Y%m%d%H%M%S")) - time.mktime(time.strptime(hj212.stamp(), "%Y%m%d%H%M%S"))), 10)
        self.assertEqual(self.outcome(p, p.ask(1011, "PolId=a21026")), (1, 3))
        self.assertEqual(self.outcome(p, p.ask(1072, "NewPW=abc123")), (1, 1))
        self.assertEqual(self.outcome(p, p.ask(1061)), (3, None))
        settings = self.path("journal.db.uplink-city")
        self.assertEqual(os.stat(settings).st_mode & 0o777, 0o600)
        self.gateway.end(signal.SIGKILL)
        self.gateway = self.start(self.path("cemsd.yaml"))
        until(lambda: len(p.of(2081)) > 1, "the new connection")
        self.assertEqual(p.of(2081)[-1]["PW"], "abc123")
        status = self.status()["uplinks"][0]
        self.assertEqual((status["over_time_s"], status["re_count"]), (7, 2))
        qn = p.ask(1061, pw="abc123")
        self.assertEqual(self.outcome(p, qn), (1, 1))
        self.assertEqual(p.of(1061, QN=qn)[0]["area"], "RtdInterval=45")
        with open(self.path("journal.db"), "rb") as journal:
            self.assertNotIn(b"abc123", journal.read())

    def test_the_same_question_again_is_answered_again_and_not_done_again(self):
        p = self.begin(", allow: [access]")
        qn = p.ask(1062, "RtdInterval=45")
        self.assertEqual(self.outcome(p, qn), (1, 1))
        p.ask(1062, "RtdInterval=60", qn=qn)
        until(lambda: len(p.of(9012, QN=qn)) == 2, "the second answer")
        other = p.ask(1061)
        self.assertEqual(self.outcome(p, other), (1, 1))
        self.assertEqual(p.of(1061, QN=other)[0]["area"], "RtdInterval=45")

    def test_realtime_data_are_stopped_and_started(self):
        p = self.begin()
        self.assertEqual(self.outcome(p, p.ask(2011)), (1, 1))
        until(lambda: p.of(2011), "real-time data")
        qn = p.ask(2012)
        until(lambda: p.of(9013, QN=qn), "the notice answered")
        self.assertEqual(self.status()["uplinks"][0]["realtime_s"], 0)
        self.assertEqual(p.of(9012, QN=qn), [])

    def test_the_clock_is_handed_to_the_hook(self):
        hook = self.write("hook", f"#!/bin/sh\necho \"$1\" >{self.path('told')}\n[ ! -e {self.path('fail')} ]\n")
        os.chmod(hook, 0o755)
        p = self.begin(f", allow: [clock], clock_hook: {hook}")
        self.assertEqual(self.outcome(p, p.ask(1012, "SystemTime=20261124120000")), (1, 1))
        with open(self.path("told")) as told:
            self.assertEqual(told.read().strip(), "2026-11-24T12:00:00.000+08:00")
        self.write("fail", "")
        self.assertEqual(self.outcome(p, p.ask(1012, "SystemTime=20261124120001")), (1, 2))

    def test_control_reaches_the_register_and_the_outcome_is_true(self):
        channels = """      - factor: a21026
        interval_ms: 200
        source: {line: stack, address: 0}
        actions:
          - {cn: 3011, calibration: zero, write: {line: stack, table: coil, address: 7}, value: 1}
          - {cn: 3011, calibration: span, write: {line: stack, table: holding, address: 40}, value: 2}
          - {cn: 3012, write: {line: stack, station: 9, table: coil, address: 1}}"""
        p = self.begin(", allow: [calibrate, control]", channels=channels, version=2025)
        ask = lambda cn, area: p.ask(cn, area, version=2025)

        def outcome(qn):
            until(lambda: p.of(9012, QN=qn), "9012")
            return int(p.of(9012, QN=qn)[0]["area"].partition("ExeRtn=")[2])

        self.assertEqual(outcome(ask(3011, "PolId=a21026,CalibrationType=0")), 1)
        self.assertEqual(outcome(ask(3011, "PolId=a21026,CalibrationType=1")), 1)
        writes = [l for l in self.processes[0].lines if l.startswith("write ")]
        self.assertEqual(writes, ["write stack 1 coil 7 1", "write stack 1 holding 40 2"])
        self.assertEqual(outcome(ask(3012, "PolId=a21026")), 4)  # station 9 does not answer
        self.assertEqual(outcome(ask(3013, "PolId=a21026")), 3)  # nothing is configured for it
        self.assertEqual(outcome(ask(3011, "PolId=a19001")), 3)  # no such instrument

    def test_control_is_handed_to_an_hj212_analyzer(self):
        line_port = self.modbus_port
        p = self.platform()
        self.start(self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, realtime_s: 0, allow: [calibrate, parameters]"],
                                 lines=f"  - {{name: w, timeout_ms: 2000, hj212_listen: {{bind: '127.0.0.1:{line_port}', mn: [88888880000001]}}}}",
                                 channels="      - {factor: a21026, interval_ms: 1000, source: {line: w, mn: '88888880000001'}, actions: [{cn: 3011, pass_through: true}, {cn: 3021, pass_through: true}]}"))
        until(lambda: p.of(2081), "the connection")
        self.assertEqual(self.outcome(p, p.ask(3011, "PolId=a21026")), (1, 5))  # nobody is there
        a = Analyzer(line_port)
        a.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=1,a21026-Flag=N")
        a.wait(9014)
        for exe_rtn in (1, 2):
            qn = p.ask(3011, "PolId=a21026")
            request = a.wait(3011)
            self.assertEqual((request["MN"], request["area"]), ("88888880000001", "PolId=a21026"))
            a.answer(request, 9011, "QnRtn=1")
            a.answer(request, 9012, f"ExeRtn={exe_rtn}")
            self.assertEqual(self.outcome(p, qn), (1, exe_rtn))
        qn = p.ask(3021, "PolId=a21026;InfoId=i13004;i13004-Info=168.0")
        request = a.wait(3021)
        self.assertEqual(request["area"], "PolId=a21026;InfoId=i13004;i13004-Info=168.0")
        a.answer(request, 9011, "QnRtn=2")
        self.assertEqual(self.outcome(p, qn), (1, 3))
        qn = p.ask(3011, "PolId=a21026")
        a.wait(3011)
        self.assertEqual(self.outcome(p, qn), (1, 4))  # it never answers

    def test_a_new_key(self):
        p = self.platform(key=bytes.fromhex(KEY))
        self.plant()
        key = self.write("city.sm4", KEY)
        os.chmod(key, 0o600)
        self.gateway = self.start(self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, version: 2025, realtime_s: 1, heartbeat_s: 0, allow: [access], encrypt: {{key_file: {key}, length: plain}}"]))
        until(lambda: p.of(2011), "data under the first key")
        fresh = b"ABCDEFGHIJKLMNOP"
        qn = p.ask(1014, f"SKCreateTime={hj212.stamp(time.time(), True)},NewSK={fresh.decode()}", version=2025)
        until(lambda: p.of(9012, QN=qn, area="ExeRtn=1"), "the key to be taken")
        p.key = fresh
        p.hang_up()
        before = len(p.of(2011))
        until(lambda: len(p.of(2011)) > before, "data under the second key")
        self.gateway.end(signal.SIGKILL)
        self.gateway = self.start(self.path("cemsd.yaml"))
        before = len(p.of(2011))
        until(lambda: len(p.of(2011)) > before, "data under the second key after a restart")

    def test_a_flood_of_requests_is_bounded(self):
        p = self.begin()
        for n in range(300):
            p.ask(1061, qn="2024060108%02d%02d%03d" % (n // 60, n % 60, n))
        until(lambda: self.status()["uplinks"][0]["throttled"] > 100, "the flood to be counted")
        time_before = time.monotonic()
        until(lambda: self.status()["uplinks"][0]["state"] == "up", "the link to live on")
        self.assertLess(time.monotonic() - time_before, 20)


class History(Uplinked):
    FACTORS = ["a21026", "a21002", "a34013", "a21003", "a21004", "a21005", "a21024", "a21018", "a24088", "a25002", "a25003", "a25005"]
    DAY = 1772294400000  # 2026-03-01T00:00:00+08:00

    def stamp(self, ms):
        return hj212.stamp(ms / 1000)

    def test_the_past_in_records_and_in_packets(self):
        self.plant()
        p = self.platform()
        channels = "\n".join(f"      - {{factor: {f}, interval_ms: 60000, source: {{line: stack, address: {2 * n}}}}}" for n, f in enumerate(self.FACTORS))
        channels += "\n      - {factor: SB1, interval_ms: 60000, source: {line: stack, table: coil, address: 1}}"
        config = self.uplinked([f"name: city, host: 127.0.0.1, port: {p.port}, realtime_s: 0"], channels=channels)
        gateway = self.start(config)
        until(lambda: p.of(2081), "the connection")
        self.assertEqual(gateway.end(), 0)
        with sqlite3.connect(self.path("journal.db")) as db:
            for period, count, length in (("minute", 1440, 60000), ("hour", 24, 3600000), ("day", 2, 86400000)):
                for n in range(count):
                    begin = self.DAY + n * length
                    for f in self.FACTORS + ["SB1"]:
                        value = (1.0 if n < 90 else 0.0) if f == "SB1" else n + 0.25
                        db.execute("INSERT INTO figure VALUES((SELECT id FROM channel WHERE outlet = 'DA001' AND factor = ?), ?, ?, ?, NULL, ?, ?, 0.125, NULL, 0, 60, 60, "
                                   "NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 0)",
                                   (f, {"minute": 1, "hour": 3, "day": 5}[period], begin, value, value - 0.25, value + 0.25))
        self.start(config)
        until(lambda: len(p.of(2081)) == 2, "the second connection")

        def ask(cn, begin, end):
            qn = p.ask(cn, f"BeginTime={self.stamp(begin)};EndTime={self.stamp(end)}")
            end = until(lambda: p.of(9012, QN=qn), f"{cn}")[0]
            at = p.received.index(p.of(9011, QN=qn)[0])
            sent = [f for f in p.received[at:p.received.index(end)] if f["CN"] == str(cn)]
            return int(end["area"].partition("ExeRtn=")[2]), sent

        rtn, sent = ask(2051, self.DAY + 600000, self.DAY + 600000 + 19 * 60000)  # both ends included
        self.assertEqual(rtn, 1)
        times = [f["area"][9:23] for f in sent]
        self.assertEqual(sorted(times), times)
        self.assertEqual(sorted(set(times)), [self.stamp(self.DAY + (10 + n) * 60000) for n in range(20)])
        self.assertEqual(len({f["QN"] for f in sent}), len(sent))
        self.assertEqual({(f["PNUM"], f["PNO"], f["Flag"]) for f in sent}, {("2", "1", "7"), ("2", "2", "7")})
        first = sent[0]["area"] + ";" + sent[1]["area"]
        # formats N5.2, N5.1 and N4 of 2017; ties go to the even digit
        self.assertIn("a21026-Cou=0.1250,a21026-Min=10.00,a21026-Avg=10.25,a21026-Max=10.50,a21026-Flag=N", first)
        self.assertIn("a21002-Cou=0.1250,a21002-Min=10.0,a21002-Avg=10.2,a21002-Max=10.5,a21002-Flag=N", first)
        self.assertIn("a34013-Cou=0.1250,a34013-Min=10,a34013-Avg=10,a34013-Max=10,a34013-Flag=N", first)
        for f in self.FACTORS:
            self.assertEqual(first.count(f"{f}-Flag=N"), 1)
        self.assertNotIn("SB1", first)
        rtn, sent = ask(2061, self.DAY + 5 * 3600000, self.DAY + 5 * 3600000)  # begin = end gives that record
        self.assertEqual((rtn, {f["area"][9:23] for f in sent}), (1, {self.stamp(self.DAY + 5 * 3600000)}))
        rtn, sent = ask(2031, self.DAY, self.DAY + 10 * 86400000)
        self.assertEqual((rtn, len({f["area"][9:23] for f in sent})), (1, 2))
        rtn, sent = ask(2041, self.DAY, self.DAY)
        self.assertEqual((rtn, [f["area"] for f in sent]), (1, [f"DataTime={self.stamp(self.DAY)};SB1-RT=1.50"]))  # 90 of 1,440 minutes
        self.assertEqual(ask(2051, self.DAY - 20 * 86400000, self.DAY - 1), (100, []))
        self.assertEqual(ask(2061, self.DAY - 3000 * 86400000, self.DAY - 1), (100, []))  # years of nothing
        # MinInterval 10: minutes 0..9 at n + 0.25 are 4.75 on average, 0 to 9.5, and 10 times 0.125 kg
        qn = p.ask(1064, "MinInterval=10")
        self.assertEqual(until(lambda: p.of(9012, QN=qn), "1064")[0]["area"], "ExeRtn=1")
        rtn, sent = ask(2051, self.DAY, self.DAY + 29 * 60000)
        self.assertEqual((rtn, sorted({f["area"][9:23] for f in sent})), (1, [self.stamp(self.DAY + n * 600000) for n in range(3)]))
        self.assertIn("a21026-Cou=1.2500,a21026-Min=0.00,a21026-Avg=4.75,a21026-Max=9.50,a21026-Flag=N", sent[0]["area"])


if __name__ == "__main__":
    unittest.main()
