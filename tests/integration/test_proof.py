"""Complete and unaltered, provable without the gateway: checkpoints, retention, proofs, exports, and whatever a forger may try.

Roots, chains and signatures are worked out a second time with hashlib and python3-cryptography; SM2 by the openssl program."""
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from support import GatewayTest, Process, ROOT, program, read, request, until

SPEED = 300
DAY_MS = 86400000
FIRST_MS = 1793375700000  # 2026-10-30T23:55:00+08:00
STREAMS = ("alarm", "disclosure", "sample", "event")


def tree_root(values, hash_=hashlib.sha256):
    """RFC 9162 2.1.1 by its definition."""
    if len(values) == 0:
        return bytes(32)
    if len(values) == 1:
        return hash_(b"\0" + values[0]).digest()
    left = 1
    while left * 2 < len(values):
        left *= 2
    return hash_(b"\1" + tree_root(values[:left], hash_) + tree_root(values[left:], hash_)).digest()


class Proven(GatewayTest):
    """A gateway over some midnights, a few seconds each."""
    keep = ""
    key_options = ()

    def prepare(self):
        self.plant()
        self.key = self.path("feed.pem")
        self.assertEqual(subprocess.run([program("cemsctl"), "keygen", *self.key_options, self.key], stdout=subprocess.DEVNULL, check=False).returncode, 0)
        self.config(key=f"signing_key: {self.key}", channels="""      - {factor: a21026, interval_ms: 10000, source: {line: stack, address: 0}}
      - {factor: a19001, interval_ms: 10000, source: {line: stack, address: 2}}""", realtime_s=30)
        path = self.path("cemsd.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("journal.db}", f"journal.db{self.keep}}}"))

    def night(self, day, checkpoints):
        """From five minutes before a midnight until its checkpoint is there."""
        environment = dict(os.environ, CEMSD_SPEED=str(SPEED), CEMSD_START_MS=str(FIRST_MS + day * DAY_MS), CEMSD_ORIGIN_MS=str(int(time.time() * 1000)))
        p = Process(program("cemsd_fast"), "--config", self.path("cemsd.yaml"), cwd=self.folder, env=environment)
        self.processes.append(p)
        p.expect("event=started")
        until(lambda: len(self.rows("SELECT 1 FROM checkpoint")) >= checkpoints, "a checkpoint", 30)
        return p

    def rows(self, sql, *values):
        # closed at once: who holds the file open while it is copied or its writer ends, leaves it with a log beside it
        with contextlib.closing(sqlite3.connect(f"file:{self.path('journal.db')}?mode=ro", uri=True)) as db:
            return db.execute(sql, values).fetchall()

    def nights(self, *days):
        for n, day in enumerate(days):
            self.assertEqual(self.night(day, n + 1).end(), 0)

    def verify(self, *options, journal=None):
        return self.ctl("--journal", journal or self.path("journal.db"), "verify", "--key", self.key + ".pub", *options)

    def ctl(self, *arguments):
        return subprocess.run([program("cemsctl"), *arguments], capture_output=True, text=True, errors="replace", timeout=120, check=False)


class Checkpoints(Proven):
    hash = staticmethod(hashlib.sha256)

    def check_signed(self, data, signature):
        with open(self.key + ".pub", "rb") as file:
            public = load_pem_public_key(file.read())
        public.verify(signature, data)
        with self.assertRaises(InvalidSignature):
            public.verify(signature, data + b" ")

    def test_the_page_on_proof(self):
        """Its commands as they stand there, on a gateway that has been through a midnight."""
        self.prepare()
        self.nights(0)
        blocks = re.findall(r"```sh\n(.*?)```", read(os.path.join(ROOT, "docs", "proof.md")), re.S)
        self.assertEqual(len(blocks), 3)
        said = []
        for block in blocks:
            block = block.replace("/etc/cemsd/cemsd.yaml", self.path("cemsd.yaml"))
            done = subprocess.run(["sh", "-ec", block], cwd=self.folder, env={**os.environ, "PATH": os.path.dirname(program("cemsctl")) + ":" + os.environ["PATH"]}, capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            said.append(done.stdout)
        self.assertIn("checkpoints: all 1 of board.txt are the journal's", said[1])
        self.assertIn("disclosure/2", said[1])
        self.assertIn("disclosure: complete and unaltered from 1 to", said[2])

    def test_roots_proofs_and_the_notice_board(self):
        self.prepare()
        self.nights(0, 1)
        before = bytes(32)
        checkpoints = self.rows("SELECT body, signature FROM checkpoint ORDER BY number")
        for body, signature in checkpoints:
            self.check_signed(body, signature)
            stated, roots = json.loads(body), b""
            self.assertEqual(bytes.fromhex(stated["prev"]), before)
            for stream in STREAMS:
                span = stated["streams"][stream]
                values = [row[0] for row in self.rows("SELECT hash FROM entry WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq", stream, span["from"], span["to"])]
                self.assertEqual(len(values), span["to"] - span["from"] + 1)
                self.assertEqual(tree_root(values, self.hash).hex(), span["root"])
                roots += bytes.fromhex(span["root"])
            self.assertEqual(self.hash(roots).hexdigest(), stated["root"])
            before = self.hash(body).digest()
        self.assertEqual([json.loads(b)["checkpoint"] for b, _ in checkpoints], ["2026-10-31", "2026-11-01"])
        done = self.verify()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 checkpoints hold", done.stdout)
        self.prove()
        for body, signature in self.rows("SELECT e.body, m.signature FROM entry e JOIN message m USING(stream, seq) WHERE stream = 'disclosure' LIMIT 5"):
            self.check_signed(body, signature)
            self.assertEqual(json.loads(body).get("chain", "sha256"), self.hash().name)
        board = self.path("board")
        with open(board, "w", encoding="utf-8") as file:
            file.write(self.ctl("--journal", self.path("journal.db"), "checkpoint", "--from", "2026-10-31").stdout)
        with open(board, encoding="utf-8") as file:
            self.assertLess(max(len(line) for line in file), 320)  # four lines of a typewriter: it goes on a sheet of paper
        self.assertIn("all 2 of", self.verify("--checkpoint", board).stdout)

    def prove(self):
        """Each entry of the smallest span, and one of the largest, against the checkpoint alone, by hand."""
        last = json.loads(self.rows("SELECT body FROM checkpoint ORDER BY number DESC LIMIT 1")[0][0])
        spans = last["streams"]
        cases = [("event", n) for n in range(spans["event"]["from"], spans["event"]["to"] + 1)]
        cases += [("disclosure", spans["disclosure"]["from"] + 7), ("sample", spans["sample"]["to"])]
        for stream, seq in cases:
            proof = self.ctl("--journal", self.path("journal.db"), "prove", "--stream", stream, "--from", str(seq))
            self.assertEqual(proof.returncode, 0, proof.stderr)
            stated = json.loads(proof.stdout)
            body = bytes.fromhex(stated["body_hex"])
            value = self.hash(bytes.fromhex(stated["before"]) + body).digest()
            self.assertEqual((value,), self.rows("SELECT hash FROM entry WHERE stream = ? AND seq = ?", stream, seq)[0])
            file = self.write("proof.json", proof.stdout)
            checked = self.ctl("verify", "--proof", file, "--key", self.key + ".pub")
            self.assertEqual(checked.returncode, 0, checked.stderr)
            self.assertIn(f"{stream}/{seq} is an entry", checked.stdout)
            self.check_signed(stated["checkpoint"].encode(), bytes.fromhex(stated["signature"]))
            for member, forged in (("body_hex", (body[:-1] + bytes([body[-1] ^ 1])).hex()), ("seq", seq + 1), ("stream", "alarm"), ("before", "00" * 32),
                                   ("signature", "00" * 64), ("path", stated["path"][:-1]), ("checkpoint", stated["checkpoint"].replace("2026", "2027"))):
                file = self.write("forged.json", json.dumps({**stated, member: forged}))
                self.assertEqual(self.ctl("verify", "--proof", file, "--key", self.key + ".pub").returncode, 1, member)

    def test_an_export_needs_nothing_but_the_key(self):
        self.prepare()
        self.nights(0, 1)
        stick = self.path("stick.jsonl")
        done = self.ctl("--journal", self.path("journal.db"), "export", "--out", stick)
        self.assertEqual(done.returncode, 0, done.stderr)
        shutil.move(self.path("journal.db"), self.path("gone.db"))
        check = lambda file: self.ctl("verify", "--messages", file, "--key", self.key + ".pub")
        good = check(stick)
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("disclosure: complete and unaltered from 1 to", good.stdout)
        self.assertIn("2 checkpoints hold", good.stdout)
        with open(stick, encoding="utf-8") as file:
            lines = file.readlines()
        disclosures = [n for n, line in enumerate(lines) if '\\"stream\\":\\"disclosure\\"' in line]
        middle = disclosures[len(disclosures) // 2]
        swapped = lines[:middle] + [lines[middle + 1], lines[middle]] + lines[middle + 2:]
        altered = lines[:middle] + [lines[middle].replace("平顶山", "平頂山", 1)] + lines[middle + 1:]
        forged = [*lines[:-1], lines[-1].replace("root", "rood", 1)]
        point = json.loads(lines[-1])
        bare = [*lines[:-1], json.dumps({"checkpoint": point["checkpoint"]}) + "\n"]
        for what, text, said in (("deleted", lines[:middle] + lines[middle + 1:], "not all there"), ("swapped", swapped, "not all there"),
                                 ("altered", altered, "BROKEN"), ("checkpoint", forged, "not a saved message"),
                                 ("checkpoint without its signature", bare, "a checkpoint is not signed by this key")):
            self.write("forged.jsonl", "".join(text))
            done = check(self.path("forged.jsonl"))
            self.assertIn(said, done.stdout + done.stderr, what)

    def test_a_backup_while_it_is_written(self):
        self.prepare()
        p = self.night(0, 1)
        copy = self.path("copy.db")
        done = self.ctl("--config", self.path("cemsd.yaml"), "backup", copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.verify(journal=copy).returncode, 0)
        self.assertEqual(self.ctl("--config", self.path("cemsd.yaml"), "backup", copy).returncode, 1)  # never over another
        self.assertEqual(p.end(), 0)


def sm3(data=b""):
    return hashlib.new("sm3", data)


class National(Checkpoints):
    """All of it by SM2 and SM3, as the openssl program knows them."""
    keep, key_options, hash = ", chain: sm3", ("--sm2",), staticmethod(sm3)

    def check_signed(self, data, signature):
        for text, code in ((data, 0), (data + b" ", 1)):
            for name, content in (("text", text), ("signature", signature)):
                with open(self.path(name), "wb") as file:
                    file.write(content)
            done = subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pubin", "-inkey", self.key + ".pub", "-in", self.path("text"),
                                   "-sigfile", self.path("signature"), "-pkeyopt", "distid:1234567812345678"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, code, done.stderr)

    def test_a_journal_keeps_its_hash(self):
        self.prepare()
        self.nights(0)
        with open(self.path("cemsd.yaml"), encoding="utf-8") as file:
            text = file.read()
        self.write("cemsd.yaml", text.replace("chain: sm3", "chain: sha256"))
        p = self.night(1, 2)
        p.expect("event=chain-kept chain=sm3")
        self.assertEqual(p.end(), 0)
        self.assertEqual(self.verify().returncode, 0)
        db = sqlite3.connect(self.path("journal.db"))
        db.execute("UPDATE meta SET value = 'sha256' WHERE key = 'chain'")  # a forger says that it was another
        db.commit()
        done = self.verify()
        self.assertEqual(done.returncode, 1)
        self.assertIn("disclosure/1: altered", done.stdout)
        db.execute("UPDATE meta SET value = 'md5' WHERE key = 'chain'")
        db.commit()
        db.close()
        self.assertIn("is chained by a hash this program does not know", self.verify().stderr)


class Tampering(Proven):
    """Each change is found and named; the last, a whole journal of yesterday, against the notice board."""

    def test_every_change_is_found(self):
        self.prepare()
        self.nights(0)
        yesterday = self.path("yesterday.db")
        shutil.copy(self.path("journal.db"), yesterday)
        self.assertEqual(self.night(1, 2).end(), 0)
        board = self.write("board", self.ctl("--journal", self.path("journal.db"), "checkpoint").stdout)
        middle = self.rows("SELECT max(seq) / 2 FROM entry WHERE stream = 'disclosure'")[0][0]
        end = self.rows("SELECT max(seq) FROM entry WHERE stream = 'disclosure' AND kind = 'realtime'")[0][0]
        where = f"stream = 'disclosure' AND seq = {middle}"
        chain = "disclosure"
        changes = {
            "a bit flipped in a body": (f"UPDATE entry SET body = substr(body, 1, 100) || x'21' || substr(body, 102) WHERE {where}", f"{chain}/{middle}: altered"),
            "a hash changed": (f"UPDATE entry SET hash = zeroblob(32) WHERE {where}", f"{chain}/{middle}: altered"),
            "an entry deleted": (f"DELETE FROM entry WHERE {where}", f"{chain}/{middle}: missing: {middle} to {middle} are not there"),
            "an entry inserted": (f"UPDATE entry SET seq = seq + 100000 WHERE stream = 'disclosure' AND seq >= {middle};"
                                  f"INSERT INTO entry SELECT stream, {middle}, time_ms, kind, body, hash FROM entry WHERE stream = 'disclosure' AND seq = {middle - 1};"
                                  "UPDATE entry SET seq = seq - 99999 WHERE stream = 'disclosure' AND seq > 100000", f"{chain}/{middle}: altered"),
            "two swapped": (f"UPDATE entry SET seq = -1 WHERE {where}; UPDATE entry SET seq = {middle} WHERE stream = 'disclosure' AND seq = {middle + 1};"
                            f"UPDATE entry SET seq = {middle + 1} WHERE seq = -1", f"{chain}/{middle}: altered"),
            "an hour's body taken away": ("UPDATE entry SET body = x'' WHERE stream = 'disclosure' AND kind = 'hour'", "its body is gone, and retention takes none of its kind"),
            "a body of today taken away": ("DELETE FROM checkpoint WHERE number = 2; UPDATE entry SET body = x'' WHERE stream = 'disclosure' AND "
                                           f"seq = {end} AND kind = 'realtime'", "its body is gone, and no checkpoint stands for it"),
            "a signature taken away": (f"UPDATE message SET signature = NULL WHERE {where}", f"{chain}/{middle}: is not signed"),
            "a checkpoint altered": ("UPDATE checkpoint SET body = replace(body, '2026-10-31', '2026-10-30') WHERE number = 1", "checkpoint 2026-10-30: the signature"),
            "a checkpoint dropped": ("DELETE FROM checkpoint WHERE number = 1", "does not follow from the one before it"),
        }
        for what, (sql, said) in changes.items():
            with self.subTest(what):
                forged = self.path(f"{len(os.listdir(self.folder))}.db")
                shutil.copy(self.path("journal.db"), forged)
                with sqlite3.connect(forged) as db:
                    db.executescript(sql)
                db.close()
                done = self.verify(journal=forged)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn(said, done.stdout)
        self.forged_tail(middle)
        done = self.verify("--checkpoint", board, journal=yesterday)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has not got the checkpoint of 2026-11-01: it was set back or replaced", done.stdout)
        self.assertEqual(self.verify(journal=yesterday).returncode, 0)  # by itself it is whole: that is why there is a board

    def forged_tail(self, begin):
        """A forger who has the file and not the key: bodies replaced, the whole chain after them made again."""
        forged = self.path("forged.db")
        shutil.copy(self.path("journal.db"), forged)
        db = sqlite3.connect(forged)
        hash_ = db.execute("SELECT hash FROM entry WHERE stream = 'disclosure' AND seq = ?", (begin - 1,)).fetchone()[0]
        for seq, body in db.execute("SELECT seq, body FROM entry WHERE stream = 'disclosure' AND seq >= ? ORDER BY seq", (begin,)).fetchall():
            stated = json.loads(body)
            stated.update(prev=hash_.hex(), condition="stopped")  # nothing to judge by
            body = json.dumps(stated, ensure_ascii=False, separators=(",", ":")).encode()
            hash_ = hashlib.sha256(hash_ + body).digest()
            db.execute("UPDATE entry SET body = ?, hash = ? WHERE stream = 'disclosure' AND seq = ?", (body, hash_, seq))
        db.commit()
        db.close()
        done = self.verify(journal=forged)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the signature is not this key's", done.stdout)
        unsigned = self.ctl("--journal", forged, "verify", "--stream", "disclosure")
        self.assertIn("stands for something else", unsigned.stdout)  # even without a key


class Batches(Proven):
    """Signatures are checked many at once on all cores: what is told of them is what one after the other would tell."""

    def test_the_first_fault_is_named(self):
        key = self.path("k.pem")
        self.assertEqual(self.ctl("keygen", key).returncode, 0)
        subprocess.run([program("bench_journal"), "signed", self.folder, key], check=True)
        signed = self.path("signed.db")
        unsigned = "UPDATE message SET signature = zeroblob(64) WHERE stream = 'alarm' AND seq = {}"
        altered = "UPDATE entry SET body = replace(body, 'seq', 'sep') WHERE stream = 'alarm' AND seq = {}"
        for what, first, second, seq, said in (
                ("a signature, then a body in the same batch", unsigned.format(9001), altered.format(9003), 9001, "the signature is not this key's"),
                ("a body, then a signature in the same batch", altered.format(9003), unsigned.format(9005), 9003, "altered"),
                ("two signatures far apart", unsigned.format(301), unsigned.format(19999), 301, "the signature is not this key's"),
                ("the last signature", unsigned.format(20000), "SELECT 1", 20000, "the signature is not this key's"),
                ("nothing", "SELECT 1", "SELECT 1", 0, "complete and unaltered from 1 to 20000 (20000 entries, 20000 signatures good)")):
            with self.subTest(what):
                forged = self.path("forged.db")
                shutil.copy(signed, forged)
                with contextlib.closing(sqlite3.connect(forged)) as db:
                    db.executescript(f"{first}; {second}")
                ways = [("--journal", forged, "verify", "--stream", "alarm")]
                if "altered" not in said:  # in an export the seq is what the body says: one without is no message
                    stick = self.path(f"stick-{seq}-{len(os.listdir(self.folder))}")
                    self.assertEqual(self.ctl("--journal", forged, "export", "--stream", "alarm", "--out", stick).returncode, 0)
                    ways.append(("verify", "--messages", stick))
                for way in ways:
                    done = self.ctl(*way, "--key", key + ".pub")
                    self.assertEqual(done.returncode, 1 if seq else 0, done.stdout + done.stderr)
                    self.assertIn(f"BROKEN after {seq - 1} good: alarm/{seq}: {said}" if seq else said, done.stdout)


class Pages(Proven):
    """A worn card: each page of the journal in its turn is noise. Whatever is said of it is said, never a crash; verify passes
    only what an export gives unchanged; the daemon goes on or says why not."""

    def test_every_page(self):
        self.prepare()
        self.nights(0)
        with open(self.path("journal.db"), "rb") as file:
            whole = file.read()
        size = int.from_bytes(whole[16:18], "big")
        size = 65536 if size == 1 else size
        self.assertEqual((len(whole) % size, os.path.exists(self.path("journal.db-wal"))), (0, False))
        before, dice = self.export(), random.Random(5)
        found = passed = refused = began = 0
        for page in range(len(whole) // size):
            with open(self.path("journal.db"), "wb") as file:
                file.write(whole[:page * size] + dice.randbytes(size) + whole[(page + 1) * size:])
            verified = self.verify()
            self.assertIn(verified.returncode, (0, 1), f"page {page}: {verified.stderr}")
            self.assertTrue(verified.stdout + verified.stderr)
            exported = self.export()
            self.assertIn(exported.returncode, (0, 1), f"page {page}: {exported.stderr}")
            if verified.returncode == 0:
                passed += 1
                self.assertTrue(exported.returncode == 1 or exported.stdout == before.stdout, f"page {page}")
            else:
                found += 1
            code = self.begin_and_end()
            self.assertIn(code, (0, 1, -signal.SIGTERM), f"page {page}")  # the last: asked while it was ending by itself
            refused, began = refused + (code != 0), began + (code == 0)
        self.assertGreater(found, passed)
        self.assertGreater(refused, 0)
        print(f"{found} pages found by verify, {passed} not of the chain; of the daemon {refused} refused, {began} went on")

    def export(self):
        return self.ctl("--journal", self.path("journal.db"), "export")

    def begin_and_end(self):
        """How the daemon ends: by itself, or after it has begun and was asked to."""
        p = Process(program("cemsd"), "--config", self.path("cemsd.yaml"), cwd=self.folder)
        self.processes.append(p)
        until(lambda: p.process.poll() is not None or p.said("event=started"), "the daemon to begin or to refuse", 60)
        code = p.end()
        self.assertFalse(p.said("Sanitizer|runtime error"), p.lines)
        for left in ("journal.db-wal", "journal.db-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path(left))
        return code


class Retention(Proven):
    keep = ", keep: {samples_days: 5, realtime_days: 5, minute_days: 8}"

    def count(self, kind, stream="disclosure"):
        return self.rows("SELECT count(*), sum(length(body) > 0) FROM entry WHERE stream = ? AND kind = ?", stream, kind)[0]

    def follow_from_the_first(self):
        """A late subscriber is told what has gone, and can be killed among it."""
        saved, whole = self.path("saved.jsonl"), self.rows("SELECT count(*) FROM entry WHERE stream = 'disclosure' AND length(body) > 0")[0][0]
        follow = lambda count: self.ctl("--config", self.path("cemsd.yaml"), "watch", "disclosure", "--verify", "--save", saved, "--count", str(count))
        done = follow(whole)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("bodies were taken away by retention", done.stderr)
        with open(saved, encoding="utf-8") as file:
            lines = file.readlines()
        gone = next(n for n, line in enumerate(lines) if '"removed"' in line and '"removed"' in lines[n + 1])
        self.assertEqual([json.loads(line)["seq"] for line in lines if '"removed"' in line],
                         [row[0] for row in self.rows("SELECT seq FROM entry WHERE stream = 'disclosure' AND length(body) = 0 AND seq <= ?", len(lines))])
        self.write("saved.jsonl", "".join(lines[:gone + 1]))
        self.assertEqual(follow(3).returncode, 0)
        with open(saved, encoding="utf-8") as file:
            again = file.readlines()
        self.assertEqual(again, lines[:len(again)])
        self.assertGreater(len(again), gone + 3)
        done = self.ctl("verify", "--messages", saved, "--key", self.key + ".pub")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        refused, end = request(self.endpoint(self.replay_port), {"op": "replay", "stream": "disclosure", "removed": True, "topic": "disclosure/"})
        self.assertEqual((refused, end["op"]), ([], "error"))

    def test_what_is_old_goes_and_the_rest_stays_provable(self):
        self.prepare()
        self.nights(0)
        first = {kind: self.count(kind)[0] for kind in ("realtime", "minute", "hour")}
        samples = self.rows("SELECT max(sample_to), max(disclosure_to) FROM checkpoint")[0]
        p = self.night(7, 2)
        until(lambda: self.rows("SELECT min(seq) FROM entry WHERE stream = 'sample'")[0][0] == samples[0], "samples to go", 30)
        until(lambda: not self.rows("SELECT 1 FROM entry WHERE stream = 'disclosure' AND kind = 'realtime' AND seq <= ? AND length(body) > 0", samples[1]), "real-time bodies to go")
        self.assertEqual(p.end(), 0)
        old = lambda kind: self.rows("SELECT count(*), sum(length(body) > 0) FROM entry WHERE stream = 'disclosure' AND kind = ? AND seq <= ?", kind, samples[1])[0]
        self.assertEqual(old("minute")[0], old("minute")[1])  # not old enough yet
        self.assertEqual(old("realtime")[1], 0)
        done = self.verify()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 checkpoints hold", done.stdout)
        self.assertRegex(done.stdout, r"disclosure: complete and unaltered from 1 to")
        p = self.night(10, 3)
        until(lambda: old("minute")[1] == 0, "minute bodies to go", 30)
        self.follow_from_the_first()
        self.assertEqual(p.end(), 0)
        self.assertEqual(old("hour")[0], old("hour")[1])  # hours never go
        self.assertGreater(first["hour"], 0)
        self.assertEqual(self.verify().returncode, 0)
        stick = self.path("stick.jsonl")
        self.assertEqual(self.ctl("--journal", self.path("journal.db"), "export", "--out", stick).returncode, 0)
        done = self.ctl("verify", "--messages", stick, "--key", self.key + ".pub")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("bodies were taken away", done.stdout)
        with sqlite3.connect(self.path("journal.db")) as db:  # what is left of a removed body can't be changed either
            db.execute("UPDATE entry SET hash = zeroblob(32) WHERE stream = 'disclosure' AND kind = 'realtime' AND seq = (SELECT min(seq) FROM entry WHERE kind = 'realtime' AND seq > 20)")
        db.close()
        self.assertEqual(self.verify().returncode, 1)


class Keys(Proven):
    """A key hands over to the next, with its endorsement and without, and is revoked: the chain knows of all of it."""

    def use(self, name, previous="", revoked=""):
        key = self.path(name)
        if not os.path.exists(key):
            self.assertEqual(self.ctl("keygen", key).returncode, 0)
        more = (f", previous_key: {self.path(previous)}" if previous else "") + (f", revoked_keys: [{revoked}]" if revoked else "")
        with open(self.path("cemsd.yaml"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        at = next(n for n, line in enumerate(lines) if line.startswith("  signing_key:"))
        lines = [line for line in lines if not line.startswith(("  signing_key:", "  previous_key:", "  revoked_keys:"))]
        lines[at:at] = [f"  signing_key: {key}", *(f"  {part.strip()}" for part in more.split(", ") if part)]
        self.write("cemsd.yaml", "\n".join(lines) + "\n")
        gateway = self.start(self.path("cemsd.yaml"))
        seen = self.rows("SELECT max(seq) FROM entry WHERE stream = 'disclosure'")[0][0] or 0
        until(lambda: (self.rows("SELECT max(seq) FROM entry WHERE stream = 'disclosure'")[0][0] or 0) > seen + 1, "messages under the key")
        self.assertEqual(gateway.end(), 0)
        return key

    def test_keys_hand_over_and_are_revoked(self):
        self.prepare()
        config = self.path("cemsd.yaml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace("realtime_s: 30", "realtime_s: 1").replace("interval_ms: 10000", "interval_ms: 200"))
        first = self.use("first.pem")
        second = self.use("second.pem", previous="first.pem")
        journal = self.path("journal.db")
        events = [json.loads(row[0]) for row in self.rows("SELECT body FROM entry WHERE stream = 'event' AND kind = 'key' ORDER BY seq")]
        self.assertEqual([e["before"] for e in events], [None, events[0]["key"]])
        with open(first + ".pub", "rb") as file:  # the old key signed the new one's public half: so says another program too
            load_pem_public_key(file.read()).verify(bytes.fromhex(events[1]["endorsement"]), events[1]["public"].encode())
        verify = lambda *keys: self.ctl("--journal", journal, "verify", *(part for key in keys for part in ("--key", key + ".pub")))
        self.assertEqual(verify(first).returncode, 0, verify(first).stdout)  # who trusts the first needs no more
        self.assertEqual(verify(second).returncode, 1)                      # the second does not vouch for the past
        self.assertEqual(verify(first, second).returncode, 0)
        stick = self.path("stick.jsonl")
        self.assertEqual(self.ctl("--journal", journal, "export", "--out", stick).returncode, 0)
        self.assertEqual(self.ctl("verify", "--messages", stick, "--key", first + ".pub").returncode, 0)
        alarms = [json.loads(row[0]) for row in self.rows("SELECT body FROM entry WHERE stream = 'alarm' ORDER BY seq")]
        said = [a for a in alarms if a["subject"] == "key"]
        self.assertEqual([a["state"] for a in said], ["raised", "cleared"])
        self.assertIn("endorsed by the old one", said[0]["text_en"])
        third = self.use("third.pem")  # nobody endorses it
        self.assertIsNone(json.loads(self.rows("SELECT body FROM entry WHERE stream = 'event' AND kind = 'key' ORDER BY seq DESC LIMIT 1")[0][0])["endorsement"])
        self.assertEqual(verify(first).returncode, 1)
        self.assertEqual(verify(first, third).returncode, 0)
        self.use("third.pem", revoked=events[1]["key"])
        self.assertEqual(verify(first, third).returncode, 0)  # what the second signed before it was revoked stands
        self.use("second.pem", revoked=events[1]["key"])      # somebody goes on using it
        done = verify(first, third)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is signed by a key that was revoked before", done.stdout)
        self.assertEqual(len(self.rows("SELECT 1 FROM entry WHERE stream = 'event' AND kind = 'key-revoked'")), 1)  # said once


class Size(Proven):
    keep = ", keep: {max_gib: 0.0001}"  # a tenth of a MiB

    def test_a_journal_too_large_gives_its_oldest_samples_first(self):
        self.prepare()
        self.nights(0)
        upto = self.rows("SELECT max(sample_to) FROM checkpoint")[0][0]
        p = self.night(7, 2)
        until(lambda: self.rows("SELECT min(seq) FROM entry WHERE stream = 'sample'")[0][0] == upto, "the samples of the first night to go", 30)
        self.assertEqual(p.end(), 0)
        newer, emptied = self.rows("SELECT count(*), sum(length(body) = 0) FROM entry WHERE stream = 'sample' AND seq > ?", upto)[0]
        self.assertGreater(newer, 0)
        self.assertEqual(emptied, 0)  # what a restart needs stays, however small the journal may be
        self.assertEqual(self.verify().returncode, 0)


if __name__ == "__main__":
    unittest.main()
