"""Who may see what of the console, and HTTPS."""
import base64
import hashlib
import http.client
import json
import os
import signal
import socket
import ssl
import unittest

from support import GatewayTest, free_ports, program, read, run, until


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
        gateway = self.start(self.path("cemsd.yaml"))  # it measures, and nobody is let in until the file is there
        gateway.expect("event=not-open error=.console: access .* can't be opened")
        last = self.make("last")
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: (self.status()["console"] or {}).get("access"), "the console")
        self.assertEqual((self.code("/", self.basic("last", last)), self.code("/")), (200, 401))
        self.assertEqual(gateway.end(), 0)

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
        self.plant()
        gateway = self.start(self.path("cemsd.yaml"))
        gateway.expect(f"event=not-open error=.console: {self.path('console.crt')} can't be read: No such file")
        self.certify("before")
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: self.status()["console"], "the console")
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

    def test_handshakes_are_not_for_free(self):
        """Who begins one after the other is not let: others, and the lines, have the loop."""
        self.begin(f"certificate: {self.path('console.crt')}, key: {self.path('console.key')}")
        self.certify("gateway")
        self.plant()
        gateway = self.start(self.path("cemsd.yaml"))
        trusting, good = ssl.create_default_context(cafile=self.path("console.crt")), 0
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", self.port), 30) as plain, trusting.wrap_socket(plain, server_hostname="127.0.0.1"):
                    good += 1
            except OSError:
                pass
        self.assertGreaterEqual(good, 40)  # the burst an address has, at ten each
        refused = self.status()["console"]["refused"]
        self.assertEqual(good + refused, 200)
        self.assertGreater(refused, 0)
        until(lambda: self.reached(), "to be let in again")
        self.assertEqual(self.status()["lines"][0]["overruns"], 0)
        self.assertEqual(gateway.end(), 0)

    def reached(self):
        try:
            return self.looks()[1] == 200
        except OSError:
            return False

    def test_half_a_pair_is_refused(self):
        for half, missing in (("certificate: c.pem", "key"), ("key: k.pem", "certificate")):
            self.begin(half)
            done = run(program("cemsd"), "--check", "--config", self.path("cemsd.yaml"))
            self.assertEqual(done.returncode, 78)
            self.assertIn(f"a certificate and its key come together: {missing} is missing", done.stdout)


if __name__ == "__main__":
    unittest.main()
