#!/usr/bin/python3
"""./dev soak [--minutes N]: kill -9 at random instants under load; after each restart everything a subscriber ever saw is
in the journal under the same seq, byte for byte, and the journal verifies. Ends with an error at the first difference."""
import argparse
import os
import random
import signal
import sys
import time

options = argparse.ArgumentParser()
options.add_argument("--bin", required=True)
options.add_argument("--minutes", type=float, default=10)
options.add_argument("--kills", type=int, default=0, help="so many kills, however long it takes")
options.add_argument("--seed", type=int, default=int(time.time()))
arguments = options.parse_args()
os.environ["CEMSD_BIN"] = os.path.abspath(arguments.bin)

import json
import sqlite3

from support import GatewayTest, run


class Soak(GatewayTest):
    def runTest(self):
        dice = random.Random(arguments.seed)
        end = time.monotonic() + 60 * arguments.minutes
        key = self.path("feed.pem")
        run(os.path.join(arguments.bin, "cemsctl"), "keygen", key)
        plant, config, sub, kills, checked = self.plant(), self.config(key=f"signing_key: {key}"), self.subscribe(), 0, 0
        print(f"seed {arguments.seed}, folder {self.folder}", flush=True)
        while kills < arguments.kills or (not arguments.kills and time.monotonic() < end):
            gateway = self.start(config)
            plant.tell(dice.choice(("signal so2 set 400", "clear", "device stack 0 silent", "drop stack")))
            instant = time.monotonic() + dice.uniform(0, 3)
            while time.monotonic() < instant:
                time.sleep(0.001)  # the instant of the kill is the point of this loop
            gateway.end(signal.SIGKILL)
            kills += 1
            if kills % 10 == 0:
                checked = self.check(sub, checked)
                print(f"{kills} kills, {checked} messages seen and kept", flush=True)
        gateway = self.start(config)
        self.assertEqual(gateway.end(), 0)
        self.check(sub, 0)
        self.figures()
        print(f"{kills} kills, nothing lost, nothing twice", flush=True)

    def check(self, sub, begin):
        kept = sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True)
        messages = list(sub.messages)
        for topic, body, _ in messages[begin:]:
            if not topic.startswith(b"heartbeat"):
                stated = json.loads(body)
                row = kept.execute("SELECT body FROM entry WHERE stream = ? AND seq = ?", (stated["stream"], stated["seq"])).fetchone()
                self.assertEqual(row and bytes(row[0]), body)
        alarms = [json.loads(row[0]) for row in kept.execute("SELECT body FROM entry WHERE stream = 'alarm' ORDER BY seq")]
        lives = {}
        for a in alarms:  # one life each: raised once, and first
            lives.setdefault(a["id"], []).append(a["state"])
        for id_, states in lives.items():
            self.assertEqual((states[0], states.count("raised")), ("raised", 1), id_)
            self.assertLessEqual(states.count("cleared"), 1, id_)
            self.assertTrue("cleared" not in states or states[-1] == "cleared", id_)
        kept.close()
        verified = self.ctl("verify")
        self.assertEqual(verified.returncode, 0, verified.stdout)
        return len(messages)

    def figures(self):
        """Minutes and hours as told are what the raw samples give without any interruption."""
        again = self.ctl("recompute", "--from-journal")
        self.assertEqual(again.returncode, 0, again.stderr)
        key = lambda b: (b["outlet"], b["period"], b["from"], b["revision"])
        figures = lambda b: [{k: v for k, v in r.items()} for r in b["readings"]]
        recomputed = {key(b): figures(b) for b in map(json.loads, again.stdout.splitlines()) if b["stream"] == "disclosure"}
        kept = sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True)
        told = [json.loads(row[0]) for row in kept.execute("SELECT body FROM entry WHERE stream = 'disclosure' AND kind IN ('minute', 'hour') ORDER BY seq")]
        kept.close()
        self.assertEqual([(key(b), figures(b), recomputed.get(key(b))) for b in told if figures(b) != recomputed.get(key(b))], [])
        print(f"{len(told)} minutes and hours are what an uninterrupted run makes", flush=True)


import unittest

sys.exit(not unittest.TextTestRunner(verbosity=2).run(Soak()).wasSuccessful())
