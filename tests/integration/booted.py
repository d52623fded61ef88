"""A systemd that is process 1 of a system of its own, which is thrown away (booted.sh)."""
import os
import re
import signal
import subprocess
import unittest

from support import BIN, GatewayTest, Process, ROOT, read, run, until

HERE = os.path.dirname(os.path.abspath(__file__))
NAMESPACES = ("unshare", "--pid", "--fork", "--kill-child", "--mount", "--net", "--uts", "--ipc")


def namespaces_allowed():
    probe = "mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r" \
            " && mount -t cgroup2 cgroup2 /mnt/r/mnt && mkdir /mnt/r/mnt/cemsd-probe-$$ && rmdir /mnt/r/mnt/cemsd-probe-$$"
    return os.geteuid() == 0 and subprocess.run((*NAMESPACES, "sh", "-c", probe), capture_output=True, check=False).returncode == 0


@unittest.skipUnless(namespaces_allowed(), "a system can be booted only by root who may make namespaces, overlays and control groups")
class System(GatewayTest):
    def boot_with(self, *arguments):
        """arguments: those of booted.sh after the folder."""
        p = Process(*NAMESPACES, "sh", os.path.join(HERE, "booted.sh"), self.folder, *arguments)
        self.processes.append(p)
        with open(f"/proc/{p.process.pid}/task/{p.process.pid}/children", encoding="utf-8") as children:
            self.init = until(lambda: p.process.poll() is None and (children.seek(0), children.read().split())[1], f"process 1: {p.lines}", 5)[0]
        until(lambda: p.process.poll() is not None or self.inside("systemctl", "is-active", "basic.target").stdout == "active\n", "the system to be up")
        self.assertIsNone(p.process.poll(), p.lines)

    def boot(self, *dropin, config=None):
        """With the tree's unit and these programs."""
        self.scenario()
        text = config or read(self.config())
        text = text.replace(self.path("journal.db"), "/var/lib/cemsd/journal.db").replace(self.path("control"), "/run/cemsd/control")
        self.write("cemsd.yaml", text)
        # under a sanitizer the programs look for leaks by ptrace, which the unit's filter does not let them
        self.write("test.conf", "\n".join(["[Service]", "Environment=ASAN_OPTIONS=detect_leaks=0", *dropin]) + "\n")
        self.boot_with(os.path.abspath(BIN), os.path.join(ROOT, "systemd"))
        self.processes.append(Process("nsenter", "--target", self.init, "--all", "/usr/bin/plant", "--scenario", "/etc/plant.yaml"))
        self.processes[-1].expect("ready")

    def inside(self, *command):
        return run("nsenter", "--target", self.init, "--all", *command)

    def must(self, *command):
        done = self.inside(*command)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.inside("journalctl", "-u", "cemsd", "--no-pager").stdout)
        return done.stdout

    def run_page(self, page, before=None):
        """The ```sh blocks of a page of the repository, as they stand there, in its top folder; returns what each said.
        before: by the number of a block, what somebody does by hand ahead of it."""
        said = []
        for block in re.findall(r"```sh\n(.*?)```", read(os.path.join(ROOT, page)), re.S):
            (before or {}).get(len(said), lambda: None)()
            said.append(self.must("sh", "-ec", f"cd {ROOT}\n{block}"))
        self.assertGreater(len(said), 0, page)
        return said

    def tearDown(self):
        if hasattr(self, "init") and os.path.exists(f"/proc/{self.init}"):
            os.kill(int(self.init), signal.SIGKILL)  # and with process 1 all of it
        super().tearDown()
        group = os.path.basename(self.folder)
        until(lambda: run("unshare", "--mount", "sh", "-c", f"mount -t cgroup2 cgroup2 /mnt && find /mnt/{group} -depth -type d -exec rmdir {{}} +").returncode == 0,
              "its control groups to be empty")
