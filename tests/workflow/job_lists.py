"""The jobs that follow from one another: each function adds a stage to the next one's."""

from tree import Jobs

DISTILBERT = (
    "basic_distilbert",
    "rebalanced_distilbert",
    "low_cutoff_distilbert",
    "augmented_vocab_distilbert",
)
ROBERTA = "basic_roberta"
ENCODED = (*DISTILBERT, ROBERTA)
LINEAR = ("tfidf", "length_only", "metadata_only")
VARIANTS = (*ENCODED, *LINEAR)
TABLE: Jobs = [("summarize",)]
PICTURES: Jobs = [("draw_figures",), *TABLE]
COMPARISON: Jobs = [("compare_variants",), *PICTURES]
SLICES: Jobs = [("draw_figures",), ("evaluate_slices",), *TABLE]
ALL_COMPARED: Jobs = [("compare_variants",), *SLICES]


def evaluated(*variants: str) -> Jobs:
    return sorted([*(("evaluate_splits", variant) for variant in variants), *COMPARISON])


def predicted(*variants: str, seed: int = 42) -> Jobs:
    """A logistic regression predicts where it is fitted."""
    jobs = [
        ("train_linear" if variant in LINEAR else "predict_splits", variant, str(seed))
        for variant in variants
    ]
    return sorted({*jobs, *evaluated(*variants), *ALL_COMPARED})


def trained(*variants: str, seed: int = 42) -> Jobs:
    jobs = [("train_model", name, str(seed)) for name in variants if name not in LINEAR]
    return sorted([*jobs, *predicted(*variants, seed=seed)])


def tokenized(*variants: str) -> Jobs:
    jobs = [("tokenize_splits", name) for name in variants if name not in LINEAR]
    return sorted([*jobs, *trained(*variants)])


def split(*variants: str) -> Jobs:
    return sorted([*(("split_lines", variant) for variant in variants), *tokenized(*variants)])


def passed(*variants: str) -> Jobs:
    """What a variant's first training waits for; it is stale when its audit is."""
    return [("pass_audit", variant) for variant in variants]


def added(*variants: str) -> Jobs:
    return sorted([*split(*variants), *passed(*variants)])


def built(*encoders: str, variants: tuple[str, ...]) -> Jobs:
    return sorted([*(("build_encoder", name) for name in encoders), *tokenized(*variants)])


ENCODERS = ("distilbert", "roberta")
NOTHING: Jobs = []
EVERYTHING = sorted(
    {("read_lines",), *built(*ENCODERS, variants=ENCODED), *split(*VARIANTS)},
)
