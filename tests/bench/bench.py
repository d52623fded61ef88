#!/usr/bin/python3
"""./dev bench: figures against limits and peers, all of one run; medians of --rounds. docs/benchmarks.md explains them."""
import argparse
import contextlib
import json
import os
import random
import resource
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import samples

options = argparse.ArgumentParser()
options.add_argument("--bin", required=True)
options.add_argument("--rounds", type=int, default=5)
options.add_argument("--only", default="")
options.add_argument("--folder", default=None, help="where journals are made; by default the folder of temporary files")
arguments = options.parse_args()
binary = lambda name: os.path.join(os.path.abspath(arguments.bin), name)
TICKS = os.sysconf("SC_CLK_TCK")
GAS = ["a21026", "a21002", "a34013", "a19001", "a01011", "a01012", "a01013", "a01014"]
rows, failed = [], []


def gas_factors(count):
    table = os.path.join(os.path.dirname(__file__), "..", "..", "config", "factors.csv")
    with open(table, encoding="utf-8") as file:
        codes = [line.split(",")[0] for line in file if line.startswith("a")]
    return codes[:count]


def ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    found = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return found


def report(name, value, unit, limit, at_most=True):
    good = value <= limit if at_most else value >= limit
    rows.append((name, f"{value:.4g} {unit}", f"{'≤' if at_most else '≥'} {limit:g}", "ok" if good else "MISSED"))
    if not good:
        failed.append(name)
    print("%-74s %14s   %-8s %s" % rows[-1], flush=True)


class Gateway:
    """cemsd on a configuration of its own, measured from outside by /proc."""

    def __init__(self, lines, outlets, alarms="", realtime_s=10, folder=None, extra=""):
        fresh = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="cemsd-bench-")
        self.alarm, self.disclosure, self.replay = ports(3)
        if fresh:
            subprocess.run([binary("cemsctl"), "keygen", f"{self.folder}/feed.pem"], check=True, stdout=subprocess.DEVNULL)
        with open(f"{self.folder}/c.yaml", "w", encoding="utf-8") as out:
            out.write(f"""site: {{name: bench, code: C, mn: BENCH}}
journal: {{path: {self.folder}/journal.db}}
feeds:
  alarm: {{bind: "tcp://127.0.0.1:{self.alarm}"}}
  disclosure: {{bind: "tcp://127.0.0.1:{self.disclosure}", realtime_s: {realtime_s}}}
  replay: {{bind: "tcp://127.0.0.1:{self.replay}"}}
  signing_key: {self.folder}/feed.pem
lines:
{lines}
outlets:
{outlets}
alarms: {{{alarms}}}
{extra}
""")
        self.log = open(f"{self.folder}/log", "w")
        self.process = subprocess.Popen([binary("cemsd"), "--config", f"{self.folder}/c.yaml"], stderr=self.log)
        end = time.monotonic() + 20
        while "event=started" not in open(f"{self.folder}/log").read():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(open(f"{self.folder}/log").read())
            time.sleep(0.02)

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def status(self):
        import json
        done = subprocess.run([binary("cemsctl"), "--config", f"{self.folder}/c.yaml", "--json", "status"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def requests(self):
        return sum(line["results"]["ok"] for line in self.status()["lines"])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.log.close()
        if code != 0:
            raise SystemExit(f"cemsd ended with {code}: {self.folder}/log")


def outlets_of(count, channels, line_of, interval_ms, factors):
    text = ""
    for o in range(count):
        text += f"  - id: DA{o:03d}\n    name: stack {o}\n    medium: gas\n    reference_o2: 6\n    channels:\n"
        for c in range(channels):
            address = 2 * c if channels > 2 else 123 * c
            text += f"      - {{factor: {factors[c]}, interval_ms: {interval_ms}, source: {{line: {line_of(o)}, station: {1 + o % 4}, address: {address}}}}}\n"
    return text


def cpu_per_transaction(server_port):
    """64 lines, 125 registers each 50 ms, the same pace for both: 1,280 transactions a second."""
    lines = "".join(f"  - {{name: l{i}, modbus_tcp: {{host: 127.0.0.1, port: {server_port}}}, max_gap: 124}}\n" for i in range(64))
    for channels, what in ((2, "2 channels in each 125 registers"), (62, "62 channels in each 125 registers")):
        factors = gas_factors(62)
        text = outlets_of(64, channels, lambda o: f"l{o}", 50, factors).replace("station: 2", "station: 1").replace("station: 3", "station: 1").replace("station: 4", "station: 1")
        ratios, ours, bares = [], [], []
        gateway = Gateway(lines, text)
        time.sleep(2)  # connections made, first scans over: what is measured is the steady state
        for _ in range(arguments.rounds):
            bare = subprocess.run([binary("bench_tools"), "bare", str(server_port), "64", "50", "3"], capture_output=True, text=True, check=True)
            bares.append(float(bare.stdout.split()[0]))
            cpu, done = gateway.cpu_s(), gateway.requests()
            time.sleep(4)
            cpu, done = gateway.cpu_s() - cpu, gateway.requests() - done
            ours.append(1e6 * cpu / done)
            ratios.append(ours[-1] / bares[-1])
        gateway.stop()
        print(f"  {what}: cemsd {statistics.median(ours):.1f} us, bare libmodbus {statistics.median(bares):.1f} us a transaction")
        if channels == 2:
            report(f"CPU a transaction against bare libmodbus, {what}", statistics.median(ratios), "×", 1.5)
        else:  # the same transaction with 62 values to decode, convert, judge and journal: no peer does that, so no limit
            print(f"  {what}: {statistics.median(ratios):.2f} × bare; {(statistics.median(ours) - few) / 60:.2f} us more for each value decoded, computed and journalled")
        few = statistics.median(ours)


def steady(server_port):
    lines = f"  - {{name: l, modbus_tcp: {{host: 127.0.0.1, port: {server_port}}}}}\n"
    gateway = Gateway(lines, outlets_of(4, 25, lambda o: "l", 1000, gas_factors(25)))
    time.sleep(5)
    shares = []
    for _ in range(arguments.rounds):
        cpu, begin = gateway.cpu_s(), time.monotonic()
        time.sleep(6)
        shares.append(100 * (gateway.cpu_s() - cpu) / (time.monotonic() - begin))
    report("100 channels at 1 Hz, share of one core", statistics.median(shares), "%", 2)
    report("100 channels at 1 Hz, memory", gateway.rss_mib(), "MiB", 32)
    gateway.stop()


def in_time(gateway):
    """Per cent of a stopped gateway's raw samples that came within ±5 % of a second after the one before."""
    last, good, total = {}, 0, 0
    for channel, when, mark, _, _ in samples.read(f"{gateway.folder}/journal.db"):
        if channel in last and mark == "N":
            total += 1
            good += abs(when - last[channel] - 1000) <= 50
        last[channel] = when
    assert total > 2500, total
    return 100 * good / total


def hundred_lines(server_port, extra=""):
    lines = "".join(f"  - {{name: l{i}, modbus_tcp: {{host: 127.0.0.1, port: {server_port}}}}}\n" for i in range(100))
    return Gateway(lines, outlets_of(100, 1, lambda o: f"l{o}", 1000, ["a21026"]), extra=extra)


def jitter(server_port):
    gateway = hundred_lines(server_port)
    time.sleep(30)
    gateway.stop()
    report("samples within ±5 % of a 1 s interval, 100 lines", in_time(gateway), "%", 99, at_most=False)


def month_trend(gateway, port):
    """Median ms of asking for 720 hours of one channel, put into the journal beside the daemon."""
    now = int(time.time() // 3600) * 3600000
    with sqlite3.connect(f"{gateway.folder}/journal.db", timeout=30) as db:
        (channel,) = db.execute("SELECT id FROM channel WHERE outlet = 'DA000'").fetchone()
        db.executemany("INSERT OR IGNORE INTO figure VALUES(?,3,?,20,20,19,21,1,1,0,60,60,35,0,NULL,1,19,21,NULL,0,0)", [(channel, now - n * 3600000) for n in range(1, 721)])
    spent = []
    for _ in range(11):
        begin = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/trend?outlet=DA000&factor=a21026&span=30d", timeout=10) as answer:
            points = len(json.loads(answer.read())["time"])
        spent.append(1000 * (time.monotonic() - begin))
        assert points >= 718, points
    return statistics.median(spent)


def console(server_port):
    """What lookers cost who is measured, and what they see: 100 lines and channels, 200 viewers, 500 requests a second, a browser."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    (port,) = ports(1)
    gateway = hundred_lines(server_port, f"console: {{bind: \"127.0.0.1:{port}\"}}")
    time.sleep(5)
    before = gateway.rss_mib()
    lookers = subprocess.Popen([binary("bench_tools"), "look", str(port), "200", "500", "30"], stdout=subprocess.PIPE, text=True)
    lookers.stdout.readline()
    time.sleep(20)
    grown = gateway.rss_mib() - before
    seen, asked = map(int, lookers.stdout.readline().split())
    lookers.wait()
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    views, late = [], []
    for _ in range(arguments.rounds):
        browser.get(f"http://127.0.0.1:{port}/")
        while browser.execute_script("return document.querySelectorAll('#outlets tbody tr').length") < 100:
            time.sleep(0.01)
        views.append(browser.execute_script("return performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/v1/status'))[0].responseEnd"))
        late += browser.execute_async_script("""
            const done = arguments[0], found = [], source = new EventSource("/api/v1/stream");
            source.addEventListener("live", (event) => requestAnimationFrame(() => {
                found.push(Date.now() - Date.parse(JSON.parse(event.data).time));
                if (found.length === 4) { source.close(); done(found); }
            }));""")
    browser.quit()
    trend = month_trend(gateway, port)
    gateway.stop()
    print(f"  {seen / 30 / 2**20:.1f} MiB/s seen by 200 viewers, {asked / 30:.0f} requests/s asked beside them")
    report("samples in time with 200 viewers and 500 requests/s", in_time(gateway), "%", 99, at_most=False)
    report("memory 200 viewers cost", grown, "MiB", 8)
    report("first view of 100 channels, all it asked answered", statistics.median(views), "ms", 1000)
    report("a trend of 30 days of one factor, from the API", trend, "ms", 100)
    report("a live value from the daemon to a frame of the screen", statistics.median(late), "ms", 200)


def latency():
    medians, p99 = [], []
    for _ in range(arguments.rounds):
        (port,) = ports(1)
        outlet = f"  - {{id: DA001, name: s, medium: gas, channels: [{{factor: a21026, interval_ms: 20, source: {{line: l, address: 0}}, limits: [{{max: 35, source: x}}]}}]}}\n"
        tools = None
        # the gateway must know its feed before the subscriber starts, the device must listen before the gateway's second try
        gateway = Gateway(f"  - {{name: l, modbus_tcp: {{host: 127.0.0.1, port: {port}}}}}\n", outlet, alarms="instantaneous: {multiple: 1, samples: 1}")
        tools = subprocess.run([binary("bench_tools"), "latency", str(port), f"tcp://127.0.0.1:{gateway.alarm}", "400", "1"], capture_output=True, text=True, timeout=60, check=True)
        gateway.stop()
        p50, p, _ = map(float, tools.stdout.split())
        medians.append(p50)
        p99.append(p)
    print(f"  answer on the wire to durable, signed alarm at a subscriber: median {statistics.median(medians):.2f} ms")
    report("answer on the wire to alarm at a subscriber, p99", statistics.median(p99), "ms", 10)


def crowd():
    """A thousand subscribers, of whom a hundred are stopped: what the nine hundred notice of it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 16384), most))
    ratios, grown = [], []
    for _ in range(arguments.rounds):
        p99 = []
        for stopped in (False, True):
            (port,) = ports(1)
            outlet = "  - {id: DA001, name: s, medium: gas, channels: [{factor: a21026, interval_ms: 200, source: {line: l, address: 0}, limits: [{max: 35, source: x}]}]}\n"
            gateway = Gateway(f"  - {{name: l, modbus_tcp: {{host: 127.0.0.1, port: {port}}}}}\n", outlet, alarms="instantaneous: {multiple: 1, samples: 1}")
            feed = f"tcp://127.0.0.1:{gateway.alarm}"
            others = subprocess.Popen([binary("bench_tools"), "listen", feed, "100"], stdout=subprocess.PIPE)
            others.stdout.readline()
            while gateway.status()["feeds"]["alarm"]["subscriptions"] == 0:
                time.sleep(0.02)
            if stopped:
                others.send_signal(signal.SIGSTOP)
            before = gateway.rss_mib()
            tools = subprocess.run([binary("bench_tools"), "latency", str(port), feed, "100", "900"], capture_output=True, text=True, timeout=120, check=True)
            p99.append(float(tools.stdout.split()[1]))
            if stopped:
                grown.append(gateway.rss_mib() - before)
            others.kill()
            others.wait()
            gateway.stop()
        print(f"  900 of 1,000 subscribers: p99 {p99[0]:.2f} ms, with the other 100 stopped {p99[1]:.2f} ms")
        ratios.append(p99[1] / p99[0])
    report("p99 of the 900 with 100 stopped, against none", statistics.median(ratios), "x", 1.2)
    report("memory while 1,000 subscribe and 100 stand still", max(grown), "MiB", 64)


def serial():
    folder = tempfile.mkdtemp(prefix="cemsd-bench-")
    with open(f"{folder}/s.yaml", "w", encoding="utf-8") as out:
        out.write(f"signals: [{{name: a, base: 1}}]\ndevices:\n  - name: bus\n    pty: {{link: {folder}/tty, baud: 9600}}\n    points: [{{address: 0, signal: a}}, {{address: 123, signal: a}}]\n")
    plant = subprocess.Popen([binary("plant"), "--scenario", f"{folder}/s.yaml", "--daemon"], stdout=subprocess.PIPE, text=True)
    while plant.stdout.readline().strip() != "ready":
        pass
    outlet = "  - {id: D, name: d, medium: gas, channels: [{factor: a21026, interval_ms: 10, source: {line: l, address: 0}}, {factor: a21002, interval_ms: 10, source: {line: l, address: 123}}]}\n"
    gateway = Gateway(f"  - {{name: l, modbus_rtu: {{device: {folder}/tty, baud: 9600}}, max_gap: 124}}\n", outlet)
    shares = []
    time.sleep(2)
    for _ in range(arguments.rounds):
        done, begin = gateway.requests(), time.monotonic()
        time.sleep(6)
        done, spent = gateway.requests() - done, time.monotonic() - begin
        # request 8 and answer 255 characters of 10 bits, and the two silences of 3.5 characters the specification asks
        shares.append(100 * done * (8 + 255 + 7) * 10 / 9600 / spent)
    gateway.stop()
    plant.terminate()
    plant.wait(10)
    report("RTU at 9600 baud, bus busy against the limit of the wire", statistics.median(shares), "%", 90, at_most=False)


def codec():
    """Decoding of the field frames of the corpus, against the table-driven CRC alone on the same bytes."""
    corpus = os.path.join(os.path.dirname(__file__), "..", "conformance", "hj212", "field.frames")
    folder = tempfile.mkdtemp(prefix="cemsd-bench-")
    with open(corpus, "rb") as file, open(f"{folder}/frames", "wb") as out:
        out.write(file.read().replace(b"\n", b"\r\n"))
    shares, encoded = [], []
    for _ in range(arguments.rounds):
        done = subprocess.run([binary("bench_hj212"), "codec", f"{folder}/frames", "200"], capture_output=True, text=True, check=True)
        crc, decode, encode = map(float, done.stdout.split())
        shares.append(decode / crc)
        encoded.append(encode)
        print(f"  CRC alone {crc:.0f} MB/s, decoding with CRC and items {decode:.0f} MB/s, encoding {encode:.0f} MB/s")
    report("HJ 212 decode and CRC against the table-driven CRC alone", statistics.median(shares), "x", 0.7, at_most=False)
    report("HJ 212 encode", statistics.median(encoded), "MB/s", 300, at_most=False)


def analyzers():
    """1,000 HJ 212 analyzers on one listener, each two values a second, computed and journalled."""
    (port,) = ports(1)
    count = 1000
    outlets = "".join(f"  - {{id: DA{o:04d}, name: s, medium: gas, reference_o2: 6, channels: [{{factor: a21026, source: {{line: l, mn: '{o:014d}'}}}}, {{factor: a19001, source: {{line: l, mn: '{o:014d}'}}}}]}}\n"
                      for o in range(count))
    mns = ", ".join(f"'{o:014d}'" for o in range(count))
    gateway = Gateway(f"  - {{name: l, hj212_listen: {{bind: '127.0.0.1:{port}', connections: {count}, mn: [{mns}]}}}}\n", outlets, realtime_s=3600, alarms="missing: {minutes: 60}")
    seconds = 12 * arguments.rounds + 3
    load = subprocess.Popen([binary("bench_hj212"), "analyzers", str(port), str(count), str(seconds)], stdout=subprocess.PIPE, text=True)
    while gateway.status()["lines"][0]["frames"].get("ok", 0) < count:
        time.sleep(0.2)  # everybody is there and has spoken
    shares = []
    for _ in range(arguments.rounds):
        cpu, begin = gateway.cpu_s(), time.monotonic()
        time.sleep(12)
        shares.append(100 * (gateway.cpu_s() - cpu) / (time.monotonic() - begin))
    rss = gateway.rss_mib()
    frames = int(load.communicate(timeout=60)[0].split()[0])
    line = gateway.status()["lines"][0]
    print(f"  {line['connects']} connections, {line['values']} values of {frames} frames sent: {line['frames']}")
    if line["connects"] != count or line["values"] < 2 * frames:
        failed.append("the analyzers were not served")
    gateway.stop()
    report("1,000 HJ 212 analyzers at a frame a second, CPU of one core", statistics.median(shares), "%", 15)
    report("1,000 HJ 212 analyzers, RSS", rss, "MiB", 64)


def fill(path, minutes, factors):
    """A past of minute records in a journal that knows them, as if the platform had been away."""
    import hashlib
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    seq, chain = db.execute("SELECT seq, hash FROM entry WHERE stream = 'disclosure' ORDER BY seq DESC LIMIT 1").fetchone()
    now = int(time.time() * 1000) // 60000 * 60000
    channels = dict(db.execute("SELECT factor, id FROM channel WHERE outlet = 'DA001'"))
    for minute in range(minutes):
        seq += 1
        begin = now - (minutes - minute + 60) * 60000
        body = b'{"v":1,"stream":"disclosure","seq":%d,"prev":"%s"}' % (seq, bytes(chain).hex().encode())
        chain = hashlib.sha256(bytes(chain) + body).digest()
        db.execute("INSERT INTO entry VALUES('disclosure', ?, ?, 'minute', ?, ?)", (seq, begin + 60000, body, chain))
        db.executemany("INSERT OR IGNORE INTO figure VALUES(?, 1, ?, 20.5, 21.5, 19.5, 22.5, 0.01, 1000, 0, 60, 60, 35, 0, NULL, ?, 20.1, 23.4, NULL, 0, 0)",
                       [(channels[f], begin, seq) for f in factors])
    db.commit()
    db.close()


def backlog():
    """30 days of minutes of 20 factors drain to a platform that acknowledges at once, at most 2,000 minutes a second (unbounded, four
    busy programs would share two cores), while alarms go on."""
    rates, p99 = [], []
    for _ in range(max(1, arguments.rounds // 2 + 1)):
        port, modbus = ports(2)
        factors = [f for f in gas_factors(40) if f not in ("a00000", "a01011")][:20]
        if "a21026" not in factors:
            factors[0] = "a21026"
        channels = ", ".join(f"{{factor: {f}, interval_ms: {20 if f == 'a21026' else 5000}, source: {{line: l, address: {0 if f == 'a21026' else 4 + 2 * n}}}{', limits: [{max: 35, source: x}]' if f == 'a21026' else ''}}}"
                             for n, f in enumerate(factors))
        outlet = f"  - {{id: DA001, name: s, medium: gas, channels: [{channels}]}}\nuplinks:\n  - {{name: city, host: 127.0.0.1, port: {port}, realtime_s: 0, backlog_per_s: 2000}}\n"
        line = f"  - {{name: l, modbus_tcp: {{host: 127.0.0.1, port: {modbus}}}}}\n"
        alarms = "instantaneous: {multiple: 1, samples: 1}"
        gateway = Gateway(line, outlet, alarms=alarms, realtime_s=1)
        time.sleep(3)  # a first real-time body, so that the stream has begun
        gateway.stop()
        fill(f"{gateway.folder}/journal.db", 30 * 1440, factors)
        gateway = Gateway(line, outlet, alarms=alarms, realtime_s=1, folder=gateway.folder)
        platform = subprocess.Popen([binary("bench_hj212"), "platform", str(port), str(30 * 1440 * len(factors)), "240"], stdout=subprocess.PIPE, text=True)
        tools = subprocess.run([binary("bench_tools"), "latency", str(modbus), f"tcp://127.0.0.1:{gateway.alarm}", "400", "1"], capture_output=True, text=True, timeout=60, check=True)
        frames, records, spent = map(float, platform.communicate(timeout=300)[0].split())
        print(f"  {frames:.0f} frames, {records:.0f} records of one factor in {spent:.1f} s: {frames / spent:.0f} frames/s; alarms meanwhile: median {tools.stdout.split()[0]} ms")
        if records < 30 * 1440 * len(factors):
            failed.append("the backlog did not drain")
        gateway.stop()
        rates.append(records / spent)
        p99.append(float(tools.stdout.split()[1]))
    report("30 days of minute data drain to a platform", statistics.median(rates), "records/s", 5000, at_most=False)
    report("answer on the wire to alarm, p99, while it drains", statistics.median(p99), "ms", 10)


def journal():
    """The writer against SQLite alone, what raw samples weigh, and verifying against OpenSSL's own speed."""
    ratios, weights, years, days, chain, signatures = [], [], [], [], [], []
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            done = json.loads(subprocess.run([binary("bench_journal"), "append", folder], capture_output=True, text=True, check=True).stdout)
            ratios.append(done["journal_per_s"] / done["sqlite_per_s"])
            print(f"  journal {done['journal_per_s']:.0f}, SQLite {done['sqlite_per_s']:.0f} entries/s in durable batches of 100")
            done = json.loads(subprocess.run([binary("bench_journal"), "samples", folder], capture_output=True, text=True, check=True).stdout)
            weights.append(done["bytes_per_sample"])
            done = json.loads(subprocess.run([binary("bench_journal"), "year", folder], capture_output=True, text=True, check=True).stdout)
            years.append(done["gib_a_year"])
            days.append(done["day_ms"])
            key = f"{folder}/k.pem"
            subprocess.run([binary("cemsctl"), "keygen", key], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([binary("bench_journal"), "signed", folder, key], check=True, stdout=subprocess.DEVNULL)
            speed = subprocess.run(["openssl", "speed", "-seconds", "1", "ed25519"], capture_output=True, text=True, check=True).stdout
            peer = float(speed.split()[-1])
            for options, into, count in (([], chain, 200000), (["--key", key + ".pub"], signatures, 20000)):
                begin = time.monotonic()
                stream = "event" if not options else "alarm"
                subprocess.run([binary("cemsctl"), "--journal", f"{folder}/signed.db", "verify", "--stream", stream, *options], check=True, stdout=subprocess.DEVNULL)
                into.append(count / (time.monotonic() - begin) / (1 if not options else peer))
    report("durable append against SQLite alone, batches of 100", statistics.median(ratios), "x", 0.5, at_most=False)
    report("a raw sample at rest, 100 float32 channels at 1 Hz", statistics.median(weights), "bytes", 4)
    report("figures of a year of minutes of 100 channels", statistics.median(years), "GiB", 6)
    report("a day of minutes of one factor of them", statistics.median(days), "ms", 5)
    report("verify: the chain", statistics.median(chain), "entries/s", 200000, at_most=False)
    report("verify: signatures, against openssl speed ed25519", statistics.median(signatures), "x", 0.8, at_most=False)


def restart():
    """From the start of the program to its first question on the wire, with 10 GiB of past, two hours of 100 channels at 1 Hz to be
    gone through again, and (as root) nothing of it in the memory of the machine, as after a power cut."""
    spent = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder, socket.socket() as analyzer:
        analyzer.bind(("127.0.0.1", 0))
        analyzer.listen(8)
        subprocess.run([binary("cemsctl"), "keygen", f"{folder}/feed.pem"], check=True, stdout=subprocess.DEVNULL)
        gateway = Gateway(f"  - {{name: l, modbus_tcp: {{host: 127.0.0.1, port: {analyzer.getsockname()[1]}}}}}\n",
                          outlets_of(2, 50, lambda _: "l", 1000, gas_factors(50)), folder=folder)
        gateway.stop()
        subprocess.run([binary("bench_journal"), "large", folder, "10"], check=True)
        for _ in range(arguments.rounds):
            analyzer.setblocking(False)
            with contextlib.suppress(BlockingIOError):  # who asked before
                while True:
                    analyzer.accept()[0].close()
            analyzer.settimeout(60)
            cold = os.geteuid() == 0
            if cold:
                subprocess.run(["sync"], check=True)
                with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as drop:
                    drop.write("1")
            begin = time.monotonic()
            process = subprocess.Popen([binary("cemsd"), "--config", f"{folder}/c.yaml"], stderr=subprocess.DEVNULL)
            connection = analyzer.accept()[0]
            asked = connection.recv(64)
            spent.append(time.monotonic() - begin)
            connection.close()
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            if not asked:
                raise SystemExit("it hung up")
            print(f"  {spent[-1]:.3f} s, journal of {os.stat(folder + '/journal.db').st_size / 2**30:.1f} GiB, {'cold' if cold else 'warm'}")
    report("restart to first poll, journal of 10 GiB", statistics.median(spent), "s", 1)


def recompute():
    """cemsctl recompute from CSV to published bodies: two hours of 100 channels at 1 Hz, real-time bodies every 10 s."""
    factors = [("a21026", 20), ("a21002", 30), ("a34013", 5), ("a21005", 60), ("a19001", 7), ("a01011", 12), ("a01012", 120),
               ("a01013", -0.5), ("a01014", 9), ("a21003", 1)]
    dice, start, seconds = random.Random(1), 1795449600000, 7200
    with tempfile.TemporaryDirectory() as folder:
        config, rows = f"{folder}/c.yaml", f"{folder}/s.csv"
        with open(config, "w", encoding="utf-8") as out:
            out.write("site: {name: N, code: C, mn: 88880001}\nlines: [{name: a, modbus_tcp: {host: h}}]\noutlets:\n")
            for o in range(10):
                channels = ", ".join(
                    f"{{factor: {f}, source: {{line: a, station: {o}, address: {2 * i}}}"
                    + (", limits: [{period: hour, max: 35, source: s}]}" if i < 3 else "}") for i, (f, _) in enumerate(factors))
                out.write(f"  - {{id: D{o}, name: d, medium: gas, reference_o2: 6, duct: {{area_m2: 20}}, channels: [{channels}]}}\n")
        with open(rows, "w", encoding="utf-8") as out:
            out.write("time,outlet,factor,value,mark\n")
            for s in range(seconds):
                out.writelines(f"{start + s * 1000},D{o},{f},{base * (1 + dice.random() / 100):.3f},\n"
                               for o in range(10) for f, base in factors)
        rates = []
        for _ in range(arguments.rounds):
            with open(f"{folder}/out", "wb") as out:
                before = os.times()
                subprocess.run([binary("cemsctl"), "recompute", "--config", config, "--samples", rows], stdout=out, check=True)
                after = os.times()
            rates.append(seconds * 100 / (after.children_user + after.children_system - before.children_user - before.children_system))
    report("recompute: CSV to published bodies, 100 channels", statistics.median(rates) / 1e6, "M samples/s", 4.3, at_most=False)


def figures():
    """Raw samples at 1 Hz through the daemon's computing: 100 channels, and 10,000 beside them."""
    few, many, state, grown = [], [], 0, 0
    for _ in range(arguments.rounds):
        for channels, seconds, into in ((100, 20000, few), (10000, 200, many)):
            done = json.loads(subprocess.run([binary("bench_compute"), str(channels), str(seconds)], capture_output=True, text=True, check=True).stdout)
            into.append(done["samples_per_s"])
            grown += done["heap_grown"]
            state = max(state, done["bytes_per_channel"] - done["window_bytes"])
            whole = done["bytes_per_channel"]
        print(f"  100 channels {few[-1] / 1e6:.1f} M samples/s, 10,000 channels {many[-1] / 1e6:.1f} M samples/s, {whole} bytes a channel, {state} of them no windows")
    report("raw samples computed, 100 channels", statistics.median(few) / 1e6, "M samples/s", 4.3, at_most=False)
    report("cost of a channel, 10,000 against 100", statistics.median(f / m for f, m in zip(few, many)), "x", 1.2)
    report("state of a channel besides its windows", state, "bytes", 4096)
    report("heap grown while computing", grown, "bytes", 0)


def main():
    (server_port,) = ports(1)
    server = subprocess.Popen([binary("bench_tools"), "server", str(server_port)])
    try:
        for name, run in (("cpu", lambda: cpu_per_transaction(server_port)), ("steady", lambda: steady(server_port)), ("jitter", lambda: jitter(server_port)), ("console", lambda: console(server_port)),
                          ("latency", latency), ("crowd", crowd), ("serial", serial),
                          ("codec", codec), ("figures", figures), ("recompute", recompute), ("journal", journal), ("restart", restart), ("analyzers", analyzers), ("backlog", backlog)):
            if not arguments.only or name in arguments.only.split(","):
                run()
    finally:
        server.kill()
        server.wait()
    if failed:
        raise SystemExit("missed: " + ", ".join(failed))


main()
