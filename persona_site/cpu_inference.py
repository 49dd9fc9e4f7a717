"""OpenVINO's core, one for each process."""

from functools import cache

import openvino


@cache
def openvino_core() -> openvino.Core:
    """The core that reads and compiles all networks of this process. It lives as long as the process.

    On processors with AMX the plugin gives the thread that loads it a stack for signals. The plugin frees this stack
    where it is unloaded, but only the same thread can stop using it. If the last core or network goes in another
    thread, the next signal to the first thread ends the process with a segmentation fault (`SigAltStackSetup` in
    `src/plugins/intel_cpu/src/plugin.cpp` of OpenVINO 2026). So the plugin is never unloaded.
    """
    return openvino.Core()
