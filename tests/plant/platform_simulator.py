"""A simulated regulator's platform: acknowledges, loses, delays, duplicates, garbles, hangs up, commands.

As a program it prints what it receives, one JSON line a frame:

    platform_simulator.py --port 9000 [--key HEX] [--seed N] [--trouble 0.05]

Written on tests/plant/hj212.py, so that nothing of it is shared with what it tests. Deterministic per seed for a given order
of frames.
"""
import argparse
import json
import random
import select
import socket
import threading
import time

import hj212

KINDS = ("lose", "delay", "duplicate", "garble", "hangup", "half")


class Platform:
    def __init__(self, port=0, key=None, seed=1, trouble=0.0, listener=None):
        self.key, self.random, self.trouble = key, random.Random(seed), trouble
        self.received, self.errors, self.troubles = [], [], 0
        self.mute = False  # takes everything, answers nothing
        self.refusing = False  # hangs up on whoever comes
        self.connection, self.stopping = None, False
        self.asked_ms = 0
        self.lock = threading.Lock()
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind(("127.0.0.1", port))
        self.server.listen(8)
        self.port = self.server.getsockname()[1]
        self.listener = listener
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    # ---- the wire ----

    def serve(self):
        stream = None
        while not self.stopping:
            sockets = [self.server] + ([self.connection] if self.connection else [])
            try:
                ready = select.select(sockets, [], [], 0.05)[0]
            except (OSError, ValueError):
                self.hang_up()
                continue
            if self.server in ready:
                fresh, _ = self.server.accept()
                fresh.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.hang_up()  # the second connection of a device takes over
                if self.refusing:
                    fresh.close()
                    continue
                with self.lock:
                    self.connection = fresh
                stream = hj212.Stream(self.key)
                continue
            if self.refusing:
                self.hang_up()
            if not ready or not self.connection:
                continue
            try:
                data = self.connection.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.hang_up()
                continue
            try:
                for frame in stream.feed(data):
                    self.take(frame)
            except ValueError as problem:
                self.errors.append(str(problem))
                self.hang_up()

    def hang_up(self):
        with self.lock:
            if self.connection:
                self.connection.close()
            self.connection = None

    def send(self, data):
        with self.lock:
            if self.connection:
                try:
                    self.connection.sendall(data)
                except OSError:
                    pass

    def close(self):
        self.stopping = True
        self.thread.join(10)
        self.hang_up()
        self.server.close()

    # ---- frames ----

    def take(self, frame):
        frame["at"] = time.time()
        self.received.append(frame)
        if self.listener:
            self.listener(frame)
        if not int(frame.get("Flag", "0")) & 1 or self.mute:
            return
        answer = 9013 if frame["CN"] in ("9015", "1001", "1013", "1014") else 9014
        version = int(frame.get("Flag", "0")) >> 2
        head = f"QN={frame['QN']};" if version else ""
        area = "" if version else f"QN={frame['QN']}"
        self.answer(hj212.frame(f"{head}ST=91;CN={answer};PW={frame['PW']};MN={frame['MN']};Flag={version << 2};CP=&&{area}&&"))

    def answer(self, data):
        what = self.random.choice(KINDS) if self.random.random() < self.trouble else "answer"
        self.troubles += what != "answer"
        if what == "lose":
            return
        if what == "delay":
            time.sleep(self.random.random() * 0.2)
        if what == "garble":
            at = self.random.randrange(6, len(data) - 8)
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        if what == "hangup":
            self.hang_up()
            return
        if what == "half":
            self.send(data[:len(data) // 2])
            self.hang_up()
            return
        self.send(data)
        if what == "duplicate":
            self.send(data)

    # ---- what a test asks ----

    def ask(self, cn, area="", version=2017, st="31", pw="123456", mn="010000A8900016F000169DC0", qn=None, flag=None):
        """Sends a request; returns its QN."""
        if not qn:  # unique, as the standard wants it: the millisecond is bumped
            self.asked_ms = max(int(time.time() * 1000), self.asked_ms + 1)
            qn = hj212.stamp(self.asked_ms / 1000, True)
        bits = {2005: 0, 2017: 4, 2025: 8}[version] | 1 if flag is None else flag
        self.send(hj212.frame(f"QN={qn};ST={st};CN={cn};PW={pw};MN={mn};Flag={bits};CP=&&{area}&&"))
        return qn

    def ask_something(self, version=2017, mn=None, st="31"):
        """A command at random: some right, some wrong, none that changes what is reported."""
        cn, area = self.random.choice([(1011, ""), (1061, ""), (1063, ""), (1000, "OverTime=60;ReCount=2"), (1000, "OverTime=0"), (4711, ""),
                                       (3011, "PolId=a21026"), (3020, "PolId=a21026;InfoId=i13001"), (1012, "SystemTime=20230231000000")])
        options = {"mn": mn} if mn else {}
        return self.ask(cn, area, version=version, st=st, pw=self.random.choice(["123456", "123456", "000000"]), **options)

    def of(self, cn, **header):
        return [f for f in list(self.received) if f["CN"] == str(cn) and all(f.get(k) == v for k, v in header.items())]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", help="SM4 key, hexadecimal")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trouble", type=float, default=0.0, help="share of answers that go wrong")
    parser.add_argument("--command-every", type=float, default=0.0, help="seconds between commands at random")
    options = parser.parse_args()
    platform = Platform(options.port, bytes.fromhex(options.key) if options.key else None, options.seed, options.trouble,
                        lambda frame: print(json.dumps(frame, ensure_ascii=False), flush=True))
    print(f"listening on 127.0.0.1:{platform.port}", flush=True)
    try:
        while options.command_every:
            platform.thread.join(options.command_every)
            if platform.received:
                last = platform.received[-1]
                platform.ask_something({0: 2005, 1: 2017, 2: 2025}.get(int(last.get("Flag", "0")) >> 2, 2017), last["MN"], last["ST"])
        platform.thread.join()
    except KeyboardInterrupt:
        platform.close()


if __name__ == "__main__":
    main()
