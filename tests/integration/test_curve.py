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
