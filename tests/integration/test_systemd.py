"""The unit is as tight as it claims, and the daemon speaks systemd's protocol: ready, reloading, stopping, and a watchdog that
is fed by progress alone."""
import os
import re
import signal
import socket
import subprocess
import time
import unittest

from support import GatewayTest, Process, ROOT, program, run, until

UNIT = os.path.join(ROOT, "systemd", "cemsd.service")


class Notified(GatewayTest):
    def listen(self):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path("notify"))
        self.notify.setblocking(False)
        self.addCleanup(self.notify.close)
        self.heard = []

    def hear(self):
        """Every line that has come so far."""
        while True:
            try:
                self.heard += self.notify.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self.heard

    def begin(self, config, watchdog_s):
        environment = dict(os.environ, NOTIFY_SOCKET=self.path("notify"), WATCHDOG_USEC=str(watchdog_s * 1000000))
        p = Process(program("cemsd"), "--config", config, cwd=self.folder, env=environment)
        self.processes.append(p)
        until(lambda: "READY=1" in self.hear(), "READY=1")
        return p

    def test_ready_watchdog_reload_stop(self):
        self.plant()
        self.listen()
        p = self.begin(self.config(), 1)
        until(lambda: self.hear().count("WATCHDOG=1") >= 3, "three feedings")
        p.process.send_signal(signal.SIGHUP)
        until(lambda: "RELOADING=1" in self.hear() and self.hear().count("READY=1") == 2, "the reload")
        p.process.send_signal(signal.SIGTERM)
        until(lambda: "STOPPING=1" in self.hear(), "STOPPING=1")
        self.assertEqual(p.process.wait(20), 0)

    def thread(self, p, name):
        for task in os.listdir(f"/proc/{p.process.pid}/task"):
            with open(f"/proc/{p.process.pid}/task/{task}/comm", encoding="utf-8") as comm:
                if comm.read().strip() == name:
                    return task
        raise AssertionError(f"no thread {name}")

    def starves_while_held(self, name):
        """Fed while the thread moves, not while it is stopped, as by a driver or a disk that does not come back."""
        self.plant()
        self.listen()
        p = self.begin(self.config(), 1)
        until(lambda: self.hear().count("WATCHDOG=1") >= 2, "feedings")
        holder = subprocess.Popen([program("hold_thread"), str(p.process.pid), self.thread(p, name)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.kill)
        self.assertEqual(holder.stdout.readline().strip(), "held")
        p.expect(f"event=stuck who=\"{'stack' if name == 'line' else name}\"")
        stuck, seen = time.monotonic(), self.hear().count("WATCHDOG=1")
        until(lambda: self.hear() and time.monotonic() > stuck + 1.5, "more than a feeding's time", 10)
        self.assertLessEqual(self.hear().count("WATCHDOG=1"), seen + 1)  # one may have been on its way
        holder.communicate("go\n", timeout=10)
        seen = self.hear().count("WATCHDOG=1")
        until(lambda: self.hear().count("WATCHDOG=1") > seen, "to be fed again")

    def test_a_writer_that_hangs_starves_the_watchdog(self):
        self.starves_while_held("journal")

    def test_a_line_that_hangs_starves_the_watchdog(self):
        self.starves_while_held("line")


class Unit(unittest.TestCase):
    def test_exposure(self):
        done = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", UNIT)
        exposure = re.search(r"Overall exposure level for cemsd.service: ([0-9.]+)", done.stdout)
        self.assertTrue(exposure, done.stdout + done.stderr)
        self.assertLessEqual(float(exposure.group(1)), 1.5)
        self.assertEqual(done.returncode, 0)

    def test_the_unit_says_what_the_contract_asks(self):
        with open(UNIT, encoding="utf-8") as file:
            text = file.read()
        for line in ("Type=notify", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "NoNewPrivileges=yes", "SystemCallFilter=@system-service"):
            self.assertIn(line, text)
        self.assertRegex(text, r"WatchdogSec=\d+")


if __name__ == "__main__":
    unittest.main()
