"""Simulated HJ 212 analyzers of all three versions, over TCP or a file descriptor (a pty). Written on tests/plant/hj212.py."""
import os
import select
import socket
import time

import hj212


class Analyzer:
    """Speaks when told to; answers requests it is polled with when `serve` runs."""

    def __init__(self, port=None, fd=None, mn="88888880000001", version=2017, st="31", pw="123456"):
        self.mn, self.version, self.st, self.pw = mn, version, st, pw
        self.fd = fd
        self.socket = None
        if port:
            self.socket = socket.create_connection(("127.0.0.1", port), 10)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = hj212.Stream()

    def send(self, data):
        if self.socket:
            self.socket.sendall(data)
        else:
            os.write(self.fd, data)

    def read(self, patience=10):
        """Frames that came within the patience; returns at the first."""
        source = self.socket if self.socket else self.fd
        if not select.select([source], [], [], patience)[0]:
            return []
        data = self.socket.recv(65536) if self.socket else os.read(self.fd, 65536)
        if not data:
            raise ConnectionError("hung up on")
        return list(self.stream.feed(data))

    def wait(self, cn, patience=10):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for frame in self.read(max(0, end - time.monotonic())):
                if frame["CN"] == str(cn):
                    return frame
        raise AssertionError(f"no {cn}")

    def segment(self, cn, area, ack=True, qn=None, extra=""):
        version = {2005: 0, 2017: 4, 2025: 8}[self.version]
        qn = qn or hj212.stamp(time.time(), True)
        if self.version == 2005 and not ack:  # as most devices of 2005 upload
            return f"ST={self.st};CN={cn};PW={self.pw};MN={self.mn};CP=&&{area}&&"
        return f"QN={qn};ST={self.st};CN={cn};PW={self.pw};MN={self.mn};Flag={version | int(ack)};{extra}CP=&&{area}&&"

    def upload(self, cn, area, ack=True, **options):
        self.send(hj212.frame(self.segment(cn, area, ack, **options)))

    def answer(self, request, cn, area):
        version = int(request.get("Flag", "0")) & ~3
        st = "91" if cn in (9011, 9012) else self.st
        self.send(hj212.frame(f"QN={request['QN']};ST={st};CN={cn};PW={request['PW']};MN={request['MN']};Flag={version};CP=&&{area}&&"))

    def close(self):
        if self.socket:
            self.socket.close()

    def __del__(self):
        self.close()
