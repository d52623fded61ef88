"""Many subscribers, stopped ones, and those who do not speak ZMTP: nobody is in anybody's way, and the feeds go on."""
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import zmq
import zmq.auth

from support import GatewayTest, Process, program, run, until

CROWD = """
import sys, zmq
endpoint, count = sys.argv[1], int(sys.argv[2])
context = zmq.Context()
context.set(zmq.MAX_SOCKETS, count + 10)
poller, last = zmq.Poller(), {}
for n in range(count):
    s = context.socket(zmq.SUB)
    s.connect(endpoint)
    s.subscribe(b"disclosure/")
    poller.register(s, zmq.POLLIN)
print("ready", flush=True)
import json
while True:
    for s, _ in poller.poll():
        seq = json.loads(s.recv_multipart()[1])["seq"]
        before = last.get(s)
        if before is not None and seq != before + 1:
            print("gap", before, seq, flush=True)
        last[s] = seq
    if len(last) == count:
        print("all", min(last.values()), flush=True)
"""


class Crowd(GatewayTest):
    def crowd(self, count):
        script = self.write("crowd.py", CROWD)
        p = Process("/usr/bin/python3", script, self.endpoint(self.disclosure_port), str(count))
        self.processes.append(p)
        p.expect("ready")
        return p

    def newest(self, p):
        return max((int(line.split()[1]) for line in p.lines if line.startswith("all")), default=0)

    def memory_mib(self, gateway):
        with open(f"/proc/{gateway.process.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def test_a_thousand_of_whom_a_tenth_stands_still(self):
        self.plant()
        gateway = self.start(self.config())
        crowds = [self.crowd(100) for _ in range(10)]
        until(lambda: all(self.newest(p) > 0 for p in crowds), "everybody to hear something", 60)
        still, moving = crowds[0], crowds[1:]
        os.kill(still.process.pid, signal.SIGSTOP)
        before, begin = self.memory_mib(gateway), self.newest(moving[0])
        until(lambda: all(self.newest(p) >= begin + 10 for p in moving), "ten messages for each of the nine hundred", 60)
        self.assertLess(self.memory_mib(gateway) - before, 64)  # what waits for the hundred has a bound (ASan's own overhead included)
        os.kill(still.process.pid, signal.SIGCONT)
        until(lambda: self.newest(still) >= begin + 10, "the hundred to catch up", 60)
        for p in crowds:
            self.assertEqual([line for line in p.lines if line.startswith("gap")], [])
        self.assertEqual(gateway.end(), 0)

    def test_noise_at_the_door(self):
        """Garbage, half a greeting, a frame of 2^63 bytes, connections that say nothing: counted or ignored, never fatal."""
        self.plant()
        gateway = self.start(self.config())
        sub = self.subscribe()
        sub.wait("disclosure", period="realtime")
        greeting = b"\\xff" + bytes(8) + b"\\x7f\\x03\\x00NULL" + bytes(16) + b"\\x00" + bytes(31)
        noises = [b"", b"GET / HTTP/1.1\\r\\n\\r\\n", os.urandom(4096), greeting[:20], greeting, greeting + b"\\x04\\x19\\x05READY" + bytes(18),
                  greeting + b"\\x02" + struct.pack(">Q", 2**63 - 1) + b"x" * 1000, greeting + b"\\x06" + struct.pack(">Q", 2**62), b"\\xff" * 100000]
        held = []
        for port in (self.alarm_port, self.disclosure_port, self.replay_port):
            for noise in noises * 5:
                s = socket.create_connection(("127.0.0.1", port), 10)
                try:
                    s.sendall(noise)
                except OSError:
                    pass  # hung up on already: as good an answer as any
                held.append(s)
        n = len(sub.messages)
        until(lambda: len([m for m in sub.messages[n:] if m[0].startswith(b"disclosure")]) >= 3, "the feed to go on")
        self.assertIsNone(gateway.process.poll())
        self.assertLess(self.memory_mib(gateway), 400)
        for s in held:
            s.close()
        self.assertEqual(gateway.end(), 0)

    def test_more_connections_than_descriptors(self):
        self.plant()
        config = self.config()
        p = Process(program("cemsd"), "--config", config, cwd=self.folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160)))
        self.processes.append(p)
        p.expect("event=started")
        sub = self.subscribe()
        sub.wait("disclosure", period="realtime")
        held = []
        for _ in range(300):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", self.alarm_port))
            held.append(s)
        n = len(sub.messages)
        until(lambda: len([m for m in sub.messages[n:] if m[0].startswith(b"disclosure")]) >= 4, "those who were there to be served on")
        for s in held:
            s.close()
        late = self.subscribe()
        late.wait("disclosure", period="realtime")
        self.assertEqual(p.end(), 0)
        self.assertEqual(self.ctl("verify").returncode, 0)


def capture_allowed():
    """CAP_NET_RAW among the effective capabilities of this process."""
    with open("/proc/self/status", encoding="utf-8") as status:
        return any(line.startswith("CapEff") and int(line.split()[1], 16) >> 13 & 1 for line in status)


class Wire(GatewayTest):
    """What somebody on the wire between sees."""

    def tap(self, port):
        """A relay that keeps all bytes of both directions."""
        listener = socket.create_server(("127.0.0.1", 0))
        seen = []

        def pump(a, b):
            try:
                while data := a.recv(65536):
                    seen.append(data)
                    b.sendall(data)
            except OSError:
                pass

        def serve():
            try:
                while True:
                    inner, _ = listener.accept()
                    outer = socket.create_connection(("127.0.0.1", port))
                    for pair in ((inner, outer), (outer, inner)):
                        threading.Thread(target=pump, args=pair, daemon=True).start()
            except OSError:
                pass
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(listener.close)
        return listener.getsockname()[1], seen

    def listen_in(self, key, prepare):
        self.plant()
        self.start(self.config(key=key))
        port, seen = self.tap(self.disclosure_port)
        context = zmq.Context()
        s = context.socket(zmq.SUB)
        s.setsockopt(zmq.LINGER, 0)
        prepare(s)
        s.connect(f"tcp://127.0.0.1:{port}")
        s.subscribe(b"disclosure/")
        self.assertTrue(s.poll(20000))
        topic, body, _ = s.recv_multipart()
        s.close()
        context.term()
        return topic, json.loads(body), b"".join(seen)

    WORDS = (b"disclosure/", b"010000A8900016F000169DC0", b"DA001", "平顶山".encode(), b'"seq"', b"realtime")

    def test_without_curve_everything_is_read(self):
        _, _, wire = self.listen_in("", lambda s: None)
        for word in self.WORDS:
            self.assertIn(word, wire)

    def with_curve(self):
        os.mkdir(self.path("clients"))
        self.assertEqual(run(program("cemsctl"), "keygen", "--curve", self.path("curve.key")).returncode, 0)
        server = zmq.auth.load_certificate(self.path("curve.key.pub"))[0]
        public, secret = zmq.auth.create_certificates(self.folder, "one")
        os.rename(public, os.path.join(self.path("clients"), os.path.basename(public)))
        client = zmq.auth.load_certificate(secret)

        def with_key(s):
            s.curve_publickey, s.curve_secretkey = client
            s.curve_serverkey = server
        return f"curve: {{server_key: {self.path('curve.key')}, clients_dir: {self.path('clients')}}}", with_key

    def test_with_curve_nothing_is(self):
        topic, body, wire = self.listen_in(*self.with_curve())
        self.assertTrue(topic.startswith(b"disclosure/"))
        self.assertEqual(body["outlet"], "DA001")
        self.assertGreater(len(wire), 500)
        for word in self.WORDS:
            self.assertNotIn(word, wire)


@unittest.skipUnless(capture_allowed(), "capturing needs CAP_NET_RAW; class Wire says the same by a relay")
class Eavesdropper(Wire):
    """The same, as tshark sees it on the test's own port of the loopback."""

    def tap(self, port):
        captured = self.path("captured.pcapng")
        p = Process("tshark", "-q", "-i", "lo", "-f", f"tcp port {port}", "-w", captured)
        self.processes.append(p)
        p.expect("Capturing on")
        return port, Capture(p, captured)


class Capture(list):
    """Bytes of the packets so far, in their order, once they are asked for."""

    def __init__(self, process, file):
        super().__init__()
        self.process, self.file = process, file

    def __iter__(self):
        until(lambda: len(b"".join(self.payloads())) > 800, "greetings and a message on the wire")
        self.process.end()
        return iter(self.payloads())

    def payloads(self):
        read = subprocess.run(["tshark", "-r", self.file, "-T", "fields", "-e", "tcp.payload"], capture_output=True, text=True, check=False)
        return [bytes.fromhex(line) for line in read.stdout.split()]


if __name__ == "__main__":
    unittest.main()
