"""Makes a tiny language model on the spot: Qwen3 architecture, random weights, its own byte-level BPE tokenizer.

Run by the interpreter of the model server's environment: `python tiny_model.py FOLDER`. Nothing is fetched. The
weights are random but for one thing: the quotation mark has a head start, so that a free string inside a JSON answer
ends after a few tokens instead of running to the token limit.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

SPECIAL: Final = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SENTENCES: Final = [
    "The patient returns for a planned visit because of shortness of breath when climbing stairs.",
    "Assessment and plan: type 2 diabetes with chronic kidney disease; continue the present medication.",
    "Hypertension is well controlled. No fever, no cough, no chest pain.",
    'Answer as JSON: {"evidence": [1, 2, 3], "reason": "a few words", "missing": null, "choice": "12"}',
    "Candidate 1. Candidate 2. Candidate 10. none of them fits; the left knee, the right knee.",
]
HEAD_START: Final = 0.05
"""Weight of the constant direction for the quotation mark; other weights have a deviation of 0.02."""


def train_tokenizer() -> Any:
    """Train the tokenizer on a few sentences; digits stay single tokens or short runs, every byte is covered."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )
    fast_tokenizer: Any = PreTrainedTokenizerFast
    return fast_tokenizer(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHAT_TEMPLATE
    )


def random_model(tokenizer: Any) -> Any:
    """Random weights from a fixed seed, with the head start for the quotation mark."""
    torch.manual_seed(7)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer), hidden_size=128, intermediate_size=256, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, head_dim=32, max_position_embeddings=16_384,
            eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    with torch.no_grad():  # Dimension 0 is the same large number at every position, so its head weight is a bias.
        model.model.embed_tokens.weight[:, 0] = 1.0
        model.lm_head.weight[:, 0] = 0.0
        model.lm_head.weight[tokenizer.convert_tokens_to_ids('"'), 0] = HEAD_START
    return model


def make_model(folder: Path) -> None:
    """Write tokenizer, configuration and safetensors into the folder."""
    tokenizer = train_tokenizer()
    random_model(tokenizer).save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    make_model(Path(sys.argv[1]))
