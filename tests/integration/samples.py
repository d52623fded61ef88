"""Raw samples of a journal, unpacked a second time from the description in daemon/journal/samples.h; no code shared."""
import sqlite3
import struct

MARKS = "N F M S D C T B Td".split()


class Bits:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        value = 0
        for i in range(n):
            value |= (self.data[self.at >> 3] >> (self.at & 7) & 1) << i
            self.at += 1
        return value

    def gamma(self):
        length = 0
        while not self.take(1):
            length += 1
        return 1 << length | self.take(length)

    def rice(self, r):
        ones = 0
        while ones < 20 and self.take(1):
            ones += 1
        return self.take(64) if ones == 20 else ones << r | self.take(r)


def unzigzag(z):
    return (z >> 1) ^ -(z & 1)


def mean_of(mean, z):
    return mean - (mean >> 3) + (min(z, 1 << 58) << 1)


def rice_of(mean):
    return max((mean >> 4).bit_length() - 1, 0)


def wrap(n):
    return (n + 2**63) % 2**64 - 2**63


def value_of(n, form, decimals):
    if form == 0:
        return n / 10**decimals
    width, letters = (31, ("I", "f")) if form == 1 else (63, ("Q", "d"))
    bits = (-(n + 1)) | 1 << width if n < 0 else n
    return struct.unpack("<" + letters[1], struct.pack("<" + letters[0], bits))[0]


class Channel:
    next = first = flags = form = decimals = last = mean = lead = step = 0


class Unpacking:
    """One stream of blocks; keys begin it anew."""

    def __init__(self):
        self.channels = None

    def block(self, kind, base_ms, body):
        if kind == "key":
            self.channels, self.before, self.group, self.time_mean = {}, None, base_ms, 0
        if self.channels is None or not body:
            return
        bits = Bits(body[2:])
        for _ in range(body[0] | body[1] << 8):
            yield self.sample(bits)

    def sample(self, bits):
        before, expected = self.before, bits.take(1)
        if expected or bits.take(1):
            number, first = before.next, before.first
        else:
            first = bits.take(1)
            number = bits.gamma() - 1
        c = self.channels.setdefault(number, Channel())
        if first:
            z = bits.rice(rice_of(self.time_mean))
            time = (c.lead + c.step if c.lead else self.group) + unzigzag(z)
            self.time_mean = mean_of(self.time_mean, z)
            if c.lead:
                difference = time - c.lead - c.step
                c.step += abs(difference) // 4 * (1 if difference >= 0 else -1)
            c.lead = self.group = time
        else:
            time = self.group if expected or bits.take(1) else self.group + unzigzag(bits.gamma() - 1)
        if not expected and not bits.take(1):
            c.flags = bits.take(7)
        value = None
        if not c.flags & 0x40:
            if expected or bits.take(1):
                z = bits.rice(rice_of(c.mean))
                c.mean = mean_of(c.mean, z) | 1
                c.last = wrap(c.last + unzigzag(z))
            else:
                c.form = bits.take(2)
                c.decimals = bits.take(4) if c.form == 0 else 0
                c.last, c.mean = wrap(bits.take(64)), 16
            value = value_of(c.last, c.form, c.decimals)
        if before:
            before.next, before.first = number, first
        self.before = c
        return number, time, MARKS[c.flags & 31], value, bool(c.flags & 0x20)


def read(path):
    """(channel number, time, mark, value, own time) of every raw sample, in the order in which they came."""
    unpacking = Unpacking()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        for base, kind, body in db.execute("SELECT time_ms, kind, body FROM entry WHERE stream = 'sample' ORDER BY seq"):
            yield from unpacking.block(kind, base, body)
