"""The complete config of a run, wherever its folder is: every repeat of a run begins with it.

It stands alone because short reports read it, and must not import NumPy for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fnnctl.config.reading.loading import ConfigText
from fnnctl.errors import DataError, Problem
from fnnctl.modelling.run_plugins import require_plugins
from fnnctl.store.names import RESOLVED

if TYPE_CHECKING:
    from fnnctl.store.folder import RunFolder


def resolved_config(run: RunFolder) -> ConfigText:
    """The run's `resolved.yaml`; raises `DataError` if it is missing, and `PluginError` for a plug-in of the
    run that is not installed or not allowed.
    """
    file = run.path / RESOLVED
    content = run.read_resolved()
    if content is None:
        raise DataError(Problem("is missing: a run cannot be resumed without it", file=str(file)))
    require_plugins(run)
    return ConfigText(content, file, has_lines=True, is_of_run=True)
