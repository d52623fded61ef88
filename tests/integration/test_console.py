"""The console's HTTP API: read only, bounded, honest about what it does not have."""
import json
import re
import socket
import unittest
import urllib.error
import urllib.request

from support import GatewayTest, free_ports, program, run, until


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
        code, headers, text = self.get("/metrics")
        self.assertEqual(code, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        for line in text.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) cemsd_\w+ .+|cemsd_\w+(\{\w+=\"[^\"]*\"(,\w+=\"[^\"]*\")*\})? [0-9.e+-]+)$")
        self.assertGreater(float(re.search(r'cemsd_line_requests_total\{line="stack",result="ok"\} (\d+)', text).group(1)), 10)
        families = re.findall(r"# TYPE (\w+)", text)
        self.assertEqual(len(families), len(set(families)))
        for path, method, want in (("/nowhere", "GET", 404), ("/../etc/passwd", "GET", 404), ("/api/v1/status", "POST", 405), ("/api/v1/status", "DELETE", 405),
                                   ("/", "GET", 501), ("/public", "GET", 501), ("/api/v1/stream", "GET", 501), ("/api/v1/records?from=never", "GET", 400),
                                   ("/api/v1/records?period=week", "GET", 400), ("/api/v1/alarms?active=maybe", "GET", 400), ("/api/v1/status", "HEAD", 200)):
            code, headers, text = self.get(path, method)
            self.assertEqual(code, want, path)
            if code >= 400:
                self.assertTrue(json.loads(text)["error"])
            if code == 405:
                self.assertEqual(headers["Allow"], "GET, HEAD")
        with socket.create_connection(("127.0.0.1", self.port)) as rude:  # neither a request nor in a hurry
            rude.sendall(b"\x16\x03\x01" + b"A" * 100000)
            self.assertEqual(self.get("/healthz")[0], 200)
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


if __name__ == "__main__":
    unittest.main()
