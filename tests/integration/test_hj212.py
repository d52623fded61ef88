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


def corpus():
    for name in sorted(os.listdir(CORPUS)):
        with open(os.path.join(CORPUS, name), "rb") as file:
            for line in file.read().split(b"\n"):
                if line and not line.startswith(b"# "):
                    verdict, frame = line.split(b"\t", 1)
                    yield verdict.decode(), frame


class Corpus(unittest.TestCase):
    def test_verdicts_and_items(self):
        seen = 0
        for verdict, frame in corpus():
            code, lines = decode(frame + b"\r\n")
            self.assertEqual([l["verdict"] for l in lines], [verdict], frame)
            self.assertEqual(code, 0 if verdict == "ok" else 1)
            self.assertEqual((lines[0]["offset"], lines[0]["bytes"]), (0, len(frame) + 2))
            seen += 1
            if verdict != "ok":
                continue
            text = frame.decode()
            area = re.search(r"CP=&&(.*)&&", text, re.S).group(1)
            if "//" in area:
                continue
            expected = []
            for part in re.split("[;,]", area):
                if part.strip():
                    name, _, value = part.partition("=")
                    left, dash, right = name.strip().partition("-")
                    expected.append((left if dash else "", right if dash else left, value.strip()))
            self.assertEqual([(i["code"], i["field"], i["value"]) for i in lines[0]["items"]], expected, frame)
            for field in ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO"):
                found = re.match(rf"(?:.*?;)?{field}=([^;]*);", text[6:])
                self.assertEqual(lines[0][field.lower()], found.group(1) if found else None, frame)
        self.assertGreater(seen, 100)

    def test_a_whole_stream_with_garbage_between(self):
        frames = [f for v, f in corpus() if v == "ok"]
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
