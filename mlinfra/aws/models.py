"""Models: botocore's own data files on its services, read by a faster decoder, and only those asked for.

`clients` and the offline validation read them. botocore's loader looks through the folders of all its four hundred
services before it reads the first, and keeps what it reads in a heavier kind of dict: half of the time and a sixth of
the memory of a small plan. Nothing else about it is changed.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader

_FORMS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = ((".json", bytes), (".json.gz", gzip.decompress))


class Models(Loader):  # type: ignore[misc]  # botocore is untyped
    """What botocore knows of its services. `more`: further folders to look in, as AWS_DATA_PATH spells them."""

    def __init__(self, more: str = "") -> None:
        folders = [str(Path(path).expanduser()) for path in more.split(os.pathsep) if path]
        super().__init__(extra_search_paths=folders, file_loader=_Files())

    def list_available_services(self, type_name: str) -> list[str]:
        """Every service, whether or not there is a file of that type: what is missing shows when it is read."""
        return self._names

    @cached_property
    def _names(self) -> list[str]:
        return sorted({found.name for path in self._potential_locations() for found in Path(path).iterdir()})


class _Files(JSONFileLoader):  # type: ignore[misc]  # botocore is untyped
    """Reads one file."""

    def load_file(self, file_path: str) -> Any:
        """The content of a file named without its ending; `None` where there is none."""
        return _content(file_path)


@cache  # the SDK's own files, which do not change while a process runs; whoever has read them changes nothing
def _content(file_path: str) -> Any:
    for ending, plain in _FORMS:
        try:
            return msgspec.json.decode(plain(Path(file_path + ending).read_bytes()))
        except FileNotFoundError:
            continue
    return None
