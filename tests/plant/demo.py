#!/usr/bin/python3
"""./dev demo: the simulated plant, cemsd on it, and what a subscriber sees, in one terminal."""
import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import demo_hours

HERE = os.path.dirname(os.path.abspath(__file__))
GUIDE = """
  A simulated coal-power stack (Modbus TCP) and a dust monitor (a 9600-baud pty) feed cemsd. What to look at:

   12 s  SO2 rises to six times its usual value. Twelve samples above 2 × 35 mg/m3 later an alarm is RAISED,
         and CLEARED when it falls again after 37 s.
   20 s  the NOx analyzer calibrates: its mark becomes C, its value is not published, an instrument alarm tells.
   30 s  the dust monitor falls silent: mark B, while the stack keeps its interval; it is found again by itself.
   60 s  the first whole minute closes: a disclosure of period "minute".

  Meanwhile the three examples of config/examples (coal power, VOC, sewage) run on simulated plants of their own, on a
  clock 60 times as fast: after a minute each has an hour that is judged, shown as 小时均值.

  A simulated platform listens too (HJ 212-2025): it loses one answer in twenty, asks commands at random, and its frames
  are shown as HJ 212.

  Every line below is a signed, chained message from the ZeroMQ feeds. At the end the journal is verified, and the
  figures are computed again from the raw samples.
"""


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    options.add_argument("--seconds", type=float, default=75)
    options.add_argument("--seed", default="1")
    arguments = options.parse_args()
    binary = lambda name: os.path.join(os.path.abspath(arguments.bin), name)
    folder = tempfile.mkdtemp(prefix="cemsd-demo-")
    with open(os.path.join(HERE, "..", "..", "config", "examples", "coal-power.yaml"), encoding="utf-8") as example:
        config = example.read()
    for old, new in (("/var/lib/cemsd/journal.db", f"{folder}/journal.db"), ("ipc:///run/cemsd/control", f"ipc://{folder}/control"),
                     ("/etc/cemsd/feed.pem", f"{folder}/feed.pem"), ("/dev/ttyUSB0", f"{folder}/dust.tty"), ("realtime_s: 10", "realtime_s: 5")):
        assert old in config, old
        config = config.replace(old, new)
    with socket.socket() as probe, socket.socket() as other:
        probe.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, console = probe.getsockname()[1], other.getsockname()[1]
    config += f"console: {{bind: \"127.0.0.1:{console}\"}}\n"
    config += f"uplinks: [{{name: city, host: 127.0.0.1, port: {port}, version: 2025, realtime_s: 30, over_time_s: 2, heartbeat_s: 20}}]\n"
    path = os.path.join(folder, "cemsd.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write(config)
    ctl = [binary("cemsctl"), "--config", path]
    print(GUIDE)
    print(f"  The console, meanwhile: http://127.0.0.1:{console}/ (operator), /public, /trend, /led\n", flush=True)
    subprocess.run([binary("cemsctl"), "keygen", f"{folder}/feed.pem"], check=True)
    running, alarms = [], []
    hours = demo_hours.begin(os.path.join(HERE, "..", ".."), binary, lambda text: print(f"\n{text}\n", flush=True)) if arguments.seconds >= 60 else lambda: True
    try:
        plant = subprocess.Popen([binary("plant"), "--scenario", os.path.join(HERE, "scenarios", "demo.yaml"), "--seed", arguments.seed, "--daemon"],
                                 cwd=folder, stdout=subprocess.PIPE, text=True)
        running.append(plant)
        for line in plant.stdout:
            if line.strip() == "ready":
                break
        else:
            sys.exit("the plant did not start: is port 1502 in use?")
        platform = subprocess.Popen([sys.executable, "-B", os.path.join(HERE, "platform_simulator.py"), "--port", str(port), "--trouble", "0.05",
                                     "--command-every", "15"], stdout=subprocess.PIPE, text=True)
        gateway = subprocess.Popen([binary("cemsd"), "--config", path], cwd=folder, stderr=open(os.path.join(folder, "cemsd.log"), "w"))
        running.append(gateway)
        watch = subprocess.Popen(ctl + ["watch"], stdout=subprocess.PIPE, text=True)
        running += [watch, platform]

        def show():
            for line in watch.stdout:
                if re.search(r" (raised|updated|cleared) ", line):
                    alarms.append(line)
                    line = f"\033[1m{line.rstrip()}\033[0m\n" if sys.stdout.isatty() else line
                print(line, end="", flush=True)

        def show_platform():
            for line in platform.stdout:
                if line.startswith("{"):
                    frame = json.loads(line)
                    print(f"HJ 212  CN={frame['CN']} Flag={frame['Flag']} {frame['area']}"[:160], flush=True)
        threading.Thread(target=show, daemon=True).start()
        threading.Thread(target=show_platform, daemon=True).start()
        end = time.monotonic() + arguments.seconds
        while time.monotonic() < end and gateway.poll() is None:
            time.sleep(0.2)
        print("\n$ cemsctl status")
        subprocess.run(ctl + ["status"], check=False)
        print("\n$ cemsctl alarms")
        subprocess.run(ctl + ["alarms"], check=False)
    except KeyboardInterrupt:
        pass
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(30) for process in running]
        judged = hours()
    print("\n$ cemsctl verify")
    verified = subprocess.run(ctl + ["verify"], check=False).returncode
    again = subprocess.run(ctl + ["recompute", "--from-journal"], capture_output=True, text=True, check=False)
    print(f"\n$ cemsctl recompute --from-journal   ({len(again.stdout.splitlines())} messages again from the raw samples)")
    print(f"\neverything is in {folder}")
    lived = any(" raised " in a for a in alarms) and any(" cleared " in a for a in alarms)
    if arguments.seconds >= 60 and not lived:
        sys.exit("no alarm was raised and cleared: see cemsd.log there")
    if not judged:
        sys.exit("not every example had its hour judged")
    sys.exit(verified or (codes[1] if len(codes) > 1 else 1))


main()
