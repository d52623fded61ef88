"""A subscriber that misses nothing: `cemsctl watch --verify` through restarts of either side, and against a gateway whose past is
another now."""
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import time
import unittest

from support import GatewayTest, Process, program, read, run, until


class Following(GatewayTest):
    def prepare(self, chain="sha256"):
        self.plant()
        key = self.path("feed.pem")
        self.assertEqual(run(program("cemsctl"), "keygen", key).returncode, 0)
        text = read(self.config(key=f"signing_key: {key}"))
        return self.write("cemsd.yaml", text.replace("journal.db}", f"journal.db, chain: {chain}}}"))

    def follow(self, *options):
        p = Process(program("cemsctl"), "--config", self.path("cemsd.yaml"), "watch", "disclosure", "--verify", *options, cwd=self.folder)
        self.processes.append(p)
        return p

    def saved(self):
        with open(self.path("saved.jsonl"), encoding="utf-8") as file:
            return [json.loads(line)["body"] for line in file if line.endswith("\n")]

    def kept(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True)) as db:
            return [bytes(row[0]).decode() for row in db.execute("SELECT body FROM entry WHERE stream = 'disclosure' ORDER BY seq")]

    def test_neither_gap_nor_duplicate_whoever_is_killed(self):
        config, dice = self.prepare("sm3"), random.Random(5)
        gateway, follower = self.start(config), self.follow("--save", self.path("saved.jsonl"))
        for _ in range(4):
            until(lambda n=len(self.saved()) if os.path.exists(self.path("saved.jsonl")) else 0: os.path.exists(self.path("saved.jsonl")) and len(self.saved()) > n + 1, "messages", 30)
            instant = time.monotonic() + dice.uniform(0, 0.5)
            while time.monotonic() < instant:
                time.sleep(0.001)  # the instant of the kill is the point
            if dice.random() < 0.5:
                gateway.end(signal.SIGKILL)
                gateway = self.start(config)
            follower.end(signal.SIGKILL)
            with open(self.path("saved.jsonl"), "a", encoding="utf-8") as file:
                file.write('{"topic":"half a line')  # what a kill in the middle of a write leaves
            follower = self.follow("--save", self.path("saved.jsonl"))
        gateway.end(signal.SIGKILL)
        gateway = self.start(config)
        seen = len(self.saved())
        until(lambda: len(self.saved()) > seen + 3, "to go on after the last restart", 30)
        self.assertIsNone(follower.process.poll(), follower.lines[-3:])
        self.assertEqual(gateway.end(), 0)
        until(lambda: self.saved() == self.kept()[:len(self.saved())] and len(self.saved()) >= len(self.kept()) - 1, "all of it")
        done = run(program("cemsctl"), "verify", "--messages", self.path("saved.jsonl"), "--key", self.path("feed.pem.pub"))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("disclosure: complete and unaltered from 1 to", done.stdout)

    def test_a_gateway_set_back_is_found_out(self):
        config = self.prepare()
        gateway = self.start(config)
        until(lambda: len(self.kept()) > 3 if os.path.exists(self.path("journal.db")) else False, "some history")
        self.assertEqual(gateway.end(), 0)
        shutil.copy(self.path("journal.db"), self.path("old.db"))
        gateway, follower = self.start(config), self.follow()
        begin = len(self.kept())
        until(lambda: len(follower.lines) > begin + 4, "more of it")
        self.assertEqual(gateway.end(), 0)
        for name in os.listdir(self.folder):
            if name.startswith("journal.db-"):
                os.remove(self.path(name))
        shutil.copy(self.path("old.db"), self.path("journal.db"))
        self.start(config)
        self.assertEqual(follower.process.wait(30), 1)
        self.assertTrue(any("set back or replaced" in line or "does not follow" in line for line in follower.lines), follower.lines[-3:])

    def test_from_the_middle_and_wrong_words(self):
        config = self.prepare()
        self.start(config)
        until(lambda: os.path.exists(self.path("journal.db")) and len(self.kept()) > 5, "some history")
        follower = self.follow("--from", "4", "--count", "2")
        self.assertEqual(follower.process.wait(20), 0)
        until(lambda: len(follower.lines) == 2, "two lines")
        self.assertEqual([json.loads(line)["seq"] for line in follower.lines], [4, 5])
        for words in (("--from", "0"), ("--outlet", "DA001")):
            self.assertEqual(self.follow(*words).process.wait(20), 2)
        other = self.path("other.pem")
        run(program("cemsctl"), "keygen", other)
        wrong = self.follow("--key", other + ".pub")
        self.assertEqual(wrong.process.wait(20), 1)
        until(lambda: any("is not signed by this key" in line for line in wrong.lines), "the reason")


if __name__ == "__main__":
    unittest.main()
