"""Names the folder of an exported model, which `make export` makes and `make push` uploads.

python -m whosaid.reporting.export --variant basic_distilbert --seed 42
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

from whosaid.config.model import Config
from whosaid.config.output_paths import EXPORTS, export_folder, model_folder
from whosaid.config.parse import ConfigError, read_config
from whosaid.errors import InputError
from whosaid.training.onnx_packages import check_installed

PROJECT = Path(__file__).parents[3]


class Chosen(NamedTuple):
    """A trained model that can be exported."""

    variant: str
    seed: int


def choose(config: Config, variant: str, seed: str) -> Chosen:
    """The model of a `variant` and a `seed`, whose first one is chosen if it is empty.

    Raises InputError if there is no such model, or if it cannot be exported.
    """
    encoders = [name for name, each in config.variants.items() if each.classifier == "encoder"]
    names = [name for name in encoders if config.variants[name].context is None]
    allowed = f"choose from {', '.join(names)}" if names else "no variant here can be exported"
    if variant in config.variants and config.members_of(variant):
        raise InputError(f"VARIANT={variant}: an ensemble has no model of its own; {allowed}")
    if variant in encoders and variant not in names:
        raise InputError(
            f"VARIANT={variant}: it reads the lines around a line, which no export can; {allowed}"
        )
    if variant in config.variants and variant not in names:
        raise InputError(
            f"VARIANT={variant}: a linear baseline is no model of Transformers; {allowed}. Its own "
            f"folder, {model_folder(config, variant, config.variants[variant].seeds[0])}, holds it "
            "as safetensors and JSON"
        )
    if variant not in names:
        raise InputError(f"VARIANT={variant}: no variant; {allowed}")
    seeds = [str(each) for each in config.variants[variant].seeds]
    if seed and seed not in seeds:
        raise InputError(f"SEED={seed}: {variant} has no such seed; choose from {', '.join(seeds)}")
    return Chosen(variant, int(seed or seeds[0]))


def check_format(format: str) -> None:
    """Raise InputError if there is no such format."""
    if format not in EXPORTS:
        raise InputError(f"FORMAT={format}: no format; choose onnx, or leave it out")


def check_trained(config: Config, chosen: Chosen, configfiles: list[str]) -> None:
    """Raise InputError if the model was never trained; it says what to type."""
    folder = model_folder(config, *chosen)
    if not Path(folder, "manifest.json").is_file():
        overlays = f" --configfile {' '.join(configfiles)}" if configfiles else ""
        raise InputError(
            f"{folder}: not trained; type `snakemake --cores 1 {export_folder(config, *chosen)}"
            f"{overlays}`, which trains it first"
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that choose a model."""
    parser.add_argument("--variant", required=True, help="a name from `variants`")
    parser.add_argument("--seed", default="", help="one of its seeds; the first if not given")
    parser.add_argument("--format", default="", help="onnx, or nothing for Transformers")
    parser.add_argument("--configfile", nargs="*", default=[], help="overlays, in order")


def main() -> None:
    """Read the command line and print the path of the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    given = parser.parse_args()
    try:
        config = read_config(given.configfile, PROJECT)
        chosen = choose(config, given.variant, given.seed)
        check_format(given.format)
        if given.format == "onnx":
            check_installed()
        check_trained(config, chosen, given.configfile)
    except (InputError, ConfigError) as error:
        sys.exit(str(error))
    print(export_folder(config, *chosen, given.format))


if __name__ == "__main__":
    main()
