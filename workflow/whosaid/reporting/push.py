"""Uploads an exported model to a repository on the Hugging Face hub.

    python -m whosaid.reporting.push --variant basic_distilbert --repo user/name

A new repository is private unless `--public` is given; one that exists stays as it is.
"""

import argparse
import sys
from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError
from huggingface_hub.utils import disable_progress_bars, validate_repo_id

from whosaid.caching.json_files import read_json
from whosaid.caching.manifest import find_damage
from whosaid.config.output_paths import export_folder
from whosaid.config.parse import ConfigError, read_config
from whosaid.errors import InputError
from whosaid.reporting.export import PROJECT, Chosen, add_arguments, check_format, choose
from whosaid.reporting.export_facts import NAME

NOT_ALLOWED = {401: "the token is not valid", 403: "the token may not write there"}
"""What the hub means by the status of a refusal."""


def check_folder(folder: Path, command: str) -> None:
    """Raise InputError unless the exported `folder` is there and whole; `command` makes it."""
    if not all((folder / name).is_file() for name in (NAME, "README.md")):
        raise InputError(f"{folder}: not exported; type `{command}` first")
    for damage in find_damage(folder, read_json(folder / NAME)["files"]):
        raise InputError(f"{damage} since the export; delete {folder} and type `{command}`")


def make_export(chosen: Chosen, format: str, configfiles: list[str]) -> str:
    """The command that exports a model."""
    command = f"make export VARIANT={chosen.variant} SEED={chosen.seed}"
    command += f" FORMAT={format}" if format else ""
    return f'{command} CONFIG="{" ".join(configfiles)}"' if configfiles else command


def push(folder: Path, repo: str, is_private: bool) -> str:
    """Upload the files of `folder` to the repository `repo`, made if missing; its address.

    Raises InputError if the hub refuses or cannot be reached.
    """
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise InputError(f"REPO={repo}: {one_line(error)} Write it as user/name") from None
    if get_token() is None:
        raise InputError(
            "no token for the hub; type `.venv/bin/hf auth login`, or set the variable HF_TOKEN"
        )
    api = HfApi()
    try:
        address = api.create_repo(repo, private=is_private, exist_ok=True)
        api.upload_folder(
            repo_id=address.repo_id,
            folder_path=folder,
            ignore_patterns=".*",
            commit_message=f"Upload {'/'.join(folder.parts[-2:])} with whosaid",
        )
    except HfHubHTTPError as error:
        status = error.response.status_code
        reason = NOT_ALLOWED.get(status, one_line(error))
        raise InputError(f"REPO={repo}: the hub refuses it ({status}: {reason})") from None
    except (HTTPError, OSError) as error:
        raise InputError(
            f"{api.endpoint}: the hub cannot be reached ({type(error).__name__}: "
            f"{one_line(error)}); type the command again where there is a network"
        ) from None
    return str(address)


def one_line(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).strip().partition("\n")[0]


def main() -> None:
    """Read the command line, upload, and print the address."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--repo", required=True, help="user/name")
    parser.add_argument("--public", action="store_true", help="make a new repository public")
    given = parser.parse_args()
    disable_progress_bars()
    try:
        config = read_config(given.configfile, PROJECT)
        chosen = choose(config, given.variant, given.seed)
        check_format(given.format)
        folder = Path(export_folder(config, *chosen, given.format))
        check_folder(folder, make_export(chosen, given.format, given.configfile))
        print(push(folder, given.repo, is_private=not given.public))
    except (InputError, ConfigError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
