"""The options of a training: one list of them for every command that trains."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, get_type_hints

from training.cli import options
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.learn import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What the user typed, one field an option, in the order of the help page."""

    size: options.Size = "auto"
    epochs: options.Epochs = None
    seed: options.Seed = 0
    name: options.Name = None
    model: options.Model = "ds-cnn"
    minutes: options.Minutes = 10.0
    weights: options.Weights = "none"
    fine_tune: options.FineTune = 0
    split: options.Split = "random"
    full_turn: options.FullTurn = False
    mixup: options.Mixup = 0.0
    balanced: options.Balanced = False
    shape: options.Shape = None
    folds: options.Folds = 0
    pretrain: options.Pretrain = None
    exact_copies: options.ExactCopies = False
    skip_unreadable: options.SkipUnreadable = False

    def settings(self) -> Settings:
        """The checked settings of a training.

        Raises:
            TrainingError: a value is not allowed.
        """
        from training.learn import Settings

        way, size_px = options.way(self.split), options.size_px(self.size)
        if self.fine_tune and self.weights == "none":
            raise TrainingError(
                "--fine-tune: there are no weights to start from; give --weights, or leave it "
                "out: without weights the whole network is trained"
            )
        if self.pretrain and self.weights != "none":
            raise TrainingError(
                "--pretrain: a backbone with --weights has learned elsewhere already; leave one out"
            )
        if self.folds == 1:
            raise TrainingError(
                "--folds: found 1; give 0, or 2 or more: one part is always kept out"
            )
        return Settings(
            size_px=size_px,
            epochs=self.epochs,
            seed=self.seed,
            name=self.name,
            model=self.model,
            way=way,
            skip_unreadable=self.skip_unreadable,
            group_copies=not self.exact_copies,
            weights=self.weights,
            fine_tune=self.fine_tune,
            full_turn=self.full_turn,
            mixup=self.mixup,
            balanced=self.balanced,
            minutes=self.minutes,
            shape=self.shape,
            folds=self.folds,
            pretrain=self.pretrain,
        )


def with_training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command each of `TrainingOptions` as an option of its own.

    Args:
        command: takes them as its keyword `chosen`.
    """
    own = inspect.signature(command, eval_str=True).parameters.values()
    kinds = get_type_hints(TrainingOptions, include_extras=True)
    names = [one.name for one in fields(TrainingOptions)]
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=kinds[one.name],
        )
        for one in fields(TrainingOptions)
    ]

    @functools.wraps(command)
    def typed(**given: Any) -> None:
        chosen = TrainingOptions(**{name: given.pop(name) for name in names})
        command(**given, chosen=chosen)

    # Typer reads a command's options off its signature.
    typed.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*(one for one in own if one.name != "chosen"), *shared]
    )
    return typed
