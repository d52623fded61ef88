"""Every frame of the corpus gets its verdict, and its items are those a plain split gives."""
import json
import os
import re
import subprocess
import unittest

from support import ROOT, program

CORPUS = os.path.join(ROOT, "tests", "conformance", "hj212")


def decode(data, *options):
    done = subprocess.run([program("cemsctl"), "hj212", "decode", *options], input=data, capture_output=True, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()]


def corpus(name):
    """Frames of a file, what must be found in them, options for the decoder."""
    path = os.path.join(CORPUS, name)
    with open(path + ".frames", "rb") as file:
        frames = file.read().rstrip(b"\n").split(b"\n")
    with open(path + ".json") as file:
        expected = json.load(file)
    options = []
    if os.path.exists(path + ".key"):
        with open(path + ".key") as file:
            options = ["--key", file.read().strip()]
    return frames, expected, options


def names():
    return sorted(f[:-len(".frames")] for f in os.listdir(CORPUS) if f.endswith(".frames"))


class Corpus(unittest.TestCase):
    def test_every_frame_is_what_its_file_says(self):
        self.assertGreaterEqual(len(names()), 5)
        for name in names():
            frames, expected, options = corpus(name)
            code, lines = decode(b"".join(f + b"\r\n" for f in frames), *options)
            self.assertEqual(len(lines), len(frames), name)
            self.assertEqual(len(expected), len(frames), name)
            self.assertEqual(code, 0 if all(e["verdict"] == "ok" for e in expected) else 1)
            offset = 0
            for frame, want, line in zip(frames, expected, lines):
                with self.subTest(name=name, frame=frame[:120]):
                    self.assertEqual({k: line.get(k) for k in want}, want)
                    self.assertEqual((line["offset"], line["bytes"]), (offset, len(frame) + 2))
                offset += len(frame) + 2

    def test_the_standards_examples_are_made_independently(self):
        done = subprocess.run(["/usr/bin/python3", "-B", os.path.join(CORPUS, "make_standards.py"), "--check"], timeout=60)
        self.assertEqual(done.returncode, 0)

    def test_every_command_of_the_table_has_an_example(self):
        done = subprocess.run([program("cemsctl"), "hj212", "commands"], capture_output=True, text=True, timeout=60)
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()[2:]]
        seen = {(line["cn"], str(line["version"])) for line in corpus("standards")[1]}
        for cn, name, _, asked, _, sent, _, _ in rows:
            for version in set(asked.split() + sent.split()):
                self.assertIn((cn, version), seen, name)

    def test_an_encrypted_frame_without_its_key_is_not_believed(self):
        frames, _, options = corpus("sealed")
        code, lines = decode(frames[0] + b"\r\n")
        self.assertEqual((code, lines[0]["verdict"], lines[0]["encrypted"]), (1, "crc", True))
        code, lines = decode(frames[0] + b"\r\n", "--key", "31" * 16)
        self.assertEqual((code, lines[0]["verdict"]), (1, "crc"))
        self.assertEqual(decode(frames[0] + b"\r\n", *options)[0], 0)
        self.assertEqual(subprocess.run([program("cemsctl"), "hj212", "decode", "--key", "xyz"], input=b"",
                                        capture_output=True, timeout=60).returncode, 2)

    def test_a_whole_stream_with_garbage_between(self):
        frames = [f for n in names() if n != "sealed" for f, e in zip(*corpus(n)[:2]) if e["verdict"] == "ok"]
        data = b"\x00\xffnoise" + b"\r\n??".join(frames) + b"\r\n"
        code, lines = decode(data)
        self.assertEqual(code, 1)
        self.assertEqual(sum(l["verdict"] == "ok" for l in lines), len(frames))
        self.assertEqual({l["verdict"] for l in lines}, {"ok", "garbage"})
        self.assertEqual(sum(l["verdict"] == "garbage" for l in lines), len(frames))
        code, lines = decode(b"".join(f + b"\r\n" for f in frames))
        self.assertEqual((code, len(lines)), (0, len(frames)))

    def test_strict_refuses_what_is_odd(self):
        good = b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n"
        self.assertEqual(decode(good, "--strict")[0], 0)
        code, lines = decode(good.replace(b"1C80", b"1c80"), "--strict")
        self.assertEqual((code, lines[0]["verdict"], lines[0]["quirks"]), (1, "malformed", ["lower-case-crc"]))
        self.assertEqual(decode(good.replace(b"1C80", b"1c80"))[0], 0)
        self.assertEqual(decode(good[:60])[1][0]["verdict"], "truncated")
        self.assertEqual(decode(b"")[0], 0)
        code, lines = decode(good.replace(b"RtdInterval=30", b"RtdInterval=\xff\x00"))
        self.assertEqual((code, lines[0]["verdict"]), (1, "crc"))
        self.assertEqual(lines[0]["items"][0]["value"], "?\x00")


if __name__ == "__main__":
    unittest.main()
