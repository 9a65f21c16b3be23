"""A server's options, as vLLM declares its own: with Python's argparse."""
import argparse

p = argparse.ArgumentParser(prog="vllm serve")
p.add_argument("model_tag", nargs="?")
g = p.add_argument_group("ModelConfig", "Configuration for the model. Options like --dtype are of it.")
g.add_argument("--dtype", choices=["auto", "bfloat16", "float16", "float32", "half"], default="auto", help="data type of weights (default: %(default)s)")
g.add_argument("--max-model-len", type=int, help="context length, prompt and output; deprecated values are refused")
g.add_argument("--served-model-name", nargs="+", help="names of the model")
g.add_argument("--enable-prefix-caching", action=argparse.BooleanOptionalAction, help="keep the keys and values of prompts")
g.add_argument("--disable-log-requests", action="store_true", help="[DEPRECATED] Do not log requests.")
g.add_argument("--a-name-that-is-so-long-that-its-help-begins-on-the-next-line", "-an", type=int, help="words")
g.add_argument("--tool-call-parser", choices=["deepseek_v3", "granite", "hermes", "internlm", "jamba", "llama3_json", "mistral", "pythonic", "qwen3_coder"] * 3, help="parser")
p.parse_args()
