"""The way out of a box without a network: a proxy that knows which hosts an agent may reach. The importer of `proxy`.

proxy.py (PyPI) speaks HTTP and CONNECT; what is decided here is one question per connection. It runs in threads of
the worker and ends with it. It sees the names of hosts, and nothing of what is sent by TLS.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from bee.config.network import allows
from bee.model.text import one_line
from bee.system.sockets import private_folder

PORT: Final = 3128
REFUSALS_MAX: Final = 50
# Longer than any pause of a model in the middle of its answer.
IDLE_SECONDS_MAX: Final = 30 * 60
_VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_OTHERS: Final = ("ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


def through_proxy(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program whose only way out is the proxy."""
    kept = {name: value for name, value in env.items() if name not in _OTHERS}
    return {**kept, **dict.fromkeys(_VARIABLES, f"http://127.0.0.1:{PORT}"), "NODE_USE_ENV_PROXY": "1"}


def relayed(argv: Sequence[str], relay: Path, egress: Egress, python: str) -> list[str]:
    """The argv that runs `argv` in a box without a network, the proxy on its loopback by way of the program `relay`."""
    return [python, "-I", str(relay), str(egress.socket), str(PORT), *argv]


class Egress:
    """A running proxy on a Unix socket in a folder of its own. `on_refusal` is told once for each host and port."""

    def __init__(self, hosts: Sequence[str], on_refusal: Callable[[str], None]) -> None:
        self.hosts, self.refused = tuple(hosts), list[str]()
        self._on_refusal, self._lock, self._closed = on_refusal, threading.Lock(), False
        self.folder = private_folder()
        self.socket = self.folder / "p"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.socket))
        self._server.listen(128)
        self._flags = self._prepare()
        threading.Thread(target=self._serve, daemon=True, name="bee-egress").start()

    def _prepare(self) -> Any:
        """proxy.py's own settings, with this list in the place of its plugins."""
        from proxy.common.flag import FlagParser
        from proxy.http.exception import HttpRequestRejected
        from proxy.http.handler import HttpProtocolHandler
        from proxy.http.parser import HttpParser
        from proxy.http.proxy import HttpProxyBasePlugin

        allowed = self._allowed

        class Listed(HttpProxyBasePlugin):
            def before_upstream_connection(self, request: HttpParser) -> HttpParser | None:
                host = (request.host or b"").decode("ascii", "replace").strip("[]")
                if not allowed(host, int(request.port or 0)):
                    text = b"bee: this host is not on the list of hosts that this run may reach\n"
                    raise HttpRequestRejected(status_code=403, reason=b"Not on the list", body=text)
                return request

        args = ["--threaded", "--num-workers=1", "--num-acceptors=1", "--log-level=C", f"--timeout={IDLE_SECONDS_MAX}"]
        args += ["--unix-socket-path", str(self.socket), "--data-dir", str(self.folder / "data")]
        return FlagParser.initialize(args, plugins=[Listed], work_klass=HttpProtocolHandler)

    def _allowed(self, host: str, port: int) -> bool:
        if allows(self.hosts, host, port):
            return True
        name = one_line(f"{host}:{port}", 120)
        with self._lock:
            new = name not in self.refused and len(self.refused) < REFUSALS_MAX
            self.refused += [name] if new else []
        if new:
            self._on_refusal(name)
        return False

    def _serve(self) -> None:
        from proxy.core.work.threaded import start_threaded_work

        while not self._closed:
            with contextlib.suppress(OSError):
                client, _ = self._server.accept()
                start_threaded_work(self._flags, client, None)

    def close(self) -> None:
        """Take no connection any more; those that stand end with the box."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Egress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
