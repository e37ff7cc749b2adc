"""Write the files of torch's newer exporter that `test_onnx_kinds.py` reads: torch 2.13, onnxscript 0.7.

pip install onnxscript && python make_torch.py
"""

from pathlib import Path

import torch
from torch import nn

FOLDER = Path(__file__).parent


class Columns(nn.Module):
    """Scaled inputs, chosen columns, a skip branch and a leaky ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 1)
        self.register_buffer("mean", torch.randn(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = (x - self.mean) / 2
        return (self.b(nn.functional.leaky_relu(self.a(x[:, [2, 0, 0]]))) + x[:, 1:2]).squeeze(-1)


torch.manual_seed(0)
norm = nn.BatchNorm1d(3)
norm(torch.randn(50, 3) * 4 + 1)
MODELS = {
    "torch_batch_norm": nn.Sequential(norm, nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)),
    "torch_columns": Columns(),
    "torch_classifier": nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.LogSoftmax(-1)),
}
for name, module in MODELS.items():
    torch.onnx.export(
        module.eval(),
        (torch.randn(2, 3),),
        FOLDER / f"{name}.onnx",
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("N")},),
        external_data=False,
    )
