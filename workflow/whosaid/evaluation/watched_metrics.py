"""The metrics that training reports after each epoch, by the question that the config asks."""

from whosaid.evaluation.macro_metrics import MACRO_METRICS
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS

WATCHED = {"target": PUBLISHED_METRICS, "speakers": MACRO_METRICS}
