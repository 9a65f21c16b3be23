"""Write a tiny Llama without weights into a folder: enough for a server that is told to make its weights up (--load-format
dummy). Its tokenizer knows some plain words, with the space before them, as real ones do, and else bytes. Usage: tiny-model.py
FOLDER"""

import json
import os
import sys

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
special = ["<s>", "</s>", "<unk>"]
words = "time year people way day man thing woman life child world school state family student group country problem hand part"
tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(vocab_size=1000, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
tokenizer.train_from_iterator([" " + words], trainer)
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
fast.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
fast.save_pretrained(folder)
config = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float32",
    "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 4, "max_position_embeddings": 2048,
    "bos_token_id": 0, "eos_token_id": 1, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False,
}
with open(os.path.join(folder, "config.json"), "w") as f:
    json.dump(config, f, indent=1)
