"""CURVE as a subscriber in another language meets it: who is on the list, who is not, and who may see only a part."""
import json
import os
import signal
import unittest

import zmq
import zmq.auth

from support import GatewayTest, program, run, until


class Curve(GatewayTest):
    def connect(self, kind, port, client):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        if client:
            socket.curve_publickey, socket.curve_secretkey = client
            socket.curve_serverkey = self.server
        socket.connect(self.endpoint(port))
        self.sockets.append(socket)
        return socket

    def subscribe_as(self, client, topic=b""):
        socket = self.connect(zmq.SUB, self.alarm_port, client)
        socket.connect(self.endpoint(self.disclosure_port))
        socket.subscribe(topic)
        return socket

    def client(self, name, topics=None):
        """Made by pyzmq's own tool: the files interoperate."""
        public, secret = zmq.auth.create_certificates(self.folder, name)
        if topics:
            with open(public, "a") as out:
                out.write(f'    topics = "{topics}"\n')
        return public, zmq.auth.load_certificate(secret)

    def admit(self, public):
        os.rename(public, os.path.join(self.folder, "clients", os.path.basename(public)))

    def setUp(self):
        super().setUp()
        self.context, self.sockets = zmq.Context(), []
        os.mkdir(self.path("clients"))
        self.assertEqual(run(program("cemsctl"), "keygen", "--curve", self.path("curve.key")).returncode, 0)
        self.server = zmq.auth.load_certificate(self.path("curve.key.pub"))[0]
        self.key = f"curve: {{server_key: {self.path('curve.key')}, clients_dir: {self.path('clients')}}}"

    def tearDown(self):
        for s in self.sockets:
            s.close()
        self.context.term()
        super().tearDown()

    def test_the_list_decides(self):
        (one, all_of_it), (two, only_alarms), (three, stranger) = self.client("one"), self.client("two", "alarm/"), self.client("three")
        self.admit(one)
        self.admit(two)
        plant = self.plant()
        gateway = self.start(self.config(key=self.key))
        everything, alarms = self.subscribe_as(all_of_it), self.subscribe_as(only_alarms)
        nothing, plain = self.subscribe_as(stranger), self.subscribe_as(None)
        got = {everything: [], alarms: [], nothing: [], plain: []}

        def drain():
            for socket, messages in got.items():
                while socket.poll(0):
                    messages.append(socket.recv_multipart())
            return got
        until(lambda: any(m[0].startswith(b"disclosure/") for m in drain()[everything]), "a disclosure")
        plant.tell("signal so2 set 300")
        until(lambda: any(m[0].startswith(b"alarm/") for m in drain()[alarms]), "an alarm")
        until(lambda: any(m[0].startswith(b"heartbeat/") for m in drain()[alarms]), "a heartbeat")
        until(lambda: any(m[0].startswith(b"alarm/") for m in drain()[everything]), "the alarm for both")
        self.assertFalse([m for m in got[alarms] if m[0].startswith(b"disclosure/")])
        self.assertEqual((got[nothing], got[plain]), ([], []))
        until(lambda: self.status()["feeds"]["curve"]["turned_away"] > 0, "the stranger counted")
        # replay obeys the same list
        dealer = self.connect(zmq.DEALER, self.replay_port, only_alarms)
        for stream, seen in (("disclosure", False), ("alarm", True)):
            dealer.send_json({"op": "replay", "stream": stream})
            topics = []
            while len(frames := self.recv(dealer)) == 3:
                topics.append(frames[0])
            self.assertEqual(json.loads(frames[0])["op"], "end")
            self.assertEqual(bool(topics), seen)
        dealer.send_json({"op": "status"})
        self.assertEqual(json.loads(self.recv(dealer)[0])["op"], "error")
        outside = self.connect(zmq.DEALER, self.replay_port, stranger)
        outside.send_json({"op": "snapshot"})
        self.assertFalse(outside.poll(500))
        # SIGHUP lets the stranger in without dropping the others
        self.admit(three)
        gateway.process.send_signal(signal.SIGHUP)
        gateway.expect("event=reloaded")
        before = len(got[everything])
        late = self.subscribe_as(stranger)
        got[late] = []
        until(lambda: drain()[late] and len(got[everything]) > before, "everyone")
        # cemsctl on the gateway, and from afar
        self.assertEqual(self.ctl("--json", "status").returncode, 0)
        far = ("--connect", self.endpoint(self.replay_port), "--server-key", self.path("curve.key.pub"), "--client-key")
        self.assertEqual(run(program("cemsctl"), *far, self.path("one.key_secret"), "status").returncode, 1)  # pyzmq wrote it 0644
        os.chmod(self.path("one.key_secret"), 0o600)
        self.assertEqual(run(program("cemsctl"), *far, self.path("one.key_secret"), "status").returncode, 0)
        self.assertEqual(run(program("cemsctl"), *far, self.path("one.key_secret"), "watch", "--count", "1").returncode, 0)
        self.assertEqual(gateway.end(), 0)

    def test_struck_off(self):
        """Who is struck off the list loses what it has at once, who is narrowed sees no more than it may, and a third misses nothing."""
        (one, stays), (two, goes), (three, narrowed) = self.client("one"), self.client("two"), self.client("three")
        for public in (one, two, three):
            self.admit(public)
        self.plant()
        gateway = self.start(self.config(key=self.key, realtime_s=1))
        sockets = {name: self.subscribe_as(client) for name, client in (("stays", stays), ("goes", goes), ("narrowed", narrowed))}
        lost = {name: socket.get_monitor_socket(zmq.EVENT_DISCONNECTED) for name, socket in sockets.items()}
        self.sockets[:0] = lost.values()  # closed before what they watch
        got = {name: [] for name in sockets}

        def drain():
            for name, socket in sockets.items():
                while socket.poll(0):
                    got[name].append(socket.recv_multipart())
            return got
        until(lambda: all(any(m[0].startswith(b"disclosure/") for m in drain()[name]) for name in sockets), "a disclosure for each")
        os.remove(self.path("clients/two.key"))
        with open(self.path("clients/three.key"), "a", encoding="utf-8") as out:
            out.write('    topics = "alarm/"\n')
        gateway.process.send_signal(signal.SIGHUP)
        gateway.expect("event=reloaded")
        for name in ("goes", "narrowed"):
            self.assertTrue(lost[name].poll(30000), name)
        until(lambda: self.status()["feeds"]["curve"]["turned_away"] >= 2, "the one struck off to knock in vain")
        drain()
        seen = {name: len(messages) for name, messages in got.items()}
        until(lambda: len([m for m in drain()["stays"] if m[0].startswith(b"disclosure/")][seen["stays"]:]) >= 3, "three more for the one who stays")
        until(lambda: [m for m in drain()["narrowed"][seen["narrowed"]:] if m[0].startswith(b"heartbeat/")], "a heartbeat for the narrowed one")
        self.assertEqual(got["goes"][seen["goes"]:], [])
        self.assertEqual([m[0] for m in got["narrowed"][seen["narrowed"]:] if m[0].startswith(b"disclosure/")], [])
        self.assertFalse(lost["stays"].poll(0))
        seqs = [json.loads(m[1])["seq"] for m in got["stays"] if m[0].startswith(b"disclosure/")]
        self.assertEqual(seqs, list(range(seqs[0], seqs[0] + len(seqs))))
        self.assertEqual(self.status()["feeds"]["curve"]["cut"], 4)  # two feeds each
        self.assertEqual(gateway.end(), 0)

    def recv(self, socket):
        self.assertTrue(socket.poll(30000))
        return socket.recv_multipart()

    def test_keys_that_can_not_be(self):
        os.chmod(self.path("curve.key"), 0o644)
        done = run(program("cemsd"), "--config", self.config(key=self.key))
        self.assertEqual(done.returncode, 1)
        self.assertIn("chmod 600 it", done.stderr)
        os.chmod(self.path("curve.key"), 0o600)
        self.write("clients/bad.key", "curve\n  public-key = \"short\"\n")
        done = run(program("cemsd"), "--config", self.config(key=self.key))
        self.assertEqual(done.returncode, 1)
        self.assertIn("bad.key: no CURVE public-key in it", done.stderr)


if __name__ == "__main__":
    unittest.main()
