"""What the integration tests share: real programs started and ended by their id, waited for by what they say.

Nothing here sleeps to hope: `until` polls a condition with a bound and fails with words."""
import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import zmq

BIN = os.environ.get("CEMSD_BIN", "build/dev/bin")
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROMTOOL = os.path.join(ROOT, "build", "tools", "promtool")
PATIENCE = 30  # seconds; a bound, not a wait


def program(name):
    return os.path.join(os.path.abspath(BIN), name)


def until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s for {what}")
        time.sleep(0.02)


def free_ports(count):
    """Below the range from which the kernel takes the ports of outgoing connections: those of tests beside this one would
    take what was free a moment ago."""
    ports, dice = [], random.SystemRandom()
    while len(ports) < count:
        port = dice.randrange(12000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


class Process:
    """A program with its output collected by a thread."""

    def __init__(self, *arguments, **options):
        self.lines = []
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self, pattern):
        return next((m for m in (re.search(pattern, line) for line in list(self.lines)) if m), None)

    def expect(self, pattern, patience=PATIENCE):
        def look():
            found = self.said(pattern)
            if not found and self.process.poll() is not None:
                self.thread.join(5)
                found = self.said(pattern)
                if not found:
                    raise AssertionError(f"{self.process.args[0]} ended with {self.process.returncode}:\n" + "\n".join(self.lines[-30:]))
            return found
        return until(look, f"{pattern!r} from {self.process.args[0]}; last lines: {self.lines[-5:]}", patience)

    def tell(self, line):
        done = sum(l == "done" for l in self.lines)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        until(lambda: sum(l == "done" for l in list(self.lines)) > done, f"the plant to take {line!r}")

    def end(self, number=signal.SIGTERM, patience=PATIENCE):
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(patience)
        self.thread.join(5)
        self.process.stdin.close()
        self.process.stdout.close()
        return code


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120, **options)


class Subscriber:
    """SUB sockets drained by a thread, so that nothing is lost to a slow test."""

    def __init__(self, *endpoints):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVHWM, 0)
        for endpoint in endpoints:
            self.socket.connect(endpoint)
        self.socket.subscribe(b"")
        self.messages = []
        self.stop = False
        self.thread = threading.Thread(target=self.drain, daemon=True)
        self.thread.start()

    def drain(self):
        while not self.stop:
            if self.socket.poll(50):
                self.messages.append(self.socket.recv_multipart())

    def bodies(self, stream, **members):
        found = []
        for topic, body, _ in list(self.messages):
            if topic.startswith(stream.encode() + b"/"):
                parsed = json.loads(body)
                if all(parsed.get(k) == v for k, v in members.items()):
                    found.append(parsed)
        return found

    def wait(self, stream, patience=PATIENCE, where=lambda body: True, **members):
        return until(lambda: next((b for b in self.bodies(stream, **members) if where(b)), None), f"{stream} {members}", patience)

    def close(self):
        self.stop = True
        self.thread.join(5)
        self.socket.close()
        self.context.term()


def request(endpoint, message, patience=PATIENCE):
    """Asks over a DEALER; returns the messages before the end, and the end."""
    context = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.setsockopt(zmq.LINGER, 0)
    dealer.connect(endpoint)
    dealer.send(message if isinstance(message, bytes) else json.dumps(message).encode())
    messages, end = [], None
    deadline = time.monotonic() + patience
    while end is None:
        if not dealer.poll(max(0, int((deadline - time.monotonic()) * 1000))):
            raise AssertionError(f"no answer to {message}")
        frames = dealer.recv_multipart()
        if len(frames) == 1:
            end = json.loads(frames[0])
        else:
            messages.append(frames)
    dealer.close()
    context.term()
    return messages, end


class GatewayTest(unittest.TestCase):
    """A scratch folder, free ports, and everything started in it ended after the test."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cemsd-")
        self.modbus_port, self.alarm_port, self.disclosure_port, self.replay_port = free_ports(4)
        self.processes = []
        self.subscribers = []

    def tearDown(self):
        for s in self.subscribers:
            s.close()
        for p in reversed(self.processes):
            if p.process.poll() is None:
                p.end(signal.SIGKILL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as out:
            out.write(text)
        return self.path(name)

    def endpoint(self, port):
        return f"tcp://127.0.0.1:{port}"

    def config(self, lines=None, channels=None, realtime_s=1, alarms="", key="", extra="", standard="standard: coal-power-ule"):
        lines = lines or f"  - {{name: stack, modbus_tcp: {{host: 127.0.0.1, port: {self.modbus_port}}}, timeout_ms: 300}}"
        channels = channels or """      - {factor: a21026, interval_ms: 200, range: [0, 500], source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 200, source: {line: stack, address: 2}}"""
        return self.write("cemsd.yaml", f"""site: {{name: 平顶山示例电厂, code: 91410400MA0000000X, mn: 010000A8900016F000169DC0}}
journal: {{path: {self.path('journal.db')}}}
control: {{bind: "ipc://{self.path('control')}"}}
feeds:
  alarm: {{bind: "{self.endpoint(self.alarm_port)}"}}
  disclosure: {{bind: "{self.endpoint(self.disclosure_port)}", realtime_s: {realtime_s}}}
  replay: {{bind: "{self.endpoint(self.replay_port)}"}}
  heartbeat_s: 1
  {key}
lines:
{lines}
outlets:
  - id: DA001
    name: 1号机组烟囱
    medium: gas
    {standard}
    channels:
{channels}
{extra}
alarms: {{instantaneous: {{multiple: 2, samples: 3}}, {alarms}}}
""")

    SIGNALS = """signals:
  - {name: so2, base: 20}
  - {name: o2, base: 6}
"""

    def scenario(self, devices=None, signals=None):
        return self.write("plant.yaml", (signals or self.SIGNALS) + (devices or f"""devices:
  - name: stack
    modbus_tcp: {{port: {self.modbus_port}}}
    points: [{{address: 0, signal: so2}}, {{address: 2, signal: o2}}]
"""))

    def plant(self, *arguments, **options):
        p = Process(program("plant"), "--scenario", self.scenario(*arguments, **options), cwd=self.folder)
        self.processes.append(p)
        p.expect("^ready$")
        return p

    def start(self, config, wrapper=()):
        p = Process(*wrapper, program("cemsd"), "--config", config, cwd=self.folder)
        self.processes.append(p)
        p.expect("event=started")
        return p

    FAST_CHANNELS = """      - {factor: a21026, interval_ms: 20000, source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 20000, source: {line: stack, address: 2}}"""

    def start_fast(self, speed=300, start_ms=1772322900000):  # 2026-03-01T07:55:00+08:00
        """The daemon on a clock that runs fast, with FAST_CHANNELS; started again it goes on where that clock is by then."""
        self.fast = getattr(self, "fast", None) or dict(os.environ, CEMSD_SPEED=str(speed), CEMSD_START_MS=str(start_ms), CEMSD_ORIGIN_MS=str(int(time.time() * 1000)))
        self.processes.append(Process(program("cemsd_fast"), "--config", self.path("cemsd.yaml"), cwd=self.folder, env=self.fast))
        self.processes[-1].expect("event=started")
        return self.processes[-1]

    def subscribe(self):
        s = Subscriber(self.endpoint(self.alarm_port), self.endpoint(self.disclosure_port))
        self.subscribers.append(s)
        return s

    def ctl(self, *arguments):
        return run(program("cemsctl"), "--config", self.path("cemsd.yaml"), *arguments)

    def status(self):
        return request("ipc://" + self.path("control"), {"op": "status"})[1]
