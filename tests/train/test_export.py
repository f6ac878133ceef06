from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")
pytest.importorskip("onnxscript", reason="the exporter needs tradewind[deep]")
ort = pytest.importorskip("onnxruntime", reason="the graph needs onnxruntime")

import onnx  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from tradewind.train.export import parity, quantize_int8, to_onnx  # noqa: E402

DYNAMIC = {
    "past": {0: "batch", 1: "past"},
    "ahead": {0: "batch", 1: "ahead"},
    "distance": {0: "count", 1: "count"},  # past + ahead + 1
    "level": {0: "batch"},
}


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.rand(width) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6)
        scaled: Tensor = x * scale * self.gain
        return scaled


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = Norm(width), Norm(width)
        self.mix = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        b, n, width = x.shape
        shape = (b, n, self.heads, width // self.heads)
        parts = self.mix(self.before(x)).chunk(3, dim=-1)
        q, k, v = (part.reshape(shape).transpose(1, 2) for part in parts)
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=bias[None])
        x = x + self.out(seen.transpose(1, 2).reshape(b, n, width))
        gate, value = self.up(self.between(x)).chunk(2, dim=-1)
        added: Tensor = self.down(F.silu(gate) * value)
        return x + added


class Small(nn.Module):
    """What our transformers are made of, in small."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.past, self.ahead = nn.Linear(5, width), nn.Linear(3, width)
        self.first = nn.Parameter(torch.randn(width))
        self.near = nn.Conv1d(width, width, 5, padding=2)
        self.distance = nn.Embedding(16, heads)
        self.block = Block(width, heads)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(width, 9)

    def forward(
        self, past: Tensor, ahead: Tensor, distance: Tensor, level: Tensor
    ) -> tuple[Tensor, Tensor]:
        first = self.first.expand(past.shape[0], 1, -1)
        x = torch.cat([first, self.past(past), self.ahead(ahead)], dim=1)
        x = self.drop(self.block(x, self.distance(distance).permute(2, 0, 1)))
        x = x + self.near(x.transpose(1, 2)).transpose(1, 2)
        raw = self.head(x[:, -ahead.shape[1] :])
        gaps = F.softplus(raw)
        above = torch.cumsum(gaps[..., 5:], dim=-1)
        below = torch.flip(torch.cumsum(torch.flip(gaps[..., :4], [-1]), dim=-1), [-1])
        median = level[:, None, None] + raw[..., 4:5]
        return torch.cat([median - below, median, median + above], dim=-1), raw[..., -1]


def inputs(batch: int, past: int, ahead: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(batch)
    count = past + ahead + 1
    return {
        "past": torch.randn(batch, past, 5, generator=generator),
        "ahead": torch.randn(batch, ahead, 3, generator=generator),
        "distance": torch.randint(0, 16, (count, count), generator=generator),
        "level": 5 * torch.randn(batch, generator=generator),
    }


@pytest.fixture(scope="module")
def network() -> Small:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Small()


@pytest.fixture(scope="module")
def graph(network: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "small.onnx"
    network.train()  # the export is of the network at rest, whatever it is doing
    to_onnx(network, inputs(2, 7, 4), path, DYNAMIC)
    assert network.training
    return path


@pytest.mark.parametrize("sizes", [(2, 7, 4), (5, 13, 9), (1, 1, 1), (33, 40, 2)])
def test_the_graph_agrees_at_any_size(
    network: Small, graph: Path, sizes: tuple[int, int, int]
) -> None:
    assert parity(network, graph, inputs(*sizes)) < 1e-5


def test_the_graph_names_its_inputs_and_what_varies(graph: Path) -> None:
    session = ort.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    shapes = {each.name: each.shape for each in session.get_inputs()}
    assert list(shapes) == list(DYNAMIC)
    assert shapes["past"] == ["batch", "past", 5]
    assert shapes["level"] == ["batch"]


def test_parity_sees_a_difference(network: Small, graph: Path) -> None:
    with torch.no_grad():
        network.head.bias[4] += 0.25
        changed = parity(network, graph, inputs(3, 5, 2))
        network.head.bias[4] -= 0.25
    assert changed == pytest.approx(0.25, abs=1e-4)


def test_no_path_of_this_machine_is_in_the_graph(graph: Path) -> None:
    assert str(Path(__file__).parent).encode() not in graph.read_bytes()
    assert b"site-packages" not in graph.read_bytes()


def test_int8_is_smaller_and_close(network: Small, graph: Path, tmp_path: Path) -> None:
    quantize_int8(graph, tmp_path / "int8.onnx")
    batch = inputs(16, 20, 10)
    with torch.no_grad():
        spread = float(network(**batch)[0].std())
    assert 1e-5 < parity(network, tmp_path / "int8.onnx", batch) < 0.05 * spread
    assert products(tmp_path / "int8.onnx") == (2, 7)  # attention's own two hold no weights
    assert [p.name for p in tmp_path.iterdir()] == ["int8.onnx"]


def test_what_is_kept_out_of_int8_is_kept(network: Small, graph: Path, tmp_path: Path) -> None:
    quantize_int8(graph, tmp_path / "part.onnx", keep=["head", "block.mix"])
    assert products(tmp_path / "part.onnx") == (4, 5)
    quantize_int8(graph, tmp_path / "none.onnx", keep=["past", "ahead", "block", "head"])
    assert products(tmp_path / "none.onnx") == (9, 0)
    assert parity(network, tmp_path / "none.onnx", inputs(3, 5, 2)) < 1e-5
    with pytest.raises(ValueError, match="no module 'haed'"):
        quantize_int8(graph, tmp_path / "bad.onnx", keep=["haed"])


def products(path: Path) -> tuple[int, int]:
    """Matrix products in floats, and in integers."""
    kinds = [node.op_type for node in onnx.load(str(path)).graph.node]
    return sum(k in ("MatMul", "Gemm") for k in kinds), kinds.count("MatMulInteger")


def test_an_example_of_one_is_refused_where_the_size_may_vary(
    network: Small, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"dimension 0 \(batch\) of 'past' may vary"):
        to_onnx(network, inputs(1, 7, 4), tmp_path / "x.onnx", DYNAMIC)


def test_a_size_that_the_network_fixes_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    class Fixed(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.reshape(4, 3) * 2

    with pytest.raises(ValueError, match=r"(?s)Fixed cannot become a graph.*static shape of 4"):
        to_onnx(Fixed(), {"x": torch.ones(4, 3)}, tmp_path / "x.onnx", {"x": {0: "batch"}})
    assert not list(tmp_path.iterdir())


def test_logging_is_as_before(graph: Path) -> None:
    assert not logging.getLogger().filters
    assert not logging.getLogger("torch.onnx._internal.exporter._registration").filters
    assert np.isfinite(parity(nn.Identity(), identity(graph.parent), {"input": torch.ones(2)}))


def identity(folder: Path) -> Path:
    """A graph of another maker: no notes of torch's exporter."""
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Identity", ["input"], ["output"])
    graph = onnx.helper.make_graph(
        [node], "one", [value("input", 1, [2])], [value("output", 1, [2])]
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
    path = folder / "identity.onnx"
    path.write_bytes(model.SerializeToString())
    return path
