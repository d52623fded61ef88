"""The pages in a real browser: Debian's Chromium, driven by its own driver. Screenshots stay in the build folder."""
import base64
import json
import os
import re
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from support import BIN, GatewayTest, Process, ROOT, free_ports, program, read, until

SHOTS = os.path.join(os.path.abspath(BIN), "..", "screenshots")
AXE = os.path.join(ROOT, "tests", "web", "node_modules", "axe-core", "axe.min.js")


class Pages(GatewayTest):
    def setUp(self):
        super().setUp()
        os.makedirs(SHOTS, exist_ok=True)
        (self.port,) = free_ports(1)
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", f"--user-data-dir={self.path('browser')}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.addCleanup(self.browser.quit)

    def begin(self):
        self.analyzers = self.plant()
        return self.start(self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}"))

    def open(self, path):
        self.browser.get(f"http://127.0.0.1:{self.port}{path}")

    def text(self, id_):
        return self.browser.find_element(By.ID, id_).text

    def shoot(self, name):
        self.browser.save_screenshot(os.path.join(SHOTS, f"{name}.png"))

    def check_page(self):
        """Nothing was asked of another origin, and nothing was complained of."""
        loaded = self.browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        self.assertTrue(loaded)
        for name in loaded:
            self.assertTrue(name.startswith(f"http://127.0.0.1:{self.port}/"), name)
        self.assertEqual(self.browser.get_log("browser"), [])

    def fits(self):
        """No page is wider than the screen: only tables scroll, by themselves."""
        self.assertEqual(self.browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)

    def test_the_operators_page(self):
        gateway = self.begin()
        self.open("/?lang=en")
        until(lambda: "20.00" in self.text("outlets"), "the value")
        self.assertIn("sulfur dioxide", self.text("outlets"))
        self.assertIn("No alarm is active", self.text("alarms"))
        self.assertEqual(self.text("connection"), "live")
        status = self.browser.find_element(By.ID, "alarms")
        self.assertEqual((status.get_attribute("role"), status.get_attribute("aria-live")), ("status", "polite"))  # said aloud when it changes
        self.analyzers.tell("signal so2 set 300")
        until(lambda: "300.00" in self.text("outlets"), "the new value, without loading anything again")
        until(lambda: "sulfur dioxide instantaneous value 300.00 mg/m3, above the limit 70 mg/m3" in self.text("alarms"), "the alarm")
        until(lambda: "stack" in self.text("lines") and "connected" in self.text("lines"), "the line")
        self.assertIn("journal.db", self.text("journal"))
        until(lambda: re.search(r"station 1\s+[\d: -]+ \d+ \d+ \d+\.\d ms none", self.text("lines")), "the station and its latency")
        self.assertIn(self.endpoint(self.alarm_port), self.text("feeds"))
        until(lambda: re.search(r"Chain verified up to\nalarm [1-9]", self.text("journal")), "the chain to be verified")
        self.assertRegex(self.text("gateway"), r"Ahead of this screen's clock\n[+-]?0\.\d s")
        self.browser.find_element(By.ID, "language").click()
        until(lambda: "二氧化硫" in self.text("outlets"), "Chinese")
        self.assertEqual((self.browser.title, self.browser.find_element(By.TAG_NAME, "html").get_attribute("lang")), ("排放监测网关", "zh-CN"))
        until(lambda: "二氧化硫瞬时值 300.00 mg/m3，超过限值 70 mg/m3" in self.text("alarms"), "the alarm in Chinese")
        self.check_page()
        gateway.end()
        until(lambda: self.text("connection") == "连接中断，正在重连", "the page to notice")
        self.start(self.path("cemsd.yaml"))
        until(lambda: self.text("connection") == "实时", "the page to come back by itself")

    def test_with_a_secret(self):
        """The browser asks for name and secret; with them the page lives like any other, without them there is only the public's."""
        self.analyzers = self.plant()
        self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\", access_file: {self.path('access')}}}")
        secret = self.ctl("access", "add", "gate").stdout.split("\n")[0]
        gateway = self.start(self.path("cemsd.yaml"))
        self.open("/public?lang=en")
        until(lambda: "20.00" in self.text("outlets"), "the public's page without a secret")
        self.assertEqual(self.browser.get_log("browser"), [])
        self.browser.get(f"http://gate:{secret}@127.0.0.1:{self.port}/api/v1/alarms")  # what a person types in
        self.open("/?lang=en")
        until(lambda: "20.00" in self.text("outlets") and self.text("connection") == "live", "the operator's page")
        self.analyzers.tell("signal so2 set 300")
        until(lambda: "instantaneous" in self.text("alarms"), "an alarm, by the stream")
        self.check_page()
        self.assertEqual(gateway.end(), 0)

    def begin_fast(self):
        """300 over a limit of 35, on a clock 300 times as fast."""
        self.analyzers = self.plant()
        self.config(realtime_s=60, extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}", channels=self.FAST_CHANNELS)
        self.analyzers.tell("signal so2 set 300")
        self.start_fast()

    def pixels(self, colour):
        """How many pixels of the plot have this colour of the page, as the canvas drew them."""
        return self.browser.execute_script("""
            const probe = document.createElement("canvas").getContext("2d");
            probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim();
            probe.fillRect(0, 0, 1, 1);
            const [r, g, b] = probe.getImageData(0, 0, 1, 1).data, canvas = document.querySelector("#plot canvas");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let i = 0; i < data.length; i += 4)
                count += data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255;
            return count;""", colour)

    def fetch(self, path):
        return self.browser.execute_async_script("const done = arguments[1]; fetch(arguments[0]).then((a) => a.text()).then(done)", path)

    def test_an_alarms_page(self):
        """From the list to its life: raised, acknowledged by somebody, cleared, with the signed messages and the records behind it."""
        gateway = self.begin()
        self.open("/?lang=en")
        self.analyzers.tell("signal so2 set 300")
        until(lambda: "instantaneous" in self.text("alarms"), "the alarm")
        self.browser.find_element(By.CSS_SELECTOR, "#alarms a").click()
        until(lambda: "raised" in self.text("life"), "its life")
        self.assertIn("sulfur dioxide instantaneous value 300.00 mg/m3", self.text("what"))
        self.assertEqual(self.ctl("ack", json.loads(self.fetch("/api/v1/alarms"))[0]["id"], "--by", "王", "--note", "看过").returncode, 0)
        until(lambda: "王: 看过" in self.text("life"), "who acknowledged it, by itself")
        self.analyzers.tell("signal so2 set 20")
        until(lambda: "cleared" in self.text("life"), "its end")
        details = self.browser.find_elements(By.CSS_SELECTOR, "#evidence details")
        self.assertGreaterEqual(len(details), 3)
        details[0].find_element(By.TAG_NAME, "summary").click()
        self.assertIn('"state":"raised"', details[0].text)
        csv = self.fetch(self.browser.find_element(By.CSS_SELECTOR, "#links a[href*=csv]").get_attribute("href"))
        self.assertTrue(csv.startswith("outlet,factor,period"))
        self.check_page()
        self.open("/alarm?id=nothing&lang=en")
        until(lambda: "There is no such alarm" in self.text("what"), "it to say so")
        self.assertEqual(gateway.end(), 0)

    def test_the_report_of_a_day(self):
        """300, then 20: the hours, their least and most, and the day's own mean beside the hours' count; the day before is empty."""
        self.begin_fast()
        self.open("/report?lang=en")
        until(lambda: len(json.loads(self.fetch("/api/v1/records?factor=a21026&period=hour"))) >= 2, "two hours", 60)
        self.analyzers.tell("signal so2 set 20")
        until(lambda: len(json.loads(self.fetch("/api/v1/records?factor=a21026&period=hour"))) >= 4, "two hours more", 60)
        self.open("/report?lang=en")
        until(lambda: "08:00–09:00" in self.text("table"), "the hours")
        rows = {r.text.split(" ")[0]: r.text for r in self.browser.find_elements(By.CSS_SELECTOR, "#table tbody tr")}
        self.assertRegex(rows["08:00–09:00"], r"^08:00–09:00 300\.00 (exceeds )?300\.00")
        self.assertRegex(rows["Highest"], r"^Highest 300\.00")
        self.assertRegex(rows["Lowest"], r"^Lowest 20\.00")
        self.check_page()
        self.shoot("report-hours")
        with open(os.path.join(SHOTS, "report.pdf"), "wb") as out:
            printed = base64.b64decode(self.browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
            self.assertTrue(printed.startswith(b"%PDF"))
            out.write(printed)
        self.browser.find_element(By.ID, "before").click()
        until(lambda: self.text("table") == "There are no data in this span", "the day before")
        self.assertIn("day=2026-02-28", self.browser.current_url)

    def test_the_trend(self):
        """Two hours at 300, then 20: the hours of the day before are empty, the exceedance is a dot, the limit a line."""
        self.begin_fast()
        self.browser.set_window_size(1200, 900)
        hours = lambda: json.loads(self.fetch("/api/v1/records?factor=a21026&period=hour"))
        self.open("/?lang=en")
        until(lambda: len(hours()) >= 2, "an hour", 60)
        self.analyzers.tell("signal so2 set 20")
        until(lambda: len(hours()) >= 4, "two hours more", 60)
        self.browser.find_element(By.LINK_TEXT, "sulfur dioxide").click()
        until(lambda: "Average" in self.text("summary"), "the trend")
        self.assertEqual(self.browser.title, "Trend")
        pairs = dict(zip(*(iter(self.text("summary").split("\n")),) * 2))
        self.assertEqual((pairs["Highest"], pairs["Lowest"]), ("300.00 mg/m3", "20.00 mg/m3"))
        self.assertGreater(self.pixels("--link"), 200)  # the line
        self.browser.find_element(By.CSS_SELECTOR, "#span option[value='30d']").click()
        until(lambda: dict(zip(*(iter(self.text("summary").split("\n")),) * 2))["Points"] in ("4", "5"), "the hours")
        self.assertGreater(self.pixels("--bad"), 20)  # the limit, and the exceedances
        self.assertEqual(json.loads(self.browser.execute_async_script(
            "const done = arguments[0]; fetch('/api/v1/trend?outlet=DA001&factor=a21026&span=30d').then((a) => a.text()).then(done)"))["exceeds"].count(True),
            sum(1 for r in hours() if r["exceeds"]))
        self.check_page()
        self.shoot("trend")

    def test_the_publics_page(self):
        """300 over a limit of 35 in the first hour, 20 under it in the last."""
        self.begin_fast()
        self.open("/public?lang=en")
        until(lambda: "sulfur dioxide mg/m3 (Limit 35)" in self.text("outlets"), "its factor and limit")
        until(lambda: "08:00–09:00" in self.text("outlets"), "the first hour, by itself", 60)
        self.analyzers.tell("signal so2 set 20")
        self.assertIn("300.00 exceeds", self.text("outlets"))
        self.assertIn("08:00–09:00 DA001 sulfur dioxide 300.00 mg/m3 > 35", self.text("exceedances"))
        until(lambda: "10:00–11:00" in self.text("outlets"), "two hours more", 60)
        row = next(r for r in self.browser.find_elements(By.CSS_SELECTOR, "#outlets tbody tr") if r.text.startswith("10:00"))
        self.assertEqual(row.text, "10:00–11:00 20.00")
        table = self.browser.execute_async_script("const done = arguments[0]; fetch(document.getElementById('download').href).then((a) => a.text()).then(done)")
        self.assertIn("DA001,a21026,hour,2026-03-01T08:00:00.000+08:00", table)
        self.check_page()
        self.shoot("public-hours")

    def test_every_page_in_every_light(self):
        """Sizes, languages, light and dark: nothing sticks out, and axe-core finds nothing to object to (WCAG 2.2 A and AA)."""
        gateway = self.begin()
        self.analyzers.tell("signal so2 set 300")
        axe = read(AXE)
        self.open("/?lang=en")
        until(lambda: "instantaneous" in self.text("alarms"), "the alarm")
        id_ = json.loads(self.fetch("/api/v1/alarms"))[0]["id"]
        for path, place, said in (("/", "outlets", "300.00"), ("/public", "outlets", "300.00"), ("/led", "figures", "300.00"), ("/trend", "summary", ""),
                                  (f"/alarm?id={id_}", "evidence", "alarm/"), ("/report", "table", "")):
            for language in ("zh", "en"):
                for scheme in ("light", "dark"):
                    self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
                    for width in (360, 1920):
                        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False})
                        self.open(f"{path}{'&' if '?' in path else '?'}lang={language}")
                        until(lambda: self.text(place) and said in self.text(place), f"the value on {path}")
                        self.fits()
                        self.shoot(f"{path.split('?')[0].strip('/') or 'console'}-{language}-{scheme}-{width}")
                    self.browser.execute_script(axe)
                    found = self.browser.execute_async_script(
                        "const done = arguments[0]; axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(done)")
                    self.assertEqual([(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]], [], f"{path} {language} {scheme}")
                    self.assertGreater(len(found["passes"]), 10)
                self.check_page()
        self.assertEqual(gateway.end(), 0)


if __name__ == "__main__":
    unittest.main()
