"""Where a run is executed: one file and one row each. `bee.host` says what an executor is."""

from typing import Final

from bee.executors.local import LocalExecutor

EXECUTORS: Final = {"local": LocalExecutor}
