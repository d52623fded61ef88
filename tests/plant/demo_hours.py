"""The three example configurations on simulated plants, each on a clock 60 times as fast, until an hour has been judged.

Lines are put on loopback and signals are made up; everything else of the examples is as it stands in config/examples."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from datetime import datetime

import yaml
import zmq

EXAMPLES = ("coal-power", "voc", "sewage")
SPEED = 60
START = "2026-11-23T07:59:40+08:00"
# what the instruments say: factor → (base, noise)
SIGNALS = {"a21026": (25, 3), "a21002": (38, 4), "a34013": (4, 0.5), "a19001": (7, 0.2), "a01011": (14, 0.4), "a01012": (55, 1),
           "a01013": (-0.4, 0.05), "a01014": (12, 0.5), "a24087": (60, 4), "a05002": (8, 1), "a24088": (45, 4), "a25002": (0.6, 0.1),
           "a25003": (6, 1), "a25005": (7, 1), "w01018": (38, 2), "w21003": (3.1, 0.3), "w21001": (11, 0.6), "w21011": (0.31, 0.03),
           "w01001": (7.4, 0.1), "w01010": (15, 0.2), "w00000": (120, 8)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare(example, root, folder):
    """The example with its lines on loopback, and a plant that answers on them."""
    with open(os.path.join(root, "config", "examples", example + ".yaml"), encoding="utf-8") as file:
        config = yaml.safe_load(file)
    ports = {}
    for line in config["lines"]:
        for kind in ("modbus_tcp", "modbus_rtu", "modbus_rtu_over_tcp"):
            line.pop(kind, None)
        ports[line["name"]] = free_port()
        line["modbus_tcp"] = {"host": "127.0.0.1", "port": ports[line["name"]]}
        line.pop("pause_ms", None)
        line["timeout_ms"] = 60000
    alarm, disclosure = free_port(), free_port()
    config.update(journal={"path": os.path.join(folder, "journal.db")}, control={"bind": f"ipc://{folder}/control"},
                  feeds={"alarm": {"bind": f"tcp://127.0.0.1:{alarm}"}, "disclosure": {"bind": f"tcp://127.0.0.1:{disclosure}", "realtime_s": 60}})
    config.pop("console", None)
    devices = {name: [] for name in ports}
    used = {}
    for outlet in config["outlets"]:
        for channel in outlet["channels"]:
            if "source" not in channel:
                continue
            base, noise = SIGNALS.get(channel["factor"], (1, 0))
            used[channel["factor"]] = {"name": channel["factor"], "base": base, "noise": noise, "tau_s": 5}
            source = channel["source"]
            point = {k: source[k] for k in ("station", "table", "address", "type", "order") if k in source}
            point["signal"] = channel["factor"]
            if "scale" in channel:
                raw, value = channel["scale"]["raw"], channel["scale"]["value"]
                point["scale"] = (raw[1] - raw[0]) / (value[1] - value[0])
                point["offset"] = raw[0] - value[0] * point["scale"]
            devices[source["line"]].append(point)
            if "marks" in channel:
                state = channel["marks"]["source"]
                devices[state["line"]].append({k: state[k] for k in ("station", "table", "address", "type") if k in state} | {"status_of": channel["factor"]})
    scenario = {"signals": list(used.values()),
                "devices": [{"name": name, "modbus_tcp": {"port": ports[name]}, "points": points} for name, points in devices.items()]}
    for name, content in (("cemsd.yaml", config), ("plant.yaml", scenario)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            yaml.safe_dump(content, out, allow_unicode=True)
    return disclosure


def judged(reading):
    name = f"{reading['name']} {reading['value']}"
    if reading["converted"] is not None:
        name += f" 折算 {reading['converted']}"
    if reading["limit"] is not None:
        name += f" {'超标' if reading['exceeds'] else '达标' if reading['exceeds'] is not None else '未评价'} (限值 {reading['limit']:g})"
    if reading["mean"] == "flow-weighted":
        name += " 流量加权"
    return name


def watch(example, root, binary, say, patience):
    """Runs one example until its first whole hour; returns whether it was told."""
    folder = tempfile.mkdtemp(prefix=f"cemsd-demo-{example}-")
    port = prepare(example, root, folder)
    running = []
    context = zmq.Context()
    try:
        log = open(os.path.join(folder, "log"), "w", encoding="utf-8")
        plant = subprocess.Popen([binary("plant"), "--scenario", f"{folder}/plant.yaml", "--seed", "1", "--daemon"], cwd=folder,
                                 stdout=subprocess.PIPE, stderr=log, text=True)
        running.append(plant)
        if not any(line.strip() == "ready" for line in iter(plant.stdout.readline, "")):
            say(f"{example}: the plant did not start, see {folder}/log")
            return False
        sub = context.socket(zmq.SUB)
        sub.setsockopt(zmq.LINGER, 0)
        sub.subscribe(b"disclosure/")
        sub.connect(f"tcp://127.0.0.1:{port}")
        now_ms = int(time.time() * 1000)
        environment = dict(os.environ, CEMSD_SPEED=str(SPEED), CEMSD_ORIGIN_MS=str(now_ms),
                           CEMSD_START_MS=str(int(datetime.fromisoformat(START).timestamp() * 1000)))
        running.append(subprocess.Popen([binary("cemsd_fast"), "--config", f"{folder}/cemsd.yaml"], cwd=folder, env=environment, stderr=log))
        end = time.monotonic() + patience
        while time.monotonic() < end and running[-1].poll() is None:
            if not sub.poll(200):
                continue
            body = json.loads(sub.recv_multipart()[1])
            if body["period"] == "hour" and any(r["value"] is not None for r in body["readings"]):
                shown = [judged(r) for r in body["readings"] if r["value"] is not None and (r["limit"] is not None or r["amount"] is not None)]
                say(f"{example} {body['outlet_name']} {body['from'][:16]} 小时均值: " + "; ".join(shown))
                return True
        say(f"{example}: no hour was told, see {folder}/log")
        return False
    finally:
        context.destroy(linger=0)
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def begin(root, binary, say, patience=120):
    """Starts all of them; returns a function that waits for them and says whether each was told."""
    told = {}
    threads = [threading.Thread(target=lambda e=e: told.update({e: watch(e, root, binary, say, patience)})) for e in EXAMPLES]
    for thread in threads:
        thread.start()

    def finish():
        for thread in threads:
            thread.join()
        return all(told.get(e) for e in EXAMPLES)
    return finish
