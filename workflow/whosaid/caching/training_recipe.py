"""The version of what training computes: a part of the model store's key.

The settings and data of a training say what to compute; this version says how. It is raised by
hand when a change of the code, or of a patch release, changes trained weights, so that better
messages, names and layout find the models that were trained before.
"""

import hashlib
import json

from whosaid.caching.code_digest import stage_code

TRAINING_RECIPE = 1

RECIPE_DIGEST = "pending"
"""Digest of the code of recipe TRAINING_RECIPE. A test says when it is out of date."""


def training_code(stage: str = "train_model") -> str:
    """The training recipe and the minor releases of its packages, as one text with sorted keys.

    Code that is not that of RECIPE_DIGEST counts as a recipe of its own: what somebody tries out
    never finds the models of another recipe.
    """
    digest = code_digest(stage)
    recipe = str(TRAINING_RECIPE) if digest == RECIPE_DIGEST else f"{TRAINING_RECIPE}+{digest}"
    code = stage_code(stage)
    versions = {name: code[name] for name in ("torch", "transformers") if name in code}
    return json.dumps({"recipe": recipe, **versions}, sort_keys=True)


def code_digest(stage: str = "train_model") -> str:
    """One digest of the modules that the training imports."""
    modules = {name: digest for name, digest in stage_code(stage).items() if name.endswith(".py")}
    return hashlib.sha256(json.dumps(modules, sort_keys=True).encode()).hexdigest()[:16]
