"""The subscribers of docs/clients, in four languages: against the daemon, killed and started again, and against feeds that lie."""
import hashlib
import json
import os
import signal
import sqlite3
import threading
import unittest

import zmq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support import GatewayTest, Process, ROOT, free_ports, program, run, until

CLIENTS = os.path.join(ROOT, "docs", "clients")


class Clients(GatewayTest):
    @classmethod
    def setUpClass(cls):
        """Built as their heads say, where the repository is not touched."""
        cls.built = os.path.join(ROOT, "build", "clients")
        os.makedirs(cls.built, exist_ok=True)
        flags = run("pkg-config", "--cflags", "--libs", "libzmq", "jansson", "libcrypto").stdout.split()
        for command in (["cc", "-Wall", "-Wextra", "-Werror", "-o", os.path.join(cls.built, "c"), os.path.join(CLIENTS, "subscriber.c"), *flags],
                        ["go", "build", "-o", os.path.join(cls.built, "go"), os.path.join(CLIENTS, "subscriber.go")]):
            done = run(*command, env={**os.environ, "GOCACHE": os.path.join(cls.built, "cache"), "GO111MODULE": "off"})
            assert done.returncode == 0, done.stderr
        cls.commands = {"python": ["/usr/bin/python3", os.path.join(CLIENTS, "subscriber.py")], "javascript": ["node", os.path.join(CLIENTS, "subscriber.js")],
                        "c": [os.path.join(cls.built, "c")], "go": [os.path.join(cls.built, "go")]}

    def begin(self, language, feed, replay, stream, key):
        p = Process(*self.commands[language], feed, replay, stream, key, env={**os.environ, "NODE_PATH": os.path.join(ROOT, "tests", "web", "node_modules")})
        self.processes.append(p)
        return p

    def test_none_twice_none_left_out(self):
        """Begun late, and while the daemon is killed and comes again: what they print is the journal, byte for byte."""
        key = self.path("feed.pem")
        self.assertEqual(run(program("cemsctl"), "keygen", key).returncode, 0)
        self.plant()
        gateway = self.start(self.config(key=f"signing_key: {key}"))
        until(lambda: self.status()["journal"]["durable"]["disclosure"] >= 3, "something to catch up with")
        clients = {language: self.begin(language, self.endpoint(self.disclosure_port), self.endpoint(self.replay_port), "disclosure", key + ".pub") for language in self.commands}
        for client in clients.values():
            until(lambda: len(client.lines) >= 5, f"messages; it said {client.lines[-2:]}")
        gateway.end(signal.SIGKILL)
        gateway = self.start(self.path("cemsd.yaml"))
        before = self.status()["journal"]["durable"]["disclosure"]
        for language, client in clients.items():
            until(lambda: len(client.lines) >= before + 3, f"{language} to go on; it said {client.lines[-2:]}")
        for client in clients.values():
            self.assertIsNone(client.process.poll())
            client.end()
        self.assertEqual(gateway.end(), 0)
        with sqlite3.connect(self.path("journal.db")) as db:
            bodies = [body.decode() for (body,) in db.execute("SELECT body FROM entry WHERE stream = 'disclosure' ORDER BY seq")]
        for language, client in clients.items():
            self.assertEqual(client.lines, bodies[:len(client.lines)], language)
            self.assertGreater(len(client.lines), before)

    def liar(self, messages, replayed):
        """A feed that sends `messages` over and over, and a replay that answers with those of `replayed` after what was asked."""
        feed_port, replay_port = free_ports(2)
        context = zmq.Context()
        feed, replay = context.socket(zmq.PUB), context.socket(zmq.ROUTER)
        feed.bind(self.endpoint(feed_port))
        replay.bind(self.endpoint(replay_port))
        stop = threading.Event()

        def serve():
            while not stop.is_set():
                if replay.poll(20):
                    who, request = replay.recv_multipart()
                    after = json.loads(request)["after"]
                    for message in replayed:
                        if json.loads(message[1])["seq"] > after:
                            replay.send_multipart([who, *message])
                    replay.send_multipart([who, b'{"op":"end","last":0,"more":false}'])
                for message in messages:
                    feed.send_multipart(message)
            feed.close(0)
            replay.close(0)
            context.term()
        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(lambda: (stop.set(), thread.join()))
        return self.endpoint(feed_port), self.endpoint(replay_port)

    def chained(self, key, count):
        """Messages of a chain as docs/feeds.md has it, made here."""
        chain, messages = bytes(32), []
        for seq in range(1, count + 1):
            body = json.dumps({"v": 1, "stream": "alarm", "seq": seq, "prev": chain.hex(), "n": seq}, separators=(",", ":")).encode()
            messages.append([b"alarm/x", body, key.sign(body)])
            chain = hashlib.sha256(chain + body).digest()
        return messages

    def test_lies_are_found(self):
        key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        with open(self.path("key.pub"), "wb") as out:
            out.write(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        good = self.chained(key, 5)
        altered = [*good[2][:1], good[2][1].replace(b'"n":3', b'"n":4'), good[2][2]]
        stranger = [good[2][0], good[2][1], other.sign(good[2][1])]
        body = good[2][1].replace(json.loads(good[2][1])["prev"].encode(), b"0" * 64)
        elsewhere = [good[2][0], body, key.sign(body)]  # signed, of another past
        for said, third in (("signed|InvalidSignature", altered), ("signed|InvalidSignature", stranger), ("chain is broken", elsewhere)):
            feed, replay = self.liar([third], good[:2])
            for language in self.commands:
                client = self.begin(language, feed, replay, "alarm", self.path("key.pub"))
                client.expect(said)
                self.assertNotEqual(client.process.wait(30), 0, language)
                client.thread.join(5)
                printed = [line for line in client.lines if line.startswith("{")]
                self.assertEqual(printed, [m[1].decode() for m in good[:2]], language)
        # a gap is repaired by asking, a repetition passed over
        feed, replay = self.liar([good[4], good[1], good[4]], good)
        for language in self.commands:
            client = self.begin(language, feed, replay, "alarm", self.path("key.pub"))
            until(lambda: len(client.lines) >= 5, f"{language}: {client.lines}")
            client.end()
            self.assertEqual(client.lines, [m[1].decode() for m in good], language)
        for language in self.commands:
            self.assertNotEqual(run(*self.commands[language], feed, replay, "alarm", self.path("nothing.pub"), env={**os.environ, "NODE_PATH": os.path.join(ROOT, "tests", "web", "node_modules")}).returncode, 0)


if __name__ == "__main__":
    unittest.main()
