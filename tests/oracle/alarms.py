"""The alarms of a gas plant worked out a second time, from what the oracle knows of its samples and periods: every step in the
life of every finding. Rules: docs/figures.md, "Alarms". No running state but the finding's own; each question is asked of the
whole list of samples or minutes again.

    steps(plant, samples, figures, until)  ->  set of (kind, factor, period, state, time)
"""
from decimal import Decimal as F

import oracle
from oracle import DAY, HOUR, MINUTE, mean, start_of

HYSTERESIS, WORSE = F("0.05"), F("1.05")
WARNING_SHARE, WARNING_MINUTES = F("0.8"), 15
MISSING_MINUTES, INSTRUMENT_SAMPLES = 5, 3
REALTIME = 10_000


class Finding:
    """raised → updated* → cleared; what it is told is kept."""

    def __init__(self, told, kind, factor, period=None):
        self.told, self.key, self.active, self.published = told, (kind, factor, period), False, None

    def step(self, state, time, value):
        self.told.add(self.key + (state, time))
        self.active, self.published = state != "cleared", value

    def over(self, time, value):
        if not self.active:
            self.step("raised", time, value)
        elif value is not None and value > self.published * WORSE:
            self.step("updated", time, value)

    def again(self, time, value):
        self.step("updated" if self.active else "raised", time, value)

    def under(self, time):
        if self.active:
            self.step("cleared", time, None)

    def level(self, time, value, is_over, threshold):
        if is_over:
            self.over(time, value)
        elif value < threshold * (1 - HYSTERESIS):
            self.under(time)


def judged_of(plant, c, figure):
    if figure is None:
        return None
    return figure.converted if plant.gas and c.role == "pollutant" and plant.reference is not None else figure.value


def steps(plant, samples, figures, until, instantaneous):
    world = oracle.Instants(plant, samples)
    begin = start_of("minute", min(s[0] for s in samples))
    told = set()
    for c in plant.channels:
        sample_alarms(plant, c, world.points[c.factor], told, instantaneous, until)
        missing(c, world.points[c.factor], told, min(s[0] for s in samples), until)
        hours(plant, c, figures, told, begin, until)
        days(plant, c, figures, told, begin, until)
    return told


def sample_alarms(plant, c, points, told, rule, until):
    """instantaneous and instrument: sample by sample; instantaneous also ends with an hour that closes in a calm moment."""
    multiple, needed = rule
    limit = c.limits.get("hour")
    loud, broken = Finding(told, "instantaneous", c.factor, "realtime"), Finding(told, "instrument", c.factor)
    over, peak, abnormal, normal, last_mark = 0, None, 0, 0, None
    hour = start_of("hour", points[0][0]) + HOUR if points else until + HOUR
    for time, mark, value, converted, _, _ in points:
        while hour + 1000 <= time:  # closed by its grace, before this sample
            if over == 0:
                loud.under(hour)
            hour += HOUR
        judged = converted if c.role == "pollutant" and plant.reference is not None else value
        if limit is not None:
            if mark != "N" or judged is None:
                over = 0
            elif judged > multiple * limit:
                peak = judged if over == 0 else max(peak, judged)
                over += 1
                if over >= needed:
                    loud.over(time, peak)
            else:
                over = 0
                if judged < multiple * limit * (1 - HYSTERESIS):
                    loud.under(time)
        if mark == "B" or c.of:
            continue
        if mark != "N":
            normal, abnormal = 0, abnormal + 1
            if abnormal >= INSTRUMENT_SAMPLES:
                if not broken.active or last_mark != mark:
                    broken.again(time, None)
                last_mark = mark
        else:
            abnormal, normal = 0, normal + 1
            if normal >= INSTRUMENT_SAMPLES:
                broken.under(time)
    while hour <= until:
        if over == 0:
            loud.under(hour)
        hour += HOUR


def missing(c, points, told, begin, until):
    """No valid value for five minutes, or two intervals; looked at when a 10-second span ends."""
    patience, last, finding = max(MISSING_MINUTES * MINUTE, 2 * c.interval), begin, Finding(told, "missing", c.factor)
    for time in [p[0] for p in points if p[1] == "N"] + [until + DAY]:
        deadline = last + patience
        noticed = -(-deadline // REALTIME) * REALTIME
        # the span's end is looked at a second later, and before a sample of that moment
        if noticed <= until and noticed + 1000 <= time:
            finding.over(deadline, None)
        if time <= until + DAY - 1:
            finding.under(time)
        last = time


def hours(plant, c, figures, told, begin, until):
    limit = c.limits.get("hour")
    if limit is None:
        return
    kinds = {kind: Finding(told, kind, c.factor, "hour") for kind in ("warning", "projected", "missing", "exceed")}
    hour = start_of("hour", begin)
    while hour < until:
        for minute in range(max(hour, begin), min(hour + HOUR, until), MINUTE):
            end, rest = minute + MINUTE, (hour + HOUR - minute) // MINUTE - 1
            so_far = [judged_of(plant, c, figures.get(("minute", m), {}).get(c.factor)) for m in range(hour, end, MINUTE)]
            so_far = [v for v in so_far if v is not None]
            valid = sum(1 for m in range(hour, end, MINUTE)
                        if ("minute", m) in figures and figures[("minute", m)][c.factor].value is not None)
            if len(so_far) >= WARNING_MINUTES:
                now = mean(so_far)
                kinds["warning"].level(end, now, now >= WARNING_SHARE * limit, WARNING_SHARE * limit)
            if rest == 0:
                continue
            if begin <= hour and valid + rest < 45 and not kinds["missing"].active:
                kinds["missing"].over(end, None)
            five = [judged_of(plant, c, figures.get(("minute", m), {}).get(c.factor))
                    for m in range(end - 5 * MINUTE, end, MINUTE)]
            five = [v for v in five if v is not None]
            if len(so_far) + rest >= 45 and len(five) >= 4:
                will = (sum(so_far, F(0)) + mean(five) * rest) / (len(so_far) + rest)
                kinds["projected"].level(end, will, will > limit, limit)
        if hour + HOUR <= until:
            for kind in ("warning", "projected", "missing"):
                kinds[kind].under(hour + HOUR)
            close(kinds["exceed"], figures[("hour", hour)][c.factor], hour + HOUR)
        hour += HOUR


def close(finding, figure, end):
    if figure.exceeds is True:
        finding.again(end, None)
    elif figure.exceeds is False:
        finding.under(end)


def days(plant, c, figures, told, begin, until):
    limit = c.limits.get("day")
    if limit is None:
        return
    foreseen, exceed = Finding(told, "day-projected", c.factor, "day"), Finding(told, "exceed", c.factor, "day")
    hour = start_of("hour", begin)
    while hour + HOUR <= until:
        day, end = start_of("day", hour), hour + HOUR
        so_far = [judged_of(plant, c, figures.get(("hour", h), {}).get(c.factor)) for h in range(day, end, HOUR)]
        so_far = [v for v in so_far if v is not None]
        pace, rest = judged_of(plant, c, figures[("hour", hour)][c.factor]), (day + DAY - end) // HOUR
        if rest > 0 and pace is not None and len(so_far) + rest >= 20:
            will = (sum(so_far, F(0)) + pace * rest) / (len(so_far) + rest)
            foreseen.level(end, will, will > limit, limit)
        if rest == 0:
            foreseen.under(end)
            close(exceed, figures[("day", day)][c.factor], end)
        hour += HOUR
