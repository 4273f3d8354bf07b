"""The folder that ships: configuration, weights, tokenizer, and which prompt the model was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from prompts.loader import Prompt
from training.mini.decoder import Decoder, DecoderPlan
from training.mini.tokens import END, PAD, number_of, save_tokenizer

MODEL_FOLDER: Final = Path(__file__).parents[1] / "models" / "chartwright-mini"
NAME: Final = "chartwright-mini"
WEIGHTS: Final = "model.safetensors"
ABOUT: Final = "chartwright.json"
CONTEXT_TOKENS: Final = 8_192
"""What a record and a question may take; the longest of the lessons stand that far apart."""


def export_model(folder: Path, decoder: Decoder, tokenizer: Tokenizer, prompt: Prompt) -> None:
    """Write everything that transformers and vLLM read, weights in bfloat16, and `chartwright.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.detach().to(torch.bfloat16).contiguous() for name, tensor in decoder.state_dict().items()}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)
    save_tokenizer(tokenizer, folder)
    _write(folder / "config.json", configuration(decoder.plan, tokenizer))
    ends = number_of(tokenizer, END)
    _write(
        folder / "generation_config.json",
        {"do_sample": False, "eos_token_id": ends, "pad_token_id": number_of(tokenizer, PAD)},
    )
    about = {"name": NAME, "prompt": prompt.version, "prompt_digest": prompt.digest, "context_tokens": CONTEXT_TOKENS}
    _write(folder / ABOUT, about)


def configuration(plan: DecoderPlan, tokenizer: Tokenizer) -> dict[str, object]:
    """`config.json` of `Qwen3ForCausalLM`."""
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": plan.vocabulary,
        "hidden_size": plan.width,
        "intermediate_size": plan.inner,
        "num_hidden_layers": plan.layers,
        "num_attention_heads": plan.heads,
        "num_key_value_heads": plan.key_heads,
        "head_dim": plan.head_width,
        "hidden_act": "silu",
        "max_position_embeddings": CONTEXT_TOKENS,
        "rms_norm_eps": 1e-6,
        "rope_theta": plan.rope_base,
        "rope_parameters": {"rope_type": "default", "rope_theta": plan.rope_base},
        "attention_bias": False,
        "tie_word_embeddings": False,
        "use_sliding_window": False,
        "dtype": "bfloat16",
        "torch_dtype": "bfloat16",
        "bos_token_id": None,
        "eos_token_id": number_of(tokenizer, END),
        "pad_token_id": number_of(tokenizer, PAD),
    }


def read_decoder(folder: Path) -> Decoder:
    """The decoder of an exported folder, in float32."""
    told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    plan = DecoderPlan(
        vocabulary=told["vocab_size"], width=told["hidden_size"], layers=told["num_hidden_layers"],
        heads=told["num_attention_heads"], key_heads=told["num_key_value_heads"], head_width=told["head_dim"],
        inner=told["intermediate_size"], rope_base=told["rope_theta"],
    )  # fmt: skip
    decoder = Decoder(plan)
    decoder.load_state_dict({name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()})
    return decoder


def _write(path: Path, told: dict[str, object]) -> None:
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
