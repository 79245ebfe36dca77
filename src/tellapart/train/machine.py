"""What of the machine decides the last bits of a training, and what it cannot compute well."""

import os
import platform
from pathlib import Path

import keras

from tellapart._extras import has_accelerator
from tellapart.data.loading import processors
from tellapart.errors import ModelError

_VARIABLES = (
    *("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    *("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "JAX_ENABLE_X64"),
)
"""The environment variables that change how many threads compute, or with what."""

_PREFIXES = ("ONEDNN_", "DNNL_")
"""Those of the library that computes convolutions on TensorFlow begin so."""

_INSTRUCTIONS = {
    *("sse4_2", "avx", "avx2", "fma", "avx_vnni"),
    *("avx512f", "avx512dq", "avx512bw", "avx512vl"),
    *("avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16"),
    *("asimd", "asimddp", "fphp", "bf16", "i8mm", "sve", "sve2"),
}
"""By which of these a processor has, libraries choose how to add up."""


def machine_facts() -> dict[str, str]:
    """Return what a training's bits depend on beside recipe, data and versions.

    The backends share their sums out among as many threads as there are processors to run
    on; another number adds in another order.
    """
    kind = "/".join(_processor_line(name) for name in ("cpu family", "model\t", "stepping"))
    facts = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": f"{_processor()} ({kind})" if kind.strip("/") else _processor(),
        "instructions": " ".join(sorted(_INSTRUCTIONS & _flags())),
        "processors": str(processors()),
        "floats": str(keras.config.floatx()),
    }
    given = {name for name in os.environ if name in _VARIABLES or name.startswith(_PREFIXES)}
    return facts | {name: os.environ[name] for name in sorted(given)}


def check_precision(network: keras.Model) -> None:
    """Raise where a network computes in a kind of number that this machine only imitates.

    Raises:
        ModelError: A layer computes in 16 bits, and there is no graphics card and no
            processor with instructions for it; measured on such processors, training is
            26 to 499 times slower. Or weights are kept in bfloat16.
    """
    if any("bfloat16" in str(variable.dtype) for variable in network.variables):
        raise ModelError(
            "The weights of a network must be float32, or steps too small for bfloat16 are lost. "
            "Received: weights in bfloat16. Fix: keras.config.set_dtype_policy('mixed_bfloat16') "
            "before the network is built"
        )
    kinds = {str(getattr(layer, "compute_dtype", "")) for layer in network._flatten_layers()}
    short = sorted(kinds & {"bfloat16", "float16"})
    if short and not (_has_instructions(short) or has_accelerator()):
        raise ModelError(
            "A network must compute in float32 on this processor, which only imitates shorter "
            f"numbers and would train many times slower. Received: layers in {', '.join(short)}. "
            "Fix: keras.config.set_dtype_policy('float32') before the network is built"
        )


def _has_instructions(kinds: list[str]) -> bool:
    """Return whether the processor multiplies matrices of all these kinds of numbers."""
    wanted = {"bfloat16": {"avx512_bf16", "amx_bf16", "bf16"}, "float16": {"avx512_fp16", "fphp"}}
    there = _flags()
    return all(wanted[kind] & there for kind in kinds)


def _flags() -> set[str]:
    """Return what Linux says that the processor can do."""
    return {*_processor_line("flags").split(), *_processor_line("Features").split()}


def _processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    return _processor_line("model name") or platform.processor() or "unknown"


def _processor_line(name: str) -> str:
    """Return what Linux says of the first processor under a name, or nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, "")
