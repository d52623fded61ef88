"""HJ 212 in Python, written from the standard and apart from protocols/hj212: what tests compare the daemon with.

Frames: ## + 4 digits of length + segment + CRC16 (annex A, bit by bit) + CR LF. SM4 by python3-cryptography.
"""
import re
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def frame(segment):
    if isinstance(segment, str):
        segment = segment.encode()
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


def sm4(key, data, encrypt):
    cipher = Cipher(algorithms.SM4(key), modes.ECB())
    worker = cipher.encryptor() if encrypt else cipher.decryptor()
    return worker.update(data) + worker.finalize()


def seal(segment, key, plain_length=False):
    """A frame with its data area encrypted; the CRC stays that of the plain text."""
    segment = segment.encode() if isinstance(segment, str) else segment
    head, _, rest = segment.partition(b"CP=&&")
    area = rest[:-2]
    whole = len(area) // 16 * 16
    sealed = area if whole == 0 else (
        b"{" + b",".join(b"0x%02X" % b for b in sm4(key, area[:whole], True)) + b"}" + area[whole:])
    sent = head + b"CP=&&" + sealed + b"&&"
    return b"##%04d%s%04X\r\n" % (len(segment) if plain_length else len(sent), sent, crc16(segment))


def unseal(segment, key):
    head, _, rest = segment.partition(b"CP=&&")
    match = re.fullmatch(rb"\{((?:0x[0-9A-F]{2},?)+)\}(.*)", rest[:-2], re.S)
    if not match:
        return segment
    data = bytes(int(b, 16) for b in match.group(1).split(b","))
    return head + b"CP=&&" + sm4(key, data, False) + match.group(2) + b"&&"


def items(area):
    """[(code, field, value)], log texts between // kept whole."""
    found = []
    for name, value in re.findall(r"([^=;,]*)=(//.*?//|[^;,]*)", area):
        left, dash, right = name.strip().partition("-")
        found.append((left if dash else "", right if dash else left, value.strip()))
    return found


def fields(segment):
    """Header fields and the area of a segment."""
    head, _, rest = segment.partition("CP=&&")
    found = dict(part.partition("=")[::2] for part in head.split(";") if part)
    found["area"] = rest[:rest.rfind("&&")]
    return found


class Stream:
    """Cuts a stream of well-formed frames; what is not one raises, for the daemon must not send it."""

    def __init__(self, key=None):
        self.buffer, self.key = b"", key

    def feed(self, data):
        self.buffer += data
        while len(self.buffer) >= 6:
            if not re.fullmatch(rb"##\d{4}", self.buffer[:6]):
                raise ValueError("no head: %r" % self.buffer[:60])
            length = int(self.buffer[2:6])
            begun = re.match(rb"##\d{4}[^{&]*CP=&&\{", self.buffer)  # of this frame: a sealed one may follow a plain one
            sealed = begun and re.match(rb"##\d{4}[^{&]*CP=&&\{[^}]*\}[^&]*&&[0-9A-F]{4}\r\n", self.buffer)
            if sealed:  # the length may count the plain text: the end is found by its form
                sent = len(sealed.group(0)) - 12
                if length not in (sent, len(unseal(sealed.group(0)[6:-6], self.key or bytes(16)))):
                    raise ValueError("length: %r" % self.buffer[:60])
                length = sent
            if len(self.buffer) < length + 12 or (begun and not sealed):
                return
            segment, tail = self.buffer[6:6 + length], self.buffer[6 + length:12 + length]
            self.buffer = self.buffer[12 + length:]
            sealed = b"CP=&&{" in segment
            if sealed:
                segment = unseal(segment, self.key)
            if not re.fullmatch(rb"[0-9A-F]{4}\r\n", tail) or int(tail[:4], 16) != crc16(segment):
                raise ValueError("CRC: %r" % segment)
            if len(segment) > 1024:
                raise ValueError("segment of %d bytes" % len(segment))
            found = fields(segment.decode())
            found["sealed"] = sealed
            yield found


def stamp(seconds=None, milliseconds=False):
    """Beijing time of epoch seconds, as QN (17 digits) or DataTime (14)."""
    total = round((time.time() if seconds is None else seconds) * 1000)
    whole = time.strftime("%Y%m%d%H%M%S", time.gmtime(total // 1000 + 8 * 3600))
    return whole + ("%03d" % (total % 1000) if milliseconds else "")
