"""Analyzers that speak HJ 212: pushed and polled, over TCP and a serial line, in all three versions."""
import os
import pty
import signal
import socket
import sqlite3
import sys
import threading
import time
import tty
import unittest

from support import GatewayTest, ROOT, free_ports, until

sys.path.insert(0, os.path.join(ROOT, "tests", "plant"))
import hj212
from analyzers import Analyzer

GAS, WATER = "88888880000001", "010000A8900016F000169DC0"
CHANNELS = """      - {factor: a21026, interval_ms: 1000, source: {line: water}}
      - {factor: a19001, interval_ms: 1000, source: {line: water}}"""


class Listening(GatewayTest):
    def start_line(self, settings="", channels=CHANNELS):
        self.line_port = free_ports(1)[0]
        line = f"  - {{name: water, hj212_listen: {{bind: '127.0.0.1:{self.line_port}', mn: [{GAS}, {WATER}]{settings}}}}}"
        return self.start(self.config(lines=line, channels=channels, standard=""))

    def line(self):
        return self.status()["lines"][0]

    def channel(self, factor):
        return next(c for c in self.status()["outlets"][0]["channels"] if c["factor"] == factor)

    def wait_value(self, factor, value, mark="N"):
        until(lambda: (lambda c: c["value"] == value and c["mark"] == mark)(self.channel(factor)), f"{factor} = {value} {mark}")

    def events(self, kind):
        with sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True) as db:
            return [bytes(body).decode() if not isinstance(body, str) else body for (body,) in db.execute("SELECT body FROM entry WHERE stream = 'event' AND kind = ? ORDER BY seq", (kind,))]

    def test_codes_of_2005_and_2017_and_answers_by_version(self):
        self.start_line()
        for version, code in ((2005, "02"), (2017, "a21026"), (2025, "a21026")):
            a = Analyzer(self.line_port, version=version, mn=GAS)
            value = version / 100
            a.upload(2011, f"DataTime={hj212.stamp()};{code}-Rtd={value},{code}-Flag=N;S01-Rtd=6.5,S01-Flag=N", ack=version != 2005)
            self.wait_value("a21026", value)
            self.wait_value("a19001", 6.5)
            if version != 2005:
                answer = a.wait(9014)
                self.assertEqual((answer["ST"], answer["MN"], int(answer["Flag"])), ("91", GAS, {2017: 4, 2025: 8}[version]))
                self.assertEqual(answer["area"], "")
            a.close()

    def test_marks_are_kept_and_vendor_marks_journalled(self):
        self.start_line()
        a = Analyzer(self.line_port, mn=GAS)
        for mark in "FMSDCTB":
            a.upload(2011, f"DataTime={hj212.stamp()};a21026-Flag={mark},a21026-Rtd=1.5")
            until(lambda: self.channel("a21026")["mark"] == mark, mark)
        a.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=1.5,a21026-Flag=Td,a21026-EFlag=A01")
        until(lambda: self.channel("a21026")["mark"] == "Td", "Td")
        a.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=1.5,a21026-Flag=XYZ")
        until(lambda: self.line()["unknown_marks"] == 1, "an unknown mark to be counted")
        until(lambda: self.channel("a21026")["mark"] == "D", "D")
        until(lambda: any("a21026-EFlag=A01" in b for b in self.events("information")), "the vendor's mark")

    def test_a_batch_value_counts_once_at_its_sample_time(self):
        self.start_line(channels="""      - {factor: a21026, interval_ms: 3600000, source: {line: water}}""")
        a = Analyzer(self.line_port, mn=GAS)
        sampled = time.time() - 1800
        for _ in range(5):
            a.upload(2011, f"DataTime={hj212.stamp()};a21026-SampleTime={hj212.stamp(sampled)},a21026-Rtd=3.25,a21026-Flag=N")
        until(lambda: self.line()["repeated"] == 4, "four repeats")
        self.assertEqual(self.line()["values"], 1)
        channel = self.channel("a21026")
        self.assertEqual(channel["value"], 3.25)
        self.assertEqual(channel["time"][:19], time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(sampled) + 8 * 3600)))
        a.upload(2011, f"DataTime={hj212.stamp()};a21026-SampleTime=20230231000000,a21026-Rtd=9,a21026-Flag=N")
        until(lambda: self.line()["bad_times"] == 1, "a date that does not exist")

    def test_who_may_speak(self):
        self.start_line(", password: '654321'")
        stranger = Analyzer(self.line_port, mn="99999999999999")
        stranger.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=1,a21026-Flag=N")
        until(lambda: self.line()["refused_mn"] == 1, "the stranger")
        wrong = Analyzer(self.line_port, mn=GAS, pw="123456")
        wrong.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=1,a21026-Flag=N")
        until(lambda: self.line()["refused_pw"] == 1, "the wrong password")
        self.assertEqual(self.channel("a21026")["value"], None)
        right = Analyzer(self.line_port, mn=GAS, pw="654321")
        right.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=2,a21026-Flag=N")
        self.wait_value("a21026", 2)

    def test_a_second_connection_takes_over_and_the_idle_are_let_go(self):
        self.start_line(", connections: 2, idle_s: 5")
        first = Analyzer(self.line_port, mn=GAS)
        first.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=1,a21026-Flag=N")
        self.wait_value("a21026", 1)
        second = Analyzer(self.line_port, mn=GAS)
        second.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=2,a21026-Flag=N")
        self.wait_value("a21026", 2)
        until(lambda: self.line()["taken_over"] == 1 and self.line()["connections"] == 1, "the take-over")
        extra = [socket.create_connection(("127.0.0.1", self.line_port), 10) for _ in range(5)]
        until(lambda: self.line()["turned_away"] == 4, "a flood to be bounded")
        self.assertLessEqual(self.line()["connections"], 2)
        until(lambda: self.line()["idle_closed"] >= 1 and self.line()["connections"] == 0, "silence to end them")
        for s in extra:
            s.close()

    def test_dirt_on_the_wire_is_survived_and_counted(self):
        self.start_line()
        a = Analyzer(self.line_port, mn=GAS)
        good = hj212.frame(a.segment(2011, f"DataTime={hj212.stamp()};a21026-Rtd=7.5,a21026-Flag=N"))
        bad_crc = good[:-6] + b"0000\r\n"
        noise = b"\x00\xff##99999999" + b"##12" + b"\r\n" + b"##0010ST=31;CN=2011;MN=" + b"\r\n"
        items = b";".join(b"x%05d-Rtd=1" % i for i in range(1000))
        big = b"ST=31;CN=2011;PW=123456;MN=" + GAS.encode() + b";Flag=0;CP=&&" + items + b"&&"
        big = b"##9999" + big + b"%04X\r\n" % hj212.crc16(big)
        unclosed = hj212.frame(f"ST=31;CN=2011;PW=123456;MN={GAS};Flag=0;CP=&&a21026-Rtd=8.5")
        no_cp = hj212.frame(f"ST=31;CN=2011;PW=123456;MN={GAS};Flag=0;")
        raw = hj212.frame(b"ST=31;CN=2011;PW=123456;MN=" + GAS.encode() + b";Flag=0;CP=&&a21026-Rtd=\xff\xfe\x00,a19001-Rtd=9&&")
        for part in (noise, bad_crc, big, unclosed, no_cp, raw, good[:30]):
            a.send(part)
        a.send(good[30:])
        self.wait_value("a21026", 7.5)
        self.assertEqual(self.channel("a19001")["value"], 9)
        line = self.line()
        until(lambda: self.line()["frames"].get("crc", 0) >= 1, "the frame with a wrong CRC to be counted")
        self.assertGreaterEqual(line["quirks"]["no-closing"], 1)
        self.assertGreaterEqual(line["quirks"]["no-cp"], 1)
        self.assertIn("none", line["crc_would_match"])
        # flipping every bit of a frame, one after another: nothing ends the daemon
        for at in range(0, len(good), 3):
            a.send(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1:])
        a.send(good)
        until(lambda: self.line()["frames"]["ok"] > line["frames"]["ok"], "a good frame after all")

    def test_a_peer_that_never_reads_is_hung_up_on(self):
        self.start_line()
        a = Analyzer(self.line_port, mn=GAS)
        frames = hj212.frame(a.segment(2011, "a21026-Rtd=1,a21026-Flag=N")) * 500
        with self.assertRaises((ConnectionError, BrokenPipeError)):
            for _ in range(1000):  # 500,000 answers of 99 bytes fit into no socket
                a.send(frames)
        until(lambda: self.line()["connections"] == 0, "the connection to be gone")

    def test_split_messages_and_information(self):
        gateway = self.start_line()
        a = Analyzer(self.line_port, mn=GAS)
        stamp = hj212.stamp()
        a.send(hj212.frame(f"QN={stamp}002;ST=31;CN=2011;PW=123456;MN={GAS};Flag=7;PNUM=2;PNO=2;CP=&&DataTime={stamp};a19001-Rtd=5.5,a19001-Flag=N&&"))
        self.assertEqual(a.wait(9014)["QN"], stamp + "002")
        self.assertIsNone(self.channel("a19001")["value"])
        a.send(hj212.frame(f"QN={stamp}001;ST=31;CN=2011;PW=123456;MN={GAS};Flag=7;PNUM=2;PNO=1;CP=&&DataTime={stamp};a21026-Rtd=4.5,a21026-Flag=N&&"))
        self.assertEqual(a.wait(9014)["QN"], stamp + "001")
        self.wait_value("a21026", 4.5)
        self.wait_value("a19001", 5.5)
        a.upload(3020, f"DataTime={stamp};PolId=a21026;i13001-Info=0-300;i13008-Info=1.02;i13007-Info=0.1;i11001-Info=//清洗管路//")
        a.wait(9014)
        until(lambda: any("i13008-Info=1.02" in b for b in self.events("information")), "the information in the journal")
        a.send(hj212.frame(f"QN={stamp}003;ST=31;CN=9015;PW=123456;MN={GAS};Flag=9;CP=&&&&"))
        self.assertEqual(a.wait(9013)["QN"], stamp + "003")
        self.assertEqual(gateway.end(), 0)  # with somebody connected

    def test_the_state_of_an_instrument_marks_its_values(self):
        self.start_line(channels="""      - {factor: a21026, interval_ms: 1000, source: {line: water}, marks: {source: {line: water, factor: i12001}, table: {1: M, 3: C}}}""")
        a = Analyzer(self.line_port, mn=GAS)
        stamp = hj212.stamp()
        a.upload(3020, f"DataTime={stamp};PolId=a21026;i12001-Info=3")
        a.wait(9014)
        a.upload(2011, f"DataTime={stamp};a21026-Rtd=4.5,a21026-Flag=N")
        until(lambda: self.channel("a21026")["mark"] == "C", "calibrating")
        a.upload(3020, f"DataTime={stamp};PolId=a19001;i12001-Info=1")  # another instrument's state
        a.upload(3020, f"DataTime={stamp};PolId=a21026;i12001-Info=0")
        a.upload(2011, f"DataTime={stamp};a21026-Rtd=4.75,a21026-Flag=N")
        self.wait_value("a21026", 4.75)


class Reloading(GatewayTest):
    def test_an_unchanged_line_keeps_its_analyzer_and_a_changed_one_is_opened_anew(self):
        port, other = free_ports(2)
        line = lambda settings: f"  - {{name: water, hj212_listen: {{bind: '127.0.0.1:{port}'{settings}}}}}"
        gateway = self.start(self.config(lines=line(""), channels=CHANNELS, standard=""))
        a = Analyzer(port, mn=GAS)
        a.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=1.5,a21026-Flag=N")
        a.wait(9014)
        self.config(lines=line(""), channels=CHANNELS.replace("1000", "2000", 1), standard="")
        gateway.process.send_signal(signal.SIGHUP)
        gateway.expect("event=reloaded")
        a.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=2.5,a21026-Flag=N")
        a.wait(9014)
        Listening.wait_value(self, "a21026", 2.5)
        self.config(lines=line(f", mn: [{WATER}]"), channels=CHANNELS, standard="")
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: sum("event=reloaded" in l for l in gateway.lines) == 2, "the second reload")
        with self.assertRaises((ConnectionError, AssertionError)):
            a.wait(9014, 5)
        b = Analyzer(port, mn=WATER)
        b.upload(2011, f"DataTime={hj212.stamp()};a21026-Rtd=3.5,a21026-Flag=N")
        b.wait(9014)
        Listening.wait_value(self, "a21026", 3.5)
        self.assertEqual(gateway.end(), 0)

    channel = Listening.channel


class Asking(GatewayTest):
    """Lines where the gateway speaks first."""

    line_status = Listening.line
    channel = Listening.channel
    wait_value = Listening.wait_value

    def test_a_client_polls_and_connects_again(self):
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        line = f"  - {{name: water, timeout_ms: 1000, hj212_connect: {{host: 127.0.0.1, port: {port}, mn: [{GAS}], poll_s: 1}}}}"
        gateway = self.start(self.config(lines=line, channels=CHANNELS, standard=""))
        for value in (1.5, 2.5):
            connection, _ = server.accept()
            a = Analyzer(fd=connection.fileno(), mn=GAS)
            a.send = connection.sendall
            request = a.wait(2011)
            self.assertEqual((request["MN"], request["ST"], request["Flag"], request["area"]), (GAS, "31", "5", ""))
            a.answer(request, 9011, "QnRtn=1")
            a.answer(request, 2011, f"DataTime={hj212.stamp()};a21026-Rtd={value},a21026-Flag=N")
            a.answer(request, 9012, "ExeRtn=1")
            self.wait_value("a21026", value)
            connection.close()
        server.close()
        self.assertEqual(gateway.end(), 0)

    def test_several_devices_share_a_serial_line(self):
        master, slave = pty.openpty()
        tty.setraw(slave)
        line = f"  - {{name: bus, timeout_ms: 500, hj212_serial: {{device: {os.ttyname(slave)}, mn: [{GAS}, 88888880000002, 88888880000003], poll_s: 1, crc: modbus_swapped, extra_length_digits: 4}}}}"
        channels = f"""      - {{factor: a21026, interval_ms: 1000, source: {{line: bus, mn: '{GAS}'}}}}
      - {{factor: a19001, interval_ms: 1000, source: {{line: bus, mn: '88888880000003'}}}}"""
        gateway = self.start(self.config(lines=line, channels=channels, standard=""))
        asked, stop = [], threading.Event()

        def modbus(data):
            crc = 0xFFFF
            for byte in data:
                crc ^= byte
                for _ in range(8):
                    crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
            return b"%02X%02X" % (crc & 0xFF, crc >> 8)

        def devices():
            """Two devices answer; 88888880000002 is silent."""
            buffer = b""
            while not stop.is_set():
                buffer += os.read(master, 4096)
                while b"\r\n" in buffer:
                    frame, _, buffer = buffer.partition(b"\r\n")
                    segment = frame[10:-4]
                    if frame[:6] != b"##0001" or frame[-4:] != modbus(segment):
                        asked.append(f"bad {frame}")
                        continue
                    found = hj212.fields(segment.decode())
                    asked.append(found["MN"])
                    code, value = {GAS: ("02", "11.5"), "88888880000003": ("S01", "6.25")}.get(found["MN"], (None, None))
                    if code:
                        data = f"ST=31;CN=2011;PW=123456;MN={found['MN']};CP=&&DataTime={hj212.stamp()};{code}-Rtd={value},{code}-Flag=N&&".encode()
                        os.write(master, b"##0001%04d%s%s\r\n" % (len(data), data, modbus(data)))

        thread = threading.Thread(target=devices, daemon=True)
        thread.start()
        self.wait_value("a21026", 11.5)
        self.wait_value("a19001", 6.25)
        until(lambda: self.status()["lines"][0]["unanswered"] >= 2, "the silent device to be passed over")
        self.assertEqual({m for m in asked}, {GAS, "88888880000002", "88888880000003"})
        self.assertEqual(gateway.end(), 0)
        stop.set()


if __name__ == "__main__":
    unittest.main()
