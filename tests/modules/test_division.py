"""GPUs are divided by MIG before a node joins: what its user data does, with a driver that behaves as NVIDIA's."""

from __future__ import annotations

import email
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.value import Base64, Concat
from tests.library.samples import graph_of, properties
from tests.modules.cases import KARPENTER, group

_SHARING = {"mig": "single", "profile": "3g.20gb"}
_MACHINES = {"instances": ["p4d.24xlarge"], "zones": ["us-east-1a"]}

# Of two GPUs. `mode` is what holds, `wanted` what was asked for while somebody held a GPU, or what takes a reset.
_DRIVER = """\
#!/bin/bash
cd "$STATE_DIRECTORY"
mode=$(cat mode)
case "$*" in
  *mig.mode.current*) printf '%s\\n%s\\n' "$mode" "$mode" ;;
  *query-gpu=index*) printf '0\\n1\\n' ;;
  -L)
    for gpu in 0 1; do
      echo "GPU $gpu: NVIDIA A100-SXM4-40GB (UUID: GPU-$gpu)"
      for part in $(cat parts); do echo "  MIG $part     Device  0: (UUID: MIG-$gpu)"; done
    done ;;
  "-mig 1") echo Enabled > wanted; [ -e held ] || [ -e stubborn ] || echo Enabled > mode ;;
  --gpu-reset) [ ! -e virtual ] && cp wanted mode ;;
  "mig -dci") [ -s parts ] ;;
  "mig -dgi") [ -s parts ] && : > parts ;;
  "mig -cgi "*)
    [ "$mode" = Enabled ] && [ ! -s parts ] || exit 1
    tr , ' ' <<< "$3" > parts; echo "$3" >> made ;;
  *) echo "nvidia-smi: $*" >&2; exit 2 ;;
esac
"""
_SYSTEMD = """\
#!/bin/bash
cd "$STATE_DIRECTORY"
echo "$*" >> asked
case "$*" in
  "stop nvidia-persistenced.service") rm -f held ;;
  reboot) [ -e lost ] || cp wanted mode; : > parts ;;
esac
"""


def _data(graph: Graph) -> str:
    """The user data of the group's machines, as they read it; references by their names."""
    template = graph.resources.get(Address("nodeGroups.gpu.launch-template"))
    if template is None:
        spec: Any = properties(graph, "nodeGroups.gpu.node-class")["spec"]
        return str(spec["userData"])
    data = template.properties["userData"]
    assert isinstance(data, Base64)
    pieces = data.content.parts if isinstance(data.content, Concat) else [data.content]
    return "".join(piece if isinstance(piece, str) else "X" for piece in pieces)


def _parts(graph: Graph) -> list[tuple[str, str]]:
    whole = email.message_from_string(_data(graph))
    return [(part.get_content_type(), str(part.get_payload())) for part in whole.walk() if not part.is_multipart()]


@cache
def _script() -> str:
    ((_, text),) = _parts(graph_of(group(**_MACHINES, sharing=_SHARING)))
    found = re.search(r"cat > /usr/local/sbin/\S+ <<'END'\n(.*?)^END$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("about", "kinds"),
    [
        ({}, ["text/x-shellscript"]),
        ({"capacity": {"type": "mixed"}}, ["text/x-shellscript", "application/node.eks.aws"]),
    ],
)
def test_every_kind_of_group_is_told_before_it_joins(about: dict[str, Any], kinds: list[str]) -> None:
    parts = _parts(graph_of(group(**_MACHINES, **about, sharing=_SHARING)))
    assert [kind for kind, _ in parts] == kinds
    assert subprocess.run(["bash", "-n"], input=parts[0][1], text=True, check=False).returncode == 0
    pool = _parts(graph_of({**group(**_MACHINES, sharing=_SHARING), **KARPENTER}))
    assert pool == [("text/x-shellscript", parts[0][1])]


def test_what_is_not_divided_is_told_nothing_of_it() -> None:
    template = properties(graph_of(group(**_MACHINES, sharing={"mig": "single"})), "nodeGroups.gpu.launch-template")
    assert "userData" not in template


class _Machine:
    """A machine with two GPUs, which may be turned on again and again. has: what is particular about it."""

    def __init__(self, folder: Path, *has: str, mode: str = "Disabled", parts: str = "") -> None:
        self.folder = folder
        for name, text in {"mode": mode, "wanted": mode, "parts": parts, **dict.fromkeys(has, "")}.items():
            (folder / name).write_text(text)
        programs = folder / "bin"
        programs.mkdir()
        for name, text in (("nvidia-smi", _DRIVER), ("systemctl", _SYSTEMD)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)

    def boot(self) -> int:
        path = f"{self.folder / 'bin'}:{os.defpath}"
        environment = {"PATH": path, "STATE_DIRECTORY": str(self.folder)}
        return subprocess.run(["bash", "-c", _script()], env=environment, check=False, timeout=30).returncode

    def lines(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize("has", [(), ("held",), ("stubborn",), ("held", "stubborn")])
def test_gpus_are_divided_whoever_holds_them_and_whatever_a_change_of_mode_takes(
    has: tuple[str, ...], tmp_path: Path
) -> None:
    machine = _Machine(tmp_path, *has)
    assert machine.boot() == 0
    assert machine.lines("made") == ["3g.20gb,3g.20gb"]
    assert "reboot" not in machine.lines("asked")
    # Once it is so, it is left alone.
    assert machine.boot() == 0
    assert machine.lines("made") == ["3g.20gb,3g.20gb"]


def test_where_gpus_are_passed_through_a_reboot_changes_their_mode_and_what_it_forgets_is_made_again(
    tmp_path: Path,
) -> None:
    machine = _Machine(tmp_path, "virtual", "stubborn")
    assert machine.boot() != 0
    assert machine.lines("asked")[-1] == "reboot"
    assert machine.lines("made") == []
    assert machine.boot() == 0
    assert machine.lines("made") == ["3g.20gb,3g.20gb"]


def test_a_machine_that_takes_no_mode_of_mig_reboots_once_and_does_not_join(tmp_path: Path) -> None:
    machine = _Machine(tmp_path, "virtual", "stubborn", "lost")
    assert [machine.boot() != 0 for _ in range(3)] == [True] * 3
    assert machine.lines("asked").count("reboot") == 1


def test_parts_of_another_size_make_way(tmp_path: Path) -> None:
    machine = _Machine(tmp_path, mode="Enabled", parts="7g.40gb")
    assert machine.boot() == 0
    assert machine.lines("parts") == ["3g.20gb 3g.20gb"]
