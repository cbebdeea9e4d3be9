"""The version of the training code, which is part of the model store's key.

The settings and data of a training say what to compute; this version says how. It is raised by hand
when a change of the code, or a patch release of a package, changes trained weights or what
`training.json` holds. After any other change the models that were trained before are still found.
"""

import hashlib
import json

from whosaid.caching.code_digest import stage_code

TRAINING_RECIPE = 1

RECIPE_DIGEST = "c53e061f1fb51dc8"
"""Digest of the code that TRAINING_RECIPE stands for. A test fails when it is out of date."""


def training_code(stage: str = "train_model") -> str:
    """The recipe and the minor releases of torch and transformers, as JSON with sorted keys.

    Code whose digest is not RECIPE_DIGEST counts as a recipe of its own, so an edit that somebody
    tries out never finds the models of another recipe.
    """
    digest = code_digest(stage)
    recipe = str(TRAINING_RECIPE) if digest == RECIPE_DIGEST else f"{TRAINING_RECIPE}+{digest}"
    code = stage_code(stage)
    versions = {name: code[name] for name in ("torch", "transformers") if name in code}
    return json.dumps({"recipe": recipe, **versions}, sort_keys=True)


def code_digest(stage: str = "train_model") -> str:
    """One digest of all modules that the script of `stage` imports."""
    modules = {name: digest for name, digest in stage_code(stage).items() if name.endswith(".py")}
    return hashlib.sha256(json.dumps(modules, sort_keys=True).encode()).hexdigest()[:16]
