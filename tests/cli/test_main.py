from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlinfra.cli.folder import Folder
from mlinfra.cli.main import application, main
from mlinfra.cli.sessions import Session
from mlinfra.cli.shell import Shell
from mlinfra.core.plan import Action, Field
from tests.cli import plans
from tests.cli.fakes import FakeSession, FakeSessions, run

ROOT = Path(__file__).resolve().parents[2]


class Defective(FakeSessions):
    def open_session(self, options: object) -> Session:
        raise KeyError("hidden detail")


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "Usage: mlinfra" in out
    assert "mlinfra plan stack.yaml" in out


def test_every_command_teaches_by_example(capsys: pytest.CaptureFixture[str]) -> None:
    for path in every_command():
        assert main([*path, "--help"]) == 0
        out = capsys.readouterr().out
        assert "Examples:" in out, path
        assert out.count(f"mlinfra {path[0]}") >= 2, path
        assert max(map(len, out.splitlines())) <= 100, path


def test_an_unknown_command_suggests_a_near_one_and_exits_with_1() -> None:
    result = run("plam", "stack.yaml")
    assert result.code == 1
    assert "Did you mean 'plan'?" in result.err


def test_a_missing_argument_shows_the_usage() -> None:
    result = run("plan")
    assert result.code == 1
    assert "MLI9002" in result.err
    assert "mlinfra plan --help" in result.err


def test_an_unexpected_error_is_one_coded_line_and_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("plan", "stack.yaml", sessions=Defective(FakeSession()))
    assert result.code == 1
    assert "error MLI9001" in result.err
    assert "Traceback" not in result.err
    (log,) = (tmp_path / ".mlinfra" / "logs").iterdir()
    assert str(log.relative_to(tmp_path)) in result.err
    assert "hidden detail" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_debugging_shows_the_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("plan", "stack.yaml", sessions=Defective(FakeSession()), environ={"MLINFRA_DEBUG": "1"})
    assert "KeyError: 'hidden detail'" in result.err


@pytest.mark.parametrize("shortage", [OSError(errno.EMFILE, "Too many open files"), MemoryError()])
def test_what_the_machine_has_no_more_of_is_no_defect(shortage: Exception) -> None:
    class Short(FakeSessions):
        def open_session(self, options: object) -> Session:
            raise shortage

    result = run("plan", "stack.yaml", sessions=Short(FakeSession()))
    assert result.code == 1
    assert "error MLI9014: " in result.err
    assert "ulimit -n" in result.err


def test_an_interrupt_outside_a_walk_is_quiet() -> None:
    class Interrupted(FakeSessions):
        def open_session(self, options: object) -> Session:
            raise KeyboardInterrupt

    result = run("plan", "stack.yaml", sessions=Interrupted(FakeSession()))
    assert result.code == 130
    assert "Traceback" not in result.err


def test_a_termination_is_an_interrupt() -> None:
    class Terminated(FakeSessions):
        def open_session(self, options: object) -> Session:
            os.kill(os.getpid(), signal.SIGTERM)
            return self.session

    assert run("plan", "stack.yaml", sessions=Terminated(FakeSession())).code == 130
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_no_color_may_stand_anywhere_and_so_may_the_variable() -> None:
    coloured = {"TERM": "xterm-256color"}
    assert "\x1b[" in run("plan", "s", session=FakeSession(plans.DRIFT), typed="", environ=coloured).out
    plain = {**coloured, "NO_COLOR": "1"}
    assert "\x1b[" not in run("plan", "s", session=FakeSession(plans.DRIFT), typed="", environ=plain).out
    flagged = run("plan", "s", "--no-color", session=FakeSession(plans.DRIFT), typed="", environ=coloured)
    assert (flagged.code, "\x1b[" in flagged.out) == (0, False)
    assert "\x1b[" not in run("plan", "s", session=FakeSession(plans.DRIFT)).out


def test_help_loads_neither_clouds_nor_schemas_nor_the_session() -> None:
    script = (
        "import sys; from mlinfra.cli.main import main; main(['--help']);"
        "heavy = {'boto3', 'botocore', 'jsonschema', 'yaml', 'rich', 'msgspec', 'mlinfra.session'} & set(sys.modules);"
        "print(*heavy, file=sys.stderr, end='')"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = (
        "import sys; from mlinfra.cli.main import main; from mlinfra.cli.shell import Shell;"
        "from tests.cli.fakes import FakeSession, FakeSessions; from tests.cli import plans;"
        "shell = Shell(environ={}, sessions=lambda: FakeSessions(FakeSession(plans.CREATE)));"
        "sys.exit(main(['apply', 's', '--yes'], shell))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run(
            [sys.executable, "-c", script], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False
        )
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_terminal_without_unicode_gets_ascii_and_escapes() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    foreign = plans.plan(plans.change(plans.ROLE, Action.UPDATE, Field(path=("name",), before="a", after="é")))
    shell = Shell(stdout=out, environ={}, sessions=lambda: FakeSessions(FakeSession(foreign)))
    assert main(["plan", "stack.yaml"], shell) == 0
    assert b'name  a -> "\\xe9"' in raw.getvalue()


def test_shells_complete_commands() -> None:
    environ = {
        **os.environ,
        "_MLINFRA_COMPLETE": "complete_bash",
        "COMP_WORDS": "mlinfra va",
        "COMP_CWORD": "1",
        "PYTHONPATH": str(ROOT),
    }
    script = "import sys; from mlinfra.cli.main import main; sys.exit(main())"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=environ, check=False
    )
    assert result.stdout.split() == ["validate"]


def test_the_version_is_told() -> None:
    assert run("version").out.startswith("mlinfra 0.1.0\n")


def every_command() -> list[list[str]]:
    folder = application()
    found = []
    for name in folder.list_commands(None):
        command = folder.get_command(None, name)
        assert command is not None
        below = command.list_commands(None) if isinstance(command, Folder) else []
        found += [[name, child] for child in below] or [[name]]
    return found
