"""The screen of `bee watch`: the queue, why the chosen item is where it is, its history and its transcript.

Nothing is done to an item before a person has said yes. All text from elsewhere is data: no markup, no controls.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static

from bee.host import Host
from bee.lease.store import ByPerson
from bee.model.errors import BeeError
from bee.model.roles import Role
from bee.model.text import one_line
from bee.status.terminal import style_of
from bee.status.watch.queue import Follow, Key, Queue, QueueRow, take
from bee.steer import actions
from bee.steer.actions import Done
from bee.system import browser

HELP: Final = """\
What bee's next tick would see. It is looked at again by itself.

  up, down    choose an item
  enter       show its page's address
  p  pause    stop all work on it
  c  resume   let it go on
  a  approve  a pull request at its head, or the plan of an issue
  t  retry    try again now
  o  open     its page in a browser
  r  refresh  look now
  q  quit

Green: an agent moves next. Yellow: you. Cyan: a condition.
Any key closes this.
"""
Act = Callable[[ByPerson, int], Done]


class Ask(ModalScreen[bool]):
    """One question; `y` or `n`."""

    BINDINGS: ClassVar[list[BindingType]] = [("y", "answer(True)", "Yes"), ("n,escape,q", "answer(False)", "No")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question in a box."""
        yield Static(Text(f"{self._question}\n\ny  yes      n  no"), id="ask")

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)


class Help(ModalScreen[None]):
    """The keys."""

    def compose(self) -> ComposeResult:
        """The text in a box."""
        yield Static(Text(HELP), id="ask")

    def on_key(self) -> None:
        """Any key closes it."""
        self.dismiss(None)


class Watch(App[None]):
    """The live view. Looks every `seconds`, and never twice at the same time."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "bee watch"
    CSS = """
    #top { height: 2; padding: 0 1; }
    #items { height: 1fr; overflow-x: hidden; }
    #why { height: auto; max-height: 5; padding: 0 1; border-top: solid $primary; }
    #below { height: 38%; border-top: solid $primary; }
    #below VerticalScroll { width: 1fr; padding: 0 1; }
    #tail { border-left: solid $primary; }
    Ask, Help { align: center middle; }
    #ask { width: auto; max-width: 76; height: auto; padding: 1 2; border: thick $primary; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("p", "steer('pause')", "Pause"),
        ("c", "steer('resume')", "Resume"),
        ("a", "steer('approve')", "Approve"),
        ("t", "steer('retry')", "Retry"),
        ("o", "open", "Open"),
        ("r", "refresh_now", "Refresh"),
        ("question_mark", "help", "Help"),
        ("q", "quit", "Quit"),
    ]

    def __init__(self, host: Host, repos: Sequence[str], seconds: int, env: Mapping[str, str]) -> None:
        super().__init__()
        self._host, self._repos, self._seconds, self._env = host, tuple(repos), seconds, env
        self._queue: Queue | None = None
        self._said = ""  # what keeps everything still, or why nothing could be seen
        self._answer = ""  # what came of the last key
        self._next_look = 0.0
        self._looking = False
        self._follow: Follow | None = None

    def compose(self) -> ComposeResult:
        """The parts, from top to bottom."""
        yield Static(id="top")
        table: DataTable[Text] = DataTable(id="items", cursor_type="row", zebra_stripes=False)
        yield table
        yield Static(id="why")
        with Horizontal(id="below"):
            with VerticalScroll():
                yield Static(id="history")
            with VerticalScroll(id="tail"):
                yield Static(id="transcript")
        yield Footer()

    def on_mount(self) -> None:
        """Look at once, then as often as it was asked for."""
        self._table.add_columns("item", "position", "who moves next", "title")
        self.set_interval(1, self._beat)
        self.action_refresh_now()

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#items", DataTable)

    def _beat(self) -> None:
        if time.monotonic() >= self._next_look:
            self._begin_look()
        self._show_top()
        self._read_on()

    # ---- looking ----------------------------------------------------------------------------------------------------

    def action_refresh_now(self) -> None:
        """Look, unless a look is under way."""
        self._answer = ""
        self._begin_look()

    def _begin_look(self) -> None:
        if not self._looking:
            self._looking = True
            self._next_look = time.monotonic() + self._seconds
            self._look()

    @work(thread=True, group="look")
    def _look(self) -> None:
        queue, problem = None, ""
        try:
            queue = take(self._host, self._repos)
        except BeeError as failed:
            problem = one_line(str(failed), 300)
        self.call_from_thread(self._looked, queue, problem)

    def _looked(self, queue: Queue | None, problem: str) -> None:
        self._looking = False
        self._said = problem
        if queue is not None:
            self._queue, self._said = queue, queue.said
            self._fill()
        self._show_top()

    def _fill(self) -> None:
        """The table anew, with the same item chosen."""
        chosen = self._chosen()
        table, rows = self._table, self._rows
        table.clear()
        for row in rows:
            style = style_of(Role.DRAFTER if row.order[0] == 0 else row.moves_next)
            state = "running" if row.order[0] == 0 else row.position
            cells = [Text(row.name), Text(state, style), Text(row.moves_next, style), Text(row.title, no_wrap=True)]
            table.add_row(*cells, key=row.name)
        at = next((index for index, row in enumerate(rows) if chosen and row.key == chosen.key), 0)
        if rows:
            table.move_cursor(row=at)
        self._show_chosen()

    @property
    def _rows(self) -> tuple[QueueRow, ...]:
        return self._queue.rows if self._queue else ()

    def _chosen(self) -> QueueRow | None:
        name = None
        table = self._table
        if table.row_count and table.is_valid_row_index(table.cursor_row):
            name = str(table.get_row_at(table.cursor_row)[0])
        return next((row for row in self._rows if row.name == name), None)

    # ---- showing ----------------------------------------------------------------------------------------------------

    def _show_top(self) -> None:
        left = max(round(self._next_look - time.monotonic()), 0)
        where = ", ".join(self._repos)
        if self._queue is None:
            first = f"bee watch  {where}"
        else:
            queue = self._queue
            counts = f"{len(queue.rows)} items, {queue.running} running, {queue.asking} waiting for you"
            first = f"bee watch  {where}  {counts}"
        now = "looking …" if self._looking else f"looks again in {left} s"
        self.query_one("#top", Static).update(Text(f"{first}\n{self._answer or self._said or now}", no_wrap=True))

    def on_data_table_row_highlighted(self) -> None:
        """Another item was chosen."""
        self._show_chosen()

    def _show_chosen(self) -> None:
        row = self._chosen()
        why = f"{row.name} is {row.position}: {row.reason}.\n{row.advice}\n{row.title}" if row else "No open items."
        self.query_one("#why", Static).update(Text(why))
        runs = "\n".join(row.history) if row and row.history else "no run was here"
        self.query_one("#history", Static).update(Text(runs))
        key = row.key if row else None
        if key is None:
            self._follow = None
        elif self._follow is None or self._follow.key != key or (row is not None and row.order[0] == 0):
            self._begin(key)

    def _begin(self, key: Key) -> None:
        """Follow the item's latest run; one that is followed already goes on."""
        fresh = Follow(self._host, key)
        if self._follow is None or (self._follow.key, self._follow.run) != (key, fresh.run):
            self._follow = fresh
            self._show_tail()
            self._read_on()

    @work(thread=True, group="tail", exclusive=True)
    def _read_on(self) -> None:
        follow = self._follow
        if follow is not None and follow.read():
            self.call_from_thread(self._show_tail)

    def _show_tail(self) -> None:
        follow = self._follow
        lines = list(follow.lines) if follow else []
        text = "\n".join(lines) or "no transcript on this machine"
        self.query_one("#transcript", Static).update(Text(text))
        self.query_one("#tail", VerticalScroll).scroll_end(animate=False)

    # ---- acting -----------------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        """The keys."""
        self.push_screen(Help())

    def action_open(self) -> None:
        """The item's page: in a browser where there is one, its address in any case."""
        row = self._chosen()
        if row is None:
            return
        self._answer = row.url
        if row.url.startswith(("https://", "http://")):
            self._open(row.url)
        self._show_top()

    @work(thread=True, group="open")
    def _open(self, address: str) -> None:
        problem = browser.opened(address, self._env, sys.platform)
        self.call_from_thread(self._steered, f"{address} ({problem or 'opened in the browser'})", look=False)

    def on_data_table_row_selected(self) -> None:
        """Enter: the address."""
        row = self._chosen()
        self._answer = row.url if row else ""
        self._show_top()

    def action_steer(self, verb: str) -> None:
        """Ask, then do it."""
        row = self._chosen()
        if row is None:
            return
        if verb == "approve":
            self._look_at(row)
        else:
            self._ask(f"{verb.capitalize()} {row.name}?\n{one_line(row.title, 60)}", row, self._act_of(verb))

    def _act_of(self, verb: str) -> Act:
        return lambda person, number: actions.VERBS[verb](person, number, "")

    def _ask(self, what: str, row: QueueRow, act: Act) -> None:
        def heard(yes: bool | None) -> None:
            if yes:
                self._steer(row, act)

        self.push_screen(Ask(what), heard)

    @work(thread=True, group="steer")
    def _look_at(self, row: QueueRow) -> None:
        """What would be approved is read first: a person approves what they are shown, and nothing that came after."""
        repo, number = row.key
        try:
            seen = actions.look_at(ByPerson(self._host, self._host.client(), repo), number)
        except BeeError as problem:
            self.call_from_thread(self._steered, one_line(str(problem), 300))
            return
        act = partial(actions.approve, reason="", sha=seen.head, base_ref=seen.base_ref)
        self.call_from_thread(self._ask, f"Approve {row.name}?\n{seen.text}", row, act)

    @work(thread=True, group="steer")
    def _steer(self, row: QueueRow, act: Act) -> None:
        try:
            repo, number = row.key
            said = act(ByPerson(self._host, self._host.client(), repo), number).said
        except BeeError as problem:
            said = one_line(str(problem), 300)
        self.call_from_thread(self._steered, said)

    def _steered(self, said: str, look: bool = True) -> None:
        self._answer = said
        self._next_look = 0.0 if look else self._next_look
        self._show_top()


def run(host: Host, repos: Sequence[str], seconds: int, env: Mapping[str, str]) -> None:
    """Show it until the person quits. `env` is the person's, for the browser."""
    Watch(host, repos, seconds, env).run()
