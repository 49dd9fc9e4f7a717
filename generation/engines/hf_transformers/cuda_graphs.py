"""Passes with known shapes are captured once and replayed: a step costs one launch instead of thousands."""

import logging
from collections.abc import Callable

import torch

logger = logging.getLogger(__name__)

Decode = Callable[[torch.Tensor], torch.Tensor]
Capture = Callable[[Decode, torch.Tensor], Decode]

# Relative to the largest logit: eight roundings to bfloat16, which keeps 8 bits. A graph that computes something else,
# or uses another sequence's inputs, differs by the size of the logits themselves.
_TOLERANCE = 2**-5


class CudaCapture:
    """Captures on one side stream. All graphs share one memory pool, because only one runs at a time."""

    def __init__(self) -> None:
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, decode: Decode, like: torch.Tensor) -> Decode:
        """Returns `decode` as a graph for inputs of the shape of `like`. The next call overwrites its result.

        Raises RuntimeError if the pass cannot be captured.
        """
        # Zeros are rows of padding. So the graph is captured without the rows that it is compared on.
        inputs = torch.zeros_like(like)
        graph = torch.cuda.CUDAGraph()
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            for _ in range(2):  # here libraries create their handles and select their kernels
                decode(inputs)
            # Other threads may allocate memory during the capture.
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
                logits = decode(inputs)
        torch.cuda.current_stream().wait_stream(self._stream)

        def replay(rows: torch.Tensor) -> torch.Tensor:
            inputs.copy_(rows)
            graph.replay()
            return logits

        return replay


class GraphedDecode:
    """Runs `decode` through one graph per input shape. A graph is captured at the first pass of its shape.

    If a pass cannot be captured or its replay differs, no more graphs are used, and this is logged.
    """

    def __init__(self, decode: Decode, capture: Capture) -> None:
        self._decode = decode
        self._capture: Capture | None = capture
        self._graphs: dict[torch.Size, Decode] = {}

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        if (graph := self._graphs.get(rows.shape)) is not None:
            return graph(rows)
        logits = self._decode(rows)
        if self._capture is not None:
            self._add(self._capture, rows, logits)
        return logits

    def _add(self, capture: Capture, rows: torch.Tensor, expected: torch.Tensor) -> None:
        try:
            graph = capture(self._decode, rows)
            difference = float((graph(rows) - expected).abs().max() / expected.abs().max())
        except RuntimeError as error:
            self._give_up(rows, error=type(error).__name__, detail=str(error))
            return
        if difference <= _TOLERANCE:
            self._graphs[rows.shape] = graph
        else:
            self._give_up(rows, error="ReplayDiffers", detail=f"{difference:.3f} of the largest logit")

    def _give_up(self, rows: torch.Tensor, *, error: str, detail: str) -> None:
        self._capture = None
        self._graphs.clear()
        logger.warning(
            "generation.cuda_graphs_off", extra={"shape": list(rows.shape), "error": error, "detail": detail}
        )
