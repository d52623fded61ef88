"""cemsd against devices not written here: python3-pymodbus over TCP, and over a serial line made of a socat pty pair."""
import os
import sqlite3
import unittest

from support import GatewayTest, Process, free_ports, until

SERVER = '''
import struct, sys
from pymodbus.server import StartTcpServer, StartSerialServer
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
from pymodbus.transaction import ModbusRtuFramer
registers = [0] * 200
def put(address, format, *values):
    data = struct.pack(format, *values)
    registers[address:address + len(data) // 2] = struct.unpack(">%dH" % (len(data) // 2), data)
put(0, ">f", 28.0)          # SO2, abcd
put(2, ">f", 8.5)           # O2
put(10, "<f", 123.5)        # velocity: wire bytes little endian = dcba
put(12, ">h", -50)          # pressure, scaled
registers[20] = 0x1234      # bcd16
registers[30] = 2           # instrument state
block = lambda: ModbusSequentialDataBlock(0, registers)
slaves = {n: ModbusSlaveContext(hr=block(), ir=block(), co=ModbusSequentialDataBlock(0, [1] * 200), di=ModbusSequentialDataBlock(0, [1] * 200), zero_mode=True) for n in (0, 1, 7, 255)}
context = ModbusServerContext(slaves=slaves, single=False)
print("ready", flush=True)
if sys.argv[1] == "tcp":
    StartTcpServer(context=context, address=("127.0.0.1", int(sys.argv[2])))
else:
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=sys.argv[2], baudrate=19200, timeout=0.005)
'''

CHANNELS = """      - {factor: a21026, interval_ms: 200, source: {line: stack, station: %d, address: 0, type: float32, order: abcd}}
      - {factor: a19001, interval_ms: 200, source: {line: stack, station: %d, table: input, address: 2}}
      - {factor: a01011, interval_ms: 200, source: {line: stack, station: %d, address: 10, type: float32, order: dcba}}
      - {factor: a01013, interval_ms: 200, source: {line: stack, station: %d, address: 12, type: i16}, scale: {raw: [-100, 100], value: [-10, 10]}}
      - {factor: a01012, interval_ms: 200, source: {line: stack, station: %d, address: 20, type: bcd16}}
      - factor: a21002
        interval_ms: 200
        source: {line: stack, station: %d, address: 0}
        marks: {source: {line: stack, station: %d, address: 30, type: u16}, table: {1: C, 2: M}}
"""


class Peers(GatewayTest):
    def check_values(self, sub):
        body = sub.wait("disclosure", 60, period="realtime", where=lambda b: all(r["mark"] == ("M" if r["factor"] == "a21002" else "N") for r in b["readings"]))
        by = {r["factor"]: r for r in body["readings"]}
        self.assertEqual(by["a21026"]["value"], 28)
        self.assertEqual(by["a21026"]["converted"], 33.6)  # 28 · 15 / 12.5
        self.assertEqual(by["a19001"]["value"], 8.5)
        self.assertEqual(by["a01011"]["value"], 123.5)
        self.assertEqual(by["a01013"]["value"], -5)         # -50 of ±100 on ±10 kPa
        self.assertEqual(by["a01012"]["value"], 1234)
        self.assertEqual((by["a21002"]["mark"], by["a21002"]["value"], by["a21002"]["reason"]), ("M", None, "marked"))

    def serve(self, *arguments):
        server = Process("/usr/bin/python3", "-c", SERVER, *arguments)
        self.processes.append(server)
        server.expect("ready")
        return server

    def test_pymodbus_over_tcp(self):
        """telegraf #9279: unit ids as written, 0, 7 and 255."""
        for station in (0, 7, 255):
            server = self.serve("tcp", str(self.modbus_port))
            gateway = self.start(self.config(channels=CHANNELS % ((station,) * 7)))
            sub = self.subscribe()
            self.check_values(sub)
            self.assertEqual(gateway.end(), 0)
            server.end()
            verified = self.ctl("verify")
            self.assertEqual(verified.returncode, 0, verified.stdout)
            os.unlink(self.path("journal.db"))

    def test_pymodbus_over_a_serial_line(self):
        a, b = self.path("tty-a"), self.path("tty-b")
        socat = Process("socat", "-d", "-d", f"pty,raw,echo=0,link={a}", f"pty,raw,echo=0,link={b}")
        self.processes.append(socat)
        until(lambda: os.path.exists(a) and os.path.exists(b), "the pty pair")
        self.serve("serial", a)
        line = f"  - {{name: stack, modbus_rtu: {{device: {b}, baud: 19200}}, timeout_ms: 1000, pause_ms: 5}}"
        gateway = self.start(self.config(lines=line, channels=(CHANNELS % ((7,) * 7)).replace("200", "1000")))
        sub = self.subscribe()
        self.check_values(sub)
        self.assertEqual(gateway.end(), 0)

    def test_several_stations_and_kinds_of_lines_at_once(self):
        """telegraf #7523: stations share a line; a serial server (RTU over TCP) beside Modbus TCP and a pty."""
        (rtu_port,) = free_ports(1)
        tty = self.path("dust.tty")
        self.plant(devices=f"""devices:
  - name: stack
    modbus_tcp: {{port: {self.modbus_port}}}
    points: [{{station: 1, address: 0, signal: so2}}, {{station: 2, address: 0, signal: o2}}]
  - name: server
    rtu_over_tcp: {{port: {rtu_port}}}
    points: [{{station: 5, table: input, address: 4, type: i32, order: cdab, scale: 100, signal: so2}}, {{station: 5, table: coil, address: 3, signal: o2, type: bit}}]
  - name: dust
    pty: {{link: {tty}, baud: 19200}}
    points: [{{station: 3, address: 0, signal: so2}}]
""")
        lines = f"""  - {{name: stack, modbus_tcp: {{host: localhost, port: {self.modbus_port}}}, timeout_ms: 300}}
  - {{name: server, modbus_rtu_over_tcp: {{host: 127.0.0.1, port: {rtu_port}}}, timeout_ms: 300}}
  - {{name: dust, modbus_rtu: {{device: {tty}, baud: 19200}}, timeout_ms: 500}}"""
        channels = """      - {factor: a21026, interval_ms: 200, source: {line: stack, station: 1, address: 0}}
      - {factor: a19001, interval_ms: 200, source: {line: stack, station: 2, address: 0}}
      - {factor: a21002, interval_ms: 200, source: {line: server, station: 5, table: input, address: 4, type: i32, order: cdab}, scale: {raw: [0, 100], value: [0, 1]}}
      - {factor: a01010, interval_ms: 200, source: {line: server, station: 5, table: coil, address: 3}}
      - {factor: a34013, interval_ms: 200, source: {line: dust, station: 3, address: 0}}"""
        gateway = self.start(self.config(lines=lines, channels=channels))
        sub = self.subscribe()
        body = sub.wait("disclosure", where=lambda b: all(r["mark"] == "N" for r in b["readings"]))
        self.assertEqual([r["value"] for r in body["readings"]], [20, 6, 20, 1, 20])
        self.assertEqual(gateway.end(), 0)
        rows = sqlite3.connect(self.path("journal.db")).execute("SELECT count(*) FROM channel").fetchone()
        self.assertEqual(rows[0], 5)

    def test_a_dead_device_is_missing_and_comes_back_without_help(self):
        plant = self.plant()
        gateway = self.start(self.config(alarms="missing: {minutes: 1}"))
        sub = self.subscribe()
        sub.wait("disclosure", where=lambda b: b["readings"][0]["value"] == 20)
        plant.tell("device stack 0 silent")
        b = sub.wait("disclosure", period="realtime", where=lambda b: b["readings"][0]["mark"] == "B")
        self.assertEqual((b["readings"][0]["value"], b["readings"][0]["reason"]), (None, "no-valid-data"))
        sub.wait("alarm", 90, kind="missing", state="raised", factor="a21026")
        plant.tell("clear")
        sub.wait("alarm", kind="missing", state="cleared", factor="a21026")
        self.assertEqual(gateway.end(), 0)


    def test_a_thread_that_hangs_does_not_hide_the_silence(self):
        """A time-out of 20 s against an interval of 200 ms: the values are marked B long before the device is given up."""
        plant = self.plant()
        line = f"  - {{name: stack, modbus_tcp: {{host: 127.0.0.1, port: {self.modbus_port}}}, timeout_ms: 20000}}"
        self.start(self.config(lines=line))
        sub = self.subscribe()
        sub.wait("disclosure", period="realtime", where=lambda b: b["readings"][0]["mark"] == "N")
        plant.tell("device stack 0 silent")
        sub.wait("disclosure", 10, period="realtime", where=lambda b: b["readings"][0]["mark"] == "B" and b["readings"][0]["reason"] == "no-valid-data")


if __name__ == "__main__":
    unittest.main()
