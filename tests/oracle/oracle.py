"""The figures the law judges, worked out a second time: plain arithmetic from the standards, decimals of 50 digits, no code shared with the daemon and none of its structure.

The daemon walks forward in time and keeps running sums. This oracle keeps every sample and asks, for each period, which
ones lie in it: slow, and easy to check against HJ 75-2017, HJ 76-2017 and HJ 212-2017 annex D by eye.

    plant = Plant(outlet=..., channels=[...]);  records(plant, samples)  -> {(period, from_ms): {factor: Figure}}
"""
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal as F
from decimal import getcontext

getcontext().prec = 50  # far beyond a double: what is left over is not the oracle's
ZONE = timezone(timedelta(hours=8))
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NONE = None


@dataclass
class Channel:
    factor: str
    interval: int            # ms
    role: str                # pollutant, o2, temperature, pressure, moisture, velocity, flow, plain
    span: tuple = None       # measuring range
    ppm: F = F(1)            # mg/m3 for 1 ppm
    actual: bool = False
    wet: bool = False
    limits: dict = field(default_factory=dict)  # period -> max, or (min, max)
    amount: bool = True
    of: list = None          # computed: [(factor, times)]


@dataclass
class Plant:
    gas: bool
    channels: list
    reference: F = None      # % O2
    o2_max: F = F(20)
    area: F = None
    kv: F = F(1)
    ambient: F = F("101.325")
    fixed_moisture: F = None
    hj212: bool = False      # its analyzers speak HJ 212, and send again what was not acknowledged


@dataclass
class Figure:
    value: object = NONE
    converted: object = NONE
    low: object = NONE
    high: object = NONE
    amount: object = NONE
    valid: int = 0
    weight: object = NONE
    reason: str = None
    exceeds: object = NONE
    conv: list = None


def need(period, expected):
    return {"hour": 45, "2hour": 90, "day": 20}.get(period) or -(-3 * expected // 4)


def local(ms):
    return datetime.fromtimestamp(ms / 1000, ZONE)


def start_of(period, ms):
    if period in LENGTH:
        return ms - (ms + 8 * HOUR) % LENGTH[period]
    d = local(ms)
    month = {"month": d.month, "quarter": (d.month - 1) // 3 * 3 + 1, "year": 1}[period]
    return int(datetime(d.year, month, 1, tzinfo=ZONE).timestamp() * 1000)


LENGTH = {"minute": MINUTE, "hour": HOUR, "2hour": 2 * HOUR, "day": DAY}


def end_of(period, start):
    if period in LENGTH:
        return start + LENGTH[period]
    d = local(start)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    n = d.year * 12 + d.month - 1 + months
    return int(datetime(n // 12, n % 12 + 1, 1, tzinfo=ZONE).timestamp() * 1000)


class Instants:
    """Per instant, the dry standard value and converted value of every channel (or why there is none)."""

    def __init__(self, plant, samples):
        self.plant = plant
        self.by = {c.factor: c for c in plant.channels}
        self.role = {}
        for c in plant.channels:
            self.role.setdefault(c.role, c)
        self.latest = {}          # factor -> (time, value or None)
        self.points = {c.factor: [] for c in plant.channels}  # (time, mark, value, converted, weight, reason)
        self.flow = []            # (time, mark, value)
        instants = {}
        for time, factor, value, mark in samples:
            instants.setdefault(time, []).append((factor, value, mark))
        order = {"temperature": 0, "pressure": 0, "moisture": 0, "o2": 1}
        if not plant.gas:
            order = {"flow": 0}
        for time in sorted(instants):
            group = sorted(instants[time], key=lambda s: order.get(self.by[s[0]].role, 2))
            for factor, value, mark in group:
                self.one(time, self.by[factor], value, mark)
            for c in plant.channels:
                if c.of:
                    self.computed(time, c, {f for f, _, _ in group})

    def sibling(self, role, time):
        c = self.role.get(role)
        if not c or c.factor not in self.latest:
            return None
        when, value = self.latest[c.factor]
        return value if value is not None and time - when <= 3 * c.interval + 1000 else None

    def dry_standard(self, time, c, v):
        if c.actual:
            t, p = self.sibling("temperature", time), self.sibling("pressure", time)
            if t is None:
                return None, "temperature-invalid"
            if p is None:
                return None, "pressure-invalid"
            v = v * F("101.325") / (self.plant.ambient + p) * (273 + t) / 273
        if c.wet:
            x = self.moisture(time)
            if x is None or not 0 <= x < 100:
                return None, "moisture-invalid"
            v = v / (1 - x / 100)
        return v, None

    def moisture(self, time):
        x = self.sibling("moisture", time)
        return self.plant.fixed_moisture if x is None else x

    def reference(self, time, v):
        if self.plant.reference is None:
            return None, None
        o2 = self.sibling("o2", time)
        if o2 is None:
            return None, "oxygen-invalid"
        if o2 > self.plant.o2_max or o2 >= 21:
            return None, "oxygen-too-high"
        return v * (21 - self.plant.reference) / (21 - o2), None

    def one(self, time, c, value, mark):
        if mark == "N" and c.span:
            low, high = c.span
            if value > high:
                mark = "T"
            elif value < low - (high - low) * F("0.05"):
                mark = "D"
        if mark == "N" and self.impossible(c, value):
            mark = "D"
        v, converted, reason = value, None, None
        if mark == "N":
            v = value * c.ppm
            if self.plant.gas and c.role in ("pollutant", "o2"):
                v, reason = self.dry_standard(time, c, v)
            if reason:
                mark = "D"
            elif self.plant.gas and c.role == "pollutant":
                converted, reason = self.reference(time, v)
        self.keep(time, c, mark, v, converted, reason)

    def impossible(self, c, v):
        return (c.role == "o2" and v > 25 or c.role == "moisture" and v >= 100 or
                c.role == "temperature" and v <= -273 or c.role == "pressure" and self.plant.ambient + v <= 0)

    def keep(self, time, c, mark, v, converted, reason):
        good = mark == "N" and v is not None
        self.latest[c.factor] = (time, v if good else None)
        weight = None
        if not self.plant.gas and c.role == "pollutant":
            weight = self.sibling("flow", time)
        self.points[c.factor].append((time, mark, v if good else None, converted, weight, reason))
        if c is self.flow_channel():
            self.flow.append((time, self.flow_of(time, c, v) if good else None))

    def flow_channel(self):
        if self.plant.gas and self.plant.area and "velocity" in self.role:
            return self.role["velocity"]
        return self.role.get("flow")

    def flow_of(self, time, c, v):
        if not self.plant.gas:
            return v
        t, p, x = self.sibling("temperature", time), self.sibling("pressure", time), self.moisture(time)
        if None in (t, p, x) or not 0 <= x < 100:
            return None
        return (3600 * self.plant.area * self.plant.kv * v * 273 / (273 + t) * (self.plant.ambient + p) /
                F("101.325") * (1 - x / 100))

    def computed(self, time, c, came):
        slowest = max((self.by[f].interval for f, _ in c.of))
        trigger = next(f for f, _ in c.of if self.by[f].interval == slowest)
        if trigger not in came:
            return
        total = F(0)
        for factor, times in c.of:
            when, value = self.latest.get(factor, (None, None))
            if value is None or time - when > 3 * self.by[factor].interval + 1000:
                self.keep(time, c, "D", None, None, "input-invalid")
                return
            total += times * value
        converted, reason = self.reference(time, total) if self.plant.gas else (None, None)
        self.keep(time, c, "N", total, converted, reason)


def mean(values):
    return sum(values, F(0)) / len(values)


def figure_of(period, expected, lower, converts, weighted):
    """lower: (value, converted, weight) of what is N in the period; value None: not valid."""
    f = Figure()
    good = [x for x in lower if x[0] is not None]
    f.valid = min(len(good), expected)
    needed = need(period, expected)
    if period == "month":
        needed = 23 if expected < 30 else 25
    if len(good) < needed or not good:
        return f
    f.value, f.low, f.high = mean([x[0] for x in good]), min(x[0] for x in good), max(x[0] for x in good)
    if converts:
        c = [x[1] for x in good if x[1] is not None]
        if len(c) >= needed:
            f.converted = mean(c)
    if weighted:
        w = [x for x in good if x[2] is not None]
        if len(w) >= needed:
            f.weight = sum((x[2] for x in w), F(0))
            if f.weight > 0:
                f.value = sum((x[0] * x[2] for x in w), F(0)) / f.weight
            else:
                f.reason = "no-flow"
    return f


def records(plant, samples, until):
    """Every closed minute, hour, 2-hour (water), day and month up to `until` (ms), from the start of the first sample's
    minute on."""
    world = Instants(plant, samples)
    begin = start_of("minute", min(s[0] for s in samples))
    out = {}
    weighted_outlet = not plant.gas and "flow" in world.role
    flows = {}

    def in_minute(points, start):
        return [p for p in points if start <= p[0] < start + MINUTE]

    buckets = {}
    for factor, points in world.points.items():
        for p in points:
            buckets.setdefault((factor, start_of("minute", p[0])), []).append(p)
    flow_buckets = {}
    for p in world.flow:
        flow_buckets.setdefault(start_of("minute", p[0]), []).append(p[1])
    minute = begin
    held = {}
    while minute + MINUTE <= until:
        flow_channel = world.flow_channel()
        flow = None
        if flow_channel:
            expected = max(1, MINUTE // flow_channel.interval)
            f = figure_of("minute", expected, [(v, None, None) for v in flow_buckets.get(minute, [])], False, False)
            flow = f.value
        flows[("minute", minute)] = flow
        for c in plant.channels:
            points = buckets.get((c.factor, minute), [])
            if points:
                held[c.factor] = points[-1]
            lower = [(p[2], p[3], p[4]) for p in points]
            last = held.get(c.factor)
            if not points and c.interval > MINUTE and last and last[2] is not None and \
                    minute - last[0] <= 2 * c.interval:
                lower = [(last[2], last[3], flow)]
            weighted = weighted_outlet and c.role == "pollutant"
            expected = max(1, MINUTE // c.interval)
            f = figure_of("minute", expected, lower, plant.gas and c.role == "pollutant" and
                          plant.reference is not None, weighted)
            volume = flow * 60 / 1000 if flow is not None and not plant.gas else None
            f.weight = volume if weighted else None
            f.amount = amount_of(plant, c, f.value, flow, F(1) / 60, volume)
            out.setdefault(("minute", minute), {})[c.factor] = f
        minute += MINUTE
    for period, below in (("hour", "minute"), ("2hour", "minute"), ("day", "hour"), ("month", "day")):
        if period == "2hour" and plant.gas:
            continue
        start = start_of(period, begin)
        while end_of(period, start) <= until:
            close(plant, world, out, flows, period, below, start, begin, weighted_outlet)
            start = end_of(period, start)
    for (period, start), figures in out.items():
        for c in plant.channels:
            judge(plant, c, period, figures[c.factor], figures)
    return out, flows


def parts(below, start, end):
    while start < end:
        yield start
        start = end_of(below, start)


def close(plant, world, out, flows, period, below, start, begin, weighted_outlet):
    end = end_of(period, start)
    keys = [(below, p) for p in parts(below, start, end) if (below, p) in out]
    expected = {"hour": 60, "2hour": 120, "day": 24}.get(period) or (end - start) // DAY
    flow_parts = [flows[k] for k in keys if flows[k] is not None]
    flow = mean(flow_parts) if flow_parts and len(flow_parts) >= (
        need(period, expected) if period != "month" else 25 if expected > 29 else 23) else None
    flows[(period, start)] = flow
    for c in plant.channels:
        lower = [(out[k][c.factor].value, out[k][c.factor].converted, out[k][c.factor].weight) for k in keys]
        weighted = weighted_outlet and c.role == "pollutant"
        f = figure_of(period, expected, lower,
                      plant.gas and c.role == "pollutant" and plant.reference is not None, weighted)
        if period == "hour" and plant.gas:
            f.amount = amount_of(plant, c, f.value, flow, F(1), None)
        else:
            known = [out[k][c.factor].amount for k in keys if out[k][c.factor].amount is not None]
            f.amount = sum(known, F(0)) if known else None
        out.setdefault((period, start), {})[c.factor] = f


def amount_of(plant, c, value, flow, hours, volume):
    if value is None or not c.amount:
        return None
    if c.role == "flow":
        return flow * hours if plant.gas else volume
    if c.role != "pollutant":
        return None
    if plant.gas:
        return None if flow is None else value * flow * hours / 1_000_000
    return None if volume is None else value * volume / 1000


def limit_of(c, period, figures):
    """A limit that depends on the water temperature is a function of it; without the temperature there is none."""
    limit = c.limits.get(period)
    if not callable(limit):
        return limit
    temperature = figures["w01010"].value
    return None if temperature is None else limit(temperature)


def judge(plant, c, period, f, figures):
    limit = limit_of(c, period, figures)
    judged = f.converted if plant.gas and c.role == "pollutant" and plant.reference is not None else f.value
    if limit is None or judged is None or f.reason == "no-flow":
        return
    low, high = limit if isinstance(limit, tuple) else (None, limit)
    f.exceeds = bool(high is not None and judged > high or low is not None and judged < low)


def foreseen(plant, out, until):
    """(kind, factor, time, projected mean, what the rest must stay under) at each closed minute where the hour, or hour
    where the day, would close above its limit: gas and plain means."""
    found = []
    for c in plant.channels:
        converts = plant.gas and c.role == "pollutant" and plant.reference is not None

        def judged(key):
            f = out.get(key, {}).get(c.factor)
            return None if f is None else f.converted if converts else f.value

        limit = c.limits.get("hour")
        if limit is not None and not isinstance(limit, tuple):
            for (period, minute) in sorted(k for k in out if k[0] == "minute"):
                hour, end = start_of("hour", minute), minute + MINUTE
                rest = (hour + HOUR - end) // MINUTE
                so_far = [judged(("minute", m)) for m in range(hour, end, MINUTE)]
                so_far = [v for v in so_far if v is not None]
                five = [judged(("minute", m)) for m in range(end - 5 * MINUTE, end, MINUTE)]
                five = [v for v in five if v is not None]
                if rest == 0 or len(so_far) + rest < 45 or len(five) < 4:
                    continue
                pace = mean(five)
                n = len(so_far) + rest
                projected = (sum(so_far, F(0)) + pace * rest) / n
                if projected > limit:
                    found.append(("projected", c.factor, end, projected, (limit * n - sum(so_far, F(0))) / rest))
        limit = c.limits.get("day")
        if limit is not None and not isinstance(limit, tuple) and plant.gas:
            for (period, hour) in sorted(k for k in out if k[0] == "hour"):
                day, end = start_of("day", hour), hour + HOUR
                rest = (day + DAY - end) // HOUR
                so_far = [v for v in (judged(("hour", h)) for h in range(day, end, HOUR)) if v is not None]
                pace = judged(("hour", hour))
                if rest == 0 or pace is None or len(so_far) + rest < 20:
                    continue
                n = len(so_far) + rest
                projected = (sum(so_far, F(0)) + pace * rest) / n
                if projected > limit:
                    found.append(("day-projected", c.factor, end, projected,
                                  (limit * n - sum(so_far, F(0))) / rest))
    return found
