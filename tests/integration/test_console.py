"""The console's HTTP API: read only, bounded, honest about what it does not have."""
import csv
import gzip
import hashlib
import http.client
import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import unittest
import urllib.error
import urllib.request

import jsonschema
from cryptography.hazmat.primitives import serialization

from support import GatewayTest, PROMTOOL, ROOT, free_ports, program, read, run, until


class ConsoleTest(GatewayTest):
    def get(self, path, method="GET"):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read().decode()

    def begin(self):
        (self.port,) = free_ports(1)
        plant = self.plant()
        return plant, self.start(self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}"))

    def begin_fast(self):
        (self.port,) = free_ports(1)
        self.analyzers = self.plant()
        self.config(realtime_s=60, extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}", channels=self.FAST_CHANNELS)
        return self.start_fast()


class Console(ConsoleTest):
    def test_the_api(self):
        (self.port,) = free_ports(1)
        plant = self.plant()
        gateway = self.start(self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}"))
        sub = self.subscribe()
        plant.tell("signal so2 set 300")
        raised = sub.wait("alarm", kind="instantaneous", state="raised")
        self.assertEqual(self.get("/healthz")[::2], (200, "ok\n"))
        self.assertEqual(json.loads(self.get("/api/v1/status")[2])["mn"], "010000A8900016F000169DC0")
        outlets = json.loads(self.get("/api/v1/outlets")[2])
        self.assertEqual(outlets[0]["channels"][0]["value"], 300)
        self.assertEqual([a["id"] for a in json.loads(self.get("/api/v1/alarms")[2])], [raised["id"]])
        sub.wait("disclosure", 90, period="minute")
        rows = until(lambda: json.loads(self.get("/api/v1/records?factor=a21026&period=minute")[2]), "the minute")
        self.assertEqual((rows[0]["outlet"], rows[0]["factor"], rows[0]["period"]), ("DA001", "a21026", "minute"))
        code, headers, text = self.get("/api/v1/records?factor=a21026&period=minute&format=csv")
        self.assertEqual((code, headers["Content-Type"], headers["Content-Disposition"]), (200, "text/csv; charset=utf-8", 'attachment; filename="records.csv"'))
        shown = lambda figure: "" if figure is None else f"{figure:.10g}"
        self.assertEqual([(r["factor"], r["from"], r["value"], r["limit"], r["mark"]) for r in csv.DictReader(io.StringIO(text))][:len(rows)],
                         [(r["factor"], r["from"], shown(r["value"]), shown(r["limit"]), r["mark"]) for r in rows])
        self.assertEqual(len(json.loads(self.get("/api/v1/records?limit=1")[2])), 1)
        code, headers, text = self.get("/metrics")
        self.assertEqual(code, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        checked = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
        for line in text.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) cemsd_\w+ .+|cemsd_\w+(\{\w+=\"[^\"]*\"(,\w+=\"[^\"]*\")*\})? [0-9.e+-]+)$")
        self.assertGreater(float(re.search(r'cemsd_line_requests_total\{line="stack",result="ok"\} (\d+)', text).group(1)), 10)
        self.assertEqual(float(re.search(r'cemsd_channel_value\{outlet="DA001",factor="a21026"\} (\S+)', text).group(1)), 300)
        self.assertIn('cemsd_channel_valid{outlet="DA001",factor="a21026"} 1', text)
        families = re.findall(r"# TYPE (\w+)", text)
        self.assertEqual(len(families), len(set(families)))
        for path, method, want in (("/nowhere", "GET", 404), ("/../etc/passwd", "GET", 404), ("/api/v1/status", "POST", 405), ("/api/v1/status", "DELETE", 405),
                                   ("/", "POST", 405), ("/web/..%2f..%2fetc/passwd", "GET", 404), ("/api/v1/records?from=never", "GET", 400), ("/api/v1/records?limit=0", "GET", 400),
                                   ("/api/v1/records?limit=99999999999999999999", "GET", 400), ("/api/v1/records?limit=1x", "GET", 400), ("/api/v1/records?format=xml", "GET", 400),
                                   ("/api/v1/records?fctor=a21026", "GET", 400), ("/api/v1/records?factor", "GET", 400), ("/api/v1/status?x=1", "GET", 400), ("/api/v1/alarms?limit=1001", "GET", 400),
                                   ("/api/v1/trend?outlet=DA001&factor=a21026&span=1y", "GET", 400), ("/api/v1/trend?span=1h", "GET", 400), ("/api/v1/trend?outlet=%FF&factor=x&span=1h", "GET", 503),
                                   ("/api/v1/stream", "HEAD", 405),
                                   ("/api/v1/records?period=week", "GET", 400), ("/api/v1/alarms?active=maybe", "GET", 400), ("/api/v1/status", "HEAD", 200)):
            code, headers, text = self.get(path, method)
            self.assertEqual(code, want, path)
            if code >= 400 and method != "HEAD":
                self.assertTrue(json.loads(text)["error"])
            if code == 405:
                self.assertEqual(headers["Allow"], "GET, HEAD")
        with socket.create_connection(("127.0.0.1", self.port)) as rude:  # neither a request nor in a hurry
            rude.sendall(b"\x16\x03\x01" + b"A" * 100000)
            self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(gateway.end(), 0)

    def ask(self, path, **headers):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as other:
            return other.code, other.headers, other.read()

    def test_packed_tagged_and_shut_in(self):
        _, gateway = self.begin()
        for path in ("/", "/public", "/led", "/web/console.css", "/web/words.js", "/api/v1/outlets", "/healthz", "/nowhere"):
            _, headers, plain = self.ask(path)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff", path)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", headers["Content-Security-Policy"])
            self.assertNotIn("http", headers["Content-Security-Policy"])
            self.assertNotRegex(plain, rb"https?://(?!www\.w3\.org/2000/svg)", path)  # nothing of elsewhere is named, but the name of SVG
        code, headers, packed = self.ask("/web/words.js", **{"Accept-Encoding": "gzip"})
        self.assertEqual((code, headers["Content-Encoding"]), (200, "gzip"))
        self.assertEqual(gzip.decompress(packed), self.ask("/web/words.js")[2])
        self.assertLess(len(packed), len(gzip.decompress(packed)))
        tag = headers["ETag"]
        code, headers, nothing = self.ask("/web/words.js", **{"If-None-Match": tag})
        self.assertEqual((code, headers["ETag"], nothing), (304, tag, b""))
        self.assertEqual(self.ask("/web/words.js", **{"If-None-Match": '"0000000000000000"'})[0], 200)
        _, headers, packed = self.ask("/api/v1/status", **{"Accept-Encoding": "gzip"})
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertEqual(json.loads(gzip.decompress(packed))["site"], "平顶山示例电厂")
        self.assertEqual(gateway.end(), 0)

    def test_answers_are_what_the_document_says(self):
        plant, gateway = self.begin()
        sub = self.subscribe()
        plant.tell("signal so2 set 300")
        sub.wait("alarm", kind="instantaneous", state="raised")
        sub.wait("disclosure", 90, period="minute")
        document = json.loads(self.get("/api/v1/openapi.json")[2])
        until(lambda: json.loads(self.get("/api/v1/trend?outlet=DA001&factor=a21026&span=1h")[2])["time"], "a point")
        fits = lambda schema, data: jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(data)
        # every route of the program is in the document, and the other way round, but for the pages
        source = read(os.path.join(ROOT, "daemon", "publish", "console", "api.c"))
        routes = {path: set(re.findall(r'"(\w+)"', arguments)) for path, arguments in re.findall(r'\{"(/[\w/]+)", \w*get_\w+, \w+, \{([^}]*)\}\}', source)}
        open_ones = set(re.findall(r'\{"(/[\w/]+)", \w*get_\w+, true,', source)) | {"/api/v1/openapi.json", "/api/v1/stream"}
        self.assertEqual({path for path, of in document["paths"].items() if {} in of["get"]["security"]}, open_ones)
        stated = {path: {p["name"] for p in of["get"].get("parameters", [])} for path, of in document["paths"].items()}
        self.assertEqual(stated, {**routes, "/api/v1/openapi.json": set(), "/api/v1/stream": set()})
        given = {"outlet": "DA001", "factor": "a21026", "span": "1h", "id": sub.bodies("alarm")[0]["id"]}
        for path, of in document["paths"].items():
            if path == "/api/v1/stream":
                continue
            needed = "&".join(f"{p['name']}={given[p['name']]}" for p in of["get"]["parameters"] if p["required"])
            code, headers, text = self.get(f"{path}?{needed}" if needed else path)
            content = of["get"]["responses"]["200"]["content"]
            self.assertEqual(code, 200, path)
            self.assertIn(headers["Content-Type"].split(";")[0], content)
            if "application/json" in content:
                data = json.loads(text)
                self.assertTrue(data, path)
                fits(content["application/json"]["schema"], data)
            for p in of["get"]["parameters"]:
                for value in p["schema"].get("enum", []):
                    others = "&".join(f"{name}={given[name]}" for name in given if name in stated[path] and name != p["name"])
                    self.assertEqual(self.get(f"{path}?{p['name']}={value}&{others}")[0], 200, (path, value))
                    self.assertEqual(self.get(f"{path}?{p['name']}={value}x&{others}")[0], 400, (path, value))
        refusal = document["components"]["responses"]["Refusal"]["content"]["application/json"]["schema"]
        fits(refusal, json.loads(self.get("/nowhere")[2]))
        with self.stream() as s, s.makefile("rb") as lines:
            live = next(line for line in lines if line.startswith(b"data: "))
            fits({"$ref": "#/components/schemas/Live"}, json.loads(live[6:]))
        self.assertEqual(gateway.end(), 0)

    def stream(self):
        s = socket.create_connection(("127.0.0.1", self.port), 30)
        s.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        return s

    def test_the_event_stream(self):
        plant, gateway = self.begin()
        sub = self.subscribe()
        looker = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        looker.request("GET", "/api/v1/stream")
        answer = looker.getresponse()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/event-stream"))
        events = []

        def read(wanted):
            """Events until one of that name for which `wanted` holds."""
            name = None
            for line in answer:
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    events.append((name, json.loads(line[6:])))
                    if wanted(*events[-1]):
                        return events[-1][1]
            raise AssertionError("the stream ended")
        of = lambda live, factor: next(c for c in live["channels"] if c[1] == factor)
        read(lambda name, data: name == "live" and of(data, "a21026")[2] == 20)
        plant.tell("signal so2 set 300")
        self.assertEqual(of(read(lambda name, data: name == "live" and of(data, "a21026")[2] == 300), "a21026")[:2], ["DA001", "a21026"])
        raised = sub.wait("alarm", kind="instantaneous", state="raised")
        told = [data for name, data in events if name == "alarm"]
        self.assertEqual(told or [read(lambda name, data: name == "alarm")], [raised])  # the published body, as it is
        self.assertFalse([data for name, data in events if name == "closed" and data["period"] in ("realtime", "minute")])
        self.assertEqual(gateway.end(), 0)  # with somebody still looking
        answer.read()  # it ends in order: one torn would raise

    def test_lookers_are_bounded(self):
        _, gateway = self.begin()
        console = lambda: self.status()["console"]
        lookers = [self.stream() for _ in range(230)]
        heads = [s.recv(15) for s in lookers]
        self.assertEqual((heads.count(b"HTTP/1.1 200 OK"), heads.count(b"HTTP/1.1 503 Se")), (224, 6))
        self.assertEqual(console()["viewers"], 224)
        for s in lookers:
            s.close()
        until(lambda: console()["viewers"] == 0, "them to be missed")
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(gateway.end(), 0)

    def lives(self):
        """What a viewer is told, event by event."""
        looker = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        looker.request("GET", "/api/v1/stream")
        self.addCleanup(looker.close)
        for line in looker.getresponse():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def wide(self):
        """1,800 channels on a line nobody answers: a second of live values is more than an event may hold."""
        (self.port,) = free_ports(1)
        factors = "\n".join(f"  - {{code: x{n:03d}, name: 因子{n}, unit: mg/L}}" for n in range(60))
        outlets = "".join(f"  - id: DW{o:03d}\n    name: 口{o}\n    medium: water\n    channels:\n" +
                          "".join(f"      - {{factor: x{n:03d}, source: {{line: stack, address: {2 * (60 * o + n)}}}}}\n" for n in range(60)) for o in range(30))
        path = self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}\nfactors:\n{factors}\n")
        text = read(path)
        return self.start(self.write("cemsd.yaml", re.sub(r"(?ms)^outlets:\n.*?(?=^console)", lambda _: "outlets:\n" + outlets, text)))

    def test_a_plant_of_many_channels_is_told_whole(self):
        gateway = self.wide()
        told = set()
        for live in self.lives():
            told.update((c[0], c[1]) for c in live["channels"])
            if len(told) == 1800:
                break
        self.assertEqual((len(told), self.status()["console"]["events_too_large"]), (1800, 0))
        self.assertEqual(gateway.end(), 0)

    def test_a_viewer_that_does_not_read_is_sent_away(self):
        """It keeps nobody waiting and nothing in memory: the ring goes on without it, and it may come again."""
        gateway = self.wide()
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", self.port))
        slow.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        console = lambda: self.status()["console"]
        until(lambda: console()["viewers"] == 1, "it to look")
        for seen, _ in enumerate(self.lives(), 1):
            if seen % 16 == 0 and console()["viewers_behind"] == 1:
                break
        self.assertGreater(seen, 8)  # who reads is told all the while
        until(lambda: console()["viewers"] == 1, "the slow one to be gone")
        slow.close()
        self.assertEqual(gateway.end(), 0)

    def test_wrk_at_full_speed_costs_the_poller_nothing(self):
        """Far more requests than are answered, and viewers beside them: no deadline of a line is skipped, no sample late."""
        (self.port,) = free_ports(1)
        self.plant()
        gateway = self.start(self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}", channels="""      - {factor: a21026, interval_ms: 1000, source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 1000, source: {line: stack, address: 2}}"""))
        lookers = [self.stream() for _ in range(50)]
        until(lambda: self.status()["samples"]["computed"] >= 4, "samples")
        before = self.status()
        done = run("wrk", "-t2", "-c40", "-d5s", "-s", self.write("report.lua", 'done = function(s) io.write(string.format("requests=%d other=%d\\n", s.requests, s.errors.status)) end\n'),
                   f"http://127.0.0.1:{self.port}/api/v1/outlets")
        self.assertEqual(done.returncode, 0, done.stderr)
        requests, other = map(int, re.search(r"requests=(\d+) other=(\d+)", done.stdout).groups())
        after = self.status()
        self.assertGreater(requests, 2500)  # 500 a second and more
        self.assertGreater(requests - other, 500)  # of those, as many as one address is let
        self.assertIn(after["console"]["refused"] - before["console"]["refused"], range(other, other + 41))  # those under way at its end
        self.assertEqual(after["lines"][0]["overruns"], before["lines"][0]["overruns"])
        self.assertEqual(after["samples"]["late"], 0)
        computed = after["samples"]["computed"] - before["samples"]["computed"]
        self.assertGreaterEqual(computed, 2 * 4)  # two channels, each second, and the five of wrk hold four whole ones at least
        for s in lookers:
            s.close()
        self.assertEqual(gateway.end(), 0)

    def test_floods_and_those_who_say_nothing(self):
        """Headers without end, a body nobody asked for, more connections than are kept: bounded, and the next is served."""
        _, gateway = self.begin()
        with socket.create_connection(("127.0.0.1", self.port), 30) as s:
            try:
                s.sendall(b"GET / HTTP/1.1\r\n" + b"X-Flood: yes\r\n" * 20000)
            except OSError:
                pass  # hung up on already
            self.assertNotIn(b" 200 ", self.rest(s))
        with socket.create_connection(("127.0.0.1", self.port), 30) as s:
            s.sendall(b"POST /api/v1/records HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4000000\r\n\r\n")
            self.assertIn(b" 413 ", self.rest(s))  # before a byte of it
        with socket.create_connection(("127.0.0.1", self.port), 30) as s:
            s.sendall(b"POST /api/v1/records HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
            self.assertIn(b" 405 ", self.rest(s))
        with socket.create_connection(("127.0.0.1", self.port), 30) as s:  # a body that does not say how long it is
            try:
                s.sendall(b"GET /api/v1/records HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + (b"x" * 4096 + b"\r\n1000\r\n") * 1000)
            except OSError:
                pass
            self.assertNotIn(b" 200 ", self.rest(s))
        self.assertEqual(self.status()["console"]["bodies_refused"], 2)
        with socket.create_connection(("127.0.0.1", self.port), 30) as s:
            s.sendall(b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertRegex(self.rest(s), rb"^HTTP/1.1 (414|431) ")
        self.assertEqual(self.get("/healthz")[0], 200)
        silent = [socket.create_connection(("127.0.0.1", self.port), 30) for _ in range(300)]
        for s in silent:
            s.close()
        until(lambda: self.get("/healthz")[0] == 200, "to be served again")
        self.assertEqual(gateway.end(), 0)

    def rest(self, s):
        """All that comes until the other side hangs up."""
        got = b""
        try:
            while data := s.recv(65536):
                got += data
        except ConnectionResetError:
            pass
        return got

    def test_who_asks_too_often_waits(self):
        _, gateway = self.begin()
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        codes = []
        for _ in range(1500):
            asking.request("GET", "/healthz")
            answer = asking.getresponse()
            text = answer.read()
            codes.append(answer.status)
            if answer.status == 429:
                self.assertEqual(answer.headers["Retry-After"], "1")
                self.assertIn("too many requests", json.loads(text)["error"])
                break
        self.assertEqual(codes[:400], [200] * 400)
        self.assertEqual(codes[-1], 429)
        self.assertGreaterEqual(self.status()["console"]["refused"], 1)
        until(lambda: self.get("/healthz")[0] == 200, "to be let in again")
        self.assertEqual(gateway.end(), 0)

    def test_measuring_does_not_wait_for_a_page(self):
        """A port somebody has: an alarm, no console, all else as ever; when it is free again the console comes, by SIGHUP at once."""
        (self.port,) = free_ports(1)
        self.plant()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port))
            taken.listen()
            gateway = self.start(self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}"))
            sub = self.subscribe()
            gateway.expect(f'event=not-open error="console: bind 127.0.0.1:{self.port}: Address already in use"')
            self.assertIsNone(self.status()["console"])
            sub.wait("disclosure", period="realtime")
            active = [a for a in map(json.loads, self.ctl("--json", "alarms", "--active").stdout.splitlines()) if a["kind"] == "config"]
            self.assertEqual([a["subject"] for a in active], ["console"])
        gateway.process.send_signal(signal.SIGHUP)
        sub.wait("alarm", kind="config", subject="console", state="cleared")
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(gateway.end(), 0)

    def test_a_bad_bind_is_refused(self):
        for bind in ("8080", "127.0.0.1", "127.0.0.1:99999"):
            done = run(program("cemsd"), "--check", "--config", self.config(extra=f"console: {{bind: \"{bind}\"}}"))
            self.assertEqual(done.returncode, 78)
            self.assertIn(f"console.bind: {bind} is not ADDRESS:PORT", done.stdout)


class Listing(ConsoleTest):
    """Records and alarms page by page, the life of an alarm, what the operator is told of stations and chains."""

    def pages(self, path):
        """All rows of a listing, page by page as Link says, and how many pages that took."""
        rows, count = [], 0
        while path:
            code, headers, text = self.get(path)
            self.assertEqual(code, 200, path)
            rows += json.loads(text)
            count += 1
            path = re.fullmatch(r'<(\S+)>; rel="next"', headers["Link"]).group(1) if headers["Link"] else None
        return rows, count

    def test_the_next_page(self):
        """Records and alarms page by page are those of one answer: none twice, none left out."""
        self.begin_fast()
        sub = self.subscribe()
        for value, state in ((300, "raised"), (20, "cleared"), (300, "raised")):
            seen = len(sub.bodies("alarm", kind="instantaneous", state=state))
            self.analyzers.tell(f"signal so2 set {value}")
            until(lambda: len(sub.bodies("alarm", kind="instantaneous", state=state)) > seen, "the alarm")
        until(lambda: len(json.loads(self.get("/api/v1/records")[2])) >= 40, "minutes of two channels")
        to = json.loads(self.get("/api/v1/records")[2])[30]["from"].replace("+", "%2B")
        everything = json.loads(self.get(f"/api/v1/records?to={to}")[2])
        self.assertGreater(len(everything), 20)
        for limit in (1, 2, 3, 7, 1000):
            rows, count = self.pages(f"/api/v1/records?limit={limit}&to={to}&outlet=DA001")
            self.assertEqual((rows, count), (everything, -(-len(everything) // limit)))
        _, headers, _ = self.get(f"/api/v1/records?limit=1&format=csv&to={to}")
        self.assertIn("format=csv", headers["Link"])
        self.analyzers.end()  # from here on no more alarms but of what is missing, in a while
        alarms = json.loads(self.get("/api/v1/alarms?active=false")[2])
        self.assertGreaterEqual(len(alarms), 2)
        self.assertEqual([a["raised"] for a in alarms], sorted((a["raised"] for a in alarms), reverse=True))  # the newest first
        self.assertEqual(self.pages("/api/v1/alarms?active=false&limit=1"), (alarms, len(alarms)))
        self.assertEqual(json.loads(self.get("/api/v1/alarms?active=false&skip=1000000")[2]), [])

    def test_the_life_of_an_alarm(self):
        """Each step as it was published, with the signature that proves it, checked by another implementation."""
        key = self.path("feed.pem")
        self.assertEqual(run(program("cemsctl"), "keygen", key).returncode, 0)
        (self.port,) = free_ports(1)
        plant = self.plant()
        gateway = self.start(self.config(key=f"signing_key: {key}", extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}"))
        sub = self.subscribe()
        plant.tell("signal so2 set 300")
        raised = sub.wait("alarm", kind="instantaneous", state="raised")
        done = self.ctl("ack", raised["id"], "--by", "值班 A", "--note", "seen")
        self.assertEqual(done.returncode, 0, done.stderr)
        plant.tell("signal so2 set 20")
        sub.wait("alarm", kind="instantaneous", state="cleared")
        life = json.loads(self.get("/api/v1/alarm?id=" + raised["id"])[2])
        self.assertEqual((life["id"], life["state"], life["complete"]), (raised["id"], "cleared", True))
        published = {json.loads(body)["seq"]: (topic, body, signature) for topic, body, signature in sub.messages if topic.startswith(b"alarm/")}
        public = serialization.load_pem_public_key(read(key + ".pub").encode())
        for step in life["steps"]:
            topic, body, signature = published[step["seq"]]
            self.assertEqual((step["topic"], step["message"], step["signature"]), (topic.decode(), body.decode(), signature.hex()))
            public.verify(bytes.fromhex(step["signature"]), step["message"].encode())
            before = bytes.fromhex(json.loads(step["message"])["prev"])
            self.assertEqual(hashlib.sha256(before + step["message"].encode()).hexdigest(), step["hash"])
        states = [json.loads(step["message"])["state"] for step in life["steps"]]
        self.assertEqual((states[0], states[-1], states.count("acknowledged")), ("raised", "cleared", 1))
        self.assertEqual(self.get("/api/v1/alarm?id=nothing")[0], 404)
        self.assertEqual(self.get("/api/v1/alarm")[0], 404)
        self.assertEqual(self.get("/api/v1/alarm?id=%27%22%25")[0], 404)
        self.assertEqual(gateway.end(), 0)

    def test_what_the_operator_is_told(self):
        """Stations that answer and that do not, the journal's size, and how far the gateway verified it."""
        (self.port,) = free_ports(1)
        self.plant()
        gateway = self.start(self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}", channels="""      - {factor: a21026, interval_ms: 200, range: [0, 500], source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 200, source: {line: stack, address: 2, station: 9}}"""))
        line = lambda: self.status()["lines"][0]
        until(lambda: line()["stations"][1]["rests_s"] > 0 and line()["stations"][0]["answers"] > 3, "station 9 to be left alone")
        good, bad = line()["stations"]
        self.assertEqual((good["station"], bad["station"], bad["answers"], bad["last_answer"], bad["latency_ms"], bad["last_error"]), (1, 9, 0, None, None, "timeout"))
        self.assertTrue(0 < good["latency_ms"] < 300)
        self.assertIsNone(good["last_error"])
        self.assertGreaterEqual(bad["failures"], 2)
        verified = lambda: self.status()["journal"]["verified"]["disclosure"]
        until(lambda: verified() >= 3, "the patrol")
        journal = self.status()["journal"]
        self.assertEqual(journal["fault"], None)
        self.assertGreater(journal["bytes"], 4096)
        text = self.get("/metrics")[2]
        self.assertRegex(text, r'cemsd_station_latency_seconds\{line="stack",station="1"\} 0\.0\d+')
        self.assertRegex(text, r'cemsd_journal_verified_seq\{stream="disclosure"\} [1-9]')
        self.assertEqual(gateway.end(), 0)

    def test_the_gateway_finds_what_was_altered(self):
        """Long ago, that is before the last entries, which are looked at when it starts."""
        gateway = self.begin_fast()
        until(lambda: self.status()["journal"]["durable"]["disclosure"] > 80, "enough to hide among")
        gateway.end()
        with sqlite3.connect(self.path("journal.db")) as db:
            db.execute("UPDATE entry SET body = replace(CAST(body AS TEXT), '1号', '2号') WHERE stream = 'disclosure' AND seq = 1")
        db.close()
        self.start_fast()
        fault = until(lambda: self.status()["journal"]["fault"], "the fault")
        self.assertEqual(fault, "disclosure/1 is not what was written: the hash does not follow from the body")
        told = until(lambda: [a for a in json.loads(self.get("/api/v1/alarms")[2]) if a["kind"] == "store"], "the alarm")
        self.assertEqual((told[0]["subject"], told[0]["state"]), ("chain", "raised"))
        text = self.get("/metrics")[2]
        self.assertIn("cemsd_journal_broken 1", text)
        self.assertRegex(text, r'cemsd_alarms_active\{kind="store",severity="\w+"\} 1')
        self.assertRegex(text, r'cemsd_alarms_active\{kind="exceed",severity="\w+"\} 0')


if __name__ == "__main__":
    unittest.main()
