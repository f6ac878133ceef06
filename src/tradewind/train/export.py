"""A trained network as an ONNX graph, which runs where torch is not installed."""

from __future__ import annotations

import ast
import copy
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from tradewind.errors import MissingPackage

SCOPES = "pkg.torch.onnx.name_scopes"
"""Where the exporter notes which module a node comes from."""


def to_onnx(
    network: nn.Module,
    example_inputs: Mapping[str, Tensor],
    path: Path,
    dynamic: Mapping[str, Mapping[int, str]],
    opset: int = 18,
) -> None:
    """Write `network`, as it is after training, to one file.

    example_inputs   by the names of `forward`'s arguments; a dimension that may vary is 2 or more
    dynamic          which dimensions may vary, by name: {"x": {0: "batch", 1: "count"}}; all others
                     are fixed to the example's. Dimensions that depend on one another are found out
    opset            18 runs in any onnxruntime since 1.14

    By torch's exporter of programs: it refuses a graph in which a dimension that should vary is
    fixed, where the older tracer bakes the example's size in without a word. Both graphs take the
    same time to run; exporting takes 8 s instead of 0.4 s (four layers, two cores).

    Raises ValueError if a varying dimension of the example is below 2, or the network fixes it or
    does what ONNX cannot.
    """
    for name, axes in dynamic.items():
        for axis, label in axes.items():
            if example_inputs[name].shape[axis] < 2:
                raise ValueError(
                    f"dimension {axis} ({label}) of {name!r} may vary, but the example has "
                    f"{example_inputs[name].shape[axis]} there: torch would fix it, give 2 or more"
                )
    onnx = _onnx()
    frozen = copy.deepcopy(network).cpu().eval().requires_grad_(False)
    inputs = {name: value.detach().cpu() for name, value in example_inputs.items()}
    shapes = {name: dict(dynamic.get(name, {})) for name in inputs}
    try:
        # other kernels of attention leave strides that the exporter cannot follow
        with _quiet(), sdpa_kernel(SDPBackend.MATH):
            program = torch.onnx.export(
                frozen, (), kwargs=inputs, dynamic_shapes=shapes, opset_version=opset, verbose=False
            )
    except torch.onnx.OnnxExporterError as error:
        raise ValueError(
            f"{type(network).__name__} cannot become a graph: {error.__cause__ or error}"
        ) from error
    assert program is not None
    model = program.model_proto
    _forget(model, keep=SCOPES)
    onnx.checker.check_model(model)
    _write(model.SerializeToString(), path)


def quantize_int8(source: Path, path: Path, keep: Sequence[str] = ()) -> None:
    """Write the graph at `source` with the weights of its matrix products in 8 bits, per channel.

    keep   modules whose weights stay as they are, such as "head" or "blocks.0.mix"; what they hold
           stays too

    Weights are unsigned: signed ones overflow on processors without VNNI. There (AMD EPYC, AVX2, 4
    layers of width 96) signed weights were off by 0.131 where unsigned were off by 0.013, of a
    spread of 2.0. The file took 0.65 instead of 2.07 MB; it ran no faster (149 against 142 ms).

    Raises ValueError if a name in `keep` is no module with weights.
    """
    onnx = _onnx()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(str(source))
    kept: list[str] = []
    for module in keep:
        found = [node.name for node in model.graph.node if module in _modules(node)]
        if not found:
            raise ValueError(f"{source} has no module {module!r} to keep as it is")
        kept += found
    partial = path.with_name(path.name + ".partial")
    try:
        with _quiet():
            quantize_dynamic(
                model,
                str(partial),
                op_types_to_quantize=["MatMul", "Gemm"],
                per_channel=True,
                weight_type=QuantType.QUInt8,
                nodes_to_exclude=kept,
                extra_options={"MatMulConstBOnly": True},
            )
        written = onnx.load(str(partial))
    finally:
        partial.unlink(missing_ok=True)
    _forget(written)
    _write(written.SerializeToString(), path)


def parity(network: nn.Module, path: Path, inputs: Mapping[str, Tensor]) -> float:
    """Largest absolute difference between the network and the graph at `path`, over all outputs."""
    from onnxruntime import InferenceSession

    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    theirs = session.run(None, {name: value.cpu().numpy() for name, value in inputs.items()})
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            answer = network(**inputs)
    finally:
        network.train(training)
    ours = [answer] if isinstance(answer, Tensor) else list(answer)
    pairs = zip(ours, theirs, strict=True)
    return max(float(np.abs(mine.cpu().numpy() - other).max()) for mine, other in pairs)


def _onnx() -> Any:
    try:
        import onnx
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401  # torch's exporter needs it
    except ImportError as error:
        raise MissingPackage(
            f"{error.name} is not installed, so no ONNX file can be written: "
            "pip install tradewind[deep]"
        ) from error
    return onnx


def _modules(node: Any) -> list[str]:
    """Every module that a node lies in, from the outermost to the innermost."""
    scopes = [entry.value for entry in node.metadata_props if entry.key == SCOPES]
    return list(ast.literal_eval(scopes[0])) if scopes else []


def _forget(model: Any, keep: str = "") -> None:
    """Drop what the exporter notes for debugging: it holds the paths of the machine it ran on."""
    for part in [model.graph, *model.graph.node, *model.graph.value_info]:
        left = [entry for entry in part.metadata_props if entry.key == keep]
        del part.metadata_props[:]
        part.metadata_props.extend(left)
        part.doc_string = ""


def _write(data: bytes, path: Path) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what torch 2.13 and onnxruntime 1.32 tell of themselves, not of our networks."""
    loggers = [
        logging.getLogger(),
        logging.getLogger("torch.onnx._internal.exporter._registration"),
    ]
    told = (
        r"`isinstance\(treespec, LeafSpec\)` is deprecated",  # torch calls itself by an old name
        r"# The axis name: .* will not be used",  # two inputs share a dimension, as they should
        r"The tensor attributes .*_flat_weights",  # recurrent layers keep their weights twice
        r"_check_is_size will be removed",
    )
    advice = ("torchvision is not installed", "Please consider to run pre-processing")

    def ours(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(advice)

    with warnings.catch_warnings():
        for message in told:
            warnings.filterwarnings("ignore", message=message)
        for logger in loggers:
            logger.addFilter(ours)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeFilter(ours)
