"""Random plants through `cemsctl recompute` and through the oracle: every figure of every closed period must be
the same to the last published digit, and every step of every alarm of gas plants to the millisecond.

CEMSD_ORACLE_SEEDS (default 3) plants of each kind, CEMSD_ORACLE_DAYS (default 2) days each."""
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime
from decimal import Decimal as D

sys.path.insert(0, os.path.dirname(__file__))
import alarms as alarm_oracle
import oracle
from oracle import DAY, HOUR, MINUTE, Channel, Plant

BIN = os.environ.get("CEMSD_BIN", "build/dev/bin")
SEEDS = int(os.environ.get("CEMSD_ORACLE_SEEDS", "3"))
DAYS = int(os.environ.get("CEMSD_ORACLE_DAYS", "2"))
# days that end a month, a year, a February of 29 days
STARTS = ("2026-11-29", "2027-12-30", "2028-02-28", "2026-06-10")


def epoch(text):
    return int(datetime.fromisoformat(text + "T00:00:00+08:00").timestamp() * 1000)


def decimal(rng, low, high, digits=2):
    return D(rng.randint(int(low * 10**digits), int(high * 10**digits))) / 10**digits


class Walk:
    """A signal that wanders, with stretches of marks and of silence."""

    def __init__(self, rng, middle, spread):
        self.rng, self.middle, self.spread, self.at = rng, middle, spread, middle
        self.until, self.mood = 0, "N"

    def next(self, time):
        if time >= self.until:
            self.mood = self.rng.choices(["N", "C", "M", "D", None, "wild"], [60, 2, 2, 1, 2, 1])[0]
            self.until = time + self.rng.choice([1, 3, 20, 60, 200]) * MINUTE
        pull = (self.middle - self.at) / 50
        self.at += pull + self.spread * self.rng.uniform(-1, 1)
        value = D(str(round(self.at, 2)))
        if self.mood is None:
            return None
        if self.mood == "wild":
            return D(str(round(self.rng.choice([-400, 26, 450, 120, self.at]), 2))), "N"
        return value, self.mood


def gas_plant(rng):
    reference = rng.choice([None, D(6), D(11)])
    wet, actual = rng.random() < 0.5, rng.random() < 0.5
    limit = decimal(rng, 20, 60)
    fixed = rng.choice([None, D(9)])
    channels = [
        Channel("a21026", 15000, "pollutant", (D(0), D(300)), D(64) / D("22.4") if rng.random() < 0.5 else D(1),
                limits={"hour": limit, "day": limit * D("0.9")}),
        Channel("a34013", 20000, "pollutant", (D(0), D(200)), actual=actual, wet=wet, limits={"hour": limit}),
        Channel("a21003", 20000, "pollutant", (D(0), D(300))),
        Channel("a21004", 20000, "pollutant", (D(0), D(300))),
        Channel("a21002", 20000, "pollutant", of=[("a21003", D(46) / D(30)), ("a21004", D(1))], limits={"hour": limit}),
        Channel("a19001", 15000, "o2", wet=wet),
        Channel("a01012", 30000, "temperature"), Channel("a01013", 30000, "pressure"),
        Channel("a01014", 30000, "moisture"), Channel("a01011", 15000, "velocity"),
    ]
    plant = Plant(True, channels, reference, area=D("12.5"), kv=D("0.98"), ambient=D("100.8"), fixed_moisture=fixed)
    middle = {"a21026": 25, "a34013": 25, "a21003": 15, "a21004": 5, "a19001": 8, "a01012": 120, "a01013": -0.5,
              "a01014": 10, "a01011": 11}
    return plant, {f: Walk(rng, m, m * 0.05 + 0.01) for f, m in middle.items()}


def water_plant(rng):
    channels = [
        Channel("w00000", 30000, "flow"),
        Channel("w01010", 30000, "plain"),
        Channel("w01018", 30000, "pollutant", limits={"day": D(50)}),
        Channel("w21003", 30000, "pollutant", limits={"day": lambda t: D(5) if t > 12 else D(8)}),
        Channel("w21011", 3600000, "pollutant", limits={"day": D("0.5")}),
        Channel("w21001", 7200000, "pollutant", limits={"day": D(15)}),
        Channel("w01001", 30000, "plain", limits={"day": (D(6), D(9))}),
    ]
    middle = {"w00000": 40, "w01010": 12, "w01018": 45, "w21003": 6, "w21011": 0.45, "w21001": 14, "w01001": 8.5}
    walks = {f: Walk(rng, m, m * 0.04) for f, m in middle.items()}
    walks["w00000"] = Pump(rng)
    return Plant(False, channels), walks


class Pump(Walk):
    """Works in bouts: much of the day nothing flows."""

    def __init__(self, rng):
        super().__init__(rng, 40, 2)
        self.runs_until, self.runs = 0, True

    def next(self, time):
        if time >= self.runs_until:
            self.runs, self.runs_until = not self.runs, time + self.rng.choice([10, 45, 400]) * MINUTE
        came = super().next(time)
        if came is None or came[1] != "N":
            return came
        return (max(came[0], D(0)) if self.runs else D(0)), "N"


def yaml_limits(limits):
    rows = []
    for period, limit in limits.items():
        if callable(limit):
            rows += [f"{{period: {period}, max: 5, when_above: 12, source: s}}",
                     f"{{period: {period}, max: 8, when_at_most: 12, source: s}}"]
        elif isinstance(limit, tuple):
            rows.append(f"{{period: {period}, min: {limit[0]}, max: {limit[1]}, source: s}}")
        else:
            rows.append(f"{{period: {period}, max: {limit}, source: s}}")
    return ", ".join(rows)


def yaml(plant):
    line = "hj212_listen: {bind: '127.0.0.1:9212'}" if plant.hj212 else "modbus_tcp: {host: h}"
    lines = ["site: {name: N, code: C, mn: 88880001}", f"lines: [{{name: a, {line}}}]",
             "alarms: {missing: {line_channels: 100}, instantaneous: {multiple: 1.25, samples: 3}, suspect: {on: false}}", "outlets:", "  - id: X", "    name: x",
             f"    medium: {'gas' if plant.gas else 'water'}"]
    if plant.gas:
        lines.append("    duct: {area_m2: 12.5, velocity_factor: 0.98, ambient_kpa: 100.8}")
    if plant.reference is not None:
        lines.append(f"    reference_o2: {plant.reference}")
    if plant.fixed_moisture is not None:
        lines.append(f"    moisture: {{fixed: {plant.fixed_moisture}}}")
    lines.append("    channels:")
    for i, c in enumerate(plant.channels):
        at = f"factor: {c.factor}" if plant.hj212 else f"address: {2 * i}"
        source = f"source: {{line: a, {at}}}, interval_ms: {c.interval}"
        if c.of:
            source = "computed: {rule: nox, of: [" + ", ".join(f for f, _ in c.of) + "]}"
        span = f", range: [{c.span[0]}, {c.span[1]}]" if c.span else ""
        basis = f", basis: {{unit: {'ppm' if c.ppm != 1 else chr(39) * 2}, state: {'actual' if c.actual else 'standard'}, " \
                f"moisture: {'wet' if c.wet else 'dry'}}}"
        limits = f", limits: [{yaml_limits(c.limits)}]" if c.limits else ""
        lines.append(f"      - {{factor: {c.factor}, {source}{span}{basis}{limits}}}")
    return "\n".join(lines) + "\n"


def run(plant, walks, start, days):
    """Samples of `days` days and what cemsctl makes of them."""
    samples = []
    for c in plant.channels:
        if c.of:
            continue
        for time in range(start, start + days * DAY, c.interval):
            came = walks[c.factor].next(time)
            if came:
                samples.append((time, c.factor, came[0], came[1]))
    samples.sort(key=lambda s: s[0])
    return samples, recompute(plant, samples)


def recompute(plant, samples):
    with tempfile.TemporaryDirectory() as folder:
        config, rows = os.path.join(folder, "c.yaml"), os.path.join(folder, "s.csv")
        with open(config, "w", encoding="utf-8") as out:
            out.write(yaml(plant))
        with open(rows, "w", encoding="utf-8") as out:
            out.write("time,outlet,factor,value,mark\n")
            out.writelines(f"{t},X,{f},{v},{m}\n" for t, f, v, m in samples)
        done = subprocess.run([os.path.join(os.path.abspath(BIN), "cemsctl"), "recompute", "--config", config,
                               "--samples", rows], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ms(text):
    return int(datetime.fromisoformat(text).timestamp() * 1000)


class Figures(unittest.TestCase):
    def check_figure(self, where, name, got, want, digits):
        if want is None or got is None:
            self.assertEqual((got is None), (want is None), f"{where} {name}: {got}, oracle {want}")
            return
        # half a unit of the last published digit, and what a double may lose on the way
        tolerance = D(5) / 10 ** (digits + 1) + abs(want) * D("1e-12") + D("1e-12")
        self.assertLessEqual(abs(D(str(got)) - want), tolerance, f"{where} {name}: {got}, oracle {want}")


class Oracle(Figures):
    kinds_seen = set()

    def agree(self, plant, samples, bodies):
        last = max(s[0] for s in samples)
        until = oracle.start_of("minute", last) + MINUTE
        figures, _ = oracle.records(plant, samples, until)
        seen = 0
        for b in bodies:
            if b["stream"] != "disclosure" or b["period"] not in ("minute", "hour", "2hour", "day", "month"):
                continue
            key = (b["period"], ms(b["from"]))
            want = figures.pop(key)
            for r in b["readings"]:
                f, where = want[r["factor"]], f"{b['period']} {b['from']} {r['factor']}"
                decimals = DECIMALS[r["factor"]]
                self.check_figure(where, "value", r["value"], f.value, decimals)
                self.check_figure(where, "converted", r["converted"], f.converted, decimals)
                self.check_figure(where, "min", r["min"], f.low, decimals)
                self.check_figure(where, "max", r["max"], f.high, decimals)
                self.check_figure(where, "amount", r["amount"], f.amount, 6)
                self.assertEqual(r["valid"], f.valid, where)
                self.assertEqual(r["exceeds"], f.exceeds, where)
                seen += 1
        self.assertEqual([k for k in figures if k[0] != "month"], [], "periods the oracle has and cemsctl has not")
        return figures, seen

    def agree_alarms(self, plant, samples, bodies):
        until = oracle.start_of("minute", max(s[0] for s in samples)) + MINUTE
        figures, _ = oracle.records(plant, samples, until)
        exceeding = {(f, p, start) for (p, start), row in figures.items() for f, x in row.items() if x.exceeds}
        alarms = [b for b in bodies if b["stream"] == "alarm"]
        said = {(a["factor"], a["period"], ms(a["from"])) for a in alarms
                if a["kind"] == "exceed" and a["state"] in ("raised", "updated")}
        self.assertEqual(said, exceeding)
        foreseen = {(kind, factor, time): (mean, under)
                    for kind, factor, time, mean, under in oracle.foreseen(plant, figures, until)}
        for a in alarms:
            if a["kind"] not in ("projected", "day-projected") or a["state"] not in ("raised", "updated"):
                continue
            if not plant.gas:
                continue
            mean, under = foreseen[(a["kind"], a["factor"], ms(a["time"]))]
            self.check_figure(a["id"], "projected", a["value"], mean, DECIMALS[a["factor"]])
            self.check_figure(a["id"], "stay under", a["stay_under"], under, DECIMALS[a["factor"]])
        if plant.gas:
            self.same_steps(plant, samples, figures, until, alarms)
        raised = {(a["kind"], a["factor"]) for a in alarms if a["kind"] in ("projected", "day-projected")}
        if plant.gas:
            self.assertEqual(raised, {(kind, factor) for kind, factor, _ in foreseen})
        return len(said), len(raised)

    def same_steps(self, plant, samples, figures, until, alarms):
        """Every step of every finding: kind, factor, period, state and the moment."""
        computed = {c.factor for c in plant.channels if c.of}
        want = alarm_oracle.steps(plant, samples, figures, until, (D("1.25"), 3))
        got = {(a["kind"], a["factor"], a["period"], a["state"], ms(a["time"])) for a in alarms
               if not (a["kind"] == "instrument" and a["factor"] in computed)}
        kind_of = lambda steps: {s[0] for s in steps}
        self.assertEqual(sorted(got - want, key=str), [], "said, but not by the oracle")
        self.assertEqual(sorted(want - got, key=str), [], "not said")
        self.kinds_seen |= kind_of(got)

    def plants(self, make):
        figures = exceeded = projected = 0
        for seed in range(SEEDS):
            rng = random.Random(seed)
            plant, walks = make(rng)
            with self.subTest(seed=seed):
                samples, bodies = run(plant, walks, epoch(STARTS[seed % len(STARTS)]), DAYS)
                figures += self.agree(plant, samples, bodies)[1]
                said, raised = self.agree_alarms(plant, samples, bodies)
                exceeded, projected = exceeded + said, projected + raised
        self.assertGreater(figures, SEEDS * DAYS * 24 * 60)
        return exceeded, projected

    def test_gas(self):
        exceeded, projected = self.plants(gas_plant)
        self.assertGreater(exceeded, 0)   # the plants are such that there is something to find
        self.assertGreater(projected, 0)
        self.assertEqual(self.kinds_seen, {"instantaneous", "warning", "projected", "exceed", "day-projected", "missing", "instrument"})

    def test_water(self):
        self.plants(water_plant)


class Compared(Figures):
    def compare(self, plant, figures, bodies):
        final, corrections = {}, 0
        for b in bodies:
            if b["stream"] != "disclosure" or b["period"] not in ("hour", "2hour", "day", "month"):
                continue
            for r in b["readings"]:
                key = (b["period"], ms(b["from"]), r["factor"])
                before = final.get(key)
                self.assertEqual(b["revision"], 0 if before is None else before[0] + 1, key)
                if b["revision"]:
                    corrections += 1
                    self.assertEqual(b["replaces"], {"revision": b["revision"] - 1, "from": b["from"]})
                final[key] = (b["revision"], r)
        for (period, start, factor), (_, r) in final.items():
            f, where = figures[(period, start)][factor], f"{period} {start} {factor}"
            self.check_figure(where, "value", r["value"], f.value, DECIMALS[factor])
            self.check_figure(where, "converted", r["converted"], f.converted, DECIMALS[factor])
            self.check_figure(where, "min", r["min"], f.low, DECIMALS[factor])
            self.check_figure(where, "max", r["max"], f.high, DECIMALS[factor])
            self.check_figure(where, "amount", r["amount"], f.amount, 6)
            self.assertEqual((r["valid"], r["exceeds"]), (f.valid, f.exceeds), where)
        return corrections


class Late(Compared):
    """TP and TN values that come up to three hours after their sample was taken. What is corrected in the end must be what
    would have been said had they come at once; each correction names the revision it replaces."""

    def test_late_water(self):
        corrections = 0
        for seed in range(SEEDS):
            rng = random.Random(100 + seed)
            plant, walks = water_plant(rng)
            start = epoch(STARTS[seed % len(STARTS)])
            with self.subTest(seed=seed):
                samples, _ = run(plant, walks, start, DAYS)
                until = oracle.start_of("minute", max(s[0] for s in samples)) + MINUTE
                figures, _ = oracle.records(plant, samples, until)
                corrections += self.compare(plant, figures, recompute(plant, late(rng, samples)))
        self.assertGreater(corrections, 0)


def late(rng, samples):
    """The same rows in the order in which they arrive."""
    arrivals = []
    for row in samples:
        delay = rng.choice([0, 40, 100, 180]) * MINUTE if row[1] in ("w21011", "w21001") else 0
        arrivals.append((row[0] + delay, row))
    arrivals.sort(key=lambda a: a[0])
    return [row for _, row in arrivals]


def sent_again(rng, samples):
    """The line is down now and then: what was measured meanwhile comes when it is back, a row every 50 ms."""
    first, last = samples[0][0], samples[-1][0]
    outages = []
    for _ in range(max(2, (last - first) // DAY * 3)):
        begin = rng.randint(first + HOUR, last - 9 * HOUR)
        outages.append((begin, begin + rng.choice([4, 25, 70, 200, 400]) * MINUTE))
    arrivals, waiting = [], {end: 0 for _, end in outages}
    for row in samples:
        end = max((e for b, e in outages if b <= row[0] < e), default=None)
        while end is not None and any(b <= end < e for b, e in outages):
            end = max(e for b, e in outages if b <= end < e)
        if end is not None:
            waiting[end] += 1
            arrivals.append((end + 50 * waiting[end], row))
        else:
            arrivals.append((row[0], row))
    arrivals.sort(key=lambda a: a[0])
    return [row for _, row in arrivals]


class SentAgain(Compared):
    """An HJ 212 analyzer of gas that sends what it measured while its line was down: what is told in the end must be what
    would have been told without the outage, oxygen of the instant included."""

    def test_gas_sent_again(self):
        corrections = 0
        for seed in range(SEEDS):
            rng = random.Random(200 + seed)
            plant, walks = gas_plant(rng)
            plant.hj212 = True
            with self.subTest(seed=seed):
                samples, _ = run(plant, walks, epoch(STARTS[seed % len(STARTS)]), DAYS)
                until = oracle.start_of("minute", max(s[0] for s in samples)) + MINUTE
                figures, _ = oracle.records(plant, samples, until)
                corrections += self.compare(plant, figures, recompute(plant, sent_again(rng, samples)))
        self.assertGreater(corrections, 0)


def decimals_of_table():
    """Digits after the point from the project's factor table (HJ 212 formats)."""
    table = {}
    path = os.path.join(os.path.dirname(__file__), "..", "..", "config", "factors.csv")
    with open(path, encoding="utf-8") as rows:
        next(rows)
        for row in rows:
            cells = row.rstrip("\n").split(",")
            form = cells[-1] or cells[-2]
            table[cells[0]] = int(form.partition(".")[2] or 0)
    return table


DECIMALS = decimals_of_table()

if __name__ == "__main__":
    unittest.main()
