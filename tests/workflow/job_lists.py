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
SEEDS = (42, 43, 44)
TABLE: Jobs = [("summarize",)]
PICTURES: Jobs = [("draw_figures",), *TABLE]
COMPARISON: Jobs = [("compare_variants",), *PICTURES]
SLICES: Jobs = [("draw_figures",), ("evaluate_slices",), *TABLE]
ALL_COMPARED: Jobs = [("compare_variants",), *SLICES]


def evaluated(*variants: str) -> Jobs:
    """The comparison reads predictions, not metric files."""
    return sorted([*(("evaluate_splits", variant) for variant in variants), *PICTURES])


def resampled(*variants: str) -> Jobs:
    """All that holds an interval."""
    return sorted({*evaluated(*variants), *ALL_COMPARED})


def predicted(*variants: str, seeds: tuple[int, ...] = SEEDS) -> Jobs:
    """A logistic regression predicts where it is fitted, with its first seed alone."""
    jobs = [
        ("train_linear" if variant in LINEAR else "predict_splits", variant, str(seed))
        for variant in variants
        for seed in (seeds[:1] if variant in LINEAR else seeds)
    ]
    return sorted({*jobs, *resampled(*variants)})


def trained(*variants: str, seeds: tuple[int, ...] = SEEDS) -> Jobs:
    encoded = (name for name in variants if name not in LINEAR)
    jobs = [("train_model", name, str(seed)) for name in encoded for seed in seeds]
    return sorted([*jobs, *predicted(*variants, seeds=seeds)])


def tokenized(*variants: str, seeds: tuple[int, ...] = SEEDS) -> Jobs:
    jobs = [("tokenize_splits", name) for name in variants if name not in LINEAR]
    return sorted([*jobs, *trained(*variants, seeds=seeds)])


def split(*variants: str, seeds: tuple[int, ...] = SEEDS) -> Jobs:
    jobs = [("split_lines", variant) for variant in variants]
    return sorted([*jobs, *tokenized(*variants, seeds=seeds)])


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
