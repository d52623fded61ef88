"""cemsctl probe against python3-pymodbus and ptys of the kernel, types and orders against Python's struct; what a terminal sees."""
import itertools
import json
import math
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import time
import tty
import unittest

from support import GatewayTest, Process, ROOT, free_ports, program, run, until

sys.path.insert(0, os.path.join(ROOT, "tests", "plant"))
import hj212

# Two stations; values as an analyzer holds them, in the orders analyzers use.
PEER = """
import sys
from pymodbus.server import StartTcpServer
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
registers = [int(word, 16) for word in sys.argv[2].split(",")]
block = ModbusSequentialDataBlock(1, registers)  # pymodbus counts from 1
slave = lambda: ModbusSlaveContext(hr=block, ir=ModbusSequentialDataBlock(1, [7]))
print("ready", flush=True)
StartTcpServer(context=ModbusServerContext(slaves={3: slave(), 17: slave()}, single=False), address=("127.0.0.1", int(sys.argv[1])))
"""
FLOAT_CDAB = struct.pack(">f", 20.1)[2:] + struct.pack(">f", 20.1)[:2]
BYTES = FLOAT_CDAB + struct.pack(">f", 6.25) + struct.pack(">H", 1234) + struct.pack(">d", 101.3) + struct.pack("<i", -250) + b"\x12\x34\x56\x78"


def reordered(raw, order):
    """The number's bytes, most significant first, out of bytes as they come in that order."""
    return bytes(raw[order.index(letter)] for letter in sorted(order))


def number(raw, type_):
    if type_.startswith("bcd"):
        digits = raw.hex()
        return float(digits) if digits.isdigit() else None
    value = float(struct.unpack(">" + {"u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q", "float32": "f", "float64": "d"}[type_], raw)[0])
    tiny = {"float32": 2 ** -126, "float64": 2 ** -1022}.get(type_)
    return None if not math.isfinite(value) or (tiny and 0 < abs(value) < tiny) else value  # no value, or none anybody measures


class Probe(GatewayTest):
    def probe(self, *arguments):
        return run(program("cemsctl"), *arguments)

    def peer(self):
        (port,) = free_ports(1)
        words = ",".join(BYTES[i:i + 2].hex() for i in range(0, len(BYTES), 2))
        p = Process("/usr/bin/python3", "-c", PEER, str(port), words)
        self.processes.append(p)
        p.expect("^ready$")

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        until(listens, "pymodbus to listen")
        return f"tcp:127.0.0.1:{port}"

    def test_stations_are_found(self):
        where = self.peer()
        done = self.probe("probe", "modbus", "scan", where, "--stations", "1-20", "--timeout", "50", "--json")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(({f["station"] for f in found if f["result"] == "ok"}, done.returncode), ({3, 17}, 0))
        self.assertEqual({f["value"] for f in found if f["result"] == "ok"}, {struct.unpack(">H", BYTES[:2])[0]})
        done = self.probe("probe", "modbus", "scan", where, "--stations", "3", "--address", "9999")
        self.assertIn("answers with exception 2: it is there, that address is not", done.stdout)
        (nobody,) = free_ports(1)
        done = self.probe("probe", "modbus", "scan", f"tcp:127.0.0.1:{nobody}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("refused", done.stderr)

    def test_every_type_in_every_order(self):
        where = self.peer()
        done = self.probe("probe", "modbus", "read", where, "--station", "3", "--count", str(len(BYTES) // 2), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {(r["address"], r["type"], r["order"]): r for r in map(json.loads, done.stdout.splitlines())}
        orders = {2: ("ab", "ba"), 4: ("abcd", "cdab", "badc", "dcba"), 8: ("abcdefgh", "ghefcdab", "badcfehg", "hgfedcba")}
        want = {}
        for at, (type_, size) in itertools.product(range(0, len(BYTES), 2), (("u16", 2), ("i16", 2), ("bcd16", 2), ("u32", 4), ("i32", 4), ("float32", 4), ("bcd32", 4), ("u64", 8), ("i64", 8), ("float64", 8))):
            if at + size <= len(BYTES):
                for order in orders[size]:
                    want[at // 2, type_, order] = number(reordered(BYTES[at:at + size], order), type_)
        self.assertEqual(set(rows), set(want))
        for key, value in want.items():
            if value is None:
                self.assertIsNone(rows[key]["value"], key)
                self.assertFalse(rows[key]["plausible"], key)
            else:
                self.assertTrue(math.isclose(rows[key]["value"], value, rel_tol=1e-9), (key, value, rows[key]))
        best = {k for k, r in rows.items() if r["best"]}
        self.assertLessEqual({(0, "float32", "cdab"), (2, "float32", "abcd")}, best)
        for key in ((4, "u16", "ab"), (5, "float64", "abcdefgh"), (11, "bcd32", "abcd")):
            self.assertTrue(rows[key]["plausible"], key)
        self.assertEqual(len(best), len({k[0] for k in best}))  # one an address at most

    def test_as_it_stands_in_a_configuration(self):
        where = self.peer()
        done = self.probe("probe", "modbus", "read", where, "--station", "17", "--count", "4")
        self.assertIn("source: {line: probe, station: 17, table: holding, address: 0, type: float32, order: cdab}   # 20.1\n", done.stdout)
        self.assertIn("address: 2, type: float32, order: abcd}   # 6.25\n", done.stdout)
        # the display says what it is: -250 in little-endian, which nobody would have guessed
        done = self.probe("probe", "modbus", "read", where, "--station", "17", "--address", "9", "--count", "2", "--expect", "-250")
        self.assertIn("address: 9, type: i32, order: dcba}   # -250\n", done.stdout)
        done = self.probe("probe", "modbus", "read", where, "--station", "17", "--address", "12", "--count", "3")  # one of them is there
        self.assertIn("  refused\n", done.stdout)
        self.assertEqual(done.returncode, 0)
        for arguments, code, said in ((("--station", "9", "--timeout", "100"), 1, "station 9: timeout; probe modbus scan finds those that answer"), (("--station", "3", "--address", "500"), 1, "exception 2"),
                                      (("--table", "coil"), 2, "--table coil is not holding or input"), (("--address", "70000"), 2, "--address 70000 is not a number from 0 to 65535"),
                                      (("--expect", "x"), 2, "--expect x is not a number"), (("--timeout", "5"), 2, "--timeout 5 is not a number from 10 to 60000")):
            done = self.probe("probe", "modbus", "read", where, *arguments)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(said, done.stderr)
        self.assertEqual(self.probe("probe", "modbus", "read", where, "--table", "input", "--station", "3", "--count", "1").returncode, 0)

    def test_places_that_are_none(self):
        for arguments in (("modbus",), ("modbus", "scan"), ("modbus", "dance", "tcp:x"), ("hj212",), ("hj212", "a", "b"), ("modbus", "scan", "tcp:"), ("modbus", "scan", "tcp:h:99999"),
                          ("modbus", "scan", "rtu:"), ("modbus", "scan", "rtu:/dev/x,9600,odd,3"), ("modbus", "scan", "rtu:/dev/x,9600,mark"), ("modbus", "scan", "rtu:/dev/x,fast"),
                          ("modbus", "scan", "rtu-over-tcp:host"), ("modbus", "scan", "stack"), ("modbus", "scan", "listen:127.0.0.1:9000"), ("hj212", "listen:9000"),
                          ("modbus", "scan", "tcp:127.0.0.1", "--stations", "9-3"), ("modbus", "scan", "tcp:127.0.0.1", "--stations", "1-300")):
            done = self.probe("probe", *arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))
            self.assertTrue(done.stderr.startswith("cemsctl: "), arguments)
        done = self.probe("probe", "modbus", "scan", "rtu:/dev/nothing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("open /dev/nothing: No such file or directory", done.stderr)

    def test_a_serial_line(self):
        """A station on a pty is found by the name of its line; not while the daemon has the wire."""
        device = self.path("ttyBUS")
        self.plant(f"devices:\n  - {{name: bus, pty: {{link: {device}, baud: 9600}}, points: [{{station: 5, address: 0, signal: so2}}, {{station: 5, address: 2, signal: o2}}]}}\n")
        self.config(lines=f"  - {{name: bus, modbus_rtu: {{device: {device}}}}}", channels="      - {factor: a21026, source: {line: bus, station: 5, address: 0}}")
        done = self.ctl("probe", "modbus", "scan", "bus", "--stations", "3-6")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^station 5 +answers, the register holds \d+\n$")
        done = self.ctl("probe", "modbus", "read", "bus", "--station", "5", "--count", "4")
        self.assertIn("source: {line: bus, station: 5, table: holding, address: 0, type: float32, order: abcd}   # 20\n", done.stdout)
        gateway = self.start(self.path("cemsd.yaml"))
        until(lambda: self.status()["lines"][0]["state"] == "connected", "the daemon to poll")
        done = self.ctl("probe", "modbus", "scan", "bus")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"open {device}: another program has it, and a wire has one master", done.stderr)
        done = self.ctl("probe", "modbus", "watch", "bus")
        self.assertIn("Device or resource busy", done.stderr)
        self.assertEqual(gateway.end(), 0)
        self.assertEqual(self.ctl("probe", "modbus", "scan", "bus", "--stations", "5").returncode, 0)

    def test_raw_bytes_in_hex(self):
        master, slave = pty.openpty()
        tty.setraw(master)
        self.addCleanup(os.close, master)
        name = os.ttyname(slave)
        os.close(slave)
        watching = Process(program("cemsctl"), "probe", "modbus", "watch", f"rtu:{name}", "--count", "27")
        self.processes.append(watching)
        watching.expect("watching")
        until(lambda: os.path.realpath(f"/proc/{watching.process.pid}/fd/3") == name or any(os.path.realpath(f"/proc/{watching.process.pid}/fd/{n}") == name for n in os.listdir(f"/proc/{watching.process.pid}/fd")), "the device to be open")
        time.sleep(0.1)  # it throws away what came before; nothing tells when it has
        request = bytes.fromhex("010300000002c40b")  # Modbus over Serial Line: CRC low byte first; by hand from the specification's table
        os.write(master, request)
        watching.expect(r"^\d\d:\d\d:\d\d\.\d{3}  01 03 00 00 00 02 c4 0b  .*\|\.{8}\|  Modbus RTU: station 1, function 3$")
        os.write(master, b"nothing of Modbus..")
        watching.expect(r"6e 6f 74 68 69 6e 67 20 6f 66 20 4d 6f 64 62 75  \|nothing of Modbu\|$")
        watching.expect(r"73 2e 2e .*\|s\.\.\|$")
        self.assertEqual(watching.process.wait(10), 0)

    def test_hj212_frames(self):
        (port,) = free_ports(1)
        watching = Process(program("cemsctl"), "probe", "hj212", f"listen:127.0.0.1:{port}", "--count", "2")
        self.processes.append(watching)
        segment = "ST=31;CN=2011;PW=123456;MN=88888880000001;CP=&&DataTime=20261125103000;a21026-Rtd=20.1,a21026-Flag=N&&"
        frame = hj212.frame(segment)

        def connects():
            try:
                return socket.create_connection(("127.0.0.1", port), 1)
            except OSError:
                return None
        with until(connects, "it to listen") as s:
            s.sendall(b"noise" + frame + frame[:-6] + b"0000\r\n")
            watching.process.wait(10)
        watching.thread.join(5)
        told = [json.loads(line) for line in watching.lines]
        self.assertEqual([t["verdict"] for t in told], ["garbage", "ok", "crc"])
        self.assertEqual((told[1]["cn"], told[1]["mn"], told[1]["items"][1]), ("2011", "88888880000001", {"code": "a21026", "field": "Rtd", "value": "20.1"}))


class Terminal(GatewayTest):
    """Colours and progress where somebody looks; neither where it is piped."""

    def on_terminal(self, *arguments, **environment):
        master, slave = pty.openpty()
        process = subprocess.Popen([program("cemsctl"), *arguments], stdout=slave, stderr=slave, stdin=slave, close_fds=True, env={**os.environ, "TERM": "xterm", **environment})
        os.close(slave)
        said = b""
        while True:
            ready, _, _ = select.select([master], [], [], 60)
            self.assertTrue(ready, "it said nothing for a minute")
            try:
                got = os.read(master, 65536)
            except OSError:
                break
            if not got:
                break
            said += got
        os.close(master)
        return process.wait(10), said.decode()

    def test_colours(self):
        self.config()
        code, said = self.on_terminal("--config", self.path("cemsd.yaml"), "doctor")
        self.assertIn("\033[32mok\033[0m", said)
        self.assertNotIn("\033", self.on_terminal("--config", self.path("cemsd.yaml"), "doctor", NO_COLOR="1")[1])
        self.assertNotIn("\033", self.ctl("doctor").stdout)

    def test_columns_are_aligned(self):
        self.plant()
        self.start(self.config())
        until(lambda: self.status()["outlets"][0]["channels"][0]["value"], "a value")
        text = self.ctl("status").stdout
        line = next(l for l in text.splitlines() if l.startswith("stack"))
        head = next(l for l in text.splitlines() if l.startswith("line "))
        for column in ("state", "requests", "last error"):
            at = head.index(column)
            self.assertTrue(line[at] != " " and line[at - 1] == " ", (column, line))
        wide = lambda s: sum(2 if ord(c) >= 0x1000 else 1 for c in s)
        rows = [l for l in text.splitlines() if re.match(r"  a\d{5} ", l)]
        self.assertEqual(len({wide(l[:l.index("20") if "20" in l else l.index("6")]) for l in rows}), 1)

    def test_progress(self):
        """Long work says how far it is: a bar on a terminal, nothing in a pipe; what is printed stays whole."""
        self.config(channels="""      - {factor: a21026, interval_ms: 1000, range: [0, 500], source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 1000, source: {line: stack, address: 2}}""")
        start = 1764000000000
        samples = self.write("samples.csv", "time,outlet,factor,value,mark\n" + "".join(f"{start + 1000 * i},DA001,a21026,{20 + i % 5},\n" for i in range(15000)))
        code, said = self.on_terminal("--config", self.path("cemsd.yaml"), "recompute", "--samples", samples)
        self.assertEqual(code, 0)
        shown = [int(m) for m in re.findall(r"recompute  \[[#·]{20}\] +(\d+) %", said)]
        self.assertGreater(len(shown), 1)
        self.assertEqual(shown, sorted(shown))
        done = self.ctl("recompute", "--samples", samples)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in done.stdout.splitlines():
            json.loads(line)
        (port,) = free_ports(1)
        code, said = self.on_terminal("probe", "modbus", "scan", f"tcp:127.0.0.1:{self.modbus_port}")
        self.assertEqual(code, 1)  # nobody is there
        self.plant()
        code, said = self.on_terminal("probe", "modbus", "scan", f"tcp:127.0.0.1:{self.modbus_port}", "--stations", "1-5", "--timeout", "50")
        self.assertEqual(code, 0)
        self.assertIn("scan  [####················]  20 %  1 / 5", said)

    def test_backlog(self):
        """Until there is nothing more to tell; a platform nobody can reach is waited for no longer than asked."""
        (port,) = free_ports(1)
        self.plant()
        self.start(self.config(extra=f"uplinks:\n  - {{name: city, host: 127.0.0.1, port: {port}, version: 2017, st: 31, password: \"123456\"}}"))
        until(lambda: self.status()["journal"]["durable"]["disclosure"] > 0, "something to tell")
        done = self.ctl("backlog", "city", "--count", "1")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"^\d+ records to tell\n\d+ records to tell\n$")
        self.assertEqual(self.ctl("backlog", "nobody").returncode, 1)
        self.assertEqual(self.ctl("backlog", "a", "b").returncode, 2)


if __name__ == "__main__":
    unittest.main()
