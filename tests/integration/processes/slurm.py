"""A Slurm of one machine on loopback, for tests: munged, slurmctld and slurmd of one's own, in a directory of the test.
Standard library only; needs Debian's slurm-wlm, and root, since slurmd starts tasks as the user who asked.
"""

import os
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

from federation import PATIENCE, free_port

PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sinfo")


def missing() -> str:
    """What keeps this machine from running one; empty: nothing."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=search_path()) is None]
    if absent:
        return f"Slurm is not installed here ({', '.join(absent)}): apt-get install slurm-wlm"
    return "" if os.geteuid() == 0 else "slurmd needs root"


def search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Slurm:
    def __init__(self, directory: Path, cpus: int = 2):
        self.dir, self.daemons = directory, []
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "ACCORD_"))}
        self.env |= {"PATH": search_path(), "SLURM_CONF": str(directory / "slurm.conf")}
        for name in ("state", "spool"):
            (directory / name).mkdir()
        (directory / "munge.key").write_bytes(os.urandom(128))
        (directory / "munge.key").chmod(0o400)
        host = socket.gethostname().split(".")[0]
        (directory / "slurm.conf").write_text(
            f"ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={free_port()}\nSlurmdPort={free_port()}\n"
            f"AuthType=auth/munge\nAuthInfo=socket={directory}/munge.socket\nCryptoType=crypto/munge\n"
            f"CommunicationParameters=NoInAddrAny,NoCtldInAddrAny\nSlurmUser=root\nSlurmdUser=root\nMpiDefault=none\n"
            f"StateSaveLocation={directory}/state\nSlurmdSpoolDir={directory}/spool\nProctrackType=proctrack/linuxproc\n"
            f"TaskPlugin=task/none\nSlurmctldPidFile={directory}/ctld.pid\nSlurmdPidFile={directory}/d.pid\n"
            f"SwitchType=switch/none\nSelectType=select/cons_tres\nSelectTypeParameters=CR_Core\n"
            f"SlurmctldLogFile={directory}/ctld.log\nSlurmdLogFile={directory}/d.log\nReturnToService=2\n"
            f"NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN\n"
            f"PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4\n")
        self._start("munged", "--foreground", "--force", f"--key-file={directory}/munge.key",
                    f"--socket={directory}/munge.socket", f"--pid-file={directory}/munge.pid",
                    f"--log-file={directory}/munge.log", f"--seed-file={directory}/munge.seed")
        self._until(lambda: (directory / "munge.socket").exists())
        self._start("slurmctld", "-D", "-i")
        self._start("slurmd", "-D", "-N", host)
        self._until(lambda: self._ask("sinfo", "-h", "-o", "%T").strip() in ("idle", "mixed", "allocated"))

    def _start(self, *command) -> None:
        log = open(self.dir / f"{command[0]}.out", "w")
        self.daemons.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env))
        log.close()

    def _ask(self, *command) -> str:
        done = subprocess.run(command, capture_output=True, text=True, env=self.env, timeout=PATIENCE)
        return done.stdout

    def _until(self, there) -> None:
        """Slurm tells nobody that it is ready: it has to be asked again and again."""
        end = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > end or any(daemon.poll() is not None for daemon in self.daemons):
                logs = "".join(path.read_text()[-2000:] for path in self.dir.glob("*.out"))
                raise AssertionError(f"Slurm did not start:\n{logs}")
            select.select([], [], [], 0.05)

    def close(self) -> None:
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            daemon.wait(PATIENCE)
