"""The console's HTTP API: read only, bounded, honest about what it does not have."""
import base64
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
import ssl
import subprocess
import unittest
import urllib.error
import urllib.request

import jsonschema

from support import GatewayTest, PROMTOOL, ROOT, free_ports, program, read, run, until


class Console(GatewayTest):
    def get(self, path, method="GET"):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read().decode()

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

    def begin(self):
        (self.port,) = free_ports(1)
        plant = self.plant()
        return plant, self.start(self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\"}}"))

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
        routes = {path: set(re.findall(r'"(\w+)"', arguments)) for path, arguments in re.findall(r'\{"(/[\w/]+)", get_\w+, \w+, \{([^}]*)\}\}', source)}
        open_ones = set(re.findall(r'\{"(/[\w/]+)", get_\w+, true,', source)) | {"/api/v1/openapi.json", "/api/v1/stream"}
        self.assertEqual({path for path, of in document["paths"].items() if {} in of["get"]["security"]}, open_ones)
        stated = {path: {p["name"] for p in of["get"].get("parameters", [])} for path, of in document["paths"].items()}
        self.assertEqual(stated, {**routes, "/api/v1/openapi.json": set(), "/api/v1/stream": set()})
        given = {"outlet": "DA001", "factor": "a21026", "span": "1h"}
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
            s.sendall(b"POST /api/v1/records HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 4000000)
            self.assertIn(b" 405 ", self.rest(s))
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

    def test_a_port_in_use_is_refused_in_order(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            done = run(program("cemsd"), "--config", self.config(extra=f"console: {{bind: \"{where}\"}}"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"console: bind {where}: Address already in use", done.stderr)

    def test_a_bad_bind_is_refused(self):
        for bind in ("8080", "127.0.0.1", "127.0.0.1:99999"):
            done = run(program("cemsd"), "--check", "--config", self.config(extra=f"console: {{bind: \"{bind}\"}}"))
            self.assertEqual(done.returncode, 78)
            self.assertIn(f"console.bind: {bind} is not ADDRESS:PORT", done.stdout)


class Access(GatewayTest):
    """The operator's pages for those who have a secret, the public ones for everybody; HTTPS with a certificate that is renewed."""

    OPEN = ("/public", "/led", "/web/console.css", "/healthz", "/api/v1/site", "/api/v1/outlets", "/api/v1/records", "/api/v1/openapi.json",
            "/api/v1/trend?outlet=DA001&factor=a21026&span=1h")
    CLOSED = ("/", "/trend", "/metrics", "/api/v1/status", "/api/v1/alarms", "/nowhere")

    def begin(self, console):
        (self.port,) = free_ports(1)
        self.config(extra=f"console: {{bind: \"127.0.0.1:{self.port}\", {console}}}")

    def ask(self, path, authorization=None):
        looker = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        looker.request("GET", path, headers={"Authorization": authorization} if authorization else {})
        answer = looker.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def code(self, path, authorization=None):
        return self.ask(path, authorization)[0]

    def basic(self, name, secret):
        return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()

    def make(self, name):
        done = self.ctl("access", "add", name)
        self.assertEqual(done.returncode, 0, done.stderr)
        secret = done.stdout.split("\n")[0]
        self.assertRegex(secret, "^[0-9a-f]{32}$")
        return secret

    def reload(self, gateway, said):
        gateway.lines.clear()
        gateway.process.send_signal(signal.SIGHUP)
        gateway.expect(said)
        gateway.expect("event=reloaded|event=kept-old")

    def test_who_may_see_what(self):
        self.begin(f"access_file: {self.path('access')}")
        self.assertEqual(self.ctl("access", "add", "no name").returncode, 2)
        self.assertEqual(self.ctl("access", "dance").returncode, 2)
        secret = self.make("gate")
        listed = {name: digest for name, digest in (line.split() for line in read(self.path("access")).splitlines())}
        self.assertEqual(listed, {"gate": hashlib.sha256(secret.encode()).hexdigest()})
        plant = self.plant()
        gateway = self.start(self.path("cemsd.yaml"))
        for path in self.OPEN:
            self.assertEqual(self.code(path), 200, path)
        for path in self.CLOSED:
            code, headers, text = self.ask(path)
            self.assertEqual((code, headers["WWW-Authenticate"]), (401, 'Basic realm="cemsd", charset="UTF-8"'), path)
            self.assertIn("for operators", json.loads(text)["error"])
            for good in (self.basic("gate", secret), f"Bearer {secret}", f"bearer  {secret}"):
                self.assertEqual(self.code(path, good), 404 if path == "/nowhere" else 200, path)
        bad = (self.basic("gate", secret[:-1]), self.basic("gat", secret), self.basic("", secret), self.basic("gate", ""), "Basic " + secret, "Basic", "Basic ", "Bearer",
               "Bearer ", f"Bearer {secret}0", f"Digest {secret}", "Basic " + "QUJD" * 120, "Bearer " + "x" * 5000, "Basic =====", self.basic("gate", secret + "\0"))
        for one in bad:
            self.assertEqual(self.code("/api/v1/status", one), 401, one)
            self.assertEqual(self.code("/public", one), 401, one)  # who shows a secret is told that it is a wrong one
        self.assertEqual(self.status()["console"]["unauthorized"], len(self.CLOSED) + 2 * len(bad))
        # alarms are for operators: the open stream tells values and closed periods
        streams = {}
        for name, header in (("open", {}), ("operator", {"Authorization": f"Bearer {secret}"})):
            looker = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            looker.request("GET", "/api/v1/stream", headers=header)
            streams[name] = (looker, looker.getresponse())
            self.assertEqual(streams[name][1].status, 200)
        plant.tell("signal so2 set 300")

        def events(name, last):
            """Names of the events of a stream, up to one of which `last` is true."""
            names = []
            for line in streams[name][1]:
                if line.startswith(b"event: "):
                    names.append(line[7:].strip().decode())
                elif line.startswith(b"data: ") and last(names):
                    return names
            raise AssertionError("the stream ended")
        self.assertEqual(events("operator", lambda names: names[-1] == "alarm").count("alarm"), 1)
        before = len(json.loads(self.ask("/api/v1/alarms?active=false", f"Bearer {secret}")[2]))
        self.assertGreaterEqual(before, 1)
        self.assertEqual(set(events("open", lambda names: names.count("live") == 12)), {"live"})  # seconds beyond the alarm
        # one more, then one less; a file that is broken changes nothing
        other = self.make("wall")
        self.assertEqual(self.code("/", self.basic("wall", other)), 401)
        self.reload(gateway, "event=reloaded")
        self.assertEqual((self.code("/", self.basic("wall", other)), self.code("/", self.basic("wall", secret))), (200, 401))
        self.assertEqual(self.ctl("access", "remove", "gate").returncode, 0)
        self.assertEqual(self.ctl("access", "remove", "gate").returncode, 1)
        self.assertEqual(self.ctl("access", "list").stdout, "wall\n")
        self.reload(gateway, "event=reloaded")
        self.assertEqual((self.code("/", self.basic("gate", secret)), self.code("/", self.basic("wall", other))), (401, 200))
        for text, said in (("wall\n", "access:1: not .NAME SHA-256."), (f"a {'0' * 64}\na {'1' * 64}\n", "access:2: a stands there twice"),
                           ("".join(f"n{i} {i:064x}\n" for i in range(65)), "access:65: more than 64 names"), (f"# nobody\nx {'0' * 63}\n", "access:2: not")):
            self.write("access", text)
            self.reload(gateway, "event=files-kept error=.*" + said)
            self.assertEqual(self.code("/", self.basic("wall", other)), 200)
        os.chmod(self.path("access"), 0o666)
        self.reload(gateway, "can be written by others")
        os.remove(self.path("access"))
        self.reload(gateway, "can't be opened: No such file")
        self.assertEqual((self.code("/", self.basic("wall", other)), self.code("/")), (200, 401))
        self.assertEqual(gateway.end(), 0)
        refused = run(program("cemsd"), "--config", self.path("cemsd.yaml"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("console: access " + self.path("access") + " can't be opened", refused.stderr)

    def certify(self, name, days=30):
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj", f"/CN={name}",
                   "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.path("console.key"), "-out", self.path("console.crt"))
        self.assertEqual(done.returncode, 0, done.stderr)
        os.chmod(self.path("console.key"), 0o600)

    def looks(self):
        """The name on the certificate, as a client that trusts it alone verifies it, and the answer."""
        trusting = ssl.create_default_context(cafile=self.path("console.crt"))
        looker = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trusting)
        looker.request("GET", "/api/v1/site")
        answer = looker.getresponse()
        name = dict(pair[0] for pair in looker.sock.getpeercert()["subject"])["commonName"]
        return name, answer.status, json.loads(answer.read())["mn"]

    def test_https(self):
        self.begin(f"certificate: {self.path('console.crt')}, key: {self.path('console.key')}")
        refused = run(program("cemsd"), "--config", self.path("cemsd.yaml"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"console: {self.path('console.crt')} can't be read: No such file", refused.stderr)
        self.certify("before")
        self.plant()
        gateway = self.start(self.path("cemsd.yaml"))
        self.assertEqual(self.looks(), ("before", 200, "010000A8900016F000169DC0"))
        self.assertTrue(self.status()["console"]["tls"])
        with socket.create_connection(("127.0.0.1", self.port), 30) as plain:
            plain.sendall(b"GET /api/v1/site HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1 200", plain.recv(1000))
        # a viewer is live while the certificate is renewed: it is sent away in order, and comes again
        trusting = ssl.create_default_context(cafile=self.path("console.crt"))
        looker = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trusting)
        looker.request("GET", "/api/v1/stream")
        answer = looker.getresponse()
        self.assertTrue(answer.readline().startswith(b"event: live"))
        self.certify("after")
        self.reload(gateway, "event=reloaded")
        answer.read()  # ends, and is whole
        self.assertEqual(self.looks(), ("after", 200, "010000A8900016F000169DC0"))
        self.assertEqual(self.status()["console"]["viewers"], 0)
        crt = read(self.path("console.crt"))
        for text, said in (("not PEM", "is not a certificate in PEM"), (read(self.path("console.key")), "is not a certificate in PEM"), ("x" * 70000, "is too large to be PEM")):
            self.write("console.crt", text)
            self.reload(gateway, "event=files-kept error=.*" + said)
        self.write("console.crt", crt)
        key = read(self.path("console.key"))
        self.write("console.key", "x")
        self.reload(gateway, "is not a private key in PEM without a password")
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path("console.key"))
        os.chmod(self.path("console.key"), 0o600)
        self.reload(gateway, "is not the key of")
        self.write("console.key", key)
        os.chmod(self.path("console.key"), 0o644)
        self.reload(gateway, "can be read by others")
        self.assertEqual(self.looks()[0], "after")
        self.assertEqual(gateway.end(), 0)

    def test_half_a_pair_is_refused(self):
        for half, missing in (("certificate: c.pem", "key"), ("key: k.pem", "certificate")):
            self.begin(half)
            done = run(program("cemsd"), "--check", "--config", self.path("cemsd.yaml"))
            self.assertEqual(done.returncode, 78)
            self.assertIn(f"a certificate and its key come together: {missing} is missing", done.stdout)


if __name__ == "__main__":
    unittest.main()
