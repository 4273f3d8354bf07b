"""The files of deploy/: their form, what they close, and that they name settings and commands that exist."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from agent.settings import Settings
from agent.settings_page import setting_groups

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
UNITS: Final = sorted((DEPLOY / "systemd").iterdir())
SERVICE_KEYS: Final = frozenset(
    "image build command entrypoint environment env_file secrets volumes tmpfs networks ports depends_on healthcheck"
    " read_only cap_drop security_opt restart pids_limit logging user profiles stop_grace_period shm_size ipc"
    " deploy".split()
)
"""Keys of a service in the Compose specification, as far as they are used here."""


def composed(*names: str) -> dict[str, Any]:
    """The services of the compose files, later ones laid over earlier ones as Compose does for these keys."""
    services: dict[str, Any] = {}
    for name in names:
        for service, held in yaml.safe_load((DEPLOY / name).read_text())["services"].items():
            services[service] = _laid_over(services.get(service, {}), held)
    return services


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _laid_over(below.get(key), value) for key, value in above.items()}
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *above]
    return above


SERVICES: Final = composed("compose.yaml", "compose.vllm.yaml")
EVERY: Final = sorted(SERVICES.items())


def variables() -> set[str]:
    """Every variable of ours that a file of deploy/ sets."""
    text = "\n".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file() and path.name != "README.md")
    return set(re.findall(r"\bCHARTWRIGHT_[A-Z0-9_]+", text))


class TestCompose:
    """The compose files."""

    @pytest.mark.parametrize(("name", "service"), EVERY)
    def test_each_service_is_hardened(self, name: str, service: dict[str, Any]) -> None:
        """A read-only root, no capabilities, no new privileges, a user that is not root."""
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert not str(service["user"]).startswith(("0", "root"))
        assert set(service) <= SERVICE_KEYS

    @pytest.mark.parametrize(("name", "service"), EVERY)
    def test_images_are_pinned(self, name: str, service: dict[str, Any]) -> None:
        """By a tag with a number in it, never `latest`."""
        _, _, tag = service["image"].partition(":")
        assert re.search(r"[0-9]+\.[0-9]+", tag), service["image"]

    def test_only_chartwright_publishes_a_port(self) -> None:
        """And that on loopback."""
        assert {name: service["ports"] for name, service in EVERY if "ports" in service} == {
            "chartwright": ["127.0.0.1:8080:8080"]
        }

    def test_only_chartwright_is_on_the_network_with_a_way_out(self) -> None:
        """Everything that holds or sees text of the record, beside it, is on the internal one."""
        networks = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]
        assert networks["inside"] == {"internal": True}
        assert [name for name, service in EVERY if "front" in service["networks"]] == ["chartwright"]

    @pytest.mark.parametrize("name", ["chartwright", "postgres", "qdrant", "vllm"])
    def test_what_runs_on_is_checked(self, name: str) -> None:
        """Health decides who waits for whom."""
        assert set(SERVICES[name]["healthcheck"]) >= {"test", "interval", "timeout", "retries"}

    @pytest.mark.parametrize(("name", "service"), EVERY)
    def test_who_is_waited_for_is_there(self, name: str, service: dict[str, Any]) -> None:
        """Each dependency is a service, healthy by a check of its own or ended by itself."""
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            assert "healthcheck" in SERVICES[other] or how["condition"] == "service_completed_successfully"

    def test_no_secret_stands_in_an_environment(self) -> None:
        """They are files, each declared and each made by the first start."""
        declared: dict[str, Any] = {}
        for name in ("compose.yaml", "compose.vllm.yaml"):
            declared |= yaml.safe_load((DEPLOY / name).read_text())["secrets"]
        asked = {
            one["source"] if isinstance(one, dict) else one for _, held in EVERY for one in held.get("secrets", [])
        }
        assert asked == set(declared)
        script = (DEPLOY / "first-start.sh").read_text()
        assert all(f"keep {Path(one['file']).name} " in script for one in declared.values())
        for _, service in EVERY:
            for key in service.get("environment", {}):
                assert not re.search(r"(?i)(password|secret|key|token)$", key), key

    def test_keeps_to_the_command_line(self) -> None:
        """Whatever is run is a command of the product."""
        assert SERVICES["worker"]["command"] == ["work", "--workers", "2"]
        assert SERVICES["store"]["command"] == ["store", "upgrade"]
        assert "chartwright index build && chartwright index push" in SERVICES["index"]["entrypoint"][2]


class TestSettings:
    """What the files say to the product."""

    def test_every_variable_is_a_setting(self) -> None:
        """As the settings page names them, beside the folder of secrets and of the index."""
        known = {line.variable for group in setting_groups(Settings, "CHARTWRIGHT_") for line in group.lines}
        assert variables() - known == {"CHARTWRIGHT_SECRETS_DIR"}

    def test_every_secret_of_ours_is_a_setting(self) -> None:
        """A file named like no setting would be passed over in silence."""
        known = {line.variable.lower() for group in setting_groups(Settings, "CHARTWRIGHT_") for line in group.lines}
        named = set(re.findall(r"keep (chartwright_\w+)", (DEPLOY / "first-start.sh").read_text()))
        assert named
        assert named <= known

    def test_the_example_asks_who_is_there(self) -> None:
        """Guarded from the first start."""
        example = (DEPLOY / "chartwright.env.example").read_text()
        assert "CHARTWRIGHT_ACCESS__MODE=guarded" in example
        assert "local" not in example.replace("/usr/local", "")


class TestFirstStart:
    """The script that makes the secrets."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A copy of deploy/, started once as somebody who is not root would see it."""
        copy = tmp_path / "deploy"
        shutil.copytree(DEPLOY, copy, ignore=shutil.ignore_patterns("secrets", "chartwright.env"))
        script = copy / "first-start.sh"
        # The owners of the containers' users can only be given by root, and a test need not.
        script.write_text(script.read_text().replace('"$(id -u)" = 0', "1 = 0"))
        return copy

    def started(self, folder: Path) -> dict[str, str]:
        """The secrets after a start."""
        subprocess.run(["sh", folder / "first-start.sh"], check=True, capture_output=True)
        return {path.name: path.read_text().strip() for path in (folder / "secrets").iterdir()}

    def test_makes_keys_that_only_their_owner_reads(self, folder: Path) -> None:
        """32 random bytes each, no two alike; what is derived names the one it is derived from."""
        secrets = self.started(folder)
        keys = [secrets[name] for name in ("chartwright_secret", "chartwright_store__master_key", "trail_key")]
        assert all(re.fullmatch(r"[0-9a-f]{64}", key) for key in keys)
        assert len(set(keys)) == 3
        assert secrets["postgres_password"] in secrets["chartwright_store__url"]
        assert (
            yaml.safe_load(secrets["qdrant_config.yaml"])["service"]["api_key"]
            == secrets["chartwright_qdrant__api_key"]
        )
        assert {path.stat().st_mode & 0o077 for path in (folder / "secrets").iterdir()} == {0}

    def test_changes_nothing_when_run_again(self, folder: Path) -> None:
        """A second start would else lose the keys of the first."""
        assert self.started(folder) == self.started(folder)


class TestUnits:
    """The systemd units."""

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
    def test_systemd_reads_them(self) -> None:
        """Nothing but the program's own place is unknown to this machine."""
        run = subprocess.run(["systemd-analyze", "verify", *UNITS], capture_output=True, text=True, check=False)
        complaints = [line for line in run.stderr.splitlines() if "/opt/chartwright/bin" not in line and line.strip()]
        assert complaints == []

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
    def test_little_is_left_open(self) -> None:
        """By systemd's own measure: of what weighs, only that it listens and asks on the network."""
        command = [
            "systemd-analyze",
            "security",
            "--offline=true",
            "--json=short",
            str(DEPLOY / "systemd" / "chartwright.service"),
        ]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        open_still = [
            one for one in json.loads(run.stdout) if not one.get("set") and float(one["exposure"] or 0) >= 0.3
        ]
        assert {one["name"] for one in open_still} == {"RestrictAddressFamilies=~AF_(INET|INET6)", "PrivateNetwork="}

    @pytest.mark.parametrize("unit", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
    def test_secrets_are_credentials(self, unit: Path) -> None:
        """By the names of the settings, from a folder that only root reads."""
        parser = configparser.RawConfigParser(strict=False, interpolation=None)
        parser.read(unit)
        assert "LoadCredential=chartwright_store__master_key:" in unit.read_text()
        assert parser["Service"]["NoNewPrivileges"] == "yes"
        assert parser["Service"]["User"] == "chartwright"


def test_the_image_runs_as_somebody() -> None:
    """Not as root, from pinned images, without a cache of packages."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert all(re.search(r":[0-9.]+", line) for line in lines if line.startswith("FROM "))
