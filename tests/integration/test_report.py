"""cemsctl report over a journal whose records the test wrote itself, so that every sum is known."""
import csv
import io
import json
import sqlite3
import unittest
from datetime import datetime

from support import GatewayTest

HOUR, DAY = 3_600_000, 86_400_000


def ms(text):
    return int(datetime.fromisoformat(text + "+08:00").timestamp() * 1000)


class Report(GatewayTest):
    """October 2026: SO2 of 2 kg an hour at 10 mg/m3 measured, 12 converted. Three hours of the 5th are invalid, one hour of
    the 6th exceeds at 40, twelve hours of the 7th the plant stands still. September was all 3 kg."""

    COLUMNS = ("channel", "period", "from_ms", "value", "converted", "min", "max", "amount", "flow", "mark", "valid", "expected",
               "limit_max", "exceeds", "seq", "condition", "revision")

    def setUp(self):
        super().setUp()
        self.config(standard="standard: coal-power-ule\n    ultra_low: coal-power-ule\n    operation: {rules: [{state: stopped, factor: a19001, above: 19}]}")
        gateway = self.start(self.path("cemsd.yaml"))
        self.assertEqual(gateway.end(), 0)
        journal = sqlite3.connect(self.path("journal.db"))
        journal.execute("DELETE FROM figure")
        for hour in range(ms("2026-09-01T00:00:00"), ms("2026-11-01T00:00:00"), HOUR):
            october = hour >= ms("2026-10-01T00:00:00")
            value, converted, amount, exceeds, condition, mark = 10.0, 12.0, 2.0 if october else 3.0, 0, "running", "N"
            if ms("2026-10-05T08:00:00") <= hour < ms("2026-10-05T11:00:00"):
                value = converted = amount = exceeds = None
                mark = "C"
            if hour == ms("2026-10-06T08:00:00"):
                value, converted, exceeds = 34.0, 40.0, 1
            if ms("2026-10-07T00:00:00") <= hour < ms("2026-10-07T12:00:00"):
                value, converted, amount, exceeds, condition = 0.1, None, 0.0, None, "stopped"
            self.put(journal, "hour", hour, hour + HOUR, value, converted, amount, exceeds, condition, mark)
        self.put(journal, "day", ms("2026-10-06T00:00:00"), ms("2026-10-07T00:00:00"), 11.0, 13.0, 48.0, None, "running", "N")
        self.put(journal, "month", ms("2026-10-01T00:00:00"), ms("2026-11-01T00:00:00"), 10.0, 12.0, 1458.0, None, "running", "N")
        journal.commit()
        journal.close()

    def put(self, journal, period, start, end, value, converted, amount, exceeds, condition, mark):
        channel = journal.execute("SELECT id FROM channel WHERE outlet = 'DA001' AND factor = 'a21026'").fetchone()[0]
        row = (channel, {"hour": 3, "day": 5, "month": 6}[period], start, value, converted, value, value, amount, 200000.0, "NFMSDCTB".index(mark),
               60 if value else 0, 60, 35.0 if period == "hour" else None, exceeds, 1, {"running": 0, "stopped": 3}[condition], 0)
        journal.execute(f"INSERT INTO figure({','.join(self.COLUMNS)}) VALUES({','.join('?' * len(row))})", row)
        self.assertEqual(journal.execute("SELECT outlet, factor, period, to_ms, mark, condition FROM record WHERE from_ms = ? AND period = ?", (start, period)).fetchone(),
                         ("DA001", "a21026", period, end, mark, condition))  # the view says the names

    def report(self, *arguments):
        done = self.ctl("report", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_month_adds_up(self):
        month = json.loads(self.report("month", "--from", "2026-10-15", "--json"))
        self.assertEqual((month["from"], month["to"], len(month["rows"])), ("2026-10-01T00:00:00.000+08:00", "2026-11-01T00:00:00.000+08:00", 31))
        so2 = next(s for s in month["summary"] if s["factor"] == "a21026")
        # 744 hours: 3 invalid, 12 stopped: 729 at 2 kg
        self.assertEqual(so2["amount"], 729 * 2)
        # the run of 3 h takes the largest of the 180 valid hours before it: 104 of October at 2, 76 of September at 3
        self.assertEqual((so2["substituted"], so2["substituted_by"]), (9, "S180"))
        self.assertEqual((so2["hours_ran"], so2["hours_exceeding"], so2["hours_judged"]), (732, 1, 729))
        self.assertAlmostEqual(so2["capture"], 729 / 732, places=5)
        self.assertEqual((so2["hours_within_ultra_low"], so2["hours_ultra_low_judged"]), (728, 729))
        self.assertEqual((so2["mean"], so2["converted"]), (10, 12))

    def test_a_day_has_its_hours(self):
        rows = list(csv.DictReader(io.StringIO(self.report("day", "--from", "2026-10-05", "--csv"))))
        self.assertEqual(len(rows), 24)
        self.assertEqual((rows[7]["a21026_value"], rows[7]["a21026_mark"], rows[7]["a21026_exceeds"]), ("10.00", "N", "0"))
        self.assertEqual((rows[8]["a21026_value"], rows[8]["a21026_mark"], rows[8]["a21026_exceeds"]), ("", "C", ""))
        text = self.report("day", "--from", "2026-10-06")
        self.assertIn("二氧化硫", text)
        self.assertIn("超标 exceeding 1/24 h", text)
        self.assertEqual(text, self.report("day", "--from", "2026-10-06"))  # the same to the byte

    def test_the_tax_of_a_month(self):
        """1458 + 9 kg / 0.95 = 1544.2105 equivalents; an hour exceeded, so the full rate: 4.8 yuan each."""
        tax = json.loads(self.report("tax", "--from", "2026-10-15", "--json").splitlines()[0])
        self.assertEqual(tax["kg"], 1467)
        self.assertAlmostEqual(tax["equivalents"], 1467 / 0.95, places=3)
        self.assertEqual((tax["share"], tax["taxed"]), (1, True))
        self.assertAlmostEqual(tax["yuan"], 1467 / 0.95 * 4.8, places=2)
        # September complied at 12 of 35, more than half below: half of the tax; 720 hours of 3 kg
        tax = json.loads(self.report("tax", "--from", "2026-09-15", "--json").splitlines()[0])
        self.assertEqual((tax["kg"], tax["share"]), (2160, 0.5))
        self.assertAlmostEqual(tax["yuan"], 2160 / 0.95 * 4.8 / 2, places=2)

    def test_bad_requests_are_refused(self):
        self.assertEqual(self.ctl("report").returncode, 2)
        self.assertEqual(self.ctl("report", "week").returncode, 2)
        self.assertEqual(self.ctl("report", "2hour").returncode, 2)
        self.assertEqual(self.ctl("report", "day", "--from", "yesterday").returncode, 2)
        self.assertEqual(self.ctl("report", "day", "--outlet", "DA009").stderr, "cemsctl: there is no outlet DA009\n")


if __name__ == "__main__":
    unittest.main()
