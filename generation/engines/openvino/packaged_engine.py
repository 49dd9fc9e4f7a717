"""A packaged model on the CPU engine, outside of a worker: for measurements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from generation.catalogue import installation, model_rows, packaged
from generation.engine import EngineNotReady
from generation.engines.openvino.engine import OpenVINOEngine


@contextmanager
def running(model: packaged.CatalogueModel, *, is_tuned: bool, say: Callable[[str], None]) -> Iterator[OpenVINOEngine]:
    """The engine, which is closed at the end. The model's files are made if they are missing.

    `say` gets the terms of a model that has some, and what takes long. Raises CatalogueError and EngineError.
    """
    folder = model_rows.folder(model.name, is_tuned=is_tuned)
    if not installation.is_exported(folder):
        if model.terms is not None:
            say(model.terms.summary)
        say(f"Preparing {model.title} {'with' if is_tuned else 'without'} its conversation tune.")
    model_rows.fetch_and_convert(model.name, lambda percent, step: None, is_tuned=is_tuned)
    model_rows.export_where_missing(model.name, is_tuned=is_tuned)
    if reason := installation.slower(folder):
        raise EngineNotReady(reason)
    engine = OpenVINOEngine(model, folder)
    try:
        yield engine
    finally:
        engine.close()
