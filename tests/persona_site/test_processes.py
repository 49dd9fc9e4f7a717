"""What supervisord is told, and how the web process is asked."""

from pathlib import Path

import pytest
from django.http.request import split_domain_port
from supervisor.options import ServerOptions

from persona_site import processes
from persona_site.management.commands import up


@pytest.mark.parametrize("name", ["100 % mine", "mine #1 ;2"])
def test_a_folder_may_have_signs_that_mean_something_to_supervisord(settings, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    (folder / "redis").mkdir(parents=True)
    settings.STATE_DIR = settings.BASE_DIR = folder
    (folder / "supervisord.conf").write_text(processes.configuration(processes.processes(with_redis=True)))
    options = ServerOptions()
    options.realize(["-c", str(folder / "supervisord.conf")])
    assert options.directory == str(folder)
    logs = [each.stdout_logfile for g in options.process_group_configs for each in g.process_configs]
    assert str(folder / "redis" / "log") in logs
    assert "generation@%h" in " ".join(
        each.command for g in options.process_group_configs for each in g.process_configs
    )


@pytest.mark.parametrize("bind", ["::", "::1", "0.0.0.0", "127.0.0.1"])
def test_the_web_process_is_asked_under_a_name_that_django_takes(
    settings, monkeypatch: pytest.MonkeyPatch, bind: str
) -> None:
    names = []

    class Connection:
        """Notes the name, and is refused."""

        def __init__(self, *where: object, timeout: float) -> None: ...

        def request(self, method: str, path: str, headers: dict[str, str]) -> None:
            names.append(headers["Host"])
            raise ConnectionRefusedError

    monkeypatch.setattr(up, "HTTPConnection", Connection)
    settings.ALLOWED_HOSTS, settings.BIND = ["*"], bind
    assert not up._get("/healthz")
    assert split_domain_port(names[0])[0]
